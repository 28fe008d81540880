"""The explorers of chapter 03, Manual weights: the trade-off of trained networks, and a list whose front bends."""

from pathlib import Path

import pandas as pd

from helpers.chapters.ch00.explorer import list_of_ten
from helpers.display.explorer import Curves, Explorer, Plane, Question
from helpers.display.live.live import Live
from helpers.display.runs import TASK_NAMES
from helpers.evaluation.statistics import summarise


def weight_explorer(one_score: pd.DataFrame, two_towers: pd.DataFrame) -> Explorer:
    """Model × correlation of the goals × task weight → both losses, and how well both goals are ranked.

    one_score, two_towers: tables of `tradeoff.trade_off`, one of each model.
    """
    table = pd.concat([one_score.assign(model="one score"), two_towers.assign(model="two towers")])
    table = table.replace({"task": TASK_NAMES})
    losses, ranking = (summarise(table, value, ["model", "correlation", "weight", "task"]) for value in ("loss", "auc"))
    curves = Curves(
        losses,
        x="weight",
        series="task",
        title="Loss by weight",
        x_label="weight of task A (task B has the rest)",
        y_label="loss; 1: a constant guess",
        level=1,
    )
    plane = Plane(
        ranking,
        x="task A",
        y="task B",
        series="task",
        path="weight",
        title="The trade-off in ranking",
        x_label="AUC of task A (right is good)",
        y_label="AUC of task B (up is good)",
        ends=("weight 0", "weight 1"),
    )
    at = losses.set_index(["model", "correlation", "weight", "task"])["mean"].unstack("task")
    one, two = at.loc["one score"], at.loc["two towers"].loc[-0.5]
    between = two.loc[0.1:0.9].agg(["min", "max"])
    worse = one.loc[-0.5].max(axis=1)
    agree = one.max(axis=1).xs(0.3, level="weight")
    questions = [
        Question(
            "One score",
            "One score, and goals that disagree. Is there a weight at which both losses are low?",
            {"weight": "Drag the weight"},
            [{"weight": 0.0}, {"weight": 1.0}],
            f"No: one of the two losses is always {worse.min():.2f} or more, where a constant guess has 1. At the ends "
            f"it is {worse[0]:.2f} and {worse[1]:.2f}.",
        ),
        Question(
            "Two towers",
            "Two towers, and the same goals. What does the weight decide now?",
            {"weight": "Drag the weight"},
            [{"weight": 0.0}, {"weight": 1.0}],
            "Between the ends little: from 0.1 to 0.9 "
            + ", ".join(f"{task} has a loss of {low:.2f} to {high:.2f}" for task, (low, high) in between.items())
            + f". At the ends one is not learnt: {two['task A'][0.0]:.2f} and {two['task B'][1.0]:.2f}.",
            at={"model": "two towers"},
            pale={"model": "one score"},
        ),
        Question(
            "Goals that agree",
            "One score again. Can it serve both goals if they agree more?",
            {"correlation": "Move it up to 1"},
            [{"correlation": 1.0}],
            f"Yes. At weight 0.3 the larger loss is {agree[-0.5]:.2f} at correlation −0.5 and {agree[1.0]:.2f} at 1.",
        ),
    ]
    return Explorer(
        "weights",
        {"model": "model", "correlation": "correlation of the goals", "weight": "weight of task A"},
        [curves, plane],
        _in_words,
        questions=questions,
        start={"model": "one score", "correlation": -0.5, "weight": 0.3},
        buttons={"model"},
        intervals=f"95% intervals over {losses['seeds'].min()} seeds",
    )


def hollow(chances: pd.DataFrame) -> Live:
    """Weight × how far the cloud is bent × line or corner → a user's ten. chances: the table of `primer.chances`."""
    return list_of_ten(Path(__file__).with_name("hollow.js"), chances)


def _in_words(settings: dict, losses: pd.DataFrame, ranking: pd.DataFrame) -> str:
    loss, auc = losses["mean"], ranking["mean"]
    values = "; ".join(f"{task} has loss {loss[task]:.2f} and AUC {auc[task]:.2f}" for task in loss.index)
    model, correlation, weight = settings.values()
    place = f"{model.capitalize()}, correlation {correlation:+g}, weight {weight:g} on task A".replace("+0,", "0,")
    return f"{place}: {values}."
