"""The interval of a gain on one log: its parts are what they are called, and agree with resampling."""

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import r2_score, roc_auc_score

from helpers import intervals
from helpers.intervals import auc_influence, gain, half_width, over_users, r2_influence, seeds_needed


def test_without_log_and_users_it_is_the_t_interval():
    values = np.random.default_rng(0).normal(0.02, 0.01, 8)
    found = gain(values, overlap=0, users=0, units=50)
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
    assert (found.mean, found.seeds) == (pytest.approx(values.mean()), 8)


def test_it_is_what_chapter_08_writes_by_hand():
    values, users = np.random.default_rng(1).normal(0.02, 0.01, 30), 0.004
    error = np.sqrt(values.std(ddof=1) ** 2 * (1 / 30 + 100 / 800) + users**2)
    found = gain(values, 100 / 800, users, units=10_000)
    assert found.high - found.mean == pytest.approx(stats.t.ppf(0.975, 40) * error, rel=0.03)
    trained = error**2 - users**2
    freedom = error**4 / (trained**2 / 29 + users**4 / 9_999)
    assert found.high - found.mean == pytest.approx(stats.t.ppf(0.975, freedom) * error)


def test_more_seeds_help_down_to_what_log_and_users_leave():
    widths = [half_width(0.05, seeds, 0.125, 0.01, 400) for seeds in (3, 5, 20, 200)]
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] > 1.96 * np.sqrt(0.05**2 * 0.125 + 0.01**2)
    assert half_width(0.0, 5, 0.125, 0.0, 10) == 0


def test_seeds_needed_are_the_fewest_that_decide():
    values = np.random.default_rng(2).normal(0.03, 0.02, 5)
    found = gain(values, 0.01, 0.001, 300)
    needed = seeds_needed(found, 0.005)
    low, _ = found.at(needed)
    assert low > 0.005 and (needed == 5 or found.at(needed - 1)[0] <= 0.005)
    assert seeds_needed(gain(values, 1.0, 0.1, 300), 0.005) is None
    assert seeds_needed(gain(np.full(4, 0.0), 0.1, 0.0, 300), 0.005) == 4


@pytest.mark.parametrize("values", [[0.1], [0.1, np.nan], [[0.1, 0.2]]])
def test_too_little_to_judge_is_refused(values):
    with pytest.raises(ValueError, match="values: got"):
        gain(np.array(values), 0.1, 0.0, 10)


def people(seed=0, users=300):
    """Rows of users who differ: a user's rows move together."""
    rng = np.random.default_rng(seed)
    user = np.repeat(np.arange(users), rng.integers(2, 10, users))
    taste = rng.normal(0, 1, users)[user]
    label = (rng.random(len(user)) < 1 / (1 + np.exp(-taste))).astype(int)
    return user, label, taste * rng.choice([1, -0.3], users)[user] + rng.normal(0, 1, len(user)).round(1)


@pytest.mark.parametrize(
    ("influence", "metric"),
    [(auc_influence, lambda label, score: roc_auc_score(label, score)), (r2_influence, r2_score)],
)
def test_the_error_by_users_is_that_of_drawing_users_again(influence, metric):
    user, label, score = people()
    target = label if influence is auc_influence else 2.0 * label + 0.3 * score
    found, units = over_users(influence(score, target), user)
    rng, rows = np.random.default_rng(1), [np.flatnonzero(user == one) for one in range(300)]
    drawn = [np.concatenate([rows[one] for one in rng.integers(0, 300, 300)]) for _ in range(400)]
    spread = np.std([metric(target[part], score[part]) for part in drawn])
    assert units == 300 and found == pytest.approx(spread, rel=0.12)
    by_row, _ = over_users(influence(score, target), np.arange(len(user)))
    assert influence is r2_influence or found > 1.1 * by_row  # rows of one user are not independent


def test_influences_sum_to_zero_and_ties_count_half():
    _, label, score = people()
    for moves in (auc_influence(score, label), r2_influence(score, label)):
        assert moves.sum() == pytest.approx(0, abs=1e-9)
    assert np.allclose(auc_influence(np.zeros(10), np.arange(10) % 2), 0)


def test_one_user_says_nothing_about_others():
    with pytest.raises(ValueError, match="users: got 1 user; expected at least two"):
        over_users(np.ones(5), np.zeros(5))
    assert intervals.MOST_SEEDS >= 100
