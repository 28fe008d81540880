"""Explorables played through in pages from disk: what is asked can be found by the mouse and by the keys."""

import re

import pytest

from tests.browser.lab import DRAWN, Tab

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("pages")]

PRESSED = """(node, keys) => { for (const key of keys) {
    node.dispatchEvent(new KeyboardEvent("keydown", { key, shiftKey: true, bubbles: true, cancelable: true }));
} }"""


@pytest.fixture
def opened(browser, site):
    """Opens the page of a chapter; afterwards nothing must have gone wrong on it."""
    tab = Tab(browser, (site.as_uri(),))

    def open(chapter: str):
        tab.page.goto(f"{site.as_uri()}/{chapter}.html")
        tab.page.locator(".mtl-live").first.wait_for()
        tab.page.evaluate(DRAWN)
        return tab.page, tab.page.locator(".mtl-live").first

    yield open
    assert tab.trouble == []
    tab.page.close()


def said(page, card) -> str:
    page.evaluate(DRAWN)
    return card.locator(".mtl-sentence").inner_text()


def press(card, name: str):
    card.get_by_role("button", name=name, exact=False).click()


def answered(card, number: int) -> str:
    """What a question says once it is answered, on its stage."""
    card.get_by_role("button", name=f"question {number}, answered").wait_for()
    found = card.locator(".mtl-found").inner_text()
    assert found.startswith("✓")
    return found


def hint(card) -> str:
    """What a question says while it is not answered."""
    found = card.locator(".mtl-found").inner_text()
    assert found.startswith("Not yet: ")
    return found


def draw(page, card, *points: tuple[float, float]):
    """Draw in the log of the balance through points: shares of its width, and of its height from the floor up."""
    card.locator(".mtl-paper").scroll_into_view_if_needed()
    box = card.locator(".mtl-paper").bounding_box()
    at = [(box["x"] + 12 + x * (box["width"] - 24), box["y"] + 108 - 106 * y) for x, y in points]
    page.mouse.move(*at[0])
    page.mouse.down()
    for point in at[1:]:
        page.mouse.move(*point, steps=8)
    page.mouse.up()


def swiped(page, part, down: float) -> float:
    """A finger goes down, or up, from the middle of a part; returns by how much the page was scrolled."""
    touch = page.context.new_cdp_session(page)
    part.evaluate("part => scrollBy(0, part.getBoundingClientRect().top - innerHeight / 2)")
    box, before = part.bounding_box(), page.evaluate("scrollY")
    at = [{"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}]
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": at})
    for _ in range(6):
        at = [{**at[0], "y": at[0]["y"] + down / 6}]
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": at})
        page.wait_for_timeout(20)
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.evaluate(DRAWN)
    return page.evaluate("scrollY") - before


@pytest.mark.parametrize("chapter", ["01_motivation", "05_balancing_losses"])
def test_a_finger_that_goes_down_moves_a_fader_and_not_the_page(opened, chapter):
    page, _ = opened(chapter)
    card = page.locator(".mtl-live").last
    press(card, "free")
    fader = card.locator(".mtl-handle:visible").first
    before = fader.get_attribute("aria-valuetext")
    assert swiped(page, fader, 40) == 0
    assert fader.get_attribute("aria-valuetext") != before


@pytest.mark.parametrize(
    "chapter, part, drawn",
    [
        ("02_weighted_cross_entropy", ".mtl-paper", ".mtl-sentence"),
        ("04_shared_bottom", ".mtl-cell", ".mtl-cell"),
    ],
)
def test_a_finger_that_goes_up_where_one_draws_scrolls_the_page(opened, chapter, part, drawn):
    page, _ = opened(chapter)
    card = page.locator(f".mtl-live:has({part})")
    seen = card.locator(drawn).first
    before = seen.inner_html()
    assert swiped(page, card.locator(part).first, -120) > 20
    assert seen.inner_html() == before


def test_a_click_of_the_log_is_drawn_by_the_mouse_and_by_the_keys(opened):
    page, card = opened("02_weighted_cross_entropy")
    assert "30 of 100 are clicked, for 120 s in all: 1.20 s" in said(page, card)
    assert "Weighted CE says 120 / 70 = 1.71 s, 43% too large." in said(page, card)
    draw(page, card, (1 / 99, 0.5))
    by_mouse = said(page, card)
    assert "31 of 100 are clicked, for 126 s in all" in by_mouse
    press(card, "Reset")
    card.locator(".mtl-handle").focus()
    for _ in range(110):
        page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowRight")
    for _ in range(6):
        page.keyboard.press("ArrowUp")
    assert said(page, card) == by_mouse
    for _ in range(6):
        page.keyboard.press("ArrowDown")
    assert "30 of 100 are clicked, for 120 s in all" in said(page, card)


def test_the_questions_of_the_balance_are_answered(opened):
    page, card = opened("02_weighted_cross_entropy")
    draw(page, card, (0.05, 0), (1, 0))
    clicks = said(page, card).partition(" of 100")[0]
    assert f"with {clicks} of 100 clicked" in answered(card, 1)
    card.get_by_role("button", name="question 2").click()
    draw(page, card, (0.5, 0), (1, 0))
    draw(page, card, (0, 0.2), (49 / 99, 0.2))
    assert "50 of 100" in said(page, card) and "100% too large" in said(page, card)
    assert "2.00 times, at" in hint(card)
    draw(page, card, (0, 0.6), (49 / 99, 0.6))
    assert answered(card, 2).count("2.00 times") == 2
    card.get_by_role("button", name="question 3").click()
    press(card, "10,000")
    press(card, "Shake")
    card.get_by_text("Of 500 new logs of 10,000").wait_for(timeout=60_000)
    many = re.search(r"say (\[.*?\]), which misses", said(page, card))
    assert "shake logs of 100, too" in hint(card)
    card.get_by_role("button", name="100", exact=True).click()
    press(card, "Shake")
    card.get_by_text("Of 500 new logs of 100,").wait_for(timeout=60_000)
    assert f"of 10,000 {many[1]}" in answered(card, 3)
    press(card, "Correct it")
    assert "which is right" in said(page, card) and "new logs" not in said(page, card)


def test_everything_clicked_has_no_bound(opened):
    page, card = opened("02_weighted_cross_entropy")
    press(card, "free")
    draw(page, card, (0, 0.5), (1, 0.5))
    assert "the logit grows without bound" in said(page, card)
    press(card, "Correct it")
    assert "which is right" in said(page, card)
    draw(page, card, (0, 0), (1, 0))
    assert "Nothing is clicked" in said(page, card)


def test_the_questions_of_the_brush_are_answered(opened):
    _, card = opened("07_esmm")
    for number in (1, 2, 3):
        card.get_by_role("button", name=f"question {number}").click()
        card.get_by_role("button", name="The truth").click()
        answered(card, number)


def test_where_all_is_free_the_truth_is_seen(opened):
    page, card = opened("07_esmm")
    press(card, "free")
    assert "if all clicked" in said(page, card)
    assert card.locator(".mtl-found").inner_text() == ""


def test_too_few_clicks_fit_no_model(opened):
    page, card = opened("07_esmm")
    press(card, "free")
    card.locator("input").fill("0.4")
    handle = card.get_by_role("slider", name="the brush: who clicks")
    for key in ("ArrowRight", "ArrowUp"):
        for _ in range(3):
            handle.press(f"Shift+{key}")
    assert "too few to fit a model" in said(page, card)


def test_the_list_is_turned_by_arrow_slider_and_keys(opened):
    page, card = opened("00_start_here")
    first = said(page, card)
    assert card.locator(".mtl-callout").text_content() == "Start here: turn it"
    card.locator("input").fill("0.02")
    page.evaluate(DRAWN)
    assert "the other end, the click" in hint(card)
    handle = card.locator(".mtl-handle")
    for key in ("Shift+ArrowRight", "Shift+ArrowUp"):
        for _ in range(12):
            handle.press(key)
    kept = re.search(r"(\d+) of them are on the list at every weight", said(page, card))[1]
    assert f"User 1: {kept}, good at both" in answered(card, 1)
    turned = said(page, card)
    weight = re.search(r"weight ([\d.]+)", turned)[1]
    assert turned != first and float(weight) < 0.2
    press(card, "Reset")
    card.locator("input").fill(weight)
    assert said(page, card) == re.sub(r" \d+ of them are on the list .*", "", turned)  # it begins anew
    press(card, "question 2")
    assert said(page, card).startswith("User 8, ") and not card.get_by_role("button", name="Next user").is_visible()


def test_a_corner_reaches_what_no_weight_did(opened):
    page, card = opened("03_manual_weights")
    assert "each is first at some weight" in said(page, card)
    bend, weight = card.locator("input").all()
    bend.focus()
    page.keyboard.press("End")
    missed = re.search(r"The front \(steps\) has (\d+) videos, the line jumps over (\d+)", said(page, card))
    assert f"{missed[2]} of {missed[1]} are first at no weight" in answered(card, 1)
    press(card, "question 2")
    press(card, "A corner:")
    page.evaluate(DRAWN)
    assert "which a line can put first, too" in hint(card)
    weight.focus()
    page.keyboard.press("Home")
    for _ in range(100):
        page.keyboard.press("ArrowRight")
    assert "a corner" in answered(card, 2).lower()
    assert "each is first at some weight" in said(page, card)


def test_what_leads_to_an_open_answer_stays_yellow(opened):
    page, _ = opened("03_manual_weights")
    card = page.locator(".mtl-live").nth(1)
    handle, call = card.get_by_role("slider", name="weight of task A, on the curves"), card.locator(".mtl-callout")
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 600, y, steps=3)
    page.evaluate(DRAWN)
    assert call.count() == 0  # nothing runs beside a drag
    page.mouse.up()
    page.evaluate(DRAWN)
    assert "weight of task A 0." in hint(card) and call.text_content() == "Drag the weight"
    for _ in range(2):
        handle.press("Shift+ArrowLeft")
    answered(card, 1)
    assert call.count() == 0 and card.locator(".mtl-next").inner_text().startswith("2")
    card.get_by_role("button", name="question 3").click()
    dial = card.locator(".mtl-slider.mtl-next")
    dial.locator("input").press("Home")
    page.evaluate(DRAWN)
    assert "correlation of the goals 1" in hint(card) and dial.is_visible()
    dial.locator("input").press("End")
    answered(card, 3)


def test_the_questions_of_the_conflict_are_answered(opened):
    page, _ = opened("04_shared_bottom")
    card = page.locator(".mtl-live:not(:has(.mtl-cell))")
    ball = card.get_by_role("slider", name="the ball", exact=True)
    ball.evaluate(PRESSED, ["ArrowRight"] * 4 + ["ArrowUp"])  # quicker than a frame: the places between are not drawn
    assert re.search(r"^✓ 0\.9\d here, and −[01]\.\d\d where", answered(card, 1))
    assert not card.get_by_text("PCGrad").is_visible()  # it comes with the third question
    card.get_by_role("button", name="question 2").click()
    press(card, "Run")
    card.get_by_text("steps of the sum").wait_for(timeout=60_000)
    assert re.search(r"From (0\.\d+|1\.00) to −(0\.9\d|1\.00)", answered(card, 2))
    card.get_by_role("button", name="question 3").click()
    press(card, "Run")
    card.get_by_text("steps of the sum").wait_for(timeout=60_000)
    assert "A's loss went from" in hint(card)
    card.locator("input").fill("1")
    press(card, "Run")
    card.get_by_text("steps of the sum").wait_for(timeout=60_000)
    went = re.search(r"A's loss from (\S+) to (\S+)", said(page, card))
    assert float(went[2]) > float(went[1]) and f"from {went[1]} to {went[2]}" in answered(card, 3)


def trained(page, card) -> str:
    """What is said of two gates, once they are trained."""
    press(card, "Train")
    card.get_by_role("button", name="Train again").wait_for(timeout=60_000)
    return said(page, card)


def test_the_questions_of_the_gates_set_their_stage_and_name_the_next_move(opened):
    page, card = opened("06_mmoe")
    guess, row = (card.get_by_role("slider", name=name) for name in ("your guess", "a row"))
    call, yellow = card.locator(".mtl-callout"), card.locator("button.mtl-next")
    assert call.text_content() == "Drag your guess" and yellow.count() == 0
    for _ in range(3):
        guess.press("ArrowLeft")
    page.evaluate(DRAWN)
    assert guess.get_attribute("aria-valuetext") == "35%" and yellow.inner_text() == "▶ Train" and call.count() == 0
    on_all = re.search(r"over 500 rows (\d+)%", trained(page, card))[1]
    found = card.locator(".mtl-found").inner_text()
    assert f"✓ {on_all}% on the same row" in found and re.search(r"Your guess was \d+ points off", found)
    assert call.text_content() == "Drag the row"
    row.press("ArrowRight")
    page.evaluate(DRAWN)
    assert call.count() == 0 and yellow.inner_text().startswith("2")
    card.get_by_role("button", name="question 1").click()  # it begins anew
    page.evaluate(DRAWN)
    assert call.text_content() == "Drag your guess" and "Not trained yet" in said(page, card)


def test_an_answer_of_another_setting_says_of_which_and_free_shows_all(opened):
    page, card = opened("06_mmoe")
    needs, column = card.get_by_role("slider", name="what task B needs"), card.get_by_role("button", name="100±30")
    assert not needs.is_visible() and not column.is_visible()
    press(card, "question 2")
    assert needs.is_visible() and not column.is_visible() and "Not trained yet" in said(page, card)
    before = trained(page, card)
    found = card.locator(".mtl-found")
    assert found.inner_text().startswith("✓ ") and "mtl-open" not in found.get_attribute("class")
    assert card.locator(".mtl-callout").text_content() == "Turn what B needs"
    needs.press("ArrowLeft")
    page.evaluate(DRAWN)
    assert found.inner_text().startswith("✓ Seen at p = 1.0. ") and "mtl-open" in found.get_attribute("class")
    card.get_by_role("button", name="Train again").wait_for(timeout=60_000)
    assert said(page, card) != before  # a new setting is trained at once
    assert card.locator("button.mtl-next").inner_text().startswith("3")
    press(card, "free")
    assert needs.is_visible() and column.is_visible() and needs.get_attribute("aria-valuetext") == "0.9"


def test_the_brush_is_guessed_before_the_truth_is_seen_on_other_feeds(opened):
    page, card = opened("07_esmm")
    guess = card.get_by_role("slider", name="your guess")
    assert card.locator(".mtl-callout").text_content() == "Drag your guess"
    guess.press("Shift+ArrowRight")
    press(card, "The truth, on 30 feeds")
    assert re.search(r"ESMM says ×1\.\d\d \[1\.\d\d, 1\.\d\d\] of the truth", answered(card, 1))
    before = guess.get_attribute("aria-valuetext")
    guess.press("ArrowLeft")
    page.evaluate(DRAWN)
    assert guess.get_attribute("aria-valuetext") == before  # it is known


def value(card, fader: int) -> str:
    return card.locator(".mtl-handle").nth(fader).get_attribute("aria-valuetext")


def played(page, card) -> str:
    """What is said of a race, once it is over."""
    press(card, "Play")
    page.evaluate(DRAWN)  # what was said of the race before is gone
    card.get_by_text("That is one seed.").wait_for(timeout=60_000)
    return said(page, card)


def test_a_fader_counts_from_the_step_on_at_which_it_moves(opened):
    page, card = opened("05_balancing_losses")
    card.get_by_role("button", name="free").click()
    press(card, "Play")
    card.get_by_text(re.compile("step [4-9]. of 250")).wait_for(timeout=60_000)
    for _ in range(4):
        card.locator(".mtl-handle").first.press("Shift+ArrowDown")
    card.get_by_text("That is one seed.").wait_for(timeout=60_000)
    pair = re.findall(r"(equal weights|you) (\d\.\d\d) and (\d\.\d\d)", said(page, card))
    equal, mine = (float(b) for _, _, b in pair)
    assert mine > equal + 0.05


def test_the_questions_of_the_desk_are_answered(opened):
    page, card = opened("05_balancing_losses")
    assert "the loss of A counts 100 times" in said(page, card)
    card.get_by_role("slider", name="your guess").press("ArrowDown")
    first = played(page, card)
    kept = page.evaluate("JSON.parse(localStorage['mtl C5.desk1'])")  # the start page counts it
    assert answered(card, 1) == f"✓ {kept['outcome']}"
    a, equal = (re.search(f"{who} (\\d.\\d\\d and \\d.\\d\\d)", first)[1] for who in ("UWL", "weights"))
    assert equal != a and "you " not in first  # who has no fader to move is in no lane
    card.get_by_role("button", name="question 2").click()
    assert "These ran without you" in said(page, card)
    for _ in range(4):
        card.locator(".mtl-handle").first.press("Shift+ArrowDown")
    assert "Highest in the mean of both, within 0.01: you." in played(page, card)
    press(card, "8 more seeds")
    card.get_by_role("button", name=re.compile("question 2, ")).wait_for(timeout=120_000)
    score = re.search(r"([+−]0\.\d{3}) \[([+−]0\.\d{3}), ([+−]0\.\d{3})\] over GradNorm, ([\w ]+)\.", said(page, card))
    middle, low, high = (float(number.replace("−", "-")) for number in score.groups()[:3])
    assert low < middle < high and (score[4] == "a gain") == (low > 0.01)
    state = "not yet decided" if score[4] == "undecided" else "answered"
    card.get_by_role("button", name=f"question 2, {state}").wait_for()
    card.get_by_role("button", name="question 3").click()
    assert "With Play UWL and GradNorm set" in said(page, card)  # a run to look at, and no fader, not even as it was
    assert card.locator(".mtl-handle:visible").count() == 0
    played(page, card)
    card.locator("input").and_(card.locator(":visible")).fill("1.5")
    page.evaluate(DRAWN)
    assert "B's weight ended at" in hint(card)
    assert card.get_by_role("button", name="question 3, answered").count() == 0
    played(page, card)
    answered(card, 3)
