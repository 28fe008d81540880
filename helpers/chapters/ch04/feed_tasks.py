"""The labels of the feed as tasks: which gain by sharing, which lose, and where to share.

A seed is a world: users, videos and a log of their own. Models train on the first 16,200 impressions of a log and stop
by the next 1,800. They are judged on what a company never sees: what 100 random videos would bring to every user.

A video that is not clicked does not play: it gets 0 in every other label, so each label contains the click. Seconds
watched are another matter. Where nothing played there is nothing to time, and the row is masked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from helpers.data.examples import Examples, Inputs
from helpers.data.feed import USERS, Feed, Offer, features
from helpers.data.world import WATCH
from helpers.evaluation.counts import ITEM_COUNTS, item_count
from helpers.evaluation.metrics import auc, r2
from helpers.experiments.chosen import Chosen
from helpers.experiments.grid import Grid, grids
from helpers.experiments.sample import Sample
from helpers.models.shared_bottom import SharedBottom
from helpers.support import validate
from helpers.training.loop import fit

LABELS = ("click", "finish", "like", "profile_visit", "favourite", "comment", "share", "follow")  # the frequent first
SECONDS = "seconds"  # log(watch_seconds / WATCH) of a video that played, about N(0, 1)
TASKS = dict.fromkeys(LABELS, "binary") | {SECONDS: "regression"}
ROWS, TOWER = 18_000, 16

# Where the paths of the labels part: the units of the layers that all share, and of those that each has for itself.
# With embeddings of 8 the three that share have 19,850 ± 150 parameters; nothing shared has five times as many.
PLACES: dict[str, tuple[list[int], list[int]]] = {
    "nothing": ([64], [TOWER]),  # a single-task model for each label
    "embeddings": ([], [24, TOWER]),
    "embeddings, 1 layer": ([64], [TOWER]),
    "embeddings, 2 layers": ([148, 32], []),
}
HALFWAY = "embeddings, 1 layer"
COMPARED = (*PLACES, *ITEM_COUNTS)  # and two counts, which no network is trained for
WIDTHS = (4, 64)  # of the bottom, for the news example

# What every model may choose from: the same eight configurations, by validation loss on worlds that serve no result.
LEARNING_RATES = (0.003, 0.01)
PENALTIES = (0.001, 0.01, 0.03, 0.1)
TUNING_SEEDS = tuple(range(900, 904))


@dataclass(frozen=True)
class Worlds:
    """Worlds to train on together: what was logged in each, and what other videos would have brought.

    train, valid  `Examples.stack`ed, a set a world
    inputs        of the offers, with a leading axis
    outcomes      of the offers, a DataFrame a world, as `observed` gives them
    """

    seeds: list[int]
    train: Examples
    valid: Examples
    inputs: Inputs
    outcomes: list[pd.DataFrame]

    @staticmethod
    def make(seeds: Sequence[int], clicked: bool = False, users: int = USERS) -> Worlds:
        """users: to how many of them something is offered, all if not told"""
        columns, train, valid, inputs, outcomes = features(), [], [], [], []
        for seed in seeds:
            feed = Feed.make(seed)
            log = replace(feed, log=feed.log.assign(**observed(feed.log, clicked)))
            for part, examples in zip((train, valid), log.examples(columns, {k: k for k in TASKS}, ROWS), strict=True):
                part.append(replace(examples, groups=None))
            offer = Offer.make(feed, users)
            inputs.append(offer.inputs(columns))
            outcomes.append(observed(offer.outcomes, clicked))
        together = {name: torch.stack([one[name] for one in inputs]) for name in inputs[0]}
        return Worlds(list(seeds), Examples.stack(train), Examples.stack(valid), together, outcomes)


def observed(table: pd.DataFrame, clicked: bool = False) -> pd.DataFrame:
    """The labels and the seconds, NaN where they are not observed: the seconds where nothing played and, with
    `clicked`, all labels but the click there.
    """
    plays = table["click"] == 1
    labels = table[list(LABELS)].astype(float)
    if clicked:
        labels = labels.where(plays).assign(click=table["click"])
    return labels.assign(**{SECONDS: np.log(table["watch_seconds"].where(plays) / WATCH)})


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
    """One model a world for `tasks` together: the table seed, task, score (AUC, or R² of the seconds, where observed),
    each task at its best epoch; and the lowest validation losses, summed over tasks, `(worlds,)`.

    judged   the tasks in the table, all if None: judging a task takes as long as training it for an epoch or two
    l2_rows  of the embeddings on which the penalty stands, as of `SharedBottom`
    """
    kinds = {task: TASKS[validate.choice("tasks", task, TASKS)] for task in tasks}
    penalty = {"l2_embedding": l2, "l2_rows": l2_rows}
    models = [SharedBottom(features(), kinds, bottom, tower, **penalty, seed=seed) for seed in worlds.seeds]
    return train_models(worlds, models, lr, judged)


def train_models(
    worlds: Worlds, models: Sequence[SharedBottom], lr: float, judged: Sequence[str] | None = None
) -> tuple[pd.DataFrame, np.ndarray]:
    """`train` for models with first parameters of their own, one a world."""
    tasks = list(models[0].tasks)
    rows, valid = worlds.train.only(*tasks), worlds.valid.only(*tasks)
    run = fit(models, rows, valid, epochs=20, patience=3, batch_size=512, lr=lr, seed=worlds.seeds)
    judged = tasks if judged is None else judged
    outputs = {task: run.copies.predict(worlds.inputs, run.best[task][1])[task] for task in judged}
    lowest = run.history[run.history["task"] != "total"].groupby(["task", "copy"])["valid"].min()
    return scored(worlds, outputs), lowest.groupby("copy").sum().to_numpy()


def scored(worlds: Worlds, outputs: dict[str, Tensor]) -> pd.DataFrame:
    """The table seed, task, score for the outputs `(worlds, n)` of each task: AUC, or R² of the seconds, where
    observed."""
    scores = []
    for task, several in outputs.items():
        for seed, output, outcomes in zip(worlds.seeds, several, worlds.outcomes, strict=True):
            truth = outcomes[task].to_numpy()
            measure = auc if TASKS[task] == "binary" else r2
            scores.append((seed, task, measure(output, np.nan_to_num(truth), ~np.isnan(truth))))
    return pd.DataFrame(scores, columns=["seed", "task", "score"])


def places(
    seeds: Sequence[int],
    labels: Sequence[str] = LABELS,
    shared: Sequence[str] = COMPARED,
    clicked: bool = False,
) -> pd.DataFrame:
    """The eight labels trained together, by what they share, apart, and by counts: clicked, shared, seed, label, auc.

    labels   which of them are judged; the shared models train on all eight
    clicked  whether the labels are observed and judged on clicked rows alone (but the click itself)
    """
    worlds, parts = Worlds.make(seeds, clicked), []
    for place in shared:
        if place in ITEM_COUNTS:
            found = {label: item_count(place, worlds.train, label, "click", worlds.inputs) for label in labels}
            parts.append(scored(worlds, found).assign(clicked=clicked, shared=place))
            continue
        for tasks in [[label] for label in labels] if place == "nothing" else [list(LABELS)]:
            judged = [task for task in tasks if task in labels]
            table, _ = train(worlds, tasks, *PLACES[place], *CHOSEN[clicked][key(place, tasks)], judged)
            parts.append(table.assign(clicked=clicked, shared=place))
    table = pd.concat(parts, ignore_index=True).rename(columns={"task": "label", "score": "auc"})
    return table[["clicked", "shared", "seed", "label", "auc"]]


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
    found = {}
    for place in ("nothing", HALFWAY) if clicked else PLACES:
        for tasks in [[label] for label in LABELS] if place == "nothing" else [list(LABELS)]:
            found[key(place, tasks)] = (tasks, *PLACES[place])
    for width, tasks in () if clicked else product(WIDTHS, NEWS):
        found[key(width, tasks)] = (tasks, [width], [TOWER])
    return found


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


# {clicked: {model: (lr, l2)}}: what `tune` found best, without and with labels on clicked rows alone.
CHOSEN = Chosen("04_feed_tuning", by=["clicked", "model"], setting=["lr", "l2"], value="loss", lowest=True)

PART = {"seeds": [4], "labels": ["click", "share"], "shared": ["nothing", HALFWAY, *ITEM_COUNTS]}
CLICKED = {"seeds": range(24), "shared": ["nothing", HALFWAY, *ITEM_COUNTS], "clicked": True}
ONE = {"seeds": [900], "clicked": [True], "rates": [0.003], "penalties": [0.03]}
GRIDS = grids(
    Grid("04_feed_tuning", tune, {"seeds": TUNING_SEEDS}, [Sample(ONE, {"loss": 5})]),
    Grid("04_feed", places, {"seeds": range(24)}, [Sample(PART, {"auc": 0.02})], [CHOSEN]),
    Grid("04_feed_clicked", places, CLICKED, [Sample(PART, {"auc": 0.02})], [CHOSEN]),
    Grid("04_news", news, {"seeds": range(24)}, [Sample({"seeds": [3]}, {"score": 0.02})], [CHOSEN]),
)
