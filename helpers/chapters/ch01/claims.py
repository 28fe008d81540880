"""The claims of chapter 01, Motivation; those of why joint training can work stand in `chapter_01_reasons`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from helpers.chapters.ch01 import biases, ranking
from helpers.chapters.ch01.biases import TRUTH
from helpers.experiments.claim import Claim

Effects = Callable[[pd.DataFrame], np.ndarray]


def _truth_tells_most(table: pd.DataFrame) -> np.ndarray:
    """AUC of the day's true satisfaction minus that of the label that tells most in the same world."""
    by = table.pivot(index="seed", columns="signal", values="auc")
    return (by[TRUTH] - by.drop(columns=TRUTH).max(axis=1)).to_numpy()


def _dial(bias: str, strength: float, label: str, minus: str | None = None, trait: str | None = None) -> Effects:
    """The number of `biases.dials` for a label, minus that of another; of each trait that it has, or of one."""

    def effects(table: pd.DataFrame) -> np.ndarray:
        rows = table[(table["bias"] == bias) & (table["strength"] == strength)]
        rows = rows[rows["trait"] == trait] if trait else rows
        by = rows.pivot(index="seed", columns="label", values="value")
        return (by[label] - (by[minus] if minus else 0)).to_numpy()

    return effects


def _no_item_bias(table: pd.DataFrame) -> np.ndarray:
    """How far bait, hook and duration still move their labels with the dial at 0: mean of the three."""
    rows = table[(table["bias"] == "item") & (table["strength"] == 0) & (table["label"] != TRUTH)]
    return rows.groupby("seed")["value"].mean().to_numpy()


def _served(value: str, score: str, minus: str | None = None) -> Effects:
    """What the top 10 by `score` has, minus what the top 10 by another has."""

    def effects(table: pd.DataFrame) -> np.ndarray:
        by = table.pivot(index="seed", columns="score", values=value)
        return (by[score] - (by[minus] if minus else 0)).to_numpy()

    return effects


def _ends(seeds: Sequence[int]) -> pd.DataFrame:
    return biases.dials(seeds, strengths=(0.0, 1.0))


def _autoplay(seeds: Sequence[int]) -> pd.DataFrame:
    return ranking.labels(seeds, autoplay=True)


CLAIMS: list[Claim] = [
    Claim(
        "C1.1",
        "What a user felt on a day tells better who comes back than any label of that day.",
        biases.days,
        _truth_tells_most,
        0.03,
        "AUC",
        seeds=24,
    ),
    Claim(
        "C1.2",
        "A like says more about satisfaction than watching to the end.",
        _ends,
        _dial("target", 1, "like", "finish"),
        0.05,
        "satisfaction",
        seeds=24,
    ),
    Claim(
        "C1.3",
        "A like says more than a comment, though a comment is rarer: rarity alone does not make a label say much.",
        _ends,
        _dial("target", 1, "like", "comment"),
        0.05,
        "satisfaction",
        seeds=24,
    ),
    Claim(
        "C1.4",
        "With the target bias off, a like and a comment say equally much.",
        _ends,
        _dial("target", 0, "like", "comment"),
        0.03,
        "satisfaction",
        expected="no effect",
        seeds=24,
    ),
    Claim(
        "C1.5",
        "The tenth of the videos with the most bait gets more clicks than that with the least.",
        _ends,
        _dial("item", 1, "click", trait="bait"),
        0.5,
        "× the mean",
        seeds=24,
    ),
    Claim(
        "C1.6",
        "The tenth of the videos with the strongest hook is watched to the end more often than that with the weakest.",
        _ends,
        _dial("item", 1, "finish", trait="hook"),
        0.5,
        "× the mean",
        seeds=24,
    ),
    Claim(
        "C1.7",
        "The longest tenth of the videos collects more seconds than the shortest.",
        _ends,
        _dial("item", 1, "watch_seconds", trait="duration"),
        0.5,
        "× the mean",
        seeds=24,
    ),
    Claim(
        "C1.8",
        "The tenth of the videos with the most bait satisfies as much as that with the least.",
        _ends,
        _dial("item", 1, TRUTH, trait="bait"),
        0.05,
        "× the mean",
        expected="no effect",
        seeds=24,
    ),
    Claim(
        "C1.9",
        "With the item bias off, neither bait nor hook nor length moves its label (mean of the three).",
        _ends,
        _no_item_bias,
        0.1,
        "× the mean",
        expected="no effect",
        seeds=24,
    ),
    Claim(
        "C1.10",
        "Users who are most prone to like give more likes than those who are least prone.",
        _ends,
        _dial("user", 1, "like"),
        0.5,
        "× the mean",
        seeds=24,
    ),
    Claim(
        "C1.11",
        "Users who are most prone to like give fewer favourites than those who are least prone.",
        _ends,
        _dial("user", 1, "favourite"),
        0.5,
        "× the mean",
        sign=-1,
        seeds=24,
    ),
    Claim(
        "C1.12",
        "With the user bias off, users who would be prone to like give no more likes than others.",
        _ends,
        _dial("user", 0, "like"),
        0.3,
        "× the mean",
        expected="no effect",
        seeds=24,
    ),
    Claim(
        "C1.13",
        "Ranking by likes satisfies more than ranking by clicks.",
        ranking.labels,
        _served("satisfaction", "like", "click"),
        0.02,
        "satisfaction",
        seeds=72,
    ),
    Claim(
        "C1.14",
        "Ranking by the predicted return of the user satisfies less than ranking by likes.",
        ranking.labels,
        _served("satisfaction", "return_next_day", "like"),
        0.05,
        "satisfaction",
        sign=-1,
        seeds=72,
    ),
    Claim(
        "C1.15",
        "Ranking by the plain sum of five probabilities satisfies less than ranking by likes alone.",
        ranking.labels,
        _served("satisfaction", "sum", "like"),
        0.02,
        "satisfaction",
        sign=-1,
        seeds=72,
    ),
    Claim(
        "C1.16",
        "The fused score satisfies more than shares, the best single label of the practice worlds.",
        ranking.labels,
        _served("satisfaction", "fused", "share"),
        0.003,
        "satisfaction",
        seeds=72,
    ),
    Claim(
        "C1.17",
        "The ten videos of the fused score are clicked less often than those of a ranking by clicks.",
        ranking.labels,
        _served("plays", "fused", "click"),
        0.05,
        "of the served",
        sign=-1,
        seeds=72,
    ),
    Claim(
        "C1.18",
        "After the ten of the fused score more users come back the next day than after the ten ranked by clicks.",
        ranking.labels,
        _served("returns", "fused", "click"),
        0.01,
        "of the users",
        seeds=72,
    ),
    Claim(
        "C1.19",
        "Ranking by the hidden appeal, all that labels react to, would satisfy more than the fused score.",
        ranking.labels,
        _served("satisfaction", "true appeal", "fused"),
        0.05,
        "satisfaction",
        seeds=72,
    ),
    Claim(
        "C1.20",
        "Where a click comes first, ranking by likes serves bait.",
        ranking.labels,
        _served("bait", "like"),
        0.5,
        "standard deviations of bait",
        seeds=72,
    ),
    Claim(
        "C1.23",
        "Ranking by comments serves less bait than ranking by likes.",
        ranking.labels,
        _served("bait", "comment", "like"),
        0.05,
        "standard deviations of bait",
        sign=-1,
        seeds=72,
    ),
    Claim(
        "C1.21",
        "With autoplay, ranking by likes serves no bait: its mean is that of all videos.",
        _autoplay,
        _served("bait", "like"),
        0.3,
        "standard deviations of bait",
        expected="no effect",
        seeds=24,
    ),
    Claim(
        "C1.22",
        "With autoplay, ranking by likes satisfies more than ranking by finishing.",
        _autoplay,
        _served("satisfaction", "like", "finish"),
        0.02,
        "satisfaction",
        seeds=24,
    ),
]
