"""The models of the relu-feature tasks and how they are trained: what the chapters' experiments on them have in common.

The tasks themselves are `helpers.data.synthetic.relu_tasks`, two regressions on 20 inputs.
"""

from functools import cache

import pandas as pd
from torch import nn

from helpers.data.examples import Examples
from helpers.data.synthetic import CONDITIONS, TaskPair, relu_tasks
from helpers.experiments.sweep import R2
from helpers.models.shared_bottom import SharedBottom, SingleTask, SingleTasks, parameter_count
from helpers.support import validate
from helpers.training.loop import Run

INPUTS = 20
TOWER = 8
WIDTH = 8  # of the bottom, where a chapter does not vary it
TASKS = {"a": "regression", "b": "regression"}
MODELS = ("single-task", "shared-bottom", "shared-bottom, equal size")
EXTREMES = ("same features, same sign", "disjoint features")
EPOCHS = 250
LEARNING_RATES = (0.003, 0.01, 0.03)
LEARNING_RATE = 0.01  # what `sharing.tune` finds best, within 0.005 R², for every model; its seeds serve no result


def task_pair(condition: str, seed: int, rows: int = 500) -> TaskPair:
    """Two tasks in one of `CONDITIONS`, with 500 validation and 2,000 test rows."""
    return relu_tasks((rows, 500, 2000), seed=seed, **CONDITIONS[validate.choice("condition", condition, CONDITIONS)])


@validate.checked
def full_batches(lr: float = LEARNING_RATE, epochs: int = EPOCHS) -> dict:
    """Arguments of `fit`: one step an epoch, on all rows."""
    return {"epochs": epochs, "batch_size": None, "evaluate_every": 5, "lr": lr}


@validate.checked
def small_batches(rows: int, lr: float, steps: int) -> dict:
    """Arguments of `fit`: so many steps, on batches of at most 250 rows, whatever the amount of data."""
    batches = -(-rows // 250)  # in an epoch
    return {"epochs": steps // batches, "batch_size": 250, "evaluate_every": max(1, 5 // batches), "lr": lr}


@validate.checked
def mean_r2(run: Run, test: Examples) -> pd.DataFrame:
    """The judge that gives the mean of the tasks' R², each at its own best epoch: copy, r2."""
    return R2(run, test).groupby("copy", as_index=False)["r2"].mean()


def build(model: str, seed: int, width: int = WIDTH) -> nn.Module:
    """One of `MODELS` with its first parameters; `width` is that of the single-task models and of Shared-Bottom."""
    kind = SingleTasks if validate.choice("model", model, MODELS) == "single-task" else SharedBottom
    units = equal_width(width) if model == "shared-bottom, equal size" else width
    return kind(INPUTS, TASKS, [units], [TOWER], seed=seed)


@validate.checked
@cache
def equal_width(width: int) -> int:
    """The bottom width at which one Shared-Bottom has about as many parameters as two single-task models of `width`."""
    budget = 2 * parameter_count(SingleTask(INPUTS, "a", "regression", [width], [TOWER]))
    sizes = range(width, 3 * width + 1)
    return min(sizes, key=lambda size: abs(parameter_count(SharedBottom(INPUTS, TASKS, [size], [TOWER])) - budget))
