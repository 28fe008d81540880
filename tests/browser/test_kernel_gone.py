"""A run whose kernel goes away while it trains: the figure stays, and says what to do instead of "Training …"."""

import pytest

from tests.browser.conftest import WIDGETS
from tests.browser.lab import Book

pytestmark = pytest.mark.long

RESTART = "() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"


@pytest.mark.xdist_group("kernel gone")
@pytest.mark.parametrize("how", ["shut down", "restarted"])
def test_nothing_seems_to_train_when_the_kernel_is_gone(browser, lab, how):
    book = Book(browser, lab, WIDGETS.name)
    book.restart_and_run_all()
    explorer = book.page.locator(".mtl-card:has(.mtl-train)").first
    trainer = explorer.locator(".mtl-train")
    trainer.get_by_role("button", name="Train it now").click()
    explorer.locator("text", has_text="your run").first.wait_for()
    assert "At work" in trainer.inner_text()
    if how == "restarted":
        book.page.evaluate(RESTART)
    else:
        book.shut_down_kernel()
    trainer.get_by_role("button", name="Stop").wait_for(state="hidden")
    assert trainer.inner_text() == ""
    assert "run this cell" in trainer.evaluate("node => getComputedStyle(node, '::after').content")
    assert book.moves(book.controls()[0], book.by_keyboard)
    book.close()
