import hashlib
import re
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeRegressor

from helpers.data import feed
from helpers.data.feed import ACTIONS, FOLDER, SLOPES, Biases, World, load, simulate, tables, write

CARD = FOLDER.parents[0] / "README.md"
NAMES = ["users", "videos", "impressions", "autoplay"]
NAMES += [f"truth/{name}" for name in NAMES]
ROWS = 200_000


@pytest.fixture(scope="module")
def world():
    return World.make(users=1000, videos=4000, seed=3)


def shown(world, autoplay=False, seed=1, **biases):
    """Random videos shown to random users, with all their hidden traits."""
    rng = np.random.default_rng(seed)
    user, video = rng.integers(0, len(world.users), ROWS), rng.integers(0, len(world.videos), ROWS)
    responses = world.respond(user, video, rng, Biases(**biases), autoplay)
    hidden = [world.user_traits.iloc[user], world.video_traits.iloc[video], world.videos[["duration"]].iloc[video]]
    return pd.concat([*responses, *(table.reset_index(drop=True) for table in hidden)], axis=1)


# What is committed


def test_the_committed_files_are_what_the_generator_writes():
    made = tables(World.make())
    assert list(made) == NAMES
    for name in NAMES:
        pd.testing.assert_frame_equal(load(name), made[name], rtol=1e-12)  # older pandas read the last bit otherwise
    assert sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.*")) == sorted(
        f"{name}.csv.gz" for name in NAMES
    )


def test_the_data_card_has_every_column_and_the_checksums():
    card = CARD.read_text(encoding="utf-8")
    for name in NAMES:
        (row,) = re.findall(rf"^\| `feed/{name}\.csv\.gz` \| ([\d,]+) \| `([0-9a-f]{{64}})` \|$", card, re.MULTILINE)
        assert row[0] == f"{len(load(name)):,}"
        assert row[1] == hashlib.sha256((FOLDER / f"{name}.csv.gz").read_bytes()).hexdigest()
        for column in load(name).columns:
            assert f"`{re.sub('^taste_.*', 'taste_TOPIC', column)}`" in card, f"{name}: {column}"


def test_the_files_are_small():
    assert sum(path.stat().st_size for path in FOLDER.rglob("*.csv.gz")) < 3e6


@pytest.mark.parametrize("name", ["impressions", "autoplay"])
def test_rates_are_in_the_range_of_real_feeds(name):
    table = load(name)
    ranges = {
        "click": (0.2, 0.45), "like": (0.015, 0.04), "favourite": (0.007, 0.015), "share": (0.004, 0.01),
        "follow": (0.002, 0.006), "comment": (0.004, 0.01), "profile_visit": (0.01, 0.02),
        "return_next_day": (0.5, 0.7),
    }  # fmt: skip
    if name == "autoplay":
        assert ranges.pop("click") and "click" not in table
    for label, (low, high) in ranges.items():
        assert low < table[label].mean() < high, label
    assert 0.2 < table.loc[table["watch_seconds"] > 0, "finish"].mean() < 0.4


def test_no_hidden_column_is_beside_the_visible_ones():
    hidden = {column for name in NAMES[4:] for column in load(name)} - {"user", "video"}
    assert "satisfaction" in hidden and "bait" in hidden
    for name in NAMES[:4]:
        assert not hidden & set(load(name).columns)


# Labels


@pytest.mark.parametrize("autoplay", [False, True])
def test_labels_agree_with_each_other(autoplay):
    world = World.make(users=300, videos=500, seed=1)
    table, truth = simulate(world, autoplay=autoplay)
    duration = world.videos["duration"].to_numpy()[table["video"]]
    plays = table["watch_seconds"] > 0
    assert plays.equals(table["click"] == 1) if not autoplay else plays.all()
    assert table["finish"].equals((table["watch_seconds"] >= duration).astype(np.int8))
    assert np.allclose(table["completion"], table["watch_seconds"] / duration, atol=6e-4)
    assert not table.loc[~plays, list(ACTIONS)].any(axis=None)
    assert (table[["user", "video"]] == truth[["user", "video"]]).all(axis=None)
    assert truth["satisfaction"].between(0, 1).all()


def test_impressions_are_in_order_and_none_comes_twice():
    table, _ = simulate(World.make(users=300, videos=500, seed=1))
    assert not table.duplicated(["user", "video"]).any()
    same_user = table["user"].diff() == 0
    assert (table["time"].diff()[same_user] >= 2).all()
    assert (table["time"] // feed.DAY == table["day"]).all()
    sessions = table.groupby(["user", "day"])["position"]
    assert (sessions.min() == 1).all() and (sessions.max() == sessions.size()).all()


def test_return_next_day_is_what_happened():
    table, _ = simulate(World.make(users=300, videos=500, seed=1), days=6)
    days = table.groupby("user")["day"].agg(set)
    for row in table[table["day"] < 5].drop_duplicates(["user", "day"]).itertuples():
        assert row.return_next_day == (row.day + 1 in days[row.user])
    assert (table.groupby(["user", "day"])["return_next_day"].nunique() == 1).all()


def test_who_was_satisfied_returns():
    table, truth = load("impressions"), load("truth/impressions")
    played = table.assign(satisfaction=truth["satisfaction"])[table["click"] == 1]
    by_day = played.groupby(["user", "day"])[["satisfaction", "return_next_day"]].mean()
    assert by_day.groupby("return_next_day")["satisfaction"].mean().diff().iloc[-1] > 0.03


def test_satisfaction_is_no_function_of_the_labels():
    """The best guess from all labels of an impression misses most of the variance; most satisfied users do nothing."""
    table, truth = load("autoplay"), load("truth/autoplay")["satisfaction"]
    labels = table.drop(columns=["user", "video", "day", "position", "time"])
    train, test = slice(0, 40_000), slice(40_000, None)
    model = DecisionTreeRegressor(min_samples_leaf=200, random_state=0)
    assert 0.05 < model.fit(labels[train], truth[train]).score(labels[test], truth[test]) < 0.2
    acts = labels[list(ACTIONS)].any(axis=1)
    assert acts[truth > 0.8].mean() < 0.2


# Biases: present at 1, gone at 0


def slopes(world, **biases):
    """{label: log-odds a unit of appeal}, by logistic regression where nothing else plays a part."""
    equally_long = replace(world, videos=world.videos.assign(duration=25))
    seen = shown(equally_long, item=0, user=0, **biases)
    played = shown(equally_long, item=0, user=0, autoplay=True, **biases)
    model = LogisticRegression(C=np.inf, solver="newton-cholesky")
    fit = lambda table, label: model.fit(table[["appeal"]], table[label]).coef_.item()  # noqa: E731
    return {"click": fit(seen, "click")} | {label: fit(played, label) for label in ("finish", *ACTIONS)}


def test_target_bias_is_that_labels_mean_different_amounts(world):
    assert slopes(world, target=1) == pytest.approx(SLOPES, abs=0.1)
    assert slopes(world, target=0) == pytest.approx(dict.fromkeys(SLOPES, 1), abs=0.1)
    assert np.mean(list(SLOPES.values())) == pytest.approx(1)


def test_a_like_means_more_than_a_play():
    table, truth = load("impressions"), load("truth/impressions")["satisfaction"]
    mean = {label: truth[table[label] == 1].mean() for label in ("click", "finish", "like", "favourite")}
    assert mean["click"] + 0.03 < mean["finish"] and mean["finish"] + 0.05 < mean["like"] < mean["favourite"]


NOISE = 4 / np.sqrt(ROWS)  # four standard errors of a correlation of 0


def test_item_bias_is_that_bait_hooks_and_length_collect_labels(world):
    for strength, low, high in ((1, 0.1, 1), (0, -NOISE, NOISE)):
        seen, played = shown(world, item=strength), shown(world, item=strength, autoplay=True)
        seconds = np.log(played["watch_seconds"])
        assert low < np.corrcoef(seen["bait"], seen["click"])[0, 1] <= high
        assert low < np.corrcoef(played["hook"], played["finish"])[0, 1] <= high
        assert low < np.corrcoef(np.log(played["duration"]), seconds)[0, 1] <= high
        for trait in ("bait", "hook", "duration"):  # and none of them satisfies
            of_video = played.groupby(world.video_traits["video"].to_numpy()[played["video"]])
            means = of_video[[trait, "satisfaction"]].mean()
            assert abs(np.corrcoef(means[trait], means["satisfaction"])[0, 1]) < 4 / np.sqrt(len(means))


def test_user_bias_is_that_some_like_and_some_favourite(world):
    for strength, low, high in ((1, 0.1, 1), (0, -NOISE, NOISE)):
        played = shown(world, user=strength, autoplay=True)
        assert low < np.corrcoef(played["like_proneness"], played["like"])[0, 1] <= high
        assert low * 0.8 < np.corrcoef(played["favourite_proneness"], played["favourite"])[0, 1] <= high
    by_user = shown(world, user=1, autoplay=True).groupby("user")[["like", "favourite"]].mean()
    assert by_user.corr(method="spearman").iloc[0, 1] < -0.1


# Equal seeds, limits, bad input


def test_equal_seeds_give_equal_files_and_other_seeds_do_not(tmp_path):
    for folder, seed in (("a", 7), ("b", 7), ("c", 8)):
        write(tmp_path / folder, tables(World.make(users=40, videos=60, seed=seed), days=3, seed=seed))
    for name in NAMES:
        a, b, c = (hashlib.sha256((tmp_path / folder / f"{name}.csv.gz").read_bytes()).hexdigest() for folder in "abc")
        assert a == b != c


def test_a_written_table_is_read_back_as_it_was(tmp_path):
    made = tables(World.make(users=40, videos=60), days=3)
    write(tmp_path, made)
    for name in NAMES:
        pd.testing.assert_frame_equal(load(name, tmp_path), made[name])
    with pytest.raises(ValueError, match=r"^name: got 'labels'; expected one of .*python -m helpers.data.feed"):
        load("labels", tmp_path)


@pytest.mark.parametrize(
    "damage", [lambda b: b"", lambda b: b[:-40], lambda b: b[40:], lambda b: b[:9] + b[60:], bytes]
)
def test_a_damaged_table_says_how_to_get_it_back(tmp_path, damage):
    write(tmp_path, {"users": World.make(users=40, videos=60).users})
    path = tmp_path / "users.csv.gz"
    path.write_bytes(damage(path.read_bytes()) if damage is not bytes else b"<html>404</html>")
    with pytest.raises(
        ValueError, match=r"^name: got users.csv.gz, which cannot be read \(\w+\); expected the file as"
    ):
        load("users", tmp_path)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_any_damage_gives_a_table_or_the_one_error(data):
    """Bytes put in anywhere, or the end cut off: a table comes back, or the error that names the file."""
    with tempfile.TemporaryDirectory() as folder:
        write(folder, {"users": World.make(users=5, videos=5).users})
        path = Path(folder) / "users.csv.gz"
        whole = path.read_bytes()
        at = data.draw(st.integers(0, len(whole)))
        path.write_bytes(whole[:at] + data.draw(st.binary(max_size=8)) + data.draw(st.sampled_from([b"", whole[at:]])))
        try:
            assert isinstance(load("users", folder), pd.DataFrame)
        except ValueError as error:
            assert str(error).startswith("name: got users.csv.gz, which cannot be read")


@pytest.mark.parametrize("name", ["target", "item", "user"])
@pytest.mark.parametrize("strength", [-0.1, float("nan"), float("inf"), "strong", None])
def test_bad_strengths_are_named(name, strength):
    with pytest.raises(ValueError, match=f"^{name}: got .*; expected a number of at least 0"):
        Biases(**{name: strength})


def test_the_longest_feed_has_as_many_days_as_the_column_holds():
    table, _ = simulate(World.make(users=20, videos=2000), days=127)
    assert table["day"].max() == 126 and table["day"].min() == 0


def test_bad_settings_are_named(world):
    rng = np.random.default_rng(0)
    for call, named in (
        (lambda: World.make(users=0), "users"),
        (lambda: World.make(videos=1.5), "videos"),
        (lambda: World.make(seed=-1), "seed"),
        (lambda: simulate(world, days=0), "days"),
        (lambda: simulate(world, days=128), "days"),
        (lambda: simulate(world, seed=None), "seed"),
        (lambda: world.respond(np.arange(3), np.arange(2), rng), "video"),
        (lambda: world.respond(np.arange(2) - 1, np.arange(2), rng), "user"),
        (lambda: world.respond(np.arange(2), np.array([0, 4000]), rng), "video"),
        (lambda: world.respond(np.arange(2) * 1.0, np.arange(2), rng), "user"),
    ):
        with pytest.raises((ValueError, TypeError), match=f"^{named}: got .*; expected"):
            call()


@settings(max_examples=25, deadline=None)
@given(
    users=st.integers(1, 6),
    videos=st.integers(1, 6),
    days=st.integers(1, 4),
    strengths=st.tuples(*[st.floats(0, 50)] * 3),
    autoplay=st.booleans(),
    seed=st.integers(0, 2**32),
)
def test_any_small_feed_is_sound(users, videos, days, strengths, autoplay, seed):
    world = World.make(users, videos, seed)
    table, truth = simulate(world, days=days, biases=Biases(*strengths), autoplay=autoplay, seed=seed)
    assert len(table) == len(truth) <= users * videos
    assert table.notna().all(axis=None) and truth.notna().all(axis=None)
    assert ("click" in table) != autoplay
    assert (table["watch_seconds"] <= feed.LONGEST).all()


def test_what_is_no_world_no_biases_and_no_generator_is_named():
    world, one = World.make(users=5, videos=20), np.array([0])
    with pytest.raises(TypeError, match="world: got int; expected a World"):
        simulate(5)
    with pytest.raises(TypeError, match="biases: got int; expected Biases"):
        simulate(world, days=1, biases=3)
    with pytest.raises(TypeError, match=r"rng: got int; expected a numpy\.random\.Generator"):
        world.respond(one, one, rng=5)


def test_a_folder_without_tables_says_how_to_get_them(tmp_path):
    with pytest.raises(
        ValueError, match=r"name: got 'users'; expected tables in .*, where there are none \(git has them"
    ):
        load("users", tmp_path)
