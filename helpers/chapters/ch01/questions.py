"""The questions of chapter 01: why one label is not enough, and what training together can bring."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from helpers.chapters.ch01 import ranking
from helpers.data.world import ACTIONS
from helpers.display.questions import Result, question
from helpers.display.runs import Runs


@question(
    "C1.P1",
    "In {rows:,} impressions the true satisfaction is above 0.8. What share of them has at least one like, favourite, "
    "share, follow, comment or profile visit?",
    unit="%",
    why="Most satisfaction leaves no trace in the log, or none but a click. To rank by satisfaction you have "
    "to guess it from what little is left.",
    tempts="A large share tempts, because those who act are all that one sees of an audience.",
)
def acted(happy: pd.DataFrame) -> Result:
    """happy: the impressions that truly satisfied."""
    acted, clicked = (100 * rows.mean() for rows in (happy[list(ACTIONS)].any(axis=1), happy["click"]))
    said = f"{acted:.1f}% have at least one of the six. {clicked:.1f}% were clicked at all."
    return Result(said, answer=acted, rows=len(happy))


def _over_random(runs: Runs, kinds: dict[str, str], title: str) -> Figure:
    """What ranking by each score in `kinds`, {score: what kind it is}, brings above a random list, in their order."""
    gains = ranking.over_random(runs.table)
    gains = gains[gains["score"].isin(kinds)].assign(what=lambda t: t["score"].map(kinds))
    metric = "true satisfaction of the top 10"
    gains = Runs(gains, "difference", metric=metric, model="what", seeds=runs.seeds, over="a random list")
    return gains.ranked("score").dots("score", title=title)


@question(
    "C1.P2",
    "Rank by the predicted probability that the user returns tomorrow. Compared with a list in random order, how "
    "satisfying are the top ten videos?",
    options=[
        "About as much as a random list",
        "More, though less than by clicks",
        "More than by any other label",
    ],
    answer=0,
    why="There is one answer per day, the same for all videos of the day, and habit decides most of it: what a single "
    "video adds is lost in the noise. (The interval leaves room for ±0.015.)",
    tempts="“More than by any other label” tempts, because a return is what the company wants. A goal need not "
    "be able to order a list.",
)
def by_the_return(runs: Runs) -> Figure:
    scores = [score for score in runs.table["score"].unique() if score not in ("sum", "fused")]
    kinds = {score: "one label" if score in ranking.TASKS else "no label" for score in scores}
    return _over_random(runs, kinds, "Frequent labels rank poorly; the return finds bait, not satisfaction")


@question(
    "C1.P3",
    "Rank by P(click) + P(finish) + P(like) + P(favourite) + P(share). How satisfying is the top 10?",
    options=[
        "More than by any of the five alone",
        "About as much as by the best of the five",
        "Less than by like, favourite or share alone",
    ],
    answer=2,
    why="Clicks and finishes are three to fifty times as frequent as likes, favourites and shares: a weight of 1 on "
    "each is a weight on these two.",
    tempts="“About as much as by the best” tempts, because five labels know more than one. A sum does not use "
    "what they know, only how large they are.",
)
def by_the_sum(runs: Runs) -> Figure:
    kinds = dict.fromkeys(ranking.LEVELS, "one label") | {"sum": "several labels"}
    return _over_random(runs, kinds, "The sum ranks near its two frequent terms")


@question(
    "C1.P30",
    "The new task has 100 labels. How does it do on a frozen bottom trained on two tasks with other features, "
    "compared with training from scratch?",
    options=[
        "Better: a trained bottom beats a random one",
        "About the same",
        "Somewhat worse",
        "It learns hardly anything at all",
    ],
    answer=3,
    why="A bottom keeps what its tasks needed and drops the rest. What was dropped cannot be brought back by a tower.",
    tempts="“Somewhat worse” tempts, because features learnt for one task are mostly of some use for the next. "
    "Here hardly anything is left to use.",
)
def frozen_bottom(runs: Runs) -> Figure:
    frozen = runs.table[(runs.table["mode"] == "frozen") | (runs.table["bottom"] == "from scratch")]
    frozen = Runs(frozen, metric="R² of the new task", model="bottom")
    title = "What the bottom has seen before decides"
    return frozen.lines("labels", title=title, x_label="labels of the new task", zero=True)


@question(
    "C1.P31",
    "Bottom of 8 units, no early stopping, no penalty. What do shuffled labels as a second task do to the test R² of "
    "task A?",
    options=["It falls: units are wasted on nonsense", "Hardly anything", "It rises"],
    answer=2,
    why="The nonsense takes up units with which task A would have memorised its noise. With 32 units there is "
    "capacity for both, and any second task costs, even one with the same features: nothing keeps the two from "
    "fitting their noise.",
    tempts="“It falls” tempts, because nonsense teaches nothing. It need not teach to be of use: it only has to "
    "be in the way of noise.",
)
def shuffled_labels(runs: Runs) -> Figure:
    scores = runs.table[["second", "width", "seed", "r2"]].replace({"second": {"none": "no second task"}})
    gains = Runs(scores, metric="R² of task A", model="second").gain(over="no second task")
    title = "Without any regularisation, even nonsense helps a narrow bottom"
    return gains.label(bottom="{width} units").dots("second", "bottom", title=title)
