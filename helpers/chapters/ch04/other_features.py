"""Does the law hold elsewhere? "Features decide, not labels": features that are no relus, and more than two tasks.

The tasks of `feature_tasks` are sums of relus, and networks of relus find them. Here a second recipe
(`helpers.data.synthetic.shaped_tasks`) makes the features of products, absolute values or small trees, and makes 2, 5
or 20 tasks. Single-task models, Shared-Bottom and Shared-Bottom of equal total size are those of `sharing`, with a
bottom of 16 units: a product needs more relus than a relu does.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import pandas as pd
from torch import nn

from helpers.data.examples import Examples
from helpers.data.synthetic import CONDITIONS, SHAPES, shaped_tasks
from helpers.experiments.feature_tasks import INPUTS, MODELS, TOWER, full_batches, mean_r2
from helpers.experiments.grid import Grid, grids
from helpers.experiments.sample import Sample
from helpers.experiments.sweep import points, sweep
from helpers.models.shared_bottom import SharedBottom, SingleTask, SingleTasks, parameter_count

ROWS, WIDTH = 500, 16
TASKS = (2, 5, 20)
MIX, DISJOINT = EXTREMES = ("same features, other mix", "disjoint features")


def examples(shape: str, tasks: int, condition: str, seed: int) -> tuple[Examples, Examples, Examples]:
    """So many tasks in one of `CONDITIONS`."""
    return shaped_tasks((ROWS, 500, 2000), shape=shape, tasks=tasks, seed=seed, **CONDITIONS[condition])


def build(model: str, tasks: int, seed: int) -> nn.Module:
    """One of `MODELS` for so many tasks, with its first parameters."""
    names = dict.fromkeys("abcdefghijklmnopqrstuvwxyz"[:tasks], "regression")
    units = equal_width(tasks) if model == MODELS[2] else WIDTH
    return (SingleTasks if model == MODELS[0] else SharedBottom)(INPUTS, names, [units], [TOWER], seed=seed)


@cache
def equal_width(tasks: int) -> int:
    """The width at which one Shared-Bottom has about as many parameters as a single-task model for each task."""
    budget = tasks * parameter_count(SingleTask(INPUTS, "a", "regression", [WIDTH], [TOWER]))

    def parameters(width: int) -> int:
        return (INPUTS + 1 + tasks * TOWER) * width + tasks * (2 * TOWER + 1)

    return min(range(WIDTH, tasks * WIDTH + 1), key=lambda width: abs(parameters(width) - budget))


def transfer(
    seeds: Sequence[int],
    shapes: Sequence[str] = SHAPES,
    tasks: Sequence[int] = TASKS,
    names: Sequence[str] = EXTREMES,
    models: Sequence[str] = MODELS,
) -> pd.DataFrame:
    """Test R², mean of all tasks: shape, tasks, condition (of `CONDITIONS`), seed, model, r2."""
    at = points(shape=shapes, tasks=tasks, condition=names, seed=seeds, model=models)
    return sweep(at, examples, build, full_batches, mean_r2)


CLOSE = {"r2": 0.03}
GRIDS = grids(
    Grid(
        "04_other_features",
        transfer,
        {"seeds": range(20), "tasks": [2], "names": tuple(CONDITIONS)},
        [Sample({"seeds": [3, 11], "shapes": ["products"]}, CLOSE)],
    ),
)
