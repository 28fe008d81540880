"""Can the cosine of two tasks' gradients tell, early in training, that they need the same features, if few rows or none
have both labels?

Each task has 250 labels, of which a share is on rows that have both. In the first kind of log the rows of both tasks
are drawn alike. In the second, task A is observed where the sum of the inputs is low, and B where it is high, as two
scenarios of an app have users of two kinds; the rows with both labels are from both halves.
"""

from collections.abc import Sequence

import pandas as pd
import torch

from helpers.chapters.ch04.studies.sharing import GRADIENT_PAIRS, cosines_of
from helpers.data.examples import Examples
from helpers.data.synthetic import relu_tasks
from helpers.experiments.feature_tasks import TASKS, build
from helpers.experiments.sweep import points
from helpers.lab.kept_table import KeptTable, kept_tables
from helpers.lab.recheck import Recheck
from helpers.models.copies import Copies

LOGS = ALIKE, APART = ("rows drawn alike", "rows of two kinds")
PAIRS = ("same sign", "other mix", "disjoint")
OVERLAPS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
ROWS, LABELS = 1_000, 250
STEPS = (10, 60)
TOGETHER = 240  # networks that train at once


def partly_observed(pair: str, seed: int, overlap: float, log: str) -> Examples:
    """Rows of a pair, each task masked but on `LABELS` of them."""
    rows = relu_tasks((ROWS, 1, 1), seed=seed, **GRADIENT_PAIRS[pair]).train
    order = torch.arange(ROWS) if log == ALIKE else rows.inputs.sum(1).argsort()
    shuffled = [
        half[torch.randperm(len(half), generator=torch.Generator().manual_seed(seed))] for half in order.chunk(2)
    ]
    common = round(LABELS * overlap)
    both = torch.cat([shuffled[0][: common // 2], shuffled[1][: common - common // 2]])
    masks = {}
    for task, half in zip(TASKS, shuffled, strict=True):
        masks[task] = torch.zeros(ROWS, dtype=torch.bool)
        masks[task][torch.cat([both, half[common:LABELS]])] = True
    return Examples(rows.inputs, rows.labels, masks)


def overlaps(
    seeds: Sequence[int],
    logs: Sequence[str] = LOGS,
    overlaps: Sequence[float] = OVERLAPS,
    pairs: Sequence[str] = PAIRS,
) -> pd.DataFrame:
    """Cosine of the tasks' gradients on the shared bottom at `STEPS`: log, overlap, pair, seed, step, cosine."""
    every, parts = points(log=logs, overlap=overlaps, pair=pairs, seed=seeds), []
    for start in range(0, len(every), TOGETHER):
        at = every[start : start + TOGETHER].reset_index(drop=True)
        train = Examples.stack([partly_observed(row.pair, row.seed, row.overlap, row.log) for row in at.itertuples()])
        copies = Copies([build("shared-bottom", seed) for seed in at["seed"]])
        for step, cosine in enumerate(cosines_of(copies, train, max(STEPS))):
            if step in STEPS:
                parts.append(at.assign(step=step, cosine=cosine.numpy()))
    return pd.concat(parts, ignore_index=True)


TABLES = kept_tables(
    KeptTable(
        "04_overlap",
        overlaps,
        {"seeds": range(40)},
        [Recheck({"seeds": [3], "pairs": ["same sign"]}, {"cosine": 0.05})],
    )
)
