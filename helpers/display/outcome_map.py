"""The map of the four outcomes of joint training, drawn from the table of `helpers.course.outcomes`.

Each experiment is a dot: what task A gains, what task B gains, each with its 95% interval. A band along each axis has
what is too small to matter; beyond it lie the corners, on it one task gains and none loses. Chapters add dots; names
are placed next to them where there is room.
"""

import itertools

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import Bbox

from helpers.display.palette import BAND, BLACK, GREY, TASKS
from helpers.evaluation.four_outcomes import BOTH_GAIN, BOTH_LOSE, ONE_GAINS, SEESAW
from helpers.evaluation.margins import SMALLEST
from helpers.support import validate

COLUMNS = ("name", "unit", "over", "a", "a_low", "a_high", "b", "b_low", "b_high")
FIELDS = ((SEESAW, (0, 1)), (BOTH_GAIN, (1, 1)), (SEESAW, (1, 0)), (BOTH_LOSE, (0, 0)))
# Where a name may stand: directions around its dot (right, up), tried at growing distances (points).
AROUND = ((1, 0.4), (1, -0.4), (-1, 0.4), (-1, -0.4), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1))
FAR = range(9, 121, 4)


def outcome_map(table: pd.DataFrame, *, title: str, highlight: tuple[str, ...] = ()) -> Figure:
    """Gain of task A against gain of task B, a dot a row, with 95% whiskers in both directions and its name.

    The band along the axes is as wide as the smallest effect that matters in the table's unit.

    table      of `outcomes.table`, or with its columns; all rows in one unit
    highlight  names that stand bold, such as a chapter's own
    """
    validate.columns("table", table, COLUMNS)
    if table["unit"].nunique() > 1:
        validate.fail("table", f"rows in {', '.join(table['unit'].unique())}", "one unit on one map")
    unit = table["unit"].iloc[0]
    smallest = SMALLEST[validate.choice("table['unit']", unit, SMALLEST)]
    for name in highlight:
        validate.choice("highlight", name, set(table["name"]))
    figure, axes = plt.subplots(figsize=(8, 5.8))
    a, b = TASKS[0].colour, TASKS[1].colour
    axes.axhspan(-smallest, smallest, color=BAND, linewidth=0, zorder=0)
    axes.axvspan(-smallest, smallest, color=BAND, linewidth=0, zorder=0)
    axes.axhline(0, color=GREY, linewidth=1)
    axes.axvline(0, color=GREY, linewidth=1)
    axes.hlines(table["b"], table["a_low"], table["a_high"], color=a, linewidth=2)
    axes.vlines(table["a"], table["b_low"], table["b_high"], color=b, linewidth=2)
    for row in table.itertuples():
        axes.plot(row.a, row.b, "o", color=BLACK, markersize=7, label=row.name)
    for low, high, limits in (("a_low", "a_high", axes.set_xlim), ("b_low", "b_high", axes.set_ylim)):
        least, most = min(table[low].min(), -2 * smallest), max(table[high].max(), 2 * smallest)  # all fields show
        least, most = min(least, -most / 3), max(most, -least / 3)  # room for the names of all four fields
        limits(least - 0.12 * (most - least), most + 0.12 * (most - least))
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_locator(MaxNLocator(5))
    over = " or ".join(table["over"].unique())
    axes.set_xlabel(f"task A: {unit} minus {over} {unit} (95%; grey: within ±{smallest:g})", color=a)
    axes.set_ylabel(f"task B: {unit} minus {over} {unit}", color=b)
    figure.suptitle(title, x=0.01, ha="left")
    figure.canvas.draw()  # from here on places in the picture are known
    figure.set_layout_engine("none")
    names = _Names(axes, table)
    for words, (right, up) in FIELDS:
        align = {"ha": "right" if right else "left", "va": "top" if up else "bottom"}
        place = (0.985 if right else 0.015, 0.985 if up else 0.015)
        names.keep_clear(axes.text(*place, words, transform=axes.transAxes, color=GREY, style="italic", **align))
    for turned, at in ((False, (axes.get_xlim()[1], 0)), (True, (0, axes.get_ylim()[1]))):  # where B, where A stays
        on_band = {"ha": "center", "va": "top", "rotation": 90} if turned else {"ha": "right", "va": "center"}
        label = axes.annotate(ONE_GAINS, at, (0, -4) if turned else (-4, 0), textcoords="offset points", **on_band)
        label.set(color=GREY, style="italic", bbox={"facecolor": BAND, "edgecolor": "none", "pad": 1})
        names.keep_clear(label)
    for row in table.sort_values(["b", "a"], ascending=False).itertuples():
        names.write(row.name, (row.a, row.b), "bold" if row.name in highlight else "normal")
    return figure


class _Names:
    """Writes names next to dots such that no name covers anything, and no line from a name to its dot runs through one.

    All places are in pixels, so the size of the figure must not change afterwards.
    """

    def __init__(self, axes: Axes, table: pd.DataFrame):
        self.axes, self.frame = axes, axes.get_window_extent()
        x, y = axes.transData.transform((0, 0))
        zero = [Bbox([[x, self.frame.y0], [x, self.frame.y1]]), Bbox([[self.frame.x0, y], [self.frame.x1, y]])]
        self.dots, whiskers = [], []
        for row in table.itertuples():
            self.dots.append(Bbox(axes.transData.transform([(row.a, row.b)] * 2)).padded(7))
            for ends in ([(row.a_low, row.b), (row.a_high, row.b)], [(row.a, row.b_low), (row.a, row.b_high)]):
                whiskers.append(Bbox(axes.transData.transform(ends)))
        self.taken = [*self.dots, *(box.padded(2) for box in zero + whiskers)]
        self.names: list[Bbox] = []
        self.lines: list[Path] = []

    def keep_clear(self, text: Text) -> None:
        self.taken.append(text.get_window_extent().padded(1))

    def write(self, words: str, at: tuple[float, float], weight: str) -> None:
        """At the nearest free place around the dot, with a thin line to it where that is not next to it."""
        dot = self.axes.transData.transform(at)
        style = {"weight": weight, "color": BLACK, "textcoords": "offset points", "va": "center"}
        places = []
        for far, (right, up) in itertools.product(FAR, AROUND):
            offset = (right * far, up * far * (1.8 if right else 1.0))
            text = self.axes.annotate(words, at, offset, ha={1: "left", 0: "center", -1: "right"}[right], **style)
            box = text.get_window_extent().padded(1)
            line = Path([dot, dot + np.array(offset) * self.axes.figure.dpi / 72])
            text.set_visible(False)
            if self._is_free(box):
                places.append((self._crossings(box, line, dot), far, offset, text, box, line))
                if not places[-1][0]:
                    break
            else:
                text.remove()
        if not places:
            validate.fail("table", f"no room for the name {words!r}", "fewer dots on one map")
        _, far, offset, chosen, box, line = min(places, key=lambda place: place[0])
        for *_, text, _, _ in places:
            if text is not chosen:
                text.remove()
        chosen.set_visible(True)
        if far > FAR.start:
            look = {"arrowstyle": "-", "color": GREY, "linewidth": 0.8, "shrinkA": 0, "shrinkB": 6}
            self.axes.annotate("", at, offset, textcoords="offset points", arrowprops=look)
            self.lines.append(line)
        self.names.append(box.padded(5))  # two names in a row must not read as one

    def _is_free(self, box: Bbox) -> bool:
        (x0, y0), (x1, y1) = self.frame.min, self.frame.max
        inside = x0 < box.x0 and box.x1 < x1 and y0 < box.y0 and box.y1 < y1
        return inside and not any(box.overlaps(other) for other in (*self.taken, *self.names))

    def _crossings(self, box: Bbox, line: Path, dot: np.ndarray) -> int:
        """How many names and dots the line runs through (but for dots that touch its own), and lines through `box`."""
        others = [other for other in self.dots if not other.padded(7).contains(*dot)]
        through = sum(line.intersects_bbox(other) for other in (*self.names, *others))
        return through + sum(other.intersects_bbox(box) for other in self.lines)
