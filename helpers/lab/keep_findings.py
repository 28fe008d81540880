"""`data/findings.csv`: what the kept tables say of every claim, and on which unused seeds each was last measured again.

usage: python -m helpers.lab.keep_findings

Judges all claims on the kept tables and writes the file; `make grids` and `make claims` do it as well. Claims that are
measured where they are shown have no row.
"""

from __future__ import annotations

import csv
import sys
from dataclasses import asdict, fields, replace

from helpers.evaluation import verdicts
from helpers.evaluation.verdicts import Finding
from helpers.lab import all_claims, judged, seeds
from helpers.support.files import whole

COLUMNS = [field.name for field in fields(Finding)]


def write() -> None:
    """Judge every claim again on its kept table."""
    measured = seeds.measured()
    claims = {id: claim for id, claim in all_claims().items() if not callable(claim.grid)}
    rows = [replace(finding, block=measured.get(finding.id, "")) for finding in judged(claims)]
    with whole(verdicts.FINDINGS) as part, part.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        table.writeheader()
        table.writerows({name: _plain(value) for name, value in asdict(row).items()} for row in rows)
    verdicts.findings.cache_clear()


def _plain(value: object) -> object:
    """Six digits: the seventh depends on the machine."""
    return f"{value:.6g}" if isinstance(value, float) else value


if __name__ == "__main__":
    sys.exit(write())
