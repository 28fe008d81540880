"""The questions of chapter 03, manual weights."""

import pandas as pd
from matplotlib.figure import Figure

from helpers.chapters.ch03 import fusion, tradeoff
from helpers.display.questions import Result, answers
from helpers.display.runs import TASK_NAMES, Runs


@answers("C3.P1")
def equal_weights(runs: Runs) -> Figure:
    words = ("click alone", "0.5 / 0.5", "0.5 / 0.5, divided", "like alone")
    runs = runs.label(scale=dict(zip(fusion.SCALES, words, strict=True)), goal="the {task}")
    figure = runs.dots("scale", "goal", title="Equal weights favour the frequent label, divided losses do not")
    figure.axes[0].set_xlim(0.55, 0.76)
    return figure


@answers("C3.P2")
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


@answers("C3.P3")
def two_towers(one_score: Runs, two_towers: Runs) -> Figure:
    tables = zip((one_score.table, two_towers.table), tradeoff.MODELS, strict=True)
    both = pd.concat(table.assign(model=model) for table, model in tables)
    middle = Runs(both, "loss", metric="loss at weight 0.5").where(weight=0.5)
    title = "With a tower for each goal opposites no longer conflict"
    return middle.lines("correlation", title=title, x_label="correlation of the two goals")


@answers("C3.P4")
def a_look_a_day(runs: Runs) -> Result:
    alarms = runs.of("alarms", "share of A/A tests with a winner, 200 a batch").label(tests="A/A tests")
    figure = alarms.dots("tests", title="Look every day, and you call a winner where there is none")
    figure.axes[0].set_xlim(0, 0.42)
    figure.axes[0].set_yticks([])
    return Result(figure, answer=100 * runs.where(rule="a look a day, p < 0.05").interval(), axis="x", scale=0.01)


SEARCHED = ("grid", "random", "cross-entropy", "regression")


@answers("C3.P5")
def ways_to_choose(runs: Runs) -> Result:
    gains = runs.gain(over="equal").ranked("way", ascending=False)
    by_hand, searched = (100 * gains.where(way=way).interval() for way in ("by hand", "cross-entropy"))
    kind = gains.table["way"].map(lambda way: "64 trials" if way in SEARCHED else "no trial")
    words = {"metric": runs.metric, "model": "kind", "seeds": runs.seeds, "over": "equal exponents"}
    table = gains.table.assign(kind=kind, way=gains.table["way"].str.replace("_", " "))
    gains = Runs(table, "difference", **words)
    figure = gains.dots("way", title="A guess by hand brings most of what 64,000 users find")
    return Result(figure, answer=by_hand, axis="x", scale=0.01, found=searched[0])


@answers("C3.P6")
def winners_curse(runs: Runs) -> Result:
    figure = runs.dots("trial", title="The fewer users a trial has, the more of its best reward is luck")
    answer = 100 * runs.where(way="random", trial="100 users").interval()
    return Result(figure, answer=answer, axis="x", scale=0.01)


@answers("C3.P7")
def wrong_reward(table: pd.DataFrame) -> Figure:
    names = {"returns": "chance to return", "satisfaction": "true satisfaction"}
    brought = table.rename(columns=names).replace({"reward": {"returns": "seeking returns", "none": "equal"}})
    brought = brought.melt(["seed", "reward"], list(names.values()), "what", "value")
    brought = Runs(brought, "value", metric="what the ten bring", model="reward", seeds="worlds")
    title = "Seek seconds or clicks, and fewer users come back than by equal exponents"
    return brought.gain(over="seeking returns").dots("what", title=title)


@answers("C3.P8")
def one_set_or_two(runs: Runs) -> Figure:
    return runs.gain(over="one for all").dots(
        "sort", "way", title="A set for each kind of user: no gain that 20 worlds can show"
    )
