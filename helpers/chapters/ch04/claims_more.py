"""More claims of chapter 04: the MMoE paper's tasks, speed, heat maps, and the feed's labels as tasks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from helpers.chapters.ch04 import feed_tasks, heat, paper_tasks, speed
from helpers.chapters.ch04.claims import Effects
from helpers.evaluation.statistics import difference
from helpers.experiments.claim import Claim

RAREST = ("share", "follow")
OWN_HABIT = ("like", "favourite")


def _partner(p: float, against: float | None) -> Effects:
    """log2 loss of task A in Shared-Bottom with a partner at `p`, minus that with a partner at `against`; None: minus
    its single-task loss.
    """

    def effects(table: pd.DataFrame) -> np.ndarray:
        by = table.pivot(index="seed", columns=["model", "p"], values="log2_mse")
        return (
            by["shared-bottom", p] - (by["single-task", p] if against is None else by["shared-bottom", against])
        ).to_numpy()

    return effects


def _narrow(seeds: Sequence[int]) -> pd.DataFrame:
    return paper_tasks.losses(
        seeds, (-1.0, -0.75, 0.75, 0.98, 1.0), widths=[3], models=("single-task", "shared-bottom")
    )


def _wide(seeds: Sequence[int]) -> pd.DataFrame:
    return paper_tasks.losses(seeds, (0.0, 1.0), widths=[18], models=["shared-bottom"])


def _sooner(condition: str, count: str = "steps") -> Effects:
    """log2 of what the single-task models take until both are at R² 0.8, over what Shared-Bottom takes.

    A run that has not arrived counts as arriving at the end of the budget.
    """

    def effects(table: pd.DataFrame) -> np.ndarray:
        table = table[(table["target"] == speed.TARGETS[0]) & (table["condition"] == condition)]
        saved = speed.saved(table.fillna({"step": speed.BUDGET}), "shared-bottom", count)
        return -np.log2(1 - saved["saved"].to_numpy())

    return effects


def _steps(seeds: Sequence[int]) -> pd.DataFrame:
    names = ["same features, other mix", "disjoint features"]
    return speed.steps(seeds, names, models=("single-task", "shared-bottom"))


def _in_cell(width: int, rows: int, minus: int | None = None, model: str = "shared-bottom") -> Effects:
    """Transfer in a cell of the disjoint pair's heat map, or what it is more there than with `minus` rows."""

    def effects(table: pd.DataFrame) -> np.ndarray:
        cells = table[(table["condition"] == "disjoint features") & (table["width"] == width)]
        gains = difference(cells, "r2", model, "single-task")
        by_rows = gains.pivot(index="seed", columns="rows", values="difference")
        return (by_rows[rows] - (by_rows[minus] if minus else 0)).to_numpy()

    return effects


def _narrow_cells(seeds: Sequence[int]) -> pd.DataFrame:
    return heat.transfer(seeds, ["disjoint features"], [4], [250, 2000])


def _wide_cell(seeds: Sequence[int]) -> pd.DataFrame:
    return heat.transfer(seeds, ["disjoint features"], [32], [2000], ["single-task", "shared-bottom"])


def _labels(labels: Sequence[str], of: str = feed_tasks.HALFWAY, against: str = "nothing") -> Effects:
    """AUC where `of` is shared minus AUC where `against` is, mean of the labels."""

    def effects(table: pd.DataFrame) -> np.ndarray:
        gains = difference(table[table["label"].isin(labels)], "auc", of, against, "shared")
        return gains.groupby("seed")["difference"].mean().to_numpy()

    return effects


def _rare_and_frequent(seeds: Sequence[int]) -> pd.DataFrame:
    return feed_tasks.places(seeds, ["click", *RAREST], ["nothing", feed_tasks.HALFWAY])


def _rare_on_clicked(seeds: Sequence[int]) -> pd.DataFrame:
    return feed_tasks.places(seeds, RAREST, ["nothing", feed_tasks.HALFWAY], clicked=True)


def _where(seeds: Sequence[int]) -> pd.DataFrame:
    return feed_tasks.places(seeds, shared=["embeddings", feed_tasks.HALFWAY])


def _news_wide(seeds: Sequence[int]) -> pd.DataFrame:
    return feed_tasks.news(seeds, [64])


def _news_narrow(seeds: Sequence[int]) -> pd.DataFrame:
    return feed_tasks.news(seeds, [4])


def _news(width: int, task: str) -> Effects:
    """Score of Shared-Bottom minus that of the single-task model, one task of the news example."""

    def effects(table: pd.DataFrame) -> np.ndarray:
        gains = difference(table, "score", "shared-bottom", "single-task")
        return gains[(gains["width"] == width) & (gains["task"] == task)]["difference"].to_numpy()

    return effects


def _hardly_moved(table: pd.DataFrame) -> np.ndarray:
    """Effect: 1 for a world in which sharing moves the clicks of the news example by less than 0.02 AUC, else 0.

    A share, and no mean: in one world of fifty a training fails altogether, and a mean would speak of that alone.
    """
    return (np.abs(_news(64, "click")(table)) < 0.02).astype(float)


CLAIMS = [
    Claim(
        "C4.30",
        "A bottom of 3: the loss of task A rises when the partner turns away from its direction, from p = 1 to 0.75.",
        _narrow,
        _partner(0.75, 1.0),
        0.1,
        "doublings of the loss",
        seeds=75,
    ),
    Claim(
        "C4.48",
        "It rises close to p = 1: the loss is higher at p = 0.98 already.",
        _narrow,
        _partner(0.98, 1.0),
        0.1,
        "doublings of the loss",
        seeds=75,
    ),
    Claim(
        "C4.31",
        "Below 0 the loss falls again: at p = −1 it is lower than at −0.75.",
        _narrow,
        _partner(-1.0, -0.75),
        0.1,
        "doublings of the loss",
        sign=-1,
        seeds=75,
    ),
    Claim(
        "C4.32",
        "What is left with the single-task line: at p = 0.75 task A would be better off alone.",
        _narrow,
        _partner(0.75, None),
        0.1,
        "doublings of the loss",
        seeds=75,
    ),
    Claim(
        "C4.33",
        "A bottom of 18: the loss does not rise; a partner at p = 0 is no worse than one at p = 1.",
        _wide,
        _partner(0.0, 1.0),
        0.5,
        "doublings of the loss",
        expected="no effect",
        seeds=80,
    ),
    Claim(
        "C4.34",
        "Same features, uncorrelated labels: Shared-Bottom has both tasks at R² 0.8 in fewer steps.",
        _steps,
        _sooner("same features, other mix"),
        0.1,
        "halvings of the steps",
        seeds=60,
    ),
    Claim(
        "C4.35",
        "Disjoint features: Shared-Bottom takes more steps.",
        _steps,
        _sooner("disjoint features"),
        0.1,
        "halvings of the steps",
        sign=-1,
        seeds=60,
    ),
    Claim(
        "C4.36",
        "Disjoint features: that a step is cheaper than two does not make up for it.",
        _steps,
        _sooner("disjoint features", "multiply-adds"),
        0.1,
        "halvings of the multiply-adds",
        sign=-1,
        seeds=60,
    ),
    Claim(
        "C4.37",
        "Disjoint features, a bottom of 4: with 2,000 rows sharing costs more than with 250.",
        _narrow_cells,
        _in_cell(4, 2000, minus=250),
        0.01,
        "R²",
        sign=-1,
        seeds=30,
    ),
    Claim(
        "C4.38",
        "A bottom with the parameters of both single-task models, 6 units instead of 4, still loses with 2,000 rows.",
        _narrow_cells,
        _in_cell(4, 2000, model="shared-bottom, equal size"),
        0.01,
        "R²",
        sign=-1,
        seeds=60,
    ),
    Claim(
        "C4.39",
        "Disjoint features, a bottom of 32, 2,000 rows: sharing costs nothing that matters.",
        _wide_cell,
        _in_cell(32, 2000),
        0.01,
        "R²",
        expected="no effect",
        seeds=40,
    ),
    Claim(
        "C4.40",
        "Over single-task models the two rarest labels, share and follow, gain by sharing embeddings and a layer.",
        _rare_and_frequent,
        _labels(RAREST),
        0.01,
        "AUC",
        seeds=20,
    ),
    Claim(
        "C4.41",
        "The click, the most frequent label, neither gains nor loses.",
        _rare_and_frequent,
        _labels(["click"]),
        0.01,
        "AUC",
        expected="no effect",
        seeds=22,
    ),
    Claim(
        "C4.42",
        "On clicked rows alone, where no label contains the click, share and follow still gain.",
        _rare_on_clicked,
        _labels(RAREST),
        0.01,
        "AUC",
        seeds=20,
    ),
    Claim(
        "C4.43",
        "Over all eight labels it makes no difference whether a layer is shared beside the embeddings or not.",
        _where,
        _labels(feed_tasks.LABELS, "embeddings", feed_tasks.HALFWAY),
        0.01,
        "AUC",
        expected="no effect",
        seeds=20,
    ),
    Claim(
        "C4.44",
        "Likes and favourites do better where the embeddings alone are shared.",
        _where,
        _labels(OWN_HABIT, "embeddings", feed_tasks.HALFWAY),
        0.005,
        "AUC",
        seeds=20,
    ),
    Claim(
        "C4.45",
        "The news example, a bottom of 64: in more than seven of ten worlds the clicks move by less than 0.02 AUC.",
        _news_wide,
        _hardly_moved,
        0.7,
        "of the worlds",
        seeds=34,
    ),
    Claim(
        "C4.46",
        "A bottom of 64: the seconds neither gain nor lose either.",
        _news_wide,
        _news(64, "seconds"),
        0.01,
        "R²",
        expected="no effect",
        seeds=34,
    ),
    Claim(
        "C4.47",
        "A bottom of 4: the clicks lose.",
        _news_narrow,
        _news(4, "click"),
        0.01,
        "AUC",
        sign=-1,
        seeds=26,
    ),
]
