"""Effects of the claims of chapter 01 that are functions of a table, and no contrasts."""

import pandas as pd

from helpers.chapters.ch01.studies.biases import MARK, TRUTH
from helpers.chapters.ch01.studies.why_sharing_works.latency import measured_ratios  # noqa: F401 (claims.toml names it)
from helpers.lab.claim import mean


def truth_tells_most(table: pd.DataFrame) -> pd.Series:
    """AUC of the day's true satisfaction minus that of the label that tells most in the same world."""
    by = table.pivot(index="seed", columns="signal", values="auc")
    return by[TRUTH] - by.drop(columns=[TRUTH, MARK]).max(axis=1)


def bait_with_autoplay(table: pd.DataFrame) -> pd.Series:
    """Bait in the ten that likes rank highest: with autoplay, minus where a click comes first; of seeds with both."""
    bait = mean("bait", score="like")
    first, autoplayed = (bait(table[table["table"] == name]) for name in ("01_labels", "01_labels_autoplay"))
    return (autoplayed - first).dropna()
