"""The questions of chapter 03, manual weights."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from helpers.chapters.ch03 import fusion, tradeoff
from helpers.display.questions import Result, question
from helpers.display.runs import TASK_NAMES, Runs


@question(
    "C3.P1",
    "Equal weights: which goal is ordered clearly worse than by a model of its own?",
    options=["The clicks", "The likes", "Both, about equally"],
    answer=1,
    why="What matters is how much a goal moves the mixed label 0.5 · click + 0.5 · like. A like happens so rarely that "
    "the click decides most of it. The last two rows train nothing: they count a video's clicks, or the label's own "
    "rate.",
    tempts="“Both” tempts, because 0.5 and 0.5 look fair. The weights are equal; what they multiply is not.",
)
def equal_weights(runs: Runs) -> Figure:
    words = ("click alone", "0.5 / 0.5", "0.5 / 0.5, divided", "like alone")
    runs = runs.label(scale=dict(zip(fusion.SCALES, words, strict=True)), goal="the {task}")
    figure = runs.dots("scale", "goal", title="Equal weights favour the frequent label, divided losses do not")
    figure.axes[0].set_xlim(0.55, 0.76)
    return figure


@question(
    "C3.P2",
    "Exact opposites, weight 0.5: what is the loss of task A? (0 is perfect, 1 is the loss of a constant guess.)",
    answer=1.0,
    unit="of a constant's loss",
    why="The mixed target 0.5 · a + 0.5 · (−a) is 0 for every row. There is nothing to learn, and the network becomes "
    "a constant: R² 0 for both.",
    tempts="0.5 tempts, because half of the weight should buy half of the loss. What one goal gains here the "
    "other loses, in every row.",
)
def opposites(runs: Runs) -> Result:
    goals = {-1: "exact opposites", 0: "unrelated", 0.5: "half in common", 1: "same goal"}
    four = runs.where(correlation=list(goals)).label(correlation=goals, task=TASK_NAMES)
    ideal = {}
    for rho, name in goals.items():
        losses = tradeoff.best_losses(rho, [number / 40 for number in range(41)])
        losses = losses.pivot(index="weight", columns="task", values="loss")
        ideal[name] = losses.rename(columns={"a": "x", "b": "y"})
    figure = four.paths(
        "weight",
        "task A",
        "task B",
        "correlation",
        title="The less two goals agree, the longer the curve of one score",
        reference=ideal,
        names=dict.fromkeys(ideal, (10, (-22, -4))),
    )
    figure.axes[0].set(xlim=(-1.15, 4.2), xticks=range(5))
    return Result(figure, axis="x")


@question(
    "C3.P3",
    "Two towers, equal weights: for which pair of goals is the loss largest?",
    options=[
        "Exact opposites, correlation −1",
        "Goals with nothing in common, correlation 0",
        "The same goal twice, correlation +1",
    ],
    answer=1,
    why="Two towers can say yes to one goal and no to the other, so opposites cost nothing. Unrelated goals must "
    "divide the eight units of the bottom: chapter 04.",
    tempts="“Exact opposites” tempts, because it was the worst pair for one score. The conflict was about one "
    "number, and now there are two.",
)
def two_towers(one_score: Runs, two_towers: Runs) -> Figure:
    tables = zip((one_score.table, two_towers.table), tradeoff.MODELS, strict=True)
    both = pd.concat(table.assign(model=model) for table, model in tables)
    middle = Runs(both, "loss", metric="loss at weight 0.5").where(weight=0.5)
    title = "With a tower for each goal opposites no longer conflict"
    return middle.lines("correlation", title=title, x_label="correlation of the two goals")


@question(
    "C3.P4",
    "Of 100 A/A tests, looked at on each of 14 days, how many call a winner?",
    unit="of 100",
    why="Each look is a new chance to be fooled. The looks share data, so it is not 14 times 5%, but several times the "
    "5% that was agreed.",
    tempts="5 tempts, because that is what p < 0.05 promises. It promises so for one look.",
)
def a_look_a_day(runs: Runs) -> Result:
    alarms = runs.of("alarms", "share of A/A tests with a winner, 200 a batch").label(tests="A/A tests")
    figure = alarms.dots("tests", title="Look every day, and you call a winner where there is none")
    figure.axes[0].set_xlim(0, 0.42)
    figure.axes[0].set_yticks([])
    return Result(figure, answer=100 * runs.where(rule="a look a day, p < 0.05").mean(), axis="x", scale=0.01)
