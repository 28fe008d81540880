"""The claims of chapter 05, Balancing losses.

One smallest effect for all of them: 0.01, of R² or of the toy tasks' normalised loss (1 is what a network knows before
it learns).
"""

from __future__ import annotations

from functools import partial

from helpers.chapters.ch05 import toy
from helpers.experiments.claim import Claim, Contrast, gain

SUM, TUNED = "equal weights", "tuned weights"
DISJOINT, NARROW = "disjoint features", "narrow bottom"
METHODS = {
    SUM: "the sum of the losses",
    TUNED: "a tuned manual weight",
    "UWL": "UWL",
    "GradNorm": "GradNorm",
    "PCGrad": "PCGrad",
}

CANDIDATES = {
    "DWA": "DWA",
    "smooth Chebyshev": "a smooth Chebyshev sum",
    "CAGrad": "CAGrad",
    "MGDA": "MGDA",
    "normed gradients": "normed gradients",
}
BOTH_PAIRS = ["100 : 1", "100 : 1, same features"]

r2 = partial(Claim, unit="R²")
units = partial(r2, grid="05_units", sign=-1, seeds=60)
near_zero = partial(r2, grid="05_near_zero", seeds=32)
two_toys = partial(Claim, grid="05_toy", unit="loss", sign=-1, only={"tasks": [2]})
ten_toys = partial(two_toys, only={"tasks": [10]})
sizes = partial(r2, grid="05_sizes")
candidates = partial(r2, grid="05_candidates", only={"situations": BOTH_PAIRS, "methods": [TUNED, *CANDIDATES]})
narrow = partial(r2, grid="05_alike", only={"situations": [NARROW]})
ended = partial(gain, "loss", column="method", step=toy.STEPS)  # the mean over the tasks: the paper's normalised loss

CLAIMS = {
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
        "Two toy tasks, σ = 1 and 100, all methods tuned: the sum divided by σ² ends at a lower loss than UWL.",
        ended("divided by σ²", over="UWL", tasks=2),
    ),
    "C5.21": two_toys(
        "Two toy tasks, σ = 1 and 100, all methods tuned: the sum divided by σ² ends at a lower loss than GradNorm.",
        ended("divided by σ²", over="GradNorm", tasks=2),
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
    "C5.9": sizes(
        "100 : 1, mean of both pairs: UWL learns less than tuned weights.",
        gain("r2", "UWL", over=TUNED),
        only={"methods": [TUNED, "UWL"]},
        sign=-1,
        seeds=160,
    ),
    "C5.10": sizes(
        "100 : 1, mean of both pairs: GradNorm learns less than tuned weights.",
        gain("r2", "GradNorm", over=TUNED),
        only={"methods": [TUNED, "GradNorm"]},
        sign=-1,
        seeds=640,
        extended=True,
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
    **{
        f"C5.{number}": narrow(
            f"Narrow bottom: with {name} the two tasks learn less, on average, than single-task models.",
            gain("r2", method, over="single-task", situation=NARROW),
            sign=-1,
            seeds=48,
        )
        for number, (method, name) in enumerate(METHODS.items(), start=13)
    },
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
        "Ten toy tasks, all methods tuned: the sum divided by σ² ends at a lower normalised loss than UWL.",
        ended("divided by σ²", over="UWL", tasks=10),
    ),
    "C5.24": sizes(
        "100 : 1, mean of both pairs: PCGrad learns more than the plain sum.",
        gain("r2", "PCGrad", over=SUM),
        only={"methods": [SUM, "PCGrad"]},
        seeds=40,
    ),
    **{
        f"C5.{number}": narrow(
            f"Narrow bottom: with {name} the two tasks learn less, on average, than single-task models.",
            gain("r2", method, over="single-task", situation=NARROW),
            grid="05_candidates",
            sign=-1,
            seeds=48,
        )
        for number, (method, name) in enumerate(CANDIDATES.items(), start=26)
    },
    **{
        f"C5.{number}": candidates(
            f"100 : 1, mean of both pairs: with {CANDIDATES[method]} the tasks learn as much as with tuned weights.",
            gain("r2", method, over=TUNED, situation=BOTH_PAIRS),
            expected="no effect",
            seeds=240,
        )
        for number, method in enumerate(("smooth Chebyshev", "CAGrad", "normed gradients"), start=31)
    },
    **{
        f"C5.{number}": candidates(
            f"100 : 1, mean of both pairs: with {CANDIDATES[method]} the tasks learn less than with tuned weights.",
            gain("r2", method, over=TUNED, situation=BOTH_PAIRS),
            sign=-1,
        )
        for number, method in enumerate(("DWA", "MGDA"), start=34)
    },
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
