"""Figures that stand still: one matplotlib style, and the few kinds of picture that the chapters share.

Every function draws a tidy table that already holds means and intervals, and returns the figure. Colours and markers
have one meaning in the whole course (`helpers.palette`); intervals are always drawn; labels stand beside the data,
not in a box over it.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from helpers import validate
from helpers.palette import GREY, METHOD, SINGLE_TASK, TASKS, Style, styles

STYLE = {
    "figure.figsize": (8, 4.5),
    "figure.dpi": 90,
    "savefig.dpi": 90,
    "figure.constrained_layout.use": True,
    "font.size": 12,
    "axes.titlesize": 14,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "figure.titlesize": 14,
    "figure.titleweight": "bold",
    "axes.labelsize": 12,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": False,
    "lines.linewidth": 2,
    "legend.frameon": False,
}

# Names that look the same in every figure; others take the styles of tasks A, B, C … in their order.
NAMED: dict[str, Style] = {
    "single-task": SINGLE_TASK,
    "shared-bottom": METHOD,
    "shared-bottom, equal size": Style(TASKS[2].colour, (), "^"),
    "one head": Style(TASKS[1].colour, (), "s"),
    "two towers": METHOD,
    "like": TASKS[0],
    "love": TASKS[1],
    "dislike": TASKS[2],
    "same sign": METHOD,
    "same sign, no noise": SINGLE_TASK,
    "opposite sign": TASKS[1],
    "other mix": TASKS[2],
    "disjoint": TASKS[3],
    "unpaired": SINGLE_TASK,
    "paired": METHOD,
    "ten on top": METHOD,
    "best list": SINGLE_TASK,
    "random list": SINGLE_TASK,
}


def use_style() -> None:
    """Give all later matplotlib figures the style of the course."""
    plt.rcParams.update(STYLE)


def dots(
    summary: pd.DataFrame,
    row: str,
    series: str,
    *,
    title: str,
    x_label: str,
    matters: float | None = None,
) -> Figure:
    """A dot and a 95% whisker for each row of `summary` (columns mean, low, high).

    The values of column `row` stand one under the other, each with its `series`, which are named beside their dots: all
    of them where there are few, else the first of each. `matters` shades the effects that are too small to matter.
    """
    validate.columns("summary", summary, [row, series, "mean", "low", "high"])
    rows, names = list(dict.fromkeys(summary[row])), list(dict.fromkeys(summary[series]))
    look = styles(names, NAMED)
    figure, axes = plt.subplots(figsize=(8, 1.3 + 0.5 * len(rows) * max(1, 0.62 * summary[row].value_counts().max())))
    axes.axvline(0, color=GREY, linewidth=1)
    if matters is not None:
        axes.axvspan(-matters, matters, color=GREY, alpha=0.15, linewidth=0)
    few = len(summary) <= 6  # few enough to name every dot
    named = set()
    for row_number, value in enumerate(rows):
        part = summary[summary[row] == value]
        offsets = np.linspace(-0.25, 0.25, len(part)) if len(part) > 1 else [0.0]
        for offset, (_, dot) in zip(offsets, part.iterrows(), strict=True):
            name, height = dot[series], row_number + offset
            axes.hlines(height, dot["low"], dot["high"], color=look[name].colour, linewidth=2)
            axes.plot(dot["mean"], height, marker=look[name].marker, color=look[name].colour, markersize=7)
            if few or name not in named:
                named.add(name)
                at = {"textcoords": "offset points", "color": look[name].colour, "va": "center"}
                axes.annotate(name, (dot["high"], height), (8, 0), **at)
    axes.set_yticks(range(len(rows)), rows)
    axes.set_ylim(len(rows) - 0.45, -0.55)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.set_xlabel(x_label)
    figure.suptitle(title, x=0.01, ha="left")  # over the names of the rows too: titles are long
    return figure


def lines(
    summary: pd.DataFrame,
    x: str,
    series: str,
    *,
    title: str,
    x_label: str,
    y_label: str,
    zero: bool = False,
) -> Figure:
    """A line with a 95% band for each series of `summary` (columns mean, low, high), named at the line's end."""
    validate.columns("summary", summary, [x, series, "mean", "low", "high"])
    figure, axes = plt.subplots()
    if zero:
        axes.axhline(0, color=GREY, linewidth=1)
    names = list(dict.fromkeys(summary[series]))
    look = styles(names, NAMED)
    ends = []
    for name in names:
        part = summary[summary[series] == name].sort_values(x)
        axes.plot(part[x], part["mean"], color=look[name].colour, linestyle=look[name].line)
        axes.fill_between(part[x], part["low"], part["high"], color=look[name].colour, alpha=0.15, linewidth=0)
        ends.append((float(part["mean"].iloc[-1]), name))
    axes.set(xlabel=x_label, ylabel=y_label, title=title)
    axes.margins(x=0)
    _name_ends(axes, ends, look)
    return figure


def _name_ends(axes: Axes, ends: list[tuple[float, str]], look: dict[str, Style]) -> None:
    """Write the names right of the axes at the lines' ends, moved apart where they would overlap."""
    low, high = axes.get_ylim()
    gap = 0.065 * (high - low)
    places = sorted(ends)
    heights = [height for height, _ in places]
    for i in range(1, len(heights)):
        heights[i] = max(heights[i], heights[i - 1] + gap)
    shift = (sum(heights) - sum(height for height, _ in places)) / len(heights)
    for height, (_, name) in zip(heights, places, strict=True):
        axes.annotate(
            name,
            (1.015, height - shift),
            xycoords=("axes fraction", "data"),
            color=look[name].colour,
            va="center",
            annotation_clip=False,
        )
