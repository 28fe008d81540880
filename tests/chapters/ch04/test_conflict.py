"""The explorable on gradients: its pulls are slopes of its losses, and its steps are those of the library."""

import json
from functools import partial
from pathlib import Path

import pytest
import torch

from helpers.chapters.ch04 import conflict
from helpers.training.balancing import surgery
from tests.display.live.test_live import asked, needs_node

found = partial(asked, Path(conflict.__file__).with_suffix(".js"))


@pytest.mark.slow
@needs_node
def test_a_pull_is_minus_the_slope_of_the_loss():
    bowl, step = "{ x: 0.3, y: -1, r: 2.5, f: 40, s: 0.5 }", 1e-5
    for x, y in ((1.0, 2.0), (-2.0, 0.5)):
        points = [(x + step, y), (x - step, y), (x, y + step), (x, y - step)]
        right, left, up, down = found(f"{json.dumps(points)}.map((point) => loss({bowl}, point))")
        slope = [(right - left) / 2 / step, (up - down) / 2 / step]
        assert found(f"pull({bowl}, [{x}, {y}])") == pytest.approx([-part for part in slope], rel=1e-5)


@needs_node
@pytest.mark.parametrize("pair", [[[1.0, 0.0], [-0.5, 0.5]], [[2.0, 1.0], [-3.0, 1.0]], [[1.0, 1.0], [1.0, -0.2]]])
def test_pcgrad_is_that_of_the_library(pair):
    g = torch.tensor(pair, dtype=torch.float64)
    weights = surgery((g @ g.T).float(), torch.tensor([0, 1])).double()
    assert found(f"steps.PCGrad(...{pair})") == pytest.approx((weights @ g).tolist(), rel=1e-5)


@needs_node
def test_a_run_of_the_sum_ends_where_the_pulls_are_opposed():
    start = json.dumps(conflict.START)
    run = f"const run = begun({start}); while (advance(run, {start})); return run;"
    ended = found(f"(() => {{ {run} }})()")
    assert ended["ended"] and ended["cosines"][0] < 0 and ended["cosines"][-1] < -0.99
    a, b = (found(f"pull(bowls({start}).{task}, {ended['trails']['sum'][-1]})") for task in "ab")
    assert [x + y for x, y in zip(a, b, strict=True)] == pytest.approx([0, 0], abs=0.05)
