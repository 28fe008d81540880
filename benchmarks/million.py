"""A log of a million rows: memory and time from the file to one epoch of training, in a process of its own."""

from __future__ import annotations

from collections.abc import Iterator

from helpers.chapters.ch08 import memory


def lines(short: bool) -> Iterator[tuple[str, float]]:
    """What section 7 of chapter 08 shows, measured again."""
    last = memory.peaks([100_000 if short else 1_000_000]).iloc[-1]
    yield "million_rows_mb", last["mb"]
    yield "million_rows_seconds", last["seconds"]
