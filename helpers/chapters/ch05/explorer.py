"""The explorer of chapter 05, Balancing losses."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from helpers.chapters.ch05 import balancers
from helpers.display.explorer import Curves, Explorer, Plane
from helpers.evaluation.statistics import summarise


def balance_explorer(grid: pd.DataFrame) -> Explorer:
    """Method × pair of tasks × scale of task A's loss → the weights as they move, and what both tasks learn.

    grid: the table of `balancers.scales`.
    """
    by = ["method", "pair", "scale", "task"]
    moving = balancers.traces(grid)
    weights = summarise(moving.assign(weight=np.log10(moving["weight"])), "weight", [*by, "epoch"])
    for part in ("mean", "low", "high"):
        weights[part] = 10 ** weights[part]  # the middle of weights that differ by factors
    scores = summarise(grid, "r2", by)
    interval = {"low": "low", "high": "high"}
    curves = Curves(
        _named(weights),
        x="epoch",
        y="mean",
        series="task",
        log=True,
        title="Weights as they move",
        x_label="epoch",
        y_label="weight (both have the sum 2)",
        **interval,
    )
    plane = Plane(
        _named(scores),
        x="task A",
        y="task B",
        value="mean",
        series="task",
        path="scale",
        title="What the tasks learn",
        x_label="R² of task A, whose loss is scaled",
        y_label="R² of task B",
        ends=("1 : 1", "1000 : 1"),
        **interval,
    )
    return Explorer(
        {"method": "method", "pair": "the tasks need", "scale": "loss of A, times"},
        [curves, plane],
        _in_words(weights, scores),
        start={"method": "GradNorm", "pair": "disjoint features", "scale": 100},
        dropdown={"method", "pair"},
        intervals=f"95% intervals over {scores['seeds'].min()} seeds",
    )


def _named(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(task="task " + table["task"].str.upper())


def _in_words(weights: pd.DataFrame, scores: pd.DataFrame) -> Callable[[dict], str]:
    keys = ["method", "pair", "scale", "task"]
    last = weights[weights["epoch"] == weights["epoch"].max()].set_index(keys)["mean"]
    score = scores.set_index(keys)["mean"]

    def sentence(settings: dict) -> str:
        at = tuple(settings[key] for key in keys[:3])
        found = {task: (last[(*at, task)], score[(*at, task)]) for task in "ab"}
        ends = " and ".join(f"{weight:.2g} on {task.upper()}" for task, (weight, _) in found.items())
        learnt = " and ".join(f"{r2:.2f} for {task.upper()}" for task, (_, r2) in found.items())
        return f"{at[0]}, {at[1]}, loss of A times {at[2]:g}: the weights end at {ends}; R² is {learnt}."

    return sentence
