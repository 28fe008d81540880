"""Fronts of chapter 03: how weighted sums and Chebyshev sums find a point of one, and where runs ended."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from helpers.display.diagrams import diagram
from helpers.display.palette import BLACK, GREY, METHOD, PURPLE
from helpers.support import validate


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
    middle = 1.15 - np.sqrt(0.5)
    row[0].plot([2 * middle + 0.08, -0.08], [-0.08, 2 * middle + 0.08], color=PURPLE)
    row[0].plot(middle, middle, "o", color=PURPLE)
    row[1].plot([-0.08, 1.08], [1.08, -0.08], color=PURPLE)
    row[1].plot([0, 1], [1, 0], "o", color=PURPLE)
    corner = np.sqrt(0.5) ** 0.9
    row[2].plot([corner, corner, -0.08], [-0.08, corner, corner], color=PURPLE)
    row[2].plot(corner, corner, "o", color=PURPLE)
    return figure


def clouds(table: pd.DataFrame, panel: str, x: str, y: str, curve: pd.DataFrame, *, title: str) -> Figure:
    """Where runs ended: a dot a row of `table`, a panel for each value of `panel`, over a `curve` (columns x and y)."""
    validate.columns("table", table, [panel, x, y])
    names = list(dict.fromkeys(table[panel]))
    figure, row = plt.subplots(1, len(names), figsize=(8, 4.2), sharex=True, sharey=True, squeeze=False)
    for axes, name in zip(row[0], names, strict=True):
        part = table[table[panel] == name]
        axes.plot(curve["x"], curve["y"], color=GREY, linewidth=1.5)
        axes.scatter(part[x], part[y], s=26, color=METHOD.colour, alpha=0.25, linewidth=0, label=name)
        axes.set_title(f"{name}: {len(part)} runs", fontsize=12, loc="left")
        axes.set(xlabel=x)
    row[0][0].set(ylabel=y)
    figure.suptitle(title, x=0.01, ha="left")
    return figure
