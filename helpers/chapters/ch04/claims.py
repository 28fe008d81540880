"""The claims of chapter 04, Shared-Bottom."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd

from helpers.chapters.ch04 import sharing, speed
from helpers.chapters.ch04.feed_tasks import HALFWAY, LABELS
from helpers.experiments.claim import Claim, Contrast, gain, mean

SINGLE, SHARED, EQUAL_SIZE = sharing.MODELS
SAME, OPPOSITE = "same features, same sign", "same features, opposite sign"
MIX, DISJOINT = "same features, other mix", "disjoint features"
RAREST, OWN_HABIT = ["share", "follow"], ["like", "favourite"]

# What task a wins when its weight goes from 0.1 to 0.9, and task b loses: mean of the two.
GIVE_AND_TAKE = {("a", 0.9): 0.5, ("a", 0.1): -0.5, ("b", 0.1): 0.5, ("b", 0.9): -0.5}


def _transfer(level: int, less: int) -> dict[tuple[str, int], int]:
    """Terms: the gain over single-task models at one level of a second column, minus that at another."""
    return {(SHARED, level): 1, (SINGLE, level): -1, (SHARED, less): -1, (SINGLE, less): 1}


def _sooner(condition: str, count: str = "steps") -> Callable[[pd.DataFrame], np.ndarray]:
    """log2 of what the single-task models take until both are at R² 0.8, over what Shared-Bottom takes.

    A run that has not arrived counts as arriving at the end of the budget.
    """

    def effect(table: pd.DataFrame) -> np.ndarray:
        table = table[(table["target"] == speed.TARGETS[0]) & (table["condition"] == condition)]
        saved = speed.saved(table.fillna({"step": speed.BUDGET}), SHARED, count)
        return -np.log2(1 - saved["saved"].to_numpy())

    return effect


def _hardly_moved(table: pd.DataFrame) -> np.ndarray:
    """1 for a world in which sharing moves the clicks of the news example by less than 0.02 AUC, else 0.

    A share, and no mean: in one world of fifty a training fails altogether, and a mean would speak of that alone.
    """
    moved = gain("score", SHARED, over=SINGLE, width=64, task="click")(table)
    return (np.abs(moved) < 0.02).astype(float)


conditions = partial(Claim, grid="04_conditions", smallest=0.01, unit="R²", seeds=160)
heads = partial(Claim, grid="04_heads", unit="R²", seeds=300, only={"names": [SAME, OPPOSITE]})
cosines = partial(Claim, grid="04_cosines", unit="cosine", seeds=60)
seesaw = partial(
    Claim,
    grid="04_weights",
    smallest=0.05,
    unit="R²",
    seeds=30,
    only={"shared": [0, 4], "widths": [4], "task_weights": [0.1, 0.9]},
)
hill = partial(seesaw, smallest=0.005, seeds=100, only={"shared": [4], "widths": [8], "task_weights": [0.1, 0.5, 0.9]})
widths = partial(
    Claim, grid="04_widths", smallest=0.01, unit="R²", seeds=100, only={"names": [DISJOINT], "sizes": [4, 32]}
)
ratings = partial(Claim, grid="04_ratings", smallest=0.003, unit="AUC", seeds=40)
crosses = partial(Claim, grid="04_crosses", smallest=0.01, unit="R²", seeds=24, only={"rows": [2000]})
interests = partial(Claim, grid="04_interests", unit="R²")
histories = partial(Claim, grid="04_histories", unit="AUC")
narrow = partial(
    Claim,
    grid="04_recipe",
    smallest=0.1,
    unit="doublings of the loss",
    seeds=75,
    only={"p": (-1.0, -0.75, 0.75, 0.98, 1.0), "models": [SINGLE, SHARED]},
)
steps = partial(
    Claim,
    grid="04_speed",
    smallest=0.1,
    unit="halvings of the steps",
    seeds=60,
    only={"names": [MIX, DISJOINT], "models": [SINGLE, SHARED]},
)
heat = partial(
    Claim,
    grid="04_heat",
    smallest=0.01,
    unit="R²",
    seeds=30,
    only={"names": [DISJOINT], "widths": [4], "rows": [250, 2000]},
)
feed = partial(Claim, grid="04_feed", smallest=0.01, unit="AUC")
frequent = partial(feed, only={"labels": ["click", *RAREST], "shared": ["nothing", HALFWAY]})
places = partial(feed, only={"shared": ["embeddings", HALFWAY]})
news = partial(Claim, grid="04_news", smallest=0.01, seeds=34, only={"widths": [64]})

CLAIMS = [
    conditions(
        "C4.1",
        "Two tasks that need the same features, with the same sign, gain from a shared bottom.",
        gain("r2", SHARED, over=SINGLE, condition=SAME),
    ),
    conditions(
        "C4.2",
        "Two tasks with exactly opposite targets gain from a shared bottom: each has a tower of its own.",
        gain("r2", SHARED, over=SINGLE, condition=OPPOSITE),
    ),
    conditions(
        "C4.3",
        "Two tasks whose labels do not correlate at all gain from a shared bottom, if they need the same features.",
        gain("r2", SHARED, over=SINGLE, condition=MIX),
    ),
    conditions(
        "C4.4",
        "Two tasks that need different features lose by a shared bottom of the single-task width.",
        gain("r2", SHARED, over=SINGLE, condition=DISJOINT),
        sign=-1,
    ),
    conditions(
        "C4.5",
        "Two tasks with different features lose even when the bottom has the parameters of both single-task models.",
        gain("r2", EQUAL_SIZE, over=SINGLE, condition=DISJOINT),
        sign=-1,
    ),
    Claim(
        "C4.6",
        "Flipping all labels of one task changes nothing, once its last layer starts negated.",
        gain("r2", OPPOSITE, over=SAME, column="condition"),
        grid=sharing.flip,
        smallest=0.001,
        unit="R²",
        expected="no effect",
    ),
    heads(
        "C4.7",
        "On opposite labels two towers succeed where one shared head fails.",
        gain("r2", "two towers", over="one head", condition=OPPOSITE),
        smallest=0.5,
    ),
    heads(
        "C4.8",
        "On equal labels one shared head is as good as two towers.",
        gain("r2", "two towers", over="one head", condition=SAME),
        smallest=0.03,
        expected="no effect",
    ),
    cosines(
        "C4.9",
        "At step 20 the gradients of the pair with another mix, which gains most from sharing, do not agree at all.",
        mean("cosine", pair="other mix", step=20),
        smallest=0.15,
        expected="no effect",
    ),
    cosines(
        "C4.10",
        "At step 200 the gradients of two copies of one task, which gain, conflict more than the disjoint pair's.",
        gain("cosine", "disjoint", over="same sign", column="pair", step=200),
        smallest=0.03,
    ),
    cosines(
        "C4.11",
        "Much of the conflict between two copies of one task is noise: without it their cosine at step 200 is higher.",
        gain("cosine", "same sign, no noise", over="same sign", column="pair", step=200),
        smallest=0.2,
    ),
    seesaw(
        "C4.12",
        "Disjoint features, narrow bottom: the task weight is a seesaw; what helps one task costs the other.",
        Contrast("transfer", GIVE_AND_TAKE, ["task", "weight"], {"shared": 0, "width": 4}),
    ),
    seesaw(
        "C4.13",
        "Same features, narrow bottom: no seesaw; the weight does not move gain from one task to the other.",
        Contrast("transfer", GIVE_AND_TAKE, ["task", "weight"], {"shared": 4, "width": 4}),
        expected="no effect",
    ),
    hill(
        "C4.14",
        "Same features: both tasks gain more at equal weights than at 0.1 and 0.9 (bottom of 8).",
        Contrast("transfer", {0.5: 1, 0.1: -0.5, 0.9: -0.5}, "weight", {"shared": 4, "width": 8}),
    ),
    widths(
        "C4.15",
        "Disjoint features: a bottom of 32 units loses less than one of 4.",
        Contrast("r2", _transfer(32, less=4), ["model", "width"], {"condition": DISJOINT}),
    ),
    ratings(
        "C4.16",
        "MovieLens, 8,000 ratings, tuned on both sides: like and love gain by sharing.",
        gain("auc", SHARED, over=SINGLE, pair="like + love"),
    ),
    ratings(
        "C4.17",
        "MovieLens, 8,000 ratings, tuned on both sides: like and dislike, the most opposed labels, gain by sharing.",
        gain("auc", SHARED, over=SINGLE, pair="like + dislike"),
    ),
    ratings(
        "C4.18",
        "MovieLens, 8,000 ratings, untuned, with little regularisation: dislike loses badly by sharing with love.",
        gain("auc", SHARED, over=SINGLE, pair="dislike + love", task="dislike"),
        grid="04_ratings_untuned",
        smallest=0.005,
        sign=-1,
        seeds=20,
    ),
    ratings(
        "C4.19",
        "MovieLens, 8,000 ratings, tuned with the same budget on both sides: dislike and love neither gain nor lose "
        "by sharing.",
        gain("auc", SHARED, over=SINGLE, pair="dislike + love"),
        only={"pairs": [("dislike", "love")]},
        smallest=0.005,
        expected="no effect",
        seeds=60,
    ),
    Claim(
        "C4.20",
        "Towers whose hidden layers start equal end as good as towers that start different.",
        gain("r2", "equal start", over="own start"),
        grid="04_starts",
        smallest=0.02,
        unit="R²",
        expected="no effect",
        seeds=120,
    ),
    crosses(
        "C4.21",
        "Where users and videos cross, DeepFM finds more than an MLP of its size.",
        gain("r2", "DeepFM", over="MLP", column="shape", rows=2000),
    ),
    crosses(
        "C4.22",
        "Where users and videos cross, DCN finds more than an MLP of its size.",
        gain("r2", "DCN", over="MLP", column="shape", rows=2000),
    ),
    crosses(
        "C4.23",
        "Where what the user is and what the video is add up, DeepFM and an MLP are equally good.",
        gain("r2", "DeepFM", over="MLP", column="shape"),
        grid="04_added",
        only={"shapes": ["MLP", "DeepFM"]},
        expected="no effect",
        seeds=20,
    ),
    interests(
        "C4.24",
        "Where a history matters by how like it is to the item on offer, DIN finds far more than the mean.",
        gain("r2", "DIN", over="mean", column="shape", kind="matching"),
        smallest=0.1,
    ),
    interests(
        "C4.25",
        "Where a history matters by how like it is to the item on offer, DIN finds more without softmax than with it.",
        gain("r2", "DIN", over="DIN, softmax", column="shape", kind="matching"),
        smallest=0.05,
    ),
    interests(
        "C4.26",
        "Where all items of a history count alike, DIN and the mean are equally good.",
        gain("r2", "DIN", over="mean", column="shape", kind="all alike"),
        smallest=0.01,
        expected="no effect",
    ),
    histories(
        "C4.27",
        "On MovieLens, 30,000 ratings, DIN without a softmax is worse than the mean of the history.",
        gain("auc", "DIN", over="mean", column="shape"),
        smallest=0.01,
        sign=-1,
    ),
    histories(
        "C4.28",
        "On MovieLens, 30,000 ratings, DIN with a softmax and the mean of the history are equally good.",
        gain("auc", "DIN, softmax", over="mean", column="shape"),
        smallest=0.005,
        expected="no effect",
    ),
    narrow(
        "C4.30",
        "A bottom of 3: the loss of task A rises when the partner turns away from its direction, from p = 1 to 0.75.",
        gain("log2_mse", 0.75, over=1.0, column="p", model=SHARED),
    ),
    narrow(
        "C4.48",
        "A bottom of 3: with a partner at p = 0.98 the loss of task A is already higher than with one at p = 1.",
        gain("log2_mse", 0.98, over=1.0, column="p", model=SHARED),
    ),
    narrow(
        "C4.31",
        "A bottom of 3: below p = 0 the loss of task A falls again; at p = −1 it is lower than at −0.75.",
        gain("log2_mse", -1.0, over=-0.75, column="p", model=SHARED),
        sign=-1,
    ),
    narrow(
        "C4.32",
        "A bottom of 3: with a partner at p = 0.75 task A has a higher loss than alone.",
        gain("log2_mse", SHARED, over=SINGLE, p=0.75),
    ),
    Claim(
        "C4.33",
        "A bottom of 18: the loss of task A does not rise; a partner at p = 0 is no worse than one at p = 1.",
        gain("log2_mse", 0.0, over=1.0, column="p", model=SHARED),
        grid="04_recipe_wide",
        only={"p": (0.0, 1.0), "models": [SHARED]},
        smallest=0.5,
        unit="doublings of the loss",
        expected="no effect",
        seeds=80,
    ),
    steps(
        "C4.34",
        "Same features, uncorrelated labels: Shared-Bottom has both tasks at R² 0.8 in fewer steps.",
        _sooner(MIX),
    ),
    steps(
        "C4.35",
        "Disjoint features: Shared-Bottom takes more steps until both tasks are at R² 0.8.",
        _sooner(DISJOINT),
        sign=-1,
    ),
    steps(
        "C4.36",
        "Disjoint features: that one step is cheaper than two does not make up for the steps that Shared-Bottom needs.",
        _sooner(DISJOINT, "multiply-adds"),
        unit="halvings of the multiply-adds",
        sign=-1,
    ),
    heat(
        "C4.37",
        "Disjoint features, a bottom of 4: with 2,000 rows sharing costs more than with 250.",
        Contrast("r2", _transfer(2000, less=250), ["model", "rows"], {"condition": DISJOINT, "width": 4}),
        sign=-1,
    ),
    heat(
        "C4.38",
        "Disjoint features, 2,000 rows: a bottom with the parameters of both single-task models, 6 units instead of 4, "
        "still loses.",
        gain("r2", EQUAL_SIZE, over=SINGLE, condition=DISJOINT, width=4, rows=2000),
        sign=-1,
        seeds=60,
    ),
    heat(
        "C4.39",
        "Disjoint features, a bottom of 32, 2,000 rows: sharing costs nothing that matters.",
        gain("r2", SHARED, over=SINGLE, condition=DISJOINT, width=32, rows=2000),
        only={"names": [DISJOINT], "widths": [32], "rows": [2000], "models": [SINGLE, SHARED]},
        expected="no effect",
        seeds=40,
    ),
    frequent(
        "C4.40",
        "Over single-task models the two rarest labels, share and follow, gain by sharing embeddings and a layer.",
        gain("auc", HALFWAY, over="nothing", column="shared", label=RAREST),
    ),
    frequent(
        "C4.41",
        "The click, the most frequent label, neither gains nor loses by sharing embeddings and a layer.",
        gain("auc", HALFWAY, over="nothing", column="shared", label="click"),
        expected="no effect",
        seeds=22,
    ),
    feed(
        "C4.42",
        "On clicked rows alone, where no label contains the click, share and follow still gain by sharing.",
        gain("auc", HALFWAY, over="nothing", column="shared", label=RAREST),
        grid="04_feed_clicked",
        only={"labels": RAREST},
    ),
    places(
        "C4.43",
        "Over all eight labels it makes no difference whether a layer is shared beside the embeddings or not.",
        gain("auc", "embeddings", over=HALFWAY, column="shared", label=LABELS),
        expected="no effect",
    ),
    places(
        "C4.44",
        "Likes and favourites do better where the embeddings alone are shared.",
        gain("auc", "embeddings", over=HALFWAY, column="shared", label=OWN_HABIT),
        smallest=0.005,
    ),
    news(
        "C4.45",
        "The news example, a bottom of 64: in more than seven of ten worlds the clicks move by less than 0.02 AUC.",
        _hardly_moved,
        smallest=0.7,
        unit="of the worlds",
    ),
    news(
        "C4.46",
        "The news example, a bottom of 64: the seconds neither gain nor lose.",
        gain("score", SHARED, over=SINGLE, width=64, task="seconds"),
        unit="R²",
        expected="no effect",
    ),
    news(
        "C4.47",
        "The news example, a bottom of 4: the clicks lose.",
        gain("score", SHARED, over=SINGLE, width=4, task="click"),
        only={"widths": [4]},
        unit="AUC",
        sign=-1,
        seeds=26,
    ),
]
