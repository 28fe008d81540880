import numpy as np
import pandas as pd
import pytest

from helpers.chapters.ch04.studies.real_data import ratings
from helpers.data.movielens import load
from helpers.evaluation.counts import BY_ITEM, by_ids
from helpers.evaluation.intervals import over_users
from helpers.evaluation.metrics import auc
from helpers.support.downloads import MOVIELENS


def test_splits_of_the_ratings_do_not_overlap():
    parts = ratings.split(0.08, seed=1)
    rows = np.concatenate(parts)
    assert [len(part) for part in parts] == [8_000, 10_000, 10_000]
    assert len(set(rows.tolist())) == 28_000


@pytest.mark.slow
@pytest.mark.skipif(not MOVIELENS.present(), reason=MOVIELENS.absent)
def test_counts_see_the_training_ratings_alone():
    table = ratings.counts_auc([1], 0.08, ["dislike", "like"]).set_index(["model", "task"])["auc"]
    assert len(table) == 6 and table.between(0.6, 0.8).all()  # the stars speak against a dislike
    frame, (train, _, test) = load(), ratings.split(0.08, 1)
    item, label = frame["item"].to_numpy(), frame["like"].to_numpy()
    score = by_ids([item[train]], label[train], [item[test]])
    assert table[BY_ITEM, "like"] == pytest.approx(auc(score, label[test]))


def test_what_users_move_is_that_of_the_mean_difference_over_splits_and_tasks():
    rng = np.random.default_rng(0)
    both = {(seed, model): rng.normal(0, 0.01, 30) * (np.arange(30) < 25) for seed in (0, 1) for model in "ab"}
    table = pd.DataFrame([(seed, model, "x", moved) for (seed, model), moved in both.items()])
    table.columns = ["seed", "model", "task", "moves"]
    found = ratings.by_users(table, ["task"], {"model": "a"})
    assert found["model"].tolist() == ["a", "b"] * 2 and "moves" not in found
    mean = (both[0, "b"] + both[1, "b"] - both[0, "a"] - both[1, "a"])[:25] / 2
    expected = over_users(mean, np.arange(25))
    assert found.loc[1, ["users", "units"]].tolist() == pytest.approx(expected)
    assert found.loc[0, ["users", "units"]].tolist() == [0, 25]
