"""Does sharing help? Shared-Bottom against single-task models on the relu-feature tasks, where we set what is shared.

R² is measured on test rows against the noise-free target, each task at its own best validation epoch. Models of one
seed see the same rows, so that differences between models are paired.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from helpers.data.examples import Examples
from helpers.data.synthetic import CONDITIONS, TaskPair, relu_tasks
from helpers.evaluation.metrics import r2
from helpers.evaluation.statistics import interval
from helpers.experiments.grid import Grid, grids
from helpers.models.copies import Copies
from helpers.models.shared_bottom import OneHead, SharedBottom, SingleTask, parameter_count
from helpers.support import validate
from helpers.training.adam import Adam
from helpers.training.loop import fit
from helpers.training.losses import squared_error

INPUTS = 20
TOWER = 8
TASKS = {"a": "regression", "b": "regression"}
EPOCHS = 250
LEARNING_RATES = (0.003, 0.01, 0.03)
LEARNING_RATE = 0.01  # what `tune` finds best, within 0.005 R², for every model; its seeds serve no result


def stack(pairs: Sequence[TaskPair]) -> tuple[Examples, Examples, Examples]:
    """Train, validation and test examples of many pairs, each with a leading axis."""
    train, valid, test = ([getattr(pair, part) for pair in pairs] for part in ("train", "valid", "test"))
    return Examples.stack(train), Examples.stack(valid), Examples.stack(test)


def score(models: list[nn.Module], pairs: Sequence[TaskPair], lr: float = LEARNING_RATE, **options) -> pd.DataFrame:
    """Train a copy a pair; R² of each task at its best epoch: a row a copy and task, columns copy, task, r2."""
    train, valid, test = stack(pairs)
    settings = {"epochs": EPOCHS, "batch_size": None, "evaluate_every": 5, "lr": lr} | options
    run = fit(models, train, valid, **settings)
    parts = [
        pd.DataFrame({"copy": range(len(models)), "task": task, "r2": r2(value, test.labels[task])})
        for task, value in run.predict(test.inputs).items()
    ]
    return pd.concat(parts, ignore_index=True)


def equal_width(width: int) -> int:
    """The bottom width at which one Shared-Bottom has about as many parameters as two single-task models of `width`."""
    budget = 2 * parameter_count(SingleTask(INPUTS, "a", "regression", [width], [TOWER]))
    sizes = range(width, 3 * width + 1)
    return min(sizes, key=lambda size: abs(parameter_count(SharedBottom(INPUTS, TASKS, [size], [TOWER])) - budget))


MODELS = ("single-task", "shared-bottom", "shared-bottom, equal size")


def conditions(
    seeds: Sequence[int],
    names: Sequence[str] = tuple(CONDITIONS),
    width: int = 8,
    rows: int = 500,
    lr: float = LEARNING_RATE,
    models: Sequence[str] = MODELS,
) -> pd.DataFrame:
    """Single-task, Shared-Bottom, and Shared-Bottom of equal total size: condition, seed, model, task, r2."""
    points = [(validate.choice("names", name, CONDITIONS), seed) for name in names for seed in seeds]
    pairs = [relu_tasks((rows, 500, 2000), seed=seed, **CONDITIONS[name]) for name, seed in points]
    parts = []
    for model in models:
        validate.choice("models", model, MODELS)
        bottom = [equal_width(width) if model == "shared-bottom, equal size" else width]
        for tasks in [{"a": TASKS["a"]}, {"b": TASKS["b"]}] if model == "single-task" else [TASKS]:
            copies = [SharedBottom(INPUTS, tasks, bottom, [TOWER], seed=seed) for _, seed in points]
            scores = score(copies, pairs, lr, seed=[seed for _, seed in points])
            parts.append(_at_points(scores, points).assign(model=model))
    return pd.concat(parts, ignore_index=True)[["condition", "seed", "model", "task", "r2"]]


def tune(seeds: Sequence[int] = range(900, 920)) -> pd.DataFrame:
    """Mean R² of each model at each of `LEARNING_RATES`, in two conditions: a row a model, a column a rate."""
    names = ("same features, same sign", "disjoint features")
    parts = [conditions(seeds, names, lr=rate).assign(rate=rate) for rate in LEARNING_RATES]
    return pd.concat(parts).pivot_table("r2", "model", "rate")


def widths(
    seeds: Sequence[int],
    names: Sequence[str] = ("same features, same sign", "disjoint features"),
    sizes: Sequence[int] = (4, 8, 16, 32),
    lr: float = LEARNING_RATE,
) -> pd.DataFrame:
    """`conditions` for several widths of the bottom, the same in both models: as there, and a column width."""
    parts = [conditions(seeds, names, width=size, lr=lr, models=MODELS[:2]).assign(width=size) for size in sizes]
    return pd.concat(parts, ignore_index=True)


def _at_points(scores: pd.DataFrame, points: Sequence[tuple[str, int]]) -> pd.DataFrame:
    """The number of a copy replaced by the condition and the seed that it was trained on."""
    place = pd.DataFrame([points[copy] for copy in scores["copy"]], columns=["condition", "seed"])
    return pd.concat([place, scores.drop(columns="copy").reset_index(drop=True)], axis=1)


def flip(seeds: Sequence[int], width: int = 8) -> pd.DataFrame:
    """y_b → −y_b, with the last layer of tower b negated at the start: condition, seed, model, task, r2."""
    names = ("same features, same sign", "same features, opposite sign")
    points = [(name, seed) for name in names for seed in seeds]
    pairs = [relu_tasks((500, 500, 2000), seed=seed, **CONDITIONS[names[0]]) for _, seed in points]
    pairs = [pair if name == names[0] else negated(pair) for (name, _), pair in zip(points, pairs, strict=True)]
    models = [SharedBottom(INPUTS, TASKS, [width], [TOWER], seed=seed) for _, seed in points]
    for (name, _), model in zip(points, models, strict=True):
        if name == names[1]:
            for parameter in model.towers[1][-1].parameters():
                parameter.data.neg_()
    return _at_points(score(models, pairs), points).assign(model="shared-bottom")


def negated(pair: TaskPair) -> TaskPair:
    """The same pair with all labels of task b negated, noise included."""
    parts = (pair.train, pair.valid, pair.test)
    train, valid, test = (replace(part, labels=part.labels | {"b": -part.labels["b"]}) for part in parts)
    return TaskPair(train, valid, test, -pair.label_correlation)


def weights(
    seeds: Sequence[int],
    shared: Sequence[int] = (0, 1, 2, 3, 4),
    widths: Sequence[int] = (4, 8, 16, 32),
    task_weights: Sequence[float] = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9),
    lr: float = LEARNING_RATE,
) -> pd.DataFrame:
    """Transfer of both tasks for the loss w·L(a) + (1−w)·L(b): shared, width, weight, seed, task, single, transfer.

    single is the R² of the single-task model of the same width, transfer is Shared-Bottom's R² minus that.
    """
    pairs = {(k, seed): relu_tasks((500, 500, 2000), shared=k, seed=seed) for k in shared for seed in seeds}
    parts = []
    for width in widths:
        keys = list(pairs)
        alone = [
            score(
                [SingleTask(INPUTS, task, "regression", [width], [TOWER], seed=seed) for _, seed in keys],
                list(pairs.values()),
                lr,
            )
            for task in TASKS
        ]
        single = (
            pd.concat(alone).assign(key=lambda t: [keys[copy] for copy in t["copy"]]).set_index(["key", "task"])["r2"]
        )
        for weight in task_weights:
            models = [SharedBottom(INPUTS, TASKS, [width], [TOWER], seed=seed) for _, seed in keys]
            both = score(models, list(pairs.values()), lr, task_weights={"a": 2 * weight, "b": 2 * (1 - weight)})
            key = [keys[copy] for copy in both["copy"]]
            base = [single[k, task] for k, task in zip(key, both["task"], strict=True)]
            parts.append(
                both.assign(
                    shared=[k for k, _ in key],
                    width=width,
                    weight=weight,
                    seed=[seed for _, seed in key],
                    single=base,
                    transfer=both["r2"] - base,
                )
            )
    return pd.concat(parts, ignore_index=True)[["shared", "width", "weight", "seed", "task", "single", "transfer"]]


def live(settings: dict, seeds: Sequence[int] | None = None) -> Iterator[tuple[float, dict | None, str]]:
    """`weights` at one point, seed after seed, for *Train it now*: yields (progress, {task: transfer}, "1 of 8 seeds")
    after each seed, (progress, None, "") within it.

    settings: shared, width and weight; seeds: eight that were not used before if None. From the second seed on a value
    comes with its interval: (mean, low, high).
    """
    if seeds is None:
        first = int(np.random.default_rng().integers(10_000, 2**31))
        seeds = range(first, first + 8)
    width, weight = settings["width"], settings["weight"]
    transfers: dict[str, list[float]] = {task: [] for task in TASKS}
    for number, seed in enumerate(seeds):
        pair = [relu_tasks((500, 500, 2000), shared=settings["shared"], seed=seed)]
        single = {}
        for part, task in enumerate(TASKS):
            alone = SingleTask(INPUTS, task, "regression", [width], [TOWER], seed=seed)
            single |= score([alone], pair, progress=False).set_index("task")["r2"].to_dict()
            yield (number + (part + 1) / 3) / len(seeds), None, ""
        shared = [SharedBottom(INPUTS, TASKS, [width], [TOWER], seed=seed)]
        both = score(shared, pair, task_weights={"a": 2 * weight, "b": 2 * (1 - weight)}, progress=False)
        for task, r2_shared in both.set_index("task")["r2"].items():
            transfers[task].append(r2_shared - single[task])
        found = {f"task {task.upper()}": interval(v) if number else v[0] for task, v in transfers.items()}
        yield (number + 1) / len(seeds), found, f"{number + 1} of {len(seeds)} seeds"


RELATED = ("same features, same sign", "same features, other mix", "same features, opposite sign")


def heads(seeds: Sequence[int], names: Sequence[str] = RELATED, width: int = 8) -> pd.DataFrame:
    """One head for both tasks against a tower each, on the same bottom: condition, seed, model, task, r2."""
    points = [(name, seed) for name in names for seed in seeds]
    pairs = [relu_tasks((500, 500, 2000), seed=seed, **CONDITIONS[name]) for name, seed in points]
    parts = []
    for model, make in {
        "one head": lambda seed: OneHead(INPUTS, TASKS, [width], [TOWER], seed=seed),
        "two towers": lambda seed: SharedBottom(INPUTS, TASKS, [width], [TOWER], seed=seed),
    }.items():
        parts.append(_at_points(score([make(seed) for _, seed in points], pairs), points).assign(model=model))
    return pd.concat(parts, ignore_index=True)[["condition", "seed", "model", "task", "r2"]]


def starts(
    seeds: Sequence[int], names: Sequence[str] = ("same features, same sign", "disjoint features"), width: int = 8
) -> pd.DataFrame:
    """Towers whose hidden layers start equal, as with one seed for every layer, against towers that start different.

    Columns condition, seed, model ("equal start" or "own start"), task, r2.
    """
    points = [(name, seed) for name in names for seed in seeds]
    pairs = [relu_tasks((500, 500, 2000), seed=seed, **CONDITIONS[name]) for name, seed in points]
    parts = []
    for model in ("equal start", "own start"):
        copies = [SharedBottom(INPUTS, TASKS, [width], [TOWER], seed=seed) for _, seed in points]
        for copy in copies if model == "equal start" else []:
            copy.towers[1][0].load_state_dict(copy.towers[0][0].state_dict())
        parts.append(_at_points(score(copies, pairs), points).assign(model=model))
    return pd.concat(parts, ignore_index=True)[["condition", "seed", "model", "task", "r2"]]


# The pairs whose gradients we watch. The first is the control: two copies of one task, with noises of their own; the
# second is the same without any noise.
GRADIENT_PAIRS = {
    "same sign": {"shared": 4, "relation": "same"},
    "same sign, no noise": {"shared": 4, "relation": "same", "noise": 0.0},
    "opposite sign": {"shared": 4, "relation": "opposite"},
    "other mix": {"shared": 4, "relation": "other mix"},
    "disjoint": {"shared": 0},
}


def cosines(
    seeds: Sequence[int],
    names: Sequence[str] = tuple(GRADIENT_PAIRS),
    steps: int = 200,
    every: int = 10,
    width: int = 8,
) -> pd.DataFrame:
    """Cosine of the tasks' gradients on the shared bottom while it trains, full batches: pair, seed, step, cosine."""
    points = [(name, seed) for name in names for seed in seeds]
    pairs = [relu_tasks((500, 500, 2000), seed=seed, **GRADIENT_PAIRS[name]) for name, seed in points]
    copies = Copies([SharedBottom(INPUTS, TASKS, [width], [TOWER], seed=seed) for _, seed in points])
    train, _, _ = stack(pairs)
    parts = []
    for step, cosine in enumerate(_cosines(copies, train, steps)):
        if step % every == 0:
            parts.append(pd.DataFrame(points, columns=["pair", "seed"]).assign(step=step, cosine=cosine.numpy()))
    return pd.concat(parts, ignore_index=True)


def _cosines(copies: Copies, train: Examples, steps: int) -> Iterator[Tensor]:
    optimizer = Adam(copies.groups(), lr=LEARNING_RATE)
    shared = [tensor for name, tensor in copies.parameters.items() if name.startswith("bottom")]
    for _ in range(steps + 1):
        outputs = copies(train.inputs)
        loss = {task: squared_error(outputs[task], train.labels[task]).mean(-1).sum() for task in TASKS}
        a, b = (
            torch.cat([g.flatten(1) for g in torch.autograd.grad(loss[task], shared, retain_graph=True)], dim=1)
            for task in TASKS
        )
        yield torch.cosine_similarity(a, b, dim=1)
        optimizer.zero_grad()
        sum(loss.values()).backward()
        optimizer.step()


GRIDS = grids(
    Grid("04_cosines", cosines, {"seeds": list(range(40)), "steps": 200, "every": 10, "width": 8}),
    Grid(
        "04_starts",
        starts,
        {"seeds": list(range(80)), "names": ["same features, same sign", "disjoint features"], "width": 8},
    ),
    Grid(
        "04_conditions",
        conditions,
        {"seeds": list(range(120)), "names": list(CONDITIONS), "width": 8, "rows": 500, "lr": LEARNING_RATE},
    ),
    Grid("04_heads", heads, {"seeds": list(range(120)), "names": list(RELATED), "width": 8}),
    Grid(
        "04_widths",
        widths,
        {
            "seeds": list(range(100)),
            "names": ["same features, same sign", "disjoint features"],
            "sizes": [4, 8, 16, 32],
            "lr": LEARNING_RATE,
        },
    ),
    Grid(
        "04_weights",
        weights,
        {
            "seeds": list(range(20)),
            "shared": [0, 1, 2, 3, 4],
            "widths": [4, 8, 16, 32],
            "task_weights": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9],
            "lr": LEARNING_RATE,
        },
    ),
)
