"""The capstone's report in a browser: it can be read in both themes, and fits a phone, a screen and paper."""

import pytest

from tests.browser.conftest import ROOT, each
from tests.browser.test_lab import FAINT
from tools import notebooks

pytestmark = pytest.mark.long

# one process opens this notebook for `test_lab.py` and for these tests
book_of_08 = pytest.mark.parametrize("book", [p for p in each("lab") if p.values[0].startswith("08")], indirect=True)
# tables of a report that are wider than their box, by how much
CUT = """() => [...document.querySelectorAll(".mtl-report .table")]
  .map((box) => [box.innerText.slice(0, 40), box.scrollWidth - box.clientWidth]).filter(([_, over]) => over > 0)"""


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
        report = book.page.locator(".mtl-report")
        assert len(report.first.inner_text()) > 1_000 and report.evaluate_all(FAINT) == [], name
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
