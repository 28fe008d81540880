"""Widgets whose models come in the last tenth of a second that JupyterLab waits for them are drawn all the same."""

import re

import pytest

from tests.browser.conftest import WIDGETS
from tests.browser.lab import Book

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("live")]

LOST = "Error displaying widget: model not found"
# what a slow kernel does once in ten openings: a widget gives up when its model, and all others, have just come
GIVES_UP = 'throw Error("widget model not found")'
TOO_LATE = "for(;void 0===this._models[e]||!this.restoredStatus;)await new Promise(e=>setTimeout(e,50));" + GIVES_UP


def test_widgets_that_gave_up_too_early_are_drawn(browser, lab):
    lab.trust(WIDGETS.name)
    changed = []

    class Slow(Book):
        def open(self):
            self.page.route(re.compile("@jupyter-widgets/jupyterlab-manager/static/"), self.late)
            self.page.add_init_script(f"""new MutationObserver(() => {{
              if (document.body?.innerText.includes({LOST!r})) window.wereLost = true;
            }}).observe(document, {{ childList: true, subtree: true, characterData: true }});""")
            super().open()

        def late(self, route):
            answer = route.fetch()
            text = answer.text()
            changed.extend([route.request.url] * text.count(GIVES_UP))
            route.fulfill(response=answer, body=text.replace("<2e3", "<1").replace(GIVES_UP, TOO_LATE))

    book = Slow(browser, lab, WIDGETS.name)
    assert len(changed) == 1, "ipywidgets is another: does it still give up too early?"
    book.page.wait_for_function("() => window.wereLost")
    book.page.get_by_text(LOST).first.wait_for(state="detached")
    assert book.page.get_by_text(LOST).count() == 0
    assert book.page.locator(".mtl-live, .widget-slider").count() > 1
    book.close()
