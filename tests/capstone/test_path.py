"""The path of the rows, from a CSV file to the pixels of the report's first figure: which rooms, and none twice.

A room is a module of `helpers`. Rows pass it where they, or numbers made of them, go in as an argument and come out as
something else made of them, which may be the object that they are given to. Not counted: what only says something of
them (checks, verdicts, the recommendation) or works on something else (the declaration, the recipe, Adam, the
balance), whatever it calls for that; `support`; and `Examples`, which is no room but what goes through them.
"""

import sys
from collections import defaultdict
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from matplotlib.figure import Figure

import helpers
from helpers.capstone import plan
from helpers.capstone.comparison import Comparison, compare
from helpers.capstone.declaration import Declaration
from helpers.capstone.ranker import Recipe
from helpers.capstone.reading import read
from helpers.capstone.report import Report, report
from helpers.data.examples import Examples
from helpers.evaluation.intervals import Gain
from helpers.training.loop import Run

ROOT = Path(helpers.__file__).parent
MADE_OF_ROWS = (pd.DataFrame, pd.Series, np.ndarray, torch.Tensor, Examples, Comparison, Figure, Gain, Report, Run)
PNG = "iVBOR"  # how one begins in base64
PATH = [  # in the order in which the rows come
    "capstone/reading",  # text → table
    "capstone/comparison",  # the corridor: hands each result to the next room
    "capstone/preparation",  # table → rows in order, in parts, as examples
    "data/features",  # rows → examples
    "training/loop",  # examples → batches
    "models/copies",  # batch → one for all copies of the model
    "models/shared_bottom",  # batch → outputs
    "training/losses",  # outputs → losses
    "evaluation/metrics",  # outputs → scores
    "evaluation/intervals",  # scores → gains with intervals
    "capstone/report",  # gains → figures
    "display/pictures",  # figures → pixels
]
SECOND_DOORS = {
    "models/copies": "capstone/comparison",  # training rows come by `fit`, test rows by `predict`: no row comes twice
    "evaluation/metrics": "evaluation/intervals",  # how much a row moves the AUC is counted in the ranks of `auc`
}


def of_rows(value, kinds: tuple = MADE_OF_ROWS, depth: int = 0) -> bool:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    picture = isinstance(value, str) and value.startswith(PNG)
    return picture or isinstance(value, kinds) or (depth < 2 and any(of_rows(part, kinds, depth + 1) for part in parts))


@cache
def room_of(file: str) -> str:
    """The module of `helpers` that a file is; nothing for all that is no room."""
    path = Path(file)
    room = path.relative_to(ROOT).with_suffix("").as_posix() if path.is_relative_to(ROOT) else ""
    return "" if room.startswith("support/") or room == "data/examples" else room


def rooms_passed(run) -> dict[str, set[str]]:
    """{room: the rooms from which rows came into it}, in the order of the first time."""
    calls, passed = [], defaultdict(set)  # a call: its room, what takes part in it, whether rows go in from elsewhere

    def note(frame, event, result):
        if event == "call":
            room = room_of(frame.f_code.co_filename)
            came_from = calls[-1]["room"] or calls[-1]["from"] if calls else ""
            code = frame.f_code
            names = set(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]) - {"self"}
            rows = room not in ("", came_from) and any(of_rows(frame.f_locals.get(name)) for name in names)
            calls.append({"room": room, "from": came_from, "rows": rows, "passed": []})
        elif event == "return" and calls:
            call = calls.pop()
            inside = call["passed"]
            if call["rows"] or (call["room"] and not call["from"]):
                kept = frame.f_code.co_name == "__init__" or of_rows(result, (*MADE_OF_ROWS, float))
                inside = [(call["room"], call["from"]), *inside] if kept else []
            if calls:
                calls[-1]["passed"] += inside
            else:
                for room, came_from in inside:
                    passed[room].add(came_from)

    sys.setprofile(note)
    try:
        run()
    finally:
        sys.setprofile(None)
    return passed


@pytest.mark.parametrize(
    ("also", "more"),
    [
        ((), set()),
        (("yardsticks",), {"capstone/yardsticks"}),
        (("curve",), {"evaluation/statistics", "display/figures"}),
    ],
    ids=["gains", "yardsticks", "curve"],
)
def test_rows_pass_twelve_rooms_and_none_twice(tmp_path, monkeypatch, also, more):
    """Yardsticks take one beside the path; the second figure, the trade-off, two: means over seeds, and the drawing."""
    monkeypatch.setattr(plan, "WEIGHTS", (0.5,))
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"user": rng.integers(0, 60, 600), "x": rng.normal(size=600).round(3), "time": range(600)})
    for task in ("click", "like"):
        frame[task] = (rng.random(600) < 1 / (1 + np.exp(-frame["x"]))).astype(int)
    frame.to_csv(tmp_path / "log.csv", index=False)
    own = Declaration({"click": "binary", "like": "binary"}, "user", numbers=("x",), time="time")
    recipe = Recipe(units=(4,), towers=(4,), epochs=1)

    def run():
        table = read(tmp_path / "log.csv")
        return report(compare(table, own, recipe, seeds=range(2), rates=[0.01], also=also))

    passed = rooms_passed(run)
    assert [room for room in passed if room not in more] == PATH and set(passed) - set(PATH) == more
    assert len(PATH) == 12
    for room, came_from in passed.items():
        assert len(came_from - {SECOND_DOORS.get(room)}) == 1, (room, came_from)
