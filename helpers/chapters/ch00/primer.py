"""What chapter 00 runs: rates as scores, and whether one more day of history helps."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from helpers.data.feed import described
from helpers.data.world import World, simulate
from helpers.evaluation.metrics import auc
from helpers.support import validate

HISTORY = 7  # so many days of ten; the rest is judged


def rate(history: pd.DataFrame, rows: pd.DataFrame, key: str, label: str) -> pd.Series:
    """How often `label` happened in the history of each row's user or video (`key`); the overall rate for new ones."""
    return rows[key].map(history.groupby(key)[label].mean()).fillna(history[label].mean())


def one_more_day(seeds: Sequence[int], groups: int = 20) -> pd.DataFrame:
    """Does one more day of history help? AUC of the videos' click rates from six days and from seven.

    The users are split at random into `groups`, on which both are judged: columns seed, group, days, auc.
    """
    rows = []
    for seed in seeds:
        history, judged = days(seed)
        users = np.random.default_rng(seed).permutation(judged["user"].max() + 1)
        group = (users % groups)[judged["user"]]
        for known in (6, 7):
            score = rate(history[history["day"] >= HISTORY - known], judged, "video", "click")
            for number in range(groups):
                part = group == number
                rows.append((seed, number, known, auc(score[part], judged["click"][part])))
    return pd.DataFrame(rows, columns=["seed", "group", "days", "auc"])


def unpaired_interval(one: Sequence[float], other: Sequence[float]) -> tuple[float, float, float]:
    """Difference of two means and its 95% interval, as if the two came from draws of their own: (mean, low, high)."""
    one, other = np.asarray(one, dtype=float), np.asarray(other, dtype=float)
    count = validate.same_length(one=one, other=other)
    half = stdtrit(2 * count - 2, 0.975) * np.sqrt((one.var(ddof=1) + other.var(ddof=1)) / count)
    mean = one.mean() - other.mean()
    return float(mean), float(mean - half), float(mean + half)


def days(seed: int, autoplay: bool = False) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The first seven days of a feed of the size of the course's, and the days after, with what is known of each row's
    user and video next to it."""
    world = World.make(seed=seed)
    log, _ = simulate(world, autoplay=autoplay, seed=seed)
    log = described(world, log)
    return log[log["day"] < HISTORY], log[log["day"] >= HISTORY]
