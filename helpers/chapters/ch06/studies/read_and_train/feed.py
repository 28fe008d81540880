"""Clicks and shares of the feed: may the frequent label train the embeddings that the rare one reads, or the other way
round?

Each label has embeddings of its own and 16 units on them, and both towers read both, so that all models compute the
same numbers, as in `cuts`. What shares nothing: a network for each label (of `grouping`, 16 units), and counts. The two
outputs of either side may be fused. Worlds, rows, offers and what may be chosen from are those of `grouping`; each
label is judged with the setting that was best for it. `equal` asks the same where both losses count alike: the share's
is multiplied until the losses of the best constants are equal.
"""

from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np
import pandas as pd
from torch import Tensor

from helpers.chapters.ch03.fusion import constant_loss
from helpers.chapters.ch04.feed_tasks import TOWER, Outputs, Worlds
from helpers.chapters.ch04.studies.feed_tasks import (
    LEARNING_RATES,
    PENALTIES,
    TUNING_SEEDS,
    WAYS,
    fit_together,
    outputs,
    pooled_scores,
    score_table,
)
from helpers.chapters.ch04.studies.which_tasks_together import grouping
from helpers.chapters.ch06.studies.read_and_train.cuts import ReadAll
from helpers.data.feed import features
from helpers.evaluation.counts import ITEM_COUNTS
from helpers.experiments.chosen import Chosen
from helpers.lab.claim import score_name
from helpers.lab.kept_table import KeptTable, kept_tables
from helpers.lab.recheck import Recheck
from helpers.training.loop import Run
from helpers.training.losses import TOTAL

CLICK, SHARE = LABELS = ("click", "share")

# {model: {part, by the label whose it is: the labels whose losses train it}}
MAY_TRAIN = {
    "train all": {CLICK: LABELS, SHARE: LABELS},
    "train own": {CLICK: [CLICK], SHARE: [SHARE]},
    "click trains all": {CLICK: [CLICK], SHARE: LABELS},
    "share trains all": {CLICK: LABELS, SHARE: [SHARE]},
}
ALONE, SHARED = "single-task", "train all"
POOLS = {ALONE: [ALONE], SHARED: [SHARED], "both": [ALONE, SHARED]}
SCORES = {kind: [*(score_name(kind, models, way) for way in WAYS), *ITEM_COUNTS] for kind, models in POOLS.items()}
# whoever has both may do without one
SCORES["both"] = list(dict.fromkeys(name for names in SCORES.values() for name in names))
MODELS = tuple(dict.fromkeys([*MAY_TRAIN, *SCORES["both"]]))

EQUAL = (SHARED, "train own")  # where both losses count alike

# {model: {label: (lr, l2)}}
CHOSEN_EQUAL = Chosen("06_tuning_feed_equal", by=["model", "label"], setting=["lr", "l2"], value="loss", lowest=True)
CHOSEN = Chosen("06_tuning_feed_cuts", by=["model", "label"], setting=["lr", "l2"], value="loss", lowest=True)


def _train(worlds: Worlds, model: str, lr: float, l2: float, weights: dict[str, list[float]] | None) -> Run:
    parts = {part: (grouping.WIDTH, trainers) for part, trainers in MAY_TRAIN[model].items()}
    tasks = dict.fromkeys(LABELS, "binary")
    models = [ReadAll(features(), tasks, parts, TOWER, l2_embedding=l2, seed=seed) for seed in worlds.seeds]
    return fit_together(worlds, models, lr, task_weights=weights)


def _equal_weights(worlds: Worlds) -> dict[str, list[float]]:
    """One a world, by which the losses of the best constants are equal; the click's is 1."""
    constants = {label: [constant_loss(rows) for rows in worlds.train.labels[label]] for label in LABELS}
    return {label: (np.array(constants[CLICK]) / constants[label]).tolist() for label in LABELS}


def tune(
    seeds: Sequence[int],
    models: Sequence[str] = tuple(MAY_TRAIN),
    rates: Sequence[float] = LEARNING_RATES,
    penalties: Sequence[float] = PENALTIES,
) -> pd.DataFrame:
    """Lowest validation loss of each label at each setting, in thousandths: model, label, lr, l2, seed, loss."""
    return _search(Worlds.make(seeds, users=1), None, models, rates, penalties)


def tune_equal(
    seeds: Sequence[int],
    models: Sequence[str] = EQUAL,
    rates: Sequence[float] = LEARNING_RATES,
    penalties: Sequence[float] = PENALTIES,
) -> pd.DataFrame:
    """`tune` where both losses count alike; the losses in the table are not multiplied."""
    worlds = Worlds.make(seeds, users=1)
    return _search(worlds, _equal_weights(worlds), models, rates, penalties)


def _search(
    worlds: Worlds,
    weights: dict[str, list[float]] | None,
    models: Sequence[str],
    rates: Sequence[float],
    penalties: Sequence[float],
) -> pd.DataFrame:
    parts = []
    for model, lr, l2 in product(models, rates, penalties):
        losses = _train(worlds, model, lr, l2, weights).lowest().drop(TOTAL, level="task").mul(1000)
        table = losses.swaplevel().sort_index().rename("loss").reset_index().rename(columns={"task": "label"})
        seed = table.pop("copy").map(dict(enumerate(worlds.seeds)))
        parts.append(table.assign(model=model, lr=lr, l2=l2, seed=seed))
    return pd.concat(parts, ignore_index=True)[["model", "label", "lr", "l2", "seed", "loss"]]


def compare_models(seeds: Sequence[int], models: Sequence[str] = MODELS) -> pd.DataFrame:
    """Both labels by each of `MODELS`: seed, model, label, auc, gauc."""
    worlds = Worlds.make(seeds, users=grouping.JUDGES)
    trained = {ALONE: outputs(worlds, {label: grouping.train_tuned(worlds, label) for label in LABELS})}
    for model in (model for model in MAY_TRAIN if model in {SHARED, *models}):
        trained[model] = _outputs(worlds, model, CHOSEN[model], None)
    ways = pooled_scores(worlds, trained, POOLS, LABELS)
    scores = {score_name(kind, POOLS[kind], way): fused for (kind, way), fused in ways.items()}
    scores |= {model: both.offers for model, both in trained.items()}
    return _table(worlds, {model: scores[model] for model in models})


def equal(seeds: Sequence[int], models: Sequence[str] = EQUAL) -> pd.DataFrame:
    """Both labels where both losses count alike: seed, model, label, auc, gauc."""
    worlds = Worlds.make(seeds, users=grouping.JUDGES)
    weights = _equal_weights(worlds)
    return _table(worlds, {model: _outputs(worlds, model, CHOSEN_EQUAL[model], weights).offers for model in models})


def _outputs(
    worlds: Worlds,
    model: str,
    chosen: Mapping[str, tuple[float, float]],
    weights: dict[str, list[float]] | None,
) -> Outputs:
    """Each label by the model with the setting that is chosen for it."""
    runs = {setting: _train(worlds, model, *setting, weights) for setting in set(chosen.values())}
    return outputs(worlds, {label: runs[chosen[label]] for label in LABELS})


def _table(worlds: Worlds, scores: Mapping[str, dict[str, Tensor]]) -> pd.DataFrame:
    table = pd.concat([score_table(worlds, of).assign(model=model) for model, of in scores.items()], ignore_index=True)
    return table.rename(columns={"task": "label", "score": "auc"})[["seed", "model", "label", "auc", "gauc"]]


ONE = {"seeds": [900], "models": ["train own"], "rates": [0.003], "penalties": [0.03]}
FEW = {"seeds": [4], "models": ["train own", *SCORES["both"]]}
TABLES = kept_tables(
    KeptTable("06_tuning_feed_cuts", tune, {"seeds": TUNING_SEEDS}, [Recheck(ONE, {"loss": 5})]),
    KeptTable("06_feed_cuts", compare_models, {"seeds": range(20)}, [Recheck(FEW, {"auc": 0.02, "gauc": 0.02})]),
    KeptTable("06_tuning_feed_equal", tune_equal, {"seeds": TUNING_SEEDS}, [Recheck(ONE, {"loss": 5})]),
    KeptTable(
        "06_feed_equal",
        equal,
        {"seeds": range(20)},
        [Recheck({"seeds": [4], "models": ["train own"]}, {"auc": 0.02, "gauc": 0.02})],
    ),
)
