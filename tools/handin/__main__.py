"""`python -m tools.handin NOTEBOOK` or `FOLDER`: see `tools.handin`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tools.handin import __doc__ as ABOUT
from tools.handin.marking import keep, mark, table
from tools.handin.sheets import Unreadable, read


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.handin", description=ABOUT.splitlines()[0])
    parser.add_argument("path", type=Path, help="a notebook, or a folder of notebooks that were handed in")
    path = parser.parse_args().path
    if not path.exists():
        parser.error(f"there is no {path}")
    if path.is_dir():
        marks, mistakes = table(path)
        if marks.empty:
            parser.error(f"no notebook in {path}")
        for name, found in (("marks.csv", marks), ("mistakes.csv", mistakes)):
            found.to_csv(path / name, index=False)
        print(f"\n{mistakes.head(10).to_string(index=False)}\n\nmarks.csv and mistakes.csv are in {path}.")
        return 0
    try:
        result = mark(read(path))
    except Unreadable as error:
        parser.error(f"{path}: {error}")
    for name, found in result["exercises"].items():
        print(f"{'✓' if found['passed'] else '✗'} {name}" + ("" if found["passed"] else f": {found['mistake']}"))
    print(f"{result['passed']} of {result['of']}")
    keep(result, path.with_suffix(".handin.json"))
    print(f"To hand in: {path.with_suffix('.handin.json').name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
