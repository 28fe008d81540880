"""Every explorer on a small screen, 1024 × 768 with JupyterLab's file list open: nothing overlaps or hangs out."""

import pytest

from tests.browser.lab import BEYOND, DRAWN

pytestmark = pytest.mark.long

# pairs of words in a picture whose boxes have more than a hair in common
OVERLAPS = """svg => {
  const words = [...svg.querySelectorAll("text")].filter((e) => e.textContent && !e.textContent.startsWith("your run"));
  const boxes = words.map((e) => [e.textContent, e.getBoundingClientRect()]);
  const common = (p, q, from, to) => Math.min(p[to], q[to]) - Math.max(p[from], q[from]);
  return boxes.flatMap(([a, p], i) => boxes.slice(i + 1)
    .filter(([, q]) => common(p, q, "left", "right") > 1 && common(p, q, "top", "bottom") > 3)
    .map(([b]) => `${a} / ${b}`));
}"""


@pytest.fixture
def small(book):
    """The notebook that was run, on a smaller screen."""
    before = book.page.viewport_size
    book.page.set_viewport_size({"width": 1024, "height": 768})
    book.page.evaluate(DRAWN)  # the explorers have taken the width that they have now
    yield book
    book.page.set_viewport_size(before)


def test_nothing_overlaps_or_hangs_out(small):
    assert small.page.locator(".jp-FileBrowser").is_visible()
    for explorer in small.page.locator(".mtl-live:has(.mtl-title)").all():
        for handle in explorer.locator(".mtl-handle").all():
            for _ in range(4):
                handle.press("ArrowRight")
                small.page.evaluate(DRAWN)
                assert explorer.evaluate(BEYOND) == []
                for svg in explorer.locator("svg svg").all():
                    assert svg.evaluate(OVERLAPS) == []
                    assert svg.evaluate("svg => parseFloat(getComputedStyle(svg).fontSize)") >= 14
