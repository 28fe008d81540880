"""The questions of chapter 04, Shared-Bottom."""

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from helpers.chapters.ch04.feed_tasks import HALFWAY, OWN, PLACES
from helpers.display import figures
from helpers.display.palette import BLACK, BLUE, METHOD, ORANGE, SINGLE_TASK
from helpers.display.questions import Result, answers
from helpers.display.runs import Runs
from helpers.evaluation.counts import BY_CLICKS, ITEM_COUNTS
from helpers.evaluation.pool import OF_THREE, PRODUCT
from helpers.evaluation.statistics import interval
from helpers.evaluation.yardsticks import LINEAR


@answers("C4.P1")
def gains_most(runs: Runs) -> Figure:
    return runs.gain(over="single-task").dots(
        "condition", title="Sharing pays where the features are the same, whatever the labels do", matters=0.01
    )


@answers("C4.P2")
def mirrored_bottoms(agreeing: float, flipped: float, distance: float) -> Result:
    words = f"The largest difference between two parameters of the bottoms is {distance:g}."
    return Result(words, agreeing=agreeing, flipped=flipped)


def _map(runs: Runs, model: str, title: str) -> Figure:
    """What `model` gains over single-task models, by width and rows."""
    gains = runs.where(model=["single-task", model]).gain(over="single-task")
    axes = {"x_label": "training rows", "y_label": "units in the bottom"}
    return gains.heatmap("width", "rows", "condition", title=title, matters=0.01, **axes)


@answers("C4.P15")
def conflicts_least(runs: Runs) -> Figure:
    title = "Later in training even two copies of one task 'conflict'"
    return runs.lines("step", title=title, x_label="training step (full batch, Adam)", zero=True)


@answers("C4.P3")
def more_rows(runs: Runs) -> Figure:
    return _map(runs, "shared-bottom", "Disjoint features: more data cost more in 4 units, less in 16 or 32")


@answers("C4.P4")
def equal_size(runs: Runs) -> Figure:
    title = "Equal numbers of parameters: the narrow bottom loses less, but it loses"
    return _map(runs, "shared-bottom, equal size", title)


@answers("C4.P5")
def partner_or_none(runs: Runs) -> Figure:
    title = "3 units: a partner in another direction is worse than none"
    return runs.lines("p", title=title, x_label="p, the cosine of the two tasks' directions")


@answers("C4.P10")
def never_looked_up(norms: pd.DataFrame) -> Figure:
    """norms   of the row: a row a step, a column a penalty"""
    summary = norms.rename_axis("step").melt(ignore_index=False, var_name="penalty", value_name="mean").reset_index()
    summary = summary.assign(low=summary["mean"], high=summary["mean"])
    title = "A penalty on all rows pulls this one at the same pace for every λ"
    return figures.lines(summary, "step", "penalty", title=title, x_label="step", y_label="norm of the row")


@answers("C4.P6")
def rare_labels(runs: Runs) -> Figure:
    words = {OWN: "single-task", HALFWAY: "shared", BY_CLICKS: "clicks counted"}
    gains = runs.where(shared=list(words)).label(shared=words).gain(over="single-task")
    gains = gains.label(clicked={False: "all rows", True: "clicked rows only"}).label(compared="{shared}, {clicked}")
    lines = ["shared, all rows", "clicks counted, all rows", "shared, clicked rows only"]
    title = "Over models of their own rare labels gain, on clicked rows as well"
    return gains.where(compared=lines).dots("label", "compared", title=title, matters=0.005)


@answers("C4.P14")
def averaged(runs: Runs) -> Figure:
    """A ladder: from each rival that shares nothing an arrow to the shared bottom's own output; from the last one also
    to the product of its outputs."""
    rare = runs.where(clicked=False, label=["share", "follow"]).table
    auc = rare.groupby(["seed", "shared"])["auc"].mean().unstack()  # of both labels
    own, fused, best = auc[HALFWAY], auc[f"shared, {PRODUCT}"], auc[f"{LINEAR}, {PRODUCT}"]
    rivals = {"separate\nmodel": auc[OWN], "clicks\ncounted": auc[BY_CLICKS]}
    rivals |= {"mean of\nthree linear": auc[f"{LINEAR}, {OF_THREE}"], "product of\neight linear": best}
    steps = [(name, rival, own) for name, rival in rivals.items()] + [("the same,\nboth fused", best, fused)]
    figure, axes = plt.subplots()
    bottom = {"its own output": (own, "-", 0.16), "the shared bottom, the product of its outputs": (fused, "--", -0.45)}
    for words, (goal, dash, left) in bottom.items():
        axes.axhline(goal.mean(), color=METHOD.colour, linewidth=1.5, linestyle=dash)
        axes.annotate(words, (left, goal.mean()), (0, 4), textcoords="offset points", fontsize=11)
    for place, (_, rival, goal) in enumerate(steps):
        (gain, low, high), start = interval(goal - rival), rival.mean()
        colour = BLUE if low > 0 else ORANGE if high < 0 else BLACK
        axes.hlines(start, place - 0.35, place + 0.35, color=SINGLE_TASK.colour, linewidth=4)
        look = {"arrowstyle": "-|>", "color": colour, "linewidth": 2.5, "shrinkA": 0, "shrinkB": 0}
        axes.annotate("", (place, start + gain), (place, start), arrowprops=look)
        axes.vlines(place + 0.12, start + low, start + high, color=colour, linewidth=2)
        said = "{:+.3f}\n[{:+.3f}, {:+.3f}]".format(*(round(value, 3) + 0.0 for value in (gain, low, high)))
        under = (place, min(start, start + low, own.mean()))
        style = {"textcoords": "offset points", "ha": "center", "va": "top", "fontsize": 11, "color": colour}
        axes.annotate(said.replace("-", "−"), under, (0, -6), **style)
    rungs = ", ".join(f"{name} {rival.mean():.3f}" for name, rival, _ in steps[:-1])
    goals = ", ".join(f"{words} {goal.mean():.3f}" for words, (goal, *_) in bottom.items())
    figure.set_label(f"{rungs}; {goals}; the gains from left to right".replace("\n", " "))
    axes.set_xticks(range(len(steps)), [name for name, *_ in steps])
    axes.set(xlim=(-0.5, len(steps) - 0.5), ylim=(auc[OWN].mean() - 0.035, fused.mean() + 0.02))
    axes.set(ylabel="AUC, mean of share and follow")
    axes.set_xlabel(f"the rival that shares nothing (95% intervals of the gain, {len(auc)} worlds)")
    figure.suptitle("The better the rival, the less sharing gains", x=0.01, ha="left")
    return figure


@answers("C4.P16")
def both_fused(runs: Runs) -> Figure:
    both = runs.where(model=["single-task", "shared-bottom"])
    gains = both.label(output={"as it is": "its own output", "fused": "both sides fused"}).gain(over="single-task")
    return gains.dots("condition", "output", title="Fused, other mix keeps its gain", matters=0.01)


@answers("C4.P7")
def where_to_part(runs: Runs) -> Figure:
    gains = runs.where(shared=[*PLACES, *ITEM_COUNTS]).label(shared={OWN: "single-task"}).gain(over="single-task")
    gains = gains.label(label={"profile_visit": "profile\nvisit"})
    axes = {"x_label": "label, the frequent ones first", "y_label": "what is shared, or counted"}
    return gains.heatmap("shared", "label", title="Likes and favourites want own layers", matters=0.005, **axes)


@answers("C4.P8")
def rated_histories(runs: Runs) -> Figure:
    gains = runs.label(shape={"mean": "pooling by the mean"}).gain(over="pooling by the mean")
    return gains.dots("task", title="On 30,000 ratings the mean of the history is hard to beat", matters=0.005)


@answers("C4.P9")
def untuned(runs: Runs) -> Figure:
    return (
        runs.where(model=["single-task", "shared-bottom"])
        .gain(over="single-task")
        .label(tuned={True: "tuned on both sides", False: "not tuned"})
        .dots("tuned", "task", title="Untuned, sharing harms both; tuned, no difference is left", matters=0.005)
    )


@answers("C4.P11")
def wanted_partners(runs: Runs) -> Figure:
    axes = {"x_label": "next to", "y_label": ""}
    return runs.heatmap(
        "task", "partner", title="Shares gain next to everything, likes lose next to shares", matters=0.005, **axes
    )


@answers("C4.P12")
def best_grouping(runs: Runs) -> Figure:
    gains = runs.gain(over="all apart").label(over="over all apart")
    title = "The best of 52: no gain over all in one; fused, less than nothing shared"
    return gains.dots("grouping", "over", title=title, matters=0.005)


@answers("C4.P13")
def twenty_tasks(runs: Runs) -> Figure:
    gains = runs.where(model=["single-task", "shared-bottom"]).gain(over="single-task")
    title = "Each further task helps where the features are the same, and costs where they are not"
    return gains.lines("tasks", "condition", title=title, x_label="tasks, all in one bottom of 16 units")
