"""A short-video feed in which, unlike in a real one, we know how satisfied each user was.

Users have tastes and habits, videos have topics and qualities; an impression shows one video to one user. What a
company would log (clicks, seconds, likes, …) depends on the *appeal* of the video to the user in that moment, and is
biased in three ways, each with a strength that can be set to 0 (`Biases`). True *satisfaction* is appeal together with
what stays when the video is over. No label is a function of it, it is no function of the labels, and much of it shows
in none.

Everything is drawn from `numpy.random.Generator`s made from one seed: equal seeds give equal files.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..support import validate

SEED = 20
DAY = 86_400  # seconds

TOPICS = ("animals", "comedy", "cooking", "games", "music", "news", "science", "sport")
AGES = ("18-24", "25-34", "35-49", "50+")

# How strongly each label depends on appeal: log-odds a unit of appeal. Their mean is 1; with target bias 0, each is 1.
SLOPES = {
    "click": 0.3,
    "finish": 0.6,
    "like": 1.4,
    "favourite": 1.7,
    "share": 1.2,
    "follow": 1.6,
    "comment": 0.4,
    "profile_visit": 0.8,
}
# Log-odds at average appeal: of a click on an impression, of an action on a video that plays.
CLICK = -1.1
ACTIONS = {"like": -4.0, "favourite": -5.4, "share": -5.0, "follow": -6.1, "comment": -4.1, "profile_visit": -3.5}
UNCHOSEN = -1.0  # added to all actions in autoplay, where the user did not choose the video

# Seconds watched: log-normal-like around WATCH for a video of usual length, with log-odds scaled by SPREAD.
WATCH, USUAL, SPREAD = 14.0, 25.0, 0.45
LONGEST = 600.0

# Item bias, at strength 1: log-odds a standard deviation of bait and hook; seconds grow as duration ** STRETCH.
BAIT, HOOK, STRETCH = 1.0, 0.9, 0.7
# User bias, at strength 1: log-odds a standard deviation of proneness.
PRONE = 1.2


@dataclass(frozen=True)
class Biases:
    """Strengths from 0 (absent) up; 1 is the feed of the course.

    target  labels say different amounts about appeal: a like more than a click; at 0 all depend on it equally
    item    bait is clicked, hooks hold people to the end, long videos collect more seconds, all without satisfying
    user    some users say it with likes, some with favourites
    """

    target: float = 1.0
    item: float = 1.0
    user: float = 1.0

    def __post_init__(self):
        for name in ("target", "item", "user"):
            validate.number(name, getattr(self, name), low=0)


COURSE = Biases()


@dataclass(frozen=True)
class Kind:
    """A world of another kind than the course's: part of its taste has no name in any column.

    style          weight in taste of a product of hidden numbers, one a user's and one a video's, summed
    numbers        how many of them each has
    age            weight in taste of what an age group shares; what a user's own topics have makes the squares sum to 1
    session        videos in a session, on average
    click, action  added to the log-odds of a click, and of each action on a video that plays
    """

    style: float
    numbers: int
    age: float
    session: float
    click: float
    action: float

    def __post_init__(self):
        validate.number("numbers", self.numbers, low=1, whole=True)
        validate.number("session", self.session, low=3)
        for name in ("style", "age"):
            validate.number(name, getattr(self, name), low=0, high=1)
        if self.style**2 + self.age**2 > 1:
            validate.fail("style, age", f"{self.style:g}, {self.age:g}", "squares that sum to 1 at most")


@dataclass(frozen=True)
class World:
    """Users and videos: what a company sees of them (`users`, `videos`), and their hidden traits."""

    users: pd.DataFrame
    videos: pd.DataFrame
    user_traits: pd.DataFrame
    video_traits: pd.DataFrame
    kind: Kind | None = None

    @staticmethod
    def make(users: int = 2000, videos: int = 3000, seed: int = SEED, kind: Kind | None = None) -> World:
        """Draw a world. Users and videos are numbered from 0; the columns are described in data/README.md.

        Of another kind, both have hidden traits style_0, style_1, … as well.
        """
        users = validate.number("users", users, low=1, whole=True)
        videos = validate.number("videos", videos, low=1, whole=True)
        rng = np.random.default_rng([validate.number("seed", seed, low=0, whole=True), 0])
        normal = rng.standard_normal

        age = rng.choice(len(AGES), users, p=[0.3, 0.3, 0.25, 0.15])
        group, personal = (0.6, 0.8) if kind is None else (kind.age, (1 - kind.age**2 - kind.style**2) ** 0.5)
        taste = group * normal((len(AGES), len(TOPICS)))[age] + personal * normal((users, len(TOPICS)))
        like_proneness = normal(users)
        favourite_proneness = -0.6 * like_proneness + 0.8 * normal(users)
        user_traits = {f"taste_{topic}": taste[:, k] for k, topic in enumerate(TOPICS)}
        user_traits |= {"like_proneness": like_proneness, "favourite_proneness": favourite_proneness}
        user_traits |= {"habit": normal(users)}

        authors = max(1, videos // 8)
        author = rng.integers(0, authors, videos)
        video_traits = {
            "quality": 0.6 * normal(authors)[author] + 0.8 * normal(videos),
            "bait": normal(videos),
            "hook": normal(videos),
            "worth": normal(videos),
        }
        duration = np.clip(np.round(USUAL * np.exp(0.7 * normal(videos))), 5, 300)
        topic = rng.integers(0, len(TOPICS), videos)
        if kind is not None:
            for traits, count in ((user_traits, users), (video_traits, videos)):
                traits |= {f"style_{k}": values for k, values in enumerate(normal((kind.numbers, count)))}
        user, video = np.arange(users, dtype=np.int32), np.arange(videos, dtype=np.int32)
        return World(
            users=pd.DataFrame({"user": user, "age_group": np.array(AGES)[age]}),
            videos=pd.DataFrame(
                {
                    "video": video,
                    "author": author.astype(np.int32),
                    "topic": np.array(TOPICS)[topic],
                    "duration": duration.astype(np.int32),
                }
            ),
            user_traits=pd.DataFrame({"user": user} | user_traits).round(3),
            video_traits=pd.DataFrame({"video": video} | video_traits).round(3),
            kind=kind,
        )

    def affinity(self, user: np.ndarray, video: np.ndarray) -> np.ndarray:
        """Each user's taste for the topic of the video next to it."""
        taste = self.user_traits[[f"taste_{topic}" for topic in TOPICS]].to_numpy()
        topic = pd.Index(TOPICS).get_indexer(self.videos["topic"])
        return taste[user, topic[video]]

    def style(self, user: np.ndarray, video: np.ndarray) -> np.ndarray:
        """What each user's taste for the video next to it has besides: 0 in a world of the course's kind."""
        if self.kind is None:
            return np.zeros(len(user))
        names = [f"style_{k}" for k in range(self.kind.numbers)]
        products = self.user_traits[names].to_numpy()[user] * self.video_traits[names].to_numpy()[video]
        return self.kind.style * products.sum(axis=1) / self.kind.numbers**0.5

    def respond(
        self,
        user: np.ndarray,
        video: np.ndarray,
        rng: np.random.Generator,
        biases: Biases = COURSE,
        autoplay: bool = False,
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Show video[i] to user[i] for each i: the labels, and the truth (appeal and satisfaction), a row each.

        With `autoplay` every video plays and there is no column click; without it only a clicked video plays.
        Satisfaction is what the user has from watching the video, or would have had.
        """
        validate.instance("rng", rng, np.random.Generator, "a numpy.random.Generator")
        validate.instance("biases", biases, Biases, "Biases")
        rows = validate.same_length(user=user, video=video)
        user, video = _row_numbers("user", user, self.users), _row_numbers("video", video, self.videos)
        of_user = {name: self.user_traits[name].to_numpy()[user] for name in ("like_proneness", "favourite_proneness")}
        of_video = {name: self.video_traits[name].to_numpy()[video] for name in ("quality", "bait", "hook", "worth")}
        duration = self.videos["duration"].to_numpy()[video]
        slope = {label: 1 + biases.target * (value - 1) for label, value in SLOPES.items()}

        taste = self.affinity(user, video) + self.style(user, video)
        appeal = 0.65 * taste + 0.6 * of_video["quality"] + 0.45 * rng.standard_normal(rows)
        lasting = 0.8 * of_video["worth"] + 0.6 * rng.standard_normal(rows)
        satisfaction = _sigmoid(1.2 * (0.75 * appeal + 0.66 * lasting))

        more, acts = (0, 0) if self.kind is None else (self.kind.click, self.kind.action)
        chance = _sigmoid(CLICK + more + slope["click"] * appeal + biases.item * BAIT * of_video["bait"])
        click = rng.random(rows) < chance
        plays = np.ones(rows, dtype=bool) if autoplay else click

        # log seconds are logistic, so that the log-odds of finishing are linear in appeal, like those of all labels.
        stretch = biases.item * STRETCH * np.log(duration / USUAL)
        drive = slope["finish"] * appeal + biases.item * HOOK * of_video["hook"] + rng.logistic(size=rows)
        seconds = np.minimum(WATCH * np.exp(stretch + SPREAD * drive), LONGEST)
        seconds = np.where(plays, np.maximum(np.round(seconds, 1), 0.1), 0.0)

        labels = {} if autoplay else {"click": click}
        labels |= {
            "watch_seconds": seconds.astype(np.float32),
            "completion": np.round(seconds / duration, 3).astype(np.float32),
            "finish": seconds >= duration,
        }
        prone = {"like": of_user["like_proneness"], "favourite": of_user["favourite_proneness"]}
        for action, base in ACTIONS.items():
            logit = base + acts + UNCHOSEN * autoplay + slope[action] * appeal
            logit = logit + biases.user * PRONE * prone.get(action, 0.0)
            labels[action] = plays & (rng.random(rows) < _sigmoid(logit))
        frame = pd.DataFrame(labels)
        flags = frame.select_dtypes(bool).columns
        return frame.astype(dict.fromkeys(flags, np.int8)), pd.DataFrame(
            {"appeal": appeal, "satisfaction": satisfaction}
        )


def simulate(
    world: World, *, days: int = 10, biases: Biases = COURSE, autoplay: bool = False, seed: int = SEED
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Let users come and watch for some days: (impressions, truth), with the same rows in the order of user and time.

    An active user has one session a day. Half of the videos are drawn at random, half are the better liked topic of
    two, and none comes twice. A user who was satisfied is more likely to return the next day. The position in a
    session changes nothing.
    """
    validate.instance("world", world, World, "a World")
    days = validate.number("days", days, low=1, high=127, whole=True)  # what a column of bytes holds
    rng = np.random.default_rng([validate.number("seed", seed, low=0, whole=True), 2 if autoplay else 1])
    users, videos = len(world.users), len(world.videos)
    habit = world.user_traits["habit"].to_numpy()
    seen = np.zeros((users, videos), dtype=bool)
    active = rng.random(users) < 0.6
    parts = []
    for day in range(days):
        user, video = _serve(world, np.flatnonzero(active), seen, rng)
        labels, truth = world.respond(user, video, rng, biases, autoplay)
        plays = labels["watch_seconds"].to_numpy() > 0
        total, count = (np.bincount(user, weights, users) for weights in (plays * truth["satisfaction"], plays * 1.0))
        chance = np.where(active, return_chance(habit, total, count), _sigmoid(-0.8 + 0.5 * habit))
        returns = rng.random(users) < chance
        part = pd.DataFrame({"user": user.astype(np.int32), "video": video.astype(np.int32), "day": np.int8(day)})
        part["position"] = (part.groupby("user").cumcount() + 1).astype(np.int8)
        start = day * DAY + rng.integers(7 * 3600, 22 * 3600, users)[user]
        taken = 2 + labels["watch_seconds"].astype(float)  # and two seconds to get to the next
        earlier = taken.groupby(user).cumsum() - taken
        part["time"] = (start + np.floor(earlier)).astype(np.int32)
        labels["return_next_day"] = returns[user].astype(np.int8)
        parts.append(pd.concat([part, labels, truth], axis=1))
        active = returns
    table = pd.concat(parts).sort_values(["user", "time"], ignore_index=True)
    hidden = table[["user", "video"]].join(table[list(truth)].round(3).astype(np.float32))
    return table.drop(columns=list(truth)), hidden


@validate.checked
def return_chance(habit: np.ndarray, total: np.ndarray, count: np.ndarray) -> np.ndarray:
    """The chance that users come back the day after a session of `count` videos that gave a `total` of satisfaction.

    What counts is the mean satisfaction of the day, drawn to 0.4 where little was played.
    """
    enjoyed = (total + 0.4) / (count + 1)
    return _sigmoid(0.4 + 0.5 * habit + 4 * (enjoyed - 0.5))


def _serve(
    world: World, active: np.ndarray, seen: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw a session of videos for each active user; what was `seen` is not shown again, and what is shown is noted."""
    session = 8 if world.kind is None else world.kind.session
    user = np.repeat(active, 3 + rng.poisson(session - 3, len(active)))
    one, other = rng.integers(0, len(world.videos), (2, len(user)))
    prefers = world.affinity(user, other) > world.affinity(user, one)
    video = np.where(prefers & (rng.random(len(user)) < 0.5), other, one)
    again = seen[user, video] | pd.DataFrame({"user": user, "video": video}).duplicated().to_numpy()
    user, video = user[~again], video[~again]
    seen[user, video] = True
    return user, video


def _row_numbers(name: str, values: np.ndarray, table: pd.DataFrame) -> np.ndarray:
    values = np.asarray(values)
    if values.dtype.kind not in "iu":
        validate.fail(name, f"dtype {values.dtype}", "integers", TypeError)
    if len(values) and not 0 <= values.min() <= values.max() < len(table):
        validate.fail(name, f"numbers from {values.min()} to {values.max()}", f"numbers from 0 to {len(table) - 1}")
    return values


def _sigmoid(logit: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-logit))
