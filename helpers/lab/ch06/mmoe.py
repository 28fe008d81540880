"""Do gates help? The searches and the comparisons of chapter 06's models.

Each structure chooses its shape among `SHAPES` and its learning rate among as many rates as every other, on seeds that
no result uses (`tune`, `tune_relu`, …). `CHOSEN` reads there what it chose.

Three kinds of tasks: those of the MMoE paper (`paper_tasks` of chapter 04; losses of task A as logarithms to base 2),
the relu features of `feature_tasks` (R² of both tasks), and such features where the kind of row says which
of them count.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import torch
from torch import nn

from helpers.chapters.ch06.mmoe import COLUMNS, MODELS, SHAPES, Shape, build, in_common
from helpers.data.examples import Examples
from helpers.data.synthetic import TaskPair, kind_tasks
from helpers.experiments import feature_tasks
from helpers.experiments.chosen import Chosen, shape_and_rate, shape_name
from helpers.experiments.feature_tasks import INPUTS, TASKS, mean_r2, small_batches
from helpers.experiments.sweep import points, sweep
from helpers.lab.ch04.paper_and_speed.paper_tasks import batches, beside_partners, task_pair
from helpers.lab.kept_table import KeptTable, kept_tables
from helpers.lab.recheck import Recheck, equal, median
from helpers.models.experts import PLE, MMoE, gate_weights
from helpers.training.loop import Run

Choices = Mapping[str, tuple[Shape, float]]  # {model: (shape, learning rate)}
EXPERTS = 4
P = (0.0, 0.5, 1.0)
SEEDS = 80


def _every_choice(shapes: dict[str, Sequence[Shape]], rates: Sequence[float], measure: Callable) -> pd.DataFrame:
    """measure(model, (shape, rate)), a table, for every shape of every model at every rate: its columns after model,
    shape, rate."""
    parts = []
    for model, several in shapes.items():
        for shape, rate in product(several, rates):
            table = measure(model, (shape, rate))
            first = {"model": model, "shape": shape_name(shape), "rate": rate}
            parts.append(pd.DataFrame(first, index=table.index).join(table.drop(columns="model", errors="ignore")))
    return pd.concat(parts, ignore_index=True)


def _chosen(search: str, value: str = "r2", by: Sequence[str] = ("model",), lowest: bool = False) -> Chosen:
    """What each model chose in one of the searches: `Choices`, or such for each value of an outer column."""
    return Chosen(search, by=by, setting=["shape", "rate"], value=value, lowest=lowest, make=shape_and_rate)


# The MMoE paper's tasks

PAPER_RATE = 0.01  # the largest of the paper's three rates, 0.0001, 0.001 and 0.01
RATES = (0.02, 0.05, 0.1, 0.15, 0.2)
AT_PAPER_RATE: Choices = {model: (SHAPES[model][0], PAPER_RATE) for model in MODELS}
CHOSEN = _chosen("06_tuning", "log2_mse", lowest=True)


def figure_4(
    seeds: Sequence[int],
    p: Sequence[float] = P,
    choices: Choices = CHOSEN,
    models: Sequence[str] = MODELS,
) -> pd.DataFrame:
    """Test loss of task A against its noise-free target, with a partner at each p: p, seed, model, log2_mse.

    A single-task model, which p does not concern, is in the rows of every p.
    """

    def structure(model: str, seed: int) -> nn.Module:
        tasks = {"a": TASKS["a"]} if model == "single-task" else TASKS
        return build(model, seed, tasks, shape=choices[model][0])

    at = points(model=models, p=p, seed=seeds)
    table = beside_partners(at, structure, lambda model: batches(choices[model][1]))
    return table[["p", "seed", "model", "log2_mse"]]


def tune(
    seeds: Sequence[int], rates: Sequence[float] = RATES, shapes: dict[str, Sequence[Shape]] = SHAPES
) -> pd.DataFrame:
    """`figure_4` at p of 0 and 1 with every shape at every rate: model, shape, rate, p, seed, log2_mse."""
    return _every_choice(shapes, rates, lambda model, choice: figure_4(seeds, (0.0, 1.0), {model: choice}, [model]))


# Who uses which expert

USAGE_P = (-1.0, -0.5, 0.0, 0.5, 0.9, 1.0)
USAGE_RATE = 0.1


def usage(seeds: Sequence[int], p: Sequence[float] = USAGE_P, models: Sequence[str] = ("MMoE", "PLE")) -> pd.DataFrame:
    """Of each of four experts the mean gate weight over the test rows, and what both tasks' gates have in common:
    model, p, seed, task, expert, weight, common, permuted.

    The experts of MMoE are numbered as they were drawn. Of PLE's, 1 is task A's own, 2 and 3 are shared, 4 is task B's
    own; a task's weight of the other's own expert is 0. Gates are those of the state with the best total loss.
    common and permuted are those of `in_common`, one number a run.
    """
    at = points(model=models, p=p, seed=seeds)
    table = sweep(at, task_pair, build, lambda: batches(USAGE_RATE), _gates)
    return table[["model", "p", "seed", "task", "expert", "weight", "common", "permuted"]]


def _gates(models: list[nn.Module], test: Examples, seed: list[int]) -> pd.DataFrame:
    gates = gate_weights(models, test.inputs)
    if isinstance(models[0], PLE):
        a, b = gates["a"], gates["b"]
        none = torch.zeros_like(a[..., :1])
        gates = {"a": torch.cat([a, none], dim=-1), "b": torch.cat([none, b[..., 1:], b[..., :1]], dim=-1)}
    place = pd.DataFrame({"copy": range(len(models))})
    place[["common", "permuted"]] = [in_common(*one) for one in zip(gates["a"], gates["b"], seed, strict=True)]
    parts = []
    for task, weights in gates.items():
        mean = weights.mean(dim=1)  # (copies, experts)
        parts += [place.assign(task=task, expert=i + 1, weight=mean[:, i].numpy()) for i in range(EXPERTS)]
    return pd.concat(parts, ignore_index=True)


# Relu features: where MMoE does not help

SAME, OTHER = "same features, other mix", "disjoint features"
RELU_ROWS = (500, 2000)
STEPS = 400  # of batches of at most 250 rows, whatever the amount of data
RELU_RATES = (0.005, 0.01, 0.02, 0.04)
CHOSEN_RELU = _chosen("06_tuning_relu", by=("rows", "model"))
RELU_RATE = 0.01  # of what is not tuned


def scores(
    seeds: Sequence[int],
    conditions: Sequence[str] = (SAME, OTHER),
    rows: Sequence[int] = RELU_ROWS,
    models: Sequence[str] = MODELS,
    choices: Mapping[int, Choices] = CHOSEN_RELU,
) -> pd.DataFrame:
    """Test R² of both tasks: condition, rows, seed, model, task, r2."""
    return sweep(
        points(condition=conditions, rows=rows, seed=seeds, model=models),
        data=feature_tasks.task_pair,
        model=lambda rows, model, seed: build(model, seed, shape=choices[rows][model][0]),
        options=lambda rows, model: small_batches(rows, choices[rows][model][1], STEPS),
    )


def tune_relu(
    seeds: Sequence[int], rates: Sequence[float] = RELU_RATES, shapes: dict[str, Sequence[Shape]] = SHAPES
) -> pd.DataFrame:
    """Mean R² of both tasks with every shape at every rate: model, shape, rate, rows, condition, seed, r2."""

    def measure(model: str, choice: tuple[Shape, float]) -> pd.DataFrame:
        table = scores(seeds, models=[model], choices={count: {model: choice} for count in RELU_ROWS})
        return table.groupby(["rows", "condition", "seed"], as_index=False)["r2"].mean()

    return _every_choice(shapes, rates, measure)


# Where the kind of row says which features count

KIND_ROWS, KIND_STEPS = 2000, 800
KIND_RATES = (0.01, 0.02, 0.04, 0.08)
CHOSEN_KIND = _chosen("06_tuning_kinds")


def kinds(seeds: Sequence[int], models: Sequence[str] = MODELS, choices: Choices = CHOSEN_KIND) -> pd.DataFrame:
    """Test R² of both tasks of `kind_tasks`, 2,000 rows: seed, model, task, r2."""
    return sweep(
        points(seed=seeds, model=models),
        data=lambda seed: kind_tasks((KIND_ROWS, 500, 2000), seed=seed),
        model=lambda model, seed: build(model, seed, inputs=INPUTS + 1, shape=choices[model][0]),
        options=lambda model: small_batches(KIND_ROWS, choices[model][1], KIND_STEPS),
    )


def tune_kinds(
    seeds: Sequence[int], rates: Sequence[float] = KIND_RATES, shapes: dict[str, Sequence[Shape]] = SHAPES
) -> pd.DataFrame:
    """Mean R² of both tasks with every shape at every rate: model, shape, rate, seed, r2."""

    def measure(model: str, choice: tuple[Shape, float]) -> pd.DataFrame:
        return kinds(seeds, [model], {model: choice}).groupby("seed", as_index=False)["r2"].mean()

    return _every_choice(shapes, rates, measure)


# PLE and the seesaw

SEESAW_MODELS = ("one expert", "shared-bottom, equal size", "MMoE", "PLE")
CHOSEN_SEESAW = _chosen("06_tuning_seesaw")


def weighted(
    seeds: Sequence[int],
    weights: Sequence[float] = (0.1, 0.5, 0.9),
    models: Sequence[str] = SEESAW_MODELS,
    choices: Choices = CHOSEN_SEESAW,
) -> pd.DataFrame:
    """Disjoint features, 2,000 rows, trained on w·L(a) + (1−w)·L(b): weight, seed, model, task, r2."""

    def options(model: str, weight: float) -> dict:
        task_weights = {"a": 2 * weight, "b": 2 - 2 * weight}
        return small_batches(2000, choices[model][1], STEPS) | {"task_weights": task_weights}

    return sweep(
        points(weight=weights, seed=seeds, model=models),
        data=lambda seed: feature_tasks.task_pair(OTHER, seed, 2000),
        model=lambda model, seed: build(model, seed, shape=choices[model][0]),
        options=options,
    )


def tune_seesaw(
    seeds: Sequence[int], rates: Sequence[float] = RELU_RATES, models: Sequence[str] = SEESAW_MODELS
) -> pd.DataFrame:
    """Mean R² of both tasks with every shape at every rate: model, shape, rate, weight, seed, r2."""

    def measure(model: str, choice: tuple[Shape, float]) -> pd.DataFrame:
        table = weighted(seeds, models=[model], choices={model: choice})
        return table.groupby(["weight", "seed"], as_index=False)["r2"].mean()

    return _every_choice({model: SHAPES[model] for model in models}, rates, measure)


def seesaw(table: pd.DataFrame) -> pd.DataFrame:
    """What a task wins when its weight goes from 0.1 to 0.9, mean of both tasks: seed, model, seesaw."""
    by = table.pivot(index=["model", "seed"], columns=["task", "weight"], values="r2")
    won = (by["a", 0.9] - by["a", 0.1] + by["b", 0.1] - by["b", 0.9]) / 2
    return won.rename("seesaw").reset_index()


USED = 0.05  # a gate uses an expert to which it gives more than this of its weight


def collapse(
    seeds: Sequence[int],
    columns: Sequence[str] = tuple(COLUMNS),
    models: Sequence[str] = ("shared-bottom, equal size", "MMoE"),
) -> pd.DataFrame:
    """One more input column, which no task needs, scaled or raw: column, seed, model, r2, used.

    The tasks have the same features, 2,000 rows. r2 is the mean of both tasks; used is how many of its experts a gate
    uses, the mean of both gates (NaN without gates).
    """
    return sweep(
        points(column=columns, seed=seeds, model=models),
        data=lambda column, seed: with_column(feature_tasks.task_pair(SAME, seed, 2000), *COLUMNS[column], seed),
        model=lambda model, seed: build(model, seed, inputs=INPUTS + 1),
        options=lambda: small_batches(2000, RELU_RATE, STEPS),
        judge=_experts_used,
    )


def _experts_used(run: Run, models: list[nn.Module], test: Examples) -> pd.DataFrame:
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


WITHIN = {"r2": 0.03}
ENDS = {"log2_mse": median(0.2, shift=0.1)}  # as in chapter 04: at these rates a rounding error moves a run
USED_MORE = dict.fromkeys(("weight", "common", "permuted"), median(0.1, shift=0.05))
ONE_P = {"seeds": range(8), "p": [0.0], "models": ["MMoE"]}
FEW_ROWS = {"seeds": [3, 11], "conditions": [OTHER], "rows": [500], "models": ["shared-bottom, equal size", "MMoE"]}
ONE_SHAPE = {"shapes": {"fixed gates": ((4, 4),)}}
TABLES = kept_tables(
    KeptTable(
        "06_tuning",
        tune,
        {"seeds": range(900, 912)},
        [Recheck({"rates": [0.05], "shapes": {"MMoE": ((2, 8),)}}, ENDS)],
    ),
    KeptTable("06_figure_4", figure_4, {"seeds": range(SEEDS)}, [Recheck(ONE_P, ENDS)]),
    KeptTable("06_paper_rate", figure_4, {"seeds": range(24), "choices": AT_PAPER_RATE}, [Recheck(ONE_P, ENDS)]),
    KeptTable("06_usage", usage, {"seeds": range(24)}, [Recheck(ONE_P, USED_MORE)]),
    KeptTable(
        "06_tuning_relu",
        tune_relu,
        {"seeds": range(900, 908)},
        [Recheck({"seeds": [900], "rates": [0.01]} | ONE_SHAPE, WITHIN)],
    ),
    KeptTable("06_relu", scores, {"seeds": range(32)}, [Recheck(FEW_ROWS, WITHIN)]),
    KeptTable(
        "06_tuning_kinds",
        tune_kinds,
        {"seeds": range(900, 908)},
        [Recheck({"seeds": [900, 901], "rates": [0.02]} | ONE_SHAPE, WITHIN)],
    ),
    KeptTable(
        "06_kinds", kinds, {"seeds": range(32)}, [Recheck({"seeds": [4], "models": ["MMoE", "fixed gates"]}, WITHIN)]
    ),
    KeptTable(
        "06_tuning_seesaw",
        tune_seesaw,
        {"seeds": range(900, 908)},
        [Recheck({"seeds": [900, 901], "rates": [0.01], "models": ["one expert"]}, WITHIN)],
    ),
    KeptTable(
        "06_seesaw",
        weighted,
        {"seeds": range(32)},
        [Recheck({"seeds": [5], "weights": [0.1], "models": ["PLE"]}, WITHIN)],
    ),
    KeptTable(
        "06_collapse",
        collapse,
        {"seeds": range(24)},
        [Recheck({"seeds": [7], "columns": ["scaled"], "models": ["MMoE"]}, WITHIN | {"used": equal()})],
    ),
)
