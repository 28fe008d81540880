"""Samples of a kept table: points that a test trains again, to see that today's code gives what it keeps.

On another CPU a rounding error is amplified by some training runs and not by others, so a sample says how each measured
column is compared: every value (a number alone: within so much), the mean over runs, or the median over runs.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.support import validate

# Whether a column that was measured again is what was kept: (kept, again), both with the key columns as index.
Comparison = Callable[[pd.Series, pd.Series], bool]


@dataclass(frozen=True)
class Recheck:
    """Points of a kept table, and how near to the kept values a second training must come.

    again     arguments that narrow the table's settings to a few seconds of training
    near      {measured column: tolerance or `Comparison`}; the other columns are the keys of a row
    rows      a query: the rows to compare, all if empty
    """

    again: Mapping[str, object]
    near: Mapping[str, float | Comparison]
    rows: str = ""

    def differing(self, both: pd.DataFrame) -> list[str]:
        """The measured columns that are not as kept. both: of `KeptTable.retrained`. ValueError without `rows`."""
        both = both.query(self.rows) if self.rows else both
        if both.empty:
            validate.fail("rows", f"none with {self.rows}", "some to compare")
        rules = {name: rule if callable(rule) else each(rule) for name, rule in self.near.items()}
        return [name for name, rule in rules.items() if not rule(both[name], both[f"{name} again"])]


def each(atol: float, rtol: float = 0.0) -> Comparison:
    """Every value is as kept within atol + rtol·|value|."""
    return lambda kept, again: bool(np.isclose(kept, again, rtol, atol, equal_nan=True).all())


def mean(atol: float, rtol: float = 0.0, over: str = "seed") -> Comparison:
    """The mean over `over` is, for each combination of the other keys: where one rounding error moves a run's end."""

    def compare(kept: pd.Series, again: pd.Series) -> bool:
        others = [key for key in kept.index.names if key != over]
        return each(atol, rtol)(*(values.groupby(level=others).mean() for values in (kept, again)))

    return compare


def median(atol: float, shift: float) -> Comparison:
    """Half of the runs end within `atol`, and their median differs by less than `shift`: where one rounding error now
    and then moves a run's end very far."""

    def compare(kept: pd.Series, again: pd.Series) -> bool:
        off = kept - again
        return bool(off.abs().median() < atol and abs(off.median()) < shift)

    return compare


def equal(share: float = 1.0) -> Comparison:
    """At least this share of the values is equal: for counts and words."""
    return lambda kept, again: bool(((kept == again) | (kept.isna() & again.isna())).mean() >= share)


def ratio(largest: float) -> Comparison:
    """No value is more than `largest` times the other: for what is measured of the machine."""
    return lambda kept, again: bool(np.maximum(kept / again, again / kept).max() <= largest)
