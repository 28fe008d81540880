"""Effects of the claims of chapter 04 that are functions of a table, and no contrasts."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from helpers.chapters.ch04 import sharing
from helpers.chapters.ch04.studies import feed_tasks
from helpers.chapters.ch04.studies.paper_and_speed import speed
from helpers.chapters.ch04.studies.which_tasks_together import grouping
from helpers.lab.claim import fused_gain, gain

SHARED = sharing.MODELS[1]
NARROW_AND_WIDE = ("04_recipe", "04_recipe_wide")


def rise_by_width(table: pd.DataFrame) -> pd.Series:
    """How far the loss rises from p = 1 to 0.75: in a bottom of 3, minus in a bottom of 18; of seeds with both."""
    rise = gain("log2_mse", 0.75, over=1.0, column="p", model=SHARED)
    narrow, wide = (rise(table[table["table"] == name]) for name in NARROW_AND_WIDE)
    return (narrow - wide).dropna()


def sooner(condition: str, count: str = "steps") -> Callable[[pd.DataFrame], np.ndarray]:
    """log2 of what the single-task models take until both are at R² 0.8, over what Shared-Bottom takes.

    A run that has not arrived counts as arriving at the end of the budget.
    """

    def effect(table: pd.DataFrame) -> np.ndarray:
        table = table[(table["target"] == speed.TARGETS[0]) & (table["condition"] == condition)]
        saved = speed.share_saved(table.fillna({"step": speed.BUDGET}), SHARED, count)
        return -np.log2(1 - saved["saved"].to_numpy())

    return effect


SIDES = {"apart": feed_tasks.UNSHARED, "shared": feed_tasks.SHARED, "all": feed_tasks.POOLED}


def pooled_gain(of: str, over: str, labels: Sequence[str]) -> Callable[[pd.DataFrame], pd.Series]:
    """What one of `SIDES` is above another on the feed, each at its best way for each label (`fused_gain`): mean of the
    labels. "all" over "apart" is what one shared model adds."""
    effects = [fused_gain("auc", SIDES[of], over=SIDES[over], column="shared", label=label) for label in labels]
    return lambda table: sum(effect(table) for effect in effects) / len(effects)


def chosen_over(rival: str, by: str = "auc") -> Callable[[pd.DataFrame], np.ndarray]:
    """What the five labels gain, mean AUC, in the grouping that the other half of the worlds chose, over a `rival`."""

    def effect(table: pd.DataFrame) -> np.ndarray:
        picked = grouping.chosen(grouping.groupings(table), by).set_index("seed")["auc"]
        return (picked - grouping.of_grouping(table, rival)).to_numpy()

    return effect


def chosen_fused_over_unshared(table: pd.DataFrame) -> pd.Series:
    """What the five labels gain, mean AUC, in the grouping that the other half of the worlds chose, fused, over what
    shares nothing, fused."""
    return grouping.chosen_fused(table).set_index("seed")["auc"] - grouping.best_fused(table)


def fused_over_unshared(pools: Sequence[str], labels: Sequence[str]) -> Callable[[pd.DataFrame], pd.Series]:
    """What these labels gain, mean AUC, at the best of these pools and ways, over what shares nothing."""
    return lambda table: grouping.best_fused(table, pools, labels) - grouping.best_fused(table, tasks=labels)
