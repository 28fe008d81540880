"""The tasks of the MMoE paper (Ma et al., KDD 2018, §3.2) under a Shared-Bottom, with the single-task models beside it.

The paper's figure 3 shows that the loss of Shared-Bottom rises as p, the cosine of the tasks' directions, falls. Here
task A is the same at every p, on the same rows: only its partner changes. So its single-task loss is one number a seed,
and what a partner does to it is a paired difference. p goes on below 0, to −1.

Losses are compared as logarithms to base 2: a difference of 1 is a doubling of the loss. One run in ten is caught in a
poor solution with a loss many times larger, which a plain mean would report instead of the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import pandas as pd

from helpers.chapters.ch04.sharing import INPUTS, MODELS, TASKS, TOWER, equal_width, stack
from helpers.data.synthetic import mmoe_tasks
from helpers.evaluation.metrics import mse
from helpers.experiments.grid import Grid, grids
from helpers.experiments.sample import Sample, median
from helpers.models.shared_bottom import SharedBottom
from helpers.training.loop import fit

ROWS = (1000, 1000, 2000)
EPOCHS, BATCH = 150, 250  # 600 steps
P = (-1.0, -0.75, -0.5, 0.0, 0.5, 0.75, 0.9, 0.98, 1.0)
WIDTHS = (3, 18)
LEARNING_RATES = (0.01, 0.03, 0.1, 0.2)
LEARNING_RATE = 0.1  # what `tune` finds best for every model; its seeds serve no result


def losses(
    seeds: Sequence[int],
    p: Sequence[float] = P,
    widths: Sequence[int] = WIDTHS,
    lr: float = LEARNING_RATE,
    models: Sequence[str] = MODELS,
) -> pd.DataFrame:
    """Test loss of task A against its noise-free target: width, p, seed, model, log2_mse.

    width is that of the single-task model and of Shared-Bottom; 'shared-bottom, equal size' has as many parameters as
    two such single-task models. A single-task model, which p does not concern, stands in the rows of every p.
    """
    parts = []
    for width in widths:
        for model in models:
            if model == "single-task":
                alone = train([(1.0, seed) for seed in seeds], width, {"a": TASKS["a"]}, lr)
                table = pd.concat([alone.assign(p=value) for value in p])
            else:
                units = equal_width(width) if model == "shared-bottom, equal size" else width
                table = train([(value, seed) for value in p for seed in seeds], units, TASKS, lr)
            parts.append(table.assign(width=width, model=model))
    return pd.concat(parts, ignore_index=True)[["width", "p", "seed", "model", "log2_mse"]]


def train(points: Sequence[tuple[float, int]], width: int, tasks: dict[str, str], lr: float) -> pd.DataFrame:
    """One model for each (p, seed): p, seed and log2_mse of task A on the test rows, at its best validation epoch."""
    train_rows, valid, test = stack([mmoe_tasks(ROWS, p=p, seed=seed) for p, seed in points])
    models = [SharedBottom(INPUTS, tasks, [width], [TOWER], seed=seed) for _, seed in points]
    options = {"epochs": EPOCHS, "batch_size": BATCH, "evaluate_every": 5, "lr": lr}
    run = fit(models, train_rows, valid, seed=[seed for _, seed in points], **options)
    loss = mse(run.predict(test.inputs)["a"], test.labels["a"])
    return pd.DataFrame(points, columns=["p", "seed"]).assign(log2_mse=np.log2(loss))


def tune(seeds: Sequence[int] = range(900, 920)) -> pd.DataFrame:
    """Mean log2 loss of each model at each of `LEARNING_RATES`, at p of −1, 0 and 1: a row a width and model."""
    parts = [losses(seeds, (-1.0, 0.0, 1.0), lr=rate).assign(rate=rate) for rate in LEARNING_RATES]
    return pd.concat(parts).pivot_table("log2_mse", ["width", "model"], "rate")


@lru_cache
def label_correlations(p: Sequence[float] = P) -> pd.Series:
    """Correlation of the two noise-free targets at each p."""
    return pd.Series({value: mmoe_tasks((1, 1, 1), p=value).label_correlation for value in p}, name="label correlation")


# At this learning rate one rounding error at the start, as between two CPUs, moves a run's end by 0.1 (standard
# deviation), and now and then by several doublings. So half of the runs must end within 0.2, and not to one side.
ENDS = {"log2_mse": median(0.2, shift=0.1)}

GRIDS = grids(
    Grid(
        "04_recipe",
        losses,
        {"seeds": list(range(100)), "p": P, "widths": [3], "lr": LEARNING_RATE},
        [Sample({"seeds": range(8), "p": [1.0]}, ENDS)],
    ),
    Grid(
        "04_recipe_wide",
        losses,
        {"seeds": list(range(40)), "p": P, "widths": [18], "lr": LEARNING_RATE},
        [Sample({"seeds": range(8), "p": [0.0]}, ENDS)],
    ),
)
