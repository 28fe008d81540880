"""Weights at training and at serving on the feed: small worlds' numbers obey what the maths says."""

import numpy as np
import pandas as pd
import pytest
import torch

from helpers.chapters.ch03 import fusion
from helpers.chapters.ch03.studies import fusion as lab_fusion
from helpers.data.feed import Feed, Offer
from helpers.models.one_head import OneHead
from helpers.training.losses import binary_cross_entropy


def test_constant_loss_is_the_lowest_of_all_constants():
    labels = (torch.arange(100) < 7).float()
    logits = torch.linspace(-6, 6, 2001)
    lowest = min(binary_cross_entropy(logit.expand(100), labels).mean().item() for logit in logits)
    assert fusion.constant_loss(labels) == pytest.approx(lowest, abs=1e-5)


def test_fusion_at_the_ends_is_one_of_the_two():
    click, finish = np.array([0.3, 0.2]), np.array([0.1, 0.15])
    for way in lab_fusion.WAYS[1:]:
        np.testing.assert_allclose(lab_fusion.fused_score(click, finish, 1, way), click)
        np.testing.assert_allclose(lab_fusion.fused_score(click, finish, 0, way), finish)


def test_geometric_fusion_does_not_care_how_rare_a_label_is():
    click, finish = np.random.default_rng(0).uniform(0.1, 0.9, (2, 50))
    order = [np.argsort(lab_fusion.fused_score(click, scale * finish, 0.4, "geometric fusion")) for scale in (1, 0.01)]
    np.testing.assert_array_equal(*order)


def test_ahead_is_0_against_itself_and_the_difference_at_equal_click_auc():
    rows = [("one", w, 0, 0.5 + 0.1 * w, 0.3 - 0.1 * w) for w in (0, 0.5, 1)]
    rows += [("two", w, 0, 0.5 + 0.1 * w, 0.31 - 0.1 * w) for w in (0, 0.25, 1)]
    curves = pd.DataFrame(rows, columns=["way", "weight", "seed", "click", "finish"])
    np.testing.assert_allclose(lab_fusion.ahead(curves, "one", "one")["ahead"], 0, atol=1e-12)
    np.testing.assert_allclose(lab_fusion.ahead(curves, "one", "two")["ahead"], -0.01)


@pytest.mark.long
def test_one_score_trained_on_the_click_alone_is_a_click_model():
    feed = Feed.make(1)
    (model,), history = fusion.train([feed], model=OneHead, weights=(1, 0))
    found = fusion.probabilities(model, Offer.make(feed))
    np.testing.assert_array_equal(found["click"], found["finish"])
    assert found["click"].mean() == pytest.approx(feed.log["click"].mean(), abs=0.05)
    assert set(history["task"]) == {"click", "finish", "total"}


@pytest.mark.parametrize("labels", [[1, 1], [0, 2], [0.0, float("nan")]])
def test_a_constant_has_no_loss_for_what_is_no_pair_of_classes(labels):
    with pytest.raises(ValueError, match=r"^labels: got .*; expected"):
        fusion.constant_loss(torch.tensor(labels))
