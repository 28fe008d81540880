"""The lesson plans as decks: each row of a plan names what is on the wall, and the deck has it in that order."""

import html
import re

import numpy as np
import pytest

from classroom.pages import questions_by_id, with_decks
from helpers.data.feed import load
from helpers.data.synthetic import CONDITIONS, relu_tasks
from helpers.display.questions import SETUP
from helpers.experiments.kept import kept_table
from tools.notebooks import ROOT, asked_id, find, read, tags
from tools.site import decks

PLANS = decks.plans()


@pytest.fixture(scope="module")
def books():
    return [read(path) for path in find([ROOT / "notebooks"])]


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.name)
def test_each_row_names_cells_that_exist_and_what_to_ask(plan, books):
    assert decks.missing(plan, books) == []
    for row in plan.rows:
        said = row.say or row.cells.keys() & decks.class_words().keys()
        assert row.wall == "break" or (row.cells and row.task and said), row.minutes
        assert all(re.fullmatch(r"last|entries|[\d,]*", what) for what in row.cells.values())
        assert "vote: " in row.say or not any(name.startswith("questions/") for name in row.cells), row.minutes


def test_each_prediction_of_a_plan_has_its_set_up_and_what_the_teacher_says():
    asked_of = {name for plan in PLANS for row in plan.rows for name in row.cells if ".P" in name}
    chapters = {id for id, said in decks.class_words().items() if said["setup"] and re.match(r"C\d", id)}
    for id in sorted(asked_of | chapters):
        said = decks.class_words()[id]
        assert said["setup"] and len(said["setup"].split()) <= SETUP, id
        assert said["aloud"] and said["argue"] and said["after"], id


@pytest.mark.slow
def test_what_is_near_enough_is_said_for_each_number_and_holds_what_was_measured(books):
    known = questions_by_id(books)
    for id, said in decks.class_words().items():
        if said["setup"] and not known[id].options:
            (low, high), (least, most) = known[id].near, known[id].range
            assert least < low <= known[id].answer <= high < most, id
        else:
            assert not said["right"] and not said["range"], id


@pytest.mark.slow
@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.name)
def test_a_deck_has_the_cells_in_order_below_the_teachers_lines(plan, books):
    deck = decks.deck(plan, books)
    covered = decks.covered_cells([plan], deck)
    sources = [cell.source for cell in deck.cells]
    at = 0
    for row in plan.rows:
        at = next(i for i in range(at, len(sources)) if f'data-minutes="{row.minutes}"' in sources[i])
        assert row.say in sources[at] and row.task[1:] in sources[at]
        named = deck.cells[at + 1 : at + 1 + len(row.cells)]
        shown = [covered.get(cell.id, "") for cell in named]
        assert shown == list(row.cells.values()) and not any("plan-row" in cell.source for cell in named)
        for id in row.cells.keys() & decks.class_words().keys():
            assert all(decks.class_words()[id][line] in sources[at] for line in ("aloud", "argue", "after"))


@pytest.mark.slow
@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.name)
def test_no_question_has_a_term_that_neither_its_set_up_nor_an_earlier_slide_has_shown(plan, books):
    """Those of the homework, which has pages of its own, excepted."""
    glossary = (ROOT / "notebooks" / "glossary.md").read_text(encoding="utf-8")
    terms = [term.partition(" (")[0] for term in re.findall(r"^\*\*(.+?)\*\* ·", glossary, re.MULTILINE)]
    assert len(terms) > 100
    known = questions_by_id(with_decks(books))
    homework = {f"bank-{name[10:12]}.{number}" for name in plan.before for number in decks.bank_items(name)}
    shown, asked_here = "", 0
    for cell in decks.deck(plan, books).cells:
        outputs = [str(output.get("data", {}).get("text/html", "")) for output in cell.get("outputs", [])]
        named = cell.metadata.get("plan", "")
        ids = [f"bank-{named[10:12]}.{n}" for n in decks.bank_items(named)] if named.startswith("questions/") else []
        ids += [asked_id(cell)] if "predict" in tags(cell) else []
        for id in set(ids) - homework:
            said, words = decks.class_words().get(id, {}), " ".join([known[id].text, *known[id].options])
            before = shown + said.get("setup", "")
            found = [rf"\b{re.escape(term)}s?\b" for term in terms]
            assert [
                t for t in found if re.search(t, words, re.IGNORECASE) and not re.search(t, before, re.IGNORECASE)
            ] == []
            asked_here += 1
        shown += " ".join([cell.source, *outputs, *(known[id].text for id in ids)])
    assert asked_here > 4


@pytest.mark.slow
def test_a_set_up_is_above_its_question_on_a_page_and_not_in_the_notebook(books):
    for book in books:
        page = decks.set_up(book)
        for cell, shown in zip(book.cells, page.cells, strict=True):
            setup = decks.class_words().get(asked_id(cell), {}).get("setup", "") if cell.cell_type == "code" else ""
            assert html.escape(setup) in str(shown.get("outputs", [])[:1])
            assert "mtl-setup" not in str(cell) and (shown is cell) == (not setup)


@pytest.mark.slow
def test_the_questions_of_a_plan_are_asked(books):
    deck = decks.deck(next(plan for plan in PLANS if plan.name == "class2"), books)
    named = [name for row in next(plan.rows for plan in PLANS if plan.name == "class2") for name in row.cells]
    expected = [item for name in named if name.startswith("questions/") for item in decks.bank_items(name).values()]
    models = deck.metadata.widgets[decks.WIDGET_STATE].state
    views = [cell.outputs[0].data[decks.WIDGET_VIEW] for cell in deck.cells if cell.id.startswith("questions-")]
    asked = [item for view in views for item in models[view.model_id].state["items"]]
    assert [(item["question"], item["why"]) for item in asked] == [(item.question, item.why) for item in expected]
    assert len({item["id"] for item in asked}) == len(asked)


def test_the_slides_that_are_in_no_chapter_say_what_was_measured():
    text = decks.SLIDES.read_text(encoding="utf-8")
    impressions = load("impressions")
    click, finish = (float(impressions[label].mean()) for label in ("click", "finish"))
    assert f"{1000 * click:.0f} are clicked, and {1000 * finish:.0f} finished" in text
    assert f"| {click:.3f} | {finish:.3f} | {0.3 * click + 0.7 * finish:.3f} |" in text
    days = re.findall(r"^\| (?:old|new) \| (.+) \| (0\.\d+) \|$", text, re.MULTILINE)
    assert all(f"{np.mean([float(auc) for auc in each.split(' | ')]):.3f}" == mean for each, mean in days) and days
    for name, how in CONDITIONS.items():
        correlation = relu_tasks(**how).label_correlation
        told = f"{correlation:+g}".replace("-", "−") if correlation else "0"
        ending = f"| {how['shared']} | {told} |"
        pair = name.removeprefix("same features, ").removesuffix(" features").replace("half the features", "half")
        assert any(line.startswith(f"| {pair} |") and line.endswith(ending) for line in text.splitlines()), name
    r2 = kept_table("04_conditions").groupby(["condition", "model"])["r2"].mean().unstack()
    gains = [f"{gain:+.2f}".replace("-", "−") for gain in (r2["shared-bottom"] - r2["single-task"])[list(CONDITIONS)]]
    assert re.findall(r"[+−]0\.\d\d(?= \||,)", text) == gains
