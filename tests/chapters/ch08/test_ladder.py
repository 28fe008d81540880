"""The ladder: a rung is measured on the test rows alone, and the count that a row is told leaves its own label out."""

from dataclasses import replace

import numpy as np
import pytest

from helpers.capstone.plan import TUNING_SEEDS
from helpers.capstone.preparation import prepare, split
from helpers.capstone.ranker import Recipe
from helpers.chapters.ch08 import ladder
from helpers.chapters.ch08.ladder import rung, with_rate
from helpers.evaluation.counts import PRIOR, by_ids
from helpers.evaluation.metrics import auc
from tests.capstone.logs import BY_TIME, tastes

RECIPE = Recipe("single task", units=(8,), towers=(4,), epochs=4, batch_size=256)


@pytest.fixture(scope="module")
def parts():
    return split(BY_TIME, prepare(BY_TIME, tastes()))


def test_a_row_is_told_the_mean_of_older_training_rows(parts):
    told, own = with_rate(parts, BY_TIME, "item", "click")
    assert own.numbers == ("age", "item click rate") and "item click rate" not in parts.train
    mean = parts.train["click"].mean()
    for place in (0, 7, 500, 1_900):
        row, older = told.train.iloc[place], parts.train[:place]
        past = older[older["item"] == row["item"]]["click"]
        assert row["item click rate"] == pytest.approx((past.sum() + PRIOR * mean) / (len(past) + PRIOR))
    counted = by_ids([parts.train["item"]], parts.train["click"], [parts.test["item"]])
    np.testing.assert_allclose(told.test["item click rate"], counted)


def test_labels_that_a_row_cannot_know_change_nothing_that_it_is_told(parts):
    flipped = parts._replace(valid=parts.valid.assign(click=1 - parts.valid["click"]))
    one, other = (with_rate(some, BY_TIME, "item", "click")[0] for some in (parts, flipped))
    for name in ("train", "valid", "test"):
        assert getattr(one, name)["item click rate"].equals(getattr(other, name)["item click rate"])


def test_a_rung_is_the_auc_with_an_interval_and_the_lead_over_the_count(parts, monkeypatch):
    asked, run = [], ladder._train
    monkeypatch.setattr(ladder, "_train", lambda *given: asked.append(given[-1]) or run(*given))
    found = rung(parts, BY_TIME, "click", penalties=(0.0, 0.01), rates=(0.01,), recipe=RECIPE)
    counted = by_ids([parts.train["item"]], parts.train["click"], [parts.test["item"]])
    assert found["count"] == pytest.approx(auc(counted, parts.test["click"].to_numpy()))
    assert found["ahead"] == pytest.approx(found["auc"] - found["count"])
    assert found["low"] < found["auc"] < found["high"] and found["ahead low"] < found["ahead"] < found["ahead high"]
    assert found["penalty"] in (0.0, 0.01) and asked == [TUNING_SEEDS, TUNING_SEEDS, ladder.SEEDS]


def test_what_has_no_count_is_named(parts):
    with pytest.raises(ValueError, match="task: got 'seconds'; expected one of 'click', 'like'"):
        rung(parts, BY_TIME, "seconds")
    with pytest.raises(ValueError, match="declaration: got no item; expected one whose mean is the count"):
        rung(parts, replace(BY_TIME, item=None, ids=("item",)), "click")
