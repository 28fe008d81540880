"""What an interval allows us to say of an effect, by one rule for claims and for the reader's own report.

holds                 the whole interval lies beyond the smallest effect that matters
opposite              the whole interval lies beyond it on the other side
too small to matter   the whole interval lies within ± the smallest effect, and 0 is not in it
no effect             the whole interval lies within ± the smallest effect, and 0 is in it
undecided             none of these
"""

from __future__ import annotations

from helpers.support import validate

VERDICTS = HOLDS, OPPOSITE, SMALL, NO_EFFECT, UNDECIDED = (
    "holds",
    "opposite",
    "too small to matter",
    "no effect",
    "undecided",
)
WITHIN = (SMALL, NO_EFFECT)


def agree(one: str, other: str) -> bool:
    """Whether two verdicts of one effect say the same: both of `WITHIN` say that nothing which matters was found, and
    whether 0 is in the interval hangs on the number of seeds."""
    return one == other or {one, other} <= set(WITHIN)


def verdict(low: float, high: float, smallest: float, sign: int = 1) -> str:
    """The verdict for a 95% interval [low, high] of an effect that should have `sign`, 1 or −1."""
    low, high = validate.number("low", low), validate.number("high", high)
    if low > high:
        validate.fail("low, high", f"{low:g}, {high:g}", "the lower end first")
    validate.number("smallest", smallest, low=0)
    if validate.choice("sign", sign, (1, -1)) == -1:
        low, high = -high, -low
    if low > smallest:
        return HOLDS
    if high < -smallest:
        return OPPOSITE
    if -smallest < low and high < smallest:
        return NO_EFFECT if low <= 0 <= high else SMALL
    return UNDECIDED
