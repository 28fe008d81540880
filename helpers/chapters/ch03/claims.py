"""The claims of chapter 03, Manual weights."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pandas as pd

from helpers.chapters.ch03 import abtest, fusion, tradeoff
from helpers.experiments.claim import Claim, Contrast, gain, mean

Effect = Callable[[pd.DataFrame], pd.Series]
ALONE, UNDIVIDED, DIVIDED, _ = fusion.SCALES
ONE_LOOK, A_LOOK_A_DAY, STRICTER = abtest.RULES
LINEAR = {"way": "linear fusion"}


def _compromises(name: str) -> Effect:
    """The share of the weights from 0.3 to 0.7 at which both tasks are served."""
    share = mean("share", sum=name)
    return lambda table: share(tradeoff.compromises(table[table["weight"].between(0.29, 0.71)]))


def _ahead(way: str, weights: list[float]) -> Effect:
    """Finish rate minus that of linear fusion at as many clicks, mean over these weights."""
    return lambda table: mean("ahead", weight=weights)(fusion.ahead(table, way, "linear fusion"))


def _bulge(table: pd.DataFrame) -> pd.Series:
    """Linear fusion: how far the finish rate at 0.4 lies above the straight line between the ends of the curve."""
    by = table[table["way"] == "linear fusion"].pivot(index="seed", columns="weight", values=["click", "finish"])
    share = (by["click", 0.4] - by["click", 0.0]) / (by["click", 1.0] - by["click", 0.0])
    line = by["finish", 0.0] + share * (by["finish", 1.0] - by["finish", 0.0])
    return by["finish", 0.4] - line


def _moved(metric: str) -> Effect:
    """How far a metric moves from weight 0.5 to 1, in standard deviations of a user."""
    return lambda table: mean("effect", metric=metric)(abtest.effects(table))


def _cost(one: tuple[str, int], *, over: tuple[str, int]) -> Effect:
    """Cost of deciding by a metric with so many users per arm, minus that of another metric and number."""
    users = sorted({one[1], over[1]})
    more = gain("cost", one, over=over, column=("metric", "users"))
    return lambda table: more(abtest.decisions(table, users))


rare = partial(Claim, grid="03_rare", unit="AUC", seeds=24, only={"scales": [ALONE, UNDIVIDED, DIVIDED]})
one_score = partial(
    Claim, grid="03_one_score", unit="loss", only={"correlations": [-1, 0, 1], "weights": [0, 0.1, 0.5, 0.9, 1]}
)
both_models = partial(
    Claim, grid=("03_one_score", "03_two_towers"), unit="loss", only={"correlations": [-1, 0], "weights": [0.5]}
)
one_unit = partial(Claim, grid="03_one_unit", unit="of the runs", seeds=24, only={"weights": [0.3, 0.4, 0.5, 0.6, 0.7]})
fronts = partial(Claim, grid="03_fronts", unit="finish rate", seeds=30, only={"trained": [0.4, 0.6]})
populations = partial(Claim, grid="03_populations", unit="sd", seeds=40)
peeking = partial(Claim, grid="03_peeking", unit="of the tests", seeds=164)
decisions = partial(populations, unit="chance to return")

CLAIMS = {
    "C3.2": rare(
        "With the weights 0.5 and 0.5 the score ranks clicks worse than a pure click model, by too little to matter.",
        gain("auc", UNDIVIDED, over=ALONE, column="scale", task="click"),
        expected="too small to matter",
        only={"scales": [ALONE, UNDIVIDED]},
        seeds=150,
        extended=True,
    ),
    "C3.3": rare(
        "Divided by the losses of a constant, the weights 0.5 and 0.5 rank likes better than undivided.",
        gain("auc", DIVIDED, over=UNDIVIDED, column="scale", task="like"),
    ),
    "C3.4": rare(
        "Divided by the losses of a constant, the weights 0.5 and 0.5 rank clicks worse than undivided.",
        gain("auc", DIVIDED, over=UNDIVIDED, column="scale", task="click"),
        sign=-1,
    ),
    "C3.5": one_score(
        "Exact opposites, one score, equal weights: both losses differ from those of a constant (R² 0) by "
        "too little to matter.",
        mean("loss", minus=1, correlation=-1, weight=0.5),
        expected="too small to matter",
    ),
    "C3.6": both_models(
        "Exact opposites, equal weights: two towers have a far lower loss than one score.",
        gain("loss", "03_one_score", over="03_two_towers", column="grid", correlation=-1, weight=0.5),
        far=True,
    ),
    "C3.7": both_models(
        "Unrelated goals, equal weights: two towers have a lower loss than one score.",
        gain("loss", "03_one_score", over="03_two_towers", column="grid", correlation=0, weight=0.5),
    ),
    "C3.8": one_score(
        "One score: moving the weight from 0.1 to 0.9 lowers a loss far less where the goal is the same twice than "
        "where the goals are unrelated.",
        Contrast(
            "loss",
            {(1.0, 0.1): 1, (1.0, 0.9): -1, (0.0, 0.1): -1, (0.0, 0.9): 1},
            ["correlation", "weight"],
            {"task": "a"},
        ),
        sign=-1,
        far=True,
    ),
    "C3.9": one_score(
        "The same goal twice: the loss is lower at equal weights than at 0.1 and 0.9, as the noise averages out.",
        Contrast("loss", {0.1: 0.5, 0.9: 0.5, 0.5: -1}, "weight", {"correlation": 1, "task": "a"}),
    ),
    "C3.10": one_unit(
        "One hidden unit: hardly any weighted sum ends at a compromise (both losses below 0.9).",
        _compromises("weighted sum"),
        expected="no effect",
    ),
    "C3.11": one_unit(
        "One hidden unit: more than a third of the Chebyshev sums end at a compromise (both losses below 0.9).",
        _compromises("Chebyshev sum"),
        smallest=0.33,
        because="the sentence says a third",
    ),
    "C3.12": one_score(
        "Unrelated goals, one score: the front of the losses is convex; at weight 0.5 they lie below the line between "
        "its ends.",
        Contrast("loss", {0.0: 0.5, 1.0: 0.5, 0.5: -1}, "weight", {"correlation": 0}),
    ),
    "C3.13": fronts(
        "What the feed serves: the curve bulges outwards; in the middle, more is finished than on the line between its "
        "ends.",
        _bulge,
    ),
    "C3.15": fronts(
        "Geometric fusion serves as many finishes at equal clicks as linear fusion.",
        _ahead("geometric fusion", [0.4, 0.5, 0.6]),
        expected="no effect",
    ),
    "C3.16": fronts(
        "Moving the weight from the finish to the click, fewer served videos are finished.",
        gain("finish", 1.0, over=0.0, column="weight", **LINEAR),
        sign=-1,
    ),
    "C3.17": fronts(
        "Moving the weight from the finish to the click, true satisfaction falls.",
        gain("satisfaction", 1.0, over=0.0, column="weight", **LINEAR),
        unit="satisfaction",
        sign=-1,
    ),
    "C3.18": populations(
        "From weight 0.5 to 1, clicks rise by more than a tenth of their spread from user to user.",
        _moved("clicks"),
    ),
    "C3.19": populations(
        "From weight 0.5 to 1, returns move by less than a tenth of their spread.",
        _moved("returns"),
        expected="too small to matter",
    ),
    "C3.20": peeking(
        "A look a day at p < 0.05 raises the false alarms of two weeks by more than ten points, to over 15%.",
        mean("alarms", minus=0.05, rule=A_LOOK_A_DAY),
        smallest=0.1,
        because="the sentence says ten points",
    ),
    "C3.21": peeking(
        "One look at the end keeps the false alarms at 5%.",
        mean("alarms", minus=0.05, rule=ONE_LOOK),
        expected="no effect",
    ),
    "C3.22": peeking(
        "A look a day with the stricter threshold keeps the false alarms at 5%.",
        mean("alarms", minus=0.05, rule=STRICTER),
        expected="no effect",
    ),
    "C3.23": decisions(
        "Deciding by clicks costs more with 100,000 users per arm than with 100, but by too little to matter.",
        _cost(("clicks", 100_000), over=("clicks", 100)),
        expected="too small to matter",
    ),
    "C3.24": decisions(
        "With 100 users per arm, deciding by clicks costs more than deciding by finishes.",
        _cost(("clicks", 100), over=("finishes", 100)),
    ),
    "C3.25": decisions(
        "Deciding by returns costs less with 10,000 users per arm than with 100.",
        _cost(("returns", 10_000), over=("returns", 100)),
        sign=-1,
    ),
    "C3.26": peeking(
        "With the same users, the stricter threshold finds fewer true differences than one look at the end.",
        gain("found", STRICTER, over=ONE_LOOK, column="rule"),
        sign=-1,
    ),
}
