"""The exercises of chapter 00, Start here."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from functools import lru_cache

import numpy as np
import pandas as pd

from helpers.chapters.ch00 import primer
from helpers.data.worlds import plain
from helpers.display.exercises import Probe, at_work, begun, described, exercise
from helpers.evaluation.metrics import auc, gauc, ndcg
from helpers.evaluation.statistics import interval

Scores = Callable[[np.ndarray, np.ndarray], float]


@exercise("every pair of a positive and a negative row counts once, and a tie counts one half.")
def pairs(answer: Scores) -> Iterator[Probe]:
    """`answer(scores, labels)`: two `(n,)` arrays, labels 0 or 1, become the AUC."""
    rng = np.random.default_rng(0)
    labels = np.array([1, 0, 0, 1, 0, 1, 0, 0, 1, 0, 0])
    scores = rng.permutation(11) + 2.0 * labels + 0.5 * rng.random(11)
    found = np.asarray(begun(answer(scores, labels)), dtype=float)
    yield Probe(
        found.ndim == 0,
        f"the function gave back {described(found)}, not one number.",
        "the AUC is one number for all pairs together.",
        "take the mean over all pairs.",
    )
    right, count = auc(scores, labels), labels.sum() * (1 - labels).sum()
    yield Probe(
        not np.isclose(found, 1 - right),
        "you count the pairs in which the negative has the higher score.",
        "a pair is in order if its positive row has the higher score.",
        "turn the comparison round.",
    )
    yield Probe(
        found <= 1,
        f"{found:g} is more than 1.",
        "the AUC is a share of pairs, not their number.",
        "divide by the number of pairs: positives times negatives.",
    )
    yield Probe(
        not np.isclose(found, right * count / 11**2) and not np.isclose(found, right * count / (11 * 10 / 2)),
        "the sum is right, but it is divided by too many pairs.",
        "two positive rows make no pair, nor do two negative ones.",
        "there are as many pairs as positives times negatives.",
    )
    yield Probe(
        bool(np.isclose(found, right)),
        f"on a small example without ties you find {found:.3f}, and the library {right:.3f}.",
        "compare each positive row with each negative row.",
        "`[:, None]` makes a column of an array; a column compared with a row is a table of all pairs.",
    )
    tied = np.asarray(answer(np.array([0.5, 0.5, 0.2, 0.9]), np.array([1, 0, 0, 1])), dtype=float)
    yield Probe(
        bool(np.isclose(tied, 3.5 / 4)),
        f"with one tie among four pairs you find {tied:g}; it should be 3.5 of 4, 0.875.",
        "a positive and a negative row with equal scores are neither in order nor out of order.",
        "add half of the share of pairs with equal scores.",
    )


@exercise("discounted by place, cut at k, and divided by what the best order reaches.")
def list_quality(answer: Callable[[np.ndarray, int], float]) -> Iterator[Probe]:
    """`answer(gains, k)`: the `(n,)` gains of a list from the top down become its NDCG@k."""
    gains = np.array([0.0, 3.0, 1.0, 0.0, 2.0, 3.0])
    place = np.arange(1, 7)
    discounted = gains / np.log2(1 + place)
    found = np.asarray(begun(answer(gains, 6)), dtype=float)
    right = lambda values, k: ndcg(-np.arange(len(values)), values, k=k)  # noqa: E731
    yield Probe(
        found.ndim == 0,
        f"the function gave back {described(found)}, not one number.",
        "the places are summed up.",
        "sum the discounted gains before you divide.",
    )
    yield Probe(
        bool(np.isfinite(found)),
        f"the result is {found:g}.",
        "the first place must not be divided by log₂(1), which is 0.",
        "places count from 1, and the discount of a place is log₂(1 + place).",
    )
    yield Probe(
        not np.isclose(found, discounted.sum()),
        "that is the DCG, which has no upper limit.",
        "normalised means: as a share of what the best order reaches.",
        "divide by the same sum for the gains sorted from high to low.",
    )
    yield Probe(
        not np.isclose(found, discounted.sum() / (np.sort(gains) / np.log2(1 + place)).sum()),
        "you divide by the worst order, not the best.",
        "`np.sort` sorts from low to high.",
        "turn the sorted gains round: `np.sort(gains)[::-1]`.",
    )
    yield Probe(
        bool(np.isclose(found, right(gains, 6))),
        f"for gains {gains.astype(int).tolist()} and k = 6 you find {found:.3f}, the library {right(gains, 6):.3f}.",
        "each gain is divided by log₂(1 + its place), and places count from 1.",
        "`np.log2(np.arange(2, len(gains) + 2))` are the discounts of all places.",
    )
    top = np.asarray(answer(gains, 3), dtype=float)
    yield Probe(
        not np.isclose(top, right(gains, 6)),
        "k changes nothing.",
        "NDCG@k looks at the first k places only.",
        "cut the discounted gains at k, in the list and in the best order.",
    )
    yield Probe(
        not np.isclose(top, right(gains[:3], 3)),
        "the best order is made from the first k rows alone.",
        "a better ranking could have put any row of the list on top.",
        "sort all gains first, and cut at k afterwards.",
    )
    yield Probe(
        bool(np.isclose(top, right(gains, 3))),
        f"with k = 3 you find {top:.3f}, and the library {right(gains, 3):.3f}.",
        "the list and the best order are cut at the same place.",
        "apply `[:k]` to both sums.",
    )


ANSWERS = ("first", "second", "undecided")


@exercise("paired, with an interval, and undecided where it holds 0.")
def better(answer: Callable[[np.ndarray, np.ndarray], str]) -> Iterator[Probe]:
    """`answer(first, second)`: two `(20,)` arrays of scores, feed by feed, become one of `ANSWERS`."""
    rng = np.random.default_rng(5)
    luck, noise = (_standard(rng.normal(size=20)) for _ in range(2))
    first = 0.7 + 0.08 * luck

    def second(gain: float, sd: float) -> np.ndarray:
        """Scores that the first model beats by `gain`, with differences of the standard deviation `sd` (ddof=1)."""
        return first - (gain + sd * noise)

    behind, level = second(0.01, 0.01), second(-0.01, 0.04)  # clear in pairs, hidden otherwise; and level
    found = begun(answer(first, behind))
    yield Probe(
        isinstance(found, str) and found in ANSWERS,
        f"the function gave back {_named(found)}.",
        f"it should say one of {', '.join(map(repr, ANSWERS))}.",
        "return the word itself, as a string.",
    )
    yield Probe(
        found != "second",
        "where the first model wins on almost every feed you say 'second'.",
        "higher scores are better.",
        "subtract the second from the first: a positive difference speaks for the first.",
    )
    yield Probe(
        found == "first" or answer(first, second(0.03, 0.01)) != "first",
        "where the mean difference is as large as its standard deviation over 20 feeds, you say 'undecided'.",
        "that is the spread of single feeds. A mean of 20 feeds varies less than one feed does.",
        "divide the standard deviation of the differences by √20 before you multiply by 2.09.",
    )
    yield Probe(
        found == "first",
        "where the first model wins on almost every feed you say 'undecided'.",
        "what a feed does to both models hides the difference, unless you pair them.",
        "take the mean and the interval of `first - second`; its half width is 2.09 · sd / √20.",
    )
    yield Probe(
        answer(first, level) == "undecided" == answer(level, first),
        "you decide where the interval of the difference holds 0.",
        "a mean above 0 can be luck: ask how far the mean would move with other feeds.",
        "decide only if both ends of the interval lie on the same side of 0.",
    )
    yield Probe(
        answer(behind, first) == "second" and answer(first, second(0.0001, 0.0001)) == "first",
        "the answer changes when the models change places, or when both differences are small but sure.",
        "treat both models alike, and use no threshold other than 0.",
        "low > 0 speaks for the first, high < 0 for the second, and everything else is undecided.",
    )
    errors = {t: answer(first, second(t * 0.01 / 20**0.5, 0.01)) for t in (1.8, 2.0, 2.065, 2.12)}
    yield Probe(
        errors[1.8] == "undecided" and errors[2.12] == "first",
        "the interval is not that of 95%: a difference of 1.8 standard errors is decided, or one of 2.12 is not.",
        "for 20 values the interval reaches 2.09 standard errors to either side.",
        "the standard error is the standard deviation of the differences (ddof=1), divided by √20.",
    )
    yield Probe(
        errors[2.0] == "undecided",
        "you decide at 2.0 standard errors; for 20 feeds the interval reaches 2.09.",
        "1.96 is the quantile for very many values, and resampling 20 of them gives no more.",
        "take Student's t for 20 values, 2.09.",
    )
    yield Probe(
        errors[2.065] == "undecided",
        "your standard deviation is a little too small: you decide at 2.07 standard errors, and 2.09 are needed.",
        "NumPy's `std` divides by the number of values, although their mean was estimated from them, too.",
        "`std(ddof=1)` divides by one less.",
    )


def _standard(values: np.ndarray) -> np.ndarray:
    """The values with a mean of 0 and a standard deviation (ddof=1) of 1."""
    return (values - values.mean()) / values.std(ddof=1)


def _named(found) -> str:
    return repr(found[:40]) if isinstance(found, str) else f"a {type(found).__name__}, not a word"


FEEDS = range(700, 706)  # used for this alone


@exercise("on six feeds that the notebook does not use, the paired interval of the gain in GAUC lies above 0.")
def scorer(answer: Callable[[pd.DataFrame, pd.DataFrame], Sequence[float]]) -> Generator[Probe, None, str]:
    """`answer(history, rows)`: seven days of an autoplay feed and rows to score become a score a row."""
    history, judged = _feed(FEEDS[0])
    rows = judged[ROW]
    found = np.asarray(begun(answer(history.copy(), rows.copy())), dtype=float)
    yield Probe(
        found.shape == (len(rows),),
        f"{len(rows)} rows gave scores of shape {found.shape}.",
        "one score for each of `rows`, in their order.",
        "`rows['video'].map(...)` keeps the order and the number of rows.",
    )
    yield Probe(
        bool(np.isfinite(found).all()),
        f"{int((~np.isfinite(found)).sum())} scores are NaN or infinite.",
        "some users, videos or pairs of them do not occur in the history.",
        "`.fillna(history['like'].mean())` gives them the overall rate.",
    )
    gains = []
    for seed in at_work("scoring six feeds", FEEDS):
        history, judged = _feed(seed)
        like, user = judged["like"], judged["user"]
        theirs = gauc(np.asarray(answer(history.copy(), judged[ROW].copy()), dtype=float), like, user).value
        yield Probe(
            seed != FEEDS[0] or not np.isclose(theirs, 0.5, atol=1e-9),
            "within each user's list all scores are equal: the GAUC is exactly 0.5.",
            "what is the same for all videos of a user cannot order them.",
            "use the video, its author, its topic, or how the user's age group likes the topic.",
        )
        gains.append(theirs - gauc(primer.rate(history, judged, "video", "like"), like, user).value)
    mean, low, high = interval(gains)
    words = f"our gain in GAUC over the video's like rate is {mean:+.3f} [{low:+.3f}, {high:+.3f}] on six feeds"
    yield Probe(
        low > 0,
        f"y{words}.",
        "a video has few likes in seven days; what else do you know of it that others have in common with it?",
        "add a second rate to the video's: that of its author, or of its topic among users of the same age group.",
    )
    return f"Y{words}; the best score that we know, from smoothed rates, gains {BEST:+.3f}."


BEST = 0.065  # on `FEEDS`, of the score in its test; the strengths were chosen on feeds 900 to 905
ROW = ["user", "video", "day", "time", "age_group", "author", "topic", "duration"]


@lru_cache(maxsize=1)  # all six would take 100 MB
def _feed(seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    history, judged = primer.days(seed, autoplay=True)
    return plain(history), plain(judged)
