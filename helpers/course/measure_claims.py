"""`make claims`: measure every claim again with seeds that no notebook uses, and compare with the notebooks' verdicts.

usage: python -m helpers.course.measure_claims [--seeds START:STOP] [--cluster tcp://HOST:PORT] [ID ...]

Each claim takes at least as many seeds as it needs to come out the same again, from START on. The experiments are
shared out among the cores of this machine, or the workers of a Dask cluster. Prints one line a claim, as soon as it is
measured, and a last line that counts; exits 1 if a verdict is not reproduced.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from functools import partial
from pathlib import Path

from helpers.course import all_claims
from helpers.experiments import jobs
from helpers.experiments.claim import VERDICTS
from helpers.support import environment

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def stated(folder: Path) -> dict[str, str]:
    """{claim id: verdict}, read from the outputs of the committed notebooks."""
    found = {}
    for path in sorted(folder.glob("*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            for output in cell.get("outputs", []):
                text = "".join(output.get("data", {}).get("text/plain", output.get("text", "")))
                found |= dict(re.findall(rf"(C\d+\.\d+) · ({'|'.join(VERDICTS)}) ·", text))
    return found


def _seeds(text: str) -> tuple[int, int]:
    start, stop = map(int, text.split(":"))
    if not 0 <= start < stop:
        raise ValueError
    return start, stop


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make claims", description=__doc__.splitlines()[0])
    help_seeds = "START:STOP; more are taken where a claim needs them"
    parser.add_argument("--seeds", type=_seeds, default="5000:5020", metavar="START:STOP", help=help_seeds)
    parser.add_argument("--cluster", metavar="tcp://HOST:PORT", help="a Dask scheduler; without it, all cores are used")
    parser.add_argument("ids", nargs="*", help="claims to measure; all if none is named")
    options = parser.parse_args(arguments)
    start, stop = options.seeds
    if unknown := set(options.ids) - {claim.id for claim in all_claims()}:
        parser.error(f"no claim {', '.join(sorted(unknown))}")
    environment.setup()
    verdicts = stated(NOTEBOOKS)
    claims = [claim for claim in all_claims() if not options.ids or claim.id in options.ids]
    groups = [
        [claim for claim in claims if claim.measure is measure] for measure in dict.fromkeys(c.measure for c in claims)
    ]
    named = {", ".join(claim.id for claim in group): group for group in groups}
    experiments = {
        name: partial(group[0].measure, range(start, max(stop, *(start + claim.seeds for claim in group))))
        for name, group in named.items()
    }
    failed = 0
    for done in jobs.run(experiments, options.cluster):
        for claim in named[done.name]:
            finding = claim.judge(done.table)
            same = verdicts.get(claim.id) == finding.verdict
            failed += not same
            note = "as stated" if same else f"NOT as stated: {verdicts.get(claim.id, 'in no notebook')}"
            print(f"{finding!r} · {note}", flush=True)
    print(f"{len(claims)} claims measured with new seeds: {len(claims) - failed} reproduced, {failed} not.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
