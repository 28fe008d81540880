"""The claims of chapter 07, Explicit relations: ESMM.

The smallest effects that matter: a CVR that is off by less than 5% of the truth, or an AUC that differs by less than
0.005, would change no decision.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from helpers.chapters.ch07 import funnel, watched
from helpers.chapters.ch07.funnel import APART, BOTH, LIKE, PRODUCT, SHARED, SINGLE
from helpers.chapters.ch07.selection import SEEN, UNSEEN
from helpers.evaluation.statistics import difference
from helpers.experiments.claim import Claim

OFF, RANK = 0.05, 0.005
OF_TRUTH = "of the truth"

Effects = Callable[[pd.DataFrame], np.ndarray]


def _at(table: pd.DataFrame, kind: str, strength: float, task: str, value: str) -> pd.DataFrame:
    """One value of each model at a point of the dial: seed, model, value."""
    rows = (table["kind"] == kind) & (table["strength"] == strength) & (table["task"] == task)
    return table[rows & (table["rows"] == funnel.ROWS)][["seed", "model", value]]


def _off(kind: str, strength: float, model: str, value: str = "ratio") -> Effects:
    """By which part of the truth the CVR is too high, on average over all rows (or those of `value`)."""

    def effects(table: pd.DataFrame) -> np.ndarray:
        found = _at(table, kind, strength, LIKE, value)
        return found[found["model"] == model][value].to_numpy() - 1

    return effects


def _less(kind: str, strength: float, value: str, of: str, against: str, task: str = LIKE) -> Effects:
    def effects(table: pd.DataFrame) -> np.ndarray:
        return difference(_at(table, kind, strength, task, value), value, of, against)["difference"].to_numpy()

    return effects


def _seen(seeds: Sequence[int]) -> pd.DataFrame:
    return funnel.compare(seeds, [SEEN], [2.0], tasks=[LIKE, BOTH])


def _unrelated(seeds: Sequence[int]) -> pd.DataFrame:
    return funnel.compare(seeds, [SEEN], [0.0], [SINGLE, SHARED, APART, PRODUCT], tasks=[LIKE])


def _unseen(seeds: Sequence[int]) -> pd.DataFrame:
    return funnel.compare(seeds, [UNSEEN], [1.0], [SHARED, PRODUCT], tasks=[LIKE])


def _films(seeds: Sequence[int]) -> pd.DataFrame:
    return watched.compare(seeds, [watched.SINGLE, watched.PRODUCT])


def _on_films(value: str) -> Effects:
    def effects(table: pd.DataFrame) -> np.ndarray:
        gaps = difference(table[["seed", "model", value]], value, watched.PRODUCT, watched.SINGLE)
        return gaps["difference"].to_numpy()

    return effects


CLAIMS = [
    Claim(
        "C7.1",
        "Selection by what is seen, strength 2: a CVR trained on clicked rows is too high on all rows.",
        _seen,
        _off(SEEN, 2.0, SINGLE),
        OFF,
        OF_TRUTH,
        seeds=20,
    ),
    Claim(
        "C7.2",
        "ESMM ranks all rows better than a CVR trained on clicked rows.",
        _seen,
        _less(SEEN, 2.0, "auc", PRODUCT, SINGLE),
        RANK,
        "AUC",
        seeds=20,
    ),
    Claim(
        "C7.3",
        "So does a CVR masked to clicked rows that shares its embeddings with the CTR, without any product.",
        _seen,
        _less(SEEN, 2.0, "auc", SHARED, SINGLE),
        RANK,
        "AUC",
        seeds=20,
    ),
    Claim(
        "C7.4",
        "It also ranks worse than the masked CVR, which shares its embeddings as well.",
        _unrelated,
        _less(SEEN, 0.0, "auc", PRODUCT, SHARED),
        RANK,
        "AUC",
        sign=-1,
        seeds=20,
    ),
    Claim(
        "C7.5",
        "Sharing lowers the overshoot on all rows: that of ESMM is smaller than that of ESMM without it.",
        _seen,
        _less(SEEN, 2.0, "ratio", PRODUCT, APART),
        OFF,
        OF_TRUTH,
        sign=-1,
        seeds=20,
    ),
    Claim(
        "C7.6",
        "ESMM's CTCVR ranks better than a CTCVR trained alone.",
        _seen,
        _less(SEEN, 2.0, "auc", PRODUCT, SINGLE, BOTH),
        RANK,
        "AUC",
        seeds=20,
    ),
    Claim(
        "C7.7",
        "Strength 0, where clicks have reasons of their own: ESMM's CVR, tuned for click and like together, ranks "
        "worse than one trained on clicks.",
        _unrelated,
        _less(SEEN, 0.0, "auc", PRODUCT, SINGLE),
        RANK,
        "AUC",
        sign=-1,
        seeds=20,
    ),
    Claim(
        "C7.8",
        "And it ranks worse than the CVR of ESMM without the sharing.",
        _unrelated,
        _less(SEEN, 0.0, "auc", PRODUCT, APART),
        RANK,
        "AUC",
        sign=-1,
        seeds=20,
    ),
    Claim(
        "C7.9",
        "Selection by what is unseen, strength 1: the CVR of ESMM is too high on all rows.",
        _unseen,
        _off(UNSEEN, 1.0, PRODUCT),
        OFF,
        OF_TRUTH,
        seeds=40,
    ),
    Claim(
        "C7.10",
        "So is the masked CVR.",
        _unseen,
        _off(UNSEEN, 1.0, SHARED),
        OFF,
        OF_TRUTH,
        seeds=40,
    ),
    Claim(
        "C7.11",
        "Judged on clicked rows by what was logged there, the same CVR of ESMM is right.",
        _unseen,
        _off(UNSEEN, 1.0, PRODUCT, "logged_ratio"),
        OFF,
        "of what is logged",
        expected="no effect",
        seeds=40,
    ),
    Claim(
        "C7.12",
        "So does the product of a CTR and a masked CVR.",
        _seen,
        _less(SEEN, 2.0, "auc", SHARED, SINGLE, BOTH),
        RANK,
        "AUC",
        seeds=20,
    ),
    Claim(
        "C7.13",
        "On MovieLens, ESMM ranks what is watched and liked better than a model that is trained on that alone.",
        _films,
        _on_films("auc_both"),
        RANK,
        "AUC",
        seeds=32,
    ),
    Claim(
        "C7.14",
        "Selection by what is seen, strength 2: on all rows ESMM ranks better than ESMM without the sharing.",
        _seen,
        _less(SEEN, 2.0, "auc", PRODUCT, APART),
        RANK,
        "AUC",
        seeds=20,
    ),
]
