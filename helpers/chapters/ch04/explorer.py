"""The explorer of chapter 04, Shared-Bottom."""

from __future__ import annotations

import pandas as pd

from helpers.chapters.ch04 import sharing
from helpers.display.explorer import Curves, Explorer, Plane
from helpers.display.runs import TASK_NAMES
from helpers.evaluation.four_outcomes import BOTH_GAIN, BOTH_LOSE, SEESAW, UNCLEAR, outcome
from helpers.evaluation.margins import SMALLEST
from helpers.evaluation.statistics import summarise
from helpers.evaluation.verdicts import VERDICTS, verdict

MATTERS = SMALLEST["R²"]
WORDS = dict(zip(VERDICTS, ("a gain", "a loss", "too small to matter", "no effect", "undecided"), strict=True))


def transfer_explorer(grid: pd.DataFrame) -> Explorer:
    """Features in common × width of the bottom × task weight → transfer of both tasks, and *train it now*.

    grid: the table of `sharing.weights`.
    """
    table = summarise(grid.replace({"task": TASK_NAMES}), "transfer", ["shared", "width", "weight", "task"])
    by_weight = Curves(
        table,
        x="weight",
        series="task",
        signed=True,
        title="Transfer by task weight",
        x_label="weight of task A (task B has the rest)",
        y_label="transfer: R² minus single-task R²",
    )
    outcomes = Plane(
        table,
        x="task A",
        y="task B",
        series="task",
        path="weight",
        title="The four outcomes",
        x_label="transfer of task A",
        y_label="transfer of task B",
        ends=("weight 0.1", "0.9"),
        quadrants=(SEESAW, BOTH_GAIN, SEESAW, BOTH_LOSE),
        matters=MATTERS,
    )
    return Explorer(
        {"shared": "features in common", "width": "width of the bottom", "weight": "weight of task A"},
        [by_weight, outcomes],
        _in_words,
        start={"shared": 0, "width": 4, "weight": 0.5},
        dropdown={"width"},
        intervals=f"95% intervals over {table['seeds'].min()} paired seeds; grey bands: within ±{MATTERS:g} R², too "
        "small to matter",
        train=sharing.live,
    )


def _in_words(settings: dict, transfer: pd.DataFrame, _) -> str:
    """What both tasks gain or lose at some settings, and which of the four outcomes their intervals allow us to say."""
    said = "; ".join(
        f"{row.Index} {row.mean:+.3f} [{row.low:+.3f}, {row.high:+.3f}], {WORDS[verdict(row.low, row.high, MATTERS)]}"
        for row in transfer.itertuples()
    )
    shared, width, weight = settings.values()
    place = f"{shared} of 4 features in common, a bottom of {width} units, weight {weight:g} on task A"
    word = outcome(*zip(transfer["low"], transfer["high"], strict=True), MATTERS)
    together = "" if word == UNCLEAR else f" Together: {word}."
    return f"{place}: {said}.{together}"
