"""Does the check find what gives a label away? Feeds with a column that was made from a label, and without.

A seed is a feed of its own. A dense leak is the label with noise on top, a number that looks like any other: seconds
that were measured afterwards are of that kind. A sparse one is 0, or missing, in every row without the label: an amount
that was paid, stars that were given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from helpers.capstone.table_checks import check
from helpers.chapters.ch08.logs import DECLARATIONS, FEED
from helpers.data.feed import Feed
from helpers.experiments.grid import Grid, grids
from helpers.experiments.sample import Sample, equal
from helpers.support import validate

PLANTED = "freshness"
NOISE = 0.3  # standard deviation of what is added to a label of 0 or 1


DENSE, SPARSE = ("with noise",), ("amount", "half of the amounts", "stars")


def planted(frame: pd.DataFrame, label: str, seed: int, leak: str = "with noise") -> pd.DataFrame:
    """The table with one more column, made from `label`; `leak` is one of `DENSE` and `SPARSE`."""
    rng, happened = np.random.default_rng([seed, 8]), frame[label] == 1
    if validate.choice("leak", leak, DENSE + SPARSE) == "with noise":
        values = frame[label] + rng.normal(0, NOISE, len(frame))
    elif leak == "stars":
        values = np.where(happened, rng.integers(1, 6, len(frame)), np.nan)
    else:
        paid = happened & (rng.random(len(frame)) < (1 if leak == "amount" else 0.5))
        values = np.where(paid, rng.lognormal(3, 1, len(frame)), 0)
    return frame.assign(**{PLANTED: np.round(values, 3)})


def found(seeds: Sequence[int], leaks: Sequence[str] = DENSE) -> pd.DataFrame:
    """Which columns the check calls a leak: seed, leak, label (from which the planted column was made, or "none"),
    named, whether it names the planted column, and accused, how many others it names."""
    declaration, rows = DECLARATIONS[FEED], []
    spoiled = replace(declaration, numbers=(*declaration.numbers, PLANTED))
    for seed in seeds:
        log = Feed.make(seed).log
        tables = {(leak, label): planted(log, label, seed, leak) for leak in leaks for label in declaration.labels}
        for (leak, label), frame in (tables | {("none", "none"): log}).items():
            problems = check(declaration if label == "none" else spoiled, frame)
            named = {problem.column for problem in problems if "a leak?" in problem.sentence}
            row = {"seed": seed, "leak": leak, "label": label, "named": PLANTED in named}
            rows.append(row | {"accused": len(named - {PLANTED})})
    return pd.DataFrame(rows)


def effects(table: pd.DataFrame) -> np.ndarray:
    """For each feed the share of its planted columns that were named, less the number of honest ones that were."""
    by_seed = table.groupby("seed")
    share = table[table["label"] != "none"].groupby("seed")["named"].mean()
    return (share - by_seed["accused"].sum()).to_numpy(float)


ONE_FEED = Sample({"seeds": [2]}, {"named": equal(), "accused": equal()})
GRIDS = grids(
    Grid("08_leaks", found, {"seeds": range(80)}, [ONE_FEED]),
    Grid("08_leaks_sparse", found, {"seeds": range(80), "leaks": SPARSE}, [ONE_FEED]),
)
