"""Chapter 04's law with ten times the rows, ten times the units, and both with ten times the tasks.

Ten times the tasks alone are in `other_features`.

The tasks are those of `shaped_tasks`, sums of four products, which either need the same four, each in another mix of
signs, or four of their own. What shares nothing is a model for each task, and late fusion of them all; a Shared-Bottom,
whose outputs may be fused as well, has a bottom as wide as each of theirs. All take 250 steps, and chose a learning
rate for each size and condition on seeds that serve no result.
"""

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd
from torch import nn

from helpers.data.examples import Examples
from helpers.data.synthetic import CONDITIONS, shaped_tasks
from helpers.experiments.chosen import Chosen
from helpers.experiments.feature_tasks import INPUTS, TOWER, fused_r2
from helpers.experiments.sweep import points, search, sweep
from helpers.lab.kept_table import KeptTable, kept_tables
from helpers.lab.recheck import Recheck
from helpers.models.shared_bottom import SharedBottom, SingleTasks


class Size(NamedTuple):
    rows: int
    width: int
    tasks: int


SIZES = {
    "as in chapter 04": Size(500, 16, 2),
    "10 × rows": Size(5_000, 16, 2),
    "10 × units": Size(500, 160, 2),
    "10 × all": Size(5_000, 160, 20),
}
EXTREMES = ("same features, other mix", "disjoint features")
MODELS = {"single-task": SingleTasks, "shared-bottom": SharedBottom}
RATES = (0.003, 0.01, 0.03)
STEPS, BATCH = 250, 250


def examples(size: str, condition: str, seed: int) -> tuple[Examples, Examples, Examples]:
    rows, _, tasks = SIZES[size]
    return shaped_tasks((rows, 500, 2000), tasks=tasks, seed=seed, **CONDITIONS[condition])


def build(size: str, model: str, seed: int) -> nn.Module:
    """One of `MODELS` with its first parameters."""
    _, width, tasks = SIZES[size]
    names = dict.fromkeys("abcdefghijklmnopqrstuvwxyz"[:tasks], "regression")
    return MODELS[model](INPUTS, names, [width], [TOWER], seed=seed)


def steps(size: str, rate: float) -> dict:
    """Arguments of `fit`: so many steps, whatever the number of rows."""
    batches = SIZES[size].rows // BATCH
    return {"epochs": STEPS // batches, "batch_size": BATCH, "evaluate_every": max(1, 5 // batches), "lr": rate}


def tune(
    seeds: Sequence[int],
    sizes: Sequence[str] = tuple(SIZES),
    names: Sequence[str] = EXTREMES,
    models: Sequence[str] = tuple(MODELS),
    rates: Sequence[float] = RATES,
) -> pd.DataFrame:
    """Validation loss at each rate, in thousandths, mean of all tasks: size, condition, model, rate, loss."""
    at = points(size=sizes, condition=names, model=models, rate=rates, seed=seeds)
    return search(at, examples, build, steps)


# {size: {condition: {model: rate}}}
CHOSEN = Chosen("00_ten_tasks_tuning", by=["size", "condition", "model"], setting=["rate"], value="loss", lowest=True)


def compare(
    seeds: Sequence[int],
    sizes: Sequence[str] = tuple(SIZES),
    names: Sequence[str] = EXTREMES,
    models: Sequence[str] = tuple(MODELS),
) -> pd.DataFrame:
    """Test R², mean of all tasks, at the chosen rate: size, condition, model, seed, output, r2."""

    def options(size: str, condition: str, model: str) -> dict:
        return steps(size, CHOSEN[size][condition][model])

    at = points(size=sizes, condition=names, model=models, seed=seeds)
    return sweep(at, examples, build, options, fused_r2)


ONE = {"sizes": ["as in chapter 04"], "rates": [0.01]}
FEW = {"seeds": [3], "sizes": ["as in chapter 04"]}
TABLES = kept_tables(
    KeptTable("00_ten_tasks_tuning", tune, {"seeds": (900, 901)}, [Recheck(ONE, {"loss": 20})]),
    KeptTable("00_ten_tasks", compare, {"seeds": range(20)}, [Recheck(FEW, {"r2": 0.03})]),
)
