"""How wide a bottom, how many rows? Transfer on the relu-feature tasks for each width of the bottom and amount of data.

Every run has the same number of steps, of batches of at most 250 rows, so that cells differ in what they could learn
from and not in how long they trained.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from helpers.experiments.feature_tasks import LEARNING_RATES, MODELS, build, mean_r2, small_batches, task_pair
from helpers.experiments.grid import Grid, grids
from helpers.experiments.sweep import points, sweep

NAMES = ("same features, same sign", "disjoint features")
WIDTHS = (4, 8, 16, 32)
ROWS = (250, 500, 1000, 2000)
STEPS = 400

# What `tune` chose of these for each model: a line a width, a column an amount of rows. Its seeds serve no result.
RATES: dict[str, list[list[float]]] = {
    "single-task": [
        [0.003, 0.01, 0.003, 0.01],
        [0.003, 0.03, 0.003, 0.03],
        [0.01, 0.03, 0.01, 0.003],
        [0.01, 0.03, 0.01, 0.01],
    ],
    "shared-bottom": [
        [0.01, 0.003, 0.01, 0.01],
        [0.003, 0.03, 0.01, 0.01],
        [0.01, 0.01, 0.03, 0.01],
        [0.01, 0.01, 0.01, 0.01],
    ],
    "shared-bottom, equal size": [
        [0.003, 0.01, 0.03, 0.03],
        [0.01, 0.03, 0.01, 0.01],
        [0.01, 0.01, 0.01, 0.03],
        [0.03, 0.03, 0.03, 0.03],
    ],
}


def transfer(
    seeds: Sequence[int],
    names: Sequence[str] = NAMES,
    widths: Sequence[int] = WIDTHS,
    rows: Sequence[int] = ROWS,
    models: Sequence[str] = MODELS,
) -> pd.DataFrame:
    """Test R² of each model at its tuned rate, the mean of both tasks: condition, width, rows, seed, model, r2."""

    def options(model: str, width: int, rows: int) -> dict:
        return small_batches(rows, RATES[model][WIDTHS.index(width)][ROWS.index(rows)], STEPS)

    at = points(model=models, width=widths, rows=rows, condition=names, seed=seeds)
    return sweep(at, task_pair, build, options, mean_r2)[["condition", "seed", "width", "rows", "model", "r2"]]


def cell(seeds: Sequence[int], names: Sequence[str], width: int, rows: int, model: str, lr: float) -> pd.DataFrame:
    """One model at one width, amount of data and learning rate: as `transfer`."""
    at = points(model=[model], width=[width], rows=[rows], condition=names, seed=seeds)
    return sweep(at, task_pair, build, lambda: small_batches(rows, lr, STEPS), mean_r2)


def tune(seeds: Sequence[int] = range(900, 904)) -> dict[str, list[list[float]]]:
    """The one of `LEARNING_RATES` with the highest mean R², for each model, width and amount of data."""

    def best(model: str, width: int, rows: int) -> float:
        return max(LEARNING_RATES, key=lambda rate: cell(seeds, NAMES, width, rows, model, rate)["r2"].mean())

    return {model: [[best(model, width, rows) for rows in ROWS] for width in WIDTHS] for model in MODELS}


GRIDS = grids(
    Grid(
        "04_heat",
        transfer,
        {"seeds": list(range(24)), "names": list(NAMES), "widths": list(WIDTHS), "rows": list(ROWS)},
    ),
)
