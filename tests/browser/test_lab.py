"""Every chapter in JupyterLab: run once by Restart & Run All, then used as a reader does, beyond `test_walk`."""

import pytest

from tests.browser.conftest import each

pytestmark = pytest.mark.long

ERROR, STDERR = "application/vnd.jupyter.error", "application/vnd.jupyter.stderr"
# texts whose contrast with what is behind them is too low: [contrast, text]; a card's figures are drawn on white
FAINT = """roots => {
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (c) => c.slice(0, 3).map((v) => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const behind = (e) => { for (; e; e = e.parentElement) {
    const c = rgb(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] === 1) return c;
  } return [255, 255, 255]; };
  const own = (e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
  return roots.flatMap((root) => [root, ...root.querySelectorAll("*")])
    .filter((e) => own(e) && e.getClientRects().length && !e.closest("svg, button:disabled, [hidden]"))
    .map((e) => {
      const [a, b] = [light(rgb(getComputedStyle(e).color)), light(behind(e))];
      return [(Math.max(a, b) + .05) / (Math.min(a, b) + .05), e.textContent.trim().slice(0, 60)];
    }).filter(([contrast]) => contrast < 4.5);
}"""
the_fixture = pytest.mark.parametrize("book", each("lab")[-1:], indirect=True)


@the_fixture
def test_a_worked_solution_does_not_say_what_is_learnt(book):
    cell = book.page.locator(".jp-CodeCell").last
    assert "The worked solution passes." in cell.inner_text() and "Correct" not in cell.inner_text()
    assert cell.get_by_text("What it finds").is_visible() and not cell.locator("table").is_visible()
    cell.get_by_text("What it finds").click()
    assert cell.locator("table").is_visible()


@the_fixture
def test_pointing_at_the_curves_moves_their_control(book):
    explorer = book.page.locator(".mtl-live:has(.mtl-title)").first
    panel = explorer.locator("svg svg").first
    panel.scroll_into_view_if_needed()
    for share, option in ((0.15, "0.1"), (0.83, "0.9")):
        box = panel.bounding_box()
        book.page.mouse.click(box["x"] + share * box["width"], box["y"] + box["height"] / 2)
        explorer.locator("output", has_text=option).wait_for()
    assert explorer.get_by_role("button", name="question 1, answered").count() == 1


def test_a_slider_of_a_cell_calls_its_function(book):
    for card in book.page.locator(".widget-interact").all():
        shown, handle = card.locator(".widget-output"), card.locator(".noUi-handle")
        before = shown.inner_text()
        handle.focus()
        book.page.keyboard.press("ArrowRight")
        book.page.wait_for_function("([at, text]) => at.innerText !== text", arg=[shown.element_handle(), before])
