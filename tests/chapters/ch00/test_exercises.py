"""Chapter 00's exercises: the worked solutions pass, typical wrong answers meet their own words."""

import re

import nbformat
import numpy as np
import pytest

from helpers.chapters.ch00 import exercises
from helpers.chapters.ch00.primer import rate
from tests.chapters.shared import judge
from tools.notebooks import ROOT, code_cells, tags


@pytest.fixture(scope="module")
def solutions():
    """What the solution cells of the notebook, and of that on NDCG, define."""
    books = [ROOT / "notebooks" / name for name in ("00_start_here.ipynb", "deeper/00_ndcg.ipynb")]
    names = {"np": np, "exercises": exercises, "primer": exercises.primer}
    for cell in [cell for path in books for cell in code_cells(nbformat.read(path, as_version=4))]:
        if "solution" in tags(cell):
            exec(cell.source, names)
    return names


def table(scores, labels):
    return scores[labels == 1][:, None], scores[labels == 0]


def in_order(scores, labels):
    up, down = table(scores, labels)
    return (up > down).mean() + (up == down).mean() / 2


def all_pairs(scores, labels):
    up, down = table(scores, labels)
    return (up > down).sum() / (len(scores) * (len(scores) - 1) / 2)


def without_half(scores, labels):
    up, down = table(scores, labels)
    return (up > down).mean()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (in_order, "Correct: every pair"),
        (lambda scores, labels: ..., "Not yet"),
        (lambda scores, labels: 1 - in_order(scores, labels), "the negative has the higher score"),
        (lambda scores, labels: np.greater(*table(scores, labels)).sum(), "is more than 1"),
        (all_pairs, "divided by too many pairs"),
        (lambda scores, labels: ((scores > 0.5) == labels).mean(), "and the library"),
        (without_half, "with one tie among four pairs you find 0.75"),
        (lambda scores, labels: np.greater(*table(scores, labels)), "an array of shape (4, 7), not one number"),
    ],
)
def test_pairs(answer, words):
    assert words in judge(exercises.pairs, answer)


def dcg(gains, k, start=2):
    return (gains / np.log2(np.arange(start, len(gains) + start)))[:k].sum()


def right(gains, k):
    return dcg(gains, k) / dcg(np.sort(gains)[::-1], k)


def from_log_1(gains, k):
    with np.errstate(divide="ignore", invalid="ignore"):
        return dcg(gains, k, start=1) / dcg(np.sort(gains)[::-1], k, start=1)


def sorted_in_place(gains, k):
    weights = 1 / np.log2(np.arange(2, len(gains) + 2))
    gains.sort()
    ideal = gains[::-1]
    return (gains * weights)[:k].sum() / (ideal * weights)[:k].sum()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (right, "Correct: discounted"),
        (sorted_in_place, "Hint 1"),
        (lambda gains, k: None, "Not yet"),
        (dcg, "that is the DCG"),
        (lambda gains, k: right(gains, len(gains)), "k changes nothing"),
        (lambda gains, k: right(gains[:k], k), "from the first k rows alone"),
        (lambda gains, k: dcg(gains, k) / dcg(np.sort(gains), k), "the worst order, not the best"),
        (from_log_1, "the result is nan"),
        (lambda gains, k: gains[:k].sum() / np.sort(gains)[::-1][:k].sum(), "and k = 6 you find 1.000, the library"),
        (lambda gains, k: dcg(gains, k) / dcg(np.sort(gains)[::-1], len(gains)), "with k = 3 you find"),
        (lambda gains, k: gains / np.log2(np.arange(2, len(gains) + 2)), "an array of shape (6,), not one number"),
    ],
)
def test_list_quality(answer, words):
    assert words in judge(exercises.list_quality, answer)


def decide(difference, error, threshold=0.0):
    half = 2.093 * error
    mean = difference.mean()
    if mean - half > threshold:
        return "first"
    return "second" if mean + half < -threshold else "undecided"


def paired(first, second, threshold=0.0, ddof=1, quantile=2.093):
    error = (first - second).std(ddof=ddof) / len(first) ** 0.5
    return decide(first - second, error * quantile / 2.093, threshold)


def unpaired(first, second):
    return decide(first - second, ((first.var(ddof=1) + second.var(ddof=1)) / len(first)) ** 0.5)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (paired, "Correct: paired"),
        (lambda first, second: ..., "Not yet"),
        (lambda first, second: first.mean() > second.mean(), "returned a bool"),
        (unpaired, "unless you pair them"),
        (lambda *scores: paired(*scores, quantile=2.09), "Correct: paired"),
        (lambda *scores: paired(*scores, quantile=1.96), "you decide at 2.0 standard errors"),
        (lambda *scores: paired(*scores, ddof=0), "your standard deviation is a little too small"),
        (lambda *scores: paired(*scores, quantile=1.729), "is not that of 95%"),
        (lambda first, second: paired(second, first), "you say 'second'"),
        (lambda first, second: "first" if first.mean() > second.mean() else "second", "the difference holds 0"),
        (lambda first, second: decide(first - second, (first - second).std(ddof=1)), "the spread of single feeds"),
        (lambda first, second: paired(first, second, 0.003), "when both differences are small but sure"),
        (
            lambda first, second: "first" if paired(first, second) == "first" else "undecided",
            "when the models change places",
        ),
    ],
)
def test_better(answer, words):
    assert words in judge(exercises.better, answer)


def video(history, rows):
    return rate(history, rows, "video", "like")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda history, rows: video(history, rows) + rate(history, rows, "author", "like"), "Correct: on six feeds"),
        (lambda history, rows: None, "Not yet"),
        (video, "is +0.000 [+0.000, +0.000] on six feeds"),
        (lambda history, rows: rate(history, rows, "user", "like"), "all scores are equal"),
        (
            lambda history, rows: video(history, rows) + rate(history, rows, "user", "like"),
            "all users' lists are those by the video's like rate",
        ),
        (lambda history, rows: rate(history, rows, "video", "watch_seconds"), "your gain in GAUC"),
        (lambda history, rows: rows["video"].map(history.groupby("author")["like"].mean()), "scores are NaN"),
        (lambda history, rows: history.groupby("video")["like"].mean(), "gave scores of shape"),
        (lambda history, rows: rows["like"], "KeyError: 'like'"),
    ],
)
def test_scorer(answer, words):
    assert words in judge(exercises.scorer, answer)


def smoothed(history, rows, keys, strength):
    """Like rates by the columns `keys`, as if each group had `strength` more rows with the overall rate."""
    overall = history["like"].mean()
    found = history.groupby(keys)["like"].agg(["sum", "size"])
    found["rate"] = (found["sum"] + strength * overall) / (found["size"] + strength)
    return rows[keys].merge(found[["rate"]].reset_index(), how="left")["rate"].fillna(overall).to_numpy()


def best_known(history, rows):
    """Logarithms of four smoothed rates: the strengths that gained most, of 19 tried on feeds 900 to 905."""
    parts = ((["video"], 100), (["author"], 100), (["age_group", "topic"], 30), (["user", "topic"], 50))
    return sum(np.log(smoothed(history, rows, keys, strength)) for keys, strength in parts)


@pytest.mark.long
def test_a_right_score_is_told_how_far_it_gets_and_how_far_the_best_known_does(solutions):
    said = judge(exercises.scorer, best_known)
    assert f"Your gain in GAUC over the video's like rate is {exercises.BEST:+.3f} [" in said
    said = judge(exercises.scorer, solutions["solution_scores"])
    gain = float(re.search(r"like rate is ([+-][\d.]+) \[", said)[1])
    assert 0.02 < gain < exercises.BEST and said.endswith(f"gains {exercises.BEST:+.3f}.")


@pytest.mark.slow
def test_the_worked_solutions_pass(solutions, capsys):
    for exercise, name in (
        (exercises.pairs, "solution_auc"),
        (exercises.list_quality, "solution_ndcg"),
        (exercises.better, "solution_better"),
        (exercises.scorer, "solution_scores"),
    ):
        assert judge(exercise, solutions[name]).startswith("Correct")
