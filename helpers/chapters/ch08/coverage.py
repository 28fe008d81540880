"""Does the capstone's report say the right thing? What it should say of tables whose relation is known, and whether its
intervals hold the mean gain over them. `helpers.lab.ch08.coverage` makes the tables.
"""

from __future__ import annotations

import pandas as pd

from helpers.capstone.recommendation import APART, BUT, COST, SHARE

SAME, FLIPPED, DISJOINT = "same features, other mix", "same features, opposite sign", "disjoint features"
RIGHT = {SAME: (SHARE, BUT), FLIPPED: (SHARE, BUT), DISJOINT: (APART,)}
WRONG = {SAME: (APART,), FLIPPED: (APART,), DISJOINT: (SHARE, BUT, COST)}
ROWS, REPEATS = 2_000, 20


def held(table: pd.DataFrame) -> pd.DataFrame:
    """Does the interval hold what the law gives? condition, rows, repeats, task, seed, report, naive (0 or 1).

    What the law gives is the mean gain over all tables of the condition.
    """
    keys = ["condition", "rows", "repeats", "task"]
    truth = table.groupby(keys)["gain"].transform("mean")
    inside = {
        "report": (table["low"] <= truth) & (truth <= table["high"]),
        "naive": (table["naive_low"] <= truth) & (truth <= table["naive_high"]),
    }
    return table[[*keys, "seed"]].assign(**{name: holds.astype(int) for name, holds in inside.items()})
