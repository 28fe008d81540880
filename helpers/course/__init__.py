"""The course as a whole: grids, claims, questions and quizzes by name, wherever a chapter has them.

Chapters are discovered: a grid's name starts with its chapter ("04_conditions"), a claim's and a question's id too
("C4.1", "C4.P1"), and each is looked up in the modules of `helpers/chapters/ch04/`. Only notebooks, tests and commands
ask here.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import ModuleType

import pandas as pd

from helpers import chapters
from helpers.display.model_ids import stable
from helpers.display.questions import Prediction, Question
from helpers.display.quiz import Quiz, read
from helpers.display.runs import Runs
from helpers.display.score_card import ScoreCard
from helpers.experiments.claim import Claim, Evidence, Finding, Findings, weak
from helpers.experiments.grid import Grid
from helpers.support import validate


def chapter_names() -> list[str]:
    """The chapters that there are: ["ch00", "ch01", ...]."""
    return sorted(module.name for module in pkgutil.iter_modules(chapters.__path__))


@cache
def _modules(chapter: str) -> list[ModuleType]:
    package = importlib.import_module(f"helpers.chapters.{chapter}")
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    return [importlib.import_module(f"{package.__name__}.{name}") for name in names]


class _Grids(Mapping[str, Grid]):
    """Every grid of the course by name; to look one up loads its chapter alone."""

    def __getitem__(self, name: str) -> Grid:
        chapter = f"ch{name[:2]}"
        if chapter not in chapter_names():
            raise KeyError(name)
        return _grids_of(chapter)[name]

    def __iter__(self) -> Iterator[str]:
        return (name for chapter in chapter_names() for name in _grids_of(chapter))

    def __len__(self) -> int:
        return sum(1 for _ in self)


@cache
def _grids_of(chapter: str) -> dict[str, Grid]:
    return {name: grid for module in _modules(chapter) for name, grid in getattr(module, "GRIDS", {}).items()}


GRIDS = _Grids()


def kept_table(name: str) -> pd.DataFrame:
    """What a grid keeps, as a plain table; `runs` is for what is compared over seeds."""
    return GRIDS[validate.choice("name", name, GRIDS)].read()


def runs(*names: str, **columns) -> Runs:
    """The kept runs of one grid or of several alike, with what their columns are where that is not plain (`Runs`)."""
    return Runs(pd.concat(map(kept_table, names), ignore_index=True), **columns)


def questions(chapter: str) -> dict[str, Question]:
    """The questions of a chapter ("ch04") by id, in their order."""
    found = vars(importlib.import_module(f"helpers.chapters.{chapter}.questions")).values()
    return {value.id: value for value in found if isinstance(value, Question)}


def question(id: str) -> Question:
    """The question `id` ("C4.P1")."""
    chapter = re.match(r"C(\d+)\.P\d+$", id)
    if not chapter or (name := f"ch{int(chapter[1]):02d}") not in chapter_names():
        validate.fail("id", repr(id), "chapter and number of a question, such as 'C4.P1'")
    known = questions(name)
    return known[validate.choice("id", id, known)]


def ask(id: str, *about) -> Prediction:
    """Ask the reader the question `id` about `about`: the result opens after a guess."""
    return question(id)(*about)


@stable
def score_card(*ids: str) -> ScoreCard:
    """What came of the reader's predictions `ids` ("C4.P1", ...), as the browser remembers them."""
    return ScoreCard(ids=[question(id).id for id in ids])


def quiz_file(chapter: str) -> Path:
    """Where the questions of *Check yourself* of a chapter ("ch04") are written."""
    return Path(chapters.__file__).with_name(chapter) / "quiz.md"


@stable
def check_yourself(chapter: str) -> Quiz:
    """The questions at the end of a chapter ("C4"), with an answer to every option."""
    known = {f"C{int(name[2:])}": name for name in chapter_names()}
    return Quiz(chapter, read(quiz_file(known[validate.choice("chapter", chapter, known)])))


def all_claims() -> dict[str, Claim]:
    """Every claim of the course by its id, in the order of the chapters."""
    return {id: claim for chapter in chapter_names() for id, claim in _claims_of(chapter).items()}


def _claims_of(chapter: str) -> dict[str, Claim]:
    return importlib.import_module(f"helpers.chapters.{chapter}.claims").CLAIMS


def claims(*ids: str, shut: bool = False) -> Findings:
    """What the kept grids let us say: one card a claim; `shut` folds them. A claim without a grid is measured now."""
    return Findings(_findings(ids), shut)


def evidence(*ids: str) -> Evidence:
    """What else the kept grids let us say: the findings of a chapter as one folded table, for its end."""
    return Evidence(_findings(ids))


def on_kept_tables() -> list[str]:
    """The ids of the claims that have a grid."""
    return [id for id, claim in all_claims().items() if not callable(claim.grid)]


def lucky() -> list[str]:
    """Which of these do not pass Holm's test, all of them together: of so many claims some could hold by luck."""
    return weak(claims(*on_kept_tables()))


def _findings(ids: Sequence[str]) -> list[Finding]:
    findings, tables = [], {}
    for id in ids:
        claim = _claim(id)
        if claim.grid not in tables:
            tables[claim.grid] = kept(claim)
        findings.append(claim.judge(id, tables[claim.grid]))
    return findings


def _claim(id: str) -> Claim:
    chapter = f"ch{str(id)[1:].partition('.')[0].zfill(2)}"
    among = _claims_of(chapter) if chapter in chapter_names() else all_claims()
    return among[validate.choice("ids", id, among)]


def kept(claim: Claim) -> pd.DataFrame:
    """The table that a claim is judged on: its grid; without one, what its experiment measures now."""
    if callable(claim.grid):
        return claim.grid(range(claim.seeds))
    return _joined(claim, lambda grid: grid.read())


def absent(claim: Claim) -> str:
    """Where a claim cannot be measured, as data of others are absent: the word for that."""
    names = [] if callable(claim.grid) else [claim.grid] if isinstance(claim.grid, str) else claim.grid
    return next(filter(None, (GRIDS[name].absent for name in names)), "")


def fresh(claim: Claim, seeds: Sequence[int]) -> pd.DataFrame:
    """The table of a claim measured now with these seeds, narrowed to what the claim needs."""
    if callable(claim.grid):
        return claim.grid(seeds)
    return _joined(claim, lambda grid: grid.make(**grid.settings | claim.only | {"seeds": seeds}))


def _joined(claim: Claim, table: Callable[[Grid], pd.DataFrame]) -> pd.DataFrame:
    if isinstance(claim.grid, str):
        return table(GRIDS[claim.grid])
    return pd.concat([table(GRIDS[name]).assign(grid=name) for name in claim.grid], ignore_index=True)
