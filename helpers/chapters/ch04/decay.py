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

ALL, LOOKED_UP = "all rows", "looked-up rows"
STRENGTHS = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1)
PENALTIES = {"no penalty": ("all", (0.0,)), ALL: ("all", STRENGTHS), LOOKED_UP: ("looked up", STRENGTHS)}
JUDGED = {False: list(LABELS), True: ["share", "follow"]}  # by whether the labels stand on clicked rows alone
SHARED = ("nothing", HALFWAY)


def _trained(clicked: bool, shared: str) -> list[list[str]]:
    """The tasks of each model."""
    return [[label] for label in JUDGED[clicked]] if shared == "nothing" else [list(LABELS)]


def tune(
    seeds: Sequence[int],
    clicked: Sequence[bool] = (False, True),
    shared: Sequence[str] = SHARED,
    penalties: Sequence[str] = tuple(PENALTIES),
) -> pd.DataFrame:
    """Validation loss of each model at each setting, in thousandths, summed over tasks: clicked, penalty, model (by
    `key`), lr, l2, loss."""
    rows = []
    for masked in clicked:
        worlds = Worlds.make(seeds, masked)
        for penalty, place in product(penalties, shared):
            l2_rows, strengths = PENALTIES[penalty]
            for tasks, lr, l2 in product(_trained(masked, place), LEARNING_RATES, strengths):
                _, loss = train(worlds, tasks, *PLACES[place], lr, l2, judged=[], l2_rows=l2_rows)
                rows.append((masked, penalty, key(place, tasks), lr, l2, 1000 * loss))
    return pd.DataFrame(rows, columns=["clicked", "penalty", "model", "lr", "l2", "loss"])


# {clicked: {penalty: {model: (lr, l2)}}}
CHOSEN = Chosen("04_decay_tuning", by=["clicked", "penalty", "model"], setting=["lr", "l2"], value="loss", lowest=True)


def compare(
    seeds: Sequence[int],
    clicked: Sequence[bool] = (False, True),
    shared: Sequence[str] = SHARED,
    penalties: Sequence[str] = tuple(PENALTIES),
) -> pd.DataFrame:
    """The labels with either penalty and with none, apart and together: clicked, penalty, shared, seed, label, auc."""
    parts = []
    for masked in clicked:
        worlds = Worlds.make(seeds, masked)
        for penalty, place in product(penalties, shared):
            for tasks in _trained(masked, place):
                setting, judged = CHOSEN[masked][penalty][key(place, tasks)], [t for t in tasks if t in JUDGED[masked]]
                table, _ = train(worlds, tasks, *PLACES[place], *setting, judged, PENALTIES[penalty][0])
                parts.append(table.assign(clicked=masked, penalty=penalty, shared=place))
    table = pd.concat(parts, ignore_index=True).rename(columns={"task": "label", "score": "auc"})
    return table[["clicked", "penalty", "shared", "seed", "label", "auc"]]


ONE = {"clicked": [True], "shared": ["nothing"], "penalties": ["no penalty"]}
PART = {"seeds": [4], "clicked": [True], "shared": ["nothing"]}
GRIDS = grids(
    Grid("04_decay_tuning", tune, {"seeds": TUNING_SEEDS}, [Sample(ONE, {"loss": 5})]),
    Grid("04_decay", compare, {"seeds": range(24)}, [Sample(PART, {"auc": 0.02})], [CHOSEN]),
)
