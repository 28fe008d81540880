"""Effects of the claims of chapter 06 that are functions of a table, and no contrasts."""

from collections.abc import Callable

import pandas as pd

from helpers.chapters.ch06.studies import mmoe
from helpers.chapters.ch06.studies.paper.paper_size import BOTTOM, MMOE, STEPS
from helpers.chapters.ch06.studies.read_and_train import cuts, feed
from helpers.experiments.feature_tasks import TASKS
from helpers.lab.claim import fused_gain, gain, mean


def lead_lost(table: pd.DataFrame) -> pd.Series:
    """log2 loss of MMoE minus that of the wide bottom at p = 1, tuned minus at the paper's rate; of seeds with both."""
    lead = gain("log2_mse", "MMoE", over="shared-bottom, equal size", p=1.0)
    paper, tuned = (lead(table[table["table"] == name]) for name in BEFORE_AND_AFTER)
    return (tuned - paper).dropna()


def beyond_chance(p: float) -> Callable[[pd.DataFrame], pd.Series]:
    """What MMoE's two gates have in common on the same row, minus the same on rows drawn apart."""
    common, permuted = (mean(value, model="MMoE", p=p) for value in ("common", "permuted"))
    return lambda table: common(table) - permuted(table)


def seesaw(of: str, over: str) -> Callable[[pd.DataFrame], pd.Series]:
    """What a task wins when its weight goes from 0.1 to 0.9, mean of both: of one model, minus another."""
    longer = gain("seesaw", of, over=over)
    return lambda table: longer(mmoe.seesaw(table))


def ends_ahead(table: pd.DataFrame) -> pd.Series:
    """1 for each set of sines on which MMoE ends ahead of the bottom of its size, at p = 1, else 0."""
    lead = gain("log2_mse", MMOE, over=BOTTOM, p=1.0, steps=STEPS)(table)
    return (lead < 0).astype(float)


def over_unshared(condition: str) -> Callable[[pd.DataFrame], pd.Series]:
    """R² of the Shared-Bottom above what shares nothing, the outputs of either side as they are or fused, mean of both
    tasks."""
    of, over = (
        [f"{model}, {output}" for model in side for output in cuts.OUTPUTS] for side in (["train all"], cuts.ALONE)
    )
    effects = [fused_gain("r2", of, over=over, condition=condition, task=task) for task in TASKS]

    def above(table: pd.DataFrame) -> pd.Series:
        table = table.assign(model=table["model"] + ", " + table["output"])
        return sum(effect(table) for effect in effects) / len(effects)

    return above


def pooled_gain(of: str, over: str) -> Callable[[pd.DataFrame], pd.Series]:
    """What shares of the feed gain in one of `feed.SCORES` over another, each at its best way (`fused_gain`). "both"
    over "single-task" is what a Shared-Bottom adds."""
    return fused_gain("auc", feed.SCORES[of], over=feed.SCORES[over], label=feed.SHARE)


BEFORE_AND_AFTER = ("06_paper_rate", "06_figure_4")
