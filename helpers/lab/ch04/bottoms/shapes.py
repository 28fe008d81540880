"""When does the shape of the bottom matter? MLP, DCN, DeepFM and DIN under the same towers.

On simulated tasks where one shape has a reason to win, on their twins where it has none, and DIN on MovieLens-100K. No
other shape has more parameters than the plain one. Every model chose its learning rate and its L2 penalty on embeddings
among the same six settings, by validation loss on seeds that serve no result.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from itertools import product

import numpy as np
import pandas as pd

from helpers.data import features as columns
from helpers.data import movielens
from helpers.data.examples import Examples
from helpers.data.features import Dense, Features, Sparse
from helpers.data.synthetic import cross_tasks, interest_tasks
from helpers.evaluation.metrics import auc
from helpers.experiments.chosen import Chosen
from helpers.experiments.sweep import by_task, points, search, sweep
from helpers.lab.kept_table import KeptTable, kept_tables
from helpers.lab.recheck import Recheck, mean
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


@lru_cache(maxsize=1)
def interest_features() -> Features:
    both = [Sparse("item", width=4), columns.Sequence("history", of="item", length=10)]
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


def crosses(
    seeds: Sequence[int],
    kinds: Sequence[str] = ("crossed", "added"),
    rows: Sequence[int] = (2000,),
    shapes: Sequence[str] = tuple(CROSS_SHAPES),
) -> pd.DataFrame:
    """R² of each shape on `cross_tasks`: kind, rows, seed, shape, task, r2. The settings are those for 2000 rows."""
    at = points(kind=kinds, rows=rows, shape=shapes, seed=seeds)
    table = sweep(_at_chosen(at), cross_examples, cross_model, training)
    return table[["kind", "rows", "seed", "shape", "task", "r2"]]


def _at_chosen(at: pd.DataFrame) -> pd.DataFrame:
    """The points with the learning rate and the penalty that each shape chose."""
    return at.merge(CHOSEN.table.drop(columns="loss"), "left")


def interests(
    seeds: Sequence[int],
    kinds: Sequence[str] = ("matching", "all alike"),
    shapes: Sequence[str] = tuple(HISTORY_SHAPES),
) -> pd.DataFrame:
    """R² of each way to read a history on `interest_tasks`: kind, seed, shape, task, r2."""
    at = points(kind=kinds, rows=[INTEREST_ROWS], shape=shapes, seed=seeds)
    return sweep(_at_chosen(at), interest_examples, interest_model, training)[["kind", "seed", "shape", "task", "r2"]]


# MovieLens: who liked what before. Users are not columns, as most of those in the test rows are new.
RATING_TASKS = {"like": "binary", "love": "binary"}
RATING_SETTINGS = tuple(product((0.001, 0.003), (0.0003, 0.003)))  # lr, l2; a rate of 0.0003 is slow, and no better
RATING_CHOSEN = Chosen("04_histories_tuning", by=["shape"], setting=["lr", "l2"], value="loss", lowest=True)
RATING_COLUMNS = [
    *(Sparse(name) for name in ("item", "gender", "occupation", "year")),
    Dense("age"),
    columns.Sequence("liked", of="item", length=10),
]


def rating_examples() -> tuple[Features, list[Examples]]:
    """Train (30,000 ratings), validation and test examples (10,000 each) in order of time, with the last ten likes."""
    frame = movielens.load()
    frame["liked"] = columns.history(frame, "item", "like", time="timestamp", length=10)
    features = Features(RATING_COLUMNS).fit(frame)  # the catalogue; no label is seen
    return features, _examples(features, movielens.split_by_time(frame, (0.3, 0.1, 0.1)), RATING_TASKS)


def histories(seeds: Sequence[int], shapes: Sequence[str] = tuple(HISTORY_SHAPES)) -> pd.DataFrame:
    """AUC of each way to read the history of likes, MovieLens by time: seed, shape, task, auc.

    There is one split; a seed decides the initial parameters and the order of the batches.
    """
    at = points(shape=shapes, seed=seeds).join(pd.DataFrame(dict(RATING_CHOSEN), index=["lr", "l2"]).T, on="shape")
    return sweep(at, *_on_ratings(), by_task(auc))[["seed", "shape", "task", "auc"]]


def tune_histories(
    shapes: Sequence[str] = tuple(HISTORY_SHAPES), settings: Sequence[tuple[float, float]] = RATING_SETTINGS
) -> pd.DataFrame:
    """As `tune`, on MovieLens, of each of the settings (lr, l2): shape, lr, l2, loss."""
    tried = [(shape, *setting, seed) for shape in shapes for setting in settings for seed in TUNING_SEEDS]
    return search(pd.DataFrame(tried, columns=["shape", "lr", "l2", "seed"]), *_on_ratings())


def _on_ratings() -> tuple[Callable, Callable, Callable]:
    """Data, model and options for `sweep`."""
    features, sets = rating_examples()
    return (
        lambda: sets,
        lambda shape, l2, seed: _model(features, RATING_TASKS, HISTORY_SHAPES[shape], l2, seed),
        lambda lr: training(len(sets[0]), lr),
    )


WITHIN = {"r2": 0.02}
CROSSED = [
    Recheck({"seeds": [5, 6], "rows": [4000], "shapes": ["DCN", "DeepFM"]}, WITHIN),
    # A rounding error, as between two CPUs, moves the ends of these runs.
    Recheck({"seeds": range(8), "rows": [4000], "shapes": ["MLP"]}, {"r2": mean(0.02)}),
]
INTERESTS = [
    Recheck({"seeds": [7, 8], "kinds": ["all alike"]}, WITHIN),
    Recheck({"kinds": ["matching"], "shapes": ["DIN"]}, {"r2": mean(0.02)}),
]
ONE = {"kinds": ["added"], "shapes": ["MLP"], "rates": [0.003], "penalties": [0.001]}
TABLES = kept_tables(
    KeptTable("04_shapes_tuning", tune, {"seeds": TUNING_SEEDS}, [Recheck(ONE, {"loss": 5})]),
    KeptTable(
        "04_histories_tuning",
        tune_histories,
        {},
        [Recheck({"shapes": ["mean"], "settings": [(0.003, 0.003)]}, {"loss": 5})],
        needs=MOVIELENS,
    ),
    KeptTable(
        "04_crosses",
        crosses,
        {"seeds": range(24), "kinds": ["crossed"], "rows": [500, 1000, 2000, 4000]},
        CROSSED,
    ),
    KeptTable("04_added", crosses, {"seeds": range(24), "kinds": ["added"]}, [Recheck({"seeds": [5, 6]}, WITHIN)]),
    KeptTable("04_interests", interests, {"seeds": range(24)}, INTERESTS),
    KeptTable(
        "04_histories",
        histories,
        {"seeds": range(20)},
        [Recheck({"seeds": [2], "shapes": ["mean", "DIN"]}, {"auc": 0.01})],
        needs=MOVIELENS,
    ),
)
