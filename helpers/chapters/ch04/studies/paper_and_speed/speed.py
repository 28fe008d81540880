"""How many steps does it take? Optimiser steps until the validation loss reaches a target, Shared-Bottom against
single-task models on the relu-feature tasks.

A run that never arrives within the budget has no number of steps. It is not dropped, which would flatter the slower
side: it counts as later than every run that arrived, and that is all a median has to know.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from scipy.special import bdtr
from torch import Tensor, nn

from helpers.data.examples import Examples
from helpers.data.synthetic import CONDITIONS, TaskPair, relu_tasks
from helpers.experiments.feature_tasks import INPUTS, MODELS, TASKS, TOWER, equal_width
from helpers.lab.kept_table import KeptTable, kept_tables
from helpers.lab.recheck import Recheck, equal
from helpers.models.copies import Copies
from helpers.models.shared_bottom import SharedBottom
from helpers.support import validate
from helpers.training.adam import Adam
from helpers.training.losses import squared_error

NAMES = ("same features, same sign", "same features, other mix", "disjoint features")
ROWS, VALID, BATCH, WIDTH = 1000, 500, 50, 8
EVERY, BUDGET = 4, 400  # steps between two looks at the validation loss, and at most
NOISE = 0.25  # variance of the label noise: the loss of a perfect model
TARGETS = (0.8, 0.85)  # R² on the validation rows, as a loss: 1 − R² + NOISE
LEARNING_RATES = (0.01, 0.03, 0.1)
LEARNING_RATE = 0.03  # what `tune` finds quickest for every model in every condition; its seeds serve no result
GROUP = 32  # runs that train together


def steps(
    seeds: Sequence[int],
    conditions: Sequence[str] = NAMES,
    lr: float = LEARNING_RATE,
    models: Sequence[str] = MODELS,
) -> pd.DataFrame:
    """First step with the validation loss at the target: condition, seed, model, task, target, step (NaN: never)."""
    points = [(name, seed) for name in conditions for seed in seeds]
    pairs = [relu_tasks((ROWS, VALID, 1), seed=seed, **CONDITIONS[name]) for name, seed in points]
    parts = []
    for model in models:
        bottom = [width_of(model)]
        for tasks in [{"a": TASKS["a"]}, {"b": TASKS["b"]}] if model == "single-task" else [TASKS]:
            for start in range(0, len(points), GROUP):
                some = points[start : start + GROUP]
                copies = [SharedBottom(INPUTS, tasks, bottom, [TOWER], seed=seed) for _, seed in some]
                first = arrivals(copies, pairs[start : start + GROUP], lr, [seed for _, seed in some])
                for (task, target), step in first.items():
                    part = pd.DataFrame(some, columns=["condition", "seed"])
                    parts.append(part.assign(model=model, task=task, target=target, step=step.numpy()))
    return pd.concat(parts, ignore_index=True).replace({"step": {np.inf: np.nan}})


def arrivals(
    models: Sequence[nn.Module], pairs: Sequence[TaskPair], lr: float, seeds: Sequence[int]
) -> dict[tuple[str, float], Tensor]:
    """Train a model on each pair; the first step at each target: {(task, target): (models,)}, inf if never.

    A batch is drawn from the training rows with replacement, in an order of its own for each of `seeds`.
    """
    train, valid, _ = map(Examples.stack, zip(*pairs, strict=True))
    copies, each = Copies(list(models)), torch.arange(len(models))[:, None]
    optimizer = Adam(copies.groups(), lr=lr)
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    first = {(task, target): torch.full((len(models),), torch.inf) for task in models[0].tasks for target in TARGETS}
    for step in range(1, BUDGET + 1):
        rows = torch.stack([torch.randint(len(train), (BATCH,), generator=generator) for generator in generators])
        outputs = copies(train.inputs[each, rows])
        sum(squared_error(outputs[task], train.labels[task][each, rows]).mean(-1).sum() for task in outputs).backward()
        optimizer.step()
        optimizer.zero_grad()
        if step % EVERY == 0:
            for task, output in copies.predict(valid.inputs).items():
                loss = squared_error(output, valid.labels[task]).mean(-1)
                for target in TARGETS:
                    there = loss <= 1 - target + NOISE
                    first[task, target][there] = first[task, target][there].clamp(max=step)
    return first


def width_of(model: str) -> int:
    """Units in the bottom of one of `MODELS`."""
    validate.choice("model", model, MODELS)
    return equal_width(WIDTH) if model == "shared-bottom, equal size" else WIDTH


def multiply_adds(width: int, tasks: int) -> int:
    """What one row costs on its way through a model with a bottom of `width`: products of a weight and an input."""
    return INPUTS * width + tasks * (width * TOWER + TOWER)


def share_saved(table: pd.DataFrame, model: str, count: str = "steps") -> pd.DataFrame:
    """What share of the single-task training `model` saves until both tasks are at the target, a row a condition,
    target and seed: 0.25 is a quarter less, −1 is twice as much.

    count   "steps" of the optimiser: those of the task that arrives last; or "multiply-adds" a row: a step of
            Shared-Bottom trains both tasks until the last one is there, each single-task model stops when it is there
    saved   1 where only the single-task models never arrive, −inf where only `model` never does, NaN where neither does
    """
    validate.columns("table", table, ["condition", "seed", "model", "task", "target", "step"])
    validate.choice("model", model, MODELS[1:])
    validate.choice("count", count, ("steps", "multiply-adds"))
    by = table.assign(step=table["step"].fillna(np.inf)).groupby(["condition", "target", "seed", "model"], sort=False)
    last, total = by["step"].max().unstack("model"), by["step"].sum().unstack("model")
    shared, single = last[model], last["single-task"]
    if count == "multiply-adds":
        shared, single = shared * multiply_adds(width_of(model), 2), total["single-task"] * multiply_adds(WIDTH, 1)
    return (1 - shared / single).rename("saved").reset_index()


def medians(table: pd.DataFrame, value: str, by: Sequence[str]) -> pd.DataFrame:
    """Median of `value` over seeds with a 95% interval, a row for each setting in `by`: median, low, high, seeds.

    The interval's ends are order statistics, so that it holds for any distribution, infinite values included. A NaN is
    an unknown value: it counts as −inf for the lower end and as +inf for the upper one.
    """
    rows = []
    for key, values in table.groupby(list(by), sort=False)[value]:
        rows.append((*key, *median_interval(values.to_numpy()), len(values)))
    return pd.DataFrame(rows, columns=[*by, "median", "low", "high", "seeds"])


def medians_saved(table: pd.DataFrame) -> pd.DataFrame:
    """Medians of the steps that each model saves, a row for each target, condition and model that shares."""
    parts = [share_saved(table, model).assign(model=model) for model in MODELS[1:]]
    return medians(pd.concat(parts), "saved", ["target", "condition", "model"])


def median_interval(values: np.ndarray) -> tuple[float, float, float]:
    """Median of independent values and its 95% interval from the binomial distribution: (median, low, high)."""
    count = len(values)
    below = np.arange(count // 2)
    place = int((bdtr(below, count, 0.5) <= 0.025).sum())  # the interval runs from the place-th lowest to highest
    if not place:
        validate.fail("values", f"{count} values", "at least 6, one a seed")
    unknown = np.isnan(values)
    low = np.sort(np.where(unknown, -np.inf, values))[place - 1]
    high = np.sort(np.where(unknown, np.inf, values))[-place]
    return float(np.median(values[~unknown])), float(low), float(high)


def tune(seeds: Sequence[int] = range(900, 920)) -> pd.DataFrame:
    """Median step at which the last task reaches R² 0.8, for each of `LEARNING_RATES`: a row a condition and model."""
    parts = [steps(seeds, lr=rate).assign(rate=rate) for rate in LEARNING_RATES]
    table = pd.concat(parts).fillna({"step": np.inf})
    last = table[table["target"] == TARGETS[0]].groupby(["condition", "model", "rate", "seed"])["step"].max()
    return last.groupby(level=["condition", "model", "rate"]).median().unstack("rate")


# On another CPU a run may cross the target one look earlier or later.
FEW = Recheck({"seeds": [7, 31]}, {"step": equal(0.8)})
TABLES = kept_tables(KeptTable("04_speed", steps, {"seeds": range(60)}, [FEW]))
