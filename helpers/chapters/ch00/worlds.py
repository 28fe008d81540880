"""What a ranker meets in a world of the board: the log that it learns from, and the candidates that it ranks.

A ranker is a function of the log that returns a score; a score is a function of the candidates' rows that returns a
number for each. Both get a dict of tensors by name.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from helpers.data.feed import Feed, features
from helpers.data.world import AGES, TOPICS
from helpers.support import validate

Rows = dict[str, Tensor]
Score = Callable[[Rows], Tensor]
Ranker = Callable[[Rows], Score]

# Many users and few videos, as in chapter 01: a video must be seen often before its likes say anything.
SIZE = {"users": 2000, "videos": 150, "days": 8}
ROWS = 46_000  # of each log, the first in time: worlds that train together have equally many
LABELS = ("click", "finish", "like", "favourite", "share")
RETURN = "return_next_day"
IDS = features(SIZE["users"], SIZE["videos"]).tables[8]  # rows of one table for the ids of all columns

# The rankers of the board, and since when each is on it.
RANDOM, BY_COUNT, CLICK, FUSED_COUNTS = "random", "by count", "click model", "fused counts"
RETURNED, TASTE, HISTORY = "counts + return", "counts + taste", "counts + history"  # `steps.CLIMB`
# What bounds them. The first is the best that we found (`studies.ceilings`), and no proof; the last is exact.
LOG_TELLS, TASTE_TELLS, BEST = "what this log tells", "all that taste and quality tell", "best possible"
CEILINGS = (LOG_TELLS, TASTE_TELLS, BEST)
CHAPTERS = {RANDOM: "00", BY_COUNT: "00", CLICK: "00", FUSED_COUNTS: "01", RETURNED: "01"}
CHAPTERS |= {"weighted CE": "02", "0.3/0.7": "03", "fused towers": "03", "Shared-Bottom": "04", TASTE: "04"}
CHAPTERS |= {"UWL": "05", "GradNorm": "05", "MMoE": "06", "ESMM": "07", HISTORY: "07"}
CHAPTERS |= dict.fromkeys(("Shared-Bottom + return", "Shared-Bottom, fed", "separate, fed", "Wide & Deep, fed"), "08")
CHAPTERS |= dict.fromkeys(CEILINGS, "00")


def world(seed: int) -> Feed:
    return Feed.make(seed, **SIZE)


def tensors(rows: pd.DataFrame) -> Rows:
    """What is known of each row: every id from 0 on, the duration in seconds, and ids, `(n, 5)`: all of them as rows of
    one table."""
    codes = {"topic": pd.Index(TOPICS), "age_group": pd.Index(AGES)}
    columns = {name: rows[name].to_numpy() for name in ("user", "video", "author")}
    columns |= {name: index.get_indexer(rows[name]) for name, index in codes.items()}
    known = {name: torch.from_numpy(values.astype(np.int64)) for name, values in columns.items()}
    known["duration"] = torch.tensor(rows["duration"].to_numpy(np.float32))
    return known | {"ids": features(SIZE["users"], SIZE["videos"]).transform(rows)["sparse"]}


def log_of(feed: Feed) -> Rows:
    """The first `ROWS` rows of a log in time that train, by name: `(n,)` each, but ids `(n, 5)`.

    user, video, author, topic, age_group, ids   whole numbers from 0 on; ids are rows of one table of `IDS`
    duration                                     of the video, in seconds
    click, finish, like, favourite, share        what happened, 0. or 1.
    watch_seconds                                0 where nothing was clicked
    day                                          from 0 on
    return_next_day                              whether the user came back the day after, 0. or 1.
    """
    rows = feed.log.sort_values("time", kind="stable")[: ROWS * 9 // 10]
    happened = {name: torch.tensor(rows[name].to_numpy(np.float32)) for name in (*LABELS, "watch_seconds", RETURN)}
    return tensors(rows) | happened | {"day": torch.tensor(rows["day"].to_numpy(np.int64))}


def scores_of(score: Score, asked: Rows, came_from: str = "score") -> np.ndarray:
    """What `score` gives to the rows `asked`, `(n,)`. ValueError or TypeError for another shape, NaN and no number."""
    if not callable(score):
        wanted = "a function that takes rows and returns a number for each"
        validate.fail(came_from, type(score).__name__, wanted, TypeError)
    with torch.no_grad():
        scores = score(asked)
    if scores is None:
        validate.fail("what score returns", "None", "a number for each candidate: end score with return", TypeError)
    scores = validate.numbers("what score returns", scores)
    if scores.shape != (len(asked["user"]),):
        wanted = f"({len(asked['user'])},), one number for each candidate"
        validate.fail("what score returns", f"shape {scores.shape}", wanted)
    return validate.finite("what score returns", scores)
