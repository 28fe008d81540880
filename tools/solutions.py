"""A notebook without its worked solutions, as students get it."""

import re
from collections.abc import Iterator

import nbformat
from nbformat import NotebookNode

from tools.notebooks import canonical, tags

FOLD = re.compile(r"<details>.*?</details>\s*", re.DOTALL)
HEADING = re.compile(r"^#+ ", re.MULTILINE)


def for_students(book: NotebookNode, name: str) -> str:
    """The text of a notebook file without its solutions, in canonical form. `name` is that of the file, without its
    ending."""
    cells: list[NotebookNode] = []
    for cell, answers in in_exercises(book):
        if "solution" in tags(cell):
            if cells[-1].cell_type == "markdown" and not HEADING.search(cells[-1].source):
                cells.pop()  # it introduces the solution
            continue
        if answers:
            cell.source = (FOLD.sub("", answers) + cell.source.removeprefix(answers)).strip()
        if cell.source:
            cells.append(cell)
    return canonical(nbformat.from_dict({**book, "cells": cells}), name)


def in_exercises(book: NotebookNode) -> Iterator[tuple[NotebookNode, str]]:
    """A copy of each cell, and the part of a text that belongs to the exercise above: up to the next heading."""
    begun = False
    for cell in nbformat.from_dict(book).cells:
        if cell.cell_type == "code":
            begun = begun or bool({"exercise", "solution"} & set(tags(cell)))
            yield cell, ""
        else:
            heading = HEADING.search(cell.source)
            yield cell, cell.source[: heading.start() if heading else None] if begun else ""
            begun = begun and not heading
