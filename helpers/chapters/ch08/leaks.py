"""Columns that give a label away, to try the check of a table on.

A dense leak is the label with noise on top, a number that looks like any other: seconds that were measured afterwards
are of that kind. A sparse one is 0, or missing, in every row without the label: an amount that was paid, stars that
were given.
"""

import numpy as np
import pandas as pd

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
