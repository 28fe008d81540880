"""An app that shuffles its lists by a known rule, and whose users look less the further down a video is.

Each visit of a user has a hundred videos on offer. Today's ranker orders them, and the app draws what it shows: places
1 to 3 from today's first six, places 4 to 10 from the next 24, and in a lottery list all ten from the hundred. So the
probability of each video at each place is known. The probabilities of clicks and likes are the feed's own
(`World.respond`), so what any ranker's lists bring is computed, not drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from helpers.chapters.ch00 import steps, worlds
from helpers.chapters.ch00.worlds import Ranker, Rows, Score
from helpers.data.feed import CANDIDATES, TOP, Feed
from helpers.data.world import ACTIONS, AGES, BAIT, CLICK, PRONE, SLOPES, TOPICS, World
from helpers.support import validate

USERS, VIDEOS = worlds.SIZE["users"], worlds.SIZE["videos"]
LOOK = 1 / np.arange(1, TOP + 1) ** 0.7  # probability that a user looks at a place: 1, 0.62, 0.46 … 0.20
FIRST, SECOND, ABOVE = 6, 24, 3  # today's first six fill the places above the fourth, the next 24 those below
LOTTERY = 0.1  # share of the lists that are drawn from all that is on offer
LIKED = ("like", "favourite", "share")
MOOD = 0.45  # the part of appeal that is drawn anew each time (`World.respond`)

TODAY, SAME, LIKES, STRANGER = "today, not shuffled", "the same for all", "today + likes", "counts + history"


def shares(lottery: float = LOTTERY) -> np.ndarray:
    """The probability that the video which today's ranker has at rank r is shown at place k: `(100, 10)`."""
    lottery = validate.number("lottery", lottery, low=0, high=1)
    table = np.full((CANDIDATES, TOP), lottery / CANDIDATES)
    table[:FIRST, :ABOVE] += (1 - lottery) / FIRST
    table[FIRST : FIRST + SECOND, ABOVE:] += (1 - lottery) / SECOND
    return table


@dataclass(frozen=True)
class Visits:
    """Visits of users: `user`, `(n,)`, and the videos on offer in today's order, `(n, 100)`."""

    user: np.ndarray
    offered: np.ndarray


@dataclass(frozen=True)
class Log:
    """What the app wrote down of `n` lists.

    visits          whose they were, and what was on offer
    rank            today's rank of the video at each place, from 0 on, `(n, 10)`
    shown           its number, `(n, 10)`
    clicked, liked  0. or 1., `(n, 10)`
    """

    visits: Visits
    rank: np.ndarray
    shown: np.ndarray
    clicked: np.ndarray
    liked: np.ndarray

    def __len__(self) -> int:
        return len(self.rank)

    def part(self, rows: slice) -> Log:
        """Some of its lists."""
        visits = Visits(self.visits.user[rows], self.visits.offered[rows])
        return Log(visits, self.rank[rows], self.shown[rows], self.clicked[rows], self.liked[rows])


@dataclass(frozen=True)
class App:
    """A world, today's ranker and those that wait for a test.

    click, like   probability of a click, and of a click with a like, a favourite or a share, if the user looks:
                  `(users, videos)` each
    scores        {ranker: (users, videos)}, today's first
    leave         probability that a user leaves after a click; 0 is what position-based estimates take for granted
    """

    seed: int
    click: np.ndarray
    like: np.ndarray
    scores: dict[str, np.ndarray]
    leave: float = 0.0

    @staticmethod
    def make(seed: int) -> App:
        """The world of the board with this seed; its rankers have counted its log."""
        feed = worlds.world(seed)
        return App(feed.seed, *chances(feed.world), _scores(feed))

    def visits(self, count: int, salt: int = 0) -> Visits:
        """So many visits of users in random order. Another `salt` draws others."""
        rng = np.random.default_rng([self.seed, 80, salt])
        user = rng.permutation(np.arange(validate.number("count", count, low=1, whole=True)) % USERS)
        offered = rng.permuted(np.tile(np.arange(VIDEOS), (count, 1)), axis=1)[:, :CANDIDATES]
        return Visits(user, self._ranking(TODAY, user, offered))

    def lists(self, ranker: str, visits: Visits) -> np.ndarray:
        """The ten that a ranker would show at each visit, `(n, 10)`."""
        return self._ranking(ranker, visits.user, visits.offered)[:, :TOP]

    def _ranking(self, ranker: str, user: np.ndarray, offered: np.ndarray) -> np.ndarray:
        score = self.scores[validate.choice("ranker", ranker, self.scores)][user[:, None], offered]
        return np.take_along_axis(offered, np.argsort(-score, axis=1, kind="stable"), axis=1)

    def log(self, visits: Visits, lottery: float = LOTTERY) -> Log:
        """Serve these visits as the app does, and write down what happened."""
        count, rng = len(visits.user), np.random.default_rng([self.seed, 81])
        first, second = (rng.permuted(np.tile(np.arange(size), (count, 1)), axis=1) for size in (FIRST, SECOND))
        rank = np.concatenate([first[:, :ABOVE], FIRST + second[:, : TOP - ABOVE]], axis=1)
        drawn = rng.random(count) < lottery
        anything = rng.permuted(np.tile(np.arange(CANDIDATES), (count, 1)), axis=1)[:, :TOP]
        rank = np.where(drawn[:, None], anything, rank)
        shown = np.take_along_axis(visits.offered, rank, axis=1)
        return Log(visits, rank, shown, *self.respond(visits.user, shown, rng))

    def respond(self, user: np.ndarray, shown: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Show lists, `(n, 10)`: clicked and liked, 0. or 1., of the same shape."""
        click, like = self.click[user[:, None], shown], self.like[user[:, None], shown]
        looks = rng.random(shown.shape) < LOOK
        clicked = looks & (rng.random(shown.shape) < click)
        leaves = clicked & (rng.random(shown.shape) < self.leave)
        clicked &= np.cumsum(leaves, axis=1) - leaves == 0
        return clicked * 1.0, clicked * (rng.random(shown.shape) < like / click)

    def truth(self, visits: Visits, lists: np.ndarray) -> float:
        """Likes that these lists, `(n, 10)`, bring on average."""
        user = visits.user[:, None]
        seen = LOOK * np.ones(lists.shape)  # and still there
        stays = 1 - self.leave * LOOK * self.click[user, lists]
        seen[:, 1:] *= stays.cumprod(axis=1)[:, :-1]
        return float((seen * self.like[user, lists]).sum(axis=1).mean())


def chances(world: World) -> tuple[np.ndarray, np.ndarray]:
    """The probabilities of a click, and of a click with a like, favourite or share, `(users, videos)` each: those of
    `World.respond`, mean of all moods."""
    user, video = np.indices((len(world.users), len(world.videos))).reshape(2, -1)
    shape = len(world.users), len(world.videos)
    traits, prone = world.video_traits, world.user_traits
    appeal = (0.65 * world.affinity(user, video)).reshape(shape) + 0.6 * traits["quality"].to_numpy()
    proneness = {name: PRONE * prone[f"{name}_proneness"].to_numpy()[:, None] for name in LIKED[:2]}
    click, like = np.zeros(shape), np.zeros(shape)
    moods, weights = np.polynomial.hermite_e.hermegauss(9)  # the mean of a function of a normal number
    for mood, weight in zip(moods, weights / weights.sum(), strict=True):
        felt = appeal + MOOD * mood
        clicks = _sigmoid(CLICK + SLOPES["click"] * felt + BAIT * traits["bait"].to_numpy())
        nothing = np.ones(shape)
        for name in LIKED:
            nothing *= 1 - _sigmoid(ACTIONS[name] + SLOPES[name] * felt + proneness.get(name, 0))
        click += weight * clicks
        like += weight * clicks * (1 - nothing)
    return click, like


def _scores(feed: Feed) -> dict[str, np.ndarray]:
    log, (user, video) = worlds.log_of(feed), torch.from_numpy(np.indices((USERS, VIDEOS)).reshape(2, -1))
    age = torch.from_numpy(feed.world.users["age_group"].map(AGES.index).to_numpy(np.int64).copy())
    topic = torch.from_numpy(feed.world.videos["topic"].map(TOPICS.index).to_numpy(np.int64).copy())
    rows = {"user": user, "video": video, "age_group": age[user], "topic": topic[video]}  # all that the rankers read
    return {name: ranker(log)(rows).numpy().reshape(USERS, VIDEOS) for name, ranker in RANKERS.items()}


def _rates(*labels: str) -> Ranker:
    """Counts of each label, the same for everybody."""

    def ranker(log: Rows) -> Score:
        score = sum(steps.rate(log["video"], log[label]).log() for label in labels) / len(labels)
        return lambda rows: score[rows["video"]]

    return ranker


def _personal(log: Rows) -> Score:
    """What age groups and single users prefer, at half strength."""
    score = steps.together(steps.taste, steps.own)(log)
    return lambda rows: score(rows) / 2


RANKERS = {
    TODAY: steps.together(_rates("click"), _personal),
    SAME: _rates("click"),
    LIKES: steps.together(_rates("click"), _rates(*LIKED), _personal),
    worlds.TASTE: steps.CLIMB[worlds.TASTE],
    STRANGER: steps.CLIMB[worlds.HISTORY],
}


def _sigmoid(logit: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-logit))
