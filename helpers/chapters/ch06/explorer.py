"""The explorer of chapter 06, Soft sharing: MMoE."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from helpers.chapters.ch06 import mmoe
from helpers.display.explorer import Curves, Explorer
from helpers.display.palette import METHOD, SINGLE_TASK
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
    table = pd.concat(part.assign(model=name) for name, part in parts.items())
    table["task"] = "task " + table["task"].str.upper()
    weights = summarise(table, "weight", ["model", "p", "expert", "task"])
    runs = mmoe.overlap(table)
    shared = pd.concat(
        summarise(runs, column, ["model", "p"]).assign(what=what)
        for column, what in (("common", COMMON), ("permuted", CHANCE))
    )
    for summary in (weights, shared):
        summary["model"] = pd.Categorical(summary["model"], list(parts))
    interval = {"low": "low", "high": "high"}
    by_expert = Curves(
        weights,
        x="expert",
        y="mean",
        series="task",
        title="Who uses which expert",
        x_label="expert (PLE: 1 is A's own, 4 is B's own)",
        y_label="mean weight in the task's gate",
        **interval,
    )
    by_p = Curves(
        shared,
        x="p",
        y="mean",
        series="what",
        title="What both gates have in common",
        x_label="p, the cosine of the tasks' directions",
        y_label="share of the weight (1: equal gates)",
        styles={COMMON: METHOD, CHANCE: SINGLE_TASK},
        **interval,
    )
    return Explorer(
        {"model": "model", "p": "p"},
        [by_expert, by_p],
        _in_words(weights, shared),
        start={"model": AS_DRAWN, "p": 0.0},
        dropdown={"model"},
        intervals=f"95% intervals over {weights['seeds'].min()} seeds",
    )


def _in_words(weights: pd.DataFrame, shared: pd.DataFrame) -> Callable[[dict], str]:
    weight = weights.set_index(["model", "p", "task", "expert"])["mean"].sort_index()
    overlap = shared.set_index(["model", "p", "what"])["mean"].sort_index()

    def sentence(settings: dict) -> str:
        at = (settings["model"], settings["p"])
        said = [f"{task} " + ", ".join(f"{w:.2f}" for w in weight[(*at, task)]) for task in ("task A", "task B")]
        text = f"{at[0]}, p = {at[1]:g}: weights of experts 1 to 4 for {said[0]}; for {said[1]}."
        common, chance = (overlap[(*at, what)] for what in (COMMON, CHANCE))
        text += f" On the same row {common:.0%} of the gates' weight is in common, on rows drawn apart {chance:.0%}."
        return text.replace("-", "−")

    return sentence
