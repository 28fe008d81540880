"""A class that votes: the rules of the room, its file, the server, many students at once, and hostile guests."""

import asyncio
import contextlib
import json
import re
import secrets
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from tests.ports import free_port
from tools.classroom import pages, server
from tools.classroom.__main__ import summary
from tools.classroom.room import Question, Refused, Room
from tools.notebooks import ROOT, find, read

OPTIONS = Question("C1.P2", "Which?", ["this", "that", "neither"], 2.0, "")
NUMBER = Question("C1.P1", "How many?", [], 14.0, "%")
QUESTIONS = {question.id: question for question in (OPTIONS, NUMBER)}
ANN, BOB, EVE = (letter * 32 for letter in "abe")


@pytest.fixture
def file(tmp_path):
    return tmp_path / "votes" / "today.jsonl"


@pytest.fixture
def room(file):
    return Room(QUESTIONS, file)


# --- the rules ------------------------------------------------------------------------------------------------------


def test_a_browser_has_one_vote_a_round_until_the_result_is_open(room):
    room.vote(ANN, "C1.P2", 0)
    room.vote(BOB, "C1.P2", 1)
    room.vote(ANN, "C1.P2", 1)
    assert room.tally("C1.P2")["votes"] == [[0, 2, 0]]
    room.act("again", "C1.P2")
    room.vote(ANN, "C1.P2", 2)
    assert room.tally("C1.P2")["votes"] == [[0, 2, 0], [0, 0, 1]]
    with pytest.raises(Refused, match="no further round"):
        room.act("again", "C1.P2")
    room.act("open", "C1.P2")
    with pytest.raises(Refused, match="the result is open"):
        room.vote(BOB, "C1.P2", 2)
    room.act("clear", "C1.P2")
    assert room.tally("C1.P2")["votes"] == [[0, 0, 0]] and room.state()["open"] == {}


VOTES = [
    ("C1.P2", 3),
    ("C1.P2", -1),
    ("C1.P2", 1.0),
    ("C1.P2", True),
    ("C1.P2", "1"),
    ("C1.P2", None),
    ("C1.P1", float("nan")),
    ("C1.P1", float("inf")),
    ("C1.P1", 10**400),
    ("C1.P1", [1]),
    ("C1.P9", 1),
    (["C1.P2"], 1),
]


@pytest.mark.parametrize(("id", "value"), VOTES)
def test_what_is_no_vote_is_refused_and_not_kept(room, file, id, value):
    before = file.read_text()
    with pytest.raises(Refused):
        room.vote(ANN, id, value)
    assert file.read_text() == before and room.rounds == {}


def test_no_page_of_a_student_hears_an_answer_or_a_vote_before_the_result_is_open(room):
    room.vote(ANN, "C1.P2", 0)
    room.act("ask", "C1.P2")
    room.act("bars", "C1.P2")
    assert room.state() == {"now": "C1.P2", "round": {}, "open": {}}
    assert room.mine(BOB) == {} and room.mine(ANN) == {"C1.P2": [0]}
    room.act("open", "C1.P2")
    assert room.state()["open"] == {"C1.P2": 2.0}


def test_a_room_has_an_end(room, monkeypatch):
    monkeypatch.setattr("tools.classroom.room.BROWSERS", 1)
    room.vote(ANN, "C1.P2", 0)
    with pytest.raises(Refused, match="full"):
        room.vote(BOB, "C1.P2", 0)
    room.vote(ANN, "C1.P2", 1)


# --- the file -------------------------------------------------------------------------------------------------------


def test_a_restart_goes_on_with_key_votes_and_acts(room, file):
    room.vote(ANN, "C1.P2", 0)
    room.act("ask", "C1.P2")
    room.act("again", "C1.P2")
    room.vote(ANN, "C1.P2", 2)
    room.vote(ANN, "C1.P1", 12.5)
    room.act("open", "C1.P1")
    again = Room(QUESTIONS, file)
    assert (again.key, again.now, again.rounds) == (room.key, room.now, room.rounds)
    assert again.state() == room.state()


def test_a_line_that_makes_no_sense_costs_no_other(room, file):
    room.vote(ANN, "C1.P2", 0)
    gone = {"what": "vote", "id": "C1.P2", "who": BOB, "round": 1}
    with file.open("ab") as cut:
        for other in ({"id": "C1.P77", "value": 0}, {"value": 9}, {"round": 2, "value": 0}):
            cut.write(json.dumps(gone | other).encode() + b"\n")  # of a course that was changed since
        cut.write(b'[1]\n\x00\xff\n{"what": "vote", "id": "C1.P2", "wh')
    again = Room(QUESTIONS, file)
    again.vote(BOB, "C1.P2", 1)
    assert Room(QUESTIONS, file).tally("C1.P2")["votes"] == [[1, 1, 0]]


def test_another_class_is_another_file(room, tmp_path):
    room.vote(ANN, "C1.P2", 0)
    tomorrow = Room(QUESTIONS, tmp_path / "votes" / "tomorrow.jsonl")
    assert tomorrow.rounds == {} and tomorrow.key != room.key


def test_a_vote_that_cannot_be_written_is_not_counted(room, monkeypatch):
    def full(entry):
        raise OSError("No space left on device")

    monkeypatch.setattr(room, "_write", full)
    with pytest.raises(OSError, match="No space"):
        room.vote(ANN, "C1.P2", 0)
    assert room.rounds == {}


def test_the_summary_has_both_votes_and_what_was_right(room):
    for who, option in ((ANN, 0), (BOB, 0), (EVE, 2)):
        room.vote(who, "C1.P2", option)
        room.vote(who, "C1.P1", 10.0 + option)
    room.act("again", "C1.P2")
    room.vote(ANN, "C1.P2", 2)
    room.vote(BOB, "C1.P2", 2)
    assert summary(room).splitlines()[2:] == [
        "| C1.P2 | 1 of 3 right; 2 “this” | 2 of 2 right | “neither” |",
        "| C1.P1 | median 10 of 3 |  | 14 % |",
    ]


# --- the questions --------------------------------------------------------------------------------------------------


def test_every_prediction_and_every_question_of_check_yourself_and_of_a_deck_can_be_voted_on():
    books = pages.with_decks([read(path) for path in find([ROOT / "notebooks"])])
    asked = pages.asked(books)
    named = {name for book in books for cell in book.cells if (name := re.search(r'ask\("(C\d+\.P\d+)"', cell.source))}
    assert {name[1] for name in named} <= asked.keys()
    assert {"C1.1", "C1.5", "before-class-01.1", "before-class-01.3"} <= asked.keys()
    assert [id for id in ("C0.P1", "C1.P1", "C2.P1") if asked[id].options] == []
    assert all(0 <= question.answer < len(question.options) for question in asked.values() if question.options)


# --- the server -----------------------------------------------------------------------------------------------------


class Host:
    """A class on loopback, in the running loop."""

    def __init__(self, room: Room, folder) -> None:
        for name, text in {"vote.html": "vote", "class1.html": "plan", "static/room.js": "room"}.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        self.room = room
        files = server.load(folder, {"class1.html"})
        self.port = free_port()
        door = {"url": "", "code": "", "decks": []}
        self.server = server.listen(room, files, door, "127.0.0.1", self.port)
        self.client = AsyncHTTPClient(force_instance=True, max_clients=1000)

    async def get(self, path: str, **about):
        return await self.client.fetch(
            f"http://127.0.0.1:{self.port}{path}", raise_error=False, follow_redirects=False, **about
        )

    async def line(self, who: str, teacher: bool = False, **headers) -> WebSocketClientConnection:
        headers |= {"Cookie": f"teacher={self.room.key}"} if teacher else {}
        return await websocket_connect(HTTPRequest(f"ws://127.0.0.1:{self.port}/room?who={who}", headers=headers))


def served(room, folder, talk) -> None:
    """Run what talks with a class that is served."""

    async def whole():
        host = Host(room, folder)
        try:
            await asyncio.wait_for(talk(host), 120)
        finally:
            host.client.close()
            host.server.stop()
            await host.server.close_all_connections()

    asyncio.run(whole())


async def heard(line, known) -> dict:
    """The next message for which `known` holds."""
    while (text := await asyncio.wait_for(line.read_message(), 60)) is not None:
        if known(told := json.loads(text)):
            return told
    raise AssertionError("the line was closed")


def test_the_teachers_pages_need_the_key(room, tmp_path):
    async def talk(host):
        assert (await host.get("/")).body == b"vote"
        assert (await host.get("/static/room.js")).code == 200
        assert (await host.get("/class1.html")).code == 404
        assert (await host.get("/teacher?key=no")).code == 403
        way_in = await host.get(f"/teacher?key={room.key}")
        assert way_in.code == 302 and "HttpOnly" in way_in.headers["Set-Cookie"]
        assert (await host.get("/class1.html", headers={"Cookie": f"teacher={room.key}"})).body == b"plan"

    served(room, tmp_path / "pages", talk)


def test_a_student_votes_the_teacher_opens_and_only_the_teacher_acts(room, tmp_path):
    async def talk(host):
        ann, teacher = await host.line(ANN), await host.line(BOB, teacher=True)
        assert "questions" not in await heard(ann, lambda told: told.get("hello") == "student")
        assert await heard(teacher, lambda told: told.get("hello") == "teacher" and "C1.P2" in told["questions"])
        ann.write_message(json.dumps({"do": "open", "id": "C1.P2"}))
        ann.write_message(json.dumps({"vote": "C1.P2", "value": 2}))
        assert (await heard(ann, lambda told: "taken" in told))["value"] == 2
        told = await heard(teacher, lambda told: "C1.P2" in told.get("tallies", {}))
        assert (told["present"], told["tallies"]["C1.P2"]["votes"]) == (1, [[0, 0, 1]])
        assert room.opened == set()
        teacher.write_message(json.dumps({"do": "open", "id": "C1.P2"}))
        assert (await heard(ann, lambda told: "state" in told))["state"]["open"] == {"C1.P2": 2.0}
        ann.close()
        back = await host.line(ANN)
        assert (await heard(back, lambda told: "hello" in told))["mine"] == {"C1.P2": [2]}

    served(room, tmp_path / "pages", talk)


def test_pages_of_other_addresses_cannot_vote(room, tmp_path):
    async def talk(host):
        with pytest.raises(Exception, match="403"):
            await host.line(ANN, Origin="http://elsewhere.example")

    served(room, tmp_path / "pages", talk)


def test_tabs_messages_and_bytes_have_limits(room, tmp_path):
    async def talk(host):
        lines = [await host.line(ANN) for _ in range(server.STREAMS_OF_ONE)]
        with pytest.raises(Exception, match="503"):
            await host.line(ANN)
        with pytest.raises(Exception, match="400"):
            await host.line("me")
        for _ in range(2 * server.MESSAGES):
            lines[0].write_message(json.dumps({"vote": "C1.P1", "value": secrets.randbelow(1000)}))
        lines[1].write_message("x" * (server.BODY + 1))
        for line in lines[:2]:
            with pytest.raises(AssertionError, match="closed"):
                await heard(line, lambda told: False)
        assert (await host.get("/", method="POST", body=b"x" * 100)).code == 405
        assert (await host.get("/", method="POST", body=b"x" * (server.BODY + 1))).code in (400, 599)
        assert (await host.get("/")).code == 200

    served(room, tmp_path / "pages", talk)


def cast(told: dict) -> list[int]:
    """The votes on C1.P2 that a message tells the teacher of: their number in each round."""
    return [sum(votes) for votes in told.get("tallies", {}).get("C1.P2", {"votes": []})["votes"]]


def test_who_connects_and_asks_for_nothing_cannot_keep_others_out(room, tmp_path, monkeypatch):
    monkeypatch.setattr(server, "CONNECTIONS", 5)

    async def talk(host):
        ann = await host.line(ANN)
        idle = [await asyncio.open_connection("127.0.0.1", host.port) for _ in range(9)]
        refused = [reader for reader, _ in idle if await closed(reader)]
        assert 4 <= len(refused) < 9
        ann.write_message(json.dumps({"vote": "C1.P2", "value": 0}))
        assert await heard(ann, lambda told: "taken" in told)
        for _, writer in idle:
            writer.close()

    async def closed(reader) -> bool:
        with contextlib.suppress(TimeoutError):
            return await asyncio.wait_for(reader.read(), 0.5) == b""
        return False

    served(room, tmp_path / "pages", talk)


def test_a_page_hears_from_the_room_though_nothing_happens(room, tmp_path, monkeypatch):
    monkeypatch.setattr(server, "PING", 0.2)

    async def talk(host):
        ann = await host.line(ANN)
        assert await heard(ann, lambda told: told == {}) == {}

    served(room, tmp_path / "pages", talk)


async def vote_twice(host, count: int) -> tuple[float, float]:
    """Students who listen and vote at once, twice: seconds until the teacher has all votes, and until all are told."""
    teacher = await host.line(EVE, teacher=True)
    lines = [await host.line(secrets.token_hex(16)) for _ in range(count)]
    await heard(teacher, lambda told: told.get("present") == count)
    began = time.monotonic()
    for number, act in enumerate(("again", "open")):
        for i, line in enumerate(lines):
            line.write_message(json.dumps({"vote": "C1.P2", "value": i % 3}))
        await heard(teacher, lambda told, number=number: cast(told)[number:] == [count])
        voted = time.monotonic() - began
        teacher.write_message(json.dumps({"do": act, "id": "C1.P2"}))
        await heard(teacher, lambda told: "state" in told)
    began = time.monotonic()
    await asyncio.gather(*(heard(line, lambda told: told.get("state", {}).get("open")) for line in lines))
    return voted, time.monotonic() - began


@pytest.mark.parametrize("count", [50, pytest.param(500, marks=pytest.mark.long)])
def test_a_class_votes_at_once_and_nothing_is_lost(room, file, tmp_path, count):
    async def talk(host):
        voted, opened = await vote_twice(host, count)
        print(f"{count} students: both votes {voted:.2f} s, open for all {opened:.2f} s")
        assert voted < 0.04 * count + 5 and opened < 0.02 * count + 2

    served(room, tmp_path / "pages", talk)
    assert [sum(votes) for votes in room.tally("C1.P2")["votes"]] == [count, count]
    assert Room(QUESTIONS, file).rounds == room.rounds


# --- guests who mean no good ----------------------------------------------------------------------------------------

PATHS = [
    "/../pyproject.toml",
    "/%2e%2e/pyproject.toml",
    "/..%2fpyproject.toml",
    "/static/",
    "/static",
    "/static/../class1.html",
    "/./class1.html",
    "/CLASS1.HTML",
    "/class1%2ehtml",
    "/class1.html%00",
    "//class1.html",
    "/C:/Windows/win.ini",
    "/teacher",
    "/teacher?key=",
    "/teacher?key=%00",
    "/room",
    "/room?who=" + "a" * 32,
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(["C1.P2", "open"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["vote", "value", "do", "id"]), inner),
    max_leaves=6,
)


def test_no_path_leads_out_of_the_pages(room, tmp_path):
    async def raw(host, path: str, verb: str = "GET") -> str:
        reader, writer = await asyncio.open_connection("127.0.0.1", host.port)
        writer.write(f"{verb} {path} HTTP/1.1\r\nHost: 127.0.0.1:{host.port}\r\nConnection: close\r\n\r\n".encode())
        answer = (await asyncio.wait_for(reader.read(), 10)).decode()
        writer.close()
        return answer

    async def talk(host):
        for path in PATHS:
            answer = await raw(host, path)
            assert re.match(r"HTTP/1.1 4\d\d ", answer), path
            assert len(answer.partition("\r\n\r\n")[2]) <= 40, path
        for verb in ("POST", "PUT", "DELETE", "OPTIONS", "NONSENSE"):
            assert " 405 " in await raw(host, "/", verb)

    served(room, tmp_path / "pages", talk)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(JSON.map(json.dumps) | st.text(max_size=200) | st.binary(max_size=200), max_size=15))
def test_no_message_stops_the_room_or_is_handed_on(tmp_path, messages):
    room = Room(QUESTIONS, tmp_path / f"{secrets.token_hex(4)}.jsonl")

    async def talk(host):
        guest, ann, teacher = await host.line(EVE), await host.line(ANN), await host.line(BOB, teacher=True)
        for message in [*messages, "[" * 1900]:
            await guest.write_message(message, binary=isinstance(message, bytes))
        ann.write_message(json.dumps({"vote": "C1.P2", "value": 1}))
        told = await heard(
            teacher, lambda told: sum(told.get("tallies", {}).get("C1.P2", {"votes": [[0]]})["votes"][0])
        )
        assert set(told) == {"present", "tallies"} and room.opened == set() and room.rounds["C1.P2"][0][ANN] == 1
        assert all(isinstance(vote, int | float) for votes in told["tallies"]["C1.P2"]["votes"] for vote in votes)

    served(room, tmp_path / "pages", talk)


def test_pages_for_a_class_have_no_solutions_and_hide_what_is_the_teachers(tmp_path):
    paths = find([ROOT / "notebooks" / "01_motivation.ipynb"])
    text = pages.vote_page([read(path) for path in paths])
    assert text.count("widget-view+json") == 4 and "Show the worked solution" not in text
    assert {"teacher.html", "class1.html", "class2.html", "workshop.html"} <= pages.hidden()
