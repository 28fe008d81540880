"""Effects of the claims of chapter 05 that are functions of a table, and no contrasts."""

from collections.abc import Callable, Iterable

import pandas as pd

from helpers.lab.claim import gain

SINGLE, NARROW = "single-task", "narrow bottom"


def nearest(methods: Iterable[str]) -> Callable[[pd.DataFrame], pd.Series]:
    """What tasks gain in the narrow bottom over single-task models with the method that loses least."""
    gains = [gain("r2", method, over=SINGLE, situation=NARROW) for method in methods]
    return lambda table: max((one(table) for one in gains), key=pd.Series.mean)
