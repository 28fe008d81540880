"""Diagrams of architectures and ideas, drawn as boxes and arrows in the colours of the course."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from helpers.display.palette import BLACK, GREY, TASKS


def diagram(draw: Callable[[], Figure]) -> Callable[[], Figure]:
    """A function that draws a diagram, which gets what its docstring says as its description."""

    @functools.wraps(draw)
    def described() -> Figure:
        figure = draw()
        figure.set_label(" ".join(draw.__doc__.split()))
        return figure

    return described


@diagram
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


@diagram
def mixtures() -> Figure:
    """One-gate MoE, MMoE and PLE side by side, from the inputs (below) to the towers (above)."""
    figure, row = plt.subplots(1, 3, figsize=(9.5, 4.6))
    a, b = TASKS[0].colour, TASKS[1].colour
    titles = ("One-gate MoE:\none mixture for all", "MMoE:\na mixture for each task", "PLE:\nown and shared experts")
    for axes, title in zip(row, titles, strict=True):
        axes.set(xlim=(0, 12), ylim=(-0.2, 11))
        axes.axis("off")
        axes.set_title(title, fontsize=12, loc="center")
    for axes, gates, colours in zip(
        row,
        ([(6, BLACK)], [(3, a), (9, b)], [(3, a), (9, b)]),
        ([BLACK] * 4, [BLACK] * 4, [a, BLACK, BLACK, b]),
        strict=True,
    ):
        _box(axes, 6, 0.8, 11, "inputs x", GREY, height=1.3, size=11)
        for number, colour in enumerate(colours):
            x = 1.65 + 2.9 * number
            _arrow(axes, (x, 1.45), (x, 2.6))
            _box(axes, x, 3.3, 2.4, f"f{number + 1}", colour, height=1.4, size=11)
            for at, of in gates:
                if BLACK in (colour, of) or colour == of:
                    axes.plot([x, at], [4.05, 5.5], color=of, linewidth=1.3)
        for at, of in gates:
            name = {BLACK: "gate", a: "gate A", b: "gate B"}[of]
            _box(axes, at, 6.2, 3.8, name, of, height=1.4, size=11)
        for x, task, colour in ((3, "A", a), (9, "B", b)):
            _arrow(axes, (6 if len(gates) == 1 else x, 6.95), (x, 8.2))
            _box(axes, x, 8.9, 4.4, f"tower {task}", colour, height=1.4, size=11)
            _arrow(axes, (x, 9.65), (x, 10.9))
    return figure


@diagram
def course_map() -> Figure:
    """The chapters as boxes from left to right: what each builds on, and over each column what it is about."""
    figure, axes = plt.subplots(figsize=(9, 3.8))
    axes.set(xlim=(0, 12), ylim=(0, 10))
    axes.axis("off")
    columns = [
        ("first words", ["00\nStart here"]),
        ("why many\ngoals", ["01\nMotivation"]),
        ("two goals in\none score", ["02\nWeighted\ncross-entropy", "03\nManual\nweights"]),
        ("one bottom,\nmany towers", ["04\nShared-\nBottom"]),
        ("its limits,\nand answers", ["05\nBalancing\nlosses", "06\nMMoE", "07\nESMM"]),
        ("your own\ndata", ["08\nCapstone"]),
    ]
    earlier: list[tuple[float, float]] = []
    for number, (heading, chapters) in enumerate(columns):
        x, width = 1 + 2 * number, 1.64
        axes.text(x, 9.5, heading, ha="center", va="center", color=GREY, fontsize=11)
        heights = [4.2 + 2.85 * ((len(chapters) - 1) / 2 - place) for place in range(len(chapters))]
        for y, chapter in zip(heights, chapters, strict=True):
            _box(axes, x, y, width, chapter, BLACK, height=2.4, size=10)
            for before in earlier:
                _arrow(axes, (x - 2 + width / 2, before), (x - width / 2, y))
        earlier = heights
    return figure


@diagram
def scalarisations() -> Figure:
    """How a minimum is found on a front: a straight line touches a convex front anywhere and a concave one at its ends;
    the corner of a Chebyshev sum fits anywhere."""
    figure, row = plt.subplots(1, 3, figsize=(8, 3.3))
    turn = np.linspace(0, np.pi / 2, 100)
    concave = np.cos(turn) ** 0.9, np.sin(turn) ** 0.9
    convex = 1.15 - np.cos(turn), 1.15 - np.sin(turn)
    titles = ("Convex front,\nweighted sum", "Concave front,\nweighted sum", "Concave front,\nChebyshev sum")
    words = ("a line touches\neverywhere", "a line stops\nat an end", "a corner fits\neverywhere")
    for axes, title, text, front in zip(row, titles, words, (convex, concave, concave), strict=True):
        axes.plot(*front, color=BLACK, linewidth=2.5)
        axes.set(xlim=(-0.1, 1.35), ylim=(-0.1, 1.35), xticks=[], yticks=[], xlabel="loss A", ylabel="loss B")
        axes.set_title(title, fontsize=11)
        axes.text(1.32, 1.3, text, ha="right", va="top", color=GREY, fontsize=10)
    orange = TASKS[1].colour
    middle = 1.15 - np.sqrt(0.5)
    row[0].plot([2 * middle + 0.08, -0.08], [-0.08, 2 * middle + 0.08], color=orange)
    row[0].plot(middle, middle, "o", color=orange)
    row[1].plot([-0.08, 1.08], [1.08, -0.08], color=orange)
    row[1].plot([0, 1], [1, 0], "o", color=orange)
    corner = np.sqrt(0.5) ** 0.9
    row[2].plot([corner, corner, -0.08], [-0.08, corner, corner], color=orange)
    row[2].plot(corner, corner, "o", color=orange)
    return figure


@diagram
def learning_family() -> Figure:
    """Multi-label learning within multi-task learning within transfer learning, each with an example."""
    figure, axes = plt.subplots(figsize=(8, 4.8))
    axes.set(xlim=(0, 20), ylim=(0, 12.4))
    axes.axis("off")
    rings = (
        (0.1, 0.1, 19.8, 12.2, "#f1f1f1", "Transfer learning", "What was learnt for one task serves another."),
        (0.7, 0.4, 18.6, 8.6, "#d9e8f2", "Multi-task learning", "Several tasks are learnt together, and all count."),
        (1.3, 0.7, 17.4, 5.0, "#ffffff", "Multi-label learning", "The tasks are labels of one and the same row."),
    )
    examples = (
        "A text model, trained on the web, is tuned on film reviews.",
        "Clicks in an app and purchases in a shop: one model for both.",
        "One video shown to one user: click? finish? like? follow?",
    )
    for (x, y, width, height, colour, name, meaning), example in zip(rings, examples, strict=True):
        box = {"boxstyle": "round,pad=0,rounding_size=0.5", "facecolor": colour, "edgecolor": GREY}
        axes.add_patch(FancyBboxPatch((x, y), width, height, **box))
        for below, text, style in (
            (0.75, name, {"fontsize": 13, "fontweight": "bold", "color": BLACK}),
            (1.7, meaning, {"fontsize": 11, "color": BLACK}),
            (2.55, example, {"fontsize": 11, "color": GREY, "style": "italic"}),
        ):
            axes.text(x + 0.5, y + height - below, text, va="center", **style)
    _box(axes, 10, 1.9, 13.6, "what recommenders call multi-task", BLACK)
    return figure


@diagram
def where_to_part() -> Figure:
    """Two tasks on three levels, from nothing shared to all but the last layer: where their paths part."""
    figure, row = plt.subplots(1, 4, figsize=(9.5, 3.9))
    titles = ("nothing", "embeddings", "embeddings,\n1 layer", "embeddings,\n2 layers")
    for shared, (axes, title) in enumerate(zip(row, titles, strict=True)):
        axes.set(xlim=(0, 10), ylim=(0, 10))
        axes.axis("off")
        axes.set_title(title, fontsize=12, loc="center")
        for level, name in enumerate(("embeddings", "layer 1", "layer 2")):
            y = 1 + 2.8 * level
            if level < shared:
                _box(axes, 5, y, 9.2, name, BLACK)
            for x, task in ((2.5, 0), (7.5, 1)):
                if level >= shared:
                    _box(axes, x, y, 4.2, name, TASKS[task].colour, size=8.5)
                if level < 2:
                    _arrow(axes, (5 if level + 1 < shared else x, y + 0.8), (5 if level + 1 < shared else x, y + 2.0))
        for x, task in ((2.5, 0), (7.5, 1)):
            _arrow(axes, (x, 7.4), (x, 8.6))
            axes.text(x, 9.2, "AB"[task], ha="center", va="center", color=TASKS[task].colour)
    return figure


@diagram
def field() -> Figure:
    """What research on multi-task learning asks: of the structure and of the losses, each question with a method."""
    figure, axes = plt.subplots(figsize=(9.5, 4.3))
    axes.set(xlim=(0, 24), ylim=(1, 12))
    axes.axis("off")
    _box(axes, 12, 11, 9, "one model, many tasks", BLACK)
    middle = {"ha": "center", "va": "center", "fontsize": 12}
    for x, name, question in (
        (5.4, "structure", "which parameters are shared,\nwhere, and how?"),
        (17.6, "losses", "how do several losses\nbecome one step?"),
    ):
        _arrow(axes, (12, 10.2), (x, 9.0))
        _box(axes, x, 8.2, 6.2, name, BLACK)
        axes.text(x, 6.5, question, color=BLACK, **middle)
    for x, above, name, methods in (
        (2.7, 5.4, "one event\nneeds another", "ESMM"),
        (8.1, 5.4, "no such\nrelation", "Shared-Bottom\nMMoE, PLE"),
        (13.4, 17.6, "size", "manual weights\nUWL"),
        (17.6, 17.6, "speed", "GradNorm"),
        (21.8, 17.6, "direction", "PCGrad"),
    ):
        _arrow(axes, (above, 5.6), (x, 4.7))
        axes.text(x, 3.9, name, color=BLACK, fontweight="bold", **middle)
        axes.text(x, 2.2, methods, color=GREY, **middle)
    return figure


@diagram
def populations() -> Figure:
    """Impressions, clicked and liked, as boxes within boxes: where each of the three rates is trained and used."""
    figure, axes = plt.subplots(figsize=(8, 4.4))
    axes.set(xlim=(0, 20), ylim=(0, 11))
    axes.axis("off")
    rings = (
        (0.1, 0.1, 12.6, 10.8, "#f1f1f1", "all impressions: what is shown"),
        (0.7, 0.5, 8.0, 7.6, "#d9e8f2", "clicked: what plays"),
        (1.3, 0.9, 4.6, 4.6, "#ffffff", "clicked and liked"),
    )
    for x, y, width, height, colour, name in rings:
        box = {"boxstyle": "round,pad=0,rounding_size=0.5", "facecolor": colour, "edgecolor": GREY}
        axes.add_patch(FancyBboxPatch((x, y), width, height, **box))
        axes.text(x + 0.5, y + height - 0.8, name, va="center", fontsize=12, color=BLACK)
    words = (
        (8.4, "CTR: clicked of all", TASKS[0].colour),
        (7.4, "CTCVR: liked of all", TASKS[1].colour),
        (5.4, "CVR: liked of clicked", BLACK),
    )
    for y, text, colour in words:
        axes.text(13.3, y, text, va="center", fontsize=12, color=colour, fontweight="bold")
    for y, text in ((4.4, "trained on clicked rows,"), (3.6, "used on all of them")):
        axes.text(13.3, y, text, va="center", fontsize=12, color=GREY, style="italic")
    axes.text(10.6, 3.2, "liked, if\nclicked?", ha="center", va="center", fontsize=12, color=GREY, style="italic")
    return figure


@diagram
def entire_space() -> Figure:
    """A CVR tower with a loss on clicked rows beside ESMM, in which the product with CTR has the loss."""
    figure, row = plt.subplots(1, 2, figsize=(9, 4.8))
    a, b = TASKS[0].colour, TASKS[1].colour
    for axes, title in zip(row, ("A CVR masked to clicks", "ESMM"), strict=True):
        axes.set(xlim=(0, 12), ylim=(-0.2, 12.4))
        axes.axis("off")
        axes.set_title(title, fontsize=12, loc="center")
        _box(axes, 6, 0.8, 10.5, "inputs x, embeddings", BLACK, height=1.3, size=11)
        for x, name, colour in ((3, "tower of the click", a), (9, "tower of the like", b)):
            _arrow(axes, (x, 1.45), (x, 2.6))
            _box(axes, x, 3.3, 5.2, name, colour, height=1.4, size=10)
            _arrow(axes, (x, 4.0), (x, 5.2))
            axes.text(x, 5.8, "CTR" if colour == a else "CVR", ha="center", va="center", color=colour, fontsize=12)
    left, right = row
    _loss(left, 3, 10.6, "loss:\nall rows", a)
    _loss(left, 9, 10.6, "loss:\nclicked rows", b)
    _arrow(left, (3, 6.3), (3, 9.4))
    _arrow(left, (9, 6.3), (9, 9.4))
    _box(right, 9, 8.1, 4.2, "CTR · CVR", BLACK, height=1.4, size=11)
    _arrow(right, (9, 6.3), (9, 7.4))
    _arrow(right, (4.1, 6.1), (6.9, 7.7))
    _arrow(right, (3, 6.3), (3, 9.4))
    _arrow(right, (9, 8.8), (9, 9.4))
    _loss(right, 3, 10.6, "loss:\nall rows", a)
    _loss(right, 9, 10.6, "loss on CTCVR:\nall rows", BLACK)
    return figure


def _loss(axes: Axes, x: float, y: float, text: str, colour: str) -> None:
    box = {"boxstyle": "round,pad=0.4", "facecolor": "white", "edgecolor": colour}
    axes.text(x, y, text, ha="center", va="center", color=colour, fontsize=11, bbox=box)


def _box(
    axes: Axes, x: float, y: float, width: float, text: str, colour: str, height: float = 1.6, size: float = 12
) -> None:
    box = FancyBboxPatch(
        (x - width / 2, y - height / 2),
        width,
        height,
        boxstyle="round,pad=0,rounding_size=0.3",
        facecolor=colour,
        edgecolor="none",
    )
    axes.add_patch(box)
    axes.text(x, y, text, ha="center", va="center", color="white", fontsize=size, fontweight="bold")


def _arrow(axes: Axes, start: Sequence[float], end: Sequence[float]) -> None:
    axes.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": GREY, "linewidth": 1.5})
