"""The diagram of chapter 00: the course as a map."""

from matplotlib.figure import Figure

from helpers.display.diagrams import arrow, box, canvas, diagram
from helpers.display.palette import BLACK, GREY


@diagram
def course_map() -> Figure:
    """The chapters as boxes from left to right: what each builds on, and above each column its topic."""
    figure, (axes,) = canvas((9, 3.8), (0, 12), (0, 10))
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
            box(axes, x, y, width, chapter, BLACK, height=2.4, size=10)
            for before in earlier:
                arrow(axes, (x - 2 + width / 2, before), (x - width / 2, y))
        earlier = heights
    return figure
