"""A world: a feed that is sound whatever its settings, and biases that are what their names say."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from helpers.data.world import ACTIONS, DAY, LONGEST, SLOPES, Biases, Kind, World, simulate

ROWS = 200_000
NOISE = 4 / np.sqrt(ROWS)  # four standard errors of a correlation of 0


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


COURSE_KIND = {"style": 0.0, "numbers": 1, "age": 0.6, "session": 8, "click": 0.0, "action": 0.0}


def test_a_kind_that_changes_nothing_draws_the_same_feed():
    plain, kind = World.make(60, 50, 3), World.make(60, 50, 3, Kind(**COURSE_KIND))
    for one, other in zip(simulate(plain, days=3), simulate(kind, days=3), strict=True):
        assert one.equals(other)


def test_style_is_a_product_of_what_user_and_video_have():
    world = World.make(40, 30, 3, Kind(**COURSE_KIND | {"style": 0.5, "numbers": 2}))
    user, video = np.arange(30) % 40, np.arange(30)
    traits = (world.user_traits.iloc[user], world.video_traits.iloc[video])
    by_hand = sum(np.prod([part[f"style_{k}"].to_numpy() for part in traits], axis=0) for k in range(2))
    assert world.style(user, video) == pytest.approx(0.5 * by_hand / 2**0.5)


def slopes(world, **biases):
    """{label: log-odds a unit of appeal}, by logistic regression where nothing else plays a part."""
    equally_long = replace(world, videos=world.videos.assign(duration=25))
    seen = shown(equally_long, item=0, user=0, **biases)
    played = shown(equally_long, item=0, user=0, autoplay=True, **biases)
    model = LogisticRegression(C=np.inf, solver="newton-cholesky")
    fit = lambda table, label: model.fit(table[["appeal"]], table[label]).coef_.item()  # noqa: E731
    return {"click": fit(seen, "click")} | {label: fit(played, label) for label in ("finish", *ACTIONS)}


@pytest.mark.slow
def test_target_bias_is_that_labels_mean_different_amounts(world):
    assert slopes(world, target=1) == pytest.approx(SLOPES, abs=0.1)
    assert slopes(world, target=0) == pytest.approx(dict.fromkeys(SLOPES, 1), abs=0.1)
    assert np.mean(list(SLOPES.values())) == pytest.approx(1)


@pytest.mark.slow
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


def test_bad_settings_are_named(world):
    rng = np.random.default_rng(0)
    for call, named in (
        *((lambda name=name: Biases(**{name: math.nan}), name) for name in ("target", "item", "user")),
        *((lambda wrong=wrong: Biases(item=wrong), "item") for wrong in (-0.1, None)),
        (lambda: World.make(users=0), "users"),
        (lambda: World.make(videos=1.5), "videos"),
        (lambda: World.make(seed=-1), "seed"),
        (lambda: Kind(**COURSE_KIND | {"numbers": 0}), "numbers"),
        (lambda: Kind(**COURSE_KIND | {"style": 0.9}), "style, age"),
        (lambda: simulate(world, days=0), "days"),
        (lambda: simulate(world, days=128), "days"),
        (lambda: simulate(world, seed=None), "seed"),
        (lambda: simulate(5), "world"),
        (lambda: simulate(world, days=1, biases=3), "biases"),
        (lambda: world.respond(np.arange(3), np.arange(2), rng), "video"),
        (lambda: world.respond(np.arange(2) - 1, np.arange(2), rng), "user"),
        (lambda: world.respond(np.arange(2), np.array([0, 4000]), rng), "video"),
        (lambda: world.respond(np.arange(2) * 1.0, np.arange(2), rng), "user"),
    ):
        with pytest.raises((ValueError, TypeError), match=f"^{named}: got .*; expected"):
            call()


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(
    users=st.integers(1, 30),
    videos=st.integers(1, 60),
    days=st.integers(1, 5),
    strengths=st.tuples(*[st.floats(0, 50)] * 3),
    autoplay=st.booleans(),
    seed=st.integers(0, 2**32),
)
def test_any_small_feed_is_sound(users, videos, days, strengths, autoplay, seed):
    """Labels agree with each other and with the next day, sessions are in order, and nothing comes twice."""
    world = World.make(users, videos, seed)
    table, truth = simulate(world, days=days, biases=Biases(*strengths), autoplay=autoplay, seed=seed)
    assert len(table) == len(truth) and table.notna().all(axis=None) and truth["satisfaction"].between(0, 1).all()
    pairs = table[["user", "video"]]
    assert (pairs == truth[["user", "video"]]).all(axis=None) and not pairs.duplicated().any()
    duration, plays = world.videos["duration"].to_numpy()[table["video"]], table["watch_seconds"] > 0
    assert plays.all() and "click" not in table if autoplay else plays.equals(table["click"] == 1)
    assert (table["watch_seconds"] <= LONGEST).all() and not table.loc[~plays, list(ACTIONS)].any(axis=None)
    assert table["finish"].equals((table["watch_seconds"] >= duration).astype(np.int8))
    assert np.allclose(table["completion"], table["watch_seconds"] / duration, atol=6e-4)
    assert (table["time"].diff()[table["user"].diff() == 0] >= 2).all() and (table["time"] // DAY == table["day"]).all()
    sessions = table.groupby(["user", "day"])
    assert (sessions["position"].min() == 1).all() and (sessions["position"].max() == sessions.size()).all()
    assert (sessions["return_next_day"].nunique() == 1).all()


def test_return_next_day_is_what_happened():
    table, _ = simulate(World.make(users=300, videos=500, seed=1), days=6)
    came = set(zip(table["user"], table["day"], strict=True))
    for row in table[table["day"] < 5].itertuples():
        assert row.return_next_day == ((row.user, row.day + 1) in came)
