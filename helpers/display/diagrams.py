"""What diagrams are drawn from: a canvas, and boxes, frames and arrows in the colours of the course.

The diagrams themselves are in `helpers/chapters/chNN/diagrams.py`.
"""

import functools
from collections.abc import Callable, Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from helpers.display.palette import GREY, ink


def diagram(draw: Callable[[], Figure]) -> Callable[[], Figure]:
    """A function that draws a diagram, which gets what its docstring says as its description."""

    @functools.wraps(draw)
    def described() -> Figure:
        figure = draw()
        figure.set_label(" ".join(draw.__doc__.split()))
        return figure

    return described


def canvas(
    size: tuple[float, float],
    xlim: tuple[float, float],
    ylim: tuple[float, float],
    titles: Sequence[str] = ("",),
    loc: str = "center",
) -> tuple[Figure, Sequence[Axes]]:
    """A figure of `size` inches, and its empty panels side by side, one a title, each over `xlim` and `ylim`."""
    figure, row = plt.subplots(1, len(titles), figsize=size, squeeze=False)
    for axes, title in zip(row[0], titles, strict=True):
        axes.set(xlim=xlim, ylim=ylim)
        axes.axis("off")
        axes.set_title(title, fontsize=12, loc=loc)
    return figure, row[0]


def box(
    axes: Axes, x: float, y: float, width: float, text: str, colour: str, height: float = 1.6, size: float = 12
) -> None:
    """A filled box around (x, y) with white text."""
    corner, shape = (x - width / 2, y - height / 2), "round,pad=0,rounding_size=0.3"
    axes.add_patch(FancyBboxPatch(corner, width, height, boxstyle=shape, facecolor=ink(colour), edgecolor="none"))
    axes.text(x, y, text, ha="center", va="center", color="white", fontsize=size, fontweight="bold")


def frame(axes: Axes, x: float, y: float, width: float, height: float, colour: str) -> None:
    """A frame with its lower left corner at (x, y), for what is drawn inside it."""
    shape = "round,pad=0,rounding_size=0.5"
    axes.add_patch(FancyBboxPatch((x, y), width, height, boxstyle=shape, facecolor=colour, edgecolor=GREY))


def arrow(axes: Axes, start: Sequence[float], end: Sequence[float]) -> None:
    """A grey arrow between two points."""
    axes.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": GREY, "linewidth": 1.5})
