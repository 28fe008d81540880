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


def labels(examples):
    return torch.stack([examples.labels["a"], examples.labels["b"]])


@pytest.mark.parametrize("make", [relu_tasks, mmoe_tasks, kind_tasks])
def test_equal_seeds_give_equal_bytes_and_other_seeds_do_not(make):
    one, two, other = make(seed=5), make(seed=5), make(seed=6)
    for part in ("train", "valid", "test"):
        a, b, c = (getattr(pair, part) for pair in (one, two, other))
        assert a.inputs.numpy().tobytes() == b.inputs.numpy().tobytes() != c.inputs.numpy().tobytes()
        assert labels(a).numpy().tobytes() == labels(b).numpy().tobytes() != labels(c).numpy().tobytes()


@pytest.mark.parametrize("condition, expected", list(zip(CONDITIONS, [1, -1, 0, 0.5, 0], strict=True)))
def test_relu_targets_are_standardised_and_correlate_as_promised(condition, expected):
    tasks = relu_tasks(MANY, **CONDITIONS[condition], seed=3)
    target = labels(tasks.test)
    assert tasks.label_correlation == expected
    assert torch.allclose(target.mean(1), torch.zeros(2), atol=0.01)
    assert torch.allclose(target.std(1), torch.ones(2), atol=0.01)
    assert abs(float(torch.corrcoef(target)[0, 1]) - expected) < 0.01


def test_opposite_targets_are_exact_negatives_and_same_ones_equal():
    same, opposite = relu_tasks(relation="same", seed=2).test, relu_tasks(relation="opposite", seed=2).test
    assert torch.equal(same.labels["a"], same.labels["b"])
    assert torch.equal(opposite.labels["a"], -opposite.labels["b"])


def test_task_a_is_the_same_in_every_condition():
    pairs = [relu_tasks(**settings, seed=4) for settings in CONDITIONS.values()]
    for pair in pairs[1:]:
        for part in ("train", "valid", "test"):
            assert torch.equal(getattr(pair, part).inputs, getattr(pairs[0], part).inputs)
            assert torch.equal(getattr(pair, part).labels["a"], getattr(pairs[0], part).labels["a"])


@pytest.mark.parametrize("shared", range(5))
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


def test_noise_is_added_to_train_and_valid_alone():
    noisy, clean = relu_tasks((20_000, 20_000, 100), noise=0.5), relu_tasks((20_000, 20_000, 100), noise=0.0)
    assert torch.equal(labels(noisy.test), labels(clean.test))
    for part in ("train", "valid"):
        eps = labels(getattr(noisy, part)) - labels(getattr(clean, part))
        assert torch.allclose(eps.std(1), torch.full((2,), 0.5), atol=0.02)
        assert abs(float(torch.corrcoef(eps)[0, 1])) < 0.03


def test_binary_labels_are_the_thresholded_ones():
    values, classes = relu_tasks(noise=0.5, seed=8), relu_tasks(noise=0.5, binary=True, seed=8)
    for part in ("train", "valid", "test"):
        assert torch.equal(labels(getattr(classes, part)), (labels(getattr(values, part)) > 0).float())


def test_labelled_masks_task_b_on_train_alone():
    tasks = relu_tasks((100, 50, 50), labelled=30)
    assert list(tasks.train.masks) == ["b"] and int(tasks.train.masks["b"].sum()) == 30
    assert tasks.valid.masks == {} and tasks.test.masks == {}
    assert torch.equal(tasks.train.inputs, relu_tasks((100, 50, 50)).train.inputs)


def test_mmoe_limits():
    assert mmoe_tasks(p=1).label_correlation == pytest.approx(1, abs=1e-12)
    assert mmoe_tasks(p=0).label_correlation == pytest.approx(0, abs=1e-12)
    same = mmoe_tasks(p=1).test
    assert torch.equal(same.labels["a"], same.labels["b"])


@pytest.mark.slow
def test_mmoe_sines_can_be_others():
    pair, usual = mmoe_tasks(MANY, p=0.6, sines=([3.0], [0.0]), seed=7), mmoe_tasks(MANY, p=0.6, seed=7)
    assert torch.equal(pair.test.inputs, usual.test.inputs) and not torch.equal(labels(pair.test), labels(usual.test))
    assert abs(float(torch.corrcoef(labels(pair.test))[0, 1]) - pair.label_correlation) < 0.01
    straight = mmoe_tasks(MANY, p=0.6, sines=([], []), seed=7)
    assert straight.label_correlation == pytest.approx(0.6)


@pytest.mark.parametrize("p", [-1.0, 0.3])
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


@pytest.mark.parametrize(
    ("make", "arguments"),
    [
        (relu_tasks, {"rows": (10, 10)}),
        (relu_tasks, {"rows": (0, 10, 10)}),
        (relu_tasks, {"shared": 5}),
        (relu_tasks, {"shared": 3, "relation": "other mix"}),
        (relu_tasks, {"relation": "inverse"}),
        (relu_tasks, {"inputs": 7}),
        (relu_tasks, {"noise": float("nan")}),
        (relu_tasks, {"labelled": 501}),
        (relu_tasks, {"seed": -1}),
        (mmoe_tasks, {"p": 1.01}),
        (mmoe_tasks, {"inputs": 1}),
        (mmoe_tasks, {"noise": -1}),
        (mmoe_tasks, {"sines": ([1.0, 2.0], [0.0])}),
        (cross_tasks, {"noise": -1}),
        (cross_tasks, {"rows": 5}),
        (interest_tasks, {"seed": -1}),
        (shaped_tasks, {"shape": "relus"}),
        (shaped_tasks, {"relation": "none"}),
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
        assert -1 <= tasks.label_correlation <= 1
        assert torch.isfinite(labels(tasks.train)).all()


def additive_r2(frame, task):
    """How much of the target is a sum of something of the user and something of the video (least squares)."""
    one_hot = np.column_stack([np.eye(50)[frame["user"]], np.eye(50)[frame["video"]]])
    fitted = one_hot @ np.linalg.lstsq(one_hot, frame[task], rcond=None)[0]
    return 1 - ((frame[task] - fitted) ** 2).mean() / frame[task].var()


@pytest.mark.parametrize("task", ["a", "b"])
def test_only_crossed_targets_are_no_sum_over_user_and_video(task):
    assert additive_r2(cross_tasks((1, 1, 5000), crossed=True, seed=1)[2], task) < 0.2
    assert additive_r2(cross_tasks((1, 1, 5000), crossed=False, seed=1)[2], task) > 0.999


def test_cross_targets_are_of_rank_4_and_do_not_correlate():
    """Four hidden numbers a user: the table users × videos of either target has four singular values."""
    correlations = []
    for seed in range(20):
        test = cross_tasks((1, 1, 30_000), seed=seed)[2]
        table = test.pivot_table("a", "user", "video")
        assert table.notna().all(axis=None)
        values = np.linalg.svd(table.to_numpy(), compute_uv=False)
        assert values[4] < 1e-9 < values[3]
        correlations.append(test["a"].corr(test["b"]))
        assert 0.5 < test["a"].std() < 1.6
    assert abs(np.mean(correlations)) < 0.1


@pytest.mark.parametrize("make", [cross_tasks, interest_tasks])
def test_noise_falls_on_train_and_validation_labels_alone(make):
    noisy, clean = make(seed=2), make(seed=2, noise=0.0)
    for part in (0, 1):
        assert 0.45 < (noisy[part]["a"] - clean[part]["a"]).std() < 0.55
    assert noisy[2].equals(clean[2])


def test_the_kind_of_a_row_says_which_features_a_task_needs():
    pair = kind_tasks((4000, 10, 20_000), seed=3)
    x, kind = pair.test.inputs[:, :-1], pair.test.inputs[:, -1]
    assert x.shape == (20_000, 20) and set(kind.tolist()) == {-1.0, 1.0} and abs(float(kind.mean())) < 0.03
    a, b = pair.test.labels["a"], pair.test.labels["b"]
    assert abs(float(np.corrcoef(a, b)[0, 1])) < 0.03 and pair.label_correlation == 0
    assert float(a.mean()) == pytest.approx(0, abs=0.03) and float(a.std()) == pytest.approx(1, abs=0.03)
    slope = {
        (task, sign): np.linalg.lstsq(x[kind == sign].numpy(), label[kind == sign].numpy(), rcond=None)[0]
        for task, label in (("a", a), ("b", b))
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
def test_shaped_features_have_mean_0_and_variance_1(shape):
    x = np.random.default_rng(0).standard_normal((20_000, 20))
    features = np.stack([_feature(shape, x, np.random.default_rng(seed)) for seed in range(30)])
    assert features.mean(1) == pytest.approx(np.zeros(30), abs=0.05)
    assert features.var(1) == pytest.approx(np.ones(30), abs=0.12)


@pytest.mark.parametrize("shape", SHAPES)
def test_noise_falls_on_train_and_validation_labels_of_shaped_tasks_alone(shape):
    loud, still = (shaped_tasks((2000, 2000, 500), shape=shape, noise=noise, seed=8) for noise in (2.0, 0.0))
    for part, silent in zip(loud[:2], still[:2], strict=True):
        noise = labels(part) - labels(silent)
        assert noise.std(1).tolist() == pytest.approx([2, 2], abs=0.15)
        assert abs(float(torch.corrcoef(noise)[0, 1])) < 0.1
    assert torch.equal(labels(loud[2]), labels(still[2]))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("condition, expected", list(zip(CONDITIONS, [1, -1, 0, 0.5, 0], strict=True)))
def test_shaped_targets_correlate_as_the_condition_says(shape, condition, expected):
    found = [
        float(
            torch.corrcoef(labels(shaped_tasks((1, 1, 4000), shape=shape, seed=seed, **CONDITIONS[condition])[2]))[0, 1]
        )
        for seed in range(20)
    ]
    exact = condition.startswith("same") and "mix" not in condition
    assert sum(found) / 20 == pytest.approx(expected, abs=1e-5 if exact else 0.12)


@pytest.mark.parametrize("shape", SHAPES)
def test_more_tasks_change_no_earlier_one_and_conditions_do_not_change_task_a(shape):
    two, five = shaped_tasks(shape=shape, seed=4), shaped_tasks(shape=shape, tasks=5, seed=4)
    assert list(five[0].labels) == list("abcde")
    for part, more in zip(two, five, strict=True):
        assert torch.equal(part.inputs, more.inputs)
        assert all(torch.equal(part.labels[task], more.labels[task]) for task in "ab")
    for condition in CONDITIONS.values():
        assert torch.equal(shaped_tasks(shape=shape, seed=4, **condition)[0].labels["a"], two[0].labels["a"])


def test_a_tree_has_four_leaves_and_looks_at_one_column_or_another():
    x = np.random.default_rng(0).standard_normal((5000, 6))
    leaf = _feature("small trees", x, np.random.default_rng(1))
    assert len(np.unique(leaf)) == 4 and leaf.mean() == pytest.approx(0, abs=0.05)
    assert leaf.std() == pytest.approx(1, abs=0.05)
    by_columns = pd.DataFrame(x > 0).assign(leaf=leaf).groupby(list(range(6)))["leaf"].nunique()
    assert (by_columns == 1).all()  # the signs of the columns say which leaf
