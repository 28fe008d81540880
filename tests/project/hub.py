"""Accounts and a hub of this machine, as `docs/hub.md` sets them up, for a while. For the hub's tests, and a rehearsal.

Nothing stands in for anything but the ports and, where students cannot run this Python (one below /root), the user that
servers run as.
"""

import grp
import os
import pwd
import re
import shutil
import stat
import subprocess
import sys
import textwrap
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from tests.ports import free_port

ROOT = Path(__file__).parents[2]
GROUPS = ("students", "teachers")
PORTS = """
load_subconfig("{course}")
c = get_config()
c.JupyterHub.hub_bind_url = "http://127.0.0.1:{hub}"
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy}"
"""
AS_ROOT = """
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = "/home/{username}"
c.Spawner.args += ["--allow-root"]
"""


class Accounts(NamedTuple):
    """Names of students, of a teacher, and of one who is in neither group; and their passwords."""

    students: list[str]
    teacher: str
    stranger: str
    passwords: dict[str, str]


def lacking() -> str:
    """What a hub needs and this machine has not, in a sentence; "" if it has all."""
    if sys.platform != "linux" or os.geteuid():
        return "a hub starts servers as their users, which needs root on Linux"
    if not shutil.which("configurable-http-proxy"):
        return "the hub needs configurable-http-proxy (on Debian: apt-get install node-configurable-http-proxy)"
    return ""


def run(*words: str, **options) -> subprocess.CompletedProcess:
    return subprocess.run(words, capture_output=True, text=True, check=True, **options)


def named(prefix: str, count: int) -> tuple[list[str], str, str]:
    """The names of `count` students, of a teacher, and of one who is in neither group."""
    return [f"{prefix}{i}" for i in range(count)], f"{prefix}teacher", f"{prefix}stranger"


def taken(prefix: str, count: int) -> str:
    """That accounts of these names are there, in a sentence; "" if none is."""
    students, *others = named(prefix, count)
    there = sorted({*students, *others} & {user.pw_name for user in pwd.getpwall()})
    return f"{len(there)} accounts of this machine have such names, and are not touched: {there[0]} …" if there else ""


def members(group: str) -> set[str]:
    """The accounts in a group of this machine, if it has it."""
    return {name for one in grp.getgrall() if one.gr_name == group for name in one.gr_mem}


@contextmanager
def accounts(prefix: str, count: int) -> Iterator[Accounts]:
    """A class of this machine, made as in the text and removed afterwards: `prefix` and a number for each of `count`
    students. Raises FileExistsError where one of the names is taken: that account is not touched."""
    if there := taken(prefix, count):
        raise FileExistsError(there)
    students, teacher, stranger = named(prefix, count)
    new_groups = set(GROUPS) - {group.gr_name for group in grp.getgrall()}
    loop = re.search(r"```\n( *groupadd .*?)```", (ROOT / "docs" / "hub.md").read_text(encoding="utf-8"), re.DOTALL)
    try:
        with TemporaryDirectory() as folder:
            (Path(folder) / "names.txt").write_bytes("\r\n".join(students).encode())  # as Windows writes it
            run("bash", "-euc", textwrap.dedent(loop[1]), cwd=folder)
            kept = Path(folder) / "passwords.txt"
            assert stat.S_IMODE(kept.stat().st_mode) == 0o600
            passwords = dict(line.split(":") for line in kept.read_text().splitlines())
        for name in (teacher, stranger):
            run("useradd", "--create-home", name)
            passwords[name] = "of-two-more-1234"
            run("chpasswd", input=f"{name}:{passwords[name]}\n")
        run("usermod", "--append", "--groups", "teachers", teacher)
        yield Accounts(students, teacher, stranger, passwords)
    finally:
        for name in [*students, teacher, stranger]:
            subprocess.run(["userdel", "--force", "--remove", name], stderr=subprocess.DEVNULL)
        for group in new_groups:
            if not members(group):
                subprocess.run(["groupdel", group])


def can_run(student: str) -> bool:
    """Whether an account can run this Python and the course."""
    account = {"user": student, "group": student, "extra_groups": [], "cwd": "/", "env": {"PYTHONPATH": str(ROOT)}}
    try:
        return not subprocess.run([sys.executable, "-c", "import tools.lab"], **account).returncode
    except PermissionError:
        return False


@contextmanager
def running(folder: Path, student: str) -> Iterator[str]:
    """The address of a hub that runs in a folder. Its servers run as root where `student` cannot run this Python.
    Raises RuntimeError with what it wrote if it does not start."""
    public, *ports = (free_port() for _ in range(3))
    first = 20_000 + os.getpid() % 10_000  # below the ports that a system gives out, as in a class
    course = ROOT / "examples" / "hub" / "jupyterhub_config.py"
    config = PORTS.format(course=course, hub=ports[0], proxy=ports[1])
    (folder / "config.py").write_text(config + ("" if can_run(student) else AS_ROOT))
    address = f"http://127.0.0.1:{public}"
    node = {"NODE_PATH": "/usr/share/nodejs"}  # where Debian has the proxy's modules, for a node that is not Debian's
    environment = os.environ | node | {"HUB": address, "FIRST_PORT": str(first)}
    with (folder / "log").open("w") as log:
        command = [sys.executable, "-m", "jupyterhub", "--config", "config.py"]
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(f"{address}/hub/api/", timeout=5)
                break
            except OSError:
                if process.poll() is not None:
                    raise RuntimeError(f"the hub did not start:\n{(folder / 'log').read_text()}") from None
                time.sleep(0.5)
        yield address
    finally:
        process.terminate()
        process.wait(60)


# --- homework -------------------------------------------------------------------------------------------------------


def home(account: str) -> Path:
    return Path(f"~{account}").expanduser()


def write_homework(student: str, notebook: str, text: str) -> Path:
    """A notebook alone in the folder of a student, who owns it."""
    folder = home(student) / "notebooks"
    run("rm", "--recursive", "--force", str(folder))
    folder.mkdir()
    (folder / notebook).write_text(text)
    run("chown", "--recursive", f"{student}:{student}", str(home(student)))
    return folder / notebook


def collect(notebook: str, folder: Path, owner: str) -> str:
    """What the command prints, and what it complains of."""
    command = [sys.executable, "examples/hub/collect.py", notebook, "--to", str(folder), "--owner", owner]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return done.stdout + done.stderr
