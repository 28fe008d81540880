"""Real pairs of tasks that are not thresholds of one number: Census-Income, the real data of the MMoE paper.

Its section 6.1 makes two pairs of labels out of the answers of one survey: an income above 50,000 with "never
married", and a college degree with "never married". What a model may read is every other column, without the income,
without the columns that became labels of the pair, and without the weight that a row has in the population.

Three networks of about as many parameters, embeddings and gates counted, and boosted trees, a forest for each task.
Each chooses among twelve settings, by the mean of both tasks' validation losses, on seeds that no result uses; a
network stops at its best epoch of each task, a forest at its best tree. The single-task models have one layer: of two
layers of 8 or 9 units some runs learnt nothing, and these shapes were taken out.

A seed decides which rows are train, validation and test rows, the first parameters and the order of the batches. All
seeds draw from the same log, so an interval over seeds needs the term for one log (`OVERLAP`).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice

import numpy as np
import pandas as pd
import torch
from torch import nn

from helpers.data import census
from helpers.data.examples import Examples
from helpers.data.features import Dense, Features, Sparse
from helpers.evaluation.intervals import gain
from helpers.evaluation.metrics import Array, auc, log_loss
from helpers.evaluation.statistics import difference
from helpers.experiments.chosen import Chosen, shape_name
from helpers.experiments.sweep import points, sweep
from helpers.lab.kept_table import KeptTable, kept_tables
from helpers.lab.recheck import Recheck
from helpers.lab.study import shape_of
from helpers.models.experts import MMoE
from helpers.models.shared_bottom import SharedBottom, SingleTasks, parameter_count
from helpers.support.downloads import CENSUS
from helpers.training.loop import Run

INCOME, COLLEGE = "income, never married", "college, never married"
TASKS = {INCOME: ("income above 50,000", "never married"), COLLEGE: ("college", "never married")}
PAIRS = tuple(TASKS)
ROWS = (2_000, 20_000, 60_000)  # to train on
VALID, TEST = 10_000, 20_000
ALL = 99_762
LEFT = ALL - VALID - TEST  # what a seed may train on
OVERLAP = TEST / LEFT  # of two seeds' splits (`helpers.evaluation.intervals`)

EMBEDDING, TOWER = 4, [8]
MODELS = SINGLE, SHARED, MMOE, TREES = ("single-task", "shared-bottom", "MMoE", "boosted trees")
SHAPES: dict[str, tuple[tuple[int, ...], ...]] = {
    SINGLE: ((8,), (9,), (10,)),
    SHARED: ((32,), (30, 16), (28, 28)),
    MMOE: ((2, 14), (4, 7), (6, 4)),
    TREES: ((2,), (4,), (16,), (32,)),
}
RATES = dict.fromkeys((SINGLE, SHARED, MMOE), (0.0003, 0.001, 0.003, 0.01)) | {TREES: (0.05, 0.1, 0.2)}
MOST_TREES = 200


@lru_cache
def examples(pair: str) -> Examples:
    """All rows with the labels of a pair; their groups are who has equal inputs."""
    frame, tasks = census.load(), TASKS[pair]
    features = features_of(pair)
    frame["alike"] = frame.groupby([column.name for column in features.columns], sort=False).ngroup()
    return features.examples(frame, {task: task for task in tasks}, groups="alike")


@lru_cache
def features_of(pair: str) -> Features:
    """Every column that a model may read, fitted on all rows: no label is seen."""
    frame, labels = census.load(), {census.LABELS[task][0] for task in TASKS[pair]}
    names = [name for name in census.COLUMNS if name not in labels | {"income", "instance weight"}]
    columns = [Dense(name) if name in census.NUMBERS else Sparse(name, EMBEDDING) for name in names]
    return Features(columns).fit(frame)


def parts(rows: int, pair: str, seed: int) -> list[Examples]:
    """So many training rows, and the validation and test rows of this seed, drawn at random."""
    order = torch.from_numpy(np.random.default_rng(seed).permutation(len(examples(pair))))
    return [examples(pair).take(part) for part in (order[TEST + VALID :][:rows], order[TEST:][:VALID], order[:TEST])]


def build(model: str, pair: str, shape: tuple[int, ...], seed: int) -> nn.Module:
    """One of the networks of `MODELS` with its first parameters; of "single-task" a model for each task."""
    tasks, of = dict.fromkeys(TASKS[pair], "binary"), features_of(pair)
    if model == MMOE:
        return MMoE(of, tasks, experts=shape[0], units=[shape[1]], towers=TOWER, seed=seed)
    return (SingleTasks if model == SINGLE else SharedBottom)(of, tasks, list(shape), TOWER, seed=seed)


def size(model: str, shape: tuple[int, ...], pair: str = INCOME) -> int:
    """How many parameters a network takes for both tasks."""
    return parameter_count(build(model, pair, shape, 0))


def training(rows: int, rate: float) -> dict:
    """Arguments of `fit`."""
    return {"epochs": 60, "patience": 3, "batch_size": 128 if rows < 10_000 else 1024, "lr": rate}


def train_points(at: pd.DataFrame) -> pd.DataFrame:
    """Every point of `at` (rows, pair, model, shape, rate, seed) trained: a row a task, with the columns

    loss      on the validation rows, where it is lowest, in thousandths
    auc       on the test rows
    auc_new   on those of them that have no twin among the training rows, a row with the same inputs
    """
    tables = []
    for (*_, model), here in at.groupby(["rows", "pair", "model"], sort=False):  # apart: all sets at once fill 4 GB
        table = _tree_scores(here) if model == TREES else sweep(here, parts, build, training, _judge)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def _judge(run: Run, train: Examples, test: Examples) -> pd.DataFrame:
    lowest = run.lowest()
    new = [_without_twin(*groups) for groups in zip(train.groups, test.groups, strict=True)]
    parts = []
    for task, output in run.predict(test.inputs).items():
        for copy, logits in enumerate(output):
            scores = _scores(lowest[copy, task], logits, test.labels[task][copy], new[copy])
            parts.append({"copy": copy, "task": task} | scores)
    return pd.DataFrame(parts)


def _without_twin(train: torch.Tensor, test: torch.Tensor) -> torch.Tensor:
    return ~torch.isin(test, train)


def _scores(loss: float, logits: Array, labels: torch.Tensor, new: torch.Tensor) -> dict[str, float]:
    return {"loss": 1000 * loss, "auc": auc(logits, labels), "auc_new": auc(logits, labels, new)}


def _tree_scores(at: pd.DataFrame) -> pd.DataFrame:
    """The same of boosted trees, a forest for each task: a shape is the most leaves of a tree."""
    rows = []
    for point in at.to_dict("records"):
        train, valid, test = parts(point["rows"], point["pair"], point["seed"])
        new = _without_twin(train.groups, test.groups)
        for task in TASKS[point["pair"]]:
            stages = _forest(point, train, task)
            losses = [log_loss(logits, valid.labels[task]) for logits in stages(valid)]
            best = int(np.argmin(losses))
            logits = next(islice(stages(test), best, None))
            rows.append(point | {"task": task} | _scores(losses[best], logits, test.labels[task], new))
    return pd.DataFrame(rows)


def _forest(point: dict, train: Examples, task: str) -> Callable[[Examples], Iterator[np.ndarray]]:
    """Grow the trees of one task; the function gives the logits of other rows after one tree, after two, and so on."""
    from sklearn.ensemble import HistGradientBoostingClassifier  # `make tables` alone needs it, and it takes a second

    features = features_of(point["pair"])
    offsets = np.array([layout.offset for layout in features.sparse])

    def table(rows: Examples) -> np.ndarray:
        return np.column_stack([rows.inputs["dense"].numpy(), rows.inputs["sparse"].numpy() - offsets])

    forest = HistGradientBoostingClassifier(
        learning_rate=point["rate"],
        max_leaf_nodes=point["shape"][0],
        max_iter=MOST_TREES,
        early_stopping=False,
        categorical_features=np.arange(len(features.dense), len(features.columns)),
    ).fit(table(train), train.labels[task].numpy())
    return lambda rows: map(np.ravel, forest.staged_decision_function(table(rows)))


def tune(
    seeds: Sequence[int],
    rows: Sequence[int] = ROWS,
    pairs: Sequence[str] = PAIRS,
    shapes: Mapping[str, Sequence[tuple[int, ...]]] = SHAPES,
    rates: Mapping[str, Sequence[float]] = RATES,
) -> pd.DataFrame:
    """The mean of both tasks' validation losses at every setting, in thousandths: rows, pair, model, shape, rate, seed,
    loss.

    With more than 2,000 rows the first of the seeds serves: there the loss depends less on the draw.
    """
    table = train_points(
        pd.concat(
            points(
                rows=[count],
                pair=pairs,
                model=[model],
                shape=several,
                rate=rates[model],
                seed=seeds if count == ROWS[0] else seeds[:1],
            )
            for count in rows
            for model, several in shapes.items()
        )
    )
    table["shape"] = table["shape"].map(shape_name)
    return table.groupby(["rows", "pair", "model", "shape", "rate", "seed"], as_index=False, sort=False)["loss"].mean()


CHOSEN = Chosen(
    "04_census_tuning",
    by=["rows", "pair", "model"],
    setting=["shape", "rate"],
    value="loss",
    lowest=True,
    make=lambda shape, rate: (shape_of(shape), rate),
)


def transfer(
    seeds: Sequence[int],
    rows: Sequence[int] = ROWS,
    pairs: Sequence[str] = PAIRS,
    models: Sequence[str] = MODELS,
) -> pd.DataFrame:
    """Test AUC of every model with the settings that it chose: rows, pair, model, seed, task, auc, auc_new."""
    at = points(rows=rows, pair=pairs, model=models, seed=seeds)
    chosen = [CHOSEN[count][pair][model] for count, pair, model in at[["rows", "pair", "model"]].to_numpy()]
    at["shape"], at["rate"] = zip(*chosen, strict=True)
    return train_points(at)[["rows", "pair", "model", "seed", "task", "auc", "auc_new"]]


def gains(table: pd.DataFrame, over: str = SINGLE) -> pd.DataFrame:
    """The AUC that every other model gains over one, a row for each amount of rows, pair, task and model, with the 95%
    interval for one log: rows, pair, task, model, mean, low, high."""
    rows = []
    for model in table["model"].unique():
        if model != over:
            pairs = difference(table[["rows", "pair", "task", "model", "seed", "auc"]], "auc", model, over)
            for key, values in pairs.groupby(["rows", "pair", "task"], sort=False)["difference"]:
                rows.append((*key, model, *gain(values.to_numpy(), OVERLAP)[:3]))
    return pd.DataFrame(rows, columns=["rows", "pair", "task", "model", "mean", "low", "high"])


TABLES = kept_tables(
    KeptTable(
        "04_census_tuning",
        tune,
        {"seeds": range(900, 904)},
        [Recheck({"seeds": [900], "rows": [2000], "shapes": {SHARED: ((32,),)}}, {"loss": 3})],
        needs=CENSUS,
    ),
    KeptTable(
        "04_census",
        transfer,
        {"seeds": range(20)},
        [Recheck({"seeds": [5], "rows": [2000]}, {"auc": 0.01, "auc_new": 0.01})],
        needs=CENSUS,
    ),
)
