"""Logs that several tests of the capstone compare on, and their declarations."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from helpers.capstone.declaration import Declaration
from helpers.capstone.ranker import Recipe

LABELS = {"click": "binary", "seconds": "regression", "like": "binary"}
BY_TIME = Declaration(LABELS, "user", "item", numbers=("age",), time="time")
AT_RANDOM = replace(BY_TIME, time=None)
both_splits = pytest.mark.parametrize("own", [BY_TIME, AT_RANDOM], ids=["by time", "at random"])
RECIPE = Recipe(units=(8,), towers=(4,), epochs=3, batch_size=256)


def tastes() -> pd.DataFrame:
    """A log in which tastes of users and items decide; like needs a click."""
    rng = np.random.default_rng(0)
    user, item = rng.integers(0, 60, 2_500), rng.integers(0, 40, 2_500)
    appeal = rng.normal(size=60)[user] + rng.normal(size=40)[item]
    click = rng.random(2_500) < 1 / (1 + np.exp(-appeal))
    frame = pd.DataFrame({"user": user, "item": item, "age": rng.uniform(18, 60, 2_500), "click": click.astype(int)})
    frame["seconds"] = np.where(click, 3 * appeal + rng.normal(20, 3, 2_500), np.nan)
    frame["like"] = (rng.random(2_500) < 1 / (1 + np.exp(1 - appeal))).astype(int)
    return frame.assign(time=rng.permutation(2_500))


def log_of_days(days: int, luck: float, seed: int = 0) -> tuple[pd.DataFrame, Declaration]:
    """A log in which the label is a coin whose side a day decides with this luck, and a user with none."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"user": rng.integers(0, 500, 4_000), "x": rng.normal(size=4_000)})
    frame["day"] = np.sort(rng.integers(0, days * 10, 4_000))
    frame["time"] = 1_760_000_000 + 86_400 * frame["day"]
    flips = np.where(rng.random(days * 10)[frame["day"]] < 0.5, -luck, luck)
    frame["a"] = (rng.random(4_000) < 0.5 + 0.4 * flips * np.sign(frame["x"])).astype(int)
    labels = {"a": "binary", "b": "binary"}
    return frame.assign(b=frame["a"]), Declaration(labels, "user", numbers=("x",), time="time")
