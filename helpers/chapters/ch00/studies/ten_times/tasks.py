"""Chapter 04's law with ten times the rows, ten times the units, and both with ten times the tasks.

Ten times the tasks alone are in `other_features`.

The tasks are those of `shaped_tasks`, sums of four products, which either need the same four, each in another mix of
signs, or four of their own. What shares nothing is a model for each task, and late fusion of them all; a Shared-Bottom,
whose outputs may be fused as well, has a bottom as wide as each of theirs. All take 250 steps, and chose a learning
rate for each size and condition on seeds that serve no result.
"""

from typing import NamedTuple

from torch import nn

from helpers.data.examples import Examples
from helpers.data.synthetic import CONDITIONS, shaped_tasks
from helpers.experiments.feature_tasks import INPUTS, TOWER
from helpers.lab.fused import fused_r2
from helpers.lab.study import Search, Study
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


TEN_TASKS = Study(
    "00_ten_tasks",
    axes={"size": tuple(SIZES), "condition": EXTREMES, "model": tuple(MODELS), "seed": range(20)},
    data=examples,
    model=build,
    options=steps,
    judge=fused_r2,
    near={"r2": 0.03},
    again={"seed": [3], "size": ["as in chapter 04"]},
    search=Search(
        "00_ten_tasks_tuning",
        {"rate": RATES},
        by=["size", "condition", "model"],
        seeds=range(900, 905),
        near={"loss": 20},
        again={"size": ["as in chapter 04"], "rate": [0.01]},
    ),
)
