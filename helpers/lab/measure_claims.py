"""`make claims`: measure every claim again with seeds that nobody has used, and compare with the kept verdicts.

usage: python -m helpers.lab.measure_claims [--seeds START:STOP] [--log] [ID ...]
       python -m helpers.lab.measure_claims --again [ID ...]

ID is a claim, such as C4.1, or a chapter, such as C4; without one, all claims are measured. Without --seeds it takes
the first block that `data/seeds.csv` does not have (`helpers.lab.seeds`): that is a replication. With --again it
takes the block on which most claims were measured, and of each table the experiment with the fewest seeds: a test that
the code still gives what it gave.

Each claim takes at least as many seeds as its verdict needs to replicate, from START on. The experiments are shared out
among the cores of this machine. Prints two lines a claim as soon as it is measured,
its numbers and its sentence; then how many pass Holm's test together, and a line that counts. A run of all claims is
logged, one of some with --log, in `data/seeds.csv` as it goes and in `data/findings.csv` at its end; runs on one block
add up. Claims whose data are absent are named and left out. Exits 1 if a verdict is not reproduced.
"""

import argparse
import datetime
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from importlib.metadata import version
from math import prod
from typing import NamedTuple

from helpers.evaluation.verdicts import UNDECIDED, Finding, agree, findings, weak
from helpers.experiments import jobs
from helpers.lab import absent, all_claims, fresh, keep_findings, needs, seeds, tables_of
from helpers.lab.claim import Claim, Source
from helpers.support import environment


def _seeds(text: str) -> tuple[int, int]:
    start, stop = map(int, text.split(":"))
    if not 0 <= start < stop:
        raise ValueError
    return start, stop


def _names(id: str) -> set[str]:
    """Of a claim and of its chapter."""
    return {id, id.partition(".")[0]}


class Experiment(NamedTuple):
    """Claims that one fresh table serves: their ids, its source, the settings that it is narrowed to, and its seeds."""

    ids: list[str]
    source: Source
    only: Mapping[str, object]
    seeds: int

    @property
    def runs(self) -> int:
        """How many points of its tables it trains, up to a factor that all experiments on them have in common."""
        each = [table.settings | self.only | {table.seeds: range(self.seeds)} for table in tables_of(self.source)]
        return sum(prod(len(level) for level in settings.values() if _several(level)) for settings in each)

    def joined(self, other: "Experiment") -> "Experiment | None":
        """The experiment that serves the claims of both; None where there is none, or two tables are fewer runs."""
        if callable(self.source) or self.source != other.source:
            return None
        only = {}
        for name in self.only.keys() & other.only.keys():  # what one of them does not narrow is whole
            levels, more = self.only[name], other.only[name]
            if levels != more and not (_several(levels) and _several(more)):
                return None
            only[name] = levels if levels == more else [*levels, *(level for level in more if level not in levels)]
        both = Experiment([*self.ids, *other.ids], self.source, only, max(self.seeds, other.seeds))
        return both if both.runs <= self.runs + other.runs else None


def _several(levels: object) -> bool:
    return isinstance(levels, Sequence) and not isinstance(levels, str)


def by_experiment(claims: Mapping[str, Claim]) -> list[Experiment]:
    """The experiments that measure these claims: one for those with the same source, narrowed alike."""
    groups, only = {}, {id: needs(claim) for id, claim in claims.items()}
    for id, claim in claims.items():
        groups.setdefault(repr((claim.source, only[id])), []).append(id)
    return [
        Experiment(ids, claims[ids[0]].source, only[ids[0]], max(claims[id].seeds for id in ids))
        for ids in groups.values()
    ]


def trained_together(experiments: list[Experiment]) -> list[Experiment]:
    """Those, with the ones on a source trained together that need fewer runs so: a rival that ten claims name, once."""
    merged = []
    for experiment in experiments:
        for place, other in enumerate(merged):
            if both := other.joined(experiment):
                merged[place] = both
                break
        else:
            merged.append(experiment)
    return merged


def one_a_table(experiments: list[Experiment]) -> list[Experiment]:
    """Of the experiments with one source, or one function, that with the fewest seeds, then the fewest claims."""
    ranked = sorted(experiments, key=lambda experiment: (experiment.seeds, len(experiment.ids)))
    tables = [repr(experiment.source) for experiment in ranked]
    return [experiment for place, experiment in enumerate(ranked) if tables[place] not in tables[:place]]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="make claims", description="Measure claims again with seeds that nobody has used."
    )
    help_seeds = "Take these seeds, and more where a claim needs more (each at least 20); without it, an unused block."
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--seeds", type=_seeds, metavar="START:STOP", help=help_seeds)
    which.add_argument("--again", action="store_true", help="Measure again on the most-used block of seeds.")
    parser.add_argument("--log", action="store_true", help="Log a run of some claims, too, in data/seeds.csv.")
    parser.add_argument("ids", nargs="*", help="Measure these claims or chapters; all if none is named.")
    options = parser.parse_args(arguments)
    if unknown := set(options.ids) - {name for id in all_claims() for name in _names(id)}:
        parser.error(f"no claim {', '.join(sorted(unknown))}")
    environment.setup()
    verdicts = {id: finding.verdict for id, finding in findings().items()}
    claims = {id: claim for id, claim in all_claims().items() if not options.ids or _names(id) & set(options.ids)}
    left_out = {id: words for id, claim in claims.items() if (words := absent(claim))}
    start, stop = options.seeds or (0, 0)
    asked = stop - start
    if options.again:
        start, known = seeds.last_block()
        left_out |= {id: "Undecided on the kept tables." for id in claims if verdicts.get(id) == UNDECIDED}
        left_out |= dict.fromkeys(claims.keys() - set(known), f"Not among the claims of block {start}.")
    claims = {id: claim for id, claim in claims.items() if id not in left_out}
    for words in dict.fromkeys(left_out.values()):
        print(f"Not measured: {', '.join(id for id in left_out if left_out[id] == words)}. {words}")
    experiments = by_experiment(claims)
    experiments = one_a_table(experiments) if options.again and not options.ids else trained_together(experiments)
    by_name = {", ".join(experiment.ids): experiment for experiment in experiments}
    logged, today = not options.again and (options.log or not options.ids), str(datetime.date.today())
    release, count = version("multitask-ranking-course"), max([asked, *(each.seeds for each in experiments)])
    if logged and experiments:
        start = seeds.reserve(release, today, count, start if options.seeds else None)
    elif not (options.seeds or options.again):
        start = seeds.next_block()
    measure = {}
    for name, (_, source, only, needed) in by_name.items():
        measure[name] = partial(fresh, source, only, range(start, start + max(asked, needed)))
    judged, failed = [], []
    print(f"Seeds from {start} on.", flush=True)
    for done in jobs.run(measure):
        print(f"In {done.seconds:.0f} s:", flush=True)
        for id in by_name[done.name].ids:
            finding = claims[id].judge(id, done.table)
            note = _comparison(finding, verdicts.get(id, finding.expected))  # what is measured live has no kept table
            judged.append(finding)
            failed += [id] if note.startswith("NOT") else []
            print(f"{finding!r} · {note}\n    {claims[id].sentence}", flush=True)
        if logged:  # at once: hours may follow
            seeds.append(release, today, start, start + count, by_name[done.name].ids, failed)
    tests, luck = sum(finding.expected != UNDECIDED for finding in judged), weak(judged)
    together = f"{tests - len(luck)} of {tests} pass Holm's test at 5%, each against its own margin"
    print(together + (f"; not {', '.join(luck)}." if luck else "."))
    if logged:
        keep_findings.write()
        print(f"Logged in data/seeds.csv: for these claims seeds {start} to {start + count - 1} are used up.")
    print(f"{len(judged)} claims measured with new seeds: {len(judged) - len(failed)} reproduced, {len(failed)} not.")
    return 1 if failed else 0


def _comparison(finding: Finding, stated: str) -> str:
    """How a verdict of new seeds stands to that of the kept table. An undecided one promised nothing."""
    if stated == UNDECIDED:
        return "undecided on the kept table, which promises nothing"
    return "as stated" if agree(finding.verdict, stated) else f"NOT as stated: {stated}"


if __name__ == "__main__":
    sys.exit(main())
