"""Copies run as each would alone: in evaluation mode, by the state asked for, tied parameters and buffers too."""

import copy

import pytest
import torch
from torch import nn

from helpers.models import copies as module
from helpers.models.copies import Copies, predict, restore
from helpers.models.shared_bottom import SharedBottom

TASKS = {"click": "binary", "watch": "regression"}
X = torch.randn(600, 5, generator=torch.Generator().manual_seed(0))


class Tied(nn.Module):
    """Two heads with one weight; the scale is in no state_dict."""

    def __init__(self):
        super().__init__()
        self.heads = nn.ModuleList([nn.Linear(5, 1), nn.Linear(5, 1)])
        self.heads[1].weight = self.heads[0].weight
        self.register_buffer("scale", torch.rand(()), persistent=False)

    def forward(self, x):
        return {task: self.scale * head(x).flatten() for task, head in zip(TASKS, self.heads, strict=True)}


def normed(seed: int) -> nn.Module:
    model = SharedBottom(5, TASKS, [8], [4], dropout=0.5, batch_norm=True, seed=seed)
    model(X * (seed + 1))  # moves the means of batch norm
    return model


@pytest.mark.parametrize("make", [normed, lambda seed: torch.manual_seed(seed) and Tied()])
def test_each_of_several_gives_what_it_gives_alone(make, monkeypatch):
    models, other = [make(seed) for seed in range(1, 4)], make(9)
    wanted = [copy.deepcopy(model).eval()(X) for model in models]
    monkeypatch.setattr(module, "CACHE_BYTES", 4)  # not all rows at once
    together, apart = predict(models, X), predict([m.train() for m in models], torch.stack([X, X.flip(0), X]))
    for task in TASKS:
        torch.testing.assert_close(together[task], torch.stack([out[task] for out in wanted]))
        torch.testing.assert_close(apart[task][1], wanted[1][task].flip(0))
        torch.testing.assert_close(predict(copy.deepcopy(models[2]), X)[task], wanted[2][task])
    state, alone = Copies(models).state(), Copies(other)
    turned = Copies(models).predict(X, {name: tensor.flip(0) for name, tensor in state.items()})
    torch.testing.assert_close(turned["click"][0], wanted[2]["click"])
    second = {name: tensor[1:2] for name, tensor in state.items()}
    torch.testing.assert_close(alone.predict(X, second)["click"][0], wanted[1]["click"])
    assert not torch.allclose(alone.predict(X)["click"][0], wanted[1]["click"])
    restore(other, {name: tensor[0] for name, tensor in second.items()})
    torch.testing.assert_close(predict(other, X)["watch"], wanted[1]["watch"])


def test_a_penalty_is_a_decay_of_twice_its_size_for_the_weights_that_have_it():
    model = SharedBottom(5, TASKS, [8], [4], l2_layers=0.1)
    groups = {group["weight_decay"]: len(group["params"]) for group in Copies(model).groups()}
    assert groups == {0.2: 1 + 2 * 2, 0.0: 1 + 2 * 2}  # weights, biases


def test_a_model_that_gives_no_outputs_by_task_is_named():
    with pytest.raises(TypeError, match=r"^model: got an output that is a Tensor; expected \{task"):
        predict(nn.Linear(5, 1), X)
