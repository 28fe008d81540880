"""Which seeds are used up: a verdict that has been looked at on a block of seeds is no longer measured there afresh.

`data/seeds.csv` has a row for each block on which claims were measured: release, date, the first seed and the one after
the last, how many claims, and the verdicts that did not replicate. `make claims` takes the first block that is
not in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from helpers.support.files import whole

LOG = Path(__file__).parents[2] / "data" / "seeds.csv"
BLOCK = 1_000  # seeds from one block to the next; no claim takes as many
FIRST = 5_000  # below, grids and tuning have theirs


def used() -> pd.DataFrame:
    """The log: release, date, start, stop, claims, not_reproduced (ids, separated by spaces)."""
    return pd.read_csv(LOG, keep_default_na=False)


def next_block() -> int:
    """The first seed of the first block in which no seed is used up."""
    log, start = used(), FIRST
    while ((log["start"] < start + BLOCK) & (start < log["stop"])).any():
        start += BLOCK
    return start


def last_block() -> int:
    """The first seed of the block that was logged last."""
    return int(used()["start"].iloc[-1])


def append(release: str, date: str, start: int, stop: int, claims: int, not_reproduced: Sequence[str]) -> None:
    """Log a block on which all claims were measured."""
    row = [release, date, start, stop, claims, " ".join(not_reproduced)]
    table = pd.concat([log := used(), pd.DataFrame([row], columns=log.columns)])
    with whole(LOG) as part:
        table.to_csv(part, index=False, lineterminator="\n")
