"""A class that votes: the rules of the room, its file, the server, many students at once, and hostile guests."""

import asyncio
import contextlib
import json
import os
import re
import secrets
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.web import create_signed_value
from tornado.websocket import WebSocketClientConnection, WebSocketClosedError, websocket_connect

from classroom import __main__ as command
from classroom import guests, pages, server, shelf
from classroom.__main__ import summary
from classroom.room import BROWSERS, LINES, ONE_ADDRESS, Crowded, InUse, Question, Refused, Room
from helpers.display.quiz import read as read_quiz
from tests.classroom import served_class
from tests.classroom.served_class import QUESTIONS
from tests.ports import free_port
from tools.notebooks import ROOT, find, read
from tools.notebooks import asked_id as question_of
from tools.site.decks import BANK

ANN, BOB, EVE = (letter * 32 for letter in "abe")


@pytest.fixture
def file(tmp_path):
    return tmp_path / "votes" / "today.jsonl"


@pytest.fixture
def room(file):
    room = Room(QUESTIONS, file)
    yield room
    room.close()


def restarted(room: Room) -> Room:
    """The same class, read again from its file."""
    room.close()
    return Room(QUESTIONS, Path(room.file.name), room.of_one)


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


NO_OPTION, NO_NUMBER = (3, -1, 1.0, True, "1", None), (float("nan"), float("inf"), 10**400, 10001, -1.1, [1])
VOTES = [("C1.P9", 1), (["C1.P2"], 1), *(("C1.P2", vote) for vote in NO_OPTION), *(("C1.P1", n) for n in NO_NUMBER)]


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


def fill(room: Room, address: str, count: int) -> None:
    """Votes of this many browsers from an address."""
    for n in range(count):
        room.vote(f"{address} {n}", "C1.P2", 1, address)


def test_a_room_has_an_end_and_so_has_what_one_address_takes_of_it(room, file):
    fill(room, "eve", ONE_ADDRESS)
    with pytest.raises(Crowded):
        room.vote(EVE, "C1.P2", 1, "eve")
    room.vote("eve 0", "C1.P1", 5, "eve")
    room = restarted(room)
    with pytest.raises(Crowded):
        room.vote(EVE, "C1.P2", 1, "eve")
    room.close()
    behind_nat = Room(QUESTIONS, file, of_one=BROWSERS)
    fill(behind_nat, "eve", BROWSERS)
    with pytest.raises(Refused, match="full"):
        behind_nat.vote(ANN, "C1.P2", 0, "ann")
    behind_nat.close()


def test_the_teacher_forgets_an_address_or_browsers_and_honest_votes_are_taken(room):
    room.vote(ANN, "C1.P2", 0, "ann")
    fill(room, "eve", ONE_ADDRESS)
    assert room.crowds() == {"eve": ONE_ADDRESS}
    room.toggle_shut("eve")
    room = restarted(room)
    assert room.tally("C1.P2")["votes"] == [[1, 0, 0]] and room.crowds() == {}
    with pytest.raises(Refused, match="shut out"):
        room.vote(EVE, "C1.P2", 1, "eve")
    room.toggle_shut("eve")
    fill(room, "eve", ONE_ADDRESS)
    room.forget(room.origins.keys() - {ANN})
    room = restarted(room)
    room.vote(BOB, "C1.P2", 2, "eve")
    assert room.tally("C1.P2")["votes"] == [[1, 0, 1]]
    with pytest.raises(Refused, match="no such address"):
        room.toggle_shut("nobody")
    room.close()


def test_who_changes_votes_all_day_ends_the_file_for_nobody_else(room):
    for n in range(LINES):
        room.vote(EVE, "C1.P1", n)
    with pytest.raises(Refused, match="too often"):
        room.vote(EVE, "C1.P1", -1)
    room.vote(ANN, "C1.P1", 3)


# --- the file -------------------------------------------------------------------------------------------------------


def test_a_restart_goes_on_with_key_votes_and_acts_and_another_class_with_none_of_them(room, tmp_path):
    room.vote(ANN, "C1.P2", 0)
    room.act("ask", "C1.P2")
    room.act("again", "C1.P2")
    room.vote(ANN, "C1.P2", 2)
    room.vote(ANN, "C1.P1", 12.5)
    room.act("open", "C1.P1")
    again = restarted(room)
    assert (again.key, again.now, again.rounds) == (room.key, "C1.P2", room.rounds)
    assert again.state() == room.state()
    again.act("rest", "C1.P2")  # taken back: its votes are kept
    again = restarted(again)
    assert again.now == "" and again.rounds == room.rounds
    again.close()
    tomorrow = Room(QUESTIONS, tmp_path / "tomorrow.jsonl")
    assert tomorrow.rounds == {} and tomorrow.key != room.key
    tomorrow.close()


def test_a_line_that_makes_no_sense_costs_no_other(room, file):
    room.vote(ANN, "C1.P2", 0)
    gone = {"what": "vote", "id": "C1.P2", "who": BOB, "round": 1}
    with file.open("ab") as cut:
        for other in ({"id": "C1.P77", "value": 0}, {"value": 9}, {"round": 2, "value": 0}):
            cut.write(json.dumps(gone | other).encode() + b"\n")  # of a course that was changed since
        cut.write(b'[1]\n\x00\xff\n{"what": "vote", "id": "C1.P2", "wh')
    again = restarted(room)
    again.vote(BOB, "C1.P2", 1)
    again = restarted(again)
    assert again.tally("C1.P2")["votes"] == [[1, 1, 0]]
    again.close()


@pytest.fixture
def small_disk(tmp_path):
    if sys.platform != "linux" or (os.geteuid() and not os.environ.get("CI")):
        pytest.skip("a small disk is mounted by root, on Linux")
    with served_class.small_disk(tmp_path) as disk:
        yield disk


def run_command(monkeypatch, folder: Path, *args: str) -> int:
    """The command up to where it would serve: a class in this folder, its pages already written."""
    monkeypatch.setattr(command, "VOTES", folder)
    monkeypatch.setattr(shelf, "load", lambda: shelf.Shelf({}, set(), []))
    monkeypatch.setattr(shelf, "are_current", lambda: True)
    monkeypatch.setattr(sys, "argv", ["classroom", *args])
    return command.main()


def test_what_a_full_disk_refused_stays_refused_and_a_new_class_says_so_in_a_line(small_disk, monkeypatch, capsys):
    room = Room(QUESTIONS, small_disk / "today.jsonl")
    rest = served_class.fill(small_disk)
    taken = set()
    for n in range(200):
        with contextlib.suppress(OSError):
            room.vote(f"{n:032x}", "C1.P2", n % 3, f"{n}")
            taken.add(f"{n:032x}")
    with pytest.raises(OSError, match=r"No space left on device: .*today\.jsonl"):
        room.act("open", "C1.P2")
    assert 0 < len(taken) < 100 and room.origins.keys() == taken and room.opened == set()
    assert run_command(monkeypatch, small_disk, "--name", "full") == 1
    assert re.fullmatch(r"The class cannot begin: .*No space left on device: .*\n", capsys.readouterr().out)
    rest.unlink()
    room.vote(ANN, "C1.P2", 0)
    votes = room.rounds
    room = restarted(room)
    assert room.rounds == votes and room.origins.keys() == taken | {ANN} and room.opened == set()
    room.close()


def test_a_class_is_served_once(room, file, monkeypatch, capsys):
    with pytest.raises(InUse):
        Room(QUESTIONS, file)
    assert run_command(monkeypatch, file.parent, "--name", file.stem, "--port", "9000") == 1
    assert re.fullmatch("The class today is served already: .*\n", capsys.readouterr().out)
    restarted(room).close()


def test_a_second_group_of_the_day_is_asked_for_and_only_where_somebody_can_answer(tmp_path, monkeypatch):
    monkeypatch.setattr(command, "VOTES", tmp_path)
    answers = iter(["group b", "group-b", ""])
    monkeypatch.setattr("builtins.input", lambda asked: next(answers))
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    date = command.today()  # no votes yet: not asked
    (tmp_path / f"{date}.jsonl").touch()
    assert (command.today(), command.today()) == ("group-b", date)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    assert command.today() == date


def test_the_summary_has_both_votes_what_the_discussion_did_and_what_was_right(file):
    """A question of the teacher's own has no result: nobody here knows its answer."""
    own = [Question("own.1", "Which letter?", list("ABCD"), -1.0, ""), Question("own.race", "How much?", [], -1.0, "")]
    room = Room(QUESTIONS | {question.id: question for question in own}, file)
    for who, option in ((ANN, 0), (BOB, 0), (EVE, 2), ("carl", 2)):
        room.vote(who, "C1.P2", option)
        room.vote(who, "C1.P1", 12.0 + 10 * option)
        room.vote(who, "own.1", option)
        room.vote(who, "own.race", option / 50)
    room.act("again", "C1.P2")
    assert room.tally("C1.P2")["moved"] == {"both": 0, "right": 0, "up": 0, "down": 0}
    for who, option in ((ANN, 2), (BOB, 2), (EVE, 0), ("dora", 1)):  # Carl has gone, Dora was not there at first
        room.vote(who, "C1.P2", option)
    for id in ("own.1", "own.race"):
        with pytest.raises(Refused, match="only you know"):
            room.act("open", id)
    assert summary(room).splitlines()[2:] == [
        "| C1.P2 | 2 of 4 right; 2 “this” | 2 of 4 right; 1 “this” | 2 of 3 | 1 of 3 | 0.50 | “neither” |",
        "| C1.P1 | median 22 of 4, 2 near enough |  |  |  |  | 14 % |",
        "| own.1 | A 2, B 0, C 2, D 0 |  |  |  |  |  |",
        "| own.race | best 0.04, median 0.02 of 4 |  |  |  |  |  |",
    ]
    room.close()


def test_the_summary_ends_with_the_minutes_that_each_row_of_a_plan_took(room, monkeypatch):
    now = [0.0]
    monkeypatch.setattr("classroom.room.time.time", lambda: now[0])
    for second, deck, row in [(0, "class1", "plan-4-10"), (30, "class1", ""), (60, "class1", "plan-0-4")]:
        now[0] = second
        room.turn(deck, row) if row else room.begin(deck)  # looked through before it began
    for second, row in [(240, "plan-4-10"), (300, "plan-4-10"), (540, "plan-0-4"), (600, "plan-4-10")]:
        now[0] = second
        room.turn("class1", row)
    room = restarted(room)
    now[0] = 660.0
    assert room.timings() == [["class1", "0–4", "4.0"], ["class1", "4–10", "6.0"]]
    assert summary(room).endswith("| class1 | 0–4 | 4.0 |\n| class1 | 4–10 | 6.0 |")
    room.close()


# --- the questions --------------------------------------------------------------------------------------------------


def test_every_prediction_and_every_question_of_check_yourself_and_of_a_deck_can_be_voted_on():
    books = pages.with_decks([read(path) for path in find([ROOT / "notebooks"])])
    asked, phones = pages.questions_by_id(books), pages.vote_page(books)
    bank = [id for id in asked if id.startswith("bank-")]
    assert len(bank) == sum(len(read_quiz(path)) for path in BANK.values())
    assert {id for book in books for cell in book.cells if (id := question_of(cell))} | {"C1.1", "C1.5"} <= asked.keys()
    assert [id for id in ("C0.P1", "C1.P1", "C2.P1") if asked[id].options] == []
    assert {id for id, question in asked.items() if question.own} == {"own.1", "own.race"}
    assert all(0 <= q.answer < len(q.options) for q in asked.values() if q.options and not q.own)
    assert all(phones.count(f'"id": "{id}"') == 1 for id in (*bank, "own.1")) and '"name": "own.race"' in phones


# --- the server -----------------------------------------------------------------------------------------------------


class Host:
    """A class on loopback, in the running loop."""

    def __init__(self, room: Room, folder) -> None:
        self.room = room
        self.address = "127.0.0.1", free_port()
        self.url = "http://{}:{}".format(*self.address)
        self.server = server.listen(
            room, served_class.files(folder), {"url": "", "code": "", "decks": []}, *self.address
        )
        self.client = AsyncHTTPClient(force_instance=True, max_clients=1000)

    async def get(self, path: str, **about):
        return await self.client.fetch(self.url + path, raise_error=False, follow_redirects=False, **about)

    async def line(self, who: str, key: str | None = None, **headers) -> WebSocketClientConnection:
        """A line of the browser with this number, which `key` has signed."""
        number = create_signed_value(key or self.room.key, "browser", who).decode()
        headers = {"Cookie": f"browser={number}"} | headers
        return await websocket_connect(HTTPRequest(self.url.replace("http", "ws") + "/room", headers=headers))

    async def teacher(self) -> WebSocketClientConnection:
        return await self.line(EVE, Cookie=f"teacher={self.room.key}")


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
        ann, teacher = await host.line(ANN), await host.teacher()
        assert "questions" not in await guests.hear(ann, lambda told: told.get("hello") == "student")
        assert await guests.hear(teacher, lambda told: told.get("hello") == "teacher" and "C1.P2" in told["questions"])
        ann.write_message(json.dumps({"do": "open", "id": "C1.P2"}))
        ann.write_message(json.dumps({"vote": "C1.P2", "value": 2}))
        assert (await guests.hear(ann, lambda told: "taken" in told))["value"] == 2
        told = await guests.hear(teacher, lambda told: "C1.P2" in told.get("tallies", {}))
        assert (told["present"], told["tallies"]["C1.P2"]["votes"]) == (1, [[0, 0, 1]])
        assert room.opened == set()
        teacher.write_message(json.dumps({"do": "open", "id": "C1.P2"}))
        assert (await guests.hear(ann, lambda told: "state" in told))["state"]["open"] == {"C1.P2": 2.0}
        ann.close()
        back = await host.line(ANN)
        assert (await guests.hear(back, lambda told: "hello" in told))["mine"] == {"C1.P2": [2]}

    served(room, tmp_path / "pages", talk)


def test_the_other_device_and_phones_follow_the_wall_and_it_hears_who_wants_it_slower_without_names(room, tmp_path):
    async def talk(host):
        ann, wall, script = await host.line(ANN), await host.teacher(), await host.teacher()
        slide = {"deck": "class1", "row": "plan-0-4", "cell": "00-slider", "slide": 2, "of": 9, "begins": True}
        wall.write_message(json.dumps({"do": "wall", "id": slide}))
        assert (await guests.hear(ann, lambda told: told.get("link")))["link"] == "00.html#cell-id=00-slider"
        told = (await guests.hear(script, lambda told: "slide" in told.get("wall", {})))["wall"]
        assert told["row"] == "plan-0-4" and 0 <= told["elapsed"] < 60
        ann.write_message(json.dumps({"do": "jump", "id": "plan-9-20"}))
        ann.write_message(json.dumps({"do": "wall", "id": slide | {"slide": 7}}))
        script.write_message(json.dumps({"do": "jump", "id": "plan-4-9"}))
        assert (await guests.hear(wall, lambda told: "jump" in told))["jump"] == "plan-4-9"
        wall.write_message(json.dumps({"do": "wall", "id": slide | {"cell": "plan", "slide": 1, "begins": False}}))
        assert (await guests.hear(ann, lambda told: "link" in told))["link"] == ""
        again = await host.teacher()
        assert (await guests.hear(again, lambda told: "hello" in told))["wall"]["slide"] == 1
        for line in (ann, ann, await host.line(BOB)):
            line.write_message(json.dumps({"slower": True}))
        assert ANN not in json.dumps(await guests.hear(script, lambda told: told.get("slower") == 2))

    served(room, tmp_path / "pages", talk)
    again = restarted(room)
    assert again.began == pytest.approx(room.began, abs=0.1)
    again.close()


def test_tabs_messages_bytes_and_addresses_have_limits_and_an_idle_page_hears_that_all_is_well(
    room, tmp_path, monkeypatch
):
    monkeypatch.setattr(server, "PING", 0.2)

    async def refused(host, code: str, who: str = ANN, **about):
        with pytest.raises(Exception, match=code):
            await host.line(who, **about)

    async def talk(host):
        await refused(host, "403", Origin="http://elsewhere.example")
        lines = [await host.line(ANN) for _ in range(server.STREAMS_OF_ONE)]
        assert await guests.hear(lines[0], lambda told: told == {}) == {}
        await refused(host, "503")
        await refused(host, "403", BOB, key="a guess")
        await refused(host, "403", BOB, Cookie=f"browser={BOB}")
        for _ in range(2 * server.MESSAGES):
            lines[0].write_message(json.dumps({"vote": "C1.P1", "value": secrets.randbelow(1000)}))
        lines[1].write_message("x" * (server.BODY + 1))
        for line in lines[:2]:
            with pytest.raises(WebSocketClosedError):
                await guests.hear(line, lambda told: False)
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
        idle = [await asyncio.open_connection(*host.address) for _ in range(9)]
        refused = [reader for reader, _ in idle if await closed(reader)]
        assert 4 <= len(refused) < 9
        ann.write_message(json.dumps({"vote": "C1.P2", "value": 0}))
        assert await guests.hear(ann, lambda told: "taken" in told)
        for _, writer in idle:
            writer.close()

    async def closed(reader) -> bool:
        with contextlib.suppress(TimeoutError):
            return await asyncio.wait_for(reader.read(), 0.5) == b""
        return False

    served(room, tmp_path / "pages", talk)


@pytest.mark.parametrize("count", [50, pytest.param(500, marks=pytest.mark.long)])
def test_a_class_votes_at_once_twice_and_nothing_is_lost(file, tmp_path, count):
    room = Room(QUESTIONS, file, of_one=BROWSERS)  # all from this machine

    async def talk(host):
        teacher = await host.teacher()
        lines = [await host.line(secrets.token_hex(16)) for _ in range(count)]
        await guests.hear(teacher, lambda told: told.get("present") == count)
        began = time.monotonic()
        for number, act in enumerate(("again", "open")):
            for i, line in enumerate(lines):
                line.write_message(json.dumps({"vote": "C1.P2", "value": i % 3}))
            await guests.hear(teacher, lambda told, number=number: cast(told)[number:] == [count])
            teacher.write_message(json.dumps({"do": act, "id": "C1.P2"}))
            await guests.hear(teacher, lambda told: "state" in told)
        await asyncio.gather(*(guests.hear(line, lambda told: told.get("state", {}).get("open")) for line in lines))
        assert time.monotonic() - began < 0.06 * count + 7

    served(room, tmp_path / "pages", talk)
    assert [sum(votes) for votes in room.tally("C1.P2")["votes"]] == [count, count]
    assert restarted(room).rounds == room.rounds


# --- guests who mean no good ----------------------------------------------------------------------------------------

OUT = ["/../pyproject.toml", "/%2e%2e/pyproject.toml", "/..%2fpyproject.toml", "/C:/Windows/win.ini"]
HIDDEN = ["/static/../class1.html", "/./class1.html", "/CLASS1.HTML", "/class1%2ehtml", "/class1.html%00"]
NO_PAGES = ["//class1.html", "/static", "/static/", "/teacher", "/teacher?key=", "/teacher?key=%00", "/room"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(["C1.P2", "open"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["vote", "value", "do", "id"]), inner),
    max_leaves=6,
)


def test_no_path_leads_out_of_the_pages(room, tmp_path):
    async def raw(host, path: str, verb: str = "GET") -> str:
        reader, writer = await asyncio.open_connection(*host.address)
        asked = f"{verb} {path} HTTP/1.1\r\nHost: 127.0.0.1:{host.address[1]}\r\nConnection: close\r\n\r\n"
        writer.write(asked.encode())
        answer = (await asyncio.wait_for(reader.read(), 10)).decode()
        writer.close()
        return answer

    async def talk(host):
        for path in OUT + HIDDEN + NO_PAGES:
            answer = await raw(host, path)
            assert re.match(r"HTTP/1.1 4\d\d ", answer) and len(answer.partition("\r\n\r\n")[2]) <= 40, path
        for verb in ("POST", "PUT", "DELETE", "OPTIONS", "NONSENSE"):
            assert " 405 " in await raw(host, "/", verb)

    served(room, tmp_path / "pages", talk)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(JSON.map(json.dumps) | st.text(max_size=200) | st.binary(max_size=200), max_size=15))
def test_no_message_stops_the_room_or_is_handed_on(tmp_path, messages):
    room = Room(QUESTIONS, tmp_path / f"{secrets.token_hex(4)}.jsonl")

    async def talk(host):
        guest, ann, teacher = await host.line(EVE), await host.line(ANN), await host.teacher()
        for message in [*messages, "[" * 1900]:
            await guest.write_message(message, binary=isinstance(message, bytes))
        ann.write_message(json.dumps({"vote": "C1.P2", "value": 1}))
        told = await guests.hear(teacher, lambda told: sum(cast(told)))
        assert set(told) == {"present", "strangers", "slower", "tallies"} and room.opened == set()
        assert room.rounds["C1.P2"][0][ANN] == 1
        assert all(isinstance(vote, int | float) for votes in told["tallies"]["C1.P2"]["votes"] for vote in votes)

    served(room, tmp_path / "pages", talk)
    room.close()


def test_limits_hold_for_an_address_and_for_a_network_of_ipv6():
    assert server.network("192.0.2.7") == server.network("::ffff:192.0.2.7") != server.network("192.0.2.8")
    assert server.network("2001:db8::1") == server.network("2001:db8::ffff:2") != server.network("2001:db8:0:1::1")
    assert server.network("fe80::1%eth0") == server.network("fe80::2")


def crowds(told: dict) -> dict[str, int]:
    """Where many votes come from, as a message tells the teacher."""
    return told.get("strangers", {}).get("crowds", {})


@pytest.mark.slow
def test_the_teacher_hears_of_a_crowd_and_shuts_it_out(room, tmp_path, capsys):
    async def talk(host):
        ann, teacher = await host.line(ANN), await host.teacher()
        eve = [await host.line(f"{n:032x}") for n in range(ONE_ADDRESS)]
        for line in (ann, *eve):
            taken = await guests.vote(line, "C1.P2", 1)
        assert not taken
        told = await guests.hear(teacher, lambda told: ONE_ADDRESS in crowds(told).values())
        assert told["present"] == ONE_ADDRESS + 1
        (origin,) = crowds(told)
        teacher.write_message(json.dumps({"do": "shut", "id": origin}))
        assert crowds(await guests.hear(teacher, lambda told: cast(told) == [0])) == {origin: 0}
        with pytest.raises(WebSocketClosedError):
            await guests.hear(ann, lambda told: False)
        with pytest.raises(Exception, match="403"):
            await host.line(ANN)
        teacher.write_message(json.dumps({"do": "shut", "id": origin}))
        await guests.hear(teacher, lambda told: "strangers" in told and not crowds(told))
        ann = await host.line(ANN)
        assert await guests.vote(ann, "C1.P2", 0)
        ann.close()
        await guests.hear(teacher, lambda told: told.get("strangers", {}).get("absent") == 1)
        teacher.write_message(json.dumps({"do": "forget"}))
        assert (await guests.hear(teacher, lambda told: cast(told) == [0]))["strangers"]["absent"] == 0

    served(room, tmp_path / "pages", talk)
    assert capsys.readouterr().out.count("NAT=1") == 1


# --- and a server that they meet, in a process of its own -----------------------------------------------------------


@pytest.fixture
def served_apart(file):
    if sys.platform != "linux":
        pytest.skip("guests have addresses of their own on Linux alone")
    with served_class.Served(file) as served:
        yield served


@pytest.mark.slow
def test_a_server_that_is_killed_has_every_vote_that_it_took_and_knows_the_browsers(served_apart):
    url = served_apart.url
    said = asyncio.run(guests.vote_until_killed(url, "C1.P1", 20, served_apart.kill))
    served_apart.start()

    async def kept() -> list[int]:
        rooms = [await guests.voted(url, f"127.0.9.{n + 1}", cookie) for n, cookie in enumerate(said)]
        return [votes.get("C1.P1", [-1])[0] for votes in rooms]

    assert all(value in votes[-2:] for value, votes in zip(asyncio.run(kept()), said.values(), strict=True))
    assert 0 < sum(map(len, said.values())) < 200


def test_the_page_to_vote_on_has_the_questions_and_no_solution():
    text = pages.vote_page([read(ROOT / "notebooks" / "01_motivation.ipynb")])
    assert text.count("widget-view+json") == 4 and text.count('<p class="mtl-setup">') == 3  # a quiz has none
    assert "Show the worked solution" not in text


def test_pages_for_students_have_no_solutions_and_those_of_the_teacher_are_hidden(tmp_path):
    """Neither a chapter nor what is made of it: handout, recap, page to vote on."""
    path = ROOT / "notebooks" / "06_mmoe.ipynb"
    assert any("def solution_best_two" in cell.source for cell in read(path).cells)
    made = pages.write([path], tmp_path)
    told = {page.name: page.read_text(encoding="utf-8") for page in tmp_path.glob("*.html")}
    assert "best_two" in told["06_mmoe.html"]
    assert [name for name, text in told.items() if "solution_" in text] == []
    assert {"teacher.html", *(f"{name}.html" for name in made.decks)} <= made.hidden


def test_what_is_kept_of_pages_is_all_that_a_restart_needs_and_half_of_it_is_nothing(tmp_path):
    made = shelf.Shelf(QUESTIONS, {"class1.html"}, ["class1"])
    assert shelf.load(tmp_path) is None
    shelf.keep(made, tmp_path)
    assert shelf.load(tmp_path) == made
    assert shelf.load(tmp_path).questions["C1.P1"].is_right(10)
    (tmp_path / shelf.WRITTEN).write_text('{"questions": [')
    assert shelf.load(tmp_path) is None


def test_a_restart_loads_nothing_that_reads_notebooks():
    """Which took eleven seconds of a class."""
    code = "import sys, classroom.__main__; print({'nbformat', 'nbconvert', 'pandas'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
