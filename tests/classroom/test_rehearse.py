"""The rehearsal of a class: a short one loses nothing, and what is lost is told."""

import re
import subprocess
import sys

import pytest

from classroom import rehearse
from classroom.handin import walls
from tests.classroom import served_class
from tools.notebooks import ROOT


@pytest.mark.long
@pytest.mark.xdist_group("hub")  # it makes and removes the same groups
def test_a_short_rehearsal_loses_nothing():
    command = [sys.executable, "-m", "classroom.rehearse", "--short"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert ", 0 lost," in done.stdout
    assert {line[10:20].strip() for line in done.stdout.splitlines()[:-2]} == set(rehearse.PARTS)


class Forgetful(served_class.Served):
    """A class whose server had not written the last votes when it was killed."""

    def kill(self) -> None:
        super().kill()
        self.file.write_bytes(b"".join(self.file.read_bytes().splitlines(keepends=True)[:-100]))


@pytest.mark.skipif(sys.platform != "linux", reason="guests have addresses of their own on Linux alone")
@pytest.mark.long
def test_what_a_server_forgets_is_lost(monkeypatch, capsys):
    monkeypatch.setattr(served_class, "Served", Forgetful)
    assert rehearse.main(["--short", "votes"]) == 1
    assert re.search(r"LOST .* [1-9]\d* of 40 lose a vote that was confirmed", capsys.readouterr().out)


def test_an_error_is_lost_and_what_is_missing_is_not_tried(monkeypatch, capsys):
    def ends(short, folder):
        """One that ends in the middle."""
        yield True, "the first of it"
        raise RuntimeError("no reason")

    monkeypatch.setitem(rehearse.PARTS, "votes", ends)
    monkeypatch.setattr(walls.shutil, "which", lambda _: None)
    assert rehearse.main(["votes", "marks"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "held      votes     the first of it",
        "LOST      votes     it ended before its end: RuntimeError: no reason",
        "not tried marks     bubblewrap, which keeps answers away from your files and the network, is not installed.",
        "",
        "1 held, 1 lost, 1 not tried.",
    ]
    assert rehearse.main(["marks"]) == 0
    with pytest.raises(SystemExit):
        rehearse.main(["voting"])
    assert "there is no part voting; expected some of logins, homework, marks" in capsys.readouterr().err
