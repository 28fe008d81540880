"""Worlds on which nothing was chosen, to judge a score of the reader's own: their models are trained once, and what
these predict is kept.

A seed is a world of `ranking`. Each has few users, as worlds differ far more than users do: the satisfaction with two
rankings differs by 0.035 (standard deviation) between users, so by 0.011 for a mean of 10, and by 0.02 between worlds.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from helpers.chapters.ch01 import ranking
from helpers.data.feed import CANDIDATES
from helpers.experiments.grid import Grid, grids
from helpers.experiments.sample import Sample, each, median

# With 20 worlds an interval is ±0.010, and the gains of simple formulas are about 0.013.
WORLDS = tuple(range(2000, 2040))
USERS = 10
STEP = 0.02  # of log-odds, log seconds and satisfaction; candidates of one user differ by 0.7 in log-odds


def predictions(seeds: Sequence[int] = WORLDS, users: int = USERS, step: float = STEP) -> pd.DataFrame:
    """What `ranking.predictions` says about each world's first users, and their true satisfaction, in whole steps.

    A row a name, seed and user, a column a candidate. Names are those of `ranking.TASKS`, with log-odds for
    probabilities, and "satisfaction".
    """
    found = ranking.predictions(tuple(seeds))
    values = {task: scores if task == "watch_time" else logit(scores) for task, scores in found.scores.items()}
    parts = []
    for name, value in (values | {"satisfaction": found.outcomes["satisfaction"]}).items():
        steps = np.rint(value[:, :users] / step).astype(int).reshape(-1, CANDIDATES)
        rows = pd.DataFrame({"name": name, "seed": np.repeat(seeds, users)})
        parts.append(rows.join(pd.DataFrame(steps)))
    return pd.concat(parts, ignore_index=True)


def read() -> tuple[dict[str, np.ndarray], np.ndarray]:
    """The kept predictions {task: (worlds, users, candidates)}, as `Predicted.scores`, and the true satisfaction."""
    table = GRIDS["01_held_out"].read()
    kept = {
        name: STEP * part.drop(columns=["name", "seed"]).to_numpy().reshape(len(WORLDS), USERS, CANDIDATES)
        for name, part in table.groupby("name", sort=False)
    }
    satisfaction = kept.pop("satisfaction")
    return {task: value if task == "watch_time" else expit(value) for task, value in kept.items()}, satisfaction


EVERY = list(map(str, range(CANDIDATES)))
FEW = {"seeds": [2004, 2039]}
SAMPLES = [
    Sample(FEW, dict.fromkeys(EVERY, each(1)), "name == 'satisfaction'"),
    # On another CPU a run may end elsewhere for some candidates (by 0.5, seen once): most are equal.
    Sample(FEW, dict.fromkeys(EVERY, median(1, 1)), "name != 'satisfaction'"),
]
GRIDS = grids(Grid("01_held_out", predictions, {"seeds": WORLDS}, SAMPLES, [ranking.TUNED], packed=True))
