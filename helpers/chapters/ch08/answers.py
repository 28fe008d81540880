"""Three logs and a control, one for each answer of the report: how they differ. `studies.answers` makes them.

A log has no ids. Its columns are the twenty numbers of `relu_tasks`, as an embedding of user and video would have them,
and a time. Both labels are numbers. A is old: all rows have it.
"""

from typing import NamedTuple

import pandas as pd


class Log(NamedTuple):
    """How many rows a log has, how many of the newest have a label of B, and what both labels need (`CONDITIONS`)."""

    rows: int
    labelled: int
    needs: str


SAME, OTHER = "same features, other mix", "disjoint features"
NEW_OTHER, NEW_SAME, OLD_SAME = "B new, other features", "B new, same features", "B old, same features"
SHUFFLED = "B new, shuffled"  # over its rows: then there is nothing to share
LOGS = {
    NEW_OTHER: Log(20_000, 4_600, OTHER),
    NEW_SAME: Log(20_000, 4_600, SAME),
    OLD_SAME: Log(32_000, 32_000, SAME),
    SHUFFLED: Log(20_000, 4_600, SAME),
}


def on_map(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of `outcome_map`, a row a log: its reports' gains over the best rival and the ends of their intervals,
    as means over the tables of this log."""
    means = table.groupby(["log", "task"])[["gain", "low", "high"]].mean().unstack("task")
    means.columns = [task if end == "gain" else f"{task}_{end}" for end, task in means.columns]
    return means.rename_axis("name").reset_index().assign(unit="R²", over="the best rival’s")
