"""Adam is torch's, called alike: either can take the other's place."""

from functools import partial

import pytest
import torch
from torch import nn

from helpers.training.adam import Adam


def tensors() -> list[nn.Parameter]:
    return [nn.Parameter(torch.linspace(-1, 1, n)) for n in (6, 3, 2)]


@pytest.mark.parametrize(
    "call",
    [
        lambda adam, t: adam(t),
        lambda adam, t: adam(iter(t), lr=0.05),
        lambda adam, t: adam(t, 0.05, weight_decay=0.1),
        lambda adam, t: adam([{"params": t[:1]}, {"params": t[1:], "weight_decay": 0.1}], lr=0.05),
        lambda adam, t: adam([{"params": t[0], "lr": 0.2}, {"params": iter(t[1:])}], weight_decay=0.1),
    ],
    ids=["parameters", "rate", "decay", "decays", "rates"],
)
def test_adam_is_torch_s_own_to_the_bit(call):
    """Five steps, with a tensor that has no gradient and stays as it is."""
    ours, theirs = tensors(), tensors()
    pairs = [(ours, call(Adam, ours)), (theirs, call(partial(torch.optim.Adam, fused=True), theirs))]
    for step in range(1, 6):
        for parameters, optimizer in pairs:
            optimizer.zero_grad()
            sum((tensor**2 * step).sum() for tensor in parameters[:2]).backward()
            optimizer.step()
    assert all(torch.equal(one, two) for one, two in zip(ours, theirs, strict=True))
    assert not torch.equal(ours[0], tensors()[0]) and torch.equal(ours[2], tensors()[2])


def test_a_decay_for_what_is_looked_up_leaves_the_rest_where_it_is():
    """Two rows of three are looked up: these move as with torch's weight decay, the third does not move at all."""
    (ours,), (theirs,) = ([nn.Parameter(torch.linspace(-1, 1, 6).view(3, 2))] for _ in range(2))
    own = Adam([{"params": ours, "weight_decay": 0.5, "looked_up": True}], lr=0.05)
    other = torch.optim.Adam([theirs], lr=0.05, weight_decay=0.5)
    for step in range(1, 6):
        for tensor, optimizer in ((ours, own), (theirs, other)):
            optimizer.zero_grad()
            (tensor[[0, 2, 0]].exp() * step).sum().backward()
            optimizer.step()
    torch.testing.assert_close(ours[[0, 2]], theirs[[0, 2]])
    assert torch.equal(ours[1], torch.linspace(-1, 1, 6).view(3, 2)[1]) and not torch.equal(ours[1], theirs[1])
