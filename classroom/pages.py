"""The pages of a class, in `_class/`: those for students, which have no solutions; the page on which they vote; and the
teacher's, which nobody else gets: the decks and an overview."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import segno
from jinja2 import Environment, FileSystemLoader
from nbformat import NotebookNode
from nbformat.v4 import new_notebook

from classroom.room import Question
from tools.notebooks import ROOT, WIDGET_STATE, WIDGET_VIEW, keep_shown_models
from tools.site import decks
from tools.site.pages import export, write_decks
from tools.solutions import for_students

HERE = Path(__file__).resolve().parent
FOLDER = ROOT / "_class"
STATIC = ("charts.js", "room.js", "room.css")
WRITTEN = "written"  # a file that is written last
SOURCES = ("notebooks/**/*.ipynb", "notebooks/*.md", "docs/**/*.md", "tools/site/**/*.*", "classroom/*.*")


def asked(books: list[NotebookNode]) -> dict[str, Question]:
    """The questions that notebooks show, by id."""
    by_id: dict[str, Question] = {}
    for _, _, questions in _shown(books):
        for question in questions:
            if by_id.setdefault(question.id, question) != question:
                raise ValueError(f"two questions are called {question.id}")
    return by_id


def _shown(books: list[NotebookNode]) -> Iterator[tuple[NotebookNode, dict, list[Question]]]:
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
        said = decks.said().get(state["name"], {})
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


def are_written(out: Path = FOLDER) -> bool:
    return (out / WRITTEN).exists()


def are_current(out: Path = FOLDER) -> bool:
    """Whether nothing that the pages are made of is newer than they are."""
    paths = [path for what in SOURCES for path in ROOT.glob(what) if "__pycache__" not in path.parts]
    return max(path.stat().st_mtime for path in paths) < (out / WRITTEN).stat().st_mtime


def write(paths: list[Path], books: list[NotebookNode], out: Path = FOLDER) -> None:
    """Write the pages of a class anew: `books` are the notebooks at `paths`."""
    shutil.rmtree(out, ignore_errors=True)
    export(paths, out, change=for_students, room=True)
    write_decks(decks.plans(), books, out, room=True)
    (out / "vote.html").write_text(vote_page(with_decks(books)), encoding="utf-8")
    for name in STATIC:
        shutil.copyfile(HERE / name, out / "static" / name)
    shutil.copyfile(HERE / "teacher.html", out / "teacher.html")
    (out / WRITTEN).touch()


def vote_page(books: list[NotebookNode]) -> str:
    """The page that shows the question that is asked, with all of them in it."""
    shown = {
        view["model_id"]: (cell, view, questions[0].id)
        for cell, view, questions in _shown(books)
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
    views = [(view, decks.said().get(id, {}).get("setup", "")) for _, view, id in shown.values()]
    return template.render(views=views, state=together.metadata.widgets[WIDGET_STATE])


def hidden() -> set[str]:
    """The pages that are the teacher's alone."""
    return {"teacher.html", WRITTEN, *(f"{plan.name}.html" for plan in decks.plans())}


def door(url: str) -> dict:
    """What the teacher's page says of the way in: the address for students, its picture for their phones, the decks."""
    code = segno.make(url, micro=False).svg_inline(omitsize=True, border=2)
    return {"url": url, "code": code, "decks": [plan.name for plan in decks.plans()]}
