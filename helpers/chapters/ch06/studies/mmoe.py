"""Do gates help? The searches and the comparisons of chapter 06's models.

Each structure chooses its shape among `SHAPES` and its learning rate among as many rates as every other, on seeds that
no result uses.

Three kinds of tasks: those of the MMoE paper (`paper_tasks` of chapter 04; losses of task A as logarithms to base 2),
the relu features of `feature_tasks` (R² of both tasks), and such features where the kind of row says which
of them count.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import torch
from torch import nn

from helpers.chapters.ch04.studies.paper_and_speed.paper_tasks import ALONE, ENDS, batches, log2_loss, task_pair
from helpers.chapters.ch06.mmoe import COLUMNS, MODELS, SHAPES, build, in_common
from helpers.data.examples import Examples
from helpers.data.synthetic import TaskPair, kind_tasks
from helpers.experiments import feature_tasks
from helpers.experiments.chosen import Chosen, shape_name
from helpers.experiments.feature_tasks import INPUTS, TASKS, mean_r2, small_batches
from helpers.lab.recheck import equal, median
from helpers.lab.study import Search, Study, shape_of
from helpers.models.experts import PLE, MMoE
from helpers.models.gates import gate_weights
from helpers.training.loop import Run

EXPERTS = 4
WITHIN = {"r2": 0.03}


def _shapes(model: str) -> list[str]:
    return list(map(shape_name, SHAPES[model]))


# The MMoE paper's tasks

PAPER_RATE = 0.01  # the largest of the paper's three rates, 0.0001, 0.001 and 0.01


def _for_a(model: str, shape: str, seed: int) -> nn.Module:
    return build(model, seed, {"a": TASKS["a"]} if model == "single-task" else TASKS, shape=shape_of(shape))


FIGURE_4 = Study(
    "06_figure_4",
    axes={"model": MODELS, "p": (0.0, 0.5, 1.0), "seed": range(80)},
    data=task_pair,
    model=_for_a,
    options=lambda rate: batches(rate),
    judge=log2_loss,
    once=ALONE,
    near=ENDS,
    again={"seed": range(8), "p": [0.0], "model": ["MMoE"]},
    search=Search(
        "06_tuning",
        {"shape": _shapes, "rate": (0.02, 0.05, 0.1, 0.15, 0.2)},
        by=["model"],
        seeds=range(900, 912),
        only={"p": (0.0, 1.0)},
        near=ENDS,
        again={"model": ["MMoE"], "shape": ["2 × 8"], "rate": [0.05]},
    ),
)
AT_PAPER_RATE = replace(
    FIGURE_4,
    name="06_paper_rate",
    axes=FIGURE_4.axes | {"seed": range(24)},
    model=lambda model, seed: _for_a(model, _shapes(model)[0], seed),
    options=lambda: batches(PAPER_RATE),
    search=None,
)

# Who uses which expert


def _gates(models: list[nn.Module], test: Examples, seed: list[int]) -> pd.DataFrame:
    """Of each of four experts the mean gate weight over the test rows, and what both tasks' gates have in common: copy,
    common, permuted, task, expert, weight.

    The experts of MMoE are numbered as they were drawn. Of PLE's, 1 is task A's own, 2 and 3 are shared, 4 is task B's
    own; a task's weight of the other's own expert is 0. Gates are those of the state with the best total loss.
    common and permuted are those of `in_common`, one number a run.
    """
    gates = gate_weights(models, test.inputs)
    if isinstance(models[0], PLE):
        a, b = gates["a"], gates["b"]
        none = torch.zeros_like(a[..., :1])
        gates = {"a": torch.cat([a, none], dim=-1), "b": torch.cat([none, b[..., 1:], b[..., :1]], dim=-1)}
    place = pd.DataFrame({"copy": range(len(models))})
    place[["common", "permuted"]] = [in_common(*of_copy) for of_copy in zip(gates["a"], gates["b"], seed, strict=True)]
    parts = []
    for task, weights in gates.items():
        mean = weights.mean(dim=1)  # (copies, experts)
        parts += [place.assign(task=task, expert=i + 1, weight=mean[:, i].numpy()) for i in range(EXPERTS)]
    return pd.concat(parts, ignore_index=True)


USAGE = Study(
    "06_usage",
    axes={"model": ("MMoE", "PLE"), "p": (-1.0, -0.5, 0.0, 0.5, 0.9, 1.0), "seed": range(24)},
    data=task_pair,
    model=build,
    options=lambda: batches(0.1),
    judge=_gates,
    near=dict.fromkeys(("weight", "common", "permuted"), median(0.1, shift=0.05)),
    again={"seed": range(8), "p": [0.0], "model": ["MMoE"]},
)

# Relu features: where MMoE does not help

SAME, OTHER = "same features, other mix", "disjoint features"
STEPS = 400  # of batches of at most 250 rows, whatever the amount of data
RELU_RATES = (0.005, 0.01, 0.02, 0.04)
RELU_RATE = 0.01  # of what is not tuned
RELU = Study(
    "06_relu",
    axes={"condition": (SAME, OTHER), "rows": (500, 2000), "seed": range(32), "model": MODELS},
    data=feature_tasks.task_pair,
    model=lambda model, shape, seed: build(model, seed, shape=shape_of(shape)),
    options=lambda rows, rate: small_batches(rows, rate, STEPS),
    near=WITHIN,
    again={"seed": [3, 11], "condition": [OTHER], "rows": [500], "model": ["shared-bottom, equal size", "MMoE"]},
    search=Search(
        "06_tuning_relu",
        {"shape": _shapes, "rate": RELU_RATES},
        by=["rows", "model"],
        seeds=range(900, 908),
        near=WITHIN,
        again={"seed": [900], "model": ["fixed gates"], "shape": ["4 × 4"], "rate": [0.01]},
    ),
)

# Where the kind of row says which features count

KIND_ROWS, KIND_STEPS = 2000, 800
KINDS = Study(
    "06_kinds",
    axes={"seed": range(32), "model": MODELS},
    data=lambda seed: kind_tasks((KIND_ROWS, 500, 2000), seed=seed),
    model=lambda model, shape, seed: build(model, seed, inputs=INPUTS + 1, shape=shape_of(shape)),
    options=lambda rate: small_batches(KIND_ROWS, rate, KIND_STEPS),
    near=WITHIN,
    again={"seed": [4], "model": ["MMoE", "fixed gates"]},
    search=Search(
        "06_tuning_kinds",
        {"shape": _shapes, "rate": (0.01, 0.02, 0.04, 0.08)},
        by=["model"],
        seeds=range(900, 908),
        near=WITHIN,
        again={"seed": [900, 901], "model": ["fixed gates"], "shape": ["4 × 4"], "rate": [0.02]},
    ),
)

# The same experts on both sides: what is left is the look at the row

ONE_SHAPE = {"model": ("MMoE", "fixed gates"), "shape": ("4 × 4",)}


def _of_one_shape(study: Study, name: str, **again) -> Study:
    """The study's comparison of `ONE_SHAPE`, each at the rate that its own search found best for this shape."""
    by = [*study.search.by, "shape"]
    rates = Chosen(study.search.name, by=by, setting=["rate"], value="r2", lowest=False)
    return replace(study, name=name, axes=study.axes | ONE_SHAPE, search=rates, again=again)


KINDS_OF_ONE_SHAPE = _of_one_shape(KINDS, "06_kinds_one_shape", seed=[4])
RELU_OF_ONE_SHAPE = _of_one_shape(RELU, "06_relu_one_shape", seed=[3], condition=[OTHER], rows=[500])

# PLE and the seesaw: disjoint features, trained on w·L(a) + (1−w)·L(b)

SEESAW = replace(
    RELU,
    name="06_seesaw",
    axes={
        "weight": (0.1, 0.5, 0.9),
        "seed": range(32),
        "model": ("one expert", "shared-bottom, equal size", "MMoE", "PLE"),
    },
    data=lambda seed: feature_tasks.task_pair(OTHER, seed, 2000),
    options=lambda weight, rate: (
        small_batches(2000, rate, STEPS) | {"task_weights": {"a": 2 * weight, "b": 2 - 2 * weight}}
    ),
    again={"seed": [5], "weight": [0.1], "model": ["PLE"]},
    search=replace(
        RELU.search,
        name="06_tuning_seesaw",
        by=["model"],
        again={"seed": [900, 901], "model": ["one expert"], "rate": [0.01]},
    ),
)


def seesaw(table: pd.DataFrame) -> pd.DataFrame:
    """What a task wins when its weight goes from 0.1 to 0.9, mean of both tasks: seed, model, seesaw."""
    by = table.pivot(index=["model", "seed"], columns=["task", "weight"], values="r2")
    won = (by["a", 0.9] - by["a", 0.1] + by["b", 0.1] - by["b", 0.9]) / 2
    return won.rename("seesaw").reset_index()


# One more input column, which no task needs, scaled or raw

USED = 0.05  # a gate uses an expert to which it gives more than this of its weight


def _experts_used(run: Run, models: list[nn.Module], test: Examples) -> pd.DataFrame:
    """copy, r2, the mean of both tasks, and used, how many of its experts a gate uses, the mean of both gates (NaN
    without gates)."""
    table = mean_r2(run, test).assign(used=np.nan)
    if isinstance(models[0], MMoE):
        gates = gate_weights(models, test.inputs).values()
        table["used"] = np.mean([(gate.mean(1) > USED).sum(1) for gate in gates], axis=0)
    return table


def with_column(pair: TaskPair, mean: float, deviation: float, seed: int) -> TaskPair:
    """The pair with one more input column, normal with this mean and standard deviation, which no task uses."""
    rng = np.random.default_rng(seed + 1_000_000)

    def wider(examples: Examples) -> Examples:
        column = mean + deviation * rng.standard_normal((len(examples), 1))
        return replace(examples, inputs=torch.cat([examples.inputs, torch.from_numpy(column).float()], dim=1))

    return TaskPair(*map(wider, pair), pair.label_correlation)


COLLAPSE = Study(
    "06_collapse",
    axes={"column": tuple(COLUMNS), "seed": range(24), "model": ("shared-bottom, equal size", "MMoE")},
    data=lambda column, seed: with_column(feature_tasks.task_pair(SAME, seed, 2000), *COLUMNS[column], seed),
    model=lambda model, seed: build(model, seed, inputs=INPUTS + 1),
    options=lambda: small_batches(2000, RELU_RATE, STEPS),
    judge=_experts_used,
    near=WITHIN | {"used": equal()},
    again={"seed": [7], "column": ["scaled"], "model": ["MMoE"]},
)
