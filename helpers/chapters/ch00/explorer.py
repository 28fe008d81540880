"""The explorer of chapter 00, Start here."""

from __future__ import annotations

import pandas as pd

from helpers.display.explorer import Curves, Explorer, Plane
from helpers.evaluation.statistics import summarise


def weight_explorer(grid: pd.DataFrame) -> Explorer:
    """Weight of the click → how many of the served videos are clicked, and how many of those are watched to the end.

    grid: the table of `primer.task_weights`.
    """
    goals = grid.melt(["weight", "seed"], ["clicked", "finished"], "goal", "share")
    table = summarise(goals, "share", ["weight", "goal"])
    # A product of two shares of one list; its mean over seeds is not the product of the means.
    total = grid.assign(total=grid["clicked"] * grid["finished"]).groupby("weight")["total"].mean()

    def sentence(settings: dict, at: pd.DataFrame, _) -> str:
        weight, share = settings["weight"], at["mean"]
        return (
            f"Trained on {weight:g} · L(click) + {1 - weight:.1g} · L(finish): of the ten videos on top, "
            f"{10 * share['clicked']:.1f} are clicked; of the clicked ones {share['finished']:.0%} are watched to the "
            f"end. That makes {10 * total[weight]:.2f} finished videos per list."
        )

    curves = Curves(
        table,
        x="weight",
        series="goal",
        title="Each goal by its weight",
        x_label="w, the weight of the click (finish has the rest)",
        y_label="share of videos",
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
    return Explorer(
        {"weight": "weight of the click"},
        [curves, curve],
        sentence,
        start={"weight": 0.5},
        intervals=f"95% intervals over {table['seeds'].min()} simulated feeds",
    )
