"""What a trial sees along one exponent, and six exponents in the reader's hands."""

from collections.abc import Sequence
from itertools import product

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from helpers.chapters.ch03.studies.exponents.market import GOALS, Days
from helpers.display.explorer import Curves, Explorer, Question
from helpers.display.palette import BLACK, GREY, METHOD, SINGLE_TASK, Style

STEPS = tuple(number / 4 for number in range(-8, 9))
LEVELS = {"click": (-1.0, -0.5, 0.0, 0.5, 1.0)} | dict.fromkeys(("watch_time", "finish"), (-1.0, -0.5, 0.0, 0.5))
LEVELS |= dict.fromkeys(("like", "favourite", "share"), (0.0, 1.0))


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


def hand(days: Days, chosen: dict[str, Sequence[float]]) -> Explorer:
    """Six exponents as sliders → the chance to return, next to that of some choices, {name: exponents}."""
    rows = []
    for exponents in product(*LEVELS.values()):
        setting = dict(zip(GOALS, exponents, strict=True))
        rows.append(setting | {"series": "your exponents", "mean": days.value(exponents)["returns"]})
    yours = pd.DataFrame(rows)
    lines = [yours] + [yours.assign(series=name, mean=days.value(other)["returns"]) for name, other in chosen.items()]
    looks = (METHOD, SINGLE_TASK, Style(GREY, (5, 1.5), "v"))
    curves = Curves(
        pd.concat(lines, ignore_index=True),
        x="click",
        series="series",
        title="Who comes back, by your six exponents",
        x_label="exponent of the click",
        y_label="chance to return",
        styles=dict(zip(("your exponents", *chosen), looks, strict=False)),
    )
    names = {goal: goal.replace("_", " ") for goal in GOALS}
    start = {goal: LEVELS[goal][-1] if len(LEVELS[goal]) == 2 else 0.0 for goal in GOALS}
    at = yours.set_index(list(GOALS))["mean"]

    def back(**other: float) -> str:
        return f"{at[tuple((start | other).values())]:.1%}"

    questions = [
        Question(
            "Drag the exponent of the click from one end to the other. Who comes back?",
            {"click": "Start here: drag it"},
            [{"click": -1.0}, {"click": 1.0}],
            f"{back(click=-1.0)} with a click at −1, {back()} without it, {back(click=1.0)} at 1.",
        ),
        Question(
            "Which of the others decides as much? Try the watch time and the finish.",
            {"watch_time": "both ends", "finish": "both ends"},
            [{name: end} for name in ("watch_time", "finish") for end in (-1.0, 0.5)],
            "; ".join(
                f"{names[name]} from −1 to 0.5: {back(**{name: -1.0})} to {back(**{name: 0.5})}"
                for name in ("watch_time", "finish")
            )
            + ".",
        ),
    ]
    return Explorer(
        "exponents", names, [curves], _in_words, questions=questions, start=start, buttons=set(names) - {"click"}
    )


def _in_words(_: dict, at: pd.Series) -> str:
    back = at["mean"]
    others = ", ".join(f"by {name} {value:.1%}" for name, value in back.drop("your exponents").items())
    return f"By your exponents {back['your exponents']:.1%} come back; {others}."
