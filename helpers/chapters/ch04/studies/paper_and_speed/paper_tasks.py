"""The tasks of the MMoE paper (Ma et al., KDD 2018, §3.2) under a Shared-Bottom, next to single-task models.

The paper's figure 3 shows that the loss of Shared-Bottom rises as p, the cosine of the tasks' directions, falls. Here
task A is the same at every p, on the same rows: only its partner changes. So its single-task loss is one number a seed,
and what a partner does to it is a paired difference. p goes on below 0, to −1.

Losses are compared as logarithms to base 2: a difference of 1 is a doubling of the loss. One run in ten is caught in a
poor solution with a loss many times larger, which a plain mean would report instead of the rest.
"""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pandas as pd
from torch import nn

from helpers.data.examples import Examples
from helpers.data.synthetic import TaskPair, mmoe_tasks
from helpers.evaluation.metrics import mse
from helpers.experiments.feature_tasks import INPUTS, MODELS, TASKS, TOWER, build
from helpers.lab.recheck import median
from helpers.lab.study import Study
from helpers.models.shared_bottom import SingleTask
from helpers.training.loop import Run

ROWS = (1000, 1000, 2000)
EPOCHS, BATCH = 150, 250  # 600 steps
P = (-1.0, -0.75, -0.5, 0.0, 0.5, 0.75, 0.9, 0.98, 1.0)
LEARNING_RATES = (0.01, 0.03, 0.1, 0.2)
LEARNING_RATE = 0.1  # what `tune` finds best for every model; its seeds serve no result


def structure(model: str, width: int, seed: int) -> nn.Module:
    """The single-task model of task A, or one of the others; width is that of the single-task model and of
    Shared-Bottom."""
    if model == "single-task":
        return SingleTask(INPUTS, "a", TASKS["a"], [width], [TOWER], seed=seed)
    return build(model, seed, width)


def batches(lr: float) -> dict:
    """Arguments of `fit`."""
    return {"epochs": EPOCHS, "batch_size": BATCH, "evaluate_every": 5, "lr": lr}


def task_pair(p: float, seed: int) -> TaskPair:
    return mmoe_tasks(ROWS, p=p, seed=seed)


def log2_loss(run: Run, test: Examples) -> pd.DataFrame:
    """The judge: copy, log2_mse of task A against its noise-free target, at its best validation epoch."""
    loss = mse(run.predict(test.inputs)["a"], test.labels["a"])
    return pd.DataFrame({"copy": range(len(loss)), "log2_mse": np.log2(loss)})


def tune(seeds: Iterable[int] = range(900, 920)) -> pd.DataFrame:
    """Mean log2 loss of each model at each of `LEARNING_RATES`, at p of −1, 0 and 1: a row a width and model."""
    axes = {"width": (3, 18), "model": MODELS, "p": (-1.0, 0.0, 1.0), "rate": LEARNING_RATES, "seed": seeds}
    return (
        replace(NARROW, axes=axes, options=lambda rate: batches(rate))
        .run()
        .pivot_table("log2_mse", ["width", "model"], "rate")
    )


def label_correlations() -> pd.Series:
    """Correlation of the two noise-free targets at each of `P`."""
    return pd.Series({value: mmoe_tasks((1, 1, 1), p=value).label_correlation for value in P}, name="label correlation")


# At this learning rate one rounding error at the start, as between two CPUs, moves a run's end by 0.1 (standard
# deviation), and now and then by several doublings. So half of the runs must end within 0.2, and not to one side.
ENDS = {"log2_mse": median(0.2, shift=0.1)}

ALONE = {"single-task": {"p": 1.0}}  # its partner does not concern it
NARROW = Study(
    "04_recipe",
    axes={"width": (3,), "model": MODELS, "p": P, "seed": range(100)},
    data=task_pair,
    model=structure,
    options=lambda: batches(LEARNING_RATE),
    judge=log2_loss,
    once=ALONE,
    near=ENDS,
    again={"seed": range(8), "p": [1.0]},
)
WIDE = replace(
    NARROW,
    name="04_recipe_wide",
    axes=NARROW.axes | {"width": (18,), "seed": range(40)},
    again={"seed": range(8), "p": [0.0]},
)
