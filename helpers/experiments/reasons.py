"""Why can a second task help? The reasons that the literature gives, each as an experiment with a control of its own.

Caruana (1997) names them: eavesdropping, averaging of noise, a representation that carries over, regularisation. Tasks
are those of `simulation.relu_tasks`; R² is measured on test rows against the noise-free target, each task at its own
best validation epoch unless said otherwise; models of one seed see the same rows.

`tune` gives every model the same three learning rates on seeds that no result uses. At `LEARNING_RATE` each is within
0.05 R² of its best, and what an experiment shows is the same at all three, so that one rate serves all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from helpers import validate
from helpers.examples import Examples
from helpers.experiments import Grid, grids
from helpers.experiments.sharing import INPUTS, LEARNING_RATE, LEARNING_RATES, TASKS, TOWER, score, stack
from helpers.metrics import r2
from helpers.models import SharedBottom
from helpers.simulation import CONDITIONS, RELU_MEAN, RELU_SD, TaskPair, relu_tasks
from helpers.training import Run, fit

ONE = {"a": "regression"}
BATCHES = {"batch_size": 500, "epochs": 60, "evaluate_every": 2}  # for 2,000 rows
NOISE = 0.5  # standard deviation of the label noise


def _models(tasks: dict[str, str], seeds: Sequence[int], width: int, **options) -> list[SharedBottom]:
    return [SharedBottom(INPUTS, tasks, [width], [TOWER], seed=seed, **options) for seed in seeds]


def _with_seeds(scores: pd.DataFrame, seeds: Sequence[int], **columns) -> pd.DataFrame:
    """The number of a copy replaced by its seed, and more columns of one value each."""
    seed = [seeds[copy] for copy in scores["copy"]]
    return scores.drop(columns="copy").assign(seed=seed, **columns)


# 1 Eavesdropping: task b has few labels and listens to what task a learns.

LISTENERS = ("same features, other mix", "half the features shared", "disjoint features")
WEIGHTS = {"shared-bottom": 1.0, "shared-bottom, b weighs 1/4": 0.25}


def eavesdrop(
    seeds: Sequence[int],
    names: Sequence[str] = LISTENERS,
    models: Sequence[str] = ("single-task", *WEIGHTS),
    labelled: int = 200,
    width: int = 8,
    lr: float = LEARNING_RATE,
) -> pd.DataFrame:
    """Task b is labelled on `labelled` of 2,000 train rows, task a on all: condition, seed, model, task, r2."""
    parts, seeds = [], list(seeds)
    for name in names:
        pairs = [relu_tasks((2000, 500, 2000), labelled=labelled, seed=seed, **CONDITIONS[name]) for seed in seeds]
        for model in models:
            alone = model == "single-task"
            weights = None if alone else {"a": 1.0, "b": WEIGHTS[model]}
            for tasks in [{"a": TASKS["a"]}, {"b": TASKS["b"]}] if alone else [TASKS]:
                options = BATCHES | {"seed": seeds, "task_weights": weights}
                scores = score(_models(tasks, seeds, width), pairs, lr, **options)
                parts.append(_with_seeds(scores, seeds, condition=name, model=model))
    return pd.concat(parts, ignore_index=True)[["condition", "seed", "model", "task", "r2"]]


# 2 Implicit data augmentation: the noise of two labels of one target averages out.


def copied(pair: TaskPair) -> TaskPair:
    """The control: task b's labels are task a's, noise included, so that a second task exists and tells nothing."""
    return _relabelled(pair, lambda part: part.labels | {"b": part.labels["a"].clone()})


def averaged(pair: TaskPair) -> TaskPair:
    """What a second label of one target is worth at most: task a learns from the mean of both labels."""
    return _relabelled(pair, lambda part: part.labels | {"a": (part.labels["a"] + part.labels["b"]) / 2})


def _relabelled(pair: TaskPair, labels: Callable[[Examples], dict[str, Tensor]]) -> TaskPair:
    """New train and validation labels; the test labels, which have no noise, stay."""
    train, valid = (replace(part, labels=labels(part)) for part in (pair.train, pair.valid))
    return replace(pair, train=train, valid=valid)


# How task a is trained: the labels, and the tasks of the model.
SECOND_LABELS: dict[str, tuple[Callable[[TaskPair], TaskPair], dict[str, str]]] = {
    "single-task": (lambda pair: pair, ONE),
    "second task: a copy of the label": (copied, TASKS),
    "second task: a noise of its own": (lambda pair: pair, TASKS),
    "single-task on both labels' mean": (averaged, ONE),
}


def second_labels(seeds: Sequence[int], width: int = 32, lr: float = LEARNING_RATE) -> pd.DataFrame:
    """Task a beside a second label of the same target: seed, model, r2 of task a."""
    seeds = list(seeds)
    pairs = [relu_tasks((500, 500, 2000), noise=NOISE, seed=seed) for seed in seeds]
    parts = []
    for model, (relabel, tasks) in SECOND_LABELS.items():
        scores = score(_models(tasks, seeds, width), [relabel(pair) for pair in pairs], lr, seed=seeds)
        parts.append(_with_seeds(scores[scores["task"] == "a"], seeds, model=model))
    return pd.concat(parts, ignore_index=True)[["seed", "model", "r2"]]


# 3 A representation that carries over: a new task c with few labels gets a trained bottom.

SIGNS = np.array([[1, 1, 1, 1], [1, 1, -1, -1], [1, -1, 1, -1]]) / 2  # tasks a, b, c: no two of them correlate
# What the bottom was trained on: the features (those of task c, or others) and the tasks.
SOURCES = {
    "one task, same features": (True, {"a": "regression"}),
    "two tasks, same features": (True, {"a": "regression", "b": "regression"}),
    "two tasks, other features": (False, {"a": "regression", "b": "regression"}),
}
SCRATCH = "from scratch"
NEW_LABELS = (25, 50, 100, 200, 400)


def three_tasks(seed: int, related: bool) -> tuple[Examples, Examples, Examples, Examples]:
    """Old train (2,000 rows), old validation (500), new (800) and test rows (2,000) of tasks a, b and c.

    As in `relu_tasks`, each task is made of four relu features, and no two of the three correlate. Task c uses the
    first four; a and b use the same ones if `related`, else four others. All else is equal.
    """
    rows = (2000, 500, 800, 2000)
    rng = np.random.default_rng(validate.number("seed", seed, low=0, whole=True))
    x = rng.standard_normal((sum(rows), INPUTS))
    directions, _ = np.linalg.qr(rng.standard_normal((INPUTS, 8)))
    signs = SIGNS * rng.choice([-1.0, 1.0], size=4)
    hidden = (np.maximum(x @ directions, 0) - RELU_MEAN) / RELU_SD
    old = hidden[:, :4] if related else hidden[:, 4:]
    targets = np.column_stack([old @ signs[0], old @ signs[1], hidden[:, :4] @ signs[2]])
    labels = targets + NOISE * rng.standard_normal(targets.shape)
    labels[-rows[-1] :] = targets[-rows[-1] :]  # test labels have no noise
    x, labels = torch.from_numpy(x).float(), torch.from_numpy(labels).float()
    return tuple(
        Examples(inputs, {task: y[:, i].clone() for i, task in enumerate("abc")})
        for inputs, y in zip(x.split(rows), labels.split(rows), strict=True)
    )


def carry_over(
    seeds: Sequence[int],
    sources: Sequence[str] = tuple(SOURCES),
    labels: Sequence[int] = NEW_LABELS,
    width: int = 32,
    lr: float = LEARNING_RATE,
) -> pd.DataFrame:
    """R² of the new task c by the bottom that it starts from: bottom, mode, labels, seed, r2.

    It has `labels` rows to train on and as many to decide when to stop. mode: the bottom stays as it is ("frozen") or
    is trained further ("trained on"); from scratch there is only the latter.
    """
    seeds = list(seeds)
    sets = {related: [three_tasks(seed, related) for seed in seeds] for related in (True, False)}
    new = [(rows, test) for _, _, rows, test in sets[True]]  # the same rows of task c in both
    parts = [_new_task(_models({"c": "regression"}, seeds, width), new, labels, lr, seeds).assign(bottom=SCRATCH)]
    parts[0]["mode"] = "trained on"
    for source in sources:
        related, tasks = SOURCES[source]
        old = _models(tasks, seeds, width)
        train, valid = (Examples.stack([rows[part] for rows in sets[related]]) for part in (0, 1))
        fit(old, train, valid, lr=lr, seed=seeds, **BATCHES)
        frozen = [tuple(_through(model, rows) for rows in both) for model, both in zip(old, new, strict=True)]
        towers = [SharedBottom(width, {"c": "regression"}, [], [TOWER], seed=seed) for seed in seeds]
        parts.append(_new_task(towers, frozen, labels, lr, seeds).assign(bottom=source, mode="frozen"))
        started = _models({"c": "regression"}, seeds, width)
        for model, source_model in zip(started, old, strict=True):
            model.bottom.load_state_dict(source_model.bottom.state_dict())
        parts.append(_new_task(started, new, labels, lr, seeds).assign(bottom=source, mode="trained on"))
    return pd.concat(parts, ignore_index=True)[["bottom", "mode", "labels", "seed", "r2"]]


@torch.no_grad()
def _through(model: SharedBottom, rows: Examples) -> Examples:
    """The rows with what the model's bottom makes of them as inputs: training on these leaves the bottom as it is."""
    return replace(rows, inputs=model.bottom(model.encoder(rows.inputs)))


def _new_task(models, rows: Sequence[tuple[Examples, Examples]], labels, lr: float, seeds) -> pd.DataFrame:
    """Train copies of the models on each number of labels: columns labels, seed, r2."""
    test = Examples.stack([both[1].only("c") for both in rows])
    start = [{name: tensor.clone() for name, tensor in model.state_dict().items()} for model in models]
    parts = []
    for count in labels:
        train, valid = (
            Examples.stack([both[0].only("c").take(torch.arange(first, first + count)) for both in rows])
            for first in (0, 400)
        )
        for model, state in zip(models, start, strict=True):
            model.load_state_dict(state)
        run = fit(models, train, valid, epochs=150, batch_size=None, evaluate_every=5, lr=lr, seed=seeds)
        parts.append(
            pd.DataFrame({"labels": count, "seed": seeds, "r2": r2(run.predict(test.inputs)["c"], test.labels["c"])})
        )
    return pd.concat(parts, ignore_index=True)


# 4 Regularisation: does any second task hold task a back from fitting its noise?


def shuffled(pair: TaskPair, seed: int) -> TaskPair:
    """The control: task b's labels handed to other rows, so that they look the same and tell nothing of the inputs."""
    generator = torch.Generator().manual_seed(seed)
    return _relabelled(
        pair, lambda part: part.labels | {"b": part.labels["b"][torch.randperm(len(part), generator=generator)]}
    )


SECOND_TASKS = ("none", "same features", "other features", "shuffled labels")
PENALTIES = (0.0, 0.01, 0.02, 0.04, 0.06, 0.08)
PENALTY = 0.04  # what `tune_penalty` finds best, within 0.01 R², for every second task


def _second_tasks(seeds: Sequence[int], names: Sequence[str]) -> dict[str, list[TaskPair]]:
    rows = (250, 500, 2000)
    same = [relu_tasks(rows, noise=NOISE, seed=seed, **CONDITIONS["same features, other mix"]) for seed in seeds]
    other = [relu_tasks(rows, noise=NOISE, seed=seed, **CONDITIONS["disjoint features"]) for seed in seeds]
    noise = [shuffled(pair, seed) for pair, seed in zip(same, seeds, strict=True)]
    every = dict(zip(SECOND_TASKS, (same, same, other, noise), strict=True))
    return {validate.choice("names", name, every): every[name] for name in names}


def gaps(
    seeds: Sequence[int],
    names: Sequence[str] = SECOND_TASKS,
    widths: Sequence[int] = (8, 32),
    epochs: int = 500,
    lr: float = LEARNING_RATE,
) -> pd.DataFrame:
    """Task a trained to the end of `epochs`, without stopping: second, width, seed, train, test, gap, r2.

    train and test are mean squared errors against noisy labels (to the error on noise-free test labels the variance of
    the noise is added), gap is test − train.
    """
    seeds, parts = list(seeds), []
    for name, pairs in _second_tasks(seeds, names).items():
        train, _, test = stack(pairs)
        for width in widths:
            models = _models(ONE if name == "none" else TASKS, seeds, width)
            run = fit(models, train, epochs=epochs, batch_size=None, evaluate_every=epochs, lr=lr, seed=seeds)
            parts.append(pd.DataFrame({"second": name, "width": width, "seed": seeds} | _errors(run, train, test)))
    return pd.concat(parts, ignore_index=True)


def _errors(run: Run, train: Examples, test: Examples) -> dict[str, Tensor]:
    error = {
        name: ((run.predict(part.inputs)["a"] - part.labels["a"]) ** 2).mean(-1)
        for name, part in (("train", train), ("test", test))
    }
    error["test"] = error["test"] + NOISE**2
    return error | {
        "gap": error["test"] - error["train"],
        "r2": r2(run.predict(test.inputs)["a"], test.labels["a"]),
    }


def penalties(
    seeds: Sequence[int],
    names: Sequence[str] = SECOND_TASKS,
    values: Sequence[float] = PENALTIES,
    width: int = 8,
    lr: float = LEARNING_RATE,
) -> pd.DataFrame:
    """Task a with early stopping and an L2 penalty on all layers, the usual regularisers: second, penalty, seed, r2."""
    seeds, parts = list(seeds), []
    for name, pairs in _second_tasks(seeds, names).items():
        for penalty in values:
            models = _models(ONE if name == "none" else TASKS, seeds, width, l2_layers=penalty)
            scores = score(models, pairs, lr, seed=seeds)
            parts.append(_with_seeds(scores[scores["task"] == "a"], seeds, second=name, penalty=penalty))
    return pd.concat(parts, ignore_index=True)[["second", "penalty", "seed", "r2"]]


def tune(seeds: Sequence[int] = range(900, 920)) -> pd.DataFrame:
    """Mean R² at each of `LEARNING_RATES`: a row an experiment and model, a column a rate."""
    parts = []
    for rate in LEARNING_RATES:
        listened = eavesdrop(seeds, lr=rate)
        listened = listened[listened["task"] == "b"].assign(model=lambda t: t["condition"] + ", " + t["model"])
        carried = carry_over(seeds, labels=[100], lr=rate).assign(model=lambda t: t["bottom"] + ", " + t["mode"])
        penalised = penalties(seeds, values=[PENALTY], lr=rate).rename(columns={"second": "model"})
        by_name = {"eavesdrop, b": listened, "carry over": carried, "penalties": penalised}
        by_name["second labels"] = second_labels(seeds, lr=rate)
        parts += [table[["model", "r2"]].assign(experiment=name, rate=rate) for name, table in by_name.items()]
    return pd.concat(parts).pivot_table("r2", ["experiment", "model"], "rate")


def tune_penalty(seeds: Sequence[int] = range(900, 920)) -> pd.DataFrame:
    """Mean R² at each of `PENALTIES`: a row a second task, a column a penalty."""
    return penalties(seeds).pivot_table("r2", "second", "penalty", sort=False)


GRIDS = grids(
    Grid(
        "01_eavesdrop",
        eavesdrop,
        {
            "seeds": list(range(100)),
            "names": list(LISTENERS),
            "models": ["single-task", *WEIGHTS],
            "labelled": 200,
            "width": 8,
            "lr": LEARNING_RATE,
        },
    ),
    Grid("01_second_labels", second_labels, {"seeds": list(range(60)), "width": 32, "lr": LEARNING_RATE}),
    Grid(
        "01_carry_over",
        carry_over,
        {
            "seeds": list(range(60)),
            "sources": list(SOURCES),
            "labels": list(NEW_LABELS),
            "width": 32,
            "lr": LEARNING_RATE,
        },
    ),
    Grid(
        "01_gaps",
        gaps,
        {
            "seeds": list(range(40)),
            "names": list(SECOND_TASKS),
            "widths": [8, 32],
            "epochs": 500,
            "lr": LEARNING_RATE,
        },
    ),
    Grid(
        "01_penalties",
        penalties,
        {
            "seeds": list(range(60)),
            "names": list(SECOND_TASKS),
            "values": list(PENALTIES),
            "width": 8,
            "lr": LEARNING_RATE,
        },
    ),
)
