"""The three kinds of panel of the interactive figure, and what each needs from a tidy table.

A panel turns its table into a drawing: plain lists and strings, with axes fixed over all frames. `explorer.js` draws
that in the browser, `paint` draws the same with matplotlib. A *frame* is one combination of the controls that select
curves; the control along which a panel runs moves a cursor instead.
"""

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from helpers.display.palette import BLACK, GREY, Style, ink, styles
from helpers.support import validate

Position = dict[str, object]  # where the controls of an explorer are: {column: option}
Words = str | Callable[[Position], str]
LINE_WIDTH = 2.5


@dataclass(frozen=True)
class Curves:
    """A panel with one line a series: `y` over `x`, with a band where the table has columns low and high.

    table   one row per (settings, x, series); the columns named like a control select the frame. A series may be
            missing at some settings as a whole
    x       a numeric column. If it is a control, moving that control moves a cursor along the curves
    title   what to see, or a function of the settings that says it
    level   what y is set against: a line at this height; at 0 the sign of y matters, and is said
    log     y spans powers of ten and has a logarithmic axis; all values are positive
    styles  {series: Style} for series that have none in `palette`, where it matters
    """

    table: pd.DataFrame
    x: str
    series: str
    title: Words
    x_label: str
    y_label: str
    y: str = "mean"
    level: float | None = None
    log: bool = False
    styles: dict[str, Style] = field(default_factory=dict)

    @property
    def along(self) -> str:
        return self.x

    def drawing(self, controls: list[str]) -> dict:
        """Axes, the positions along x, and for each series its style and one list of values a frame."""
        names, x, data = _arrays(self, self.y, controls, gaps=True)
        if not all(isinstance(value, int | float) for value in x):
            validate.fail("x", f"a column {self.x!r} of {self.table[self.x].dtype}", "a numeric column", TypeError)
        places = _decimals(data)
        low, high = _range(data, self.level)
        if self.log and low <= 0:
            validate.fail("log", f"a value of {low:g}", "positive values, for a logarithmic axis")
        series = []
        for i, (name, style) in enumerate(styles(names, self.styles).items()):
            look = {"colour": style.colour, "ink": ink(style.colour)}
            look |= {"dash": [LINE_WIDTH * d for d in style.dash], "marker": style.marker}
            values = {
                part: [[] if np.isnan(frame).any() else np.round(frame, places).tolist() for frame in values[:, i]]
                for part, values in data.items()
            }
            series.append({"name": str(name)} | look | values)
        return {
            "kind": "curves",
            "at": x,
            "x": _axis(self.x_label, min(x), max(x), pad=0.03),
            "y": _log_axis(self.y_label, low, high) if self.log else _axis(self.y_label, low, high, self.level),
            "series": series,
        }

    @staticmethod
    def paint(axes: Axes, drawn: dict, frame: int, cursor: int):
        at = drawn["at"]
        if cursor >= 0:
            axes.axvline(at[cursor], color="#b0b0b0", lw=1)
        drawn_series = [series for series in drawn["series"] if series["y"][frame]]
        for series in drawn_series:
            style = Style(series["colour"], tuple(d / LINE_WIDTH for d in series["dash"]), series["marker"])
            if "low" in series:
                axes.fill_between(at, series["low"][frame], series["high"][frame], color=style.colour, alpha=0.16, lw=0)
            axes.plot(at, series["y"][frame], color=style.colour, ls=style.line, marker=style.marker, lw=2.2, ms=5)
        height = np.log10 if drawn["y"].get("log") else np.asarray
        low, high = height(drawn["y"]["limits"])
        ends = _apart([(height(series["y"][frame][-1]) - low) / (high - low) for series in drawn_series], 0.07)
        for series, end in zip(drawn_series, ends, strict=True):
            place = {"xycoords": "axes fraction", "va": "center"}
            axes.annotate(series["name"], (1.01, end), color=series["colour"], fontweight="bold", **place)


@dataclass(frozen=True)
class Plane:
    """A panel that sets the mean of series `y` against that of series `x`, along the control `path`.

    The current point has the whiskers of both, where the table has columns low and high. `ends` names the first and
    the last point of the path.
    """

    table: pd.DataFrame
    x: str
    y: str
    series: str
    path: str
    title: Words
    x_label: str
    y_label: str
    ends: tuple[str, str] = ("", "")

    @property
    def along(self) -> str:
        return self.path

    def drawing(self, controls: list[str]) -> dict:
        """Axes, and for each frame the points of the path."""
        validate.choice("path", self.path, controls)
        names, _, data = _arrays(self, "mean", controls)
        pair = [names.index(validate.choice(which, name, names)) for which, name in (("x", self.x), ("y", self.y))]
        data = {part: values[:, pair] for part, values in data.items()}  # (frames, 2, positions)
        places, looks = _decimals(data), styles(names)
        x, y = (
            _axis(label, *_range({part: values[:, i] for part, values in data.items()}))
            for i, label in enumerate((self.x_label, self.y_label))
        )
        colours = [looks[self.x].colour, looks[self.y].colour]
        return {
            "kind": "plane",
            "x": x,
            "y": y,
            "colours": colours,
            "ink": [ink(colour) for colour in colours],
            "ends": list(self.ends),
            "points": {part: np.round(values, places).tolist() for part, values in data.items()},
        }

    @staticmethod
    def paint(axes: Axes, drawn: dict, frame: int, cursor: int):
        points = {part: values[frame] for part, values in drawn["points"].items()}
        x, y = points["y"]
        axes.plot(x, y, color=GREY, marker="o", ms=4, lw=1.5)
        for place, words in zip((0, -1), drawn["ends"], strict=True):
            axes.annotate(words, (x[place], y[place]), (6, 6), textcoords="offset points", color=GREY, fontsize=10)
        if "low" in points:
            (x_low, y_low), (x_high, y_high) = points["low"], points["high"]
            axes.hlines(y[cursor], x_low[cursor], x_high[cursor], color=drawn["colours"][0], lw=2.5)
            axes.vlines(x[cursor], y_low[cursor], y_high[cursor], color=drawn["colours"][1], lw=2.5)
        axes.plot(x[cursor], y[cursor], "o", color=BLACK, ms=9)
        axes.xaxis.label.set_color(drawn["colours"][0])
        axes.yaxis.label.set_color(drawn["colours"][1])


@dataclass(frozen=True)
class Ranking:
    """A panel that shows one list from the top, in the order that the settings give it.

    table  a row a (settings, place): place (1, 2, …, equally many at all settings), words, and a tuple of marks
    heads  what the words are; the series of each mark
    cut    a line is drawn below this place
    """

    table: pd.DataFrame
    title: Words
    heads: tuple[str, ...]
    cut: int
    along: str = field(default="place", init=False)
    series: str = field(default="place", init=False)

    def drawing(self, controls: list[str]) -> dict:
        """All different lines, and for each frame which of them are shown, from the top."""
        table = validate.columns("table", self.table, ["place", "words", "marks"])
        every = [(words, *marks) for words, marks in zip(table["words"], table["marks"], strict=True)]
        lines, looks = list(dict.fromkeys(every)), styles(sorted(self.heads[1:]))
        number = {line: i for i, line in enumerate(lines)}
        shown = [number[line] for line in every]
        as_curve = Curves(table.assign(line=shown, of="list"), "place", "of", "", "", "", y="line")
        orders = _arrays(as_curve, "line", controls)[2]["y"][:, 0].astype(int).tolist()
        return {
            "kind": "ranking",
            "heads": list(self.heads),
            "inks": [ink(looks[goal].colour) for goal in self.heads[1:]],
            "cut": self.cut,
            "lines": [list(line) for line in lines],
            "orders": orders,
        }

    @staticmethod
    def paint(axes: Axes, drawn: dict, frame: int, cursor: int):
        axes.set_axis_off()
        rows = [("", *drawn["heads"])]
        rows += [(f"{place}", *drawn["lines"][line]) for place, line in enumerate(drawn["orders"][frame], 1)]
        for row, texts in enumerate(rows):
            height = 1 - (row + 0.5) / len(rows)
            for column, text in enumerate(texts):
                x, side = (0.09 * column, "left") if column < 2 else (1 - 0.15 * (len(texts) - column - 1), "right")
                axes.text(x, height, text, transform=axes.transAxes, ha=side, va="center", fontsize=10)
        if drawn["cut"] + 1 < len(rows):
            axes.axhline(1 - (drawn["cut"] + 1) / len(rows), color=GREY, lw=1)


Panel = Curves | Plane | Ranking


def has_intervals(panel: Panel) -> bool:
    return not {"low", "high"}.isdisjoint(panel.table.columns)


def rows_at(panel: Panel, controls: list[str]) -> Callable[[Position], pd.DataFrame]:
    """A function of the settings: the rows of the panel's table at these, in order along it, by series."""
    keys = [name for name in controls if name in panel.table.columns]
    if not keys:
        validate.fail("panels", f"a table without any of {controls}", "one that a control moves")
    rows = panel.table.sort_values(panel.along, kind="stable").set_index(panel.series)
    by_settings = dict(iter(rows.groupby(keys, observed=True)))
    return lambda settings: by_settings[tuple(settings[key] for key in keys)]


def levels(column: pd.Series) -> list:
    """The values of a column in order: sorted, or as its categories stand."""
    if column.isna().any():
        validate.fail(f"table[{column.name!r}]", f"{int(column.isna().sum())} missing values", "none")
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.categories.tolist()
    return sorted(column.unique().tolist())


def _arrays(
    panel: Panel, value: str, controls: list[str], *, gaps: bool = False
) -> tuple[list, list, dict[str, np.ndarray]]:
    """Names of the series, positions along the panel, and {y, low, high: array (frames, series, positions)}.

    With `gaps` a series may be missing in a frame: NaN.
    """
    parts = {"y": value} | ({"low": "low", "high": "high"} if has_intervals(panel) else {})
    table = validate.columns("table", panel.table, [panel.along, panel.series, *parts.values()])
    keys = [name for name in controls if name in table.columns and name != panel.along] + [panel.series, panel.along]
    options = [levels(table[key]) for key in keys]
    rows = table.set_index(keys)[list(parts.values())]
    if rows.index.has_duplicates:
        where = _named(keys, rows.index[rows.index.duplicated()][0])
        validate.fail("table", f"more than one row at {where}", "one row for each combination")
    every = pd.MultiIndex.from_product(options, names=keys)
    missing = every.difference(rows.index)
    if gaps:
        missing = missing[missing.droplevel(-1).isin(rows.index.droplevel(-1))]
    if len(missing):
        where = _named(keys, missing[0])
        validate.fail("table", f"no row at {where}", "a row for each combination")
    for name in parts.values():
        validate.finite(f"table[{name!r}]", rows[name].to_numpy(float))
    rows, shape = rows.reindex(every), (-1, len(options[-2]), len(options[-1]))
    data = {part: rows[name].to_numpy(float).reshape(shape) for part, name in parts.items()}
    if "low" in data and ((data["low"] > data["y"]) | (data["y"] > data["high"])).any():
        validate.fail("low, high", f"intervals that {value!r} lies outside of", f"low ≤ {value} ≤ high in every row")
    return options[-2], options[-1], data


def _named(keys: list[str], values: tuple) -> str:
    return ", ".join(f"{key} = {value}" for key, value in zip(keys, values, strict=True))


def _range(data: dict[str, np.ndarray], level: float | None = None) -> tuple[float, float]:
    values = np.stack(list(data.values()))
    values = values[~np.isnan(values)].tolist() + ([] if level is None else [level])
    return min(values), max(values)


def _decimals(data: dict[str, np.ndarray]) -> int:
    """As many decimals as a screen can show: a ten-thousandth of the range."""
    low, high = _range(data)
    return max(0, 4 - math.floor(math.log10(high - low))) if high > low else 4


def _axis(label: str, low: float, high: float, level: float | None = None, pad: float = 0.06) -> dict:
    """Limits a little beyond [low, high], and few round ticks as (position, text)."""
    margin = pad * (high - low) or 1.0
    low, high = low - margin, high + margin
    ticks = [float(tick) for tick in MaxNLocator(5, steps=[1, 2, 5, 10]).tick_values(low, high) if low <= tick <= high]
    step = ticks[1] - ticks[0]
    form = f"{'+' if level == 0 else ''}.{max(0, -math.floor(math.log10(step) + 1e-9))}f"
    text = [f"{tick:{form}}".replace("-", "−") if abs(tick) > step / 9 else "0" for tick in ticks]
    return {"label": label, "limits": [low, high], "ticks": list(zip(ticks, text, strict=True)), "level": level}


def _log_axis(label: str, low: float, high: float) -> dict:
    """A logarithmic axis: limits a little beyond [low, high], and a tick at each power of ten."""
    margin = (high / low) ** 0.04
    low, high = low / margin, high * margin
    powers = range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1)
    ticks = [(10.0**power, f"{10.0**power:,.{max(0, -power)}f}") for power in powers]
    return {"label": label, "limits": [low, high], "ticks": ticks, "level": None, "log": True}


def _apart(places: list[float], gap: float) -> list[float]:
    """The places, moved as little as needed to stand `gap` apart."""
    order = sorted(range(len(places)), key=places.__getitem__)
    moved = list(places)
    for _ in range(100):
        for a, b in itertools.pairwise(order):
            short = max(0.0, gap - (moved[b] - moved[a]))
            moved[a] -= short / 2
            moved[b] += short / 2
    return moved
