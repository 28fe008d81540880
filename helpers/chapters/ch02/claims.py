"""The claims of chapter 02, Weighted cross-entropy."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from helpers.chapters.ch02 import watch_time
from helpers.evaluation.statistics import difference
from helpers.experiments.claim import Claim

Effects = Callable[[pd.DataFrame], np.ndarray]

CLICKS, WEIGHTED, MENDED = "clicks", "weighted CE", "mended CE"
QUANTILE, COMPLETION = "mended CE, quantile", "mended CE, completion"


def _served(outcome: str, of: str, against: str) -> Effects:
    """Effect: an outcome of the served top 10 of one ranking minus that of another, one value a world."""

    def effects(table: pd.DataFrame) -> np.ndarray:
        gains = difference(table[table["outcome"] == outcome], "value", of, against)
        return gains.sort_values("seed")["difference"].to_numpy()

    return effects


def _overall(model: str) -> Effects:
    """Effect: mean exp(logit) divided by the mean seconds watched, minus 1, on a second log."""

    def effects(table: pd.DataFrame) -> np.ndarray:
        mine = table[(table["model"] == model) & (table["by"] == "prediction")]
        means = mine.groupby("seed")[["predicted", "actual"]].mean()
        return (means["predicted"] / means["actual"] - 1).to_numpy()

    return effects


def _growth(table: pd.DataFrame) -> np.ndarray:
    """Effect: exp(logit) / seconds in the tenth with the highest predicted click rate, minus that in the lowest."""
    mine = table[(table["model"] == WEIGHTED) & (table["by"] == "click rate")]
    by = mine.assign(factor=mine["predicted"] / mine["actual"]).pivot(index="seed", columns="bin", values="factor")
    return (by[by.columns.max()] - by[0]).to_numpy()


def _formula(table: pd.DataFrame) -> np.ndarray:
    """Effect: exp(logit) · (1 − P) / seconds − 1, mean over the tenths by click rate; 0 where the formula is right."""
    mine = table[(table["model"] == WEIGHTED) & (table["by"] == "click rate")]
    left = mine["predicted"] * (1 - mine["click_rate"]) / mine["actual"] - 1
    return left.groupby(mine["seed"]).mean().to_numpy()


def _short_minus_long(outcome: str) -> Effects:
    """Effect: an outcome of short videos minus that of long ones, in the fifth of scores just below the top one."""

    def effects(table: pd.DataFrame) -> np.ndarray:
        band = table[table["band"] == table["band"].max() - 1].pivot(index="seed", columns="videos", values=outcome)
        return (band["short"] - band["long"]).to_numpy()

    return effects


def _claim(number: int, sentence: str, effects: Effects, smallest: float, unit: str, **options) -> Claim:
    return Claim(f"C2.{number}", sentence, effects=effects, smallest=smallest, unit=unit, **(DEFAULT | options))


def _quantiles(seeds: Sequence[int]) -> pd.DataFrame:
    return watch_time.served(seeds, [QUANTILE])


DEFAULT = {"measure": watch_time.served, "seeds": 24}


READ, ALIKE, NONE = {"measure": watch_time.calibration}, {"measure": watch_time.same_score}, {"expected": "no effect"}

CLAIMS = [
    _claim(
        1,
        "Weighted CE's ten on top are watched longer than the click model's.",
        _served("watch_seconds", WEIGHTED, CLICKS),
        4,
        "s per impression",
    ),
    _claim(
        2,
        "They have less bait.",
        _served("bait", WEIGHTED, CLICKS),
        0.2,
        "standard deviations",
        sign=-1,
    ),
    _claim(
        3,
        "They are clicked less often: the click is not kept.",
        _served("click", WEIGHTED, CLICKS),
        0.05,
        "click rate",
        sign=-1,
    ),
    _claim(
        4,
        "They are longer videos.",
        _served("duration", WEIGHTED, CLICKS),
        15,
        "s of length",
    ),
    _claim(
        5,
        "They have stronger hooks.",
        _served("hook", WEIGHTED, CLICKS),
        0.3,
        "standard deviations",
    ),
    _claim(
        6,
        "True satisfaction moves by less than 0.06, where a perfect ranking would add more than 0.3.",
        _served("satisfaction", WEIGHTED, CLICKS),
        0.06,
        "satisfaction",
        **NONE,
    ),
    _claim(
        7,
        "The mend changes the seconds that the ten on top collect by less than 1.5.",
        _served("watch_seconds", MENDED, WEIGHTED),
        1.5,
        "s per impression",
        **NONE,
    ),
    _claim(
        8,
        "The mended loss serves less bait than YouTube's.",
        _served("bait", MENDED, WEIGHTED),
        0.1,
        "standard deviations",
        sign=-1,
    ),
    _claim(
        9,
        "And its list is clicked less often.",
        _served("click", MENDED, WEIGHTED),
        0.02,
        "click rate",
        sign=-1,
    ),
    _claim(
        10,
        "Minutes in place of seconds change the seconds collected by less than 1.5.",
        _served("watch_seconds", "weighted CE, minutes", WEIGHTED),
        1.5,
        "s per impression",
        **NONE,
    ),
    _claim(
        11,
        "Read as seconds, weighted CE promises too much: exp(logit) divided by what was watched, minus 1.",
        _overall(WEIGHTED),
        0.3,
        "of what was watched",
        **READ,
    ),
    _claim(
        12,
        "Mended CE is right on average, within a tenth.",
        _overall(MENDED),
        0.1,
        "of what was watched",
        **READ,
        **NONE,
    ),
    _claim(
        13,
        "Weighted CE's factor is larger where clicks are frequent: highest tenth minus lowest.",
        _growth,
        0.1,
        "of what was watched",
        **READ,
    ),
    _claim(
        14,
        "Multiplied by 1 − P, weighted CE is right within a fifth, mean over the tenths.",
        _formula,
        0.2,
        "of what was watched",
        **READ,
        **NONE,
    ),
    _claim(
        15,
        "Squared error on the watch time collects as many seconds as weighted CE, within 1.5.",
        _served("watch_seconds", "squared error", WEIGHTED),
        1.5,
        "s per impression",
        **NONE,
    ),
    _claim(
        16,
        "Squared error on the logarithm collects fewer.",
        _served("watch_seconds", "squared error, log", WEIGHTED),
        0.4,
        "s per impression",
        sign=-1,
    ),
    _claim(
        17,
        "With quantiles the videos on top are as long as videos at random, within 5 s.",
        _served("duration", QUANTILE, "at random"),
        5,
        "s of length",
        **NONE,
        measure=_quantiles,
        seeds=72,
    ),
    _claim(
        18,
        "With completion they are shorter than videos at random.",
        _served("duration", COMPLETION, "at random"),
        5,
        "s of length",
        sign=-1,
    ),
    _claim(
        19,
        "Quantiles collect fewer seconds than seconds do.",
        _served("watch_seconds", QUANTILE, MENDED),
        1.5,
        "s per impression",
        sign=-1,
    ),
    _claim(
        20,
        "Quantiles do not cost satisfaction: it moves by less than 0.05.",
        _served("satisfaction", QUANTILE, MENDED),
        0.05,
        "satisfaction",
        **NONE,
    ),
    _claim(
        21,
        "Against the click model they gain some.",
        _served("satisfaction", QUANTILE, CLICKS),
        0.005,
        "satisfaction",
    ),
    _claim(
        22,
        "Bait comes back with quantiles.",
        _served("bait", QUANTILE, MENDED),
        0.3,
        "standard deviations",
    ),
    _claim(
        23,
        "At about the same score short videos are clicked more often than long ones.",
        _short_minus_long("click_rate"),
        0.05,
        "click rate",
        **ALIKE,
    ),
    _claim(
        24,
        "And a click on them is watched for a shorter time.",
        _short_minus_long("seconds_a_click"),
        5,
        "s per click",
        sign=-1,
        **ALIKE,
    ),
]
