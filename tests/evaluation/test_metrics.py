import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import log_loss as sklearn_log_loss
from sklearn.metrics import mean_squared_error, ndcg_score, r2_score, roc_auc_score

from helpers.data.examples import Examples
from helpers.evaluation.metrics import auc, evaluate, gauc, log_loss, mse, ndcg, r2, ranks, user_ndcg

SCORES, LABELS = "scores|logits|predictions", "labels|targets|gains"


def draw(seed, rows=200, levels=None):
    rng = np.random.default_rng(seed)
    scores = rng.standard_normal(rows) if levels is None else rng.integers(0, levels, rows).astype(float)
    return scores, (rng.random(rows) < 0.3).astype(float), rng


@pytest.mark.parametrize("levels", [None, 2, 5, 1])
def test_auc_is_sklearns_ties_included(levels):
    scores, labels, _ = draw(1, levels=levels)
    assert auc(scores, labels) == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)


def test_auc_limits_and_invariances():
    scores, labels, _ = draw(2)
    assert auc(labels, labels) == 1 and auc(-labels, labels) == 0 and auc(np.zeros(200), labels) == 0.5
    assert auc(1 / (1 + np.exp(-3 * scores - 1)), labels) == pytest.approx(auc(scores, labels), abs=1e-12)
    assert auc(-scores, labels) == pytest.approx(1 - auc(scores, labels), abs=1e-12)
    assert auc(-scores, 1 - labels) == pytest.approx(auc(scores, labels), abs=1e-12)
    order = np.random.default_rng(0).permutation(200)
    assert auc(scores[order], labels[order]) == pytest.approx(auc(scores, labels), abs=1e-12)


@pytest.mark.parametrize("metric", [auc, log_loss, mse, r2, ndcg])
@pytest.mark.parametrize("shared_labels", [True, False])
def test_a_leading_axis_gives_each_models_own_number(metric, shared_labels):
    rng = np.random.default_rng(3)
    scores = rng.integers(-3, 4, (2, 5, 60)) / 2
    labels = (rng.random(60 if shared_labels else (2, 5, 60)) < 0.4).astype(float)
    together = metric(scores, labels)
    assert together.shape == (2, 5)
    for index in np.ndindex(2, 5):
        assert together[index] == pytest.approx(metric(scores[index], np.broadcast_to(labels, scores.shape)[index]))


@pytest.mark.parametrize("metric", [auc, log_loss, mse, r2, ndcg])
def test_masked_rows_count_nowhere(metric):
    rng = np.random.default_rng(4)
    scores, labels, mask = rng.standard_normal((3, 80)), (rng.random((3, 80)) < 0.5) * 1.0, rng.random((3, 80)) < 0.6
    dirty = np.where(mask, labels, np.nan)
    together = metric(scores, dirty, mask)
    for row in range(3):
        assert together[row] == pytest.approx(metric(scores[row, mask[row]], labels[row, mask[row]]))


def test_tensors_and_arrays_of_any_number_type_are_the_same():
    scores, labels, _ = draw(5)
    expected = auc(scores.astype(np.float32), labels)
    assert auc(torch.tensor(scores, dtype=torch.float32, requires_grad=True), torch.tensor(labels)) == expected
    assert auc(scores.astype(np.float32), labels.astype(bool)) == expected
    assert auc(list(scores.astype(np.float32)), labels.astype(int)) == expected
    assert isinstance(expected, float)


def test_log_loss_is_sklearns_and_safe_for_huge_logits():
    scores, labels, _ = draw(6)
    assert log_loss(scores, labels) == pytest.approx(sklearn_log_loss(labels, 1 / (1 + np.exp(-scores))), abs=1e-12)
    assert log_loss(np.array([1000.0, -1000.0]), np.array([0, 0])) == 500
    rate = labels.mean()
    entropy = -rate * np.log(rate) - (1 - rate) * np.log(1 - rate)
    assert log_loss(np.full(200, np.log(rate / (1 - rate))), labels) == pytest.approx(entropy)


def test_mse_and_r2_are_sklearns():
    prediction, _, rng = draw(7)
    target = prediction + rng.standard_normal(200)
    assert mse(prediction, target) == pytest.approx(mean_squared_error(target, prediction), abs=1e-12)
    assert r2(prediction, target) == pytest.approx(r2_score(target, prediction), abs=1e-12)
    assert r2(target, target) == 1
    assert r2(np.full(200, target.mean()), target) == pytest.approx(0, abs=1e-12)
    assert r2(5 * prediction + 2, 5 * target + 2) == pytest.approx(r2(prediction, target))


def gauc_by_hand(scores, labels, users):
    frame = pd.DataFrame({"score": scores, "label": labels, "user": users})
    parts = [part for _, part in frame.groupby("user") if part["label"].nunique() == 2]
    values = [roc_auc_score(part["label"], part["score"]) for part in parts]
    return np.average(values, weights=[len(part) for part in parts]), frame["user"].nunique() - len(parts)


@pytest.mark.parametrize("levels", [None, 3])
def test_gauc_is_the_weighted_mean_of_users(levels):
    scores, labels, rng = draw(8, rows=500, levels=levels)
    users = rng.integers(0, 60, 500) * 2**40 - 7
    value, skipped = gauc(scores, labels, users)
    expected, expected_skipped = gauc_by_hand(scores, labels, users)
    assert value == pytest.approx(expected, abs=1e-12) and skipped == expected_skipped > 0


@pytest.mark.slow
def test_gauc_for_many_models_with_masks():
    rng = np.random.default_rng(9)
    scores, labels = rng.integers(0, 9, (4, 300)) * 1.0, (rng.random((4, 300)) < 0.4) * 1.0
    users, mask = rng.integers(0, 40, (4, 300)), rng.random((4, 300)) < 0.7
    value, skipped = gauc(scores, labels, users, mask)
    for row in range(4):
        seen = mask[row]
        expected = gauc_by_hand(scores[row, seen], labels[row, seen], users[row, seen])
        assert (value[row], skipped[row]) == (pytest.approx(expected[0]), expected[1])


def test_gauc_of_one_user_is_auc_and_a_users_offset_does_not_matter():
    scores, labels, rng = draw(10)
    assert gauc(scores, labels, np.zeros(200, int)).value == pytest.approx(auc(scores, labels), abs=1e-12)
    users = rng.integers(0, 10, 200)
    moved = gauc(scores + 100 * users, labels, users)
    assert moved.value == pytest.approx(gauc(scores, labels, users).value, abs=1e-12)


@pytest.mark.parametrize("k", [None, 1, 5, 200, 500])
@pytest.mark.parametrize("levels", [None, 4, 1])
def test_ndcg_is_sklearns_ties_and_graded_gains_included(k, levels):
    scores, _, rng = draw(13, levels=levels)
    gains = rng.integers(0, 4, 200)
    assert ndcg(scores, gains, k=k) == pytest.approx(ndcg_score([gains], [scores], k=k), abs=1e-12)


def test_ndcg_by_hand_limits_and_invariances():
    assert ndcg([5, 4, 3, 2], [0, 1, 0, 1]) == pytest.approx((1 / np.log2(3) + 1 / np.log2(5)) / (1 + 1 / np.log2(3)))
    scores, _, rng = draw(14)
    gains = rng.integers(0, 3, 200)
    assert ndcg(gains, gains) == 1 and ndcg(gains, 7 * gains, k=3) == 1
    assert ndcg(np.exp(scores), gains) == pytest.approx(ndcg(scores, gains), abs=1e-12)
    assert ndcg(scores, 3 * gains) == pytest.approx(ndcg(scores, gains), abs=1e-12)
    assert ndcg([2, 1], [0, 1], k=1) == 0
    order = rng.permutation(200)
    assert ndcg(scores[order], gains[order], k=10) == pytest.approx(ndcg(scores, gains, k=10), abs=1e-12)


@pytest.mark.parametrize("k", [None, 3])
@pytest.mark.parametrize("levels", [None, 3])
def test_ndcg_over_users_is_the_mean_of_their_lists(k, levels):
    scores, gains, rng = draw(15, rows=300, levels=levels)
    users = rng.integers(0, 60, 300) * 2**40 - 7
    frame = pd.DataFrame({"score": scores, "gain": gains, "user": users})
    lists = [part for _, part in frame.groupby("user") if part["gain"].any()]
    expected = np.mean([ndcg(part["score"], part["gain"], k=k) for part in lists])
    value, skipped = user_ndcg(scores, gains, users, k=k)
    assert value == pytest.approx(expected, abs=1e-12)
    assert skipped == frame["user"].nunique() - len(lists) > 0
    assert user_ndcg(scores, gains, np.zeros(300, int), k=k).value == pytest.approx(ndcg(scores, gains, k=k))


def examples(**more):
    scores, labels, rng = draw(12)
    inputs = torch.zeros(200, 1)
    watch = torch.tensor(rng.standard_normal(200))
    groups = torch.tensor(rng.integers(0, 9, 200))
    return Examples(inputs, {"click": torch.tensor(labels), "watch": watch}, groups=groups, **more), scores, rng


def test_evaluate_is_tidy_and_agrees_with_the_metrics():
    data, scores, _ = examples()
    table = evaluate({"click": scores, "watch": scores}, data, {"click": "binary", "watch": "regression"})
    assert list(table.columns) == ["task", "metric", "value", "note"]
    value = table.set_index(["task", "metric"])["value"]
    click, watch = data.labels["click"], data.labels["watch"]
    assert value["click", "auc"] == auc(scores, click) and value["click", "log_loss"] == log_loss(scores, click)
    assert (value["click", "gauc"], value["click", "gauc_skipped"]) == gauc(scores, click, data.groups)
    assert value["watch", "r2"] == r2(scores, watch) and value["watch", "mse"] == mse(scores, watch)
    assert len(table) == 6 and (table["note"] == "").all()


def test_evaluate_copies_and_masks():
    data, scores, rng = examples(masks={"click": torch.arange(200) < 150})
    outputs = torch.tensor(np.stack([scores, -scores, rng.standard_normal(200)]))
    table = evaluate({"click": outputs}, data, {"click": "binary"})
    by_copy = table[table["metric"] == "auc"].set_index("copy")["value"]
    assert by_copy[0] == pytest.approx(auc(scores[:150], data.labels["click"][:150]))
    assert by_copy[0] + by_copy[1] == pytest.approx(1)
    single = evaluate({"click": outputs[2]}, data, {"click": "binary"})
    assert table[table["copy"] == 2]["value"].tolist() == pytest.approx(single["value"].tolist())


def test_evaluate_says_why_a_value_is_missing():
    data = Examples(torch.zeros(4, 1), {"click": torch.ones(4), "watch": torch.full((4,), 0.1)}, groups=torch.arange(4))
    outputs = {"click": np.arange(4.0), "watch": np.arange(4.0)}
    table = evaluate(outputs, data, {"click": "binary", "watch": "regression"}).set_index("metric")
    assert table["value"].isna().to_dict() == {
        "auc": True, "log_loss": False, "gauc": True, "gauc_skipped": False, "r2": True, "mse": False
    }  # fmt: skip
    assert "one class" in table.loc["auc", "note"] and "no user" in table.loc["gauc", "note"]
    assert "constant" in table.loc["r2", "note"] and table.loc["mse", "note"] == ""
    assert table.loc["gauc_skipped", "value"] == 4


def test_evaluate_says_it_of_the_copy_that_has_none():
    sets = [examples(masks={"click": torch.arange(200) < count})[0] for count in (150, 0)]
    outputs = {"click": torch.tensor(np.stack([draw(k)[0] for k in range(2)]))}
    table = evaluate(outputs, Examples.stack(sets), {"click": "binary"})
    table = table[table["metric"] != "gauc_skipped"]
    assert table["value"].isna().tolist() == [False, True] * 3
    assert table["note"].tolist() == ["", "no observed label"] * 3


@pytest.mark.parametrize("metric", [auc, log_loss, mse, r2, ndcg])
@pytest.mark.parametrize(
    "scores, labels, mask, named",
    [
        ([0.1, np.nan], [0, 1], None, SCORES),
        ([0.1, np.inf], [0, 1], None, SCORES),
        ([0.1, 0.2], [0, np.nan], None, LABELS),
        ([0.1, 0.2], [0, 1, 1], None, LABELS),
        ([[0.1, 0.2]], [[0, 1], [0, 1]], None, LABELS),
        ([], [], None, SCORES),
        (0.5, 1, None, SCORES),
        (["a", "b"], [0, 1], None, SCORES),
        ([0.1, 0.2], [0, 1], [True], "mask"),
        ([0.1, 0.2], [0, 1], [False, False], "mask"),
    ],
)
def test_bad_input_is_named(metric, scores, labels, mask, named):
    with pytest.raises((ValueError, TypeError), match=f"^({named}): got .*; expected"):
        metric(scores, labels, mask)


@settings(max_examples=80, deadline=None)
@given(
    scores=hnp.arrays(float, hnp.array_shapes(min_dims=0, max_dims=2, min_side=0, max_side=4)),
    labels=hnp.arrays(
        float,
        hnp.array_shapes(min_dims=0, max_dims=2, min_side=0, max_side=4),
        elements=st.sampled_from([0, 1, 2, np.nan]),
    ),
)
def test_any_arrays_give_a_number_or_a_named_error(scores, labels):
    for metric in (auc, r2):
        try:
            value = metric(scores, labels)
        except ValueError as error:
            assert str(error).split(":")[0] in {"scores", "predictions", "labels", "targets"}
        else:
            assert not np.isnan(value).any()


@pytest.mark.parametrize("mask", [[1, 1, float("nan")], [1, None, 1], [1, -1, 1], [1, 1, 0.3]])
def test_a_mask_says_yes_or_no(mask):
    with pytest.raises(
        ValueError, match=r"^mask: got 1 values other than 0 and 1, the first .*; expected True where a"
    ):
        mse([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], mask)
    assert mse([1.0, 2.0, 9.0], [1.0, 0.0, 3.0], [1, 1, 0]) == mse(
        [1.0, 2.0, 9.0], [1.0, 0.0, 3.0], [True, True, False]
    )


FOUR, ONES, CLICK = [0.0, 1.0, 2.0, 3.0], [1, 1, 1, 1], {"click": "binary"}
NAN_AT_3 = np.where(np.arange(200) == 3, np.nan, 0.5)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: auc(FOUR, ONES), "labels: got only one class"),
        (lambda: auc([FOUR, FOUR], [ONES, [0, 0, 1, 1]]), "labels: got only one class"),
        (lambda: gauc(FOUR, [0, 0, 1, 1], np.arange(4)), "labels: got no user with labels of both classes"),
        (lambda: r2(FOUR, [0.1] * 4), "targets: got a constant target"),
        (lambda: auc([0.1, 0.2, 0.3], [0, 1, 2]), "labels: got 1 labels outside"),
        (lambda: auc(["1", "2"], [0, 1]), "scores: got .* that is not numeric; expected numbers"),
        (lambda: auc([1 + 2j, 1], [0, 1]), "scores: got .* that is not numeric; expected numbers"),
        (
            lambda: mse([1e200, 0.0], [-1e200, 0.0]),
            r"predictions: got an error of 2e\+200; expected errors whose squares",
        ),
        (lambda: gauc([0.1, 0.2, 0.3], [0, 1, 1], [1, 2]), "groups: got shape"),
        (lambda: gauc([0.1, 0.2, 0.3], [0, 1, 1], ["a", "b", "c"]), "groups: got dtype <U1"),
        (lambda: ranks([1, 2]), r"values: got \[1, 2\]; expected a tensor with the rows on its last axis"),
        (lambda: ndcg([0.1, 0.2], [0, 0]), "gains: got no gain at all; expected a gain above 0"),
        (lambda: user_ndcg([0.1, 0.2], [0, 0], [1, 2]), "gains: got no gain at all; expected a user with"),
        (lambda: ndcg([0.1, 0.2], [0, -1]), r"gains: got a negative gain \(-1\)"),
        (lambda: ndcg([0.1, 0.2], [0, 1], k=0), "k: got 0; expected a whole number of at least 1"),
        (lambda: evaluate({"click": FOUR}, examples()[0], {"watch": "regression"}), "outputs: got no task 'watch'"),
        (lambda: evaluate({"like": FOUR}, examples()[0], {"like": "binary"}), "examples: got no task 'like'"),
        (lambda: evaluate({"click": FOUR}, examples()[0], {}), "kinds: got .*; expected .*at least one task"),
        (lambda: evaluate(FOUR, examples()[0], CLICK), "outputs: got list; expected"),
        (lambda: evaluate({"click": FOUR}, {"click": FOUR}, CLICK), "examples: got dict; expected Examples"),
        (lambda: evaluate({"click": FOUR}, examples()[0], {"click": "rank"}), "kinds: got 'rank'"),
        (lambda: evaluate({"click": NAN_AT_3}, examples()[0], CLICK), r"outputs\['click'\]: got 1 NaN"),
    ],
)
def test_what_cannot_be_judged_is_named(call, words):
    with pytest.raises((TypeError, ValueError), match=f"^{words}"):
        call()
