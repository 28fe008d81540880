"""Four ways to a CVR on the feed, where the truth is known.

A seed is a world of users and videos (`helpers.data.world`), shown to each other at random. How appealing a video is
to a user follows from taste and quality, which ids can tell; the click also from the video's bait; and from the
appeal or from the mood of the moment, as far as the dial of `selection.draw_events` is turned up.

    single-task            a model for each task; that of the CVR sees clicked rows alone
    masked shared-bottom   CTR and CVR share their embeddings; the loss of the CVR is masked to clicked rows
    ESMM, not shared       the product without the sharing: embeddings for each tower (the paper's ESMM-NS)
    ESMM                   both

All have embeddings of eight and towers of 32 and 16 units, and nothing else is shared. What is trained on two tasks
chose its settings twice (`CHOSEN`): for the sum of click and like, and for the like alone. Each is judged in the state
in which `fit` leaves it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from helpers.chapters.ch07.selection import SEEN, Events, draw_events
from helpers.data.examples import Examples, Inputs
from helpers.data.features import Dense, Features, Sparse
from helpers.data.feed import described
from helpers.data.world import AGES, TOPICS, World
from helpers.experiments.chosen import Chosen
from helpers.models.esmm import ESMM, TASKS, chain, funnel, product_logit
from helpers.models.shared_bottom import Encoder, SharedBottom
from helpers.support import validate
from helpers.training.loop import fit

USERS, VIDEOS = 300, 200
ROWS, VALID, TEST = 12_000, 4_000, 20_000
TOWERS = [32, 16]
EPOCHS = 60  # at most: a model stops three epochs after its lowest validation loss
BAIT = 0.8  # log-odds of a click, a standard deviation of bait
HISTORY, NOISE = "topic_history", 0.7  # a column, and by how much it misses a taste, in standard deviations of tastes
CLICK, LIKE, BOTH = TASKS

MODELS = ("single-task", "masked shared-bottom", "ESMM, not shared", "ESMM")
TOGETHER = MODELS[1:]  # what is trained on two tasks
SUM, CVR = GOALS = ("the sum", "the CVR")  # what settings are chosen for
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
            frame, events = impressions(seed, kind, strength, sum(sizes))
            labels = {CLICK: torch.from_numpy(events.click), LIKE: torch.from_numpy(events.like)}
            examples = funnel(Examples(columns.transform(frame), labels))
            for part, index in zip(parts, torch.arange(len(frame)).split(sizes), strict=True):
                part.append(examples.take(index))
            truth.append(events.part(slice(-TEST, None)))
        return Logs(list(seeds), kind, strength, *map(Examples.stack, parts), truth)


def impressions(seed: int, kind: str, strength: float, rows: int) -> tuple[pd.DataFrame, Events]:
    """Random users with random videos in the world of this seed, and what came of it."""
    world, rng = World.make(USERS, VIDEOS, seed), np.random.default_rng([seed, 71])
    user, video = (rng.integers(0, count, rows).astype(np.int32) for count in (USERS, VIDEOS))
    of_video = world.video_traits.iloc[video]
    appeal = 0.65 * world.affinity(user, video) + 0.6 * of_video["quality"].to_numpy()
    appeal = appeal / np.hypot(0.65, 0.6)  # about N(0, 1)
    events = draw_events(appeal, BAIT * of_video["bait"].to_numpy(), appeal, kind, strength, rng)
    shown = pd.DataFrame({"user": user, "video": video, HISTORY: history(world, user, video, seed)})
    return described(world, shown), events


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
    logits = {}
    for together in parts(model):
        if model != "single-task" or together[0] in tasks:
            logits |= chain(train(logs, model, together, chosen(logs, model, together, goal)), inputs)
    if model == "masked shared-bottom":
        logits[BOTH] = product_logit(logits[CLICK], logits[LIKE])
    return {task: logits[task] for task in tasks}


SITUATIONS = [(SEEN, 0.0), (SEEN, 1.0)]


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
