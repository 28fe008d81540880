"""The diagrams of chapter 04: a Shared-Bottom next to single-task models, and where two tasks can part."""

from matplotlib.figure import Figure

from helpers.display.diagrams import arrow, box, canvas, diagram
from helpers.display.palette import BLACK, GREY, TASKS


@diagram
def architectures() -> Figure:
    """Two single-task models next to one Shared-Bottom, as boxes from the inputs (below) to the outputs (above)."""
    titles = ("Single-task: nothing is shared", "Shared-Bottom: one bottom, two towers")
    figure, (left, right) = canvas((8, 4.2), (0, 10), (0, 10), titles, loc="left")
    a, b = TASKS[0].colour, TASKS[1].colour
    for x, task, colour in ((2.5, "A", a), (7.5, "B", b)):
        box(left, x, 1.2, 3.6, "inputs x", GREY)
        box(left, x, 4.0, 3.6, f"bottom {task}", colour)
        box(left, x, 6.6, 2.8, f"tower {task}", colour)
        box(right, x, 6.6, 2.8, f"tower {task}", colour)
        for axes in (left, right):
            axes.text(x, 9.3, f"logit {task}", ha="center", va="center", color=colour, fontsize=12)
            arrow(axes, (x, 7.4), (x, 8.8))
        arrow(left, (x, 2.0), (x, 3.2))
        arrow(left, (x, 4.8), (x, 5.8))
        arrow(right, (5, 4.8), (x, 5.8))
    box(right, 5, 1.2, 5.0, "inputs x", GREY)
    box(right, 5, 4.0, 5.0, "shared bottom", BLACK)
    arrow(right, (5, 2.0), (5, 3.2))
    return figure


@diagram
def where_to_part() -> Figure:
    """Two tasks on three levels, from nothing shared to all but the last layer: where their paths part."""
    titles = ("nothing", "embeddings", "embeddings,\n1 layer", "embeddings,\n2 layers")
    figure, row = canvas((9.5, 3.9), (0, 10), (0, 10), titles)
    for shared, axes in enumerate(row):
        for level, name in enumerate(("embeddings", "layer 1", "layer 2")):
            y = 1 + 2.8 * level
            if level < shared:
                box(axes, 5, y, 9.2, name, BLACK)
            for x, task in ((2.5, 0), (7.5, 1)):
                if level >= shared:
                    box(axes, x, y, 4.6, name.replace("bed", "bed-\n"), TASKS[task].colour, height=1.9, size=11)
                if level < 2:
                    at = 5 if level + 1 < shared else x
                    arrow(axes, (at, y + 0.95), (at, y + 1.85))
        for x, task in ((2.5, 0), (7.5, 1)):
            arrow(axes, (x, 7.4), (x, 8.6))
            axes.text(x, 9.2, "AB"[task], ha="center", va="center", color=TASKS[task].colour)
    return figure
