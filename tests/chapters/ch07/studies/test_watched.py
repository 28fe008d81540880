"""MovieLens as a funnel: what is drawn, and what is judged."""

import pytest
import torch

from helpers.chapters.ch07.studies.clicked_rows import watched
from helpers.chapters.ch07.studies.clicked_rows.watched import BOTH, LIKE, RATED, WATCHED
from helpers.data.movielens import load
from helpers.support.downloads import MOVIELENS

films = pytest.mark.skipif(not MOVIELENS.present(), reason=MOVIELENS.absent)


@pytest.mark.slow
@films
def test_a_quarter_is_rated_and_what_is_not_rated_was_never_rated():
    frame = watched.impressions(3, rows=4000)
    assert len(frame) == 4000 and frame["watched"].mean() == 1 / RATED
    assert not frame.duplicated(["user", "item"]).any()
    known = set(map(tuple, load()[["user", "item"]].to_numpy()))
    pairs = frame[["user", "item"]].apply(tuple, axis=1).isin(known)
    assert (pairs == (frame["watched"] == 1)).all()
    assert (frame["like"].isna() == (frame["watched"] == 0)).all()
    assert (frame.dropna(subset="like")["like"] == (frame.dropna(subset="like")["rating"] >= 4)).all()
    columns = ["gender", "occupation", "age"]
    assert not frame[columns].isna().any(axis=None)
    assert frame.equals(watched.impressions(3, rows=4000)) and not frame.equals(watched.impressions(4, rows=4000))
    first = frame["watched"][:1000].mean()
    assert abs(first - 1 / RATED) < 0.05  # in random order


@films
def test_examples_have_the_labels_of_the_funnel():
    train, valid, test = watched.examples(0)
    assert [len(part) for part in (train, valid, test)] == [watched.ROWS, watched.VALID, watched.TEST]
    assert torch.equal(train.masks[LIKE], train.labels[WATCHED] == 1)
    assert bool((train.labels[BOTH] <= train.labels[WATCHED]).all())
