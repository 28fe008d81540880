"""The questions of chapter 00, where everything starts."""

from __future__ import annotations

import pandas as pd

from helpers.display.questions import Result, question
from helpers.display.runs import Runs
from helpers.evaluation.metrics import auc, gauc

LISTS = {"best": "best list", "satisfaction": "ten on top", "random": "random list"}


@question(
    "C0.P1",
    "Mean satisfaction with a random list is {random:.2f}, with the best possible one {best:.2f}. How far does the "
    "slider get at its best weight?",
    unit="satisfaction",
    why="A click says that the cover was good, a finish that the video was short or held you to the end. Each says a "
    "little about satisfaction, and no weight can turn that into much.",
    tempts="0.7 or more tempts, because two goals sound like enough: clicks for the cover, finishes for the "
    "video. But both also follow catchy covers, and how short a video is.",
)
def best_weight(runs: Runs) -> Result:
    levels = runs.table.rename(columns=LISTS).melt(["weight", "seed"], [*LISTS.values()], "list")
    levels = Runs(levels, "value", metric="true satisfaction", model="list", seeds=runs.seeds)
    title = "No weight brings the users near the best list"
    figure = levels.lines("weight", title=title, x_label="w, the weight of the click")
    middle = levels.where(weight=0.5)
    random, best = (middle.where(list=name).mean() for name in ("random list", "best list"))
    reached = levels.where(list="ten on top").summary("weight")["mean"].max()
    return Result(figure, answer=round(reached, 2), axis="y", random=random, best=best)


@question(
    "C0.P2",
    "Which of the two rates has the higher AUC for likes?",
    options=["The user's like rate", "The video's like rate", "Neither, within 0.02"],
    answer=0,
    why="On the feed in data/: the user's rate has {user}, the video's rate {video}. Users differ more in how freely "
    "they like than videos do in how much they are liked. That raises the AUC, but it orders nobody's list.",
    tempts="The video's rate is the tempting guess, because only it can order a list. AUC, however, also counts "
    "pairs of two users.",
)
def two_scorers(runs: Runs, later: pd.DataFrame, user: pd.Series, video: pd.Series) -> Result:
    """later: the rows that the two rates, a number a row, were to order."""
    table = runs.table.melt(["seed", "scorer"], ["auc", "gauc"], "metric", "value")
    table = table.assign(metric=table["metric"].str.upper(), value=table["value"] - 0.5)
    judges = Runs(table, "value", metric="metric minus 0.5, which is chance", model="scorer", seeds=runs.seeds)
    figure = judges.dots("metric", title="AUC prefers the scorer that cannot order a single list")
    return Result(figure, user=_judged(user, later), video=_judged(video, later))


def _judged(scores: pd.Series, rows: pd.DataFrame) -> str:
    like = rows["like"]
    return f"AUC {auc(scores, like):.2f}, GAUC {gauc(scores, like, rows['user']).value:.2f}"


@question(
    "C0.P3",
    "Which list has the higher NDCG?",
    options=["A: places 1 and 6", "B: places 3 and 4", "They are equal, as the AUC is"],
    answer=0,
    why="The first place alone counts 1; places 3 and 4 together count 0.5 + 0.43.",
    tempts="“Equal” tempts, because the AUC is. But AUC has no top: NDCG does.",
)
def two_lists(a: float, b: float) -> str:
    return f"List A has an NDCG of {a:.2f}, list B of {b:.2f}."
