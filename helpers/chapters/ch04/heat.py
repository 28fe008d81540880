"""How wide a bottom, how many rows? Transfer on the relu-feature tasks for each width of the bottom and amount of data.

Every run has the same number of steps, of batches of at most 250 rows, so that cells differ in what they could learn
from and not in how long they trained.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import pandas as pd

from helpers.chapters.ch04.sharing import INPUTS, MODELS, TASKS, TOWER, equal_width, stack
from helpers.data.synthetic import CONDITIONS, relu_tasks
from helpers.evaluation.metrics import r2
from helpers.experiments.chosen import Chosen
from helpers.experiments.grid import Grid, grids
from helpers.experiments.sample import Sample
from helpers.models.shared_bottom import SharedBottom
from helpers.training.loop import fit

NAMES = ("same features, same sign", "disjoint features")
WIDTHS = (4, 8, 16, 32)
ROWS = (250, 500, 1000, 2000)
STEPS, BATCH = 400, 250
LEARNING_RATES = (0.003, 0.01, 0.03)

# What `tune` finds best, {model: {width: {rows: rate}}}; its seeds serve no result.
RATES = Chosen("04_heat_tuning", by=["model", "width", "rows"], setting=["rate"], value="r2")


def transfer(
    seeds: Sequence[int],
    names: Sequence[str] = NAMES,
    widths: Sequence[int] = WIDTHS,
    rows: Sequence[int] = ROWS,
    models: Sequence[str] = MODELS,
) -> pd.DataFrame:
    """Test R² of each model at its tuned rate, the mean of both tasks: condition, width, rows, seed, model, r2."""
    parts = []
    for model in models:
        for width in widths:
            for count in rows:
                parts.append(cell(seeds, names, width, count, model, RATES[model][width][count]))
    return pd.concat(parts, ignore_index=True)


def cell(seeds: Sequence[int], names: Sequence[str], width: int, rows: int, model: str, lr: float) -> pd.DataFrame:
    """One model at one width and amount of data: as `transfer`."""
    points = [(name, seed) for name in names for seed in seeds]
    train, valid, test = stack([relu_tasks((rows, 500, 2000), seed=seed, **CONDITIONS[name]) for name, seed in points])
    batches = -(-rows // BATCH)  # in an epoch
    options = {"epochs": STEPS // batches, "batch_size": BATCH, "evaluate_every": max(1, 5 // batches), "lr": lr}
    bottom, scores = [equal_width(width) if model == "shared-bottom, equal size" else width], []
    for tasks in [{"a": TASKS["a"]}, {"b": TASKS["b"]}] if model == "single-task" else [TASKS]:
        copies = [SharedBottom(INPUTS, tasks, bottom, [TOWER], seed=seed) for _, seed in points]
        run = fit(copies, train, valid, seed=[seed for _, seed in points], **options)
        scores += [r2(value, test.labels[task]) for task, value in run.predict(test.inputs).items()]
    table = pd.DataFrame(points, columns=["condition", "seed"])
    return table.assign(width=width, rows=rows, model=model, r2=sum(scores) / len(scores))


def tune(
    seeds: Sequence[int],
    widths: Sequence[int] = WIDTHS,
    rows: Sequence[int] = ROWS,
    models: Sequence[str] = MODELS,
    rates: Sequence[float] = LEARNING_RATES,
) -> pd.DataFrame:
    """Each model at each of the rates: as `transfer`, and a column rate."""
    every = product(models, widths, rows, rates)
    parts = [cell(seeds, NAMES, width, count, model, rate).assign(rate=rate) for model, width, count, rate in every]
    return pd.concat(parts, ignore_index=True)


GRIDS = grids(
    Grid(
        "04_heat_tuning",
        tune,
        {"seeds": list(range(900, 904)), "widths": list(WIDTHS), "rows": list(ROWS), "rates": list(LEARNING_RATES)},
        [Sample({"seeds": [900], "widths": [4], "rows": [250], "rates": [0.01]}, {"r2": 0.02})],
    ),
    Grid(
        "04_heat",
        transfer,
        {"seeds": list(range(24)), "names": list(NAMES), "widths": list(WIDTHS), "rows": list(ROWS)},
        [Sample({"seeds": [5], "widths": [4, 32], "rows": [250, 2000]}, {"r2": 0.02})],
        [RATES],
    ),
)
