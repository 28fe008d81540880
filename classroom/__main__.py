"""`python -m classroom`: see `classroom`."""

import argparse
import asyncio
import datetime
import re
import socket
import sys

import segno

from classroom import __doc__ as ABOUT
from classroom import shelf
from classroom.room import BROWSERS, ONE_ADDRESS, InUse, Room
from classroom.server import listen, load

EVERYWHERE = ("0.0.0.0", "::")
VOTES = shelf.ROOT / "_votes"


def address(host: str) -> str:
    """What to call this machine: its address in the network where the host is all of them."""
    if host not in EVERYWHERE:
        return f"[{host}]" if ":" in host else host
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing: it asks which of our addresses would
            return probe.getsockname()[0]
        except OSError:
            return socket.gethostname()


def name(text: str) -> str:
    if not re.fullmatch(r"[\w-]{1,60}", text):
        raise argparse.ArgumentTypeError("letters, digits, - and _")
    return text


def pages(goes_on: bool) -> shelf.Shelf:
    """What is kept of the pages; where there are none, or old ones, they are written first. A class that goes on does
    not wait for what JupyterLab has saved since."""
    kept = shelf.load()
    if kept and (goes_on or shelf.are_current()):
        return kept
    from classroom import pages as writing  # its imports take longer than all that a restart does
    from tools.notebooks import find

    print("The pages of the class are written, which takes a minute.", flush=True)
    return writing.write(find([shelf.ROOT / "notebooks"]))


async def serve(room: Room, kept: shelf.Shelf, host: str, port: int) -> None:
    files = load(shelf.FOLDER, kept.hidden)
    url = f"http://{address(host)}:{port}/"
    server = listen(room, files, shelf.door(url, kept.decks), host, port)
    print(f"Students: {url}\nTeacher:  {url}teacher?key={room.key}")
    segno.make(url, micro=False).terminal(compact=True)
    if host not in EVERYWHERE and address(host) in ("127.0.0.1", "localhost"):
        print("Only this machine can open it. For a class: HOST=0.0.0.0, or this machine's address in the network.")
    print("Ctrl+C ends the class and says what came of it.", flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        server.stop()


def summary(room: Room) -> str:
    """The questions of a class as a table in Markdown, and below it the minutes that each row of its plan took."""
    names = ["question", "first vote", "second vote", "wrong to right", "right to wrong", "gain", "right"]
    tables = [table(names, room.summary())]
    if took := room.timings():
        tables.append(table(["deck", "planned", "minutes that it took"], took))
    return "\n\n".join(tables)


def table(names: list[str], rows: list[list[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in [names, ["---"] * len(names), *rows])


def today() -> str:
    """The name of a class that was given none: the date. If there are votes of today, its teacher may give another."""
    date = str(datetime.date.today())
    if not (VOTES / f"{date}.jsonl").exists() or not sys.stdin.isatty():
        return date
    while True:
        given = input("There are votes of today. Enter goes on with them; a name, such as group-b, is another class: ")
        try:
            return name(given) if given else date
        except argparse.ArgumentTypeError as error:
            print(f"A name has {error}, 60 at most.")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m classroom", description=ABOUT.splitlines()[0])
    parser.add_argument("--host", default="127.0.0.1", help="Serve at this address; 0.0.0.0 is the whole network.")
    parser.add_argument("--port", type=int, default=8765, help="Serve at this port (default: %(default)s).")
    parser.add_argument("--name", type=name, help="Call the class so (default: the date).")
    parser.add_argument(
        "--behind-nat",
        action="store_true",
        help="Phones reach this machine through a router that gives them one address: "
        f"let {BROWSERS} browsers vote from one, in place of {ONE_ADDRESS}.",
    )
    args = parser.parse_args()
    args.name = args.name or today()
    file = VOTES / f"{args.name}.jsonl"
    try:
        kept = pages(goes_on=file.exists())
        room = Room(kept.questions, file, BROWSERS if args.behind_nat else ONE_ADDRESS)
    except InUse:
        print(f"The class {args.name} is served already: end that with Ctrl+C, or give this one a name, CLASS=group-b.")
        return 1
    except OSError as error:
        print(f"The class cannot begin: {error}")
        return 1
    try:
        asyncio.run(serve(room, kept, args.host, args.port))
    except KeyboardInterrupt:
        pass
    except OSError as error:
        print(f"The class cannot be served at {args.host}, port {args.port}: {error}. Another: PORT={args.port + 1}.")
        return 1
    print(f"\n{summary(room)}\n\nThe votes are in {file.relative_to(shelf.ROOT)}. CLASS={args.name} goes on with them.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
