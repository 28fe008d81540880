"""The questions of chapter 05, balancing losses."""

from matplotlib.figure import Figure

from helpers.display.questions import Result, answers
from helpers.display.runs import TASK_NAMES, Runs


@answers("C5.P1")
def drowned(runs: Runs) -> Result:
    runs = runs.where(method="equal weights", pair="disjoint features").log10("scale")
    title, x_label = "The larger the loss of A, the less B learns", "size of A's loss, relative to B's"
    figure = runs.label(task=TASK_NAMES).lines("log10_scale", "task", title=title, x_label=x_label)
    return Result(figure, answer=runs.where(scale=100, task="b").interval(), axis="y")


@answers("C5.P2")
def in_common(runs: Runs) -> Figure:
    runs = runs.label(losses="{pair}, {scale} : 1", task=TASK_NAMES)
    figure = runs.dots("losses", "task", title="With features in common a loss 100 times as large costs both")
    figure.axes[0].set_xlim(0, 1)
    return figure


@answers("C5.P3")
def near_zero(runs: Runs) -> Figure:
    gains = runs.gain(over="equal weights").label(task={"a": "A, noisy labels", "b": "B, no noise"})
    figure = gains.dots("model", "task", title="UWL serves the task without noise, and the other pays", matters=0.01)
    figure.axes[0].set_yticks([])
    figure.axes[0].set_xlim(-0.06, 0.16)
    return figure


@answers("C5.P4")
def fair_comparison(runs: Runs) -> Figure:
    gains = runs.where(model=["tuned weights", "UWL", "GradNorm", "equal weights"]).gain(over="tuned weights")
    title = "From raw losses no balancer beats a weight that was tuned as long"
    return gains.dots("situation", title=title, matters=0.01)
