"""The questions of chapter 06, MMoE."""

import pandas as pd
from matplotlib.figure import Figure

from helpers.chapters.ch06 import mmoe
from helpers.display import figures
from helpers.display.palette import GREY
from helpers.display.questions import Result, answers
from helpers.display.runs import Runs


@answers("C6.P9")
def rows_of_two_kinds(runs: Runs) -> Figure:
    gains = runs.label(model=mmoe.NAMES, pair="two kinds of rows").gain(over="MMoE")
    return gains.dots("pair", title="Two kinds of rows: only the wide bottom keeps up with MMoE", matters=0.01)


@answers("C6.P3")
def features_apart(runs: Runs) -> Figure:
    runs = runs.label(condition={"same features, other mix": "same features"}, model=mmoe.NAMES)
    runs = runs.label(setting="{condition}, {rows:,} rows")
    settings = {name: name for name in runs.table.sort_values(["condition", "rows"])["setting"].unique()}
    title = "Gates that look at the row do worse than gates that do not"
    note = "R², mean of both tasks; below the line: gates that look at the row"
    figure = runs.panels("setting", settings, title=title, note=note, one_scale=True)
    looks = [*runs.table["model"].unique()].index("one-gate MoE")
    for axes in figure.axes:
        axes.axhline(looks - 0.5, color=GREY, linewidth=1)
    return figure


@answers("C6.P4")
def averaged_over_runs(runs: Runs) -> str:
    weights = runs.table.pivot_table("weight", "task", "expert")
    gates = (
        f"gate {task.upper()}: " + ", ".join(f"{weight:.2f}" for weight in gate) for task, gate in weights.iterrows()
    )
    return f"Mean weights of experts 1 to 4: {'; '.join(gates)}."


def _by_p(runs: Runs, title: str) -> Figure:
    """Loss of the paper's models, a panel for each relation of the two tasks."""
    settings = {p: f"p = {p:g}" for p in (0.0, 0.5, 1.0)}
    words = {"note": "test loss of task A", "reference": "separate models", "one_scale": True}
    return runs.where(model=mmoe.MODELS[:6]).label(model=mmoe.NAMES).panels("p", settings, title=title, **words)


@answers("C6.P6")
def at_the_paper_s_size(runs: Runs) -> Figure:
    leads = runs.gain(over="shared-bottom, equal size").label(pair="p = {p:g}")
    return leads.lines(
        "steps",
        "pair",
        title="Below 0 MMoE has the lower loss: so it is on average, in wide bands",
        x_label="steps of 125 rows",
        zero=True,
    )


@answers("C6.P1")
def at_the_paper_rate(runs: Runs) -> Figure:
    return _by_p(runs, "Learning rate 0.01 for all: the plain bottom is worst where the tasks are the same")


@answers("C6.P2")
def tuned(runs: Runs) -> Figure:
    return _by_p(runs, "Tuned: no visible lead of MMoE over the plain bottom")


@answers("C6.P5")
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


@answers("C6.P7")
def by_reading_alone(runs: Runs) -> Result:
    gains = runs.gain(over="single-task")
    title = "Reading alone brings less than half of the gain"
    own, shared = (
        gains.where(condition="other mix", model=model).interval() for model in ("read all, train own", "shared-bottom")
    )
    figure = gains.dots("condition", title=title, matters=0.01)
    return Result(figure, answer=own, axis="x", shared=shared[0])


@answers("C6.P8")
def cut_on_one_side(runs: Runs) -> Figure:
    title = "Disjoint: B pays and A gains nothing. Other mix: both gain"
    return runs.gain(over="single-task").dots("pair", title=title, matters=0.01)
