"""The lesson plans as decks: each row of a plan names what is on the wall, and the deck has it in that order."""

import pytest

from tools.notebooks import ROOT, find, read
from tools.site import decks

PLANS = decks.plans()


@pytest.fixture(scope="module")
def books():
    return [read(path) for path in find([ROOT / "notebooks"])]


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.name)
def test_each_row_names_cells_that_exist_and_what_to_ask(plan, books):
    assert decks.missing(plan, books) == []
    for row in plan.rows:
        assert row.wall == "break" or (row.cells and row.task and row.say), row.minutes
        assert set(row.cells.values()) <= {"", "last", "entries"}


@pytest.mark.slow
@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.name)
def test_a_deck_has_the_cells_in_order_below_the_teachers_lines(plan, books):
    deck = decks.deck(plan, books)
    covered = decks.covered([plan], deck)
    sources = [cell.source for cell in deck.cells]
    at = 0
    for row in plan.rows:
        at = next(i for i in range(at, len(sources)) if f'data-minutes="{row.minutes}"' in sources[i])
        assert row.say in sources[at] and row.task[1:] in sources[at]
        named = deck.cells[at + 1 : at + 1 + len(row.cells)]
        shown = [covered.get(cell.id, "") for cell in named]
        assert shown == list(row.cells.values()) and not any("plan-row" in cell.source for cell in named)


@pytest.mark.slow
def test_the_questions_of_a_plan_are_asked(books):
    deck = decks.deck(next(plan for plan in PLANS if plan.name == "class2"), books)
    (quiz,) = [cell for cell in deck.cells if cell.id.startswith("questions-")]
    state = deck.metadata.widgets[decks.WIDGET_STATE].state[quiz.outputs[0].data[decks.WIDGET_VIEW].model_id].state
    assert len(state["items"]) == 3 and all(len(item["why"]) == len(item["options"]) for item in state["items"])
