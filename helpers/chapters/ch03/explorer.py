"""The explorer of chapter 03, Manual weights."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from helpers.display.explorer import Curves, Explorer, Plane
from helpers.evaluation.statistics import summarise


def weight_explorer(one_score: pd.DataFrame, two_towers: pd.DataFrame) -> Explorer:
    """Model × correlation of the goals × task weight → both losses, and how well both goals are ranked.

    one_score, two_towers: tables of `tradeoff.trade_off`, one of each model.
    """
    grid = pd.concat([one_score.assign(model="one score"), two_towers.assign(model="two towers")])
    by = ["model", "correlation", "weight", "task"]
    losses, ranking = (_named(summarise(grid, value, by)) for value in ("loss", "auc"))
    interval = {"low": "low", "high": "high"}
    curves = Curves(
        losses,
        x="weight",
        y="mean",
        series="task",
        title="Loss by weight",
        x_label="weight of task A (task B has the rest)",
        y_label="loss, 1 = a constant (low is good)",
        **interval,
    )
    plane = Plane(
        ranking,
        x="task A",
        y="task B",
        value="mean",
        series="task",
        path="weight",
        title="The trade-off in ranking",
        x_label="AUC of task A (right is good)",
        y_label="AUC of task B (up is good)",
        ends=("weight 0", "1"),
        **interval,
    )
    return Explorer(
        {"model": "model", "correlation": "correlation of the goals", "weight": "weight of task A"},
        [curves, plane],
        _in_words(losses, ranking),
        start={"model": "one score", "correlation": -0.5, "weight": 0.3},
        dropdown={"model"},
        intervals=f"95% intervals over {losses['seeds'].min()} seeds",
    )


def _named(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(task="task " + table["task"].str.upper())


def _in_words(losses: pd.DataFrame, ranking: pd.DataFrame) -> Callable[[dict], str]:
    keys = ["model", "correlation", "weight", "task"]
    loss, auc = (table.set_index(keys)["mean"] for table in (losses, ranking))

    def sentence(settings: dict) -> str:
        at = tuple(settings[key] for key in keys[:3])
        said = [
            f"{task} has loss {loss[(*at, task)]:.2f} and AUC {auc[(*at, task)]:.2f}" for task in ("task A", "task B")
        ]
        worse = [task for task in ("task A", "task B") if loss[(*at, task)] > 1]
        note = f" T{worse[0][1:]} is worse off than with a constant." if worse else ""
        note = " Both are worse off than with a constant." if len(worse) == 2 else note
        text = f"{at[0].capitalize()}, correlation {at[1]:+g}, weight {at[2]:g} on task A: {'; '.join(said)}.{note}"
        return text.replace("-", "−").replace("+0,", "0,")

    return sentence
