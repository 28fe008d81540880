"""Effects of the claims of chapter 02 that are functions of a table, and no contrasts."""

from collections.abc import Callable

import pandas as pd


def overall(model: str) -> Callable[[pd.DataFrame], pd.Series]:
    """Mean exp(logit) divided by the mean seconds watched, minus 1, on a second log."""

    def effect(table: pd.DataFrame) -> pd.Series:
        mine = table[(table["model"] == model) & (table["by"] == "prediction")]
        means = mine.groupby("seed")[["predicted", "actual"]].mean()
        return means["predicted"] / means["actual"] - 1

    return effect
