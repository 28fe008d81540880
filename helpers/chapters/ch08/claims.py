"""The claims of chapter 08, Capstone: is the report right where the truth is known?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import pandas as pd

from helpers.chapters.ch08 import coverage, leaks
from helpers.chapters.ch08.coverage import DISJOINT, FLIPPED, REPEATS, SAME
from helpers.experiments.claim import SHARES, Claim

Effects = Callable[[pd.DataFrame], np.ndarray]


def _right(table: pd.DataFrame) -> np.ndarray:
    """1 for each world with disjoint features in which the recommendation is right, else 0."""
    return _said(table, 1, [DISJOINT]).to_numpy().ravel()


def _open(table: pd.DataFrame) -> np.ndarray:
    """1 for each seed in both of whose worlds with the same features the report does not decide, else 0."""
    return _said(table, 0, [SAME, FLIPPED]).to_numpy().min(axis=1)


def _wrong(table: pd.DataFrame) -> np.ndarray:
    """1 for each seed with a world about which the report says the opposite of the truth, else 0."""
    return _said(table, -1, list(coverage.RIGHT)).to_numpy().max(axis=1)


def _said(table: pd.DataFrame, word: int, conditions: Sequence[str]) -> pd.DataFrame:
    """A row a seed, a column a condition: 1 where the report is right (`word` 1), open (0) or wrong (−1), else 0."""
    table = _all_seeds(table)
    return pd.DataFrame({condition: coverage.said_right(table, condition) == word for condition in conditions}) * 1


def _held(which: str, against: str | None = None) -> Effects:
    """For each seed the share of its gains that an interval holds; less that of another kind of interval."""

    def effects(table: pd.DataFrame) -> np.ndarray:
        shares = coverage.held(_all_seeds(table)).groupby("seed")[["report", "naive"]].mean()
        return (shares[which] - (shares[against] if against else 0)).to_numpy()

    return effects


def _all_seeds(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["repeats"] == REPEATS]


leak = partial(
    Claim,
    effect=leaks.effects,
    smallest=0.8,
    because="a check that misses one leak in five is none",
    unit="of the feeds",
    over=SHARES,
    seeds=74,
    extended=True,
)
report = partial(Claim, grid="08_worlds", unit="of the worlds", over=SHARES, seeds=110)
held = partial(Claim, grid="08_worlds", unit="of the gains", seeds=58)

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
        "Disjoint features, 2,000 rows: in most worlds the report says keep apart.",
        _right,
        smallest=0.5,
        because="the sentence says most",
    ),
    "C8.3": report(
        "The same features, 2,000 rows: in most pairs of worlds, with equal and with opposed signs, the report is "
        "undecided about both.",
        _open,
        smallest=0.5,
        because="the sentence says most",
    ),
    "C8.9": report(
        "In fewer than one of four seeds the report says the opposite of the truth about any of their worlds.",
        _wrong,
        smallest=0.25,
        because="the sentence says one of four",
        expected="no effect",
    ),
    "C8.5": held(
        "After 20 seeds the report's intervals contain the average over other logs of the same law.",
        _held("report"),
        smallest=0.85,
        because="a 95% interval that misses more than three times as often is none",
    ),
    "C8.6": held(
        "The report's intervals contain the average over other logs of the same law more often than t-intervals that "
        "treat the seeds as independent logs.",
        _held("report", "naive"),
    ),
    "C8.7": held(
        "By time, too, the report's intervals contain the average over other logs of the same law more often than "
        "t-intervals that treat the seeds as independent logs.",
        _held("report", "naive"),
        grid="08_by_time",
    ),
}
