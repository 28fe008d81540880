"""The exported pages, opened from disk: they answer with no kernel and no network."""

import subprocess
import sys

import pytest

from tests.browser.conftest import NOTEBOOKS, ROOT
from tests.browser.lab import Tab

pytestmark = pytest.mark.xdist_group("pages")  # the site is written once


@pytest.fixture(scope="module")
def site(folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("site")
    books = [str(folder / path.name) for path in NOTEBOOKS]
    subprocess.run([sys.executable, "-m", "tools.site", "--out", str(out), *books], cwd=ROOT, check=True)
    return out


@pytest.fixture(scope="module", params=[path.stem for path in NOTEBOOKS])
def tab(request, browser, site):
    tab = Tab(browser, (site.as_uri(),))
    tab.page.goto(f"{site.as_uri()}/{request.param}.html")
    tab.page.wait_for_selector("body[data-widgets=shown]")
    yield tab
    tab.page.close()


def test_every_control_moves_its_picture(tab):
    tab.page.wait_for_function(
        "() => [...document.querySelectorAll('.mtl-panel svg')].every((svg) => svg.children.length)"
    )
    for number, control in enumerate(tab.controls()):
        assert tab.moves(control, tab.by_keyboard), f"control {number} by keyboard"
        assert tab.moves(control, tab.by_mouse), f"control {number} by mouse"


def test_predictions_are_shut_and_open(tab):
    for card in tab.page.locator(".mtl-ask").all():
        assert card.locator(".mtl-result").inner_html() == ""
        card.get_by_role("button", name="Skip").click()
        assert "It came out: " in card.locator(".mtl-result").inner_text()


def test_training_says_that_it_needs_a_kernel(tab):
    for trainer in tab.page.locator(".mtl-train").all():
        assert trainer.get_by_role("button").count() == 0
        assert "run this cell" in trainer.evaluate("node => getComputedStyle(node, '::after').content")


def test_nothing_went_wrong_and_nothing_was_asked_of_the_network(tab):
    assert tab.trouble == []
