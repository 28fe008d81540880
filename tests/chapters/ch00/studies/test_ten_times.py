"""Larger feeds are as they are told, and a step moves the rows that it looks up and no other."""

from itertools import islice

import pytest
import torch

from helpers.chapters.ch00.studies.ten_times import feed
from helpers.chapters.ch00.studies.ten_times.feed import IDS, LABELS, LINEAR, SHARED, SIZES, SMALL


@pytest.fixture(scope="module")
def small():
    return feed.make(SMALL, seed=3)


@pytest.mark.slow
def test_half_of_what_a_large_feed_offers_is_rare_and_no_user_is_there_more_often(small):
    large = feed.make(IDS, seed=3)
    often = [int(log.train.inputs["sparse"][:, 0].bincount().max()) for log in (small, large)]
    assert often[1] <= 2 * often[0]
    assert 0.45 < large.rare.float().mean() < 0.6 and not small.rare.any()
    assert len(large.train) == SIZES[IDS].rows
    assert large.offers.labels["click"].mean() == pytest.approx(small.offers.labels["click"].mean().item(), abs=0.03)


@pytest.mark.parametrize("model", [SHARED, LINEAR])
@pytest.mark.parametrize("l2", [0.0, 0.1])
def test_a_pass_moves_the_rows_that_it_looks_up_and_no_other(small, model, l2):
    rows = small.train.take(torch.arange(100))
    first, net = (feed.build(model, small, LABELS, seed=0) for _ in range(2))
    next(feed.train_passes(net, rows, rate=0.1, l2=l2, seed=0))
    before, after = (one.state_dict() for one in (first, net))
    (table,) = (name for name, tensor in before.items() if len(tensor) > 1_000)
    moved = (before[table] != after[table]).any(1)
    assert torch.equal(moved.nonzero().flatten(), rows.inputs["sparse"].unique())


def test_a_linear_model_of_three_labels_is_three_models(small):
    rows = small.train.take(torch.arange(1_024))
    together, alone = (
        next(islice(feed.train_passes(feed.build(LINEAR, small, labels, 0), rows, 0.1, 0.0, seed=0), 1, None))
        for labels in (LABELS, ("share",))
    )
    weights = [net.table.weight[:, -1] for net in (together, alone)]
    assert torch.allclose(*weights, atol=1e-5)
