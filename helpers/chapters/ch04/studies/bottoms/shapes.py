"""When does the shape of the bottom matter? MLP, DCN, DeepFM and DIN under the same towers.

On simulated tasks where one shape has a reason to win, on their twins where it has none, and DIN on MovieLens-100K. No
other shape has more parameters than the plain one. Every model chose its learning rate and its L2 penalty on embeddings
among the same six settings, by validation loss on seeds that serve no result.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache, partial

import numpy as np
import pandas as pd

from helpers.data import features as columns
from helpers.data import movielens
from helpers.data.examples import Examples
from helpers.data.features import Dense, Features, Sparse
from helpers.data.synthetic import cross_tasks, interest_tasks
from helpers.evaluation.metrics import auc
from helpers.experiments.chosen import Chosen
from helpers.experiments.sweep import by_task, points, search
from helpers.lab.kept_table import KeptTable, kept_tables
from helpers.lab.recheck import Recheck, mean
from helpers.lab.study import Search, Study
from helpers.models.bottoms import DCN, DIN, DeepFM
from helpers.models.shared_bottom import SharedBottom
from helpers.support.downloads import MOVIELENS

TASKS = {"a": "regression", "b": "regression"}
TOWER = [16]
CROSS_ROWS, INTEREST_ROWS = 2000, 4000  # to train on
TUNING_SEEDS = tuple(range(900, 904))  # no result uses them
RATES, PENALTIES = (0.003, 0.01, 0.03), (0.0, 0.001)  # the penalty is on embeddings

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


def interest_features() -> Features:
    return _interest_features(4)


@lru_cache
def _interest_features(width: int) -> Features:
    """Items with embeddings of so many numbers."""
    both = [Sparse("item", width=width), columns.Sequence("history", of="item", length=10)]
    return Features(both).fit(pd.DataFrame({"item": np.arange(60), "history": [[]] * 60}))


def cross_examples(kind: str, rows: int, seed: int) -> list[Examples]:
    """Train, validation and test examples of `cross_tasks`; `kind` is "crossed" or "added"."""
    return _examples(cross_features(), cross_tasks((rows, 1000, 2000), crossed=kind == "crossed", seed=seed))


def interest_examples(kind: str, rows: int, seed: int) -> list[Examples]:
    """Train, validation and test examples of `interest_tasks`; `kind` is "matching" or "all alike"."""
    return _examples(interest_features(), interest_tasks((rows, 1000, 2000), matching=kind == "matching", seed=seed))


def _examples(features: Features, frames: Sequence[pd.DataFrame], tasks: dict[str, str] = TASKS) -> list[Examples]:
    return [features.examples(frame, {task: task for task in tasks}) for frame in frames]


def cross_model(shape: str, l2: float, seed: int) -> SharedBottom:
    return _model(cross_features(), TASKS, CROSS_SHAPES[shape], l2, seed)


def interest_model(shape: str, l2: float, seed: int) -> SharedBottom:
    return _model(interest_features(), TASKS, HISTORY_SHAPES[shape], l2, seed)


def _model(features: Features, tasks: dict[str, str], shape: dict, l2: float, seed: int) -> SharedBottom:
    return SharedBottom(features, tasks, towers=TOWER, l2_embedding=l2, seed=seed, **shape)


def training(rows: int, lr: float) -> dict:
    """Arguments of `fit`: 20 batches an epoch, with early stopping."""
    return {"epochs": 100, "patience": 6, "batch_size": -(-rows // 20), "lr": lr}


def tune(
    seeds: Sequence[int],
    kinds: Sequence[str] = ("crossed", "added", "matching", "all alike"),
    shapes: Sequence[str] | None = None,
    rates: Sequence[float] = RATES,
    penalties: Sequence[float] = PENALTIES,
) -> pd.DataFrame:
    """Each setting of each shape, on data of the usual size: kind, shape, lr, l2, loss. All shapes if None.

    loss   of validation, in thousandths, each task at its best epoch, mean over the seeds
    """
    parts = []
    for kind in kinds:
        crossing = kind in ("crossed", "added")
        every, rows = (CROSS_SHAPES, CROSS_ROWS) if crossing else (HISTORY_SHAPES, INTEREST_ROWS)
        data, model = (cross_examples, cross_model) if crossing else (interest_examples, interest_model)
        at = points(kind=[kind], rows=[rows], shape=shapes or every, lr=rates, l2=penalties, seed=seeds)
        parts.append(search(at, data, model, training))
    return pd.concat(parts, ignore_index=True)[["kind", "shape", "lr", "l2", "loss"]]


# {kind: {shape: (lr, l2)}}: what `tune` found best, on data of the usual size.
CHOSEN = Chosen("04_shapes_tuning", by=["kind", "shape"], setting=["lr", "l2"], value="loss", lowest=True)


CROSSES = Study(  # with the settings that each shape chose on 2000 rows
    "04_crosses",
    axes={"kind": ("crossed",), "rows": (500, 1000, 2000, 4000), "shape": tuple(CROSS_SHAPES), "seed": range(24)},
    data=cross_examples,
    model=cross_model,
    options=training,
    search=CHOSEN,
    again=[
        Recheck({"seed": [5, 6], "rows": [4000], "shape": ["DCN", "DeepFM"]}, {"r2": 0.02}),
        # A rounding error, as between two CPUs, moves the ends of these runs.
        Recheck({"seed": range(8), "rows": [4000], "shape": ["MLP"]}, {"r2": mean(0.02)}),
    ],
)
ADDED = replace(
    CROSSES,
    name="04_added",
    axes=CROSSES.axes | {"kind": ("added",), "rows": (CROSS_ROWS,)},
    near={"r2": 0.02},
    again={"seed": [5, 6]},
)
INTERESTS = Study(
    "04_interests",
    axes={"kind": ("matching", "all alike"), "shape": tuple(HISTORY_SHAPES), "seed": range(24)},
    data=lambda kind, seed: interest_examples(kind, INTEREST_ROWS, seed),
    model=interest_model,
    options=lambda lr: training(INTEREST_ROWS, lr),
    search=CHOSEN,
    again=[
        Recheck({"seed": [7, 8], "kind": ["all alike"]}, {"r2": 0.02}),
        Recheck({"kind": ["matching"], "shape": ["DIN"]}, {"r2": mean(0.02)}),
    ],
)


def _wide_model(seed: int) -> SharedBottom:
    _, l2 = CHOSEN["matching"]["DIN"]
    return _model(_interest_features(12), TASKS, {"bottom": partial(DeepFM, units=[16])}, l2, seed)


WIDE = Study(  # no attention: a mean of as many numbers as topics, and its products with the offered item, as DIN chose
    "04_interests_wide",
    axes={"seed": range(24)},
    data=lambda seed: interest_examples("matching", INTEREST_ROWS, seed),
    model=_wide_model,
    options=lambda: training(INTEREST_ROWS, CHOSEN["matching"]["DIN"][0]),
    near={"r2": mean(0.02)},
    again={"seed": range(8)},
)

# MovieLens: who liked what before. Users are not columns, as most of those in the test rows are new.
RATING_TASKS = {"like": "binary", "love": "binary"}
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
    return features, _examples(features, movielens.split_by_time(frame, (0.3, 0.1, 0.1)), RATING_TASKS)


HISTORIES = Study(  # one split: a seed decides the initial parameters and the order of the batches
    "04_histories",
    axes={"shape": tuple(HISTORY_SHAPES), "seed": range(20)},
    data=lambda: rating_examples()[1],
    model=lambda shape, l2, seed: _model(rating_examples()[0], RATING_TASKS, HISTORY_SHAPES[shape], l2, seed),
    options=lambda lr: training(len(rating_examples()[1][0]), lr),
    judge=by_task(auc),
    near={"auc": 0.01},
    again={"seed": [2], "shape": ["mean", "DIN"]},
    needs=MOVIELENS,
    search=Search(
        "04_histories_tuning",
        {"lr": (0.001, 0.003), "l2": (0.0003, 0.003)},  # a rate of 0.0003 is slow, and no better
        by=["shape"],
        seeds=TUNING_SEEDS,
        near={"loss": 5},
        again={"shape": ["mean"], "lr": [0.003], "l2": [0.003]},
    ),
)
ONE = {"kinds": ["added"], "shapes": ["MLP"], "rates": [0.003], "penalties": [0.001]}
TABLES = kept_tables(
    KeptTable("04_shapes_tuning", tune, {"seeds": TUNING_SEEDS}, [Recheck(ONE, {"loss": 5})]),
)
