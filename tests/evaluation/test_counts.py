"""Counts: the ridge regression on the ids, of observed rows alone, and the mean of all where an id has no row."""

import numpy as np
import pytest
import torch

from helpers.data.examples import Examples
from helpers.evaluation.counts import BY_CLICKS, BY_ITEM, PRIOR, by_ids, item_count, rates


@pytest.mark.parametrize("columns", [1, 2])
def test_counts_are_the_ridge_regression_on_the_ids(columns):
    rng = np.random.default_rng(1)
    ids, rating = [rng.integers(0, 20 + 10 * k, 400) for k in range(columns)], rng.integers(1, 6, 400)
    one_hot = np.concatenate([np.eye(30)[one] for one in ids], axis=1)
    offsets = np.linalg.solve(one_hot.T @ one_hot + PRIOR * np.eye(30 * columns), one_hot.T @ (rating - rating.mean()))
    np.testing.assert_allclose(by_ids(ids, rating, ids), rating.mean() + one_hot @ offsets, atol=1e-4)
    words = [np.array([f"id {i}" for i in one]) for one in ids]  # their names say nothing
    asked = [[*one[:5], "new"] for one in words]
    assert by_ids(words, rating, asked).tolist() == [*by_ids(ids, rating, ids)[:5], rating.mean()]


def test_rates_count_observed_rows_alone_and_each_copy_its_own():
    rng, parts = np.random.default_rng(2), []
    for _ in range(2):
        ids, click, like = (torch.from_numpy(rng.integers(0, n, s)) for n, s in ((6, (60, 2)), (2, 60), (2, 60)))
        parts.append(Examples({"sparse": ids}, {"click": click.float(), "like": like.float()}, {"like": click == 1}))
    train, inputs = Examples.stack(parts), {"sparse": torch.from_numpy(rng.integers(0, 6, (2, 9, 2)))}
    found = rates(train, "like", inputs)
    for copy, own in enumerate(parts):
        seen, asked = own.masks["like"], inputs["sparse"][copy]
        alone = by_ids([own.inputs["sparse"][seen, 1]], own.labels["like"][seen], [asked[:, 1]])
        np.testing.assert_allclose(found[copy], alone)
        np.testing.assert_allclose(rates(own, "like", {"sparse": asked}), alone)
    assert torch.equal(item_count(BY_ITEM, train, "like", "click", inputs), found)
    assert torch.equal(item_count(BY_CLICKS, train, "like", "click", inputs), rates(train, "click", inputs))
    with pytest.raises(ValueError, match="count: got 'by user'"):
        item_count("by user", train, "like", "click", inputs)


IDS, LABELS = np.array([3, 3, 7]), np.array([1, 1, 0])


@pytest.mark.parametrize(
    ("rows", "labels", "asked", "named"),
    [
        ([IDS], LABELS[:2], [IDS], "rows"),
        ([IDS], LABELS, [IDS, IDS], "asked"),
        ([], LABELS, [], "rows"),
        ([IDS[:0]], LABELS[:0], [IDS], "labels"),
        ([IDS], np.full(3, np.nan), [IDS], "labels"),
    ],
)
def test_bad_input_is_named(rows, labels, asked, named):
    with pytest.raises(ValueError, match=f"^{named}: got .*; expected"):
        by_ids(rows, labels, asked)
