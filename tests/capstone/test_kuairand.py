"""KuaiRand's columns, on a tiny file of our own with the header that its authors describe."""

import numpy as np
import pandas as pd
import pytest

from helpers.capstone import kuairand
from helpers.capstone.preparation import prepare, split
from helpers.capstone.table_checks import check

HEADER = [
    *("user_id", "video_id", "date", "hourmin", "time_ms", "is_click", "is_like", "is_follow", "is_comment"),
    *("is_forward", "is_hate", "long_view", "play_time_ms", "duration_ms", "profile_stay_time", "comment_stay_time"),
    *("is_profile_enter", "is_rand", "tab"),
]
OF_USERS = ["user_id", "user_active_degree", "is_video_author", "register_days", "fans_user_num", "onehot_feat0"]


@pytest.fixture
def folder(tmp_path):
    rng, rows = np.random.default_rng(0), 4_000
    log = pd.DataFrame({name: rng.integers(0, 2, rows) for name in HEADER})
    log = log.assign(
        user_id=rng.integers(0, 40, rows), video_id=rng.integers(0, 900, rows), tab=rng.integers(0, 15, rows)
    )
    log["time_ms"] = 1_650_485_801_301 + rng.permutation(rows) * 1000
    log = log.assign(duration_ms=rng.integers(5_000, 90_000, rows), play_time_ms=rng.integers(0, 90_000, rows))
    log["is_like"] = (rng.random(rows) < 0.2).astype(int)
    log["long_view"] = (log["play_time_ms"] >= np.minimum(log["duration_ms"], 18_000)).astype(int)
    log.to_csv(tmp_path / kuairand.LOG, index=False)
    users = pd.DataFrame({name: rng.integers(0, 2, 40) for name in OF_USERS}).assign(user_id=range(40))
    users.assign(user_active_degree=rng.choice(["full_active", "UNKNOWN"], 40)).to_csv(
        tmp_path / kuairand.USERS, index=False
    )
    return tmp_path


def test_what_is_read_passes_the_check_and_leaves_out_what_came_afterwards(folder):
    frame = kuairand.read(folder)
    assert len(frame) == 4_000 and frame["time_ms"].is_monotonic_increasing
    assert set(frame.columns) == set(kuairand.DECLARATION.columns())
    assert not set(kuairand.LEAKS) & set(kuairand.DECLARATION.columns()) and set(kuairand.LEAKS) < set(HEADER)
    assert check(kuairand.DECLARATION, frame).stopping == []
    train, _, test = split(kuairand.DECLARATION, prepare(kuairand.DECLARATION, frame))
    assert train["time_ms"].max() < test["time_ms"].min()


def test_the_first_rows_in_time_are_read(folder):
    every, few = kuairand.read(folder), kuairand.read(folder, rows=100)
    assert few["time_ms"].tolist() == every["time_ms"].tolist()[:100]


def test_a_missing_file_is_named(folder):
    (folder / kuairand.USERS).unlink()
    with pytest.raises(FileNotFoundError, match=r"user_features_1k\.csv"):
        kuairand.read(folder)
