"""Effects of the claims of chapter 08 that are functions of a table, and no contrasts."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from helpers.chapters.ch08 import coverage
from helpers.chapters.ch08.coverage import DISJOINT, FLIPPED, REPEATS, SAME
from helpers.chapters.ch08.studies import coverage as lab_coverage
from helpers.chapters.ch08.studies.leaks import effects  # noqa: F401 (claims.toml names it)
from helpers.chapters.ch08.studies.own_taste import rankers
from helpers.lab.claim import fused_gain

Effects = Callable[[pd.DataFrame], np.ndarray]


def right(table: pd.DataFrame) -> np.ndarray:
    """1 for each world with disjoint features in which the recommendation is right, else 0."""
    return judged_as(table, 1, [DISJOINT]).to_numpy().ravel()


def open(table: pd.DataFrame) -> np.ndarray:
    """1 for each seed in both of whose worlds with the same features the report does not decide, else 0."""
    return judged_as(table, 0, [SAME, FLIPPED]).to_numpy().min(axis=1)


def wrong(table: pd.DataFrame) -> np.ndarray:
    """1 for each seed with a world about which the report says the opposite of the truth, else 0."""
    return judged_as(table, -1, list(coverage.RIGHT)).to_numpy().max(axis=1)


def judged_as(table: pd.DataFrame, word: int, conditions: Sequence[str]) -> pd.DataFrame:
    """A row a seed, a column a condition: 1 where the report is right (`word` 1), open (0) or wrong (−1), else 0."""
    table = all_seeds(table)
    return pd.DataFrame({condition: lab_coverage.said_right(table, condition) == word for condition in conditions}) * 1


def answers(word: str) -> Effects:
    """1 for each table of a log for which the report has this word, else 0."""
    return lambda table: (table.groupby("seed")["word"].first() == word).astype(int).to_numpy()


def held(which: str, against: str | None = None) -> Effects:
    """For each seed the share of its gains that an interval holds; less that of another kind of interval."""

    def effect(table: pd.DataFrame) -> np.ndarray:
        shares = coverage.held(all_seeds(table)).groupby("seed")[["report", "naive"]].mean()
        return (shares[which] - (shares[against] if against else 0)).to_numpy()

    return effect


def all_seeds(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["repeats"] == REPEATS]


def brings(of: str, over: str) -> Callable[[pd.DataFrame], pd.Series]:
    """What a ranker of `deeper/08_own_taste` satisfies more than another: networks at their best way (`fused_gain`)."""
    sides = [[name + way for way in rankers.WAYS] if name in rankers.NETWORKS else [name] for name in (of, over)]
    return fused_gain("satisfaction", sides[0], over=sides[1], column="ranker")
