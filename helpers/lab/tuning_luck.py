"""`data/tuning.csv`: what a claim's effect would have been, had its settings been chosen on other seeds.

usage: python -m helpers.lab.tuning_luck ID ...

A search takes the best of many settings on a few seeds, and is lucky or not as a model is. So it is repeated on each of
`BLOCKS`, as many seeds as it had, disjoint from all that the course uses; with what it finds there the claim's table is
made again, on the seeds of the kept one: what differs is the choice alone. Cards show the lowest and the highest effect
in their fold. A block may take half an hour; what was stopped goes on with the blocks that it lacks.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import reduce
from operator import getitem

import pandas as pd

from helpers.evaluation.verdicts import TUNING
from helpers.experiments.chosen import Chosen
from helpers.lab import TABLES, all_claims, fresh, keep_findings, tables_of
from helpers.lab.measure_claims import Experiment, by_experiment, trained_together
from helpers.lab.reads import Reads, forget
from helpers.support import environment, validate
from helpers.support.files import alone, whole

BLOCKS = range(2_000, 2_500, 100)  # the first seeds of five


class AsRead(Mapping):
    """What a `Chosen` maps, with the settings that its searches find on the seeds from `start` on.

    A setting is searched for when it is read, at its own levels: most claims read few of them.

    kept      what it maps in the course, below `keys`
    searched  the tables that were made so far, by search and levels
    """

    def __init__(self, chosen: Chosen, start: int, kept: Mapping, searched: dict, keys: tuple = ()):
        self._chosen, self._start, self._kept, self._searched, self._keys = chosen, start, kept, searched, keys

    def __getitem__(self, key: object) -> object:
        chosen, keys, below = self._chosen, (*self._keys, key), self._kept[key]
        if len(keys) < len(chosen.by):
            return AsRead(chosen, self._start, below, self._searched, keys)
        at = dict(zip(chosen.by, keys, strict=True))
        narrowed = {name: _levels(name, at) for name in chosen.searches}
        tried = [self._table(name, levels) for name, levels in narrowed.items() if levels is not None]
        return reduce(getitem, keys, chosen.nested(chosen.best(pd.concat(tried, ignore_index=True))))

    def __iter__(self) -> Iterator:
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)

    def _table(self, name: str, levels: dict[str, list]) -> pd.DataFrame:
        """Of a search at these levels, on as many seeds as the kept one has."""
        key = f"{name} {levels}"
        if key not in self._searched:
            table = TABLES[name]
            seeds = range(self._start, self._start + len(table.settings[table.seeds]))
            self._searched[key] = table.make(**table.settings | levels | {table.seeds: seeds})
        return self._searched[key]


def _levels(name: str, at: Mapping[str, object]) -> dict[str, list] | None:
    """The arguments that narrow a search to these levels of its columns; None where it has not got one of them."""
    levels = {}
    for argument, every in TABLES[name].settings.items():
        column = argument if argument in at else argument.removesuffix("s")
        if column in at and isinstance(every, Sequence) and not isinstance(every, str):
            if at[column] not in every:
                return None
            levels[argument] = [at[column]]
    return levels


@contextmanager
def chosen_on(start: int, several: list[Chosen]) -> Iterator[None]:
    """Inside, each of these has what its searches find on the seeds from `start` on."""
    searched = {}
    for chosen in several:
        vars(chosen)["_found"] = AsRead(chosen, start, dict(chosen), searched)
    try:
        yield
    finally:
        for chosen in several:
            forget(chosen)


def measure_blocks(experiment: Experiment, blocks: Sequence[int] = BLOCKS) -> Iterator[pd.DataFrame]:
    """id, block (its first seed), effect: of each of its claims; a table a block, as soon as it is made."""
    tables = tables_of(experiment.source)
    several = [chosen for table in tables for chosen in Reads(table.make, table.settings).chosen]
    if not several:
        came = f"{', '.join(experiment.ids)}, for which nothing is searched"
        validate.fail("ids", came, "claims whose models are tuned")
    for start in blocks:
        with chosen_on(start, several):
            table = fresh(experiment.source, experiment.only, tables[0].settings[tables[0].seeds])
        findings = [all_claims()[id].judge(id, table) for id in experiment.ids]
        for finding in findings:
            print(f"{finding!r} · settings of the seeds from {start} on", flush=True)
        yield pd.DataFrame(
            [(finding.id, start, finding.effect) for finding in findings], columns=["id", "block", "effect"]
        )


def lacking(experiment: Experiment) -> list[int]:
    """The blocks that not all of its claims have; where they have all, every block, to be measured anew."""
    kept = pd.read_csv(TUNING)
    kept = kept[kept["id"].isin(experiment.ids)].groupby("block")["id"].nunique()
    return [start for start in BLOCKS if kept.get(start, 0) < len(experiment.ids)] or [*BLOCKS]


def main(arguments: list[str] | None = None) -> None:
    about = "Repeat the search behind claims on five other blocks of seeds."
    parser = argparse.ArgumentParser(prog="python -m helpers.lab.tuning_luck", description=about)
    parser.add_argument("ids", nargs="+", help="Claims, such as C5.9.")
    claims = {id: all_claims()[validate.choice("ids", id, all_claims())] for id in parser.parse_args(arguments).ids}
    environment.setup()
    for experiment in trained_together(by_experiment(claims)):
        for rows in measure_blocks(experiment, lacking(experiment)):
            with alone(TUNING), whole(TUNING) as part:
                kept = pd.read_csv(TUNING)
                anew = kept["id"].isin(experiment.ids) & kept["block"].isin(rows["block"])
                pd.concat([kept[~anew], rows]).to_csv(part, index=False, float_format="%.4f", lineterminator="\n")
    keep_findings.write()


if __name__ == "__main__":
    sys.exit(main())
