"""The explorer of chapter 07, Explicit relations: ESMM: the reader says who clicks, and two models are fitted to it."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from helpers.chapters.ch07.selection import leaning
from helpers.display.live.live import Live
from helpers.display.palette import BLACK, GREY, TASKS

START = {"x": 1.2, "y": 0, "size": 1.4, "mood": True, "bent": False, "curved": True, "guess": 0, "all": False}


def brush() -> Live:
    """A brush on appeal × mood says who clicks → a CVR of the clicked rows, ESMM's CVR, and how far off both are."""
    words = (
        "Impressions on a plane of appeal and mood. Those under a round brush, at high appeal, are clicked, and most "
        "of them are liked; of the others, which are not clicked, no log tells."
    )
    return Live(
        Path(__file__).with_name("selection.js"), "Who clicks, and what two models learn", START, _picture(), words
    )


def _picture() -> Figure:
    """Rows of the same kind as those that the browser draws, under its first brush."""
    rng = np.random.default_rng(0)
    appeal, mood = rng.standard_normal((2, 400))
    clicked = np.hypot(appeal - START["x"], mood - START["y"]) < START["size"]
    liked = clicked & (rng.random(400) < 1 / (1 + np.exp(-0.2 - leaning(appeal) - 1.2 * mood)))
    figure, axes = plt.subplots(figsize=(5, 4))
    axes.plot(appeal[~clicked], mood[~clicked], ".", color=GREY, markersize=3)
    axes.plot(appeal[clicked], mood[clicked], "o", color=TASKS[0].colour, markerfacecolor="white")
    axes.plot(appeal[liked], mood[liked], "o", color=TASKS[1].colour, markersize=4)
    axes.add_patch(plt.Circle((START["x"], START["y"]), START["size"], fill=False, linestyle="--", color=BLACK))
    axes.set(title="Who clicks, and who likes it", xlabel="appeal", ylabel="mood", aspect="equal")
    return figure
