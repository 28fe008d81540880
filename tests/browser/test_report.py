"""The capstone's report in a browser: it can be read in both themes, and fits a phone, a screen and paper."""

import pytest

from tests.browser.conftest import ROOT, each
from tools import notebooks

pytestmark = pytest.mark.long

# one process opens this notebook for `test_lab.py` and for these tests
book_of_08 = pytest.mark.parametrize("book", [p for p in each("lab") if p.values[0].startswith("08")], indirect=True)
# tables of a report that are wider than their box, by how much
CUT = """() => [...document.querySelectorAll(".mtl-report .table")]
  .map((box) => [box.innerText.slice(0, 40), box.scrollWidth - box.clientWidth]).filter(([_, over]) => over > 0)"""
# texts in an element that are hard to read on what is painted behind them: [contrast (WCAG 2), text]
PALE = """root => {
  const rgb = (text) => { const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number); return { c: [r, g, b], a }; };
  const light = ({ c }) => c.map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, k) => sum + [0.2126, 0.7152, 0.0722][k] * v, 0);
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = rgb(getComputedStyle(e).backgroundColor);
      if (colour.a > 0.99) return colour;
    }
    return rgb("rgb(255, 255, 255)");
  };
  const texts = [...root.querySelectorAll("*")].filter((e) => e.checkVisibility() && e.tagName !== "STYLE" &&
    [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()));
  const found = texts.map((e) => {
    const [one, other] = [light(rgb(getComputedStyle(e).color)), light(behind(e))].sort((x, y) => y - x);
    return [(one + 0.05) / (other + 0.05), e.innerText.slice(0, 60)];
  });
  if (found.length < 5) throw new Error("hardly any text");
  return found.filter(([contrast]) => contrast < 4.5);
}"""


def kept_report() -> str:
    """The report that chapter 08 shows."""
    cells = notebooks.code_cells(notebooks.read(ROOT / "notebooks" / "08_capstone.ipynb"))
    shown = [output.data.get("text/html", "") for cell in cells for output in cell.outputs if "data" in output]
    (page,) = [text for text in shown if "mtl-report" in text]
    return page


@book_of_08
def test_it_can_be_read_in_both_themes(book):
    for name in ("JupyterLab Dark", "JupyterLab Light"):
        book.theme(name)
        assert book.page.locator(".mtl-report").first.evaluate(PALE) == [], name
        assert book.page.evaluate(CUT) == [], name


@pytest.mark.parametrize(("width", "media"), [(390, "screen"), (1000, "screen"), (1280, "screen"), (670, "print")])
def test_it_fits(browser, width, media):
    """On a phone its widest table may be moved sideways, the page never; 670 is A4 between its margins."""
    page = browser.new_page(viewport={"width": width, "height": 800})
    page.emulate_media(media=media)
    page.set_content(kept_report())
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    assert width == 390 or page.evaluate(CUT) == []
    assert page.evaluate("() => [...document.images].every((image) => image.naturalWidth > 100)")
    page.close()
