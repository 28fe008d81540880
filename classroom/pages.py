"""The pages of a class, in `_class/`: those for students, which have no solutions; the page on which they vote; and the
teacher's, which nobody else gets: the decks and an overview."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, FileSystemLoader
from nbformat import NotebookNode
from nbformat.v4 import new_notebook

from classroom import shelf
from classroom.room import Question
from tools.notebooks import WIDGET_STATE, WIDGET_VIEW, keep_shown_models, read
from tools.site import decks
from tools.site.pages import export, write_decks
from tools.solutions import for_students

HERE = Path(__file__).resolve().parent
STATIC = ("charts.js", "room.js", "room.css")


def questions_by_id(books: list[NotebookNode]) -> dict[str, Question]:
    """The questions that notebooks show, by id."""
    by_id: dict[str, Question] = {}
    for _, _, questions in _asking_cells(books):
        for question in questions:
            if by_id.setdefault(question.id, question) != question:
                raise ValueError(f"two questions are called {question.id}")
    return by_id


def _asking_cells(books: list[NotebookNode]) -> Iterator[tuple[NotebookNode, dict, list[Question]]]:
    """The cells that ask, each with the view of its widget and the questions in it."""
    for book in books:
        models = book.metadata.get("widgets", {}).get(WIDGET_STATE, {}).get("state", {})
        for cell in book.cells:
            for output in cell.get("outputs", []):
                view = output.get("data", {}).get(WIDGET_VIEW, {})
                if questions := _questions(models.get(view.get("model_id"), {}).get("state", {})):
                    yield cell, view, questions


def _questions(state: dict) -> list[Question]:
    """The questions of a widget: one of a prediction, some of a quiz, none of another."""
    if {"question", "options", "answer"} <= state.keys():
        said = decks.class_words().get(state["name"], {})
        near, range = (tuple(map(float, filter(None, said.get(name, "").split(" to ")))) for name in ("right", "range"))
        about = [state[name] for name in ("name", "question", "options", "answer", "unit")]
        return [Question(*about, near, range)]
    return [
        Question(item["id"], item["question"], item["options"], item["answer"], "") for item in state.get("items", [])
    ]


def with_decks(books: list[NotebookNode]) -> list[NotebookNode]:
    """Notebooks, the lesson plans that show cells of these alone, and the bank, as notebooks."""
    plans = [plan for plan in decks.plans() if not decks.missing(plan, books)]
    return [*books, *(decks.deck(plan, books) for plan in plans), decks.bank()]


def write(paths: list[Path], out: Path = shelf.FOLDER) -> shelf.Shelf:
    """Write the pages of a class anew, from the notebooks at `paths`; what is kept of them for its starts."""
    books = [read(path) for path in paths]
    shutil.rmtree(out, ignore_errors=True)
    export(paths, out, change=for_students, room=True)
    write_decks(decks.plans(), books, out, room=True)
    whole = with_decks(books)
    (out / "vote.html").write_text(vote_page(whole), encoding="utf-8")
    for name in STATIC:
        shutil.copyfile(HERE / name, out / "static" / name)
    shutil.copyfile(HERE / "teacher.html", out / "teacher.html")
    plans = [plan.name for plan in decks.plans()]
    made = shelf.Shelf(
        questions_by_id(whole), {"teacher.html", shelf.WRITTEN, *(f"{name}.html" for name in plans)}, plans
    )
    shelf.keep(made, out)
    return made


def vote_page(books: list[NotebookNode]) -> str:
    """The page that shows the question that is asked, with all of them in it."""
    shown = {
        view["model_id"]: (cell, view, questions[0].id)
        for cell, view, questions in _asking_cells(books)
        if "plan" not in cell.metadata  # what a deck has of the bank
    }
    state = {}
    for book in books:
        state |= book.metadata.get("widgets", {}).get(WIDGET_STATE, {}).get("state", {})
    together = new_notebook(
        cells=[cell for cell, _, _ in shown.values()], metadata={"widgets": {WIDGET_STATE: {"state": state}}}
    )
    keep_shown_models(together)
    template = Environment(loader=FileSystemLoader(HERE)).get_template("vote.html.j2")
    views = [(view, decks.class_words().get(id, {}).get("setup", "")) for _, view, id in shown.values()]
    return template.render(views=views, state=together.metadata.widgets[WIDGET_STATE])
