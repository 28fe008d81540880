"""The explorer of chapter 01 on cost: N single-task models against one shared model."""

from __future__ import annotations

import pandas as pd

from helpers.chapters.ch01 import latency
from helpers.display.explorer import Curves, Explorer
from helpers.display.palette import METHOD, ORANGE, SINGLE_TASK, Style

BUDGET = "40 ms"
HOPE = "N"  # what the ratio would be if towers cost nothing


def latency_explorer() -> Explorer:
    """Bottom × candidates × tasks → time by counted operations, and how many times dearer N models are.

    *Measure it now* measures at the setting: stars for the milliseconds of both sides and for their ratio.
    """
    counted = latency.counted()
    point = ["bottom", "candidates", "tasks"]
    budget = counted.drop_duplicates(point).assign(model=BUDGET, ms=latency.BUDGET)
    time = Curves(
        pd.concat([counted, budget])[[*point, "model", "ms"]],
        x="tasks",
        y="ms",
        series="model",
        log=True,
        title=f"Time of a request at {latency.SPEED / 1e9:.0f} billion multiply-adds per second",
        x_label="tasks N",
        y_label="milliseconds",
        styles={latency.APART: SINGLE_TASK, latency.SHARED: METHOD, BUDGET: Style(ORANGE, (3, 1.5), "s")},
    )
    ratios = counted.drop_duplicates(["bottom", "tasks"])[["bottom", "tasks", "ratio"]]
    ratio = Curves(
        pd.concat([ratios.assign(model=latency.RATIO), ratios.assign(model=HOPE, ratio=ratios["tasks"])]),
        x="tasks",
        y="ratio",
        series="model",
        title="The ratio stays below N",
        x_label="tasks N",
        y_label="N models ÷ one shared",
        styles={latency.RATIO: METHOD, HOPE: SINGLE_TASK},
    )
    return Explorer(
        {"tasks": "tasks N", "candidates": "candidates", "bottom": "units of the bottom"},
        [time, ratio],
        _in_words(counted),
        start={"tasks": 8, "candidates": 500, "bottom": "128, 128"},
        dropdown={"bottom"},
        train=latency.live,
        verb="Measure",
    )


def _in_words(counted: pd.DataFrame):
    million = counted.set_index(["bottom", "candidates", "tasks", "model"])["million"]

    def sentence(settings: dict) -> str:
        tasks, at = settings["tasks"], (settings["bottom"], settings["candidates"], settings["tasks"])
        b, t = latency.parts(latency.BOTTOMS[settings["bottom"]])
        apart, shared = (f"{million[(*at, model)]:,.0f}" for model in (latency.APART, latency.SHARED))
        name = "1 task" if tasks == 1 else f"{tasks} tasks"
        return (
            f"{name}, {settings['candidates']} candidates, a bottom of {settings['bottom']}: {apart} million "
            f"multiply-adds apart, {shared} million shared, a ratio of {latency.ratio(tasks, b, t):.2f}; "
            f"with ever more tasks it tends to {1 + b / t:.2f}."
        )

    return sentence
