"""KuaiRand-1K, read from your own download: a public log of a short-video app, as a worked mapping of columns.

1,000 users, 4.4 million videos and 11.7 million impressions of April and May 2022, under CC BY-SA 4.0; the log files of
the 1K version are 829 MB (Gao et al., CIKM 2022, https://doi.org/10.1145/3511808.3557624; https://kuairand.com). None
of it is part of this repository.

    frame = read("KuaiRand-1K/data")
    check(DECLARATION, frame)
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from helpers.capstone import reading
from helpers.capstone.declaration import Declaration
from helpers.support import validate

LOG, USERS = "log_standard_4_22_to_5_08_1k.csv", "user_features_1k.csv"

# What happened: labels. `is_click` is a click where covers are shown; where videos play by themselves it says that more
# than 7 seconds were played, or all of a shorter video. There it and `long_view` (18 seconds) are two thresholds of
# `play_time_ms`. When the numbers of the users were taken the authors do not say: ask that of `fans_user_num`.
LABELS = {"is_click": "binary", "is_like": "binary", "long_view": "binary"}

# What was known before: who, which video, how long it is, on which page of the app, and what kind of user.
DECLARATION = Declaration(
    labels=LABELS,
    user="user_id",
    item="video_id",
    ids=("tab", "user_active_degree", "is_video_author"),
    numbers=("duration_ms", "register_days", "fans_user_num"),
    time="time_ms",
)

# Measured after the impression: the first gives labels away, the others say much of them. None of them is a feature.
LEAKS = (
    *("play_time_ms", "profile_stay_time", "comment_stay_time", "is_profile_enter"),
    *("is_follow", "is_comment", "is_forward", "is_hate"),
)


def read(folder: str | Path, rows: int = 1_000_000) -> pd.DataFrame:
    """The first `rows` impressions of the standard log in time, each with what is known of its user.

    Raises FileNotFoundError that names the file which is missing.
    """
    rows = validate.number("rows", rows, low=1, whole=True)
    log, users = (reading.read(Path(folder) / name, names) for name, names in WANTED.items())
    log = log.sort_values("time_ms", kind="stable")[:rows]
    return log.merge(users, on="user_id", how="left", validate="many_to_one")


OF_USERS = ("user_active_degree", "is_video_author", "register_days", "fans_user_num")
WANTED = {
    LOG: [column for column in DECLARATION.columns() if column not in OF_USERS],
    USERS: ["user_id", *OF_USERS],
}
