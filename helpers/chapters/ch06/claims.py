"""The claims of chapter 06, Soft sharing: MMoE.

There is one smallest effect that matters for each unit of the chapter: a quarter of a doubling of the loss (19% more),
0.01 R², 5% of a gate's weight, half an expert.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from helpers.chapters.ch06 import mmoe
from helpers.chapters.ch06.mmoe import FIXED, LAYERED, MULTI, ONE_EXPERT, ONE_GATE, OTHER, SAME, SINGLE, WIDE
from helpers.evaluation.statistics import difference
from helpers.experiments.claim import Claim

Effects = Callable[[pd.DataFrame], np.ndarray]
DOUBLINGS, A_QUARTER = "doublings of the loss", 0.25
R2, A_HUNDREDTH = "R²", 0.01
WEIGHT, A_TWENTIETH = "of the weight", 0.05


def _at_p(p: float, against: str, of: str = MULTI) -> Effects:
    """log2 loss of MMoE (or `of`) minus that of another model at one p."""

    def effects(table: pd.DataFrame) -> np.ndarray:
        return difference(table[table["p"] == p], "log2_mse", of, against)["difference"].to_numpy()

    return effects


def _paper_rate(seeds: Sequence[int]) -> pd.DataFrame:
    return mmoe.figure_4(seeds, [1.0], mmoe.AT_PAPER_RATE, [WIDE, FIXED, MULTI])


def _before_and_after(seeds: Sequence[int]) -> pd.DataFrame:
    by_rates = {"paper": mmoe.AT_PAPER_RATE, "tuned": mmoe.CHOSEN}
    return pd.concat(
        mmoe.figure_4(seeds, [1.0], choices, [WIDE, MULTI]).assign(rates=rates) for rates, choices in by_rates.items()
    )


def _lead_lost(table: pd.DataFrame) -> np.ndarray:
    """log2 loss of MMoE minus that of the wide bottom at p = 1, tuned minus at the paper's rate."""
    table = table[(table["p"] == 1) & table["model"].isin([WIDE, MULTI])]
    gaps = difference(table, "log2_mse", MULTI, WIDE).pivot(index="seed", columns="rates", values="difference").dropna()
    return (gaps["tuned"] - gaps["paper"]).to_numpy()


def _one_gate(seeds: Sequence[int]) -> pd.DataFrame:
    return mmoe.figure_4(seeds, [0.0], models=[WIDE, ONE_GATE])


def _two_gates(seeds: Sequence[int]) -> pd.DataFrame:
    return mmoe.figure_4(seeds, [0.0], models=[ONE_GATE, MULTI])


def _on_relu(rows: int, against: str, of: str = MULTI, condition: str = OTHER) -> Effects:
    """R² of MMoE (or `of`) minus that of another model, mean of both tasks."""

    def effects(table: pd.DataFrame) -> np.ndarray:
        gains = difference(table[(table["condition"] == condition) & (table["rows"] == rows)], "r2", of, against)
        return gains.groupby("seed")["difference"].mean().to_numpy()

    return effects


def _few_rows(seeds: Sequence[int]) -> pd.DataFrame:
    return mmoe.scores(seeds, [SAME, OTHER], [500], [SINGLE, WIDE, FIXED, MULTI])


def _fixed(seeds: Sequence[int]) -> pd.DataFrame:
    return mmoe.scores(seeds, [OTHER], [500], [WIDE, FIXED])


def _many_rows(seeds: Sequence[int]) -> pd.DataFrame:
    return mmoe.scores(seeds, [OTHER], [2000], [ONE_EXPERT, FIXED, MULTI])


def _on_kinds(against: str) -> Effects:
    """R² of MMoE minus that of another model where the kind of row says which features count, mean of both tasks."""

    def effects(table: pd.DataFrame) -> np.ndarray:
        return difference(table, "r2", MULTI, against).groupby("seed")["difference"].mean().to_numpy()

    return effects


def _kinds(seeds: Sequence[int]) -> pd.DataFrame:
    return mmoe.kinds(seeds, [SINGLE, ONE_GATE, MULTI])


def _fixed_on_kinds(seeds: Sequence[int]) -> pd.DataFrame:
    return mmoe.kinds(seeds, [FIXED, MULTI])


def _less_seesaw(model: str, against: str) -> Effects:
    def effects(table: pd.DataFrame) -> np.ndarray:
        by_model = mmoe.seesaw(table).pivot(index="seed", columns="model", values="seesaw")
        return (by_model[model] - by_model[against]).to_numpy()

    return effects


def _neglected(table: pd.DataFrame) -> np.ndarray:
    """R² of PLE minus that of the wide bottom on the task whose weight is 0.1, mean of both tasks."""
    of_little = ((table["weight"] == 0.1) & (table["task"] == "a")) | (
        (table["weight"] == 0.9) & (table["task"] == "b")
    )
    by_model = table[of_little].groupby(["seed", "model"])["r2"].mean().unstack()
    return (by_model[LAYERED] - by_model[WIDE]).to_numpy()


def _weights(seeds: Sequence[int]) -> pd.DataFrame:
    return mmoe.weighted(seeds, [0.1, 0.9], [ONE_EXPERT, WIDE, LAYERED])


def _in_common(table: pd.DataFrame) -> np.ndarray:
    """What MMoE's two gates have in common, row by row, at p = 1 minus the same at p = 0."""
    table = mmoe.overlap(table[table["model"] == MULTI])
    by_p = table.pivot(index="seed", columns="p", values="common")
    return (by_p[1.0] - by_p[0.0]).to_numpy()


def _beyond_chance(p: float) -> Effects:
    """What MMoE's two gates have in common on the same row, minus the same on rows drawn apart."""

    def effects(table: pd.DataFrame) -> np.ndarray:
        table = mmoe.overlap(table[(table["model"] == MULTI) & (table["p"] == p)])
        return (table["common"] - table["permuted"]).to_numpy()

    return effects


def _gates(seeds: Sequence[int]) -> pd.DataFrame:
    return mmoe.usage(seeds, [0.0, 1.0], models=[MULTI])


def _raw(value: str) -> Effects:
    """What MMoE has with the raw column of 30 ± 10 minus what it has with the scaled one."""

    def effects(table: pd.DataFrame) -> np.ndarray:
        rows = table[table["model"] == MULTI].pivot(index="seed", columns="column", values=value)
        return (rows["30 ± 10"] - rows["scaled"]).to_numpy()

    return effects


def _columns(seeds: Sequence[int]) -> pd.DataFrame:
    return mmoe.collapse(seeds, ["scaled", "30 ± 10"], [MULTI])


CLAIMS = [
    Claim(
        "C6.1",
        "With the rate 0.01 for all, MMoE beats a bottom of its size where both tasks are one, at p = 1.",
        _paper_rate,
        _at_p(1.0, WIDE),
        A_QUARTER,
        DOUBLINGS,
        sign=-1,
        seeds=84,
    ),
    Claim(
        "C6.2",
        "There it also beats its own experts with fixed gates.",
        _paper_rate,
        _at_p(1.0, FIXED),
        A_QUARTER,
        DOUBLINGS,
        sign=-1,
        seeds=84,
    ),
    Claim(
        "C6.3",
        "Tuned, MMoE's lead over the bottom of its size at p = 1 is smaller than at the rate 0.01.",
        _before_and_after,
        _lead_lost,
        A_QUARTER,
        DOUBLINGS,
        seeds=84,
    ),
    Claim(
        "C6.4",
        "Tuned, where the tasks look in different directions, at p = 0, one gate is worse than a plain bottom.",
        _one_gate,
        _at_p(0.0, WIDE, of=ONE_GATE),
        A_QUARTER,
        DOUBLINGS,
        seeds=40,
    ),
    Claim(
        "C6.5",
        "There a gate for each task is better than one for both.",
        _two_gates,
        _at_p(0.0, ONE_GATE),
        A_QUARTER,
        DOUBLINGS,
        sign=-1,
        seeds=400,
    ),
    Claim(
        "C6.6",
        "Disjoint features, 500 rows: MMoE is worse than two single-task models of its size.",
        _few_rows,
        _on_relu(500, SINGLE),
        A_HUNDREDTH,
        R2,
        sign=-1,
        seeds=48,
    ),
    Claim(
        "C6.7",
        "There it is worse than experts whose gates do not look at the row.",
        _few_rows,
        _on_relu(500, FIXED),
        A_HUNDREDTH,
        R2,
        sign=-1,
        seeds=48,
    ),
    Claim(
        "C6.8",
        "Same features, 500 rows: MMoE is worse than a plain bottom of its size.",
        _few_rows,
        _on_relu(500, WIDE, condition=SAME),
        A_HUNDREDTH,
        R2,
        sign=-1,
        seeds=48,
    ),
    Claim(
        "C6.9",
        "Disjoint features, 500 rows: experts with fixed gates are better than a plain bottom.",
        _fixed,
        _on_relu(500, WIDE, of=FIXED),
        A_HUNDREDTH,
        R2,
        seeds=420,
    ),
    Claim(
        "C6.10",
        "Disjoint features, 2,000 rows: MMoE is better than one of its experts alone, a narrow bottom.",
        _many_rows,
        _on_relu(2000, ONE_EXPERT),
        A_HUNDREDTH,
        R2,
        seeds=110,
    ),
    Claim(
        "C6.11",
        "There it is worse than experts whose gates do not look at the row.",
        _many_rows,
        _on_relu(2000, FIXED),
        A_HUNDREDTH,
        R2,
        sign=-1,
        seeds=110,
    ),
    Claim(
        "C6.12",
        "Where the kind of row says which features count, MMoE is better than experts with fixed gates.",
        _fixed_on_kinds,
        _on_kinds(FIXED),
        A_HUNDREDTH,
        R2,
        seeds=150,
    ),
    Claim(
        "C6.13",
        "There it is better than two single-task models of its size.",
        _kinds,
        _on_kinds(SINGLE),
        A_HUNDREDTH,
        R2,
        seeds=72,
    ),
    Claim(
        "C6.14",
        "There a gate for each task is better than one for both.",
        _kinds,
        _on_kinds(ONE_GATE),
        A_HUNDREDTH,
        R2,
        seeds=72,
    ),
    Claim(
        "C6.15",
        "On the same row the gates of two tasks have more in common where the tasks are one, at p = 1, than at p = 0.",
        _gates,
        _in_common,
        A_TWENTIETH,
        WEIGHT,
        seeds=40,
    ),
    Claim(
        "C6.16",
        "At p = 0 they have no more in common on the same row than on rows drawn apart.",
        _gates,
        _beyond_chance(0.0),
        A_TWENTIETH,
        WEIGHT,
        expected="no effect",
        seeds=40,
    ),
    Claim(
        "C6.17",
        "At p = 1 they have more in common on the same row than on rows drawn apart.",
        _gates,
        _beyond_chance(1.0),
        A_TWENTIETH,
        WEIGHT,
        seeds=40,
    ),
    Claim(
        "C6.18",
        "One raw column of 30 ± 10 among the inputs, and a gate uses fewer of its four experts.",
        _columns,
        _raw("used"),
        0.5,
        "experts",
        sign=-1,
        seeds=84,
    ),
    Claim(
        "C6.19",
        "MMoE predicts worse with it.",
        _columns,
        _raw("r2"),
        A_HUNDREDTH,
        R2,
        sign=-1,
        seeds=104,
    ),
    Claim(
        "C6.20",
        "Disjoint features: a plain bottom of MMoE's size has a shorter seesaw than a narrow one.",
        _weights,
        _less_seesaw(WIDE, ONE_EXPERT),
        A_HUNDREDTH,
        R2,
        sign=-1,
        seeds=110,
    ),
    Claim(
        "C6.21",
        "PLE's seesaw is shorter still.",
        _weights,
        _less_seesaw(LAYERED, WIDE),
        A_HUNDREDTH,
        R2,
        sign=-1,
        seeds=110,
    ),
    Claim(
        "C6.22",
        "A task with a weight of 0.1 is better off in PLE than in the plain bottom.",
        _weights,
        _neglected,
        A_HUNDREDTH,
        R2,
        seeds=110,
    ),
]
