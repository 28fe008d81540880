"""What chapter 00 keeps: one score for two goals and every task weight, the chances behind the first list of ten, and
two scorers without a model.
"""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd
import torch
from torch import Tensor, nn

from helpers.chapters.ch00.primer import days, one_more_day, rate
from helpers.data.examples import Examples, Inputs
from helpers.data.features import Features
from helpers.data.feed import Feed, Offer, features
from helpers.evaluation.metrics import auc, gauc
from helpers.lab.kept_table import KeptTable, kept_tables
from helpers.lab.recheck import Recheck
from helpers.models.shared_bottom import SingleTask
from helpers.training.loop import fit

GOALS = {"click": "binary", "finish": "binary"}
ROWS = 16_000  # of each feed's log: all feeds have as many
WIDTH, LEARNING_RATE, EPOCHS = 16, 0.003, 6  # chosen on feeds 900 to 905, which no result uses
TASK_WEIGHTS = tuple(tenths / 10 for tenths in range(11))
USER_RATE, VIDEO_RATE = "the user's like rate", "the video's like rate"


class OneScore(nn.Module):
    """One ranking score for all goals; each goal has only a constant of its own, for some things happen more often."""

    def __init__(self, features: Features, seed: int = 0):
        super().__init__()
        self.tasks = GOALS
        self.score = SingleTask(features, "score", "binary", [WIDTH], [], seed=seed)
        self.constants = nn.Parameter(torch.zeros(len(GOALS)))

    def forward(self, inputs: Inputs) -> dict[str, Tensor]:
        score = self.score(inputs)["score"]  # (n,)
        return {goal: score + constant for goal, constant in zip(self.tasks, self.constants, strict=True)}


def task_weights(seeds: Sequence[int], weights: Sequence[float] = TASK_WEIGHTS) -> pd.DataFrame:
    """One score trained on w·L(click) + (1−w)·L(finish), and what the ten videos that it ranks on top bring each user.

    L(finish) is the mean over clicked rows: nobody finishes what was not clicked. A row a weight (of the click) and
    seed: `clicked`, the share of the served videos that were clicked; `finished`, the share of those that were watched
    to the end; `satisfaction`, the mean true one of all served, next to that of a `random` list and of the `best` one.
    """
    encoded = features()
    each = [Feed.make(seed) for seed in seeds]
    train, valid = map(Examples.stack, zip(*[_examples(feed, encoded) for feed in each], strict=True))
    offers = [Offer.make(feed) for feed in each]
    rows = []
    for weight in weights:
        models = [OneScore(encoded, seed) for seed in seeds]
        task_weights = {"click": weight, "finish": 1 - weight}
        options = {"epochs": EPOCHS, "batch_size": 512, "lr": LEARNING_RATE, "seed": list(seeds)}
        fit(models, train, valid, task_weights=task_weights, **options)
        for seed, offer, model in zip(seeds, offers, models, strict=True):
            with torch.no_grad():
                served = offer.served(model(offer.inputs(encoded))["click"].numpy())
            truth = offer.outcomes["satisfaction"]
            best = offer.served(truth)["satisfaction"]
            finished = served["finish"] / served["click"]
            rows.append((weight, seed, served["click"], finished, served["satisfaction"], truth.mean(), best))
    columns = ["weight", "seed", "clicked", "finished", "satisfaction", "random", "best"]
    return pd.DataFrame(rows, columns=columns)


def _examples(feed: Feed, encoded: Features) -> list[Examples]:
    """Training and validation examples in which finish was observed on clicked rows only."""
    both = feed.examples(encoded, {goal: goal for goal in GOALS}, ROWS)
    return [replace(part, masks={"finish": part.labels["click"] == 1}) for part in both]


def chances(seed: int, users: int, videos: int) -> pd.DataFrame:
    """What two networks, one for each goal, say of the first `videos` candidates of each of some users of a feed.

    A row a user and candidate: `user`, `number`, the chance of a `click`, of a `finish` after it, the video's `topic`
    and `duration`, and the true `satisfaction`.
    """
    encoded, feed = features(), Feed.make(seed)
    train, valid = _examples(feed, encoded)
    offer = Offer.make(feed, users)
    table = offer.rows.join(offer.outcomes[["satisfaction"]])
    for goal, kind in GOALS.items():
        model = SingleTask(encoded, goal, kind, [WIDTH], [], seed=seed)
        fit(model, train.only(goal), valid.only(goal), epochs=EPOCHS, batch_size=512, lr=LEARNING_RATE, seed=seed)
        with torch.no_grad():
            table[goal] = torch.sigmoid(model(offer.inputs(encoded))[goal]).numpy()
    table["number"] = table.groupby("user").cumcount()
    table["user"] = table["user"].factorize()[0]
    columns = ["user", "number", *GOALS, "topic", "duration", "satisfaction"]
    return table.loc[table["number"] < videos, columns].round(3).reset_index(drop=True)


def scorers(seeds: Sequence[int]) -> pd.DataFrame:
    """Two scorers without any model, judged on the likes of an autoplay feed: seed, scorer, auc, gauc."""
    rows = []
    for seed in seeds:
        history, judged = days(seed, autoplay=True)
        for name, key in ((USER_RATE, "user"), (VIDEO_RATE, "video")):
            score = rate(history, judged, key, "like")
            by_user = gauc(score, judged["like"], judged["user"]).value
            rows.append((seed, name, auc(score, judged["like"]), by_user))
    return pd.DataFrame(rows, columns=["seed", "scorer", "auc", "gauc"])


BROUGHT = dict.fromkeys(("clicked", "finished", "satisfaction", "random", "best"), 0.02)
TABLES = kept_tables(
    KeptTable(
        "00_task_weights",
        task_weights,
        {"seeds": range(20)},
        [Recheck({"seeds": [3, 17], "weights": [0.3, 1.0]}, BROUGHT)],
    ),
    KeptTable(
        "00_chances",
        chances,
        {"seed": 0, "users": 12, "videos": 40},
        [Recheck({}, {"click": 0.02, "finish": 0.02, "duration": 1e-6, "satisfaction": 1e-6})],
    ),
    KeptTable("00_scorers", scorers, {"seeds": range(20)}, [Recheck({"seeds": [5]}, {"auc": 0.02, "gauc": 0.02})]),
    KeptTable("00_one_more_day", one_more_day, {"seeds": range(20)}, [Recheck({"seeds": [5]}, {"auc": 0.02})]),
)
