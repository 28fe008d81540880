"""Effects of the claims of chapter 02 that are functions of a table, and no contrasts."""

from collections.abc import Callable

import pandas as pd

from helpers.lab.claim import gain, mean

CLICKS, WEIGHTED, CORRECTED = "clicks", "weighted CE", "corrected CE"


def overall(model: str) -> Callable[[pd.DataFrame], pd.Series]:
    """Mean exp(logit) divided by the mean seconds watched, minus 1, on a second log."""

    def effect(table: pd.DataFrame) -> pd.Series:
        mine = table[(table["model"] == model) & (table["by"] == "prediction")]
        means = mine.groupby("seed")[["predicted", "actual"]].mean()
        return means["predicted"] / means["actual"] - 1

    return effect


def at_click_rates(table: pd.DataFrame) -> pd.DataFrame:
    """Weighted CE in the tenths by predicted click rate, with exp(logit) / seconds watched as column `factor`."""
    mine = table[(table["model"] == WEIGHTED) & (table["by"] == "click rate")]
    return mine.assign(factor=mine["predicted"] / mine["actual"])


def growth(table: pd.DataFrame) -> pd.Series:
    """The factor in the tenth with the highest predicted click rate, minus that in the lowest."""
    return gain("factor", table["bin"].max(), over=0, column="bin")(at_click_rates(table))


def formula(table: pd.DataFrame) -> pd.Series:
    """Half of the excess, factor − 1, minus what is left of it after the formula, factor · (1 − P) − 1; means of the
    tenths."""
    rows = at_click_rates(table)
    left = rows["factor"] * (1 - rows["click_rate"]) - 1
    return mean("saved")(rows.assign(saved=(rows["factor"] - 1) / 2 - left))
