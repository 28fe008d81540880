"""The questions of chapter 07, ESMM."""

from collections.abc import Sequence

import pandas as pd
import torch
from matplotlib.figure import Figure
from torch.nn.functional import binary_cross_entropy_with_logits

from helpers.chapters.ch07 import funnel
from helpers.display.questions import Result, answers
from helpers.display.runs import Runs
from helpers.models.esmm import product_logit

STRENGTH = "strength of the selection"


@answers("C7.P1")
def endless_data(ends: pd.DataFrame) -> str:
    ratios = (f"{model} {ends.loc[kind, model]:.2f} ({kind})" for kind in ends.index for model in ends)
    return f"Predicted / true: {', '.join(ratios)}."


@answers("C7.P2")
def two_rows() -> str:
    a, b = (torch.tensor(p).logit().requires_grad_() for p in (0.15, 0.3))
    binary_cross_entropy_with_logits(product_logit(a, b), torch.tensor(0.0)).backward()  # of both rows the label is 0
    return f"At a CTR of 0.15 and a CVR of 0.3 both give {b.grad:.3f}, in place of 0.300 and 0."


@answers("C7.P3")
def product_or_sharing(runs: Runs) -> Figure:
    title = "Sharing lifts the CVR, with or without the product"
    return _likes(runs, funnel.MODELS).gain(over="single-task").dots("strength", "model", title=title, matters=0.005)


@answers("C7.P6")
def multiplied(runs: Runs) -> Figure:
    gained = _likes(runs, ["single-task", "by CTR", "CTR × CVR", "ESMM"]).gain(over="single-task")
    title = "Two separate models, multiplied, gain about what ESMM gains"
    return gained.dots("strength", "model", title=title, matters=0.005)


def _likes(runs: Runs, models: Sequence[str]) -> Runs:
    """AUC of likes at strengths 1 and 2, selected by what is seen."""
    at = {"kind": "seen", "task": "like", "strength": [1, 2], "chosen": funnel.SUM}
    likes = runs.where(model=models, **at).label(strength="strength {strength:g}")
    kept = likes.table[["strength", "seed", "model", "auc"]]
    return Runs(kept, "auc", metric="AUC of likes", seeds=runs.seeds)


@answers("C7.P5")
def who_would_buy(runs: Runs) -> Figure:
    shown = ["numbers and CTR, linear", "ESMM", "masked shared-bottom", "single-task", "by price"]
    cvr = runs.where(task="buy", model=shown).label(chosen="chosen for {chosen}")
    cvr = Runs(cvr.table.drop(columns="ratio"), "auc", metric="AUC of who would buy", seeds=runs.seeds)
    title = "No network is ahead of a line through three numbers and a CTR"
    return cvr.gain(over="single-task").dots("chosen", "model", title=title, matters=0.005)


@answers("C7.P7")
def not_yet(runs: Runs) -> Result:
    level = _of_late(runs, "ratio", "predicted CVR / true CVR")
    below = level.where(model=["naive", "all labels"], world=DRIFTS).gain(over="all labels")
    title = "Where a model must forget, a naive CVR is a fifth too low"
    answer = -100 * below.where(world="fast drift").interval()
    return Result(below.dots("world", title=title), answer=answer, axis="x", scale=-0.01)


@answers("C7.P8")
def waited(runs: Runs) -> Figure:
    waits = _of_late(runs, "auc", "AUC").where(model=["all labels", *WAITED], world=DRIFTS)
    behind = waits.gain(over="all labels")
    days = behind.table["model"].map(WAITED)
    behind = Runs(behind.table.assign(days=days), "difference", metric="AUC", seeds=runs.seeds, over="all labels")
    return behind.lines(
        "days", "world", title="Fast drift: a day helps, a week hurts", x_label="days waited", zero=True
    )


@answers("C7.P9")
def best_way(runs: Runs) -> Figure:
    compared = ["naive", "divided by category", "counted shares", "delay model", "weights", "two labels", "all labels"]
    gains = _of_late(runs, "auc", "AUC").where(model=compared, world="fast drift").gain(over="naive")
    return gains.ranked("model").dots(
        "model", "world", title="No correction is ahead of a count of old purchases", matters=0.005
    )


def _of_late(runs: Runs, value: str, metric: str) -> Runs:
    """One measured column; the memory that each model chose is no setting by which they are paired."""
    return Runs(runs.table[["world", "model", "seed", value]], value, metric=metric, seeds=runs.seeds)


DRIFTS = ["no drift", "slow drift", "fast drift"]
WAITED = {"naive": 0, "waiting, 1 day": 1, "waiting, 3 days": 3, "waiting, 7 days": 7}
