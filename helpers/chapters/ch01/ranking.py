"""Scores to rank by: fused out of several predictions, with weights that were chosen on `PRACTICE` worlds.

A world has 2,000 users, 150 videos and the log of eight days. `studies.ranking` trains and serves.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from helpers.evaluation.statistics import difference
from helpers.experiments.chosen import Chosen

# Many users and few videos: a video must be seen often before its likes say anything.
SIZE = {"users": 2000, "videos": 150, "days": 8}
PRACTICE = tuple(range(900, 924))

# {task: column of the log}; watch time is learned as log(1 + seconds), which ranks like the seconds.
TASKS = {"click": "click", "watch_time": "log_seconds"}
TASKS |= {label: label for label in ("finish", "like", "favourite", "share", "follow", "comment", "profile_visit")}
TASKS |= {"return_next_day": "return_next_day"}

# The weights that `fusion` tries on each label.
LEVELS = {"click": (-1.0, -0.5, 0.0, 0.5, 1.0), "finish": (-0.5, 0.0, 0.5, 1.0)}
LEVELS |= dict.fromkeys(("like", "favourite", "share"), (0.0, 0.5, 1.0))


def linear(scores: Mapping[str, np.ndarray], weights: Mapping[str, float]) -> np.ndarray:
    """Fused score Σ wₖ pₖ: the weights carry the unit of each label, so rare labels need large ones."""
    return sum(weight * scores[label] for label, weight in weights.items())


def multiplicative(scores: Mapping[str, np.ndarray], exponents: Mapping[str, float]) -> np.ndarray:
    """Logarithm of the fused score Π pₖ^wₖ, which ranks like it: how frequent a label is does not matter."""
    return sum(exponent * np.log(scores[label]) for label, exponent in exponents.items())


def _sure(fused: pd.DataFrame) -> pd.Series:
    """The gain in widths of its interval."""
    return fused["gain"] / (fused["gain_high"] - fused["gain_low"])


# {form: the weights with the surest gain}, on the practice worlds.
CHOSEN = Chosen(
    "01_fusion",
    by=["form"],
    setting=list(LEVELS),
    value=_sure,
    make=lambda *weights: dict(zip(LEVELS, weights, strict=True)),
)


def over_random(table: pd.DataFrame) -> pd.DataFrame:
    """What each score of `labels` serves minus what a random list of the same world does: seed, score, difference."""
    rows = table[["seed", "score", "satisfaction"]]
    scores = [name for name in rows["score"].unique() if name != "random"]
    return pd.concat(difference(rows, "satisfaction", name, "random", "score").assign(score=name) for name in scores)


FORMS = {
    "linear": linear,
    "linear, each label by its rate": lambda p, weights: linear({k: p[k] / p[k].mean() for k in weights}, weights),
    "multiplicative": multiplicative,
}
