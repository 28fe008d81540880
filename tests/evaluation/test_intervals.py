"""The interval of a gain on one log: each of its parts alone is a known one, and influences are derivatives."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import r2_score, roc_auc_score

from helpers.evaluation.intervals import (
    auc_influence,
    gain,
    half_width,
    over_users,
    r2_influence,
    seeds_needed,
)
from helpers.evaluation.metrics import gauc
from helpers.evaluation.within_lists import gauc_influence


def test_its_parts_are_students_t_and_satterthwaites_sum():
    values, users = np.random.default_rng(1).normal(0.02, 0.01, 8), 0.004
    wanted = stats.ttest_1samp(values, 0).confidence_interval(0.9)
    ours = gain(values, overlap=0, users=0, units=50, level=0.9)
    assert (ours.mean, ours.low, ours.high, ours.seeds) == pytest.approx((values.mean(), wanted.low, wanted.high, 8))
    for units in (3, 60):  # few users, whose number counts, and many
        ours = gain(values, 100 / 800, users, units)
        trained = values.var(ddof=1) * (1 / 8 + 100 / 800)
        freedom = (trained + users**2) ** 2 / (trained**2 / 7 + users**4 / (units - 1))
        half = stats.t.ppf(0.975, freedom) * np.sqrt(trained + users**2)
        assert (ours.low, ours.high) == pytest.approx((values.mean() - half, values.mean() + half)) == ours.at(8)


def in_common(train, logs=300, rows=300, test=60, splits=20):
    """By how much the mean gain over random splits of a log scatters from log to log beyond spread² / splits, in units
    of spread²: least squares on six columns, against least squares on the first of them."""
    rng, gains = np.random.default_rng(0), np.empty((logs, splits))
    for log, split in np.ndindex(gains.shape):
        if split == 0:
            x = rng.normal(size=(rows, 6))
            y = x @ [0.6, 0.2, 0.2, 0.1, 0, 0] + rng.normal(size=rows)
        order = rng.permutation(rows)
        tested, trained = order[:test], order[test:][:train]
        one, six = (
            np.mean((y[tested] - x[tested, :k] @ np.linalg.lstsq(x[trained, :k], y[trained], rcond=None)[0]) ** 2)
            for k in (1, 6)
        )
        gains[log, split] = one - six
    return gains.mean(1).var(ddof=1) / gains.var(1, ddof=1).mean() - 1 / splits


@pytest.mark.long
def test_what_splits_of_a_log_have_in_common_is_never_more_than_test_rows_over_rows_to_train_on():
    left = 300 - 60
    overlaps = [in_common(train) for train in (left, 60, 24)]
    assert overlaps == sorted(overlaps, reverse=True)  # fewer rows to train on do not make splits more alike
    assert 0.6 * 60 / left < overlaps[0] < 60 / left  # all of them: as Nadeau and Bengio have it
    assert 0 < overlaps[2] < overlaps[1] < 60 / left
    assert 50 * overlaps[2] < 60 / 24  # what dividing by the rows of a small training part would say


def test_seeds_needed_are_the_fewest_that_decide():
    measured = gain(np.random.default_rng(2).normal(0.03, 0.02, 5), 0.01, 0.001, 300)
    needed = seeds_needed(measured, 0.005)
    assert measured.at(needed)[0] > 0.005 and (needed == 5 or measured.at(needed - 1)[0] <= 0.005)
    assert seeds_needed(gain(np.linspace(0, 0.04, 5), 1.0, 0.1, 300), 0.005) is None
    assert seeds_needed(gain(np.zeros(4), 0.1, 0.0, 300), 0.005) == 4


METRICS = [(auc_influence, roc_auc_score), (r2_influence, r2_score)]


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.05, 0.8])  # one class is rare, and scores are tied
@pytest.mark.parametrize(("influence", "metric"), METRICS)
def test_influence_is_how_fast_the_metric_moves_with_the_weight_of_a_row(influence, metric, share):
    rng = np.random.default_rng(0)
    label = (rng.random(80) < share).astype(float)
    score = (0.5 * label + rng.normal(size=80)).round(1)
    moves = influence(score, label)
    assert moves.sum() == pytest.approx(0, abs=1e-9)
    for row in range(80):
        slope = [metric(label, score, sample_weight=1 + step * (np.arange(80) == row)) for step in (1e-4, -1e-4)]
        assert moves[row] == pytest.approx((slope[0] - slope[1]) / 2e-4, abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(("influence", "metric"), METRICS)
def test_the_error_by_users_is_that_of_drawing_users_again(influence, metric):
    """A user's rows move together, so that their number says less than that of rows."""
    rng = np.random.default_rng(0)
    user = np.repeat(np.arange(300), rng.integers(2, 10, 300))
    taste = rng.normal(0, 1, 300)[user]
    label = (rng.random(len(user)) < 1 / (1 + np.exp(-taste))).astype(float)
    score = taste * rng.choice([1, -0.3], 300)[user] + rng.normal(0, 1, len(user)).round(1)
    target = label if influence is auc_influence else 2.0 * label + 0.3 * score
    error, units = over_users(influence(score, target), user)
    rows = [np.flatnonzero(user == one) for one in range(300)]
    drawn = [np.concatenate([rows[one] for one in rng.integers(0, 300, 300)]) for _ in range(400)]
    spread = np.std([metric(target[part], score[part]) for part in drawn])
    assert units == 300 and error == pytest.approx(spread, rel=0.12)


def test_users_are_summed_first_and_may_be_words():
    wanted = np.sqrt(3 / 2 * (0.3**2 + 0.3**2 + 0.4**2)), 3  # G / (G − 1): few users say less than their number
    assert over_users([0.1, -0.3, 0.2, 0.4], np.array(["a", 7, "a", "b"], dtype=object)) == pytest.approx(wanted)


NAN, PARTS = float("nan"), {"spread": 0.1, "seeds": 5, "overlap": 0.1, "users": 0.01, "units": 10}
BAD = {"spread": -1.0, "overlap": -5, "users": NAN, "units": 1, "seeds": "5", "level": 1.1}


@pytest.mark.parametrize(
    ("call", "words"),
    [
        *((lambda k=k, v=v: half_width(**PARTS | {k: v}), f"{k}: got") for k, v in BAD.items()),
        *((lambda v=v: gain(v, 0.1, 0.0, 10), "values: got") for v in ([0.1, NAN], ["a", "b"], [0.1])),
        (lambda: auc_influence([0.1, 0.2], [1, 1]), "labels: got only one class"),
        (lambda: auc_influence([0.1, 0.2], [1]), "labels: got 1 rows"),
        (lambda: r2_influence([0.1, 0.2], [1.0, 1.0]), "targets: got a constant target"),
        (lambda: r2_influence([[0.1, 0.2]], [0.1, 0.2]), "predictions: got shape"),
        (lambda: over_users([1.0, 1.0, 1.0], [0, 1]), "users: got shape"),
        (lambda: over_users([1.0, 1.0], [0.0, NAN]), "users: got 1 missing"),
        (lambda: over_users(np.ones(5), np.zeros(5)), "users: got 1 user"),
    ],
)
def test_what_cannot_be_judged_is_named(call, words):
    with pytest.raises((TypeError, ValueError), match=f"^{words}.*; expected"):
        call()


def test_the_luck_of_users_in_gauc_is_that_of_users_drawn_again():
    """And a user's moves are what is lost without the user; a list in which all were clicked moves nothing."""
    rng = np.random.default_rng(0)
    users = np.repeat(np.arange(150), rng.integers(2, 12, 150))
    taste, score = rng.normal(size=150)[users], rng.normal(size=len(users)).round(1)  # with ties
    labels = (rng.random(len(users)) < 1 / (1 + np.exp(-taste * (score + 1)))).astype(int)
    moves = gauc_influence(score, labels, users)
    sums, whole = np.bincount(users, moves), gauc(score, labels, users).value
    assert moves.sum() == pytest.approx(0, abs=1e-12)
    alike = pd.Series(labels).groupby(users).transform("nunique") == 1
    assert alike.any() and (moves[alike] == 0).all()
    without = [whole - gauc(*(part[users != user] for part in (score, labels, users))).value for user in range(150)]
    np.testing.assert_allclose(sums, without, atol=2e-4)
    own = [np.flatnonzero(users == user) for user in range(150)]
    drawn = []
    for _ in range(300):
        parts = [own[k] for k in rng.integers(0, 150, 150)]
        rows, whose = np.concatenate(parts), np.repeat(np.arange(150), [len(part) for part in parts])
        drawn.append(gauc(score[rows], labels[rows], whose).value)
    assert over_users(moves, users)[0] == pytest.approx(np.std(drawn), rel=0.12)
