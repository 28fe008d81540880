"""A figure as a notebook shows it: a PNG, and in words what it shows for those who cannot see it.

The words are read off the drawn figure: titles, the labels of the axes, and every line, dot and cell that has a name,
with its numbers. Measured numbers have two decimals or more, since these may differ on another CPU.
"""

import base64
import html
import io
import sys
from collections.abc import Callable, Iterator

import matplotlib
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FixedLocator
from PIL import Image

from ..support import validate
from .palette import ink

DPI = 100  # at most, as shown
SHARP = 2  # pixels of the PNG for one that is shown: for projectors, slides and screens of phones
LENGTH = 600  # of the words; what is too much is counted


def with_words() -> None:
    """Let this notebook show every figure with its words: as HTML, which JupyterLab shows, besides the PNG alone."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell:
        plt.switch_backend(matplotlib.get_backend())  # when the notebook's own backend starts, it asks for PNGs
        shell.display_formatter.formatters["image/png"].pop(Figure, None)
        shell.display_formatter.mimebundle_formatter.for_type(Figure, _bundle)


def _bundle(figure: Figure, include=None, exclude=None) -> dict[str, str]:
    picture = png(figure)
    return {"text/html": image(picture, describe(figure)), "image/png": picture}


def png(figure: Figure) -> str:
    """The figure as a PNG in few colours, cut to what is drawn, as base64. Its words are made readable.

    It has `SHARP` pixels for one that `image` shows. (An SVG would be sharper, but GitHub, which shows notebooks too,
    calls one in an image unsafe: jupyter/nbconvert, pull request 2106.)
    """
    readable(figure)
    data = io.BytesIO()
    dpi = SHARP * min(figure.dpi, DPI)
    figure.savefig(data, format="png", dpi=dpi, bbox_inches="tight", metadata={"Software": None})
    data.seek(0)
    picture = Image.open(data)
    few = picture.convert("RGB").quantize(64, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)  # equal looks
    few.save(small := io.BytesIO(), format="png", optimize=True, dpi=picture.info["dpi"])
    return base64.b64encode(small.getvalue()).decode()


def readable(figure: Figure) -> None:
    """Give words in a colour of the palette its darker shade: a line of that colour is seen, thin letters are not."""
    for text in figure.findobj(Text):
        text.set_color(ink(to_hex(text.get_color()).upper()))


def place_on(figure: Figure, axis: str, scale: float = 1.0) -> dict[str, str | float]:
    """Where numbers lie on the PNG of a figure, along axis "x" or "y" of its first panel.

    A number n is drawn at n · `scale` on the axis, so that n = `low` is at `start` and n = `high` at `end`; the panel
    reaches from `first` to `last` in the other direction. These are shares of the picture, from its left or its top.
    """
    axes = figure.axes[0]
    validate.choice(f"scale of the {axis} axis", axes.get_xscale() if axis == "x" else axes.get_yscale(), ["linear"])
    figure.draw_without_rendering()
    whole = figure.get_tightbbox().padded(plt.rcParams["savefig.pad_inches"])  # what `png` cuts out
    panel = axes.bbox.transformed(figure.dpi_scale_trans.inverted())
    across = [(edge - whole.x0) / whole.width for edge in (panel.x0, panel.x1)]
    down = [(whole.y1 - edge) / whole.height for edge in (panel.y0, panel.y1)]
    (start, end), (first, last) = (across, down) if axis == "x" else (down, across)
    low, high = (float(limit) / scale for limit in (axes.get_xlim() if axis == "x" else axes.get_ylim()))
    return {"axis": axis, "low": low, "high": high, "start": start, "end": end, "first": first, "last": last}


def image(picture: str, words: str) -> str:
    """A PNG as HTML, half as wide as it has pixels, with what it shows as its alternative text."""
    width = int.from_bytes(base64.b64decode(picture[:32])[16:20]) // SHARP  # the first field of a PNG
    return f'<img alt="{html.escape(words)}" width="{width}" src="data:image/png;base64,{picture}">'


def describe(figure: Figure) -> str:
    """What a figure shows, in at most 600 characters: its titles and axes, and as many of its numbers as fit."""
    every = [axes for axes in figure.axes if axes.get_visible()]
    titles = [_line(axes.get_title("left") or axes.get_title("center")) for axes in every]
    if not figure.get_suptitle() and len(every) == 1:
        lead, titles = titles, [""]
    else:
        lead = [_line(figure.get_suptitle())]
    lead += [figure.get_label(), _axes(every), _line(figure.get_supxlabel())]
    start = " ".join(sentence(words) for words in lead if words)
    for intervals in (True, False):
        items = []
        for axes, title in zip(every, titles, strict=True):
            try:
                panels = _panel_items(axes, intervals)
            except (ArithmeticError, LookupError, TypeError, ValueError):  # the reader's own figure: dates, cubes, …
                panels = []
            if title:
                panels = [f"{title}: {panels[0]}", *panels[1:]] if panels else [title]
            items += panels
        if len(start) + len("; ".join(items)) + 2 <= LENGTH:
            break
    return f"{start} {_fitting(items, LENGTH - len(start) - 1)}".strip() or "A figure without a title."


def _fitting(items: list[str], room: int) -> str:
    """As many items as there is room for, and how many more there are."""
    for count in range(len(items), -1, -1):
        rest = [f"and {len(items) - count} more"] if count < len(items) else []
        words = "; ".join([*items[:count], *rest])
        if len(words) + 1 <= room:
            break
    return sentence(words) if words else ""


def sentence(words: str) -> str:
    """Words with a full stop, unless they have another end."""
    return words if words.endswith(("?", "!")) else f"{words.rstrip('.,:')}."


def _line(words: str) -> str:
    return " ".join(words.split())


def _axes(every: list[Axes]) -> str:
    """The labels of the axes, of the first panel that has any."""
    labels = [(_line(axes.get_xlabel()), _line(axes.get_ylabel())) for axes in every]
    x, y = max(labels, key=lambda pair: sum(map(bool, pair)), default=("", ""))
    return f"{y} against {x}" if x and y else x or y


def _panel_items(axes: Axes, intervals: bool) -> list[str]:
    """What is drawn in a panel, one item each; without anything that has a name, its words."""
    if axes.images:
        return list(_cells(axes))
    dots = [c for c in axes.collections if isinstance(c, PathCollection) and _has_name(c)]
    lines = [line for line in axes.lines if _has_name(line)]
    if dots:
        return [_spread(cloud) for cloud in dots]
    if not lines:
        return list(dict.fromkeys(_line(text.get_text()).rstrip(".,") for text in axes.texts if text.get_text()))
    return list(_rows(axes, lines, intervals) if _names(axes.yaxis) else _series(axes, lines))


def _has_name(artist) -> bool:
    return not artist.get_label().startswith("_")


def _names(axis: Axis) -> dict[int, str]:
    """The names of the rows or columns along an axis, at 0, 1, 2 …; empty where it has numbers."""
    labels = _labels(axis)
    written = isinstance(axis.get_major_locator(), FixedLocator) and not all(map(_is_number, labels))
    return dict(enumerate(labels)) if written else {}


def _is_number(label: str) -> bool:
    try:
        float(label.replace(",", ""))
    except ValueError:
        return False
    return True


def _rows(axes: Axes, lines: list, intervals: bool) -> Iterator[str]:
    """Dots in rows, row by row: each series with its value and interval."""
    in_words = _sayer([x for line in lines for x in line.get_xdata()])
    whiskers = {}
    for drawn in axes.collections:
        if isinstance(drawn, LineCollection) and _has_name(drawn):
            (low, height), (high, _) = drawn.get_segments()[0]
            whiskers[drawn.get_label(), height] = f" [{in_words(low)}, {in_words(high)}]"
    names, rows = _names(axes.yaxis), {}
    for line in lines:
        x, height = line.get_xdata()[0], line.get_ydata()[0]
        dot = f"{line.get_label()} {in_words(x)}" + whiskers.get((line.get_label(), height), "") * intervals
        row = "" if len(line.get_xdata()) > 1 else names.get(round(height), "")  # a line through all rows has none
        rows.setdefault(row, []).append(dot)
    for row, parts in rows.items():
        bears_its_name = parts[0].startswith(f"{row} ")  # of its series
        named = f"{row} " if bears_its_name else f"{row}: " if row else ""
        yield named + ", ".join(parts).removeprefix(named)


def _series(axes: Axes, lines: list) -> Iterator[str]:
    """Lines by where they begin and end, dots by where they are."""
    xs, ys = (np.concatenate(part) for part in zip(*(line.get_data() for line in lines), strict=True))
    dots = all(len(line.get_xdata()) == 1 for line in lines)
    x_said, y_said = _on(axes.xaxis, xs, _sayer if dots else _setting), _on(axes.yaxis, ys, _sayer)
    for line in lines:
        x, y = line.get_data()
        if len(x) == 1:
            yield f"{line.get_label()} {x_said(x[0])}, {y_said(y[0])}"
        else:
            ends, least = (y[0], y[-1]), 0.1 * np.ptp(ys)  # what lies clearly farther out than the ends
            between = [f"up to {y_said(max(y))}"] if max(y) > max(ends) + least else []
            between += [f"down to {y_said(min(y))}"] if min(y) < min(ends) - least else []
            way = f", {' and '.join(between)} between" if between else ""
            yield f"{line.get_label()} {y_said(y[0])} at {x_said(x[0])}{way}, {y_said(y[-1])} at {x_said(x[-1])}"


def _spread(dots: PathCollection) -> str:
    """A cloud of dots by the quartiles of both coordinates."""
    across, up = (
        ", ".join(map(_sayer(values), np.quantile(values, (0.25, 0.5, 0.75))))
        for values in np.asarray(dots.get_offsets()).T
    )
    return f"quartiles {across} across and {up} up"


def _cells(axes: Axes) -> Iterator[str]:
    """The cells of a map, each with what is written in it; of equal pairs one."""
    rows, columns = _labels(axes.yaxis), _labels(axes.xaxis)
    cells: dict[tuple[int, int], list[str]] = {}
    for text in axes.texts:
        x, y = text.get_position()
        cells.setdefault((round(y), round(x)), []).append(text.get_text())
    for (row, column), words in cells.items():
        if row > column and rows == columns and cells.get((column, row)) == words:
            continue
        yield f"{rows[row]}, {columns[column]} {' '.join(words)}"


def _labels(axis: Axis) -> list[str]:
    """The labels of the ticks of an axis, also where another panel's axis shows them."""
    return [_line(str(words)) for words in axis.get_major_formatter().format_ticks(axis.get_ticklocs())]


def _sayer(values) -> Callable[[float], str]:
    """How measured numbers of one kind are said: with 2 to 4 decimals, and with signs if one is negative."""
    values = np.asarray(values, dtype=float)
    most = np.abs(values).max(initial=0)
    decimals = 2 if most >= 1 else 3 if most >= 0.1 else 4
    sign = "+" if values.min() <= -0.5 * 10**-decimals else ""
    return lambda value: f"{round(value, decimals) + 0.0:{sign}.{decimals}f}".replace("-", "−")


def _setting(values) -> Callable[[float], str]:
    """How settings are said: as they are. Numbers that are not round were measured."""
    if np.allclose(values, np.round(values, 2), rtol=0, atol=1e-9):
        return lambda value: f"{value:g}".replace("-", "−")
    return _sayer(values)


def _on(axis: Axis, values: np.ndarray, plain: Callable) -> Callable[[float], str]:
    """How values on an axis are said: as these numbers where powers have numbers written next to them, else `plain`."""
    labels, places = _labels(axis), axis.get_ticklocs()
    if not isinstance(axis.get_major_locator(), FixedLocator) or not all(map(_is_number, labels)):
        return plain(values)
    numbers = np.array([float(label.replace(",", "")) for label in labels])
    if min(numbers) <= 0 or np.allclose(numbers, places):
        return plain(values)

    def said(value: float) -> str:
        number = 10 ** np.interp(value, places, np.log10(numbers))
        return f"{number:,.0f}" if np.isclose(number, round(number), rtol=0, atol=1e-9) else f"{number:.4f}"

    return said
