"""Linear model and trees are scikit-learn's on every kind of column, and see no label that they must not see."""

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
from helpers.evaluation.metrics import auc
from helpers.evaluation.yardsticks import LINEAR, NAMES, PENALTIES, TREES, best, candidates


@pytest.fixture(scope="module")
def log():
    """x and y are numbers whose product alone counts for `both`; ids of few, of many values; lists of ids."""
    rng, rows = np.random.default_rng(0), 4_000
    log = pd.DataFrame({"x": rng.normal(size=rows), "y": rng.normal(size=rows), "few": rng.integers(0, 12, rows)})
    log["many"] = rng.integers(0, 300, rows)
    log["seen"] = [list(rng.integers(0, 12, rng.integers(0, 4))) for _ in range(rows)]
    log["both"] = (log["x"] * log["y"] > 0).astype(int)
    for name in ("few", "many"):
        log[f"by {name}"] = (rng.random(rows) < 1 / (1 + np.exp(-2 * rng.normal(size=300)[log[name]]))).astype(int)
    log["third"] = [int(3 in ids) for ids in log["seen"]]
    log["empty"] = [int(not ids) for ids in log["seen"]]
    log["luck"], log["w"], log["once"] = rng.integers(0, 2, rows), np.arange(rows) % 2 * 3.0, np.arange(rows) % 2_500
    log["noisy"] = np.where(rng.random(rows) < 0.3, log["luck"], log["both"])
    return log.assign(value=3 * log["x"] + 100)


COLUMNS = [Dense("x"), Dense("y"), Sparse("few"), Sparse("many"), Sequence("seen", of="few")]


@pytest.fixture
def few_trees(monkeypatch):
    monkeypatch.setattr(yardsticks, "MOST_TREES", 5)
    monkeypatch.setattr(yardsticks, "LEAVES", 6)


def reached(name, log, label, columns=COLUMNS):
    features = Features(columns).fit(log[:2_500])
    train, valid, test = (features.examples(p, {"y": label}) for p in (log[:2_500], log[2_500:3_000], log[3_000:]))
    return auc(best(name, features, train, valid, test.inputs)[0], test.labels["y"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("label", "linear", "trees"),
    [
        ("both", (0.4, 0.6), (0.95, 1)),  # only trees know a product
        ("by many", (0.7, 1), (0.7, 1)),
        ("third", (0.99, 1), (0.5, 0.9)),  # trees know of a list how long it is
        ("empty", (0.8, 1), (0.999, 1)),
        ("luck", (0.44, 0.56), (0.44, 0.56)),
    ],
)
def test_each_learns_what_it_can(log, label, linear, trees):
    for name, (low, high) in ((LINEAR, linear), (TREES, trees)):
        assert low <= reached(name, log, label) <= high, name


@pytest.mark.slow
def test_trees_do_not_learn_from_a_rows_own_label(log):
    columns = [Dense("x"), Dense("y"), Sparse("once")]  # an id with one training row would tell its label
    assert reached(TREES, log, "noisy", columns) > reached(TREES, log, "noisy", columns[:2]) - 0.02


@pytest.mark.parametrize("label", ["by few", "value"])
@pytest.mark.parametrize("name", NAMES)
def test_yardsticks_are_those_of_scikit_learn(log, name, label, few_trees, monkeypatch):
    """Of each penalty, after each tree; an id that no training row has and a missing number take nothing with them."""
    log = log.copy()
    log.loc[3_500:, "few"] = 99
    log.loc[::7, "x"] = np.nan
    columns, train, test = COLUMNS[:3], log[:2_500], log[3_000:]
    features = Features(columns).fit(train)
    examples, inputs = features.examples(train, {"y": label}), features.transform(test)
    dense, ids = ([t[k].numpy() for t in (examples.inputs, inputs)] for k in ("dense", "sparse"))
    if name == LINEAR:
        encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(ids[0])
        own, other = (np.hstack([d, encoder.transform(i)]) for d, i in zip(dense, ids, strict=True))
        make = (lambda p: Ridge(p)) if label == "value" else (lambda p: LogisticRegression(C=1 / p, tol=1e-6))
        fitted = [make(penalty).fit(own, train[label]) for penalty in PENALTIES]
        wanted = [m.predict(other) if label == "value" else m.decision_function(other) for m in fitted]
    else:
        own, other = (np.hstack([d, i - features.sparse[0].offset]) for d, i in zip(dense, ids, strict=True))
        kind = HistGradientBoostingRegressor if label == "value" else HistGradientBoostingClassifier
        options = {"max_iter": 5, "max_leaf_nodes": 6, "early_stopping": False, "categorical_features": [3]}
        model = kind(**options).fit(own, train[label])
        staged = model.staged_predict if label == "value" else model.staged_decision_function
        wanted = [*map(np.ravel, staged(other))]
    found = [one for (one,) in candidates(name, features, examples, inputs)]
    np.testing.assert_allclose(found, wanted, atol=0.05 if name == LINEAR else 1e-9)
    if name == TREES and label == "by few":  # one value more than may be categories: it is a mean label
        monkeypatch.setattr(yardsticks, "CATEGORIES", features.sparse[0].rows - 1)
        assert not np.allclose([one for (one,) in candidates(name, features, examples, inputs)], found)


@pytest.mark.parametrize("name", NAMES)
def test_masked_rows_count_for_nothing_weights_count_and_a_row_is_scored_alone(log, name, few_trees):
    features = Features(COLUMNS).fit(log)

    def make(rows, **more):
        return features.examples(rows, {"label": "label"}, **more)

    train = log[:1_500].assign(label=log["by few"].where(log["x"] > -0.5))
    short, test = train[train["label"].notna()], features.transform(log[3_000:])
    one_row = features.transform(log[3_001:3_002])  # alone, it has few of the ids that training rows have
    every = candidates(name, features, make(train), test, one_row), candidates(name, features, make(short), test)
    for (whole, one), (part,) in zip(*every, strict=True):
        np.testing.assert_allclose(whole, part, atol=1e-6)
        np.testing.assert_allclose(one, whole[1:2], atol=1e-6)
    features = Features(COLUMNS[2:3]).fit(log)  # one column: the fewest rows of a leaf do not matter
    test = features.transform(log)
    weighted = make(short, weight="w"), make(short[short["w"] > 0]), make(short)
    heavy, alone, plain = (next(candidates(name, features, rows, test))[0] for rows in weighted)
    assert np.corrcoef(heavy, alone)[0, 1] > 0.99 > np.corrcoef(heavy, plain)[0, 1]


def test_the_best_is_chosen_where_the_label_was_observed_each_copy_for_itself(log, monkeypatch):
    features, truth = Features(COLUMNS).fit(log), log["value"].to_numpy()
    valid = features.examples(log, {"y": "value"})
    masked = Examples(valid.inputs, valid.labels, {"y": torch.arange(len(log)) % 2 == 0})
    tried = [(truth + 1, np.zeros(3)), (np.where(masked.masks["y"], truth + 0.1, 1e6), np.ones(3))]
    monkeypatch.setattr(yardsticks, "candidates", lambda *_: tried)
    assert best(LINEAR, features, valid, masked, valid.inputs)[0].all()
    assert not best(LINEAR, features, valid, valid, valid.inputs)[0].any()
    both = Examples.stack([masked, Examples(valid.inputs, valid.labels, {"y": torch.ones(len(log)) > 0})])
    assert best(LINEAR, features, both, both, both.inputs)[0].tolist() == [[1] * 3, [0] * 3]


def test_what_is_no_yardstick_and_several_tasks_are_named(log):
    features = Features(COLUMNS).fit(log)
    examples = features.examples(log, {"a": "luck", "b": "both"})
    with pytest.raises(ValueError, match="name: got 'forest'; expected one of 'linear', 'trees'"):
        next(candidates("forest", features, examples))
    with pytest.raises(ValueError, match=r"train: got the tasks \['a', 'b'\]; expected examples of one task"):
        next(candidates(LINEAR, features, examples))
