"""The pictures of chapter 00: the course as a map, and what pairing does to luck."""

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from helpers.display.diagrams import arrow, box, canvas, diagram
from helpers.display.palette import BLACK, GREY
from helpers.evaluation.statistics import interval


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


def pairs(before: pd.Series, after: pd.Series, names: tuple[str, str]) -> Figure:
    """The same numbers twice, a line a group: as they were measured, and from one start, where only the differences are
    left. Black: the means, with 95% intervals of the groups; both panels have one scale."""
    figure, panels = plt.subplots(1, 2, figsize=(8, 4.3))
    reach = 1.15 * max(abs(side - side.mean()).max() for side in (before, after))
    for axes, start, title in ((panels[0], before, "As measured"), (panels[1], before * 0, "From one start")):
        both = [start, start + after - before]
        axes.plot([0, 1], both, color="#b8b8b8", linewidth=1)
        means = np.array([interval(side) for side in both])  # (side, mean and ends)
        axes.plot([0, 1], means[:, 0], color=BLACK, marker="o", linewidth=2.5, label="mean")
        axes.vlines([0, 1], means[:, 1], means[:, 2], color=BLACK, linewidth=2.5)
        axes.set_title(title, fontsize=12)
        axes.set(xlim=(-0.15, 1.15), ylim=(start.mean() - reach, start.mean() + reach))
        axes.set_xticks([0, 1], names)
    panels[0].set_ylabel("AUC, a line a group of users")
    panels[1].set_ylabel(f"AUC, minus that of {names[0]}")
    gain, low, high = interval(after - before)
    figure.set_label(f"{len(before)} pairs; paired difference {gain:+.4f} [{low:+.4f}, {high:+.4f}]")
    figure.suptitle("The same numbers: a heap as measured, a direction in pairs", x=0.01, ha="left")
    return figure
