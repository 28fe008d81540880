"""The questions of chapter 06, MMoE."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from helpers.chapters.ch06 import mmoe
from helpers.display import figures
from helpers.display.palette import GREY
from helpers.display.questions import question
from helpers.display.runs import Runs


@question(
    "C6.P3",
    "Disjoint features: MMoE against two single-task models of the same total size?",
    options=[
        "MMoE is better with 500 rows and with 2,000",
        "MMoE is worse with 500 rows and better with 2,000",
        "MMoE is worse with both",
    ],
    answer=2,
    why="It is not the experts: with gates that do not look at the row they come close to the single-task models. A "
    "gate that looks is a matrix on all inputs, and it multiplies. In these tasks every row needs the same mixture, "
    "so all that it learns there is noise.",
    tempts="“Better with both” tempts, because each gate could pick its own experts. It could; but first it has "
    "to learn to, from the rows.",
)
def features_apart(runs: Runs) -> Figure:
    runs = runs.label(condition={"same features, other mix": "same features"})
    runs = runs.label(setting="{condition}, {rows:,} rows")
    settings = {name: name for name in runs.table.sort_values(["condition", "rows"])["setting"].unique()}
    title = "Gates that look at the row do worse than gates that do not"
    note = "R², mean of both tasks; below the line: gates that look at the row"
    figure = runs.panels("setting", settings, title=title, note=note, one_scale=True)
    looks = [*runs.table["model"].unique()].index("one-gate MoE")
    for axes in figure.axes:
        axes.axhline(looks - 0.5, color=GREY, linewidth=1)
    return figure


@question(
    "C6.P4",
    "What do the four averages of a gate look like?",
    options=[
        "One or two experts stand out",
        "Each expert has about a quarter",
        "Two experts share nearly all of the weight",
    ],
    answer=1,
    why="Each run has its favourites, at places decided by chance. The average hides them, and looks like a gate that "
    "cannot tell experts apart.",
    tempts="“One or two stand out” tempts, because they did in both runs. In each run they were others.",
)
def averaged_over_runs(runs: Runs) -> str:
    weights = runs.table.pivot_table("weight", "task", "expert")
    said = (
        f"gate {task.upper()}: " + ", ".join(f"{weight:.2f}" for weight in gate) for task, gate in weights.iterrows()
    )
    return f"Mean weights of experts 1 to 4: {'; '.join(said)}."


def _by_p(runs: Runs, title: str) -> Figure:
    """Loss of the paper's models, a panel for each relation of the two tasks."""
    settings = {p: f"p = {p:g}" for p in (0.0, 0.5, 1.0)}
    words = {"note": "test loss of task A", "reference": "single-task", "one_scale": True}
    return runs.where(model=mmoe.MODELS[:6]).panels("p", settings, title=title, **words)


@question(
    "C6.P6",
    "The paper's size, identical tasks, both models at their best rate: how does MMoE compare with a Shared-Bottom of "
    "its size on 60 drawn sets of sines?",
    options=[
        "It is better on all sets, or all but one",
        "It is better on most, and worse on some",
        "It is about level on all: within a quarter of a doubling",
    ],
    answer=1,
    why="On average MMoE is ahead at each p and after each number of steps. But how far, and in some draws on which "
    "side, depends on the draw: the bands are wide.",
    tempts="“Better on all sets” tempts: the paper draws one line for each model, and they do not cross.",
)
def at_the_paper_s_size(runs: Runs) -> Figure:
    leads = runs.gain(over="shared-bottom, equal size").label(pair="p = {p:g}")
    return leads.lines(
        "steps",
        "pair",
        title="Below 0 MMoE has the lower loss: so it is on average, in wide bands",
        x_label="steps of 125 rows",
        zero=True,
    )


@question(
    "C6.P1",
    "Both tasks are the same, at p = 1, and the learning rate is 0.01 for all. How does MMoE compare with the "
    "Shared-Bottom of its "
    "size?",
    options=[
        "It is clearly better",
        "There is no difference: there is nothing to tell apart",
        "It is worse: the gates are a burden",
    ],
    answer=0,
    why="So it cannot be the relation of the tasks that makes the difference here. The paper says the same: it puts "
    "this lead down to trainability. And one expert alone, without any gate, is not clearly behind MMoE. "
    "At this rate the plain wide bottom falls behind, and so do fixed gates.",
    tempts="“No difference” tempts, because equal tasks leave nothing to tell apart. What differs is how easily "
    "each model is trained.",
)
def at_the_paper_rate(runs: Runs) -> Figure:
    return _by_p(runs, "Learning rate 0.01 for all: the plain bottom is worst where the tasks are the same")


@question(
    "C6.P2",
    "With every model at its best shape and rate: what happens to MMoE's lead over the Shared-Bottom of its size at p "
    "= 1?",
    options=["It stays as it was", "It shrinks by about a half", "None is left to see"],
    answer=2,
    why="At 0.01 the plain bottom fell behind. And again one expert alone, on less than a third of the "
    "parameters, is nowhere clearly behind. Where the tasks differ, one gate for both is worst of all.",
    tempts="“By about a half” tempts, because a published lead should not be all tuning.",
)
def tuned(runs: Runs) -> Figure:
    return _by_p(runs, "Tuned: no visible lead of MMoE over the plain bottom")


@question(
    "C6.P5",
    "The paper's real data, 60,000 rows, all models tuned alike. How does MMoE compare with the Shared-Bottom of its "
    "size on the four tasks of both pairs?",
    options=[
        "It is better by more than 0.005 AUC on at least one task",
        "It is within 0.005 AUC on every task",
        "It is worse by more than 0.005 AUC on at least one task",
    ],
    answer=1,
    why="Gates make no difference here that a product such as our feed would notice.",
    tempts="“Better on at least one task” tempts, because it is the paper's own data. Here the Shared-Bottom was "
    "tuned as long.",
)
def on_the_census(gains: pd.DataFrame) -> Figure:
    """gains: of MMoE over the Shared-Bottom, from `census.gains`."""
    return figures.dots(
        gains,
        "pair",
        "task",
        title="Census-Income: MMoE is where the Shared-Bottom is",
        x_label="gain in AUC over the Shared-Bottom (95%, one log, 20 seeds)",
        matters=0.005,
    )
