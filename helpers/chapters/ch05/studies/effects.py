"""Effects of the claims of chapter 05 that are functions of a table, and no contrasts."""

from collections.abc import Callable, Iterable

import pandas as pd

from helpers.lab.claim import gain


def nearest(methods: Iterable[str], over: str, **where) -> Callable[[pd.DataFrame], pd.Series]:
    """What tasks gain over one model with that of several methods that loses least, in the rows `where`."""
    gains = [gain("r2", method, over=over, **where) for method in methods]
    return lambda table: max((effect(table) for effect in gains), key=pd.Series.mean)
