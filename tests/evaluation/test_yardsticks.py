"""Linear model and trees: that they read every kind of column, learn what they can, and see no label they must not."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import OneHotEncoder

from helpers.data.examples import Examples
from helpers.data.features import Dense, Features, Sequence, Sparse
from helpers.evaluation import yardsticks
from helpers.evaluation.metrics import auc, r2
from helpers.evaluation.yardsticks import LINEAR, NAMES, PENALTIES, TREES, best, candidates


@pytest.fixture(scope="module")
def log():
    """x and y are numbers whose product alone counts for `both`; ids of few, of many values; lists of ids."""
    rng, rows = np.random.default_rng(0), 6_000
    frame = pd.DataFrame({"x": rng.normal(size=rows), "y": rng.normal(size=rows), "few": rng.integers(0, 12, rows)})
    frame["many"] = rng.integers(0, 400, rows)
    frame["seen"] = [list(rng.integers(0, 12, rng.integers(0, 4))) for _ in range(rows)]
    frame["both"] = (frame["x"] * frame["y"] > 0).astype(int)
    tastes = {"few": rng.normal(size=12), "many": rng.normal(size=400)}
    for name, taste in tastes.items():
        frame[f"by {name}"] = (rng.random(rows) < 1 / (1 + np.exp(-2 * taste[frame[name]]))).astype(int)
    frame["third"] = [int(3 in ids) for ids in frame["seen"]]
    frame["empty"] = [int(not ids) for ids in frame["seen"]]
    frame["luck"] = rng.integers(0, 2, rows)
    return frame.assign(value=3 * frame["x"] + 100)


COLUMNS = [Dense("x"), Dense("y"), Sparse("few"), Sparse("many"), Sequence("seen", of="few")]


def scores(name, log, label, columns=COLUMNS, settings=None):
    """The scores of the last third, with the best setting for the third before; and the labels."""
    train, valid, test = log[:4_000], log[4_000:5_000], log[5_000:]
    features = Features(columns).fit(train)
    tables = [features.transform(part) for part in (valid, test)]
    score = r2 if label == "value" else auc
    tried = list(candidates(name, features, features.examples(train, {"label": label}), *tables))
    _, best = max(tried, key=lambda pair: score(pair[0], valid[label].to_numpy(float)))
    return best, test[label].to_numpy(float)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("label", "linear", "trees"),
    [
        ("both", (0.4, 0.6), (0.95, 1)),  # only trees know a product
        ("by few", (0.75, 1), (0.75, 1)),
        ("by many", (0.7, 1), (0.7, 1)),
        ("third", (0.99, 1), (0.5, 0.9)),  # trees know of a list how long it is
        ("empty", (0.8, 1), (0.999, 1)),
        ("luck", (0.45, 0.55), (0.45, 0.55)),
    ],
)
def test_each_learns_what_it_can(log, label, linear, trees):
    for name, (low, high) in ((LINEAR, linear), (TREES, trees)):
        assert low <= auc(*scores(name, log, label)) <= high, name


def test_the_linear_model_is_that_of_one_hot_columns(log):
    """Of each penalty; an id that no training row has, and a missing number, take nothing with them."""
    log = log.copy()
    log.loc[5_500:, "few"] = 99
    log.loc[::7, "x"] = np.nan
    columns, train, test = COLUMNS[:3], log[:4_000], log[5_000:]
    features = Features(columns).fit(train)
    dense = [features.transform(part)["dense"].numpy() for part in (train, test)]
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(train[["few"]])
    own, other = (np.hstack([d, encoder.transform(p[["few"]])]) for d, p in zip(dense, (train, test), strict=True))
    for label, make in (
        ("by few", lambda penalty: LogisticRegression(C=1 / penalty, tol=1e-6)),
        ("value", lambda penalty: Ridge(penalty)),
    ):
        examples = features.examples(train, {"label": label})
        tried = list(candidates(LINEAR, features, examples, features.transform(test)))
        assert len(tried) == len(PENALTIES)
        for penalty, (found,) in zip(PENALTIES, tried, strict=True):
            model = make(penalty).fit(own, train[label])
            expected = model.decision_function(other) if label == "by few" else model.predict(other)
            np.testing.assert_allclose(found, expected, atol=0.05)


@pytest.mark.slow
def test_a_training_row_does_not_read_its_own_label(log):
    """By its own label, an id with one row would tell it; trees would trust the id, and know nothing of other rows."""
    log = log.assign(once=np.arange(len(log)) % 4_000)  # each id has one training row
    log["noisy"] = np.where(np.random.default_rng(1).random(len(log)) < 0.3, log["luck"], log["both"])
    columns = [Dense("x"), Dense("y"), Sparse("once")]
    assert auc(*scores(TREES, log, "noisy", columns)) > auc(*scores(TREES, log, "noisy", columns[:2])) - 0.01


@pytest.mark.parametrize("name", NAMES)
def test_a_masked_row_counts_for_nothing(log, name, monkeypatch):
    monkeypatch.setattr(yardsticks, "MOST_TREES", 5)
    train = log[:2_000].assign(label=log["by few"].where(log["x"] > -0.5))
    short, features = train[train["label"].notna()], Features(COLUMNS).fit(train)
    whole, part = (features.examples(rows, {"label": "label"}) for rows in (train, short))
    for one, other in zip(*(candidates(name, features, rows, whole.inputs) for rows in (whole, part)), strict=True):
        np.testing.assert_allclose(one[0], other[0], atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("label", ["by few", "value"])
def test_rows_count_by_their_weights(log, name, label, monkeypatch):
    """A row of weight 0 is as one that is not there; not quite, as weights are scaled to a mean of 1."""
    monkeypatch.setattr(yardsticks, "MOST_TREES", 5)
    train = log[:2_000].assign(w=np.arange(2_000) % 2 * 3.0)
    columns = COLUMNS[2:3]
    features = Features(columns).fit(train)
    heavy = features.examples(train, {"label": label}, weight="w")
    alone = features.examples(train[train["w"] > 0], {"label": label})
    test = features.transform(log[5_000:])
    every = (heavy, alone, features.examples(train, {"label": label}))
    (one,), (other,), (whole,) = (next(candidates(name, features, rows, test)) for rows in every)
    assert np.corrcoef(one, other)[0, 1] > 0.999 > np.corrcoef(one, whole)[0, 1]


def test_what_is_no_yardstick_and_several_tasks_are_named(log):
    features = Features(COLUMNS).fit(log)
    examples = features.examples(log, {"a": "luck", "b": "both"})
    with pytest.raises(ValueError, match="name: got 'forest'; expected one of 'linear', 'trees'"):
        next(candidates("forest", features, examples, examples.inputs))
    with pytest.raises(ValueError, match=r"train: got the tasks \['a', 'b'\]; expected examples of one task"):
        next(candidates(LINEAR, features, examples, examples.inputs))


@pytest.mark.parametrize("label", ["both", "value"])
def test_the_trees_are_those_of_scikit_learn(log, label, monkeypatch):
    """After each tree; an id of as many values as trees may take is a category, one more and it is a mean label."""
    monkeypatch.setattr(yardsticks, "MOST_TREES", 4)
    monkeypatch.setattr(yardsticks, "LEAVES", 6)
    log = log.assign(ninth=log["many"] % 9)
    train, test = log[:2_000], log[5_000:]
    features = Features([*COLUMNS[1:3], Sparse("ninth")]).fit(train)
    examples, inputs = features.examples(train, {"label": label}), features.transform(test)
    own, other = (
        np.column_stack([part["dense"].numpy(), part["sparse"].numpy() - [ids.offset for ids in features.sparse]])
        for part in (examples.inputs, inputs)
    )
    kind = HistGradientBoostingRegressor if label == "value" else HistGradientBoostingClassifier
    model = kind(max_iter=4, max_leaf_nodes=6, early_stopping=False, categorical_features=[1, 2]).fit(own, train[label])
    expected = list(model.staged_predict(other) if label == "value" else model.staged_decision_function(other))
    for most, same in ((features.sparse[0].rows, True), (features.sparse[0].rows - 1, False)):
        monkeypatch.setattr(yardsticks, "CATEGORIES", most)
        found = [scores for (scores,) in candidates(TREES, features, examples, inputs)]
        assert len(found) == 4
        assert np.allclose(found, [np.ravel(stage) for stage in expected], atol=1e-9) == same


@pytest.mark.parametrize("name", NAMES)
def test_a_row_has_its_score_whatever_rows_are_asked_with_it(log, name, monkeypatch):
    """One row alone has few of the ids that training rows have."""
    monkeypatch.setattr(yardsticks, "MOST_TREES", 5)
    features = Features(COLUMNS).fit(log)
    examples = features.examples(log[:2_000], {"label": "by few"})
    tables = (features.transform(log[5_000:]), features.transform(log[5_001:5_002]))
    for whole, one in candidates(name, features, examples, *tables):
        np.testing.assert_allclose(one, whole[1:2], atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_the_best_is_chosen_on_validation_rows_each_copy_for_itself(log, name, monkeypatch):
    monkeypatch.setattr(yardsticks, "MOST_TREES", 5)
    features = Features(COLUMNS).fit(log)
    sets = [
        [features.examples(log[a:b], {"y": "by few"}) for a, b in ((k, k + 800), (k + 800, 5_000), (5_000, 6_000))]
        for k in (0, 400)
    ]
    sets = [[train, valid.take(range(1_000)), test] for train, valid, test in sets]
    train, valid, test = map(Examples.stack, map(list, zip(*sets, strict=True)))
    (together,) = best(name, features, train, valid, test.inputs)
    for scores, (own, tuning, asked) in zip(together, sets, strict=True):
        tried = list(candidates(name, features, own, tuning.inputs, asked.inputs))
        reached = [auc(one[0], tuning.labels["y"]) for one in tried]
        np.testing.assert_allclose(scores, tried[int(np.argmax(reached))][1], atol=1e-9)


def test_the_best_is_judged_where_the_label_was_observed(log, monkeypatch):
    features, truth = Features(COLUMNS).fit(log), log["value"].to_numpy()
    train, valid = (features.examples(part, {"y": "value"}) for part in (log[:800], log.assign(value=log["value"])))
    masked = Examples(valid.inputs, valid.labels, {"y": torch.arange(len(log)) % 2 == 0})
    seen = masked.masks["y"].numpy()
    tried = [(truth + 1, "near"), (np.where(seen, truth + 0.1, 1e6), "nearest where it was observed")]
    monkeypatch.setattr(yardsticks, "candidates", lambda *_: tried)
    assert best(LINEAR, features, train, masked, valid.inputs) == ["nearest where it was observed"]
    assert best(LINEAR, features, train, valid, valid.inputs) == ["near"]
