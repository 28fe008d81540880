"""The playground of chapter 04, in a page from disk: drawn tasks, a run, what it says of few seeds."""

import re
from pathlib import Path

import pytest

from tests.browser.lab import DRAWN, Tab

CHAPTER = "04_shared_bottom"
ROOT = Path(__file__).parents[2]

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("pages")]


@pytest.fixture(scope="module")
def tab(browser, site):
    tab = Tab(browser, (site.as_uri(),))
    tab.page.goto(f"{site.as_uri()}/{CHAPTER}.html")
    tab.page.wait_for_selector("body[data-widgets=shown]")
    yield tab
    tab.page.close()


@pytest.fixture
def card(tab):
    card = tab.page.locator(".mtl-live:has(.mtl-cell)")
    card.scroll_into_view_if_needed()
    card.get_by_role("button", name="Reset").click()
    tab.page.evaluate(DRAWN)
    return card


def cell(card, task: str, feature: int):
    return card.locator(f".mtl-cell[aria-label^='task {task}, feature {feature}:']")


def wait_until_said(tab, card, words: str) -> str:
    """The sentence as it is in the frame in which it says so: the next seed may be done soon after."""
    says = "([sentence, words]) => new RegExp(words).test(sentence.innerText) && sentence.innerText"
    sentence = card.locator(".mtl-sentence").element_handle()
    return tab.page.wait_for_function(says, arg=[sentence, words], timeout=180_000).json_value()


def test_a_cell_goes_round_by_click_and_by_key_and_a_drag_paints(tab, card):
    first = cell(card, "B", 1)
    for found in ("needed, plus", "needed, minus", "not needed"):
        first.click()
        tab.page.evaluate(DRAWN)
        assert first.get_attribute("aria-label").endswith(found)
    first.press("Enter")
    tab.page.keyboard.press("ArrowRight")
    tab.page.keyboard.press(" ")
    tab.page.evaluate(DRAWN)
    boxes = [cell(card, "B", j).bounding_box() for j in (3, 4)]
    (x, y), (u, v) = [(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2) for box in boxes]
    tab.page.mouse.move(x, y)
    tab.page.mouse.down()
    tab.page.mouse.move(u, v, steps=4)
    tab.page.mouse.up()
    tab.page.evaluate(DRAWN)
    labels = [cell(card, "B", j).get_attribute("aria-label") for j in (1, 2, 3, 4)]
    assert [label.partition(": ")[2] for label in labels] == ["needed, plus"] * 4
    assert card.locator(".mtl-sentence").inner_text().startswith("4 in common: 8 features for 4 units")
    assert card.locator(".mtl-cell[tabindex='0']").count() == 1


def test_it_trains_pauses_and_keeps_what_was_learnt_and_one_seed_says_nothing(tab, card):
    rows, sentence = card.get_by_role("slider", name="rows"), card.locator(".mtl-sentence")
    card.get_by_role("button", name="free").click()
    rows.fill("100")
    card.get_by_role("button", name="Play").click()
    said = wait_until_said(tab, card, "One seed: ")
    card.get_by_role("button", name="Stop").click()
    assert re.search(r"One seed: A [+−]0\.\d+, B [+−]0\.\d+\. Train more before you trust it\.", said)
    assert "a gain" not in said.partition("Kept")[0] and "a loss" not in said.partition("Kept")[0]
    tab.page.evaluate(DRAWN)
    learnt = sentence.inner_text()
    rows.fill("150")
    tab.page.evaluate(DRAWN)
    assert "seed" not in sentence.inner_text()
    rows.fill("100")
    tab.page.evaluate(DRAWN)
    assert sentence.inner_text() == learnt


def test_a_guess_comes_first_seeds_are_counted_and_the_star_of_before_stays(tab, card):
    card.get_by_role("button", name="question 1").click()
    tab.page.evaluate(DRAWN)
    assert card.locator(".mtl-callout").text_content() == "Start here: drag your guess"
    assert not card.get_by_role("slider", name="rows").is_visible()
    assert "Kept" not in card.locator(".mtl-sentence").inner_text()
    guess = card.get_by_role("slider", name="your guess")
    for key in ("ArrowLeft", "ArrowDown"):
        guess.press(f"Shift+{key}")
    tab.page.evaluate(DRAWN)
    assert guess.get_attribute("aria-valuetext") == "A −0.100, B −0.100"
    assert card.locator("button.mtl-next").inner_text() == "▶ Play"
    card.get_by_role("button", name="Play").click()
    said = wait_until_said(tab, card, r"You, 8 seeds: ")
    assert re.search(r"You, \d seeds: A [+−]0\.\d+ \[[+−]\d\.\d+, [+−]\d\.\d+\], ", said)
    assert "Kept, 20 seeds: A −0.065; B −0.063: both lose." in said
    assert card.get_by_role("button", name="question 1, answered").count() == 1
    star = "card => card.querySelectorAll(\"svg path[stroke-dasharray='2 2'][d^='M']\").length"
    assert card.evaluate(star) == 0
    assert re.search(r"Your guess was 0\.\d\d off", card.locator(".mtl-found").inner_text())
    card.get_by_role("button", name="free").click()
    tab.page.wait_for_timeout(600)  # then a move begins anew
    card.get_by_role("slider", name="rows").fill("1050")  # which no test trains
    tab.page.evaluate(DRAWN)
    assert "You" not in card.locator(".mtl-sentence").inner_text()
    assert card.evaluate(star) == 1


def test_nothing_went_wrong(tab):
    assert tab.trouble == []
