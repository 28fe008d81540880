"""The verdict by one rule. Its table is tested with the claims (`test_claims.py`); here, its limits."""

import pytest

from helpers.evaluation.verdicts import VERDICTS, agree, verdict


@pytest.mark.parametrize(
    ("low", "high"), [(-0.01, 0.0), (0.0, 0.01), (-0.01, 0.01), (0.01, 0.02), (-0.02, -0.01), (-0.02, 0.02)]
)
def test_an_interval_that_touches_the_margin_is_undecided(low, high):
    assert verdict(low, high, 0.01) == "undecided"


def test_a_mirrored_effect_has_the_mirrored_verdict():
    mirrored = dict(zip(VERDICTS, ("opposite", "holds", "too small to matter", "no effect", "undecided"), strict=True))
    for low, high in ((0.02, 0.03), (-0.03, -0.02), (-0.005, -0.002), (-0.005, 0.002), (0.0, 0.05)):
        assert verdict(low, high, 0.01, sign=-1) == mirrored[verdict(low, high, 0.01)]


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ((0.5, -0.5, 0.1), "low, high: got 0.5, -0.5; expected the lower end first"),
        ((0.0, float("inf"), 0.1), "high: got inf; expected a number"),
        ((".2", 1.0, 0.1), "low: got '.2'; expected a number"),
        ((0.2, 1.0, float("nan")), "smallest: got nan; expected a number of at least 0"),
        ((0.2, 1.0, 0.1, 0), "sign: got 0; expected one of 1, -1"),
        ((0.2, 1.0, 0.1, float("nan")), "sign: got nan; expected one of 1, -1"),
    ],
)
def test_what_is_no_interval_and_no_sign_is_named(bad, message):
    with pytest.raises(ValueError, match=message):
        verdict(*bad)


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [(0.001, 0.009, "too small to matter"), (-0.009, -0.001, "too small to matter"), (0.0, 0.009, "no effect")],
)
@pytest.mark.parametrize("sign", [1, -1])
def test_within_the_margin_it_matters_whether_0_is_in_the_interval(low, high, sign, said):
    assert verdict(low, high, 0.01, sign) == said


def test_verdicts_agree_with_themselves_and_the_two_within_the_margin_with_each_other():
    within = {"too small to matter", "no effect"}
    for one in VERDICTS:
        for other in VERDICTS:
            assert agree(one, other) == (one == other or {one, other} == within)
