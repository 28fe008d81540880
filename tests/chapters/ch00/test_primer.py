"""Chapter 00's experiments and explorer: what the maths says about them, and that the kept tables replicate."""

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import stats
from torch.nn.functional import binary_cross_entropy_with_logits

from helpers.chapters.ch00 import primer
from helpers.chapters.ch00.studies import primer as lab_primer
from helpers.data import feed
from helpers.training.losses import LOSSES, task_losses


def test_one_score_serves_both_goals_and_finish_counts_on_clicked_rows():
    data = feed.Feed.make(900)
    features = feed.features()
    train, valid = lab_primer._examples(data, features)
    assert len(train) + len(valid) == lab_primer.ROWS
    outputs = lab_primer.OneScore(features)(valid.inputs)
    assert torch.equal(outputs["click"], outputs["finish"])  # the constants start at 0
    found = task_losses(outputs, valid.labels, dict.fromkeys(lab_primer.GOALS, LOSSES["binary"]), valid.masks)
    score, click, finish = outputs["click"], valid.labels["click"], valid.labels["finish"]
    clicked = click == 1
    by_hand = binary_cross_entropy_with_logits(score[clicked], finish[clicked])
    assert found.tolist() == pytest.approx([binary_cross_entropy_with_logits(score, click).item(), by_hand.item()])


def test_a_rate_is_the_mean_of_the_history_and_the_overall_one_where_there_is_none():
    history = pd.DataFrame({"video": [1, 1, 2, 2], "like": [1, 0, 0, 0]})
    rows = pd.DataFrame({"video": [2, 1, 7]}, index=[5, 6, 7])
    assert primer.rate(history, rows, "video", "like").to_dict() == {5: 0.0, 6: 0.5, 7: 0.25}


def test_the_unpaired_interval_is_scipys():
    rng = np.random.default_rng(0)
    one, other = rng.normal(1, 2, (2, 20))
    expected = stats.ttest_ind(one, other).confidence_interval(0.95)
    assert primer.unpaired_interval(one, other) == pytest.approx(
        (one.mean() - other.mean(), expected.low, expected.high)
    )
    with pytest.raises(ValueError, match="other: got 3 rows; expected 20"):
        primer.unpaired_interval(one, other[:3])


@pytest.mark.parametrize(("name", "autoplay"), [("impressions", False), ("autoplay", True)])
def test_the_feed_in_data_is_the_one_of_its_seed(name, autoplay):
    both = pd.concat(primer.days(feed.SEED, autoplay)).sort_index()
    kept = feed.load(name)
    pd.testing.assert_frame_equal(both[kept.columns], kept)


def test_one_more_day_of_history_is_an_earlier_one(monkeypatch):
    """Of two videos one was clicked on the first day, the other on the last: six days have the last six."""
    history = pd.DataFrame({"day": [0, 6, 6], "video": [0, 0, 1], "click": [1, 0, 1]})
    judged = pd.DataFrame({"user": [0, 0], "video": [0, 1], "click": [0, 1]})
    monkeypatch.setattr(primer, "days", lambda seed: (history, judged))
    found = primer.one_more_day([0], groups=1).set_index("days")["auc"]
    assert found.to_dict() == {6: 1.0, 7: 1.0}
    monkeypatch.setattr(primer, "days", lambda seed: (history.assign(day=6 - history["day"]), judged))
    assert primer.one_more_day([0], groups=1).set_index("days")["auc"].to_dict() == {6: 0.5, 7: 1.0}
