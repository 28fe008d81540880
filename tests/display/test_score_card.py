"""The score card names the predictions of its chapter and knows no answer."""

import re

import pytest

from helpers.course import chapter_names, questions, score_card
from tools import notebooks


def test_it_holds_ids_and_no_answer():
    card = score_card("C4.P1", "C4.P2")
    state = {name: value for name, value in card.get_state().items() if not name.startswith("_") and value}
    assert set(state) <= {"ids", "layout", "tabbable"} and state["ids"] == ["C4.P1", "C4.P2"]


def test_what_stands_in_for_it_names_the_predictions():
    data, _ = score_card("C4.P1", "C4.P2")._repr_mimebundle_()
    assert data["text/plain"].startswith("Your predictions C4.P1, C4.P2.") and "jupyter trust" in data["text/plain"]


def test_an_unknown_prediction_is_named():
    with pytest.raises(ValueError, match=r"^id: got 'C4\.P77'"):
        score_card("C4.P77")


@pytest.mark.parametrize("chapter", [*chapter_names(), "clinic"])
def test_a_chapter_keeps_score_of_what_it_asks(chapter):
    (path,) = (notebooks.ROOT / "notebooks").glob(f"{chapter.removeprefix('ch')}*.ipynb")
    cells = notebooks.code_cells(notebooks.read(path))
    asked = [notebooks.asked(cell) for cell in cells if "predict" in notebooks.tags(cell)]
    (kept,) = (cell.source for cell in cells if "score_card(" in cell.source)
    assert re.findall(r'"(\w+\.P\d+)"', kept) == asked


@pytest.mark.parametrize("chapter", [*chapter_names(), "clinic"])
def test_every_question_says_why_a_wrong_guess_tempts(chapter):
    assert [id for id, question in questions(chapter).items() if not question.tempts] == []
