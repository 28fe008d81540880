"""The balance of chapter 02 says what numpy and torch say."""

import json
from functools import partial

import numpy as np
import pytest
import torch

from helpers.chapters.ch02.explorer import SECONDS
from helpers.support.environment import ROOT
from helpers.training.losses import corrected_cross_entropy, weighted_cross_entropy
from tests.display.live.test_live import asked, needs_node

computed = partial(asked, ROOT / "helpers/chapters/ch02/balance.js")


def log(seed: int) -> list[int]:
    rng = np.random.default_rng(seed)
    return (rng.integers(1, 13, 100) * (rng.random(100) < rng.uniform(0.05, 0.95))).tolist()


@needs_node
@pytest.mark.parametrize("corrected", [False, True])
def test_the_needle_is_at_the_optimum_of_the_loss(corrected):
    logs = [SECONDS, *map(log, range(5))]
    given = json.dumps([[seconds, corrected] for seconds in logs])
    found = computed(f"{given}.map(([seconds, corrected]) => weighed(seconds, corrected))")
    for seconds, said in zip(logs, found, strict=True):
        times = torch.tensor(seconds, dtype=torch.float64)
        logit = torch.tensor(said["reading"], dtype=torch.float64).log().requires_grad_()
        every = logit.expand(100)
        clicks = (times > 0).double()
        rows = corrected_cross_entropy(every, times) if corrected else weighted_cross_entropy(every, clicks, times)
        (slope,) = torch.autograd.grad(rows.sum(), logit)
        assert abs(slope.item()) < 1e-9 * said["sum"]
        assert said["mean"] == times.mean().item() and said["clicks"] == clicks.sum().item()


@needs_node
@pytest.mark.parametrize("corrected", [False, True])
def test_new_logs_are_drawn_from_the_log(corrected):
    rows, draws = 500, 4000
    call = f"shaken({SECONDS}, {rows}, {str(corrected).lower()}, draw)"
    code = f"(() => {{ const draw = random(1); return Array.from({{ length: {draws} }}, () => {call}); }})()"
    found = np.array(computed(code))
    rng = np.random.default_rng(0)
    expected = rng.choice(SECONDS, (draws, rows))
    expected = expected.sum(1) / (rows if corrected else (expected == 0).sum(1))
    assert found.mean() == pytest.approx(expected.mean(), abs=4 * (expected.var() * 2 / draws) ** 0.5)
    assert found.std() == pytest.approx(expected.std(), rel=0.08)
