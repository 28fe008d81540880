"""Does the law hold elsewhere? "Features decide, not labels": features that are no relus, and more than two tasks.

The tasks of `feature_tasks` are sums of relus, and networks of relus find them. Here a second recipe
(`helpers.data.synthetic.shaped_tasks`) makes the features of products, absolute values or small trees, and makes 2, 5
or 20 tasks. Single-task models, Shared-Bottom and Shared-Bottom of equal total size are those of `sharing`, with a
bottom of 16 units: a product needs more relus than a relu does. Each chose its learning rate for each shape and
condition, with two tasks, on seeds that serve no result.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import pandas as pd
from torch import nn

from helpers.data.examples import Examples
from helpers.data.synthetic import CONDITIONS, SHAPES, shaped_tasks
from helpers.experiments.chosen import Chosen
from helpers.experiments.feature_tasks import INPUTS, MODELS, TOWER, full_batches, mean_r2
from helpers.experiments.sweep import points, search
from helpers.lab.fused import fused_r2
from helpers.lab.kept_table import KeptTable, kept_tables
from helpers.lab.recheck import Recheck
from helpers.lab.study import Study
from helpers.models.shared_bottom import SharedBottom, SingleTask, SingleTasks, parameter_count

ROWS = {"products": 500, "absolute values": 500, "small trees": 2000}  # enough to learn something: trees need more
WIDTH = 16
TASKS = (2, 5, 20)
RATES = (0.001, 0.003, 0.01, 0.03)
RELATED = ("same features, same sign", "same features, opposite sign", "same features, other mix")
MIX, DISJOINT = EXTREMES = ("same features, other mix", "disjoint features")


def examples(shape: str, tasks: int, condition: str, seed: int) -> tuple[Examples, Examples, Examples]:
    """So many tasks in one of `CONDITIONS`."""
    return shaped_tasks((ROWS[shape], 500, 2000), shape=shape, tasks=tasks, seed=seed, **CONDITIONS[condition])


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


def tune(
    seeds: Sequence[int],
    shapes: Sequence[str] = SHAPES,
    models: Sequence[str] = MODELS,
    rates: Sequence[float] = RATES,
) -> pd.DataFrame:
    """Validation loss of each model of two tasks at each rate, in thousandths: shape, condition (of `EXTREMES`), model,
    rate, loss."""
    at = points(shape=shapes, tasks=TASKS[:1], condition=EXTREMES, model=models, rate=rates, seed=seeds)
    return search(at, examples, build, lambda rate: full_batches(rate)).drop(columns="tasks")


CHOSEN = Chosen(
    "04_other_features_tuning",
    by=["shape", "condition", "model"],
    setting=["rate"],
    value="loss",
    lowest=True,
)


def options(shape: str, condition: str, model: str) -> dict:
    """Of `fit`, at the chosen rate: a condition with features in common has that of the *other mix*."""
    return full_batches(CHOSEN[shape][condition if condition == DISJOINT else MIX][model])


LAW = Study(
    "04_other_features",
    axes={
        "shape": SHAPES,
        "tasks": TASKS[:1],
        "condition": (*RELATED, DISJOINT),
        "seed": range(20),
        "model": MODELS,
    },
    data=examples,
    model=build,
    options=options,
    judge=mean_r2,
    near={"r2": 0.03},
    again={"seed": [3], "shape": ["products"]},
)
MANY = replace(
    LAW,
    name="04_many_tasks",
    axes=LAW.axes | {"shape": ("products",), "tasks": TASKS[1:], "condition": EXTREMES, "model": MODELS[:2]},
    again={"seed": [3], "tasks": [5]},
)
WIDER = replace(  # does a bottom with the parameters of twenty separate models hold what 16 units cannot?
    MANY,
    name="04_many_wider",
    axes=MANY.axes | {"tasks": TASKS[2:], "condition": (DISJOINT,), "model": MODELS[2:]},
    again={"seed": [3]},
)
FUSED = replace(  # products in another mix, and late fusion of either model's outputs
    MANY,
    name="04_many_fused",
    axes={"tasks": TASKS, "seed": range(20), "model": MODELS[:2]},
    data=lambda tasks, seed: examples("products", tasks, MIX, seed),
    options=lambda model: options("products", MIX, model),
    judge=fused_r2,
    again={"seed": [3], "tasks": TASKS[1:]},
)
TUNED = {"shapes": ["products"], "models": ["shared-bottom"], "rates": [0.01]}
TABLES = kept_tables(
    KeptTable("04_other_features_tuning", tune, {"seeds": range(900, 904)}, [Recheck(TUNED, {"loss": 20})]),
)
