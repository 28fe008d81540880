"""Counts: closed forms, the least squares solution, and the score of an id that no row has."""

import numpy as np
import pytest

from helpers.evaluation.counts import PRIOR, by_ids

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
        ([], LABEL, [], "asked"),
        ([ITEM[:0]], LABEL[:0], [ITEM], "labels"),
        ([ITEM], np.full(6, np.nan), [ITEM], "labels"),
    ],
)
def test_bad_input_is_named(rows, labels, asked, words):
    with pytest.raises(ValueError, match=words):
        by_ids(rows, labels, asked)
