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


def effect_moments(claim: Claim, table: pd.DataFrame) -> tuple[float, float, int, float]:
    """Mean and deviation of the effects, how many there are, and how much wider than Student's their interval is."""
    effects = np.asarray(claim.effect(table), dtype=float)
    student, judged = (interval.of(effects, 0.95, table) for interval in (WORLDS, claim.interval))
    widening = (judged[2] - judged[1]) / max(student[2] - student[1], 1e-12)
    return effects.mean(), effects.std(ddof=1), len(effects), widening


def fails(claim: Claim, mean: float, deviation: float, kept_seeds: int, widening: float, seeds: int) -> float:
    """The probability that an interval over `seeds` fresh seeds does not clear the margin, if the true effect is at
    that end. Effects are normal, so that Student's t of the distance is noncentral; of a share it is exact."""
    within, tail = claim.expected in WITHIN, (1 - claim.level) / 2
    if claim.interval is SHARES:
        ends, counts = stats.binomtest(round(mean * kept_seeds), kept_seeds).proportion_ci(0.95), np.arange(seeds + 1)
        if within:
            clears = stats.beta.ppf(1 - tail, counts + 1, seeds - counts) < claim.smallest
        else:
            clears = stats.beta.ppf(tail, counts, seeds - counts + 1) > claim.smallest
        return float(stats.binom.pmf(counts[~clears], seeds, ends.high if within else ends.low).sum())
    half = stats.t.ppf(0.975, kept_seeds - 1) * deviation / np.sqrt(kept_seeds)  # on one log, of fresh seeds on it
    distance = (claim.smallest - abs(mean) if within else claim.sign * mean - claim.smallest) - half
    if claim.interval is not WORLDS:  # what a log adds stays when seeds are added
        widening = np.sqrt(1 + (widening**2 - 1) * seeds / kept_seeds)
    steps = min(distance / max(deviation / np.sqrt(seeds), 1e-12), 30.0)  # beyond 30 the probability is 0 to any digit
    return float(stats.nct.cdf(widening * stats.t.ppf(1 - tail, seeds - 1), seeds - 1, steps))


def seeds_enough(claim: Claim, *numbers: float) -> int | str:
    """The fewest seeds that are enough, of `effect_moments`; or "more than 1000"."""
    enough = (count for count in range(20, seeds.BLOCK + 1) if fails(claim, *numbers, count) <= 1 - POWER)
    return next(enough, f"more than {seeds.BLOCK}")
