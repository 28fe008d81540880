"""The explorer of chapter 08, Capstone: how many rows and seeds before the report can decide?"""

import pandas as pd

from helpers.capstone.plan import MATTERS
from helpers.chapters.ch08.coverage import DISJOINT, RIGHT, WRONG
from helpers.display.explorer import Curves, Explorer, Question
from helpers.display.palette import METHOD, OTHERS, SINGLE_TASK
from helpers.evaluation.statistics import summarise

HALF, NEEDED = "half the interval", "must fall below"
SAID = {"right": METHOD, "undecided": SINGLE_TASK, "wrong": OTHERS[1]}
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
    by_seeds = Curves(
        pd.concat([widths, needed]),
        x="repeats",
        series="what",
        title="How wide is the interval?",
        x_label="seeds of the report",
        y_label="R²",
        styles={HALF: METHOD, NEEDED: SINGLE_TASK},
    )
    said = _said(grid)
    words = Curves(
        said,
        x="repeats",
        y="share",
        series="said",
        title="What does the report say?",
        x_label="seeds of the report",
        y_label="share of worlds",
        styles=SAID,
    )
    most, (few, *_, many) = int(grid["repeats"].max()), sorted(grid["rows"].unique().tolist())
    half, enough, right = (
        frame.set_index(KEYS)[value]
        for frame, value in ((widths, "mean"), (needed, "mean"), (said[said["said"] == "right"], "share"))
    )
    same = next(name for name in grid["condition"].unique() if name != DISJOINT)
    at, small = (DISJOINT, 1_000, most), (same, many, most)
    questions = [
        Question(
            "Disjoint features, 1,000 rows: how many seeds does it take until the report decides?",
            {"repeats": "Start here: drag the seeds"},
            [{"repeats": most}],
            f"With {most} seeds half the interval is ±{half[at]:.3f}, and ±{enough[at]:.3f} is needed: the report is "
            f"right in {right[at]:.0%} of the worlds.",
        ),
        Question(
            f"Now {most} seeds. Can they make up for too few rows?",
            {"rows": "move it"},
            [{"rows": few}, {"rows": many}],
            f"No: the report is right in {right[DISJOINT, few, most]:.0%} of the worlds with {few:,} rows, in "
            f"{right[DISJOINT, many, most]:.0%} with {many:,}. Seeds average over training, not over the log.",
            {"repeats": most},
        ),
        Question(
            f"The same features, {many:,} rows. Why does the report hesitate?",
            {"repeats": "Drag the seeds"},
            [{"repeats": most}],
            f"The gain is small: half the interval must fall below ±{enough[small]:.3f}, and with {most} seeds it is "
            f"±{half[small]:.3f}.",
            {"condition": same, "rows": many},
        ),
    ]
    return Explorer(
        "rows",
        {"condition": "the two tasks have", "rows": "rows", "repeats": "seeds"},
        [by_seeds, words],
        _in_words,
        questions=questions,
        start={"condition": DISJOINT, "rows": 1_000, "repeats": 5},
        buttons={"condition"},
        intervals=f"95% intervals over {grid['seed'].nunique()} worlds",
    )


def _said(grid: pd.DataFrame) -> pd.DataFrame:
    """The share of worlds in which the report is right, undecided or wrong: a row each."""
    worlds = grid.groupby([*KEYS, "seed"])["word"].first().reset_index()
    for name, words in (("right", RIGHT), ("wrong", WRONG)):
        worlds[name] = [float(row.word in words[row.condition]) for row in worlds.itertuples()]
    worlds["undecided"] = 1 - worlds["right"] - worlds["wrong"]
    shares = worlds.groupby(KEYS)[list(SAID)].mean().reset_index()
    return shares.melt(KEYS, var_name="said", value_name="share")


def _in_words(settings: dict, widths: pd.DataFrame, words: pd.DataFrame) -> str:
    condition, rows, seeds = settings.values()
    half, needed = widths["mean"][[HALF, NEEDED]]
    shares = ", ".join(f"{name} in {words['share'][name]:.0%}" for name in SAID)
    return (
        f"{condition.capitalize()}, {rows:,} rows, {seeds} seeds: the interval is ±{half:.3f}, and a gain of this size "
        f"is decided below ±{needed:.3f}. The report is {shares} of the worlds."
    )
