"""The claims of chapter 01 on cost, on the reasons why a second task can help, and on the outcomes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from helpers.chapters.ch01 import latency, reasons
from helpers.evaluation.statistics import difference
from helpers.experiments.claim import Claim

Effects = Callable[[pd.DataFrame], np.ndarray]
EQUAL, QUARTER = reasons.WEIGHTS
SINGLE, COPY, OWN_NOISE, MEAN = reasons.SECOND_LABELS
MIX, HALF, DISJOINT = reasons.LISTENERS


def _dearer(table: pd.DataFrame) -> np.ndarray:
    return table["ratio"].to_numpy()


def _short_of_eight(table: pd.DataFrame) -> np.ndarray:
    return 8 - table["ratio"].to_numpy()


def _heard(condition: str, task: str, model: str = EQUAL, against: str = "single-task") -> Effects:
    """Effect: R² of one task by `model` minus that by `against`, in one condition of the eavesdropping."""

    def effects(table: pd.DataFrame) -> np.ndarray:
        gains = difference(table, "r2", model, against)
        return gains[(gains["condition"] == condition) & (gains["task"] == task)]["difference"].to_numpy()

    return effects


def _second_label(model: str, against: str) -> Effects:
    return lambda table: difference(table, "r2", model, against)["difference"].to_numpy()


def _carried(start: tuple[str, str, int], against: tuple[str, str, int]) -> Effects:
    """Effect: R² of the new task by one (bottom, mode, labels) minus that by another."""

    def effects(table: pd.DataFrame) -> np.ndarray:
        by = table.pivot(index="seed", columns=["bottom", "mode", "labels"], values="r2")
        return (by[start] - by[against]).to_numpy()

    return effects


def _second_task(second: str, value: str, width: int = 8) -> Effects:
    """Effect: gap or R² of task a beside a second task minus that without one, trained without stopping."""

    def effects(table: pd.DataFrame) -> np.ndarray:
        by = table[table["width"] == width].pivot(index="seed", columns="second", values=value)
        return (by[second] - by["none"]).to_numpy()

    return effects


def _penalised(second: str) -> Effects:
    """Effect: R² of task a beside a second task minus that without one, with early stopping and the tuned penalty."""

    def effects(table: pd.DataFrame) -> np.ndarray:
        rows = table[np.isclose(table["penalty"], reasons.PENALTY)]
        by = rows.pivot(index="seed", columns="second", values="r2")
        return (by[second] - by["none"]).to_numpy()

    return effects


def _listeners(seeds: Sequence[int]) -> pd.DataFrame:
    return reasons.eavesdrop(seeds, [MIX, DISJOINT])


def _weights(seeds: Sequence[int]) -> pd.DataFrame:
    return reasons.eavesdrop(seeds, [MIX], [EQUAL, QUARTER])


def _half_shared(seeds: Sequence[int]) -> pd.DataFrame:
    return reasons.eavesdrop(seeds, [HALF], ["single-task", EQUAL])


def _labels(seeds: Sequence[int]) -> pd.DataFrame:
    return reasons.second_labels(seeds, [SINGLE, COPY, OWN_NOISE])


def _carry(seeds: Sequence[int]) -> pd.DataFrame:
    return reasons.carry_over(seeds, labels=[25, 100, 200])


def _trained_on(seeds: Sequence[int]) -> pd.DataFrame:
    return reasons.carry_over(seeds, ["two tasks, other features"], labels=[100])


def _gaps(seeds: Sequence[int]) -> pd.DataFrame:
    return reasons.gaps(seeds, ["none", "same features", "shuffled labels"])


def _penalties(seeds: Sequence[int]) -> pd.DataFrame:
    return reasons.penalties(seeds, ["none", "same features", "shuffled labels"], [reasons.PENALTY])


SCRATCH = ("from scratch", "trained on", 100)
TWO = ("two tasks, same features", "frozen", 100)

CLAIMS = [
    Claim(
        "C1.30",
        "Eight single-task models take more than twice the time of one shared model (500 candidates, bottom 128, 128).",
        latency.repeated,
        _dearer,
        2.0,
        "times",
    ),
    Claim(
        "C1.31",
        "Yet the ratio stays more than 2 short of eight (the effect is 8 minus the ratio).",
        latency.repeated,
        _short_of_eight,
        2.0,
        "times",
    ),
    Claim(
        "C1.32",
        "A task with 200 labels gains by listening to one with 2,000 that needs the same features; their labels do not "
        "correlate.",
        _listeners,
        _heard(MIX, "b"),
        0.05,
        "R²",
        seeds=30,
    ),
    Claim(
        "C1.33",
        "Where the talkative task needs other features, listening costs.",
        _listeners,
        _heard(DISJOINT, "b"),
        0.01,
        "R²",
        sign=-1,
        seeds=50,
    ),
    Claim(
        "C1.34",
        "A copy of the label as second task changes nothing: a second tower alone is no help.",
        _labels,
        _second_label(COPY, SINGLE),
        0.01,
        "R²",
        expected="no effect",
        seeds=40,
    ),
    Claim(
        "C1.35",
        "A second label of the same target helps if its noise is its own.",
        _labels,
        _second_label(OWN_NOISE, COPY),
        0.01,
        "R²",
        seeds=40,
    ),
    Claim(
        "C1.36",
        "A new task with 100 labels gains much from a frozen bottom that two tasks with its features have trained.",
        _carry,
        _carried(TWO, SCRATCH),
        0.1,
        "R²",
        seeds=50,
    ),
    Claim(
        "C1.37",
        "A bottom of two tasks carries over better than a bottom of one, both tuned.",
        _carry,
        _carried(TWO, ("one task, same features", "frozen", 100)),
        0.005,
        "R²",
        seeds=50,
    ),
    Claim(
        "C1.38",
        "A frozen bottom of tasks with other features is far worse than starting from scratch.",
        _carry,
        _carried(("two tasks, other features", "frozen", 100), SCRATCH),
        0.1,
        "R²",
        sign=-1,
        seeds=50,
    ),
    Claim(
        "C1.39",
        "Trained on instead of frozen, that bottom is as good as starting from scratch.",
        _trained_on,
        _carried(("two tasks, other features", "trained on", 100), SCRATCH),
        0.03,
        "R²",
        expected="no effect",
        seeds=200,
    ),
    Claim(
        "C1.40",
        "Narrow bottom, trained to the end: a second task of shuffled labels narrows task A's gap from train to test.",
        _gaps,
        _second_task("shuffled labels", "gap"),
        0.05,
        "MSE",
        sign=-1,
        seeds=35,
    ),
    Claim(
        "C1.41",
        "There task A even predicts better beside shuffled labels than alone.",
        _gaps,
        _second_task("shuffled labels", "r2"),
        0.05,
        "R²",
        seeds=35,
    ),
    Claim(
        "C1.42",
        "With a bottom of 32 units a second task widens the gap, even one with the same features.",
        _gaps,
        _second_task("same features", "gap", width=32),
        0.03,
        "MSE",
        seeds=35,
    ),
    Claim(
        "C1.43",
        "With early stopping and a tuned penalty, shuffled labels cost task A.",
        _penalties,
        _penalised("shuffled labels"),
        0.01,
        "R²",
        sign=-1,
        seeds=45,
    ),
    Claim(
        "C1.44",
        "With both in place, a second task with the same features still helps.",
        _penalties,
        _penalised("same features"),
        0.02,
        "R²",
        seeds=45,
    ),
    Claim(
        "C1.45",
        "Half the features shared, equal weights: the task with few labels gains.",
        _half_shared,
        _heard(HALF, "b"),
        0.01,
        "R²",
        seeds=70,
    ),
    Claim(
        "C1.46",
        "And the task with many labels pays for it: a seesaw.",
        _half_shared,
        _heard(HALF, "a"),
        0.005,
        "R²",
        sign=-1,
        seeds=70,
    ),
    Claim(
        "C1.47",
        "On that bottom of two tasks 25 labels are worth more than 200 from scratch.",
        _carry,
        _carried((*TWO[:2], 25), (*SCRATCH[:2], 200)),
        0.02,
        "R²",
        seeds=50,
    ),
    Claim(
        "C1.48",
        "Same features: a quarter of the weight on the task with few labels is better for the other task.",
        _weights,
        _heard(MIX, "a", QUARTER, against=EQUAL),
        0.005,
        "R²",
        seeds=60,
    ),
    Claim(
        "C1.49",
        "And it is better for the task with few labels itself.",
        _weights,
        _heard(MIX, "b", QUARTER, against=EQUAL),
        0.01,
        "R²",
        seeds=60,
    ),
]
