"""My model loses to a count: what to try, a step at a time, each measured on the same test rows.

    parts = split(declaration, prepare(declaration, frame))
    rung(parts, declaration, "click")                               # as it is
    rung(parts, declaration, "click", penalties=PENALTIES)          # let it choose a penalty
    rung(*with_rate(parts, declaration, "video", "click"), "click", penalties=PENALTIES)    # tell it the count

The count is the smoothed mean label of each item in the training rows (`counts.by_ids`); more rows make it better, too.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd

from helpers.capstone.declaration import Declaration
from helpers.capstone.plan import RATES, TUNING_SEEDS
from helpers.capstone.preparation import Split
from helpers.capstone.ranker import Ranker, Recipe
from helpers.data.examples import Examples
from helpers.evaluation.counts import PRIOR, by_ids
from helpers.evaluation.intervals import auc_influence, gain, over_users
from helpers.evaluation.metrics import auc
from helpers.models.copies import predict
from helpers.support import validate
from helpers.training.loop import TOTAL, fit

PENALTIES = (0.0, 1e-3, 1e-2, 1e-1)  # of embeddings
SEEDS = (0, 1, 2)
RECIPE = Recipe("single task", epochs=20, patience=5, batch_size=512)


@validate.checked
def rung(
    parts: Split,
    declaration: Declaration,
    task: str,
    penalties: Sequence[float] = (0.0,),
    rates: Sequence[float] = RATES[1:2],
    recipe: Recipe = RECIPE,
) -> pd.Series:
    """A model of one binary task, and the item's mean, on the test rows.

    Learning rate and penalty are chosen by validation loss on `TUNING_SEEDS`; `SEEDS` are judged. Gives auc with low
    and high (95%, by the luck of training and of the test users), count, the AUC of the item's mean, ahead (of the
    count, on the same rows) with ahead low and ahead high, and the penalty.
    """
    validate.choice("task", task, [name for name, kind in declaration.labels.items() if kind == "binary"])
    if declaration.item is None:
        validate.fail("declaration", "no item", "one whose mean is the count")
    train, valid, test = (part[part[task].notna()] for part in parts)
    ranker = Ranker(declaration.layout(), {task: "binary"})
    features = ranker.features.fit(train)
    sets = [features.examples(part, {task: task}) for part in (train, valid, test)]
    choices = [replace(recipe, lr=rate, l2_embedding=penalty) for rate, penalty in product(rates, penalties)]
    searched = choices if len(choices) > 1 else []
    losses = [_train(choice, features, sets, task, TUNING_SEEDS)[0] for choice in searched]
    best = choices[int(np.argmin(losses))] if searched else choices[0]
    scores = _train(best, features, sets, task, SEEDS)[1]
    labels, users = test[task].to_numpy(float), test[declaration.user or declaration.item].to_numpy()
    count = by_ids([train[declaration.item]], train[task].to_numpy(float), [test[declaration.item]])
    values = auc(scores, labels)
    moves = np.mean([auc_influence(score, labels) for score in scores], axis=0)
    counted, overlap = auc(count, labels), len(test) / len(train)
    alone = gain(values, overlap, *over_users(moves, users))
    ahead = gain(values - counted, overlap, *over_users(moves - auc_influence(count, labels), users))
    row = {"auc": alone.mean, "low": alone.low, "high": alone.high, "count": counted}
    row |= {"ahead": ahead.mean, "ahead low": ahead.low, "ahead high": ahead.high, "penalty": best.l2_embedding}
    return pd.Series(row)


def _train(recipe: Recipe, features, sets: list[Examples], task: str, seeds: Sequence[int]) -> tuple[float, np.ndarray]:
    """A model for each seed: their best validation losses, summed, and their outputs for the test rows."""
    train, valid, test = sets
    models = [recipe.model(features, {task: "binary"}, seed, train) for seed in seeds]
    history = fit(models, train, valid, seed=list(seeds), **recipe.training(len(train))).history
    losses = history[history["task"] == TOTAL].groupby("copy")["valid"].min()
    return float(losses.sum()), predict(models, test.inputs)[task].numpy()


@validate.checked
def with_rate(parts: Split, declaration: Declaration, column: str, task: str) -> tuple[Split, Declaration]:
    """The rows and the declaration with one number more: the mean label of each row's id in `column`, as it was known.

    A training row is told the smoothed mean of the training rows above it, which are older; all others are told that of
    all training rows. It starts from the mean of all, as if `PRIOR` rows with it came first.
    """
    validate.choice("column", column, declaration.ids_of_all())
    train, *later = (part.copy() for part in parts)
    name, seen = f"{column} {task} rate", train[task].notna()
    label, mean = train[task].fillna(0), train[task].mean()
    rows, sums = (values.groupby(train[column]) for values in (seen.astype(int), label))
    train[name] = (sums.cumsum() - label + PRIOR * mean) / (rows.cumsum() - seen + PRIOR)
    total = (sums.sum() + PRIOR * mean) / (rows.sum() + PRIOR)
    later = [part.assign(**{name: part[column].map(total).fillna(mean)}) for part in later]
    return Split(train, *later), replace(declaration, numbers=(*declaration.numbers, name))
