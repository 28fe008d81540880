"""`make grids`: train every grid of the course and keep it in `data/grids/`.

usage: python -m helpers.course.train_grids [NAME ...]
"""

import argparse
import time

from helpers.course import GRIDS
from helpers.support import environment


def main() -> None:
    parser = argparse.ArgumentParser(prog="make grids", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="grids to train; all if none is named")
    names = parser.parse_args().names
    if unknown := set(names) - set(GRIDS):
        parser.error(f"no grid {', '.join(sorted(unknown))}; there are {', '.join(GRIDS)}")
    environment.setup()
    for name in names or GRIDS:
        start = time.perf_counter()
        table = GRIDS[name].write()
        print(f"{name}: {len(table)} rows in {time.perf_counter() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
