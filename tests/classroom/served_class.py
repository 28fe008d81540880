"""`python -m tests.classroom.served_class FILE PORT`: a class of two questions, in a process that can be killed."""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from classroom import server
from classroom.room import Question, Room
from tests.ports import free_port

OPTIONS = Question("C1.P2", "Which?", ["this", "that", "neither"], 2.0, "")
NUMBER = Question("C1.P1", "How many?", [], 14.0, "%", (8.0, 22.0), (-1.0, 1e4))
QUESTIONS = {question.id: question for question in (OPTIONS, NUMBER)}
PAGES = {  # and what they hold
    "vote.html": "vote",
    "00.html": '<div id="cell-id=00-slider">',
    "class1.html": "plan",
    "static/room.js": "room",
}


def files(folder: Path) -> dict[str, server.File]:
    """The pages of the class, of which the plan is the teacher's; they are written to a folder first."""
    for name, text in PAGES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return server.load(folder, {"class1.html"})


class Served:
    """The class in a process of its own; `url` stays when it is killed and started again."""

    def __init__(self, file: Path) -> None:
        self.file, port = file, free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.command = [sys.executable, "-m", "tests.classroom.served_class", str(file), str(port)]

    def __enter__(self) -> "Served":
        self.start()
        return self

    def __exit__(self, *_) -> None:
        self.kill()

    def start(self) -> None:
        root = Path(__file__).parents[2]
        self.process = subprocess.Popen(self.command, cwd=root, stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline() != "ready\n":
            self.kill()
            raise RuntimeError("the server of the class did not start")

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A disk of 64 kB, which root may mount on Linux."""
    sudo = ["sudo"] if os.geteuid() else []
    disk = folder / "disk"
    disk.mkdir()
    subprocess.run([*sudo, "mount", "-t", "tmpfs", "-o", f"size=64k,uid={os.geteuid()}", "tmpfs", disk], check=True)
    try:
        yield disk
    finally:
        subprocess.run([*sudo, "umount", "--lazy", disk], check=True)


def fill(disk: Path) -> Path:
    """A file that takes all there is."""
    rest = disk / "rest"
    with rest.open("wb", buffering=0) as all, suppress(OSError):
        while True:
            all.write(b"x" * 512)
    return rest


async def main(file: Path, port: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        pages = files(Path(folder))
    server.listen(Room(QUESTIONS, file), pages, {"url": "", "code": "", "decks": []}, "127.0.0.1", port)
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Serve a class of two questions on 127.0.0.1, for tests.")
    parser.add_argument("file", type=Path, help="Keep the votes in this file.")
    parser.add_argument("port", type=int, help="Serve at this port.")
    asyncio.run(main(**vars(parser.parse_args())))
