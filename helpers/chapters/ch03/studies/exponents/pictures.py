"""What a trial sees along one exponent, and what each of six exponents brings."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from helpers.chapters.ch03.studies.exponents.market import GOALS, Days
from helpers.display import figures
from helpers.display.palette import BLACK, GREY

STEPS = tuple(number / 4 for number in range(-8, 9))


def noise(true: Sequence[float], seen: np.ndarray, users: int) -> Figure:
    """The chance to return by the exponent of the click (`STEPS`), and what trials saw: `(steps, trials)`."""
    figure, axes = plt.subplots()
    axes.plot(
        np.repeat(STEPS, seen.shape[1]), seen.ravel(), "o", color=GREY, alpha=0.7, label=f"trials of {users:,} users"
    )
    axes.plot(STEPS, true, color=BLACK, linewidth=2.5, label="true")
    axes.legend(frameon=False)
    axes.set(xlabel="exponent of the click (all others 1)", ylabel="share of users who come back")
    axes.set_title("The line is what there is to see, the dots are what trials see of it")
    return figure


def one_by_one(days: Days) -> Figure:
    """The chance to return by each exponent, while of the other five those of like, favourite and share are 1, the rest
    0."""
    still = {goal: float(goal in ("like", "favourite", "share")) for goal in GOALS}
    rows = [
        (goal.replace("_", " "), step, days.value(tuple((still | {goal: step}).values()))["returns"])
        for goal in GOALS
        for step in STEPS
    ]
    table = pd.DataFrame(rows, columns=["exponent", "at", "mean"])
    table = table.assign(low=table["mean"], high=table["mean"])
    title = "Finish, watch time, click: below 0 their exponents bring users back"
    axes = {
        "x_label": "one exponent; the others are 0, or 1 for like, favourite and share",
        "y_label": "chance to return",
    }
    return figures.lines(table, "at", "exponent", title=title, **axes)
