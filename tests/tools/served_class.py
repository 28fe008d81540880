"""`python -m tests.tools.served_class FILE PORT`: a class of two questions, in a process that can be killed."""

import asyncio
import sys
import tempfile
from pathlib import Path

from tools.classroom import server
from tools.classroom.room import Question, Room

OPTIONS = Question("C1.P2", "Which?", ["this", "that", "neither"], 2.0, "")
NUMBER = Question("C1.P1", "How many?", [], 14.0, "%")
QUESTIONS = {question.id: question for question in (OPTIONS, NUMBER)}
PAGES = {"vote.html": "vote", "class1.html": "plan", "static/room.js": "room"}  # and what they hold


def files(folder: Path) -> dict[str, server.File]:
    """The pages of the class, of which the plan is the teacher's; they are written to a folder first."""
    for name, text in PAGES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return server.load(folder, {"class1.html"})


async def main(file: Path, port: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        pages = files(Path(folder))
    server.listen(Room(QUESTIONS, file), pages, {"url": "", "code": "", "decks": []}, "127.0.0.1", port)
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
