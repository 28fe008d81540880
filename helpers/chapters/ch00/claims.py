"""The claims of chapter 00, Start here."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from helpers.chapters.ch00 import primer
from helpers.chapters.ch00.rankers import BEST, CLICK, FUSED_COUNTS
from helpers.evaluation.statistics import interval
from helpers.experiments.claim import Claim, gain


def _more_in_between(table: pd.DataFrame) -> np.ndarray:
    """Finished videos among all served: at weight 0.5, less the better of the two ends."""
    by = table.assign(all=table["clicked"] * table["finished"]).pivot(index="seed", columns="weight", values="all")
    return (by[0.5] - by[[0.0, 1.0]].max(axis=1)).to_numpy()


def _left(table: pd.DataFrame) -> np.ndarray:
    """Satisfaction with the best list, less that with the list of the weight that satisfies most."""
    by = table.groupby("seed")[["best", "satisfaction"]].max()
    return (by["best"] - by["satisfaction"]).to_numpy()


def _width_ratio(table: pd.DataFrame) -> np.ndarray:
    """How many times as wide the unpaired interval of a feed's groups is as the paired one, one ratio a feed."""
    ratios = []
    for _, feed in table.pivot(index=["seed", "group"], columns="days", values="auc").groupby("seed"):
        _, low, high = interval(feed[7] - feed[6])
        _, lower, higher = primer.unpaired_interval(feed[7], feed[6])
        ratios.append((higher - lower) / (high - low))
    return np.array(ratios)


weights = partial(Claim, grid="00_task_weights", unit="of the served", only={"weights": [0.0, 0.3, 0.5, 1.0]})
scorers = partial(Claim, grid="00_scorers", far=True)
board = partial(Claim, grid="00_board", unit="satisfaction", far=True, seeds=24)
one_more_day = partial(Claim, grid="00_one_more_day", seeds=64)

CLAIMS = {
    "C0.1": weights(
        "From weight 0 to weight 1 on the click, many more of the served videos are clicked.",
        gain("clicked", 1.0, over=0.0, column="weight"),
        far=True,
    ),
    "C0.2": weights(
        "From weight 0 to weight 1 on the click, far fewer of the clicked videos are watched to the end.",
        gain("finished", 1.0, over=0.0, column="weight"),
        far=True,
        unit="of the clicked",
        sign=-1,
    ),
    "C0.3": weights(
        "At weight 0.5 more of the served videos are watched to the end than at either end of the slider.",
        _more_in_between,
    ),
    "C0.4": weights(
        "No weight brings the users anywhere near the satisfaction that the best list would give them.",
        _left,
        far=True,
        unit="satisfaction",
    ),
    "C0.5": scorers(
        "For likes, the user's own like rate has a far higher AUC than the video's like rate.",
        gain("auc", primer.USER_RATE, over=primer.VIDEO_RATE, column="scorer"),
        unit="AUC",
    ),
    "C0.6": scorers(
        "For likes, GAUC reverses the order: within one user's list the video's like rate is far better.",
        gain("gauc", primer.USER_RATE, over=primer.VIDEO_RATE, column="scorer"),
        unit="GAUC",
        sign=-1,
    ),
    "C0.7": one_more_day(
        "Videos' click rates from seven days rank better than those from six.",
        gain("auc", 7, over=6, column="days"),
        unit="AUC",
    ),
    "C0.8": one_more_day(
        "Click rates from seven days against six: the unpaired interval is more than twice as wide as the paired one.",
        _width_ratio,
        smallest=2,
        because="the sentence says twice",
        unit="times",
    ),
    "C0.9": board(
        "Five labels counted for each video and fused satisfy far more than a click model does.",
        gain("satisfaction", FUSED_COUNTS, over=CLICK, column="ranker"),
        only={"rankers": [CLICK, FUSED_COUNTS]},
    ),
    "C0.10": board(
        "An ESMM whose five predictions are fused satisfies far more than weighted cross-entropy does.",
        gain("satisfaction", "ESMM", over="weighted CE", column="ranker"),
        only={"rankers": ["weighted CE", "ESMM"]},
    ),
    "C0.11": board(
        "The lists of an ESMM whose five predictions are fused satisfy far less than the best possible lists do.",
        gain("satisfaction", "ESMM", over=BEST, column="ranker"),
        sign=-1,
        only={"rankers": ["ESMM", BEST]},
    ),
}
