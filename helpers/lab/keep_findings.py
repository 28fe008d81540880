"""`data/findings.csv`: what the kept tables say of every claim, and on which unused seeds each was last measured again.

usage: python -m helpers.lab.keep_findings

Judges all claims on the kept tables and writes the file, and a row into `data/margins.csv` for each margin that is new;
`make grids` and `make claims` do it as well. Claims that are measured where they are shown have no row in the first.
"""

import argparse
import csv
import datetime
import sys
from collections.abc import Mapping
from dataclasses import asdict, fields, replace

import pandas as pd

from helpers.evaluation import verdicts
from helpers.evaluation.verdicts import Finding
from helpers.lab import all_claims, claim, judged, seeds
from helpers.support.files import alone, whole

COLUMNS = [field.name for field in fields(Finding)]


def write() -> None:
    """Judge every claim again on its kept table."""
    log_margins(all_claims())
    measured, tuned = seeds.measured(), pd.read_csv(verdicts.TUNING).groupby("id")["effect"].agg(tuple)
    claims = {id: stated for id, stated in all_claims().items() if not callable(stated.grid)}
    rows = [
        replace(finding, block=measured.get(finding.id, ""), tuned=tuned.get(finding.id, ()))
        for finding in judged(claims)
    ]
    with whole(verdicts.FINDINGS) as part, part.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        table.writeheader()
        table.writerows({name: _plain(value) for name, value in asdict(row).items()} for row in rows)
    verdicts.findings.cache_clear()


def log_margins(claims: Mapping[str, claim.Claim]) -> None:
    """A row in `data/margins.csv` for each claim that is new there, or whose margin has moved."""
    with alone(claim.MARGINS):
        last = pd.read_csv(claim.MARGINS).groupby("claim")["smallest"].last()
        new = {id: stated.smallest for id, stated in claims.items() if last.get(id) != stated.smallest}
        rows = "".join(f"{id},{datetime.date.today()},{smallest:g}\n" for id, smallest in new.items())
        if rows:
            with whole(claim.MARGINS) as part:
                part.write_bytes(claim.MARGINS.read_bytes() + rows.encode())
    claim.margins_before.cache_clear()


def _plain(value: object) -> object:
    """Six digits: the seventh depends on the machine. Of several numbers, with spaces between."""
    if isinstance(value, tuple):
        return " ".join(map(_plain, value))
    return f"{value:.6g}" if isinstance(value, float) else value


if __name__ == "__main__":
    about = "Judge every claim on its kept table and write data/findings.csv."
    argparse.ArgumentParser(prog="python -m helpers.lab.keep_findings", description=about).parse_args()
    sys.exit(write())
