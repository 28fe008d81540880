"""When does the shape of the bottom matter? MLP, DCN, DeepFM and DIN under the same towers.

On simulated tasks where one shape has a reason to win, on their twins where it has none, and DIN on MovieLens-100K. No
other shape has more parameters than the plain one. Every model chose its learning rate and its L2 penalty on embeddings
among the same six settings, by validation loss on seeds that serve no result.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, partial
from itertools import product

import numpy as np
import pandas as pd

from helpers.data import features as columns
from helpers.data import movielens
from helpers.data.examples import Examples
from helpers.data.features import Dense, Features, Sparse
from helpers.data.synthetic import cross_tasks, interest_tasks
from helpers.evaluation.metrics import auc, r2
from helpers.experiments.chosen import Chosen
from helpers.experiments.grid import Grid, grids
from helpers.experiments.sample import Sample, mean
from helpers.models.bottoms import DCN, DIN, DeepFM
from helpers.models.shared_bottom import SharedBottom
from helpers.training.loop import Run, fit

TASKS = {"a": "regression", "b": "regression"}
TOWER = [16]
TUNING_SEEDS = tuple(range(900, 904))  # no result uses them
SETTINGS = tuple(product((0.003, 0.01, 0.03), (0.0, 0.001)))  # learning rate, L2 on embeddings

# As arguments of `SharedBottom`. A second layer makes the MLP worse on crosses.
CROSS_SHAPES = {
    "MLP": {"bottom": [40]},
    "DCN": {"bottom": partial(DCN, layers=2, units=[16])},
    "DeepFM": {"bottom": partial(DeepFM, units=[32])},
}
HISTORY_SHAPES = {
    "mean": {"bottom": [48]},
    "DIN, softmax": {"bottom": [32], "encoder": partial(DIN, softmax=True)},
    "DIN": {"bottom": [32], "encoder": DIN},
}


@lru_cache(maxsize=1)
def cross_features() -> Features:
    ids = np.arange(50)
    return Features([Sparse("user"), Sparse("video")]).fit(pd.DataFrame({"user": ids, "video": ids}))


@lru_cache(maxsize=1)
def interest_features() -> Features:
    both = [Sparse("item", width=4), columns.Sequence("history", of="item", length=10)]
    return Features(both).fit(pd.DataFrame({"item": np.arange(60), "history": [[]] * 60}))


def cross_examples(seeds: Sequence[int], kind: str = "crossed", rows: int = 2000) -> list[Examples]:
    """Train, validation and test examples of `cross_tasks`, one set a seed; `kind` is "crossed" or "added"."""
    frames = [cross_tasks((rows, 1000, 2000), crossed=kind == "crossed", seed=seed) for seed in seeds]
    return _stacked(cross_features(), frames)


def interest_examples(seeds: Sequence[int], kind: str = "matching") -> list[Examples]:
    """Train, validation and test examples of `interest_tasks`, one set a seed; `kind` is "matching" or "all alike"."""
    return _stacked(interest_features(), [interest_tasks(matching=kind == "matching", seed=seed) for seed in seeds])


def _stacked(features: Features, frames: list[tuple[pd.DataFrame, ...]]) -> list[Examples]:
    labels = {task: task for task in TASKS}
    return [Examples.stack([features.examples(frame, labels) for frame in part]) for part in zip(*frames, strict=True)]


def train(
    features: Features,
    sets: Sequence[Examples],
    seeds: Sequence[int],
    shape: dict,
    lr: float,
    l2: float,
    tasks: dict[str, str] = TASKS,
) -> Run:
    """A Shared-Bottom of `shape` a seed, 20 batches an epoch, with early stopping."""
    models = [SharedBottom(features, tasks, towers=TOWER, l2_embedding=l2, seed=seed, **shape) for seed in seeds]
    options = {"epochs": 100, "patience": 6, "batch_size": -(-len(sets[0]) // 20)}
    return fit(models, *sets[:2], lr=lr, seed=list(seeds), **options)


def tune(features: Features, sets: Sequence[Examples], shape: dict, settings=SETTINGS, tasks=TASKS) -> pd.Series:
    """Mean validation loss of each (lr, l2) on the tuning seeds, each task at its best epoch; `sets` are of them."""
    losses = {}
    for choice in settings:
        history = train(features, sets, TUNING_SEEDS, shape, *choice, tasks).history
        history = history[history["task"] != "total"]
        losses[choice] = history.groupby(["copy", "task"])["valid"].min().mean()
    return pd.Series(losses).sort_values()


# What `tune` chose, on data of the usual size.
CHOSEN = {
    "crossed": {"MLP": (0.03, 0.0), "DCN": (0.01, 0.001), "DeepFM": (0.01, 0.001)},
    "added": {"MLP": (0.003, 0.001), "DCN": (0.003, 0.001), "DeepFM": (0.003, 0.001)},
    "matching": {"mean": (0.01, 0.001), "DIN, softmax": (0.003, 0.0), "DIN": (0.01, 0.001)},
    "all alike": {"mean": (0.003, 0.0), "DIN, softmax": (0.01, 0.0), "DIN": (0.01, 0.0)},
}


def crosses(
    seeds: Sequence[int],
    kinds: Sequence[str] = ("crossed", "added"),
    rows: Sequence[int] = (2000,),
    shapes: Sequence[str] = tuple(CROSS_SHAPES),
) -> pd.DataFrame:
    """R² of each shape on `cross_tasks`: kind, rows, seed, shape, task, r2. The settings are those for 2000 rows."""
    parts = []
    for kind, size in product(kinds, rows):
        sets = cross_examples(seeds, kind, size)
        for shape in shapes:
            run = train(cross_features(), sets, seeds, CROSS_SHAPES[shape], *CHOSEN[kind][shape])
            parts.append(_scores(run, sets[2], seeds, "r2").assign(kind=kind, rows=size, shape=shape))
    return pd.concat(parts, ignore_index=True)[["kind", "rows", "seed", "shape", "task", "r2"]]


def interests(
    seeds: Sequence[int],
    kinds: Sequence[str] = ("matching", "all alike"),
    shapes: Sequence[str] = tuple(HISTORY_SHAPES),
) -> pd.DataFrame:
    """R² of each way to read a history on `interest_tasks`: kind, seed, shape, task, r2."""
    parts = []
    for kind in kinds:
        sets = interest_examples(seeds, kind)
        for shape in shapes:
            run = train(interest_features(), sets, seeds, HISTORY_SHAPES[shape], *CHOSEN[kind][shape])
            parts.append(_scores(run, sets[2], seeds, "r2").assign(kind=kind, shape=shape))
    return pd.concat(parts, ignore_index=True)[["kind", "seed", "shape", "task", "r2"]]


def _scores(run: Run, test: Examples, seeds: Sequence[int], metric: str) -> pd.DataFrame:
    """The test metric of each task at its own best epoch: a row a seed and task."""
    measure = {"r2": r2, "auc": auc}[metric]
    parts = [
        pd.DataFrame({"seed": list(seeds), "task": task, metric: measure(output, test.labels[task])})
        for task, output in run.predict(test.inputs).items()
    ]
    return pd.concat(parts, ignore_index=True)


# MovieLens: who liked what before. Users are not columns, as most of those in the test rows are new.
RATING_TASKS = {"like": "binary", "love": "binary"}
RATING_SETTINGS = tuple(product((0.001, 0.003), (0.0003, 0.003)))  # a rate of 0.0003 is slow, and no better
RATING_CHOSEN = Chosen("04_histories_tuning", by=["shape"], setting=["lr", "l2"], value="loss", lowest=True)
RATING_COLUMNS = [
    *(Sparse(name) for name in ("item", "gender", "occupation", "year")),
    Dense("age"),
    columns.Sequence("liked", of="item", length=10),
]


@lru_cache(maxsize=1)
def rating_examples() -> tuple[Features, list[Examples]]:
    """Train (30,000 ratings), validation and test examples (10,000 each) in order of time, with the last ten likes."""
    frame = movielens.load()
    frame["liked"] = columns.history(frame, "item", "like", time="timestamp", length=10)
    features = Features(RATING_COLUMNS).fit(frame)  # the catalogue; no label is seen
    labels = {task: task for task in RATING_TASKS}
    return features, [features.examples(part, labels) for part in movielens.split_by_time(frame, (0.3, 0.1, 0.1))]


def histories(seeds: Sequence[int], shapes: Sequence[str] = tuple(HISTORY_SHAPES)) -> pd.DataFrame:
    """AUC of each way to read the history of likes, MovieLens by time: seed, shape, task, auc.

    There is one split; a seed decides the initial parameters and the order of the batches.
    """
    features, sets = rating_examples()
    parts = []
    for shape in shapes:
        run = train(features, sets, seeds, HISTORY_SHAPES[shape], *RATING_CHOSEN[shape], RATING_TASKS)
        parts.append(_scores(run, sets[2], seeds, "auc").assign(shape=shape))
    return pd.concat(parts, ignore_index=True)[["seed", "shape", "task", "auc"]]


def tune_histories(
    shapes: Sequence[str] = tuple(HISTORY_SHAPES), settings: Sequence[tuple[float, float]] = RATING_SETTINGS
) -> pd.DataFrame:
    """Validation loss of each way to read a history at each setting, in thousandths: shape, lr, l2, loss."""
    features, sets = rating_examples()
    parts = []
    for shape in shapes:
        losses = tune(features, sets, HISTORY_SHAPES[shape], settings, RATING_TASKS)
        found = losses.rename_axis(["lr", "l2"]).rename("loss").mul(1000).reset_index()
        parts.append(found.sort_values(["lr", "l2"]).assign(shape=shape))
    return pd.concat(parts, ignore_index=True)[["shape", "lr", "l2", "loss"]]


GRIDS = grids(
    Grid(
        "04_histories_tuning",
        tune_histories,
        {"settings": RATING_SETTINGS},
        [Sample({"shapes": ["mean"], "settings": [(0.003, 0.003)]}, {"loss": 5})],
    ),
    Grid(
        "04_crosses",
        crosses,
        {"seeds": list(range(24)), "kinds": ["crossed"], "rows": [500, 1000, 2000, 4000], "shapes": list(CROSS_SHAPES)},
        [
            Sample({"seeds": [5, 6], "rows": [4000], "shapes": ["DCN", "DeepFM"]}, {"r2": 0.02}),
            # A rounding error, as between two CPUs, moves the ends of these runs.
            Sample({"seeds": range(8), "rows": [4000], "shapes": ["MLP"]}, {"r2": mean(0.02)}),
        ],
        [CHOSEN],
    ),
    Grid(
        "04_added",
        crosses,
        {"seeds": list(range(24)), "kinds": ["added"], "rows": [2000], "shapes": list(CROSS_SHAPES)},
        [Sample({"seeds": [5, 6]}, {"r2": 0.02})],
        [CHOSEN],
    ),
    Grid(
        "04_interests",
        interests,
        {"seeds": list(range(24)), "kinds": ["matching", "all alike"], "shapes": list(HISTORY_SHAPES)},
        [
            Sample({"seeds": [7, 8], "kinds": ["all alike"]}, {"r2": 0.02}),
            Sample({"kinds": ["matching"]}, {"r2": mean(0.02)}),
        ],
        [CHOSEN],
    ),
    Grid(
        "04_histories",
        histories,
        {"seeds": list(range(20)), "shapes": list(HISTORY_SHAPES)},
        [Sample({"seeds": [2], "shapes": ["mean", "DIN"]}, {"auc": 0.01})],
        [RATING_CHOSEN],
    ),
)
