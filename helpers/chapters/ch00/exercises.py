"""The exercises of chapter 00, Start here."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import pandas as pd

from helpers.chapters.ch00 import primer
from helpers.data.feed import plain
from helpers.display.answers import close
from helpers.display.exercises import Exercise, at_work
from helpers.display.mistakes import at, form, gives, otherwise, when
from helpers.evaluation.metrics import auc, gauc, ndcg
from helpers.evaluation.statistics import interval


def _in_order(scores: np.ndarray, labels: np.ndarray, tie: float = 0.5) -> np.ndarray:
    """A table of all pairs: 1 where the positive row has the higher score, `tie` where both are equal."""
    up, down = scores[labels == 1][:, None], scores[labels == 0]
    return (up > down) + tie * (up == down)


def _scores_and_labels() -> list[tuple[np.ndarray, np.ndarray]]:
    rng = np.random.default_rng(0)
    labels = np.array([1, 0, 0, 1, 0, 1, 0, 0, 1, 0, 0])
    return [(rng.permutation(11) + 2.0 * labels + 0.5 * rng.random(11), labels)]


pairs = Exercise(
    "every pair of a positive and a negative row counts once, and a tie counts one half.",
    "`answer(scores, labels)`: two `(n,)` arrays, labels 0 or 1, become the AUC.",
    right=auc,
    also=[lambda scores, labels: _in_order(scores, labels).mean()],
    cases=_scores_and_labels,
    mistakes={
        form(_in_order): """the function returned {came}, not one number.
            Hint: the AUC is one number for all pairs together.
            Hint: take the mean over all pairs.""",
        lambda scores, labels: 1 - auc(scores, labels): """you count the pairs in which the negative has the higher
            score.
            Hint: a pair is in order if its positive row has the higher score.
            Hint: reverse the comparison.""",
        gives(lambda yours, *_: yours > 1, lambda scores, labels: _in_order(scores, labels).sum()): """{yours:g} is more
            than 1.
            Hint: the AUC is a share of pairs, not their number.
            Hint: divide by the number of pairs: positives times negatives.""",
        (
            lambda scores, labels: _in_order(scores, labels).sum() / len(scores) ** 2,
            lambda scores, labels: _in_order(scores, labels).sum() / (len(scores) * (len(scores) - 1) / 2),
        ): """the sum is right, but it is divided by too many pairs.
            Hint: two positive rows make no pair, nor do two negative ones.
            Hint: there are as many pairs as positives times negatives.""",
        otherwise(lambda scores, labels: ((scores > 0.5) == labels).mean()): """on a small example without ties you find
            {yours:.3f}, and the library {right:.3f}.
            Hint: compare each positive row with each negative row.
            Hint: `[:, None]` makes a column of an array; a column compared with a row is a table of all pairs.""",
        at(
            (np.array([0.5, 0.5, 0.2, 0.9]), np.array([1, 0, 0, 1])),
            lambda scores, labels: _in_order(scores, labels, tie=0).mean(),
            lambda scores, labels: _in_order(scores, labels, tie=1).mean(),
        ): """with one tie among four pairs you find {yours:g}; it should be 3.5 of 4, 0.875.
            Hint: a positive and a negative row with equal scores are neither in order nor out of order.
            Hint: add half of the share of pairs with equal scores.""",
    },
)


def _dcg(gains: np.ndarray, k: int, start: int = 2) -> float:
    with np.errstate(divide="ignore", invalid="ignore"):  # of a mistake that starts from log 1
        return (gains / np.log2(np.arange(start, len(gains) + start)))[:k].sum()


def _ndcg(gains: np.ndarray, k: int) -> float:
    """NDCG@k of a list in the order that it has."""
    return ndcg(-np.arange(len(gains)), gains, k=k)


def _best(gains: np.ndarray) -> np.ndarray:
    return np.sort(gains)[::-1]


GAINS = np.array([0.0, 3.0, 1.0, 0.0, 2.0, 3.0])

list_quality = Exercise(
    "discounted by place, cut at k, and divided by what the best order reaches.",
    "`answer(gains, k)`: the `(n,)` gains of a list from the top down become its NDCG@k.",
    right=_ndcg,
    also=[lambda gains, k: _dcg(gains, k) / _dcg(_best(gains), k)],
    cases=lambda: [(GAINS, 6), (GAINS, 3)],
    mistakes={
        form(lambda gains, k: gains / np.log2(np.arange(2, len(gains) + 2))): """the function returned {came}, not one
            number.
            Hint: the places are summed up.
            Hint: sum the discounted gains before you divide.""",
        gives(
            lambda yours, *_: not np.isfinite(yours), lambda gains, k: _dcg(gains, k, 1) / _dcg(_best(gains), k, 1)
        ): """the result is {yours:g}.
            Hint: the first place must not be divided by log₂(1), which is 0.
            Hint: places count from 1, and the discount of a place is log₂(1 + place).""",
        _dcg: """that is the DCG, which has no upper limit.
            Hint: normalised means: as a share of what the best order reaches.
            Hint: divide by the same sum for the gains sorted from high to low.""",
        lambda gains, k: _dcg(gains, k) / _dcg(np.sort(gains), k): """you divide by the worst order, not the best.
            Hint: `np.sort` sorts from low to high.
            Hint: reverse the sorted gains: `np.sort(gains)[::-1]`.""",
        lambda gains, k: _ndcg(gains, 6): """k changes nothing.
            Hint: NDCG@k looks at the first k places only.
            Hint: cut the discounted gains at k, in the list and in the best order.""",
        lambda gains, k: _ndcg(gains[:k], k): """the best order is made from only the first k rows.
            Hint: a better ranking could have put any row of the list on top.
            Hint: sort all gains first, and cut at k afterwards.""",
        gives(lambda yours, gains, k: k == 3, lambda gains, k: _dcg(gains, k) / _dcg(_best(gains), 6)): """with k = 3
            you find {yours:.3f}, and the library {right:.3f}.
            Hint: the list and the best order are cut at the same place.
            Hint: apply `[:k]` to both sums.""",
        otherwise(lambda gains, k: gains[:k].sum() / _best(gains)[:k].sum()): """for gains {0:g} and k = {1} you find
            {yours:.3f}, the library {right:.3f}.
            Hint: each gain is divided by log₂(1 + its place), and places count from 1.
            Hint: `np.log2(np.arange(2, len(gains) + 2))` are the discounts of all places.""",
    },
)

ANSWERS = ("first", "second", "undecided")


def _verdict(mean: float, half: float, threshold: float = 0.0) -> str:
    return "first" if mean - half > threshold else "second" if mean + half < -threshold else "undecided"


def _by_pairs(first: np.ndarray, second: np.ndarray, threshold=0.0, ddof=1, quantile=2.093, rows=20) -> str:
    """The right answer; the mistakes change one thing each."""
    difference = first - second
    return _verdict(difference.mean(), quantile * difference.std(ddof=ddof) / rows**0.5, threshold)


def _standard(values: np.ndarray) -> np.ndarray:
    """The values with a mean of 0 and a standard deviation (ddof=1) of 1."""
    return (values - values.mean()) / values.std(ddof=1)


rng = np.random.default_rng(5)
LUCK, NOISE = (_standard(rng.normal(size=20)) for _ in range(2))
FIRST = 0.7 + 0.08 * LUCK


def _beaten(gain: float, sd: float) -> tuple[np.ndarray, np.ndarray]:
    """Two models, the first ahead by `gain`, with differences of the standard deviation `sd` (ddof=1)."""
    return FIRST, FIRST - (gain + sd * NOISE)


def _by_errors(errors: float) -> tuple[np.ndarray, np.ndarray]:
    """The first ahead by so many standard errors."""
    return _beaten(errors * 0.01 / 20**0.5, 0.01)


AHEAD, LEVEL = _beaten(0.01, 0.01), _beaten(-0.01, 0.04)  # clear in pairs, hidden otherwise; and level

better = Exercise(
    "paired, with an interval, and undecided where it holds 0.",
    "`answer(first, second)`: two `(20,)` arrays of scores, feed by feed, become one of `ANSWERS`.",
    right=_by_pairs,
    also=[lambda *scores: _by_pairs(*scores, quantile=2.09)],
    read=lambda given, right: given if isinstance(given, str) and given in ANSWERS else None,
    mistakes={
        form(lambda first, second: first.mean() > second.mean(), lambda first, second: "better"): f"""the function
            returned {{given!r:.40}}.
            Hint: it should say one of {", ".join(map(repr, ANSWERS))}.
            Hint: return the word itself, as a string.""",
        when(lambda answer: answer(*AHEAD) == "second", lambda first, second: _by_pairs(second, first)): """where the
            first model wins on almost every feed you say 'second'.
            Hint: higher scores are better.
            Hint: subtract the second from the first: a positive difference speaks for the first.""",
        when(
            lambda answer: answer(*AHEAD) != "first" == answer(*_beaten(0.03, 0.01)),
            lambda first, second: _by_pairs(first, second, rows=1),
        ): """where the mean difference equals its standard deviation over 20 feeds, you say 'undecided'.
            Hint: that is the spread of single feeds. A mean of 20 feeds varies less than one feed does.
            Hint: divide the standard deviation of the differences by √20 before you multiply by 2.09.""",
        at(
            AHEAD,
            lambda first, second: _verdict(
                first.mean() - second.mean(), 2.093 * ((first.var() + second.var()) / 20) ** 0.5
            ),
        ): """where the first model wins on almost every feed you say 'undecided'.
            Hint: what a feed does to both models hides the difference, unless you pair them.
            Hint: take the mean and the interval of `first - second`; its half width is 2.09 · sd / √20.""",
        at([LEVEL, LEVEL[::-1]], lambda first, second: "first" if first.mean() > second.mean() else "second"): """you
            decide where the interval of the difference holds 0.
            Hint: a mean above 0 can be luck: ask how far the mean would move with other feeds.
            Hint: decide only if both ends of the interval lie on the same side of 0.""",
        at(
            [AHEAD[::-1], _beaten(0.0001, 0.0001)],
            lambda *scores: _by_pairs(*scores, threshold=0.003),
            lambda *scores: "first" if _by_pairs(*scores) == "first" else "undecided",
        ): """the answer changes when the models change places, or when a difference is small but clear.
            Hint: treat both models alike, and use no threshold other than 0.
            Hint: low > 0 speaks for the first, high < 0 for the second, and everything else is undecided.""",
        at(
            [_by_errors(1.8), _by_errors(2.12)],
            lambda *scores: _by_pairs(*scores, quantile=1.729),
            lambda *scores: _by_pairs(*scores, quantile=2.3),
        ): """the interval is not that of 95%: you decide at 1.8 standard errors, or do not at 2.12.
            Hint: for 20 values the interval reaches 2.09 standard errors to either side.
            Hint: the standard error is the standard deviation of the differences (ddof=1), divided by √20.""",
        at(
            _by_errors(2.0), lambda *scores: _by_pairs(*scores, quantile=1.96)
        ): """you decide at 2.0 standard errors; for
            20 feeds the interval reaches 2.09.
            Hint: 1.96 is the quantile for very many values, and a bootstrap of only 20 is about as narrow.
            Hint: take Student's t for 20 values, 2.09.""",
        at(_by_errors(2.065), lambda *scores: _by_pairs(*scores, ddof=0)): """your standard deviation is a little too
            small: you decide at 2.07 standard errors, and 2.09 are needed.
            Hint: NumPy's `std` divides by the number of values, although their mean was estimated from them, too.
            Hint: `std(ddof=1)` divides by one less.""",
    },
)

FEEDS = range(700, 706)  # used for this alone
BEST = 0.065  # on `FEEDS`, of the score in its test; the strengths were chosen on feeds 900 to 905
ROW = ["user", "video", "day", "time", "age_group", "author", "topic", "duration"]


@lru_cache(maxsize=1)  # all six would take 100 MB
def _feed(seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    history, judged = primer.days(seed, autoplay=True)
    return plain(history), plain(judged)


def _by(*columns: str):
    """A score that is the sum of the like rates by these columns."""
    return lambda history, rows: sum(primer.rate(history, rows, column, "like") for column in columns)


@dataclass
class _Scored:
    answer: Callable

    def scores(self, seed: int) -> np.ndarray:
        history, judged = _feed(seed)
        return np.asarray(self.answer(history, judged[ROW]), dtype=float)

    @cached_property
    def first(self) -> np.ndarray:
        return self.scores(FEEDS[0])

    @property
    def wrong_shape(self) -> dict | bool:
        rows = len(_feed(FEEDS[0])[1])
        return self.first.shape != (rows,) and {"rows": rows, "shape": self.first.shape}

    def gauc(self, scores: np.ndarray, seed: int = FEEDS[0]) -> float:
        judged = _feed(seed)[1]
        return gauc(scores, judged["like"], judged["user"]).value

    @property
    def as_by_video(self) -> bool:
        """Whether all lists are those by the video's rate, although the scores are not."""
        history, judged = _feed(FEEDS[0])
        base = _by("video")(history, judged)
        same_lists = close(self.gauc(self.first), self.gauc(base), 1e-9)
        return same_lists and auc(self.first, judged["like"]) != auc(base, judged["like"])

    @cached_property
    def gain(self) -> dict[str, float]:
        """Mean gain over the video's rate, and the ends of its interval over the feeds."""
        gains = []
        for seed in at_work("scoring six feeds", FEEDS):
            base = _by("video")(*_feed(seed))
            gains.append(self.gauc(self.scores(seed), seed) - self.gauc(base, seed))
        return dict(zip(("mean", "low", "high"), interval(gains), strict=True))


GAIN = "our gain in GAUC over the video's like rate is {mean:+.3f} [{low:+.3f}, {high:+.3f}] on six feeds"

scorer = Exercise(
    "on six feeds that the notebook does not use, the paired interval of the gain in GAUC lies above 0.",
    "`answer(history, rows)`: seven days of an autoplay feed and rows to score become a score a row.",
    right=_by("video", "author"),
    look=_Scored,
    note=lambda seen: (
        f"Y{GAIN.format(**seen.gain)}; the best score that we know, from smoothed rates, gains {BEST:+.3f}."
    ),
    mistakes={
        when(lambda seen: seen.wrong_shape, lambda history, rows: history.groupby("video")["like"].mean()): """{rows}
            rows gave scores of shape {shape}.
            Hint: one score for each of `rows`, in their order.
            Hint: `rows['video'].map(...)` keeps the order and the number of rows.""",
        when(
            lambda seen: not np.isfinite(seen.first).all() and {"count": (~np.isfinite(seen.first)).sum()},
            lambda history, rows: rows["video"].map(history.groupby("author")["like"].mean()),
        ): """{count} scores are NaN or infinite.
            Hint: some users, videos or pairs of them do not occur in the history.
            Hint: `.fillna(history['like'].mean())` gives them the overall rate.""",
        when(lambda seen: close(seen.gauc(seen.first), 0.5, 1e-9), _by("user")): """within each user's list all scores
            are equal: the GAUC is exactly 0.5.
            Hint: what is the same for all videos of a user cannot order them.
            Hint: use the video, its author, its topic, or how the user's age group likes the topic.""",
        when(lambda seen: seen.as_by_video, _by("video", "user")): """all users' lists are those by the video's like
            rate: only rows of different users changed places.
            Hint: what is the same for all rows of a user, as the user's own rate is, changes no list.
            Hint: use what differs within a list: the author, or how the user's age group likes the topic.""",
        when(
            lambda seen: seen.gain["low"] <= 0 and seen.gain,
            _by("video"),
            lambda history, rows: primer.rate(history, rows, "video", "watch_seconds"),
        ): f"""y{GAIN}.
            Hint: a video has few likes in seven days; what does it have in common with others that have more?
            Hint: add a second rate: that of its author, or of its topic among users of the same age group.""",
    },
)
