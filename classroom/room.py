"""The room: which question is asked, who voted what in which round, and what the teacher opened."""

import errno
import itertools
import json
import os
import secrets
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from tools.setup import take

ACTS = ("ask", "rest", "bars", "again", "open", "clear")
ROUNDS = 2  # vote, argue, vote again
LARGEST = 1e9  # a number that is guessed
BROWSERS = 1000  # of a class
ONE_ADDRESS = 80  # of these, from one address: all phones of a class, if there is a router between them and us
CROWD = 5  # browsers of one address of which the teacher hears
LINES = 1000  # of one browser in the file of its class, which changes of mind make longer
LOCKED = 1 << 40  # the byte of the file that is locked: Windows lets nobody else read the one that is


class Question(NamedTuple):
    """A prediction or a question of a quiz; without options a number is guessed. `answer` is that, or an index. Where
    `near` has two numbers, a guess between them counts as right; where `range` has, none outside is taken. A question
    of the teacher's own (own.1, own.race) has the answer -1, and it is never opened."""

    id: str
    text: str
    options: list[str]
    answer: float
    unit: str
    near: tuple[float, ...] = ()
    range: tuple[float, ...] = ()

    @property
    def own(self) -> bool:
        return self.id.startswith("own.")

    def is_right(self, vote: float) -> bool:
        return self.near[0] <= vote <= self.near[1] if self.near else vote == self.answer


class Refused(ValueError):
    """A message that the room does not take."""


class Crowded(Refused):
    """A vote of one more browser from an address that has many."""


class InUse(Exception):
    """The file of a class is another server's."""


class Room:
    """The state of a class, kept in a file of lines that is read again after a restart."""

    def __init__(self, questions: dict[str, Question], file: Path, of_one: int = ONE_ADDRESS) -> None:
        """`of_one`: browsers that may vote from one address. Raises InUse, or OSError where the file cannot be kept."""
        self.questions, self.of_one = questions, of_one
        self.key = ""  # the teacher's, and what the numbers of browsers are signed with
        self.now = ""
        self.rounds: dict[str, list[dict[str, float]]] = {}  # of each question: a dict of browser and vote per round
        self.bars: set[str] = set()
        self.opened: set[str] = set()
        self.began: dict[str, float] = {}  # when the slides of a deck did, by its name
        self.turns: list[tuple[float, str, str]] = []  # when which deck was turned to which row of its plan
        self.origins: dict[str, str] = {}  # of each browser that voted, from where it did first
        self.shut: set[str] = set()  # origins from which no vote is taken
        self.lines: Counter[str] = Counter()  # by browser
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        self.file = file.open("a+b", buffering=0)  # what cannot be written is not written later, either
        self.file.seek(LOCKED)
        if not take(self.file):
            self.close()
            raise InUse
        self.file.seek(0)
        text = self.file.readall().decode(errors="replace")
        for line in text.splitlines():
            self._read(line)
        try:
            if text and not text.endswith("\n"):
                self._append(b"\n")  # the last line was cut off, when the machine went down for example
            if not self.key:
                self.key = secrets.token_urlsafe(16)
                self._write({"what": "class", "key": self.key})
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        """Leave the file to others."""
        self.file.close()

    def _read(self, line: str) -> None:
        try:
            entry = json.loads(line)
            if entry["what"] == "class":
                self.key = entry["key"]
            elif entry["what"] == "begin":
                self._begin(entry["at"], entry["deck"])
            elif entry["what"] == "row":
                self.turns.append((entry["at"], entry["deck"], entry["row"]))
            elif entry["what"] == "forget":
                self._forget(entry["who"])
            elif entry["what"] == "shut":
                self._shut(entry["from"])
            elif entry["what"] == "vote":
                question = self._known(entry["id"])
                _check(question, entry["value"])
                self._count(entry["who"], question.id, entry["round"], entry["value"], entry.get("from", ""))
            else:
                self._do(entry["what"], self._known(entry["id"]).id)
        except (ValueError, LookupError, TypeError):
            pass  # a line that was cut off, or a question that the course has no more

    def _write(self, entry: dict) -> None:
        self._append(json.dumps(entry | {"at": round(time.time(), 1)}).encode() + b"\n")

    def _append(self, data: bytes) -> None:
        """Write all of it or, on a full disk, nothing. Raises OSError."""
        end = self.file.seek(0, os.SEEK_END)
        try:
            if self.file.write(data) < len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            self.file.truncate(end)
            error.filename = self.file.name
            raise

    def vote(self, who: str, id: str, value: float, origin: str = "") -> int:
        """Take a vote; one more of the same browser takes its place until the result is opened. Returns its round.

        `origin` is what stands for the address that it comes from.
        """
        _check(self._known(id), value)
        if id in self.opened:
            raise Refused("the result is open")
        if origin in self.shut:
            raise Refused("the teacher has shut out the address of this browser")
        if self.lines[who] >= LINES:
            raise Refused("this browser has changed its votes too often")
        if who not in self.origins and len(self.origins) >= BROWSERS:
            raise Refused("the room is full")
        if who not in self.origins and list(self.origins.values()).count(origin) >= self.of_one:
            raise Crowded("too many browsers have voted from the address of this one")
        number = self.round(id)
        if self.rounds.get(id, [{}])[-1].get(who) != value:
            self._write({"what": "vote", "id": id, "who": who, "round": number, "value": value, "from": origin})
            self._count(who, id, number, value, origin)
        return number

    def _count(self, who: str, id: str, number: int, value: float, origin: str) -> None:
        self.rounds.setdefault(id, [{}])[number - 1][who] = value
        self.origins.setdefault(who, origin)
        self.lines[who] += 1

    def forget(self, browsers: set[str]) -> None:
        """Forget all votes of these, as if they had never come."""
        self._write({"what": "forget", "who": sorted(browsers)})
        self._forget(browsers)

    def _forget(self, browsers: Collection[str]) -> None:
        for who in browsers:
            self.origins.pop(who, None)
            for votes in itertools.chain.from_iterable(self.rounds.values()):
                votes.pop(who, None)

    def toggle_shut(self, origin: str) -> None:
        """Forget all votes from an address and take no more; or, where that is so, take its votes again."""
        if origin not in [*self.origins.values(), *self.shut]:
            raise Refused("no such address")
        self._write({"what": "shut", "from": origin})
        self._shut(origin)

    def _shut(self, origin: str) -> None:
        self.shut ^= {origin}
        if origin in self.shut:
            self._forget([who for who, at in self.origins.items() if at == origin])

    def crowds(self) -> dict[str, int]:
        """How many browsers voted from where many did. (Lines that are older than `from` do not say where.)"""
        return {origin: n for origin, n in Counter(self.origins.values()).items() if n > CROWD and origin}

    def act(self, what: str, id: str) -> None:
        """What the teacher does: ask a question or take it back, show or hide its bars, vote again, open, clear."""
        self._known(id)
        if what not in ACTS:
            raise Refused("no such act")
        if what == "open" and self.questions[id].own:
            raise Refused("only you know the answer")
        if what == "again" and (id in self.opened or self.round(id) == ROUNDS):
            raise Refused("no further round")
        self._write({"what": what, "id": id})
        self._do(what, id)

    def begin(self, deck: str) -> None:
        """The first slide after the title is on the wall: from here the minutes of the plan count."""
        self._write({"what": "begin", "deck": deck})
        self._begin(time.time(), deck)

    def _begin(self, at: float, deck: str) -> None:
        self.began[deck] = at
        self.turns = [turn for turn in self.turns if turn[1] != deck]  # who looked through it before

    def turn(self, deck: str, row: str) -> None:
        """A slide of this row of a plan is on the wall."""
        if [(deck, row)] != [turn[1:] for turn in self.turns[-1:]]:
            self._write({"what": "row", "deck": deck, "row": row})
            self.turns.append((time.time(), deck, row))

    def timings(self) -> list[list[str]]:
        """A row for each row of a plan that was on the wall: the deck, from when to when it was planned, and the
        minutes that it took, until now if it is there still."""
        took: Counter[tuple[str, str]] = Counter()
        for (at, deck, row), (end, *_) in itertools.pairwise([*self.turns, (time.time(), "", "")]):
            took[deck, row] += (end - at) / 60
        return [[deck, row.removeprefix("plan-").replace("-", "–"), f"{m:.1f}"] for (deck, row), m in took.items()]

    def _do(self, what: str, id: str) -> None:
        if what == "ask":
            self.now = id
        elif what == "rest":
            self.now = ""
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
        right = [sum(map(question.is_right, votes)) for votes in every]
        kept = {"votes": counts if question.options else every, "bars": id in self.bars, "right": right}
        return kept | ({"moved": self.moved(id)} if len(rounds) == ROUNDS else {})

    def moved(self, id: str) -> dict[str, int]:
        """Of those who voted in both rounds: how many there are, how many were right at first, how many went from wrong
        to right, and how many from right to wrong."""
        is_right, rounds = self.questions[id].is_right, self.rounds.get(id, [{}])
        first, second = rounds if len(rounds) == ROUNDS else ({}, {})
        pairs = [(is_right(first[who]), is_right(second[who])) for who in first.keys() & second.keys()]
        return {
            "both": len(pairs),
            "right": sum(before for before, _ in pairs),
            "up": pairs.count((False, True)),
            "down": pairs.count((True, False)),
        }

    def summary(self) -> list[list[str]]:
        """A row for each question that was voted on, in that order: first vote, second vote, how many went from wrong
        to right and from right to wrong, the gain by the discussion, and the right answer."""
        rows = []
        for id, rounds in self.rounds.items():
            question = self.questions[id]
            results = [_votes_in_words(question, list(votes.values())) for votes in rounds] + [""] * ROUNDS
            right = f"{question.answer:.3g} {question.unit}".strip()
            if question.options:
                right = f"“{question.options[int(question.answer)]}”"
            right = "" if question.own else right
            rows.append([id, *results[:ROUNDS], *(_gain(**self.moved(id)) if right else [""] * 3), right])
        return rows


def _gain(both: int, right: int, up: int, down: int) -> list[str]:
    """Of what was wrong at first, how much more is right after the discussion (Hake's normalised gain)."""
    if not both:
        return ["", "", ""]
    return [f"{up} of {both}", f"{down} of {both}", f"{(up - down) / (both - right):.2f}" if right < both else ""]


def _check(question: Question, value: float) -> None:
    """Raise Refused for what is not a vote on this question."""
    if isinstance(value, bool) or not isinstance(value, int if question.options else (int, float)):
        raise Refused("not a vote")
    low, high = question.range or (-LARGEST, LARGEST)
    if not question.options and not low <= value <= high:
        raise Refused(f"a number from {low:g} to {high:g}, please")
    if question.options and not 0 <= value < len(question.options):
        raise Refused("not one of the options")


def _votes_in_words(question: Question, votes: list[float]) -> str:
    if not votes:
        return "no votes"
    right = sum(map(question.is_right, votes))
    if not question.options:
        near = f", {right} near enough" if question.near else ""
        best = f"best {max(votes):.3g}, " if question.own else ""
        return f"{best}median {statistics.median(votes):.3g} of {len(votes)}{near}"
    if question.own:
        return ", ".join(f"{option} {votes.count(number)}" for number, option in enumerate(question.options))
    wrong = defaultdict(int)
    for vote in votes:
        wrong[vote] += vote != question.answer
    often = max(wrong, key=wrong.get)
    tempting = f"; {wrong[often]} “{question.options[often]}”" if wrong[often] else ""
    return f"{right} of {len(votes)} right{tempting}"
