"""The claims of chapter 05, Balancing losses.

One smallest effect for all of them: 0.01, of R² or of the toy tasks' normalised loss (1 is what a network knows before
it learns).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import pandas as pd

from helpers.chapters.ch05 import balancers, toy
from helpers.evaluation.verdicts import WITHIN
from helpers.experiments.claim import Claim, Contrast, gain
from helpers.support import validate

SUM, TUNED, SINGLE = "equal weights", "tuned weights", "single-task"
DISJOINT, NARROW = "disjoint features", "narrow bottom"
BOTH_PAIRS = list(balancers.UNEQUAL)
WEIGHED = [method for method in balancers.METHODS if method != SINGLE]
ELSEWHERE = (SINGLE, SUM, TUNED, "PCGrad")  # of these at 100 : 1 other claims speak


def merged(*parts: Mapping[str, Claim]) -> dict[str, Claim]:
    """The claims of all parts. An id that two of them have is an error: one claim would silently replace the other."""
    every: dict[str, Claim] = {}
    for part in parts:
        if twice := every.keys() & part:
            validate.fail("claims", f"{', '.join(sorted(twice))} twice", "an id of its own for each claim")
        every |= part
    return every


def _nearest(methods: Iterable[str]) -> Callable[[pd.DataFrame], pd.Series]:
    """What tasks gain in the narrow bottom over single-task models with the method that loses least."""
    gains = [gain("r2", method, over=SINGLE, situation=NARROW) for method in methods]
    return lambda table: max((one(table) for one in gains), key=pd.Series.mean)


def _whichever(methods: Sequence[str]) -> str:
    *others, last = methods
    return (
        f"Narrow bottom: with {', '.join(others)} or {last}, whichever loses least, the two tasks learn less, on "
        "average, than single-task models."
    )


class Rival(NamedTuple):
    """Of a tuned weight, at 100 : 1: the id of its claim, its name in words, the verdict, and its seeds."""

    id: str
    words: str
    verdict: str
    seeds: int


RIVALS = {
    "UWL": Rival("C5.9", "UWL on raw losses", "holds", 160),
    "GradNorm": Rival("C5.10", "GradNorm on raw losses", "holds", 640),
    "smooth Chebyshev": Rival("C5.31", "a smooth Chebyshev sum of raw losses", "no effect", 240),
    "CAGrad": Rival("C5.32", "CAGrad on raw losses", "no effect", 240),
    "normed gradients": Rival("C5.33", "normed gradients of raw losses", "no effect", 240),
    "DWA": Rival("C5.34", "DWA on raw losses", "holds", 20),
    "MGDA": Rival("C5.35", "MGDA on raw losses", "holds", 20),
    "divided sum": Rival("C5.39", "the plain sum of divided losses", "no effect", 240),
    "UWL from log L": Rival("C5.40", "UWL whose s start at log L of a constant guess", "too small to matter", 400),
    "UWL, divided": Rival("C5.41", "UWL on divided losses", "too small to matter", 400),
    "GradNorm, divided": Rival("C5.42", "GradNorm on divided losses", "no effect", 240),
    "DWA, divided": Rival("C5.43", "DWA on divided losses", "no effect", 240),
    "MGDA, divided": Rival("C5.44", "MGDA on divided losses", "no effect", 240),
}


def against_tuned(methods: Iterable[str]) -> dict[str, Claim]:
    """At 100 : 1, over both pairs: each method and a weight that was tuned after the losses were divided. A method
    without an id in `RIVALS` is an error that names it."""
    return merged(*(_against_tuned(method, *RIVALS[validate.choice("methods", method, RIVALS)]) for method in methods))


def _against_tuned(method: str, id: str, words: str, verdict: str, seeds: int) -> dict[str, Claim]:
    learn = "as much as" if verdict in WITHIN else "less than"
    claim = Claim(
        f"100 : 1, mean of both pairs: with {words} the tasks learn {learn} with a tuned weight on divided losses.",
        gain("r2", method, over=TUNED, situation=BOTH_PAIRS),
        grid="05_candidates" if method in balancers.CANDIDATES else "05_sizes",
        unit="R²",
        sign=1 if verdict in WITHIN else -1,
        expected=verdict,
        seeds=seeds,
        only={"situations": BOTH_PAIRS, "methods": [TUNED, method]},
    )
    return {id: claim}


r2 = partial(Claim, unit="R²")
units = partial(r2, grid="05_units", sign=-1, seeds=60)
near_zero = partial(r2, grid="05_near_zero", seeds=32)
two_toys = partial(Claim, grid="05_toy", unit="loss", sign=-1, only={"tasks": [2]})
ten_toys = partial(two_toys, only={"tasks": [10]})
told_toys = partial(two_toys, grid="05_toy_told", only={})
sizes = partial(r2, grid="05_sizes")
narrow = partial(r2, grid="05_alike", only={"situations": [NARROW]})
ended = partial(gain, "loss", column="method", step=toy.STEPS)  # the mean over the tasks: the paper's normalised loss

SPELLED = {
    "C5.1": units(
        "Disjoint features, losses added up: when the loss of A grows a hundredfold, B learns less.",
        gain("r2", 100, over=1, column="scale", pair=DISJOINT, task="b"),
    ),
    "C5.2": units(
        "Features in common, losses added up: when the loss of A grows a hundredfold, B learns less.",
        gain("r2", 100, over=1, column="scale", pair="same features", task="b"),
    ),
    "C5.3": units(
        "Features in common, losses added up: when the loss of A grows a hundredfold, A itself learns less.",
        gain("r2", 100, over=1, column="scale", pair="same features", task="a"),
    ),
    "C5.4": near_zero(
        "Labels of B without noise, disjoint features: UWL teaches B more than equal weights do.",
        gain("r2", "UWL", over=SUM, task="b"),
    ),
    "C5.5": near_zero(
        "Labels of B without noise, disjoint features: what UWL gains for B is more than what it gains for A.",
        Contrast("r2", {("UWL", "b"): 1, (SUM, "b"): -1, ("UWL", "a"): -1, (SUM, "a"): 1}, ["model", "task"]),
    ),
    "C5.6": two_toys(
        "Two toy tasks, σ = 1 and 100, all methods tuned: GradNorm ends at a lower normalised loss than the plain sum.",
        ended("GradNorm", over=SUM, tasks=2),
        seeds=100,
    ),
    "C5.7": two_toys(
        "Two toy tasks, σ = 1 and 100, all methods tuned: UWL ends at a lower normalised loss than the plain sum.",
        ended("UWL", over=SUM, tasks=2),
        seeds=30,
    ),
    "C5.25": two_toys(
        "Two toy tasks, σ = 1 and 100, all methods tuned: UWL ends at a lower normalised loss than GradNorm.",
        ended("UWL", over="GradNorm", tasks=2),
    ),
    "C5.20": two_toys(
        "Two toy tasks, σ = 1 and 100, all methods tuned: the sum divided by σ² ends at a lower loss than UWL on raw "
        "losses.",
        ended("divided by σ²", over="UWL", tasks=2),
    ),
    "C5.21": two_toys(
        "Two toy tasks, σ = 1 and 100, all methods tuned: the sum divided by σ² ends at a lower loss than GradNorm on "
        "raw losses.",
        ended("divided by σ²", over="GradNorm", tasks=2),
    ),
    "C5.45": told_toys(
        "Two toy tasks, σ = 1 and 100, all methods tuned: the sum divided by σ² ends at a lower loss than UWL on "
        "losses divided by σ².",
        ended("divided by σ²", over="UWL, divided"),
    ),
    "C5.46": told_toys(
        "Two toy tasks, σ = 1 and 100, all methods tuned: the sum divided by σ² ends at a lower loss than GradNorm on "
        "losses divided by σ².",
        ended("divided by σ²", over="GradNorm, divided"),
    ),
    "C5.22": two_toys(
        "Two toy tasks, all methods tuned: UWL lets the large one pay; that with σ = 100 ends at a higher loss of its "
        "own than in the plain sum.",
        ended("UWL", over=SUM, tasks=2, task=1),
        sign=1,
    ),
    "C5.8": r2(
        "Disjoint features, 100 : 1: GradNorm brings back more than half of what B lost in the plain sum.",
        Contrast(
            "r2",
            {("GradNorm", 100): 1, (SUM, 100): -0.5, (SUM, 1): -0.5},
            ["method", "scale"],
            {"pair": DISJOINT, "task": "b"},
        ),
        grid="05_scales",
        only={"pairs": [DISJOINT], "factors": [1, 100], "methods": [SUM, "GradNorm"]},
        seeds=24,
    ),
    "C5.11": narrow(
        "Narrow bottom, losses of equal size: UWL learns as much as a tuned weight.",
        gain("r2", "UWL", over=TUNED, situation=NARROW),
        expected="no effect",
        seeds=400,
    ),
    "C5.12": narrow(
        "Narrow bottom, losses of equal size: GradNorm learns as much as a tuned weight.",
        gain("r2", "GradNorm", over=TUNED, situation=NARROW),
        expected="no effect",
        seeds=400,
    ),
    "C5.37": narrow(
        _whichever(WEIGHED),
        _nearest(WEIGHED),
        sign=-1,
        seeds=48,
    ),
    "C5.38": narrow(
        _whichever(balancers.CANDIDATES),
        _nearest(balancers.CANDIDATES),
        grid="05_candidates",
        sign=-1,
        seeds=48,
    ),
    "C5.18": narrow(
        "Narrow bottom: PCGrad learns as much as the sum of the losses.",
        gain("r2", "PCGrad", over=SUM, situation=NARROW),
        expected="no effect",
        seeds=64,
    ),
    "C5.19": ten_toys(
        "Ten toy tasks, all methods tuned: UWL ends at a lower normalised loss than GradNorm.",
        ended("UWL", over="GradNorm", tasks=10),
    ),
    "C5.23": ten_toys(
        "Ten toy tasks, all methods tuned: the sum divided by σ² ends at a lower normalised loss than UWL on raw "
        "losses.",
        ended("divided by σ²", over="UWL", tasks=10),
    ),
    "C5.24": sizes(
        "100 : 1, mean of both pairs: PCGrad learns more than the plain sum.",
        gain("r2", "PCGrad", over=SUM),
        only={"methods": [SUM, "PCGrad"]},
        seeds=40,
    ),
    "C5.36": r2(
        "100 : 1, mean of both pairs: with normed gradients the tasks learn more than with GradNorm.",
        Contrast(
            "r2",
            {("normed gradients", "05_candidates"): 1, ("GradNorm", "05_sizes"): -1},
            ["model", "grid"],
            {"situation": BOTH_PAIRS},
        ),
        grid=("05_sizes", "05_candidates"),
        only={"situations": BOTH_PAIRS, "methods": ["GradNorm", "normed gradients"]},
        seeds=320,
    ),
}
CLAIMS = merged(SPELLED, against_tuned(method for method in balancers.BUDGET if method not in ELSEWHERE))
