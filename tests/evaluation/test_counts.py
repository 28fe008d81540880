"""Counts: closed forms, the least squares solution, and the score of an id that no row has."""

import numpy as np
import pytest
import torch

from helpers.data.examples import Examples
from helpers.evaluation.counts import BY_CLICKS, BY_ITEM, PRIOR, by_ids, item_count, rates

ITEM = np.array([3, 3, 3, 7, 7, 9])
LABEL = np.array([1, 1, 0, 0, 0, 1])


def test_of_one_column_it_is_the_smoothed_mean():
    mean = LABEL.mean()
    wanted = [(2 + PRIOR * mean) / (3 + PRIOR), PRIOR * mean / (2 + PRIOR), (1 + PRIOR * mean) / (1 + PRIOR)]
    assert np.allclose(by_ids([ITEM], LABEL, [[3, 7, 9]]), wanted)


def test_an_id_without_a_row_gets_the_mean_of_all():
    assert by_ids([ITEM], LABEL, [[0, 3]])[0] == LABEL.mean()
    users, items = ["a", "a", "b", "b", "c", "c"], ITEM
    known, item_alone = by_ids([users, items], LABEL, [["c", "z"], [9, 9]])
    assert known > item_alone > LABEL.mean()


def test_ids_may_be_words_and_their_names_say_nothing():
    words = np.array(["x", "y", "z"])[np.searchsorted([3, 7, 9], ITEM)]
    assert (by_ids([words], LABEL, [["z", "x"]]) == by_ids([ITEM], LABEL, [[9, 3]])).all()


def test_of_two_columns_it_is_the_ridge_regression_on_both():
    rng = np.random.default_rng(1)
    user, item, rating = rng.integers(0, 20, 400), rng.integers(0, 30, 400), rng.integers(1, 6, 400)
    one_hot = np.concatenate([np.eye(20)[user], np.eye(30)[item]], axis=1)
    left = one_hot.T @ one_hot + PRIOR * np.eye(50)
    offsets = np.linalg.solve(left, one_hot.T @ (rating - rating.mean()))
    wanted = rating.mean() + one_hot @ offsets
    assert np.allclose(by_ids([user, item], rating, [user, item]), wanted, atol=1e-4)
    assert np.allclose(by_ids([item, user], rating, [item, user]), wanted, atol=1e-4)


@pytest.mark.parametrize(
    ("rows", "labels", "asked", "words"),
    [
        ([ITEM], LABEL[:2], [ITEM], "rows"),
        ([ITEM], LABEL, [ITEM, ITEM], "asked"),
        ([], LABEL, [], "rows"),
        ([ITEM[:0]], LABEL[:0], [ITEM], "labels"),
        ([ITEM], np.full(6, np.nan), [ITEM], "labels"),
    ],
)
def test_bad_input_is_named(rows, labels, asked, words):
    with pytest.raises(ValueError, match=words):
        by_ids(rows, labels, asked)


def stacked(copies: int = 2) -> tuple[Examples, dict]:
    rng = np.random.default_rng(2)
    parts = []
    for _ in range(copies):
        ids, click = torch.from_numpy(rng.integers(0, 6, (60, 2))), torch.from_numpy(rng.integers(0, 2, 60))
        like = click * torch.from_numpy(rng.integers(0, 2, 60))
        labels = {"click": click.float(), "like": like.float()}
        parts.append(Examples({"sparse": ids}, labels, {"like": click == 1}))
    return Examples.stack(parts), {"sparse": torch.from_numpy(rng.integers(0, 6, (copies, 9, 2)))}


def test_rates_count_observed_rows_alone_and_each_copy_its_own():
    train, inputs = stacked()
    found = rates(train, "like", inputs)
    assert found.shape == (2, 9)
    for copy in range(2):
        ids, seen = train.inputs["sparse"][copy, :, 1], train.masks["like"][copy]
        alone = by_ids([ids[seen]], train.labels["like"][copy][seen], [inputs["sparse"][copy, :, 1]])
        assert np.allclose(found[copy], alone)


def test_an_item_is_counted_by_its_label_or_by_its_clicks():
    train, inputs = stacked()
    assert torch.equal(item_count(BY_ITEM, train, "like", "click", inputs), rates(train, "like", inputs))
    assert torch.equal(item_count(BY_CLICKS, train, "like", "click", inputs), rates(train, "click", inputs))
    with pytest.raises(ValueError, match="count: got 'by user'"):
        item_count("by user", train, "like", "click", inputs)
