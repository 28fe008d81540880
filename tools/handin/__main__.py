"""`python -m tools.handin NOTEBOOK` or `FOLDER`: see `tools.handin`."""

import argparse
import sys
import textwrap
from pathlib import Path

from tools.handin import __doc__ as ABOUT
from tools.handin import walls
from tools.handin.marking import keep, mark, table
from tools.handin.sheets import Unreadable, read


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.handin", description=ABOUT.splitlines()[0])
    parser.add_argument("path", type=Path, help="Mark this notebook, or all in this folder.")
    parser.add_argument("--trust", action="store_true", help="Run the answers without walls (make: TRUST=1).")
    path, trust = vars(parser.parse_args()).values()
    if not path.exists():
        parser.error(f"there is no {path}")
    try:
        behind = walls.command()
    except walls.Missing as missing:
        if not trust:
            parser.error(f"{missing} {walls.REMEDY}")
        behind = []
        print(walls.WARNING, file=sys.stderr)
    if path.is_dir():
        marks, mistakes = table(path, behind)
        if marks.empty:
            parser.error(f"no notebook in {path}")
        for name, counted in (("marks.csv", marks), ("mistakes.csv", mistakes)):
            counted.to_csv(path / name, index=False, encoding="utf-8-sig")  # so that Excel reads it as UTF-8
        print()
        for row in mistakes.head(10).itertuples():
            mistake = textwrap.shorten(row.mistake, 120, placeholder=" …")
            print(f"{row.often:4} {'█' * min(row.often, 40)} {row.exercise}, {row.kind}: {mistake}")
        print(f"\nmarks.csv and mistakes.csv are in {path}, and what was said about each notebook is next to it.")
        return 0
    try:
        sheet = read(path)
    except Unreadable as error:
        parser.error(f"{path}: {error}")
    result = mark(sheet, behind)
    for name, judged in result["exercises"].items():
        print(f"{'✓' if judged['passed'] else '✗'} {name}: " + judged["said"].replace("\n", "\n    "))
    print(f"{result['passed']} of {result['of']}" + (f" ({result['remark']})" if result["remark"] else ""))
    print(f"To hand in: {keep(result, path).name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
