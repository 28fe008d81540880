"""What the tests of all chapters share."""

import nbformat
import numpy as np

from helpers.display.exercises import Exercise
from tools.notebooks import ROOT, code_cells


def judge(exercise: Exercise, answer, times: int = 1) -> str:
    """What the exercise says to an answer (the last time), with no mistakes remembered from another test."""
    fresh = exercise.afresh()
    return [fresh.judge(answer) for _ in range(times)][-1]


def solution(notebook: str, name: str, **names):
    """The function or class of that name in the notebook's worked solutions, without what follows it."""
    cells = code_cells(nbformat.read(ROOT / "notebooks" / f"{notebook}.ipynb", as_version=4))
    source = next(cell.source for cell in cells if f"def {name}(" in cell.source)
    exec(source.split("\n\n\n# check it:")[0], names)
    return names[name]


def said_at(explorer, **settings) -> str:
    """The explorer's sentence at these settings."""
    options = explorer.options
    at = [options[name].index(settings[name]) for name in options]
    place = int(np.ravel_multi_index(at, [len(found) for found in options.values()]))
    return explorer.data["sentences"]["texts"][explorer.data["sentences"]["of"][place]]
