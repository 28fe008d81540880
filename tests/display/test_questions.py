"""Questions stay shut until a guess, and their answers come from the runs that they are asked about."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from helpers.course import ask
from helpers.display.questions import Result, answers, read

OPTIONS = ["A", "B", "none"]


def drawn():
    figure, axes = plt.subplots()
    axes.plot([0, 1])
    return figure


TEXT = """# Predictions

## C4.P1

Which task loses?

- [ ] A
- [x] B
- [ ] none

**Why:** Little room.

**On the score card:** A tempts.
"""
NUMBER = """## C4.P1

A random list has {random:.2f}. And the best?

A number in R²

**Why:** Twice {random:.1f}.
"""


@pytest.fixture
def made(tmp_path):
    """A function that makes a question of its text and of what draws the answer."""

    def make(draw, text=TEXT):
        (tmp_path / "predictions.md").write_text(text, encoding="utf-8")
        return read(tmp_path / "predictions.md", [answers("C4.P1")(lambda *about: draw(*about))])["C4.P1"]

    return make


def test_a_figure_goes_into_the_prediction_and_is_not_shown_by_the_cell(made):
    open_before = plt.get_fignums()
    asked = made(drawn)()
    assert asked.picture.startswith("iVBOR") and asked.text == ""
    assert plt.get_fignums() == open_before
    assert (asked.name, asked.question, asked.options, asked.answer) == ("C4.P1", "Which task loses?", OPTIONS, 1)
    assert (asked.why, asked.tempts) == ("Little room.", "A tempts.")


def test_what_stands_in_for_a_prediction_asks_and_does_not_tell(made):
    data, _ = made(lambda: "Task B lost 0.05.")()._repr_mimebundle_()
    assert data["text/plain"].startswith("Prediction C4.P1. Which task loses?\n  ( ) A\n  ( ) B\n")
    assert "jupyter trust" in data["text/plain"]
    assert "lost" not in data["text/plain"] and "room" not in data["text/plain"]
    assert "image/png" not in data and "0x" not in data["text/plain"]


def test_the_runs_know_the_number_and_the_texts_name_it(made):
    asked = made(lambda runs: Result("so", answer=np.float64(2 * runs), random=runs), NUMBER)(-0.25)
    assert (asked.options, asked.answer, asked.unit) == ([], -0.5, "R²")
    assert (asked.question, asked.why) == ("A random list has -0.25. And the best?", "Twice -0.2.")


def test_a_guessed_number_may_have_an_interval(made):
    asked = made(lambda answer: Result("so", answer=answer, random=1.0), NUMBER)
    assert (asked(0.5).interval, asked((-5, -4, -6)).interval) == ([], [-6, -4])


@pytest.mark.slow
def test_a_guessed_number_has_a_place_on_the_figure_that_answers(made):
    def asked(axis="", scale=1.0):
        return made(lambda: Result(drawn(), answer=0.5, axis=axis, scale=scale, random=1.0), NUMBER)()

    share, percent = asked("y"), asked("y", 0.01)
    assert share.place["axis"] == "y" and 0 < share.place["end"] < share.place["start"] < 1  # the axis goes upwards
    assert percent.place["high"] == pytest.approx(100 * share.place["high"])
    assert asked().place == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (TEXT.replace("- [x] B\n- [ ] none\n", ""), "predictions.md, C4.P1: got 1 options, 0 of them marked [x]"),
        (TEXT.replace("[ ]", "[x]"), "predictions.md, C4.P1: got 3 options, 3 of them marked [x]; expected two"),
        (TEXT.replace("[x]", "[ ]"), "predictions.md, C4.P1: got 3 options, 0 of them marked [x]"),
        (TEXT + "\nA number in R²\n", "predictions.md, C4.P1: got options and a number; expected one of them"),
        ("## C4.P1\n\nWhich?\n", "predictions.md, C4.P1: got neither options nor a number"),
        (TEXT + "\n## C4.P2\n\nWhich?\n", "predictions.md: got C4.P2 without its text or its function"),
    ],
)
def test_a_question_that_is_not_in_form_is_named(made, text, message):
    with pytest.raises(ValueError) as error:
        made(drawn, text)
    assert message in str(error.value)


def test_what_is_drawn_must_answer(made):
    with pytest.raises(TypeError, match="result: got float; expected a matplotlib figure or a string"):
        made(lambda: 3.0)()
    with pytest.raises((ValueError, TypeError), match="answer: got None; expected a number"):
        made(lambda: "so", NUMBER.replace("{random:.2f}", "").replace("{random:.1f}", ""))()


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
