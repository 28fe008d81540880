"""Cost of N models against one: the count is that of the layers, the ratio keeps its bounds, measuring ends."""

import pytest
from torch import nn

from helpers.lab.ch01.why_sharing_works import latency


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


def test_the_table_has_every_combination_and_grows_with_the_candidates():
    table = latency.counted()
    keys = ["bottom", "candidates", "tasks", "model"]
    assert len(table) == 3 * 5 * 8 * 2 and not table.duplicated(keys).any()
    few, many = (table[table["candidates"] == count].reset_index()["ms"] for count in (100, 1000))
    assert (10 * few - many).abs().max() < 1e-9


@pytest.mark.parametrize("training", [False, True])
def test_both_sides_are_measured_in_turns(training):
    rounds = list(latency.rounds(2, 50, (8,), 3, training=training))
    assert len(rounds) == 3
    assert all(set(one) == {latency.APART, latency.SHARED} and min(one.values()) >= 0 for one in rounds)


def test_measuring_now_shows_a_first_result_and_ends():
    steps = list(latency.live({"tasks": 2, "candidates": 100, "bottom": "64, 64"}, seconds=0.3))
    progress = [one for one, _ in steps]
    assert len(steps) >= 2 and progress == sorted(progress) and progress[0] < 1 and progress[-1] == 1
    assert set(steps[-1][1]) == {latency.APART, latency.SHARED, latency.RATIO}


@pytest.mark.parametrize(("tasks", "b", "t"), [(0, 1, 1), (1.5, 1, 1), (2, -1, 1), (2, 1, 0)])
def test_a_wrong_count_is_named(tasks, b, t):
    with pytest.raises(ValueError, match=r"^(tasks|b|t): got"):
        latency.ratio(tasks, b, t)
