"""Does the check find what gives a label away? Feeds with a column that was made from a label, and without."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from helpers.capstone.table_checks import check
from helpers.chapters.ch08.leaks import DENSE, PLANTED, SPARSE, planted
from helpers.chapters.ch08.logs import DECLARATIONS, FEED
from helpers.data.feed import Feed
from helpers.lab.kept_table import KeptTable, kept_tables
from helpers.lab.recheck import Recheck, equal


def accusations(seeds: Sequence[int], leaks: Sequence[str] = DENSE) -> pd.DataFrame:
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


ONE_FEED = Recheck({"seeds": [2]}, {"named": equal(), "accused": equal()})
TABLES = kept_tables(
    KeptTable("08_leaks", accusations, {"seeds": range(80)}, [ONE_FEED]),
    KeptTable("08_leaks_sparse", accusations, {"seeds": range(80), "leaks": SPARSE}, [ONE_FEED]),
)
