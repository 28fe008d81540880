"""`python -m tools.site`: see `tools.site`."""

import argparse
import sys
from pathlib import Path

from tools.editions import for_students
from tools.notebooks import ROOT, find
from tools.site import __doc__ as ABOUT
from tools.site.address import publish
from tools.site.pages import anew, export


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.site", description=ABOUT.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "_site", help="folder for the pages")
    parser.add_argument(
        "--url", default="", help="where the pages will be; one on GitHub also names the repository in the README"
    )
    parser.add_argument("--student", action="store_true", help="without the worked solutions and without decks")
    parser.add_argument("notebooks", nargs="*", type=Path, default=[ROOT / "notebooks"], metavar="NOTEBOOK")
    args = parser.parse_args()
    books = find(args.notebooks)
    try:
        with anew(args.out) as out:
            publish(ROOT, args.url)
            export(books, out, args.url, for_students if args.student else None)
    except FileExistsError as error:
        parser.error(str(error))
    print(f"{len(books)} chapter{'s' * (len(books) != 1)} in {args.out}: open {args.out / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
