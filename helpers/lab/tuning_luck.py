"""`data/tuning.csv`: what a claim's effect would have been, had its settings been chosen on other seeds.

usage: python -m helpers.lab.tuning_luck ID ...

A search takes the best of many settings on a few seeds, and is lucky or not as a model is. So it is repeated on each of
`BLOCKS`, as many seeds as it had, disjoint from all that the course uses; with what it finds there the claim's table is
made again, on the seeds of the kept one: what differs is the choice alone. Cards show the lowest and the highest effect
in their fold. Prints a line a block.
"""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import pandas as pd

from helpers.evaluation.verdicts import TUNING
from helpers.experiments.chosen import Chosen
from helpers.lab import TABLES, all_claims, fresh, keep_findings, tables_of
from helpers.lab.measure_claims import Experiment, by_experiment, trained_together
from helpers.lab.reads import Reads
from helpers.support import environment, validate
from helpers.support.files import alone, whole

BLOCKS = range(2_000, 2_500, 100)  # the first seeds of five


@cache
def _search_table(name: str, start: int) -> pd.DataFrame:
    """The table of a search, on as many seeds from `start` on as the kept one has."""
    table = TABLES[name]
    return table.make(**table.settings | {table.seeds: range(start, start + len(table.settings[table.seeds]))})


@contextmanager
def chosen_on(start: int, several: list[Chosen]) -> Iterator[None]:
    """Inside, each of these has what its searches find on the seeds from `start` on."""
    for chosen in several:
        table = chosen.best(pd.concat([_search_table(name, start) for name in chosen.searches], ignore_index=True))
        vars(chosen).pop("_found", None)
        vars(chosen)["table"] = table
    try:
        yield
    finally:
        for chosen in several:
            for cached in ("_found", "table"):
                vars(chosen).pop(cached, None)


def measured(experiment: Experiment) -> pd.DataFrame:
    """id, block (its first seed), effect: of each of its claims and of `BLOCKS`."""
    tables, rows = tables_of(experiment.grid), []
    several = [chosen for table in tables for chosen in Reads(table.make, table.settings).chosen]
    if not several:
        came = f"{', '.join(experiment.ids)}, for which nothing is searched"
        validate.fail("ids", came, "claims whose models are tuned")
    for start in BLOCKS:
        with chosen_on(start, several):
            table = fresh(experiment.grid, experiment.only, tables[0].settings[tables[0].seeds])
        for id in experiment.ids:
            finding = all_claims()[id].judge(id, table)
            rows.append((id, start, finding.effect))
            print(f"{finding!r} · settings of the seeds from {start} on", flush=True)
    return pd.DataFrame(rows, columns=["id", "block", "effect"])


def main(arguments: list[str] | None = None) -> None:
    about = "Repeat the search behind claims on five other blocks of seeds."
    parser = argparse.ArgumentParser(prog="python -m helpers.lab.tuning_luck", description=about)
    parser.add_argument("ids", nargs="+", help="Claims, such as C5.9.")
    claims = {id: all_claims()[validate.choice("ids", id, all_claims())] for id in parser.parse_args(arguments).ids}
    environment.setup()
    for experiment in trained_together(by_experiment(claims)):
        rows = measured(experiment)
        with alone(TUNING), whole(TUNING) as part:
            kept = pd.read_csv(TUNING)
            every = pd.concat([kept[~kept["id"].isin(experiment.ids)], rows])
            every.to_csv(part, index=False, float_format="%.4f", lineterminator="\n")
    keep_findings.write()


if __name__ == "__main__":
    sys.exit(main())
