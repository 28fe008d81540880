"""Chapter 04, the further exercises: the solutions pass, typical wrong answers meet their own words."""

import numpy as np
import pytest

from helpers.chapters.ch04 import exercises_more
from helpers.display.exercises import Exercise


def judge(name: str, answer, times: int = 1) -> str:
    check = getattr(exercises_more, name)
    fresh = Exercise(check.probes, check.correct)
    return [fresh.judge(answer) for _ in range(times)][-1]


def first_step(steps, losses, target):
    there = losses <= target
    return steps[there][0] if there.any() else np.inf


def closest(steps, losses, target):
    return steps[np.abs(losses - target).argmin()]


WRONG_STEPS = {
    "place": (lambda s, v, t: int((v <= t).argmax()), "is the place of the evaluation"),
    "place from one": (lambda s, v, t: int((v <= t).argmax()) + 1, "is the place of the evaluation"),
    "lowest": (lambda s, v, t: s[v.argmin()], "not at 60: the run had started, or ended, there"),
    "all": (lambda s, v, t: s[v <= t], "an array of shape (3,), not one number"),
    "closest": (closest, "first gets to 0.5 at step 40, not at 30"),
    "last": (lambda s, v, t: s[v > t][-1] + 10 if (v <= t).any() else np.inf, "rises again; the function says 60"),
    "strict": (lambda s, v, t: s[v < t][0] if (v < t).any() else np.inf, "the function says 50 instead of 40"),
    "argmax": (lambda s, v, t: s[(v <= t).argmax()], "a run that never gets to the target came out as 10"),
    "none": (lambda s, v, t: s[v <= t][0] if (v <= t).any() else None, "came out as a NoneType"),
    "budget": (lambda s, v, t: s[v <= t][0] if (v <= t).any() else s[-1], "came out as 60"),
    "nan": (lambda s, v, t: s[v <= t][0] if (v <= t).any() else np.nan, "came out as nan"),
}


def test_the_first_step_is_right():
    assert judge("first_step", first_step).startswith("Correct: the first step at the target")
    assert judge("first_step", lambda s, v, t: min(s[v <= t], default=float("inf"))).startswith("Correct")


@pytest.mark.parametrize("name", WRONG_STEPS)
def test_a_wrong_first_step_meets_its_own_words_and_two_hints(name):
    answer, words = WRONG_STEPS[name]
    said = judge("first_step", answer, times=2)
    assert said.startswith("Not right yet") and words in said
    assert "Hint 1" in said and "Hint 2" in said


def test_an_untouched_first_step_is_not_yet():
    assert judge("first_step", lambda s, v, t: ...).startswith("Not yet")


def read_cell(low, high, matters):
    if low > matters:
        return "gain"
    if high < -matters:
        return "loss"
    return "no effect" if -matters < low and high < matters else "undecided"


def from_zero(low, high, matters):
    return "gain" if low > 0 else "loss" if high < 0 else "undecided"


def hold_zero(low, high, matters):
    return "no effect" if low < 0 < high else read_cell(low, high, matters)


def by_mean(low, high, matters):
    mean = (low + high) / 2
    return "gain" if mean > matters else "loss" if mean < -matters else "no effect"


WRONG_CELLS = {
    "zero": (from_zero, "it leaves out 0, but may be too small to matter"),
    "mean": (by_mean, "it leaves out 0, but may be too small to matter"),
    "no effect where it holds zero": (hold_zero, "it holds clear gains as well as clear losses"),
    "sign turned": (lambda low, high, m: read_cell(-high, -low, m), "all of it is above +0.01"),
    "another word": (lambda low, high, m: "better", "gave back 'better'"),
    "no undecided small": (
        lambda low, high, m: "undecided" if -m < low < 0 else read_cell(low, high, m),
        "whatever the truth in it is",
    ),
}


def test_the_reading_of_a_cell_is_right():
    assert judge("read_cell", read_cell).startswith("Correct: what is clear")


@pytest.mark.parametrize("name", WRONG_CELLS)
def test_a_wrong_reading_meets_its_own_words_and_two_hints(name):
    answer, words = WRONG_CELLS[name]
    said = judge("read_cell", answer, times=2)
    assert said.startswith("Not right yet") and words in said
    assert "Hint 1" in said and "Hint 2" in said


def test_an_untouched_reading_is_not_yet():
    assert judge("read_cell", lambda low, high, m: None).startswith("Not yet")
