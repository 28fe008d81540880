"""The explorable of chapter 06: how much two gates give to which expert, before and after training."""

from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from helpers.data.synthetic import ALPHA, BETA
from helpers.display.live.live import Live
from helpers.display.palette import BLACK, TASKS, ink

START = {"p": 0, "column": "scaled", "seed": 1, "s": 1.3, "t": -1.1, "guess": 0.5}


def two_gates() -> Live:
    """An MMoE that trains in the page: what two gates give to four experts, on a row and on all."""
    words = (
        "On the left a plane of rows, which straight borders divide into one field for each expert, in another way for "
        "gate B than for gate A. On the right ribbons from both gates to four experts and on to two towers: on the row "
        "that is marked, every expert gets weight from both gates."
    )
    data = {"alpha": ALPHA, "beta": BETA}
    return Live(Path(__file__).with_suffix(".js"), "Two gates in training", START, _picture(), words, data=data)


def _picture() -> Figure:
    """Two linear gates drawn at random, as before training: where their favourite changes; their weights on a row."""
    figure, (plane, flow) = plt.subplots(1, 2, figsize=(8, 3.4), width_ratios=(3, 5))
    around, experts = np.linspace(0, 2 * np.pi, 2001), np.arange(3, -1, -1)
    gates = np.random.default_rng(START["seed"]).uniform(-1, 1, (2, 4, 2))
    row, steps = np.array([START["s"], START["t"]]), np.linspace(0, 1, 50)
    for k, (task, dash) in enumerate(zip(TASKS[:2], ("-", "--"), strict=True)):
        circle = np.stack([np.cos(around), np.sin(around)])  # (2, angles)
        for s, t in circle[:, 1:].T[np.diff((gates[k] @ circle).argmax(0)) != 0]:
            plane.plot([0, 4 * s], [0, 4 * t], dash, color=task.colour)
        weights = np.exp(gates[k] @ row)
        weights /= weights.sum()
        start = 3.9 - 2.1 * k - np.cumsum(weights) * 1.5
        for expert, low, weight in zip(experts, start, weights, strict=True):
            way = low + (expert + 0.2 - low) * steps**2 * (3 - 2 * steps)
            for across in (steps, 2 - steps):
                flow.fill_between(across, way, way + 1.5 * weight, color=task.colour, alpha=0.5, linewidth=0)
        flow.text(0, 4 - 2.1 * k, f"gate {'AB'[k]}", color=ink(task.colour), weight="bold")
        flow.text(2, 4 - 2.1 * k, f"tower {'AB'[k]}", color=ink(task.colour), weight="bold", ha="right")
    for number, expert in enumerate(experts, 1):
        flow.text(1, expert + 0.3, number, weight="bold", ha="center", va="center")
    plane.plot(*row, "o", ms=11, mfc="white", mec=BLACK, mew=3)
    plane.set(xlim=(-2.5, 2.5), ylim=(-2.5, 2.5), aspect="equal", xticks=[], yticks=[], title="each point is a row")
    flow.set_axis_off()
    return figure
