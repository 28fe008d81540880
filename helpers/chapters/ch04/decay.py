"""A trap of Adam: an L2 penalty on all rows of an embedding table, against one on the rows that a step looks up.

The models are those of `feed_tasks`: one for each label, and one for all that shares embeddings and a layer. Each
chooses learning rate and strength for either penalty, by validation loss, on worlds that serve no result.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import pandas as pd

from helpers.chapters.ch04.feed_tasks import HALFWAY, LABELS, LEARNING_RATES, PLACES, TUNING_SEEDS, Worlds, key, train
from helpers.experiments.chosen import Chosen
from helpers.experiments.grid import Grid, grids
from helpers.experiments.sample import Sample
from helpers.models.shared_bottom import L2_ROWS

STRENGTHS = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1)
JUDGED = {False: list(LABELS), True: ["share", "follow"]}  # by whether the labels stand on clicked rows alone
SHARED = ("nothing", HALFWAY)


def _trained(clicked: bool, shared: str) -> list[list[str]]:
    """The tasks of each model."""
    return [[label] for label in JUDGED[clicked]] if shared == "nothing" else [list(LABELS)]


def tune(
    seeds: Sequence[int],
    clicked: Sequence[bool] = (False, True),
    shared: Sequence[str] = SHARED,
    penalised: Sequence[str] = L2_ROWS,
    strengths: Sequence[float] = STRENGTHS,
) -> pd.DataFrame:
    """Validation loss of each model at each setting, in thousandths, summed over tasks: clicked, penalised, model (by
    `key`), lr, l2, loss.

    penalised  rows of the embeddings, as `l2_rows` of `SharedBottom`
    """
    rows = []
    for masked in clicked:
        worlds = Worlds.make(seeds, masked)
        for l2_rows, place in product(penalised, shared):
            for tasks, lr, l2 in product(_trained(masked, place), LEARNING_RATES, strengths):
                _, loss = train(worlds, tasks, *PLACES[place], lr, l2, judged=[], l2_rows=l2_rows)
                rows.append((masked, l2_rows, key(place, tasks), lr, l2, 1000 * loss))
    return pd.DataFrame(rows, columns=["clicked", "penalised", "model", "lr", "l2", "loss"])


# {clicked: {penalised: {model: (lr, l2)}}}
CHOSEN = Chosen(
    "04_decay_tuning", by=["clicked", "penalised", "model"], setting=["lr", "l2"], value="loss", lowest=True
)


def compare(
    seeds: Sequence[int],
    clicked: Sequence[bool] = (False, True),
    shared: Sequence[str] = SHARED,
    penalised: Sequence[str] = L2_ROWS,
) -> pd.DataFrame:
    """The labels with either penalty, apart and together: clicked, penalised, shared, seed, label, auc."""
    parts = []
    for masked in clicked:
        worlds = Worlds.make(seeds, masked)
        for l2_rows, place in product(penalised, shared):
            for tasks in _trained(masked, place):
                lr, l2 = CHOSEN[masked][l2_rows][key(place, tasks)]
                judged = [task for task in tasks if task in JUDGED[masked]]
                table, _ = train(worlds, tasks, *PLACES[place], lr, l2, judged, l2_rows)
                parts.append(table.assign(clicked=masked, penalised=l2_rows, shared=place))
    table = pd.concat(parts, ignore_index=True).rename(columns={"task": "label", "score": "auc"})
    return table[["clicked", "penalised", "shared", "seed", "label", "auc"]]


ONE = {"clicked": [True], "shared": ["nothing"], "strengths": [0.01]}
PART = {"seeds": [4], "clicked": [True], "shared": ["nothing"]}
GRIDS = grids(
    Grid("04_decay_tuning", tune, {"seeds": TUNING_SEEDS}, [Sample(ONE, {"loss": 5})]),
    Grid("04_decay", compare, {"seeds": range(20)}, [Sample(PART, {"auc": 0.02})], [CHOSEN]),
)
