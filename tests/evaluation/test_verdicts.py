"""The verdict by one rule, for claims and, of several tasks, for the four outcomes."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.evaluation.four_outcomes import outcome
from helpers.evaluation.verdicts import (
    HOLDS,
    NO_EFFECT,
    OPPOSITE,
    SMALL,
    UNDECIDED,
    VERDICTS,
    Finding,
    agree,
    verdict,
    weak,
)

ENDS = st.sampled_from([-0.03, -0.01, -0.009, -0.002, 0.0, 0.002, 0.009, 0.01, 0.03])


@given(ENDS, ENDS, st.sampled_from([1, -1]))
def test_the_verdict_is_that_of_the_rule(one, other, sign):
    low, high = sorted((sign * one, sign * other))
    within = low > -0.01 and high < 0.01  # to touch the margin is not to be within it
    rules = {
        HOLDS: low > 0.01,
        OPPOSITE: high < -0.01,
        SMALL: within and (low > 0 or high < 0),
        NO_EFFECT: within and low <= 0 <= high,
    }
    wanted = next((word for word, true in rules.items() if true), UNDECIDED)
    assert verdict(*sorted((one, other)), 0.01, sign) == wanted


def test_the_two_within_the_margin_agree_and_no_others():
    alike = {frozenset(pair) for pair in itertools.product(VERDICTS, repeat=2) if agree(*pair)}
    assert alike == {*(frozenset([one]) for one in VERDICTS), frozenset([SMALL, NO_EFFECT])}


def test_what_passes_by_luck_is_among_all_that_states_something():
    one = Finding("a", HOLDS, HOLDS, 0.1, 0.0, 0.2, 9, "seeds", "AUC", 0.01, 0.001)
    rest = [replace(one, id="b", error=0.04), replace(one, id="c", error=0.9, expected=UNDECIDED)]
    assert weak([one, *rest]) == []  # 0.04 is held against 0.05 / 1, as c is no test
    assert weak([one, replace(rest[0], error=0.051)]) == ["b"]
    assert weak([replace(one, error=0.03), replace(one, id="b", error=0.03)]) == ["a", "b"]


GAIN, LOSS, SAFE, PERHAPS = (0.02, 0.05), (-0.05, -0.02), (-0.005, 0.03), (-0.02, 0.02)


@pytest.mark.parametrize(
    ("gains", "said"),
    [
        ((GAIN, GAIN), "both gain"),
        ((LOSS, LOSS), "both lose"),
        ((GAIN, LOSS), "seesaw"),
        ((GAIN, SAFE), "one gains, none loses"),
        ((GAIN, PERHAPS), "not clear"),  # the other may lose what matters
        ((LOSS, SAFE), "not clear"),
        ((GAIN, GAIN, GAIN), "all gain"),
        ((GAIN, GAIN, SAFE), "some gain, none loses"),
        ((LOSS, LOSS, LOSS), "all lose"),
        ((LOSS, SAFE, GAIN), "seesaw"),
    ],
)
def test_the_outcome_is_what_all_intervals_allow(gains, said):
    for order in itertools.permutations(gains):
        assert outcome(*order, smallest=0.01) == said


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: verdict(0.5, -0.5, 0.1), "low, high: got 0.5, -0.5"),
        (lambda: verdict(0.0, float("inf"), 0.1), "high: got inf"),
        (lambda: verdict(0.2, 1.0, float("nan")), "smallest: got nan"),
        (lambda: verdict(0.2, 1.0, 0.1, 0), "sign: got 0"),
        (lambda: outcome(GAIN, smallest=[0.1, 0.1]), "gains: got 1 of 2 tasks"),
    ],
)
def test_what_is_no_interval_and_no_sign_is_named(call, words):
    with pytest.raises(ValueError, match=f"^{words}.*; expected"):
        call()
