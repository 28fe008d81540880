"""`make grids`: train every grid of the course and keep it in `data/grids/`.

usage: python -m helpers.course.train_grids [NAME ...]
"""

import argparse
import time
from collections.abc import Iterable
from graphlib import TopologicalSorter

from helpers.course import GRIDS
from helpers.support import environment


def order(names: Iterable[str]) -> list[str]:
    """The grids in an order in which each comes after those that it reads."""
    names = list(names)
    return list(TopologicalSorter({name: set(GRIDS[name].searches) & set(names) for name in names}).static_order())


def main() -> None:
    parser = argparse.ArgumentParser(prog="make grids", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="grids to train; all if none is named")
    names = parser.parse_args().names
    if unknown := set(names) - set(GRIDS):
        parser.error(f"no grid {', '.join(sorted(unknown))}; there are {', '.join(GRIDS)}")
    environment.setup()
    for name in order(names or GRIDS):
        start = time.perf_counter()
        table = GRIDS[name].write()
        print(f"{name}: {len(table)} rows in {time.perf_counter() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
