"""The capstone's comparison on two logs: the course's feed, and MovieLens-100K. Twenty seeds, by time.

All rows come from one log, so seeds vary the training alone. The columns overlap, users and units keep what
else `helpers.evaluation.intervals` needs for an interval.
"""

from collections.abc import Sequence

import pandas as pd

from helpers.capstone.comparison import compare
from helpers.capstone.plan import RATES
from helpers.chapters.ch08.logs import DECLARATIONS, FEED, MOVIELENS, RECIPE, newest
from helpers.lab.kept_table import KeptTable, kept_tables
from helpers.lab.recheck import Recheck, equal, median, ratio
from helpers.support import downloads

PENALTIES = (0.0, 1e-5, 1e-4, 1e-3, 1e-2)  # each side chooses among these and the `RATES`


def scores(
    seeds: Sequence[int], data: str, penalties: Sequence[float] = PENALTIES, rates: Sequence[float] = RATES
) -> pd.DataFrame:
    """Test AUC of both sides: data, seed, model, task, auc, and of the task by_item (the AUC of a mean an item, as in
    `comparison.Comparison`) and, for its gain, overlap, users and units (of days, where their luck is larger)."""
    options = {"seeds": seeds, "penalties": penalties, "rates": rates, "also": ()}
    comparison = compare(newest(data), DECLARATIONS[data], RECIPE, **options)
    luck = comparison.gains.set_index("task")[["overlap", "users", "units"]]
    luck.insert(0, "by_item", comparison.facts.set_index("task")["by item"])
    table = comparison.scores.rename(columns={"value": "auc"})[["seed", "model", "task", "auc"]]
    return table.join(luck, on="task").assign(data=data)[["data", "seed", "model", "task", "auc", *luck]]


WITHIN = {
    "auc": median(0.01, shift=0.005),  # on another CPU one run of the eight may stop at another epoch
    "by_item": 0.001,
    "overlap": 0.001,
    "users": ratio(2),  # the luck of the users in the mean over the seeds: that over two of them is another
    "units": equal(),
}
SEEDS = {"seeds": [0, 1]}
# Of love, two seeds make the days' luck the larger and twenty the users', by a hair; the rows of like are equal.
NEAR_TIE = WITHIN | {"units": equal(0.5)}
# Of all settings on offer, those that a model chooses.
ON_FEED, ON_MOVIELENS = (
    {"penalties": [0.0001, 0.001], "rates": [0.003, 0.01]},
    {"penalties": [0.0001, 0.001], "rates": [0.003]},
)
TABLES = kept_tables(
    KeptTable("08_feed", scores, {"seeds": range(20), "data": FEED}, [Recheck(SEEDS | ON_FEED, WITHIN)]),
    KeptTable(
        "08_movielens",
        scores,
        {"seeds": range(20), "data": MOVIELENS},
        [Recheck(SEEDS | ON_MOVIELENS, NEAR_TIE)],
        needs=downloads.MOVIELENS,
    ),
)
