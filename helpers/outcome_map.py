"""The map of the four outcomes of joint training, drawn from the table of `helpers.experiments.outcomes`.

Each experiment is a dot: what task A gains, what task B gains, each with its 95% interval. Chapters add dots; names
are placed beside them where there is room.
"""

from __future__ import annotations

import itertools

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import Bbox

from helpers import validate
from helpers.palette import BLACK, GREY, TASKS

COLUMNS = ("name", "unit", "a", "a_low", "a_high", "b", "b_low", "b_high")
FIELDS = (("only B gains", (0, 1)), ("both gain", (1, 1)), ("only A gains", (1, 0)), ("both lose", (0, 0)))
# Where a name may stand: directions around its dot (right, up), tried at growing distances (points).
AROUND = ((1, 0.4), (1, -0.4), (-1, 0.4), (-1, -0.4), (0, 1), (0, -1))
FAR = (9, 18, 30, 45, 62, 80, 100)


def outcome_map(table: pd.DataFrame, *, title: str, highlight: tuple[str, ...] = ()) -> Figure:
    """Gain of task A against gain of task B, a dot a row, with 95% whiskers in both directions and its name.

    table      of `outcomes.table`, or with its columns; all rows in one unit
    highlight  names that stand bold, such as a chapter's own
    """
    validate.columns("table", table, COLUMNS)
    if table["unit"].nunique() > 1:
        validate.fail("table", f"rows in {', '.join(table['unit'].unique())}", "one unit on one map")
    for name in highlight:
        validate.choice("highlight", name, set(table["name"]))
    figure, axes = plt.subplots(figsize=(8, 5.8))
    a, b = TASKS[0].colour, TASKS[1].colour
    axes.axhline(0, color=GREY, linewidth=1)
    axes.axvline(0, color=GREY, linewidth=1)
    axes.hlines(table["b"], table["a_low"], table["a_high"], color=a, linewidth=2)
    axes.vlines(table["a"], table["b_low"], table["b_high"], color=b, linewidth=2)
    for row in table.itertuples():
        axes.plot(row.a, row.b, "o", color=BLACK, markersize=7, label=row.name)
    for low, high, limits in (("a_low", "a_high", axes.set_xlim), ("b_low", "b_high", axes.set_ylim)):
        least, most = min(table[low].min(), 0), max(table[high].max(), 0)
        least, most = min(least, -most / 3), max(most, -least / 3)  # room for the names of all four fields
        limits(least - 0.12 * (most - least), most + 0.12 * (most - least))
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_locator(MaxNLocator(5))
    unit = table["unit"].iloc[0]
    axes.set_xlabel(f"task A: {unit} minus single-task {unit} (95% intervals)", color=a)
    axes.set_ylabel(f"task B: {unit} minus single-task {unit}", color=b)
    figure.suptitle(title, x=0.01, ha="left")
    figure.canvas.draw()  # from here on places in the picture are known
    figure.set_layout_engine("none")
    taken = _drawn(axes, table)
    for words, (right, up) in FIELDS:
        align = {"ha": "right" if right else "left", "va": "top" if up else "bottom"}
        place = (0.985 if right else 0.015, 0.985 if up else 0.015)
        text = axes.text(*place, words, transform=axes.transAxes, color=GREY, style="italic", **align)
        taken.append(text.get_window_extent())
    for row in table.sort_values(["b", "a"], ascending=False).itertuples():
        _name(axes, row.name, (row.a, row.b), "bold" if row.name in highlight else "normal", taken)
    return figure


def _drawn(axes: Axes, table: pd.DataFrame) -> list[Bbox]:
    """What the zero lines, the dots and the whiskers cover, in pixels."""
    frame, (x, y) = axes.get_window_extent(), axes.transData.transform((0, 0))
    boxes = [Bbox([[x, frame.y0], [x, frame.y1]]).padded(2), Bbox([[frame.x0, y], [frame.x1, y]]).padded(2)]
    for row in table.itertuples():
        for low, high in (((row.a_low, row.b), (row.a_high, row.b)), ((row.a, row.b_low), (row.a, row.b_high))):
            boxes.append(Bbox(axes.transData.transform([low, high])).padded(2))
        boxes.append(Bbox(axes.transData.transform([(row.a, row.b)] * 2)).padded(7))
    return boxes


def _name(axes: Axes, words: str, at: tuple[float, float], weight: str, taken: list[Bbox]) -> None:
    """Write a name at the nearest free place around its dot, with a thin line to it where that is not beside it."""
    inside = axes.get_window_extent()
    style = {"fontsize": 11, "weight": weight, "color": BLACK, "textcoords": "offset points", "va": "center"}
    for far, (right, up) in itertools.product(FAR, AROUND):
        offset = (right * far, up * far * (1.8 if right else 1.0))
        text = axes.annotate(words, at, offset, ha={1: "left", 0: "center", -1: "right"}[right], **style)
        box = text.get_window_extent().padded(1)
        within = inside.x0 < box.x0 and box.x1 < inside.x1 and inside.y0 < box.y0 and box.y1 < inside.y1
        if within and not any(box.overlaps(other) for other in taken):
            break
        text.remove()
    else:
        validate.fail("table", f"no room for the name {words!r}", "fewer dots on one map")
    if far > FAR[0]:
        line = {"arrowstyle": "-", "color": GREY, "linewidth": 0.8, "shrinkA": 0, "shrinkB": 6}
        axes.annotate("", at, offset, textcoords="offset points", arrowprops=line)
    taken.append(box)
