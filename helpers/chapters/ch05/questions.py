"""The questions of chapter 05, balancing losses."""

from __future__ import annotations

from matplotlib.figure import Figure

from helpers.display.questions import Result, question
from helpers.display.runs import TASK_NAMES, Runs


@question(
    "C5.P1",
    "Loss of A times 100: what is the R² of B now?",
    unit="R²",
    why="The towers are apart, but the bottom belongs to both, and at a hundred to one it follows A. Tower B learns "
    "what it can from features that were made for A.",
    tempts="About 0.7 tempts, because B has a tower of its own and its loss has not changed. But the features "
    "come from the bottom.",
)
def drowned(runs: Runs) -> Result:
    runs = runs.where(method="equal weights", pair="disjoint features").log10("scale")
    title, x_label = "The larger the loss of A, the less B learns", "size of A's loss, relative to B's"
    figure = runs.label(task=TASK_NAMES).lines("log10_scale", "task", title=title, x_label=x_label)
    return Result(figure, answer=runs.where(scale=100, task="b").mean(), axis="y")


@question(
    "C5.P2",
    "Same features, loss of A times 100. What happens?",
    options=[
        "Nothing: the features that A builds serve B as well",
        "B learns less, A as much as before",
        "Both learn less",
    ],
    answer=2,
    why="Together the two noisy labels had taught the bottom more than one of them can. With B all but silenced, A too "
    "is left with its own labels.",
    tempts="“Nothing” tempts, because A builds the features that B needs. It builds them from noisy labels, and "
    "B's labels had helped against that noise.",
)
def in_common(runs: Runs) -> Figure:
    runs = runs.label(losses="{pair}, {scale} : 1", task=TASK_NAMES)
    figure = runs.dots("losses", "task", title="With features in common a loss 100 times as large costs both")
    figure.axes[0].set_xlim(0, 1)
    return figure


@question(
    "C5.P3",
    "UWL in place of equal weights: which task gains?",
    options=["The noisy one: it needs help", "The one without noise", "Both", "Neither"],
    answer=1,
    why="The weight of B follows 1/(2L), and the bottom follows B. That is what a likelihood wants: trust the labels "
    "that are exact.",
    tempts="“The noisy one” tempts, because “uncertainty weighting” sounds like care for the uncertain. It "
    "trusts the certain.",
)
def near_zero(runs: Runs) -> Figure:
    gains = runs.gain(over="equal weights").label(task={"a": "A, noisy labels", "b": "B, no noise"})
    figure = gains.dots("model", "task", title="UWL serves the task without noise", matters=0.01)
    figure.axes[0].set_yticks([])
    figure.axes[0].set_xlim(-0.06, 0.16)
    return figure


@question(
    "C5.P4",
    "In how many of the four situations does UWL or GradNorm clearly beat tuned weights (95% interval above 0.01)?",
    options=["In none", "In one", "In two or three", "In all four"],
    answer=0,
    why="Sizes that do not change can be corrected by a constant. From raw losses a balancer has to find it, and loses "
    "on the way. On the fast and the slow task mean R² is {tuned:.2f} with tuned weights, {uwl:.2f} with UWL and "
    "{gradnorm:.2f} with GradNorm.",
    tempts="“In two or three” tempts, because the methods were published for just that. But here their rival is "
    "tuned as long as they are.",
)
def fair_comparison(runs: Runs) -> Result:
    models = ["tuned weights", "UWL", "GradNorm"]
    gains = runs.where(model=models).gain(over="tuned weights")
    title = "From raw losses no balancer clearly beats a weight that was tuned as long"
    slow = (runs.where(situation="fast and slow", model=model).mean() for model in models)
    figure = gains.dots("situation", title=title, matters=0.01)
    return Result(figure, **dict(zip(("tuned", "uwl", "gradnorm"), slow, strict=True)))
