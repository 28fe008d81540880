"""Does sharing help on real data? MovieLens-100K ratings as binary tasks, Shared-Bottom against tuned single-task
models.

The tasks are thresholds of one number, the rating: like (4 or 5), love (5), dislike (1 or 2). A seed decides which
ratings are train, validation and test rows, the initial parameters and the order of the batches. All seeds draw from
the same 100,000 ratings: an interval over seeds says how far a result depends on the split and the start, not what
other users would do. What other users would add is kept beside the scores (`helpers.evaluation.intervals`).
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import product

import numpy as np
import pandas as pd
import torch

from helpers.data import movielens
from helpers.data.examples import Examples
from helpers.data.features import Dense, Features, Sparse
from helpers.evaluation.counts import BIASES, BY_ITEM, ITEM, USER, by_ids
from helpers.evaluation.intervals import auc_influence, over_users
from helpers.evaluation.metrics import Array, auc
from helpers.evaluation.pool import STACK, pool
from helpers.experiments.chosen import Chosen
from helpers.experiments.sweep import points, search, sweep
from helpers.lab.kept_table import KeptTable, kept_tables
from helpers.lab.recheck import Recheck
from helpers.models.shared_bottom import SharedBottom
from helpers.support.downloads import MOVIELENS
from helpers.training.loop import Run, fit

COLUMNS = [
    Sparse("user"),
    Sparse("item"),
    Sparse("gender"),
    Sparse("occupation"),
    Sparse("year"),
    Dense("age"),
]
STARS = f"{BIASES} of the stars"
COUNTS = {BY_ITEM: (ITEM,), BIASES: (USER, ITEM), STARS: (USER, ITEM)}  # and the columns whose ids they count
PAIRS = ("like + love", "dislike + love", "like + dislike")
BOTTOM, TOWER = [64], [32]

# What both sides may choose from: the same twelve configurations for every model, single-task or shared.
LEARNING_RATES = (0.001, 0.003, 0.01)
PENALTIES = (0.0003, 0.003, 0.03, 0.1)
TUNING_SEEDS = tuple(range(900, 905))  # no result uses them


@lru_cache(maxsize=1)
def examples() -> tuple[Features, Examples]:
    """Features fitted on the catalogue of users and items (no label is seen), and all 100,000 ratings."""
    frame = movielens.load()
    features = Features(COLUMNS).fit(frame)
    return features, features.examples(frame, {task: task for task in ("like", "love", "dislike")})


def split(fraction: float, seed: int, rows: int = 100_000) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Train, validation and test rows: `fraction` of all to train on, a tenth each to validate and to test."""
    order = torch.from_numpy(np.random.default_rng(seed).permutation(rows))
    return order[: int(fraction * rows)], order[-2 * rows // 10 : -rows // 10], order[-rows // 10 :]


def rows(fraction: float, seed: int) -> list[Examples]:
    """Train, validation and test examples of all three tasks."""
    _, ratings = examples()
    return [ratings.take(part) for part in split(fraction, seed)]


def tasks_of(*pairs: str) -> list[str]:
    """Each task of "like + love" and other pairs, once."""
    return list(dict.fromkeys(task for pair in pairs for task in pair.split(" + ")))


def build(model: str, l2: float, seed: int) -> SharedBottom:
    """A Shared-Bottom of the tasks that `model` names, "like + love"; of one task, the single-task model."""
    tasks = dict.fromkeys(tasks_of(model), "binary")
    return SharedBottom(examples()[0], tasks, BOTTOM, TOWER, l2_embedding=l2, seed=seed)


def training(fraction: float, lr: float) -> dict:
    """Arguments of `fit`."""
    return {"epochs": 30, "patience": 5, "batch_size": 256 if fraction < 0.2 else 1024, "lr": lr}


def tune(
    seeds: Sequence[int],
    fraction: float,
    models: Sequence[str],
    rates: Sequence[float] = LEARNING_RATES,
    penalties: Sequence[float] = PENALTIES,
) -> pd.DataFrame:
    """Validation loss at each setting, in thousandths, each task at its best epoch: fraction, model, lr, l2, loss.

    models  each named by its tasks, "like + love"
    """
    return search(
        points(fraction=[fraction], model=models, lr=rates, l2=penalties, seed=seeds),
        data=rows,
        model=build,
        options=training,
    )


MODELS = ("like", "love", "dislike", *PAIRS)
# {training fraction: {model: (lr, l2)}}: what `tune` found best, at 0.8 without the largest penalty; and one setting
# for all that was not tuned, as a warning.
CHOSEN = {
    fraction: Chosen(search, by=["model"], setting=["lr", "l2"], value="loss", lowest=True)
    for fraction, search in ((0.08, "04_ratings_tuning"), (0.8, "04_ratings_80_tuning"))
}
UNTUNED = dict.fromkeys(MODELS, (0.001, 0.0003))


def transfer(
    seeds: Sequence[int],
    fraction: float = 0.08,
    pairs: Sequence[str] = PAIRS,
    tuned: bool = True,
) -> pd.DataFrame:
    """Test AUC of Shared-Bottom, of single-task models and of counts: fraction, tuned, pair, seed, model, task, auc,
    users, units.

    A single-task model, or a count, is in the rows of each pair that has its task.

    users   the standard error that the draw of test users gives what Shared-Bottom gains over this model, all seeds
            together
    units   how many users there are
    """
    chosen = CHOSEN[fraction] if tuned else UNTUNED
    settings = pd.DataFrame({name: chosen[name] for name in (*tasks_of(*pairs), *pairs)}, index=["lr", "l2"]).T
    at = points(fraction=[fraction], model=settings.index, seed=seeds).join(settings, on="model")
    scores = sweep(at, rows, build, training, _judge)
    tables, parts = dict(list(scores.groupby("model"))), []
    counts = counts_auc(seeds, fraction, sorted(tasks_of(*pairs)))
    for pair in pairs:
        for model, several in (("shared-bottom", [pair]), ("single-task", tasks_of(pair))):
            table = pd.concat([tables[name] for name in several])
            parts.append(table.assign(tuned=tuned, pair=pair, model=model))
        of_pair = counts[counts["task"].isin(tasks_of(pair))]
        parts.append(of_pair.assign(fraction=fraction, tuned=tuned, pair=pair))
    table = by_users(pd.concat(parts, ignore_index=True), ["pair", "task"], {"model": "shared-bottom"})
    return table[["fraction", "tuned", "pair", "seed", "model", "task", "auc", "users", "units"]]


def fusion_auc(seeds: Sequence[int], pairs: Sequence[str] = PAIRS[:2], fraction: float = 0.8) -> pd.DataFrame:
    """Test AUC of late fusion, a stack of the pair's two single-task models: pair, seed, task, auc."""
    rankings = []
    for seed in seeds:
        (train, valid, test), known, asked = rows(fraction, seed), {}, {}
        for task in tasks_of(*pairs):
            lr, l2 = CHOSEN[fraction][task]
            run = fit(build(task, l2, seed), train.only(task), valid.only(task), seed=seed, **training(fraction, lr))
            known |= run.predict(valid.inputs)
            asked |= run.predict(test.inputs)
        for pair in pairs:
            both = [{task: logits[task] for task in tasks_of(pair)} for logits in (known, asked)]
            for task in tasks_of(pair):
                stack = pool(*both, task, valid.labels[task])[STACK]
                rankings.append((pair, seed, task, auc(stack, test.labels[task])))
    return pd.DataFrame(rankings, columns=["pair", "seed", "task", "auc"])


def moves(scores: Array, labels: Array, users: Array) -> np.ndarray:
    """How much each user moves the AUC, by the row of the embedding table: 0 for one who has no row of these."""
    layout = examples()[0].sparse[USER]
    return np.bincount(np.asarray(users), auc_influence(scores, labels), layout.offset + layout.rows)


def by_users(table: pd.DataFrame, by: Sequence[str], than: dict[str, object]) -> pd.DataFrame:
    """`table` with the columns users and units in place of moves: the standard error that the draw of users gives the
    mean difference to the rows `than` with equal columns `by`, over all other columns."""
    keys, rows = [*by, *than], []
    means = {key: np.mean(list(part), axis=0) for key, part in table.groupby(keys)["moves"]}
    for key, mean in means.items():
        other = means[*key[: len(by)], *than.values()]
        seen = np.flatnonzero((mean != 0) | (other != 0))
        rows.append((*key, *over_users((mean - other)[seen], seen)))
    return table.drop(columns="moves").merge(pd.DataFrame(rows, columns=[*keys, "users", "units"]), "left", keys)


def _judge(run: Run, test: Examples) -> pd.DataFrame:
    parts = []
    for task, outputs in run.predict(test.inputs).items():
        for copy, output in enumerate(outputs):
            label, users = test.labels[task][copy], test.inputs["sparse"][copy, :, USER]
            parts.append((copy, task, auc(output, label), moves(output, label, users)))
    return pd.DataFrame(parts, columns=["copy", "task", "auc", "moves"])


def counts_auc(seeds: Sequence[int], fraction: float, tasks: Sequence[str]) -> pd.DataFrame:
    """Test AUC of each of `COUNTS` of the training rows: model, task, seed, auc, moves.

    The biases are those of the task's own label, as models see it, or of the stars that were cut at a threshold for it.
    """
    frame, parts = movielens.load(), []
    ids, stars = examples()[1].inputs["sparse"], torch.tensor(frame["rating"].to_numpy())
    for (count, columns), task, seed in product(COUNTS.items(), tasks, seeds):
        train, _, test = split(fraction, seed)
        label = torch.tensor(frame[task].to_numpy())
        counts = label if count != STARS else -stars if task == "dislike" else stars
        score = by_ids([ids[train, k] for k in columns], counts[train], [ids[test, k] for k in columns])
        parts.append((count, task, seed, auc(score, label[test]), moves(score, label[test], ids[test, USER])))
    return pd.DataFrame(parts, columns=["model", "task", "seed", "auc", "moves"])


WITHIN = {"auc": 0.01, "users": 0.003, "units": 100}  # of fewer splits the users move more, and some have no row
FEW = [Recheck({"seeds": [5, 11]}, WITHIN)]
ONE = [Recheck({"seeds": [5], "pairs": ["dislike + love"]}, WITHIN)]
ONE_SETTING = {"models": ["love"], "rates": [0.003], "penalties": [0.003]}
TABLES = kept_tables(
    KeptTable(
        "04_ratings_tuning",
        tune,
        {"seeds": TUNING_SEEDS, "fraction": 0.08, "models": MODELS},
        [Recheck(ONE_SETTING, {"loss": 2})],
        needs=MOVIELENS,
    ),
    KeptTable(
        "04_ratings_80_tuning",
        tune,
        {"seeds": TUNING_SEEDS, "fraction": 0.8, "models": MODELS[:-1], "penalties": PENALTIES[:3]},
        [Recheck(ONE_SETTING, {"loss": 2})],
        needs=MOVIELENS,
    ),
    KeptTable("04_ratings", transfer, {"seeds": range(40)}, FEW, needs=MOVIELENS),
    KeptTable(
        "04_ratings_untuned",
        transfer,
        {"seeds": range(20), "pairs": ["dislike + love"], "tuned": False},
        FEW,
        needs=MOVIELENS,
    ),
    KeptTable(
        "04_ratings_80",
        transfer,
        {"seeds": range(20), "fraction": 0.8, "pairs": PAIRS[:2]},
        ONE,
        needs=MOVIELENS,
    ),
    KeptTable(
        "04_ratings_fused",
        fusion_auc,
        {"seeds": range(6)},
        [Recheck({"seeds": [5], "pairs": ["like + love"]}, {"auc": 0.01})],
        needs=MOVIELENS,
    ),
)
