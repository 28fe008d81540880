"""The claims of chapter 06, Soft sharing: MMoE."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from helpers.claims import Claim
from helpers.experiments import difference, mmoe
from helpers.experiments.mmoe import MULTI, ONE_EXPERT, ONE_GATE, OTHER, SINGLE, WIDE

Effects = Callable[[pd.DataFrame], np.ndarray]
DOUBLINGS = "doublings of the loss"


def _at_p(p: Sequence[float], against: str) -> Effects:
    """log2 loss of MMoE minus that of another model, the mean over some p."""

    def effects(table: pd.DataFrame) -> np.ndarray:
        gaps = difference(table[table["p"].isin(p)], "log2_mse", MULTI, against)
        return gaps.groupby("seed")["difference"].mean().to_numpy()

    return effects


def _paper_rate(seeds: Sequence[int]) -> pd.DataFrame:
    return mmoe.figure_4(seeds, [1.0], mmoe.PAPER_RATE, [WIDE, MULTI])


def _tuned(seeds: Sequence[int]) -> pd.DataFrame:
    return mmoe.figure_4(seeds, [0.0, 1.0], models=[WIDE, ONE_GATE, MULTI])


def _on_relu(rows: int, against: str) -> Effects:
    """R² of MMoE minus that of another model on the disjoint pair, mean of both tasks."""

    def effects(table: pd.DataFrame) -> np.ndarray:
        gains = difference(table[(table["condition"] == OTHER) & (table["rows"] == rows)], "r2", MULTI, against)
        return gains.groupby("seed")["difference"].mean().to_numpy()

    return effects


def _few_rows(seeds: Sequence[int]) -> pd.DataFrame:
    return mmoe.scores(seeds, [OTHER], [500], [SINGLE, WIDE, MULTI])


def _many_rows(seeds: Sequence[int]) -> pd.DataFrame:
    return mmoe.scores(seeds, [OTHER], [2000], [ONE_EXPERT, WIDE, MULTI])


def _less_seesaw(model: str) -> Effects:
    def effects(table: pd.DataFrame) -> np.ndarray:
        by_model = mmoe.seesaw(table).pivot(index="seed", columns="model", values="seesaw")
        return (by_model[model] - by_model[ONE_EXPERT]).to_numpy()

    return effects


def _weights(seeds: Sequence[int]) -> pd.DataFrame:
    return mmoe.weighted(seeds, [0.1, 0.9], [ONE_EXPERT, WIDE, mmoe.LAYERED])


def _in_common(table: pd.DataFrame) -> np.ndarray:
    """Overlap of MMoE's two gates at p = 1 minus that at p = 0."""
    table = mmoe.overlap(table[table["model"] == MULTI])
    by_p = table.pivot(index="seed", columns="p", values="overlap")
    return (by_p[1.0] - by_p[0.0]).to_numpy()


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
        "With the paper's largest rate for all, MMoE beats a bottom of its size where both tasks are one, at p = 1.",
        _paper_rate,
        _at_p([1.0], WIDE),
        0.1,
        DOUBLINGS,
        sign=-1,
        seeds=56,
    ),
    Claim(
        "C6.2",
        "Each at its best rate, the two are equally good, at p = 0 and p = 1 together.",
        _tuned,
        _at_p([0.0, 1.0], WIDE),
        0.5,
        DOUBLINGS,
        expected="no effect",
        seeds=85,
    ),
    Claim(
        "C6.3",
        "Where the tasks look in different directions, at p = 0, a gate for each task is better than one for both.",
        _tuned,
        _at_p([0.0], ONE_GATE),
        0.1,
        DOUBLINGS,
        sign=-1,
        seeds=85,
    ),
    Claim(
        "C6.4",
        "Where both tasks are one, at p = 1, a gate for each task and one for both are equally good.",
        _tuned,
        _at_p([1.0], ONE_GATE),
        0.5,
        DOUBLINGS,
        expected="no effect",
        seeds=85,
    ),
    Claim(
        "C6.5",
        "Disjoint features, 500 rows: MMoE is worse than a bottom of its size.",
        _few_rows,
        _on_relu(500, WIDE),
        0.01,
        "R²",
        sign=-1,
        seeds=24,
    ),
    Claim(
        "C6.6",
        "Disjoint features, 500 rows: MMoE is worse than two single-task models of its size.",
        _few_rows,
        _on_relu(500, SINGLE),
        0.01,
        "R²",
        sign=-1,
        seeds=24,
    ),
    Claim(
        "C6.7",
        "Disjoint features, 2,000 rows: MMoE is better than one of its experts alone, a narrow bottom.",
        _many_rows,
        _on_relu(2000, ONE_EXPERT),
        0.01,
        "R²",
        seeds=20,
    ),
    Claim(
        "C6.8",
        "Disjoint features, 2,000 rows: a bottom of its size is better still.",
        _many_rows,
        _on_relu(2000, WIDE),
        0.01,
        "R²",
        sign=-1,
        seeds=20,
    ),
    Claim(
        "C6.9",
        "The gates of two tasks have more in common where the tasks are one, at p = 1, than at p = 0.",
        _gates,
        _in_common,
        0.05,
        "of the weight",
        seeds=40,
    ),
    Claim(
        "C6.10",
        "One raw column of 30 ± 10 among the inputs, and a gate uses fewer of its four experts.",
        _columns,
        _raw("used"),
        0.5,
        "experts",
        sign=-1,
        seeds=56,
    ),
    Claim(
        "C6.11",
        "MMoE predicts worse with it.",
        _columns,
        _raw("r2"),
        0.005,
        "R²",
        sign=-1,
        seeds=56,
    ),
    Claim(
        "C6.12",
        "Disjoint features: PLE's seesaw is smaller than that of a narrow bottom.",
        _weights,
        _less_seesaw(mmoe.LAYERED),
        0.03,
        "R²",
        sign=-1,
        seeds=48,
    ),
    Claim(
        "C6.13",
        "So is that of a plain bottom of about PLE's size.",
        _weights,
        _less_seesaw(WIDE),
        0.03,
        "R²",
        sign=-1,
        seeds=48,
    ),
]
