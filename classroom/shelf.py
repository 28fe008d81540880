"""The pages of a class as they were written, in `_class/`, and what it needs of them to start: it reads no notebook,
and is back a second after a crash."""

import json
from pathlib import Path
from typing import NamedTuple

import segno

from classroom.room import Question

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "_class"
WRITTEN = "written"  # a file that is written last
SOURCES = ("notebooks/**/*.*", "docs/**/*.*", "helpers/chapters/**/*.md", "tools/site/**/*.*", "classroom/*.*")


class Shelf(NamedTuple):
    """The questions that can be asked, by id; the pages that are the teacher's alone; and the decks among them."""

    questions: dict[str, Question]
    hidden: set[str]
    decks: list[str]


def keep(shelf: Shelf, out: Path = FOLDER) -> None:
    """The pages are whole: what is kept says so."""
    questions = [question._asdict() for question in shelf.questions.values()]
    kept = {"questions": questions, "hidden": sorted(shelf.hidden), "decks": shelf.decks}
    (out / WRITTEN).write_text(json.dumps(kept), encoding="utf-8")


def load(out: Path = FOLDER) -> Shelf | None:
    """What was kept, or None where pages were never written, by half, or by an older course."""
    try:
        told = json.loads((out / WRITTEN).read_text(encoding="utf-8"))
        ranges = ("near", "range")
        questions = [Question(**q | {name: tuple(q[name]) for name in ranges}) for q in told["questions"]]
        return Shelf({question.id: question for question in questions}, set(told["hidden"]), told["decks"])
    except (OSError, ValueError, LookupError, TypeError):
        return None


def are_current(out: Path = FOLDER) -> bool:
    """Whether nothing that the pages are made of is newer than they are."""
    paths = [path for what in SOURCES for path in ROOT.glob(what) if path.is_file() and "__pycache__" not in path.parts]
    return max(path.stat().st_mtime for path in paths) < (out / WRITTEN).stat().st_mtime


def door(url: str, decks: list[str]) -> dict:
    """What the teacher's page says of the way in: the address for students, its picture for their phones, the decks."""
    code = segno.make(url, micro=False).svg_inline(omitsize=True, border=2)
    return {"url": url, "code": code, "decks": decks}
