"""The questions of chapter 02, weighted cross-entropy."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from helpers.display import figures
from helpers.display.palette import GREY
from helpers.display.questions import Result, question
from helpers.display.runs import Runs

METRIC = "reading / seconds watched"


@question(
    "C2.P1",
    "In another log nine of ten impressions are clicked, and an impression again brings 1.2 seconds. How many seconds "
    "does exp(logit) of the best constant say?",
    answer=12.0,
    unit="s",
    why="Ten impressions bring 12 seconds, as before, and only one of them speaks against a click: 12 : 1. (The figure "
    "has corrected CE as well, the subject of what follows.)",
    tempts="1.2 tempts, because the mean has not changed. The odds divide by the rows without a click, and of "
    "these hardly any are left.",
)
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


@question(
    "C2.P2",
    "Ranked by weighted CE, the top ten collect {weighted:.2f} seconds per impression, with the click model "
    "{clicks:.2f}. What happens to their true satisfaction?",
    options=[
        "It falls",
        "It rises, by far less than the watch time",
        "It rises about as much as the watch time, by a third or more",
    ],
    answer=1,
    why="The list has less bait. But longer videos and stronger hooks are watched longer whether they satisfy or not, "
    "and the loss cannot tell the difference.",
    tempts="“It rises by a third or more” tempts, because nobody watches for long what bores. But length and "
    "hooks make seconds, too.",
)
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
    return Result(figure, weighted=_seconds(runs, "weighted CE"), clicks=_seconds(runs, "clicks"))


def _seconds(runs: Runs, model: str) -> float:
    return runs.where(model=model, outcome="watch_seconds").mean()


@question(
    "C2.P3",
    "Ranked by weighted CE the top ten collect {weighted:.2f} seconds an impression. How many do they collect when "
    "ranked by squared error on the seconds?",
    options=["Fewer, by 1.5 or more", "About as many, within 1.5", "More, by 1.5 or more"],
    answer=1,
    why="Weighted CE and squared error on seconds both estimate a mean. The logarithm does not: with seven of ten "
    "impressions at 0, what it predicts is mostly whether there is a click.",
    tempts="“Fewer” tempts, because the trick of a large company should beat a plain regression. Both estimate a mean.",
)
def by_squared_error(runs: Runs) -> Result:
    labels = {"watch_seconds": "watch time, s", "bait": "bait, sd", "duration": "length, s"}
    title = "Plain squared error collects nearly as many seconds"
    others = runs.where(model=["clicks", "weighted CE", "corrected CE", "squared error", "squared error, log"])
    figure = others.panels("outcome", labels, title=title, note="the ten on top")
    return Result(figure, weighted=_seconds(runs, "weighted CE"))


@question(
    "C2.P4",
    "Each model picks the tenth of the impressions that it itself reads lowest. Which reading of its own tenth comes "
    "nearest to the seconds that were watched there?",
    options=["That of corrected CE", "That of Poisson's loss", "That of squared error", "All come as near"],
    answer=0,
    why="Corrected CE divides prediction minus fact by 1 + m, so a second counts most where little is read. The other "
    "two do not, and follow the sessions that are watched long.",
    tempts="“All come as near” tempts, because all three have their optimum at the mean. That is so where a model can "
    "be right everywhere.",
)
def lowest_tenth(runs: Runs) -> Figure:
    parts = {"reading, lowest tenth": "lowest tenth", "reading, highest tenth": "highest tenth", "reading": "all"}
    read = Runs(runs.table, "value", metric=METRIC, seeds="worlds").where(outcome=list(parts)).label(outcome=parts)
    figure = read.dots("outcome", title="Where little is watched, corrected CE reads best")
    figure.axes[0].axvline(1, color=GREY, linewidth=1, zorder=0)
    figure.axes[0].set_xlim(0.4, 1.75)
    return figure
