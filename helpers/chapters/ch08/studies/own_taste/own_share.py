"""How much of the order within a user is her own, on MovieLens-100K: GAUC of a like on test rows, by what ranks them.

Splits are random, 80 to 20. What a ranker gains over the films' means, divided by what these have above ½, is its
share.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch

from helpers.chapters.ch08.studies.own_taste import models
from helpers.data import movielens
from helpers.evaluation.counts import by_ids
from helpers.evaluation.metrics import gauc
from helpers.experiments.chosen import Chosen
from helpers.lab.kept_table import KeptTable, kept_tables
from helpers.lab.recheck import Recheck
from helpers.support import downloads

ITEM, AGE_GENRE, USER_GENRE = BY_LIKES = ("film's mean", "+ age × genre", "+ user × genre")
STARS, STARS_GENRE, FACTORS = BY_STARS = ("means of stars", "means of stars + user × genre", "+ factors")
RANKERS = BY_LIKES + BY_STARS
# imagined rows, or penalty
STRENGTHS = {AGE_GENRE: (20, 80, 320), USER_GENRE: (5, 20, 80), STARS_GENRE: (5, 20, 80), FACTORS: (4, 8, 16, 24)}
WIDTH = 16
CHOSEN = Chosen("08_own_share_tuning", by=["ranker"], setting=["strength"], value="gauc")


def split(seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows to learn from and rows to rank: the ratings with a row's user and film from 0 on, and its genres."""
    frame = movielens.load()
    frame = frame.assign(user=pd.factorize(frame["user"])[0], item=pd.factorize(frame["item"])[0])
    frame["age_group"] = np.digitize(frame["age"], [25, 35, 50])
    order = np.random.default_rng(seed).permutation(len(frame))
    return frame.iloc[order[len(frame) // 5 :]], frame.iloc[order[: len(frame) // 5]]


def score(ranker: str, train: pd.DataFrame, test: pd.DataFrame, strength: float) -> np.ndarray:
    """A number for each row of `test`: the film's mean of likes, or user's and film's of stars, and what the ranker
    knows besides."""
    if ranker in BY_STARS:
        ids = ["user", "item"]
        known, asked = (
            by_ids([train[c] for c in ids], train["rating"], [rows[c] for c in ids]) for rows in (train, test)
        )
        left = train["rating"].to_numpy() - known
        if ranker == FACTORS:
            return asked + _by_factors(train, test, left, strength)
        return asked + (_by_genre(train, test, left, "user", strength) if ranker == STARS_GENRE else 0)
    mean, known = (by_ids([train["item"]], train["like"], [rows["item"]]) for rows in (test, train))
    if ranker == ITEM:
        return mean
    who = "age_group" if ranker == AGE_GENRE else "user"
    users, user_of = train.groupby(who)["like"].count(), (train["like"] - known).groupby(train[who]).sum()
    left = (train["like"] - known - (user_of / (users + 5))[train[who]].to_numpy()).to_numpy()
    return mean + _by_genre(train, test, left, who, strength)


def _by_genre(train: pd.DataFrame, test: pd.DataFrame, left: np.ndarray, who: str, strength: float) -> np.ndarray:
    """Of the test rows: what is `left` of the rows of the same user, or age group, and genres, on average."""
    genres, asked = (
        np.stack([[genre in words.split() for genre in movielens.GENRES] for words in rows["genres"]]) * 1.0
        for rows in (train, test)
    )
    genres, asked = (some / np.maximum(some.sum(1, keepdims=True), 1) for some in (genres, asked))
    total, rows = (np.zeros((train[who].max() + 1, len(movielens.GENRES))) for _ in range(2))
    np.add.at(total, train[who].to_numpy(), genres * left[:, None])
    np.add.at(rows, train[who].to_numpy(), genres)
    return ((total / (rows + strength))[test[who].to_numpy().clip(max=len(total) - 1)] * asked).sum(1)


def _by_factors(train: pd.DataFrame, test: pd.DataFrame, left: np.ndarray, penalty: float) -> np.ndarray:
    both = pd.concat([train, test])
    size = int(both["user"].max()) + 1, int(both["item"].max()) + 1, WIDTH
    learnt, ranked = ([torch.tensor(rows[c].to_numpy()) for c in ("user", "item")] for rows in (train, test))
    of_user, of_item = models.fit(*learnt, torch.tensor(left.astype(np.float32)), penalty, size)
    return (of_user[ranked[0]] * of_item[ranked[1]]).sum(1).numpy()


def gauc_table(seeds: Sequence[int], rankers: Sequence[str] = RANKERS) -> pd.DataFrame:
    """GAUC of a like, a row a seed, which draws a split, and ranker."""
    return pd.DataFrame([_row(seed, ranker, CHOSEN.get(ranker, 0)) for seed in seeds for ranker in rankers])


def _row(seed: int, ranker: str, strength: float) -> dict:
    train, test = split(seed)
    value = gauc(score(ranker, train, test, strength), test["like"].to_numpy(), test["user"].to_numpy()).value
    return {"seed": seed, "ranker": ranker, "gauc": value}


def tune(seeds: Sequence[int], rankers: Sequence[str] = tuple(STRENGTHS)) -> pd.DataFrame:
    """GAUC at each strength: seed, ranker, strength, gauc."""
    settings = [(seed, ranker, strength) for seed in seeds for ranker in rankers for strength in STRENGTHS[ranker]]
    return pd.DataFrame([_row(*setting) | {"strength": setting[-1]} for setting in settings])


TABLES = kept_tables(
    KeptTable(
        "08_own_share_tuning",
        tune,
        {"seeds": range(900, 905)},
        [Recheck({"seeds": [900], "rankers": [AGE_GENRE]}, {"gauc": 0.001})],
        needs=downloads.MOVIELENS,
    ),
    KeptTable(
        "08_own_share",
        gauc_table,
        {"seeds": range(20)},
        [Recheck({"seeds": [3]}, {"gauc": 0.002})],
        needs=downloads.MOVIELENS,
    ),
)
