"""Collect one notebook of each student of the hub, as root; `docs/hub.md` says how another account then marks them.

usage: python examples/hub/collect.py 04_shared_bottom.ipynb --to FOLDER --owner ACCOUNT

A process with the rights of the student alone reads what the student has, and follows no link. So nobody can hand in
what is another's or root's. FOLDER is made, for ACCOUNT alone to read: FOLDER/STUDENT/04_shared_bottom.ipynb.
"""

import argparse
import errno
import grp
import multiprocessing
import os
import pwd
import stat
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path, PurePath

COURSE = Path(__file__).resolve().parents[2] / "notebooks"
GROUP = "students"
LARGEST = 20_000_000  # bytes: what `classroom.handin` takes
SECONDS = 10  # for one student, who may stop a process that has a student's rights
FORK = multiprocessing.get_context("fork")  # a new Python might be one that students cannot run


class Refused(Exception):
    """Why a student's notebook is not collected."""


def members(group: str) -> list[pwd.struct_passwd]:
    """The accounts of a group of this machine, by name. Raises KeyError where there is no such group."""
    number = grp.getgrnam(group).gr_gid
    return sorted(one for one in pwd.getpwall() if number in os.getgrouplist(one.pw_name, one.pw_gid))


def read(home: str, notebook: PurePath) -> bytes:
    """The bytes of `home/notebook`. Raises Refused, and OSError as `open` does."""
    place = os.open(home, os.O_RDONLY)
    for part in notebook.parts:
        try:  # without waiting for somebody to write, should it be a pipe
            place = os.open(part, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=place)
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise Refused(f"{part} is a link") from None
            raise
    if not stat.S_ISREG(os.fstat(place).st_mode):
        raise Refused(f"{part} is not a file")
    with open(place, "rb") as file:
        text = file.read(LARGEST + 1)
    if len(text) > LARGEST:
        raise Refused(f"{part} is larger than {LARGEST // 1_000_000} MB")
    return text


def as_student(student: pwd.struct_passwd, act: Callable[[], bytes]) -> bytes:
    """What `act` returns in a process with the rights of this account alone. Raises Refused, after `SECONDS` at most.

    The account cannot trace this process, nor write to the file through which it answers: Linux keeps both from the
    owner of a process that was root.
    """

    def become_and_act() -> None:
        os.setgroups([])
        os.setgid(student.pw_gid)
        os.setuid(student.pw_uid)
        try:
            said = b"+" + act()
        except Refused as refused:
            said = f"-{refused}".encode()
        except OSError as error:
            said = f"-{error.strerror}".encode()
        answer.write(said)
        answer.flush()

    with tempfile.TemporaryFile() as answer:
        process = FORK.Process(target=become_and_act)
        process.start()
        process.join(SECONDS)
        if process.is_alive():
            process.kill()
            process.join()
            raise Refused(f"not read in {SECONDS} s")
        answer.seek(0)
        said = answer.read()
    if process.exitcode or said[:1] != b"+":
        raise Refused(said[1:].decode() or "the process that read it was ended")
    return said[1:]


def keep(text: bytes, path: Path, owner: pwd.struct_passwd) -> None:
    """Write a student's notebook to a folder of its own, for `owner` alone."""
    path.parent.mkdir()
    path.write_bytes(text)
    for made in (path, path.parent):
        os.chown(made, owner.pw_uid, owner.pw_gid)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebook", type=PurePath, help="Its name in the course, such as 04_shared_bottom.ipynb.")
    parser.add_argument("--to", type=Path, required=True, help="The folder to make.")
    parser.add_argument("--owner", required=True, help="The account that marks: neither root nor a student.")
    options = parser.parse_args()
    if os.geteuid():
        parser.error("only root can read as each student")
    if options.notebook not in {path.relative_to(COURSE) for path in COURSE.rglob("*.ipynb")}:
        parser.error(f"notebook is {str(options.notebook)!r}, expected one of {COURSE}")
    try:
        students, owner = members(GROUP), pwd.getpwnam(options.owner)
    except KeyError as missing:
        parser.error(missing.args[0])
    if not owner.pw_uid or owner in students:
        parser.error(f"--owner is {options.owner!r}, expected neither root nor a student: marking runs what they wrote")
    os.umask(0o077)
    try:
        options.to.mkdir()
    except OSError as error:
        parser.error(f"--to is {str(options.to)!r}, expected a folder that can be made: {error.strerror}")
    notebook, refused = "notebooks" / options.notebook, {}
    for student in students:
        try:
            text = as_student(student, partial(read, student.pw_dir, notebook))
            keep(text, options.to / student.pw_name / notebook.name, owner)
        except Refused as reason:
            refused[student.pw_name] = reason
    os.chown(options.to, owner.pw_uid, owner.pw_gid)
    print(f"{len(students) - len(refused)} of {len(students)} notebooks are in {options.to}")
    for name, reason in refused.items():
        print(f"  {name}: {reason}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
