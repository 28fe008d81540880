"""The models of the relu-feature tasks and how they are trained: what the chapters' experiments on them have in common.

The tasks themselves are `helpers.data.synthetic.relu_tasks`, two regressions on 20 inputs.
"""

from __future__ import annotations

from torch import nn

from helpers.models.shared_bottom import SharedBottom, SingleTask, SingleTasks, parameter_count
from helpers.support import validate

INPUTS = 20
TOWER = 8
TASKS = {"a": "regression", "b": "regression"}
MODELS = ("single-task", "shared-bottom", "shared-bottom, equal size")
EPOCHS = 250
LEARNING_RATES = (0.003, 0.01, 0.03)
LEARNING_RATE = 0.01  # what `sharing.tune` finds best, within 0.005 R², for every model; its seeds serve no result


def full_batches(lr: float = LEARNING_RATE, epochs: int = EPOCHS) -> dict:
    """Arguments of `fit`: one step an epoch, on all rows."""
    return {"epochs": epochs, "batch_size": None, "evaluate_every": 5, "lr": lr}


def build(model: str, width: int, seed: int) -> nn.Module:
    """One of `MODELS` with its first parameters; `width` is that of the single-task models and of Shared-Bottom."""
    kind = SingleTasks if validate.choice("model", model, MODELS) == "single-task" else SharedBottom
    units = equal_width(width) if model == "shared-bottom, equal size" else width
    return kind(INPUTS, TASKS, [units], [TOWER], seed=seed)


def equal_width(width: int) -> int:
    """The bottom width at which one Shared-Bottom has about as many parameters as two single-task models of `width`."""
    budget = 2 * parameter_count(SingleTask(INPUTS, "a", "regression", [width], [TOWER]))
    sizes = range(width, 3 * width + 1)
    return min(sizes, key=lambda size: abs(parameter_count(SharedBottom(INPUTS, TASKS, [size], [TOWER])) - budget))
