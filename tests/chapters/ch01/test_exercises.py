"""Chapter 01: what its open exercise says of a score, in worlds that nothing was chosen on."""

import re

import numpy as np
import pytest

from helpers.chapters.ch01 import exercises, held_out, ranking
from helpers.chapters.ch01.studies import ranking as lab_ranking
from helpers.evaluation.statistics import interval
from tests.chapters.shared import judge, solution


@pytest.fixture
def small_worlds(monkeypatch):
    """Held-out worlds in which the share is the truth with noise, and bait lifts everything that needs a click."""
    rng = np.random.default_rng(3)
    shape = (6, 30, 100)
    appeal, bait = rng.normal(size=shape), 2 * rng.normal(size=shape)
    scores = {task: np.exp(0.3 * appeal + bait + rng.normal(size=shape) - 5) for task in ranking.TASKS}
    scores |= {task: scores["click"] * np.exp(appeal + 0.3 * rng.normal(size=shape)) for task in ("like", "share")}
    truth = 1 / (1 + np.exp(-appeal))
    monkeypatch.setattr(held_out, "read", lambda: (dict(scores), truth))
    monkeypatch.setattr(exercises, "looks", set())
    return scores, truth


def test_a_gain_in_one_world_of_six_is_no_gain_however_many_users_it_has(small_worlds):
    """Users of one world share its model: an interval over them would be far too narrow."""
    p, truth = small_worlds

    def in_the_first_world(p):
        return np.concatenate([truth[:1] / 2, p["share"][1:]])  # both are positive, and worlds are ranked apart

    chosen, before = (lab_ranking.top(scores, truth)[0].mean(-1) for scores in (in_the_first_world(p), p["share"]))
    by_users, by_worlds = chosen - before, (chosen - before).mean(-1)
    assert interval(by_users.ravel())[1] > 0 > interval(by_worlds)[1]
    mean, low, high = interval(by_worlds)
    judgement = judge(exercises.beats_every_label, in_the_first_world)
    said = f"{mean:+.4f} [{low:+.4f}, {high:+.4f}] over 6 worlds, more in 1 of them. Your mean is higher, but the gain"
    assert said in judgement


def test_looks_at_the_held_out_worlds_are_counted_and_the_same_lists_once(small_worlds):
    def look(answer):
        return re.findall(r"look number \d+", judge(exercises.beats_every_label, answer))

    good = solution("01_motivation", "solution_score", np=np)
    assert look(lambda p: p["share"]) == look(lambda p: 2 * p["share"]) == []
    assert look(lambda p: p["like"]) == ["look number 2"]
    assert look(good) == ["look number 3"] == look(good)


def test_equal_scores_are_served_in_the_order_of_the_candidates(small_worlds):
    """Kept predictions are rounded, and how a partition treats equal values depends on the CPU."""
    _, truth = small_worlds
    coarse = np.round(truth, 1)
    served = exercises._satisfaction(coarse, truth)
    in_order = coarse - 1e-6 * np.arange(truth.shape[-1])
    np.testing.assert_array_equal(served, exercises._satisfaction(in_order, truth))


def test_the_worked_score_beats_every_label_at_once_and_says_by_how_much(monkeypatch):
    monkeypatch.delattr(lab_ranking, "fit")  # nothing is trained
    judgement = judge(exercises.beats_every_label, solution("01_motivation", "solution_score", np=np))
    gain, low, high = map(float, re.search(r": (\S+) \[(\S+), (\S+)\] over 40 worlds", judgement).groups())
    assert judgement.startswith("Correct") and 0.003 < low < gain < high < 0.022
    judgement = judge(exercises.beats_every_label, lambda p: p["share"])
    assert "+0.0000 [+0.0000, +0.0000] over 40 worlds" in judgement and "That is not a gain." in judgement
