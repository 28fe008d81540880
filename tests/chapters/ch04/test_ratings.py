import numpy as np
import pytest

from helpers.chapters.ch04 import ratings
from helpers.data.movielens import load
from helpers.evaluation.counts import BY_ITEM, by_ids
from helpers.evaluation.metrics import auc
from helpers.support.downloads import MOVIELENS


def test_splits_of_the_ratings_do_not_overlap():
    parts = ratings.split(0.08, seed=1)
    rows = np.concatenate(parts)
    assert [len(part) for part in parts] == [8_000, 10_000, 10_000]
    assert len(set(rows.tolist())) == 28_000


def test_splits_of_two_fractions_have_the_same_test_rows():
    assert (ratings.split(0.08, 1)[2] == ratings.split(0.8, 1)[2]).all()


@pytest.mark.skipif(not MOVIELENS.present(), reason=MOVIELENS.absent)
def test_counts_see_the_training_ratings_alone():
    table = ratings.counted([1], 0.08, ["dislike", "like"]).set_index(["model", "task"])["auc"]
    assert len(table) == 6 and table.between(0.6, 0.8).all()  # the stars speak against a dislike
    frame, (train, _, test) = load(), ratings.split(0.08, 1)
    item, label = frame["item"].to_numpy(), frame["like"].to_numpy()
    score = by_ids([item[train]], label[train], [item[test]])
    assert table[BY_ITEM, "like"] == pytest.approx(auc(score, label[test]))
