"""The kept predictions on worlds on which nothing was chosen (`helpers.chapters.ch01.held_out` reads them)."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import logit

from helpers.chapters.ch01.held_out import STEP, USERS, WORLDS
from helpers.chapters.ch01.studies import ranking
from helpers.data.feed import CANDIDATES
from helpers.lab.kept_table import KeptTable, kept_tables
from helpers.lab.recheck import Recheck, each, median


def predictions(seeds: Sequence[int] = WORLDS, users: int = USERS, step: float = STEP) -> pd.DataFrame:
    """What `ranking.predictions` says about each world's first users, and their true satisfaction, in whole steps.

    A row a name, seed and user, a column a candidate. Names are those of `ranking.TASKS`, with log-odds for
    probabilities, and "satisfaction".
    """
    predicted = ranking.predictions(tuple(seeds))
    values = {task: scores if task == "watch_time" else logit(scores) for task, scores in predicted.scores.items()}
    parts = []
    for name, value in (values | {"satisfaction": predicted.outcomes["satisfaction"]}).items():
        steps = np.rint(value[:, :users] / step).astype(int).reshape(-1, CANDIDATES)
        rows = pd.DataFrame({"name": name, "seed": np.repeat(seeds, users)})
        parts.append(rows.join(pd.DataFrame(steps)))
    return pd.concat(parts, ignore_index=True)


EVERY = list(map(str, range(CANDIDATES)))
FEW = {"seeds": [2004, 2039]}
RECHECKS = [
    Recheck(FEW, dict.fromkeys(EVERY, each(1)), "name == 'satisfaction'"),
    # On another CPU a run may end elsewhere for some candidates (by 0.5, seen once): most are equal.
    Recheck(FEW, dict.fromkeys(EVERY, median(1, 1)), "name != 'satisfaction'"),
]
TABLES = kept_tables(KeptTable("01_held_out", predictions, {"seeds": WORLDS}, RECHECKS, packed=True))
