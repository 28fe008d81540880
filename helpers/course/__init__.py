"""The course as a notebook asks for it: cards of claims, kept tables, questions and quizzes by name.

Chapters are discovered: a question's id starts with its chapter ("C4.P1", or "Clinic.P1") and is looked up in the
`predictions.md` of `helpers/chapters/ch04/`, with the functions of its `questions`. What a call needs it loads itself,
so that a kernel that shows one card loads little else.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path
from typing import TYPE_CHECKING

from helpers.display.cards import CHAPTERS, claims, evidence
from helpers.evaluation.verdicts import findings, weak
from helpers.support import validate

if TYPE_CHECKING:
    import pandas as pd

    from helpers.display.questions import Prediction, Question
    from helpers.display.quiz import Quiz
    from helpers.display.runs import Runs
    from helpers.display.score_card import ScoreCard

__all__ = ["ask", "check_yourself", "claims", "evidence", "kept_table", "runs", "score_card"]


def chapter_names() -> list[str]:
    """The chapters that there are: ["ch00", "ch01", ...]. The clinic is none."""
    names = sorted(module.name for module in pkgutil.iter_modules([str(CHAPTERS)]))
    return [name for name in names if re.fullmatch(r"ch\d\d", name)]


def lucky() -> list[str]:
    """The ids of the claims that do not pass Holm's test, all of them together: of so many some could hold by luck."""
    return weak(findings().values())


def kept_table(name: str) -> pd.DataFrame:
    """What an experiment trained, by its name ("04_heat"): a DataFrame, a row for each setting, seed, model and task.

    `runs` has verbs for what is compared over seeds. Raises FileNotFoundError where `data/tables/` has no such table.
    """
    from helpers.experiments import kept

    return kept.kept_table(name)


def runs(*names: str, **columns) -> Runs:
    """Kept runs, to narrow, compare and draw: `runs("04_conditions").gain("single-task").summary("model")`.

    names    of kept tables with the same columns, which are put below each other
    columns  what a column is where the table does not tell, as of `Runs`: value, metric, model, seeds, over
    """
    import pandas as pd

    from helpers.display.runs import Runs

    return Runs(pd.concat(map(kept_table, names), ignore_index=True), **columns)


def questions(chapter: str) -> dict[str, Question]:
    """The questions of a chapter ("ch04"), or of the "clinic", by id, in their order."""
    from helpers.display.questions import read

    validate.text(CHAPTERS / chapter / "questions.py", "a function for each prediction that draws its answer")
    functions = vars(importlib.import_module(f"helpers.chapters.{chapter}.questions")).values()
    return read(CHAPTERS / chapter / "predictions.md", functions)


def question(id: str) -> Question:
    """The question `id` ("C4.P1")."""
    place = re.match(r"(?:C(\d+)|Clinic)\.P\d+$", id)
    name = place and (f"ch{int(place[1]):02d}" if place[1] else "clinic")
    if name not in [*chapter_names(), "clinic"]:
        validate.fail("id", repr(id), "chapter and number of a question, such as 'C4.P1'")
    known = questions(name)
    return known[validate.choice("id", id, known)]


def ask(id: str, *about) -> Prediction:
    """A question to the reader, whose result stays shut until she commits a guess or skips: the last line of a cell.

    id     chapter and number of the question, "C4.P1"; its text is in the chapter's `predictions.md`
    about  what the result is drawn from, as the question's function in `questions.py` takes it: kept runs (`runs`),
           mostly, or models that the notebook has trained

    Returns a widget, which draws result and reason after the guess; the browser keeps the guess, the kernel never sees
    it. Raises ValueError for an id that no chapter has, and names those of its chapter.
    """
    return question(id)(*about)


def score_card(*ids: str) -> ScoreCard:
    """What came of the reader's predictions `ids` ("C4.P1", ...), as the browser remembers them."""
    from helpers.display.model_ids import stable
    from helpers.display.score_card import ScoreCard

    return stable(ScoreCard)(ids=[question(id).id for id in ids])


def quiz_file(chapter: str) -> Path:
    """Where the questions of *Check yourself* of a chapter ("ch04") are written."""
    return CHAPTERS / chapter / "quiz.md"


def check_yourself(chapter: str) -> Quiz:
    """The questions at the end of a chapter ("C4"), with an answer to every option."""
    from helpers.display.model_ids import stable
    from helpers.display.quiz import Quiz, read

    known = {f"C{int(name[2:])}": name for name in chapter_names()}
    return stable(Quiz)(chapter, read(quiz_file(known[validate.choice("chapter", chapter, known)])))
