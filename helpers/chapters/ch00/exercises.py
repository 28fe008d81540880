"""The exercises of chapter 00, Start here."""

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
import pandas as pd

from helpers.chapters.ch00 import primer
from helpers.data.feed import plain
from helpers.display.answers import Wrong, close, described, is_number, unboxed
from helpers.display.exercises import at_work, exercise
from helpers.evaluation.metrics import auc, gauc, ndcg
from helpers.evaluation.statistics import interval


@exercise("every pair of a positive and a negative row counts once, and a tie counts one half.")
def pairs(answer: Callable[[np.ndarray, np.ndarray], float]):
    """`answer(scores, labels)`: two `(n,)` arrays, labels 0 or 1, become the AUC."""
    rng = np.random.default_rng(0)
    labels = np.array([1, 0, 0, 1, 0, 1, 0, 0, 1, 0, 0])
    scores = rng.permutation(11) + 2.0 * labels + 0.5 * rng.random(11)
    share, right, count = unboxed(answer(scores, labels)), auc(scores, labels), labels.sum() * (1 - labels).sum()
    if not is_number(share):
        raise Wrong(f"""the function returned {described(share)}, not one number.
            Hint: the AUC is one number for all pairs together.
            Hint: take the mean over all pairs.""")
    if close(share, 1 - right):
        raise Wrong("""you count the pairs in which the negative has the higher score.
            Hint: a pair is in order if its positive row has the higher score.
            Hint: reverse the comparison.""")
    if share > 1:
        raise Wrong(f"""{share:g} is more than 1.
            Hint: the AUC is a share of pairs, not their number.
            Hint: divide by the number of pairs: positives times negatives.""")
    if close(share, right * count / 11**2) or close(share, right * count / (11 * 10 / 2)):
        raise Wrong("""the sum is right, but it is divided by too many pairs.
            Hint: two positive rows make no pair, nor do two negative ones.
            Hint: there are as many pairs as positives times negatives.""")
    if not close(share, right):
        raise Wrong(f"""on a small example without ties you find {share:.3f}, and the library {right:.3f}.
            Hint: compare each positive row with each negative row.
            Hint: `[:, None]` makes a column of an array; a column compared with a row is a table of all pairs.""")
    tied = unboxed(answer(np.array([0.5, 0.5, 0.2, 0.9]), np.array([1, 0, 0, 1])))
    if not close(tied, 3.5 / 4):
        raise Wrong(f"""with one tie among four pairs you find {tied:g}; it should be 3.5 of 4, 0.875.
            Hint: a positive and a negative row with equal scores are neither in order nor out of order.
            Hint: add half of the share of pairs with equal scores.""")


@exercise("discounted by place, cut at k, and divided by what the best order reaches.")
def list_quality(answer: Callable[[np.ndarray, int], float]):
    """`answer(gains, k)`: the `(n,)` gains of a list from the top down become its NDCG@k."""
    gains = np.array([0.0, 3.0, 1.0, 0.0, 2.0, 3.0])
    discounts = np.log2(np.arange(2, 8))
    quality = unboxed(answer(gains, 6))
    if not is_number(quality):
        raise Wrong(f"""the function returned {described(quality)}, not one number.
            Hint: the places are summed up.
            Hint: sum the discounted gains before you divide.""")
    if not np.isfinite(quality):
        raise Wrong(f"""the result is {quality:g}.
            Hint: the first place must not be divided by log₂(1), which is 0.
            Hint: places count from 1, and the discount of a place is log₂(1 + place).""")
    if close(quality, (gains / discounts).sum()):
        raise Wrong("""that is the DCG, which has no upper limit.
            Hint: normalised means: as a share of what the best order reaches.
            Hint: divide by the same sum for the gains sorted from high to low.""")
    if close(quality, (gains / discounts).sum() / (np.sort(gains) / discounts).sum()):
        raise Wrong("""you divide by the worst order, not the best.
            Hint: `np.sort` sorts from low to high.
            Hint: reverse the sorted gains: `np.sort(gains)[::-1]`.""")
    if not close(quality, _in_place(gains, 6)):
        raise Wrong(f"""for gains {gains.astype(int).tolist()} and k = 6 you find {quality:.3f}, the library
            {_in_place(gains, 6):.3f}.
            Hint: each gain is divided by log₂(1 + its place), and places count from 1.
            Hint: `np.log2(np.arange(2, len(gains) + 2))` are the discounts of all places.""")
    top = unboxed(answer(gains, 3))
    if close(top, _in_place(gains, 6)):
        raise Wrong("""k changes nothing.
            Hint: NDCG@k looks at the first k places only.
            Hint: cut the discounted gains at k, in the list and in the best order.""")
    if close(top, _in_place(gains[:3], 3)):
        raise Wrong("""the best order is made from the first k rows alone.
            Hint: a better ranking could have put any row of the list on top.
            Hint: sort all gains first, and cut at k afterwards.""")
    if not close(top, _in_place(gains, 3)):
        raise Wrong(f"""with k = 3 you find {top:.3f}, and the library {_in_place(gains, 3):.3f}.
            Hint: the list and the best order are cut at the same place.
            Hint: apply `[:k]` to both sums.""")


def _in_place(gains: np.ndarray, k: int) -> float:
    """NDCG@k of a list in the order that it has."""
    return ndcg(-np.arange(len(gains)), gains, k=k)


ANSWERS = ("first", "second", "undecided")


@exercise("paired, with an interval, and undecided where it holds 0.")
def better(answer: Callable[[np.ndarray, np.ndarray], str]):
    """`answer(first, second)`: two `(20,)` arrays of scores, feed by feed, become one of `ANSWERS`."""
    rng = np.random.default_rng(5)
    luck, noise = (_standard(rng.normal(size=20)) for _ in range(2))
    first = 0.7 + 0.08 * luck

    def second(gain: float, sd: float) -> np.ndarray:
        """Scores that the first model beats by `gain`, with differences of the standard deviation `sd` (ddof=1)."""
        return first - (gain + sd * noise)

    behind, level = second(0.01, 0.01), second(-0.01, 0.04)  # clear in pairs, hidden otherwise; and level
    verdict = answer(first, behind)
    if not isinstance(verdict, str) or verdict not in ANSWERS:
        came = repr(verdict[:40]) if isinstance(verdict, str) else f"{described(verdict)}, not a word"
        raise Wrong(f"""the function returned {came}.
            Hint: it should say one of {", ".join(map(repr, ANSWERS))}.
            Hint: return the word itself, as a string.""")
    if verdict == "second":
        raise Wrong("""where the first model wins on almost every feed you say 'second'.
            Hint: higher scores are better.
            Hint: subtract the second from the first: a positive difference speaks for the first.""")
    if verdict != "first" and answer(first, second(0.03, 0.01)) == "first":
        raise Wrong("""where the mean difference equals its standard deviation over 20 feeds, you say 'undecided'.
            Hint: that is the spread of single feeds. A mean of 20 feeds varies less than one feed does.
            Hint: divide the standard deviation of the differences by √20 before you multiply by 2.09.""")
    if verdict != "first":
        raise Wrong("""where the first model wins on almost every feed you say 'undecided'.
            Hint: what a feed does to both models hides the difference, unless you pair them.
            Hint: take the mean and the interval of `first - second`; its half width is 2.09 · sd / √20.""")
    if not answer(first, level) == "undecided" == answer(level, first):
        raise Wrong("""you decide where the interval of the difference holds 0.
            Hint: a mean above 0 can be luck: ask how far the mean would move with other feeds.
            Hint: decide only if both ends of the interval lie on the same side of 0.""")
    if answer(behind, first) != "second" or answer(first, second(0.0001, 0.0001)) != "first":
        raise Wrong("""the answer changes when the models change places, or when both differences are small but sure.
            Hint: treat both models alike, and use no threshold other than 0.
            Hint: low > 0 speaks for the first, high < 0 for the second, and everything else is undecided.""")
    verdicts = {errors: answer(first, second(errors * 0.01 / 20**0.5, 0.01)) for errors in (1.8, 2.0, 2.065, 2.12)}
    if verdicts[1.8] != "undecided" or verdicts[2.12] != "first":
        raise Wrong("""the interval is not that of 95%: you decide at 1.8 standard errors, or do not at 2.12.
            Hint: for 20 values the interval reaches 2.09 standard errors to either side.
            Hint: the standard error is the standard deviation of the differences (ddof=1), divided by √20.""")
    if verdicts[2.0] != "undecided":
        raise Wrong("""you decide at 2.0 standard errors; for 20 feeds the interval reaches 2.09.
            Hint: 1.96 is the quantile for very many values, and resampling 20 of them gives no more.
            Hint: take Student's t for 20 values, 2.09.""")
    if verdicts[2.065] != "undecided":
        raise Wrong("""your standard deviation is a little too small: you decide at 2.07 standard errors, and 2.09 are
            needed.
            Hint: NumPy's `std` divides by the number of values, although their mean was estimated from them, too.
            Hint: `std(ddof=1)` divides by one less.""")


def _standard(values: np.ndarray) -> np.ndarray:
    """The values with a mean of 0 and a standard deviation (ddof=1) of 1."""
    return (values - values.mean()) / values.std(ddof=1)


FEEDS = range(700, 706)  # used for this alone


@exercise("on six feeds that the notebook does not use, the paired interval of the gain in GAUC lies above 0.")
def scorer(answer: Callable[[pd.DataFrame, pd.DataFrame], Sequence[float]]) -> str:
    """`answer(history, rows)`: seven days of an autoplay feed and rows to score become a score a row."""
    history, judged = _feed(FEEDS[0])
    scores = np.asarray(answer(history, judged[ROW]), dtype=float)
    if scores.shape != (len(judged),):
        raise Wrong(f"""{len(judged)} rows gave scores of shape {scores.shape}.
            Hint: one score for each of `rows`, in their order.
            Hint: `rows['video'].map(...)` keeps the order and the number of rows.""")
    if not np.isfinite(scores).all():
        raise Wrong(f"""{(~np.isfinite(scores)).sum()} scores are NaN or infinite.
            Hint: some users, videos or pairs of them do not occur in the history.
            Hint: `.fillna(history['like'].mean())` gives them the overall rate.""")
    gains = []
    for seed in at_work("scoring six feeds", FEEDS):
        history, judged = _feed(seed)
        like, user = judged["like"], judged["user"]
        scores = np.asarray(answer(history, judged[ROW]), dtype=float)
        base = primer.rate(history, judged, "video", "like")
        theirs, before = (gauc(score, like, user).value for score in (scores, base))
        if seed == FEEDS[0] and np.isclose(theirs, 0.5, atol=1e-9):
            raise Wrong("""within each user's list all scores are equal: the GAUC is exactly 0.5.
                Hint: what is the same for all videos of a user cannot order them.
                Hint: use the video, its author, its topic, or how the user's age group likes the topic.""")
        if seed == FEEDS[0] and np.isclose(theirs, before, atol=1e-9) and auc(scores, like) != auc(base, like):
            raise Wrong("""all users' lists are those by the video's like rate: only rows of different users changed
                places.
                Hint: what is the same for all rows of a user, as the user's own rate is, changes no list.
                Hint: use what differs within a list: the author, or how the user's age group likes the topic.""")
        gains.append(theirs - before)
    mean, low, high = interval(gains)
    words = f"our gain in GAUC over the video's like rate is {mean:+.3f} [{low:+.3f}, {high:+.3f}] on six feeds"
    if low <= 0:
        raise Wrong(f"""y{words}.
            Hint: a video has few likes in seven days; what does it have in common with others that have more?
            Hint: add a second rate: that of its author, or of its topic among users of the same age group.""")
    return f"Y{words}; the best score that we know, from smoothed rates, gains {BEST:+.3f}."


BEST = 0.065  # on `FEEDS`, of the score in its test; the strengths were chosen on feeds 900 to 905
ROW = ["user", "video", "day", "time", "age_group", "author", "topic", "duration"]


@lru_cache(maxsize=1)  # all six would take 100 MB
def _feed(seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    history, judged = primer.days(seed, autoplay=True)
    return plain(history), plain(judged)
