"""The course for a class: `python -m classroom.editions student` writes `_student/`, `teacher` writes `_teacher/`.

Each is a working folder, with the library and the data, to be zipped and handed out; `make lab` sets it up. Nothing is
run: the notebooks are those of the course, with the outputs that they have.

    student  without the worked solutions, without the folded answers of exercises, without what is the teacher's: tests
             (they hold answers), plans, questions; its exercises are cells that nbgrader knows
    teacher  the solutions open; below the check of each exercise the mistakes that it knows and the hints that it
             gives; on top of each chapter what `docs/teaching.md` says of it
"""

import argparse
import importlib
import re
import shutil
import sys
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from classroom.handin.sheets import CHECK, folder_of
from helpers.display.answers import Wrong
from tools.notebooks import ROOT, read, tags, title
from tools.solutions import for_students, in_exercises

EDITIONS = ("student", "teacher")
FOLDERS = ("helpers", "data", "docs", "examples", "tools", "classroom", ".devcontainer")
FILES = (
    "README.md",
    "README.zh.md",
    "LICENSE",
    "CITATION.cff",
    "Makefile",
    "pyproject.toml",
    "versions.txt",
    "environment.yml",
    "postBuild",
)
# the last three are data of others, which may not be handed on
LEFT_OUT = ("__pycache__", ".ipynb_checkpoints", "ml-100k", ".ml-100k.part", "census-income")
TEACHING = ROOT / "docs" / "teaching.md"
SLIDES = ROOT / "docs" / "slides.md"


# --- one notebook ---------------------------------------------------------------------------------------------------


def for_grading(book: NotebookNode, name: str) -> str:
    """The text of a student's notebook whose exercises are nbgrader's (its cell metadata, version 3): the reader's
    answer is to be written, and its check is locked and gives a point."""
    student = nbformat.reads(for_students(book, name), as_version=4)
    for cell in student.cells:
        if "exercise" in tags(cell):
            check = bool(CHECK.search(cell.source.rpartition("\n")[2]))
            kind = {"grade": check, "locked": check, "solution": not check, "task": False}
            points = {"points": 1} if check else {}
            cell.metadata["nbgrader"] = {"schema_version": 3, "grade_id": cell.id, **kind, **points}
    return nbformat.writes(student).rstrip("\n") + "\n"


def for_teachers(book: NotebookNode, name: str) -> str:
    """The text of a notebook file with its solutions open, the common mistakes below each check, and notes on top."""
    prefix = name.split("_")[0]
    cells: list[NotebookNode] = []
    for cell, answers in in_exercises(book):
        if answers:
            cell.source = answers.replace("<details>", "<details open>") + cell.source.removeprefix(answers)
        if "solution" in tags(cell):
            cell.metadata.pop("jupyter", None)
        cells.append(cell)
        check = CHECK.search(cell.source.rpartition("\n")[2]) if "exercise" in tags(cell) else None
        if check and (known := mistakes(folder_of(name), check[1])):
            cells.append(new_markdown_cell(_mistakes_note(known), id=f"{prefix}-mistakes-{check[1]}"))
    if note := notes(title(book)):
        cells.insert(1, new_markdown_cell(note, id=f"{prefix}-for-the-teacher"))
    teacher = nbformat.from_dict({**book, "cells": cells})
    nbformat.validate(teacher)
    return nbformat.writes(teacher).rstrip("\n") + "\n"


# --- what a check knows ---------------------------------------------------------------------------------------------


def mistakes(folder: str, check: str) -> list[Wrong]:
    """The mistakes that the check `check` of a chapter ("ch03") can name, in the order in which it looks for them; a
    value that only a run knows is shown as an ellipsis."""
    exercise = getattr(importlib.import_module(f"helpers.chapters.{folder}.exercises"), check)
    return [mistake.listed for mistake in getattr(exercise, "mistakes", ())]


def _mistakes_note(known: list[Wrong]) -> str:
    lines = ["**Common mistakes**, in the order in which the check looks for them, and the hints that it gives:", ""]
    for wrong in known:
        lines += [f"- {wrong.what}", *(f"    - Hint: {hint}" for hint in wrong.hints)]
    return "\n".join(lines)


def notes(chapter: str) -> str:
    """What `docs/teaching.md` says of a chapter, in the section with the heading that its title starts with, or ""."""
    sections = re.split(r"^##+ ", TEACHING.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    for heading, _, note in (section.partition("\n") for section in sections):
        if chapter.startswith(heading):
            return f"**For the teacher**\n\n{note.strip()}"
    return ""


# --- the folder -----------------------------------------------------------------------------------------------------


def write(edition: str, out: Path) -> int:
    """Write an edition to the folder `out`, anew. Returns how many notebooks it has."""
    shutil.rmtree(out, ignore_errors=True)
    teachers = ["bank.md", "questions.po", TEACHING.name, SLIDES.name] if edition == "student" else []
    left_out = shutil.ignore_patterns(*LEFT_OUT, *teachers)
    for name in FOLDERS:
        shutil.copytree(ROOT / name, out / name, ignore=left_out)
    for name in FILES:
        shutil.copyfile(ROOT / name, out / name)
    make = {"student": for_grading, "teacher": for_teachers}[edition]
    paths = [path for path in sorted((ROOT / "notebooks").rglob("*.*")) if path.suffix in (".ipynb", ".md")]
    paths = [path for path in paths if ".ipynb_checkpoints" not in path.parts]
    for path in paths:
        to = out / path.relative_to(ROOT)
        to.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".ipynb":
            to.write_text(make(read(path), path.stem), encoding="utf-8")
        else:
            shutil.copyfile(path, to)
    return sum(path.suffix == ".ipynb" for path in paths)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m classroom.editions", description="Write the course for a class, to hand out."
    )
    parser.add_argument(
        "edition", choices=EDITIONS, help="Write to _student/ without solutions, or to _teacher/ with notes."
    )
    edition = parser.parse_args().edition
    out = ROOT / f"_{edition}"
    print(f"{write(edition, out)} notebooks for {edition}s, with library and data, in {out.name}/")
    return 0


if __name__ == "__main__":
    sys.exit(main())
