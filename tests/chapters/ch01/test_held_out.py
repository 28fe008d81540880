"""The kept predictions are those of the models, rounded; their worlds are used for nothing else."""

import numpy as np
from scipy.special import logit

from helpers.chapters.ch01 import held_out, ranking
from helpers.chapters.ch01.studies import held_out as lab_held_out
from helpers.lab import TABLES


def test_what_is_read_is_what_was_predicted_to_half_a_step(worlds, tmp_path, monkeypatch):
    monkeypatch.setattr("helpers.experiments.kept.FOLDER", tmp_path)
    monkeypatch.setattr(held_out, "WORLDS", worlds.seeds)
    monkeypatch.setattr(held_out, "USERS", 2)
    monkeypatch.setattr(held_out, "STEP", 0.05)
    given = {"seeds": [0, 1, 2], "users": 2, "step": 0.05}
    table = lab_held_out.KeptTable("01_held_out", lab_held_out.predictions, given, packed=True)
    table.write(table.make(**table.settings))
    p, satisfaction = held_out.read()
    assert list(p) == list(ranking.TASKS)
    np.testing.assert_allclose(satisfaction, worlds.outcomes["satisfaction"][:, :2], atol=0.025001)
    np.testing.assert_allclose(p["watch_time"], worlds.scores["watch_time"][:, :2], atol=0.025001)
    for task in set(p) - {"watch_time"}:
        np.testing.assert_allclose(logit(p[task]), logit(worlds.scores[task][:, :2]), atol=0.025001)


def test_nothing_else_uses_the_held_out_worlds():
    used = {
        seed for table in TABLES.values() if table.name != "01_held_out" for seed in table.settings.get("seeds", [])
    }
    assert not (used | set(ranking.PRACTICE)) & set(held_out.WORLDS)
