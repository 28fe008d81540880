"""Guests of a class, each from an address of its own: voters, and who means no good. For its tests, and a rehearsal.

An address is one of 127.0.0.0/8, all of which Linux has. `url` is that of a class, "http://127.0.0.1:8765".
"""

import asyncio
import json
from collections.abc import Callable

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.iostream import StreamClosedError
from tornado.websocket import WebSocketClientConnection, WebSocketClosedError, WebSocketError, websocket_connect

PATIENCE = 30  # seconds for an answer
TURNED_AWAY = (HTTPClientError, StreamClosedError, WebSocketError, WebSocketClosedError, ConnectionError)


async def enter(url: str, address: str) -> str:
    """Open the page for phones in a new browser: the cookie that it is given."""
    page = await AsyncHTTPClient().fetch(HTTPRequest(f"{url}/", network_interface=address))
    return page.headers["Set-Cookie"].partition(";")[0]


async def connect(url: str, address: str, cookie: str) -> WebSocketClientConnection:
    """The line of a page to the room. Raises one of TURNED_AWAY where it is refused."""
    room, headers = url.replace("http", "ws", 1) + "/room", {"Cookie": cookie}
    return await websocket_connect(HTTPRequest(room, headers=headers, network_interface=address))


async def hear(line: WebSocketClientConnection, known: Callable[[dict], object]) -> dict:
    """The next message for which `known` holds. Raises WebSocketClosedError where the line ends before."""
    while (text := await asyncio.wait_for(line.read_message(), PATIENCE)) is not None:
        if known(told := json.loads(text)):
            return told
    raise WebSocketClosedError


async def vote(line: WebSocketClientConnection, id: str, value: float) -> bool:
    """Whether a vote was taken, and its browser told so."""
    await line.write_message(json.dumps({"vote": id, "value": value}))
    return "taken" in await hear(line, lambda told: told.get("taken") == id or "refused" in told)


async def vote_once(url: str, address: str, id: str, value: float) -> bool:
    """Whether a new browser from this address is let in, and its vote is taken. It is gone afterwards."""
    try:
        line = await connect(url, address, await enter(url, address))
        try:
            return await vote(line, id, value)
        finally:
            line.close()
    except TURNED_AWAY:
        return False


async def honest(url: str, id: str, count: int) -> int:
    """How many of `count` voters, each from an address of its own, have their votes taken; they come at once."""
    votes = [vote_once(url, f"127.0.{1 + n // 250}.{1 + n % 250}", id, 0) for n in range(count)]
    return sum(await asyncio.gather(*votes))


async def stuff(url: str, address: str, id: str, count: int) -> int:
    """How many votes of one who has `count` browsers are taken."""
    return sum([await vote_once(url, address, id, 1) for _ in range(count)])


async def hold(url: str, address: str, count: int) -> list[WebSocketClientConnection]:
    """The lines that one gets who opens `count`, of as many browsers, and keeps them."""
    lines = []
    for _ in range(count):
        try:
            lines.append(await connect(url, address, await enter(url, address)))
        except TURNED_AWAY:
            continue
    return lines
