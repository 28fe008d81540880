"""Which part of ESMM does the work? Four ways to a CVR on the feed, judged where the truth is known.

A seed is a world of users and videos (`helpers.data.world`), shown to each other at random. How appealing a video is
to a user follows from taste and quality, which ids can tell; the click also from the video's bait; and from the
appeal or from the mood of the moment, as far as the dial of `selection.draw_events` is turned up.

    single-task            a model for each task; that of the CVR sees clicked rows alone
    masked shared-bottom   CTR and CVR share their embeddings; the loss of the CVR is masked to clicked rows
    ESMM, not shared       the product without the sharing: embeddings for each tower (the paper's ESMM-NS)
    ESMM                   both

All have embeddings of eight and towers of 32 and 16 units, and nothing else is shared. Settings are chosen in
a search (`tuning`) at strengths 0 and 1 of what is seen. What is trained on two tasks chooses twice: for the sum of
click and like, and for the like alone. Each is judged in the state in which `fit` leaves it.

They are compared with the best that shares nothing (`UNSHARED`), by the mean over worlds: three counts, namely a
video's rate of the label and of the click in the training rows (`helpers.evaluation.counts`) and the user's history
with the video's topic, and what can be made of models that were trained apart (`rivals`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from helpers.chapters.ch07.rivals import RIVALS, chances, rivals
from helpers.chapters.ch07.selection import CLICKS, KINDS, SEEN, UNSEEN, Events, draw_events
from helpers.data.examples import Examples, Inputs
from helpers.data.features import Dense, Features, Sparse
from helpers.data.feed import described
from helpers.data.world import AGES, TOPICS, World
from helpers.evaluation.counts import BY_CLICKS, ITEM_COUNTS, item_count
from helpers.evaluation.metrics import auc, log_loss
from helpers.experiments.chosen import Chosen
from helpers.experiments.grid import Grid, grids
from helpers.experiments.sample import Sample
from helpers.models.esmm import ESMM, TASKS, chain, funnel, product_logit
from helpers.models.shared_bottom import Encoder, SharedBottom
from helpers.support import validate
from helpers.training.loop import fit

USERS, VIDEOS = 300, 200
ROWS, VALID, TEST = 12_000, 4_000, 20_000
DIAL = (0.0, 1.0, 2.0)  # strengths of the selection
TOWERS = [32, 16]
EPOCHS = 60  # at most: a model stops three epochs after its lowest validation loss
BAIT = 0.8  # log-odds of a click, a standard deviation of bait
HISTORY, NOISE = "topic_history", 0.7  # a column, and by how much it misses a taste, in standard deviations of tastes
CLICK, LIKE, BOTH = TASKS

MODELS = ("single-task", "masked shared-bottom", "ESMM, not shared", "ESMM")
TOGETHER = MODELS[1:]  # what is trained on two tasks
BY_HISTORY = "by history"
COUNTS = (*ITEM_COUNTS, BY_HISTORY)
UNSHARED = (*RIVALS, *COUNTS)  # where nothing is shared
COMPARED = (*TOGETHER, *UNSHARED)
SUM, CVR = GOALS = ("the sum", "the CVR")  # what settings are chosen for
RATIOS = ("ratio", "clicked", "unclicked", "logged_ratio")
TRUTH = "P(like | click, x)"  # no model: what all of them estimate, next to them in the tables


def features() -> Features:
    """Fitted on the catalogue, so that all worlds have the same tables."""
    ids = np.arange(USERS)
    columns = {"user": ids, "video": ids % VIDEOS}
    columns |= {"topic": np.array(TOPICS)[ids % len(TOPICS)], "age_group": np.array(AGES)[ids % len(AGES)]}
    kinds = [*map(Sparse, columns), Dense(HISTORY)]
    usual = np.hypot(1, NOISE) * np.where(ids % 2, 1, -1)  # mean 0 and the deviation of a taste with its noise
    return Features(kinds).fit(pd.DataFrame(columns | {HISTORY: usual}))


@dataclass(frozen=True)
class Logs:
    """What was logged in some worlds, and the truth in rows that no model has seen.

    kind, strength      of the selection
    train, valid, test  `Examples.stack`ed, a set a world, with the labels of `helpers.models.esmm.funnel`
    truth               `Events` of the test rows, one a world
    """

    seeds: list[int]
    kind: str
    strength: float
    train: Examples
    valid: Examples
    test: Examples
    truth: list[Events]

    @property
    def inputs(self) -> Inputs:
        """Of the test rows, with a leading axis."""
        return self.test.inputs

    @staticmethod
    def make(seeds: Sequence[int], kind: str, strength: float, rows: int = ROWS) -> Logs:
        sizes = (rows, VALID, TEST)
        columns, parts, truth = features(), ([], [], []), []
        for seed in seeds:
            frame, found = impressions(seed, kind, strength, sum(sizes))
            labels = {CLICK: torch.from_numpy(found.click), LIKE: torch.from_numpy(found.like)}
            examples = funnel(Examples(columns.transform(frame), labels))
            for part, index in zip(parts, torch.arange(len(frame)).split(sizes), strict=True):
                part.append(examples.take(index))
            truth.append(found.part(slice(-TEST, None)))
        return Logs(list(seeds), kind, strength, *map(Examples.stack, parts), truth)


def impressions(seed: int, kind: str, strength: float, rows: int) -> tuple[pd.DataFrame, Events]:
    """Random users with random videos in the world of this seed, and what came of it."""
    world, rng = World.make(USERS, VIDEOS, seed), np.random.default_rng([seed, 71])
    user, video = (rng.integers(0, count, rows).astype(np.int32) for count in (USERS, VIDEOS))
    of_video = world.video_traits.iloc[video]
    appeal = 0.65 * world.affinity(user, video) + 0.6 * of_video["quality"].to_numpy()
    appeal = appeal / np.hypot(0.65, 0.6)  # about N(0, 1)
    found = draw_events(appeal, BAIT * of_video["bait"].to_numpy(), appeal, kind, strength, rng)
    shown = pd.DataFrame({"user": user, "video": video, HISTORY: history(world, user, video, seed)})
    return described(world, shown), found


def history(world: World, user: np.ndarray, video: np.ndarray, seed: int) -> np.ndarray:
    """What a user's past says of his taste for a video's topic: the taste, and `NOISE` that is drawn once for each user
    and topic. A number for each pair of user[i] and video[i]."""
    noise = NOISE * np.random.default_rng([seed, 73]).standard_normal((len(world.users), len(TOPICS)))
    topic = pd.Index(TOPICS).get_indexer(world.videos["topic"])
    return world.affinity(user, video) + noise[user, topic[video]]


class Twice(nn.Module):
    """Two encoders side by side, `(n, 2 · width)`."""

    def __init__(self, features: Features | int):
        super().__init__()
        self.first, self.second = Encoder(features), Encoder(features)
        self.width = self.first.width + self.second.width

    def forward(self, inputs: Inputs) -> Tensor:
        return torch.cat([self.first(inputs), self.second(inputs)], dim=-1)

    def check_inputs(self, inputs: Inputs) -> None:
        self.first.check_inputs(inputs)


class Halves(nn.Module):
    """A bottom without parameters: a row `(n, 2 · width)` as two, one for each tower."""

    def __init__(self, encoder: nn.Module):
        super().__init__()
        self.width = encoder.width // 2

    def forward(self, row: Tensor) -> list[Tensor]:
        return list(row.split(self.width, dim=-1))


class NotShared(ESMM):
    """The product without the sharing, the paper's ESMM-NS: each tower has embeddings of its own."""

    def __init__(self, features: Features | int, **options):
        super().__init__(features, encoder=Twice, **options)

    def _make_bottom(self, *_) -> nn.Module:
        return Halves(self.encoder)

    def forward(self, inputs: Inputs) -> dict[str, Tensor]:
        halves = self.bottom(self.encoder(inputs))
        a, b = (tower(half).squeeze(-1) for tower, half in zip(self.towers, halves, strict=True))
        return {CLICK: a, LIKE: b, BOTH: product_logit(a, b)}


@dataclass(frozen=True)
class Choice:
    """What a model may choose: learning rate, penalty on embeddings, and the second loss's weight (the first has 1).

    Models of several worlds that train together may have a weight each.
    """

    lr: float
    l2: float
    weight: float | Sequence[float] = 1.0


def build(model: str, tasks: Sequence[str], l2: float, seed: int) -> nn.Module:
    """One of `MODELS` with its first parameters; a single-task model of the one task in `tasks`."""
    options = {"towers": TOWERS, "l2_embedding": l2, "seed": seed}
    if validate.choice("model", model, MODELS) == "ESMM":
        return ESMM(features(), **options)
    if model == "ESMM, not shared":
        return NotShared(features(), **options)
    return SharedBottom(features(), dict.fromkeys(tasks, "binary"), [], **options)


def train(logs: Logs, model: str, tasks: Sequence[str], choice: Choice) -> list[nn.Module]:
    """A model a world, trained."""
    models = [build(model, tasks, choice.l2, seed) for seed in logs.seeds]
    weights = dict(zip(models[0].tasks, (1.0, choice.weight), strict=False))
    options = {"epochs": EPOCHS, "patience": 3, "batch_size": 512, "lr": choice.lr, "seed": logs.seeds}
    fit(models, logs.train, logs.valid, task_weights=weights, **options)
    return models


def parts(model: str) -> list[tuple[str, ...]]:
    """The tasks that are trained together: one by one, or all that have a loss."""
    apart = {"single-task": [(CLICK,), (LIKE,), (BOTH,)], "masked shared-bottom": [(CLICK, LIKE)]}
    return apart.get(model, [(CLICK, BOTH)])


def predict(logs: Logs, model: str, inputs: Inputs, tasks: Sequence[str] = TASKS, goal: str = SUM) -> dict[str, Tensor]:
    """Logits of the tasks, `(worlds, n)` each, of newly trained models. Where a model has CTR and CVR, CTCVR is their
    product.

    goal  of `GOALS`: what the settings of a model of two tasks were chosen for
    """
    found = {}
    for together in parts(model):
        if model != "single-task" or together[0] in tasks:
            found |= chain(train(logs, model, together, chosen(logs, model, together, goal)), inputs)
    if model == "masked shared-bottom":
        found[BOTH] = product_logit(found[CLICK], found[LIKE])
    return {task: found[task] for task in tasks}


def count(logs: Logs, score: str, tasks: Sequence[str] = TASKS) -> dict[str, Tensor]:
    """One of `COUNTS` for the test rows, `(worlds, n)` each."""
    if validate.choice("score", score, COUNTS) == BY_HISTORY:
        return dict.fromkeys(tasks, logs.inputs["dense"][..., 0])
    return {task: item_count(score, logs.train, task, CLICK, logs.inputs).logit() for task in tasks}


def judge(logs: Logs, logits: dict[str, Tensor]) -> pd.DataFrame:
    """The logits of the test rows against what happened there: seed, task, auc, ratio, clicked, unclicked, and what a
    company can know of it, logged_auc and logged_ratio.

    auc      on all rows, with the likes as they would be if everybody clicked
    ratio    mean prediction / mean true chance on all rows; clicked, unclicked: on these rows
    logged_  on the rows where the label is logged (for the like the clicked ones), against the label
    """
    rows = []
    for place, (seed, truth) in enumerate(zip(logs.seeds, logs.truth, strict=True)):
        happened = {CLICK: truth.click, LIKE: truth.would_like, BOTH: truth.like}
        chances = {CLICK: truth.ctr, LIKE: truth.cvr, BOTH: truth.ctcvr}
        clicked, every = truth.click == 1, np.ones(len(truth.click), dtype=bool)
        for task, logit in logits.items():
            said, chance, label = torch.sigmoid(logit[place]).numpy(), chances[task], happened[task]
            row = {"seed": seed, "task": task, "auc": auc(said, label)}
            for name, part in {"ratio": every, "clicked": clicked, "unclicked": ~clicked}.items():
                row[name] = said[part].mean() / chance[part].mean()
            logged = clicked if task == LIKE else every
            row["logged_auc"] = auc(said, label, logged)
            rows.append(row | {"logged_ratio": said[logged].mean() / label[logged].mean()})
    return pd.DataFrame(rows)


def compare(
    seeds: Sequence[int],
    kinds: Sequence[str] = KINDS,
    strengths: Sequence[float] = DIAL,
    models: Sequence[str] = COMPARED,
    rows: int = ROWS,
    tasks: Sequence[str] = TASKS,
) -> pd.DataFrame:
    """Models and `UNSHARED` on logs of both kinds: kind, strength, rows, model, chosen (for which of `GOALS`), and the
    columns of `judge`.

    Where nothing selects, at strength 0, the two kinds are one: the same logs. What has no choice to make has the same
    rows for both goals. `TRUTH` is among the models. A click rate is no chance of a like, and a history no chance at
    all: as scores they have no ratios.
    """
    found = []
    for strength in strengths:
        for kind in kinds if strength else kinds[:1]:
            logs = Logs.make(seeds, kind, strength, rows)
            sets = (logs.train, logs.valid, logs.test)
            said = rivals(models, TASKS, tasks, sets, features(), partial(predict, logs, "single-task"))
            said |= {score: count(logs, score, tasks) for score in models if score in COUNTS}
            said |= {model: predict(logs, model, logs.inputs, tasks) for model in models if model in TOGETHER}
            ideal = torch.from_numpy(np.stack([truth.cvr_of_clickers for truth in logs.truth])).logit()
            judged = {model: _judge(logs, model, scores) for model, scores in (said | {TRUTH: {LIKE: ideal}}).items()}
            again = dict(judged)  # where settings are chosen for the CVR
            for model in (model for model in models if model in TOGETHER):
                if len({chosen(logs, model, *parts(model), goal) for goal in GOALS}) > 1:
                    again[model] = _judge(logs, model, predict(logs, model, logs.inputs, tasks, CVR))
            for place, (goal, tables) in product(kinds if not strength else [kind], {SUM: judged, CVR: again}.items()):
                at = {"kind": place, "strength": strength, "rows": rows, "chosen": goal}
                found += [table.assign(**at, model=model) for model, table in tables.items()]
    first = ["kind", "strength", "rows", "model", "chosen"]
    table = pd.concat(found, ignore_index=True)
    return table[[*first, *(name for name in table.columns if name not in first)]]


def _judge(logs: Logs, model: str, scores: dict[str, Tensor]) -> pd.DataFrame:
    """`judge`, without ratios of what is no chance."""
    table = judge(logs, scores)
    known = {BY_CLICKS: [CLICK], BY_HISTORY: []}.get(model, chances(model, TASKS))
    table.loc[~table["task"].isin(known), list(RATIOS)] = np.nan
    return table


# What every model may choose from in each situation, by the log loss of what was logged (`logged_loss`) in the test
# rows of two worlds that serve no result: a box of rates, penalties and weights of the second loss, and beyond its
# rates one slower and one faster.
RATES, BEYOND = (0.001, 0.003, 0.01), (0.0003, 0.03)
SHARED_CHOICES = [
    *(Choice(*one) for one in product(RATES, (0.01, 0.03, 0.1), (1.0, 5.0, 20.0))),
    *(Choice(*one) for one in product(BEYOND, (0.03,), (1.0, 5.0))),
]
CHOICES = {
    "single-task": [Choice(*one) for one in (*product(RATES, (0.01, 0.03, 0.1, 0.3)), *product(BEYOND, (0.03,)))],
    # Of the rows, the share `CLICKS` is clicked: so much less weighs the loss that counts these alone.
    "masked shared-bottom": [Choice(c.lr, c.l2, CLICKS * c.weight) for c in SHARED_CHOICES],
    "ESMM": SHARED_CHOICES,  # without the sharing it has the same settings
}
TUNING_SEEDS = (900, 901)
SITUATIONS = [(SEEN, 0.0), (SEEN, 1.0)]


def tuning(
    seeds: Sequence[int],
    situations: Sequence[tuple[str, float]] = SITUATIONS,
    models: Sequence[str] = tuple(CHOICES),
    tasks: Sequence[str] = TASKS,
) -> pd.DataFrame:
    """Every choice in every situation: kind, strength, model, tasks (trained together), lr, l2, weight, loss, like.

    loss   of what was logged, mean over rows and worlds, in thousandths of a nat: chosen for the sum, by this
    like   the part of it that is the like's, 0 for a model without one: chosen for the CVR, by this
    """
    trained = [(model, together) for model in models for together in parts(model)]
    trained = [one for one in trained if one[0] != "single-task" or one[1][0] in tasks]
    found = []
    for kind, strength in situations:
        for model, together in trained:
            at = {"kind": kind, "strength": strength, "model": model, "tasks": _name(together)}
            for lr, l2 in dict.fromkeys((choice.lr, choice.l2) for choice in CHOICES[model]):
                weights = [choice.weight for choice in CHOICES[model] if (choice.lr, choice.l2) == (lr, l2)]
                logs = Logs.make([*seeds] * len(weights), kind, strength)  # what differs in weights trains together
                choice = Choice(lr, l2, np.repeat(weights, len(seeds)))
                logits = chain(train(logs, model, together, choice), logs.inputs)
                losses = {"loss": logged_loss(logits, logs.test)}
                losses["like"] = logged_loss({LIKE: logits[LIKE]}, logs.test) if LIKE in logits else 0 * losses["loss"]
                means = {name: 1000 * loss.reshape(len(weights), -1).mean(1) for name, loss in losses.items()}
                found.append(pd.DataFrame(at | {"lr": lr, "l2": l2, "weight": weights} | means))
    return pd.concat(found, ignore_index=True)


def _name(tasks: Sequence[str]) -> str:
    return " + ".join(tasks)


CHOSEN = {
    goal: Chosen(
        "07_tuning",
        by=["kind", "strength", "model", "tasks"],
        setting=["lr", "l2", "weight"],
        value=value,
        lowest=True,
        make=Choice,
    )
    for goal, value in {SUM: "loss", CVR: "like"}.items()
}


def chosen(logs: Logs, model: str, tasks: Sequence[str], goal: str = SUM) -> Choice:
    """What the model chose in the situation of these logs, for `goal` if it has two tasks; in one that was not tuned,
    in the nearest that was, by strength. Selection by what is unseen has the settings of strength 0, where clicks have
    the same reasons as far as a feature can tell; logs of any number of rows have those that were chosen with `ROWS`.
    """
    table = CHOSEN[goal if model in TOGETHER else SUM]
    tuned = {strength: kind for kind, strength in SITUATIONS if kind == logs.kind or not strength}
    nearest = min(tuned, key=lambda strength: abs(strength - logs.strength))
    return table[tuned[nearest]][nearest]["ESMM" if model == "ESMM, not shared" else model][_name(tasks)]


def logged_loss(
    logits: dict[str, Tensor], rows: Examples, tasks: Sequence[str] = TASKS, share: float = CLICKS
) -> np.ndarray:
    """Mean log loss a row, `(worlds,)`: of the click, and of the conversion where a click made it known; or of both
    alone.

    share   of the rows that are clicked: as much does the loss of the conversion count
    """
    click, conversion, both = tasks
    counts = {both: 1.0} if list(logits) == [both] else {click: 1.0, conversion: share}
    return sum(
        weight * log_loss(logits[task], rows.labels[task], rows.masks.get(task))
        for task, weight in counts.items()
        if task in logits
    )


FEW = 3_000  # rows
BY_ROWS = {
    "kinds": [SEEN],
    "strengths": [1.0],
    "models": ["masked shared-bottom", "ESMM", *UNSHARED],
    "tasks": [LIKE],
}
LOSSES = {"loss": 2, "like": 2}
JUDGED = dict.fromkeys(("auc", "logged_auc"), 0.02) | dict.fromkeys(RATIOS, 0.1)
MAIN = {"situations": [(SEEN, 1.0)], "models": ["single-task"], "tasks": [LIKE]}
UNSEEN_LIKES = {"kinds": [UNSEEN], "strengths": [1.0], "models": ["ESMM", *UNSHARED], "tasks": [LIKE]}
GRIDS = grids(
    Grid("07_tuning", tuning, {"seeds": TUNING_SEEDS}, [Sample(MAIN, LOSSES)], [CHOICES]),
    Grid(
        "07_funnel",
        compare,
        {"seeds": range(20)},
        [Sample({"seeds": [3, 11]} | UNSEEN_LIKES, JUDGED)],
        [*CHOSEN.values()],
        packed=True,
    ),
    Grid(
        f"07_rows_{FEW}",
        compare,
        {"seeds": range(20), "rows": FEW} | BY_ROWS,
        [Sample({"seeds": [3, 11], "models": UNSHARED}, JUDGED)],
        [*CHOSEN.values()],
    ),
)
