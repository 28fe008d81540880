"""Two logs for the capstone, the course's feed and MovieLens-100K: their declarations, their newest rows, and what the
kept comparison gains on them, with intervals for one log.
"""

import pandas as pd

from helpers.capstone.declaration import Declaration
from helpers.capstone.plan import MATTERS, SINGLE
from helpers.capstone.ranker import Recipe
from helpers.data import feed
from helpers.evaluation.intervals import gain
from helpers.evaluation.statistics import difference
from helpers.evaluation.verdicts import verdict
from helpers.support import validate

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
RECIPE = Recipe(epochs=10, patience=2, fewest_steps=0)


def newest(data: str, rows: int | None = None) -> pd.DataFrame:
    """The newest `rows` rows of a log, all if None, with what is known of users and items. MovieLens must be there."""
    if validate.choice("data", data, DECLARATIONS) == FEED:
        frame = feed.load("impressions").merge(feed.load("users"), on="user").merge(feed.load("videos"), on="video")
    else:
        from helpers.data import movielens  # chapter 08 reads the feed alone

        frame = movielens.load()
    frame = frame.sort_values(DECLARATIONS[data].time, kind="stable", ignore_index=True)
    return frame if rows is None else frame[-validate.number("rows", rows, low=1, high=len(frame), whole=True) :]


def gains(table: pd.DataFrame) -> pd.DataFrame:
    """The gains of `scores` with their intervals and verdicts: data, task, single, shared (mean AUC), by item (of the
    yardstick), gain, low, high, seeds, verdict."""
    rows = []
    for (data, task), part in table.groupby(["data", "task"], sort=False):
        values = difference(part, "auc", RECIPE.structure, SINGLE)["difference"].to_numpy()
        gained = gain(values, *part[["overlap", "users", "units"]].iloc[0])
        mean, by_item = part.groupby("model")["auc"].mean(), part["by_item"].iloc[0]
        row = {"data": data, "task": task, "single": mean[SINGLE], "shared": mean[RECIPE.structure], "by item": by_item}
        row |= {"gain": gained.mean, "low": gained.low, "high": gained.high, "seeds": gained.seeds}
        rows.append(row | {"verdict": verdict(gained.low, gained.high, MATTERS["binary"])})
    return pd.DataFrame(rows)
