"""The capstone's comparison on two logs: the course's feed, and MovieLens-100K. Twenty seeds, by time.

All rows come from one log, so seeds vary the training alone. The columns overlap, users and units keep what
else `helpers.evaluation.intervals` needs for an interval; `gains` makes it, as the report does.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from helpers.capstone.comparison import compare
from helpers.capstone.declaration import Declaration
from helpers.capstone.plan import MATTERS, RATES, SINGLE
from helpers.capstone.ranker import Recipe
from helpers.data import feed, movielens
from helpers.evaluation.intervals import gain
from helpers.evaluation.statistics import difference
from helpers.evaluation.verdicts import verdict
from helpers.experiments.grid import Grid, grids
from helpers.experiments.sample import Sample, equal, median
from helpers.support import downloads, validate

FEED, MOVIELENS = "feed", "MovieLens-100K"
DECLARATIONS = {
    FEED: Declaration(
        labels={"click": "binary", "like": "binary"},
        user="user",
        item="video",
        ids=("author", "topic", "age_group"),
        numbers=("duration",),
        time="time",
    ),
    MOVIELENS: Declaration(
        labels={"like": "binary", "love": "binary"},
        user="user",
        item="item",
        ids=("gender", "occupation", "year"),
        numbers=("age",),
        time="timestamp",
    ),
}
RECIPE = Recipe(epochs=10, patience=2)
PENALTIES = (0.0, 1e-5, 1e-4, 1e-3, 1e-2)  # each side chooses among these and the `RATES`


def newest(data: str, rows: int | None = None) -> pd.DataFrame:
    """The newest `rows` rows of a log, all if None, with what is known of users and items. MovieLens must be there."""
    if validate.choice("data", data, DECLARATIONS) == FEED:
        frame = feed.load("impressions").merge(feed.load("users"), on="user").merge(feed.load("videos"), on="video")
    else:
        frame = movielens.load()
    frame = frame.sort_values(DECLARATIONS[data].time, kind="stable", ignore_index=True)
    return frame if rows is None else frame[-validate.number("rows", rows, low=1, high=len(frame), whole=True) :]


def scores(
    seeds: Sequence[int], data: str, penalties: Sequence[float] = PENALTIES, rates: Sequence[float] = RATES
) -> pd.DataFrame:
    """Test AUC of both sides: data, seed, model, task, auc, and of the task by_item (the AUC of a mean an item, as in
    `comparison.Comparison`) and, for its gain, overlap, users and units (of days, where their luck is larger)."""
    options = {"seeds": seeds, "penalties": penalties, "rates": rates, "also": ()}
    one = compare(newest(data), DECLARATIONS[data], RECIPE, **options)
    luck = one.gains.set_index("task")[["overlap", "users", "units"]]
    luck.insert(0, "by_item", one.facts.set_index("task")["by item"])
    table = one.scores.rename(columns={"value": "auc"})[["seed", "model", "task", "auc"]]
    return table.join(luck, on="task").assign(data=data)[["data", "seed", "model", "task", "auc", *luck]]


def gains(table: pd.DataFrame) -> pd.DataFrame:
    """The gains of `scores` with their intervals and verdicts: data, task, single, shared (mean AUC), by item (of the
    yardstick), gain, low, high, seeds, verdict."""
    found = []
    for (data, task), part in table.groupby(["data", "task"], sort=False):
        values = difference(part, "auc", RECIPE.structure, SINGLE)["difference"].to_numpy()
        one = gain(values, *part[["overlap", "users", "units"]].iloc[0])
        mean, by_item = part.groupby("model")["auc"].mean(), part["by_item"].iloc[0]
        row = {"data": data, "task": task, "single": mean[SINGLE], "shared": mean[RECIPE.structure], "by item": by_item}
        row |= {"gain": one.mean, "low": one.low, "high": one.high, "seeds": one.seeds}
        found.append(row | {"verdict": verdict(one.low, one.high, MATTERS["binary"])})
    return pd.DataFrame(found)


WITHIN = {
    "auc": median(0.01, shift=0.005),  # on another CPU one run of the eight may stop at another epoch
    "by_item": 0.001,
    "overlap": 0.001,
    "users": 0.002,  # AUC: the luck of the users in the mean over the seeds; over two of them it is larger
    "units": equal(),
}
SEEDS = {"seeds": [0, 1]}
# Of love, two seeds make the days' luck the larger and twenty the users', by a hair; the rows of like are equal.
NEAR_TIE = WITHIN | {"units": equal(0.5)}
# Of all settings on offer, those that a model chooses.
ON_FEED, ON_MOVIELENS = {"penalties": [0.001]}, {"penalties": [0.0001, 0.001], "rates": [0.003]}
GRIDS = grids(
    Grid("08_feed", scores, {"seeds": range(20), "data": FEED}, [Sample(SEEDS | ON_FEED, WITHIN)]),
    Grid(
        "08_movielens",
        scores,
        {"seeds": range(20), "data": MOVIELENS},
        [Sample(SEEDS | ON_MOVIELENS, NEAR_TIE)],
        needs=downloads.MOVIELENS,
    ),
)
