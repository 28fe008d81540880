"""Which seeds are used up: a verdict that has been looked at on a block of seeds is no longer measured there afresh.

`data/seeds.csv` has a row for each block on which claims were measured: release, date, the first seed and the one after
the last, how many claims, the verdicts that did not replicate, who wrote the row, and the ids of the claims, where they
are known. `make claims` takes the first block that is not in it, and writes its row before it measures: a block is used
up though its run stops, and two runs take two blocks. Before it kept the ids, rows were written by hand. Runs on one
block add up.
"""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from helpers.support.files import alone, whole

LOG = Path(__file__).parents[2] / "data" / "seeds.csv"
BLOCK = 1_000  # seeds from one block to the next; no claim takes as many
FIRST = 5_000  # below, kept tables and tuning have theirs
TOOL = "by make claims"


def read_log() -> pd.DataFrame:
    """The log: release, date, start, stop, claims, not_reproduced, written, ids (with spaces between)."""
    return pd.read_csv(LOG, keep_default_na=False)


def next_block() -> int:
    """The first seed of the first block in which no seed is used up."""
    log, start = read_log(), FIRST
    while ((log["start"] < start + BLOCK) & (start < log["stop"])).any():
        start += BLOCK
    return start


def last_block() -> tuple[int, list[str]]:
    """The first seed of the block on which most claims are known to have been measured, of several the last, and their
    ids."""
    ids = read_log().set_index("start")["ids"].str.split()[::-1]
    start = int(ids.str.len().idxmax())
    return start, ids[start]


def last_blocks() -> dict[str, str]:
    """Of each claim that came back on a block, by its id, the first seed of the last one."""
    log = read_log()[lambda log: log["written"] == TOOL]
    rows = zip(log["start"], log["ids"], log["not_reproduced"], strict=True)
    return {id: str(start) for start, ids, failed in rows for id in ids.split() if id not in failed.split()}


def reserve(release: str, date: str, count: int, start: int | None = None) -> int:
    """Log `count` seeds before a run measures anything on them, from `start` on, or those of the first block in which
    no seed is used up. Their first."""
    with alone(LOG):
        start = next_block() if start is None else start
        _add(release, date, start, start + count, [], [])
    return start


def append(release: str, date: str, start: int, stop: int, ids: Sequence[str], not_reproduced: Sequence[str]) -> None:
    """Log the claims `ids`, measured on the block from `start` on; with those that were measured there before."""
    with alone(LOG):
        _add(release, date, start, stop, ids, not_reproduced)


def _add(release: str, date: str, start: int, stop: int, ids: Sequence[str], not_reproduced: Sequence[str]) -> None:
    log = read_log()
    before = log[(log["start"] == start) & (log["written"] == TOOL)]
    ids, failed = (
        list(dict.fromkeys([*" ".join(before[column]).split(), *several]))
        for column, several in (("ids", ids), ("not_reproduced", not_reproduced))
    )
    row = [release, date, start, max([stop, *before["stop"]]), len(ids), " ".join(failed), TOOL, " ".join(ids)]
    table = pd.concat([log.drop(before.index), pd.DataFrame([row], columns=log.columns)])
    with whole(LOG) as part:
        table.to_csv(part, index=False, lineterminator="\n")
