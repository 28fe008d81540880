"""`make claims`: measure every claim again with seeds that no notebook uses, and compare with the notebooks' verdicts.

usage: python -m helpers.course.measure_claims [--seeds START:STOP] [--cluster tcp://HOST:PORT] [ID ...]

Each claim takes at least as many seeds as its verdict needs to replicate, from START on. The experiments are shared out
among the cores of this machine, or the workers of a Dask cluster. Prints two lines a claim as soon as it is measured,
its numbers and its sentence, and a last line that counts; exits 1 if a verdict is not reproduced.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from helpers.course import all_claims, fresh
from helpers.experiments import jobs
from helpers.experiments.claim import VERDICTS, Claim
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


def by_experiment(claims: Mapping[str, Claim]) -> list[list[str]]:
    """The ids of those that one fresh table serves, together."""
    groups = {}
    for id, claim in claims.items():
        groups.setdefault(repr((claim.grid, claim.only)), []).append(id)
    return list(groups.values())


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make claims", description=__doc__.splitlines()[0])
    help_seeds = "START:STOP; more are taken where a claim needs them"
    parser.add_argument("--seeds", type=_seeds, default="5000:5020", metavar="START:STOP", help=help_seeds)
    parser.add_argument("--cluster", metavar="tcp://HOST:PORT", help="a Dask scheduler; without it, all cores are used")
    parser.add_argument("ids", nargs="*", help="claims to measure; all if none is named")
    options = parser.parse_args(arguments)
    start, stop = options.seeds
    if unknown := set(options.ids) - set(all_claims()):
        parser.error(f"no claim {', '.join(sorted(unknown))}")
    environment.setup()
    verdicts = stated(NOTEBOOKS)
    claims = {id: claim for id, claim in all_claims().items() if not options.ids or id in options.ids}
    groups = {", ".join(ids): ids for ids in by_experiment(claims)}
    experiments = {}
    for name, ids in groups.items():
        seeds = range(start, max(stop, *(start + claims[id].seeds for id in ids)))
        experiments[name] = partial(fresh, claims[ids[0]], seeds)
    failed = 0
    for done in jobs.run(experiments, options.cluster):
        for id in groups[done.name]:
            finding = claims[id].judge(id, done.table)
            same = verdicts.get(id) == finding.verdict
            failed += not same
            note = "as stated" if same else f"NOT as stated: {verdicts.get(id, 'in no notebook')}"
            print(f"{finding!r} · {note}\n    {claims[id].sentence}", flush=True)
    print(f"{len(claims)} claims measured with new seeds: {len(claims) - failed} reproduced, {failed} not.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
