"""The explorer of the latency of N models against one shared model."""

import pandas as pd

from helpers.chapters.ch01.studies.why_sharing_works import latency
from helpers.display.explorer import Curves, Explorer, Question
from helpers.display.palette import METHOD, SINGLE_TASK

BUDGET = "limit"
HOPE = "N"  # what the ratio would be if towers cost nothing


def latency_explorer() -> Explorer:
    """Bottom × candidates × tasks → time by counted operations, and how many times as expensive N models are."""
    counted = latency.operations_table()
    budget = counted[counted["model"] == latency.SHARED].assign(model=BUDGET, ms=latency.BUDGET)
    time = Curves(
        pd.concat([counted, budget]),
        x="tasks",
        y="ms",
        series="model",
        log=True,
        title="Time of a request",
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
        title="How many times as expensive",
        x_label="tasks N",
        y_label="N models ÷ one shared",
        styles={latency.RATIO: METHOD, HOPE: SINGLE_TASK},
    )
    dear = ratios.set_index(["bottom", "tasks"])["ratio"]
    most = int(ratios["tasks"].max())
    questions = [
        Question(
            "More tasks",
            "Drag the number of tasks N up. Do N models cost N times as much as one shared model?",
            {"tasks": "Drag N"},
            [{"tasks": most}],
            f"No: with {most} tasks {dear['128, 128', most]:.1f} times as much, for each task keeps a tower.",
        ),
        Question(
            "A larger bottom",
            "With which bottom does sharing save most?",
            {"bottom": "choose each"},
            [{"bottom": bottom} for bottom in latency.BOTTOMS],
            "Separate models for 8 tasks cost "
            + ", ".join(f"{dear[bottom, 8]:.1f} times as much with {bottom}" for bottom in latency.BOTTOMS)
            + ". The more there is to share, the more it saves.",
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
    apart, shared = time["ms"][[latency.APART, latency.SHARED]]
    return (
        f"{tasks} {'task' if tasks == 1 else 'tasks'}, {candidates} candidates: separate models take {apart:.2f} ms, "
        f"one shared model {shared:.2f} ms. The ratio is {ratio['ratio'][latency.RATIO]:.2f}; this bottom costs "
        f"{b / t:.2f} towers, so however many tasks there are, it stays below {1 + b / t:.2f}."
    )
