"""The experiments of chapter 05: what their tables hold, and what the pairs of tasks are."""

from functools import partial

import numpy as np
import pytest
import torch

from helpers.chapters.ch05 import balancers
from helpers.training.balancing import UWL


def test_the_fast_and_the_slow_pair_has_the_targets_it_says():
    pair = balancers.speed_pair(seed=3)
    assert (len(pair.train), len(pair.valid), len(pair.test)) == (500, 500, 2000)
    x, labels = pair.test.inputs, pair.test.labels
    for task in "ab":
        assert labels[task].var().item() == pytest.approx(1, abs=0.25)
    left = labels["a"] - x @ torch.linalg.lstsq(x, labels["a"]).solution
    assert left.abs().max() < 1e-4  # a straight line, without noise
    straight = x @ torch.linalg.lstsq(x, labels["b"]).solution
    assert straight.var() < 0.05  # a product: a straight line knows nothing of it
    noisy = pair.train.labels["a"] - pair.train.inputs @ torch.linalg.lstsq(x, labels["a"]).solution
    assert noisy.std().item() == pytest.approx(0.5, abs=0.05)


def test_a_task_learns_more_from_a_larger_share():
    at = balancers.SITUATIONS["narrow bottom"]
    tables = [balancers.train(at, [0, 1], share, epochs=60)[1].groupby("task")["r2"].mean() for share in (0.05, 0.95)]
    assert tables[0]["a"] < tables[1]["a"] and tables[0]["b"] > tables[1]["b"]


@pytest.mark.parametrize("told", [{"share": 0.4}, {"share": 0.5, "balance": UWL(1.0)}])
def test_division_makes_the_scale_vanish(told):
    small, large = (balancers.Situation(balancers.disjoint_pair, scale) for scale in (1, 100))
    one, two = (balancers.train(at, [0, 1], epochs=20, **told)[1] for at in (small, large))
    assert one.equals(two)


def test_uwl_from_log_l_starts_with_each_task_at_the_weight_that_a_constant_guess_deserves():
    at, seeds = balancers.SITUATIONS["100 : 1"], range(20)
    weights = balancers.train(at, seeds, balance=partial(UWL, 1e-6), epochs=1)[0].weights.groupby("task")["weight"]
    for task, weight in weights.mean().items():  # of the loss without the factor, which `fit` includes
        of_constant = np.mean([at.pair(seed).train.labels[task].var() for seed in seeds])
        assert weight == pytest.approx(1 / (2 * of_constant), rel=0.1)
