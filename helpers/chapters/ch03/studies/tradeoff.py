"""Fronts that no weighted sum can walk along, and what a compromise costs."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import torch

from helpers.chapters.ch03.tradeoff import WIDTH, _loss_and_auc, trade_off
from helpers.data.examples import Examples
from helpers.data.synthetic import RELU_MEAN, RELU_SD, relu_tasks
from helpers.evaluation.metrics import auc
from helpers.experiments.feature_tasks import INPUTS, TASKS, TOWER, full_batches
from helpers.experiments.sweep import points
from helpers.lab.kept_table import KeptTable, kept_tables
from helpers.lab.recheck import Recheck
from helpers.models.copies import Copies
from helpers.models.one_head import OneHead
from helpers.models.shared_bottom import SharedBottom, SingleTask
from helpers.training.adam import Adam
from helpers.training.loop import fit
from helpers.training.losses import binary_cross_entropy, squared_error


def mixed_label_auc(seeds: Sequence[int], weight: float = 0.3) -> pd.DataFrame:
    """One logit trained on two binary labels, and on the one mixed label w·a + (1−w)·b: seed, labels, task, auc."""
    tasks = dict.fromkeys(TASKS, "binary")
    pairs = [relu_tasks(shared=2, binary=True, seed=seed) for seed in seeds]
    train, valid, test = map(Examples.stack, zip(*pairs, strict=True))
    two = [OneHead(INPUTS, tasks, [WIDTH], [TOWER], seed=seed) for seed in seeds]
    fit(two, train, valid, task_weights={"a": weight, "b": 1 - weight}, **full_batches())
    one = [SingleTask(INPUTS, "score", "binary", [WIDTH], [TOWER], seed=seed) for seed in seeds]
    parts = [
        replace(part, labels={"score": weight * part.labels["a"] + (1 - weight) * part.labels["b"]})
        for part in (train, valid)
    ]
    fit(one, *parts, losses={"score": lambda logit, label: binary_cross_entropy(logit, label)}, **full_batches())
    rows = []
    with torch.no_grad():
        for number, seed in enumerate(seeds):
            inputs = test.inputs[number]
            scores = {"two": two[number](inputs)["a"], "one, mixed": one[number](inputs)["score"]}
            for (labels, score), task in product(scores.items(), TASKS):
                rows.append((seed, labels, task, auc(score, test.labels[task][number])))
    return pd.DataFrame(rows, columns=["seed", "labels", "task", "auc"])


# One hidden unit for two tasks: relu(u·x) must serve relu(x₁) and relu(x₂).

SUMS = ("weighted sum", "Chebyshev sum")
FINE = tuple(number / 20 for number in range(1, 20))


def unit_pair(rows: int, seed: int) -> Examples:
    """x ~ N(0, I) with two columns; task a is relu(x₁), task b is relu(x₂), both standardised, without noise."""
    x = np.random.default_rng(seed).standard_normal((rows, 2))
    y = torch.from_numpy((np.maximum(x, 0) - RELU_MEAN) / RELU_SD).float()
    return Examples(torch.from_numpy(x).float(), {"a": y[:, 0].clone(), "b": y[:, 1].clone()})


def one_unit(seeds: Sequence[int], weights: Sequence[float] = FINE) -> pd.DataFrame:
    """Shared-Bottom with a bottom of one unit and linear towers, trained on a sum of two losses.

    A row a sum, weight, seed and task, column loss (relative, on test rows):

    weighted sum   w·L(a) + (1−w)·L(b)
    Chebyshev sum  max(w·L(a), (1−w)·L(b))
    """
    at = points(sum=SUMS, weight=weights, seed=seeds)
    chebyshev = torch.tensor(list(at["sum"] == SUMS[1]))
    share = torch.tensor([[w, 1 - w] for w in at["weight"]], dtype=torch.float32)  # (copies, 2)
    train = {seed: unit_pair(500, seed) for seed in seeds}
    test = {seed: unit_pair(2000, seed + 1_000_000) for seed in seeds}
    rows_of, judged = (Examples.stack([part[seed] for seed in at["seed"]]) for part in (train, test))
    copies = Copies([SharedBottom(2, TASKS, [1], [], seed=seed) for seed in at["seed"]])
    optimizer = Adam(copies.groups(), lr=0.03)
    for _ in range(400):
        outputs = copies(rows_of.inputs)
        losses = torch.stack([squared_error(outputs[t], rows_of.labels[t]).mean(-1) for t in TASKS], dim=-1)
        parts = share * losses  # (copies, 2)
        torch.where(chebyshev, parts.amax(-1), parts.sum(-1)).sum().backward()
        optimizer.step()
        optimizer.zero_grad()
    scores = _loss_and_auc(copies.predict(judged.inputs), judged)
    return at.loc[scores["copy"]].reset_index(drop=True).join(scores[["task", "loss"]])


def compromises(table: pd.DataFrame) -> pd.DataFrame:
    """Of `one_unit`'s runs: which share of the weights ended where both tasks are served (losses below 0.9): sum, seed,
    share."""
    served = table.groupby(["sum", "seed", "weight"])["loss"].max().lt(0.9)
    return served.groupby(level=["sum", "seed"]).mean().rename("share").reset_index()


FEW = Recheck({"seeds": [3, 11], "correlations": [-0.75, 0.5], "weights": [0.2, 0.5]}, {"loss": 0.03, "auc": 0.03})
TABLES = kept_tables(
    KeptTable("03_one_score", trade_off, {"seeds": range(20)}, [FEW]),
    KeptTable("03_two_towers", trade_off, {"seeds": range(20), "model": "two towers"}, [FEW]),
    KeptTable(
        "03_one_unit", one_unit, {"seeds": range(20)}, [Recheck({"seeds": [4, 9], "weights": [0.5]}, {"loss": 0.05})]
    ),
)
