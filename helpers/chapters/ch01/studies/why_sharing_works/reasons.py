"""Why can a second task help? The reasons that the literature gives, each as an experiment with a control of its own.

Caruana (1997) names them: eavesdropping, averaging of noise, a representation that carries over, regularisation. Tasks
are those of `synthetic.relu_tasks`; R² is measured on test rows against the noise-free target, each task at its own
best validation epoch unless said otherwise; models of one seed see the same rows.

Every model has the L2 penalty that suits it best of `PENALTIES`, tried on seeds that no result uses (`tune`): without,
part of what a second task brings would only be what a penalty brings as well.
"""

import copy
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from helpers.data.examples import Examples
from helpers.data.synthetic import CONDITIONS, RELU_MEAN, RELU_SD, TaskPair, relu_tasks
from helpers.evaluation.metrics import r2
from helpers.experiments.feature_tasks import (
    INPUTS,
    LEARNING_RATE,
    LEARNING_RATES,
    TASKS,
    TOWER,
    WIDTH,
    full_batches,
)
from helpers.experiments.sweep import points, sweep
from helpers.lab.kept_table import KeptTable, kept_tables
from helpers.lab.recheck import Recheck, mean
from helpers.lab.study import Study
from helpers.models.shared_bottom import SharedBottom
from helpers.support import validate
from helpers.training.loop import Run, fit

ONE = {"a": "regression"}
BATCHES = {"batch_size": 500, "epochs": 60, "evaluate_every": 2}  # for 2,000 rows
NOISE = 0.5  # standard deviation of the label noise
WITHIN = {"r2": 0.02}


def _model(tasks: Iterable[str], width: int, seed: int, penalty: float = 0.0) -> SharedBottom:
    return SharedBottom(INPUTS, dict.fromkeys(tasks, "regression"), [width], [TOWER], seed=seed, l2_layers=penalty)


# 1 Eavesdropping: task b has few labels and listens to what task a learns.

LISTENERS = ("same features, other mix", "half the features shared", "disjoint features")
WEIGHTS = {"shared-bottom": 1.0, "shared-bottom, b weighs 1/4": 0.25}
# The tasks of each model that is trained, and its penalty; the single-task models have one each.
LISTENING = {
    "single-task": {"a": 0.01, "b": 0.04},
    "shared-bottom": {"ab": 0.02},
    "shared-bottom, b weighs 1/4": {"ab": 0.01},
}


def eavesdrop(
    seeds: Sequence[int],
    conditions: Sequence[str] = LISTENERS,
    models: Sequence[str] = ("single-task", *WEIGHTS),
    labelled: int = 200,
    width: int = 8,
    lr: float = LEARNING_RATE,
    penalty: float | None = None,
) -> pd.DataFrame:
    """Task b is labelled on `labelled` of 2,000 train rows, task a on all: condition, seed, model, task, r2.

    penalty   the same for all models; None: the best of each
    """

    def data(condition: str, seed: int) -> TaskPair:
        return relu_tasks((2000, 500, 2000), labelled=labelled, seed=seed, **CONDITIONS[condition])

    def model(model: str, tasks: str, seed: int) -> SharedBottom:
        return _model(tasks, width, seed, LISTENING[model][tasks] if penalty is None else penalty)

    def options(model: str) -> dict:
        weights = {"task_weights": {"a": 1.0, "b": WEIGHTS[model]}} if model in WEIGHTS else {}
        return BATCHES | {"lr": lr} | weights

    parts = []
    for name in conditions:
        trained = [(model, tasks) for model in models for tasks in LISTENING[model]]
        at = [points(condition=[name], model=[model], tasks=[tasks], seed=seeds) for model, tasks in trained]
        parts.append(sweep(pd.concat(at), data, model, options))
    return pd.concat(parts, ignore_index=True)[["condition", "seed", "model", "task", "r2"]]


# 2 Implicit data augmentation: the noise of two labels of one target averages out.


def copied(pair: TaskPair) -> TaskPair:
    """The control: task b's labels are task a's, noise included, so that a second task exists and tells nothing."""
    return _with_labels(pair, lambda part: part.labels | {"b": part.labels["a"].clone()})


def averaged(pair: TaskPair) -> TaskPair:
    """What a second label of one target is worth at most: task a learns from the mean of both labels."""
    return _with_labels(pair, lambda part: part.labels | {"a": (part.labels["a"] + part.labels["b"]) / 2})


def _with_labels(pair: TaskPair, labels: Callable[[Examples], dict[str, Tensor]]) -> TaskPair:
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


def _second_labels(model: str, seed: int) -> TaskPair:
    relabel, _, _ = SECOND_LABELS[model]
    return relabel(relu_tasks(noise=NOISE, seed=seed))


def _learner(model: str, seed: int, penalty: float | None = None) -> SharedBottom:
    _, tasks, best = SECOND_LABELS[model]
    return _model(tasks, 32, seed, best if penalty is None else penalty)


def _r2_of_a(run: Run, test: Examples) -> pd.DataFrame:
    scores = r2(run.predict(test.inputs)["a"], test.labels["a"])
    return pd.DataFrame({"copy": range(len(scores)), "r2": scores})


LABELLED_TWICE = Study(
    "01_second_labels",
    axes={"model": tuple(SECOND_LABELS), "seed": range(60)},
    data=_second_labels,
    model=_learner,
    options=full_batches,
    judge=_r2_of_a,
    near=WITHIN,
    again={"seed": [3, 31]},
)

# 3 A representation that carries over: a new task c with few labels gets a trained bottom.

SIGNS = np.array([[1, 1, 1, 1], [1, 1, -1, -1], [1, -1, 1, -1]]) / 2  # tasks a, b, c: no two of them correlate
# How the bottom was trained: on the features of task c or on others, the tasks, the penalties then, and those on task
# c where the bottom keeps training. A frozen bottom's tower has `FROZEN`, a model from scratch `SCRATCH`.
SOURCES = {
    "one task, same features": (True, {"a": "regression"}, 0.02, 0.0),
    "two tasks, same features": (True, {"a": "regression", "b": "regression"}, 0.04, 0.0),
    "two tasks, other features": (False, {"a": "regression", "b": "regression"}, 0.04, 0.04),
}
FROZEN, SCRATCH = 0.01, 0.04
TWICE = 0.02  # penalty of the bottom of one task with two labels a row: by hand, on seeds 900 to 929, in no kept search
NEW = {"c": "regression"}
NEW_LABELS = (25, 50, 100, 200, 400)
WIDE = 32  # units of the bottom


def three_tasks(seed: int, related: bool) -> tuple[Examples, Examples, Examples, Examples]:
    """Old train (2,000 rows), old validation (500), new (800) and test rows (2,000) of tasks a, b and c.

    As in `relu_tasks`, each task is made of four relu features, and no two of the three correlate. Task c uses the
    first four; a and b use the same ones if `related`, else four others. All else is equal.
    """
    return _three_tasks(seed, related, twice=False)


def _three_tasks(seed: int, related: bool, twice: bool) -> tuple[Examples, Examples, Examples, Examples]:
    """`three_tasks`; if `twice`, each label is the mean of the one there and another, whose noise is its own."""
    rows = (2000, 500, 800, 2000)
    rng = np.random.default_rng(validate.number("seed", seed, low=0, whole=True))
    x = rng.standard_normal((sum(rows), INPUTS))
    directions, _ = np.linalg.qr(rng.standard_normal((INPUTS, 8)))
    signs = SIGNS * rng.choice([-1.0, 1.0], size=4)
    hidden = (np.maximum(x @ directions, 0) - RELU_MEAN) / RELU_SD
    old = hidden[:, :4] if related else hidden[:, 4:]
    targets = np.column_stack([old @ signs[0], old @ signs[1], hidden[:, :4] @ signs[2]])
    labels = targets + NOISE * rng.standard_normal(targets.shape)
    if twice:
        labels = (labels + targets + NOISE * rng.standard_normal(targets.shape)) / 2
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
    lr: float = LEARNING_RATE,
) -> pd.DataFrame:
    """R² of the new task c by the bottom that it starts from: bottom, mode, labels, seed, r2.

    It has `labels` rows to train on and as many to decide when to stop. mode: the bottom stays as it is ("frozen") or
    is trained further ("trained on"); from scratch there is only the latter.
    """
    seeds = list(seeds)
    sets = {related: {seed: three_tasks(seed, related) for seed in seeds} for related in (True, False)}
    new = {seed: (rows, test) for seed, (_, _, rows, test) in sets[True].items()}  # the same rows of task c in both
    scratch = _new_task({seed: _model("c", WIDE, seed, SCRATCH) for seed in seeds}, new, labels, lr)
    parts = [scratch.assign(bottom="from scratch", mode="trained on")]
    for source in sources:
        related, tasks, before, after = SOURCES[source]
        old = {seed: _model(tasks, WIDE, seed, before) for seed in seeds}
        _train(old, sets[related], lr)
        parts.append(_frozen(old, new, labels, lr).assign(bottom=source, mode="frozen"))
        started = {seed: _model("c", WIDE, seed, after) for seed in seeds}
        for seed, model in started.items():
            model.bottom.load_state_dict(old[seed].bottom.state_dict())
        parts.append(_new_task(started, new, labels, lr).assign(bottom=source, mode="trained on"))
    return pd.concat(parts, ignore_index=True)[["bottom", "mode", "labels", "seed", "r2"]]


def labelled_twice(seeds: Sequence[int]) -> pd.DataFrame:
    """`carry_over` with 100 labels, on the frozen bottom of one task that has two labels on each row, as many as two
    tasks have, and learns from their mean: labels, seed, r2."""
    old = {seed: _model("a", WIDE, seed, TWICE) for seed in seeds}
    _train(old, {seed: _three_tasks(seed, related=True, twice=True) for seed in seeds}, LEARNING_RATE)
    new = {seed: three_tasks(seed, related=True)[2:] for seed in seeds}
    return _frozen(old, new, [100], LEARNING_RATE)


def _train(models: dict[int, SharedBottom], sets: dict[int, tuple[Examples, ...]], lr: float) -> None:
    """The model of each seed, on the old rows of `three_tasks`."""
    train, valid = (Examples.stack([sets[seed][part] for seed in models]) for part in (0, 1))
    fit(list(models.values()), train, valid, lr=lr, seed=list(models), **BATCHES)


def _frozen(
    old: dict[int, SharedBottom], rows: dict[int, tuple[Examples, Examples]], labels: Sequence[int], lr: float
) -> pd.DataFrame:
    """`_new_task` with a tower on the bottom of the old model of each seed."""
    through = {seed: tuple(_through(old[seed], part) for part in both) for seed, both in rows.items()}
    towers = {seed: SharedBottom(WIDE, NEW, [], [TOWER], seed=seed, l2_layers=FROZEN) for seed in old}
    return _new_task(towers, through, labels, lr)


@torch.no_grad()
def _through(model: SharedBottom, rows: Examples) -> Examples:
    """The rows with what the model's bottom makes of them as inputs: training on these leaves the bottom as it is."""
    return replace(rows, inputs=model.bottom(model.encoder(rows.inputs)))


def _new_task(
    models: dict[int, nn.Module], rows: dict[int, tuple[Examples, Examples]], labels: Sequence[int], lr: float
) -> pd.DataFrame:
    """Train a copy of the model of each seed on each number of labels: labels, seed, r2 of task c."""

    def data(labels: int, seed: int) -> list[Examples]:
        new, test = rows[seed]
        return [*(new.take(torch.arange(first, first + labels)) for first in (0, 400)), test]

    return sweep(
        points(labels=labels, seed=models),
        data,
        model=lambda seed: copy.deepcopy(models[seed]),
        options=lambda: full_batches(lr, epochs=150),
    )[["labels", "seed", "r2"]]


# 4 Regularisation: does any second task hold task a back from fitting its noise?


def shuffled(pair: TaskPair, seed: int) -> TaskPair:
    """The control: task b's labels handed to other rows, so that they look the same and tell nothing of the inputs."""
    generator = torch.Generator().manual_seed(seed)
    return _with_labels(
        pair, lambda part: part.labels | {"b": part.labels["b"][torch.randperm(len(part), generator=generator)]}
    )


SECOND_TASKS = ("none", "same features", "other features", "shuffled labels")
PENALTIES = (0.0, 0.01, 0.02, 0.04, 0.06, 0.08)
PENALTY = 0.04  # within 0.01 R² of the best for every second task


def _second_task(second: str, seed: int) -> TaskPair:
    """250 rows of task a with one of `SECOND_TASKS`."""
    validate.choice("second", second, SECOND_TASKS)
    condition = "disjoint features" if second == "other features" else "same features, other mix"
    pair = relu_tasks((250, 500, 2000), noise=NOISE, seed=seed, **CONDITIONS[condition])
    return shuffled(pair, seed) if second == "shuffled labels" else pair


def _beside(second: str, seed: int, width: int = WIDTH, penalty: float = 0.0) -> SharedBottom:
    return _model(ONE if second == "none" else TASKS, width, seed, penalty)


def _errors(run: Run, train: Examples, test: Examples) -> pd.DataFrame:
    """copy, train and test, mean squared errors against noisy labels (to the error on noise-free test labels the
    variance of the noise is added), gap, which is test − train, and r2."""
    error = {
        name: ((run.predict(part.inputs)["a"] - part.labels["a"]) ** 2).mean(-1)
        for name, part in (("train", train), ("test", test))
    }
    error["test"] = error["test"] + NOISE**2
    measured = error | {
        "gap": error["test"] - error["train"],
        "r2": r2(run.predict(test.inputs)["a"], test.labels["a"]),
    }
    return pd.DataFrame({"copy": range(len(measured["r2"]))} | measured)


GAPS = Study(  # task a trained to the end of 500 epochs, without stopping
    "01_gaps",
    axes={"second": SECOND_TASKS, "width": (8, WIDE), "seed": range(40)},
    data=_second_task,
    model=_beside,
    options=lambda: full_batches(epochs=500) | {"evaluate_every": 500},  # so that the last state is the one kept
    judge=_errors,
    near=dict.fromkeys(("train", "test", "gap", "r2"), mean(0.02)),
    again={"seed": range(12), "second": ["none", "shuffled labels"], "width": [8]},
)
REGULARISED = replace(  # with early stopping and an L2 penalty on all layers, the usual regularisers
    GAPS,
    name="01_penalties",
    axes={"second": SECOND_TASKS, "penalty": PENALTIES, "seed": range(60)},
    options=full_batches,
    judge=_r2_of_a,
    near=WITHIN,
    again={"seed": [3, 31], "second": ["none", "same features"], "penalty": [0.0, 0.04]},
)


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
            labelled = replace(LABELLED_TWICE, axes=LABELLED_TWICE.axes | {name: [value]}).run(seed=seeds)
            parts.append(pd.concat([heard, labelled]).assign(tuned=name, value=value))
    for value in LEARNING_RATES:
        carried = carry_over(seeds, labels=[100], lr=value).assign(model=lambda t: t["bottom"] + ", " + t["mode"])
        second = replace(REGULARISED, axes=REGULARISED.axes | {"lr": [value]}).run(seed=seeds, penalty=PENALTY)
        second = second.rename(columns={"second": "model"})
        parts.append(pd.concat([carried, second]).assign(tuned="lr", value=value))
    second = REGULARISED.run(seed=seeds).rename(columns={"second": "model", "penalty": "value"}).assign(tuned="penalty")
    return pd.concat([*parts, second]).pivot_table("r2", "model", ["tuned", "value"])


TWO_SOURCES = {"seeds": range(12), "sources": ["two tasks, same features"], "labels": [25, 400]}
TABLES = kept_tables(
    KeptTable(
        "01_eavesdrop",
        eavesdrop,
        {"seeds": range(100)},
        [Recheck({"seeds": [3, 50], "conditions": ["disjoint features"]}, WITHIN)],
    ),
    KeptTable(
        "01_carry_over",
        carry_over,
        {"seeds": range(180)},
        [Recheck(TWO_SOURCES, {"r2": mean(0.02)})],
    ),
    KeptTable(
        "01_labelled_twice",
        labelled_twice,
        {"seeds": range(180)},
        [Recheck({"seeds": range(12)}, {"r2": mean(0.02)})],
    ),
)
