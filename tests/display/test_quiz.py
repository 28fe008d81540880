"""Quizzes: every option is answered, on a click alone, and what they say of the course's measurements is so."""

import re

import pytest

from helpers.course import chapter_names, check_yourself, quiz_file
from helpers.display.quiz import Quiz, read
from helpers.evaluation.verdicts import findings

QUIZZES = [quiz_file(chapter) for chapter in chapter_names()]
BANK = [path.with_name("bank.md") for path in QUIZZES]
NUMBER = re.compile(r"([+−]\d[\d.]*)[^+−()]*\((C\d\.\d+)\)")  # −0.057 R² (C4.37)
GOOD = "# A chapter\n\n## Which\none?\n\n- [ ] A\n  Not A.\n- [x] B\n  It is\n  B.\n- [ ] C\n  Not C.\n"


@pytest.fixture
def written(tmp_path):
    def write(text):
        (tmp_path / "quiz.md").write_text(text, encoding="utf-8")
        return tmp_path / "quiz.md"

    return write


def test_a_question_is_read_as_it_is_written(written):
    (item,) = read(written(GOOD))
    assert item.question == "Which one?"
    assert (item.options, item.why, item.answer) == (["A", "B", "C"], ["Not A.", "It is B.", "Not C."], 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("- [x] B", "- [ ] B"), "quiz.md, question 1: got 0 options marked [x]; expected one."),
        (("- [ ] C", "- [x] C"), "quiz.md, question 1: got 2 options marked [x]; expected one."),
        (("  Not C.\n", ""), "quiz.md, question 1: got 2 options in form; expected three at least"),
        (("- [ ] A", "- [] A"), "quiz.md, question 1: got 2 options in form; expected three at least"),
        (("- [ ] A\n  Not A.\n", ""), "quiz.md, question 1: got 2 options in form; expected three at least"),
        (("- [ ] C", "- [ ] D\n- [ ] C"), "quiz.md, question 1: got 3 options in form; expected three at least"),
    ],
)
def test_a_question_out_of_form_is_named(written, change, message):
    assert change[0] in GOOD
    with pytest.raises(ValueError) as error:
        read(written(GOOD.replace(*change)))
    assert str(error.value).startswith(message)


def test_a_file_that_a_chapter_lacks_is_named_with_what_it_holds(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"file: got no ch09/quiz\.md; expected five questions"):
        read(tmp_path / "ch09" / "quiz.md")


def test_what_stands_in_for_a_quiz_asks_and_does_not_tell(written):
    data, _ = Quiz("C4", read(written(GOOD)))._repr_mimebundle_()
    assert data["text/plain"].startswith("Check yourself C4.\n1. Which one?\n  ( ) A\n  ( ) B\n")
    assert "It is B" not in data["text/plain"] and "jupyter trust" in data["text/plain"]


def test_an_unknown_chapter_is_named():
    with pytest.raises(ValueError, match="chapter: got 'C77'; expected one of 'C0', 'C1'"):
        check_yourself("C77")


def test_every_chapter_has_five_questions_and_ten_for_the_teacher_and_none_is_asked_twice():
    of_chapters, of_teachers = ([read(path) for path in paths] for paths in (QUIZZES, BANK))
    assert [*map(len, of_chapters)] == [5] * len(QUIZZES) and min(map(len, of_teachers)) >= 10
    asked = [item.question for items in of_chapters + of_teachers for item in items]
    assert len(set(asked)) == len(asked)


def hits(item, key) -> float:
    """How often somebody who ticks an option of the highest `key(number of the option, option)` is right: 0 or 1, or a
    share where several have the same."""
    keys = [key(number, option) for number, option in enumerate(item.options)]
    return (keys[item.answer] == max(keys)) / keys.count(max(keys))


HABITS = {
    "the longest": lambda number, option: len(option),
    "the shortest": lambda number, option: -len(option),
    "the first": lambda number, option: -number,
    "the second": lambda number, option: number == 1,
    "the last": lambda number, option: number,
}


@pytest.mark.parametrize("habit", HABITS)
@pytest.mark.parametrize("paths", [QUIZZES, BANK], ids=["check yourself", "bank"])
def test_neither_length_nor_place_tells_the_right_option(paths, habit):
    """Who knows nothing gets by a habit what guessing gets, to within a standard deviation of guessing: all questions
    together; and to within two, those of a chapter."""
    every = [read(path) for path in paths]
    together = [item for chapter in every for item in chapter]
    for items, deviations in [(together, 1), *((chapter, 2) for chapter in every)]:
        guess = [1 / len(item.options) for item in items]
        allowed = deviations * sum(chance * (1 - chance) for chance in guess) ** 0.5
        assert abs(sum(hits(item, HABITS[habit]) for item in items) - sum(guess)) <= allowed, items[0].question


@pytest.mark.parametrize("path", BANK, ids=lambda path: path.stem)
def test_the_options_of_a_question_are_alike(path):
    """In length, and as sentences: none stands out before it is understood."""
    for item in read(path):
        lengths = sorted(map(len, item.options))
        assert lengths[-1] <= 1.2 * lengths[0] + 6, item.question
        assert len({option.endswith(".") for option in item.options}) == 1, item.question
        assert not re.search(r"\b(always|never)\b", " ".join(item.options), re.IGNORECASE), item.question


@pytest.mark.parametrize("path", [*QUIZZES, *BANK], ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_number_of_a_claim_is_what_its_table_gives(path):
    text = path.read_text(encoding="utf-8")
    named = re.findall(r"C\d\.\d+", text)
    assert set(named) <= set(findings())
    numbers = NUMBER.findall(text)
    assert len(numbers) == len(named), "a claim is named right behind its number, in brackets"
    for number, id in numbers:
        assert number.replace("−", "-") == findings()[id].numbers.split()[0], id
