"""Tasks of a known law: targets correlate, and depend on the features, as promised; noise falls where it is said."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.data.synthetic import (
    ALPHA,
    BETA,
    CONDITIONS,
    RELATIONS,
    SHAPES,
    _feature,
    cross_tasks,
    interest_tasks,
    kind_tasks,
    mmoe_tasks,
    relu_tasks,
    shaped_tasks,
)

MANY = (1, 1, 200_000)


def labels(part) -> np.ndarray:
    """Of a and b, `(2, rows)`."""
    of = part if isinstance(part, pd.DataFrame) else part.labels
    return np.stack([np.asarray(of[task]) for task in "ab"])


def correlation(part) -> float:
    return float(np.corrcoef(labels(part))[0, 1])


def same(one, other) -> bool:
    if isinstance(one, pd.DataFrame):
        columns = [name for name in one if name not in "ab"]
        return all(np.array_equal(np.stack(one[name]), np.stack(other[name])) for name in columns)
    return torch.equal(one.inputs, other.inputs)


def called(make) -> str:
    return make.keywords["shape"] if isinstance(make, partial) else make.__name__


SHAPED = [partial(shaped_tasks, shape=shape) for shape in SHAPES]


@pytest.mark.parametrize("make", [relu_tasks, mmoe_tasks, kind_tasks, cross_tasks, interest_tasks, *SHAPED], ids=called)
def test_equal_seeds_give_equal_tasks_and_noise_falls_on_train_and_validation_labels_alone(make):
    (one, two, other), still = (make(noise=0.5, seed=seed) for seed in (5, 5, 6)), make(noise=0.0, seed=5)
    for a, b, c, silent in zip(one, two, other, still, strict=True):
        assert labels(a).tobytes() == labels(b).tobytes() != labels(c).tobytes()
        assert same(a, b) and same(a, silent) and not same(a, c)
    noisy = np.hstack([labels(a) - labels(silent) for a, silent in zip([*one][:2], [*still][:2], strict=True)])
    assert noisy.std(1) == pytest.approx([0.5, 0.5], abs=0.05)
    assert abs(np.corrcoef(noisy)[0, 1]) < 5 / np.sqrt(noisy.shape[1])
    assert np.array_equal(labels([*one][2]), labels([*still][2]))


@pytest.mark.parametrize("condition, expected", list(zip(CONDITIONS, [1, -1, 0, 0.5, 0], strict=True)))
def test_relu_targets_are_standardised_and_correlate_as_promised(condition, expected):
    tasks = relu_tasks(MANY, **CONDITIONS[condition], seed=3)
    target = labels(tasks.test)
    assert tasks.label_correlation == expected and correlation(tasks.test) == pytest.approx(expected, abs=0.01)
    assert np.allclose(target.mean(1), 0, atol=0.01) and np.allclose(target.std(1), 1, atol=0.01)
    if abs(expected) == 1:
        assert np.array_equal(target[0], expected * target[1])


@pytest.mark.parametrize("make", [relu_tasks, *SHAPED], ids=called)
def test_task_a_is_the_same_in_every_condition_and_more_tasks_change_none(make):
    first, *rest = ([*make(**settings, seed=4)] for settings in CONDITIONS.values())
    for parts in rest:
        for one, other in zip(first, parts, strict=True):
            assert same(one, other) and torch.equal(one.labels["a"], other.labels["a"])
    if make is not relu_tasks:
        for two, five in zip(make(seed=4), make(tasks=5, seed=4), strict=True):
            assert list(five.labels) == list("abcde") and same(two, five) and np.array_equal(labels(two), labels(five))


@pytest.mark.parametrize("shared", [0, 3])
def test_a_target_has_as_many_directions_as_features(shared):
    """The directions that a target depends on: 4 for each task, and `shared` of them common to both."""
    rows, inputs = 4000, 20
    tasks = relu_tasks((rows, 1, 1), shared=shared, noise=0.0, inputs=inputs, seed=1)
    x = tasks.train.inputs.double()
    # For y = Σ ±relu(v·x), E[y x xᵀ] − E[y] I is a combination of the v vᵀ: its large eigenvalues count the directions.
    span = []
    for task in "ab":
        y = tasks.train.labels[task].double()
        moment = (x * y[:, None]).T @ x / rows - y.mean() * torch.eye(inputs)
        values, vectors = torch.linalg.eigh(moment)
        span.append(vectors[:, values.abs().argsort(descending=True)[:4]])
    cosines = torch.linalg.svdvals(span[0].T @ span[1])
    assert torch.all(cosines[:shared] > 0.9) and torch.all(cosines[shared:] < 0.6)


def test_labels_may_be_binary_and_task_b_be_labelled_on_some_train_rows_alone():
    values, classes, few = (relu_tasks((100, 50, 50), seed=8, **more) for more in ({}, {"binary": 1}, {"labelled": 30}))
    for one, other in zip(values, classes, strict=True):
        assert np.array_equal(labels(one) > 0, labels(other))
    assert few.train.masks["b"].tolist() == [True] * 30 + [False] * 70 and "a" not in few.train.masks
    assert few.valid.masks == {} == few.test.masks and same(few.train, values.train)


@pytest.mark.parametrize("p", [-1.0, 0.0, 0.3, 1.0])
def test_mmoe_label_correlation_in_closed_form(p):
    """From E[sin(αz+β)] = sin β e^{−α²/2} and its kin for two normals of correlation p."""
    alpha, beta = np.array(ALPHA), np.array(BETA)
    i, j = np.ix_(range(4), range(4))

    def covariance(p):
        mean = np.sin(beta) * np.exp(-(alpha**2) / 2)
        cross = p * (alpha * np.cos(beta) * np.exp(-(alpha**2) / 2)).sum()
        square = alpha[i] ** 2 + alpha[j] ** 2
        minus = np.cos(beta[i] - beta[j]) * np.exp(-(square - 2 * p * alpha[i] * alpha[j]) / 2)
        plus = np.cos(beta[i] + beta[j]) * np.exp(-(square + 2 * p * alpha[i] * alpha[j]) / 2)
        return p + 2 * cross + (minus - plus).sum() / 2 - mean.sum() ** 2

    assert mmoe_tasks(p=p).label_correlation == pytest.approx(covariance(p) / covariance(1), abs=1e-12)


def test_mmoe_targets_correlate_so_and_sines_can_be_others():
    for sines, p in (((ALPHA, BETA), -0.5), (([3.0], [0.0]), 0.6), (([], []), 0.6)):
        pair = mmoe_tasks(MANY, p=p, sines=sines, seed=7)
        assert correlation(pair.test) == pytest.approx(pair.label_correlation, abs=0.01)
    assert pair.label_correlation == pytest.approx(0.6)  # without sines
    assert np.allclose(labels(pair.test).std(1), 1, atol=0.01)


def additive_r2(frame, task):
    """How much of the target is a sum of something of the user and something of the video (least squares)."""
    one_hot = np.column_stack([np.eye(50)[frame["user"]], np.eye(50)[frame["video"]]])
    fitted = one_hot @ np.linalg.lstsq(one_hot, frame[task], rcond=None)[0]
    return 1 - ((frame[task] - fitted) ** 2).mean() / frame[task].var()


def test_only_crossed_targets_are_no_sum_over_user_and_video_and_they_do_not_correlate():
    for task in "ab":
        assert additive_r2(cross_tasks((1, 1, 5000), crossed=True, seed=1)[2], task) < 0.2
        assert additive_r2(cross_tasks((1, 1, 5000), crossed=False, seed=1)[2], task) > 0.999
    tests = [cross_tasks((1, 1, 30_000), seed=seed)[2] for seed in range(20)]
    assert abs(np.mean([correlation(test) for test in tests])) < 0.1
    table = tests[0].pivot_table("a", "user", "video")  # four hidden numbers a user: of rank 4
    values = np.linalg.svd(table.to_numpy(), compute_uv=False)
    assert values[4] < 1e-9 < values[3] and 0.5 < tests[0]["a"].std() < 1.6


def test_the_kind_of_a_row_says_which_features_a_task_needs():
    pair = kind_tasks((4000, 10, 20_000), seed=3)
    x, kind = pair.test.inputs[:, :-1], pair.test.inputs[:, -1]
    assert x.shape == (20_000, 20) and set(kind.tolist()) == {-1.0, 1.0} and abs(float(kind.mean())) < 0.03
    assert abs(correlation(pair.test)) < 0.03 and pair.label_correlation == 0
    assert np.allclose(labels(pair.test).mean(1), 0, atol=0.03) and np.allclose(labels(pair.test).std(1), 1, atol=0.03)
    slope = {
        (task, sign): np.linalg.lstsq(x[kind == sign].numpy(), label[kind == sign].numpy(), rcond=None)[0]
        for task, label in pair.test.labels.items()
        for sign in (-1.0, 1.0)
    }  # a sum of relus along directions leans along the sum of these
    cosine = lambda one, two: one @ two / np.linalg.norm(one) / np.linalg.norm(two)  # noqa: E731
    assert cosine(slope["a", 1.0], slope["b", -1.0]) > 0.98 and cosine(slope["a", -1.0], slope["b", 1.0]) > 0.98
    assert abs(cosine(slope["a", 1.0], slope["a", -1.0])) < 0.1


def test_a_history_matters_by_what_is_offered_only_if_matching():
    for matching in (True, False):
        test = interest_tasks((1, 1, 5000), matching=matching, seed=3)[2]
        lists, item = np.stack(test["history"]), test["item"].to_numpy()
        assert lists.shape == (5000, 10) and lists.min() == 0 and lists.max() == 59
        assert all(len(set(row % 12)) <= 3 for row in lists)
        share = (lists % 12 == item[:, None] % 12).mean(1)
        assert 0.4 < (share > 0).mean() < 0.7
        found = np.corrcoef(share, test["a"])[0, 1]
        assert found > 0.8 if matching else abs(found) < 0.1
        assert 0.7 < test["a"].corr(test["b"]) < 0.9


@pytest.mark.parametrize("shape", SHAPES)
def test_shaped_features_have_mean_0_and_variance_1_and_targets_correlate_as_the_condition_says(shape):
    x = np.random.default_rng(0).standard_normal((20_000, 20))
    features = np.stack([_feature(shape, x, np.random.default_rng(seed)) for seed in range(30)])
    assert features.mean(1) == pytest.approx(np.zeros(30), abs=0.05)
    assert features.var(1) == pytest.approx(np.ones(30), abs=0.12)
    for (condition, of), expected in zip(CONDITIONS.items(), [1, -1, 0, 0.5, 0], strict=True):
        found = [correlation(shaped_tasks((1, 1, 4000), shape=shape, seed=seed, **of)[2]) for seed in range(20)]
        assert np.mean(found) == pytest.approx(expected, abs=1e-5 if abs(expected) == 1 else 0.12), condition


@pytest.mark.parametrize(
    ("make", "arguments"),
    [
        (relu_tasks, {"rows": (10, 10)}),
        (relu_tasks, {"rows": (0, 10, 10)}),
        (relu_tasks, {"shared": 3, "relation": "other mix"}),
        (relu_tasks, {"labelled": 501}),
        (relu_tasks, {"seed": -1}),
        (mmoe_tasks, {"p": 1.01}),
        (mmoe_tasks, {"sines": ([1.0, 2.0], [0.0])}),
        (cross_tasks, {"noise": -1}),
        (cross_tasks, {"rows": 5}),
        (shaped_tasks, {"shape": "relus"}),
        (shaped_tasks, {"tasks": 27}),
        (shaped_tasks, {"shared": 3, "relation": "other mix"}),
        (shaped_tasks, {"inputs": 2}),
    ],
)
def test_bad_settings_are_named(make, arguments):
    with pytest.raises(ValueError, match=f"^{next(iter(arguments))}: got .*; expected"):
        make(**arguments)


@settings(max_examples=40, deadline=None)
@given(
    shared=st.integers(-1, 5),
    relation=st.sampled_from([*RELATIONS, "none"]),
    features=st.integers(0, 5),
    inputs=st.integers(1, 12),
    noise=st.floats(allow_nan=True),
)
def test_any_setting_works_or_names_the_argument(shared, relation, features, inputs, noise):
    try:
        tasks = relu_tasks((4, 3, 2), shared=shared, relation=relation, features=features, inputs=inputs, noise=noise)
    except ValueError as error:
        names = {"shared", "relation", "features", "inputs", "noise", "labels['a']", "labels['b']"}
        assert str(error).split(":")[0] in names
    else:
        assert -1 <= tasks.label_correlation <= 1 and np.isfinite(labels(tasks.train)).all()
