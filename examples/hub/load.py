"""A class on a hub, simulated: each student logs in, gets a server, opens a notebook, and all press Run All at once.

usage: python examples/hub/load.py PASSWORDS [--hub URL] [--notebook 04_shared_bottom.ipynb] [--cells N]

PASSWORDS is the file that `docs/hub.md` makes: in each line the account of a student, a colon and the password. Prints
seconds, memory and errors. Only for a hub on this machine.
"""

import argparse
import asyncio
import json
import sys
import time
import uuid
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from tornado.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse
from tornado.websocket import websocket_connect

MEMORY = "import resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)"  # megabytes at most


class Student:
    def __init__(self, name: str, password: str, hub: str):
        self.name, self.password, self.hub = name, password, hub
        self.headers: dict[str, str] = {}
        self.cookies = SimpleCookie()
        self.errors: list[str] = []
        self.seconds: dict[str, float] = {}
        self.megabytes = 0

    async def fetch(self, method: str, path: str, body: str | None = None) -> HTTPResponse:
        """What the hub answers, whatever it is. As in a browser, cookies are kept and sent."""
        cookies = "; ".join(f"{name}={cookie.coded_value}" for name, cookie in self.cookies.items())
        options = {"follow_redirects": False, "request_timeout": 120, "connect_timeout": 60}
        request = HTTPRequest(self.hub + path, method, self.headers | {"Cookie": cookies}, body, **options)
        answer = await AsyncHTTPClient().fetch(request, raise_error=False)
        for cookie in answer.headers.get_list("Set-Cookie"):
            self.cookies.load(cookie)
        return answer

    async def ask(self, method: str, path: str, body: dict | None = None) -> dict:
        answer = await self.fetch(method, path, json.dumps(body or {}) if method == "POST" else None)
        if answer.code >= 400:
            raise OSError(f"{method} {path}: {answer.code} {answer.reason}")
        return json.loads(answer.body) if answer.body else {}

    async def log_in(self) -> HTTPResponse:
        """What the hub answers to the form of its page, filled in and sent: 302 to whom it lets in, else 403."""
        await self.fetch("GET", "/hub/login")
        form = {"username": self.name, "password": self.password, "_xsrf": self.cookies["_xsrf"].value}
        return await self.fetch("POST", "/hub/login", urlencode(form))

    async def arrive(self) -> None:
        """Log in by the form, which starts the server, and wait until it has started."""
        start = time.monotonic()
        answer = await self.log_in()
        if answer.code != 302:
            raise OSError(f"not let in: {answer.code} {answer.reason}")
        await self.fetch("GET", answer.headers["Location"])
        await self.fetch("GET", "/hub/token")
        self.headers = {"X-XSRFToken": self.cookies["_xsrf"].value, "Content-Type": "application/json"}
        token = (await self.ask("POST", f"/hub/api/users/{self.name}/tokens"))["token"]
        self.headers, self.cookies = {"Authorization": f"token {token}"}, SimpleCookie()
        while not (await self.ask("GET", f"/hub/api/users/{self.name}"))["servers"].get("", {}).get("ready"):
            if time.monotonic() - start > 300:
                raise TimeoutError("no server in 300 s")
            await asyncio.sleep(0.5)
        self.seconds["server"] = time.monotonic() - start

    async def run_all(self, notebook: str, cells: int | None = None) -> None:
        """Open the notebook as JupyterLab does and run its cells, or the first of them, one after the other."""
        mine = f"/user/{self.name}/api"
        book = (await self.ask("GET", f"{mine}/contents/{notebook}"))["content"]
        asked = {"path": notebook, "name": notebook, "type": "notebook", "kernel": {"name": "python3"}}
        kernel = (await self.ask("POST", f"{mine}/sessions", asked))["kernel"]["id"]
        address = f"{self.hub.replace('http', 'ws', 1)}{mine}/kernels/{kernel}/channels"
        socket = await websocket_connect(HTTPRequest(address, headers=self.headers), max_message_size=1 << 28)
        start = time.monotonic()
        for cell in [cell for cell in book["cells"] if cell["cell_type"] == "code"][:cells]:
            await self.execute(socket, cell["source"])
        self.seconds["cells"] = time.monotonic() - start
        self.megabytes = int(await self.execute(socket, MEMORY))
        socket.close()

    async def execute(self, socket, code: str) -> str:
        """What a cell prints."""
        identity = uuid.uuid4().hex
        header = {
            "msg_id": identity,
            "msg_type": "execute_request",
            "username": "",
            "session": self.name,
            "version": "5",
        }
        content = {"code": code, "silent": False, "allow_stdin": False}
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
        await socket.write_message(json.dumps(message))
        printed, waiting = "", {"execute_reply", "idle"}
        while waiting:
            heard = await asyncio.wait_for(socket.read_message(), 600)
            if heard is None:
                raise OSError("the kernel's connection ended")
            if isinstance(heard, bytes):  # a widget's buffers
                continue
            said = json.loads(heard)
            if said["parent_header"].get("msg_id") != identity:
                continue
            if said["msg_type"] == "stream":
                printed += said["content"]["text"]
            elif said["msg_type"] == "error":
                self.errors.append(f"{said['content']['ename']}: {said['content']['evalue']}")
            waiting -= {said["msg_type"], said["content"].get("execution_state", "")}
        return printed

    async def leave(self) -> None:
        await self.ask("DELETE", f"/hub/api/users/{self.name}/server")


async def together(students: list[Student], act) -> None:
    """All at once. What goes wrong for one is that student's."""
    for student, error in zip(students, await asyncio.gather(*map(act, students), return_exceptions=True), strict=True):
        if error is not None:
            student.errors.append(repr(error))


async def give_class(students: list[Student], notebook: str, cells: int | None = None) -> None:
    """What happens to each is then in its `errors`, `seconds` and `megabytes`."""
    await together(students, Student.arrive)
    await together(students, lambda student: student.run_all(notebook, cells))
    await together(students, Student.leave)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("passwords", type=Path, help="Log in those of this file, with NAME:PASSWORD in each line.")
    parser.add_argument(
        "--hub", default="http://127.0.0.1:8000", help="Ask this hub, on this machine (default: %(default)s)."
    )
    parser.add_argument(
        "--notebook", default="04_shared_bottom.ipynb", help="Open this notebook (default: %(default)s)."
    )
    parser.add_argument("--cells", type=int, help="Run so many of its code cells; all of them if not given.")
    options = parser.parse_args()
    if urlsplit(options.hub).hostname not in ("127.0.0.1", "localhost", "::1"):
        parser.error(f"--hub is {options.hub!r}, expected one on this machine")
    accounts = [line.partition(":") for line in options.passwords.read_text(encoding="utf-8").splitlines()]
    students = [Student(name, password, options.hub.rstrip("/")) for name, _, password in accounts]
    asyncio.run(give_class(students, options.notebook, options.cells))
    for part in ("server", "cells"):
        seconds = sorted(student.seconds[part] for student in students if part in student.seconds)
        if seconds:
            print(f"{part}: {seconds[len(seconds) // 2]:.0f} s in the middle, {seconds[-1]:.0f} s at most")
    print(f"kernel: {max(student.megabytes for student in students)} MB at most")
    wrong = {student.name: student.errors for student in students if student.errors}
    print(f"{len(students) - len(wrong)} of {len(students)} students without an error")
    for name, errors in wrong.items():
        print(f"  {name}: {errors[0]}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
