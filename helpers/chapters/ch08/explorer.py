"""The explorer of chapter 08, Capstone: how many rows and seeds before the report can decide?"""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from helpers.capstone.comparison import MATTERS
from helpers.chapters.ch08.coverage import RIGHT, WRONG
from helpers.display.explorer import Curves, Explorer
from helpers.display.palette import METHOD, ORANGE, SINGLE_TASK, TASKS, Style
from helpers.evaluation.statistics import summarise

HALF, NEEDED = "half of the interval", "must fall below"
SAID = ("right", "undecided", "wrong")
KEYS = ["condition", "rows", "repeats"]


def rows_explorer(grid: pd.DataFrame) -> Explorer:
    """Kind of tasks × rows × seeds → the width of the interval, and what the report says in how many worlds.

    grid: the table of `coverage.reports`.
    """
    widths = summarise(grid.assign(half=(grid["high"] - grid["low"]) / 2), "half", KEYS).assign(what=HALF)
    best = grid[grid["repeats"] == grid["repeats"].max()].groupby(["condition", "rows"])["gain"].mean()
    gains = best.abs().rename("mean") - MATTERS["regression"]
    needed = widths[KEYS].merge(gains.reset_index()).assign(what=NEEDED)
    needed = needed.assign(low=needed["mean"], high=needed["mean"])
    said = _said(grid)
    by_seeds = Curves(
        pd.concat([widths, needed]),
        x="repeats",
        y="mean",
        series="what",
        title="How wide is the interval?",
        x_label="seeds of the report",
        y_label="R²",
        low="low",
        high="high",
        styles={HALF: METHOD, NEEDED: SINGLE_TASK},
    )
    words = Curves(
        said,
        x="repeats",
        y="share",
        series="said",
        title="What does the report say?",
        x_label="seeds of the report",
        y_label="share of worlds",
        styles={"right": METHOD, "undecided": SINGLE_TASK, "wrong": Style(ORANGE, TASKS[1].dash, TASKS[1].marker)},
    )
    return Explorer(
        {"condition": "the two tasks have", "rows": "rows", "repeats": "seeds"},
        [by_seeds, words],
        _in_words(widths, needed, said),
        start={"condition": "disjoint features", "rows": 1_000, "repeats": 5},
        dropdown={"condition"},
        intervals=f"95% intervals over {grid['seed'].nunique()} worlds",
    )


def _said(grid: pd.DataFrame) -> pd.DataFrame:
    """The share of worlds in which the report is right, undecided or wrong: a row each."""
    worlds = grid.groupby([*KEYS, "seed"])["word"].first().reset_index()
    of = {"right": RIGHT, "wrong": WRONG}
    for name, words in of.items():
        worlds[name] = [float(row.word in words[row.condition]) for row in worlds.itertuples()]
    worlds["undecided"] = 1 - worlds["right"] - worlds["wrong"]
    shares = worlds.groupby(KEYS)[list(SAID)].mean().reset_index()
    return shares.melt(KEYS, var_name="said", value_name="share")


def _in_words(widths: pd.DataFrame, needed: pd.DataFrame, said: pd.DataFrame) -> Callable[[dict], str]:
    half, least = (table.set_index(KEYS)["mean"] for table in (widths, needed))
    share = said.set_index([*KEYS, "said"])["share"]

    def sentence(settings: dict) -> str:
        at = tuple(settings[key] for key in KEYS)
        words = ", ".join(f"{name} in {share[(*at, name)]:.0%}" for name in SAID)
        return (
            f"{at[0].capitalize()}, {at[1]:,} rows, {at[2]} seeds: the interval is ±{half[at]:.3f}, and a gain of this "
            f"size is decided below ±{least[at]:.3f}. The report is {words} of the worlds."
        )

    return sentence
