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


def test_a_decay_for_what_is_looked_up_makes_up_for_the_steps_between():
    """Of four rows one is looked up in each step, one in each second, one in each third and one never: by hand."""
    start = torch.linspace(-1, 1, 8).view(4, 2)
    ours, theirs = nn.Parameter(start.clone()), nn.Parameter(start.clone())
    own = Adam([{"params": ours, "weight_decay": 0.5, "looked_up": True}], lr=0.05)
    other, seen = torch.optim.Adam([theirs], lr=0.05), [0, 0, 0, 0]
    for step in range(1, 8):
        rows = [row for row, every in enumerate((1, 2, 3)) if step % every == 0]
        for tensor, optimizer in ((ours, own), (theirs, other)):
            optimizer.zero_grad()
            (tensor[[*rows, 0]].exp() * step).sum().backward()
        for row in rows:
            seen[row] += 1
            theirs.grad[row] += 0.5 * step / seen[row] * theirs.detach()[row]
        own.step()
        other.step()
    torch.testing.assert_close(ours, theirs)
    assert torch.equal(ours[3], start[3]) and not torch.isclose(ours[:3], start[:3]).any()
