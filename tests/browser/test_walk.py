"""One walk through every chapter in JupyterLab and through its page from disk; all other browser tests are long.

Predictions open, and explorables move. Where a chapter is opened as committed, no cell has
run; by Restart & Run All it shows the outputs that it is committed with, too. A page has no kernel and no network.
"""

import re

import nbformat
import pytest

from helpers.support.downloads import MOVIELENS
from tests.browser.conftest import WIDGETS, each
from tests.browser.lab import Book
from tests.browser.test_live import cards, movable, moves_by_keys
from tests.browser.test_pages import FOLDED, secrets, squeezed
from tools import notebooks as tool

ERROR, STDERR = "application/vnd.jupyter.error", "application/vnd.jupyter.stderr"
AFTER = """() => [...document.querySelectorAll("details")].filter((fold) =>
  /after your guess/.test(fold.querySelector("summary").textContent)).map((fold) => fold.open)"""
SHOWN = "() => JSON.stringify(jupyterapp.shell.currentWidget.content.model.toJSON())"


def test_it_runs_to_the_end(book):
    assert book.outputs(ERROR) == [] and book.outputs(STDERR) == []
    prompts = book.page.locator(".jp-CodeCell .jp-InputPrompt").all_inner_texts()
    ran = [f"[{number}]:" for number in range(1, len(prompts) + 1)]
    assert [prompt or f"[{number}]:" for number, prompt in enumerate(prompts, 1)] == ran  # a folded cell shows none


def test_a_run_gives_the_outputs_of_the_file(book):
    """Text to the letter, decimals within the tolerance of `tools.notebooks`."""
    committed = tool.read(book.lab.root / book.name)
    ran = nbformat.reads(book.page.evaluate(SHOWN), as_version=4)
    if not MOVIELENS.present():
        for notebook in (committed, ran):
            notebook.cells = [cell for cell in notebook.cells if "movielens" not in tool.tags(cell)]
    assert tool.differing_outputs(committed, ran) == []


def test_predictions_are_shut_and_open(book):
    """None shows its result after Run All; then one is opened by commit and the next by skip, by the keys alone."""
    for number, card in enumerate(book.page.locator(".mtl-ask").all()):
        result = card.locator(".mtl-result")
        assert result.inner_html() == "" and card.locator("img").count() == 0
        assert card.get_by_role("button", name="Commit").is_disabled()
        if number % 2:
            card.get_by_role("button", name="Skip").focus()
        else:
            guess = card.locator("input").first
            guess.focus()
            book.page.keyboard.press("Space" if guess.get_attribute("type") == "radio" else "1")
        book.page.keyboard.press("Enter")
        result.get_by_text(re.compile("(The result|As you predicted): ")).wait_for()
        assert card.locator("button").count() == 0
        verdict = card.locator(".mtl-verdict")
        assert verdict.evaluate("verdict => verdict === document.activeElement")
        options = card.locator("label:has([type=radio])").all_inner_texts()
        assert sum("✓" in option for option in options) == (1 if options else 0)
        if options and not number % 2:  # the first option was chosen
            assert "yours" in options[0]
            right = "✓" in options[0]
            assert ("✗" in options[0]) != right
            assert verdict.inner_text().startswith("✓ Right." if right else "✗ Not so.")


def test_the_score_card_says_what_came_of_each_prediction(book):
    for card in book.page.locator(".mtl-score").all():
        kept = card.locator(".mtl-kept").all_inner_texts()
        verdicts = book.page.locator(".mtl-ask .mtl-verdict").all_inner_texts()
        for text, verdict in zip(kept, verdicts, strict=True):
            assert ("Skipped." in text) == verdict.startswith("The result:")
            assert ("✓" in text, "✗" in text) == (verdict.startswith("✓"), verdict.startswith("✗"))
            assert "tempt" in text
        right = sum("✓" in text for text in kept)
        chosen = right + sum("✗" in text for text in kept)
        numbers = [" in the 95% interval" in verdict for verdict in verdicts if "95% interval" in verdict]
        score = [f"{right} of {chosen} choices right"] * bool(chosen)
        score += [f"{sum(numbers)} of {len(numbers)} numbers in the interval"] * bool(numbers)
        assert card.locator(".mtl-verdict").inner_text() == (f"{', '.join(score)}." if score else "")


def predictions_open(place):
    """By skip; and with them the folds below."""
    assert not any(place.page.evaluate(AFTER))
    for card in place.page.locator(".mtl-ask").all():
        assert card.locator(".mtl-result").inner_html() == ""
        card.get_by_role("button", name="Skip").click()
        assert "The result: " in card.locator(".mtl-result").inner_text()
    assert place.page.evaluate(AFTER) == folds_opened(place.notebook)


def explorables_move(place):
    for card in cards(place):
        assert moves_by_keys(place, card, movable(card)[0])


def test_every_explorable_moves(book):
    explorables_move(book)


def test_nothing_went_wrong_in_the_notebook(book):
    assert book.page.evaluate(AFTER) == folds_opened(tool.read(book.lab.root / book.name))
    assert book.trouble == [] and book.outputs(ERROR) == []


@pytest.fixture(scope="module")
def reader(browser, lab):
    book = Book(browser, lab, WIDGETS.name)
    yield book
    book.close()


@pytest.fixture(params=each("opened"))
def opened(request, reader, lab):
    """A chapter as committed, just opened by somebody who trusts it."""
    lab.trust(request.param)
    reader.turn_to(request.param)
    reader.trouble.clear()
    reader.notebook = tool.read(lab.root / request.param)
    cards = sum(map(shows_a_card, tool.code_cells(reader.notebook)))
    reader.page.locator(".mtl-card").nth(cards - 1).wait_for()
    return reader


def shows_a_card(cell) -> bool:
    """A slider of ipywidgets is none."""
    shown = [output.data for output in cell.outputs if tool.WIDGET_VIEW in output.get("data", {})]
    return any(not data.get("text/plain", "").startswith("interactive(") for data in shown)


def test_a_chapter_answers_before_it_is_run(opened):
    explorables_move(opened)
    predictions_open(opened)
    assert opened.trouble == []


def folds_opened(notebook) -> list[bool]:
    """Of each fold "after your guess": whether a prediction is above it, with no heading between."""
    asked, found = False, []
    for cell in notebook.cells:
        shown = [cell.source] if cell.cell_type == "markdown" else []
        shown += [o["data"]["text/html"] for o in cell.get("outputs", []) if "text/html" in o.get("data", {})]
        for text in shown:
            for part in re.findall(r"^#{1,3} |<h[1-3]|<summary>.*?after your guess", text, re.MULTILINE):
                found += [asked] if part.endswith("guess") else []
                asked &= part.endswith("guess")
        asked |= "predict" in tool.tags(cell)
    return found


@pytest.fixture(scope="module")
def anew(tab):
    """A page as a reader opens it: in the long run tests of other files have opened what is shut."""
    tab.page.reload()
    if "widgets" in tab.notebook.metadata:
        tab.page.wait_for_selector("body[data-widgets=shown]")
    return tab


def test_nothing_that_is_shut_on_a_page_can_be_read(anew):
    texts = secrets(anew.notebook)
    assert len(texts) >= sum("predict" in tool.tags(cell) for cell in anew.notebook.cells) - 1
    folded = [text for text in anew.page.evaluate(FOLDED) if len(squeezed(text)) > 30]
    how = re.compile(r"Margin |\d+ seeds\b.*, smallest effect that matters ")  # on open cards, too: seeds and margins
    folded = [text for text in folded if not how.match(text)]
    alts = anew.page.locator("img").evaluate_all("pictures => pictures.map((picture) => picture.alt)")
    seen = squeezed(" ".join([anew.page.locator("body").inner_text(), *alts]))
    assert [text for text in texts + folded if squeezed(text) in seen] == []


def test_every_explorable_of_a_page_moves(anew):
    explorables_move(anew)


def test_predictions_of_a_page_are_shut_and_open(anew):
    predictions_open(anew)


def test_nothing_went_wrong_on_the_page_and_nothing_was_asked_of_the_network(anew):
    assert anew.trouble == []
