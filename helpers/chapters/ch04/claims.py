"""The claims of chapter 04, Shared-Bottom."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from helpers.chapters.ch04 import ratings, shapes, sharing
from helpers.evaluation.statistics import difference
from helpers.experiments.claim import Claim

Effects = Callable[[pd.DataFrame], np.ndarray]


def _gain(condition: str, model: str = "shared-bottom") -> Effects:
    """Effect: R² of `model` minus that of the single-task models, mean of both tasks, one value a seed."""

    def effects(table: pd.DataFrame) -> np.ndarray:
        gains = difference(table, "r2", model, "single-task")
        return gains[gains["condition"] == condition].groupby("seed")["difference"].mean().to_numpy()

    return effects


def _flip_effect(table: pd.DataFrame) -> np.ndarray:
    r2 = table.groupby(["condition", "seed"])["r2"].mean().unstack(0)
    return (r2["same features, opposite sign"] - r2["same features, same sign"]).to_numpy()


def _two_towers(condition: str) -> Effects:
    def effects(table: pd.DataFrame) -> np.ndarray:
        gains = difference(table, "r2", "two towers", "one head")
        return gains[gains["condition"] == condition].groupby("seed")["difference"].mean().to_numpy()

    return effects


def _cosine(pair: str, step: int, minus: str | None = None) -> Effects:
    def effects(table: pd.DataFrame) -> np.ndarray:
        at_step = table[table["step"] == step].pivot(index="seed", columns="pair", values="cosine")
        return (at_step[pair] - (at_step[minus] if minus else 0)).to_numpy()

    return effects


def _seesaw(shared: int) -> Effects:
    """How much task a wins when its weight goes from 0.1 to 0.9, and task b loses: mean of the two; bottom of 4."""

    def effects(table: pd.DataFrame) -> np.ndarray:
        rows = table[(table["shared"] == shared) & (table["width"] == 4)]
        by = rows.pivot(index="seed", columns=["task", "weight"], values="transfer")
        return ((by["a", 0.9] - by["a", 0.1] + by["b", 0.1] - by["b", 0.9]) / 2).to_numpy()

    return effects


def _hill(table: pd.DataFrame) -> np.ndarray:
    """Transfer at equal weights minus that at weights 0.1 and 0.9, mean of both tasks; four features, bottom of 8."""
    rows = table[(table["shared"] == 4) & (table["width"] == 8)]
    by = rows.groupby(["seed", "weight"])["transfer"].mean().unstack()
    return (by[0.5] - (by[0.1] + by[0.9]) / 2).to_numpy()


def _width(table: pd.DataFrame) -> np.ndarray:
    """How much less a bottom of 32 units loses than one of 4, disjoint features."""
    gains = difference(table, "r2", "shared-bottom", "single-task")
    gains = gains[gains["condition"] == "disjoint features"].groupby(["seed", "width"])["difference"].mean().unstack()
    return (gains[32] - gains[4]).to_numpy()


def _opposed_weights(seeds: Sequence[int]) -> pd.DataFrame:
    return sharing.weights(seeds, shared=[0, 4], widths=[4], task_weights=[0.1, 0.9])


def _common_features(seeds: Sequence[int]) -> pd.DataFrame:
    return sharing.weights(seeds, shared=[4], widths=[8], task_weights=[0.1, 0.5, 0.9])


def _disjoint_widths(seeds: Sequence[int]) -> pd.DataFrame:
    return sharing.widths(seeds, names=["disjoint features"], sizes=[4, 32])


def _on_ratings(pair: str, task: str | None = None) -> Effects:
    """Effect: test AUC of Shared-Bottom minus single-task, of one task or the mean of both, one value a seed."""

    def effects(table: pd.DataFrame) -> np.ndarray:
        gains = difference(table, "auc", "shared-bottom", "single-task")
        gains = gains[(gains["pair"] == pair) & (gains["task"] == task if task else True)]
        return gains.groupby("seed")["difference"].mean().to_numpy()

    return effects


def _one_head(seeds: Sequence[int]) -> pd.DataFrame:
    return sharing.heads(seeds, ["same features, same sign", "same features, opposite sign"])


def _dislike_and_love(seeds: Sequence[int]) -> pd.DataFrame:
    return ratings.transfer(seeds, pairs=[("dislike", "love")])


def _untuned(seeds: Sequence[int]) -> pd.DataFrame:
    return ratings.transfer(seeds, pairs=[("dislike", "love")], tuned=False)


def _shape(kind: str | None, of: str, against: str, score: str = "r2") -> Effects:
    """Effect: `score` of one bottom minus that of another on tasks of `kind`, mean of both tasks, one value a seed."""

    def effects(table: pd.DataFrame) -> np.ndarray:
        rows = table if kind is None else table[table["kind"] == kind]
        rows = rows[rows["rows"] == 2000] if "rows" in rows else rows
        gains = difference(rows[rows["shape"].isin([of, against])], score, of, against, column="shape")
        return gains.groupby("seed")["difference"].mean().to_numpy()

    return effects


def _equal_start(table: pd.DataFrame) -> np.ndarray:
    gains = difference(table, "r2", "equal start", "own start")
    return gains.groupby("seed")["difference"].mean().to_numpy()


def _crossed(seeds: Sequence[int]) -> pd.DataFrame:
    return shapes.crosses(seeds, ["crossed"])


def _added(seeds: Sequence[int]) -> pd.DataFrame:
    return shapes.crosses(seeds, ["added"], shapes=["MLP", "DeepFM"])


CLAIMS = [
    Claim(
        "C4.1",
        "Two tasks that need the same features, with the same sign, gain from a shared bottom.",
        sharing.conditions,
        _gain("same features, same sign"),
        0.01,
        "R²",
        seeds=160,
    ),
    Claim(
        "C4.2",
        "Two tasks with exactly opposite targets gain as well: each has a tower of its own.",
        sharing.conditions,
        _gain("same features, opposite sign"),
        0.01,
        "R²",
        seeds=160,
    ),
    Claim(
        "C4.3",
        "Two tasks whose labels do not correlate at all gain too, if they need the same features.",
        sharing.conditions,
        _gain("same features, other mix"),
        0.01,
        "R²",
        seeds=160,
    ),
    Claim(
        "C4.4",
        "Two tasks that need different features lose by a shared bottom of the single-task width.",
        sharing.conditions,
        _gain("disjoint features"),
        0.01,
        "R²",
        sign=-1,
        seeds=160,
    ),
    Claim(
        "C4.5",
        "Two tasks with different features lose even when the bottom has the parameters of both single-task models.",
        sharing.conditions,
        _gain("disjoint features", "shared-bottom, equal size"),
        0.01,
        "R²",
        sign=-1,
        seeds=160,
    ),
    Claim(
        "C4.6",
        "Flipping all labels of one task changes nothing, once its last layer starts negated.",
        sharing.flip,
        _flip_effect,
        0.001,
        "R²",
        expected="no effect",
        seeds=20,
    ),
    Claim(
        "C4.7",
        "On opposite labels two towers succeed where one shared head fails.",
        _one_head,
        _two_towers("same features, opposite sign"),
        0.5,
        "R²",
        seeds=300,
    ),
    Claim(
        "C4.8",
        "On equal labels one shared head is as good as two towers.",
        _one_head,
        _two_towers("same features, same sign"),
        0.03,
        "R²",
        expected="no effect",
        seeds=300,
    ),
    Claim(
        "C4.9",
        "At step 20 the gradients of the pair with another mix, which gains most from sharing, do not agree at all.",
        sharing.cosines,
        _cosine("other mix", 20),
        0.15,
        "cosine",
        expected="no effect",
        seeds=60,
    ),
    Claim(
        "C4.10",
        "At step 200 the gradients of two copies of one task, which gain, conflict more than the disjoint pair's.",
        sharing.cosines,
        _cosine("disjoint", 200, minus="same sign"),
        0.03,
        "cosine",
        seeds=60,
    ),
    Claim(
        "C4.11",
        "Much of that conflict is noise: without it the copies' cosine at step 200 is higher.",
        sharing.cosines,
        _cosine("same sign, no noise", 200, minus="same sign"),
        0.2,
        "cosine",
        seeds=60,
    ),
    Claim(
        "C4.12",
        "Disjoint features, narrow bottom: the task weight is a seesaw; what helps one task costs the other.",
        _opposed_weights,
        _seesaw(0),
        0.05,
        "R²",
        seeds=30,
    ),
    Claim(
        "C4.13",
        "Same features, narrow bottom: no seesaw; the weight does not move gain from one task to the other.",
        _opposed_weights,
        _seesaw(4),
        0.05,
        "R²",
        expected="no effect",
        seeds=30,
    ),
    Claim(
        "C4.14",
        "Same features: both tasks gain more at equal weights than at 0.1 and 0.9 (bottom of 8).",
        _common_features,
        _hill,
        0.005,
        "R²",
        seeds=100,
    ),
    Claim(
        "C4.15",
        "Disjoint features: a bottom of 32 units loses less than one of 4.",
        _disjoint_widths,
        _width,
        0.01,
        "R²",
        seeds=100,
    ),
    Claim(
        "C4.16",
        "MovieLens, 8,000 ratings, tuned on both sides: like and love gain by sharing.",
        ratings.transfer,
        _on_ratings("like + love"),
        0.003,
        "AUC",
        seeds=40,
    ),
    Claim(
        "C4.17",
        "The pair with the most opposed labels, like and dislike, gains as well.",
        ratings.transfer,
        _on_ratings("like + dislike"),
        0.003,
        "AUC",
        seeds=40,
    ),
    Claim(
        "C4.18",
        "Untuned, with little regularisation, dislike loses badly by sharing with love.",
        _untuned,
        _on_ratings("dislike + love", "dislike"),
        0.005,
        "AUC",
        sign=-1,
        seeds=20,
    ),
    Claim(
        "C4.19",
        "Tuned with the same budget on both sides, dislike and love neither gain nor lose by sharing.",
        _dislike_and_love,
        _on_ratings("dislike + love"),
        0.005,
        "AUC",
        expected="no effect",
        seeds=60,
    ),
    Claim(
        "C4.20",
        "Towers whose hidden layers start equal end as good as towers that start different.",
        sharing.starts,
        _equal_start,
        0.02,
        "R²",
        expected="no effect",
        seeds=120,
    ),
    Claim(
        "C4.21",
        "Where users and videos cross, DeepFM finds more than an MLP of its size.",
        _crossed,
        _shape("crossed", "DeepFM", "MLP"),
        0.01,
        "R²",
        seeds=24,
    ),
    Claim(
        "C4.22",
        "Where users and videos cross, DCN finds more than an MLP of its size.",
        _crossed,
        _shape("crossed", "DCN", "MLP"),
        0.01,
        "R²",
        seeds=24,
    ),
    Claim(
        "C4.23",
        "Where what the user is and what the video is add up, DeepFM and an MLP are equally good.",
        _added,
        _shape("added", "DeepFM", "MLP"),
        0.01,
        "R²",
        expected="no effect",
        seeds=20,
    ),
    Claim(
        "C4.24",
        "Where a history matters by how like it is to the item on offer, DIN finds far more than the mean.",
        shapes.interests,
        _shape("matching", "DIN", "mean"),
        0.1,
        "R²",
        seeds=20,
    ),
    Claim(
        "C4.25",
        "There, weights that do not sum to 1 find more than weights that do.",
        shapes.interests,
        _shape("matching", "DIN", "DIN, softmax"),
        0.05,
        "R²",
        seeds=20,
    ),
    Claim(
        "C4.26",
        "Where all items of a history count alike, DIN and the mean are equally good.",
        shapes.interests,
        _shape("all alike", "DIN", "mean"),
        0.01,
        "R²",
        expected="no effect",
        seeds=20,
    ),
    Claim(
        "C4.27",
        "On MovieLens, 30,000 ratings, DIN without a softmax is worse than the mean of the history.",
        shapes.histories,
        _shape(None, "DIN", "mean", "auc"),
        0.01,
        "AUC",
        sign=-1,
        seeds=20,
    ),
    Claim(
        "C4.28",
        "There, DIN with a softmax and the mean are equally good.",
        shapes.histories,
        _shape(None, "DIN, softmax", "mean", "auc"),
        0.005,
        "AUC",
        expected="no effect",
        seeds=20,
    ),
]
