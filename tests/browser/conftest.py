"""One JupyterLab, one Chromium and one copy of the notebooks for all browser tests of a process."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser.chromium import CHROMIUM
from tests.browser.lab import FLAGS, Book, Lab
from tools import notebooks as tool

try:
    from playwright.sync_api import sync_playwright
except ImportError:
    sync_playwright = None

ROOT = Path(__file__).parents[2]
WIDGETS = Path(__file__).parent / "fixtures" / "widgets.ipynb"
NOTEBOOKS = [*tool.find([ROOT / "notebooks"]), WIDGETS]
REOPENED = ("04_shared_bottom",)  # the largest explorables


def each(kind: str) -> list:
    """A parameter for each notebook; with `--dist loadgroup` tests of one `kind` and notebook share a process,
    and all of the kind "pages", since the site is written once.

    What is in `deeper/` is tested as pages, among the long tests; in JupyterLab the chapters stand for it. Reopened, a
    notebook with one card of each kind stands for all, and among the long tests the chapters of `REOPENED`.
    """
    deeper = {path for path in NOTEBOOKS if path.parent.name == "deeper"}
    long = set(NOTEBOOKS) - {WIDGETS} if kind == "reopened" else deeper
    shown = [path for path in NOTEBOOKS if kind == "pages" or path not in deeper]
    if kind == "reopened":
        shown = [path for path in shown if path.stem in REOPENED or path == WIDGETS]
    group = {path: pytest.mark.xdist_group("pages" if kind == "pages" else f"{kind} {path.stem}") for path in shown}
    marks = {path: [group[path], pytest.mark.long] if path in long else [group[path]] for path in shown}
    return [pytest.param(path.name, marks=marks[path]) for path in shown]


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
