"""The questions of chapter 08, the capstone."""

import pandas as pd
from matplotlib.figure import Figure

from helpers.capstone.lists import Lists
from helpers.display.outcome_map import outcome_map
from helpers.display.questions import answers
from helpers.display.runs import Runs


@answers("C8.P1")
def leak(problems: object) -> str:
    """problems: what the check of the table says."""
    return repr(problems)


@answers("C8.P2")
def usual_interval(coverage: pd.DataFrame) -> Figure:
    """coverage: the table of `worlds.coverage`."""
    settings = ["condition", "task", "seed", "repeats"]
    held = coverage.melt(settings, ["report", "naive"], "interval", "held")
    held = Runs(held, "held", metric="share of intervals that hold the truth", model="interval", seeds="worlds")
    title = "After ten and twenty seeds the usual interval holds less"
    return held.lines("repeats", title=title, x_label="seeds of the report")


@answers("C8.P7")
def yes(logs: pd.DataFrame) -> Figure:
    """logs: a row a log, of `answers.on_map`."""
    return outcome_map(logs, title="B gains if it needs what A knows, and has few rows")


@answers("C8.P6")
def both_goals(lists: Lists) -> Figure:
    """lists: the reader's lists, of three sources."""
    return lists.figure()


@answers("C8.P4")
def replayed(runs: Runs) -> Figure:
    """runs: the kept table `08_unserved`, looked at by what is said over what is true, less 1."""
    known = runs.where(setting="all is known", size=10_000, estimator=["replay", "self-normalised"])
    return known.dots("ranker", title="Replay says too much of each ranker, and not the same of all")


@answers("C8.P5")
def one_set(runs: Runs) -> Figure:
    """runs: the kept table `08_own_taste`, looked at by satisfaction."""
    sets = {"one set of factors": "one set", "a set for each label": "four sets"}
    ways = {f"counts + {name}": short for name, short in sets.items()}
    gained = runs.gain("all counts").where(ranker=list(ways)).label(ranker=ways)
    return gained.dots("kind", title="One set of factors brings more than four")
