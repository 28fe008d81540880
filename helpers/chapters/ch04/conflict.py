"""The explorable of chapter 04's section on gradients: two tasks' losses on a plane of two shared parameters."""

from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from helpers.display.live.live import Live
from helpers.display.palette import BLACK, TASKS

# centre, stretch r and angle f (degrees) of both bowls, scale of B's loss as a power of ten, place of the ball
START = {
    **{"ax": -1.2, "ay": -0.5, "ra": 2, "fa": 25},
    **{"bx": 1.3, "by": 0.4, "rb": 1.8, "fb": -60, "sb": 0},
    **{"px": -0.2, "py": 0.9},
}


def conflict() -> Live:
    """Two bowls to drag, turn, stretch and scale; a ball with both pulls, their sum, and PCGrad's step."""
    words = (
        "Two bowls on a plane, task A's at the left, task B's at the right, and a ball between them. The pulls of both "
        "tasks on the ball are more than 90° apart: they conflict."
    )
    return Live(Path(__file__).with_suffix(".js"), "Two tasks on one plane", START, _picture(), words)


def _picture() -> Figure:
    """The first setting: contours, the pulls and their sum."""
    figure, axes = plt.subplots(figsize=(6.4, 4))
    x, y = np.meshgrid(np.linspace(-3.2, 3.2, 160), np.linspace(-2, 2, 100))
    ball, pulls = (START["px"], START["py"]), []
    for style, task in zip(TASKS, "ab", strict=False):
        centre, turn = (START[f"{task}x"], START[f"{task}y"]), np.radians(START[f"f{task}"])
        along = np.array([np.cos(turn), np.sin(turn)])
        curvature = np.eye(2) - (1 - START[f"r{task}"] ** -2) * np.outer(along, along)
        away = np.stack([x - centre[0], y - centre[1]])
        axes.contour(
            x, y, np.einsum("iyx,ij,jyx->yx", away, curvature, away) / 2, [1 / 32, 1 / 8, 1 / 2, 2], colors=style.colour
        )
        axes.text(*centre, f"task {task.upper()}", color=style.colour, ha="center", va="center", weight="bold")
        pulls.append((curvature @ np.subtract(centre, ball), style.colour))
    for pull, colour in [*pulls, (pulls[0][0] + pulls[1][0], BLACK)]:
        axes.annotate("", ball + pull, ball, arrowprops={"arrowstyle": "-|>", "color": colour, "lw": 2.5})
    axes.plot(*ball, "o", color=BLACK, ms=10)
    axes.set(aspect="equal", xticks=[], yticks=[], title="Two tasks pull at the same two parameters")
    return figure
