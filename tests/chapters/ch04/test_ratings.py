import numpy as np

from helpers.chapters.ch04 import ratings


def test_splits_of_the_ratings_do_not_overlap():
    parts = ratings.split(0.08, seed=1)
    rows = np.concatenate(parts)
    assert [len(part) for part in parts] == [8_000, 10_000, 10_000]
    assert len(set(rows.tolist())) == 28_000


def test_splits_of_two_fractions_have_the_same_test_rows():
    assert (ratings.split(0.08, 1)[2] == ratings.split(0.8, 1)[2]).all()
