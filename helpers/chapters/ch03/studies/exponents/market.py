"""A feed that is served by a product of predictions, Π p^exponent, to users who come back or not.

Every world is one of chapter 01: 2,000 users, 150 videos, and one Shared-Bottom, trained on the log of eight days. Then
every user comes on several further days, is offered 100 videos a day, and sees the ten with the highest product. The
exponents may be tried on some days; the others judge them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import pandas as pd
import torch

from helpers.chapters.ch01.ranking import SIZE
from helpers.chapters.ch01.studies import ranking
from helpers.data.feed import CANDIDATES, TOP, Feed, described, features
from helpers.data.world import Biases, return_chance, simulate
from helpers.support import validate

GOALS = ("click", "watch_time", "finish", "like", "favourite", "share")
REWARDS = ("returns", "satisfaction", "seconds", "clicks")
TOGETHER = 4  # worlds whose models train at once
TRIED, JUDGED = 4, 2  # days of each user
EXACT, BLOCK = 0, 1_000  # the users of a trial without noise, and the user-days that it looks at

# Two kinds of user, whom the company can tell apart. In the second sort of world bait, hooks
# and length (the item bias) move the labels of the young alone.
YOUNG = ("18-24", "25-34")
ALIKE, YOUNG_BAITED = SORTS = ("all alike", "bait for the young alone")
BAITED, UNBAITED = Biases(item=2.0), Biases(item=0.0)


@dataclass(frozen=True)
class Days:
    """Days of users: what was predicted of the videos on offer, and what each would bring.

    logs      (days, candidates, goals): log p, and for watch time the predicted log(1 + seconds)
    brings    {plays, seconds, satisfaction: (days, candidates)}
    habit     (days,): how prone to return the user is
    young     (days,): the user's kind
    """

    logs: np.ndarray
    brings: dict[str, np.ndarray]
    habit: np.ndarray
    young: np.ndarray

    def __len__(self) -> int:
        return len(self.habit)

    def __getitem__(self, rows: slice | np.ndarray) -> Days:
        brings = {name: values[rows] for name, values in self.brings.items()}
        return Days(self.logs[rows], brings, self.habit[rows], self.young[rows])

    def ten(self, exponents: np.ndarray) -> np.ndarray:
        """The candidates with the highest product, `(days, TOP)`. exponents: `(goals,)`, or `(days, goals)`."""
        minus = -np.asarray(exponents, dtype=np.float32)
        if minus.ndim == 1:
            score = (self.logs.reshape(-1, len(GOALS)) @ minus).reshape(-1, CANDIDATES)
        else:
            score = np.einsum("ncg,ng->nc", self.logs, minus)
        return np.argpartition(score, TOP, axis=1)[:, :TOP]

    def brought(self, ten: np.ndarray) -> dict[str, np.ndarray]:
        """{reward: (days,)} of lists of ten: the chance to return, and means over the list."""
        plays, seconds, satisfaction = (np.take_along_axis(values, ten, axis=1) for values in self.brings.values())
        chance = return_chance(self.habit, (plays * satisfaction).sum(1), plays.sum(1))
        means = (satisfaction.mean(1), seconds.mean(1), plays.mean(1))
        return dict(zip(REWARDS, (chance, *means), strict=True))

    def shown(self, ten: np.ndarray) -> np.ndarray:
        """How far the predictions of the ten lie above those of all on offer, in logs: `(days, goals)`."""
        return np.take_along_axis(self.logs, ten[..., None], axis=1).mean(1) - self.logs.mean(1)

    def value(self, exponents: np.ndarray) -> dict[str, float]:
        """The mean of each reward."""
        return {name: float(values.mean()) for name, values in self.brought(self.ten(exponents)).items()}


class Market:
    """Where exponents are tried: each call serves the next `users` user-days by them, and returns their mean reward.

    days     from which the users come, in turn
    users    of one trial; `EXACT`: the same `BLOCK` in each, and of each the chance to return, which nobody can see
    reward   one of `REWARDS`; a return is drawn: yes or no
    """

    def __init__(self, days: Days, users: int, reward: str = "returns", seed: int = 0):
        self.days, self.users, self.reward = days, users, validate.choice("reward", reward, REWARDS)
        self._rng, self._next = np.random.default_rng([seed, 7]), 0

    def serve(self, exponents: np.ndarray) -> tuple[Days, np.ndarray, np.ndarray]:
        """The days of one trial, their lists of ten, and the reward of each, `(users,)`."""
        size = BLOCK if self.users == EXACT else min(self.users, len(self.days))
        start = 0 if self.users == EXACT or self._next + size > len(self.days) else self._next
        self._next = start + size
        part = self.days[start : start + size]
        ten = part.ten(exponents)
        values = part.brought(ten)[self.reward]
        if self.reward == "returns" and self.users != EXACT:
            values = (self._rng.random(size) < values).astype(float)
        return part, ten, values

    def __call__(self, exponents: np.ndarray) -> float:
        return float(self.serve(exponents)[-1].mean())


def markets(seeds: Sequence[int], sort: str = ALIKE) -> Iterator[tuple[int, Days, Days]]:
    """Of each world: its seed, the days on which exponents are tried, and those on which they are judged."""
    encoded = features(SIZE["users"], SIZE["videos"])
    for start in range(0, len(seeds), TOGETHER):
        feeds = [make(seed, sort) for seed in seeds[start : start + TOGETHER]]
        run = ranking.train(feeds, encoded, *ranking.TUNED["shared-bottom"], ranking.TASKS)
        logits = run.predict(_everything(feeds, encoded))
        for number, feed in enumerate(feeds):
            logs = np.stack([_log(goal, logits[goal][number]) for goal in GOALS], axis=-1)
            logs = logs.reshape(SIZE["users"], SIZE["videos"], len(GOALS))
            both = range(TRIED), range(TRIED, TRIED + JUDGED)
            yield feed.seed, *(_days(feed, logs, sort, days) for days in both)


@lru_cache(maxsize=1)
def world(seed: int) -> tuple[Days, Days]:
    """One of `markets`: the days on which exponents are tried, and those on which they are judged."""
    _, tried, judged = next(markets([seed]))
    return tried, judged


def make(seed: int, sort: str = ALIKE) -> Feed:
    """The feed with its log. Of the second sort, the users of each kind have lived in a world of their own biases."""
    feed = Feed.make(seed, **SIZE)
    if validate.choice("sort", sort, SORTS) == YOUNG_BAITED:
        logs = [simulate(feed.world, days=SIZE["days"], biases=biases, seed=seed)[0] for biases in (UNBAITED, BAITED)]
        young = _young(feed)
        log = pd.concat([rows[young[rows["user"]] == kind] for kind, rows in enumerate(logs)], ignore_index=True)
        feed = replace(feed, log=described(feed.world, log))
    return ranking.with_log_seconds(feed)


def _young(feed: Feed) -> np.ndarray:
    return feed.world.users["age_group"].isin(YOUNG).to_numpy()


def _everything(feeds: Sequence[Feed], encoded) -> dict[str, torch.Tensor]:
    """Every user with every video, as inputs."""
    users, videos = SIZE["users"], SIZE["videos"]
    pairs = pd.DataFrame({"user": np.repeat(np.arange(users), videos), "video": np.tile(np.arange(videos), users)})
    inputs = [encoded.transform(described(feed.world, pairs)) for feed in feeds]
    return {name: torch.stack([of_feed[name] for of_feed in inputs]) for name in inputs[0]}


def _log(goal: str, logit: torch.Tensor) -> np.ndarray:
    return (logit if goal == "watch_time" else torch.nn.functional.logsigmoid(logit)).numpy()


def _days(feed: Feed, logs: np.ndarray, sort: str, days: Sequence[int]) -> Days:
    """All users on these days, in random order."""
    users, videos, young = SIZE["users"], SIZE["videos"], _young(feed)
    rng = np.random.default_rng([feed.seed, 8, days[0]])
    user = rng.permutation(np.repeat(np.arange(users), len(days)))
    video = rng.permuted(np.tile(np.arange(videos), (len(user), 1)), axis=1)[:, :CANDIDATES]
    pairs = np.repeat(user, CANDIDATES), video.ravel()

    def respond(biases: Biases) -> list[np.ndarray]:
        labels, truth = feed.world.respond(*pairs, rng, biases)
        return [labels["watch_seconds"].to_numpy(), truth["satisfaction"].to_numpy()]

    if sort == ALIKE:
        seconds, satisfaction = respond(feed.biases)
    else:
        both = zip(respond(UNBAITED), respond(BAITED), strict=True)
        seconds, satisfaction = (np.where(young[pairs[0]], baited, unbaited) for unbaited, baited in both)
    brings = {"plays": seconds > 0, "seconds": seconds, "satisfaction": satisfaction}
    brings = {name: values.astype(np.float32).reshape(video.shape) for name, values in brings.items()}
    return Days(logs[user[:, None], video], brings, feed.world.user_traits["habit"].to_numpy()[user], young[user])
