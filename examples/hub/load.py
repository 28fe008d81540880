"""A class on a hub, simulated: each student starts a server, opens a notebook, and all press Run All at once.

usage: python examples/hub/load.py STUDENTS [--hub URL] [--notebook 04_shared_bottom.ipynb] [--cells N]

JUPYTERHUB_API_TOKEN is that of a service with the scopes admin:users, admin:servers and access:servers. Prints seconds,
memory and errors. Only for a hub on this machine.
"""

import argparse
import asyncio
import json
import os
import sys
import time
import uuid
from urllib.parse import urlsplit

from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.websocket import websocket_connect

MEMORY = "import resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)"  # megabytes at most


class Student:
    def __init__(self, name: str, hub: str, token: str):
        self.name, self.hub, self.headers = name, hub, {"Authorization": f"token {token}"}
        self.errors: list[str] = []
        self.seconds: dict[str, float] = {}
        self.megabytes = 0

    async def ask(self, method: str, path: str, body: dict | None = None) -> dict:
        text = json.dumps(body or {}) if method == "POST" else None
        request = HTTPRequest(self.hub + path, method, self.headers, text, request_timeout=120, connect_timeout=60)
        answer = await AsyncHTTPClient().fetch(request, raise_error=False)
        if answer.code >= 400 and answer.code != 409:  # a user who is there
            raise OSError(f"{method} {path}: {answer.code} {answer.reason}")
        return json.loads(answer.body) if answer.body else {}

    async def arrive(self) -> None:
        """Start the server and a kernel for the notebook."""
        start, user = time.monotonic(), f"/hub/api/users/{self.name}"
        await self.ask("POST", user)
        await self.ask("POST", f"{user}/server")
        while not (await self.ask("GET", user))["servers"].get("", {}).get("ready"):
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


async def give_class(number: int, hub: str, token: str, notebook: str, cells: int | None = None) -> list[Student]:
    students = [Student(f"student{i}", hub, token) for i in range(number)]
    await together(students, Student.arrive)
    await together(students, lambda student: student.run_all(notebook, cells))
    await together(students, Student.leave)
    return students


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("students", type=int, help="Simulate so many students.")
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
    token = os.environ["JUPYTERHUB_API_TOKEN"]
    hub = options.hub.rstrip("/")
    students = asyncio.run(give_class(options.students, hub, token, options.notebook, options.cells))
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
