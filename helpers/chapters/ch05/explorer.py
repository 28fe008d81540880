"""The explorer of chapter 05, Balancing losses."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.chapters.ch05 import balancers
from helpers.display.explorer import Curves, Explorer, Plane
from helpers.display.runs import TASK_NAMES
from helpers.evaluation.statistics import summarise


def balance_explorer(grid: pd.DataFrame) -> Explorer:
    """Method × pair of tasks × scale of task A's loss → the weights as they move, and what both tasks learn.

    grid: the table of `balancers.scales`.
    """
    grid = grid.replace({"task": TASK_NAMES})
    by, moving = ["method", "pair", "scale", "task"], balancers.traces(grid)
    weights = summarise(moving.assign(weight=np.log10(moving["weight"])), "weight", [*by, "epoch"])
    for part in ("mean", "low", "high"):
        weights[part] = 10 ** weights[part]  # the middle of weights that differ by factors
    scores = summarise(grid, "r2", by)
    curves = Curves(
        weights,
        x="epoch",
        series="task",
        log=True,
        title="Weights as they move",
        x_label="epoch",
        y_label="weight (both have the sum 2)",
    )
    plane = Plane(
        scores,
        x="task A",
        y="task B",
        series="task",
        path="scale",
        title="What the tasks learn",
        x_label="R² of task A, whose loss is scaled",
        y_label="R² of task B",
        ends=("1 : 1", "1000 : 1"),
    )
    return Explorer(
        {"method": "method", "pair": "the tasks need", "scale": "loss of A, times"},
        [curves, plane],
        _in_words,
        start={"method": "GradNorm", "pair": "disjoint features", "scale": 100},
        dropdown={"method", "pair"},
        intervals=f"95% intervals over {scores['seeds'].min()} seeds",
    )


def _in_words(settings: dict, weights: pd.DataFrame, scores: pd.DataFrame) -> str:
    last = weights.loc[weights["epoch"] == weights["epoch"].max(), "mean"]
    ends = " and ".join(f"{weight:.2g} on {task[-1]}" for task, weight in last.items())
    learnt = " and ".join(f"{r2:.2f} for {task[-1]}" for task, r2 in scores["mean"].items())
    method, pair, scale = settings.values()
    return f"{method}, {pair}, loss of A times {scale:g}: the weights end at {ends}; R² is {learnt}."
