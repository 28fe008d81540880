"""KuaiRand's columns, on a tiny file of our own with the header that its authors describe."""

import numpy as np
import pandas as pd
import pytest

from helpers.capstone import kuairand
from helpers.capstone.preparation import prepare, split
from helpers.capstone.ranker import Ranker, Recipe
from helpers.capstone.table_checks import check

HEADER = [
    *("user_id", "video_id", "date", "hourmin", "time_ms", "is_click", "is_like", "is_follow", "is_comment"),
    *("is_forward", "is_hate", "long_view", "play_time_ms", "duration_ms", "profile_stay_time", "comment_stay_time"),
    *("is_profile_enter", "is_rand", "tab"),
]
OF_USERS = ["user_id", "user_active_degree", "is_video_author", "register_days", "fans_user_num", "onehot_feat0"]


OF_VIDEOS = [
    *("video_id", "author_id", "video_type", "upload_dt", "upload_type", "visible_status", "video_duration"),
    *("server_width", "server_height", "music_id", "music_type", "tag"),
]
USERS, VIDEOS = 40, 90
BOTH_LOGS = (kuairand.STANDARD, kuairand.RANDOM)
LOGS = {  # file: its first moment, and its rows
    "log_standard_4_08_to_4_21_pure.csv": (1_649_400_000_000, 3_000),
    "log_standard_4_22_to_5_08_pure.csv": (1_650_600_000_000, 1_000),
    "log_random_4_22_to_5_08_pure.csv": (1_650_600_000_000, 500),
}


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    for name, (start, rows) in LOGS.items():
        log = pd.DataFrame({column: rng.integers(0, 2, rows) for column in HEADER})
        log = log.assign(user_id=rng.integers(0, USERS, rows), video_id=rng.integers(0, VIDEOS, rows))
        log = log.assign(tab=rng.integers(0, 15, rows), is_rand=int("random" in name))
        log["time_ms"] = start + rng.permutation(rows) * 1000
        log = log.assign(duration_ms=rng.integers(5_000, 90_000, rows), play_time_ms=rng.integers(0, 90_000, rows))
        log["is_like"] = (rng.random(rows) < 0.2).astype(int)
        log["long_view"] = (log["play_time_ms"] >= np.minimum(log["duration_ms"], 18_000)).astype(int)
        log.to_csv(tmp_path / name, index=False)
    users = pd.DataFrame({name: rng.integers(0, 2, USERS) for name in OF_USERS}).assign(user_id=range(USERS))
    users = users.assign(user_active_degree=rng.choice(["full_active", "UNKNOWN"], USERS))
    users.to_csv(tmp_path / kuairand.USERS, index=False)
    videos = pd.DataFrame({name: rng.integers(0, 9, VIDEOS) for name in OF_VIDEOS}).assign(video_id=range(VIDEOS))
    videos = videos.assign(video_type="NORMAL", upload_dt="2022-04-01", tag="12,65")
    videos.to_csv(tmp_path / kuairand.VIDEOS, index=False)
    return tmp_path


def test_what_is_read_passes_the_check_and_leaves_out_what_came_afterwards(folder):
    frame = kuairand.read(folder)
    assert len(frame) == 4_000 and frame["time_ms"].is_monotonic_increasing
    assert set(frame.columns) == set(kuairand.DECLARATION.columns())
    assert not set(kuairand.LEAKS) & set(kuairand.DECLARATION.columns()) and set(kuairand.LEAKS) < set(HEADER)
    assert check(kuairand.DECLARATION, frame).stopping == []
    train, _, test = split(kuairand.DECLARATION, prepare(kuairand.DECLARATION, frame))
    assert train["time_ms"].max() < test["time_ms"].min()


def test_every_row_has_what_is_known_of_its_own_user_and_video(folder):
    frame = kuairand.read(folder)
    videos = pd.read_csv(folder / kuairand.VIDEOS).set_index("video_id")["author_id"]
    users = pd.read_csv(folder / kuairand.USERS).set_index("user_id")["register_days"]
    assert frame["author_id"].tolist() == videos.loc[frame["video_id"]].tolist()
    assert frame["register_days"].tolist() == users.loc[frame["user_id"]].tolist()


def test_the_random_log_is_a_table_of_its_own_with_the_same_columns(folder):
    chosen, by_chance = kuairand.read(folder), kuairand.read(folder, kuairand.RANDOM)
    assert len(by_chance) == 500 and list(by_chance.columns) == list(chosen.columns)
    assert check(kuairand.DECLARATION, by_chance).stopping == []
    second = pd.read_csv(folder / kuairand.RANDOM[0]).sort_values("time_ms")
    assert by_chance["video_id"].tolist() == second["video_id"].tolist()


def test_a_ranker_of_what_the_app_chose_is_judged_on_what_chance_chose(folder):
    chosen, by_chance = (prepare(kuairand.DECLARATION, kuairand.read(folder, logs)) for logs in BOTH_LOGS)
    train, valid, _ = split(kuairand.DECLARATION, chosen)
    ranker = Ranker(kuairand.DECLARATION.layout(), kuairand.LABELS, Recipe(epochs=1)).fit(train, valid, progress=False)
    found = ranker.evaluate(by_chance)
    assert set(found["task"]) == set(kuairand.LABELS)
    assert found[found["metric"] == "AUC"]["value"].between(0, 1).all()


@pytest.mark.parametrize("name", [kuairand.USERS, kuairand.VIDEOS, *kuairand.STANDARD])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(FileNotFoundError, match=name):
        kuairand.read(folder)
