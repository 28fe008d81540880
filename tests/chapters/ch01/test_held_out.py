"""The kept predictions are those of the models, rounded; their worlds are used for nothing else."""

import numpy as np
import pytest
from scipy.special import logit

from helpers.chapters.ch01 import held_out, ranking
from helpers.chapters.ch01.studies import held_out as lab_held_out
from helpers.chapters.ch01.studies import ranking as lab_ranking
from helpers.data.feed import CANDIDATES
from helpers.lab import TABLES


@pytest.fixture
def found(monkeypatch) -> lab_ranking.Predicted:
    rng = np.random.default_rng(0)
    shape = (3, 4, CANDIDATES)
    scores = {task: 1 / (1 + np.exp(3 - rng.normal(size=shape))) for task in ranking.TASKS}
    scores["watch_time"] = rng.normal(size=shape)
    found = lab_ranking.Predicted((7, 8, 9), scores, {"satisfaction": rng.random(shape)}, rng.normal(size=shape[:2]))
    monkeypatch.setattr(lab_ranking, "predictions", lambda seeds: found)
    return found


def test_what_is_read_is_what_was_predicted_to_half_a_step(found, tmp_path, monkeypatch):
    monkeypatch.setattr("helpers.experiments.kept.FOLDER", tmp_path)
    monkeypatch.setattr(held_out, "WORLDS", found.seeds)
    monkeypatch.setattr(held_out, "USERS", 2)
    monkeypatch.setattr(held_out, "STEP", 0.05)
    given = {"seeds": [7, 8, 9], "users": 2, "step": 0.05}
    table = lab_held_out.KeptTable("01_held_out", lab_held_out.predictions, given, packed=True)
    table.write(table.make(**table.settings))
    p, satisfaction = held_out.read()
    assert list(p) == list(ranking.TASKS)
    np.testing.assert_allclose(satisfaction, found.outcomes["satisfaction"][:, :2], atol=0.025001)
    np.testing.assert_allclose(p["watch_time"], found.scores["watch_time"][:, :2], atol=0.025001)
    for task in set(p) - {"watch_time"}:
        np.testing.assert_allclose(logit(p[task]), logit(found.scores[task][:, :2]), atol=0.025001)


def test_nothing_else_uses_the_held_out_worlds():
    used = {seed for grid in TABLES.values() if grid.name != "01_held_out" for seed in grid.settings.get("seeds", [])}
    assert not (used | set(ranking.PRACTICE)) & set(held_out.WORLDS)
