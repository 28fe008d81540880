"""The explorers of chapter 00, Start here: a list of ten for one user, and the trade-off of many trained networks."""

from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from helpers.display import figures
from helpers.display.explorer import Curves, Explorer, Plane, Question
from helpers.display.live.live import Live
from helpers.display.palette import BLACK, GREY, METHOD
from helpers.evaluation.margins import SMALLEST
from helpers.evaluation.statistics import summarise
from helpers.evaluation.verdicts import verdict

TOP, WEIGHT = 10, 0.3  # of the list; of the click, at first


def phone(chances: pd.DataFrame) -> Live:
    """The weight of the click → the ten videos that a user gets. chances: the table of `primer.chances`."""
    return list_of_ten(Path(__file__).with_name("phone.js"), chances.drop(columns="satisfaction"))


def list_of_ten(script: Path, chances: pd.DataFrame) -> Live:
    """An explorable of a list of ten, on `tiles.js`. chances: of `primer.chances`, with or without the satisfaction."""
    topics = sorted(chances["topic"].unique())
    shown = chances.assign(topic=chances["topic"].map(topics.index)).drop(columns="number").set_index("user")
    shown = shown[["click", "finish", "topic", "duration", *shown.columns.intersection(["satisfaction"])]]
    users = [rows.to_numpy().tolist() for _, rows in shown.groupby("user")]
    first = chances[chances["user"] == 0]
    words = (
        f"{len(first)} videos on a plane of two chances, of a click and of a finish after it. The ten above a slanting "
        "line are on the list: some are clicked often, some are watched to the end, a few are good at both."
    )
    state = {"w": WEIGHT, "user": 0, "bend": 0, "corner": False}
    data = {"users": users, "topics": topics}
    return Live(script, "A list of ten for one user", state, _cloud(first), words, data=data)


def _cloud(videos: pd.DataFrame) -> Figure:
    score = WEIGHT * videos["click"] + (1 - WEIGHT) * videos["finish"]
    top = score.nlargest(TOP)
    figure, axes = plt.subplots(figsize=(5, 4))
    axes.scatter(videos["click"], videos["finish"], s=12, color=GREY)
    axes.scatter(*videos.loc[top.index, ["click", "finish"]].to_numpy().T, s=40, color=BLACK)
    axes.plot([0, top.min() / WEIGHT], [top.min() / (1 - WEIGHT), 0], "--", color=GREY)
    axes.set(
        title=f"Ten of forty videos, weight {WEIGHT} on the click",
        xlabel="chance of a click",
        xlim=(0, 0.8),
        ylim=(0, 0.8),
    )
    axes.set_ylabel("chance of a finish after the click")
    return figure


def claim(mean: float, low: float, high: float) -> Live:
    """A paired interval of a difference in AUC over the zone of what does not matter → the verdict."""
    margin = SMALLEST["AUC"]
    shown = pd.DataFrame({"row": [""], "how": ["paired"], "mean": [mean], "low": [low], "high": [high]})
    title = f"A claim is an interval over a grey zone: {verdict(low, high, margin)}"
    picture = figures.dots(shown, "row", "how", title=title, x_label="difference in AUC (95% interval)", matters=margin)
    words = f"The interval goes from {low:+.4f} to {high:+.4f}; within ±{margin:g} a difference does not matter."
    state = {"effect": round(mean, 4), "half": round((high - low) / 2, 4), "margin": margin}
    return Live(Path(__file__).with_name("claim.js"), "What a claim is", state, picture, words)


def weight_explorer(table: pd.DataFrame) -> Explorer:
    """Weight of the click → how many of the served videos are clicked, how many of those finished, how many both.

    table: the table of `primer.task_weights`.
    """
    # A product of two shares of one list; its mean over seeds is not the product of the means.
    goals = table.assign(both=table["clicked"] * table["finished"])
    goals = goals.melt(["weight", "seed"], ["clicked", "finished", "both"], "goal", "share")
    table = summarise(goals, "share", ["weight", "goal"])
    total = table[table["goal"] == "both"].set_index("weight")["mean"]

    def sentence(settings: dict, at: pd.DataFrame, _) -> str:
        weight, share = settings["weight"], at["mean"]
        return (
            f"Trained on {weight:g} · L(click) + {1 - weight:.1g} · L(finish): of the ten videos on top, "
            f"{10 * share['clicked']:.1f} are clicked; of the clicked ones {share['finished']:.0%} are watched to the "
            f"end. That makes {10 * total[weight]:.2f} finished videos per list (both)."
        )

    curves = Curves(
        table,
        x="weight",
        series="goal",
        title="Each goal by its weight",
        x_label="w, the weight of the click (finish has the rest)",
        y_label="share of videos",
        styles={"both": METHOD},
    )
    curve = Plane(
        table,
        x="clicked",
        y="finished",
        series="goal",
        path="weight",
        title="The trade-off curve",
        x_label="clicked, of the ten on top",
        y_label="finished, of the clicked",
        ends=("w = 0", "w = 1"),
    )
    at, most = table.set_index(["weight", "goal"])["mean"], total.idxmax()
    clicked, finished = (at.xs(goal, level="goal") for goal in ("clicked", "finished"))
    questions = [
        Question(
            "End to end",
            "Drag the weight of the click from one end to the other. What do more clicks cost?",
            {"weight": "Drag w"},
            [{"weight": 0.0}, {"weight": 1.0}],
            f"From w = 0 to 1 the clicks in a list of ten rise from {10 * clicked[0]:.1f} to {10 * clicked[1]:.1f}, "
            f"and the share of them that are watched to the end falls from {finished[0]:.0%} to {finished[1]:.0%}.",
        ),
        Question(
            "Both",
            "Where are most videos of a list both clicked and watched to the end?",
            {"weight": "Look for the most"},
            [{"weight": 0.0}, {"weight": 1.0}],
            f"At w = {most:g}: {10 * total[most]:.2f} of ten, where only the finish (w = 0) gives {10 * total[0]:.2f}, "
            "because a video that is not clicked is not finished.",
        ),
    ]
    return Explorer(
        "weight",
        {"weight": "weight of the click"},
        [curves, curve],
        sentence,
        questions=questions,
        start={"weight": WEIGHT},
        intervals=f"95% intervals over {table['seeds'].min()} simulated feeds",
    )
