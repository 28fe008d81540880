"""The feed as an experiment: a world a seed, models trained on its log, and the true satisfaction with what they serve.

Each seed draws a world of its own (users, videos, log), so that an interval over seeds speaks for feeds like this one,
not for one sample. The models see what a company would log; the truth judges what they rank on top.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.data.examples import Examples, Inputs
from helpers.data.features import Dense, Features, Sparse
from helpers.data.feed import AGES, COURSE, TOPICS, Biases, World, simulate
from helpers.support import validate

USERS, VIDEOS, DAYS = 600, 400, 10
COLUMNS = [Sparse("user"), Sparse("video"), Sparse("author"), Sparse("topic"), Sparse("age_group"), Dense("duration")]
CANDIDATES, TOP = 100, 10  # a user is offered so many videos, and sees so many of them


@dataclass(frozen=True)
class Feed:
    """A world and its log, with the columns of its users and videos for each impression."""

    world: World
    log: pd.DataFrame
    biases: Biases
    autoplay: bool
    seed: int

    @staticmethod
    def make(
        seed: int,
        *,
        biases: Biases = COURSE,
        autoplay: bool = False,
        users: int = USERS,
        videos: int = VIDEOS,
        days: int = DAYS,
    ) -> Feed:
        """Equal seeds and sizes give the same world under all biases."""
        world = World.make(users, videos, seed)
        log, _ = simulate(world, days=days, biases=biases, autoplay=autoplay, seed=seed)
        return Feed(world, described(world, log), biases, autoplay, seed)

    def examples(self, features: Features, tasks: dict[str, str], rows: int) -> tuple[Examples, Examples]:
        """Training and validation examples {task: column}: the last tenth of the first `rows` rows in time validates.

        All feeds of an experiment are cut to the same number of rows, as models that train together need.
        """
        if len(self.log) < rows:
            validate.fail("rows", str(rows), f"at most {len(self.log)}, the rows of feed {self.seed}")
        log = self.log.sort_values("time", kind="stable")[:rows]
        cut = rows * 9 // 10
        return features.examples(log[:cut], tasks), features.examples(log[cut:], tasks, groups="user")


def described(world: World, rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with columns user and video, and what the company knows of both."""
    return rows.merge(world.users, on="user", how="left").merge(world.videos, on="video", how="left")


def plain(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of a log for formulas of one's own: numbers of 64 bits, as 300 · like is more than an int8 can hold."""
    wide = {"i": np.int64, "f": np.float64}
    return rows.astype({name: wide[kind.kind] for name, kind in rows.dtypes.items() if kind.kind in wide})


def features(users: int = USERS, videos: int = VIDEOS) -> Features:
    """Fitted on the catalogue (every id, usual durations), so that all worlds of a size have the same tables."""
    ids = np.arange(max(users, videos))
    normal = np.random.default_rng(0).standard_normal(len(ids))
    catalogue = {"user": ids % users, "video": ids % videos, "author": ids % (videos // 8)}
    catalogue |= {"topic": np.array(TOPICS)[ids % len(TOPICS)], "age_group": np.array(AGES)[ids % len(AGES)]}
    return Features(COLUMNS).fit(pd.DataFrame(catalogue | {"duration": 25 * np.exp(0.7 * normal)}))


@dataclass(frozen=True)
class Offer:
    """What could be served: for each of some users `CANDIDATES` videos, and what each would bring if it were shown.

    rows      DataFrame, a row a candidate: user, video, what the company knows of both
    outcomes  DataFrame, the same rows: the labels, appeal, satisfaction, and the video's bait, hook and duration
    """

    rows: pd.DataFrame
    outcomes: pd.DataFrame

    @staticmethod
    def make(feed: Feed, users: int = 200) -> Offer:
        rng = np.random.default_rng([feed.seed, 3])
        everyone, catalogue = len(feed.world.users), len(feed.world.videos)
        user = np.repeat(rng.permutation(everyone)[:users], CANDIDATES).astype(np.int32)
        video = np.concatenate([rng.permutation(catalogue)[:CANDIDATES] for _ in range(users)]).astype(np.int32)
        labels, truth = feed.world.respond(user, video, rng, feed.biases, feed.autoplay)
        rows = described(feed.world, pd.DataFrame({"user": user, "video": video}))
        traits = feed.world.video_traits.set_index("video").loc[video, ["bait", "hook"]].reset_index(drop=True)
        return Offer(rows, pd.concat([labels, truth, traits, rows[["duration"]]], axis=1))

    def served(self, scores: Sequence[float]) -> pd.Series:
        """Means of the outcomes over the `TOP` candidates of each user with the highest scores."""
        scores = validate.finite("scores", np.asarray(scores, dtype=float))
        if scores.shape != (len(self.rows),):
            validate.fail("scores", f"shape {scores.shape}", f"({len(self.rows)},), one a candidate")
        best = np.argsort(-scores.reshape(-1, CANDIDATES), axis=1, kind="stable")[:, :TOP]
        chosen = (best + CANDIDATES * np.arange(len(best))[:, None]).ravel()
        return self.outcomes.iloc[chosen].mean()

    def inputs(self, features: Features) -> Inputs:
        return features.transform(self.rows)
