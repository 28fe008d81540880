"""The four outcomes of joint training, by one rule for the map, the explorers and the reader's own report."""

from collections.abc import Sequence

from ..support import validate

BOTH_GAIN, ONE_GAINS, SEESAW, BOTH_LOSE = "both gain", "one gains, none loses", "seesaw", "both lose"
ALL_GAIN, SOME_GAIN, ALL_LOSE = "all gain", "some gain, none loses", "all lose"  # of more than two tasks
UNCLEAR = "not clear"


def outcome(*gains: tuple[float, float], smallest: float | Sequence[float]) -> str:
    """Which of the four outcomes the 95% intervals of the gains of two or more tasks allow us to say.

    smallest  the smallest effect that matters, for all or for each. A task gains where its whole interval lies above
              it, and loses where it lies below −smallest. "one gains, none loses": the others' intervals do not reach
              below −smallest, so that they do not lose anything that matters; they may gain.
    """
    margins = smallest if isinstance(smallest, Sequence) else [smallest] * len(gains)
    if len(margins) != len(gains) or not gains:
        validate.fail("gains", f"{len(gains)} of {len(margins)} tasks", "an interval for each task")
    for margin in margins:
        validate.number("smallest", margin, low=0)
    rows = [(low, high, margin) for (low, high), margin in zip(gains, margins, strict=True)]
    won, lost = sum(low > margin for low, _, margin in rows), sum(high < -margin for _, high, margin in rows)
    if won and lost:
        return SEESAW
    if len(rows) in (won, lost):
        return (BOTH_GAIN if won else BOTH_LOSE) if len(rows) == 2 else ALL_GAIN if won else ALL_LOSE
    if won and all(low > -margin for low, _, margin in rows):
        return ONE_GAINS if won == 1 else SOME_GAIN
    return UNCLEAR
