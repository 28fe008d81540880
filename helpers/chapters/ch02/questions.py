"""The questions of chapter 02, weighted cross-entropy."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from helpers.display import figures
from helpers.display.palette import GREY
from helpers.display.questions import Result, answers
from helpers.display.runs import Runs

METRIC = "reading / seconds watched"


@answers("C2.P1")
def best_constant(logs: pd.DataFrame) -> Figure:
    """logs: the table of `explorer.sampling`."""
    curve = logs[(logs["rows"] == 10_000) & (logs["spread"] == 1.6)]
    factors = {"mean": "middle", "low": "low", "high": "high"}
    factors = curve.assign(**{name: curve[column] / curve["truth"] for name, column in factors.items()})
    rates = np.linspace(0.02, 0.6, 60)
    return figures.readings(
        factors,
        "rate",
        "loss",
        pd.DataFrame({"x": rates, "y": 1 / (1 - rates)}),
        title="exp(logit) is too large by 1 / (1 − P)",
        x_label="click rate P",
        y_label="exp(logit) / true mean (middle 95% of\n4,000 logs of 10,000 impressions)",
        truth_label="1 / (1 − P)",
    )


@answers("C2.P2")
def by_watch_time(runs: Runs) -> Result:
    labels = {
        "click": "click rate",
        "watch_seconds": "watch time, s",
        "satisfaction": "true satisfaction",
        "bait": "bait, sd",
        "hook": "hook, sd",
        "duration": "length, s",
    }
    title = "Ranked by watch time: less bait, longer videos, stronger hooks"
    four = runs.where(model=["clicks", "weighted CE", "corrected CE", "at random"])
    figure = four.panels("outcome", labels, title=title, note="the ten on top", reference="at random")
    answer = runs.where(model="weighted CE", outcome="satisfaction").interval()
    satisfied = {"before": "clicks", "after": "weighted CE", "best": "true satisfaction"}
    means = {name: _mean(runs, model, "satisfaction") for name, model in satisfied.items()}
    return Result(figure, answer, weighted=_mean(runs, "weighted CE"), clicks=_mean(runs, "clicks"), **means)


def _mean(runs: Runs, model: str, outcome: str = "watch_seconds") -> float:
    return runs.where(model=model, outcome=outcome).mean()


@answers("C2.P3")
def by_squared_error(runs: Runs) -> Result:
    labels = {"watch_seconds": "watch time, s", "bait": "bait, sd", "duration": "length, s"}
    title = "Plain squared error collects nearly as many seconds"
    others = runs.where(model=["clicks", "weighted CE", "corrected CE", "squared error", "squared error, log"])
    figure = others.panels("outcome", labels, title=title, note="the ten on top")
    return Result(figure, weighted=_mean(runs, "weighted CE"))


@answers("C2.P4")
def lowest_tenth(runs: Runs) -> Figure:
    parts = {"reading, lowest tenth": "lowest tenth", "reading, highest tenth": "highest tenth", "reading": "all"}
    read = Runs(runs.table, "value", metric=METRIC, seeds="worlds").label(outcome=parts)
    read = read.where(outcome=list(parts.values()), model=["corrected CE", "Poisson", "squared error"])
    figure = read.dots("outcome", title="Where little is watched, corrected CE in seconds reads best")
    figure.axes[0].axvline(1, color=GREY, linewidth=1, zorder=0)
    figure.axes[0].set_xlim(0.4, 1.75)
    return figure
