"""A world with style, and what must hold of what learns in it."""

import numpy as np
import pytest
import torch

from helpers.chapters.ch08.studies.own_taste import counts, models, worlds

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def world():
    return worlds.World.make(3)


def test_a_row_knows_the_history_before_it_and_not_its_own_labels(world):
    before, key = counts.history_before(world.log), counts.user_topic(world.log)
    labels, expected = counts.good(world.log)
    rows = torch.nonzero(key == key[-1]).flatten()
    for place, row in enumerate(rows):
        past = rows[:place]
        by_hand = ((labels[past].sum() + 2) / (expected[past].sum() + 2)).log()
        assert before[row] == pytest.approx(by_hand.item(), abs=1e-4)


def test_factors_find_products_that_were_planted():
    rng = torch.Generator().manual_seed(0)
    of_user, of_item = (torch.randn(many, 2, generator=rng) for many in (60, 50))
    user, item = (torch.randint(many, (4000,), generator=rng) for many in (60, 50))
    left = (of_user[user] * of_item[item]).sum(1) + 0.5 * torch.randn(4000, generator=rng)
    a, b = models.fit(user, item, left, 2.0, (60, 50, 2))
    assert np.corrcoef((a @ b.T).flatten(), (of_user @ of_item.T).flatten())[0, 1] > 0.95


def test_an_unknown_kind_is_named():
    with pytest.raises(ValueError, match=r"kind: got 'none'; expected one of 'own taste'"):
        worlds.World.make(0, "none")
