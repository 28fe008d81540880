"""What a log says of the likes that another ranker's lists would bring, by several estimators, and how wrong that is.

    said(log, new, LOOK, shares()[log.rank])    in likes a list

The notebook writes the same estimators step by step.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from helpers.chapters.ch08.studies.unserved_lists.app import LOOK, LOTTERY, VIDEOS, App, Log, shares
from helpers.data.feed import CANDIDATES, TOP
from helpers.lab.kept_table import KeptTable, kept_tables
from helpers.lab.recheck import Recheck, equal

REPLAY, COUNTED, ITEM_PLACE = "replay", "counted likes", "item and place"
BY_PLACE, NORMALISED, ROBUST, TEST = "position-based", "self-normalised", "doubly robust", "A/B test"
IMAGINED = 5  # looks at the mean rate, which each video has besides its own
LISTS, SIZES = 10_000, (1_000, 10_000)
DRAWS = 100  # of a bootstrap


def said(log: Log, new: np.ndarray, look: np.ndarray, chance: np.ndarray) -> dict[str, float]:
    """What each estimator says of the likes a list of a ranker.

    new      the ranker's lists at the visits of the log, `(n, 10)`
    look     probability that a place is looked at, `(10,)`, as the analyst believes
    chance   probability of each shown video at each place, `(n, 10, 10)`
    """
    alike, weight = weights(log, new, look, chance)
    places = np.arange(TOP)
    at_place = alike[:, places, places] / chance[:, places, places]
    looks = np.broadcast_to(look, log.shown.shape)
    rate = _rates(_by_video(log.shown, log.liked), _by_video(log.shown, looks))
    hit, counted, by_place = alike.any(axis=2), (rate[new] @ look).mean(), (weight * log.liked).sum(1).mean()
    return {
        REPLAY: TOP * log.liked[hit].mean(),
        COUNTED: counted,
        ITEM_PLACE: (at_place * log.liked).sum(1).mean(),
        BY_PLACE: by_place,
        NORMALISED: look.sum() * (weight * log.liked).sum() / (weight * look).sum(),
        ROBUST: counted + by_place - (weight * look * rate[log.shown]).sum(1).mean(),
    }


def weights(log: Log, new: np.ndarray, look: np.ndarray, chance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """alike, whether what the log has at one place is what the new list has at another, `(n, 10, 10)`; and the weight
    of each shown video, `(n, 10)`: looks that it would get, over looks that it was to get."""
    alike = log.shown[:, :, None] == new[:, None, :]
    return alike, alike @ look / (chance @ look)


def _by_video(videos: np.ndarray, values: np.ndarray) -> np.ndarray:
    return np.bincount(videos.ravel(), values.ravel(), VIDEOS)


def _rates(likes: np.ndarray, looks: np.ndarray) -> np.ndarray:
    """Likes a look of each video, with some imagined ones: `(…, videos)`."""
    mean = likes.sum(-1, keepdims=True) / looks.sum(-1, keepdims=True)
    return (likes + IMAGINED * mean) / (looks + IMAGINED)


def intervals(log: Log, new: np.ndarray, chance: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """95% bootstrap intervals of two estimators, (low, high), from lists drawn again. The looks are known."""
    n = len(log)
    times = rng.multinomial(n, np.full(n, 1 / n), DRAWS) * 1.0
    _, weight = weights(log, new, LOOK, chance)
    weighed = times @ (weight * log.liked).sum(1) / (times @ (weight @ LOOK))

    def drawn(videos: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Sum of values of each video, `(draws, videos)`."""
        cell, values = videos + VIDEOS * np.arange(n)[:, None], np.broadcast_to(values, videos.shape)
        return times @ np.bincount(cell.ravel(), values.ravel(), VIDEOS * n).reshape(n, VIDEOS)

    rate = _rates(drawn(log.shown, log.liked), drawn(log.shown, LOOK))
    again = {NORMALISED: LOOK.sum() * weighed, COUNTED: (rate * drawn(new, LOOK)).sum(1) / n}
    return {name: np.quantile(values, [0.025, 0.975]) for name, values in again.items()}


@dataclass(frozen=True)
class Setting:
    """How the app serves, how its users look, and what the analyst believes.

    look     of a log: the probability that each place is looked at, `(10,)`
    chance   of a log: the probability of each shown video at each place, `(n, 10, 10)`
    """

    lottery: float = LOTTERY
    leave: float = 0.0
    look: Callable[[Log], np.ndarray] = lambda log: LOOK
    chance: Callable[[Log], np.ndarray] = lambda log: shares()[log.rank]


def by_rank(log: Log) -> np.ndarray:
    """Where nobody wrote them down, counted: how often each of today's ranks was at each place."""
    return _counts(log.rank, CANDIDATES)[log.rank] / len(log)


def by_popularity(log: Log) -> np.ndarray:
    """How often each video was at each place, of the times it was on offer, whoever the user."""
    offered = np.bincount(log.visits.offered.ravel(), minlength=VIDEOS)
    return (_counts(log.shown, VIDEOS) / np.maximum(offered, 1)[:, None])[log.shown]


def _counts(what: np.ndarray, of: int) -> np.ndarray:
    return np.stack([np.bincount(column, minlength=of) for column in what.T], axis=1)


def by_click_rate(log: Log) -> np.ndarray:
    """How often each place was clicked, relative to the first."""
    clicks = log.clicked.mean(axis=0)
    return clicks / clicks[0]


AS_IT_IS, NO_LOTTERY, LEAVING = "all is known", "no lottery", "users leave after a click"
SETTINGS = {
    AS_IT_IS: Setting(),
    NO_LOTTERY: Setting(lottery=0.0, chance=lambda log: shares(0.0)[log.rank]),
    "probabilities counted by rank": Setting(chance=by_rank),
    "probabilities counted by video": Setting(chance=by_popularity),
    "looks from click rates": Setting(look=by_click_rate),
    "places ignored": Setting(look=lambda log: np.ones(TOP)),
    LEAVING: Setting(leave=0.5),
}


def errors_of(seeds: Sequence[int], settings: Sequence[str] = tuple(SETTINGS)) -> pd.DataFrame:
    """Each estimator's error: a row a seed, setting, size of the log, estimator and ranker.

    true    likes a list of the ranker
    off     what is said over what is true, less 1; mean of the logs of this size
    error   root of its mean square
    held    share of the 95% bootstrap intervals that hold the truth; where there are none, missing

    Where all is known there are small logs as well, intervals, and an A/B test on the visits of each log, with a fifth
    of them for each ranker.
    """
    rows = []
    for seed in seeds:
        base = App.make(seed)
        visits, fresh = base.visits(LISTS), base.visits(LISTS, salt=1)
        new = np.stack([base.lists(ranker, visits) for ranker in base.scores])
        served = [base.lists(ranker, fresh) for ranker in base.scores]
        for setting in settings:
            how, known = SETTINGS[setting], setting == AS_IT_IS
            app = replace(base, leave=how.leave)
            log, true = app.log(visits, how.lottery), np.array([app.truth(fresh, lists) for lists in served])
            for size in SIZES if known else SIZES[-1:]:
                for (name, n), (values, held) in _logs(app, log, new, how, size, true, known).items():
                    off = values / true[n] - 1
                    row = {"seed": seed, "setting": setting, "size": size, "estimator": name, "true": true[n]}
                    row |= {"ranker": [*app.scores][n], "off": off.mean(), "error": (off**2).mean() ** 0.5}
                    rows.append(row | {"held": held})
    return pd.DataFrame(rows)


def _logs(app: App, log: Log, new: np.ndarray, how: Setting, size: int, true: np.ndarray, known: bool) -> dict:
    """{(estimator, ranker): (what it says in each log of this size, the share of its intervals that hold the truth)}"""
    rng, values, held = np.random.default_rng([app.seed, 82, size]), {}, {}
    for start in range(0, len(log), size):
        some, lists = log.part(slice(start, start + size)), new[:, start : start + size]
        look, chance = how.look(some), how.chance(some)
        for n, of in enumerate(lists):
            estimates = said(some, of, look, chance)
            if known:
                arm = slice(n, None, len(lists))
                estimates[TEST] = app.respond(some.visits.user[arm], of[arm], rng)[1].sum(axis=1).mean()
                for name, (low, high) in intervals(some, of, chance, rng).items():
                    held.setdefault((name, n), []).append(low <= true[n] <= high)
            for name, value in estimates.items():
                values.setdefault((name, n), []).append(value)
    return {key: (np.array(some), np.mean(held[key]) if key in held else np.nan) for key, some in values.items()}


WITHIN = dict.fromkeys(("true", "off", "error"), 0.02) | {"held": equal(0.95)}
TABLES = kept_tables(
    KeptTable("08_unserved", errors_of, {"seeds": range(24)}, [Recheck({"seeds": [3], "settings": [AS_IT_IS]}, WITHIN)])
)
