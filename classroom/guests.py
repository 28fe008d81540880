"""Guests of a class, each from an address of its own: voters, and who means no good. For its tests, and a rehearsal.

An address is one of 127.0.0.0/8, all of which Linux has. `url` is that of a class, "http://127.0.0.1:8765".
"""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress

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


async def vote_as(url: str, address: str, cookie: str, id: str, value: float) -> bool:
    """Whether a browser is let in, and its vote is taken. It is gone afterwards. Raises as `connect` and `hear` do."""
    line = await connect(url, address, cookie)
    try:
        return await vote(line, id, value)
    finally:
        line.close()


async def vote_once(url: str, address: str, id: str, value: float) -> bool:
    """Whether a new browser from this address is let in, and its vote is taken. It is gone afterwards."""
    try:
        return await vote_as(url, address, await enter(url, address), id, value)
    except TURNED_AWAY:
        return False


async def voted(url: str, address: str, cookie: str) -> dict[str, list[float | None]]:
    """What the room has of a browser: its votes by question and round."""
    line = await connect(url, address, cookie)
    try:
        return (await hear(line, lambda told: "hello" in told))["mine"]
    finally:
        line.close()


async def honest(url: str, id: str, count: int) -> int:
    """How many of `count` voters, each from an address of its own, have their votes taken; they come at once."""
    votes = [vote_once(url, f"127.0.{1 + n // 250}.{1 + n % 250}", id, 0) for n in range(count)]
    return sum(await asyncio.gather(*votes))


async def vote_until_killed(url: str, id: str, count: int, kill: Callable[[], None]) -> dict[str, list[int]]:
    """What `count` voters said who change their minds while the server is killed, by cookie: votes that were taken, and
    then one that may have been."""
    addresses = [f"127.0.{1 + n // 250}.{1 + n % 250}" for n in range(count)]
    cookies = [await enter(url, address) for address in addresses]
    lines = [await connect(url, *browser) for browser in zip(addresses, cookies, strict=True)]
    said: list[list[int]] = [[] for _ in lines]

    async def change_mind(line: WebSocketClientConnection, votes: list[int]) -> None:
        with suppress(*TURNED_AWAY):
            for value in range(10):
                votes.append(value)
                await vote(line, id, value)

    changes = [asyncio.create_task(change_mind(*pair)) for pair in zip(lines, said, strict=True)]
    while sum(map(len, said)) < 5 * count and not all(change.done() for change in changes):
        await asyncio.sleep(0)
    kill()
    await asyncio.gather(*changes)
    return dict(zip(cookies, said, strict=True))


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
