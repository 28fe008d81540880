"""Every explorable in a page from disk: mouse, touch, keys, sizes. In JupyterLab the fixture stands for
the chapters, whose explorables `test_walk` moves."""

import re

import pytest

from tests.browser.conftest import NOTEBOOKS, WIDGETS
from tests.browser.lab import BEYOND, DRAWN, Book, Tab
from tests.browser.test_lab import FAINT

pytestmark = pytest.mark.long

# what a person sees of a card: the picture, the controls, the sentence
SEEN = """card => {
  const parts = [...card.querySelectorAll("svg *, output, .mtl-sentence")]
    .map((e) => (e.children.length ? "" : e.textContent)
      + ["d", "cx", "cy", "x", "y", "rx", "transform", "fill"].map((name) => e.getAttribute(name)));
  return [...parts, ...[...card.querySelectorAll("canvas")].map((e) => e.toDataURL())].join("|");
}"""
# words in a picture: they are drawn on white, or on a faint field with a white halo
FAINT_WORDS = """card => {
  const light = (c) => c.match(/[\\d.]+/g).slice(0, 3)
    .map((v) => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  return [...card.querySelectorAll("svg text, svg tspan")].filter((e) => !e.children.length && e.textContent)
    .filter((e) => 1.05 / (light(getComputedStyle(e).fill) + .05) < 4.5).map((e) => e.textContent);
}"""
# words of the card under the note that names the first move
COVERED = """card => [...card.querySelectorAll(".mtl-callout text")].flatMap((note) => {
  const { left, right, top, bottom } = note.getBoundingClientRect();
  const words = [...card.querySelectorAll("text, .mtl-title, p, button")].filter((e) => e !== note && e.textContent);
  return words.filter((e) => {
    const box = e.getBoundingClientRect(), beside = box.right < left - 8 || box.left > right + 8;
    return box.width && !beside && box.bottom > top - 1 && box.top < bottom + 1;
  }).map((e) => `${note.textContent} / ${e.textContent}`);
})"""
SIZES = ((1280, 720), (1024, 600))


def with_explorables(*kinds: str) -> list:
    """The notebooks that show one, as pages or in JupyterLab; each kind is tested in the process that has made it."""
    shown = [path for path in NOTEBOOKS if re.search(r"mtl-live|\bLive\(", path.read_text(encoding="utf-8"))]
    return [
        pytest.param(
            (kind, path),
            marks=pytest.mark.xdist_group(group),
            id=f"{kind}-{path.stem}",
        )
        for kind, group in (("page", "pages"), ("lab", "live"))
        if kind in kinds
        for path in (shown if kind == "page" else [WIDGETS])
    ]


both = with_explorables("page", "lab")


@pytest.fixture(scope="module", params=both)
def tab(request, browser, folder):
    kind, path = request.param
    if kind == "page":
        site = request.getfixturevalue("site")
        tab = Tab(browser, (site.as_uri(),))
        tab.page.goto(f"{site.as_uri()}/{path.stem}.html")
        tab.page.wait_for_selector("body[data-widgets=shown]")
        close = tab.page.close
    else:
        lab = request.getfixturevalue("lab")
        lab.trust(path.name)
        tab = Book(browser, lab, path.name)
        close = tab.close
    tab.kind = kind
    tab.page.locator(".mtl-live").first.wait_for()
    yield tab
    close()


# JupyterLab is not made for phones, and is made of scripts
in_pages = pytest.mark.parametrize("tab", with_explorables("page"), indirect=True)


def cards(tab) -> list:
    tab.page.evaluate(DRAWN)
    return tab.page.locator(".mtl-live").all()


def movable(card) -> list:
    """All handles and sliders; of an explorable with stages in the last one, which shows them all."""
    for free in card.get_by_role("button", name="free", exact=True).all():
        free.click()
    return [*card.locator(".mtl-handle:visible").all(), *card.locator("input[type=range]").all()]


def values(card) -> list[str]:
    return [part.get_attribute("aria-valuetext") for part in movable(card)]


def changes(tab, card, action) -> bool:
    """Whether an action changes what is seen of a card, within a second."""
    before = card.evaluate(SEEN)
    action()
    for _ in range(20):
        tab.page.evaluate(DRAWN)
        if card.evaluate(SEEN) != before:
            return True
        tab.page.wait_for_timeout(50)
    return False


def far(tab, part):
    """Ten steps to the right, or to the left from the end."""
    before = part.get_attribute("aria-valuetext")
    for key in ("ArrowRight", "ArrowLeft"):
        if part.get_attribute("aria-valuetext") == before:
            part.press(f"Shift+{key}")
            tab.page.evaluate(DRAWN)


def middle(part) -> tuple[float, float]:
    part.scroll_into_view_if_needed()
    box = part.bounding_box()
    if part.get_attribute("type") == "range":
        share = part.evaluate("input => (input.value - input.min) / (input.max - input.min)")
        return box["x"] + 8 + share * (box["width"] - 16), box["y"] + box["height"] / 2
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def towards_the_middle(card, part, x: float, y: float) -> tuple[float, float]:
    """A place nearer to the middle of the slider, or of the card's picture, by a third of it and 60 pixels or more: a
    handle with few options snaps to the nearest. No limit is there."""
    box = (part if part.get_attribute("type") == "range" else card.locator("svg").first).bounding_box()
    wide, high = (max(60, box[name] / 3) for name in ("width", "height"))
    left, above = x < box["x"] + box["width"] / 2, y < box["y"] + box["height"] / 2
    return x + (wide if left else -wide), y + (high if above else -high)


def test_every_part_moves_by_the_mouse(tab):
    for card in cards(tab):
        for number, part in enumerate(movable(card)):

            def drag(part=part, card=card):
                x, y = middle(part)
                tab.page.mouse.move(x, y)
                tab.page.mouse.down()
                tab.page.mouse.move(*towards_the_middle(card, part, x, y), steps=4)
                tab.page.mouse.up()

            assert changes(tab, card, drag), f"part {number}"


def test_every_handle_moves_by_touch(tab):
    touch = tab.page.context.new_cdp_session(tab.page)

    def finger(kind, *points):
        at = [{"x": x, "y": y} for x, y in points]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})

    for card in cards(tab):
        card.get_by_role("button", name="Reset").click()  # the mouse has left some at a limit
        for number, part in enumerate(card.locator(".mtl-handle:visible").all()):

            def drag(part=part, card=card):
                x, y = middle(part)
                finger("touchStart", (x, y))
                finger("touchMove", towards_the_middle(card, part, x, y))
                finger("touchEnd")

            assert changes(tab, card, drag), f"handle {number}"


def moves_by_keys(tab, card, part) -> bool:
    """Whether an arrow key on a handle or a slider of a card changes what is seen of it."""

    def press():
        part.focus()
        right = part.evaluate("part => part.max === undefined || part.value !== part.max")
        tab.page.keyboard.press("ArrowRight" if right else "ArrowLeft")

    return changes(tab, card, press) or changes(tab, card, lambda: tab.page.keyboard.press("ArrowLeft"))


def test_every_part_moves_by_the_keys(tab):
    for card in cards(tab):
        for number, part in enumerate(movable(card)):
            assert moves_by_keys(tab, card, part), f"part {number}"


def test_everything_has_a_name_and_a_value_in_words(tab):
    for card in cards(tab):
        assert card.get_attribute("aria-label")
        for part in card.locator(".mtl-handle").all():
            assert part.get_attribute("aria-label") and part.get_attribute("aria-valuetext")
            assert float(part.get_attribute("aria-valuenow")) is not None
        assert all(card.locator("button").all_inner_texts())
        for part in card.locator("input").all():
            assert part.evaluate("input => input.labels[0].innerText") and part.get_attribute("aria-valuetext")
        sentence = card.locator(".mtl-sentence")
        assert sentence.get_attribute("aria-live") == "polite" and sentence.inner_text()


@in_pages
@pytest.mark.parametrize("width", [1280, 800, 400])
def test_the_note_at_a_first_move_covers_no_words(tab, width):
    before = tab.page.viewport_size
    tab.page.set_viewport_size({"width": width, "height": 900})
    try:
        for card in cards(tab):
            for number in card.locator(".mtl-numbers button").all():
                number.click()
                tab.page.evaluate(DRAWN)
                assert card.evaluate(COVERED) == []
    finally:
        tab.page.set_viewport_size(before)


def test_reset_leads_back(tab):
    for card in cards(tab):
        reset = card.get_by_role("button", name="Reset")
        reset.click()
        tab.page.evaluate(DRAWN)
        first = values(card)
        far(tab, movable(card)[0])
        assert values(card) != first
        reset.click()
        tab.page.evaluate(DRAWN)
        assert values(card) == first


@pytest.mark.parametrize("size", SIZES)
def test_question_picture_and_sentence_are_seen_together(tab, size):
    before = tab.page.viewport_size
    tab.page.set_viewport_size({"width": size[0], "height": size[1]})
    try:
        for card in cards(tab):
            card.evaluate("card => card.scrollIntoView({ block: 'end' })")
            for part in (".mtl-asked", ".mtl-place", ".mtl-dials", ".mtl-sentence"):
                box = card.locator(part).bounding_box()
                assert box["y"] >= 0 and box["y"] + box["height"] <= size[1], part
            assert card.evaluate(BEYOND) == []
            tops = ".jp-NotebookPanel-toolbar" if tab.kind == "lab" else "body"
            head = tab.page.locator(tops).first.bounding_box()
            edge = head["y"] + head["height"] if tab.kind == "lab" else 0
            assert card.locator(".mtl-asked").bounding_box()["y"] >= edge
    finally:
        tab.page.set_viewport_size(before)


@in_pages
def test_on_a_phone_nothing_hangs_out(tab):
    before = tab.page.viewport_size
    tab.page.set_viewport_size({"width": 390, "height": 844})
    try:
        for card in cards(tab):
            assert card.evaluate(BEYOND) == []
        assert tab.page.evaluate("document.documentElement.scrollWidth") <= 390
    finally:
        tab.page.set_viewport_size(before)


def test_words_can_be_read(tab):
    for card in cards(tab):
        assert card.evaluate(FAINT_WORDS) == []
    assert tab.page.locator(".mtl-live").evaluate_all(FAINT) == []


@in_pages
def test_without_scripts_a_page_shows_its_picture(tab, browser):
    page = browser.new_page(java_script_enabled=False)
    page.goto(tab.page.url)
    pictures = page.locator("noscript img")
    assert pictures.count() >= len(cards(tab))
    for picture in pictures.all():
        assert picture.get_attribute("alt") and picture.bounding_box()["width"] > 100
    page.close()


def test_nothing_went_wrong(tab):
    assert tab.trouble == []


# --- the kit itself, on the two points of the fixture


def points(tab) -> list:
    return cards(tab)[-2:]


the_points = pytest.mark.parametrize("tab", [case for case in both if "widgets" in case.id], indirect=True)


@the_points
def test_a_second_one_on_the_page_stays_as_it_is(tab):
    first, second = points(tab)
    before = second.evaluate(SEEN)
    assert changes(tab, first, lambda: first.locator(".mtl-handle").press("ArrowRight"))
    assert second.evaluate(SEEN) == before


@the_points
def test_a_question_notices_its_answer_and_the_other_says_what_is_not_yet(tab):
    card = points(tab)[1]
    card.get_by_role("button", name="Reset").click()
    card.get_by_role("button", name="question 2").click()
    card.get_by_role("button", name="on", exact=True).click()
    card.get_by_role("button", name="question 2, answered").wait_for()
    assert card.locator(".mtl-found").inner_text() == "✓ It switches."
    card.get_by_role("button", name="question 1").click()
    assert card.locator(".mtl-question").inner_text() == "Where is x large?"
    assert card.locator(".mtl-found").inner_text() == "Not yet: 4.00 is in the middle."


@the_points
def test_the_ghost_is_the_setting_before_the_last_drag(tab):
    card = points(tab)[0]
    card.get_by_role("button", name="Reset").click()
    x, y = middle(card.locator(".mtl-handle"))
    for way in (60, 90):  # a drag may rest
        tab.page.mouse.move(x, y)
        tab.page.mouse.down()
        tab.page.mouse.move(x + way / 2, y, steps=3)
        tab.page.wait_for_timeout(700)
        tab.page.mouse.move(x + way, y, steps=3)
        tab.page.mouse.up()
        tab.page.evaluate(DRAWN)
        now, ghost = re.findall(r"at (\d+\.\d+)", card.locator(".mtl-sentence").inner_text(), re.IGNORECASE)
        assert float(now) > float(ghost)
        x += way
    card.get_by_role("button", name="Reset").click()


@the_points
def test_who_wants_no_motion_sees_few_pictures_of_a_run(tab):
    card = points(tab)[0]
    drawn = {}
    for motion in ("no-preference", "reduce"):
        tab.page.emulate_media(reduced_motion=motion)
        card.get_by_role("button", name="Reset").click()
        tab.page.evaluate(
            """card => {
              window.drawn = 0;
              const count = new MutationObserver(() => { window.drawn += 1; });
              count.observe(card.querySelector(".mtl-sentence"), { childList: true });
            }""",
            card.element_handle(),
        )
        card.get_by_role("button", name="Run").click()
        card.get_by_text("At 10.00").wait_for()
        drawn[motion] = tab.page.evaluate("window.drawn")
    tab.page.emulate_media(reduced_motion="no-preference")
    assert (
        drawn["reduce"] < drawn["no-preference"] / 2
    )  # two a second, against one a frame: how many, depends on the machine
