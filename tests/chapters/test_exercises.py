"""The contract of every exercise: the right answers pass, each usual mistake meets its own words and two hints, and
nothing yet is "Not yet". The worked solutions are handed in by `tests/tools/test_handin.py`."""

import re
from importlib import import_module

import pytest

from helpers.display.exercises import Exercise
from tests.chapters.shared import judge
from tools.notebooks import ROOT

EXERCISES = {
    f"{path.parent.name[2:]} {name}": exercise
    for path in sorted((ROOT / "helpers" / "chapters").glob("ch*/exercises.py"))
    for name, exercise in vars(import_module(f"helpers.chapters.{path.parent.name}.exercises")).items()
    if isinstance(exercise, Exercise)
}
# they train, or score whole feeds
SLOW = {"00 scorer", "02 time"}
LONG = {"04 losing_pair", "04 few_labels"}


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
