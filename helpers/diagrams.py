"""Diagrams of architectures and ideas, drawn as boxes and arrows in the colours of the course."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from helpers.palette import BLACK, GREY, TASKS


def architectures() -> Figure:
    """Two single-task models beside one Shared-Bottom, as boxes from the inputs (below) to the outputs (above)."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 4.2))
    a, b = TASKS[0].colour, TASKS[1].colour
    for axes, title in ((left, "Single-task: nothing is shared"), (right, "Shared-Bottom: one bottom, two towers")):
        axes.set(xlim=(0, 10), ylim=(0, 10))
        axes.axis("off")
        axes.set_title(title, fontsize=12)
    for x, task, colour in ((2.5, "A", a), (7.5, "B", b)):
        _box(left, x, 1.2, 3.6, "inputs x", GREY)
        _box(left, x, 4.0, 3.6, f"bottom {task}", colour)
        _box(left, x, 6.6, 2.8, f"tower {task}", colour)
        _box(right, x, 6.6, 2.8, f"tower {task}", colour)
        for axes in (left, right):
            axes.text(x, 9.3, f"logit {task}", ha="center", va="center", color=colour, fontsize=12)
            _arrow(axes, (x, 7.4), (x, 8.8))
        _arrow(left, (x, 2.0), (x, 3.2))
        _arrow(left, (x, 4.8), (x, 5.8))
        _arrow(right, (5, 4.8), (x, 5.8))
    _box(right, 5, 1.2, 5.0, "inputs x", GREY)
    _box(right, 5, 4.0, 5.0, "shared bottom", BLACK)
    _arrow(right, (5, 2.0), (5, 3.2))
    return figure


def _box(axes: Axes, x: float, y: float, width: float, text: str, colour: str) -> None:
    box = FancyBboxPatch(
        (x - width / 2, y - 0.8),
        width,
        1.6,
        boxstyle="round,pad=0,rounding_size=0.3",
        facecolor=colour,
        edgecolor="none",
    )
    axes.add_patch(box)
    axes.text(x, y, text, ha="center", va="center", color="white", fontsize=12, fontweight="bold")


def _arrow(axes: Axes, start: Sequence[float], end: Sequence[float]) -> None:
    axes.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": GREY, "linewidth": 1.5})
