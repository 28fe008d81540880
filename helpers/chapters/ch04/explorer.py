"""The explorable of chapter 04: two tasks and one bottom, trained in the browser under the reader's hand."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from helpers.display.live.live import Live
from helpers.display.palette import BAND, GREY, TASKS
from helpers.evaluation.four_outcomes import outcome
from helpers.evaluation.margins import SMALLEST
from helpers.evaluation.statistics import interval

MATTERS = SMALLEST["R²"]
# Which of eight features each task needs, with its sign; then the dials.
START = {
    "a": [1, -1, 1, -1, 0, 0, 0, 0],
    "b": [0, 0, 0, 0, 1, -1, 1, -1],
    **{"width": 4, "weight": 0.5, "rows": 500},
    **{"ga": 0, "gb": 0},  # what the reader guesses that both tasks gain
}


def playground(table: pd.DataFrame) -> Live:
    """Draw which features two tasks need, set the dials, train: what the bottom finds, what both tasks gain by sharing.

    table: the table of `sharing.weights`; its runs are shown next to the reader's own at those settings that it has.
    """
    at = table.pivot_table("transfer", ["shared", "width", "weight", "task"], "seed")
    levels = [at.index.unique(name).tolist() for name in ("shared", "width", "weight")]
    seeds = at.to_numpy().reshape(*map(len, levels), 2, -1)  # (shared, width, weight, task, seed)
    data = {
        "matters": MATTERS,
        "rows": START["rows"],
        "widths": levels[1],
        "weights": levels[2],
        "transfers": np.round(1000 * seeds).astype(int).tolist(),
    }
    start = seeds[levels[0].index(0), levels[1].index(START["width"]), levels[2].index(START["weight"])]
    (a, *ends_a), (b, *ends_b) = map(interval, start)
    words = (
        f"Two tasks with four features each and none in common share a bottom of {START['width']} units. On the map of "
        f"outcomes {seeds.shape[-1]} kept runs: task A gains {a:+.3f} R², task B {b:+.3f}: "
        f"{outcome(ends_a, ends_b, smallest=MATTERS)}."
    ).replace("-", "−")
    title = "A playground: two tasks, one bottom"
    script = Path(__file__).with_name("playground.js")
    return Live(script, title, START, _picture(start, (a, ends_a), (b, ends_b)), words, data=data)


def _picture(start: np.ndarray, a: tuple[float, list], b: tuple[float, list]) -> Figure:
    """The map of outcomes at the first setting: a dot a seed, the mean with its intervals."""
    figure, axes = plt.subplots(figsize=(6.4, 4))
    axes.axvspan(-MATTERS, MATTERS, color=BAND)
    axes.axhspan(-MATTERS, MATTERS, color=BAND)
    axes.axvline(0, color=GREY, lw=1)
    axes.axhline(0, color=GREY, lw=1)
    axes.plot(*start, "o", color=GREY, alpha=0.5, ms=5)
    axes.plot(a[1], [b[0]] * 2, color=TASKS[0].colour, lw=3)
    axes.plot([a[0]] * 2, b[1], color=TASKS[1].colour, lw=3)
    axes.set(xlabel="gain of task A by sharing, R²", ylabel="gain of task B")
    axes.set_title("Eight features, four units: both tasks lose", loc="left")
    return figure
