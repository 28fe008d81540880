"""Tomorrow's class on this machine: `python -m classroom.rehearse` plays it, and prints what held and what was lost.

Guests, homework and servers are those of the tests, more of them at once. What needs what this machine has not (root,
bubblewrap, Chromium) is not tried, and said so.
"""

import argparse
import asyncio
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from tools.notebooks import ROOT

NOTEBOOK = "02_weighted_cross_entropy.ipynb"
PREFIX = "rehearsal"  # of the accounts that are made and removed
VOTERS = 40
HOUR = 3600  # seconds for marking: it takes minutes
SHORT = ("00_start_here", "02_weighted_cross_entropy", "02_three_losses")  # right notebooks of a short rehearsal
RESULTS = {True: "held", False: "LOST", None: "not tried"}
Rows = Iterator[tuple[bool | None, str]]  # whether it held, None if it was not tried; and what


def say(text: str) -> None:
    """What goes on."""
    print(text, file=sys.stderr, flush=True)


# --- the hub --------------------------------------------------------------------------------------------------------


def lacking() -> str:
    """Why no hub can be tried here; "" if it can."""
    if sys.platform != "linux":
        return "a hub needs Linux"
    from tests.project import hub

    return hub.lacking() or hub.taken(PREFIX, VOTERS)


def logins(short: bool, folder: Path) -> Rows:
    """Students log in by the form, and some of them open a notebook at once and press Run All."""
    if missing := lacking():
        yield None, missing
        return
    from examples.hub.load import Student, give_class
    from tests.project import hub

    async def answers(students: list[Student]) -> list[int]:
        return [answer.code for answer in await asyncio.gather(*(student.log_in() for student in students))]

    count, seats = (3, 2) if short else (VOTERS, 10)
    with hub.accounts(PREFIX, count) as (names, _, stranger, passwords), hub.running(folder, names[0]) as url:
        let_in = asyncio.run(answers([Student(name, passwords[name], url) for name in names])).count(302)
        yield let_in == count, f"{let_in} of {count} students log in by the form"
        others = [Student(names[0], passwords[names[1]], url), Student(stranger, passwords[stranger], url)]
        codes = asyncio.run(answers(others))
        yield codes == [403, 403], f"another's password, and who is in no group, are refused ({codes})"
        if not hub.can_run(names[0]):
            yield None, f"servers run as their students: these cannot run {sys.executable}, so they run as root"
        students = [Student(name, passwords[name], url) for name in names[:seats]]
        asyncio.run(give_class(students, NOTEBOOK, 5 if short else None))
        errors = [student.errors[0] for student in students if student.errors]
        done = f"{seats - len(errors)} of {seats} open {NOTEBOOK} at once and run {'5' if short else 'all'} cells"
        yield not errors, "; ".join([done, *errors[:1]])


def homework(short: bool, folder: Path) -> Rows:
    """What is in the students' homes is collected, but no link."""
    if missing := lacking():
        yield None, missing
        return
    from tests.project import hub

    if others := hub.members("students"):
        yield None, f"the group students has {len(others)} accounts, whose homework is not read for a rehearsal"
        return
    with hub.accounts(PREFIX, 3 if short else VOTERS) as ((eve, *names), teacher, *_):
        for name in names:
            hub.write_homework(name, NOTEBOOK, f"of {name}")
        (secret := folder / "secret").write_text("root's own")
        secret.chmod(0o600)
        link = hub.write_homework(eve, NOTEBOOK, "")
        link.unlink()
        link.symlink_to(secret)
        said = hub.collect(NOTEBOOK, folder / "in", teacher)
        made = [folder / "in", *(folder / "in").rglob("*")]
        kept = {path.parent.name: path.read_text() for path in made if path.is_file()}
        whole = sum(kept.get(name) == f"of {name}" for name in names)
        yield whole == len(names), f"{whole} of {len(names)} notebooks are collected from homes, each its student's"
        refused = f"{eve}: {NOTEBOOK} is a link" in said and eve not in kept
        yield refused, "a link to a file of root's is refused by name"
        yield not any(path.stat().st_mode & 0o077 for path in made), "what was collected is for the teacher alone"


# --- marks ----------------------------------------------------------------------------------------------------------


def file_state(folder: Path) -> dict[Path, tuple]:
    """What would be other if anything below had changed."""
    stats = {path: path.lstat() for path in folder.rglob("*")}
    return {path: (stat.st_mode, stat.st_size, stat.st_mtime_ns) for path, stat in stats.items()}


def marks(short: bool, folder: Path) -> Rows:
    """Right and hostile notebooks are marked together, by the command."""
    from classroom.handin import walls
    from tests.classroom import homework

    try:
        walls.command()
    except walls.Missing as missing:
        yield None, str(missing)
        return
    home, out = folder / "home", folder / "marks"
    (handed_in := home / "class").mkdir(parents=True)
    (aim := home / ".bashrc").write_text("# mine")
    targets = homework.Targets(home)
    chapters = [homework.CHAPTERS[stem] for stem in (SHORT if short else homework.CHAPTERS)]
    right = [f"{chapter.path.stem}.ipynb" for chapter in chapters[1:]] + ["学" * 82 + ".ipynb"]
    for name, chapter in zip(right, chapters[1:] + chapters[:1], strict=True):
        notebook = homework.as_written(handed_in, name, chapter)
    ways, deceptions = list(homework.HOSTILE), list(homework.DECEIVES)
    if short:
        ways = [way for way in ways if homework.HOSTILE[way][1] != homework.TIME_OUT][1::4]
        deceptions = deceptions[1::4]
    hostile = [*homework.odd_files(handed_in, notebook, aim)]
    hostile += homework.hostile_ones(handed_in, targets, ways, deceptions)
    before = file_state(home)
    command = [sys.executable, "-m", "classroom.handin", str(handed_in), "--out", str(out)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    stop = threading.Timer(HOUR, process.kill)
    try:
        stop.start()
        for line in process.stdout:
            say(f"  {line.rstrip()[:150]}")
        ended = process.wait() == 0
    finally:
        stop.cancel()
        process.kill()
    table = pd.read_csv(out / "marks.csv", dtype=str, keep_default_na=False).set_index("notebook")
    rows = set(table.index) == {*right, *hostile}
    yield ended and rows, f"{len(table)} of {len(right) + len(hostile)} notebooks and what looks like one have a row"
    full = table.loc[table.index.isin(right) & (table["passed"] == table["of"]) & (table["remark"] == "")]
    yield len(full) == len(right), f"{len(full)} of {len(right)} right notebooks have full marks and no remark"
    clean = [name for name in table.index.intersection(hostile) if table.loc[name, "passed"] not in ("", "0")]
    yield not clean, f"{len(clean)} of {len(hostile)} hostile ones pass clean {', '.join(clean)}".strip()
    harm = targets.harm() + (["files changed"] if file_state(home) != before else [])
    yield not harm, f"no file is changed, no port reached, no program left{': ' * bool(harm)}{', '.join(harm)}"


# --- the class server -----------------------------------------------------------------------------------------------


def votes(short: bool, folder: Path) -> Rows:
    """All vote while one stuffs the box and one holds lines; then the server is killed in mid-vote."""
    if sys.platform != "linux":
        yield None, "guests have addresses of their own on Linux alone"
        return
    from classroom import guests
    from classroom.room import ONE_ADDRESS, Room
    from classroom.server import STREAMS_EACH
    from tests.classroom.served_class import NUMBER, OPTIONS, QUESTIONS, Served

    async def crowd() -> tuple[int, int, int]:
        lines = await guests.hold(served.url, "127.0.0.66", hold)
        stuff = guests.stuff(served.url, "127.0.0.67", OPTIONS.id, send)
        return len(lines), *await asyncio.gather(stuff, guests.honest(served.url, OPTIONS.id, VOTERS))

    async def kept(cookies: list[str]) -> list[float]:
        rooms = [await guests.voted(served.url, f"127.0.9.{n + 1}", cookie) for n, cookie in enumerate(cookies)]
        return [room.get(NUMBER.id, [-1])[0] for room in rooms]

    hold, send = (200, 100) if short else (1500, 1000)
    with Served(folder / "today.jsonl") as served:
        held, sent, taken = asyncio.run(crowd())
        text = f"{taken} of {VOTERS} votes are taken while one sends {send} ({sent} taken)"
        few = sent <= ONE_ADDRESS and held <= STREAMS_EACH * ONE_ADDRESS
        yield taken == VOTERS and few, f"{text} and one wants {hold:,} lines ({held} held)"
        said = asyncio.run(guests.vote_until_killed(served.url, NUMBER.id, VOTERS, served.kill))
        served.start()
        there = asyncio.run(kept(list(said)))
        lost = sum(value not in votes[-2:] for value, votes in zip(there, said.values(), strict=True))
        yield not lost, f"kill -9 in mid-vote and a restart: {lost} of {VOTERS} lose a vote that was confirmed"
    room = Room(QUESTIONS, folder / "today.jsonl")
    before = room.tally(OPTIONS.id)["votes"][0][0]
    room.close()
    yield before == VOTERS, f"{before} of {VOTERS} votes of before are there"


def disk(short: bool, folder: Path) -> Rows:
    """The disk is full in mid-vote, has space again, and the server starts again."""
    from classroom import guests
    from tests.classroom import served_class

    id = served_class.OPTIONS.id

    async def vote_each(addresses: list[str]) -> dict[str, bool]:
        taken = {}
        for address in addresses:
            cookie = await guests.enter(served.url, address)
            taken[cookie] = await guests.vote_as(served.url, address, cookie, id, 0)
        return taken

    async def kept() -> list[bool]:
        browsers = zip(addresses, taken, strict=True)
        return [id in await guests.voted(served.url, address, cookie) for address, cookie in browsers]

    addresses = [f"127.0.1.{n + 1}" for n in range(VOTERS + 1)]
    with ExitStack() as stack:
        try:
            small = stack.enter_context(served_class.small_disk(folder))
        except (OSError, subprocess.CalledProcessError):
            yield None, "a full disk: only root can mount a small one, on Linux"
            return
        served = stack.enter_context(served_class.Served(small / "today.jsonl"))
        rest = served_class.fill(small)
        taken = asyncio.run(vote_each(addresses[:-1]))
        refused = list(taken.values()).count(False)
        rest.unlink()
        taken |= asyncio.run(vote_each(addresses[-1:]))
        served.kill()
        served.start()
        there = asyncio.run(kept())
        wrong = sum(one != other for one, other in zip(there[:-1], taken.values(), strict=False))
        text = f"a full disk refuses {refused} of {VOTERS} votes; with space and after a restart {wrong} are otherwise"
        yield 0 < refused < VOTERS and not wrong, text
        yield there[-1], "the first vote after that is taken, and there after the restart"


# --- JupyterLab -----------------------------------------------------------------------------------------------------


def lab(short: bool, folder: Path) -> Rows:
    """A page that has a twentieth of the CPU."""
    from tests.browser.chromium import CHROMIUM, NAMES

    if not CHROMIUM:
        yield None, f"JupyterLab on a slow machine: none of {', '.join(NAMES)} is on the PATH"
        return
    from playwright.sync_api import sync_playwright

    from tests.browser.lab import FLAGS, Lab
    from tests.browser.slow_page import NUMBER, heard

    (root := folder / "course").mkdir()
    server = Lab(root, folder / "home")
    try:
        with sync_playwright() as play:
            before, after, trouble = heard(play.chromium.launch(executable_path=CHROMIUM, args=FLAGS), server)
    finally:
        server.stop()
    told = after.count("n=7") if before == ["n=0"] * NUMBER else 0
    text = f"at a twentieth of the CPU {told} of {NUMBER} widgets in JupyterLab hear Python"
    yield told == NUMBER and not trouble, "; ".join([text, *trouble[:1]])


PARTS = {"logins": logins, "homework": homework, "marks": marks, "votes": votes, "disk": disk, "lab": lab}


def play_part(part: str, short: bool) -> Rows:
    """What a part says, to its end; an error is lost, too."""
    say(f"{part}: {PARTS[part].__doc__}")
    with TemporaryDirectory(prefix="rehearse-", ignore_cleanup_errors=True) as folder:
        try:
            for held, what in PARTS[part](short, Path(folder)):
                say(f"  {RESULTS[held]}: {what}")
                yield held, what.partition("\n")[0]
        except Exception as error:
            traceback.print_exc()
            yield False, f"it ended before its end: {type(error).__name__}: {error}".partition("\n")[0]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m classroom.rehearse", description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true", help="Play each part with few students and notebooks.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"Play only these, of {', '.join(PARTS)}.")
    options = parser.parse_args(arguments)
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}; expected some of {', '.join(PARTS)}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # accounts and disks are removed on the way
    rows = [(part, *row) for part in options.parts or PARTS for row in play_part(part, options.short)]
    for part, held, what in rows:
        print(f"{RESULTS[held]:10}{part:10}{what}")
    counts = {held: sum(row[1] is held for row in rows) for held in RESULTS}
    print(f"\n{counts[True]} held, {counts[False]} lost, {counts[None]} not tried.")
    return 1 if counts[False] else 0


if __name__ == "__main__":
    sys.exit(main())
