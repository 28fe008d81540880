"""The verdict by one rule. Its table is tested with the claims (`test_claims.py`); here, its limits."""

import pytest

from helpers.verdicts import VERDICTS, verdict


@pytest.mark.parametrize(("low", "high"), [(-0.01, 0.01), (0.01, 0.02), (-0.02, -0.01), (-0.02, 0.02)])
def test_an_interval_that_touches_the_margin_is_undecided(low, high):
    assert verdict(low, high, 0.01) == "undecided"


def test_a_mirrored_effect_has_the_mirrored_verdict():
    mirrored = dict(zip(VERDICTS, ("opposite", "holds", "no effect", "undecided"), strict=True))
    for low, high in ((0.02, 0.03), (-0.03, -0.02), (-0.005, 0.002), (0.0, 0.05)):
        assert verdict(low, high, 0.01, sign=-1) == mirrored[verdict(low, high, 0.01)]


@pytest.mark.parametrize("bad", [(float("nan"), 1.0, 0.1), (0.0, 1.0, -0.1)])
def test_what_cannot_be_judged_is_refused(bad):
    with pytest.raises(ValueError, match="got"):
        verdict(*bad)
