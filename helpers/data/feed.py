"""A feed is a world and its log: the one that the course ships, and a new one for each seed of an experiment.

Each seed draws a world of its own (`helpers.data.world`), so that an interval over seeds speaks for feeds like this
one, not for one sample. The models see what a company would log; the truth judges what they rank on top.

    python -m helpers.data.feed     # writes data/feed/ anew; data/README.md describes every column
"""

from __future__ import annotations

import argparse
import gzip
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ..support import validate
from ..support.files import whole
from .examples import Examples, Inputs
from .features import Dense, Features, Sparse
from .world import ACTIONS, AGES, COURSE, SEED, TOPICS, Biases, Kind, World, simulate

FOLDER = Path(__file__).parents[2] / "data" / "feed"
ENDING = ".csv.gz"

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
        kind: Kind | None = None,
    ) -> Feed:
        """Equal seeds, sizes and kinds give the same world under all biases."""
        world = World.make(users, videos, seed, kind)
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


@validate.checked
def described(world: World, rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with columns user and video, and what the company knows of both."""
    return rows.merge(world.users, on="user", how="left").merge(world.videos, on="video", how="left")


@validate.checked
def plain(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of a log for formulas of one's own: numbers of 64 bits, as 300 · like is more than an int8 can hold."""
    wide = {"i": np.int64, "f": np.float64}
    return rows.astype({name: wide[kind.kind] for name, kind in rows.dtypes.items() if kind.kind in wide})


@validate.checked
def features(users: int = USERS, videos: int = VIDEOS) -> Features:
    """Fitted on the catalogue, so that all worlds of a size have the same tables."""
    return Features(COLUMNS).fit(catalogue(users, videos))


@validate.checked
def catalogue(users: int, videos: int) -> pd.DataFrame:
    """Rows in which every id of such a world occurs, with usual durations."""
    ids = np.arange(max(users, videos))
    normal = np.random.default_rng(0).standard_normal(len(ids))
    rows = {"user": ids % users, "video": ids % videos, "author": ids % (videos // 8)}
    rows |= {"topic": np.array(TOPICS)[ids % len(TOPICS)], "age_group": np.array(AGES)[ids % len(AGES)]}
    return pd.DataFrame(rows | {"duration": 25 * np.exp(0.7 * normal)})


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


def tables(world: World, *, days: int = 10, seed: int = SEED) -> dict[str, pd.DataFrame]:
    """All tables by name. Names under truth/ hold what no company could log, and no model may see."""
    impressions, truth = simulate(world, days=days, seed=seed)
    autoplay, autoplay_truth = simulate(world, days=days, seed=seed, autoplay=True)
    return {
        "users": world.users,
        "videos": world.videos,
        "impressions": impressions,
        "autoplay": autoplay,
        "truth/users": world.user_traits,
        "truth/videos": world.video_traits,
        "truth/impressions": truth,
        "truth/autoplay": autoplay_truth,
    }


# The types of the columns, which a text file does not keep; all others are read as they look.
TYPES = (
    dict.fromkeys(["user", "video", "author", "duration", "time"], "int32")
    | dict.fromkeys(["day", "position", "click", "finish", *ACTIONS, "return_next_day"], "int8")
    | dict.fromkeys(["watch_seconds", "completion", "appeal", "satisfaction"], "float32")
)


@validate.checked
def write(folder: Path, named: Mapping[str, pd.DataFrame]) -> None:
    """Write each table to `folder`/NAME.csv.gz, whole or not at all. Equal tables give equal bytes (with one version of
    zlib)."""
    for name, table in named.items():
        path = _path(folder, name)
        with (
            whole(path) as part,
            part.open("wb") as file,
            gzip.GzipFile(path.stem, "wb", fileobj=file, mtime=0) as zipped,
        ):
            table.to_csv(zipped, index=False, lineterminator="\n")


@validate.checked
def load(name: str, folder: Path = FOLDER) -> pd.DataFrame:
    """One table of the course's feed: users, videos, impressions or autoplay, or its hidden side, truth/NAME."""
    path = _path(folder, name)
    if not path.exists():
        known = sorted(
            file.relative_to(folder).as_posix().removesuffix(ENDING) for file in Path(folder).rglob(f"*{ENDING}")
        )
        have = f"one of {known}" if known else f"tables in {folder}, where there are none"
        validate.fail("name", repr(name), f"{have} (git has them, and `python -m helpers.data.feed` writes them)")
    try:
        return pd.read_csv(path, dtype=TYPES)
    except Exception as error:  # gzip, zlib and pandas have many kinds for a damaged file
        came = f"{path.name}, which cannot be read ({type(error).__name__})"
        validate.fail("name", came, "the file as `python -m helpers.data.feed` or git wrote it")


def _path(folder: Path, name: str) -> Path:
    return Path(folder) / f"{name}{ENDING}"


if __name__ == "__main__":
    argparse.ArgumentParser(prog="python -m helpers.data.feed", description="Write data/feed/ anew.").parse_args()
    write(FOLDER, tables(World.make()))
    print(f"Wrote the feed to {FOLDER}.")
