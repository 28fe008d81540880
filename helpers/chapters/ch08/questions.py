"""The questions of chapter 08, the capstone."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from helpers.capstone.lists import Lists
from helpers.display.questions import question
from helpers.display.runs import Runs


@question(
    "C8.P1",
    "Which column tells the model whether a video will be clicked?",
    options=["position, the place in the session", "freshness", "the id of the video"],
    answer=1,
    why="Whatever its name says, it was computed at night from what had happened that day, so it contains the click. "
    "At serving time it does not exist, and the model would rank at random. The check trains nothing. It asks how "
    "well each feature alone predicts each label, on rows that it has not seen.",
    tempts="“position” tempts, because places in a list are known to move clicks. An AUC near 1 takes more: the "
    "click itself.",
)
def leak(problems: object) -> str:
    """problems: what the check of the table says."""
    return repr(problems)


@question(
    "C8.P2",
    "Twenty seeds on one log: how many of the usual 95% intervals contain the truth?",
    options=["About 95%", "About 90%", "About 80%"],
    answer=2,
    why="Twenty seeds know very well what *this* log says. They do not know what other logs would say, and each "
    "further seed hides that better.",
    tempts="“About 95%” tempts, because that is the name of the interval. The seeds are independent, but their "
    "log is the same.",
)
def usual_interval(coverage: pd.DataFrame) -> Figure:
    """coverage: the table of `worlds.coverage`."""
    settings = ["condition", "task", "seed", "repeats"]
    held = coverage.melt(settings, ["report", "naive"], "interval", "held")
    held = Runs(held, "held", metric="share of intervals that hold the truth", model="interval", seeds="worlds")
    title = "After ten and twenty seeds the usual interval holds less"
    return held.lines("repeats", title=title, x_label="seeds of the report")


@question(
    "C8.P3",
    "Rank by the predicted like alone. Of the clicks that a list by the predicted click brings, what is left?",
    options=[
        "About as much with the shared model as with separate ones",
        "More with the shared model",
        "More with the separate models",
    ],
    answer=1,
    why="The shared bottom has learnt from all clicks what each like is predicted from, so the videos that it expects "
    "to be liked are mostly those that it expects to be clicked. A separate model of *like* has seen few likes and no "
    "click. Look at the left end of each curve.",
    tempts="“About as much” tempts, because both predict the same label nearly equally well. They do not err alike.",
)
def like_alone(lists: Lists) -> Figure:
    """lists: the reader's lists, of three sources."""
    return lists.figure()
