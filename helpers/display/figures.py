"""Figures that stand still: one matplotlib style, and the few kinds of picture that the chapters share.

Every function draws a tidy table that already holds means and intervals, and returns the figure. Colours and markers
have one meaning in the whole course (`palette`); intervals are always drawn; labels are next to the data,
not in a box over it.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ..support import validate
from . import pictures
from .palette import BLACK, GREY, SINGLE_TASK, Style, styles

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


def use_style() -> None:
    """Give all later matplotlib figures the style of the course, and in a notebook what they show in words."""
    pictures.with_words()
    plt.rcParams.update(STYLE)


def _check(summary: pd.DataFrame, *names: str) -> None:
    """Raise ValueError unless `summary` has the columns `names`, and mean, low and high with numbers in them."""
    numbers = ["mean", "low", "high"]
    validate.columns("summary", summary, [*names, *numbers])
    validate.finite("summary[['mean', 'low', 'high']]", summary[numbers].to_numpy())


def dots(
    summary: pd.DataFrame,
    row: str,
    series: str,
    *,
    title: str,
    x_label: str,
    matters: float | dict[str, float] | None = None,
) -> Figure:
    """A dot and a 95% whisker for each row of `summary` (columns mean, low, high).

    The values of column `row` are below one another, each with its `series`, whose names are next to their dots: all of
    them where there are few, else the first of each. `matters` shades the effects that are too small to matter: one for
    all rows, or {row: its own}.
    """
    _check(summary, row, series)
    rows, look = list(dict.fromkeys(summary[row])), styles(summary[series])
    crowd = summary[row].value_counts().max()
    high = 0.31 * len(rows) * crowd if crowd > 1 else max(min(0.5 * len(rows), 3.6), 0.22 * len(rows))
    figure, axes = plt.subplots(figsize=(8, 1.3 + high))
    axes.axvline(0, color=GREY, linewidth=1)
    bands = matters if isinstance(matters, dict) else dict.fromkeys(rows, matters or 0.0)
    few = len(summary) <= 6  # few enough to name every dot
    named = set()
    for row_number, value in enumerate(rows):
        part, band = summary[summary[row] == value], bands[value]
        axes.barh(row_number, 2 * band, left=-band, height=1, color=GREY, alpha=0.15, linewidth=0)
        offsets = np.linspace(-0.25, 0.25, len(part)) if len(part) > 1 else [0.0]
        for offset, (_, dot) in zip(offsets, part.iterrows(), strict=True):
            name, height = dot[series], row_number + offset
            _dot(axes, dot, height, name, look[name])
            if few or name not in named:
                named.add(name)
                at = {"textcoords": "offset points", "color": look[name].colour, "va": "center"}
                axes.annotate(name, (dot["high"], height), (8, 0), **at)
    _name_rows(axes, rows)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.set_xlabel(x_label)
    figure.suptitle(title, x=0.01, ha="left")  # over the names of the rows too: titles are long
    return figure


def _dot(axes: Axes, dot: pd.Series, height: float, name: str, look: Style) -> None:
    """A dot at a mean, and a whisker from low to high."""
    axes.hlines(height, dot["low"], dot["high"], color=look.colour, linewidth=2, label=name)
    axes.plot(dot["mean"], height, color=look.colour, marker=look.marker, markersize=7, label=name)


def _name_rows(axes: Axes, rows: list) -> None:
    """The names of rows at 0, 1, 2 … in place of a vertical axis."""
    axes.set_yticks(range(len(rows)), rows)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def lines(
    summary: pd.DataFrame, x: str, series: str, *, title: str, x_label: str, y_label: str, zero: bool = False
) -> Figure:
    """A line with a 95% band for each series of `summary` (columns mean, low, high), named at the line's end."""
    _check(summary, x, series)
    figure, axes = plt.subplots()
    if zero:
        axes.axhline(0, color=GREY, linewidth=1)
    look, ends = styles(summary[series]), {}
    for name, style in look.items():
        part = summary[summary[series] == name].sort_values(x)
        axes.plot(part[x], part["mean"], color=style.colour, linestyle=style.line, label=name)
        axes.fill_between(part[x], part["low"], part["high"], color=style.colour, alpha=0.15, linewidth=0)
        ends[name] = float(part["mean"].iloc[-1])
    axes.set(xlabel=x_label, ylabel=y_label, title=title)
    axes.margins(x=0)
    _name_ends(axes, ends, look)
    return figure


def _name_ends(axes: Axes, ends: dict[str, float], look: dict[str, Style]) -> None:
    """Write the names right of the axes at the lines' ends, moved apart where they would overlap."""
    low, high = axes.get_ylim()
    names = sorted(ends, key=lambda name: (ends[name], name))
    heights = [ends[name] for name in names]
    for i in range(1, len(heights)):
        heights[i] = max(heights[i], heights[i - 1] + 0.065 * (high - low))
    shift = (sum(heights) - sum(ends[name] for name in names)) / len(heights)
    place = {"xycoords": ("axes fraction", "data"), "va": "center", "annotation_clip": False}
    for height, name in zip(heights, names, strict=True):
        axes.annotate(name, (1.015, height - shift), color=look[name].colour, **place)


def paths(
    summary: pd.DataFrame,
    series: str,
    pair: str,
    x: str,
    y: str,
    *,
    title: str,
    x_label: str,
    y_label: str,
    reference: dict[str, pd.DataFrame] | None = None,
    names: dict[str, tuple[int, tuple[float, float]]] | None = None,
) -> Figure:
    """One goal against another: for each series a path through its settings, in the order of `summary`'s rows, with
    95% whiskers in both directions.

    summary    rows of both goals: column `pair` says whether a row is of goal `x` or `y`; columns mean, low, high
    reference  {name of a series: curve (columns x and y)}: what theory says about it, dotted in its colour
    names      {name of a series: (which point, offset in points)}: where its name goes; by default right of its highest
    """
    _check(summary, series, pair)
    figure, axes = plt.subplots(figsize=(8, 5))
    for name, style in styles(summary[series]).items():
        part = summary[summary[series] == name]
        (x_mean, x_low, x_high), (y_mean, y_low, y_high) = (
            part[part[pair] == goal][["mean", "low", "high"]].to_numpy().T for goal in (x, y)
        )
        colour = style.colour
        axes.hlines(y_mean, x_low, x_high, color=colour, linewidth=1.2, alpha=0.5)
        axes.vlines(x_mean, y_low, y_high, color=colour, linewidth=1.2, alpha=0.5)
        line = {"color": colour, "linestyle": style.line, "marker": style.marker, "markersize": 5}
        axes.plot(x_mean, y_mean, label=name, **line)
        if name in (reference or {}):
            curve = reference[name]
            axes.plot(curve["x"], curve["y"], color=colour, linestyle=":", linewidth=1.5)
        point, offset = (names or {}).get(name, (int(y_mean.argmax()), (9, 4)))
        at = {"textcoords": "offset points", "color": colour, "ha": "left" if offset[0] >= 0 else "right"}
        axes.annotate(str(name), (x_mean[point], y_mean[point]), offset, **at)
    axes.set(xlabel=x_label, ylabel=y_label)
    figure.suptitle(title, x=0.01, ha="left")
    return figure


def small_multiples(
    summary: pd.DataFrame,
    row: str,
    panel: str,
    labels: dict[str, str],
    *,
    title: str,
    note: str,
    reference: str | None = None,
    from_zero: bool = False,
    one_scale: bool = False,
) -> Figure:
    """Small panels, one a key of `labels` (a value of column `panel`), with the same rows: dots with 95% whiskers.

    labels     {value of `panel`: what the panel shows, with its unit}
    note       what the whiskers are, in grey below
    reference  a value of `row` that is drawn as a dotted line through the panels instead of as a row
    from_zero  every axis begins at 0, so that panels can be compared
    one_scale  all panels have the same axis, with the same measure on it
    """
    _check(summary, row, panel)
    look = styles(summary.loc[summary[row] != reference, row])
    columns = 2 if len(labels) == 4 else min(3, len(labels))
    rows = list(look)
    shape = (-(-len(labels) // columns), columns)
    size = (8, 0.5 + shape[0] * (0.9 + 0.3 * len(rows)))
    figure, every = plt.subplots(*shape, figsize=size, sharex=one_scale, sharey=True, squeeze=False)
    for axes, (value, label) in zip(every.flat, labels.items(), strict=False):
        part = summary[summary[panel] == value].set_index(row)
        if reference is not None:
            axes.axvline(part.loc[reference, "mean"], color=GREY, linewidth=1.2, linestyle=":", label=reference)
        for height, (name, style) in enumerate(look.items()):
            _dot(axes, part.loc[name], height, name, style)
        axes.set_title(label, fontsize=12, fontweight="normal")
        _name_rows(axes, rows)
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.margins(x=0.12)
        if from_zero:
            axes.set_xlim(left=0)
        axes.xaxis.set_major_locator(MaxNLocator(3))
    figure.suptitle(title, x=0.01, ha="left")
    figure.supxlabel(note if reference is None else f"{note}; dotted: {reference}", color=GREY, fontsize=11)
    return figure


def readings(
    summary: pd.DataFrame,
    x: str,
    series: str,
    truth: pd.DataFrame,
    *,
    title: str,
    x_label: str,
    y_label: str,
    truth_label: str,
) -> Figure:
    """Measured points with 95% whiskers (columns mean, low, high) over `x`, and the curve `truth` (columns x and y).

    The names are at the ends: those of the series and, grey, that of the curve. Where the series end far apart, each
    name is at its last point.
    """
    _check(summary, x, series)
    figure, axes = plt.subplots()
    look = styles(summary[series])
    axes.plot(truth["x"], truth["y"], color=SINGLE_TASK.colour, linestyle=SINGLE_TASK.line, label=truth_label)
    ends = {truth_label: (float(truth["x"].iloc[-1]), float(truth["y"].iloc[-1]))}
    for name, style in look.items():
        part = summary[summary[series] == name].sort_values(x)
        axes.vlines(part[x], part["low"], part["high"], color=style.colour)
        # joined, or a far last point with its name looks like a legend
        dots = {"color": style.colour, "marker": style.marker, "linewidth": 0.8, "markersize": 6}
        axes.plot(part[x], part["mean"], label=name, **dots)
        ends[name] = float(part[x].iloc[-1]), float(part["mean"].iloc[-1])
    look[truth_label] = SINGLE_TASK
    axes.set(xlabel=x_label, ylabel=y_label, title=title)
    last = [place for place, _ in ends.values()]
    if max(last) - min(last) < 0.1 * max(last):
        _name_ends(axes, {name: height for name, (_, height) in ends.items()}, look)
    else:
        for name, end in ends.items():
            axes.annotate(name, end, (9, 0), textcoords="offset points", color=look[name].colour, va="center")
    return figure


def heatmap(
    summary: pd.DataFrame, row: str, column: str, panel: str, *, title: str, x_label: str, y_label: str, matters: float
) -> Figure:
    """A signed effect over two settings, a panel for each value of `panel` (columns mean, low, high).

    Each cell has its mean and half of its 95% interval. It stands bold in a frame where the whole interval is beyond
    ±`matters`, and in grey where the interval holds 0. Brown is a loss, teal a gain, apart in any colour vision. A map
    of pairs, whose rows and columns are the same, has both in the order of its rows; a pair without a value is empty.
    """
    _check(summary, row, column, panel)
    rows, columns, panels = (list(dict.fromkeys(summary[name])) for name in (row, column, panel))
    columns = rows if set(columns) == set(rows) else columns
    validate.number("matters", matters, low=0)
    figure, every = plt.subplots(1, len(panels), figsize=(9.5, 1.8 + 0.7 * len(rows)), sharey=True, squeeze=False)
    most = summary["mean"].abs().max()
    for axes, name in zip(every[0], panels, strict=True):
        cells = summary[summary[panel] == name].set_index([row, column])
        _colour_cells(axes, cells["mean"].unstack().reindex(index=rows, columns=columns), most)
        for (up, right), cell in cells[["mean", "low", "high"]].iterrows():
            at = columns.index(right), rows.index(up)
            clear = cell["low"] > matters or cell["high"] < -matters
            look = {"ha": "center", "color": GREY if cell["low"] < 0 < cell["high"] else BLACK}
            weight = "bold" if clear else "normal"
            axes.text(at[0], at[1] - 0.03, f"{cell['mean']:+.3f}".replace("-", "−"), va="bottom", weight=weight, **look)
            half = (cell["high"] - cell["low"]) / 2
            axes.text(at[0], at[1] + 0.07, f"±{half:.3f}", va="top", fontsize=11, **look)
            if clear:
                frame = plt.Rectangle((at[0] - 0.46, at[1] - 0.46), 0.92, 0.92, fill=False, color=BLACK, linewidth=1.8)
                axes.add_patch(frame)
        axes.set_title(name, fontsize=12, fontweight="normal")
        axes.set_xlabel(x_label)
    every[0, 0].set_ylabel(y_label)
    figure.suptitle(title, x=0.01, ha="left")
    note = f"mean ± half its 95% interval; framed: all of the interval beyond ±{matters:g}; grey: it holds 0"
    figure.supxlabel(note, color=GREY, fontsize=11)
    return figure


def matrix(table: pd.DataFrame, *, title: str, note: str) -> Figure:
    """Positive numbers of pairs, rows by columns, on a scale where 1 is neutral: teal above, brown below. NaN is left
    empty."""
    figure, axes = plt.subplots(figsize=(8, 0.9 + 0.5 * len(table)))
    values = np.log(table.astype(float))
    _colour_cells(axes, values, np.nanmax(np.abs(values)))
    for (row, column), value in np.ndenumerate(table.to_numpy(float)):
        if not np.isnan(value):
            axes.text(column, row, f"{value:.2f}", ha="center", va="center", color=BLACK)
    figure.suptitle(title, x=0.01, ha="left")
    figure.supxlabel(note, color=GREY, fontsize=11)
    return figure


def _colour_cells(axes: Axes, values: pd.DataFrame, most: float) -> None:
    """A coloured cell for each value, brown to −most, teal to +most, with the names of its rows and columns."""
    most *= 1.8  # pale enough to read the numbers on it
    axes.imshow(values, cmap="BrBG", vmin=-most, vmax=most, aspect="auto")
    axes.set_xticks(range(values.shape[1]), values.columns)
    axes.set_yticks(range(len(values)), values.index)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
