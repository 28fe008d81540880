"""The claims of chapter 01, Motivation: labels and their biases, cost, and why a second task can help."""

from __future__ import annotations

from functools import partial

import pandas as pd

from helpers.chapters.ch01 import latency, reasons
from helpers.chapters.ch01.biases import TRUTH
from helpers.experiments.claim import Claim, Contrast, gain, mean

EQUAL, QUARTER = reasons.WEIGHTS
ALONE, COPY, OWN_NOISE, _ = reasons.SECOND_LABELS
MIX, HALF, DISJOINT = reasons.LISTENERS
ITEM, USER = {"bias": "item", "strength": 1.0}, {"bias": "user", "strength": 1.0}


def _truth_tells_most(table: pd.DataFrame) -> pd.Series:
    """AUC of the day's true satisfaction minus that of the label that tells most in the same world."""
    by = table.pivot(index="seed", columns="signal", values="auc")
    return by[TRUTH] - by.drop(columns=TRUTH).max(axis=1)


def _bait_with_autoplay(table: pd.DataFrame) -> pd.Series:
    """Bait in the ten that likes rank highest: with autoplay, minus where a click comes first; of seeds with both."""
    bait = mean("bait", score="like")
    first, autoplayed = (bait(table[table["grid"] == name]) for name in ("01_labels", "01_labels_autoplay"))
    return (autoplayed - first).dropna()


def _carried(bottom: str, mode: str, labels: int = 100, over: tuple[str, str, int] | None = None) -> Contrast:
    """R² of the new task from one bottom minus that from another; from scratch where no other is named."""
    start = ("from scratch", "trained on", 100)
    return gain("r2", (bottom, mode, labels), over=over or start, column=("bottom", "mode", "labels"))


by_label = partial(gain, "value", column="label", bias="target")
served = partial(gain, column="score")

dials = partial(Claim, grid="01_dials", seeds=24, only={"strengths": (0.0, 1.0)})
target = partial(dials, unit="satisfaction")
traits = partial(dials, unit="× the mean")
labels = partial(Claim, grid="01_labels", unit="satisfaction", seeds=92)
autoplay = partial(labels, grid="01_labels_autoplay", seeds=24)
cost = partial(
    Claim, grid=latency.repeated, smallest=2.0, because="the sentence says twice, and two short of eight", unit="times"
)
listeners = partial(Claim, grid="01_eavesdrop", unit="R²", only={"names": [MIX, DISJOINT]})
weights = partial(listeners, seeds=60, only={"names": [MIX], "models": [EQUAL, QUARTER]})
half_shared = partial(listeners, seeds=70, only={"names": [HALF], "models": ["single-task", EQUAL]})
second_label = partial(
    Claim,
    grid="01_second_labels",
    unit="R²",
    seeds=40,
    only={"models": [ALONE, COPY, OWN_NOISE]},
)
carry_over = partial(Claim, grid="01_carry_over", unit="R²", seeds=56, only={"labels": [25, 100, 200]})
gaps = partial(Claim, grid="01_gaps", seeds=35, only={"names": ["none", "same features", "shuffled labels"]})
penalties = partial(
    Claim,
    grid="01_penalties",
    unit="R²",
    seeds=45,
    only={"names": ["none", "same features", "shuffled labels"], "values": [reasons.PENALTY]},
)

CLAIMS = {
    "C1.1": Claim(
        "A user's satisfaction on a day predicts a return better than any label of that day.",
        _truth_tells_most,
        grid="01_days",
        unit="AUC",
        seeds=24,
    ),
    "C1.2": target(
        "A like says more about satisfaction than watching to the end.",
        by_label("like", over="finish", strength=1.0),
    ),
    "C1.3": target(
        "A like says more about satisfaction than a comment, though a comment is rarer: rarity alone does not make a "
        "label informative.",
        by_label("like", over="comment", strength=1.0),
    ),
    "C1.4": target(
        "With the target bias on, a like says far more about satisfaction, compared with a comment, than with the "
        "bias off.",
        Contrast(
            "value",
            {("like", 1.0): 1, ("comment", 1.0): -1, ("like", 0.0): -1, ("comment", 0.0): 1},
            ["label", "strength"],
            {"bias": "target"},
        ),
        far=True,
    ),
    "C1.5": traits(
        "The tenth of the videos with the most bait gets more clicks than that with the least.",
        mean("value", label="click", trait="bait", **ITEM),
    ),
    "C1.6": traits(
        "The tenth of the videos with the strongest hook is watched to the end more often than that with the weakest.",
        mean("value", label="finish", trait="hook", **ITEM),
    ),
    "C1.7": traits(
        "The longest tenth of the videos collects more seconds than the shortest.",
        mean("value", label="watch_seconds", trait="duration", **ITEM),
    ),
    "C1.8": traits(
        "The tenth of the videos with the most bait satisfies as much as that with the least.",
        mean("value", label=TRUTH, trait="bait", **ITEM),
        expected="no effect",
    ),
    "C1.9": traits(
        "With the item bias off, neither bait nor hook nor length moves its label (mean of the three).",
        mean("value", label=["click", "finish", "watch_seconds"], **ITEM | {"strength": 0.0}),
        expected="no effect",
    ),
    "C1.10": traits(
        "Users who are most prone to like give more likes than those who are least prone.",
        mean("value", label="like", **USER),
    ),
    "C1.11": traits(
        "Users who are most prone to like give fewer favourites than those who are least prone.",
        mean("value", label="favourite", **USER),
        sign=-1,
    ),
    "C1.12": traits(
        "With the user bias off, less than a tenth remains of the difference in likes between the users who are most "
        "and least prone to like.",
        Contrast("value", {1.0: 0.1, 0.0: -1}, "strength", {"bias": "user", "label": "like"}),
    ),
    "C1.13": labels(
        "Ranking by likes satisfies more than ranking by clicks.",
        served("satisfaction", "like", over="click"),
    ),
    "C1.14": labels(
        "Ranking by the predicted return of the user satisfies less than ranking by likes.",
        served("satisfaction", "return_next_day", over="like"),
        sign=-1,
    ),
    "C1.15": labels(
        "Ranking by the plain sum of five probabilities satisfies less than ranking by likes alone.",
        served("satisfaction", "sum", over="like"),
        sign=-1,
    ),
    "C1.16": labels(
        "The fused score satisfies more than shares, the best single label of the practice worlds.",
        served("satisfaction", "fused", over="share"),
    ),
    "C1.17": labels(
        "The ten videos of the fused score are clicked less often than those of a ranking by clicks.",
        served("plays", "fused", over="click"),
        unit="of the served",
        sign=-1,
    ),
    "C1.18": labels(
        "More users come back the next day after the top ten of the fused score than after the top ten ranked by "
        "clicks.",
        served("returns", "fused", over="click"),
        unit="of the users",
    ),
    "C1.19": labels(
        "Ranking by the hidden appeal, how much a user likes a video in the moment, would satisfy more than the fused "
        "score.",
        served("satisfaction", "true appeal", over="fused"),
    ),
    "C1.20": labels(
        "Where a click comes first, ranking by likes serves bait.",
        mean("bait", score="like"),
        unit="standard deviations of bait",
    ),
    "C1.23": labels(
        "Where a click comes first, ranking by comments serves less bait than ranking by likes.",
        served("bait", "comment", over="like"),
        unit="standard deviations of bait",
        sign=-1,
    ),
    "C1.21": autoplay(
        "Ranking by likes serves less bait with autoplay than where a click comes first.",
        _bait_with_autoplay,
        grid=("01_labels", "01_labels_autoplay"),
        unit="standard deviations of bait",
        sign=-1,
    ),
    "C1.22": autoplay(
        "With autoplay, ranking by likes satisfies more than ranking by finishing.",
        served("satisfaction", "like", over="finish"),
    ),
    "C1.30": cost(
        "Eight single-task models take more than twice the time of one shared model (500 candidates, bottom 128, 128).",
        mean("ratio"),
    ),
    "C1.31": cost(
        "Eight single-task models take less than six times the time of one shared model, 2 short of eight (the effect "
        "is 8 minus the ratio).",
        Contrast("ratio", {(): -1}, (), constant=8),
    ),
    "C1.32": listeners(
        "A task with 200 labels gains from a partner with 2,000 that needs the same features, although their labels "
        "do not correlate.",
        gain("r2", EQUAL, over="single-task", condition=MIX, task="b"),
        seeds=30,
    ),
    "C1.33": listeners(
        "A task with 200 labels loses with a partner with 2,000 that needs other features.",
        gain("r2", EQUAL, over="single-task", condition=DISJOINT, task="b"),
        sign=-1,
        seeds=50,
    ),
    "C1.34": second_label(
        "A copy of the label as the second task changes nothing: a second tower alone does not help.",
        gain("r2", COPY, over=ALONE),
        expected="no effect",
    ),
    "C1.35": second_label(
        "A second label of the same target helps if its noise is its own.",
        gain("r2", OWN_NOISE, over=COPY),
    ),
    "C1.36": carry_over(
        "A new task with 100 labels gains much from a frozen bottom that two tasks with its features have trained.",
        _carried("two tasks, same features", "frozen"),
        far=True,
    ),
    "C1.37": carry_over(
        "A frozen bottom of two tasks carries over better than a bottom of one, both tuned.",
        _carried("two tasks, same features", "frozen", over=("one task, same features", "frozen", 100)),
    ),
    "C1.38": carry_over(
        "A frozen bottom of tasks with other features is far worse than starting from scratch.",
        _carried("two tasks, other features", "frozen"),
        far=True,
        sign=-1,
    ),
    "C1.39": carry_over(
        "A bottom of tasks with other features, trained on together with the new tower, is far better than the same "
        "bottom frozen.",
        _carried("two tasks, other features", "trained on", over=("two tasks, other features", "frozen", 100)),
        far=True,
    ),
    "C1.40": gaps(
        "Narrow bottom, trained to the end: a second task of shuffled labels narrows task A's gap from train to test.",
        gain("gap", "shuffled labels", over="none", column="second", width=8),
        unit="MSE",
        sign=-1,
    ),
    "C1.41": gaps(
        "Narrow bottom, trained to the end: task A even predicts better next to shuffled labels than alone.",
        gain("r2", "shuffled labels", over="none", column="second", width=8),
        unit="R²",
    ),
    "C1.42": gaps(
        "Bottom of 32 units, trained to the end: a second task widens task A's gap from train to test, even one with "
        "the same features.",
        gain("gap", "same features", over="none", column="second", width=32),
        unit="MSE",
    ),
    "C1.43": penalties(
        "With early stopping and a tuned penalty, shuffled labels cost task A.",
        gain("r2", "shuffled labels", over="none", column="second", penalty=reasons.PENALTY),
        sign=-1,
    ),
    "C1.44": penalties(
        "With early stopping and a tuned penalty, a second task with the same features still helps task A.",
        gain("r2", "same features", over="none", column="second", penalty=reasons.PENALTY),
    ),
    "C1.45": half_shared(
        "Half the features shared, equal weights: the task with few labels gains.",
        gain("r2", EQUAL, over="single-task", condition=HALF, task="b"),
    ),
    "C1.46": half_shared(
        "Half the features shared, equal weights: the task with many labels pays for the gain of the other, a seesaw.",
        gain("r2", EQUAL, over="single-task", condition=HALF, task="a"),
        seeds=156,
        sign=-1,
    ),
    "C1.47": carry_over(
        "25 labels of a new task, on a frozen bottom that two tasks with its features have trained, are worth more "
        "than 200 from scratch.",
        _carried("two tasks, same features", "frozen", 25, over=("from scratch", "trained on", 200)),
    ),
    "C1.49": weights(
        "Same features: a quarter of the weight on the task with few labels is better for that task itself.",
        gain("r2", QUARTER, over=EQUAL, condition=MIX, task="b"),
    ),
}
