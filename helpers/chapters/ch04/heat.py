"""How wide a bottom, how many rows? Transfer on the relu-feature tasks for each width of the bottom and amount of data.

Every run has the same number of steps, of batches of at most 250 rows, so that cells differ in what they could learn
from and not in how long they trained.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from helpers.chapters.ch04.sharing import INPUTS, MODELS, TASKS, TOWER, equal_width, stack
from helpers.data.synthetic import CONDITIONS, relu_tasks
from helpers.evaluation.metrics import r2
from helpers.experiments.grid import Grid, grids
from helpers.experiments.sample import Sample
from helpers.models.shared_bottom import SharedBottom
from helpers.training.loop import fit

NAMES = ("same features, same sign", "disjoint features")
WIDTHS = (4, 8, 16, 32)
ROWS = (250, 500, 1000, 2000)
STEPS, BATCH = 400, 250
LEARNING_RATES = (0.003, 0.01, 0.03)

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
    parts = []
    for model in models:
        for width in widths:
            for count in rows:
                lr = RATES[model][WIDTHS.index(width)][ROWS.index(count)]
                parts.append(cell(seeds, names, width, count, model, lr))
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
        [Sample({"seeds": [5], "widths": [4, 32], "rows": [250, 2000]}, {"r2": 0.02})],
        [RATES],
    ),
)
