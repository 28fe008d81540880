"""The claims of chapter 02, Weighted cross-entropy."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pandas as pd

from helpers.experiments.claim import Claim, Contrast, gain, mean

CLICKS, WEIGHTED, CORRECTED = "clicks", "weighted CE", "corrected CE"
QUANTILE, COMPLETION = "corrected CE, quantile", "corrected CE, completion"
POISSON, SQUARED = "Poisson", "squared error"


def _overall(model: str) -> Callable[[pd.DataFrame], pd.Series]:
    """Mean exp(logit) divided by the mean seconds watched, minus 1, on a second log."""

    def effect(table: pd.DataFrame) -> pd.Series:
        mine = table[(table["model"] == model) & (table["by"] == "prediction")]
        means = mine.groupby("seed")[["predicted", "actual"]].mean()
        return means["predicted"] / means["actual"] - 1

    return effect


def _at_click_rates(table: pd.DataFrame) -> pd.DataFrame:
    """Weighted CE in the tenths by predicted click rate, with exp(logit) / seconds watched as column `factor`."""
    mine = table[(table["model"] == WEIGHTED) & (table["by"] == "click rate")]
    return mine.assign(factor=mine["predicted"] / mine["actual"])


def _growth(table: pd.DataFrame) -> pd.Series:
    """The factor in the tenth with the highest predicted click rate, minus that in the lowest."""
    return gain("factor", table["bin"].max(), over=0, column="bin")(_at_click_rates(table))


def _formula(table: pd.DataFrame) -> pd.Series:
    """Half of the excess, factor − 1, minus what is left of it after the formula, factor · (1 − P) − 1; means of the
    tenths."""
    rows = _at_click_rates(table)
    left = rows["factor"] * (1 - rows["click_rate"]) - 1
    return mean("saved")(rows.assign(saved=(rows["factor"] - 1) / 2 - left))


def top_ten(outcome: str, of: str, *, over: str) -> Contrast:
    """An outcome of the served top 10 of one ranking minus that of another."""
    return gain("value", of, over=over, outcome=outcome)


served = partial(Claim, grid="02_served", seeds=24)
seconds = partial(served, unit="s per impression")
calibration = partial(Claim, grid="02_calibration", unit="of what was watched", seeds=140)
same_score = partial(Claim, grid="02_same_score", seeds=24)
mean_losses = partial(Claim, grid="02_poisson", seeds=24)
just_below = partial(gain, of="short", over="long", column="videos", band=3)  # the fifth of scores below the top one

CLAIMS = {
    "C2.1": seconds(
        "The top ten of weighted CE are watched longer than those of the click model.",
        top_ten("watch_seconds", WEIGHTED, over=CLICKS),
    ),
    "C2.2": served(
        "The top ten of weighted CE have less bait than those of the click model.",
        top_ten("bait", WEIGHTED, over=CLICKS),
        unit="standard deviations",
        sign=-1,
    ),
    "C2.3": served(
        "The top ten of weighted CE are clicked less often than those of the click model: the click is not kept.",
        top_ten("click", WEIGHTED, over=CLICKS),
        unit="click rate",
        sign=-1,
    ),
    "C2.4": served(
        "The top ten of weighted CE are longer videos than those of the click model.",
        top_ten("duration", WEIGHTED, over=CLICKS),
        unit="s of length",
    ),
    "C2.5": served(
        "The top ten of weighted CE have stronger hooks than those of the click model.",
        top_ten("hook", WEIGHTED, over=CLICKS),
        unit="standard deviations",
    ),
    "C2.6": served(
        "The top ten of weighted CE satisfy more than those of the click model.",
        top_ten("satisfaction", WEIGHTED, over=CLICKS),
        unit="satisfaction",
        only={"models": [CLICKS, WEIGHTED]},
        seeds=94,
    ),
    "C2.7": seconds(
        "The corrected loss changes the seconds that the top ten collect by less than one.",
        top_ten("watch_seconds", CORRECTED, over=WEIGHTED),
        expected="too small to matter",
    ),
    "C2.8": served(
        "The corrected loss serves less bait than YouTube's.",
        top_ten("bait", CORRECTED, over=WEIGHTED),
        unit="standard deviations",
        sign=-1,
    ),
    "C2.9": served(
        "The top ten of the corrected loss are clicked less often than those of YouTube's.",
        top_ten("click", CORRECTED, over=WEIGHTED),
        unit="click rate",
        sign=-1,
    ),
    "C2.10": seconds(
        "Minutes in place of seconds change the seconds that weighted CE collects by less than one.",
        top_ten("watch_seconds", "weighted CE, minutes", over=WEIGHTED),
        expected="too small to matter",
    ),
    "C2.11": calibration(
        "Read as seconds, weighted CE promises too much: exp(logit) divided by what was watched, minus 1.",
        _overall(WEIGHTED),
    ),
    "C2.12": calibration(
        "Corrected CE is right on average, within a twentieth.",
        _overall(CORRECTED),
        expected="no effect",
    ),
    "C2.13": calibration(
        "Weighted CE's factor is larger where clicks are frequent: highest tenth minus lowest.",
        _growth,
    ),
    "C2.14": calibration(
        "Multiplied by 1 − P, weighted CE loses more than half of what it promises too much, mean over the tenths.",
        _formula,
    ),
    "C2.15": seconds(
        "Squared error on the watch time collects as many seconds as weighted CE, within one.",
        top_ten("watch_seconds", "squared error", over=WEIGHTED),
        expected="too small to matter",
        only={"models": [WEIGHTED, "squared error"]},
        seeds=40,
    ),
    "C2.16": seconds(
        "Squared error on the logarithm of the watch time collects fewer seconds than weighted CE.",
        top_ten("watch_seconds", "squared error, log", over=WEIGHTED),
        only={"models": [WEIGHTED, "squared error, log"]},
        sign=-1,
        seeds=78,
    ),
    "C2.17": served(
        "With quantiles the videos on top are as long as random videos, within 5 s.",
        top_ten("duration", QUANTILE, over="at random"),
        unit="s of length",
        expected="too small to matter",
        only={"models": [QUANTILE]},
        seeds=128,
    ),
    "C2.18": served(
        "With completion the videos on top are shorter than random videos.",
        top_ten("duration", COMPLETION, over="at random"),
        unit="s of length",
        sign=-1,
    ),
    "C2.19": seconds(
        "Quantiles collect fewer seconds than seconds do.",
        top_ten("watch_seconds", QUANTILE, over=CORRECTED),
        sign=-1,
    ),
    "C2.20": served(
        "Ranking by quantiles satisfies more than ranking by seconds.",
        top_ten("satisfaction", QUANTILE, over=CORRECTED),
        unit="satisfaction",
        expected="undecided",
    ),
    "C2.21": served(
        "Ranking by quantiles satisfies somewhat more than ranking by clicks.",
        top_ten("satisfaction", QUANTILE, over=CLICKS),
        unit="satisfaction",
    ),
    "C2.22": served(
        "With quantiles in place of seconds, bait comes back.",
        top_ten("bait", QUANTILE, over=CORRECTED),
        unit="standard deviations",
    ),
    "C2.23": same_score(
        "At about the same score short videos are clicked more often than long ones.",
        just_below("click_rate"),
        unit="click rate",
    ),
    "C2.24": same_score(
        "At about the same score a click on a short video is watched for a shorter time than one on a long video.",
        just_below("seconds_a_click"),
        unit="s per click",
        sign=-1,
    ),
    "C2.25": mean_losses(
        "Ranked by a Poisson loss, the top ten collect as many seconds as ranked by the corrected loss, within one.",
        top_ten("watch_seconds", POISSON, over=CORRECTED),
        unit="s per impression",
        expected="no effect",
        only={"models": [CORRECTED, POISSON]},
    ),
    "C2.26": mean_losses(
        "In the tenth of a log that a model itself reads lowest, a Poisson loss reads more than the corrected loss.",
        top_ten("reading, lowest tenth", POISSON, over=CORRECTED),
        unit="of what was watched",
        only={"models": [CORRECTED, POISSON]},
        seeds=36,
    ),
    "C2.27": mean_losses(
        "In the tenth of a log that a model itself reads lowest, squared error reads less than the corrected loss.",
        top_ten("reading, lowest tenth", SQUARED, over=CORRECTED),
        unit="of what was watched",
        sign=-1,
        only={"models": [CORRECTED, SQUARED]},
        seeds=72,
    ),
}
