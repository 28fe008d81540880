"""The diagrams of chapter 01: what a phone logs, what multi-task learning belongs to, and what its field asks."""

from matplotlib.figure import Figure

from helpers.display.diagrams import arrow, box, canvas, diagram, frame
from helpers.display.palette import BLACK, GREEN, GREY


@diagram
def phone() -> Figure:
    """A phone shows one video of a feed; around it the ten signals that the app logs, each where it arises."""
    figure, (axes,) = canvas((8, 5.4), (0, 20), (0, 13.5))
    frame(axes, 7.2, 0.4, 5.6, 12.6, BLACK)
    frame(axes, 7.45, 1.3, 5.1, 11.2, "#d9e8f2")
    axes.text(9.6, 7.2, "▶", color=BLACK, fontsize=40, ha="center", va="center")
    axes.plot([7.9, 12.1], [1.9, 1.9], color="white", linewidth=5, solid_capstyle="round")
    axes.plot([7.9, 10.4], [1.9, 1.9], color=GREEN, linewidth=5, solid_capstyle="round")
    axes.text(7.8, 2.8, "@author", color=BLACK, fontsize=11, fontweight="bold", va="center")
    for y, icon in ((11.0, "✚"), (9.3, "♥"), (7.6, "★"), (5.9, "✎"), (4.2, "➦")):
        axes.text(11.8, y, icon, color=BLACK, fontsize=20, ha="center", va="center")
    right, left = {"ha": "left", "x": 13.9, "start": 13.7}, {"ha": "right", "x": 6.1, "start": 6.3}
    for side, y, end, name, meaning in (
        (left, 9.4, (8.5, 7.6), "click", "the cover is opened"),
        (left, 5.8, (7.7, 3.3), "profile visit", "the author's page"),
        (left, 3.2, (8.9, 2.1), "watch time", "seconds played"),
        (left, 1.0, (7.2, 1.0), "return next day", "the app is opened again"),
        (right, 11.0, (12.3, 11.0), "follow", "the author, from now on"),
        (right, 9.3, (12.3, 9.3), "like", "a tap on the heart"),
        (right, 7.6, (12.3, 7.6), "favourite", "kept for later"),
        (right, 5.9, (12.3, 5.9), "comment", "a few words"),
        (right, 4.2, (12.3, 4.2), "share", "sent to a friend"),
        (right, 1.9, (12.3, 1.9), "finish", "played to the end"),
    ):
        axes.text(side["x"], y + 0.35, name, color=BLACK, fontsize=13, fontweight="bold", ha=side["ha"], va="center")
        axes.text(side["x"], y - 0.4, meaning, color=GREY, fontsize=11, ha=side["ha"], va="center")
        arrow(axes, (side["start"], y), end)
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
