"""What an interval allows us to say of an effect, by one rule for claims and for the reader's own report.

holds         the whole interval lies beyond the smallest effect that matters
opposite      the whole interval lies beyond it on the other side
no effect     the whole interval lies within ± the smallest effect
undecided     none of these
"""

from __future__ import annotations

from helpers import validate

VERDICTS = ("holds", "opposite", "no effect", "undecided")


def verdict(low: float, high: float, smallest: float, sign: int = 1) -> str:
    """The verdict for a 95% interval [low, high] of an effect that should have `sign`."""
    validate.number("smallest", smallest, low=0)
    validate.finite("low, high", [low, high])
    if sign < 0:
        low, high = -high, -low
    if low > smallest:
        return "holds"
    if high < -smallest:
        return "opposite"
    if -smallest < low and high < smallest:
        return "no effect"
    return "undecided"
