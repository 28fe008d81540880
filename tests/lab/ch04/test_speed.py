"""Steps to a target: arrivals, censored runs, and what is saved."""

import numpy as np
import pandas as pd
import pytest
import torch

from helpers.data.synthetic import relu_tasks
from helpers.experiments.feature_tasks import INPUTS, TASKS, TOWER
from helpers.lab.ch04.paper_and_speed import speed
from helpers.models.shared_bottom import SharedBottom


def table(steps: dict[str, tuple[float, float]], seed: int = 0) -> pd.DataFrame:
    """One condition, one target, one seed: {model: steps of tasks a and b}."""
    rows = [
        ("c", seed, model, task, 0.8, step)
        for model, both in steps.items()
        for task, step in zip("ab", both, strict=True)
    ]
    return pd.DataFrame(rows, columns=["condition", "seed", "model", "task", "target", "step"])


def saved(steps, count="steps") -> float:
    return speed.saved(table(steps), "shared-bottom", count)["saved"].item()


def test_the_task_that_arrives_last_counts():
    assert saved({"single-task": (40, 80), "shared-bottom": (60, 20)}) == pytest.approx(0.25)


def test_a_step_of_shared_bottom_costs_more_than_one_single_task_step_and_less_than_two():
    one, both = speed.multiply_adds(8, 1), speed.multiply_adds(8, 2)
    assert one < both < 2 * one
    assert one == 20 * 8 + 8 * 8 + 8
    found = saved({"single-task": (40, 40), "shared-bottom": (40, 40)}, "multiply-adds")
    assert found == pytest.approx(1 - both / (2 * one))


def test_a_single_task_model_stops_when_it_is_there():
    late = saved({"single-task": (40, 80), "shared-bottom": (80, 80)}, "multiply-adds")
    assert late == pytest.approx(1 - 80 * speed.multiply_adds(8, 2) / (120 * speed.multiply_adds(8, 1)))


@pytest.mark.parametrize("count", ["steps", "multiply-adds"])
def test_a_run_that_never_arrives_is_later_than_all(count):
    assert saved({"single-task": (40, np.nan), "shared-bottom": (40, 40)}, count) == 1
    assert saved({"single-task": (40, 40), "shared-bottom": (np.nan, 40)}, count) == -np.inf
    assert np.isnan(saved({"single-task": (np.nan, 40), "shared-bottom": (np.nan, 40)}, count))


def test_median_interval_has_its_coverage():
    rng = np.random.default_rng(0)
    inside = [low <= 0 <= high for _, low, high in (speed.median_interval(rng.normal(size=20)) for _ in range(2000))]
    assert 0.94 < np.mean(inside) < 0.98  # 0.9586 for 20 values


def test_median_interval_takes_the_order_statistics_of_the_textbook():
    values = np.arange(1.0, 21)
    assert speed.median_interval(values) == (10.5, 6, 15)  # 20 values: the 6th and the 15th


def test_median_interval_holds_for_infinite_and_unknown_values():
    values = np.array([-np.inf] * 3 + list(range(14)) + [np.nan] * 3)
    median, low, high = speed.median_interval(values)
    assert median == np.nanmedian(values)
    assert low == speed.median_interval(np.where(np.isnan(values), -np.inf, values))[1]
    assert high == speed.median_interval(np.where(np.isnan(values), np.inf, values))[2]
    with pytest.raises(ValueError, match="values: got 5 values; expected at least 6"):
        speed.median_interval(np.arange(5.0))


def test_medians_has_a_row_a_setting():
    rows = pd.concat([table({"single-task": (40, s), "shared-bottom": (20, 20)}, s) for s in range(30, 40)])
    found = speed.medians(speed.saved(rows, "shared-bottom"), "saved", ["condition", "target"])
    assert list(found.columns) == ["condition", "target", "median", "low", "high", "seeds"]
    assert found["median"].item() == pytest.approx(0.5) and found["seeds"].item() == 10


def test_arrivals_are_the_first_evaluation_at_the_target(monkeypatch):
    monkeypatch.setattr(speed, "BUDGET", 40)
    pairs = [relu_tasks((1000, 500, 1), seed=seed) for seed in range(2)]
    models = lambda: [SharedBottom(INPUTS, TASKS, [8], [TOWER], seed=seed) for seed in range(2)]  # noqa: E731
    first = speed.arrivals(models(), pairs, 0.03, [0, 1])
    for step in first.values():
        assert step.shape == (2,) and ((step % speed.EVERY == 0) | step.isinf()).all()
    assert all((first[task, 0.85] >= first[task, 0.8]).all() for task in TASKS)
    alone = speed.arrivals([models()[1]], pairs[1:], 0.03, [1])
    assert all(torch.equal(alone[key][0], first[key][1]) for key in first)


def test_an_unreachable_target_is_never_reached(monkeypatch):
    monkeypatch.setattr(speed, "BUDGET", 8)
    found = speed.steps(range(1), ["disjoint features"], models=["single-task", "shared-bottom"])
    assert list(found.columns) == ["condition", "seed", "model", "task", "target", "step"]
    assert found["step"].isna().all() and len(found) == 8
