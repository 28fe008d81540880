"""`python -m classroom.handin NOTEBOOK` or `FOLDER`: see `classroom.handin`."""

import argparse
import sys
import textwrap
from pathlib import Path

from classroom.handin import __doc__ as ABOUT
from classroom.handin import walls
from classroom.handin.marking import keep, mark, marks_folder, table
from classroom.handin.sheets import Reader, Unreadable, contents


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m classroom.handin", description=ABOUT.splitlines()[0])
    parser.add_argument("path", type=Path, help="Mark this notebook, or all in this folder.")
    parser.add_argument("--trust", action="store_true", help="Run the answers without walls (make: TRUST=1).")
    parser.add_argument("--out", type=Path, help="Write the marks of a folder here; else in _marks/ (make: OUT=…).")
    path, trust, out = vars(parser.parse_args()).values()
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
        try:
            out = marks_folder(path, out)
        except (ValueError, OSError) as error:
            parser.error(str(error))
        marks, mistakes = table(path, out, behind)
        if marks.empty:
            parser.error(f"no notebook in {path}")
        print()
        for row in mistakes.head(10).itertuples():
            mistake = textwrap.shorten(row.mistake, 120, placeholder=" …")
            print(f"{row.often:4} {'█' * min(row.often, 40)} {row.exercise}, {row.kind}: {mistake}")
        print(f"\nmarks.csv, mistakes.csv and what was said about each notebook are in {out}.")
        print("A ? is a pass with a remark: read the answer. Remarks are hints, no proof.")
        return 0
    try:
        with Reader() as reader:
            sheet = reader.read(contents(path))
    except (Unreadable, OSError) as error:
        parser.error(f"{path}: {error}")
    result = mark(sheet, behind)
    for name, judged in result["exercises"].items():
        sign = "✗" if not judged["passed"] else "?" if judged["remark"] else "✓"
        print(f"{sign} {name}: " + judged["said"].replace("\n", "\n    "))
    print(f"{result['passed']} of {result['of']}" + (f" ({result['remark']})" if result["remark"] else ""))
    try:
        print(f"To hand in: {keep(result, path).name}")
    except OSError as error:
        parser.error(f"no file to hand in was written: {error}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
