"""The questions of chapter 01: why one label is not enough, and what training together can bring."""

import pandas as pd
from matplotlib.figure import Figure

from helpers.chapters.ch01 import ranking
from helpers.data.world import ACTIONS
from helpers.display.questions import Result, answers
from helpers.display.runs import Runs


@answers("C1.P1")
def acted(happy: pd.DataFrame) -> Result:
    """happy: the impressions that truly satisfied."""
    acted, clicked = (100 * rows.mean() for rows in (happy[list(ACTIONS)].any(axis=1), happy["click"]))
    sentence = f"{acted:.1f}% have at least one of the six. {clicked:.1f}% were opened at all."
    return Result(sentence, answer=acted, rows=len(happy))


def _over_random(runs: Runs, kinds: dict[str, str], title: str) -> Figure:
    """What ranking by each score in `kinds`, {score: what kind it is}, brings above a random list, in their order."""
    gains = ranking.over_random(runs.table)
    gains = gains[gains["score"].isin(kinds)].assign(what=lambda t: t["score"].map(kinds))
    metric = "true satisfaction of the top 10"
    gains = Runs(gains, "difference", metric=metric, model="what", seeds=runs.seeds, over="a random list")
    return gains.ranked("score").dots("score", title=title)


@answers("C1.P2")
def by_the_return(runs: Runs) -> Figure:
    scores = [score for score in runs.table["score"].unique() if score not in ("sum", "fused")]
    kinds = {score: "one label" if score in ranking.TASKS else "no label" for score in scores}
    kinds |= {score: "one label, counted" for score in scores if score.endswith(", counted")}
    kinds |= {score: "the return, as the only label" for score in scores if "alone" in score}
    return _over_random(runs, kinds, "Frequent labels rank poorly, and so does the return, unless it is counted")


@answers("C1.P3")
def by_the_sum(runs: Runs) -> Figure:
    kinds = dict.fromkeys(ranking.LEVELS, "one label") | {"sum": "several labels"}
    return _over_random(runs, kinds, "The sum ranks near its two frequent terms")


@answers("C1.P30")
def frozen_bottom(runs: Runs) -> Figure:
    frozen = runs.table[(runs.table["mode"] == "frozen") | (runs.table["bottom"] == "from scratch")]
    frozen = Runs(frozen, metric="R² of the new task", model="bottom")
    title = "What the bottom has seen before decides"
    return frozen.lines("labels", title=title, x_label="labels of the new task", zero=True)


@answers("C1.P31")
def shuffled_labels(runs: Runs) -> Figure:
    scores = runs.table[["second", "width", "seed", "r2"]].replace({"second": {"none": "no second task"}})
    gains = Runs(scores, metric="R² of task A", model="second").gain(over="no second task")
    title = "Without any regularisation, even nonsense helps a narrow bottom"
    return gains.label(bottom="{width} units").dots("second", "bottom", title=title)
