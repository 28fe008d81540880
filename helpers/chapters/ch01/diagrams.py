"""The diagrams of chapter 01: the screen of the feed, what multi-task learning belongs to, and what its field asks."""

from __future__ import annotations

from matplotlib.figure import Figure
from matplotlib.patches import Circle

from helpers.display.diagrams import arrow, box, canvas, diagram, frame
from helpers.display.palette import BLACK, GREY


@diagram
def screen() -> Figure:
    """A phone that plays a video, and the places on its screen that give ten signals."""
    figure, (axes,) = canvas((8, 5.2), (0, 16), (0, 10.4))
    frame(axes, 5.4, 0.2, 5.2, 10, "#f1f1f1")
    frame(axes, 5.7, 0.8, 4.6, 8.9, "#d9e8f2")
    signals = (  # what, where on the screen, how large, the place of its label, whether our feed logs it
        ("click on the cover", (7.4, 6.2), 0.55, (4.6, 7.2), True),
        ("tap on a friend's picture", (6.3, 4.4), 0.28, (4.6, 5.0), False),
        ("visit to the author's page", (6.3, 3.2), 0.36, (4.6, 3.6), True),
        ("follow", (7.3, 2.5), 0.28, (4.6, 2.5), True),
        ("watch time", (7.4, 1.6), 0.15, (4.6, 1.6), True),
        ("like", (9.6, 6.4), 0.34, (11.4, 7.4), True),
        ("favourite", (9.6, 5.4), 0.34, (11.4, 6.0), True),
        ("share", (9.6, 4.4), 0.34, (11.4, 4.6), True),
        ("comment", (9.6, 3.4), 0.34, (11.4, 3.2), True),
        ("finish: watched to the end", (9.9, 1.6), 0.15, (11.4, 1.6), True),
    )
    for name, where, size, (x, y), logged in signals:
        colour = BLACK if logged else GREY
        axes.plot((where[0], x), (where[1], y), color=GREY, linewidth=0.8)
        axes.add_patch(Circle(where, size, facecolor="#ffffff", edgecolor=colour, linewidth=1.5, zorder=3))
        side = {"ha": "right" if x < where[0] else "left", "va": "center", "fontsize": 12}
        axes.text(x + (-0.1 if x < where[0] else 0.1), y, name, color=colour, **side)
    axes.plot((6.1, 9.9), (1.6, 1.6), color=GREY, linewidth=3)
    axes.plot((6.1, 7.4), (1.6, 1.6), color=BLACK, linewidth=3)
    axes.plot(7.34, 6.2, marker=">", color=BLACK, markersize=11, zorder=4)
    axes.set_aspect("equal")
    return figure


@diagram
def learning_family() -> Figure:
    """Multi-label learning within multi-task learning within transfer learning, each with an example."""
    figure, (axes,) = canvas((8, 4.8), (0, 20), (0, 12.4))
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
        frame(axes, x, y, width, height, colour)
        for below, text, style in (
            (0.75, name, {"fontsize": 13, "fontweight": "bold", "color": BLACK}),
            (1.7, meaning, {"fontsize": 11, "color": BLACK}),
            (2.55, example, {"fontsize": 11, "color": GREY, "style": "italic"}),
        ):
            axes.text(x + 0.5, y + height - below, text, va="center", **style)
    box(axes, 10, 1.9, 13.6, "what recommenders call multi-task", BLACK)
    return figure


@diagram
def field() -> Figure:
    """What research on multi-task learning asks: of the structure and of the losses, each question with a method."""
    figure, (axes,) = canvas((9.5, 4.3), (0, 24), (1, 12))
    box(axes, 12, 11, 9, "one model, many tasks", BLACK)
    middle = {"ha": "center", "va": "center", "fontsize": 12}
    for x, name, question in (
        (5.4, "structure", "which parameters are shared,\nwhere, and how?"),
        (17.6, "losses", "how do several losses\nbecome one step?"),
    ):
        arrow(axes, (12, 10.2), (x, 9.0))
        box(axes, x, 8.2, 6.2, name, BLACK)
        axes.text(x, 6.5, question, color=BLACK, **middle)
    for x, above, name, methods in (
        (2.7, 5.4, "one event\nneeds another", "ESMM"),
        (8.1, 5.4, "no such\nrelation", "Shared-Bottom\nMMoE, PLE"),
        (13.4, 17.6, "size", "manual weights\nUWL"),
        (17.6, 17.6, "speed", "GradNorm"),
        (21.8, 17.6, "direction", "PCGrad"),
    ):
        arrow(axes, (above, 5.6), (x, 4.7))
        axes.text(x, 3.9, name, color=BLACK, fontweight="bold", **middle)
        axes.text(x, 2.2, methods, color=GREY, **middle)
    return figure
