"""A log of a million rows, in a process of its own: memory and time from the file to one epoch of training, and from a
harder file (words as ids, dates as text, lists, three tasks) to the report of a quick comparison.

    python -m benchmarks.million LOG.csv     # of `write`: peak memory in MB, and seconds of computing, after each stage
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.capstone.comparison import compare
from helpers.capstone.declaration import Declaration
from helpers.capstone.ranker import Recipe
from helpers.capstone.reading import read
from helpers.capstone.report import report
from helpers.chapters.ch08.studies.larger_logs import memory
from helpers.support import environment

OWN = Declaration(
    dict.fromkeys(("clicked", "carted", "purchased"), "binary"),
    user="customer_id",
    item="sku",
    ids=("category", "hour"),
    numbers=("price", "age"),
    lists={"seen": "sku"},
    time="shown_at",
)
RECIPE = Recipe(batch_size=4096)  # as chapter 08 advises for so many rows
CUSTOMERS, SKUS = 50_000, 20_000


def write(path: Path, rows: int) -> None:
    """A shop's log whose labels follow each other, and tastes of customers and products; in pieces."""
    rng, piece = np.random.default_rng(0), 100_000
    tastes, appeals = rng.normal(0, 0.7, (CUSTOMERS, 4)), rng.normal(0, 0.7, (SKUS, 4))
    popular = rng.normal(0, 0.7, SKUS)
    start = pd.Timestamp("2026-03-01")
    for first in range(0, rows, piece):
        count = min(piece, rows - first)
        customer, sku, seen = (
            rng.integers(0, CUSTOMERS, count),
            rng.integers(0, SKUS, count),
            rng.integers(0, SKUS, (count, 3)),
        )
        wish = (tastes[customer] * appeals[sku]).sum(1) + popular[sku]
        when = start + pd.to_timedelta(30 * 86_400 * (first + np.arange(count)) // rows, unit="s")
        frame = pd.DataFrame({"customer_id": [f"c{k:06d}" for k in customer], "sku": [f"s{k:05d}" for k in sku]})
        frame = frame.assign(category=[f"kind {k % 40}" for k in sku], hour=when.hour, price=(1 + sku % 97) / 4)
        frame = frame.assign(age=rng.integers(18, 80, count), seen=[" ".join(f"s{k:05d}" for k in row) for row in seen])
        happened = np.ones(count, bool)
        for task, bias in zip(OWN.labels, (-1.8, -0.9, -0.3), strict=True):
            happened &= rng.random(count) < 1 / (1 + np.exp(-wish - bias))
            frame[task] = happened.astype(int)
        frame.assign(shown_at=when).to_csv(path, mode="a", header=first == 0, index=False)


def lines(short: bool) -> Iterator[tuple[str, float]]:
    """What section 2 of chapter 08's *larger logs* shows, measured again, and the quick comparison."""
    rows = 20_000 if short else 1_000_000
    last = memory.peaks([rows]).iloc[-1]
    yield "million_rows_mb", last["mb"]
    yield "million_rows_seconds", last["seconds"]
    with tempfile.TemporaryDirectory() as folder:
        write(path := Path(folder) / "log.csv", rows)
        command = [sys.executable, "-m", "benchmarks.million", str(path)]
        text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    print(text, file=sys.stderr, flush=True)
    _, mb, seconds, waited = text.splitlines()[-1].split(",")
    yield "million_quick_mb", float(mb)
    yield "million_quick_cpu_seconds", float(seconds)
    yield "million_quick_seconds", float(waited)


def main(path: str, epochs: int | None) -> None:
    """Prints a line a stage: its name, peak memory in MB, seconds of computing and of waiting so far."""
    environment.threads()
    start, computed = time.perf_counter(), time.process_time()

    def done(stage: str):
        took = time.process_time() - computed, time.perf_counter() - start
        print(f"{stage},{memory.peak_mb():.0f},{took[0]:.1f},{took[1]:.1f}", flush=True)

    frame = read(path, OWN.columns())
    done("read")
    found = compare(frame, OWN, replace(RECIPE, epochs=epochs), mode="quick")
    done("compare")
    report(found, path).save(Path(path).with_suffix(".html"))
    done("report")


if __name__ == "__main__":
    about = "Print memory and time after each stage of a quick comparison on a log."
    parser = argparse.ArgumentParser(prog="python -m benchmarks.million", description=about)
    parser.add_argument("path", metavar="LOG.csv", help="Read this log, as `write` makes it.")
    parser.add_argument("--epochs", type=int, help="Train for no more: it takes as much memory, and less time.")
    options = parser.parse_args()
    main(options.path, options.epochs)
