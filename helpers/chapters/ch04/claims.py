"""The claims of chapter 04, Shared-Bottom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import pandas as pd

from helpers.chapters.ch04 import census, grouping, sharing, speed
from helpers.chapters.ch04.census import COLLEGE
from helpers.chapters.ch04.feed_tasks import HALFWAY, LABELS, OF_THREE, OWN, UNSHARED
from helpers.chapters.ch04.grouping import MMOE, PAIR, RIVALS, TOGETHER, name_of
from helpers.chapters.ch04.ratings import COUNTS
from helpers.data.synthetic import SHAPES
from helpers.evaluation.yardsticks import LINEAR
from helpers.experiments.claim import SHARES, Claim, Contrast, gain, lead, one_log

SINGLE, SHARED, EQUAL_SIZE = sharing.MODELS
SAME, OPPOSITE = "same features, same sign", "same features, opposite sign"
MIX, DISJOINT = "same features, other mix", "disjoint features"
NARROW_AND_WIDE = ("04_recipe", "04_recipe_wide")
RAREST, OWN_HABIT = ["share", "follow"], ["like", "favourite"]

# What task a wins when its weight goes from 0.1 to 0.9, and task b loses: mean of the two.
GIVE_AND_TAKE = {("a", 0.9): 0.5, ("a", 0.1): -0.5, ("b", 0.1): 0.5, ("b", 0.9): -0.5}

# What the click gains by sharing embeddings and a layer, minus what the two rarest labels gain.
CLICK_LESS_RAREST = {
    ("click", HALFWAY): 1,
    ("click", OWN): -1,
    **{(label, place): sign / 2 for label in RAREST for place, sign in ((HALFWAY, -1), (OWN, 1))},
}


def _transfer(level: int, less: int) -> dict[tuple[str, int], int]:
    """Terms: the gain over single-task models at one level of a second column, minus that at another."""
    return {(SHARED, level): 1, (SINGLE, level): -1, (SHARED, less): -1, (SINGLE, less): 1}


def _rise_by_width(table: pd.DataFrame) -> pd.Series:
    """How far the loss rises from p = 1 to 0.75: in a bottom of 3, minus in a bottom of 18; of seeds with both."""
    rise = gain("log2_mse", 0.75, over=1.0, column="p", model=SHARED)
    narrow, wide = (rise(table[table["grid"] == name]) for name in NARROW_AND_WIDE)
    return (narrow - wide).dropna()


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

    A share, and no mean: in one world of fifty a run fails altogether, and a mean would tell of that alone.
    """
    moved = gain("score", SHARED, over=SINGLE, width=64, task="click")(table)
    return (np.abs(moved) < 0.02).astype(float)


def _leads(of: str, labels: Sequence[str]) -> Callable[[pd.DataFrame], pd.Series]:
    """What a shared model of the feed is above the best of `UNSHARED`, each label above the best for it: mean of the
    labels."""
    leads = [lead("auc", of, over=UNSHARED, column="shared", label=label) for label in labels]
    return lambda table: sum(above(table) for above in leads) / len(leads)


def _chosen_over(rival: str, by: str = "auc") -> Callable[[pd.DataFrame], np.ndarray]:
    """What the five labels gain, mean AUC, in the grouping that the other half of the worlds chose, over a `rival`."""

    def effect(table: pd.DataFrame) -> np.ndarray:
        picked = grouping.chosen(grouping.groupings(table), by).set_index("seed")["auc"]
        return (picked - grouping.of_grouping(table, rival)).to_numpy()

    return effect


def _chosen_over_unshared(table: pd.DataFrame) -> np.ndarray:
    """`_chosen_over` what shares nothing, each label over the best for it."""
    picked = grouping.chosen(grouping.groupings(table)).set_index("seed")["auc"]
    return (picked - grouping.best_unshared(table)).to_numpy()


def _pair_over_unshared(table: pd.DataFrame) -> np.ndarray:
    """What favourite and share gain in one bottom over what shares nothing, each over the best for it."""
    leads = [lead("auc", name_of(PAIR), over=[task, *RIVALS], task=task) for task in PAIR]
    return (sum(above(table) for above in leads) / len(leads)).to_numpy()


def _weakest(
    of: str, condition: str, sign: int = 1, shapes: Sequence[str] = SHAPES
) -> Callable[[pd.DataFrame], pd.Series]:
    """What a model gains over single-task models on that shape of features on which it is least, in the direction
    `sign` of a claim."""
    gains = [gain("r2", of, over=SINGLE, condition=condition, shape=shape) for shape in shapes]
    return lambda table: min((one(table) for one in gains), key=lambda values: sign * values.mean())


SMOOTH = SHAPES[:2]  # what a network of relus finds with 500 rows

conditions = partial(Claim, grid="04_conditions", unit="R²", seeds=160)
heads = partial(Claim, grid="04_heads", unit="R²", only={"names": [SAME, OPPOSITE]})
cosines = partial(Claim, grid="04_cosines", unit="cosine", seeds=60)
seesaw = partial(
    Claim,
    grid="04_weights",
    unit="R²",
    seeds=30,
    only={"shared": [0, 4], "widths": [4], "task_weights": [0.1, 0.9]},
)
hill = partial(seesaw, seeds=120, only={"shared": [4], "widths": [8], "task_weights": [0.1, 0.5, 0.9]})
widths = partial(Claim, grid="04_widths", unit="R²", seeds=100, only={"names": [DISJOINT], "sizes": [4, 32]})
on_movielens = partial(one_log, train=80_000, test=10_000)
ratings = partial(Claim, grid="04_ratings_80", unit="AUC")
surveyed = partial(Claim, grid="04_census", unit="AUC", over=one_log(train=census.LEFT, test=census.TEST))
crosses = partial(Claim, grid="04_crosses", unit="R²", seeds=24, only={"rows": [2000]})
interests = partial(Claim, grid="04_interests", unit="R²")
histories = partial(Claim, grid="04_histories", unit="AUC", over=one_log(train=30_000, test=10_000))
narrow = partial(
    Claim,
    grid="04_recipe",
    unit="doublings of the loss",
    seeds=90,
    only={"p": (-1.0, -0.75, 0.75, 0.98, 1.0), "models": [SINGLE, SHARED]},
)
steps = partial(
    Claim,
    grid="04_speed",
    unit="halvings of the steps",
    seeds=60,
    only={"names": [MIX, DISJOINT], "models": [SINGLE, SHARED]},
)
heat = partial(
    Claim,
    grid="04_heat",
    unit="R²",
    seeds=30,
    only={"names": [DISJOINT], "widths": [4], "rows": [250, 2000]},
)
feed = partial(Claim, grid="04_feed", unit="AUC")
frequent = partial(feed, only={"labels": ["click", *RAREST], "shared": [HALFWAY, *UNSHARED]})
places = partial(feed, only={"shared": ["embeddings", HALFWAY]}, seeds=64)
decay = partial(Claim, grid="04_decay", unit="AUC")
cured = partial(decay, only={"penalised": ["looked up"], "clicked": [False]})
unrated = partial(Claim, grid="04_decay_ratings", unit="AUC")
grouped = partial(Claim, grid="04_groups", unit="AUC", only={"models": list(grouping.GROUPS)})
crowded = partial(Claim, grid="04_many_tasks", unit="R²", only={"tasks": [20]})
elsewhere = partial(Claim, grid="04_other_features", unit="R²", only={"models": [SINGLE, SHARED]})
news = partial(Claim, grid="04_news", seeds=50, only={"widths": [64]})

CLAIMS = {
    "C4.1": conditions(
        "Two tasks that need the same features, with the same sign, gain from a shared bottom.",
        gain("r2", SHARED, over=SINGLE, condition=SAME),
    ),
    "C4.2": conditions(
        "Two tasks with exactly opposite targets gain from a shared bottom: each has a tower of its own.",
        gain("r2", SHARED, over=SINGLE, condition=OPPOSITE),
    ),
    "C4.3": conditions(
        "Two tasks whose labels do not correlate at all gain from a shared bottom, if they need the same features.",
        gain("r2", SHARED, over=SINGLE, condition=MIX),
    ),
    "C4.4": conditions(
        "Two tasks that need different features lose with a shared bottom of the single-task width.",
        gain("r2", SHARED, over=SINGLE, condition=DISJOINT),
        sign=-1,
    ),
    "C4.5": conditions(
        "Two tasks with different features lose even when the bottom has the parameters of both single-task models.",
        gain("r2", EQUAL_SIZE, over=SINGLE, condition=DISJOINT),
        sign=-1,
    ),
    "C4.7": heads(
        "On opposite labels two towers learn far more than one shared head.",
        gain("r2", "two towers", over="one head", condition=OPPOSITE),
        far=True,
    ),
    "C4.8": heads(
        "What two towers gain over one shared head is far less on equal labels than on opposite ones.",
        Contrast(
            "r2",
            {("two towers", SAME): 1, ("one head", SAME): -1, ("two towers", OPPOSITE): -1, ("one head", OPPOSITE): 1},
            ["model", "condition"],
        ),
        far=True,
        sign=-1,
    ),
    "C4.9": cosines(
        "At step 20 the gradients of the pair with another mix, which gains most from sharing, agree less than those "
        "of two copies of one task.",
        gain("cosine", "other mix", over="same sign", column="pair", step=20),
        sign=-1,
    ),
    "C4.10": cosines(
        "At step 200 the gradients of two copies of one task, which gain, have a lower cosine than those of the "
        "disjoint pair.",
        gain("cosine", "disjoint", over="same sign", column="pair", step=200),
    ),
    "C4.11": cosines(
        "Much of the conflict between two copies of one task is noise: without it their cosine at step 200 is higher.",
        gain("cosine", "same sign, no noise", over="same sign", column="pair", step=200),
    ),
    "C4.12": seesaw(
        "Disjoint features, narrow bottom: the task weight is a seesaw; what helps one task costs the other.",
        Contrast("transfer", GIVE_AND_TAKE, ["task", "weight"], {"shared": 0, "width": 4}),
    ),
    "C4.13": seesaw(
        "Narrow bottom: with the same features the seesaw is far shorter than with disjoint features.",
        Contrast(
            "transfer",
            {(shared, *at): sign * part for shared, sign in ((4, 1), (0, -1)) for at, part in GIVE_AND_TAKE.items()},
            ["shared", "task", "weight"],
            {"width": 4},
        ),
        far=True,
        sign=-1,
    ),
    "C4.14": hill(
        "Same features: both tasks gain more at equal weights than at 0.1 and 0.9 (bottom of 8).",
        Contrast("transfer", {0.5: 1, 0.1: -0.5, 0.9: -0.5}, "weight", {"shared": 4, "width": 8}),
    ),
    "C4.15": widths(
        "Disjoint features: a bottom of 32 units loses less than one of 4.",
        Contrast("r2", _transfer(32, less=4), ["model", "width"], {"condition": DISJOINT}),
    ),
    "C4.16": ratings(
        "MovieLens, 80,000 ratings: a shared model of like and love is better than the best of tuned single-task "
        "models, a mean per film, and user and item biases.",
        lead("auc", SHARED, over=[SINGLE, *COUNTS], pair="like + love"),
        over=on_movielens(users={"pair": "like + love", "model": SINGLE}),  # the best of these
        only={"pairs": [("like", "love")]},
    ),
    "C4.17": ratings(
        "MovieLens, 80,000 ratings: a shared model of dislike and love, two opposed labels, is better than the best of "
        "tuned single-task models, a mean per film, and user and item biases.",
        lead("auc", SHARED, over=[SINGLE, *COUNTS], pair="dislike + love"),
        over=on_movielens(users={"pair": "dislike + love", "model": SINGLE}),  # the best of these
        only={"pairs": [("dislike", "love")]},
    ),
    "C4.18": ratings(
        "MovieLens, 8,000 ratings, untuned, with little regularisation: dislike loses by sharing with love.",
        gain("auc", SHARED, over=SINGLE, pair="dislike + love", task="dislike"),
        grid="04_ratings_untuned",
        over=on_movielens(users={"pair": "dislike + love", "model": SINGLE, "task": "dislike"}),
        sign=-1,
    ),
    "C4.20": Claim(
        "Towers whose hidden layers start equal end worse than towers that start different.",
        gain("r2", "equal start", over="own start"),
        grid="04_starts",
        unit="R²",
        sign=-1,
        expected="undecided",
    ),
    "C4.21": crosses(
        "Where users and videos cross, DeepFM finds more than an MLP of its size.",
        gain("r2", "DeepFM", over="MLP", column="shape", rows=2000),
    ),
    "C4.22": crosses(
        "Where users and videos cross, DCN finds more than an MLP of its size.",
        gain("r2", "DCN", over="MLP", column="shape", rows=2000),
    ),
    "C4.23": crosses(
        "Where what the user is and what the video is add up, DeepFM and an MLP are equally good.",
        gain("r2", "DeepFM", over="MLP", column="shape"),
        grid="04_added",
        only={"shapes": ["MLP", "DeepFM"]},
        expected="no effect",
        seeds=20,
    ),
    "C4.24": interests(
        "Where a history matters by how like it is to the item on offer, DIN finds far more than the mean.",
        gain("r2", "DIN", over="mean", column="shape", kind="matching"),
        far=True,
    ),
    "C4.25": interests(
        "Where a history matters by how like it is to the item on offer, DIN finds more without softmax than with it.",
        gain("r2", "DIN", over="DIN, softmax", column="shape", kind="matching"),
    ),
    "C4.26": interests(
        "Where all items of a history count alike, DIN and the mean differ by too little to matter.",
        gain("r2", "DIN", over="mean", column="shape", kind="all alike"),
        expected="too small to matter",
    ),
    "C4.27": histories(
        "On one split of MovieLens by time, 30,000 ratings, DIN without a softmax is worse than the mean of the "
        "history.",
        gain("auc", "DIN", over="mean", column="shape"),
        sign=-1,
    ),
    "C4.28": histories(
        "On one split of MovieLens by time, 30,000 ratings, DIN with a softmax is better than DIN without.",
        gain("auc", "DIN, softmax", over="DIN", column="shape"),
    ),
    "C4.30": narrow(
        "A bottom of 3: the loss of task A rises when the partner turns away from its direction, from p = 1 to 0.75.",
        gain("log2_mse", 0.75, over=1.0, column="p", model=SHARED),
    ),
    "C4.48": narrow(
        "A bottom of 3: with a partner at p = 0.98 the loss of task A is already higher than with one at p = 1.",
        gain("log2_mse", 0.98, over=1.0, column="p", model=SHARED),
        only={"p": (0.98, 1.0), "models": [SHARED]},
        seeds=200,
        extended=True,
    ),
    "C4.31": narrow(
        "A bottom of 3: below p = 0 the loss of task A falls again; at p = −1 it is lower than at −0.75.",
        gain("log2_mse", -1.0, over=-0.75, column="p", model=SHARED),
        sign=-1,
    ),
    "C4.32": narrow(
        "A bottom of 3: with a partner at p = 0.75 task A has a higher loss than alone.",
        gain("log2_mse", SHARED, over=SINGLE, p=0.75),
    ),
    "C4.33": Claim(
        "From p = 1 to 0.75 the loss of task A rises more in a bottom of 3 than in a bottom of 18.",
        _rise_by_width,
        grid=NARROW_AND_WIDE,
        only={"p": (0.75, 1.0), "models": [SHARED]},
        unit="doublings of the loss",
        seeds=80,
    ),
    "C4.34": steps(
        "Same features, uncorrelated labels: Shared-Bottom brings both tasks to R² 0.8 in fewer steps.",
        _sooner(MIX),
    ),
    "C4.35": steps(
        "Disjoint features: Shared-Bottom takes more steps to bring both tasks to R² 0.8.",
        _sooner(DISJOINT),
        sign=-1,
    ),
    "C4.36": steps(
        "Disjoint features: its cheaper step does not make up for the extra steps that Shared-Bottom needs.",
        _sooner(DISJOINT, "multiply-adds"),
        unit="halvings of the multiply-adds",
        sign=-1,
    ),
    "C4.37": heat(
        "Disjoint features, a bottom of 4: with 2,000 rows sharing costs more than with 250.",
        Contrast("r2", _transfer(2000, less=250), ["model", "rows"], {"condition": DISJOINT, "width": 4}),
        sign=-1,
        seeds=110,
        extended=True,
        only={"names": [DISJOINT], "widths": [4], "rows": [250, 2000], "models": [SINGLE, SHARED]},
    ),
    "C4.38": heat(
        "Disjoint features, 2,000 rows: a bottom with the parameters of both single-task models, 6 units instead of 4, "
        "loses less than one of 4.",
        gain("r2", EQUAL_SIZE, over=SHARED, condition=DISJOINT, width=4, rows=2000),
    ),
    "C4.39": heat(
        "Disjoint features, a bottom of 32, 2,000 rows: sharing costs nothing that matters.",
        gain("r2", SHARED, over=SINGLE, condition=DISJOINT, width=32, rows=2000),
        only={"names": [DISJOINT], "widths": [32], "rows": [2000], "models": [SINGLE, SHARED]},
        expected="no effect",
        seeds=40,
    ),
    "C4.41": frequent(
        "The click, the most frequent label, gains far less by sharing embeddings and a layer than share and follow.",
        Contrast("auc", CLICK_LESS_RAREST, ["label", "shared"]),
        far=True,
        sign=-1,
    ),
    "C4.43": places(
        "Over all eight labels it makes no difference whether a layer is shared besides the embeddings.",
        gain("auc", "embeddings", over=HALFWAY, column="shared", label=LABELS),
        expected="no effect",
    ),
    "C4.44": places(
        "Likes and favourites do better where the embeddings alone are shared.",
        gain("auc", "embeddings", over=HALFWAY, column="shared", label=OWN_HABIT),
    ),
    "C4.45": news(
        "The news example, a bottom of 64: in more than seven of ten worlds the clicks move by less than 0.02 AUC.",
        _hardly_moved,
        smallest=0.7,
        because="the sentence says seven of ten",
        unit="of the worlds",
        over=SHARES,
    ),
    "C4.46": news(
        "The news example, a bottom of 64: the seconds neither gain nor lose.",
        gain("score", SHARED, over=SINGLE, width=64, task="seconds"),
        unit="R²",
        expected="no effect",
    ),
    "C4.47": news(
        "The news example, a bottom of 4: the clicks lose.",
        gain("score", SHARED, over=SINGLE, width=4, task="click"),
        only={"widths": [4]},
        unit="AUC",
        sign=-1,
        seeds=26,
    ),
    "C4.55": decay(
        "On the feed a penalty on all rows of the embeddings and one on looked-up rows are equally good for all labels "
        "together.",
        gain("auc", "looked up", over="all", column="penalised", clicked=False, shared=HALFWAY, label=LABELS),
        expected="no effect",
        only={"clicked": [False], "shared": [HALFWAY]},
    ),
    "C4.56": cured(
        "Penalised on looked-up rows, too, the two rarest labels, share and follow, gain by sharing.",
        gain("auc", HALFWAY, over="nothing", column="shared", clicked=False, penalised="looked up", label=RAREST),
    ),
    "C4.57": cured(
        "Penalised on looked-up rows, too, the click gains far less by sharing than share and follow.",
        Contrast("auc", CLICK_LESS_RAREST, ["label", "shared"], {"clicked": False, "penalised": "looked up"}),
        far=True,
        sign=-1,
    ),
    "C4.58": cured(
        "Penalised on looked-up rows, too, share and follow gain by sharing on clicked rows alone.",
        gain("auc", HALFWAY, over="nothing", column="shared", clicked=True, penalised="looked up", label=RAREST),
        only={"penalised": ["looked up"], "clicked": [True]},
    ),
    "C4.59": unrated(
        "On MovieLens, films without a rating in training are ranked better with a penalty on all rows of the "
        "embeddings than with one on looked-up rows.",
        gain("auc", "all", over="looked up", column="penalised", films="never rated", untrained="as drawn"),
        over=on_movielens(users={"penalised": "all", "untrained": "as drawn", "films": "never rated"}),
    ),
    "C4.60": unrated(
        "On MovieLens, a model with a penalty on looked-up rows ranks films without a rating in training better once "
        "their vectors are set to 0.",
        gain("auc", "set to 0", over="as drawn", column="untrained", penalised="looked up", films="never rated"),
        over=on_movielens(users={"penalised": "looked up", "untrained": "set to 0", "films": "never rated"}),
        only={"penalised": ["looked up"]},
    ),
    "C4.61": surveyed(
        "Census-Income, 60,000 rows, tuned: sharing with never married neither helps nor harms a college degree.",
        gain("auc", SHARED, over=SINGLE, rows=60_000, pair=COLLEGE, task="college"),
        only={"rows": [60_000], "pairs": [COLLEGE], "models": [SINGLE, SHARED]},
        expected="no effect",
    ),
    "C4.62": surveyed(
        "Census-Income, 2,000 rows, tuned: boosted trees rank a college degree better than a Shared-Bottom.",
        gain("auc", census.TREES, over=SHARED, rows=2_000, pair=COLLEGE, task="college"),
        only={"rows": [2_000], "pairs": [COLLEGE], "models": [SHARED, census.TREES]},
    ),
    "C4.71": grouped(
        "Five labels of the feed, one cost: the best of all 52 groupings, chosen in other worlds, ranks better than "
        "one model for all five.",
        _chosen_over(TOGETHER),
        expected="undecided",
    ),
    "C4.74": grouped(
        "Favourite and share, one cost: an MMoE of both is better than their Shared-Bottom.",
        gain("auc", MMOE, over=name_of(PAIR), task=list(PAIR)),
        only={"models": [name_of(PAIR), MMOE]},
        expected="undecided",
    ),
    "C4.75": elsewhere(
        "Whether their features are products, absolute values or small trees: two tasks with the same features and the "
        "same signs gain from a shared bottom.",
        _weakest(SHARED, SAME),
        seeds=70,
    ),
    "C4.76": elsewhere(
        "Whether their features are products, absolute values or small trees: two tasks with exactly opposite targets "
        "gain from a shared bottom.",
        _weakest(SHARED, OPPOSITE),
        seeds=40,
    ),
    "C4.77": elsewhere(
        "Whether their features are products, absolute values or small trees: two tasks with the same features in "
        "another mix of signs gain from a bottom with the parameters of both single-task models.",
        _weakest(EQUAL_SIZE, MIX),
        only={"models": [SINGLE, EQUAL_SIZE]},
        seeds=40,
    ),
    "C4.78": elsewhere(
        "Whether their features are products or absolute values: two tasks with different features lose with a shared "
        "bottom of the single-task width.",
        _weakest(SHARED, DISJOINT, sign=-1, shapes=SMOOTH),
        sign=-1,
    ),
    "C4.79": elsewhere(
        "Whether their features are products or absolute values: two tasks with different features lose even when the "
        "bottom has the parameters of both single-task models.",
        _weakest(EQUAL_SIZE, DISJOINT, sign=-1, shapes=SMOOTH),
        only={"models": [SINGLE, EQUAL_SIZE]},
        sign=-1,
        seeds=90,
    ),
    "C4.80": crowded(
        "Twenty tasks that need the same products, each in another mix of signs, gain from a bottom of the single-task "
        "width.",
        gain("r2", SHARED, over=SINGLE, condition=MIX, tasks=20),
    ),
    "C4.81": crowded(
        "Twenty tasks that need different products lose far more in a bottom of the single-task width than matters.",
        gain("r2", SHARED, over=SINGLE, condition=DISJOINT, tasks=20),
        sign=-1,
        far=True,
    ),
    "C4.82": frequent(
        "The two rarest labels, share and follow: a model that shares embeddings and a layer is behind the best that "
        "shares nothing, late fusion of separate models included.",
        _leads(HALFWAY, RAREST),
        sign=-1,
        seeds=140,
    ),
    "C4.83": feed(
        "On clicked rows alone, where no label contains the click, a model that shares embeddings and a layer is "
        "behind the best that shares nothing for share and follow, late fusion of separate models included.",
        _leads(HALFWAY, RAREST),
        grid="04_feed_clicked",
        sign=-1,
        seeds=170,
        only={"labels": RAREST, "shared": [HALFWAY, *UNSHARED]},
    ),
    "C4.84": frequent(
        "Share and follow: a mean of three separate linear models' scores, for click, like and the label, is far "
        "better than a linear model of the label alone.",
        gain("auc", f"{LINEAR}, {OF_THREE}", over=LINEAR, column="shared", label=RAREST),
        far=True,
    ),
    "C4.85": grouped(
        "Five labels of the feed, one cost: the best of all 52 groupings, chosen in other worlds, is behind the best "
        "that shares nothing, each label over the best for it, late fusion of separate models included.",
        _chosen_over_unshared,
        only={"models": [*grouping.GROUPS, *RIVALS]},
        sign=-1,
        seeds=25,
    ),
    "C4.86": grouped(
        "Five labels of the feed, one cost and one setting of all groups: the grouping that the map of pairs predicts, "
        "made in other worlds, ranks worse than one model for all five.",
        _chosen_over(TOGETHER, by="from_pairs"),
        sign=-1,
        seeds=105,
    ),
    "C4.87": grouped(
        "Favourite and share, one cost, each model tuned by itself: a Shared-Bottom of both is behind the best that "
        "shares nothing, late fusion of separate models included.",
        _pair_over_unshared,
        only={"models": [*PAIR, name_of(PAIR), *RIVALS]},
        sign=-1,
    ),
    "C4.88": feed(
        "Over all eight labels a model that shares embeddings and a layer is behind the best that shares nothing, "
        "each label over the best for it.",
        _leads(HALFWAY, LABELS),
        sign=-1,
        only={"shared": [HALFWAY, *UNSHARED]},
        seeds=25,
    ),
}
