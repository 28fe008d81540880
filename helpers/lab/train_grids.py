"""`make grids`: train every grid of the course and keep it in `data/grids/`.

usage: python -m helpers.lab.train_grids [--cluster tcp://HOST:PORT] [NAME ...]

The grids are shared out among the cores of this machine, or the workers of a Dask cluster. Each is kept as soon as it
is trained, so what is done survives the failure of another; a grid that reads others is trained after them, and one
whose data are absent stays as it is kept. In the end all claims are judged again (`keep_findings`).
"""

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from graphlib import TopologicalSorter

import pandas as pd

from helpers.experiments import jobs
from helpers.lab import TABLES, keep_findings
from helpers.support import environment, validate


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make grids", description="Train grids and keep them in data/grids/.")
    parser.add_argument(
        "--cluster", metavar="tcp://HOST:PORT", help="Use the workers of this Dask scheduler; without it, all cores."
    )
    parser.add_argument("names", nargs="*", help="Train these grids; all if none is named.")
    options = parser.parse_args(arguments)
    names = options.names or list(TABLES)
    if unknown := set(names) - set(TABLES):
        parser.error(f"no grid {', '.join(sorted(unknown))}; there are {', '.join(TABLES)}")
    environment.setup()
    for name in filter(lambda name: TABLES[name].absent, names):
        print(f"{name} stays as it is kept: {TABLES[name].absent}", flush=True)
    names = [name for name in names if not TABLES[name].absent]
    order = TopologicalSorter({name: set(TABLES[name].searches) & set(names) for name in names})
    order.prepare()
    count = 0
    while ready := order.get_ready():
        for done in jobs.run({name: partial(_train, name, TABLES[name].hash()) for name in ready}, options.cluster):
            TABLES[done.name].write(done.table)
            order.done(done.name)
            count += 1
            rows = len(done.table)
            print(f"[{count}/{len(names)}] {done.name}: {rows} rows in {done.seconds:.0f} s", flush=True)
    try:
        keep_findings.write()
    except ValueError as error:  # another grid reads a search that was trained, and has not been
        print(f"Trained and kept, but the claims are not judged: {error}")
        return 1
    return 0


def _train(name: str, expected: str) -> pd.DataFrame:
    """The table of a grid; a worker looks it up itself, and so finds what it reads in its own folder."""
    grid = TABLES[name]
    if grid.hash() != expected:
        came = f"other settings of {name} in a worker than here"
        validate.fail("grid", came, "the same searches in its data/grids: best one folder for all")
    return grid.make(**grid.settings)


if __name__ == "__main__":
    sys.exit(main())
