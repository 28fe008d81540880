"""The diagram of chapter 06: one-gate MoE, MMoE and PLE."""

from matplotlib.figure import Figure

from helpers.display.diagrams import arrow, box, canvas, diagram
from helpers.display.palette import BLACK, GREY, TASKS


@diagram
def mixtures() -> Figure:
    """One-gate MoE, MMoE and PLE side by side, from the inputs (below) to the towers (above)."""
    titles = ("One-gate MoE:\none mixture for all", "MMoE:\na mixture for each task", "PLE:\nown and shared experts")
    figure, row = canvas((9.5, 4.6), (0, 12), (-0.2, 11), titles)
    a, b = TASKS[0].colour, TASKS[1].colour
    for axes, gates, colours in zip(
        row,
        ([(6, BLACK)], [(3, a), (9, b)], [(3, a), (9, b)]),
        ([BLACK] * 4, [BLACK] * 4, [a, BLACK, BLACK, b]),
        strict=True,
    ):
        box(axes, 6, 0.8, 11, "inputs x", GREY, height=1.3, size=11)
        for number, colour in enumerate(colours):
            x = 1.65 + 2.9 * number
            arrow(axes, (x, 1.45), (x, 2.6))
            box(axes, x, 3.3, 2.4, f"f{number + 1}", colour, height=1.4, size=11)
            for at, of in gates:
                if BLACK in (colour, of) or colour == of:
                    axes.plot([x, at], [4.05, 5.5], color=of, linewidth=1.3)
        for at, of in gates:
            name = {BLACK: "gate", a: "gate A", b: "gate B"}[of]
            box(axes, at, 6.2, 3.8, name, of, height=1.4, size=11)
        for x, task, colour in ((3, "A", a), (9, "B", b)):
            arrow(axes, (6 if len(gates) == 1 else x, 6.95), (x, 8.2))
            box(axes, x, 8.9, 4.4, f"tower {task}", colour, height=1.4, size=11)
            arrow(axes, (x, 9.65), (x, 10.9))
    return figure
