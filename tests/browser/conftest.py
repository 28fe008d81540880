"""One JupyterLab, one Chromium and one copy of the notebooks for all browser tests of a process."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser.chromium import CHROMIUM
from tests.browser.lab import FLAGS, Book, Lab, Tab
from tools import notebooks as tool

try:
    from playwright.sync_api import sync_playwright
except ImportError:
    sync_playwright = None

ROOT = Path(__file__).parents[2]
WIDGETS = Path(__file__).parent / "fixtures" / "widgets.ipynb"
NOTEBOOKS = [*tool.find([ROOT / "notebooks"]), WIDGETS]
REOPENED = ("04_shared_bottom",)  # the largest explorables
RUN = ("00_start_here", WIDGETS.stem)  # in the short run, too; there nbval alone runs the others


def each(kind: str) -> list:
    """A parameter for each notebook; with `--dist loadgroup` tests of one `kind` and notebook share a process,
    and all of the kind "pages", since the site is written once, and "opened", which are shown in one JupyterLab.

    What is in `deeper/` is tested as pages, in the long run; in JupyterLab the chapters stand for it, run ("lab") or
    as committed ("opened"). Reopened, a notebook with one card of each kind and the chapters of `REOPENED` stand for
    all.
    """
    shown = [path for path in NOTEBOOKS if kind == "pages" or path.parent.name != "deeper"]
    if kind == "reopened":
        shown = [path for path in shown if path.stem in REOPENED or path == WIDGETS]
    if kind == "opened":
        shown = [path for path in shown if path.stem not in RUN]
    params = []
    for path in shown:
        marks = [pytest.mark.xdist_group(kind if kind in ("pages", "opened") else f"{kind} {path.stem}")]
        rest = path.stem not in RUN if kind == "lab" else kind == "pages" and path.parent.name == "deeper"
        marks += [pytest.mark.long] * rest
        params.append(pytest.param(path.name, marks=marks))
    return params


@pytest.fixture(scope="package")
def browser():
    for found, name in ((CHROMIUM, "Chromium"), (sync_playwright, "playwright")):
        if not found:
            stop = pytest.fail if os.environ.get("CI") else pytest.skip
            stop(f"The browser tests need {name}, which is not installed")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def folder(tmp_path_factory):
    """A copy of notebooks and texts as committed, and of our own notebook, run and written as a committed one is."""
    root = tmp_path_factory.mktemp("course")
    for path in (*NOTEBOOKS, *(ROOT / "notebooks").glob("*.md")):
        shutil.copy(path, root)
    tool.regenerate(root / WIDGETS.name)
    return root


@pytest.fixture(scope="package")
def site(folder, tmp_path_factory):
    """The notebooks as pages."""
    out = tmp_path_factory.mktemp("site")
    books = [str(folder / path.name) for path in NOTEBOOKS]
    subprocess.run([sys.executable, "-m", "tools.site", "--out", str(out), *books], cwd=ROOT, check=True)
    return out


@pytest.fixture(scope="package")
def lab(browser, folder, tmp_path_factory):
    lab = Lab(folder, tmp_path_factory.mktemp("jupyter"))
    yield lab
    lab.stop()


@pytest.fixture(scope="package", params=each("lab"))
def book(request, browser, lab):
    """Each notebook after Restart & Run All: opened and run once for the tests of all files."""
    book = Book(browser, lab, request.param)
    book.restart_and_run_all()
    yield book
    book.close()


@pytest.fixture(scope="package", params=each("pages"))
def tab(request, browser, site, folder):
    """The page of each notebook, opened from disk."""
    tab = Tab(browser, (site.as_uri(),))
    tab.notebook = tool.read(folder / request.param)
    tab.page.goto(f"{site.as_uri()}/{Path(request.param).stem}.html")
    if "widgets" in tab.notebook.metadata:
        tab.page.wait_for_selector("body[data-widgets=shown]")
    yield tab
    tab.page.close()
