"""The second questions of a kind in the bank: what they call right is what runs of these tasks give."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

from helpers.chapters.ch05 import balancers
from helpers.data.examples import Examples
from helpers.data.synthetic import relu_tasks
from helpers.experiments.feature_tasks import build, full_batches
from helpers.experiments.sweep import R2
from helpers.training.loop import fit
from tools.site.decks import picked


def right(name: str, number: int) -> str:
    item = picked(f"questions/{name}:{number}")[number]
    return item.options[item.answer]


def bottom_after(turned: bool) -> list[torch.Tensor]:
    """The weights of a bottom after 300 steps with two towers; `turned`: the second label and last layer."""
    torch.manual_seed(0)
    x, hidden = torch.randn(500, 10), torch.randn(10, 2)
    click, like = ((x @ hidden) > 0.5).float().T
    bottom = nn.Sequential(nn.Linear(10, 8), nn.ReLU())
    towers = [nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 1)) for _ in range(2)]
    if turned:
        like = 1 - like
        for part in towers[1][-1].parameters():
            part.data.neg_()
    every = nn.ModuleList([bottom, *towers])
    optimizer = torch.optim.Adam(every.parameters(), 0.01)
    for _ in range(300):
        logits = [tower(bottom(x)).squeeze(1) for tower in towers]
        loss = cross_entropy(logits[0], click) + cross_entropy(logits[1], like)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return list(bottom.parameters())


def test_a_turned_like_leaves_the_bottom_as_it_was():
    assert right("04", 14) == "They end equal"
    for one, other in zip(bottom_after(False), bottom_after(True), strict=True):
        torch.testing.assert_close(one, other, atol=1e-3, rtol=0)


def gains(seeds: range, relation: str) -> np.ndarray:
    """R² in a common bottom minus R² alone, mean of both tasks, by seed; two of four features in common."""
    train, valid, test = map(
        Examples.stack, zip(*(relu_tasks(shared=2, relation=relation, seed=s) for s in seeds), strict=True)
    )
    means = {}
    for model in ("shared-bottom", "single-task"):
        copies = [build(model, seed) for seed in seeds]
        run = fit(copies, train, valid, seed=list(seeds), progress=False, **full_batches())
        means[model] = R2(run, test).groupby("copy").r2.mean().to_numpy()
    return means["shared-bottom"] - means["single-task"]


@pytest.mark.long
def test_another_mix_of_the_same_features_gains_no_less():
    assert right("04", 13) == "As much as the first pair, or even more"
    seeds = range(3000, 3040)
    first, second = (gains(seeds, relation) for relation in ("same", "other mix"))
    assert second.mean() > first.mean() > 0.005


@pytest.mark.long
def test_the_task_with_the_smaller_loss_is_the_one_that_falls():
    assert right("05", 11) == "A's falls far, B's does not."
    alike, small = (
        balancers.train(balancers.Situation(balancers.disjoint_pair, scale), range(3000, 3010), progress=False)[1]
        .groupby("task")
        .r2.mean()
        for scale in (1.0, 0.01)
    )
    assert small["a"] < alike["a"] - 0.3 and small["b"] > alike["b"] - 0.02
