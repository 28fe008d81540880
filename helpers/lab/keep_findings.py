"""`data/findings.csv`: what the kept tables say of every claim, and on which unused seeds each was last measured again.

usage: python -m helpers.lab.keep_findings

Judges all claims on the kept tables, writes the file, and prints each row that is new or has changed, with the seeds
that a replication needs. Then `data/margins.csv` has a row for each margin that is new. `make tables` and `make claims`
do it as well. Claims that are measured where they are shown have no row in the first.
"""

import argparse
import csv
import datetime
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, replace

import pandas as pd

from helpers.evaluation import verdicts
from helpers.evaluation.verdicts import Finding
from helpers.lab import all_claims, claim, judge_claims, replication, seeds, table_of
from helpers.support.files import alone, whole

COLUMNS = [field.name for field in fields(Finding)]


def write() -> None:
    """Judge every claim again on its kept table. Where that fails, nothing is written."""
    claims = {id: stated for id, stated in all_claims().items() if not callable(stated.source)}
    before = {replace(row, block="") for row in verdicts.findings().values()}
    findings = judge_claims(claims)
    log_margins(all_claims())
    with whole(verdicts.FINDINGS) as part, part.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        table.writeheader()
        table.writerows({name: _plain(value) for name, value in asdict(row).items()} for row in with_logs(findings))
    verdicts.findings.cache_clear()
    news = [row for row in verdicts.findings().values() if replace(row, block="") not in before]
    for finding in news:
        print(f"{finding!r}\n    {_promise(finding, claims[finding.id])}")
    print(f"{len(news)} of {len(claims)} rows of data/findings.csv are new or have changed.", flush=True)


def _promise(finding: Finding, stated: claim.Claim) -> str:
    """Whether the sentence is right, and what it takes to find that again."""
    if not finding.as_claimed:
        return f"NOT as its sentence says: {finding.expected}."
    if finding.verdict == verdicts.UNDECIDED:
        return "It promises nothing of other seeds."
    needs = replication.seeds_enough(stated, *replication.effect_moments(stated, table_of(stated)))
    return f"A replication needs {needs} seeds; claims.toml says {stated.seeds}."


def with_logs(findings: Sequence[Finding]) -> list[Finding]:
    """These, with what the logs have of them: earlier margins, other searches, the last block of unused seeds."""
    measured, tuned = seeds.last_blocks(), pd.read_csv(verdicts.TUNING).groupby("id")["effect"].agg(tuple)
    before = claim.margins_before()
    return [
        replace(row, before=before.get(row.id, ()), tuned=tuned.get(row.id, ()), block=measured.get(row.id, ""))
        for row in findings
    ]


def log_margins(claims: Mapping[str, claim.Claim]) -> None:
    """A row in `data/margins.csv` for each claim that is new there, or whose margin has moved; it replaces one of the
    same day, which was a draft."""

    def moved(log: pd.DataFrame) -> dict[str, str]:
        last = log.groupby("claim")["smallest"].last()
        return {id: margin for id, margin in margins.items() if last.get(id) != margin}

    margins, today = {id: f"{stated.smallest:g}" for id, stated in claims.items()}, str(datetime.date.today())
    with alone(claim.MARGINS):
        log = pd.read_csv(claim.MARGINS, dtype=str)
        log = log[(log["date"] != today) | ~log["claim"].isin(moved(log))]
        new = pd.DataFrame([(id, today, margin) for id, margin in moved(log).items()], columns=log.columns)
        with whole(claim.MARGINS) as part:
            pd.concat([log, new]).to_csv(part, index=False, lineterminator="\n")
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
