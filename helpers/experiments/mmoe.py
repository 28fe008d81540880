"""Do gates help? MMoE, one-gate MoE and PLE against models of as many parameters that have no gates.

All models have about the parameters of an MMoE of four experts of four units, gates counted: a Shared-Bottom with one
wide bottom, and two single-task models together. `ONE_EXPERT` is what is left of the MMoE with one of its experts: a
Shared-Bottom of four units, with less than a third of the parameters.

Two kinds of tasks: those of the MMoE paper (`recipe`, as in chapter 04, losses of task A as logarithms to base 2), and
the relu features of `sharing` (R² of both tasks).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import torch
from torch import nn

from helpers import validate
from helpers.examples import Examples
from helpers.experiments import Grid, grids
from helpers.experiments.recipe import BATCH, EPOCHS, ROWS
from helpers.experiments.sharing import INPUTS, TASKS, TOWER, stack
from helpers.experts import PLE, MMoE, gate_weights
from helpers.metrics import mse, r2
from helpers.models import SharedBottom, parameter_count
from helpers.simulation import CONDITIONS, TaskPair, mmoe_tasks, relu_tasks
from helpers.training import Run, fit

EXPERTS, UNITS = 4, 4
SINGLE, ONE_EXPERT, WIDE, ONE_GATE, MULTI, LAYERED = MODELS = (
    "single-task",
    "one expert",
    "shared-bottom, equal size",
    "one-gate MoE",
    "MMoE",
    "PLE",
)
PAPER = MODELS[:5]  # PLE came two years later
P = (0.0, 0.5, 0.9, 1.0)


def build(model: str, seed: int, tasks: dict[str, str] = TASKS, inputs: int = INPUTS) -> nn.Module:
    """One of `MODELS` with its first parameters; a single-task model of the one task in `tasks`."""
    makers: dict[str, Callable[..., nn.Module]] = {
        SINGLE: partial(SharedBottom, bottom=[SINGLE_WIDTH]),
        ONE_EXPERT: partial(SharedBottom, bottom=[UNITS]),
        WIDE: partial(SharedBottom, bottom=[WIDE_WIDTH]),
        ONE_GATE: partial(MMoE, experts=EXPERTS, units=[UNITS], one_gate=True),
        MULTI: partial(MMoE, experts=EXPERTS, units=[UNITS]),
        LAYERED: partial(PLE, shared=EXPERTS - 2, own=1, units=[UNITS]),
    }
    return makers[validate.choice("model", model, MODELS)](inputs, tasks, towers=[TOWER], seed=seed)


def _width(tasks: dict[str, str], budget: float) -> int:
    """Of a bottom with which a Shared-Bottom on `tasks` has `budget` parameters, or as nearly as can be."""
    sizes = {w: parameter_count(SharedBottom(INPUTS, tasks, [w], [TOWER])) for w in range(1, 40)}
    return min(sizes, key=lambda width: abs(sizes[width] - budget))


_SIZE = parameter_count(MMoE(INPUTS, TASKS, EXPERTS, [UNITS], [TOWER]))
WIDE_WIDTH, SINGLE_WIDTH = _width(TASKS, _SIZE), _width({"a": TASKS["a"]}, _SIZE / 2)


# The MMoE paper's tasks

PAPER_RATE = 0.01  # the largest of the paper's three rates, 0.0001, 0.001 and 0.01
RATES = (0.01, 0.03, 0.1, 0.2)
RATE = 0.1  # what `tune` finds best of `RATES` for every model; its seeds serve no result


def figure_4(
    seeds: Sequence[int], p: Sequence[float] = P, rate: float = RATE, models: Sequence[str] = PAPER
) -> pd.DataFrame:
    """Test loss of task A against its noise-free target, beside a partner at each p: p, seed, model, log2_mse.

    A single-task model, which p does not concern, stands in the rows of every p.
    """
    parts = []
    for model in models:
        points = [(value, seed) for value in ([1.0] if model == SINGLE else p) for seed in seeds]
        run, _, test = _trained(model, points, rate)
        loss = np.log2(mse(run.predict(test.inputs)["a"], test.labels["a"]))
        table = pd.DataFrame(points, columns=["p", "seed"]).assign(model=model, log2_mse=loss)
        parts += [table.assign(p=value) for value in p] if model == SINGLE else [table]
    return pd.concat(parts, ignore_index=True)


def _trained(model: str, points: Sequence[tuple[float, int]], rate: float) -> tuple[Run, list[nn.Module], Examples]:
    """A copy for each (p, seed), trained as in chapter 04: the run, the copies at their best total, the test rows."""
    train, valid, test = stack([mmoe_tasks(ROWS, p=p, seed=seed) for p, seed in points])
    tasks = {"a": TASKS["a"]} if model == SINGLE else TASKS
    copies = [build(model, seed, tasks) for _, seed in points]
    options = {"epochs": EPOCHS, "batch_size": BATCH, "evaluate_every": 5, "lr": rate}
    return fit(copies, train, valid, seed=[seed for _, seed in points], **options), copies, test


def tune(seeds: Sequence[int] = range(900, 920)) -> pd.DataFrame:
    """Mean log2 loss of each model at each of `RATES`, at p of 0 and 1: a row a model, a column a rate."""
    parts = [figure_4(seeds, (0.0, 1.0), rate, MODELS).assign(rate=rate) for rate in RATES]
    return pd.concat(parts).pivot_table("log2_mse", "model", "rate")


# Who uses which expert

USAGE_P = (-1.0, -0.5, 0.0, 0.5, 0.9, 1.0)


def usage(
    seeds: Sequence[int], p: Sequence[float] = USAGE_P, rate: float = RATE, models: Sequence[str] = (MULTI, LAYERED)
) -> pd.DataFrame:
    """The mean gate weight of each of four experts over the test rows: model, p, seed, task, expert, weight.

    The experts of MMoE are numbered as they were drawn. Of PLE's, 1 is task A's own, 2 and 3 are shared, 4 is task B's
    own; a task's weight of the other's own expert is 0. Gates are those of the state with the best total loss.
    """
    parts = []
    for model in models:
        points = [(value, seed) for value in p for seed in seeds]
        _, copies, test = _trained(model, points, rate)
        for task, weights in gate_weights(copies, test.inputs).items():
            mean = weights.mean(dim=1)  # (copies, experts)
            if model == LAYERED:
                own, shared, none = mean[:, :1], mean[:, 1:], torch.zeros(len(mean), 1)
                mean = torch.cat([own, shared, none] if task == "a" else [none, shared, own], dim=1)
            place = pd.DataFrame(points, columns=["p", "seed"]).assign(model=model, task=task)
            parts += [place.assign(expert=i + 1, weight=mean[:, i].numpy()) for i in range(EXPERTS)]
    return pd.concat(parts, ignore_index=True)[["model", "p", "seed", "task", "expert", "weight"]]


RUN = ["model", "p", "seed"]


def aligned(table: pd.DataFrame) -> pd.DataFrame:
    """`usage` with the experts of each run numbered anew, from the one that task A takes most of, compared with B.

    Experts have no names: the third of one run is not the third of another. Of PLE only the shared ones change places.
    """
    by_task = table.pivot(index=[*RUN, "expert"], columns="task", values="weight")
    more = (by_task["a"] - by_task["b"]).rename("more").reset_index()
    own = (more["model"] == LAYERED) * more["expert"].map({1: 2, 2: 0, 3: 0, 4: -2})  # these keep the ends
    more["more"] += own
    place = more.groupby(RUN)["more"].rank(ascending=False, method="first").astype(int)
    return table.merge(more.assign(place=place), on=[*RUN, "expert"]).assign(expert=lambda t: t["place"])[table.columns]


def overlap(table: pd.DataFrame) -> pd.DataFrame:
    """How much of the experts two tasks use in common, Σ min(gA, gB) of the mean weights: model, p, seed, overlap.

    1 is the same mixture, 0 are mixtures without a common expert. The numbering of the experts does not matter.
    """
    least = table.groupby([*RUN, "expert"])["weight"].min()
    return least.groupby(RUN).sum().rename("overlap").reset_index()


# Relu features: where MMoE does not help

SAME, OTHER = "same features, other mix", "disjoint features"
RELU_ROWS = (500, 2000)
STEPS = 400  # of batches of at most 250 rows, whatever the amount of data
RELU_RATES = (0.003, 0.01, 0.03)
RELU_RATE = 0.01  # what `tune_relu` finds best, within 0.01 R², for every model; its seeds serve no result


def scores(
    seeds: Sequence[int],
    conditions: Sequence[str] = (SAME, OTHER),
    rows: Sequence[int] = RELU_ROWS,
    models: Sequence[str] = MODELS,
    rate: float = RELU_RATE,
) -> pd.DataFrame:
    """Test R² of both tasks: condition, rows, seed, model, task, r2."""
    parts = []
    for count in rows:
        points = [(condition, seed) for condition in conditions for seed in seeds]
        pairs = [relu_tasks((count, 500, 2000), seed=seed, **CONDITIONS[condition]) for condition, seed in points]
        for model in models:
            for tasks in [{"a": TASKS["a"]}, {"b": TASKS["b"]}] if model == SINGLE else [TASKS]:
                copies = [build(model, seed, tasks) for _, seed in points]
                found, _ = _scored(copies, pairs, [seed for _, seed in points], rate)
                place = pd.DataFrame(points, columns=["condition", "seed"]).assign(rows=count, model=model)
                parts += [place.assign(task=task, r2=values) for task, values in found.items()]
    return pd.concat(parts, ignore_index=True)[["condition", "rows", "seed", "model", "task", "r2"]]


def _scored(
    copies: list[nn.Module], pairs: Sequence[TaskPair], seeds: Sequence[int], rate: float = RELU_RATE, **options
) -> tuple[dict[str, np.ndarray], Examples]:
    """R² of each task of trained copies, and the test rows."""
    train, valid, test = stack(pairs)
    batches = -(-len(train) // BATCH)  # in an epoch
    settings = {"epochs": STEPS // batches, "batch_size": BATCH, "evaluate_every": max(1, 5 // batches), "lr": rate}
    run = fit(copies, train, valid, seed=list(seeds), **settings, **options)
    return {task: r2(value, test.labels[task]) for task, value in run.predict(test.inputs).items()}, test


def tune_relu(seeds: Sequence[int] = range(900, 912)) -> pd.DataFrame:
    """Mean R² of each model at each of `RELU_RATES`: a row an amount of rows and a model, a column a rate."""
    parts = [scores(seeds, rate=rate).assign(rate=rate) for rate in RELU_RATES]
    return pd.concat(parts).pivot_table("r2", ["rows", "model"], "rate")


# PLE and the seesaw

SEESAW_MODELS = (ONE_EXPERT, WIDE, MULTI, LAYERED)


def weighted(
    seeds: Sequence[int], weights: Sequence[float] = (0.1, 0.5, 0.9), models: Sequence[str] = SEESAW_MODELS
) -> pd.DataFrame:
    """Disjoint features, 2,000 rows, trained on w·L(a) + (1−w)·L(b): weight, seed, model, task, r2."""
    points = [(weight, seed) for weight in weights for seed in seeds]
    pairs = [relu_tasks((2000, 500, 2000), seed=seed, **CONDITIONS[OTHER]) for _, seed in points]
    task_weights = {"a": [2 * w for w, _ in points], "b": [2 - 2 * w for w, _ in points]}
    parts = []
    for model in models:
        copies = [build(model, seed) for _, seed in points]
        found, _ = _scored(copies, pairs, [seed for _, seed in points], task_weights=task_weights)
        place = pd.DataFrame(points, columns=["weight", "seed"]).assign(model=model)
        parts += [place.assign(task=task, r2=values) for task, values in found.items()]
    return pd.concat(parts, ignore_index=True)[["weight", "seed", "model", "task", "r2"]]


def seesaw(table: pd.DataFrame) -> pd.DataFrame:
    """What a task wins when its weight goes from 0.1 to 0.9, mean of both tasks: seed, model, seesaw."""
    by = table.pivot(index=["model", "seed"], columns=["task", "weight"], values="r2")
    won = (by["a", 0.9] - by["a", 0.1] + by["b", 0.1] - by["b", 0.9]) / 2
    return won.rename("seesaw").reset_index()


# Expert collapse

COLUMNS = {"scaled": (0.0, 1.0), "30 ± 10": (30.0, 10.0), "100 ± 30": (100.0, 30.0)}
USED = 0.05  # a gate uses an expert to which it gives more than this of its weight


def collapse(
    seeds: Sequence[int], columns: Sequence[str] = tuple(COLUMNS), models: Sequence[str] = (WIDE, MULTI)
) -> pd.DataFrame:
    """One more input column, which no task needs, scaled or raw: column, seed, model, r2, used.

    The tasks have the same features, 2,000 rows. r2 is the mean of both tasks; used is how many of its experts a gate
    uses, the mean of both gates (NaN without gates).
    """
    points = [(column, seed) for column in columns for seed in seeds]
    pairs = [
        with_column(relu_tasks((2000, 500, 2000), seed=seed, **CONDITIONS[SAME]), *COLUMNS[column], seed)
        for column, seed in points
    ]
    parts = []
    for model in models:
        copies = [build(model, seed, inputs=INPUTS + 1) for _, seed in points]
        found, test = _scored(copies, pairs, [seed for _, seed in points])
        used = np.nan
        if model == MULTI:
            gates = gate_weights(copies, test.inputs).values()
            used = np.mean([(gate.mean(1) > USED).sum(1) for gate in gates], axis=0)
        place = pd.DataFrame(points, columns=["column", "seed"])
        parts.append(place.assign(model=model, r2=np.mean(list(found.values()), axis=0), used=used))
    return pd.concat(parts, ignore_index=True)[["column", "seed", "model", "r2", "used"]]


def with_column(pair: TaskPair, mean: float, deviation: float, seed: int) -> TaskPair:
    """The pair with one more input column, normal with this mean and standard deviation, that no task depends on."""
    rng = np.random.default_rng(seed + 1_000_000)

    def wider(examples: Examples) -> Examples:
        column = mean + deviation * rng.standard_normal((len(examples), 1))
        return replace(examples, inputs=torch.cat([examples.inputs, torch.from_numpy(column).float()], dim=1))

    return replace(pair, train=wider(pair.train), valid=wider(pair.valid), test=wider(pair.test))


GRIDS = grids(
    Grid("06_figure_4", figure_4, {"seeds": list(range(40)), "p": list(P), "models": list(MODELS)}),
    Grid("06_paper_rate", figure_4, {"seeds": list(range(24)), "p": list(P), "rate": PAPER_RATE}),
    Grid("06_usage", usage, {"seeds": list(range(24)), "p": list(USAGE_P)}),
    Grid("06_relu", scores, {"seeds": list(range(32)), "conditions": [SAME, OTHER], "rows": list(RELU_ROWS)}),
    Grid("06_seesaw", weighted, {"seeds": list(range(32)), "weights": [0.1, 0.5, 0.9]}),
    Grid("06_collapse", collapse, {"seeds": list(range(24)), "columns": list(COLUMNS)}),
)
