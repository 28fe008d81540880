"""Each chapter asks what is written for it, in its order, and ends with its score and its quiz."""

import re

import pytest

from classroom.handin.sheets import folder_of
from helpers.course import chapter_names, questions, score_card
from tools.notebooks import ROOT, asked_id, code_cells, find, read, tags


def predictions(book) -> list[str]:
    cells = [cell for cell in code_cells(book) if "predict" in tags(cell)]
    assert [cell.source for cell in cells if asked_id(cell) is None] == [], "tagged predict, and asks no question"
    return [asked_id(cell) for cell in cells]


@pytest.mark.parametrize("chapter", [*chapter_names(), "clinic"])
def test_every_question_of_a_chapter_is_asked_once_in_its_order_and_kept_score_of(chapter):
    """Each notebook, the chapter's and those that go deeper, asks its own in the order of `predictions.md`."""
    written, books = questions(chapter), find([ROOT / "notebooks"])
    of_chapter = {path.stem: read(path) for path in books if folder_of(path.stem) == chapter}
    each = {stem: predictions(book) for stem, book in of_chapter.items()}
    assert all(ids == sorted(ids, key=[*written].index) for ids in each.values())
    assert sorted(id for ids in each.values() for id in ids) == sorted(written)
    assert [id for id, question in written.items() if not question.tempts] == [], "why a wrong guess tempts"
    assert of_chapter, f"no notebook of {chapter}"
    stem = next(iter(of_chapter))
    sources = [cell.source for cell in of_chapter[stem].cells]
    scores = [number for number, source in enumerate(sources) if "score_card(" in source]
    assert len(scores) == 1, f"{stem}: got {len(scores)} cells with score_card(…); expected one, below Check yourself"
    score = scores[0]
    assert re.findall(r'"(\w+\.P\d+)"', sources[score]) == each[stem]
    if chapter != "clinic":
        assert sources[score - 2].splitlines()[-1] == f'check_yourself("C{int(chapter[2:])}")'
        assert re.match(r"## \d+ Check yourself", sources[score - 3])


def test_a_score_card_names_predictions_and_knows_no_answer():
    card = score_card("C4.P1", "C4.P2")
    state = {name: value for name, value in card.get_state().items() if not name.startswith("_") and value}
    assert set(state) <= {"ids", "layout", "tabbable"} and state["ids"] == ["C4.P1", "C4.P2"]
    data, _ = card._repr_mimebundle_()
    assert data["text/plain"].startswith("Your predictions C4.P1, C4.P2.") and "jupyter trust" in data["text/plain"]
    with pytest.raises(ValueError, match=r"^id: got 'C4\.P77'"):
        score_card("C4.P77")
