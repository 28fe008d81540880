"""The claims of chapter 08, Capstone: is the report right where the truth is known?"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd

from helpers.chapters.ch08 import coverage, leaks
from helpers.chapters.ch08.coverage import DISJOINT, FLIPPED, REPEATS, RIGHT, SAME
from helpers.experiments.claim import Claim

Effects = Callable[[pd.DataFrame], np.ndarray]


def _right(table: pd.DataFrame) -> np.ndarray:
    """+1 for each world with disjoint features in which the recommendation is right, −1 where it is wrong, else 0."""
    return coverage.said_right(_all_seeds(table), DISJOINT).to_numpy()


def _open(table: pd.DataFrame) -> np.ndarray:
    """For each seed the share of its two worlds with the same features in which the report does not decide."""
    table = _all_seeds(table)
    return np.mean([coverage.said_right(table, condition) == 0 for condition in (SAME, FLIPPED)], axis=0)


def _wrong(table: pd.DataFrame) -> np.ndarray:
    """For each seed the share of its three worlds of which the report said the opposite of the truth."""
    table = _all_seeds(table)
    by_condition = [coverage.said_right(table, condition) == -1 for condition in RIGHT]
    return np.mean(by_condition, axis=0)


def _held(which: str, against: str | None = None) -> Effects:
    """For each seed the share of its gains that an interval holds; less that of another kind of interval."""

    def effects(table: pd.DataFrame) -> np.ndarray:
        shares = coverage.held(_all_seeds(table)).groupby("seed")[["report", "naive"]].mean()
        return (shares[which] - (shares[against] if against else 0)).to_numpy()

    return effects


def _all_seeds(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["repeats"] == REPEATS]


leak = partial(Claim, effect=leaks.effects, smallest=0.5, unit="of the feeds", seeds=24)
report = partial(Claim, grid="08_worlds", unit="of the worlds", seeds=32)
held = partial(report, smallest=0.02, unit="of the gains")

CLAIMS = {
    "C8.1": leak(
        "The check names a number that is a label with noise on top, and no feature that was not made from a label.",
        grid="08_leaks",
    ),
    "C8.8": leak(
        "The check names a number that is 0, or missing, wherever the label is 0, and no feature that was not made so.",
        grid="08_leaks_sparse",
    ),
    "C8.2": report(
        "Disjoint features, 2,000 rows: the report says keep apart more often than the opposite.",
        _right,
        smallest=0.3,
    ),
    "C8.3": report(
        "The same features, 2,000 rows: in most worlds the report is undecided.",
        _open,
        smallest=0.5,
    ),
    "C8.4": report(
        "The report hardly ever says the opposite of the truth.",
        _wrong,
        smallest=0.1,
        expected="no effect",
    ),
    "C8.5": held(
        "After 20 seeds the report's intervals hold what other logs of the same law give on average.",
        _held("report"),
        smallest=0.8,
    ),
    "C8.6": held(
        "The report's intervals hold what other logs of the same law give on average more often than t-intervals that "
        "take the seeds for independent logs.",
        _held("report", "naive"),
    ),
    "C8.7": held(
        "By time, too, the report's intervals hold what other logs of the same law give on average more often than "
        "t-intervals that take the seeds for independent logs.",
        _held("report", "naive"),
        grid="08_by_time",
    ),
}
