"""The claims of chapter 05, Balancing losses.

One smallest effect for all of them: 0.01, of R² or of the toy tasks' normalised loss (1 is what a network knows before
it learns).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from helpers.chapters.ch05 import balancers, toy
from helpers.experiments.claim import Claim

SMALLEST = 0.01
Effects = Callable[[pd.DataFrame], np.ndarray]


def _scaled(pair: str, task: str) -> Effects:
    """R² of a task under equal weights when the loss of A is a hundredfold, minus that when both are alike."""

    def effects(table: pd.DataFrame) -> np.ndarray:
        where = (table["pair"] == pair) & (table["task"] == task) & (table["method"] == "equal weights")
        by = table[where].pivot(index="seed", columns="scale", values="r2")
        return (by[100] - by[1]).to_numpy()

    return effects


def _brought_back(table: pd.DataFrame) -> np.ndarray:
    """R² of B at 100 : 1, disjoint features: GradNorm minus the middle of equal weights there and at 1 : 1."""
    where = (table["pair"] == "disjoint features") & (table["task"] == "b")
    by = table[where].pivot(index="seed", columns=["method", "scale"], values="r2")
    return (by["GradNorm", 100] - (by["equal weights", 100] + by["equal weights", 1]) / 2).to_numpy()


def _near_zero(table: pd.DataFrame) -> pd.DataFrame:
    """What UWL gains over equal weights in R², labels of B without noise: a row a seed, a column a task."""
    by = table.pivot(index="seed", columns=["model", "task"], values="r2")
    return by["UWL"] - by["equal weights"]


def _clean_gain(table: pd.DataFrame) -> np.ndarray:
    return _near_zero(table)["b"].to_numpy()


def _clean_lead(table: pd.DataFrame) -> np.ndarray:
    """What UWL gains for B minus what it gains for A."""
    gain = _near_zero(table)
    return (gain["b"] - gain["a"]).to_numpy()


def _toy(of: str, against: str, tasks: int, task: int | None = None) -> Effects:
    """The paper's task-normalised loss at the last step, a method minus another; or that of one task alone."""

    def effects(table: pd.DataFrame) -> np.ndarray:
        ended = table[(table["tasks"] == tasks) & (table["step"] == toy.STEPS)]
        ended = toy.normalised(ended if task is None else ended[ended["task"] == task])
        by = ended.pivot(index="seed", columns="method", values="loss")
        return (by[of] - by[against]).to_numpy()

    return effects


def _against(of: str, against: str, situations: Sequence[str]) -> Effects:
    """Mean R² of both tasks in these situations, a method minus another."""

    def effects(table: pd.DataFrame) -> np.ndarray:
        rows = table[table["situation"].isin(situations)]
        by = rows.groupby(["seed", "model"])["r2"].mean().unstack()
        return (by[of] - by[against]).to_numpy()

    return effects


def _units(seeds: Sequence[int]) -> pd.DataFrame:
    return balancers.scales(seeds, factors=[1, 100], methods=["equal weights"])


def _hundredfold(seeds: Sequence[int]) -> pd.DataFrame:
    return balancers.scales(seeds, ["disjoint features"], [1, 100], ["equal weights", "GradNorm"])


def _two_toys(seeds: Sequence[int]) -> pd.DataFrame:
    return toy.toy(seeds, tasks=[2])


def _ten_toys(seeds: Sequence[int]) -> pd.DataFrame:
    return toy.toy(seeds, tasks=[10])


def _uwl_or_tuned(seeds: Sequence[int]) -> pd.DataFrame:
    return balancers.verdict(seeds, balancers.SIZES, ["tuned weights", "UWL"])


def _gradnorm_or_tuned(seeds: Sequence[int]) -> pd.DataFrame:
    return balancers.verdict(seeds, balancers.SIZES, ["tuned weights", "GradNorm"])


def _pcgrad_or_sum(seeds: Sequence[int]) -> pd.DataFrame:
    return balancers.verdict(seeds, balancers.SIZES, ["equal weights", "PCGrad"])


def _narrow(seeds: Sequence[int]) -> pd.DataFrame:
    return balancers.verdict(seeds, ["narrow bottom"])


NARROW = {
    "equal weights": "the sum of the losses",
    "tuned weights": "a tuned manual weight",
    "UWL": "UWL",
    "GradNorm": "GradNorm",
    "PCGrad": "PCGrad",
}

CLAIMS = [
    Claim(
        "C5.1",
        "Disjoint features, losses added up: when the loss of A grows a hundredfold, B learns less.",
        _units,
        _scaled("disjoint features", "b"),
        SMALLEST,
        "R²",
        sign=-1,
        seeds=60,
    ),
    Claim(
        "C5.2",
        "The same with features in common: B learns less.",
        _units,
        _scaled("same features", "b"),
        SMALLEST,
        "R²",
        sign=-1,
        seeds=60,
    ),
    Claim(
        "C5.3",
        "And with features in common A, the large one, learns less as well.",
        _units,
        _scaled("same features", "a"),
        SMALLEST,
        "R²",
        sign=-1,
        seeds=60,
    ),
    Claim(
        "C5.4",
        "Labels of B without noise, disjoint features: UWL teaches B more than equal weights do.",
        balancers.near_zero,
        _clean_gain,
        SMALLEST,
        "R²",
        seeds=32,
    ),
    Claim(
        "C5.5",
        "What UWL gains for B is more than what it gains for A, whose labels are noisy.",
        balancers.near_zero,
        _clean_lead,
        SMALLEST,
        "R²",
        seeds=32,
    ),
    Claim(
        "C5.6",
        "Two toy tasks, σ = 1 and 100, all methods tuned: GradNorm ends at a lower normalised loss than the plain sum.",
        _two_toys,
        _toy("GradNorm", "equal weights", 2),
        SMALLEST,
        "loss",
        sign=-1,
        seeds=100,
    ),
    Claim(
        "C5.7",
        "So does UWL.",
        _two_toys,
        _toy("UWL", "equal weights", 2),
        SMALLEST,
        "loss",
        sign=-1,
        seeds=30,
    ),
    Claim(
        "C5.25",
        "Two toy tasks, all methods tuned: UWL ends at a lower normalised loss than GradNorm.",
        _two_toys,
        _toy("UWL", "GradNorm", 2),
        SMALLEST,
        "loss",
        sign=-1,
        seeds=20,
    ),
    Claim(
        "C5.20",
        "The sum divided by σ² ends lower than UWL.",
        _two_toys,
        _toy("divided by σ²", "UWL", 2),
        SMALLEST,
        "loss",
        sign=-1,
        seeds=20,
    ),
    Claim(
        "C5.21",
        "And lower than GradNorm.",
        _two_toys,
        _toy("divided by σ²", "GradNorm", 2),
        SMALLEST,
        "loss",
        sign=-1,
        seeds=20,
    ),
    Claim(
        "C5.22",
        "UWL lets the large task pay: that with σ = 100 ends at a higher loss of its own than in the plain sum.",
        _two_toys,
        _toy("UWL", "equal weights", 2, task=1),
        SMALLEST,
        "loss",
        seeds=20,
    ),
    Claim(
        "C5.8",
        "Disjoint features, 100 : 1: GradNorm brings back more than half of what B lost in the plain sum.",
        _hundredfold,
        _brought_back,
        SMALLEST,
        "R²",
        seeds=24,
    ),
    Claim(
        "C5.9",
        "100 : 1, mean of both pairs: UWL learns less than tuned weights.",
        _uwl_or_tuned,
        _against("UWL", "tuned weights", balancers.SIZES),
        SMALLEST,
        "R²",
        sign=-1,
        seeds=160,
    ),
    Claim(
        "C5.10",
        "100 : 1, mean of both pairs: so does GradNorm.",
        _gradnorm_or_tuned,
        _against("GradNorm", "tuned weights", balancers.SIZES),
        SMALLEST,
        "R²",
        sign=-1,
        seeds=640,
    ),
    Claim(
        "C5.11",
        "Narrow bottom, losses of equal size: UWL learns as much as a tuned weight.",
        _narrow,
        _against("UWL", "tuned weights", ["narrow bottom"]),
        SMALLEST,
        "R²",
        expected="no effect",
        seeds=400,
    ),
    Claim(
        "C5.12",
        "Narrow bottom, losses of equal size: GradNorm learns as much as a tuned weight.",
        _narrow,
        _against("GradNorm", "tuned weights", ["narrow bottom"]),
        SMALLEST,
        "R²",
        expected="no effect",
        seeds=400,
    ),
    *(
        Claim(
            f"C5.{number}",
            f"Narrow bottom: with {name} the two tasks learn less, on average, than single-task models.",
            _narrow,
            _against(method, "single-task", ["narrow bottom"]),
            SMALLEST,
            "R²",
            sign=-1,
            seeds=48,
        )
        for number, (method, name) in enumerate(NARROW.items(), start=13)
    ),
    Claim(
        "C5.18",
        "Narrow bottom: PCGrad learns as much as the sum of the losses.",
        _narrow,
        _against("PCGrad", "equal weights", ["narrow bottom"]),
        SMALLEST,
        "R²",
        expected="no effect",
        seeds=64,
    ),
    Claim(
        "C5.19",
        "Ten toy tasks, all methods tuned: UWL ends at a lower normalised loss than GradNorm.",
        _ten_toys,
        _toy("UWL", "GradNorm", 10),
        SMALLEST,
        "loss",
        sign=-1,
        seeds=20,
    ),
    Claim(
        "C5.23",
        "The sum divided by σ² ends lower than UWL.",
        _ten_toys,
        _toy("divided by σ²", "UWL", 10),
        SMALLEST,
        "loss",
        sign=-1,
        seeds=20,
    ),
    Claim(
        "C5.24",
        "100 : 1, mean of both pairs: PCGrad learns more than the plain sum.",
        _pcgrad_or_sum,
        _against("PCGrad", "equal weights", balancers.SIZES),
        SMALLEST,
        "R²",
        seeds=40,
    ),
]
