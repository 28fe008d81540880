"""Every metric is the number of a reference on the observed rows, for ties, masks, shared labels and many models."""

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from sklearn import metrics as sk

from helpers.data.examples import Examples
from helpers.evaluation.metrics import auc, evaluate, gauc, log_loss, mse, ndcg, r2, ranks, user_ndcg


def by_user(one, counts):
    """The reference of a mean over users, (value, skipped): GAUC weighs a user by the number of rows."""

    def value(scores, labels, users):
        parts = [part for _, part in pd.DataFrame({"s": scores, "y": labels, "u": users}).groupby("u")]
        kept = [part for part in parts if counts(part["y"])]
        weights = [len(part) for part in kept] if one is auc else None
        return np.average([one(part["s"], part["y"]) for part in kept], weights=weights), len(parts) - len(kept)

    return value


REFERENCES = {
    auc: lambda s, y: sk.roc_auc_score(y, s),
    log_loss: lambda s, y: sk.log_loss(y, expit(s), labels=[0, 1]),
    mse: lambda s, y: sk.mean_squared_error(y, s),
    r2: lambda s, y: sk.r2_score(y, s),
    ndcg: lambda s, y: sk.ndcg_score([y], [s]),
    gauc: by_user(auc, lambda y: y.nunique() == 2),
    user_ndcg: by_user(ndcg, lambda y: y.any()),
}


@pytest.mark.slow
@settings(max_examples=10, deadline=None)
@pytest.mark.parametrize("metric", REFERENCES)
@given(seed=st.integers(0, 10**6), levels=st.sampled_from([3, 9, 10**6]), shared=st.booleans(), masked=st.booleans())
def test_it_is_the_reference_on_the_observed_rows_of_each_model(metric, seed, levels, shared, masked):
    rng, models, rows = np.random.default_rng(seed), 3, 90
    scores = rng.integers(-levels, levels, (models, rows)) / levels * 4
    labels = (rng.random(rows if shared else (models, rows)) < 0.4).astype(float)
    labels = labels * rng.integers(1, 4, labels.shape) if metric in (ndcg, user_ndcg, mse, r2) else labels
    users = (rng.integers(0, 30, (models, rows)) * 2**40 - 7,) if metric in (gauc, user_ndcg) else ()
    mask = rng.random((models, rows)) < 0.7 if masked else np.ones((models, rows), bool)
    every = np.broadcast_to(labels, scores.shape)
    dirty = np.where(mask, every, np.nan) if masked else labels
    together = np.stack(metric(scores, dirty, *users, mask if masked else None))
    for k in range(models):
        own = scores[k, mask[k]], every[k, mask[k]], *(of[k, mask[k]] for of in users)
        wanted = REFERENCES[metric](*own)
        np.testing.assert_allclose(together[..., k], wanted, atol=1e-9)
        np.testing.assert_allclose(metric(*own), wanted, atol=1e-9)  # and of one model, a float


@pytest.mark.parametrize("k", [None, 1, 5, 500])
@pytest.mark.parametrize("levels", [1, 4, 10**6])
def test_ndcg_stops_at_place_k(k, levels):
    rng = np.random.default_rng(13)
    scores, gains, users = rng.integers(0, levels, 200) * 1.0, rng.integers(0, 4, 200), rng.integers(0, 9, 200)
    assert ndcg(scores, gains, k=k) == pytest.approx(sk.ndcg_score([gains], [scores], k=k), abs=1e-12)
    wanted = by_user(lambda s, y: ndcg(s, y, k=k), lambda y: y.any())(scores, gains, users)
    assert user_ndcg(scores, gains, users, k=k) == pytest.approx(wanted, abs=1e-12)


def test_limits_and_number_types():
    labels = np.arange(40) % 2
    assert auc(labels, labels) == 1 and auc(np.zeros(40), labels) == 0.5 and r2(labels, labels) == 1
    assert log_loss(np.array([1000.0, -1000.0]), np.array([0, 0])) == 500  # safe for huge logits
    of_tensor = auc(torch.linspace(0, 1, 40, requires_grad=True), labels.astype(bool))
    assert of_tensor == auc(list(range(40)), labels) and isinstance(of_tensor, float)


def data(masks=None):
    rng = np.random.default_rng(12)
    labels = {"click": torch.tensor((rng.random(200) < 0.3) * 1.0), "watch": torch.tensor(rng.standard_normal(200))}
    return Examples(torch.zeros(200, 1), labels, masks or {}, groups=torch.tensor(rng.integers(0, 9, 200)))


SCORES = np.random.default_rng(5).standard_normal(200)


def test_evaluate_is_tidy_and_agrees_with_the_metrics():
    rows = data({"click": torch.arange(200) < 150})
    outputs = {"click": torch.tensor(np.stack([SCORES, -SCORES])), "watch": SCORES}
    table = evaluate(outputs, rows, {"click": "binary", "watch": "regression"})
    assert set(table) == {"copy", "task", "metric", "value", "note"} and (table["note"] == "").all()
    value = table.assign(copy=table["copy"].fillna(0)).set_index(["task", "metric", "copy"])["value"]
    seen, watch = (SCORES[:150], rows.labels["click"][:150]), rows.labels["watch"]
    assert value["click", "auc", 0] == pytest.approx(auc(*seen)) == 1 - value["click", "auc", 1]
    assert value["click", "log_loss", 0] == pytest.approx(log_loss(*seen))
    both = value["click", "gauc", 0], value["click", "gauc_skipped", 0]
    assert both == pytest.approx(gauc(*seen, rows.groups[:150]))
    assert value["watch", "r2", 0] == r2(SCORES, watch) and value["watch", "mse", 0] == mse(SCORES, watch)
    assert len(table) == 2 * 4 + 2


def test_evaluate_says_why_a_value_is_missing():
    rows = Examples(torch.zeros(4, 1), {"click": torch.ones(4), "watch": torch.full((4,), 0.1)}, groups=torch.arange(4))
    kinds = {"click": "binary", "watch": "regression"}
    said = evaluate(dict.fromkeys(kinds, np.arange(4.0)), rows, kinds).set_index("metric")
    missing = {"auc": "one class", "gauc": "no user", "r2": "constant"}
    for metric, row in said.iterrows():
        assert np.isnan(row["value"]) == (metric in missing) and missing.get(metric, "") in row["note"]
    assert said.loc["gauc_skipped", "value"] == 4
    stacked = Examples.stack([data({"click": torch.arange(200) < count}) for count in (150, 0)])
    table = evaluate({"click": np.stack([SCORES, SCORES])}, stacked, {"click": "binary"})
    notes = table.groupby("copy")["note"].agg(set)
    assert notes[0] == {""} and "no observed label" in notes[1]  # of the copy that has none


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_arrays_give_a_number_or_a_named_error(drawn):
    one = st.one_of(st.sampled_from([0, 1, 2, 0.5, np.nan, np.inf, -1e200, "a", 1j, None]), st.floats())
    several = st.one_of(one, st.lists(one, max_size=4), st.lists(st.lists(one, min_size=2, max_size=2), max_size=2))
    scores, labels, mask = (drawn.draw(several) for _ in range(3))
    for metric in (auc, r2, ndcg, log_loss):
        try:
            value = metric(scores, labels, drawn.draw(st.sampled_from([None, mask])))
        except (ValueError, TypeError) as error:
            named = ["scores", "logits", "predictions", "labels", "targets", "gains", "mask"]
            assert str(error).split(":")[0] in named and "; expected" in str(error)
        else:
            assert np.isfinite(value).all()


FOUR, ONES, CLICK = [0.0, 1.0, 2.0, 3.0], [1, 1, 1, 1], {"click": "binary"}


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: auc(FOUR, ONES), "labels: got only one class"),
        (lambda: auc([FOUR, FOUR], [ONES, [0, 0, 1, 1]]), "labels: got only one class"),
        (lambda: auc([0.1, 0.2, 0.3], [0, 1, 2]), "labels: got 1 labels outside"),
        (lambda: auc([0.1, 0.2], [0, 1], [False, False]), "mask: got no observed row"),
        (lambda: mse([1.0, 2.0], [1.0, 2.0], [1, 0.3]), "mask: got 1 values other than 0 and 1"),
        (lambda: mse([1e200, 0.0], [-1e200, 0.0]), r"predictions: got an error of 2e\+200"),
        (lambda: r2(FOUR, [0.1] * 4), "targets: got a constant target"),
        (lambda: gauc(FOUR, [0, 0, 1, 1], np.arange(4)), "labels: got no user with labels of both classes"),
        (lambda: gauc(FOUR, [0, 1, 1, 0], [1, 2]), "groups: got shape"),
        (lambda: gauc(FOUR, [0, 1, 1, 0], list("abcd")), "groups: got dtype"),
        (lambda: ranks([1, 2]), r"values: got \[1, 2\]"),
        (lambda: ndcg([0.1, 0.2], [0, 0]), "gains: got no gain at all"),
        (lambda: ndcg([0.1, 0.2], [0, -1]), "gains: got a negative gain"),
        (lambda: ndcg([0.1, 0.2], [0, 1], k=0), "k: got 0"),
        (lambda: user_ndcg([0.1, 0.2], [0, 0], [1, 2]), "gains: got no gain at all"),
        (lambda: evaluate({"click": FOUR}, data(), {"watch": "regression"}), "outputs: got no task 'watch'"),
        (lambda: evaluate({"like": FOUR}, data(), {"like": "binary"}), "examples: got no task 'like'"),
        (lambda: evaluate({"click": FOUR}, data(), {"click": "rank"}), "kinds: got 'rank'"),
        (lambda: evaluate({"click": [np.nan] + FOUR * 49 + ONES[1:]}, data(), CLICK), r"outputs\['click'\]: got 1 NaN"),
    ],
)
def test_what_cannot_be_judged_is_named(call, words):
    with pytest.raises((TypeError, ValueError), match=f"^{words}.*; expected"):
        call()
