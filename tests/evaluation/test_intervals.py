"""The interval of a gain on one log: its parts are what they are called, and agree with resampling."""

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import r2_score, roc_auc_score

from helpers.evaluation import intervals
from helpers.evaluation.intervals import auc_influence, gain, half_width, over_users, r2_influence, seeds_needed


def test_without_log_and_users_it_is_the_t_interval():
    values = np.random.default_rng(0).normal(0.02, 0.01, 8)
    found = gain(values, overlap=0, users=0, units=50)
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
    assert (found.mean, found.seeds) == (pytest.approx(values.mean()), 8)


@pytest.mark.parametrize("level", [0.9, 0.99])
def test_without_a_word_on_users_the_interval_has_no_part_of_theirs_at_any_level(level):
    values = np.random.default_rng(2).normal(0.02, 0.01, 8)
    found = gain(values, overlap=0, level=level)
    expected = stats.ttest_1samp(values, 0).confidence_interval(level)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


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
    found = [in_common(train) for train in (left, 60, 24)]
    assert found == sorted(found, reverse=True)  # fewer rows to train on do not make splits more alike
    assert 0.6 * 60 / left < found[0] < 60 / left  # all of them: as Nadeau and Bengio have it
    assert 0 < found[2] < found[1] < 60 / left
    assert 50 * found[2] < 60 / 24  # what dividing by the rows of a small training part would say


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


@pytest.mark.slow
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


NAN = float("nan")


@pytest.mark.parametrize(
    ("part", "value", "message"),
    [
        ("spread", -1.0, "spread: got -1.0; expected a number of at least 0"),
        ("overlap", -5, "overlap: got -5; expected a number of at least 0"),
        ("users", NAN, "users: got nan; expected a number of at least 0"),
        ("users", -0.1, "users: got -0.1; expected a number of at least 0"),
        ("units", 0, "units: got 0; expected a whole number of at least 2"),
        ("units", 1, "units: got 1; expected a whole number of at least 2"),
        ("units", 2.5, "units: got 2.5; expected a whole number of at least 2"),
        ("seeds", 1, "seeds: got 1; expected a whole number of at least 2"),
        ("seeds", "5", "seeds: got '5'; expected a whole number of at least 2"),
        ("level", -0.1, "^level: got -0.1; expected a number from 0 to 1"),
        ("level", 1.1, "^level: got 1.1; expected a number from 0 to 1"),
    ],
)
def test_parts_that_cannot_be_are_named(part, value, message):
    parts = {"spread": 0.1, "seeds": 5, "overlap": 0.1, "users": 0.01, "units": 10}
    with pytest.raises(ValueError, match=message):
        half_width(**parts | {part: value})
    if part in ("overlap", "users", "units"):
        with pytest.raises(ValueError, match=message):
            gain(
                np.array([0.1, 0.2]), **{name: (parts | {part: value})[name] for name in ("overlap", "users", "units")}
            )


def test_two_seeds_and_two_units_are_enough():
    found = gain(np.array([0.0, 0.2]), 0.0, 0.1, 2)
    assert (found.mean, found.seeds, found.units) == (pytest.approx(0.1), 2, 2)
    # two equal variances with one degree of freedom each are one variance with two
    assert found.high - found.mean == pytest.approx(stats.t.ppf(0.975, 2) * np.sqrt(0.02))


def test_more_seeds_than_anyone_waits_for_are_judged_as_they_are():
    values = np.random.default_rng(0).normal(0.03, 0.001, 300)
    assert seeds_needed(gain(values, 0.0, 0.0, 300), 0.005) == 300
    with pytest.raises(TypeError, match="found: got float; expected a Gain"):
        seeds_needed(0.1, 0.005)


LABELS, SCORES = [0, 1, 0, 1], [0.1, 0.2, 0.3, 0.4]


@pytest.mark.parametrize(
    ("function", "arguments", "kind", "message"),
    [
        (auc_influence, (SCORES, [1, 1, 1, 1]), ValueError, "labels: got only one class"),
        (auc_influence, (SCORES, [0, 0, 0, 0]), ValueError, "labels: got only one class"),
        (auc_influence, (SCORES, [0, 1, 2, 1]), ValueError, r"labels: got 1 labels outside \{0, 1\}"),
        (auc_influence, ([NAN, *SCORES[1:]], LABELS), ValueError, "scores: got 1 NaN"),
        (auc_influence, (SCORES, LABELS[1:]), ValueError, "labels: got 3 rows; expected 4, as many as scores"),
        (auc_influence, (["a", "b", "c", "d"], LABELS), TypeError, "scores: got list that is not numeric"),
        (auc_influence, (SCORES, ["a"] * 4), TypeError, r"^labels: got list that is not numeric"),
        (r2_influence, (SCORES, [1.0] * 4), ValueError, "targets: got a constant target"),
        (r2_influence, (SCORES, [NAN, *SCORES[1:]]), ValueError, "targets: got 1 NaN"),
        (r2_influence, (SCORES[1:], SCORES), ValueError, "targets: got 4 rows; expected 3, as many as predictions"),
        (
            r2_influence,
            ([SCORES], SCORES),
            ValueError,
            r"predictions: got shape \(1, 4\); expected a number for each row",
        ),
        (r2_influence, ([], []), ValueError, r"predictions: got shape \(0,\); expected a number for each row"),
        (over_users, ([NAN, 1.0], [0, 1]), ValueError, "influence: got 1 NaN"),
        (over_users, ([1.0, 1.0, 1.0], [0, 1]), ValueError, r"users: got shape \(2,\); expected shape \(3,\)"),
        (over_users, ([1.0, 1.0], [0.0, NAN]), ValueError, "users: got 1 missing; expected the user of each row"),
    ],
)
def test_rows_that_cannot_be_judged_are_named(function, arguments, kind, message):
    with pytest.raises(kind, match=message):
        function(*arguments)


def test_users_may_be_named_by_words_and_numbers():
    influence = np.array([0.1, -0.3, 0.2, 0.4])
    found = over_users(influence, np.array(["a", 7, "a", "b"], dtype=object))
    assert found == over_users(influence, np.array([0, 1, 0, 2]))
    assert found == (pytest.approx(np.sqrt(3 / 2 * (0.3**2 + 0.3**2 + 0.4**2))), 3)


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.05, 0.3, 0.8])
@pytest.mark.parametrize(("influence", "metric"), [(auc_influence, roc_auc_score), (r2_influence, r2_score)])
def test_influence_is_how_fast_the_metric_moves_with_the_weight_of_a_row(influence, metric, share):
    """Also where one class is rare and scores are tied: each class is divided by its own number."""
    rng = np.random.default_rng(0)
    label = (rng.random(80) < share).astype(float)
    score = (0.5 * label + rng.normal(size=80)).round(1)
    found, step = influence(score, label), 1e-4
    for row in range(80):
        up, down = np.ones(80), np.ones(80)
        up[row], down[row] = 1 + step, 1 - step
        slope = metric(label, score, sample_weight=up) - metric(label, score, sample_weight=down)
        assert found[row] == pytest.approx(slope / (2 * step), abs=1e-6)


def test_few_users_say_less_than_their_number():
    """G / (G − 1), as the users' mean is not known but computed from them: with 2 users it is a factor of √2."""
    assert over_users([0.3, -0.3], [1, 2])[0] == pytest.approx(np.sqrt(2 * (0.3**2 + 0.3**2)))


def test_nobody_is_told_to_wait_for_more_seeds_than_the_most():
    found = gain(np.array([0.09, 0.1, 0.11]), 0.0, 0.0, 300)
    half = {seeds: half_width(found.spread, seeds, 0.0, 0.0, 300) for seeds in (199, 200, 201)}
    assert seeds_needed(found, found.mean - (half[199] + half[200]) / 2) == intervals.MOST_SEEDS == 200
    assert seeds_needed(found, found.mean - (half[200] + half[201]) / 2) is None


def test_two_equal_errors_do_not_cancel():
    """spread² / seeds = users² to the bit."""
    assert half_width(0.5, 4, 0.0, 0.25, 5) == pytest.approx(stats.t.ppf(0.975, 4 / (1 / 3 + 1 / 4)) * 0.125**0.5)


def test_gains_that_are_no_numbers_are_named():
    with pytest.raises(TypeError, match=r"^values: got list that is not numeric"):
        gain(["a", "b"], 0.0, 0.0, 10)
