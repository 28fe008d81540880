"""KuaiRand-Pure, read from your own download: a public log of a short-video app, as a worked mapping of columns.

27,285 users, 7,583 videos, 1.4 million impressions that the app chose and 1.2 million that chance chose, of April and
May 2022, under CC BY-SA 4.0; its log files take 184 MB (Gao et al., CIKM 2022, https://doi.org/10.1145/3511808.3557624;
https://kuairand.com). Of the three versions it is the one that its authors recommend for multi-task models. None of it
is part of this repository.

    frame = read("KuaiRand-Pure/data")
    check(DECLARATION, frame)
    by_chance = read("KuaiRand-Pure/data", RANDOM)

The random log is what chapter 07 asks for and no other log has: in the feed, here and there a video was replaced by one
drawn at random from all, so who saw it depends on nothing. It judges models that were trained on what the app chose.
"""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from helpers.capstone import reading
from helpers.capstone.declaration import Declaration
from helpers.support import validate

STANDARD = ("log_standard_4_08_to_4_21_pure.csv", "log_standard_4_22_to_5_08_pure.csv")  # what the app chose
RANDOM = ("log_random_4_22_to_5_08_pure.csv",)  # what chance chose, of the days of the second
USERS, VIDEOS = "user_features_pure.csv", "video_features_basic_pure.csv"

# What happened: labels. `is_click` is a click where covers are shown; where videos play by themselves it says that more
# than 7 seconds were played, or all of a shorter video. There it and `long_view` (18 seconds) are two thresholds of
# `play_time_ms`. When the numbers of the users were taken the authors do not say: ask that of `fans_user_num`.
LABELS = {"is_click": "binary", "is_like": "binary", "long_view": "binary"}

# What was known before: who, which video and whose, how long it is, on which page of the app, and what kind of user.
DECLARATION = Declaration(
    labels=LABELS,
    user="user_id",
    item="video_id",
    ids=("author_id", "tab", "user_active_degree", "is_video_author"),
    numbers=("duration_ms", "register_days", "fans_user_num"),
    time="time_ms",
)

# Measured after the impression: the first gives labels away, the others say much of them. None of them is a feature;
# nor is any column of the third table, `video_features_statistic_pure.csv`, whose counts are of the whole month.
LEAKS = (
    *("play_time_ms", "profile_stay_time", "comment_stay_time", "is_profile_enter"),
    *("is_follow", "is_comment", "is_forward", "is_hate"),
)


def read(folder: str | Path, logs: Sequence[str] = STANDARD, rows: int = 1_000_000) -> pd.DataFrame:
    """The first `rows` impressions in time, each with what is known of its user and its video.

    logs   names of log files: `STANDARD`, or `RANDOM`

    Raises FileNotFoundError that names the file which is missing.
    """
    rows = validate.number("rows", rows, low=1, whole=True)
    columns = [name for name in DECLARATION.columns() if name not in (*OF_USERS, *OF_VIDEOS)]
    log = pd.concat([reading.read(Path(folder) / name, columns) for name in logs])
    log = log.sort_values("time_ms", kind="stable")[:rows]
    for name, key, known in ((USERS, "user_id", OF_USERS), (VIDEOS, "video_id", OF_VIDEOS)):
        log = log.merge(reading.read(Path(folder) / name, [key, *known]), on=key, how="left", validate="many_to_one")
    return log


OF_USERS = ("user_active_degree", "is_video_author", "register_days", "fans_user_num")
OF_VIDEOS = ("author_id",)
