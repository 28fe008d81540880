"""Are gated experts easier to train? The MMoE paper's figures 4 and 5 at its size, with sines drawn anew for each seed.

The tasks are made as in `mmoe`, after the paper's section 3.2, but with the paper's 100 inputs, and the models are of
its size: 8 experts of 16 units and towers of 8. It counts 100 · 16 · 8 + 16 · 8 · 2 = 13,056 parameters and derives a
Shared-Bottom of 113 units. With gates and biases the MMoE has 14,818, and the Shared-Bottom of that size has 126 units:
it is the one here.

The paper says neither how many rows nor how many steps it took, nor which sines. We take 100,000 rows, six times each:
the question is how well a model trains. The seed draws the sines, the rows and the first parameters. Each model has
the rate that serves it best at p = 1, on seeds that no result uses (`tune`).
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from torch import nn

from helpers.data.synthetic import TaskPair, mmoe_tasks
from helpers.experiments.chosen import Chosen
from helpers.experiments.feature_tasks import TASKS
from helpers.experiments.sweep import points, sweep
from helpers.lab.kept_table import KeptTable, kept_tables
from helpers.lab.recheck import Recheck, median
from helpers.models.experts import MMoE
from helpers.models.shared_bottom import SharedBottom, parameter_count
from helpers.training.loop import TOTAL, Run

INPUTS, EXPERTS, UNITS, TOWER = 100, 8, 16, 8
WIDTH = 126  # of the Shared-Bottom
MODELS = BOTTOM, MMOE = ("shared-bottom, equal size", "MMoE")
P = (0.5, 1.0)  # of the three in the paper's figures 4 and 5, 0.5, 0.9 and 1
SINES = 4

ROWS = (100_000, 1, 2_000)
BATCH = 125
EPOCHS = 6  # of 800 steps
TOGETHER = 10  # seeds that train at once: their rows, at two p, take 2 GB
STEPS = EPOCHS * ROWS[0] // BATCH
RATES = (0.0003, 0.001, 0.003, 0.01)  # the paper's are 0.0001, 0.001 and 0.01
CHOSEN = Chosen("06_tuning_paper_size", by=["model"], setting=["rate"], value="log2_mse", lowest=True)


def build(model: str, seed: int) -> nn.Module:
    """One of `MODELS` with its first parameters."""
    options = {"towers": [TOWER], "seed": seed}
    if model == BOTTOM:
        return SharedBottom(INPUTS, TASKS, [WIDTH], **options)
    return MMoE(INPUTS, TASKS, experts=EXPERTS, units=[UNITS], **options)


def size(model: str) -> int:
    """How many parameters it takes for both tasks, gates and biases counted."""
    return parameter_count(build(model, 0))


def sines(seed: int) -> np.ndarray:
    """The α and the β of four sines, each drawn from N(0, 1): `(2, 4)`."""
    return np.random.default_rng(seed + 2_000_000).standard_normal((2, SINES))


def task_pair(p: float, seed: int) -> TaskPair:
    """Rows to train on, and rows without noise, on which a run is judged at the epoch that is best there: it is one of
    six, and nothing is fitted to these rows."""
    pair = mmoe_tasks(ROWS, p=p, inputs=INPUTS, sines=sines(seed), seed=seed)
    return TaskPair(pair.train, pair.test, pair.test, pair.label_correlation)


def progress(
    seeds: Sequence[int],
    p: Sequence[float] = P,
    models: Sequence[str] = MODELS,
    rates: Mapping[str, float] = CHOSEN,
    epochs: int = EPOCHS,
) -> pd.DataFrame:
    """The lowest loss of each run so far, on rows without noise, after every epoch: p, seed, model, steps, log2_mse.

    log2_mse is the mean of both tasks' logarithms.
    """
    parts = [
        sweep(
            points(p=p, seed=seeds[first : first + TOGETHER], model=models),
            data=task_pair,
            model=build,
            options=lambda model: {"epochs": epochs, "batch_size": BATCH, "lr": rates[model]},
            judge=_so_far,
        )
        for first in range(0, len(seeds), TOGETHER)
    ]
    return pd.concat(parts, ignore_index=True)


def _so_far(run: Run) -> pd.DataFrame:
    history = run.history[run.history["task"] != TOTAL]
    lowest = np.log2(history.groupby(["copy", "task"])["valid"].cummin()).rename("log2_mse")
    steps = (history["epoch"] * ROWS[0] // BATCH).rename("steps")
    return lowest.groupby([history["copy"], steps]).mean().reset_index()


def tune(seeds: Sequence[int], models: Sequence[str] = MODELS, rates: Sequence[float] = RATES) -> pd.DataFrame:
    """The loss at p = 1 after all steps, at each rate: seed, model, log2_mse, rate."""
    parts = []
    for rate in rates:
        table = progress(seeds, [1.0], models, dict.fromkeys(models, rate))
        parts.append(table[table["steps"] == STEPS].drop(columns=["p", "steps"]).assign(rate=rate))
    return pd.concat(parts, ignore_index=True)


ENDS = {"log2_mse": median(0.2, shift=0.1)}  # as in `mmoe`: a rounding error moves a run
ONE_RUN = Recheck({"seeds": [3], "p": [1.0], "models": [BOTTOM], "epochs": 2}, ENDS)
TABLES = kept_tables(
    KeptTable(
        "06_tuning_paper_size",
        tune,
        {"seeds": range(900, 904)},
        [Recheck({"seeds": [901], "models": [BOTTOM], "rates": [0.0003]}, ENDS)],
    ),
    KeptTable("06_paper_size", progress, {"seeds": range(60)}, [ONE_RUN]),
)
