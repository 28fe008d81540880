"""The diagrams of chapter 07: who is counted in CTR, CVR and CTCVR, and where ESMM has its losses."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers.display.diagrams import arrow, box, canvas, diagram, frame
from helpers.display.palette import BLACK, GREY, TASKS


@diagram
def populations() -> Figure:
    """Impressions, clicked and liked, as boxes within boxes: where each of the three rates is trained and used."""
    figure, (axes,) = canvas((8, 4.4), (0, 20), (0, 11))
    rings = (
        (0.1, 0.1, 12.6, 10.8, "#f1f1f1", "all impressions: what is shown"),
        (0.7, 0.5, 8.0, 7.6, "#d9e8f2", "clicked: what plays"),
        (1.3, 0.9, 4.6, 4.6, "#ffffff", "clicked and liked"),
    )
    for x, y, width, height, colour, name in rings:
        frame(axes, x, y, width, height, colour)
        axes.text(x + 0.5, y + height - 0.8, name, va="center", fontsize=12, color=BLACK)
    words = (
        (8.4, "CTR: clicked of all", TASKS[0].colour),
        (7.4, "CTCVR: liked of all", BLACK),
        (5.4, "CVR: liked of clicked", TASKS[1].colour),
    )
    for y, text, colour in words:
        axes.text(13.3, y, text, va="center", fontsize=12, color=colour, fontweight="bold")
    for y, text in ((4.4, "trained on clicked rows,"), (3.6, "used on all of them")):
        axes.text(13.3, y, text, va="center", fontsize=12, color=GREY, style="italic")
    axes.text(10.6, 3.2, "liked, if\nclicked?", ha="center", va="center", fontsize=12, color=GREY, style="italic")
    return figure


@diagram
def entire_space() -> Figure:
    """A CVR tower with a loss on clicked rows, and ESMM, in which the product with CTR has the loss."""
    titles = ("A CVR masked to clicks", "ESMM")
    figure, (left, right) = canvas((9, 4.8), (0, 12), (-0.2, 12.4), titles)
    a, b = TASKS[0].colour, TASKS[1].colour
    for axes in (left, right):
        box(axes, 6, 0.8, 10.5, "inputs x, embeddings", BLACK, height=1.3, size=11)
        for x, name, colour in ((3, "tower of the click", a), (9, "tower of the like", b)):
            arrow(axes, (x, 1.45), (x, 2.6))
            box(axes, x, 3.3, 5.2, name, colour, height=1.4, size=10)
            arrow(axes, (x, 4.0), (x, 5.2))
            axes.text(x, 5.8, "CTR" if colour == a else "CVR", ha="center", va="center", color=colour, fontsize=12)
    _loss(left, 3, 10.6, "loss:\nall rows", a)
    _loss(left, 9, 10.6, "loss:\nclicked rows", b)
    for axes, x in ((left, 3), (left, 9), (right, 3)):
        arrow(axes, (x, 6.3), (x, 9.4))
    box(right, 9, 8.1, 4.2, "CTR · CVR", BLACK, height=1.4, size=11)
    arrow(right, (9, 6.3), (9, 7.4))
    arrow(right, (4.1, 6.1), (6.9, 7.7))
    arrow(right, (9, 8.8), (9, 9.4))
    _loss(right, 3, 10.6, "loss:\nall rows", a)
    _loss(right, 9, 10.6, "loss on CTCVR:\nall rows", BLACK)
    return figure


def _loss(axes: Axes, x: float, y: float, text: str, colour: str) -> None:
    box = {"boxstyle": "round,pad=0.4", "facecolor": "white", "edgecolor": colour}
    axes.text(x, y, text, ha="center", va="center", color=colour, fontsize=11, bbox=box)
