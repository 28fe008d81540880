"""The four outcomes of joint training, by one rule for the map, the explorers and the reader's own report."""

from __future__ import annotations

BOTH_GAIN, ONE_GAINS, SEESAW, BOTH_LOSE = "both gain", "one gains, none loses", "seesaw", "both lose"
UNCLEAR = "not clear"


def outcome(a: tuple[float, float], b: tuple[float, float], smallest: float) -> str:
    """Which of the four outcomes two 95% intervals of gains allow us to say.

    smallest  the smallest effect that matters. A task gains where its whole interval lies above it, and loses where it
              lies below −smallest. "one gains, none loses": the other's interval does not reach below −smallest, so
              that it does not lose anything that matters; it may gain.
    """
    gains, losses = (sum(test) for test in ((a[0] > smallest, b[0] > smallest), (a[1] < -smallest, b[1] < -smallest)))
    if gains and losses:
        return SEESAW
    if losses == 2 or gains == 2:
        return BOTH_LOSE if losses else BOTH_GAIN
    return ONE_GAINS if gains and min(a[0], b[0]) > -smallest else UNCLEAR
