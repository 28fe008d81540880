"""The explorable of chapter 05: a mixing desk, on which the reader weighs two losses against UWL and GradNorm."""

from pathlib import Path

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from helpers.display.live.live import Live
from helpers.display.palette import BLACK, NAMED, TASKS
from helpers.evaluation.margins import SMALLEST
from helpers.evaluation.statistics import summarise
from helpers.training.balancing import UWL, GradNorm

MATTERS = SMALLEST["R²"]
# What is beside the reader's hand, with the settings of the table `05_scales`.
BALANCES = {"equal weights": None, "UWL": UWL(0.2), "GradNorm": GradNorm(0.12, 0.1)}
# The same as the desk has them: loss of A and rates as powers of ten; the hand is log10 of the weight of A over B's.
START = {
    **{"features": "disjoint", "scale": 2, "noise": 0.5},
    **{"uwl": -0.7, "gradnorm": -1, "alpha": 0.12, "hand": 0, "guess": 0.5, "seed": 1},
}
MARKS = {"equal weights": ("P", "right"), "UWL": ("^", "right"), "GradNorm": ("*", "left")}  # and the side of the name


def mixing_desk(table: pd.DataFrame) -> Live:
    """Four runs of one model beside one another: equal weights, UWL, GradNorm, and faders to move while it trains.

    table: the table of `balancers.scales`; the picture for those without scripts shows it at the first setting.
    """
    kept = table[(table["pair"] == "disjoint features") & (table["scale"] == 10 ** START["scale"])]
    scores = summarise(kept, "r2", ["method", "task"])
    means = scores.pivot(index="method", columns="task", values="mean").loc[list(MARKS)]
    each = "; ".join(f"{method} {row['a']:.2f} and {row['b']:.2f}" for method, row in means.iterrows())
    words = (
        f"What two tasks learn when the loss of A counts {10 ** START['scale']} times, R² of A and B, means of "
        f"{kept['seed'].nunique()} seeds: {each}."
    )
    title = "A mixing desk for two losses"
    script = Path(__file__).with_suffix(".js")
    return Live(script, title, START, _picture(scores, means), words, data={"matters": MATTERS})


def _picture(scores: pd.DataFrame, means: pd.DataFrame) -> Figure:
    """The map of outcomes at the first setting: a mark a method, with 95% intervals over seeds."""
    figure, axes = plt.subplots(figsize=(6.4, 4))
    ends = scores.set_index(["method", "task"])[["low", "high"]]
    for method, (mark, side) in MARKS.items():
        (a, b), colour = means.loc[method], NAMED[method].colour
        for task, draw in (("a", axes.hlines), ("b", axes.vlines)):
            draw(*({"a": b, "b": a}[task], *ends.loc[method, task]), color=colour, lw=2)
        axes.plot(a, b, mark, color=colour, ms=12)
        place = {"xytext": (8 if side == "right" else -8, 10), "textcoords": "offset points"}
        axes.annotate(method, (a, b), ha="left" if side == "right" else "right", color=BLACK, **place)
    axes.set_xlabel("R² of task A, whose loss is scaled", color=TASKS[0].colour)
    axes.set_ylabel("R² of task B", color=TASKS[1].colour)
    axes.margins(0.15)
    axes.set_title(f"The loss of A counts {10 ** START['scale']} times", loc="left")
    return figure
