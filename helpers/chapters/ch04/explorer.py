"""The explorer of chapter 04, Shared-Bottom."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from helpers.chapters.ch04 import sharing
from helpers.display.explorer import Curves, Explorer, Plane
from helpers.evaluation.four_outcomes import BOTH_GAIN, BOTH_LOSE, SEESAW, UNCLEAR, outcome
from helpers.evaluation.margins import SMALLEST
from helpers.evaluation.statistics import summarise
from helpers.evaluation.verdicts import VERDICTS, verdict

WORDS = dict(zip(VERDICTS, ("a gain", "a loss", "too small to matter", "no effect", "undecided"), strict=True))


def transfer_explorer(grid: pd.DataFrame) -> Explorer:
    """Features in common × width of the bottom × task weight → transfer of both tasks, and *train it now*.

    grid: the table of `sharing.weights`.
    """
    table = summarise(grid, "transfer", ["shared", "width", "weight", "task"])
    table["task"] = "task " + table["task"].str.upper()
    interval = {"low": "low", "high": "high"}
    by_weight = Curves(
        table,
        x="weight",
        y="mean",
        series="task",
        signed=True,
        title="Transfer by task weight",
        x_label="weight of task A (task B has the rest)",
        y_label="transfer: R² minus single-task R²",
        **interval,
    )
    outcomes = Plane(
        table,
        x="task A",
        y="task B",
        value="mean",
        series="task",
        path="weight",
        title="The four outcomes",
        x_label="transfer of task A",
        y_label="transfer of task B",
        ends=("weight 0.1", "0.9"),
        quadrants=(SEESAW, BOTH_GAIN, SEESAW, BOTH_LOSE),
        matters=SMALLEST["R²"],
        **interval,
    )
    return Explorer(
        {"shared": "features in common", "width": "width of the bottom", "weight": "weight of task A"},
        [by_weight, outcomes],
        _in_words(table),
        start={"shared": 0, "width": 4, "weight": 0.5},
        dropdown={"width"},
        intervals=f"95% intervals over {table['seeds'].min()} paired seeds; grey bands: within ±{SMALLEST['R²']:g} R², "
        "too small to matter",
        train=sharing.live,
    )


def _in_words(table: pd.DataFrame) -> Callable[[dict], str]:
    """What both tasks gain or lose at some settings, and which of the four outcomes their intervals allow us to say."""
    found = table.set_index(["shared", "width", "weight", "task"])[["mean", "low", "high"]]

    def sentence(settings: dict) -> str:
        at = (settings["shared"], settings["width"], settings["weight"])
        both = {task: found.loc[(*at, task)] for task in ("task A", "task B")}
        said = "; ".join(
            f"{task} {mean:+.3f} [{low:+.3f}, {high:+.3f}], {WORDS[verdict(low, high, SMALLEST['R²'])]}"
            for task, (mean, low, high) in both.items()
        )
        place = f"{at[0]} of 4 features in common, a bottom of {at[1]} units, weight {at[2]:g} on task A"
        word = outcome(*((low, high) for _, low, high in both.values()), SMALLEST["R²"])
        together = "" if word == UNCLEAR else f" Together: {word}."
        return f"{place}: {said}.{together}".replace("-", "−")

    return sentence
