"""Watched, then liked: MovieLens-100K as a funnel. An illustration, and a constructed one.

MovieLens logs ratings; nothing was shown and clicked. We take every pair of user and item for an impression, what was
rated for watched, and a rating of 4 or 5 for a like. A seed draws rated pairs and three times as many that were not
rated. Nobody knows who would have liked the films that they did not rate: there is no truth beyond the rated rows.
"""

from collections.abc import Sequence
from dataclasses import asdict
from functools import lru_cache, partial
from itertools import product

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from helpers.chapters.ch04.studies.real_data.ratings import COLUMNS
from helpers.chapters.ch07.funnel import Choice
from helpers.chapters.ch07.studies.funnel import logged_loss
from helpers.chapters.ch07.studies.pools import (
    LINEAR,
    OF_ONE,
    POOLS_APART,
    chances,
    kinds_of,
    linear,
    models_of,
    over_sets,
    pooled_scores,
)
from helpers.data import movielens
from helpers.data.examples import Examples, Inputs
from helpers.data.features import Features
from helpers.evaluation.counts import BIASES, BY_ITEM, ITEM, USER, rates
from helpers.evaluation.metrics import auc
from helpers.experiments.chosen import Chosen
from helpers.lab.kept_table import KeptTable, kept_tables
from helpers.lab.recheck import Recheck
from helpers.models.esmm import ESMM, chain, funnel, product_logit
from helpers.models.shared_bottom import SharedBottom
from helpers.support import validate
from helpers.support.downloads import MOVIELENS
from helpers.training.loop import fit

WATCHED, LIKE, BOTH = TASKS = ("watched", "like", "watched and liked")
JUDGED = (LIKE, BOTH)
MODELS = ("single-task", "masked shared-bottom", "ESMM")
BY_WATCHED = "by item's share of watched"
COUNTS = (BY_ITEM, BY_WATCHED, BIASES)
POOLED_COUNTS = (BY_ITEM, BY_WATCHED)
KINDS_OF = kinds_of(POOLED_COUNTS)
UNSHARED = (*kinds_of(POOLED_COUNTS, POOLS_APART), *COUNTS)  # where nothing is shared
COMPARED = tuple(dict.fromkeys([*MODELS[1:], *UNSHARED, *KINDS_OF]))
SHOWN = (*kinds_of((), OF_ONE), *COUNTS)  # by one model, without a count in the sum
ROWS, VALID, TEST = 12_000, 4_000, 8_000
RATED = 4  # one of so many impressions
LEFT = RATED * 100_000 - VALID - TEST  # what a seed may train on: the log has 100,000 ratings
TOWERS = [32]
EPOCHS = 100  # at most
PATIENCE = 10  # epochs: at a small rate some starts are slow to leave the plateau of the first


@lru_cache(maxsize=1)
def catalogue() -> tuple[Features, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Features of users and items, the ratings, and a row for each user and each item."""
    ratings = movielens.load()
    features = Features(COLUMNS).fit(ratings)
    names = [column.name for column in COLUMNS]
    items = ratings[["item", "year"]].drop_duplicates("item", ignore_index=True)
    users = ratings[[n for n in names if n not in items]].drop_duplicates("user", ignore_index=True)
    return features, ratings, users, items


def impressions(seed: int, rows: int = ROWS + VALID + TEST) -> pd.DataFrame:
    """Pairs of user and item in random order, a quarter of them rated: the columns of both, watched, like (NaN where
    it is not known)."""
    _, ratings, users, items = catalogue()
    rng = np.random.default_rng([seed, 72])
    rated = ratings.iloc[rng.permutation(len(ratings))[: rows // RATED]]
    known = pd.MultiIndex.from_frame(ratings[["user", "item"]])
    user, item = (rng.choice(table[name], 2 * rows) for table, name in ((users, "user"), (items, "item")))
    drawn = pd.MultiIndex.from_arrays([user, item], names=["user", "item"]).drop_duplicates()
    others = drawn[~drawn.isin(known)][: rows - len(rated)].to_frame(index=False).merge(users).merge(items)
    frame = pd.concat([rated.assign(watched=1), others.assign(watched=0, like=np.nan)], ignore_index=True)
    return frame.iloc[rng.permutation(rows)].reset_index(drop=True)


def examples(seed: int) -> tuple[Examples, Examples, Examples]:
    """Training, validation and test examples, with the labels of all three tasks."""
    rows = funnel(catalogue()[0].examples(impressions(seed), {WATCHED: "watched", LIKE: "like"}), TASKS)
    return tuple(rows.take(part) for part in torch.arange(len(rows)).split((ROWS, VALID, TEST)))


def parts(model: str) -> list[tuple[str, ...]]:
    """The tasks that are trained together: one by one, or all that have a loss."""
    return {
        "single-task": [(task,) for task in TASKS],
        "masked shared-bottom": [(WATCHED, LIKE)],
        "ESMM": [(WATCHED, BOTH)],
    }[model]


def build(model: str, tasks: Sequence[str], l2: float, seed: int) -> SharedBottom:
    """One of `MODELS` with its first parameters; a single-task model of the one task in `tasks`."""
    options = {"towers": TOWERS, "l2_embedding": l2, "seed": seed}
    if validate.choice("model", model, MODELS) == "ESMM":
        return ESMM(catalogue()[0], TASKS, **options)
    return SharedBottom(catalogue()[0], dict.fromkeys(tasks, "binary"), [], **options)


def train(
    model: str,
    tasks: Sequence[str],
    seeds: Sequence[int],
    sets: Sequence[Examples],
    choice: Choice,
    patience: int = PATIENCE,
) -> list[SharedBottom]:
    """A model a seed, trained on the first of `sets` and stopped by the second."""
    models = [build(model, tasks, choice.l2, seed) for seed in seeds]
    weights = dict(zip(models[0].tasks, (1.0, choice.weight), strict=False))
    options = {"epochs": EPOCHS, "patience": patience, "batch_size": 512, "lr": choice.lr, "seed": list(seeds)}
    fit(models, *sets[:2], task_weights=weights, **options)
    return models


def stacked_sets(seeds: Sequence[int]) -> list[Examples]:
    """Training, validation and test examples with a leading axis, a set a seed."""
    return list(map(Examples.stack, zip(*map(examples, seeds), strict=True)))


def predict(model: str, seeds: Sequence[int], sets: Sequence[Examples], inputs: Inputs) -> dict[str, Tensor]:
    """Logits of all tasks for the rows of `inputs`, `(seeds, n)` each, of newly trained models."""
    logits = {}
    for tasks in parts(model):
        logits |= chain(train(model, tasks, seeds, sets, CHOSEN[model][" + ".join(tasks)]), inputs)
    if model == "masked shared-bottom":
        logits[BOTH] = product_logit(logits[WATCHED], logits[LIKE])
    return logits


def count(score: str, train: Examples, inputs: Inputs) -> dict[str, Tensor]:
    """`JUDGED` by one of `COUNTS`: means of labels."""
    columns = (USER, ITEM) if validate.choice("score", score, COUNTS) == BIASES else (ITEM,)
    labels = dict.fromkeys(JUDGED, WATCHED) if score == BY_WATCHED else {task: task for task in JUDGED}
    return {task: rates(train, label, inputs, columns) for task, label in labels.items()}


def compare(seeds: Sequence[int], models: Sequence[str] = COMPARED) -> pd.DataFrame:
    """seed, model, auc_like (on what was rated), auc_both (on all rows), rated and unrated (mean chance of a like, NaN
    of a score that is none)."""
    sets, rows = stacked_sets(seeds), []
    test = sets[-1]
    rated = test.labels[WATCHED] == 1
    kinds = dict.fromkeys(KINDS_OF[name] for name in models if name in KINDS_OF)
    outputs = {
        model: linear(catalogue()[0], sets, TASKS)
        if model == LINEAR
        else over_sets(partial(predict, model, seeds, sets), sets)
        for model in models_of(kinds)
    }
    counts = {name: [count(name, sets[0], part.inputs) for part in sets[1:]] for name in POOLED_COUNTS}
    of_pools = pooled_scores(kinds, outputs, TASKS, JUDGED, sets, counts)
    for model in models:
        if model in COUNTS:
            scores = count(model, sets[0], test.inputs)
            chance = scores[LIKE]
        else:
            scores = of_pools[model]
            chance = torch.sigmoid(scores[LIKE])
        if model == BY_WATCHED or (model in KINDS_OF and LIKE not in chances(model, TASKS)):
            chance = torch.full_like(chance, torch.nan)
        scores = {
            "auc_like": auc(scores[LIKE], test.labels[LIKE], rated),
            "auc_both": auc(scores[BOTH], test.labels[BOTH]),
            "rated": ((chance * rated).sum(1) / rated.sum(1)).numpy(),
            "unrated": ((chance * ~rated).sum(1) / (~rated).sum(1)).numpy(),
        }
        rows.append(pd.DataFrame({"seed": seeds, "model": model} | scores))
    return pd.concat(rows, ignore_index=True)


# What every model may choose from: 32 settings, by the log loss of what was logged in the test rows of seeds that serve
# no result.
RATES, PENALTIES = (0.0003, 0.001, 0.003, 0.01), (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
SHARED_CHOICES = [Choice(*setting) for setting in product(RATES, (0.001, 0.003, 0.01, 0.03), (1.0, 5.0))]
CHOICES = {
    "single-task": [Choice(*setting) for setting in product(RATES, PENALTIES)],
    "masked shared-bottom": [Choice(c.lr, c.l2, c.weight / RATED) for c in SHARED_CHOICES],
    "ESMM": SHARED_CHOICES,
}
TUNING_SEEDS = tuple(range(900, 904))


def tune(
    seeds: Sequence[int],
    models: Sequence[str] = MODELS,
    rates: Sequence[float] = RATES,
    penalties: Sequence[float] = PENALTIES,
    patience: int = 3,
) -> pd.DataFrame:
    """Each of `CHOICES` of each model, at these rates and penalties: model, tasks (trained together), lr, l2, weight,
    seed, loss (of what was logged, in thousandths). The search is less patient."""
    sets, rows = stacked_sets(seeds), []
    for model in models:
        for tasks, choice in product(parts(model), CHOICES[model]):
            if choice.lr in rates and choice.l2 in penalties:
                logits = chain(train(model, tasks, seeds, sets, choice, patience), sets[2].inputs)
                losses = 1000 * logged_loss(logits, sets[2], TASKS, 1 / RATED)
                setting = {"model": model, "tasks": " + ".join(tasks)} | asdict(choice)
                rows.append(pd.DataFrame(setting | {"seed": seeds, "loss": losses}))
    return pd.concat(rows, ignore_index=True)


# {model: {tasks: choice}}: what `tune` found best.
CHOSEN = Chosen(
    "07_watched_tuning",
    by=["model", "tasks"],
    setting=["lr", "l2", "weight"],
    value="loss",
    lowest=True,
    make=Choice,
)

WITHIN = dict.fromkeys(("auc_like", "auc_both", "rated", "unrated"), 0.02)
ONE = {"seeds": [900], "models": ["ESMM"], "rates": [0.01], "penalties": [0.03]}
TABLES = kept_tables(
    KeptTable("07_watched_tuning", tune, {"seeds": TUNING_SEEDS}, [Recheck(ONE, {"loss": 2})], needs=MOVIELENS),
    KeptTable(
        "07_watched",
        compare,
        {"seeds": range(20)},
        [Recheck({"seeds": [4, 11], "models": ["ESMM", *COUNTS]}, WITHIN)],
        needs=MOVIELENS,
    ),
)
