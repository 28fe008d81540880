"""Watched, then liked: MovieLens-100K as a funnel. An illustration, and a constructed one.

MovieLens logs ratings; nothing was shown and clicked. We take every pair of user and item for an impression, what was
rated for watched, and a rating of 4 or 5 for a like. A seed draws rated pairs and three times as many that were not
rated. Who would have liked what he did not rate, nobody knows: here is no truth off the rated rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import pandas as pd
import torch

from helpers import movielens
from helpers.esmm import ESMM, chain, funnel, product_logit
from helpers.examples import Examples
from helpers.experiments import Grid, grids
from helpers.experiments.ratings import COLUMNS
from helpers.features import Features
from helpers.metrics import auc
from helpers.models import SharedBottom
from helpers.training import fit

WATCHED, LIKE, BOTH = TASKS = ("watched", "like", "watched and liked")
SINGLE, SHARED, PRODUCT = MODELS = ("single-task", "masked shared-bottom", "ESMM")
ROWS, VALID, TEST = 12_000, 4_000, 8_000
RATED = 4  # one of so many impressions
TOWERS, LR, L2 = [32], 0.003, 0.003  # for all models: near the best of chapter 04's single-task models


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


def train(model: str, seeds: Sequence[int]) -> tuple[dict[str, torch.Tensor], Examples]:
    """Logits of all tasks on the test rows, `(seeds, n)` each, and these rows."""
    rows, valid, test = map(Examples.stack, zip(*map(examples, seeds), strict=True))
    options = {"epochs": 30, "patience": 3, "batch_size": 512, "lr": LR, "seed": list(seeds)}

    def logits(make) -> dict[str, torch.Tensor]:
        models = [make(seed) for seed in seeds]
        fit(models, rows, valid, **options)
        return chain(models, test.inputs)

    def bottom(*tasks: str):
        return lambda seed: SharedBottom(
            catalogue()[0], dict.fromkeys(tasks, "binary"), [], TOWERS, l2_embedding=L2, seed=seed
        )

    if model == PRODUCT:
        return logits(lambda seed: ESMM(catalogue()[0], TASKS, towers=TOWERS, l2_embedding=L2, seed=seed)), test
    if model == SHARED:
        found = logits(bottom(WATCHED, LIKE))
        return found | {BOTH: product_logit(found[WATCHED], found[LIKE])}, test
    return {task: logits(bottom(task))[task] for task in TASKS}, test


def compare(seeds: Sequence[int], models: Sequence[str] = MODELS) -> pd.DataFrame:
    """seed, model, auc_like (on what was rated), auc_both (on all rows), rated and unrated (mean chance of a like)."""
    parts = []
    for model in models:
        logits, test = train(model, seeds)
        rated = test.labels[WATCHED] == 1
        chance = torch.sigmoid(logits[LIKE])
        parts.append(
            pd.DataFrame(
                {
                    "seed": seeds,
                    "model": model,
                    "auc_like": auc(logits[LIKE], test.labels[LIKE], rated),
                    "auc_both": auc(logits[BOTH], test.labels[BOTH]),
                    "rated": ((chance * rated).sum(1) / rated.sum(1)).numpy(),
                    "unrated": ((chance * ~rated).sum(1) / (~rated).sum(1)).numpy(),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


GRIDS = grids(Grid("07_watched", compare, {"seeds": list(range(20)), "models": list(MODELS)}))
