"""The interval of a gain on one log: its parts are what they are called, and agree with resampling."""

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import r2_score, roc_auc_score

from helpers.evaluation.intervals import auc_influence, gain, half_width, over_users, r2_influence, seeds_needed


def test_without_log_and_users_it_is_the_t_interval():
    values = np.random.default_rng(0).normal(0.02, 0.01, 8)
    ours = gain(values, overlap=0, users=0, units=50)
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert (ours.low, ours.high) == pytest.approx((expected.low, expected.high))
    assert (ours.mean, ours.seeds) == (pytest.approx(values.mean()), 8)


def test_it_is_what_chapter_08_writes_by_hand():
    values, users = np.random.default_rng(1).normal(0.02, 0.01, 30), 0.004
    error = np.sqrt(values.std(ddof=1) ** 2 * (1 / 30 + 100 / 800) + users**2)
    ours = gain(values, 100 / 800, users, units=10_000)
    assert ours.high - ours.mean == pytest.approx(stats.t.ppf(0.975, 40) * error, rel=0.03)
    trained = error**2 - users**2
    freedom = error**4 / (trained**2 / 29 + users**4 / 9_999)
    assert ours.high - ours.mean == pytest.approx(stats.t.ppf(0.975, freedom) * error)


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
    values = np.random.default_rng(2).normal(0.03, 0.02, 5)
    measured = gain(values, 0.01, 0.001, 300)
    needed = seeds_needed(measured, 0.005)
    low, _ = measured.at(needed)
    assert low > 0.005 and (needed == 5 or measured.at(needed - 1)[0] <= 0.005)
    assert seeds_needed(gain(values, 1.0, 0.1, 300), 0.005) is None
    assert seeds_needed(gain(np.full(4, 0.0), 0.1, 0.0, 300), 0.005) == 4


def people(seed=0, users=300):
    """Rows of users who differ: a user's rows move together."""
    rng = np.random.default_rng(seed)
    user = np.repeat(np.arange(users), rng.integers(2, 10, users))
    taste = rng.normal(0, 1, users)[user]
    label = (rng.random(len(user)) < 1 / (1 + np.exp(-taste))).astype(int)
    return user, label, taste * rng.choice([1, -0.3], users)[user] + rng.normal(0, 1, len(user)).round(1)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("influence", "metric"),
    [(auc_influence, lambda label, score: roc_auc_score(label, score)), (r2_influence, r2_score)],
)
def test_the_error_by_users_is_that_of_drawing_users_again(influence, metric):
    user, label, score = people()
    target = label if influence is auc_influence else 2.0 * label + 0.3 * score
    error, units = over_users(influence(score, target), user)
    rng, rows = np.random.default_rng(1), [np.flatnonzero(user == one) for one in range(300)]
    drawn = [np.concatenate([rows[one] for one in rng.integers(0, 300, 300)]) for _ in range(400)]
    spread = np.std([metric(target[part], score[part]) for part in drawn])
    assert units == 300 and error == pytest.approx(spread, rel=0.12)
    by_row, _ = over_users(influence(score, target), np.arange(len(user)))
    assert influence is r2_influence or error > 1.1 * by_row  # rows of one user are not independent


def test_influences_sum_to_zero_and_ties_count_half():
    _, label, score = people()
    for moves in (auc_influence(score, label), r2_influence(score, label)):
        assert moves.sum() == pytest.approx(0, abs=1e-9)
    assert np.allclose(auc_influence(np.zeros(10), np.arange(10) % 2), 0)


NAN = float("nan")


LABELS, SCORES = [0, 1, 0, 1], [0.1, 0.2, 0.3, 0.4]


def test_users_may_be_named_by_words_and_numbers():
    influence = np.array([0.1, -0.3, 0.2, 0.4])
    by_words = over_users(influence, np.array(["a", 7, "a", "b"], dtype=object))
    assert by_words == over_users(influence, np.array([0, 1, 0, 2]))
    assert by_words == (pytest.approx(np.sqrt(3 / 2 * (0.3**2 + 0.3**2 + 0.4**2))), 3)


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.05, 0.3, 0.8])
@pytest.mark.parametrize(("influence", "metric"), [(auc_influence, roc_auc_score), (r2_influence, r2_score)])
def test_influence_is_how_fast_the_metric_moves_with_the_weight_of_a_row(influence, metric, share):
    """Also where one class is rare and scores are tied: each class is divided by its own number."""
    rng = np.random.default_rng(0)
    label = (rng.random(80) < share).astype(float)
    score = (0.5 * label + rng.normal(size=80)).round(1)
    moves, step = influence(score, label), 1e-4
    for row in range(80):
        up, down = np.ones(80), np.ones(80)
        up[row], down[row] = 1 + step, 1 - step
        slope = metric(label, score, sample_weight=up) - metric(label, score, sample_weight=down)
        assert moves[row] == pytest.approx(slope / (2 * step), abs=1e-6)


def test_few_users_say_less_than_their_number():
    """G / (G − 1), as the users' mean is not known but computed from them: with 2 users it is a factor of √2."""
    assert over_users([0.3, -0.3], [1, 2])[0] == pytest.approx(np.sqrt(2 * (0.3**2 + 0.3**2)))


PARTS = {"spread": 0.1, "seeds": 5, "overlap": 0.1, "users": 0.01, "units": 10}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: half_width(**PARTS | {"spread": -1.0}), "spread: got -1.0; expected a number of at least 0"),
        (lambda: half_width(**PARTS | {"overlap": -5}), "overlap: got -5; expected a number of at least 0"),
        (lambda: half_width(**PARTS | {"users": NAN}), "users: got nan; expected a number of at least 0"),
        (lambda: half_width(**PARTS | {"units": 1}), "units: got 1; expected a whole number of at least 2"),
        (lambda: half_width(**PARTS | {"seeds": "5"}), "seeds: got '5'; expected a whole number of at least 2"),
        (lambda: half_width(**PARTS | {"level": 1.1}), "level: got 1.1; expected a number from 0 to 1"),
        (lambda: gain([0.1, 0.2], 0.1, 0.01, 1), "units: got 1; expected a whole number of at least 2"),
        (lambda: gain([0.1, NAN], 0.1, 0.0, 10), "values: got"),
        (lambda: gain(["a", "b"], 0.1, 0.0, 10), "values: got list that is not numeric"),
        (lambda: seeds_needed(0.1, 0.005), "found: got float; expected a Gain"),
        (lambda: auc_influence([0.1, 0.2], [1, 1]), "labels: got only one class"),
        (lambda: auc_influence([NAN, 0.2], [0, 1]), "scores: got 1 NaN"),
        (lambda: auc_influence([0.1, 0.2], [1]), "labels: got 1 rows; expected 2, as many as scores"),
        (lambda: r2_influence([0.1, 0.2], [1.0, 1.0]), "targets: got a constant target"),
        (
            lambda: r2_influence([[0.1, 0.2]], [0.1, 0.2]),
            r"predictions: got shape \(1, 2\); expected a number for each",
        ),
        (lambda: over_users([1.0, 1.0, 1.0], [0, 1]), r"users: got shape \(2,\); expected shape \(3,\)"),
        (lambda: over_users([1.0, 1.0], [0.0, NAN]), "users: got 1 missing; expected the user of each row"),
        (lambda: over_users(np.ones(5), np.zeros(5)), "users: got 1 user; expected at least two"),
    ],
)
def test_what_cannot_be_judged_is_named(call, message):
    with pytest.raises((TypeError, ValueError), match=f"^{message}"):
        call()
