"""The second questions of a kind in the bank: what they call right is what runs of these tasks give."""

import numpy as np
import pytest

from helpers.chapters.ch05 import balancers
from helpers.data.examples import Examples
from helpers.data.synthetic import relu_tasks
from helpers.experiments.feature_tasks import build, full_batches
from helpers.experiments.sweep import R2
from helpers.training.loop import fit
from tools.site.decks import bank_items


def right(name: str, number: int) -> str:
    item = bank_items(f"questions/{name}:{number}")[number]
    return item.options[item.answer]


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
