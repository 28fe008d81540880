"""The setting of docs/teaching.md for a room: prose, code and tables in JupyterLab are legible from the last row."""

import re

import pytest

from tests.browser.conftest import ROOT
from tests.browser.lab import SETTINGS, Book, Lab

pytestmark = pytest.mark.long

# the smallest letters of each kind in what is open
SIZES = """(kinds) => Object.fromEntries(Object.entries(kinds).map(([kind, parts]) => [
  kind, Math.min(...[...document.querySelectorAll(parts)].map((part) => parseFloat(getComputedStyle(part).fontSize))),
]))"""
KINDS = {
    "prose": ".jp-RenderedMarkdown :is(p, li)",
    "tables": ".jp-RenderedHTMLCommon :is(td, th)",
    "code": ".jp-InputArea-editor .cm-line",
    "output": ".jp-RenderedText pre",
}


def test_prose_and_tables_are_large_with_the_documented_setting(browser, folder, tmp_path, monkeypatch):
    teaching = (ROOT / "docs" / "teaching.md").read_text(encoding="utf-8")
    (setting,) = re.findall(r"`(\{\"overrides\".*?\}\})`", teaching, re.DOTALL)
    monkeypatch.setitem(SETTINGS, "apputils-extension/themes", setting)
    lab = Lab(folder, tmp_path)
    book = Book(browser, lab, "02_weighted_cross_entropy.ipynb")
    book.page.set_viewport_size({"width": 1280, "height": 720})
    book.page.wait_for_selector(".jp-RenderedHTMLCommon td")
    sizes = book.page.evaluate(SIZES, KINDS)
    book.close()
    lab.stop()
    assert all(18 <= size < 40 for size in sizes.values()), sizes
