"""Questions stay shut until a guess, and their answers come from the runs that they are asked about."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from helpers.course import ask, chapter_names, questions
from helpers.display.questions import Result, question
from tools import notebooks

OPTIONS = ["A", "B", "none"]


def drawn():
    figure, axes = plt.subplots()
    axes.plot([0, 1])
    return figure


def made(found, options=OPTIONS, answer=1, **texts):
    return question("C4.P1", "Which task loses?", options=options, answer=answer, **texts)(found)


def test_a_figure_goes_into_the_prediction_and_is_not_shown_by_the_cell():
    open_before = plt.get_fignums()
    asked = made(drawn, why="Because.")()
    assert asked.picture.startswith("iVBOR") and asked.text == ""
    assert plt.get_fignums() == open_before
    assert (asked.name, asked.options, asked.answer, asked.why) == ("C4.P1", OPTIONS, 1, "Because.")


def test_what_stands_in_for_a_prediction_asks_and_does_not_tell():
    data, _ = made(lambda: "Task B lost 0.05.", why="Little room.")()._repr_mimebundle_()
    assert data["text/plain"].startswith("Prediction C4.P1. Which task loses?\n  ( ) A\n  ( ) B\n")
    assert "jupyter trust" in data["text/plain"]
    assert "lost" not in data["text/plain"] and "room" not in data["text/plain"]
    assert "image/png" not in data and "0x" not in data["text/plain"]


def test_the_runs_know_the_number_and_the_texts_name_it():
    @question("C4.P2", "A random list has {random:.2f}. And the best?", unit="R²", why="Twice {random:.1f}.")
    def best(runs):
        return Result("so", answer=np.float64(2 * runs), random=runs)

    asked = best(-0.25)
    assert (asked.options, asked.answer, asked.unit) == ([], -0.5, "R²")
    assert (asked.question, asked.why) == ("A random list has -0.25. And the best?", "Twice -0.2.")


@pytest.mark.slow
def test_a_guessed_number_has_a_place_on_the_figure_that_answers():
    def found(axis="", scale=1.0):
        return made(lambda: Result(drawn(), answer=0.5, axis=axis, scale=scale), options=(), answer=None)()

    share, percent = found("y"), found("y", 0.01)
    assert share.place["axis"] == "y" and 0 < share.place["end"] < share.place["start"] < 1  # the axis goes upwards
    assert percent.place["high"] == pytest.approx(100 * share.place["high"])
    assert found().place == {}


@pytest.mark.parametrize(
    ("options", "answer", "result", "message"),
    [
        (["A"], 0, "", "options: got 1 options; expected at least two"),
        (OPTIONS, 3, "", "answer: got 3; expected a whole number from 0 to 2"),
        (OPTIONS, 0.5, "", "answer: got 0.5; expected a whole number from 0 to 2"),
        (OPTIONS, None, "", "answer: got None; expected a whole number from 0 to 2"),
        (OPTIONS, 0, 3.0, "result: got float; expected a matplotlib figure or a string"),
        ((), None, "", "answer: got None; expected a number"),
    ],
)
def test_a_wrong_question_is_named(options, answer, result, message):
    with pytest.raises((ValueError, TypeError)) as error:
        made(lambda: result, options, answer)()
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("id", "message"),
    [
        ("C4.P99", "id: got 'C4.P99'; expected one of 'C4.P1', 'C4.P2'"),
        ("C4.1", "id: got 'C4.1'; expected chapter and number of a question, such as 'C4.P1'"),
        ("C77.P1", "id: got 'C77.P1'; expected chapter and number of a question"),
    ],
)
def test_an_unknown_question_is_named(id, message):
    with pytest.raises(ValueError) as error:
        ask(id)
    assert str(error.value).startswith(message)


@pytest.mark.parametrize("chapter", chapter_names())
def test_every_question_of_a_chapter_is_asked_once_in_its_order(chapter):
    """Each notebook, the chapter's and those that go deeper, asks its own in the order of `questions.py`."""
    written, everywhere = list(questions(chapter)), []
    for path in notebooks.find([notebooks.ROOT / "notebooks"]):
        if path.name.startswith(f"{chapter[2:]}_"):
            cells = notebooks.code_cells(notebooks.read(path))
            asked = [notebooks.asked(cell) for cell in cells if "predict" in notebooks.tags(cell)]
            assert asked == sorted(asked, key=written.index), path.name
            everywhere += asked
    assert sorted(everywhere) == sorted(written)
