"""The explorer of the latency of N models against one shared model."""

import pandas as pd

from helpers.chapters.ch01.studies.why_sharing_works import latency
from helpers.display.explorer import Curves, Explorer, Question
from helpers.display.palette import METHOD, SINGLE_TASK

BUDGET = "limit 40 ms"
HOPE = "N"  # what the ratio would be if towers cost nothing


def latency_explorer() -> Explorer:
    """Bottom × candidates × tasks → time by counted operations, and how many times as expensive N models are."""
    counted = latency.counted()
    budget = counted[counted["model"] == latency.SHARED].assign(model=BUDGET, ms=latency.BUDGET)
    time = Curves(
        pd.concat([counted, budget]),
        x="tasks",
        y="ms",
        series="model",
        log=True,
        title=f"Time of a request at {latency.SPEED / 1e9:.0f} billion multiply-adds per second",
        x_label="tasks N",
        y_label="milliseconds",
        styles={latency.APART: SINGLE_TASK, latency.SHARED: METHOD},
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
    dear = ratios.set_index(["bottom", "tasks"])["ratio"]
    most = int(ratios["tasks"].max())
    questions = [
        Question(
            "Drag the number of tasks up. How many times as expensive are N models?",
            {"tasks": "Start here: drag N"},
            [{"tasks": most}],
            f"With {most} tasks {dear['128, 128', most]:.1f} times, not {most} times: the towers are not shared.",
        ),
        Question(
            "On which bottom does sharing save most?",
            {"bottom": "choose each"},
            [{"bottom": bottom} for bottom in latency.BOTTOMS],
            "With 8 tasks: " + ", ".join(f"{bottom}: {dear[bottom, 8]:.1f} times" for bottom in latency.BOTTOMS) + ".",
        ),
    ]
    return Explorer(
        "latency",
        {"tasks": "tasks N", "candidates": "candidates", "bottom": "units of the bottom"},
        [time, ratio],
        _latency_in_words,
        questions=questions,
        start={"tasks": 8, "candidates": 500, "bottom": "128, 128"},
        buttons={"bottom"},
    )


def _latency_in_words(settings: dict, time: pd.DataFrame, ratio: pd.DataFrame) -> str:
    tasks, candidates, bottom = settings.values()
    b, t = latency.parts(latency.BOTTOMS[bottom])
    apart, shared = (
        f"{time['ms'][model]:.2f} ms ({time['million'][model]:,.0f} million multiply-adds)"
        for model in (latency.APART, latency.SHARED)
    )
    return (
        f"{tasks} {'task' if tasks == 1 else 'tasks'}, {candidates} candidates, a bottom of {bottom}: {apart} for "
        f"separate models, {shared} for one shared model. The ratio is {ratio['ratio'][latency.RATIO]:.2f}; with ever "
        f"more tasks it tends to {1 + b / t:.2f}."
    )
