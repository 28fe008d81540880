"""Steps to a target: arrivals, censored runs, and what is saved."""

import numpy as np
import pandas as pd
import pytest
import torch

from helpers.chapters.ch04.studies.paper_and_speed import speed
from helpers.data.synthetic import relu_tasks
from helpers.experiments.feature_tasks import INPUTS, TASKS, TOWER
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
    return speed.share_saved(table(steps), "shared-bottom", count)["saved"].item()


def test_the_task_that_arrives_last_counts():
    assert saved({"single-task": (40, 80), "shared-bottom": (60, 20)}) == pytest.approx(0.25)


@pytest.mark.parametrize("count", ["steps", "multiply-adds"])
def test_a_run_that_never_arrives_is_later_than_all(count):
    assert saved({"single-task": (40, np.nan), "shared-bottom": (40, 40)}, count) == 1
    assert saved({"single-task": (40, 40), "shared-bottom": (np.nan, 40)}, count) == -np.inf
    assert np.isnan(saved({"single-task": (np.nan, 40), "shared-bottom": (np.nan, 40)}, count))


def test_median_interval_has_its_coverage():
    rng = np.random.default_rng(0)
    inside = [low <= 0 <= high for _, low, high in (speed.median_interval(rng.normal(size=20)) for _ in range(2000))]
    assert 0.94 < np.mean(inside) < 0.98  # 0.9586 for 20 values


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
