"""The claims of chapter 06, Soft sharing: MMoE.

Each is judged by the margin of its unit: a quarter of a doubling of the loss (19% more), 0.01 R², 5% of a gate's
weight, half an expert.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pandas as pd

from helpers.chapters.ch04.census import COLLEGE, INCOME, LEFT, MMOE, SHARED, TEST, TREES
from helpers.chapters.ch06 import mmoe, paper_size
from helpers.chapters.ch06.mmoe import OTHER, SAME
from helpers.experiments.claim import Claim, Contrast, gain, mean, one_log


def _lead_lost(table: pd.DataFrame) -> pd.Series:
    """log2 loss of MMoE minus that of the wide bottom at p = 1, tuned minus at the paper's rate; of seeds with both."""
    lead = gain("log2_mse", "MMoE", over="shared-bottom, equal size", p=1.0)
    paper, tuned = (lead(table[table["grid"] == name]) for name in BEFORE_AND_AFTER)
    return (tuned - paper).dropna()


def _beyond_chance(p: float) -> Callable[[pd.DataFrame], pd.Series]:
    """What MMoE's two gates have in common on the same row, minus the same on rows drawn apart."""
    common, permuted = (mean(value, model="MMoE", p=p) for value in ("common", "permuted"))
    return lambda table: common(table) - permuted(table)


def _seesaw(of: str, over: str) -> Callable[[pd.DataFrame], pd.Series]:
    """What a task wins when its weight goes from 0.1 to 0.9, mean of both: of one model, minus another."""
    longer = gain("seesaw", of, over=over)
    return lambda table: longer(mmoe.seesaw(table))


surveyed = partial(Claim, grid="04_census", unit="AUC", over=one_log(train=LEFT, test=TEST))
BEFORE_AND_AFTER = ("06_paper_rate", "06_figure_4")

doublings = partial(Claim, unit="doublings of the loss")
paper_rate = partial(
    doublings,
    grid="06_paper_rate",
    sign=-1,
    seeds=680,
    only={"p": [1.0], "models": ["shared-bottom, equal size", "fixed gates", "MMoE"]},
)
tuned = partial(doublings, grid="06_figure_4")
at_paper_size = partial(doublings, grid="06_paper_size", sign=-1, expected="undecided", extended=True)
r2 = partial(Claim, unit="R²")
relu = partial(r2, grid="06_relu")
few_rows = partial(
    relu,
    sign=-1,
    seeds=48,
    only={
        "conditions": [SAME, OTHER],
        "rows": [500],
        "models": ["single-task", "shared-bottom, equal size", "fixed gates", "MMoE"],
    },
)
many_rows = partial(
    relu, seeds=436, only={"conditions": [OTHER], "rows": [2000], "models": ["one expert", "fixed gates", "MMoE"]}
)
kinds = partial(r2, grid="06_kinds", seeds=72, only={"models": ["single-task", "one-gate MoE", "MMoE"]})
gates = partial(Claim, grid="06_usage", unit="of the weight", seeds=48, only={"p": [0.0, 1.0], "models": ["MMoE"]})
raw = partial(Claim, grid="06_collapse", sign=-1, only={"columns": ["scaled", "30 ± 10"], "models": ["MMoE"]})
seesaw = partial(
    r2,
    grid="06_seesaw",
    sign=-1,
    seeds=454,
    only={"weights": [0.1, 0.9], "models": ["one expert", "shared-bottom, equal size", "PLE"]},
)

CLAIMS = {
    "C6.1": paper_rate(
        "With the learning rate 0.01 for all, MMoE beats a bottom of its size where both tasks are the same, at p = 1.",
        gain("log2_mse", "MMoE", over="shared-bottom, equal size", p=1.0),
    ),
    "C6.2": paper_rate(
        "With the learning rate 0.01 for all, MMoE beats its own experts with fixed gates where both tasks are the "
        "same, at p = 1.",
        gain("log2_mse", "MMoE", over="fixed gates", p=1.0),
    ),
    "C6.3": doublings(
        "Tuned, MMoE's lead over the bottom of its size at p = 1 is smaller than at the rate 0.01.",
        _lead_lost,
        grid=BEFORE_AND_AFTER,
        only={"p": [1.0], "models": ["shared-bottom, equal size", "MMoE"]},
        seeds=516,
    ),
    "C6.4": tuned(
        "Tuned, where the tasks look in different directions, at p = 0, one gate is worse than a plain bottom.",
        gain("log2_mse", "one-gate MoE", over="shared-bottom, equal size", p=0.0),
        only={"p": [0.0], "models": ["shared-bottom, equal size", "one-gate MoE"]},
        seeds=40,
    ),
    "C6.5": tuned(
        "Tuned, where the tasks look in different directions, at p = 0, a gate for each task is better than one for "
        "both.",
        gain("log2_mse", "MMoE", over="one-gate MoE", p=0.0),
        only={"p": [0.0], "models": ["one-gate MoE", "MMoE"]},
        sign=-1,
        expected="undecided",
        extended=True,
    ),
    "C6.6": few_rows(
        "Disjoint features, 500 rows: MMoE is worse than two single-task models of its size.",
        gain("r2", "MMoE", over="single-task", condition=OTHER, rows=500),
    ),
    "C6.7": few_rows(
        "Disjoint features, 500 rows: MMoE is worse than experts whose gates do not look at the row.",
        gain("r2", "MMoE", over="fixed gates", condition=OTHER, rows=500),
    ),
    "C6.8": few_rows(
        "Same features, 500 rows: MMoE is worse than a plain bottom of its size.",
        gain("r2", "MMoE", over="shared-bottom, equal size", condition=SAME, rows=500),
    ),
    "C6.9": relu(
        "Disjoint features, 500 rows: experts with fixed gates are better than one of them alone, a narrow bottom.",
        gain("r2", "fixed gates", over="one expert", condition=OTHER, rows=500),
        only={"conditions": [OTHER], "rows": [500], "models": ["one expert", "fixed gates"]},
    ),
    "C6.10": many_rows(
        "Disjoint features, 2,000 rows: MMoE is better than one of its experts alone, a narrow bottom.",
        gain("r2", "MMoE", over="one expert", condition=OTHER, rows=2000),
    ),
    "C6.11": many_rows(
        "Disjoint features, 2,000 rows: MMoE is worse than experts whose gates do not look at the row.",
        gain("r2", "MMoE", over="fixed gates", condition=OTHER, rows=2000),
        sign=-1,
    ),
    "C6.12": kinds(
        "Where the kind of row says which features count, MMoE is better than experts with fixed gates.",
        gain("r2", "MMoE", over="fixed gates"),
        only={"models": ["fixed gates", "MMoE"]},
        seeds=172,
    ),
    "C6.13": kinds(
        "Where the kind of row says which features count, MMoE is better than two single-task models of its size.",
        gain("r2", "MMoE", over="single-task"),
    ),
    "C6.14": kinds(
        "Where the kind of row says which features count, a gate for each task is better than one for both.",
        gain("r2", "MMoE", over="one-gate MoE"),
    ),
    "C6.15": gates(
        "On the same row the gates of two tasks have more in common where the tasks are the same, at p = 1, than at p "
        "= 0.",
        gain("common", 1.0, over=0.0, column="p", model="MMoE"),
    ),
    "C6.16": gates(
        "At p = 0 the gates of two tasks have no more in common on the same row than on rows drawn apart.",
        _beyond_chance(0.0),
        expected="no effect",
    ),
    "C6.17": gates(
        "At p = 1 the gates of two tasks have more in common on the same row than on rows drawn apart.",
        _beyond_chance(1.0),
    ),
    "C6.18": raw(
        "With one raw column of 30 ± 10 among the inputs, a gate of MMoE uses fewer of its four experts.",
        gain("used", "30 ± 10", over="scaled", column="column", model="MMoE"),
        unit="experts",
        seeds=84,
    ),
    "C6.20": seesaw(
        "Disjoint features: a plain bottom of MMoE's size has a shorter seesaw than a narrow one.",
        _seesaw("shared-bottom, equal size", over="one expert"),
    ),
    "C6.21": seesaw(
        "Disjoint features: PLE's seesaw is shorter than that of a plain bottom of MMoE's size.",
        _seesaw("PLE", over="shared-bottom, equal size"),
    ),
    "C6.22": seesaw(
        "Disjoint features: a task with a weight of 0.1 is better off in PLE than in a plain bottom of MMoE's size.",
        Contrast(
            "r2",
            {
                ("PLE", "a", 0.1): 0.5,
                ("PLE", "b", 0.9): 0.5,
                ("shared-bottom, equal size", "a", 0.1): -0.5,
                ("shared-bottom, equal size", "b", 0.9): -0.5,
            },
            ["model", "task", "weight"],
        ),
        sign=1,
    ),
    "C6.44": at_paper_size(
        "At the paper's size, with sines drawn anew and each model at its best rate, MMoE beats a bottom of its size "
        "where both tasks are the same, at p = 1.",
        gain("log2_mse", "MMoE", over=paper_size.BOTTOM, p=1.0, steps=paper_size.STEPS),
        only={"p": [1.0]},
    ),
    "C6.45": at_paper_size(
        "At the paper's size, with sines drawn anew and each model at its best rate, MMoE beats a bottom of its size "
        "where the tasks are alike by half, at p = 0.5.",
        gain("log2_mse", "MMoE", over=paper_size.BOTTOM, p=0.5, steps=paper_size.STEPS),
        only={"p": [0.5]},
    ),
    "C6.41": surveyed(
        "Census-Income, 60,000 rows, tuned: MMoE ranks an income above 50,000 as well as a Shared-Bottom of its size.",
        gain("auc", MMOE, over=SHARED, rows=60_000, pair=INCOME, task="income above 50,000"),
        only={"rows": [60_000], "pairs": [INCOME], "models": [SHARED, MMOE]},
        expected="no effect",
    ),
    "C6.42": surveyed(
        "Census-Income, 60,000 rows, tuned: MMoE ranks a college degree as well as a Shared-Bottom of its size.",
        gain("auc", MMOE, over=SHARED, rows=60_000, pair=COLLEGE, task="college"),
        only={"rows": [60_000], "pairs": [COLLEGE], "models": [SHARED, MMOE]},
        expected="no effect",
    ),
    "C6.43": surveyed(
        "Census-Income, 2,000 rows, tuned: boosted trees rank a college degree better than MMoE.",
        gain("auc", TREES, over=MMOE, rows=2_000, pair=COLLEGE, task="college"),
        only={"rows": [2_000], "pairs": [COLLEGE], "models": [MMOE, TREES]},
    ),
}
