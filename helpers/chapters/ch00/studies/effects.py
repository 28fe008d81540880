"""Effects of the claims of chapter 00 that are functions of a table, and no contrasts."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from helpers.chapters.ch00 import primer
from helpers.chapters.ch00.studies.ten_times import feed
from helpers.evaluation.statistics import interval
from helpers.lab.claim import fused_gain


def more_in_between(table: pd.DataFrame) -> np.ndarray:
    """Finished videos among all served: at weight 0.5, less the better of the two ends."""
    by = table.assign(all=table["clicked"] * table["finished"]).pivot(index="seed", columns="weight", values="all")
    return (by[0.5] - by[[0.0, 1.0]].max(axis=1)).to_numpy()


def missing_satisfaction(table: pd.DataFrame) -> np.ndarray:
    """Satisfaction with the best list, less that with the list of the weight that satisfies most."""
    by = table.groupby("seed")[["best", "satisfaction"]].max()
    return (by["best"] - by["satisfaction"]).to_numpy()


def width_ratio(table: pd.DataFrame) -> np.ndarray:
    """How many times as wide the unpaired interval of a feed's groups is as the paired one, one ratio a feed."""
    ratios = []
    for _, groups in table.pivot(index=["seed", "group"], columns="days", values="auc").groupby("seed"):
        _, low, high = interval(groups[7] - groups[6])
        _, lower, higher = primer.unpaired_interval(groups[7], groups[6])
        ratios.append((higher - lower) / (high - low))
    return np.array(ratios)


SIDES = {"apart": feed.UNSHARED, "shared": feed.FUSED, "all": feed.POOLED}


def pooled_gain(of: str, over: str, size: str, label: str) -> Callable[[pd.DataFrame], pd.Series]:
    """What a label gains, in a larger feed, in one of `SIDES` over another, each at its best way (`fused_gain`). "all"
    over "apart" is what one shared model adds."""
    return fused_gain("auc", SIDES[of], over=SIDES[over], size=size, label=label, videos="all")
