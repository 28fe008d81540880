"""Chapter 01: the worked solutions pass, typical wrong answers meet their own words, nothing yet is "Not yet"."""

import re

import numpy as np
import pandas as pd
import pytest
import torch

from helpers.chapters.ch01 import exercises, held_out, ranking
from helpers.evaluation.statistics import interval
from helpers.lab.ch01 import ranking as lab_ranking
from tests.chapters.shared import judge, solution


@pytest.mark.parametrize("name", ["beats_every_label", "most_cents", "tenths", "uninformative"])
@pytest.mark.parametrize("nothing", [lambda *_: None, lambda *_: ...])
def test_nothing_yet_is_not_yet(name, nothing):
    assert judge(getattr(exercises, name), nothing).startswith("Not yet")


@pytest.fixture
def small_worlds(monkeypatch):
    """Held-out worlds in which the share is the truth with noise, and bait lifts everything that needs a click."""
    rng = np.random.default_rng(3)
    shape = (6, 30, 100)
    appeal, bait = rng.normal(size=shape), 2 * rng.normal(size=shape)
    scores = {task: np.exp(0.3 * appeal + bait + rng.normal(size=shape) - 5) for task in ranking.TASKS}
    scores |= {task: scores["click"] * np.exp(appeal + 0.3 * rng.normal(size=shape)) for task in ("like", "share")}
    truth = 1 / (1 + np.exp(-appeal))
    monkeypatch.setattr(held_out, "read", lambda: (dict(scores), truth))
    monkeypatch.setattr(exercises, "looks", set())
    return scores, truth


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda p: p["like"][..., 0], "has shape"),
        (lambda p: np.log(-p["like"]), "NaN or infinite"),
        (lambda p: -p["like"], "By click alone"),
        (lambda p: p["like"], "Hint 1: each label needs a click"),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value")
def test_a_score_that_does_not_beat_every_label_is_told_so(small_worlds, answer, words):
    judgement = judge(exercises.beats_every_label, answer)
    assert judgement.startswith("Not right yet") and words in judgement


def test_taking_the_click_out_beats_every_label(small_worlds):
    assert judge(exercises.beats_every_label, lambda p: p["like"] * p["share"] / p["click"] ** 2).startswith("Correct")


def test_a_gain_in_one_world_of_six_is_no_gain_however_many_users_it_has(small_worlds):
    """Users of one world share its model: an interval over them would be far too narrow."""
    p, truth = small_worlds

    def in_the_first_world(p):
        return np.concatenate([truth[:1] / 2, p["share"][1:]])  # both are positive, and worlds are ranked apart

    chosen, before = (lab_ranking.top(scores, truth)[0].mean(-1) for scores in (in_the_first_world(p), p["share"]))
    by_users, by_worlds = chosen - before, (chosen - before).mean(-1)
    assert interval(by_users.ravel())[1] > 0 > interval(by_worlds)[1]
    mean, low, high = interval(by_worlds)
    judgement = judge(exercises.beats_every_label, in_the_first_world)
    said = f"{mean:+.4f} [{low:+.4f}, {high:+.4f}] over 6 worlds, more in 1 of them. Your mean is higher, but the gain"
    assert said in judgement


@pytest.mark.parametrize(("least", "outcome"), [(0.00004, "Not right yet"), (0.00012, "Correct")])
def test_a_gain_that_is_printed_as_0_is_none(small_worlds, monkeypatch, least, outcome):
    monkeypatch.setattr(exercises, "interval", lambda gains: (0.01, least, 0.02))
    judgement = judge(exercises.beats_every_label, lambda p: p["share"] / p["click"])
    assert judgement.startswith(outcome) and f"+0.0100 [{least:+.4f}, +0.0200]" in judgement


def test_looks_at_the_held_out_worlds_are_counted_and_the_same_lists_once(small_worlds):
    def look(answer):
        return re.findall(r"look number \d+", judge(exercises.beats_every_label, answer))

    good = solution("01_motivation", "solution_score", np=np)
    assert look(lambda p: p["share"]) == look(lambda p: 2 * p["share"]) == []
    assert look(lambda p: p["like"]) == ["look number 2"]
    assert look(good) == ["look number 3"] == look(good)


def test_equal_scores_are_served_in_the_order_of_the_candidates(small_worlds):
    """Kept predictions are rounded, and how a partition treats equal values depends on the CPU."""
    _, truth = small_worlds
    coarse = np.round(truth, 1)
    served = exercises._satisfaction(coarse, truth)
    in_order = coarse - 1e-6 * np.arange(truth.shape[-1])
    np.testing.assert_array_equal(served, exercises._satisfaction(in_order, truth))


def test_the_worked_score_beats_every_label_at_once_and_says_by_how_much(monkeypatch):
    monkeypatch.delattr(lab_ranking, "fit")  # nothing is trained
    judgement = judge(exercises.beats_every_label, solution("01_motivation", "solution_score", np=np))
    gain, low, high = map(float, re.search(r": (\S+) \[(\S+), (\S+)\] over 40 worlds", judgement).groups())
    assert judgement.startswith("Correct") and 0.003 < low < gain < high < 0.022
    judgement = judge(exercises.beats_every_label, lambda p: p["share"])
    assert "+0.0000 [+0.0000, +0.0000] over 40 worlds" in judgement and "That is not a gain." in judgement
    judgement = judge(exercises.beats_every_label, lambda p: p["like"] / p["click"])
    assert "+0.0069 [-0.0046, +0.0183]" in judgement and "higher, but the gain scatters too much" in judgement
    assert "Take part of that out" not in judgement
    assert judge(exercises.beats_every_label, lambda p: p["like"] * p["share"]).startswith("Not right yet")


def cents(p):
    return sum(worth * p[label] for label, worth in exercises.CENTS.items())


@pytest.mark.parametrize(
    "answer",
    [
        cents,
        lambda p: np.log(cents(p)),
        lambda p: torch.tensor(cents(p)).float() / 100,
        lambda p: cents(p).argsort(-1).argsort(-1).tolist(),  # ranks
        solution("01_motivation", "solution_earnings"),
    ],
)
def test_what_orders_by_cents_is_right_in_any_form(small_worlds, answer):
    assert judge(exercises.most_cents, answer).startswith("Correct")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda p: -cents(p), "the order is reversed"),
        (lambda p: sum(p[label] for label in exercises.CENTS), "every label counts once"),
        (
            lambda p: sum(worth * p[label] / p[label].mean() for label, worth in exercises.CENTS.items()),
            "divided each label by its rate",
        ),
        (lambda p: np.prod([p[label] ** worth for label, worth in exercises.CENTS.items()], axis=0), "you multiplied"),
        (lambda p: p["share"], "one label alone"),
        (lambda p: cents(p) / p["click"], "must be clicked first"),
        (lambda p: cents(p) + 20 * p["comment"], "the best ten"),
        (lambda p: p["click"][0], "has shape"),
    ],
)
def test_another_score_does_not_earn_most(small_worlds, answer, words):
    judgement = judge(exercises.most_cents, answer)
    assert judgement.startswith("Not right yet") and words in judgement


def by_sorting(trait, label):
    return [part.mean() / label.mean() for part in np.array_split(label[np.argsort(trait)], 10)]


def by_quantiles(trait, label):
    return pd.Series(label).groupby(pd.qcut(trait, 10)).mean() / label.mean()


def in_torch(trait, label):
    trait, label = torch.tensor(trait), torch.tensor(label).float()
    return label[trait.argsort()].view(10, -1).mean(1) / label.mean()


def as_a_table(trait, label):
    table = pd.DataFrame({"label": label, "tenth": pd.qcut(trait, 10, labels=False)})
    return table.groupby("tenth").mean() / label.mean()


def as_a_dict(trait, label):
    return dict(enumerate(by_sorting(trait, label)))


@pytest.mark.parametrize(
    "answer",
    [by_sorting, by_quantiles, in_torch, as_a_table, as_a_dict, solution("01_motivation", "solution_tenths", np=np)],
)
def test_tenths_are_right_in_any_form(answer):
    assert judge(exercises.tenths, answer).startswith("Correct")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda trait, label: label.mean(), "not ten numbers"),
        (lambda trait, label: by_quantiles(trait, label) * label.mean(), "these are the rates"),
        (lambda trait, label: np.divide(by_sorting(trait, label), 10), "they add up to 1"),
        (lambda trait, label: np.divide(by_sorting(trait, label), by_sorting(trait, label)[0]), "by the lowest tenth"),
        (lambda trait, label: by_sorting(trait, label)[::-1], "in reversed order"),
        (lambda trait, label: by_sorting(np.arange(len(label)), label), "cut as they came"),
        (lambda trait, label: by_sorting(label, label), "sorted by the label itself"),
        (lambda trait, label: by_sorting(label, trait), "should run from"),
        (
            lambda trait, label: pd.Series(label).groupby(pd.cut(trait, 10), observed=False).mean() / label.mean(),
            "parts of equal width",
        ),
        (lambda trait, label: pd.Series(label).groupby(pd.cut(trait, 10), observed=True).mean(), "of equal width"),
        (lambda trait, label: pd.Series(label).groupby(pd.qcut(trait, 5)).mean(), "5 numbers came back, not ten"),
        (lambda trait, label: [*by_sorting(trait, label)[:9], np.nan], "a part may be empty"),
        (lambda trait, label: "ten", "a str came back, not ten numbers"),
    ],
)
def test_wrong_tenths_get_their_hint(answer, words):
    judgement = judge(exercises.tenths, answer)
    assert judgement.startswith("Not right yet") and words in judgement


def solution_uninformative(labels, seed):
    return labels[torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))]


def matched(labels, seed):
    """A normal draw with the labels' mean and standard deviation."""
    drawn = torch.randn(len(labels), generator=torch.Generator().manual_seed(seed))
    return labels.mean() + labels.std() * (drawn - drawn.mean()) / drawn.std()


def with_replacement(labels, seed):
    return labels[torch.randint(len(labels), (len(labels),), generator=torch.Generator().manual_seed(seed))]


def in_place(labels, seed):
    labels.copy_(solution_uninformative(labels, seed))
    return labels


def test_a_right_control_and_the_worked_one_pass():
    worked = solution("deeper/01_why_sharing_works", "solution_control", torch=torch)
    for answer in (solution_uninformative, worked):
        assert judge(exercises.uninformative, answer).startswith("Correct")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda labels, seed: labels, "came back as they were"),
        (lambda labels, seed: torch.zeros_like(labels), "2000 of 2000 are none of the labels"),
        (
            lambda labels, seed: torch.randn(len(labels), generator=torch.Generator().manual_seed(seed)),
            "the values are others",
        ),
        (matched, "of 2000 are none of the labels"),
        (matched, "even with the same mean and spread"),
        (with_replacement, "labels are used, some of them more than once"),
        (lambda labels, seed: labels.roll(1).sort().values, "the same control"),
        (lambda labels, seed: labels[torch.randperm(len(labels))], "two different controls"),
        (lambda labels, seed: labels.roll(seed), "each still has the neighbours that it had"),
        (lambda labels, seed: labels.flip(0), "two seeds gave the same control"),
        (lambda labels, seed: labels[: len(labels) // 2], "not as a tensor of shape"),
        (in_place, "changes its arguments"),
        (lambda labels, seed: torch.cat([labels[:2].flip(0), labels[2:]]), "still correlates"),
    ],
)
def test_a_wrong_control_gets_its_hint(answer, words):
    assert words in judge(exercises.uninformative, answer)
