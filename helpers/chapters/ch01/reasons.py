"""Why can a second task help? The reasons that the literature gives, each as an experiment with a control of its own.

Caruana (1997) names them: eavesdropping, averaging of noise, a representation that carries over, regularisation. Tasks
are those of `simulation.relu_tasks`; R² is measured on test rows against the noise-free target, each task at its own
best validation epoch unless said otherwise; models of one seed see the same rows.

Every model has the L2 penalty that suits it best of `PENALTIES`, tried on seeds that no result uses (`tune`): without,
part of what a second task brings would only be what a penalty brings as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from helpers.chapters.ch04.sharing import INPUTS, LEARNING_RATE, LEARNING_RATES, TASKS, TOWER, score, stack
from helpers.data.examples import Examples
from helpers.data.synthetic import CONDITIONS, RELU_MEAN, RELU_SD, TaskPair, relu_tasks
from helpers.evaluation.metrics import r2
from helpers.experiments.grid import Grid, grids
from helpers.experiments.sample import Sample, mean
from helpers.models.shared_bottom import SharedBottom
from helpers.support import validate
from helpers.training.loop import Run, fit

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
# The penalty of each model; the single-task models have one each.
LISTENING = {"single-task a": 0.01, "single-task b": 0.04, "shared-bottom": 0.02, "shared-bottom, b weighs 1/4": 0.01}


def eavesdrop(
    seeds: Sequence[int],
    names: Sequence[str] = LISTENERS,
    models: Sequence[str] = ("single-task", *WEIGHTS),
    labelled: int = 200,
    width: int = 8,
    lr: float = LEARNING_RATE,
    penalty: float | None = None,
) -> pd.DataFrame:
    """Task b is labelled on `labelled` of 2,000 train rows, task a on all: condition, seed, model, task, r2.

    penalty   the same for all models; None: the best of each
    """
    parts, seeds = [], list(seeds)
    for name in names:
        pairs = [relu_tasks((2000, 500, 2000), labelled=labelled, seed=seed, **CONDITIONS[name]) for seed in seeds]
        for model in models:
            alone = model == "single-task"
            weights = None if alone else {"a": 1.0, "b": WEIGHTS[model]}
            for tasks in [{"a": TASKS["a"]}, {"b": TASKS["b"]}] if alone else [TASKS]:
                l2 = LISTENING[f"{model} {next(iter(tasks))}" if alone else model] if penalty is None else penalty
                options = BATCHES | {"seed": seeds, "task_weights": weights}
                scores = score(_models(tasks, seeds, width, l2_layers=l2), pairs, lr, **options)
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


# How task a is trained: the labels, the tasks of the model, and its penalty.
SECOND_LABELS: dict[str, tuple[Callable[[TaskPair], TaskPair], dict[str, str], float]] = {
    "single-task": (lambda pair: pair, ONE, 0.04),
    "second task: a copy of the label": (copied, TASKS, 0.04),
    "second task: a noise of its own": (lambda pair: pair, TASKS, 0.04),
    "single-task on both labels' mean": (averaged, ONE, 0.02),
}


def second_labels(
    seeds: Sequence[int],
    models: Sequence[str] = tuple(SECOND_LABELS),
    width: int = 32,
    lr: float = LEARNING_RATE,
    penalty: float | None = None,
) -> pd.DataFrame:
    """Task a beside a second label of the same target: seed, model, r2 of task a. `penalty` as in `eavesdrop`."""
    seeds = list(seeds)
    pairs = [relu_tasks((500, 500, 2000), noise=NOISE, seed=seed) for seed in seeds]
    parts = []
    for model in models:
        relabel, tasks, best = SECOND_LABELS[model]
        copies = _models(tasks, seeds, width, l2_layers=best if penalty is None else penalty)
        scores = score(copies, [relabel(pair) for pair in pairs], lr, seed=seeds)
        parts.append(_with_seeds(scores[scores["task"] == "a"], seeds, model=model))
    return pd.concat(parts, ignore_index=True)[["seed", "model", "r2"]]


# 3 A representation that carries over: a new task c with few labels gets a trained bottom.

SIGNS = np.array([[1, 1, 1, 1], [1, 1, -1, -1], [1, -1, 1, -1]]) / 2  # tasks a, b, c: no two of them correlate
# What the bottom was trained on: the features (those of task c, or others), the tasks, and the penalties then, and on
# task c where the bottom is trained on. A frozen bottom's tower has `FROZEN`, a model from scratch `SCRATCH`.
SOURCES = {
    "one task, same features": (True, {"a": "regression"}, 0.02, 0.0),
    "two tasks, same features": (True, {"a": "regression", "b": "regression"}, 0.04, 0.0),
    "two tasks, other features": (False, {"a": "regression", "b": "regression"}, 0.04, 0.04),
}
FROZEN, SCRATCH = 0.01, 0.04
NEW = {"c": "regression"}
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
    scratch = _new_task(_models(NEW, seeds, width, l2_layers=SCRATCH), new, labels, lr, seeds)
    parts = [scratch.assign(bottom="from scratch", mode="trained on")]
    for source in sources:
        related, tasks, before, after = SOURCES[source]
        old = _models(tasks, seeds, width, l2_layers=before)
        train, valid = (Examples.stack([rows[part] for rows in sets[related]]) for part in (0, 1))
        fit(old, train, valid, lr=lr, seed=seeds, **BATCHES)
        frozen = [tuple(_through(model, rows) for rows in both) for model, both in zip(old, new, strict=True)]
        towers = [SharedBottom(width, NEW, [], [TOWER], seed=seed, l2_layers=FROZEN) for seed in seeds]
        parts.append(_new_task(towers, frozen, labels, lr, seeds).assign(bottom=source, mode="frozen"))
        started = _models(NEW, seeds, width, l2_layers=after)
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
PENALTY = 0.04  # within 0.01 R² of the best for every second task


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


def tune(seeds: Sequence[int] = range(900, 930)) -> pd.DataFrame:
    """Mean R² at each of `PENALTIES`, and at each of `LEARNING_RATES` with the penalties chosen: a row a model.

    At `LEARNING_RATE` every model is within 0.05 R² of its best rate, and what an experiment shows is the same at all
    three. The penalties of `carry_over` were chosen in the same way, with 100 labels, of `PENALTIES` before, and of
    those and 0.12 after.
    """
    parts = []
    for name, values in {"penalty": PENALTIES, "lr": LEARNING_RATES}.items():
        for value in values:
            heard = eavesdrop(seeds, **{name: value})
            heard["model"] = "eavesdrop " + heard["task"] + ", " + heard["condition"] + ", " + heard["model"]
            parts.append(pd.concat([heard, second_labels(seeds, **{name: value})]).assign(tuned=name, value=value))
    for value in LEARNING_RATES:
        carried = carry_over(seeds, labels=[100], lr=value).assign(model=lambda t: t["bottom"] + ", " + t["mode"])
        second = penalties(seeds, values=[PENALTY], lr=value).rename(columns={"second": "model"})
        parts.append(pd.concat([carried, second]).assign(tuned="lr", value=value))
    second = penalties(seeds).rename(columns={"second": "model", "penalty": "value"}).assign(tuned="penalty")
    return pd.concat([*parts, second]).pivot_table("r2", "model", ["tuned", "value"])


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
            "penalty": None,
        },
        [Sample({"seeds": [3, 50], "names": ["disjoint features"]}, {"r2": 0.02})],
        [LISTENING],
    ),
    Grid(
        "01_second_labels",
        second_labels,
        {"seeds": list(range(60)), "models": list(SECOND_LABELS), "width": 32, "lr": LEARNING_RATE, "penalty": None},
        [Sample({"seeds": [3, 31]}, {"r2": 0.02})],
        [{model: penalty for model, (_, _, penalty) in SECOND_LABELS.items()}],
    ),
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
        [
            Sample(
                {"seeds": range(12), "sources": ["two tasks, same features"], "labels": [25, 400]}, {"r2": mean(0.02)}
            )
        ],
        [SOURCES, {"frozen": FROZEN, "from scratch": SCRATCH}],
    ),
    Grid(
        "01_gaps",
        gaps,
        {"seeds": list(range(40)), "names": list(SECOND_TASKS), "widths": [8, 32], "epochs": 500, "lr": LEARNING_RATE},
        [
            Sample(
                {"seeds": range(12), "names": ["none", "shuffled labels"], "widths": [8]},
                dict.fromkeys(("train", "test", "gap", "r2"), mean(0.02)),
            )
        ],
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
        [Sample({"seeds": [3, 31], "names": ["none", "same features"], "values": [0.0, 0.04]}, {"r2": 0.02})],
    ),
)
