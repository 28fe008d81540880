"""The room: which question is asked, who voted what in which round, and what the teacher opened."""

import json
import secrets
import statistics
import time
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

ACTS = ("ask", "bars", "again", "open", "clear")
ROUNDS = 2  # vote, argue, vote again
LARGEST = 1e9  # a number that is guessed
BROWSERS = 1000  # of a class
LINES = 100_000  # of votes in its file


class Question(NamedTuple):
    """A prediction or a question of a quiz; without options a number is guessed. `answer` is that, or an index."""

    id: str
    text: str
    options: list[str]
    answer: float
    unit: str


class Refused(ValueError):
    """A message that the room does not take."""


class Room:
    """The state of a class, kept in a file of lines that is read again after a restart."""

    def __init__(self, questions: dict[str, Question], file: Path) -> None:
        self.questions = questions
        self.key = secrets.token_urlsafe(16)  # the teacher's; that of the file, if it has one
        self.now = ""
        self.rounds: dict[str, list[dict[str, float]]] = {}  # of each question: a dict of browser and vote per round
        self.bars: set[str] = set()
        self.opened: set[str] = set()
        self.browsers: set[str] = set()
        self.lines = 0
        text = file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""
        for line in text.splitlines():
            self._read(line)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        self.file = file.open("a", encoding="utf-8")
        if text and not text.endswith("\n"):
            self.file.write("\n")  # the last line was cut off, by a full disk for example
        self._write({"what": "class", "key": self.key})

    def _read(self, line: str) -> None:
        try:
            entry = json.loads(line)
            if entry["what"] == "class":
                self.key = entry["key"]
                return
            question = self._known(entry["id"])
            if entry["what"] == "vote":
                _check(question, entry["value"])
                self._count(entry["who"], question.id, entry["round"], entry["value"])
            else:
                self._do(entry["what"], question.id)
        except (ValueError, LookupError, TypeError):
            pass  # a line that was cut off, or a question that the course has no more

    def _write(self, entry: dict) -> None:
        self.file.write(json.dumps(entry | {"at": round(time.time(), 1)}) + "\n")
        self.file.flush()

    def vote(self, who: str, id: str, value: float) -> int:
        """Take a vote; one more of the same browser takes its place until the result is opened. Returns its round."""
        _check(self._known(id), value)
        if id in self.opened:
            raise Refused("the result is open")
        if (who not in self.browsers and len(self.browsers) >= BROWSERS) or self.lines >= LINES:
            raise Refused("the room is full")
        number = self.round(id)
        if self.rounds.get(id, [{}])[-1].get(who) != value:
            self._write({"what": "vote", "id": id, "who": who, "round": number, "value": value})
            self._count(who, id, number, value)
        return number

    def _count(self, who: str, id: str, number: int, value: float) -> None:
        self.lines += 1
        self.browsers.add(who)
        self.rounds.setdefault(id, [{}])[number - 1][who] = value

    def act(self, what: str, id: str) -> None:
        """What the teacher does: ask a question, show its bars or hide them, vote again, open the result, clear."""
        self._known(id)
        if what not in ACTS:
            raise Refused("no such act")
        if what == "again" and (id in self.opened or self.round(id) == ROUNDS):
            raise Refused("no further round")
        self._write({"what": what, "id": id})
        self._do(what, id)

    def _do(self, what: str, id: str) -> None:
        if what == "ask":
            self.now = id
        elif what == "bars":
            self.bars ^= {id}
        elif what == "again":
            self.rounds.setdefault(id, [{}]).append({})
            self.bars.discard(id)
        elif what == "open":
            self.opened.add(id)
        elif what == "clear":
            self.rounds.pop(id, None)
            self.bars.discard(id)
            self.opened.discard(id)

    def _known(self, id: str) -> Question:
        if not isinstance(id, str) or id not in self.questions:
            raise Refused("no such question")
        return self.questions[id]

    def round(self, id: str) -> int:
        return len(self.rounds.get(id, [{}]))

    def state(self) -> dict:
        """What every page may know: the question that is asked, the round of each, and the answers of those opened."""
        rounds = {id: len(votes) for id, votes in self.rounds.items() if len(votes) > 1}
        return {"now": self.now, "round": rounds, "open": {id: self.questions[id].answer for id in self.opened}}

    def mine(self, who: str) -> dict[str, list[float | None]]:
        """The votes of a browser, by question and round: it may have forgotten them."""
        votes_of_rounds = {id: [votes.get(who) for votes in rounds] for id, rounds in self.rounds.items()}
        return {id: votes for id, votes in votes_of_rounds.items() if set(votes) != {None}}

    def tally(self, id: str) -> dict:
        """What the teacher sees of a question: for each round the votes by option, or all numbers in order."""
        question, rounds = self.questions[id], self.rounds.get(id, [{}])
        every = [sorted(votes.values()) for votes in rounds]
        counts = [[votes.count(i) for i in range(len(question.options))] for votes in every]
        return {"votes": counts if question.options else every, "bars": id in self.bars}

    def summary(self) -> list[list[str]]:
        """A row for each question that was voted on, in that order: first vote, second vote, right answer."""
        rows = []
        for id, rounds in self.rounds.items():
            question = self.questions[id]
            results = [_said(question, list(votes.values())) for votes in rounds] + [""] * ROUNDS
            right = f"“{question.options[int(question.answer)]}”" if question.options else f"{question.answer:.3g}"
            rows.append([id, *results[:ROUNDS], f"{right} {'' if question.options else question.unit}".strip()])
        return rows


def _check(question: Question, value: float) -> None:
    """Raise Refused for what is not a vote on this question."""
    if isinstance(value, bool) or not isinstance(value, int if question.options else (int, float)):
        raise Refused("not a vote")
    if not (0 <= value < len(question.options) if question.options else -LARGEST <= value <= LARGEST):
        raise Refused("not one of the options")


def _said(question: Question, votes: list[float]) -> str:
    if not votes:
        return "no votes"
    if not question.options:
        return f"median {statistics.median(votes):.3g} of {len(votes)}"
    right = votes.count(question.answer)
    wrong = defaultdict(int)
    for vote in votes:
        wrong[vote] += vote != question.answer
    often = max(wrong, key=wrong.get)
    tempting = f"; {wrong[often]} “{question.options[often]}”" if wrong[often] else ""
    return f"{right} of {len(votes)} right{tempting}"
