"""The explorer of chapter 07, Explicit relations: ESMM."""

from __future__ import annotations

import pandas as pd

from helpers.chapters.ch07 import funnel
from helpers.chapters.ch07.selection import SEEN
from helpers.display.explorer import Curves, Explorer
from helpers.display.palette import NAMED
from helpers.evaluation.statistics import summarise

ROWS = {
    "all rows": "ratio",
    "clicked rows": "clicked",
    "rows not clicked": "unclicked",
}  # which rows, and their column of the grid
SHORT = {  # names for the ends of the curves: two panels stand side by side
    "single-task": "single-task",
    "masked shared-bottom": "masked",
    "ESMM, not shared": "not shared",
    "ESMM": "ESMM",
    funnel.TRUTH: "of the log",
}
SIMPLE = {funnel.BY_HISTORY: "by history", funnel.BY_CTR: "by CTR"}  # they rank, as the models do
STYLES = {short: NAMED[name] for name, short in (SHORT | SIMPLE).items()}


def selection_explorer(grid: pd.DataFrame) -> Explorer:
    """Kind of selection × rows that are judged × its strength → how far each CVR is off, and how well it ranks.

    grid: the table of `funnel.compare`. "of the log" is P(like | click, x), what a perfect model of the log would say.
    Two simple scores rank as well. Models of two tasks have the settings that were chosen for the sum.
    """
    cvr = grid[(grid["task"] == funnel.LIKE) & (grid["chosen"] == funnel.SUM)].replace({"model": SHORT | SIMPLE})
    cvr = cvr[cvr["model"].isin(STYLES)]
    keys = ["kind", "strength", "model"]
    models = cvr[cvr["model"].isin(SHORT.values())]
    ratios = pd.concat(summarise(models, column, keys).assign(rows=rows) for rows, column in ROWS.items())
    order = summarise(cvr, "auc", keys)
    ratios["rows"] = pd.Categorical(ratios["rows"], list(ROWS))
    for table, names in ((ratios, SHORT.values()), (order, STYLES)):
        table["model"] = pd.Categorical(table["model"], list(names))
    look = {"x": "strength", "series": "model", "x_label": "strength of the selection", "styles": STYLES}
    bias = Curves(
        ratios,
        title=lambda settings: f"Too high or too low ({settings['rows']})",
        y_label="predicted CVR / true CVR (1: right)",
        **look,
    )
    rank = Curves(
        order,
        title="Does it rank? (all rows)",
        y_label="AUC of the CVR, if all were clicked",
        **look,
    )
    return Explorer(
        {"kind": "selection by what is", "rows": "judged on", "strength": "strength"},
        [bias, rank],
        _in_words,
        start={"kind": SEEN, "rows": "all rows", "strength": 1.0},
        dropdown={"kind", "rows"},
        intervals=f"95% intervals over {order['seeds'].min()} worlds",
    )


def _in_words(settings: dict, ratios: pd.DataFrame, order: pd.DataFrame) -> str:
    """By how much each model is off at some settings, and how well models and simple scores rank."""
    off = ", ".join(f"{model} {ratios['mean'][model] - 1:+.0%}" for model in SHORT.values()).replace(" -", " −")
    ranks = ", ".join(f"{model} {order['mean'][model]:.3f}" for model in STYLES)
    place = f"Selection by what is {settings['kind']}, strength {settings['strength']:g}, {settings['rows']}"
    return f"{place}: too high or too low by {off}. AUC on all rows: {ranks}."
