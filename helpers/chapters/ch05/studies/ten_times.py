"""UWL and GradNorm at 100 : 1 with ten times the rows and ten times the units (`notebooks/deeper/00_ten_times`).

Pairs, methods and what each may choose from are those of `balancers`. Batches have 250 rows, so that all take about 250
steps, as there.
"""

from collections.abc import Sequence
from itertools import product

import pandas as pd

from helpers.chapters.ch05.balancers import WIDTH, Situation, train
from helpers.chapters.ch05.studies.balancers import BUDGET
from helpers.experiments.chosen import Chosen
from helpers.experiments.feature_tasks import small_batches, task_pair
from helpers.lab.kept_table import KeptTable, kept_tables
from helpers.lab.recheck import Recheck

ROWS, UNITS, SCALE, STEPS = 5_000, 10 * WIDTH, 100, 250
PAIRS = {"same features": "same features, other mix", "disjoint features": "disjoint features"}
METHODS = ("tuned weights", "UWL", "GradNorm", "UWL, divided", "sum of logs")


def _r2(pair: str, method: str, setting: str, seeds: Sequence[int]) -> pd.DataFrame:
    """A row a seed and task: seed, task, r2."""
    at = Situation(lambda seed: task_pair(PAIRS[pair], seed, ROWS), SCALE, UNITS)
    how = BUDGET[method][setting]
    return train(at, seeds, how.share, how.balance, **small_batches(ROWS, how.lr, STEPS))[1]


def tune(seeds: Sequence[int], pairs: Sequence[str] = tuple(PAIRS), methods: Sequence[str] = METHODS) -> pd.DataFrame:
    """Mean R² of both tasks for every setting of `BUDGET`: pair, method, setting, r2 (mean of the seeds)."""
    rows = []
    for pair, method in product(pairs, methods):
        for setting in BUDGET[method]:
            rows.append((pair, method, setting, _r2(pair, method, setting, seeds)["r2"].mean()))
    return pd.DataFrame(rows, columns=["pair", "method", "setting", "r2"])


# {pair: {method: name of the setting}}
CHOSEN = Chosen("05_ten_times_tuning", by=["pair", "method"], setting=["setting"], value="r2")


def compare(seeds: Sequence[int], pairs: Sequence[str] = tuple(PAIRS), models: Sequence[str] = METHODS) -> pd.DataFrame:
    """Each method at its chosen setting: pair, seed, model, task, r2."""
    parts = [
        _r2(pair, model, CHOSEN[pair][model], seeds).assign(pair=pair, model=model)
        for pair, model in product(pairs, models)
    ]
    return pd.concat(parts, ignore_index=True)[["pair", "seed", "model", "task", "r2"]]


ONE = {"pairs": ["same features"], "methods": ["UWL, divided"]}
FEW = {"seeds": [3], "models": ["tuned weights", "UWL"]}
TABLES = kept_tables(
    KeptTable("05_ten_times_tuning", tune, {"seeds": range(900, 905)}, [Recheck(ONE, {"r2": 0.02})]),
    KeptTable("05_ten_times", compare, {"seeds": range(24)}, [Recheck(FEW, {"r2": 0.02})]),
)
