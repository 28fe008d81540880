"""The questions of chapter 00, where everything starts."""

import pandas as pd
from matplotlib.figure import Figure

from helpers.display.questions import Result, answers
from helpers.display.runs import Runs
from helpers.evaluation.metrics import auc, gauc

LISTS = {"best": "best list", "satisfaction": "ten on top", "random": "random list"}


@answers("C0.P1")
def best_weight(runs: Runs) -> Result:
    levels = runs.table.rename(columns=LISTS).melt(["weight", "seed"], [*LISTS.values()], "list")
    levels = Runs(levels, "value", metric="true satisfaction", model="list", seeds=runs.seeds)
    title = "No weight brings the users near the best list"
    figure = levels.lines("weight", title=title, x_label="w, the weight of the click")
    middle = levels.where(weight=0.5)
    random, best = (middle.where(list=name).mean() for name in ("random list", "best list"))
    reached = levels.where(list="ten on top").summary("weight").nlargest(1, "mean")[["mean", "low", "high"]]
    return Result(figure, answer=reached.iloc[0].round(2), axis="y", random=random, best=best)


@answers("C0.P2")
def two_scorers(runs: Runs, later: pd.DataFrame, user: pd.Series, video: pd.Series) -> Result:
    """later: the rows that the two rates, a number a row, were to order."""
    table = runs.table.melt(["seed", "scorer"], ["auc", "gauc"], "metric", "value")
    table = table.assign(metric=table["metric"].str.upper(), value=table["value"] - 0.5)
    judges = Runs(table, "value", metric="metric minus 0.5, which is chance", model="scorer", seeds=runs.seeds)
    figure = judges.dots("metric", title="AUC prefers the scorer that cannot order a single list")
    return Result(figure, user=_metrics_in_words(user, later), video=_metrics_in_words(video, later))


def _metrics_in_words(scores: pd.Series, rows: pd.DataFrame) -> str:
    like = rows["like"]
    return f"AUC {auc(scores, like):.2f}, GAUC {gauc(scores, like, rows['user']).value:.2f}"


@answers("C0.P3")
def two_lists(a: float, b: float) -> str:
    return f"List A has an NDCG of {a:.2f}, list B of {b:.2f}."


@answers("C0.P4")
def shares_of_new_videos(runs: Runs) -> Figure:
    """runs: of `00_ten_feed`"""
    table = runs.table.query("label == 'share' and videos == 'all'")[["size", "seed", "model", "auc"]]
    shares = Runs(table, "auc", seeds=runs.seeds).where(model=["single-task", *APART, "shared-bottom"])
    return shares.gain(over="single-task").dots("size", title="The lead shrinks, late fusion keeps up", matters=0.005)


APART = ["by item's clicks", "linear, product", "single-task, product"]


@answers("C0.P5")
def many_apart(runs: Runs) -> Result:
    """runs: of `00_ten_tasks`"""
    gains = runs.where(output="as it is").gain(over="single-task")
    title = "Ten times larger: the gain goes, the loss stays"
    answer = gains.where(size="10 × all", condition="disjoint features").interval()
    return Result(gains.dots("size", "condition", title=title), answer=answer.round(2), axis="x")
