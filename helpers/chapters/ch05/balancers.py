"""Pairs of tasks whose losses differ in size, in speed, or not at all, and a balancer at work on them.

The size of task A's loss is set by a factor, its *scale*: it multiplies the loss and changes nothing else, as another
unit of the label would.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import torch
from torch import nn

from helpers.data.examples import Examples
from helpers.data.synthetic import CONDITIONS, TaskPair, relu_tasks
from helpers.experiments.feature_tasks import EPOCHS, INPUTS, LEARNING_RATE, TASKS, TOWER, full_batches
from helpers.experiments.sweep import R2
from helpers.models.shared_bottom import SharedBottom
from helpers.training.balance import Balance
from helpers.training.loop import Run, fit

WIDTH = 8
CONSTANT = 1.25  # what a constant guess loses: the variance 1 of a target, and that of its noise


def disjoint_pair(seed: int) -> TaskPair:
    """Two tasks that need different features: the pair that loses by sharing a narrow bottom (chapter 04)."""
    return relu_tasks(seed=seed, **CONDITIONS["disjoint features"])


def same_pair(seed: int) -> TaskPair:
    """Two tasks that need the same features, label correlation 0: the pair that gains (chapter 04)."""
    return relu_tasks(seed=seed, **CONDITIONS["same features, other mix"])


def speed_pair(seed: int) -> TaskPair:
    """A fast task and a slow one, of equal size: a = u·x, b = (v·x)(w·x), with u, v, w orthonormal.

    Both targets have variance 1 and noise of standard deviation 0.5; rows as in `relu_tasks`.
    """
    template = relu_tasks(seed=seed)
    rng = np.random.default_rng((5, seed))
    u, v, w = np.linalg.qr(rng.standard_normal((INPUTS, 3)))[0].T

    def part(examples: Examples, noise: float) -> Examples:
        x = examples.inputs.numpy()
        targets = np.column_stack([x @ u, (x @ v) * (x @ w)])
        labels = targets + noise * rng.standard_normal(targets.shape)
        return replace(examples, labels={t: torch.from_numpy(labels[:, i]).float() for i, t in enumerate(TASKS)})

    return TaskPair(*map(part, template, (0.5, 0.5, 0.0)), label_correlation=0.0)


@dataclass(frozen=True)
class Situation:
    """A pair of tasks, the factor on the loss of task A, and the width of the bottom."""

    pair: Callable[[int], TaskPair]
    scale: float = 1.0
    width: int = WIDTH


SITUATIONS = {
    "narrow bottom": Situation(disjoint_pair, width=4),
    "100 : 1": Situation(disjoint_pair, 100),
    "100 : 1, same features": Situation(same_pair, 100),
    "fast and slow": Situation(speed_pair),
}


def train(
    at: Situation,
    seeds: Sequence[int],
    share: float = 0.0,
    balance: Balance | Callable[[Mapping[str, float]], Balance] | None = None,
    kind: type[nn.Module] = SharedBottom,
    epochs: int = EPOCHS,
    lr: float = LEARNING_RATE,
    **options,
) -> tuple[Run, pd.DataFrame]:
    """A model a seed, and its R²: a row a seed and task.

    share, balance  as in a `Setting`
    kind            `SharedBottom`, or `SingleTasks` of the same width
    options         of `fit`, in place of full batches
    """
    train_rows, valid, test = map(Examples.stack, zip(*map(at.pair, seeds), strict=True))
    weights = {"a": 2 * share, "b": 2 * (1 - share)} if share else {"a": at.scale, "b": 1.0}
    if callable(balance):
        balance = balance({task: weight * CONSTANT for task, weight in weights.items()})
    models = [kind(INPUTS, TASKS, [at.width], [TOWER], seed=seed) for seed in seeds]
    weighed = {"task_weights": weights, "balance": balance, "seed": list(seeds)}
    run = fit(models, train_rows, valid, **full_batches(lr, epochs) | weighed | options)
    scores = R2(run, test).rename(columns={"copy": "seed"})
    return run, scores.assign(seed=np.asarray(seeds)[scores["seed"]])


LOOKS = (5, 10, 20, 30, 50, 75, 100, 150, 200, 250)


def traces(table: pd.DataFrame) -> pd.DataFrame:
    """The weights of `scales`, a row an epoch: pair, scale, method, seed, task, epoch, weight."""
    keys = ["pair", "scale", "method", "seed", "task"]
    long = table.melt(keys, [str(look) for look in LOOKS], "epoch", "weight")
    return long.assign(epoch=long["epoch"].astype(int))
