"""The claims of chapter 00, Start here."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from helpers.chapters.ch00 import primer
from helpers.evaluation.statistics import difference, interval
from helpers.experiments.claim import Claim

Effects = Callable[[pd.DataFrame], np.ndarray]


def _ends(column: str) -> Effects:
    """What the change of the click's weight from 0 to 1 does to a column of `primer.task_weights`."""

    def effects(table: pd.DataFrame) -> np.ndarray:
        by = table.pivot(index="seed", columns="weight", values=column)
        return (by[1.0] - by[0.0]).to_numpy()

    return effects


def _more_in_between(table: pd.DataFrame) -> np.ndarray:
    """Finished videos among all served: at weight 0.5, less the better of the two ends."""
    by = table.assign(all=table["clicked"] * table["finished"]).pivot(index="seed", columns="weight", values="all")
    return (by[0.5] - by[[0.0, 1.0]].max(axis=1)).to_numpy()


def _left(table: pd.DataFrame) -> np.ndarray:
    """Satisfaction with the best list, less that with the list of the weight that satisfies most."""
    by = table.groupby("seed")[["best", "satisfaction"]].max()
    return (by["best"] - by["satisfaction"]).to_numpy()


def _user_less_video(metric: str) -> Effects:
    def effects(table: pd.DataFrame) -> np.ndarray:
        one = table[["seed", "scorer", metric]]
        return difference(one, metric, primer.USER_RATE, primer.VIDEO_RATE, column="scorer")["difference"].to_numpy()

    return effects


def _width_ratio(table: pd.DataFrame) -> np.ndarray:
    """How many times as wide the unpaired interval of a feed's groups is as the paired one, one ratio a feed."""
    ratios = []
    for _, feed in table.pivot(index=["seed", "group"], columns="days", values="auc").groupby("seed"):
        _, low, high = interval(feed[7] - feed[6])
        _, lower, higher = primer.unpaired_interval(feed[7], feed[6])
        ratios.append((higher - lower) / (high - low))
    return np.array(ratios)


def _seventh_day(table: pd.DataFrame) -> np.ndarray:
    by = table.groupby(["seed", "days"])["auc"].mean().unstack()
    return (by[7] - by[6]).to_numpy()


def _three_weights(seeds: Sequence[int]) -> pd.DataFrame:
    return primer.task_weights(seeds, [0.0, 0.3, 0.5, 1.0])


CLAIMS: list[Claim] = [
    Claim(
        "C0.1",
        "From weight 0 to weight 1 on the click, many more of the served videos are clicked.",
        _three_weights,
        _ends("clicked"),
        0.1,
        "of the served",
    ),
    Claim(
        "C0.2",
        "From weight 0 to weight 1 on the click, far fewer of the clicked videos are watched to the end.",
        _three_weights,
        _ends("finished"),
        0.1,
        "of the clicked",
        sign=-1,
    ),
    Claim(
        "C0.3",
        "At weight 0.5 more of the served videos are watched to the end than at either end of the slider.",
        _three_weights,
        _more_in_between,
        0.01,
        "of the served",
    ),
    Claim(
        "C0.4",
        "No weight brings the users anywhere near the satisfaction that the best list would give them.",
        _three_weights,
        _left,
        0.2,
        "satisfaction",
    ),
    Claim(
        "C0.5",
        "For likes, the user's own like rate has a far higher AUC than the video's like rate.",
        primer.scorers,
        _user_less_video("auc"),
        0.05,
        "AUC",
    ),
    Claim(
        "C0.6",
        "GAUC reverses the order: within one user's list the video's like rate is far better.",
        primer.scorers,
        _user_less_video("gauc"),
        0.05,
        "GAUC",
        sign=-1,
    ),
    Claim(
        "C0.7",
        "Videos' click rates from seven days rank better than those from six.",
        primer.one_more_day,
        _seventh_day,
        0.002,
        "AUC",
    ),
    Claim(
        "C0.8",
        "Of that comparison the unpaired interval is more than twice as wide as the paired one.",
        primer.one_more_day,
        _width_ratio,
        2,
        "times",
    ),
]
