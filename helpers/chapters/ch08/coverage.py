"""Does the capstone's report say the right thing? What it should say of tables whose relation is known, and whether its
intervals hold the mean gain over them. `studies.coverage` makes the tables.
"""

import pandas as pd

from helpers.capstone.plan import MATTERS
from helpers.capstone.recommendation import APART, BUT, COST, SHARE
from helpers.evaluation.verdicts import HOLDS, OPPOSITE

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
    report, naive = (truth.between(table[f"{of}low"], table[f"{of}high"]).astype(int) for of in ("", "naive_"))
    return table[[*keys, "seed"]].assign(report=report, naive=naive)


def decision_table(table: pd.DataFrame) -> pd.DataFrame:
    """A row a condition and number of rows; by seeds, half of the mean interval and the share of worlds in which the
    report is right. First, what half of the interval must fall below: the mean gain, less what does not matter."""
    keys = ["condition", "rows", "repeats"]
    right = [float(row.word in RIGHT[row.condition]) for row in table.itertuples()]
    cells = table.assign(half=(table["high"] - table["low"]) / 2, right=right).groupby(keys, sort=False)
    means = cells[["gain", "half", "right"]].mean()
    said = [f"±{row.half:.3f}, {row.right:.0%}" for row in means.itertuples()]
    wide = pd.Series(said, means.index).unstack().rename(columns="{} seeds".format)
    needed = means["gain"].unstack().iloc[:, -1].abs() - MATTERS["regression"]
    wide.insert(0, "to decide", needed.map("below ±{:.3f}".format))
    return wide.rename_axis(index={"condition": "the two tasks have"})


def interval_coverage(table: pd.DataFrame, matters: float = 0.005) -> pd.DataFrame:
    """Of tables of several laws (`studies.calibration`), a row a task: does the interval of the headline hold
    the truth (held), that of the gain over its own model (own_held), and is the verdict wrong (wrong)?

    The truth is what the other tables of the law give: of the mean gains over each rival the least, since sharing helps
    only where it beats all. A verdict is wrong if it says that the task gains, or loses, by more than `matters`, and
    the truth does not.
    """
    over = table.filter(like="over ").assign(own=table["own_gain"])
    laws = over.groupby([table["family"], table["task"]])
    others = (laws.transform("sum") - over) / (laws.transform("count") - 1)
    best, own = others.drop(columns="own").min(axis=1), others["own"]
    wrong = (table["verdict"] == HOLDS) & (best <= matters) | (table["verdict"] == OPPOSITE) & (best >= -matters)
    return table[["family", "task", "seed", "verdict", "word"]].assign(
        truth=best,
        held=(table["low"] <= best) & (best <= table["high"]),
        own_held=(table["own_low"] <= own) & (own <= table["own_high"]),
        wrong=wrong,
    )
