"""A loss that ranks: pairs are of one user, and what is shifted comes out as it must."""

import torch

from helpers.chapters.ch03.studies.ranking_terms import in_pairs, pair_loss


def test_pairs_are_of_one_user_and_hold_each_row_once():
    user = torch.tensor([3, 1, 3, 3, 2, 1, 3, 3])
    pairs = in_pairs(user, torch.Generator().manual_seed(0))
    assert bool((user[pairs[:, 0]] == user[pairs[:, 1]]).all())
    real = pairs[pairs[:, 0] != pairs[:, 1]]
    assert len(pairs) == 5 and len(real) == 3  # the odd row of user 3, and the one of user 2, are with themselves
    assert sorted(pairs.flatten().unique().tolist()) == list(range(8))
    assert real.flatten().unique().numel() == real.numel()


def test_the_loss_of_a_pair_knows_order_and_not_level():
    logit, label = torch.tensor([[2.0, -1.0], [2.0, -1.0]]), torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    right, wrong = pair_loss(logit, label)
    assert right < wrong and torch.allclose(pair_loss(logit + 7, label), pair_loss(logit, label))
    assert not pair_loss(logit, torch.ones(2, 2)).any()  # both have the label: no order is right
