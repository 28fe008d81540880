"""Slides of key P and of the lesson plans at 1280 × 720: legible, whole, without code, and answers once opened."""

import re

import pytest
from playwright.sync_api import Error

from tests.browser.conftest import NOTEBOOKS
from tests.browser.test_pages import secrets, squeezed
from tools import notebooks as tool
from tools.site import decks

pytestmark = pytest.mark.long

# What is wrong with the slide that is shown: text below 18 px (but the scripts of formulas), a picture that makes its
# words smaller than that (of 11 points or more, of 12 where it is high), a line or a row cut in two, a heading with
# nothing below it, or no heading.
WRONG = """() => {
  const found = [], main = document.querySelector("main"), frame = main.getBoundingClientRect();
  const seen = (part) => part.checkVisibility() && part.getBoundingClientRect().width > 0;
  const scale = (part) => part ? scale(part.parentElement) * (parseFloat(getComputedStyle(part).zoom) || 1) : 1;
  const all = (what) => [...main.querySelectorAll(what)].filter(seen);
  const bottom = document.querySelector(".projector-bar").getBoundingClientRect().top;
  if (frame.left < -1 || frame.top < -1 || frame.right > innerWidth + 1 || frame.bottom > bottom + 1) found.push("out");
  for (const part of all("*")) {
    const words = [...part.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data.trim()).join("");
    if (!words || part.closest("math, sub, sup, script, option")) continue;
    const drawn = part.closest("svg") ? Math.abs(part.getScreenCTM().a) : scale(part);
    if (parseFloat(getComputedStyle(part).fontSize) * drawn < 17.95) found.push(`small: ${words}`);
  }
  for (const image of all("img")) {
    const least = 0.65 * image.naturalHeight > 0.85 * bottom ? 1.19 : 1.3; // of its size as drawn: half its pixels
    if (image.getBoundingClientRect().width < least * image.naturalWidth / 2) found.push(`small: ${image.alt}`);
  }
  const whole = "h1, h2, h3, p, li, tr, summary, button, label, math, .mtl-frame";
  for (const part of all(whole)) {
    if (part.querySelector("p, ul, ol")) continue;
    const { left, top, right, bottom } = part.getBoundingClientRect();
    const head = part.matches("tbody tr") && part.closest("table").tHead?.getBoundingClientRect();
    if (head && bottom < head.bottom + 2) continue; // behind the head of a table that is turned over
    const over = (line) => top < line - 2 && bottom > line + 2;
    if (left < frame.left - 1 || right > frame.right + 1 || over(frame.top) || over(frame.bottom)) {
      found.push(`cut: ${part.textContent.trim().slice(0, 60)}`);
    }
  }
  const within = ({ top, bottom }) => bottom > frame.top + 2 && top < frame.bottom - 2;
  if (!all(`${whole}, img, svg, canvas`).some((part) => within(part.getBoundingClientRect()))) found.push("nothing");
  if (!all(".on-slide:not(h1, h2, h3)").length) found.push("a heading alone");
  if (!all("h1, h2, h3, .mtl-verdict, .mtl-score").length) found.push("no heading");
  const asked = all(".jp-CodeCell .jp-Cell-inputWrapper").map((part) => part.closest(".jp-CodeCell").id.slice(8));
  if (asked.some((id) => !(id in JSON.parse(main.dataset.plan)))) found.push("code that no plan asks for");
  return found;
}"""
DRAWN = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))"
PLANS = {plan.name: plan for plan in decks.plans()}
NAMES = [*(path.stem for path in NOTEBOOKS), *PLANS]


def wrong(page) -> list[str]:
    """What is wrong with the slide once it is drawn; widgets take a moment on a busy machine."""
    page.evaluate(DRAWN)
    try:
        page.wait_for_function(f"() => !({WRONG})().length", timeout=3000)
    except Error:
        return page.evaluate(WRONG)
    return []


def opened(page) -> bool:
    """Whether there is something on the slide to open, and opens it: fold, prediction, or all options of a question."""
    visible = "main {}:visible".format
    if page.locator(visible(".mtl-ask [type=submit]")).count():
        guess = page.locator(visible(".mtl-ask input")).first
        guess.check() if guess.get_attribute("type") == "radio" else guess.fill("1")
        page.locator(visible(".mtl-ask [type=submit]")).click()
    elif options := page.locator(visible(".mtl-item button:not(.mtl-right, .mtl-wrong)")).all():
        for option in reversed(options):  # the locators count what is not chosen yet
            option.click()
    elif page.locator(visible("details.on-slide:not([open]), .on-slide details:not([open], .folded)")).count():
        page.keyboard.press("o")
    else:
        return False
    page.evaluate("document.activeElement.blur()")
    return True


@pytest.mark.xdist_group("pages")
@pytest.mark.parametrize("name", NAMES)
def test_every_slide_is_legible_and_whole_and_answers_when_opened(browser, site, folder, name):
    if name in PLANS:
        notebook = decks.deck(PLANS[name], [tool.read(folder / path.name) for path in NOTEBOOKS])
    else:
        notebook = tool.read(folder / f"{name}.ipynb")
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.goto(f"{site.as_uri()}/{name}.html")
    if "widgets" in notebook.metadata:
        page.wait_for_selector("body[data-widgets=shown]")
    page.keyboard.press("p")
    page.keyboard.press("Home")
    found, texts, bar, was = {}, [], "", None
    while (bar := page.locator(".projector-bar").inner_text()) != was:
        shut = bar.split(" ")[0] != (was or " ").split(" ")[0]
        if shut and not page.locator(".mtl-score:visible").count():  # it repeats what was opened
            texts.append(page.locator("main").inner_text())
        found[bar] = wrong(page)
        if shut and opened(page):
            found[f"{bar}, opened"] = wrong(page)
            bar = page.locator(".projector-bar").inner_text()
        was = bar
        page.keyboard.press("PageDown")
        page.evaluate(DRAWN)
    assert {slide: faults for slide, faults in found.items() if faults} == {}
    read = squeezed(" ".join(texts))
    assert [secret for secret in secrets(notebook) if squeezed(secret) in read] == []
    if name in PLANS:
        minutes = {row[1] for bar in found if (row := re.search(r"· ([\d–]+) min ·", bar))}
        assert minutes == {row.minutes for row in PLANS[name].rows if row.cells}
    page.close()
