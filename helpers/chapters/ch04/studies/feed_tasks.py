"""The labels of the feed as tasks: which gain by sharing, which lose, and where to share.

Models train on the first 16,200 impressions of a log and stop by the next 1,800. They are judged on what a company
never sees: what 100 random videos would bring to every user.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import product

import numpy as np
import pandas as pd
from torch import Tensor

from helpers.chapters.ch04.feed_tasks import (
    HALFWAY,
    LABELS,
    NETWORKS,
    OWN,
    PLACES,
    SECONDS,
    TASKS,
    TOWER,
    Outputs,
    Worlds,
    _lines,
    linear_models,
)
from helpers.data.examples import Inputs
from helpers.data.feed import features
from helpers.evaluation.counts import ITEM_COUNTS, USER, item_count
from helpers.evaluation.metrics import auc, gauc, log_loss, r2
from helpers.evaluation.pool import names, pool
from helpers.evaluation.yardsticks import LINEAR
from helpers.experiments.chosen import Chosen
from helpers.lab.claim import score_name
from helpers.lab.kept_table import KeptTable, kept_tables
from helpers.lab.recheck import Recheck
from helpers.models.shared_bottom import SharedBottom
from helpers.support import validate
from helpers.training.loop import Run, fit
from helpers.training.losses import TOTAL

FREQUENT = ("click", "like")
AT_ONCE = 8  # worlds that train together: the scores of all their offers are in memory
WAYS = names(counts=ITEM_COUNTS)

# What is in a pool: models by their own names, and {pool: its models}. An item's counts are for everybody to take.
POOLS_APART = {NETWORKS: (OWN,), LINEAR: (LINEAR,), "networks and linear": (OWN, LINEAR)}
POOLS_SHARED = {"shared": (HALFWAY,)}
POOLS_JOINED = {"linear and shared": (LINEAR, HALFWAY)}  # one shared model more
POOLS = POOLS_APART | POOLS_SHARED | POOLS_JOINED


def _scores(kinds: Iterable[str]) -> tuple[str, ...]:
    return (*(score_name(kind, POOLS[kind], way) for kind in kinds for way in WAYS), *ITEM_COUNTS)


UNSHARED, SHARED, POOLED = map(_scores, (POOLS_APART, POOLS_SHARED, POOLS))
COMPARED = tuple(dict.fromkeys([*PLACES, *POOLED]))
WIDTHS = (4, 64)  # of the bottom, for the news example

# What every model may choose from: the same eight configurations, by validation loss on worlds that serve no result.
LEARNING_RATES = (0.003, 0.01)
PENALTIES = (0.001, 0.01, 0.03, 0.1)
RIDGES = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0)  # of the linear models, which have as many to choose from
TUNING_SEEDS = tuple(range(900, 904))


def train(
    worlds: Worlds,
    tasks: Sequence[str],
    bottom: list[int],
    tower: list[int],
    lr: float,
    l2: float,
    judged: Sequence[str] | None = None,
    l2_rows: str = "all",
) -> tuple[pd.DataFrame, np.ndarray]:
    """One model a world for `tasks` together: its scores, as `score_table` has them, each task at its best epoch; and
    the lowest validation losses, summed over tasks, `(worlds,)`.

    judged   the tasks in the table, all if None: judging a task takes as long as training it for an epoch or two
    l2_rows  of the embeddings on which the penalty stands, as of `SharedBottom`
    """
    run = _train(worlds, tasks, bottom, tower, lr, l2, l2_rows)
    judged = tasks if judged is None else judged
    return score_table(worlds, best_outputs(run, worlds.inputs, judged)), lowest_losses(run)


def _train(
    worlds: Worlds,
    tasks: Sequence[str],
    bottom: list[int],
    tower: list[int],
    lr: float,
    l2: float,
    l2_rows: str = "all",
) -> Run:
    kinds = {task: TASKS[validate.choice("tasks", task, TASKS)] for task in tasks}
    penalty = {"l2_embedding": l2, "l2_rows": l2_rows}
    models = [SharedBottom(features(), kinds, bottom, tower, **penalty, seed=seed) for seed in worlds.seeds]
    return fit_together(worlds, models, lr)


def fit_together(worlds: Worlds, models: Sequence[SharedBottom], lr: float, **options) -> Run:
    """Models trained together, one a world. options: more arguments of `fit`."""
    rows, valid = (part.only(*models[0].tasks) for part in (worlds.train, worlds.valid))
    return fit(models, rows, valid, epochs=20, patience=3, batch_size=512, lr=lr, seed=worlds.seeds, **options)


def lowest_losses(run: Run) -> np.ndarray:
    """Of validation, summed over tasks, `(worlds,)`."""
    return run.lowest().drop(TOTAL, level="task").groupby("copy").sum().to_numpy()


def best_outputs(run: Run, inputs: Inputs, tasks: Sequence[str]) -> dict[str, Tensor]:
    """The outputs of each task at its best epoch, `(worlds, n)`."""
    return {task: run.copies.predict(inputs, run.best[task][1])[task] for task in tasks}


def score_table(worlds: Worlds, outputs: Mapping[str, Tensor]) -> pd.DataFrame:
    """The table seed, task, score, gauc for the outputs `(worlds, n)` of each task: AUC over all offers and within a
    user's, or R² of the seconds, where observed."""
    scores = []
    for task, several in outputs.items():
        for k, (seed, output, outcomes) in enumerate(zip(worlds.seeds, several, worlds.outcomes, strict=True)):
            observed = outcomes[task].notna().to_numpy(copy=True)
            users = worlds.inputs["sparse"][k, observed, USER].numpy()
            scores.append((seed, task, *_score_and_gauc(task, output[observed], outcomes[task][observed], users)))
    return pd.DataFrame(scores, columns=["seed", "task", "score", "gauc"])


def _score_and_gauc(task: str, output: Tensor, truth: pd.Series, users: np.ndarray) -> tuple[float, float]:
    if TASKS[task] == "regression":
        return r2(output, truth), np.nan
    rate = truth.groupby(users).transform("mean").to_numpy()
    mixed = (rate > 0) & (rate < 1)  # the rows of all other users count nowhere, and they are many
    return auc(output, truth), gauc(output[mixed], truth[mixed], users[mixed]).value


def outputs(worlds: Worlds, runs: Mapping[str, Run]) -> Outputs:
    """Those of networks: of each label by its run, which several labels may share."""
    sets = (worlds.valid.inputs, worlds.inputs)
    return Outputs(*({label: best_outputs(run, rows, [label])[label] for label, run in runs.items()} for rows in sets))


def pooled_scores(
    worlds: Worlds, models: Mapping[str, Outputs], pools: Mapping[str, Sequence[str]], labels: Sequence[str]
) -> dict[tuple[str, str], dict[str, Tensor]]:
    """{(pool, way): {label: its scores of the offers}} by these pools of models, by `WAYS` and by counts alone."""
    sets, scores = (worlds.valid.inputs, worlds.inputs), {}
    for label in labels:
        truth = worlds.valid.labels[label], worlds.valid.masks.get(label)
        counts = {
            count: tuple(item_count(count, worlds.train, label, "click", rows) for rows in sets)
            for count in ITEM_COUNTS
        }
        for kind, members in pools.items():
            valid, offers = zip(*(models[name] for name in members), strict=True)
            ways = pool(valid, offers, label, *truth, frequent=FREQUENT, counts=counts)
            for way, score in (ways | {count: after for count, (_, after) in counts.items()}).items():
                scores.setdefault((kind, way), {})[label] = score
    return scores


def places(
    seeds: Sequence[int],
    labels: Sequence[str] = LABELS,
    shared: Sequence[str] = COMPARED,
    clicked: bool = False,
) -> pd.DataFrame:
    """The eight labels trained together, by what they share, or apart, and each score that pools of these make:
    clicked, shared, seed, label, auc, gauc.

    labels   which of them are judged; the shared models train on all eight
    clicked  whether the labels are observed and judged on clicked rows alone (but the click itself)
    """
    seeds = list(seeds)
    several = [seeds[start : start + AT_ONCE] for start in range(0, len(seeds), AT_ONCE)]
    return pd.concat([_places(some, labels, shared, clicked) for some in several], ignore_index=True)


def _places(seeds: Sequence[int], labels: Sequence[str], shared: Sequence[str], clicked: bool) -> pd.DataFrame:
    worlds, chosen, scores = Worlds.make(seeds, clicked), CHOSEN[clicked], {}
    needed = [HALFWAY, OWN] if set(shared) - {*PLACES} else []
    models = {LINEAR: linear_models(worlds, RIDGE[clicked])} if needed else {}
    for place in dict.fromkeys([*(place for place in shared if place in PLACES), *needed]):
        if place == OWN:
            runs = {label: _train(worlds, [label], *PLACES[OWN], *chosen[key(OWN, [label])]) for label in LABELS}
        else:
            runs = dict.fromkeys(LABELS, _train(worlds, LABELS, *PLACES[place], *chosen[key(place, LABELS)]))
        models[place] = outputs(worlds, runs)
        scores[place] = {label: models[place].offers[label] for label in labels}
    if needed:
        scores |= {
            score_name(kind, POOLS[kind], way): fused
            for (kind, way), fused in pooled_scores(worlds, models, POOLS, labels).items()
        }
    parts = [score_table(worlds, scores[name]).assign(shared=name) for name in shared]
    table = pd.concat(parts, ignore_index=True).rename(columns={"task": "label", "score": "auc"})
    return table.assign(clicked=clicked)[["clicked", "shared", "seed", "label", "auc", "gauc"]]


def news(seeds: Sequence[int], widths: Sequence[int] = WIDTHS) -> pd.DataFrame:
    """Clicks and seconds, the news example, by the width of the bottom: width, seed, model, task, score.

    The score is AUC for the click, and R² over what was clicked for the seconds.
    """
    worlds, parts = Worlds.make(seeds), []
    for width, tasks in product(widths, NEWS):
        table, _ = train(worlds, tasks, [width], [TOWER], *CHOSEN[False][key(width, tasks)])
        parts.append(table.assign(width=width, model="single-task" if len(tasks) == 1 else "shared-bottom"))
    return pd.concat(parts, ignore_index=True)[["width", "seed", "model", "task", "score"]]


NEWS = (["click"], [SECONDS], ["click", SECONDS])


def key(place: str | int, tasks: Sequence[str]) -> str:
    """The name of a model in `CHOSEN`: what it shares, or the width of its bottom, and its tasks."""
    return f"{place}: {'all' if len(tasks) == len(LABELS) else ' + '.join(tasks)}"


def _models(clicked: bool) -> dict[str, tuple[Sequence[str], list[int], list[int]]]:
    """{name: tasks, units of the bottom and of a tower} of every model that is trained on such labels."""
    models = {}
    for place in (OWN, HALFWAY) if clicked else PLACES:
        for tasks in [[label] for label in LABELS] if place == OWN else [list(LABELS)]:
            models[key(place, tasks)] = (tasks, *PLACES[place])
    for width, tasks in () if clicked else product(WIDTHS, NEWS):
        models[key(width, tasks)] = (tasks, [width], [TOWER])
    return models


def tune(
    seeds: Sequence[int],
    clicked: Sequence[bool] = (False, True),
    rates: Sequence[float] = LEARNING_RATES,
    penalties: Sequence[float] = PENALTIES,
) -> pd.DataFrame:
    """Validation loss of each model at each setting, in thousandths, summed over tasks: clicked, model (by `key`), lr,
    l2, seed, loss."""
    parts = []
    for masked in clicked:
        worlds = Worlds.make(seeds, masked)
        for (name, model), lr, l2 in product(_models(masked).items(), rates, penalties):
            _, losses = train(worlds, *model, lr, l2, judged=[])
            setting = {"clicked": masked, "model": name, "lr": lr, "l2": l2}
            parts.append(pd.DataFrame(setting | {"seed": worlds.seeds, "loss": 1000 * losses}))
    return pd.concat(parts, ignore_index=True)


def tune_linear(
    seeds: Sequence[int],
    clicked: Sequence[bool] = (False, True),
    labels: Sequence[str] = LABELS,
    penalties: Sequence[float] = RIDGES,
) -> pd.DataFrame:
    """Validation loss of the linear models of each label, in thousandths: clicked, label, penalty, seed, loss."""
    rows = []
    for masked in clicked:
        worlds = Worlds.make(seeds, masked, users=1)
        for label in labels:
            truth = worlds.valid.labels[label], worlds.valid.masks.get(label)
            for penalty, (logits, _) in zip(penalties, _lines(worlds, label, penalties), strict=True):
                losses = 1000 * log_loss(logits, *truth)
                rows += [(masked, label, penalty, *pair) for pair in zip(worlds.seeds, losses, strict=True)]
    return pd.DataFrame(rows, columns=["clicked", "label", "penalty", "seed", "loss"])


# {clicked: {model: (lr, l2)}}: what `tune` found best, without and with labels on clicked rows alone.
CHOSEN = Chosen("04_feed_tuning", by=["clicked", "model"], setting=["lr", "l2"], value="loss", lowest=True)
# {clicked: {label: penalty}}
RIDGE = Chosen("04_linear_tuning", by=["clicked", "label"], setting=["penalty"], value="loss", lowest=True)

PART = {"seeds": [4], "labels": ["click", "share"], "shared": POOLED}
CLICKED = {"seeds": range(40), "shared": POOLED, "clicked": True}
JUDGED = {"auc": 0.02, "gauc": 0.02}
FEW = {"seeds": [900], "clicked": [False], "labels": ["share"], "penalties": [1.0, 100.0]}
ONE = {"seeds": [900], "clicked": [True], "rates": [0.003], "penalties": [0.03]}
TABLES = kept_tables(
    KeptTable("04_feed_tuning", tune, {"seeds": TUNING_SEEDS}, [Recheck(ONE, {"loss": 5})]),
    KeptTable("04_linear_tuning", tune_linear, {"seeds": TUNING_SEEDS}, [Recheck(FEW, {"loss": 0.5})]),
    KeptTable("04_feed", places, {"seeds": range(40)}, [Recheck(PART, JUDGED)], packed=True),
    KeptTable("04_feed_clicked", places, CLICKED, [Recheck(PART, JUDGED)], packed=True),
    KeptTable("04_news", news, {"seeds": range(24)}, [Recheck({"seeds": [3]}, {"score": 0.02})]),
)
