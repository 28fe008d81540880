"""Notebooks as committed, opened and not run: pictures while untrusted; once trusted, figures that need no kernel.

axe-core finds nothing serious in what a notebook shows then, light or dark.
"""

import re

import pytest

from tests.browser.conftest import each
from tests.browser.lab import Book
from tests.browser.test_axe import open_all, serious
from tests.browser.test_live import cards, movable, moves_by_keys
from tools import notebooks as tool

pytestmark = pytest.mark.long

# What the course shows in a notebook: texts and outputs. All around it is JupyterLab's own, as are the marks beside a
# heading that link to it; a slider that a cell makes is ipywidgets' own.
OURS = {
    "include": [".jp-Notebook .jp-RenderedMarkdown", ".jp-Notebook .jp-OutputArea-output"],
    "exclude": [".jp-InternalAnchorLink", ".widget-interact"],
}


@pytest.fixture(scope="module", params=each("reopened"))
def committed(request, browser, lab):
    """A notebook just opened, not trusted (any more: another test may have shown the same one)."""
    lab.distrust(request.param)
    book = Book(browser, lab, request.param)
    yield book
    book.close()


def saved(committed) -> list[dict]:
    """What the file holds for our widgets: {kind: data} for each. A slider of ipywidgets wants a kernel."""
    cells = tool.code_cells(tool.read(committed.lab.root / committed.name))
    data = [output.data for cell in cells for output in cell.outputs if "data" in output]
    shown = [kinds for kinds in data if tool.WIDGET_VIEW in kinds]
    return [kinds for kinds in shown if not kinds.get("text/plain", "").startswith("interactive(")]


def test_untrusted_it_shows_a_picture_or_the_question(committed):
    shown = committed.page.locator(".jp-OutputArea-output")
    pictures = shown.locator("img").evaluate_all("pictures => pictures.map((picture) => picture.src)")
    texts = " ".join(shown.all_inner_texts())
    assert saved(committed) and committed.page.locator(".mtl-card").count() == 0
    assert shown.locator("img:not([alt]), img[alt='']").count() == 0  # what a figure shows is said in words
    for kinds in saved(committed):
        if "text/html" in kinds:
            assert re.search('src="(.*)"', kinds["text/html"])[1] in pictures
        else:
            assert kinds["text/plain"] in texts


def test_trusted_it_answers_without_a_kernel(committed):
    committed.lab.trust(committed.name)
    committed.open()
    committed.page.locator(".mtl-card").nth(len(saved(committed)) - 1).wait_for()
    chains = "all => all.map((one) => getComputedStyle(one, '::before').content)"
    found = committed.page.locator(
        ".jupyter-widgets-disconnected:not(.widget-interact, .widget-interact *)"
    ).evaluate_all(chains)
    assert found and set(found) <= {"none", "normal"}
    committed.shut_down_kernel()
    for number, card in enumerate(cards(committed)):
        assert moves_by_keys(committed, card, movable(card)[0]), f"card {number}"
    for card in committed.page.locator(".mtl-ask").all():
        assert card.locator(".mtl-result").inner_html() == ""
        card.get_by_role("button", name="Skip").click()
        assert "The result: " in card.locator(".mtl-result").inner_text()
    for _ in range(committed.page.locator(".mtl-score").count()):
        committed.open()
        skipped = committed.page.locator(".mtl-score").get_by_text("Skipped. The result: ")
        skipped.first.wait_for(timeout=60_000)  # the largest notebooks take long to draw all that they hold
        assert skipped.count() == committed.page.locator(".mtl-ask").count()
    assert committed.trouble == []


def test_axe_finds_nothing_serious(committed):
    open_all(committed.page)
    try:
        for theme in ("JupyterLab Light", "JupyterLab Dark"):
            committed.theme(theme)
            assert serious(committed.page, OURS) == [], theme
    finally:
        committed.theme("JupyterLab Light")
