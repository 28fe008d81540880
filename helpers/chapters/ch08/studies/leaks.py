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
    """1 for each feed whose planted columns were all named, and no honest one, else 0."""
    right = (table["named"] | (table["label"] == "none")) & (table["accused"] == 0)
    return right.groupby(table["seed"]).all().to_numpy(float)


FEEDS = Recheck({"seeds": range(8)}, {"named": equal(), "accused": equal()})
TABLES = kept_tables(
    KeptTable("08_leaks", accusations, {"seeds": range(80)}, [FEEDS]),
    KeptTable("08_leaks_sparse", accusations, {"seeds": range(80), "leaks": SPARSE}, [FEEDS]),
)
