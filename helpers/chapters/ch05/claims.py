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

r2 = partial(Claim, smallest=0.01, unit="R²")
units = partial(r2, grid="05_units", sign=-1, seeds=60)
near_zero = partial(r2, grid="05_near_zero", seeds=32)
two_toys = partial(Claim, grid="05_toy", smallest=0.01, unit="loss", sign=-1, only={"tasks": [2]})
ten_toys = partial(two_toys, only={"tasks": [10]})
sizes = partial(r2, grid="05_sizes")
narrow = partial(r2, grid="05_alike", only={"situations": [NARROW]})
ended = partial(gain, "loss", column="method", step=toy.STEPS)  # the mean over the tasks: the paper's normalised loss

CLAIMS = [
    units(
        "C5.1",
        "Disjoint features, losses added up: when the loss of A grows a hundredfold, B learns less.",
        gain("r2", 100, over=1, column="scale", pair=DISJOINT, task="b"),
    ),
    units(
        "C5.2",
        "Features in common, losses added up: when the loss of A grows a hundredfold, B learns less.",
        gain("r2", 100, over=1, column="scale", pair="same features", task="b"),
    ),
    units(
        "C5.3",
        "Features in common, losses added up: when the loss of A grows a hundredfold, A itself learns less.",
        gain("r2", 100, over=1, column="scale", pair="same features", task="a"),
    ),
    near_zero(
        "C5.4",
        "Labels of B without noise, disjoint features: UWL teaches B more than equal weights do.",
        gain("r2", "UWL", over=SUM, task="b"),
    ),
    near_zero(
        "C5.5",
        "Labels of B without noise, disjoint features: what UWL gains for B is more than what it gains for A.",
        Contrast("r2", {("UWL", "b"): 1, (SUM, "b"): -1, ("UWL", "a"): -1, (SUM, "a"): 1}, ["model", "task"]),
    ),
    two_toys(
        "C5.6",
        "Two toy tasks, σ = 1 and 100, all methods tuned: GradNorm ends at a lower normalised loss than the plain sum.",
        ended("GradNorm", over=SUM, tasks=2),
        seeds=100,
    ),
    two_toys(
        "C5.7",
        "Two toy tasks, σ = 1 and 100, all methods tuned: UWL ends at a lower normalised loss than the plain sum.",
        ended("UWL", over=SUM, tasks=2),
        seeds=30,
    ),
    two_toys(
        "C5.25",
        "Two toy tasks, σ = 1 and 100, all methods tuned: UWL ends at a lower normalised loss than GradNorm.",
        ended("UWL", over="GradNorm", tasks=2),
    ),
    two_toys(
        "C5.20",
        "Two toy tasks, σ = 1 and 100, all methods tuned: the sum divided by σ² ends at a lower loss than UWL.",
        ended("divided by σ²", over="UWL", tasks=2),
    ),
    two_toys(
        "C5.21",
        "Two toy tasks, σ = 1 and 100, all methods tuned: the sum divided by σ² ends at a lower loss than GradNorm.",
        ended("divided by σ²", over="GradNorm", tasks=2),
    ),
    two_toys(
        "C5.22",
        "Two toy tasks, all methods tuned: UWL lets the large one pay; that with σ = 100 ends at a higher loss of its "
        "own than in the plain sum.",
        ended("UWL", over=SUM, tasks=2, task=1),
        sign=1,
    ),
    r2(
        "C5.8",
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
    sizes(
        "C5.9",
        "100 : 1, mean of both pairs: UWL learns less than tuned weights.",
        gain("r2", "UWL", over=TUNED),
        only={"methods": [TUNED, "UWL"]},
        sign=-1,
        seeds=160,
    ),
    sizes(
        "C5.10",
        "100 : 1, mean of both pairs: GradNorm learns less than tuned weights.",
        gain("r2", "GradNorm", over=TUNED),
        only={"methods": [TUNED, "GradNorm"]},
        sign=-1,
        seeds=640,
    ),
    narrow(
        "C5.11",
        "Narrow bottom, losses of equal size: UWL learns as much as a tuned weight.",
        gain("r2", "UWL", over=TUNED, situation=NARROW),
        expected="no effect",
        seeds=400,
    ),
    narrow(
        "C5.12",
        "Narrow bottom, losses of equal size: GradNorm learns as much as a tuned weight.",
        gain("r2", "GradNorm", over=TUNED, situation=NARROW),
        expected="no effect",
        seeds=400,
    ),
    *(
        narrow(
            f"C5.{number}",
            f"Narrow bottom: with {name} the two tasks learn less, on average, than single-task models.",
            gain("r2", method, over="single-task", situation=NARROW),
            sign=-1,
            seeds=48,
        )
        for number, (method, name) in enumerate(METHODS.items(), start=13)
    ),
    narrow(
        "C5.18",
        "Narrow bottom: PCGrad learns as much as the sum of the losses.",
        gain("r2", "PCGrad", over=SUM, situation=NARROW),
        expected="no effect",
        seeds=64,
    ),
    ten_toys(
        "C5.19",
        "Ten toy tasks, all methods tuned: UWL ends at a lower normalised loss than GradNorm.",
        ended("UWL", over="GradNorm", tasks=10),
    ),
    ten_toys(
        "C5.23",
        "Ten toy tasks, all methods tuned: the sum divided by σ² ends at a lower normalised loss than UWL.",
        ended("divided by σ²", over="UWL", tasks=10),
    ),
    sizes(
        "C5.24",
        "100 : 1, mean of both pairs: PCGrad learns more than the plain sum.",
        gain("r2", "PCGrad", over=SUM),
        only={"methods": [SUM, "PCGrad"]},
        seeds=40,
    ),
]
