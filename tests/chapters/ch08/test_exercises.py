"""The exercises of chapter 08: the solutions pass, and typical wrong answers meet their own words."""

import pytest

from helpers.capstone.declaration import Declaration
from helpers.capstone.recommendation import word
from helpers.chapters.ch08 import exercises
from helpers.evaluation.metrics import auc
from helpers.evaluation.verdicts import verdict
from tests.chapters.shared import judge


def scores(frame, label):
    return frame.drop(columns=label).apply(lambda column: auc(column, frame[label]))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda frame, label: (scores(frame, label) - 0.5).abs().idxmax(), "Correct: the column that tells"),
        (lambda frame, label: ..., "Not yet: write your answer"),
        (lambda frame, label: scores(frame, label).idxmax(), "'hour' is low where the label is 1"),
        (lambda frame, label: frame.corr()[label].idxmax(), "you name the label itself"),
        (lambda frame, label: scores(frame, label).max(), "not the name of a column"),
        (lambda frame, label: (frame.drop(columns="click").std() - 1).abs().idxmax(), "the leak is another column"),
        (lambda frame, label: scores(frame, "click").sub(0.5).abs().idxmax(), "KeyError"),
        (lambda frame, label: "visits", "the leak is another column than 'visits'"),
        (lambda frame, label: frame.drop(columns=label).corrwith(frame[label]).abs().idxmax(), "Correct"),
    ],
)
def test_leak(answer, words):
    assert words in judge(exercises.leak, answer)


RIGHT = {
    "labels": {"opened": "binary", "seconds_read": "regression", "shared": "binary"},
    "user": "member_id",
    "item": "article_id",
    "ids": ("section", "day_of_week"),
    "numbers": ("words",),
    "time": "shown_at",
}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, "Correct: labels are what happened"),
        ({"ids": ("section",)}, "Correct"),
        ({"labels": {"opened": "binary", "shared": "binary"}}, "Correct"),
        ({"numbers": ("words", "scroll_depth")}, "'scroll_depth' is a feature, and it happens after"),
        (
            {"labels": {"opened": "binary", "shared": "binary"}, "numbers": ("words", "seconds_read")},
            "'seconds_read' is",
        ),
        ({"labels": {"opened": "binary"}}, "not both are declared so"),
        ({"labels": RIGHT["labels"] | {"seconds_read": "binary"}}, "'seconds_read' is declared binary"),
        ({"labels": RIGHT["labels"] | {"scroll_depth": "binary"}}, "'scroll_depth' is declared binary"),
        ({"user": "article_id", "item": "member_id"}, "the user is 'article_id'"),
        ({"time": None}, "the time is None"),
        ({"ids": ("words",), "numbers": ()}, "'words' is a number"),
        ({"ids": ("section",), "numbers": ("words", "day_of_week")}, "'day_of_week' is an id"),
        ({"numbers": ("word",)}, "the header has no column 'word'"),
    ],
)
def test_declaration(change, words):
    assert words in judge(exercises.declaration, lambda: Declaration(**(RIGHT | change)))


@pytest.mark.parametrize(
    ("answer", "words"), [(lambda: None, "Not yet"), (lambda: {"user": "member_id"}, "a dict of 1, not a Declaration")]
)
def test_no_declaration(answer, words):
    assert words in judge(exercises.declaration, answer)


def by_rule(intervals, smallest):
    return word(verdict(low, high, smallest) for low, high in intervals)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (by_rule, "Correct: each table gets the word"),
        (lambda intervals, smallest: ..., "Not yet"),
        (lambda intervals, smallest: "yes", "'yes' is none of the words"),
        (lambda intervals, smallest: "share", "you say 'share'"),
        (lambda intervals, smallest: by_rule(intervals, 0.0), "you say"),
        (lambda intervals, smallest: by_rule(intervals, 0.005), "a smallest effect of 0.025 you say 'share'"),
        (lambda i, s: "keep apart" if any(high < 0 for _, high in i) else by_rule(i, s), "you say 'keep apart'"),
    ],
)
def test_decision(answer, words):
    assert words in judge(exercises.decision, answer)


def test_every_word_is_asked_for():
    assert {by_rule(*table) for table in exercises.TABLES} == set(exercises.WORDS)


def by_hand(frame, w, k, score=lambda frame, w: frame["click"] ** w * frame["like"] ** (1 - w), ascending=False):
    return frame.index[score(frame, w).groupby(frame["user"]).rank(ascending=ascending) <= k]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (by_hand, "Correct: each user gets the rows"),
        (lambda frame, w, k: by_hand(frame, w, k).tolist(), "Correct"),
        (lambda frame, w, k: ..., "Not yet"),
        (lambda frame, w, k: 7, "not an index"),
        (lambda frame, w, k: (frame["click"] ** w * frame["like"] ** (1 - w)).nlargest(k).index, "4 users need 2 rows"),
        (lambda frame, w, k: by_hand(frame, w, k, ascending=True), "the last rows of each list"),
        (lambda frame, w, k: by_hand(frame, w, k, lambda f, w: w * f["click"] + (1 - w) * f["like"]), "hardly counts"),
        (lambda frame, w, k: by_hand(frame, 1 - w, k), "w is the exponent of the like"),
        (lambda frame, w, k: frame.index[frame.groupby("user").cumcount() < k], "rows are missing"),
    ],
)
def test_one_list(answer, words):
    assert words in judge(exercises.one_list, answer)
