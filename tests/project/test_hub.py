"""A class of ten on a hub of this machine, as `docs/hub.md` sets it up: its accounts, its configuration, its log-in."""

import asyncio
import os
import pwd
import re
import shutil
import signal
import stat
import time
from pathlib import Path

import pytest

from examples.hub import collect as command
from examples.hub.load import Student, give_class
from tests.project import hub as hub_of
from tests.project.hub import collect, home, write_homework

NOTEBOOK = "02_weighted_cross_entropy.ipynb"
PREFIX = f"mtl{os.getpid()}x"
STUDENTS = [f"{PREFIX}{i}" for i in range(10)]
EVE, BOB = STUDENTS[:2]
TEACHER, STRANGER = f"{PREFIX}teacher", f"{PREFIX}stranger"

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("hub")]


@pytest.fixture(scope="module")
def passwords():
    """The passwords of ten students, of a teacher, and of one in no group."""
    if lacking := hub_of.lacking():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(lacking)
    with hub_of.accounts(PREFIX, len(STUDENTS)) as accounts:
        assert accounts.students == STUDENTS and len({accounts.passwords[name] for name in STUDENTS}) == len(STUDENTS)
        yield accounts.passwords


def test_accounts_that_are_there_are_not_touched(passwords):
    (home(EVE) / "mine.txt").touch()
    with pytest.raises(FileExistsError, match=EVE), hub_of.accounts(PREFIX, 1):
        pass
    assert (home(EVE) / "mine.txt").is_file()


@pytest.fixture(scope="module")
def hub(passwords, tmp_path_factory):
    """The address of a hub that runs, and the folder that it runs in."""
    folder = tmp_path_factory.mktemp("hub")
    with hub_of.running(folder, EVE) as address:
        yield address, folder


def logged_in(hub, name: str, password: str) -> tuple[Student, int, str]:
    """Somebody who sent the form, and what the hub answered: the status, and where to go next."""
    someone = Student(name, password, hub[0])
    answer = asyncio.run(someone.log_in())
    return someone, answer.code, answer.headers.get("Location", "")


@pytest.mark.parametrize(
    ("name", "of", "status", "admin"),
    [(EVE, EVE, 302, 403), (TEACHER, TEACHER, 302, 200), (EVE, BOB, 403, 0), (STRANGER, STRANGER, 403, 0)],
    ids=["student", "teacher", "another's password", "stranger"],  # the names hold a process's number
)
def test_who_is_in_a_group_logs_in_with_their_own_password_and_a_teacher_is_admin(
    hub, passwords, name, of, status, admin
):
    someone, came, next_page = logged_in(hub, name, passwords[of])
    assert came == status and (next_page == "/hub/spawn") == (status == 302)
    assert not admin or asyncio.run(someone.fetch("GET", "/hub/admin")).code == admin


def test_what_the_hub_remembers_is_for_root_alone(hub):
    assert {path.name for path in hub[1].glob("jupyterhub*")} >= {"jupyterhub.sqlite", "jupyterhub_cookie_secret"}
    assert [path.name for path in hub[1].glob("jupyterhub*") if path.stat().st_mode & 0o077] == []


def test_ten_students_open_a_chapter_and_run_all_at_once(hub, passwords):
    students = [Student(name, passwords[name], hub[0]) for name in STUDENTS]
    asyncio.run(give_class(students, NOTEBOOK))
    assert {student.name: student.errors for student in students if student.errors} == {}
    folders = [home(student.name) / "notebooks" for student in students]
    assert all((folder / NOTEBOOK).is_file() and not (folder / "helpers").exists() for folder in folders)
    assert [folder for folder in folders if (folder / NOTEBOOK).stat().st_mode & 0o077] == []


# --- homework -------------------------------------------------------------------------------------------------------


@pytest.fixture
def homework(passwords, tmp_path):
    """Notebooks of all but the last student, written by their owners; where to collect to."""
    for i, name in enumerate(STUDENTS):
        write_homework(name, NOTEBOOK, f"homework {i}")
    (home(STUDENTS[-1]) / "notebooks" / NOTEBOOK).unlink()
    return tmp_path / "in"


def test_homework_is_collected_for_one_account_alone(homework):
    said = collect(NOTEBOOK, homework, TEACHER)
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
    public = home(BOB)
    public.chmod(0o755)
    book.unlink()
    book.symlink_to(public / "notebooks" / NOTEBOOK)


def folder_is_a_link(book: Path, secret: Path):
    shutil.rmtree(book.parent)
    home(BOB).chmod(0o755)
    book.parent.symlink_to(home(BOB) / "notebooks")


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
    os.truncate(book, command.LARGEST + 1)


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
    trick(home(EVE) / "notebooks" / NOTEBOOK, secret)
    said = collect(NOTEBOOK, homework, TEACHER)
    assert re.search(f"^  {EVE}: .*{word}$", said, re.MULTILINE), said
    assert not (homework / EVE).exists()
    assert (homework / BOB / NOTEBOOK).read_text() == "homework 1"


@pytest.mark.parametrize("what", ["sleeps", "is stopped", "is killed"])
def test_nobody_holds_up_the_class(passwords, monkeypatch, what):
    monkeypatch.setattr(command, "SECONDS", 0.5)
    acts = {
        "sleeps": lambda: time.sleep(60),
        "is stopped": lambda: os.kill(os.getpid(), signal.SIGSTOP),
        "is killed": lambda: os.kill(os.getpid(), signal.SIGKILL),
    }
    with pytest.raises(command.Refused, match="ended" if what == "is killed" else "not read in 0.5 s"):
        command.as_student(pwd.getpwnam(EVE), acts[what])


def test_the_process_that_reads_is_the_student_and_out_of_the_students_reach(passwords):
    eve = pwd.getpwnam(EVE)

    def look() -> bytes:
        owner = os.stat("/proc/self/mem").st_uid  # root's, where the process cannot be traced
        return f"{os.getresuid()} {os.getresgid()} {os.getgroups()} {owner}".encode()

    uid, gid = (eve.pw_uid,) * 3, (eve.pw_gid,) * 3
    assert command.as_student(eve, look) == f"{uid} {gid} [] 0".encode()


def test_it_makes_a_new_folder_for_an_account_that_may_mark(homework):
    assert "expected neither root nor a student" in collect(NOTEBOOK, homework, "root")
    assert "expected neither root nor a student" in collect(NOTEBOOK, homework, EVE)
    assert not homework.exists()
    homework.mkdir()
    assert "expected a folder that can be made: File exists" in collect(NOTEBOOK, homework, TEACHER)
