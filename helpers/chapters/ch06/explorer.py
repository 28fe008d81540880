"""The explorer of chapter 06, Soft sharing: MMoE."""

from __future__ import annotations

import pandas as pd

from helpers.chapters.ch06 import mmoe
from helpers.display.explorer import Curves, Explorer
from helpers.display.palette import METHOD, SINGLE_TASK
from helpers.display.runs import TASK_NAMES
from helpers.evaluation.statistics import summarise

AS_DRAWN, ALIGNED = "MMoE, as drawn", "MMoE, aligned"
COMMON, CHANCE = "same row", "chance"


def usage_explorer(grid: pd.DataFrame) -> Explorer:
    """Model and numbering of its experts × p → how much each task takes of each expert, and what both take in common.

    grid: the table of `mmoe.usage`.
    """
    parts = {
        AS_DRAWN: grid[grid["model"] == "MMoE"],
        ALIGNED: mmoe.aligned(grid[grid["model"] == "MMoE"]),
        "PLE": mmoe.aligned(grid[grid["model"] == "PLE"]),
    }
    table = pd.concat(part.assign(model=name) for name, part in parts.items()).replace({"task": TASK_NAMES})
    weights = summarise(table, "weight", ["model", "p", "expert", "task"])
    runs = mmoe.overlap(table)
    shared = pd.concat(
        summarise(runs, column, ["model", "p"]).assign(what=what)
        for column, what in (("common", COMMON), ("permuted", CHANCE))
    )
    for summary in (weights, shared):
        summary["model"] = pd.Categorical(summary["model"], list(parts))
    by_expert = Curves(
        weights,
        x="expert",
        series="task",
        title="Who uses which expert",
        x_label="expert (PLE: 1 is A's own, 4 is B's own)",
        y_label="mean weight in the task's gate",
    )
    by_p = Curves(
        shared,
        x="p",
        series="what",
        title="What both gates have in common",
        x_label="p, the cosine of the tasks' directions",
        y_label="share of the weight (1: equal gates)",
        styles={COMMON: METHOD, CHANCE: SINGLE_TASK},
    )
    return Explorer(
        {"model": "model", "p": "p"},
        [by_expert, by_p],
        _in_words,
        start={"model": AS_DRAWN, "p": 0.0},
        dropdown={"model"},
        intervals=f"95% intervals over {weights['seeds'].min()} seeds",
    )


def _in_words(settings: dict, weights: pd.DataFrame, shared: pd.DataFrame) -> str:
    a, b = (", ".join(f"{weight:.2f}" for weight in weights["mean"][task]) for task in ("task A", "task B"))
    common, chance = shared["mean"][[COMMON, CHANCE]]
    return (
        f"{settings['model']}, p = {settings['p']:g}: weights of experts 1 to 4 for task A {a}; for task B {b}. On the "
        f"same row {common:.0%} of the gates' weight is in common, on rows drawn apart {chance:.0%}."
    )
