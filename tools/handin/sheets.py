"""What a notebook that was handed in holds: the answers to a chapter's exercises, and the checks that judge them.

Only the answers are the student's. The set-up cell and the checks are those of the course, whatever the notebook that
was handed in has in their place.
"""

from __future__ import annotations

import hashlib
import importlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import nbformat

from helpers.display.exercises import Exercise
from helpers.support.environment import ROOT

CHECK = re.compile(r"exercises\.(\w+)\((\w+)\)")  # a check's cell: exercises.NAME(ANSWER)
LARGEST = 20_000_000  # bytes of a notebook


@dataclass(frozen=True)
class Task:
    """An exercise of a chapter: its name in `exercises`, the name of its answer, and the id of the cell that checks."""

    name: str
    answer: str
    check: str


@dataclass(frozen=True)
class Chapter:
    """What the course has of a chapter: its set-up cell and its exercises, in order."""

    path: Path
    setup: str
    tasks: tuple[Task, ...]
    cells: frozenset[str]  # ids of all its cells


@dataclass(frozen=True)
class Sheet:
    """One notebook that was handed in: for each exercise, by name, the source of the student's cells."""

    path: Path
    chapter: Chapter
    answers: dict[str, str]

    @property
    def hash(self) -> str:
        """Of the answers: equal for two sheets that say the same."""
        return hashlib.sha256(repr(sorted(self.answers.items())).encode()).hexdigest()[:16]


# These two are in `tools.notebooks` as well, which needs the packages of the tests; students have not got them.


def code_cells(book: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in book.cells if cell.cell_type == "code"]


def tags(cell: nbformat.NotebookNode) -> list[str]:
    return cell.metadata.get("tags", [])


class Unreadable(Exception):
    """A file that is no notebook of the course, and why."""


@cache
def chapters() -> tuple[Chapter, ...]:
    """All chapters that have exercises."""
    found = []
    notebooks = ROOT / "notebooks"
    for path in [*sorted(notebooks.glob("[0-9][0-9]_*.ipynb")), *sorted(notebooks.glob("deeper/[0-9][0-9]_*.ipynb"))]:
        book = nbformat.read(path, as_version=4)
        checks = importlib.import_module(f"helpers.chapters.ch{path.name[:2]}.exercises")
        tasks = [
            Task(match[1], match[2], cell.id)
            for cell in code_cells(book)
            if "exercise" in tags(cell) and (match := CHECK.search(cell.source.rpartition("\n")[2]))
            if isinstance(getattr(checks, match[1], None), Exercise)
        ]
        setup = "\n".join(cell.source for cell in code_cells(book) if "setup" in tags(cell))
        if tasks:
            found.append(Chapter(path, setup, tuple(tasks), frozenset(cell.id for cell in book.cells)))
    return tuple(found)


def read(path: Path) -> Sheet:
    """The answers in a notebook that was handed in. Its chapter is that of most of its cells, whatever its name.

    An answer is all code between the check before it and its own: helper functions that the student added belong to it.
    Raises Unreadable for what is no notebook, or none of the course.
    """
    if path.stat().st_size > LARGEST:
        raise Unreadable(f"larger than {LARGEST // 1_000_000} MB")
    try:
        book = nbformat.read(path, as_version=4)
    except Exception as error:  # nbformat raises what its parser and its schema do
        raise Unreadable(f"not a notebook ({type(error).__name__})") from error
    ids = [cell.get("id", "") for cell in book.cells]
    chapter = max(chapters(), key=lambda chapter: len(chapter.cells.intersection(ids)))
    if not chapter.cells.intersection(ids):
        raise Unreadable("not a chapter of this course: none of its cells is known")
    return Sheet(path, chapter, _answers(book, chapter))


def _answers(book: nbformat.NotebookNode, chapter: Chapter) -> dict[str, str]:
    checks = {task.check: task for task in chapter.tasks}
    first = chapter.tasks[0]
    answers, lines, begun = {}, [], False
    for cell in code_cells(book):
        begun = begun or "exercise" in tags(cell) or _defines(cell.source, first.answer)
        if task := checks.get(cell.get("id", "")):
            before = cell.source.rpartition("\n")[0]  # an answer may be in the cell of its check
            answers[task.name] = "\n\n".join([*lines, before]).strip()
            lines = []
        elif begun and not {"solution", "predict"}.intersection(tags(cell)):
            lines.append(cell.source)
    return answers


def _defines(source: str, name: str) -> bool:
    return re.search(rf"^(def|class) {name}\b", source, re.MULTILINE) is not None
