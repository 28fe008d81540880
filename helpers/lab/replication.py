"""How many fresh seeds does a verdict need to come back? They are counted from the end of its interval that is nearer
to the margin: the estimate itself decided the verdict, and who decides by an estimate takes it where luck has helped.
"""

import numpy as np
import pandas as pd
from scipy import stats

from helpers.evaluation.verdicts import WITHIN
from helpers.lab import seeds
from helpers.lab.claim import SHARES, WORLDS, Claim

POWER = 0.95  # that the verdict comes back if the true effect is at that end


def flip(distance: float, deviation: float, seeds: int, level: float = 0.95, widening: float = 1.0) -> float:
    """The probability that an interval over `seeds` seeds does not clear the margin, effects being normal.

    distance   of the true mean from the margin, on the side where the verdict is right
    deviation  of one seed's effect
    widening   how much wider the interval is than Student's
    It does not clear it when Student's t of that distance stays below the quantile; then t is noncentral.
    """
    steps = min(distance / max(deviation / np.sqrt(seeds), 1e-12), 30.0)  # beyond 30 the probability is 0 to any digit
    return float(stats.nct.cdf(widening * stats.t.ppf((1 + level) / 2, seeds - 1), seeds - 1, steps))


def flip_of_share(claim: Claim, share: float, seeds: int) -> float:
    """The same for the exact interval of a share, of so many worlds in which it happens with probability `share`."""
    counts, tail = np.arange(seeds + 1), (1 - claim.level) / 2
    if claim.expected in WITHIN:
        clears = stats.beta.ppf(1 - tail, counts + 1, seeds - counts) < claim.smallest
    else:
        clears = stats.beta.ppf(tail, counts, seeds - counts + 1) > claim.smallest
    return float(stats.binom.pmf(counts[~clears], seeds, share).sum())


def measured(claim: Claim, table: pd.DataFrame) -> tuple[float, float, int, float]:
    """Mean and deviation of the effects, how many there are, and how much wider than Student's their interval is."""
    effects = np.asarray(claim.effect(table), dtype=float)
    student, judged = (interval.of(effects, 0.95, table) for interval in (WORLDS, claim.interval))
    widening = (judged[2] - judged[1]) / max(student[2] - student[1], 1e-12)
    return effects.mean(), effects.std(ddof=1), len(effects), widening


def fails(claim: Claim, mean: float, deviation: float, kept_seeds: int, widening: float, seeds: int) -> float:
    """The probability that `seeds` fresh seeds do not give the verdict, if the true effect is at the end of its
    interval that is nearer to the margin."""
    if claim.interval is SHARES:
        ends = stats.binomtest(round(mean * kept_seeds), kept_seeds).proportion_ci(0.95, method="exact")
        return flip_of_share(claim, ends.high if claim.expected in WITHIN else ends.low, seeds)
    half = stats.t.ppf(0.975, kept_seeds - 1) * deviation / np.sqrt(kept_seeds)  # on one log, of fresh seeds on it
    distance = claim.smallest - abs(mean) if claim.expected in WITHIN else claim.sign * mean - claim.smallest
    if claim.interval is not WORLDS:  # what a log adds stays when seeds are added
        widening = np.sqrt(1 + (widening**2 - 1) * seeds / kept_seeds)
    return flip(distance - half, deviation, seeds, claim.level, widening)


def needed(claim: Claim, *numbers: float) -> int | str:
    """The fewest seeds that are enough, of what was `measured`; or "more than 1000"."""
    enough = (count for count in range(20, seeds.BLOCK + 1) if fails(claim, *numbers, count) <= 1 - POWER)
    return next(enough, f"more than {seeds.BLOCK}")
