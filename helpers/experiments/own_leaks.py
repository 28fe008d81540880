"""Does the check find what gives a label away? Feeds with a column that was made from a label, and without.

A seed is a feed of its own. The planted column is the label with noise on top, as a number that looks like any other:
seconds that were measured afterwards are of that kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from helpers.experiments import Grid, grids
from helpers.experiments.feeds import Feed
from helpers.experiments.own_runs import DECLARATIONS, FEED
from helpers.own_checks import check

PLANTED = "score_of_the_day"
NOISE = 0.3  # standard deviation of what is added to a label of 0 or 1


def planted(frame: pd.DataFrame, label: str, seed: int) -> pd.DataFrame:
    """The table with one more column, made from `label`."""
    noise = np.random.default_rng([seed, 8]).normal(0, NOISE, len(frame))
    return frame.assign(**{PLANTED: (frame[label] + noise).round(3)})


def found(seeds: Sequence[int]) -> pd.DataFrame:
    """Which columns the check calls a leak: seed, label (from which the planted column was made, or "none"), named,
    the share of planted columns that it names, and accused, how many others."""
    declaration, rows = DECLARATIONS[FEED], []
    for seed in seeds:
        log = Feed.make(seed).log
        for label in (*declaration.labels, "none"):
            own = declaration if label == "none" else replace(declaration, numbers=(*declaration.numbers, PLANTED))
            frame = log if label == "none" else planted(log, label, seed)
            named = {problem.column for problem in check(own, frame) if "a leak?" in problem.sentence}
            rows.append({"seed": seed, "label": label, "named": PLANTED in named, "accused": len(named - {PLANTED})})
    return pd.DataFrame(rows)


def effects(table: pd.DataFrame) -> np.ndarray:
    """For each feed the share of its planted columns that were named, less the number of honest ones that were."""
    by_seed = table.groupby("seed")
    share = table[table["label"] != "none"].groupby("seed")["named"].mean()
    return (share - by_seed["accused"].sum()).to_numpy(float)


GRIDS = grids(Grid("08_leaks", found, {"seeds": list(range(24))}))
