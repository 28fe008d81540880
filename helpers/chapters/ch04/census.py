"""Real pairs of tasks that are not thresholds of one number: Census-Income, the real data of the MMoE paper.

Its section 6.1 makes two pairs of labels out of the answers of one survey: an income above 50,000 beside "never
married", and a college degree beside "never married". What a model may read is every other column, without the income,
without the columns that became labels of the pair, and without the weight that a row has in the population.

Three networks of about as many parameters, embeddings and gates counted, and boosted trees of scikit-learn for a
yardstick, a forest of its own for each task. Each chooses among twelve settings, by the mean of both tasks' validation
losses, on seeds that no result uses; a network stops at its best epoch of each task, a forest at its best tree.

A seed decides which rows are train, validation and test rows, the first parameters and the order of the batches. All
seeds draw from the same log, so an interval over seeds needs the term for one log (`OVERLAP`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache, partial

import numpy as np
import pandas as pd
import torch
from torch import nn

from helpers.data import census
from helpers.data.examples import Examples
from helpers.data.features import Dense, Features, Sparse
from helpers.evaluation.metrics import auc, log_loss
from helpers.experiments.chosen import Chosen
from helpers.experiments.grid import Grid, grids
from helpers.experiments.sample import Sample
from helpers.experiments.sweep import points, sweep
from helpers.models.experts import MMoE
from helpers.models.shared_bottom import SharedBottom, SingleTasks, parameter_count
from helpers.support.downloads import CENSUS
from helpers.training.loop import TOTAL, Run

INCOME, COLLEGE = "income, never married", "college, never married"
TASKS = {INCOME: ("income above 50,000", "never married"), COLLEGE: ("college", "never married")}
PAIRS = tuple(TASKS)
ROWS = (2_000, 20_000, 60_000)  # to train on
VALID, TEST = 10_000, 20_000
OVERLAP = TEST / (99_762 - TEST)  # test rows over all that a seed may train on: two splits agree as often in both

EMBEDDING, TOWER = 4, [8]
MODELS = ("single-task", "shared-bottom", "MMoE", "boosted trees")
SHAPES: dict[str, tuple[tuple[int, ...], ...]] = {
    "single-task": ((9,), (9, 8), (8, 16)),
    "shared-bottom": ((32,), (30, 16), (28, 28)),
    "MMoE": ((2, 14), (4, 7), (6, 4)),
    "boosted trees": ((7,), (15,), (31,)),
}
RATES = (0.001, 0.003, 0.01, 0.03)
TREE_RATES = (0.03, 0.06, 0.12, 0.24)


@lru_cache
def examples(pair: str) -> Examples:
    """All rows with the labels of a pair; their groups are who has equal inputs."""
    frame, tasks = census.load(), TASKS[pair]
    features = features_of(pair)
    frame["alike"] = frame.groupby([column.name for column in features.columns], sort=False).ngroup()
    return features.examples(frame, {task: task for task in tasks}, groups="alike")


@lru_cache
def features_of(pair: str) -> Features:
    """Every column that a model may read, fitted on all rows: no label is seen."""
    frame, labels = census.load(), {census.LABELS[task][0] for task in TASKS[pair]}
    names = [name for name in census.COLUMNS if name not in labels | {"income", "instance weight"}]
    columns = [Dense(name) if name in census.NUMBERS else Sparse(name, EMBEDDING) for name in names]
    return Features(columns).fit(frame)


def parts(rows: int, pair: str, seed: int) -> list[Examples]:
    """So many training rows, and the validation and test rows of this seed, drawn at random."""
    order = torch.from_numpy(np.random.default_rng(seed).permutation(len(examples(pair))))
    return [examples(pair).take(part) for part in (order[TEST + VALID :][:rows], order[TEST:][:VALID], order[:TEST])]


def build(model: str, pair: str, shape: tuple[int, ...], seed: int) -> nn.Module:
    """One of the networks of `MODELS` with its first parameters; of "single-task" a model for each task."""
    tasks, of = dict.fromkeys(TASKS[pair], "binary"), features_of(pair)
    if model == "MMoE":
        return MMoE(of, tasks, experts=shape[0], units=[shape[1]], towers=TOWER, seed=seed)
    return (SingleTasks if model == "single-task" else SharedBottom)(of, tasks, list(shape), TOWER, seed=seed)


def size(model: str, shape: tuple[int, ...], pair: str = INCOME) -> int:
    """How many parameters a network takes for both tasks."""
    return parameter_count(build(model, pair, shape, 0))


def training(rows: int, rate: float) -> dict:
    """Arguments of `fit`."""
    return {"epochs": 40, "patience": 4, "batch_size": 128 if rows < 10_000 else 512, "lr": rate}
