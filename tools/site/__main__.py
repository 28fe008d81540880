"""`python -m tools.site`: see `tools.site`."""

import argparse
import sys
from pathlib import Path

from tools.notebooks import ROOT, find, take_paths
from tools.site.address import publish
from tools.site.pages import anew, export
from tools.solutions import for_students


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tools.site", description="Write the course as pages that need no network and no kernel."
    )
    parser.add_argument(
        "--out", type=Path, default=ROOT / "_site", help="Write the pages to this folder, in place of earlier pages."
    )
    parser.add_argument(
        "--url",
        default="",
        help="Name the address where the pages will be; one on GitHub is also written into the README.",
    )
    parser.add_argument("--student", action="store_true", help="Leave out worked solutions and decks.")
    take_paths(parser)
    args = parser.parse_args()
    books = find(args.paths)
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
