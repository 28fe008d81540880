"""How much memory does a log of a million rows take, from the file to one epoch of training? In a process of its own.

    python -m helpers.chapters.ch08.studies.larger_logs.memory LOG.csv     # stage and peak so far, a line each

The file is made for the measurement: random ids, numbers and labels, two tasks. Peaks differ a little from machine to
machine; a kept table says what the machine measured that wrote it.
"""

import argparse
import io
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.capstone.declaration import Declaration
from helpers.capstone.preparation import prepare, split
from helpers.capstone.ranker import Ranker, Recipe
from helpers.capstone.reading import read
from helpers.lab.kept_table import KeptTable, kept_tables
from helpers.lab.recheck import Recheck, ratio
from helpers.support import environment, validate

IDS = {"user": 100_000, "item": 50_000, "author": 5_000, "topic": 50}
NUMBERS = ("duration", "age")
DECLARATION = Declaration(
    labels={"click": "binary", "like": "binary"},
    user="user",
    item="item",
    ids=("author", "topic"),
    numbers=NUMBERS,
    time="time",
)
STAGES = ("imports", "read", "prepare", "train one epoch")


def write(path: Path, rows: int) -> None:
    """A log of `rows` rows, in pieces, so that writing takes no memory."""
    rng, piece = np.random.default_rng(0), 100_000
    for start in range(0, rows, piece):
        count = min(piece, rows - start)
        columns = {name: rng.integers(0, size, count) for name, size in IDS.items()}
        columns |= {name: rng.integers(5, 300, count) for name in NUMBERS} | {"time": np.arange(start, start + count)}
        columns |= {name: rng.integers(0, 2, count) for name in DECLARATION.labels}
        pd.DataFrame(columns).to_csv(path, mode="a", header=start == 0, index=False)


def peak_mb() -> float:
    """The most memory that this process has had so far, in MB."""
    if sys.platform == "win32":
        import psutil

        return psutil.Process().memory_info().peak_wset / 1e6
    if sys.platform == "linux":  # getrusage would count the process that started this one
        lines = Path("/proc/self/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) * 1024 / 1e6
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def peaks(rows: Sequence[int]) -> pd.DataFrame:
    """Peak memory and seconds from the start, after each stage: rows, stage, mb, seconds."""
    parts = []
    for count in rows:
        count = validate.number("rows", count, low=1_000, whole=True)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "log.csv"
            write(path, count)
            command = [sys.executable, "-m", __name__, str(path)]
            text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        parts.append(pd.read_csv(io.StringIO(text), names=["stage", "mb", "seconds"]).assign(rows=count))
    return pd.concat(parts, ignore_index=True)[["rows", "stage", "mb", "seconds"]]


def main(path: str) -> None:
    environment.threads()
    start, stages = time.perf_counter(), iter(STAGES)

    def done():
        print(f"{next(stages)},{peak_mb():.0f},{time.perf_counter() - start:.1f}")

    done()
    frame = read(path, DECLARATION.columns())
    done()
    train, valid, _ = split(DECLARATION, prepare(DECLARATION, frame))
    del frame
    done()
    Ranker(DECLARATION.layout(), DECLARATION.labels, Recipe(epochs=1)).fit(train, valid, progress=False)
    done()


SIZES = (100_000, 300_000, 1_000_000)
TABLES = kept_tables(
    KeptTable("08_memory", peaks, {"rows": SIZES}, [Recheck({"rows": SIZES[:1]}, {"mb": ratio(1.5), "seconds": 10})])
)

if __name__ == "__main__":
    about = "Print the peak of memory after each stage, from the file to one epoch of training."
    parser = argparse.ArgumentParser(
        prog="python -m helpers.chapters.ch08.studies.larger_logs.memory", description=about
    )
    parser.add_argument("path", metavar="LOG.csv", help="Read this log.")
    main(parser.parse_args().path)
