"""`make bench`: prints `name value` lines on standard output, and what goes on to standard error.

usage: python -m benchmarks [--short] [chapters] [pages] [peers] [limits] [million] [service]
"""

import argparse
import sys

from benchmarks import chapters, limits, million, pages, peers, service

PARTS = {
    "chapters": chapters.lines,
    "pages": pages.lines,
    "peers": peers.lines,
    "limits": limits.lines,
    "million": million.lines,
    "service": service.lines,
}


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="make bench", description="Measure speed and memory, as lines of a name and a value."
    )
    parser.add_argument("--short", action="store_true", help="Give the same lines from little data and few rounds.")
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help=f"Measure these parts, of {', '.join(PARTS)}; all if none is named."
    )
    options = parser.parse_args(arguments)
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"no part {', '.join(sorted(unknown))}")
    for part in options.parts or PARTS:
        print(f"{part} ...", file=sys.stderr, flush=True)
        for name, value in PARTS[part](options.short):
            print(name, f"{value:.0f}" if value >= 1000 else f"{value:.4g}", flush=True)


if __name__ == "__main__":
    main()
