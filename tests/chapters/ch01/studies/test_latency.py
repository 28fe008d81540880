"""Cost of N models against one: the count is that of the layers, and the ratio keeps its bounds."""

import pytest
from torch import nn

from helpers.chapters.ch01.studies.why_sharing_works import latency


def products(models: list[nn.Module]) -> int:
    """Multiply-adds of one row, counted in the layers themselves."""
    layers = [layer for model in models for layer in model.modules() if isinstance(layer, nn.Linear)]
    return sum(layer.in_features * layer.out_features for layer in layers)


@pytest.mark.parametrize("bottom", latency.BOTTOMS.values(), ids=str)
@pytest.mark.parametrize("tasks", [1, 3])
def test_the_formula_counts_what_the_layers_do(bottom, tasks):
    b, t = latency.parts(bottom)
    several = latency.models(tasks, bottom)
    assert products(several[latency.APART]) == tasks * (b + t)
    assert products(several[latency.SHARED]) == b + tasks * t


def test_the_ratio_is_1_for_one_task_below_n_and_never_above_its_limit():
    b, t = latency.parts((128, 128))
    ratios = [latency.ratio(tasks, b, t) for tasks in (1, 2, 8, 10_000)]
    assert ratios[0] == 1 and ratios == sorted(ratios)
    assert ratios[1] < 2 and ratios[2] < 8 and ratios[3] < 1 + b / t
