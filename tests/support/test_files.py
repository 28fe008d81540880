"""Files are written whole or not at all, and nothing of the user's is lost, moved or opened to others on the way."""

import errno
import io
import os
import stat
import threading
import time
from pathlib import Path

import nbformat
import pandas as pd
import pytest

from helpers.capstone.ranker import Ranker, Recipe
from helpers.capstone.report import Report
from helpers.data import feed
from helpers.data.features import Dense
from helpers.experiments import kept
from helpers.lab.kept_table import KeptTable
from helpers.support.files import alone, whole
from tools import notebooks

on_unix = pytest.mark.skipif(os.name == "nt", reason="modes and links of Unix")


def write(path, text="after") -> None:
    with whole(path) as part:
        part.write_text(text)


def test_a_file_is_written_whole_or_not_at_all_and_two_at_once_write_two(tmp_path):
    path = tmp_path / "new" / "below" / "file.txt"
    with whole(path) as part:
        part.write_text("all of it")
        assert not path.exists()
    assert path.read_text() == "all of it"
    with pytest.raises(RuntimeError), whole(path) as part:
        part.write_text("half of")
        raise RuntimeError
    assert path.read_text() == "all of it"
    with whole(path) as one, whole(path) as other:
        one.write_text("one")
        other.write_text("other")
    assert path.read_text() == "one"  # closed last
    assert [*path.parent.iterdir()] == [path]


@on_unix
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o666, 0o700])
def test_a_file_keeps_its_mode_from_the_first_byte_on(tmp_path, mode):
    path = tmp_path / "private.html"
    path.write_text("before")
    path.chmod(mode)
    with whole(path) as part:
        assert stat.S_IMODE(part.stat().st_mode) == mode
        part.write_text("after")
    assert stat.S_IMODE(path.stat().st_mode) == mode and path.read_text() == "after"


@on_unix
def test_a_link_stays_a_link_and_what_it_points_to_is_written(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    target, link = tmp_path / "elsewhere" / "file.txt", tmp_path / "link.txt"
    link.symlink_to(target)
    for text in ("a new file", "then an old one"):
        write(link, text)
        assert link.is_symlink() and target.read_text() == text
    assert list((tmp_path / "elsewhere").iterdir()) == [target]


def test_a_read_only_file_is_not_replaced(tmp_path):
    path = tmp_path / "kept.txt"
    path.write_text("before")
    path.chmod(0o444)
    with pytest.raises(PermissionError, match=r"path: got 'kept.txt', which is read-only; expected a file that may be"):
        write(path)
    assert path.read_text() == "before"


@pytest.mark.parametrize(
    ("path", "kind", "message"),
    [
        ("", ValueError, r"path: got .*, a folder; expected the name of a file"),
        ("file.txt/below", OSError, r"path: got .*file.txt/below'.*; expected"),
        ("n" * 256, OSError, r"path: got '.*n' \(File name too long\); expected the name of a file"),
        ("a\0b", ValueError, r"path: got '.*a\\x00b' \(.*embedded null .*\); expected the name of a file"),
        (None, TypeError, "path: got NoneType; expected the name of a file"),
    ],
)
@on_unix
def test_what_is_no_name_of_a_file_is_named(tmp_path, path, kind, message):
    (tmp_path / "file.txt").write_text("a file")
    with pytest.raises(kind, match=message):
        write(path if path is None else f"{tmp_path}/{path}")
    assert (tmp_path / "file.txt").read_text() == "a file"


# --- a full disk ----------------------------------------------------------------------------------------------------


class FullDisk(io.RawIOBase):
    """A file on a disk that has room for a few bytes, and says so late, as disks do."""

    def __init__(self):
        self.left = 16

    def writable(self) -> bool:
        return True

    def write(self, data) -> int:
        if not self.left:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.left -= (written := min(self.left, len(data)))
        return written


def ranker() -> Ranker:
    frame = pd.DataFrame({"x": [0.0, 1.0, 2.0, 3.0], "click": [0, 1, 0, 1]})
    return Ranker([Dense("x")], {"click": "binary"}, Recipe(epochs=1)).fit(frame, frame, progress=False)


WRITERS = {
    "ranker.pt": lambda path: ranker().save(path),
    "ranker.pt2": lambda path: ranker().export(path),
    "report.html": lambda path: Report("title", "body").save(path),
    "table.csv": lambda path: KeptTable(path.stem, pd.DataFrame, {}).write(pd.DataFrame({"seed": [1]})),
    "users.csv.gz": lambda path: feed.write(path.parent, {"users": pd.DataFrame({"user": range(5000)})}),
    "chapter.ipynb": notebooks.regenerate,
}


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.slow
@pytest.mark.parametrize("name", WRITERS)
def test_on_a_full_disk_every_writer_keeps_the_old_file_and_names_the_disk(tmp_path, monkeypatch, name):
    monkeypatch.setattr(kept, "FOLDER", tmp_path)
    monkeypatch.setattr(notebooks, "execute", lambda notebook, folder: notebook)
    monkeypatch.setattr(notebooks, "read", lambda path: nbformat.v4.new_notebook())
    path = tmp_path / name
    WRITERS[name](path)
    before = contents(tmp_path)
    ordinary = Path.open

    def full(self, mode="r", *args, **options):
        if "w" not in mode:
            return ordinary(self, mode, *args, **options)
        file = io.BufferedWriter(FullDisk())
        return file if "b" in mode else io.TextIOWrapper(file, encoding="utf-8")

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(
        OSError, match=rf"^path: got '{name}' on a full disk, that of .*; expected space for it; nothing"
    ):
        WRITERS[name](path)
    monkeypatch.undo()
    assert contents(tmp_path) == before


def test_another_waits_until_the_first_is_done_with_a_file(tmp_path):
    count, went = tmp_path / "count.txt", []
    count.write_text("0")

    def add(who: int) -> None:
        for _ in range(5):
            with alone(count):
                went.append(who)
                before = int(count.read_text())
                time.sleep(0.002)
                count.write_text(str(before + 1))

    threads = [threading.Thread(target=add, args=[who]) for who in range(4)]  # a lock is of an open file
    for step in (threading.Thread.start, threading.Thread.join):
        for thread in threads:
            step(thread)
    assert count.read_text() == "20" and len(went) == 20
    with pytest.raises(KeyError), alone(count):
        raise KeyError
    with alone(count):  # it was freed
        pass
