"""axe-core finds nothing serious on the exported pages, light or dark. (In JupyterLab: `test_reopened`.)

Folds are open and predictions answered, for what is hidden is not looked at.
"""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import NOTEBOOKS

pytestmark = pytest.mark.long

PAGES = [f"{path.stem}.html" for path in NOTEBOOKS]
CHAPTERS = [path.stem for path in NOTEBOOKS if path.parent.name == "notebooks"]
PRINTED = [f"{chapter}_{name}.html" for chapter in CHAPTERS for name in ("handout", "recap")]
TEXTS = ["index.html", "glossary.html", "source.html", "source.zh.html"]


def serious(page, context: dict | None = None, rules: list[str] | None = None) -> list[str]:
    """What axe finds of the impacts serious and critical: the rule, how often, the first element, and what is wrong.

    Of all rules, or of some.
    """
    options = {"resultTypes": ["violations"]} | ({"runOnly": rules} if rules else {})
    found = Axe().run(page, context, options).response["violations"]
    return [
        f"{one['id']}, {len(one['nodes'])} ×: {one['nodes'][0]['html'][:200]}: {one['nodes'][0]['failureSummary']}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


def open_all(page):
    page.locator(".mtl-ask button[type=button]").evaluate_all("all => all.forEach((skip) => skip.click())")
    page.evaluate("() => document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")


def named(*names: str) -> list:
    return [pytest.param(name, marks=pytest.mark.xdist_group("pages")) for name in names]


@pytest.fixture
def shown(browser, site):
    """A function that opens a page with all that it holds open."""
    pages = []

    def show(name: str):
        page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme="light")
        pages.append(page)
        page.goto(f"{site.as_uri()}/{name}")
        if "widget-state+json" in page.content():
            page.wait_for_selector("body[data-widgets=shown]")
        open_all(page)
        return page

    yield show
    for page in pages:
        page.close()


def in_light_and_dark(page):
    assert serious(page) == []
    page.emulate_media(color_scheme="dark")
    assert serious(page, rules=["color-contrast"]) == [], "dark"


@pytest.mark.parametrize("name", named(*TEXTS, *PAGES))
def test_on_a_page(shown, name):
    in_light_and_dark(shown(name))


@pytest.mark.parametrize("name", named(*PRINTED))
def test_on_what_is_printed(shown, name):
    assert serious(shown(name)) == []
