"""A class of ten on a hub of this machine, as `docs/hub.md` sets it up: its accounts, its configuration, its log-in.

Nothing stands in for anything but the ports and, where students cannot run this Python (one below /root), the user that
servers run as.
"""

import asyncio
import os
import pwd
import re
import shutil
import signal
import stat
import subprocess
import sys
import textwrap
import time
import urllib.request
from pathlib import Path

import pytest

from examples.hub import collect
from examples.hub.load import Student, give_class
from tests.ports import free_port

ROOT = Path(__file__).parents[2]
NOTEBOOK = "02_weighted_cross_entropy.ipynb"
PREFIX = f"mtl{os.getpid()}x"
STUDENTS = [f"{PREFIX}{i}" for i in range(10)]
EVE, BOB = STUDENTS[:2]
TEACHER, STRANGER = f"{PREFIX}teacher", f"{PREFIX}stranger"
OTHERS_PASSWORD = "of-two-more-1234"

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("hub")]

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


def run(*words: str, **options) -> subprocess.CompletedProcess:
    return subprocess.run(words, capture_output=True, text=True, check=True, **options)


@pytest.fixture(scope="module")
def passwords(tmp_path_factory):
    """The passwords of ten students, whose accounts are made as in the text, of a teacher, and of one in no group."""
    stop = pytest.fail if os.environ.get("CI") else pytest.skip
    if not shutil.which("configurable-http-proxy"):
        stop("The hub needs configurable-http-proxy (on Debian: apt-get install node-configurable-http-proxy)")
    if sys.platform != "linux" or os.geteuid():
        stop("A hub starts servers as their users, so that its test needs root on Linux")
    folder = tmp_path_factory.mktemp("accounts")
    before = {group for group in ("students", "teachers") if not subprocess.run(["getent", "group", group]).returncode}
    (folder / "names.txt").write_bytes("\r\n".join(STUDENTS).encode())  # as Windows writes it
    loop = re.search(r"```\n( *groupadd .*?)```", (ROOT / "docs" / "hub.md").read_text(encoding="utf-8"), re.DOTALL)
    try:
        run("bash", "-euc", textwrap.dedent(loop[1]), cwd=folder)
        assert stat.S_IMODE((folder / "passwords.txt").stat().st_mode) == 0o600
        known = dict(line.split(":") for line in (folder / "passwords.txt").read_text().splitlines())
        assert list(known) == STUDENTS and len(set(known.values())) == len(STUDENTS)
        for name in (TEACHER, STRANGER):
            run("useradd", "--create-home", name)
            known[name] = OTHERS_PASSWORD
        run("chpasswd", input=f"{TEACHER}:{OTHERS_PASSWORD}\n{STRANGER}:{OTHERS_PASSWORD}\n")
        run("usermod", "--append", "--groups", "teachers", TEACHER)
        yield known
    finally:
        for user in pwd.getpwall():
            if user.pw_name.startswith(PREFIX):
                subprocess.run(["userdel", "--force", "--remove", user.pw_name], stderr=subprocess.DEVNULL)
        for group in {"students", "teachers"} - before:
            subprocess.run(["groupdel", group])


def students_can_run(python: str) -> bool:
    account = {"user": EVE, "group": EVE, "extra_groups": [], "cwd": "/", "env": {"PYTHONPATH": str(ROOT)}}
    try:
        return not subprocess.run([python, "-c", "import tools.lab"], **account).returncode
    except PermissionError:
        return False


@pytest.fixture(scope="module")
def hub(passwords, tmp_path_factory):
    """The address of a hub that runs, and the folder that it runs in."""
    folder = tmp_path_factory.mktemp("hub")
    public, *ports = (free_port() for _ in range(3))
    first = 20_000 + os.getpid() % 10_000  # below the ports that a system gives out, as in a class
    course = ROOT / "examples" / "hub" / "jupyterhub_config.py"
    config = PORTS.format(course=course, hub=ports[0], proxy=ports[1])
    (folder / "config.py").write_text(config + ("" if students_can_run(sys.executable) else AS_ROOT))
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
                assert process.poll() is None, (folder / "log").read_text()
                time.sleep(0.5)
        yield address, folder
    finally:
        process.terminate()
        process.wait(60)


def logged_in(hub, name: str, password: str) -> tuple[Student, int, str]:
    """Somebody who sent the form, and what the hub answered: the status, and where to go next."""
    someone = Student(name, password, hub[0])
    answer = asyncio.run(someone.log_in())
    return someone, answer.code, answer.headers.get("Location", "")


def test_a_student_logs_in_by_the_form_and_is_no_admin(hub, passwords):
    eve, status, next_page = logged_in(hub, EVE, passwords[EVE])
    assert (status, next_page) == (302, "/hub/spawn")
    assert asyncio.run(eve.fetch("GET", "/hub/admin")).code == 403


def test_nobody_logs_in_with_another_password(hub, passwords):
    assert logged_in(hub, EVE, passwords[BOB])[1] == 403


def test_an_account_in_neither_group_is_not_let_in(hub, passwords):
    assert logged_in(hub, STRANGER, passwords[STRANGER])[1] == 403


def test_a_teacher_is_admin(hub, passwords):
    teacher, status, next_page = logged_in(hub, TEACHER, passwords[TEACHER])
    assert (status, next_page) == (302, "/hub/spawn")
    assert asyncio.run(teacher.fetch("GET", "/hub/admin")).code == 200


def test_what_the_hub_remembers_is_for_root_alone(hub):
    assert {path.name for path in hub[1].glob("jupyterhub*")} >= {"jupyterhub.sqlite", "jupyterhub_cookie_secret"}
    assert [path.name for path in hub[1].glob("jupyterhub*") if path.stat().st_mode & 0o077] == []


def test_ten_students_open_a_chapter_and_run_all_at_once(hub, passwords):
    students = [Student(name, passwords[name], hub[0]) for name in STUDENTS]
    asyncio.run(give_class(students, NOTEBOOK))
    assert {student.name: student.errors for student in students if student.errors} == {}
    homes = [Path(f"~{student.name}/notebooks").expanduser() for student in students]
    assert all((home / NOTEBOOK).is_file() and not (home / "helpers").exists() for home in homes)
    assert [home for home in homes if (home / NOTEBOOK).stat().st_mode & 0o077] == []


# --- homework -------------------------------------------------------------------------------------------------------


@pytest.fixture
def homework(passwords, tmp_path):
    """Notebooks of all but the last student, written by their owners; where to collect to."""
    for i, name in enumerate(STUDENTS):
        home = Path(f"~{name}").expanduser()
        run("rm", "--recursive", "--force", f"{home}/notebooks")
        if name != STUDENTS[-1]:
            (home / "notebooks").mkdir()
            (home / "notebooks" / NOTEBOOK).write_text(f"homework {i}")
        run("chown", "--recursive", f"{name}:{name}", str(home))
    return tmp_path / "in"


def collected(folder: Path, owner: str = TEACHER) -> str:
    """What the command prints, and what it complains of."""
    command = [sys.executable, "examples/hub/collect.py", NOTEBOOK, "--to", str(folder), "--owner", owner]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return done.stdout + done.stderr


def test_homework_is_collected_for_one_account_alone(homework):
    said = collected(homework)
    for i, name in enumerate(STUDENTS[:-1]):
        assert (homework / name / NOTEBOOK).read_text() == f"homework {i}"
        assert name not in said
    assert f"{STUDENTS[-1]}: No such file or directory" in said and not (homework / STUDENTS[-1]).exists()
    teacher = pwd.getpwnam(TEACHER).pw_uid
    made = [homework, *homework.rglob("*")]
    assert {(path.is_dir(), stat.S_IMODE(path.stat().st_mode)) for path in made} == {(True, 0o700), (False, 0o600)}
    assert {path.stat().st_uid for path in made} == {teacher}


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "secret"
    path.write_text("root's own")
    path.chmod(0o600)
    return path


def link_to_roots(book: Path, secret: Path):
    book.unlink()
    book.symlink_to(secret)


def link_to_anothers(book: Path, secret: Path):
    public = Path(f"~{BOB}").expanduser()
    public.chmod(0o755)
    book.unlink()
    book.symlink_to(public / "notebooks" / NOTEBOOK)


def folder_is_a_link(book: Path, secret: Path):
    shutil.rmtree(book.parent)
    Path(f"~{BOB}").expanduser().chmod(0o755)
    book.parent.symlink_to(Path(f"~{BOB}/notebooks").expanduser())


def unreadable(book: Path, secret: Path):
    """As a hard link to it would be, where the system allows one."""
    shutil.copy(secret, book)
    os.chown(book, 0, 0)
    book.chmod(0o600)


def pipe(book: Path, secret: Path):
    book.unlink()
    os.mkfifo(book)
    book.chmod(0o666)


def huge(book: Path, secret: Path):
    os.truncate(book, collect.LARGEST + 1)


@pytest.mark.parametrize(
    "trick, word",
    [
        (link_to_roots, "02_weighted_cross_entropy.ipynb is a link"),
        (link_to_anothers, "02_weighted_cross_entropy.ipynb is a link"),
        (folder_is_a_link, "notebooks is a link"),
        (unreadable, "Permission denied"),
        (pipe, "not a file"),
        (huge, "larger than 20 MB"),
    ],
)
def test_what_is_not_the_students_own_file_is_refused(homework, secret, trick, word):
    trick(Path(f"~{EVE}/notebooks").expanduser() / NOTEBOOK, secret)
    said = collected(homework)
    assert re.search(f"^  {EVE}: .*{word}$", said, re.MULTILINE), said
    assert not (homework / EVE).exists()
    assert (homework / BOB / NOTEBOOK).read_text() == "homework 1"


@pytest.mark.parametrize("what", ["sleeps", "is stopped", "is killed"])
def test_nobody_holds_up_the_class(passwords, monkeypatch, what):
    monkeypatch.setattr(collect, "SECONDS", 0.5)
    acts = {
        "sleeps": lambda: time.sleep(60),
        "is stopped": lambda: os.kill(os.getpid(), signal.SIGSTOP),
        "is killed": lambda: os.kill(os.getpid(), signal.SIGKILL),
    }
    with pytest.raises(collect.Refused, match="ended" if what == "is killed" else "not read in 0.5 s"):
        collect.as_student(pwd.getpwnam(EVE), acts[what])


def test_the_process_that_reads_is_the_student_and_out_of_the_students_reach(passwords):
    eve = pwd.getpwnam(EVE)

    def look() -> bytes:
        owner = os.stat("/proc/self/mem").st_uid  # root's, where the process cannot be traced
        return f"{os.getresuid()} {os.getresgid()} {os.getgroups()} {owner}".encode()

    uid, gid = (eve.pw_uid,) * 3, (eve.pw_gid,) * 3
    assert collect.as_student(eve, look) == f"{uid} {gid} [] 0".encode()


def test_it_makes_a_new_folder_for_an_account_that_may_mark(homework):
    assert "expected neither root nor a student" in collected(homework, "root")
    assert "expected neither root nor a student" in collected(homework, EVE)
    assert not homework.exists()
    homework.mkdir()
    assert "expected a folder that can be made: File exists" in collected(homework)
