"""Does the report's interval hold the truth, and are its words right? Tables of many laws, put through `compare`.

A seed is a table; those with an odd seed have a time. All tables of a family obey one law, so that the mean over them
is what a report on any one of them should find. Both labels of a table are binary.

    help     both need the same hidden features, another mix each; b was observed in a fifth of the rows
    harm     they need different columns, and a has a twentieth of the weight in training
    same     two draws of one law: a model of each, and both together, also learn more
    count    only which item it is counts
    linear   each is linear in the columns, with weights of its own
    trees    each hangs on the signs of two columns
    noise    a is linear, with users and items; b is a coin
    copies   as linear, with every row three times
"""

from collections.abc import Sequence
from itertools import product

import numpy as np
import pandas as pd

from helpers.capstone.comparison import Comparison, compare
from helpers.capstone.declaration import Declaration
from helpers.capstone.plan import CONTROL, SINGLE, YARDSTICKS
from helpers.capstone.ranker import Recipe
from helpers.capstone.recommendation import word
from helpers.lab.kept_table import KeptTable, kept_tables
from helpers.lab.recheck import Recheck, equal

FAMILIES = ("help", "harm", "same", "count", "linear", "trees", "noise", "copies")
ROWS, USERS, ITEMS, WIDTH, COPIES = 3_000, 200, 100, 8, 3
SKEWED = {"a": 0.1, "b": 1.9}  # weights in training, where sharing harms
RIVALS = (SINGLE, "by item", "by user", "by user and item", "linear", "trees", "product", "mean", "stack", CONTROL)
OVER = "over "  # a column for each of these


def make_table(family: str, seed: int, rows: int = ROWS) -> tuple[pd.DataFrame, Declaration]:
    """A table of a family, and what its columns are."""
    rng = np.random.default_rng([8, FAMILIES.index(family), seed])
    law = np.random.default_rng([8, FAMILIES.index(family)])  # the same for all tables of a family
    count = rows // COPIES if family == "copies" else rows
    user, item, x = rng.integers(0, USERS, count), rng.integers(0, ITEMS, count), rng.normal(size=(count, WIDTH))
    by_user, by_item = rng.normal(size=USERS)[user], rng.normal(size=ITEMS)[item]
    weights = law.normal(size=(2, WIDTH)) / WIDTH**0.5
    if family == "help":
        hidden = np.abs(x @ law.normal(size=(WIDTH, 4)) / WIDTH**0.5) - 0.8
        logits = 2 * hidden @ np.array([[1, 1, 1, 1], [1, -1, 1, -1]]).T
    elif family == "harm":
        logits = 2 * np.column_stack([np.abs(x[:, 0] + x[:, 1]) - 1.1, np.abs(x[:, 2] + x[:, 3]) - 1.1])
    elif family == "same":
        logits = (1.5 * x @ weights[0] + 0.5 * by_item)[:, None] + [0, 0]
    elif family == "count":
        logits = by_item[:, None] * [1, 1]
    elif family == "trees":
        logits = 2 * np.column_stack([np.sign(x[:, 0] * x[:, 1]), np.sign(x[:, 2] * x[:, 3])])
    else:
        logits = 1.5 * x @ weights.T + 0.5 * (by_user + by_item)[:, None]
    labels = rng.random((count, 2)) < 1 / (1 + np.exp(-logits))
    if family == "noise":
        labels[:, 1] = rng.integers(0, 2, count)
    frame = pd.DataFrame(x.round(4), columns=[f"x{k}" for k in range(WIDTH)])
    frame = frame.assign(user=user, item=item, a=labels[:, 0].astype(int), b=labels[:, 1].astype(float))
    if family == "help":
        frame.loc[rng.random(count) > 0.2, "b"] = np.nan
    if family == "copies":
        frame = pd.concat([frame] * COPIES, ignore_index=True)
        frame = frame.iloc[rng.permutation(len(frame))].reset_index(drop=True)
    numbers, time = tuple(f"x{k}" for k in range(WIDTH)), "time" if seed % 2 else None
    declaration = Declaration({"a": "binary", "b": "binary"}, "user", "item", numbers=numbers, time=time)
    return frame.assign(time=range(len(frame))), declaration


def report_rows(family: str, seed: int, rows: int = ROWS) -> pd.DataFrame:
    """What the report says of a table: a row a task."""
    frame, declaration = make_table(family, seed, rows)
    recipe = Recipe(weighting=SKEWED if family == "harm" else "equal")
    comparison = compare(frame, declaration, recipe, seeds=range(5), also=(YARDSTICKS, CONTROL))
    return rows_of(comparison).assign(family=family, seed=seed, by_time=declaration.by_time)


def rows_of(comparison: Comparison) -> pd.DataFrame:
    """task … verdict as in `Comparison.headline`, the word of the report, and the gain of the shared model at its best
    over each of `RIVALS`."""
    columns = ["task", "form", "nearest", "gain", "low", "high", "verdict"]
    columns += ["own_gain", "own_low", "own_high", "own_verdict"]
    head, gains = comparison.headline, comparison.gains.set_index("task")
    values = comparison.beaten.pivot(index="task", columns="yardstick", values="value").assign(
        **{SINGLE: gains["single"]}
    )
    at_best = gains["shared"] + (head["gain"] - head["plain_gain"]).set_axis(head["task"])
    over = {f"{OVER}{name}": (at_best - values[name]).loc[head["task"]].to_numpy() for name in RIVALS}
    return head[columns].assign(word=word(head["verdict"]), **over)


def reports(seeds: Sequence[int], families: Sequence[str] = FAMILIES, rows: int = ROWS) -> pd.DataFrame:
    """`report_rows` of each table."""
    return pd.concat([report_rows(family, seed, rows) for family, seed in product(families, seeds)], ignore_index=True)


WITHIN = dict.fromkeys(("gain", "low", "high", "own_gain", "own_low", "own_high"), 0.03)
WITHIN |= dict.fromkeys(("form", "nearest", "verdict", "own_verdict", "word"), equal(0.5))
WITHIN |= {f"{OVER}{name}": 0.03 for name in RIVALS}
TABLES = kept_tables(
    KeptTable(
        "08_calibration",
        reports,
        {"seeds": range(200, 206)},
        [Recheck({"seeds": [200], "families": ["count"]}, WITHIN)],
    )
)
