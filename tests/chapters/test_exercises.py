"""The contract of every exercise: the right answers pass, each usual mistake meets its own words and two hints, and
nothing yet is "Not yet". The worked solutions, written apart from the tables, hold the right answers of these to the
text."""

import re
from contextlib import suppress
from importlib import import_module

import pytest

from classroom.handin.sheets import Chapter, folder_of
from classroom.handin.worker import define
from helpers.display.exercises import Exercise
from tests.chapters.shared import judge
from tests.classroom.homework import CHAPTERS, solutions
from tools.notebooks import ROOT

EXERCISES = {
    f"{path.parent.name} {name}": exercise
    for path in sorted((ROOT / "helpers" / "chapters").glob("*/exercises.py"))
    for name, exercise in vars(import_module(f"helpers.chapters.{path.parent.name}.exercises")).items()
    if isinstance(exercise, Exercise)
}
# they train, or score whole feeds
SLOW = {"ch00 scorer", "ch02 time", "clinic total", "clinic half", "clinic funnel"}
LONG = {"ch04 losing_pair", "ch04 few_labels"}


def marked(name: str) -> list[pytest.MarkDecorator]:
    return [mark for mark, names in ((pytest.mark.slow, SLOW), (pytest.mark.long, LONG)) if name in names]


@pytest.mark.parametrize("exercise", [pytest.param(e, id=name, marks=marked(name)) for name, e in EXERCISES.items()])
def test_right_answers_pass_and_each_mistake_meets_its_own_words_and_two_hints(exercise: Exercise):
    refused = [
        said for right in (exercise.right, *exercise.also) if not (said := judge(exercise, right)).startswith("Correct")
    ]
    assert refused == []
    missed = []
    for mistake in exercise.mistakes:
        words = re.escape(mistake.listed.what).replace("…", ".*")
        for makes in mistake.makes:
            said = judge(exercise, makes, times=2)
            if not re.match(rf"Not right yet: {words}\nHint 1: .+\nHint 2: .+", said):
                missed.append((mistake.listed.what, said))
    assert missed == []
    assert all(mistake.makes for mistake in exercise.mistakes)
    assert {"form", "otherwise"} <= {mistake.kind for mistake in exercise.mistakes} or not [*exercise.cases()]


@pytest.mark.parametrize("exercise", [pytest.param(e, id=name) for name, e in EXERCISES.items()])
@pytest.mark.parametrize("nothing", [None, ...])
def test_nothing_yet_is_not_yet(exercise: Exercise, nothing):
    assert judge(exercise, lambda *_: nothing).startswith("Not yet")


@pytest.mark.slow
@pytest.mark.parametrize("chapter", CHAPTERS.values(), ids=CHAPTERS)
def test_the_worked_solutions_pass(chapter: Chapter):
    """Those that train are left to `tests/classroom/test_handin.py`, which hands in all of them."""
    space: dict = {}
    exec(chapter.setup, space)
    for source in chapter.tasks[-1].above:
        define(source, space)
    folder, worked = folder_of(chapter.path.stem), solutions(chapter)
    for task in chapter.tasks:
        if f"{folder} {task.name}" not in LONG:
            with suppress(NameError):  # below the answer some go on with what other cells have trained
                exec(worked[task.name], space)
            assert judge(EXERCISES[f"{folder} {task.name}"], space[task.answer]).startswith("Correct"), task.name
