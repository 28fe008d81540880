"""What do N models cost, and what does one shared model cost? Operations counted, and times measured here and now.

A model takes rows of 136 numbers (16 ids with embeddings of 8 numbers, and 8 dense columns), has a bottom, and a tower
of [64, 32] for each task. Its cost is counted in multiply-adds of its dense layers, b for the bottom and t for a tower:
N single-task models take N(b + t) a row, one shared model b + Nt. Measured is the time of our thread on its processor;
on Windows, whose clock for that is coarse, the time that passes.
"""

import itertools
import os
import time
from collections.abc import Callable, Iterator, Sequence

import pandas as pd
import torch
from torch import Tensor

from helpers.models.shared_bottom import SharedBottom
from helpers.support import validate
from helpers.training.adam import Adam
from helpers.training.losses import squared_error

INPUTS = 136
TOWER = (64, 32)
BOTTOMS = {"64, 64": (64, 64), "128, 128": (128, 128), "512, 256, 128": (512, 256, 128)}
TASKS = (1, 2, 3, 4, 6, 8, 12, 16)
CANDIDATES = (100, 200, 500, 1000, 2000)
BUDGET = 40.0  # milliseconds that the text behind this course names for a ranking request
SPEED = 20e9  # multiply-adds a second: a round number near what one core of a laptop does with such layers
APART, SHARED, RATIO = "N models", "one shared", "ratio"
CLOCK = time.perf_counter if os.name == "nt" else time.thread_time


def operations(units: Sequence[int]) -> int:
    """Multiply-adds of one row through dense layers of these widths, from the inputs to the last layer."""
    return sum(a * b for a, b in itertools.pairwise(units))


def parts(bottom: Sequence[int]) -> tuple[int, int]:
    """b and t: multiply-adds a row of a bottom, and of a tower on top of it."""
    return operations([INPUTS, *bottom]), operations([bottom[-1], *TOWER, 1])


def ratio(tasks: int, b: float, t: float) -> float:
    """N(b + t) / (b + N·t): how many times as expensive N single-task models are as one shared model."""
    tasks = validate.number("tasks", tasks, low=1, whole=True)
    b, t = validate.number("b", b, low=0), validate.number("t", t, low=1e-12)
    return tasks * (b + t) / (b + tasks * t)


def operations_table() -> pd.DataFrame:
    """Every combination: bottom, candidates, tasks, model, million (multiply-adds a request), ms at `SPEED`, ratio."""
    rows = []
    for name, candidates, tasks in itertools.product(BOTTOMS, CANDIDATES, TASKS):
        b, t = parts(BOTTOMS[name])
        for model, cost in ((APART, tasks * (b + t)), (SHARED, b + tasks * t)):
            total = cost * candidates
            point = (name, candidates, tasks, model, total / 1e6, 1000 * total / SPEED, ratio(tasks, b, t))
            rows.append(point)
    table = pd.DataFrame(rows, columns=["bottom", "candidates", "tasks", "model", "million", "ms", "ratio"])
    table["bottom"] = pd.Categorical(table["bottom"], categories=list(BOTTOMS))  # in this order, not by the alphabet
    return table


def models(tasks: int, bottom: Sequence[int]) -> dict[str, list[SharedBottom]]:
    """N single-task models, and the one shared model for the same tasks."""
    names = [f"task {number + 1}" for number in range(validate.number("tasks", tasks, low=1, whole=True))]
    apart = [SharedBottom(INPUTS, {name: "regression"}, bottom, TOWER) for name in names]
    return {APART: apart, SHARED: [SharedBottom(INPUTS, dict.fromkeys(names, "regression"), bottom, TOWER)]}


def rounds(
    tasks: int, candidates: int, bottom: Sequence[int], repeats: int, *, training: bool = False
) -> Iterator[dict[str, float]]:
    """Milliseconds of N models and of one shared model, measured in turns: a dict {model: ms} for each of `repeats`.

    Measured is the scoring of `candidates` rows, or with `training` a step of Adam on as many. A first round, in which
    memory is taken and code is loaded, is not counted.
    """
    validate.number("repeats", repeats, low=1, whole=True)
    rows = torch.randn(candidates, INPUTS, generator=torch.Generator().manual_seed(0))
    make = _step if training else _scoring
    calls = {name: [make(model, rows) for model in several] for name, several in models(tasks, bottom).items()}
    for number in range(repeats + 1):
        spent = {}
        for name, several in calls.items():
            start = CLOCK()
            for call in several:
                call()
            spent[name] = 1000 * (CLOCK() - start)
        if number:
            yield spent


def _scoring(model: SharedBottom, rows: Tensor) -> Callable[[], None]:
    model.eval()

    @torch.no_grad()
    def call() -> None:
        model(rows)

    return call


def _step(model: SharedBottom, rows: Tensor) -> Callable[[], None]:
    optimizer, label = Adam(model.parameters(), lr=1e-3), rows[:, 0]

    def call() -> None:
        sum(squared_error(output, label).mean() for output in model(rows).values()).backward()
        optimizer.step()
        optimizer.zero_grad()

    return call


def measure(
    tasks: Sequence[int], candidates: int = 500, bottom: Sequence[int] = (128, 128), repeats: int = 9, **options
) -> pd.DataFrame:
    """The median of `repeats` rounds: a row a number of tasks, columns "N models", "one shared" (ms), "ratio".

    ratio is the median over the rounds of one divided by the other.
    """
    rows = []
    for count in tasks:
        spent = pd.DataFrame(rounds(count, candidates, bottom, repeats, **options))
        rows.append(spent.assign(**{RATIO: spent[APART] / spent[SHARED]}).median().rename(count))
    return pd.DataFrame(rows).rename_axis("tasks")


def measured_ratios(seeds: Sequence[int]) -> pd.DataFrame:
    """The claims' experiment, eight tasks and 500 candidates: seed (here the number of a measurement), ratio.

    Each measurement takes the fastest of five rounds of either side, the one that was disturbed least.
    """
    every = pd.DataFrame(rounds(8, 500, (128, 128), 5 * len(seeds)))
    fastest = every.groupby(every.index // 5).min()
    return pd.DataFrame({"seed": list(seeds), "ratio": fastest[APART] / fastest[SHARED]})
