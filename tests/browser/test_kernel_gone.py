"""A training whose kernel goes away: the figure stays, and says what to do instead of "Training …"."""

import pytest

from tests.browser.conftest import WIDGETS
from tests.browser.lab import IDLE, Book

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


# what the kernel says of a comm that it closes reaches the page a second later, as on a slow machine
LATE = """(() => {
  const { set } = Object.getOwnPropertyDescriptor(WebSocket.prototype, "onmessage");
  const text = (data) => typeof data === "string" ? data : new TextDecoder().decode(data);
  const late = (heard) => heard && ((event) =>
    text(event.data).includes("comm_close") ? setTimeout(() => heard(event), 1000) : heard(event));
  Object.defineProperty(WebSocket.prototype, "onmessage", { set(heard) { set.call(this, late(heard)); } });
})()"""


class Slow(Book):
    """A notebook whose page hears late of comms that are closed."""

    def open(self):
        self.page.add_init_script(LATE)
        super().open()


@pytest.mark.xdist_group("kernel gone")
def test_a_restart_right_after_opening_leaves_nothing_to_a_kernel_that_is_gone(browser, lab):
    book = Slow(browser, lab, WIDGETS.name)
    book.page.evaluate(RESTART)
    book.page.wait_for_function(IDLE)
    book.page.wait_for_timeout(1000)  # what is late has arrived
    assert book.trouble == []
    book.close()
