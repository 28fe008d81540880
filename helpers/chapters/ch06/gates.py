"""The explorable of chapter 06: which expert wins in two gates while they are trained, over one plane of rows."""

from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from helpers.data.synthetic import ALPHA, BETA
from helpers.display.live.live import Live
from helpers.display.palette import TASKS

START = {"p": 0, "column": "scaled", "seed": 1, "step": 0, "s": 0.8, "t": 0.5}


def two_gates() -> Live:
    """An MMoE that trains in the page: which expert wins where, in the gate of task A and in that of task B."""
    words = (
        "Two squares, for the gates of task A and of task B. Each is a plane of rows that straight borders divide into "
        "one field for each expert; the borders of the two gates differ."
    )
    data = {"alpha": ALPHA, "beta": BETA}
    return Live(Path(__file__).with_suffix(".js"), "Two gates in training", START, _picture(), words, data=data)


def _picture() -> Figure:
    """Two linear gates over a plane, drawn at random as before training: the expert with the largest weight."""
    figure, both = plt.subplots(1, 2, figsize=(7, 3.6), sharex=True, sharey=True)
    s, t = np.meshgrid(np.linspace(-2.5, 2.5, 120), np.linspace(-2.5, 2.5, 120))
    first = np.random.default_rng(START["seed"])
    for axes, style, task in zip(both, TASKS, "AB", strict=False):
        logits = np.tensordot(first.uniform(-1, 1, (4, 2)), np.stack([s, t]), 1)  # (experts, 120, 120)
        best = logits.argmax(0)
        axes.contourf(s, t, best, [-0.5, 0.5, 1.5, 2.5, 3.5], cmap="Greys", alpha=0.5)
        for expert in np.unique(best):
            axes.text(s[best == expert].mean(), t[best == expert].mean(), expert + 1, ha="center", weight="bold")
        axes.set_title(f"gate of task {task}", color=style.colour)
        axes.set(aspect="equal", xticks=[], yticks=[])
    return figure
