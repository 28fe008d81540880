"""The exported pages, opened from disk: they answer with no kernel and no network."""

import ast
import inspect
import re

import pytest

from helpers.course import question, quiz_file, runs
from helpers.display.quiz import read
from tests.browser.conftest import ROOT
from tools import notebooks as tool

pytestmark = pytest.mark.long

GLOSSARY = ROOT / "notebooks" / "glossary.md"

# the folds that are no larger open than shut; beside a wide page the sections stand open, without a summary
EMPTY = """() => [...document.querySelectorAll("details")].filter((fold) => {
  if (!fold.firstElementChild.offsetParent && fold.matches(".sections")) return false;
  const was = fold.open, heights = [false, true].map((open) => { fold.open = open; return fold.offsetHeight; });
  fold.open = was;
  return heights[1] < heights[0] + 10;
}).map((fold) => fold.textContent.trim().slice(0, 60))"""
FOLDED = """() => [...document.querySelectorAll("details:not(.sections, .folded)")].flatMap((fold) =>
  [...fold.querySelectorAll("p, li, td, div:not(:has(div, p))")].map((part) => part.textContent))"""


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def quiz(notebook) -> list:
    """The questions of *Check yourself* that a notebook asks."""
    asked = re.findall(r'^check_yourself\("C(\d+)"\)', "\n".join(c.source for c in notebook.cells), re.MULTILINE)
    return [item for number in asked for item in read(quiz_file(f"ch{int(number):02d}"))]


def secrets(notebook) -> list[str]:
    """What a prediction shows only after a guess: its reasons, and every longer text in the code that draws the answer,
    but for what the figure says of its axes. And what a quiz says to an option."""
    found = [why for item in quiz(notebook) for why in item.why]
    for cell in tool.code_cells(notebook):
        if "predict" in tool.tags(cell):
            asked = question(tool.asked_id(cell))
            found += [asked.why, asked.tempts]
            tree = ast.parse(inspect.getsource(asked.draw))
            known = [part for node in ast.walk(tree) for part in _known(node)]
            told = {node for part in known for node in ast.walk(part)}
            found += [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and node not in told]
    texts = [part for text in found if isinstance(text, str) for part in re.split(r"\{.*?\}", text)]
    return [text for text in texts if len(text) > 25]


def _known(node: ast.AST) -> list[ast.AST]:
    """The parts of a call that a reader may know before the guess."""
    known = ("x_label", "y_label", "note", "metric")
    return [node.value] if isinstance(node, ast.keyword) and node.arg in known else []


def test_every_fold_holds_something(tab):
    assert tab.page.locator("details").count()
    assert tab.page.evaluate(EMPTY) == []


def test_sections_are_listed_and_can_be_linked_to(tab):
    ids = tab.page.locator(".jp-MarkdownCell :is(h1, h2, h3)").evaluate_all(
        "headings => headings.map((heading) => heading.id)"
    )
    assert all(ids) and len(set(ids)) == len(ids)
    for link in tab.page.locator(".sections li a").all():
        link.click()
        target = tab.page.locator(":target")
        assert target.inner_text() == link.inner_text()
        assert target.bounding_box()["y"] < 900


def test_the_section_that_is_read_is_marked_and_named_on_a_phone(tab):
    headings = tab.page.locator(".jp-MarkdownCell h2").all()
    left = "() => document.documentElement.scrollHeight - scrollY - innerHeight"
    for width, height in ((1280, 720), (390, 844)):
        tab.page.set_viewport_size({"width": width, "height": height})
        for heading in [*headings[1::3], *headings[-1:]]:
            heading.evaluate("heading => heading.scrollIntoView()")
            if heading != headings[-1] and tab.page.evaluate(left) < height:
                continue  # it may not come to the top
            words = heading.inner_text()
            marked = tab.page.locator(".sections [aria-current]").filter(has_text=words)
            marked.wait_for(state="attached")
            assert tab.page.locator(".sections [aria-current]").count() == 1
            if width < 1200:
                line = tab.page.locator(".sections summary")
                assert line.inner_text() == words and line.bounding_box()["y"] < 10
                assert heading.bounding_box()["y"] > line.bounding_box()["height"]  # nothing stands on it


def test_a_figure_that_a_phone_makes_small_can_be_enlarged(tab):
    tab.page.set_viewport_size({"width": 390, "height": 844})
    whole = tab.page.locator("dialog.whole")
    for button in tab.page.locator("button.enlarge:visible").all():
        figure = button.locator("xpath=preceding-sibling::*[1]")
        natural = figure.evaluate("figure => figure.naturalWidth / 2")
        assert figure.bounding_box()["width"] <= 390
        button.click()
        if natural > 450:
            assert whole.locator("img").bounding_box()["width"] >= natural
            whole.get_by_role("button", name="Close").press("Enter")
        assert not whole.is_visible()
    tab.page.set_viewport_size({"width": 1280, "height": 900})
    assert tab.page.locator("button.enlarge:visible").count() == 0


def test_lines_are_short_and_nothing_hangs_out(tab):
    text = tab.page.locator(".jp-MarkdownCell p").first
    size = float(text.evaluate("node => getComputedStyle(node).fontSize").removesuffix("px"))
    assert size >= 16 and text.bounding_box()["width"] < 46 * size
    for width, height in ((390, 844), (1280, 720)):
        tab.page.set_viewport_size({"width": width, "height": height})
        beside = width >= 1200  # there is room for the list of sections; the browser tells the page a little later
        tab.page.wait_for_function("open => (document.querySelector('.sections')?.open ?? open) === open", arg=beside)
        assert tab.page.evaluate("document.documentElement.scrollWidth") <= width
        tops = tab.page.locator(":is(h1, h2)").evaluate_all(
            "all => all.map((e) => e.getBoundingClientRect().y + scrollY)"
        )
        assert tops[0] < height / 2
    assert all(top < height for top in tops[1:2])  # at 1280 × 720 the first section begins on the first screen


def test_the_score_card_remembers_until_told_to_forget(tab):
    """The predictions are skipped; the page is then opened anew."""
    skips = tab.page.locator(".mtl-ask").get_by_role("button", name="Skip")
    for _ in range(skips.count()):
        skips.first.press("Enter")  # which then goes
    asked = [tool.asked_id(cell) for cell in tool.code_cells(tab.notebook) if "predict" in tool.tags(cell)]
    for card in tab.page.locator(".mtl-score").all():
        assert card.locator(".mtl-kept").count() == len(asked)
        assert card.get_by_text("Skipped. The result: ").count() == len(asked)
        tab.page.reload()
        tab.page.wait_for_selector("body[data-widgets=shown]")
        assert card.get_by_text("Skipped. The result: ").count() == len(asked)
        assert tab.page.locator(".mtl-ask .mtl-verdict").count() == 0  # the predictions are shut again
        card.get_by_role("button", name="Forget").press("Enter")
        assert card.locator(".mtl-kept").all_inner_texts() == [f"{id} · not opened yet" for id in asked]
        assert not card.get_by_role("button").is_visible()


def test_an_option_of_a_quiz_fits_its_button_on_a_phone(tab):
    tab.page.set_viewport_size({"width": 390, "height": 844})
    buttons = tab.page.locator(".mtl-quiz button")
    assert buttons.count() == sum(len(item.options) for item in quiz(tab.notebook))
    assert buttons.evaluate_all("all => all.filter((one) => one.scrollHeight > one.clientHeight + 1).length") == 0


def test_a_quiz_answers_what_is_chosen(tab):
    for number, item in enumerate(quiz(tab.notebook)):
        asked = tab.page.locator(".mtl-item").nth(number)
        wrong = (item.answer + 1) % len(item.options)
        for option, mark in ((wrong, "✗ No."), (item.answer, "✓ Right.")):
            asked.get_by_role("button").nth(option).press("Enter")
            assert asked.locator(".mtl-why").nth(option).inner_text() == f"{mark} {item.why[option]}"
        shown = asked.locator(".mtl-why").all_inner_texts()
        assert sum(map(bool, shown)) == 2
    if quiz(tab.notebook):
        assert tab.page.locator(".mtl-quiz .mtl-verdict").inner_text() == "0 of 5 right at the first try."


def test_handout_and_recap_have_at_most_two_sheets_each(tab):
    for name in ("handout", "recap") if tab.page.get_by_role("link", name="handout").count() else ():
        page = tab.page.context.browser.new_page()
        page.goto(tab.page.url.replace(".html", f"_{name}.html").partition("#")[0])
        assert 1 <= len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True))) <= 2
        text = squeezed(page.locator("body").inner_text())
        assert [secret for secret in secrets(tab.notebook) if squeezed(secret) in text] == []
        assert bool(page.locator(".recap").count()) == (name == "recap")
        page.close()


def test_a_page_does_not_tell_to_run_its_cells(tab):
    text = tab.page.locator("main").inner_text()
    assert "run this check again" not in text and "but no slider?" not in text
    waiting = ["run this check again" in str(cell.outputs) for cell in tool.code_cells(tab.notebook)]
    assert text.count("it runs in the notebook, where you") == sum(waiting)


def test_nothing_went_wrong_and_nothing_was_asked_of_the_network(tab):
    assert tab.trouble == []


@pytest.mark.xdist_group("pages")
def test_a_guessed_number_is_drawn_on_the_figure(browser, site):
    """The question C5.P1 of the fixture: on its axis, and at an edge with an arrow where the axis ends."""
    page, found = browser.new_page(), {}
    for guess, words in (("7", "↑ you: 7"), ("0.6", "you: 0.6"), ("0.4", "you: 0.4"), ("-2", "↓ you: −2")):
        page.goto(f"{site.as_uri()}/widgets.html")
        page.wait_for_selector("body[data-widgets=shown]")
        field = page.locator(".mtl-ask [type=number]")
        field.fill(guess)
        field.press("Enter")
        figure = page.locator(".mtl-figure")
        assert figure.locator("text").text_content() == words
        picture, line = figure.locator("img").bounding_box(), figure.locator("line").last.bounding_box()
        assert picture["x"] < line["x"] and line["x"] + line["width"] < picture["x"] + picture["width"]
        found[float(guess)] = (line["y"] - picture["y"]) / picture["height"]
    top, upper, lower, bottom = found.values()
    place = question("C5.P1")(runs("05_scales")).place
    assert (top, bottom) == pytest.approx((place["end"], place["start"]), abs=0.01)
    step = 0.2 * (bottom - top) / (place["high"] - place["low"])
    assert lower - upper == pytest.approx(step, abs=0.01)
    page.close()


@pytest.mark.xdist_group("pages")
def test_guesses_are_counted_over_the_course(browser, site):
    """By chapter on the first page; on a score card the chapter's own, and all together, with those in a picture."""
    kept = {"C0.P1": (None, None), "C0.P2": ("a", True), "C6.P3": ("b", False), "C6.P4": ("3 steps", None, True)}
    kept["C5.desk1"] = ("drawn", None)
    page = browser.new_page()
    page.goto(f"{site.as_uri()}/index.html")
    for id, (guess, right, *inside) in kept.items():
        entry = {"question": "?", "guess": guess, "outcome": "a", "right": right, "inside": (*inside, None)[0]}
        page.evaluate("([id, entry]) => localStorage.setItem(`mtl ${id}`, JSON.stringify(entry))", [id, entry])
    page.reload()
    for name, words in (
        ("00_start_here", "✓ 1 guessed, 1 of 1 choices right"),
        ("05_balancing_losses", "✓ 1 guessed"),
        ("06_mmoe", "✓ 2 guessed, 0 of 1 choices right, 1 of 1 numbers in the interval"),
    ):
        assert words in page.locator(f".chapters li:has([href='{name}.html']) small").inner_text()
    page.goto(f"{site.as_uri()}/06_mmoe.html")
    page.wait_for_selector("body[data-widgets=shown]")
    here = "0 of 1 choices right, 1 of 1 numbers in the interval."
    assert page.locator(".mtl-score .mtl-verdict").inner_text() == here
    so_far = "In the course so far you guessed 4 times: 1 of 2 choices right, 1 of 1 numbers in the interval."
    assert page.locator(".mtl-score .mtl-course").inner_text() == so_far
    page.close()


@pytest.mark.xdist_group("pages")
def test_each_term_of_the_glossary_is_among_the_first_that_the_search_finds(browser, site):
    terms = re.findall(r'^<a id="(.*?)"></a>\n\*\*(.*?)\*\*', GLOSSARY.read_text(encoding="utf-8"), re.MULTILINE)
    page = browser.new_page()
    page.goto(f"{site.as_uri()}/index.html")
    field, found = page.get_by_label("Search"), {}
    for anchor, term in terms:
        field.fill(term)
        hits = page.locator(".search li a")
        hits.filter(has_text=term).first.wait_for()
        found[anchor] = hits.evaluate_all("all => all.slice(0, 3).map((link) => link.hash.slice(1))")
    assert [anchor for anchor, first in found.items() if anchor not in first] == [] and len(terms) > 100
    page.close()
