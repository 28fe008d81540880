"""The server of a class: pages from memory, and a WebSocket between each of them and the room."""

import asyncio
import gzip
import hmac
import ipaddress
import json
import logging
import mimetypes
import re
import secrets
import time
from collections import Counter, deque
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from tornado.http1connection import HTTP1ServerConnection
from tornado.httpserver import HTTPServer
from tornado.iostream import IOStream
from tornado.web import Application, HTTPError, RequestHandler
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from classroom.room import Crowded, Refused, Room

try:
    import resource
except ImportError:  # Windows
    resource = None

BODY = 2048  # bytes of a message; no address takes a body
STREAMS = 1500  # pages that are connected
CONNECTIONS = 5000  # with those that load a page: six a phone
FILES = 200  # for all else
IDLE = 10  # seconds that a connection may ask for nothing
STREAMS_OF_ONE = 8  # tabs of one browser
MESSAGES, SECONDS = 20, 10  # of a page, at most
# of one address, for each browser that may vote from it: pages that are connected, connections, messages in `SECONDS`
STREAMS_EACH, CONNECTIONS_EACH, MESSAGES_EACH = 2, 6, 5
PING = 15  # seconds; `room.js` waits three times as long
SLOWER = 180  # seconds for which the teacher sees that a student asked to go slower
PAUSE = 0.2  # seconds between two tallies to the teacher
CELL = re.compile(r'id="cell-id=([\w-]+)"')
COOKIE = "teacher"
BROWSER = "browser"  # the cookie with a number of this browser, signed, and nobody's name
HEADERS = {
    "Cache-Control": "no-cache",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class File:
    """A page or what it loads, in memory, with its short form for browsers that take it."""

    def __init__(self, name: str, content: bytes, hidden: bool) -> None:
        self.kind = mimetypes.MimeTypes().guess_type(name)[0] or "application/octet-stream"
        self.content, self.short, self.hidden = content, gzip.compress(content, 6), hidden

    def cells(self) -> list[str]:
        """The ids of the cells on a page for students."""
        return [] if self.hidden or self.kind != "text/html" else CELL.findall(self.content.decode())


def load(folder: Path, hidden: set[str]) -> dict[str, File]:
    """All files of a folder by the path that asks for them; those that are `hidden` are the teacher's alone."""
    paths = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: File(name, path.read_bytes(), name in hidden) for name, path in paths.items()}


def network(address: str) -> str:
    """What limits hold for: an address, or of IPv6 the /64, any address of which a client may take. (So guests who come
    by IPv6 from the network of this machine are one, as behind a router.)"""
    ip = ipaddress.ip_address(address.partition("%")[0])
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return str(ip if ip.version == 4 else ipaddress.ip_network(f"{ip}/64", strict=False))


class Class:
    """A room, the pages of the class, and the pages that are connected."""

    def __init__(self, room: Room, files: dict[str, File], door: dict) -> None:
        self.room, self.files, self.door = room, files, door
        self.students: set[Line] = set()
        self.teachers: set[Line] = set()
        self.places = {cell: f"{name}#cell-id={cell}" for name, file in files.items() for cell in file.cells()}
        self.wall: dict = {}  # the slide that is shown: deck, row, cell, slide, of
        self.tallied: dict[str, None] = {}  # questions that the teacher is to hear of
        self.slower: dict[str, float] = {}  # when a browser asked for it
        self.due = False
        self.said: Counter[str] = Counter()  # messages by origin
        self.until = 0.0  # when that is counted anew
        self.advised = False

    def origin(self, handler: RequestHandler) -> str:
        """What stands for the address of a guest: the file of the class has no addresses."""
        address = network(handler.request.remote_ip)
        return hmac.digest(self.room.key.encode(), address.encode(), "sha256").hex()[:12]

    def is_flooded(self, origin: str) -> bool:
        """Count a message or a new line from there: whether there are too many."""
        now = time.monotonic()
        if now >= self.until:
            self.said.clear()
            self.until = now + SECONDS
        self.said[origin] += 1
        return self.said[origin] > MESSAGES_EACH * self.room.of_one

    def advise(self) -> None:
        """Say once what the teacher can do if it was the class that was refused."""
        if not self.advised:
            print(
                f"Guests of one address are refused: {self.room.of_one} browsers may vote from one. "
                "If a router gives all phones one address, start again with NAT=1 (--behind-nat).",
                flush=True,
            )
        self.advised = True

    def is_teacher(self, handler: RequestHandler) -> bool:
        return secrets.compare_digest(handler.get_cookie(COOKIE, "").encode(), self.room.key.encode())

    def present(self) -> set[str]:
        return {line.who for line in self.students}

    def strangers(self) -> dict:
        """Those whose votes the teacher may not want: who is gone, and of whom many came from one address."""
        crowds = self.room.crowds() | dict.fromkeys(self.room.shut, 0)
        return {"absent": len(self.room.origins.keys() - self.present()), "crowds": crowds, "most": self.room.of_one}

    def act(self, what: str, id: str) -> None:
        """What the teacher does: to a question, to guests, or on the wall: a slide was turned, or a row is wanted."""
        if what == "wall":
            self._turned(id)
        elif what == "jump":
            self.tell(self.teachers, jump=id)
        elif what == "forget":
            self.room.forget(self.room.origins.keys() - self.present())
            self.tell_teachers(*self.room.rounds)
        elif what == "shut":
            self.room.toggle_shut(id)
            self.tell_teachers(*self.room.rounds)
            for line in [line for line in self.students if line.origin == id]:
                line.close()
        else:
            self.room.act(what, id)
            self.tell_teachers(id)
            self.tell_all(**{"cleared": id} if what == "clear" else {})

    def _turned(self, slide: dict) -> None:
        if not isinstance(slide, dict):
            raise Refused("no slide")
        self.wall = slide
        if slide.get("begins"):
            self.room.begin(slide.get("deck", ""))
        if re.fullmatch(r"plan-[\d-]+", row := str(slide.get("row", ""))):
            self.room.turn(str(slide.get("deck", "")), row)
        self.tell(self.teachers, wall=self.clock())
        self.tell(self.students, link=self.link())

    def clock(self) -> dict:
        """The slide on the wall, and since when its deck has been shown, in seconds."""
        began = self.room.began.get(self.wall.get("deck", ""))
        return self.wall | {"elapsed": began and time.time() - began}

    def link(self) -> str:
        """Where students find what is on the wall, or ""."""
        return self.places.get(self.wall.get("cell", ""), "")

    def tell_all(self, **more) -> None:
        self.tell([*self.students, *self.teachers], state=self.room.state(), **more)

    def tell(self, lines: Iterable["Line"], **what) -> None:
        message = json.dumps(what)
        for line in list(lines):
            line.tell(message)

    def tell_teachers(self, *ids: str) -> None:
        """Soon, so that a hundred votes of one second are a few messages."""
        self.tallied |= dict.fromkeys(ids)
        if not self.due and self.teachers:
            self.due = True
            asyncio.get_running_loop().call_later(PAUSE, self._tell_teachers)

    def _tell_teachers(self) -> None:
        ids, self.tallied, self.due = self.tallied, {}, False
        self.slower = {who: at for who, at in self.slower.items() if at > time.monotonic() - SLOWER}
        told = {"present": len(self.present()), "strangers": self.strangers(), "slower": len(self.slower)}
        message = json.dumps(told | {"tallies": {id: self.room.tally(id) for id in ids}})
        for line in self.teachers:
            line.tell(message)


class Page(RequestHandler):
    """A page, by its exact name: what is not in memory is not there."""

    def initialize(self, room: Class) -> None:
        self.room = room

    def set_default_headers(self) -> None:
        self.clear_header("Server")
        for name, value in HEADERS.items():
            self.set_header(name, value)

    def get(self, name: str) -> None:
        file = self.room.files.get(name or "vote.html")
        if file is None or (file.hidden and not self.room.is_teacher(self)):
            raise HTTPError(404)
        if file.kind == "text/html" and not self.get_signed_cookie(BROWSER):
            self.set_signed_cookie(BROWSER, secrets.token_hex(16), httponly=True, samesite="Lax")
        text = file.kind.startswith("text/") or file.kind.endswith("javascript")
        self.set_header("Content-Type", file.kind + ("; charset=utf-8" if text else ""))
        self.set_header("Vary", "Accept-Encoding")
        if "gzip" in self.request.headers.get("Accept-Encoding", ""):
            self.set_header("Content-Encoding", "gzip")
            self.write(file.short)
        else:
            self.write(file.content)

    head = get

    def write_error(self, status_code: int, **about) -> None:
        self.finish(f"{status_code}")


class Key(Page):
    """The teacher's key opens the teacher's pages in this browser."""

    def get(self) -> None:
        if not secrets.compare_digest(self.get_query_argument("key", "").encode(), self.room.room.key.encode()):
            raise HTTPError(403)
        self.set_cookie(COOKIE, self.room.room.key, httponly=True, samesite="Lax")
        self.redirect("/teacher.html")

    head = get


class Line(WebSocketHandler):
    """A page of a student, or of the teacher: the cookie tells. Only pages of this address get in (`check_origin`)."""

    def initialize(self, room: Class) -> None:
        self.room, self.teacher, self.origin = room, room.is_teacher(self), room.origin(self)
        self.said: deque[float] = deque(maxlen=MESSAGES)

    def prepare(self) -> None:
        self.who = (self.get_signed_cookie(BROWSER) or b"").decode()
        if self.teacher:
            return
        if not self.who or self.origin in self.room.room.shut:
            raise HTTPError(403)
        tabs = sum(line.who == self.who for line in self.room.students)
        beside = sum(line.origin == self.origin for line in self.room.students)
        if beside >= STREAMS_EACH * self.room.room.of_one or self.room.is_flooded(self.origin):
            self.room.advise()
            raise HTTPError(503)
        if len(self.room.students) >= STREAMS or tabs >= STREAMS_OF_ONE:
            raise HTTPError(503)

    def write_error(self, status_code: int, **about) -> None:
        self.finish(f"{status_code}")

    def open(self) -> None:
        room = self.room.room
        hello = {"hello": "student", "mine": room.mine(self.who), "state": room.state(), "link": self.room.link()}
        if self.teacher:
            questions = {id: question._asdict() for id, question in room.questions.items()}
            tallies = {id: room.tally(id) for id in questions}
            hello |= {"hello": "teacher", "questions": questions, "tallies": tallies, "door": self.room.door}
            hello["wall"] = self.room.clock()
        (self.room.teachers if self.teacher else self.room.students).add(self)
        self.tell(json.dumps(hello))
        self.room.tell_teachers()

    def on_close(self) -> None:
        self.room.teachers.discard(self)
        self.room.students.discard(self)
        self.room.tell_teachers()

    def on_pong(self, data: bytes) -> None:
        self.tell("{}")  # a page sees no ping, and takes silence for a lost connection

    def on_message(self, message: str | bytes) -> None:
        now = time.monotonic()
        hasty = len(self.said) == MESSAGES and now - self.said[0] < SECONDS
        if not self.teacher and (hasty or self.room.is_flooded(self.origin)):
            self.close(1008, "too many messages")
            return
        self.said.append(now)
        try:
            asked = json.loads(message)
            if not isinstance(asked, dict):
                raise Refused("not a message")
            if self.teacher:
                self.room.act(asked.get("do"), asked.get("id"))
            elif "vote" in asked:
                self._vote(asked["vote"], asked.get("value"))
            elif "slower" in asked:
                self.room.slower[self.who] = time.monotonic()
                self.room.tell_teachers()
        except Refused as error:
            if isinstance(error, Crowded):
                self.room.advise()
            self.tell(json.dumps({"refused": str(error)}))
        except (ValueError, RecursionError):
            self.tell(json.dumps({"refused": "not a message"}))
        except OSError as error:
            print(f"A vote could not be kept: {error}", flush=True)
            self.tell(json.dumps({"refused": "it could not be kept"}))

    def _vote(self, id: str, value: float) -> None:
        number = self.room.room.vote(self.who, id, value, self.origin)
        self.tell(json.dumps({"taken": id, "round": number, "value": value}))
        self.room.tell_teachers(id)

    def tell(self, message: str) -> None:
        with suppress(WebSocketClosedError):  # it has just gone, and comes back by itself
            self.write_message(message).add_done_callback(lambda written: written.cancelled() or written.exception())


class Server(HTTPServer):
    """Refuses further connections where there are too many, or of one address: a file is left for each vote."""

    room: Class
    most: int
    of: Counter[str]  # connections by address, without those that have become a line

    def handle_stream(self, stream: IOStream, address: tuple) -> None:
        of_one = self.of[network(address[0])]
        whole = len(self._connections) + len(self.room.students) + len(self.room.teachers)
        if whole >= self.most or of_one >= CONNECTIONS_EACH * self.room.room.of_one:
            stream.close()
        else:
            self.of[network(address[0])] += 1
            super().handle_stream(stream, address)

    def on_close(self, server_conn: HTTP1ServerConnection) -> None:
        super().on_close(server_conn)
        self.of[network(server_conn.context.address[0])] -= 1


def connections() -> int:
    """How many this process may have. Each is a file, of which it has 1024 at first, or 256, and may ask for more."""
    if not resource:
        return CONNECTIONS
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS + FILES
    files = max(now, wanted if most == resource.RLIM_INFINITY else min(most, wanted))
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, most))
    return min(files, wanted) - FILES


def listen(room: Room, files: dict[str, File], door: dict, host: str, port: int) -> HTTPServer:
    """Serve a class at an address. Raises OSError where it is taken."""
    logging.getLogger("tornado").setLevel(logging.ERROR)  # of what guests send there is nothing to say
    about = {"room": Class(room, files, door)}
    application = Application(
        [("/room", Line, about), ("/teacher", Key, about), ("/(.*)", Page, about)],
        cookie_secret=room.key,
        websocket_max_message_size=BODY,
        websocket_ping_interval=PING,
        websocket_ping_timeout=PING,
        log_function=lambda handler: None,
    )
    limits = {"max_body_size": BODY, "max_header_size": 4 * BODY, "idle_connection_timeout": IDLE, "body_timeout": IDLE}
    server = Server(application, **limits)
    server.room, server.most, server.of = about["room"], connections(), Counter()
    server.listen(port, host)
    return server
