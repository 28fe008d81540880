"""Does sharing help? Shared-Bottom against single-task models on the relu-feature tasks, where we set what is shared.

R² is measured on test rows against the noise-free target, each task at its own best validation epoch. Models of one
seed see the same rows, so that differences between models are paired.
"""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd
from torch import nn

from helpers.data.synthetic import CONDITIONS, TaskPair
from helpers.experiments.feature_tasks import (
    LEARNING_RATE,
    MODELS,
    TASKS,  # noqa: F401 (the notebook uses it)
    build,
    full_batches,
    task_pair,
)
from helpers.experiments.sweep import points, sweep


def conditions(
    seeds: Sequence[int], conditions: Sequence[str] = tuple(CONDITIONS), lr: float = LEARNING_RATE
) -> pd.DataFrame:
    """Single-task, Shared-Bottom, and Shared-Bottom of equal total size: condition, seed, model, task, r2."""
    return sweep(points(condition=conditions, seed=seeds, model=MODELS), task_pair, build, lambda: full_batches(lr))


def flip(seeds: Sequence[int]) -> pd.DataFrame:
    """y_b → −y_b, with the last layer of tower b negated at the start: condition, seed, task, r2, model."""
    same, opposite = "same features, same sign", "same features, opposite sign"

    def data(condition: str, seed: int) -> TaskPair:
        pair = task_pair(same, seed)
        return negated(pair) if condition == opposite else pair

    def model(condition: str, seed: int) -> nn.Module:
        made = build("shared-bottom", seed)
        for parameter in made.towers[1][-1].parameters() if condition == opposite else ():
            parameter.data.neg_()
        return made

    table = sweep(points(condition=(same, opposite), seed=seeds), data, model, full_batches)
    return table.assign(model="shared-bottom")


def negated(pair: TaskPair) -> TaskPair:
    """The same pair with all labels of task b negated, noise included."""
    parts = (replace(part, labels=part.labels | {"b": -part.labels["b"]}) for part in pair)
    return TaskPair(*parts, -pair.label_correlation)
