"""At a twentieth of the CPU, where a page is busy for longer than anywidget waits for a widget to begin."""

import subprocess
import sys

import pytest

from tests.browser.conftest import ROOT
from tests.browser.lab import Tab
from tests.browser.slow_page import NUMBER, heard, slow_down

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("live")]


def test_a_widget_of_ones_own_hears_python(browser, lab):
    before, after, trouble = heard(browser, lab)
    assert (before, after, trouble) == (["n=0"] * NUMBER, ["n=7"] * NUMBER, [])


def test_an_exported_page_has_no_errors(browser, tmp_path):
    notebook = ROOT / "notebooks" / "01_motivation.ipynb"
    subprocess.run([sys.executable, "-m", "tools.site", "--out", str(tmp_path), str(notebook)], cwd=ROOT, check=True)
    tab = Tab(browser, (tmp_path.as_uri(),))
    slow_down(tab.page)
    tab.page.goto(f"{tmp_path.as_uri()}/{notebook.stem}.html")
    tab.page.wait_for_selector("body[data-widgets=shown]", timeout=180_000)
    tab.page.wait_for_timeout(3000)  # longer than anywidget waits
    assert tab.trouble == []
    tab.page.close()
