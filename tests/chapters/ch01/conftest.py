"""Predictions and outcomes of three small worlds, drawn at random."""

import numpy as np
import pytest

from helpers.chapters.ch01 import ranking
from helpers.chapters.ch01.studies import ranking as lab_ranking
from helpers.data.feed import CANDIDATES


@pytest.fixture
def worlds(monkeypatch) -> lab_ranking.Predicted:
    """They are what every experiment of the test predicts."""
    rng, shape = np.random.default_rng(0), (3, 4, CANDIDATES)
    scores = {task: rng.uniform(0.01, 0.9, shape) for task in ranking.TASKS}
    outcomes = {name: rng.random(shape) for name in ("like", "watch_seconds", "bait", "appeal", "satisfaction")}
    outcomes["plays"] = (rng.random(shape) < 0.3) * 1.0
    worlds = lab_ranking.Predicted((0, 1, 2), scores, outcomes, rng.normal(size=shape[:2]))
    monkeypatch.setattr(lab_ranking, "predictions", lambda *_, **__: worlds)
    return worlds
