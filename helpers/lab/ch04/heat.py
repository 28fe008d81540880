"""How wide a bottom, how many rows? Transfer on the relu-feature tasks for each width of the bottom and amount of data.

Every run has the same number of steps, of batches of at most 250 rows, so that cells differ in what they could learn
from and not in how long they trained.
"""

from collections.abc import Sequence

import pandas as pd

from helpers.experiments.chosen import Chosen
from helpers.experiments.feature_tasks import EXTREMES, LEARNING_RATES, MODELS, build, mean_r2, small_batches, task_pair
from helpers.experiments.sweep import points, sweep
from helpers.lab.kept_table import KeptTable, kept_tables
from helpers.lab.recheck import Recheck

WIDTHS = (4, 8, 16, 32)
ROWS = (250, 500, 1000, 2000)
STEPS = 400
COLUMNS = ["condition", "seed", "width", "rows", "model", "r2"]

# What `tune` finds best, {model: {width: {rows: rate}}}; its seeds serve no result.
RATES = Chosen("04_heat_tuning", by=["model", "width", "rows"], setting=["rate"], value="r2")


def transfer(
    seeds: Sequence[int],
    names: Sequence[str] = EXTREMES,
    widths: Sequence[int] = WIDTHS,
    rows: Sequence[int] = ROWS,
    models: Sequence[str] = MODELS,
) -> pd.DataFrame:
    """Test R² of each model at its tuned rate, the mean of both tasks: condition, width, rows, seed, model, r2."""

    def options(model: str, width: int, rows: int) -> dict:
        return small_batches(rows, RATES[model][width][rows], STEPS)

    at = points(model=models, width=widths, rows=rows, condition=names, seed=seeds)
    return sweep(at, task_pair, build, options, mean_r2)[COLUMNS]


def tune(
    seeds: Sequence[int],
    widths: Sequence[int] = WIDTHS,
    rows: Sequence[int] = ROWS,
    models: Sequence[str] = MODELS,
    rates: Sequence[float] = LEARNING_RATES,
) -> pd.DataFrame:
    """Each model at each of the rates: as `transfer`, and a column rate."""
    at = points(model=models, width=widths, rows=rows, rate=rates, condition=EXTREMES, seed=seeds)
    table = sweep(at, task_pair, build, lambda rows, rate: small_batches(rows, rate, STEPS), mean_r2)
    return table[[*COLUMNS, "rate"]]


ONE = {"seeds": [900], "widths": [4], "rows": [250], "rates": [0.01]}
CORNERS = {"seeds": [5], "widths": [4, 32], "rows": [250, 2000]}
TABLES = kept_tables(
    KeptTable("04_heat_tuning", tune, {"seeds": range(900, 904)}, [Recheck(ONE, {"r2": 0.02})]),
    KeptTable("04_heat", transfer, {"seeds": range(24)}, [Recheck(CORNERS, {"r2": 0.02})]),
)
