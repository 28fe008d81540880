"""The JupyterLab server of the other tests ends with them, even one that does not answer."""

import os
import signal

from tests.browser.lab import Lab


def test_a_server_that_does_not_answer_is_ended_too(tmp_path):
    (root := tmp_path / "course").mkdir()
    lab = Lab(root, tmp_path)
    os.kill(lab.process.pid, signal.SIGSTOP)
    lab.stop(seconds=0.1)
    assert lab.process.returncode == -signal.SIGKILL
