"""Worlds on which nothing was chosen, to judge a score of the reader's own: their models are trained once, and what
these predict is kept.

A seed is a world of `ranking`. Each has few users, as worlds differ far more than users do: the satisfaction with two
rankings differs by 0.035 (standard deviation) between users, so by 0.011 for a mean of 10, and by 0.02 between worlds.
"""

import numpy as np
from scipy.special import expit

from helpers.data.feed import CANDIDATES
from helpers.experiments.kept import kept_table

# With 20 worlds an interval is ±0.010, and the gains of simple formulas are about 0.013.
WORLDS = tuple(range(2000, 2040))
USERS = 10
STEP = 0.02  # of log-odds, log seconds and satisfaction; candidates of one user differ by 0.7 in log-odds


def read() -> tuple[dict[str, np.ndarray], np.ndarray]:
    """The kept predictions {task: (worlds, users, candidates)}, as `Predicted.scores`, and the true satisfaction."""
    table = kept_table("01_held_out")
    kept = {
        name: STEP * part.drop(columns=["name", "seed"]).to_numpy().reshape(len(WORLDS), USERS, CANDIDATES)
        for name, part in table.groupby("name", sort=False)
    }
    satisfaction = kept.pop("satisfaction")
    return {task: value if task == "watch_time" else expit(value) for task, value in kept.items()}, satisfaction
