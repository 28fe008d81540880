"""The lesson plans of `docs/teaching.md` as decks: for each class a notebook of the cells that its table names.

A row of a plan names what is on the wall in a comment: ids of cells, predictions ("C1.P2"), questions of the bank
("questions/01:1,6"), and slides that are in no chapter ("slides/exit", of `docs/slides.md`). `:last` covers the last
column of a cell's table, `:entries` all of its entries; of a *Check yourself*, `:1,4` shows these questions alone, and
of an explorable `:3` begins with its third. What is said of a prediction, before, while they argue and after, is in the
file of the predictions, and so is its set-up. What leads to any other question is the row's *vote*.
"""

import html
import json
import re
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

import nbformat
from ipywidgets.embed import dependency_state
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from helpers.display.cards import CHAPTERS
from helpers.display.questions import Prediction, Question, in_class
from helpers.display.quiz import Item, Quiz, read
from tools.notebooks import ROOT, STYLER_ID, WIDGET_STATE, WIDGET_VIEW, asked_id, keep_shown_models, tags

TEACHING = ROOT / "docs" / "teaching.md"
BANK = {path.parent.name[2:]: path for path in sorted(ROOT.glob("helpers/chapters/ch*/bank.md"))}  # by chapter, "04"
SLIDES = ROOT / "docs" / "slides.md"
RACE = "Your ranker has raced: by how much do its lists satisfy more than those of the row that it raced against?"
OWN = ("questions/", "slides/")  # what a plan names that is in no notebook
PLAN = re.compile(r"^## ([^\n]+)\n((?:(?!^## ).)*?^\| min \|.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
WALL = re.compile(
    r"((?:\*[^*]*\*|[^:*])*)(?:: (.*))?"
)  # a heading, and what is shown below it; a title may have a colon
PART = re.compile(r"(?:^| · )(before|vote|while|after)(?:, on the board)?: ")  # of what the teacher says in a row
NAME = re.compile(r"class \d|workshop", re.IGNORECASE)


class Row(NamedTuple):
    """A row of a plan, and what its comment names: {cell, prediction, questions or slide: what of it, or ""}."""

    minutes: str
    wall: str
    task: str
    say: str
    left_out: str
    cells: dict[str, str]


class Plan(NamedTuple):
    """A class: the name of its page, its title, what stands below it, the questions of the bank that are answered at
    home before it ("questions/00:2,4"), and its rows."""

    name: str
    title: str
    about: str
    before: list[str]
    rows: list[Row]


def plans() -> list[Plan]:
    """The plans in `docs/teaching.md`: its sections with a table that begins with minutes. Students have none."""
    every = []
    for title, section in PLAN.findall(TEACHING.read_text(encoding="utf-8") if TEACHING.exists() else ""):
        rows = [line.strip("| ").split("|") for line in section.splitlines() if re.match(r"\| \d", line)]
        name = NAME.search(title).group().lower().replace(" ", "")
        about, _, named = section.strip().partition("\n\n")[0].partition("<!--")
        before = named.removesuffix("-->").split()
        every.append(Plan(name, title, about.strip(), before, [_row([part.strip() for part in row]) for row in rows]))
    return every


def _row(parts: list[str]) -> Row:
    minutes, wall, task, say, left_out = [*parts, "", "", "", ""][:5]
    wall, _, named = wall.partition("<!--")
    cells = {}
    for name in named.removesuffix("-->").split():
        bank = name.startswith("questions/")
        cell, _, what = (name, "", "") if bank else name.partition(":")
        cells[cell] = what
    return Row(minutes, wall.strip(), task, say, left_out, cells)


def covered_cells(plans: Iterable[Plan], book: NotebookNode) -> dict[str, str]:
    """The cells of a notebook that plans name, by id, with what of them is covered, or the questions that are shown."""
    named = {name: what for plan in plans for row in plan.rows for name, what in row.cells.items()}
    return {id: named[key] for key, id in _ids(book).items() if key in named}


def missing(plan: Plan, books: list[NotebookNode]) -> list[str]:
    """What a plan names that is in none of the notebooks."""
    known = {key for book in books for key in _ids(book)}
    return [name for row in plan.rows for name in row.cells if name not in known and not name.startswith(OWN)]


def _ids(book: NotebookNode) -> dict[str, str]:
    """The ids of a notebook's cells, by themselves, by the predictions that they ask, and by their names in a plan."""
    questions = {asked_id(cell): cell.id for cell in book.cells if "predict" in tags(cell)}
    of_plan = {cell.metadata["plan"]: cell.id for cell in book.cells if "plan" in cell.metadata}
    return {cell.id: cell.id for cell in book.cells} | questions | of_plan


def deck(plan: Plan, books: list[NotebookNode]) -> NotebookNode:
    """A plan as a notebook: each row's heading, task and what the teacher says, then its cells with their widgets."""
    books = [_with_own_ids(book, number) for number, book in enumerate(books, start=1)]
    cells = {key: cell for book in books for key, id in _ids(book).items() for cell in book.cells if cell.id == id}
    state = {}
    for book in books:
        state |= book.metadata.get("widgets", {}).get(WIDGET_STATE, {}).get("state", {})
    shown = [new_markdown_cell(f"# {plan.title}\n\n{plan.about}", id="plan")]
    for row in plan.rows:
        shown.append(new_markdown_cell(_row_in_words(row), id=f"plan-{row.minutes.replace('–', '-')}"))
        for name in row.cells:
            if name.startswith("questions/"):
                cell, models = _questions(name)
                state |= models
            elif name.startswith("slides/"):
                cell = _slide(name)
            else:
                cell = cells[name]
            shown.append(cell)
    book = new_notebook(cells=shown)
    widgets = {WIDGET_STATE: {"version_major": 2, "version_minor": 0, "state": state}}
    book.metadata = books[0].metadata | {"widgets": widgets}
    keep_shown_models(book)
    return book


def _with_own_ids(book: NotebookNode, number: int) -> NotebookNode:
    """A copy whose styled tables have ids of their own: those of each notebook are counted from one."""
    text = STYLER_ID.sub(lambda id: f"{id.group()}{number:02x}", nbformat.writes(book))
    return nbformat.reads(text, as_version=4)


@cache
def class_words() -> dict[str, dict[str, str]]:
    """What every prediction of the course has for a class, by its id: its set-up, and what the teacher says."""
    return {id: parts for path in sorted(CHAPTERS.glob("*/predictions.md")) for id, parts in in_class(path).items()}


def set_up(book: NotebookNode) -> NotebookNode:
    """A notebook whose predictions have their set-ups above them: slides and scripts lack the text that they follow."""
    return NotebookNode(book | {"cells": [_set_up(cell) for cell in book.cells]})


def _set_up(cell: NotebookNode) -> NotebookNode:
    setup = class_words().get(asked_id(cell), {}).get("setup") if "predict" in tags(cell) else ""
    if not setup:
        return cell
    shown = new_output("display_data", {"text/html": f'<p class="mtl-setup">{html.escape(setup)}</p>'})
    return NotebookNode(cell | {"outputs": [shown, *cell.outputs]})


def _row_in_words(row: Row) -> str:
    heading, shown = WALL.fullmatch(row.wall).groups("")
    every = {id: class_words()[id] for id in row.cells if id in class_words()}
    _, *spoken = PART.split(row.say)
    lines = [f"**{row.minutes} min.** {row.task[:1].upper()}{row.task[1:]}", row.say]
    for id, parts in every.items():
        lines.append(f"**{id}, before**: *{parts['aloud']}*")
        lines.append(f"**{id}, while they argue**: *{parts['argue']}*")
        lines.append(f"**{id}, after**: {parts['after']}" + (f" (Right: {parts['right']}.)" if parts["right"] else ""))
    lines += [f"*On the wall*: {shown}"] if shown else []
    lines += [f"*Left out*: {row.left_out}"] if row.left_out else []
    names = {"before": "aloud", "while": "argue", "after": "after"}
    of_row = dict(zip(spoken[::2], spoken[1::2], strict=True))
    by_id = {"": of_row} | {id: {when: p[name] for when, name in names.items()} for id, p in every.items()}
    data = {"minutes": row.minutes, "task": row.task, "said": json.dumps(by_id, ensure_ascii=False)}
    kept = " ".join(f'data-{name}="{html.escape(re.sub("[*`]", "", text))}"' for name, text in data.items())
    return "\n\n".join([f"## {heading}", f'<div class="plan-row" {kept}></div>', *lines])


def bank_items(name: str) -> dict[int, Item]:
    """Questions of the bank ("questions/01:1,6"), by number."""
    file, _, numbers = name.removeprefix("questions/").partition(":")
    every = read(BANK[file])
    return {int(number): every[int(number) - 1] for number in numbers.split(",")}


def _own(cell: NotebookNode, name: str) -> NotebookNode:
    """A cell that is in no notebook, with an id for pages and the name that a plan has for it."""
    cell.id, cell.metadata["plan"] = re.sub(r"[^\w]+", "-", name), name
    return cell


def _slide(name: str) -> NotebookNode:
    """A slide that is in no chapter ("slides/exit")."""
    every = re.split(r"^## (.+)\n", SLIDES.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    texts = dict(zip(every[::2], every[1::2], strict=True))
    return _own(new_markdown_cell(texts[name.removeprefix("slides/")].strip()), name)


def _questions(name: str) -> tuple[NotebookNode, dict]:
    """Questions of the bank ("questions/01:1,6") as a cell, and the state of its widgets."""
    file = name.removeprefix("questions/").partition(":")[0]
    cell, models = _quiz_cell(f"bank {file}", bank_items(name))
    return _own(cell, name), models


def _quiz_cell(name: str, items: dict[int, Item]) -> tuple[NotebookNode, dict]:
    return _cell(Quiz(name, list(items.values()), list(items)))


def _cell(widget: Prediction | Quiz) -> tuple[NotebookNode, dict]:
    """A cell that shows the widget, and the state of its models."""
    view = {"model_id": widget.model_id, "version_major": 2, "version_minor": 0}
    cell = new_code_cell("", outputs=[new_output("display_data", {WIDGET_VIEW: view})])
    return cell, dependency_state(widget, drop_defaults=False)


def bank() -> NotebookNode:
    """All that can be asked beside what is on pages: the bank, four letters for a question of the teacher's own, and
    what came of a race of rankers; nobody here knows the answers of these two (-1)."""
    letters = Item("The teacher's question: which letter?", list("ABCD"), [""] * 4, -1)
    race = Question("own.race", RACE, [], -1, "of satisfaction", "", "", lambda: "")
    every = {f"bank {name}": dict(enumerate(read(path), start=1)) for name, path in BANK.items()}
    shown = [_cell(race()), *(_quiz_cell(name, items) for name, items in {"own": {1: letters}, **every}.items())]
    book = new_notebook(cells=[cell for cell, _ in shown])
    state = {id: model for _, models in shown for id, model in models.items()}
    book.metadata["widgets"] = {WIDGET_STATE: {"version_major": 2, "version_minor": 0, "state": state}}
    return book
