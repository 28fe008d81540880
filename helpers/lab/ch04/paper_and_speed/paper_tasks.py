"""The tasks of the MMoE paper (Ma et al., KDD 2018, §3.2) under a Shared-Bottom, next to single-task models.

The paper's figure 3 shows that the loss of Shared-Bottom rises as p, the cosine of the tasks' directions, falls. Here
task A is the same at every p, on the same rows: only its partner changes. So its single-task loss is one number a seed,
and what a partner does to it is a paired difference. p goes on below 0, to −1.

Losses are compared as logarithms to base 2: a difference of 1 is a doubling of the loss. One run in ten is caught in a
poor solution with a loss many times larger, which a plain mean would report instead of the rest.
"""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from torch import nn

from helpers.data.examples import Examples
from helpers.data.synthetic import TaskPair, mmoe_tasks
from helpers.evaluation.metrics import mse
from helpers.experiments.feature_tasks import INPUTS, MODELS, TASKS, TOWER, build
from helpers.experiments.sweep import points, sweep
from helpers.lab.kept_table import KeptTable, kept_tables
from helpers.lab.recheck import Recheck, median
from helpers.models.shared_bottom import SingleTask
from helpers.training.loop import Run

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
    two such single-task models. A single-task model, which p does not concern, is in the rows of every p.
    """

    def structure(model: str, width: int, seed: int) -> nn.Module:
        if model == "single-task":
            return SingleTask(INPUTS, "a", TASKS["a"], [width], [TOWER], seed=seed)
        return build(model, seed, width)

    at = points(width=widths, model=models, p=p, seed=seeds)
    return beside_partners(at, structure, lambda: batches(lr))[["width", "p", "seed", "model", "log2_mse"]]


def batches(lr: float) -> dict:
    """Arguments of `fit`."""
    return {"epochs": EPOCHS, "batch_size": BATCH, "evaluate_every": 5, "lr": lr}


def task_pair(p: float, seed: int) -> TaskPair:
    return mmoe_tasks(ROWS, p=p, seed=seed)


def beside_partners(at: pd.DataFrame, model: Callable, options: Callable) -> pd.DataFrame:
    """`sweep` over points with columns model, p and seed: `at`, and log2_mse of task A at its best validation epoch.

    A model called single-task is trained once for all p.
    """
    trained = at.assign(p=at["p"].mask(at["model"] == "single-task", 1.0))
    table = sweep(trained.drop_duplicates(), task_pair, model, options, _log2_mse)
    return at.assign(log2_mse=trained.merge(table, how="left")["log2_mse"].to_numpy())


def _log2_mse(run: Run, test: Examples) -> pd.DataFrame:
    loss = mse(run.predict(test.inputs)["a"], test.labels["a"])
    return pd.DataFrame({"copy": range(len(loss)), "log2_mse": np.log2(loss)})


def tune(seeds: Sequence[int] = range(900, 920)) -> pd.DataFrame:
    """Mean log2 loss of each model at each of `LEARNING_RATES`, at p of −1, 0 and 1: a row a width and model."""
    parts = [losses(seeds, (-1.0, 0.0, 1.0), lr=rate).assign(rate=rate) for rate in LEARNING_RATES]
    return pd.concat(parts).pivot_table("log2_mse", ["width", "model"], "rate")


def label_correlations() -> pd.Series:
    """Correlation of the two noise-free targets at each of `P`."""
    return pd.Series({value: mmoe_tasks((1, 1, 1), p=value).label_correlation for value in P}, name="label correlation")


# At this learning rate one rounding error at the start, as between two CPUs, moves a run's end by 0.1 (standard
# deviation), and now and then by several doublings. So half of the runs must end within 0.2, and not to one side.
ENDS = {"log2_mse": median(0.2, shift=0.1)}

FEW, FEW_WIDE = ([Recheck({"seeds": range(8), "p": [p]}, ENDS)] for p in (1.0, 0.0))
TABLES = kept_tables(
    KeptTable("04_recipe", losses, {"seeds": range(100), "widths": [3]}, FEW),
    KeptTable("04_recipe_wide", losses, {"seeds": range(40), "widths": [18]}, FEW_WIDE),
)
