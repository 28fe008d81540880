"""The labels of the feed as tasks: which gain by sharing, which lose, and where to share.

A seed is a world: users, videos and a log of their own. Models train on the first 16,200 impressions of a log and stop
by the next 1,800. They are judged on what a company never sees: what 100 random videos would bring to every user.

A video that is not clicked does not play: it gets 0 in every other label, so each label contains the click. Seconds
watched are another matter. Where nothing played there is nothing to time, and the row is masked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from helpers.data.examples import Examples, Inputs, map_tensors
from helpers.data.feed import USERS, Feed, Offer, features
from helpers.data.world import WATCH
from helpers.evaluation.counts import ITEM_COUNTS, USER, item_count
from helpers.evaluation.late_fusion import FUSIONS, MEAN, late_fusion
from helpers.evaluation.metrics import auc, gauc, log_loss, r2
from helpers.evaluation.yardsticks import LINEAR, candidates
from helpers.experiments.chosen import Chosen
from helpers.experiments.grid import Grid, grids
from helpers.experiments.sample import Sample
from helpers.models.shared_bottom import SharedBottom
from helpers.support import validate
from helpers.training.loop import Run, fit
from helpers.training.losses import TOTAL

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
OWN, HALFWAY = "nothing", "embeddings, 1 layer"

# What shares nothing: a network or a linear model for each label, scores made of either, and two counts.
NETWORKS = "networks"
OF_THREE = "mean of three"  # click, like and the label itself: what one would try by hand
BLENDS = (*FUSIONS, OF_THREE)
UNSHARED = (OWN, LINEAR, *(f"{kind}, {way}" for kind in (NETWORKS, LINEAR) for way in BLENDS), *ITEM_COUNTS)
COMPARED = tuple(dict.fromkeys([*PLACES, *UNSHARED]))
WIDTHS = (4, 64)  # of the bottom, for the news example

# What every model may choose from: the same eight configurations, by validation loss on worlds that serve no result.
LEARNING_RATES = (0.003, 0.01)
PENALTIES = (0.001, 0.01, 0.03, 0.1)
RIDGES = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0)  # of the linear models, which have as many to choose from
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
    """One model a world for `tasks` together: its scores, as `scored` has them, each task at its best epoch; and the
    lowest validation losses, summed over tasks, `(worlds,)`.

    judged   the tasks in the table, all if None: judging a task takes as long as training it for an epoch or two
    l2_rows  of the embeddings on which the penalty stands, as of `SharedBottom`
    """
    run = _trained(worlds, tasks, bottom, tower, lr, l2, l2_rows)
    judged = tasks if judged is None else judged
    return scored(worlds, predicted(run, worlds.inputs, judged)), lowest_losses(run)


def _trained(
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
    return fitted(worlds, models, lr)


def fitted(worlds: Worlds, models: Sequence[SharedBottom], lr: float) -> Run:
    """Models trained together, one a world."""
    rows, valid = (part.only(*models[0].tasks) for part in (worlds.train, worlds.valid))
    return fit(models, rows, valid, epochs=20, patience=3, batch_size=512, lr=lr, seed=worlds.seeds)


def lowest_losses(run: Run) -> np.ndarray:
    """Of validation, summed over tasks, `(worlds,)`."""
    lowest = run.history[run.history["task"] != TOTAL].groupby(["task", "copy"])["valid"].min()
    return lowest.groupby("copy").sum().to_numpy()


def predicted(run: Run, inputs: Inputs, tasks: Sequence[str]) -> dict[str, Tensor]:
    """The outputs of each task at its best epoch, `(worlds, n)`."""
    return {task: run.copies.predict(inputs, run.best[task][1])[task] for task in tasks}


def scored(worlds: Worlds, outputs: Mapping[str, Tensor]) -> pd.DataFrame:
    """The table seed, task, score, gauc for the outputs `(worlds, n)` of each task: AUC over all offers and within a
    user's, or R² of the seconds, where observed."""
    scores = []
    for task, several in outputs.items():
        for k, (seed, output, outcomes) in enumerate(zip(worlds.seeds, several, worlds.outcomes, strict=True)):
            observed = outcomes[task].notna().to_numpy(copy=True)
            users = worlds.inputs["sparse"][k, observed, USER].numpy()
            scores.append((seed, task, *_judged(task, output[observed], outcomes[task][observed], users)))
    return pd.DataFrame(scores, columns=["seed", "task", "score", "gauc"])


def _judged(task: str, output: Tensor, truth: pd.Series, users: np.ndarray) -> tuple[float, float]:
    if TASKS[task] == "regression":
        return r2(output, truth), np.nan
    rate = truth.groupby(users).transform("mean").to_numpy()
    mixed = (rate > 0) & (rate < 1)  # the rows of all other users count nowhere, and they are many
    return auc(output, truth), gauc(output[mixed], truth[mixed], users[mixed]).value


class Apart(NamedTuple):
    """Logits of models of one label each, `(worlds, n)` by label: for the validation rows, and for the offers."""

    valid: dict[str, Tensor]
    offers: dict[str, Tensor]


def networks(worlds: Worlds, runs: Mapping[str, Run]) -> Apart:
    """Those of networks, a run a label."""
    return Apart(
        *(
            {label: predicted(run, inputs, [label])[label] for label, run in runs.items()}
            for inputs in (worlds.valid.inputs, worlds.inputs)
        )
    )


def linear_models(worlds: Worlds, penalties: Mapping[str, float]) -> Apart:
    """Those of linear models on ids and numbers; penalties: {label: on its squared weights}."""
    logits = {label: next(_lines(worlds, label, [penalty])) for label, penalty in penalties.items()}
    return Apart(*({label: both[part] for label, both in logits.items()} for part in (0, 1)))


def _lines(worlds: Worlds, label: str, penalties: Sequence[float]) -> Iterator[list[Tensor]]:
    """Logits of a label by linear models with one penalty after the other: of validation rows, and of offers."""
    in_worlds = []
    for k in range(len(worlds.seeds)):
        rows = worlds.train.only(label).map(lambda tensor, k=k: tensor[k])
        tables = [map_tensors(lambda tensor, k=k: tensor[k], part) for part in (worlds.valid.inputs, worlds.inputs)]
        in_worlds.append(candidates(LINEAR, features(), rows, *tables, penalties=penalties))
    for several in zip(*in_worlds, strict=True):
        yield [torch.from_numpy(np.stack(parts)) for parts in zip(*several, strict=True)]


def unshared(worlds: Worlds, own: Apart, linear: Apart, labels: Sequence[str]) -> dict[str, dict[str, Tensor]]:
    """{each of `UNSHARED`: {label: its scores of the offers}}: nothing in them was trained on two labels."""
    scores = {OWN: own.offers, LINEAR: linear.offers}
    for kind, apart in ((NETWORKS, own), (LINEAR, linear)):
        for label in labels:
            truth = worlds.valid.labels[label], worlds.valid.masks.get(label)
            few = dict.fromkeys(["click", "like", label])
            three = ({one: logits[one] for one in few} for logits in apart)
            ways = late_fusion(*apart, *truth) | {OF_THREE: late_fusion(*three, *truth)[MEAN]}
            for way, fused in ways.items():
                scores.setdefault(f"{kind}, {way}", {})[label] = fused
    for count in ITEM_COUNTS:
        scores[count] = {label: item_count(count, worlds.train, label, "click", worlds.inputs) for label in labels}
    return {name: {label: of_label[label] for label in labels} for name, of_label in scores.items()}


def places(
    seeds: Sequence[int],
    labels: Sequence[str] = LABELS,
    shared: Sequence[str] = COMPARED,
    clicked: bool = False,
) -> pd.DataFrame:
    """The eight labels trained together, by what they share, and by what shares nothing: clicked, shared, seed, label,
    auc, gauc.

    labels   which of them are judged; the shared models train on all eight
    clicked  whether the labels are observed and judged on clicked rows alone (but the click itself)
    """
    worlds, chosen, parts = Worlds.make(seeds, clicked), CHOSEN[clicked], []
    for place in [place for place in shared if place not in UNSHARED]:
        table, _ = train(worlds, LABELS, *PLACES[place], *chosen[key(place, LABELS)], list(labels))
        parts.append(table.assign(shared=place))
    if rivals := [place for place in shared if place in UNSHARED]:
        runs = {label: _trained(worlds, [label], *PLACES[OWN], *chosen[key(OWN, [label])]) for label in LABELS}
        scores = unshared(worlds, networks(worlds, runs), linear_models(worlds, RIDGE[clicked]), labels)
        parts += [scored(worlds, scores[place]).assign(shared=place) for place in rivals]
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
    found = {}
    for place in (OWN, HALFWAY) if clicked else PLACES:
        for tasks in [[label] for label in LABELS] if place == OWN else [list(LABELS)]:
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

PART = {"seeds": [4], "labels": ["click", "share"], "shared": [HALFWAY, *UNSHARED]}
CLICKED = {"seeds": range(24), "shared": [HALFWAY, *UNSHARED], "clicked": True}
FEW = {"seeds": [900], "clicked": [False], "labels": ["share"], "penalties": [1.0, 100.0]}
ONE = {"seeds": [900], "clicked": [True], "rates": [0.003], "penalties": [0.03]}
GRIDS = grids(
    Grid("04_feed_tuning", tune, {"seeds": TUNING_SEEDS}, [Sample(ONE, {"loss": 5})]),
    Grid("04_linear_tuning", tune_linear, {"seeds": TUNING_SEEDS}, [Sample(FEW, {"loss": 0.5})]),
    Grid("04_feed", places, {"seeds": range(24)}, [Sample(PART, {"auc": 0.02, "gauc": 0.02})], [CHOSEN, RIDGE]),
    Grid("04_feed_clicked", places, CLICKED, [Sample(PART, {"auc": 0.02, "gauc": 0.02})], [CHOSEN, RIDGE]),
    Grid("04_news", news, {"seeds": range(24)}, [Sample({"seeds": [3]}, {"score": 0.02})], [CHOSEN]),
)
