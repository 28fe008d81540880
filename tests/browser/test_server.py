"""What the other tests rely on: a JupyterLab server ends with them, and a page is waited for until it is quiet."""

import os
import signal

import pytest

from tests.browser.lab import Lab, settle

pytestmark = pytest.mark.long

# of JupyterLab, what `settle` looks at: after a while its question and then its comm are gone
TALK = """() => {
  window.talk = { _comms: new Map([["comm", 1]]), _futures: new Map([["question", 1]]) };
  const manager = { restoredStatus: false };
  window.jupyterapp = { shell: { currentWidget: {
    content: { rendermime: { createRenderer: () => ({ _manager: { promise: Promise.resolve(manager) } }) } },
    sessionContext: { session: { kernel: talk } },
  } } };
  const later = [() => talk._futures.clear(), () => { manager.restoredStatus = true; }, () => talk._comms.clear()];
  later.forEach((action, number) => setTimeout(action, 200 * (number + 1)));
}"""


def test_a_server_that_does_not_answer_is_ended_too(tmp_path):
    (root := tmp_path / "course").mkdir()
    lab = Lab(root, tmp_path)
    os.kill(lab.process.pid, signal.SIGSTOP)
    lab.stop(seconds=0.1)
    assert lab.process.returncode == -signal.SIGKILL


def test_a_page_has_settled_when_the_kernel_has_answered_all(browser):
    page = browser.new_page()
    page.evaluate(TALK)
    settle(page)
    assert page.evaluate("() => manager.restoredStatus && talk._comms.size + talk._futures.size === 0")
    page.close()
