"""What a notebook that was handed in holds: the answers to a chapter's exercises.

Only the student's own cells are taken from it. The set-up cell, what the chapter defines and the checks are those of
the course, whatever the notebook that was handed in has in their place.
"""

import ast
import importlib
import multiprocessing
import os
import re
import signal
import stat
import sys
from dataclasses import dataclass
from functools import cache
from itertools import takewhile
from pathlib import Path

import nbformat

from classroom.handin import trees
from helpers.display.exercises import Exercise
from helpers.support.environment import ROOT

CHECK = re.compile(r"\b(?:exercises|check)\.(\w+)\((\w+)\)")  # of an answer; older versions call the module `check`
CALL = re.compile(rf"^{CHECK.pattern}[ \t]*$", re.MULTILINE)
LARGEST = 20_000_000  # bytes of a notebook
LONGEST = 200_000  # characters of all that a student wrote in it
SECONDS = 10  # for reading it
MEMORY_GB = 4  # of that process
LINK = "a link: what it leads to is not read"


@dataclass(frozen=True)
class Task:
    """An exercise of a chapter: its name in `exercises`, the name of its answer, the id of the cell that checks it, and
    the chapter's code cells above it, without those that only show something."""

    name: str
    answer: str
    check: str
    above: tuple[str, ...]


@dataclass(frozen=True)
class Chapter:
    """What the course has of a chapter: its set-up cell and its exercises, in order."""

    path: Path
    setup: str
    tasks: tuple[Task, ...]
    cells: frozenset[str]  # ids of all its cells
    sources: frozenset[str]  # of its code cells


@dataclass(frozen=True)
class Answer:
    """The names that an answer may have, the likeliest first, the student's cells above it, and its own. What `trees`
    says of it: its form, a remark, and the remark if it needs all of the cells above."""

    names: tuple[str, ...]
    before: tuple[str, ...]
    cells: tuple[str, ...]
    form: str
    remark: str
    remark_above: str


@dataclass(frozen=True)
class Sheet:
    """One notebook that was handed in: the answers that were begun, by exercise, and remarks on the notebook."""

    chapter: Chapter
    answers: dict[str, Answer]
    remarks: tuple[str, ...]


# These two are in `tools.notebooks` as well, which needs the packages of the tests; students have not got them.


def code_cells(book: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in book.cells if cell.cell_type == "code"]


def tags(cell: nbformat.NotebookNode) -> list[str]:
    return cell.metadata.get("tags", [])


class Unreadable(Exception):
    """A file that is no notebook of the course, and why."""


def folder_of(notebook: str) -> str:
    """The folder in `helpers/chapters/` of a notebook: "ch04" for "04_shared_bottom" and "04_bottoms", or its name."""
    return f"ch{notebook[:2]}" if re.match(r"\d\d_", notebook) else notebook


@cache
def chapters() -> tuple[Chapter, ...]:
    """All chapters that have exercises."""
    made = []
    notebooks = ROOT / "notebooks"
    for path in [*sorted(notebooks.glob("*.ipynb")), *sorted(notebooks.glob("deeper/*.ipynb"))]:
        book = nbformat.read(path, as_version=4)
        checks = importlib.import_module(f"helpers.chapters.{folder_of(path.stem)}.exercises")
        setup, tasks, above = "", [], []
        for cell in code_cells(book):
            if "setup" in tags(cell):
                setup = cell.source
            elif "exercise" in tags(cell):
                match = CHECK.search(cell.source.rpartition("\n")[2])
                if match and isinstance(getattr(checks, match[1], None), Exercise):
                    tasks.append(Task(match[1], match[2], cell.id, tuple(above)))
            elif "solution" not in tags(cell) and _sets(cell.source):
                above.append(cell.source)
        if tasks:
            ids, sources = (frozenset(cells) for cells in ([c.id for c in book.cells], map(_source, code_cells(book))))
            made.append(Chapter(path, setup, tuple(tasks), ids, sources))
    return tuple(made)


class Reader:
    """Reads notebooks in a process of its own, which is ended when one takes too long: what is in a notebook can keep a
    parser busy for hours, or end the process that it runs in."""

    def __init__(self):
        self.process = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process:
            self.process.kill()
            self.process.join()
            self.process = None

    def read(self, content: bytes) -> Sheet:
        """What `parse` gives. Raises Unreadable, also for what takes too long."""
        try:
            if not self.process:
                self._start()
            self.pipe.send_bytes(content)
            if not self.pipe.poll(SECONDS):
                raise TimeoutError
            sheet = self.pipe.recv()
        except (EOFError, OSError) as error:
            self.__exit__()
            why = f"took more than {SECONDS} seconds" if isinstance(error, TimeoutError) else "ended Python"
            raise Unreadable(f"reading it {why}") from error
        if isinstance(sheet, Unreadable):
            raise sheet
        return sheet

    def _start(self) -> None:
        spawn = multiprocessing.get_context("spawn")
        self.pipe, end = spawn.Pipe()
        self.process = spawn.Process(target=_serve, args=(end,), daemon=True)
        self.process.start()
        end.close()
        self.pipe.recv()  # once the chapters are imported


def _serve(pipe) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one that it reads for
    chapters()
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_GB << 30,) * 2)
    pipe.send("ready")
    while True:
        try:
            content = pipe.recv_bytes()
        except EOFError:
            return
        try:
            pipe.send(parse(content))
        except Unreadable as error:
            pipe.send(error)


def contents(path: Path) -> bytes:
    """What is in a file, which is neither a link nor a pipe. Raises Unreadable, and OSError."""
    if path.is_symlink():
        raise Unreadable(LINK)
    flags = sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"))  # a pipe would wait
    descriptor = os.open(path, os.O_RDONLY | flags)
    try:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode) or about.st_size > LARGEST:
            raise Unreadable(f"not a file, or larger than {LARGEST // 1_000_000} MB")
        with open(descriptor, "rb", closefd=False) as file:
            return file.read()
    finally:
        os.close(descriptor)


def parse(content: bytes) -> Sheet:
    """The answers in a notebook. Its chapter is that of most of its cells, whatever its name; where cells have no ids,
    that of most of its checks.

    Raises Unreadable for what is no notebook, or none of the course.
    """
    try:
        book = nbformat.reads(content.decode("utf-8-sig"), as_version=4)  # some editors put a BOM there
        ids = [str(cell.get("id", "")) for cell in book.cells]
        sources = [_source(cell) for cell in code_cells(book)]
        tagged = [tags(cell) for cell in code_cells(book)]
        checks = {match[1] for source in sources for match in CHECK.finditer(source)}
    except Exception as error:  # nbformat raises what its parser and its schema do, and reads what is no notebook
        raise Unreadable(f"not a notebook ({type(error).__name__})") from error

    def known(chapter: Chapter) -> tuple[int, int]:
        return len(chapter.cells.intersection(ids)), len(checks.intersection(task.name for task in chapter.tasks))

    chapter = max(chapters(), key=known)
    if known(chapter) == (0, 0):
        raise Unreadable("not a chapter of this course: none of its cells is known")
    prefix = chapter.path.stem.split("_")[0]
    other = sum(cell.startswith(f"{prefix}-") and cell not in chapter.cells for cell in ids)
    remarks = [f"{other} of its cells are of another version of the course"] if other else []
    remarks += [] if any(ids) else ["its cells have no ids, so names decided"]
    return Sheet(chapter, _answers(chapter, code_cells(book), sources, tagged), tuple(remarks))


def _answers(chapter: Chapter, cells: list, sources: list[str], tagged: list[list[str]]) -> dict[str, Answer]:
    """An answer is what the student wrote above its check, up to the next cell of the course or the next check; if it
    is not there, the last cell that sets its name."""
    theirs: list[str | None] = []
    for source, having in zip(sources, tagged, strict=True):
        own = CALL.sub("", source).strip()
        theirs.append(None if source in chapter.sources or "solution" in having or (source and not own) else own)
    if (length := sum(len(own) for own in theirs if own)) > LONGEST:
        raise Unreadable(f"the student's cells have {length:,} characters, and more than {LONGEST:,} are not read")
    answers = {}
    for task in chapter.tasks:
        check, names = _check(task, cells, sources)
        places = [] if check is None else [check] if theirs[check] else []
        places += takewhile(lambda i: theirs[i] is not None, reversed(range(check or 0)))
        if not any(_binds(theirs[i], names) for i in places):
            places += [i for i, own in enumerate(theirs) if own and _binds(own, names)][-1:]
        if own := tuple(theirs[i] for i in sorted(places) if theirs[i]):
            before = tuple(filter(None, theirs[: min(places)]))
            remarks = trees.remark(own, before), trees.remark((*before, *own))
            answers[task.name] = Answer(names, before, own, trees.form(own), *remarks)
    return answers


def _check(task: Task, cells: list, sources: list[str]) -> tuple[int | None, tuple[str, ...]]:
    """Where a notebook checks an answer, and the names that the answer may have."""
    calls = [
        (cells[i].get("id") != task.check, i, match[2])
        for i, source in enumerate(sources)
        for match in CHECK.finditer(source)
        if match[1] == task.name and not match[2].lower().startswith("solution")
    ]
    if not calls:
        place = next((i for i, cell in enumerate(cells) if cell.get("id") == task.check), None)
        return place, (task.answer,)
    _, place, name = min(calls)
    return place, tuple(dict.fromkeys([name, task.answer]))


def _source(cell: nbformat.NotebookNode) -> str:
    source = cell.source.replace("\r\n", "\n").strip()
    return source.encode("utf-8", "replace").decode()  # JSON may hold halves of characters


def _binds(source: str, names: tuple[str, ...]) -> bool:
    name = "|".join(names)
    return bool(re.search(rf"^[ \t]*(def|class)[ \t]+({name})\b|^({name})[ \t]*=", source, re.MULTILINE))


def _sets(source: str) -> bool:
    return not all(isinstance(node, ast.Expr) for node in ast.parse(source).body)
