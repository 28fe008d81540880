"""`make tables`: train the kept tables of the course that are stale and keep them in `data/tables/`.

usage: python -m helpers.lab.train_tables [--all] [NAME ...]

A table is stale if it is absent, or was made from other settings than today's, such as what a search has found since.
With names it trains these, with --all every one. They are shared out among the cores of this machine. Each is kept as
soon as it is trained, so what is done survives the failure of another; a table that reads others is trained after them,
and one whose data are absent stays as it is kept. In the end all claims are judged again
(`keep_findings`, which prints those that changed).
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
    parser = argparse.ArgumentParser(prog="make tables", description="Train tables and keep them in data/tables/.")
    parser.add_argument("--list", action="store_true", help="Say which are stale, and train none.")
    parser.add_argument("--all", action="store_true", help="Train every table, which takes many hours.")
    parser.add_argument("names", nargs="*", help="Train these tables; those that are stale if none is named.")
    options = parser.parse_args(arguments)
    names = options.names or list(TABLES)
    if unknown := set(names) - set(TABLES):
        parser.error(f"no table {', '.join(sorted(unknown))}; there are {', '.join(TABLES)}")
    environment.setup()
    first = options.names or [name for name in names if options.all or TABLES[name].stale()]
    print(f"{len(first)} of {len(TABLES)} tables are to be trained: {', '.join(first) or 'none is stale'}.", flush=True)
    if not first or options.list:
        return 0
    for name in filter(lambda name: TABLES[name].absent, first):
        print(f"{name} stays as it is kept: {TABLES[name].absent}", flush=True)
    names = [name for name in names if not TABLES[name].absent]
    order = TopologicalSorter({name: set(TABLES[name].searches) & set(names) for name in names})
    order.prepare()
    count, total = 0, len(set(first) & set(names))
    while ready := order.get_ready():
        due = [name for name in ready if TABLES[name].stale() or name in first]  # what a search found may be new
        order.done(*set(ready) - set(due))
        total += len(set(due) - set(first))
        trained = {name: partial(_train, name, TABLES[name].hash()) for name in due}
        for done in jobs.run(trained) if due else ():
            TABLES[done.name].write(done.table)
            order.done(done.name)
            count += 1
            rows = len(done.table)
            print(f"[{count}/{total}] {done.name}: {rows} rows in {done.seconds:.0f} s", flush=True)
    try:
        keep_findings.write()
    except ValueError as error:  # another table reads a search that was trained, and has not been
        print(f"Trained and kept, but the claims are not judged: {error}")
        return 1
    return 0


def _train(name: str, expected: str) -> pd.DataFrame:
    """What a kept table is made of; a worker looks it up itself, and so finds what it reads in its own folder."""
    kept = TABLES[name]
    if kept.hash() != expected:
        came = f"other settings of {name} in a worker than here"
        validate.fail("kept table", came, "the same searches in its data/tables: best one folder for all")
    return kept.make(**kept.settings)


if __name__ == "__main__":
    sys.exit(main())
