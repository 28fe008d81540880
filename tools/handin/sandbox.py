"""What the process that runs a student's answers may not do: read others' files, write outside its own folder, reach
the network, start programs.

Two walls. On Linux the kernel keeps the process in: Landlock for files, a network namespace without a way out. This
holds for native code, too. On every system an audit hook (PEP 578) refuses what Python itself is asked to do. Windows
and macOS have only the hook. It stops what a student would write, not an expert in Python's internals: mark notebooks
from strangers on Linux, in a container, or from an account that has no files of its own.

Nowhere contained is the judgement itself, since answer and check share a process: an answer that is out to deceive the
check can. `marking` keeps the code, so that it can be read.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

REFUSED = (  # audit events, by their beginning
    "socket.",
    "subprocess.",
    "os.system",
    "os.exec",
    "os.fork",
    "os.kill",
    "os.posix_spawn",
    "os.spawn",
    "os.startfile",
    "pty.",
    "ctypes.",
    "gc.",  # would lead to this module's own insides
    "sqlite3.",
    "winreg.",
)
OF_FOLDERS = ("os.listdir", "os.scandir")  # read
CHANGES = (  # the first argument, or the first two, are paths
    "os.chmod",
    "os.chown",
    "os.link",
    "os.mkdir",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.symlink",
    "os.truncate",
    "os.utime",
)
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

# include/uapi/linux/landlock.h, and the numbers of its system calls, which are the same on all processors
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
READ_FILE, READ_DIR = 1 << 2, 1 << 3
RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}  # by Landlock's version, all of files
NO_NEW_PRIVILEGES = 38
NEW_USER, NEW_NETWORK = 0x10000000, 0x40000000


def close(readable: Iterable[Path], writable: Path) -> list[str]:
    """Shut this process in, for good: it reads `readable` (files and folders) and `writable`, and writes there alone.

    Returns the walls that stand: "audit hook", and on Linux, where its kernel has them, "Landlock", "no network".
    """
    readable = [Path(path).resolve() for path in readable if Path(path).exists()]
    writable = Path(writable).resolve()
    walls = []
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(NEW_USER | NEW_NETWORK) == 0:
            walls.append("no network")
        if _landlock(libc, readable, writable):
            walls.append("Landlock")
    sys.addaudithook(_hook(tuple(map(str, readable)), str(writable)))
    return [*walls, "audit hook"]


def _landlock(libc: ctypes.CDLL, readable: list[Path], writable: Path) -> bool:
    version = libc.syscall(CREATE_RULESET, None, 0, 1)
    if version < 1:
        return False
    rights = RIGHTS[max(known for known in RIGHTS if known <= version)]
    handled = struct.pack("<Q", rights)
    ruleset = libc.syscall(CREATE_RULESET, handled, len(handled), 0)
    if ruleset < 0:
        return False
    for path, allowed in [*((path, READ_FILE | READ_DIR) for path in readable), (writable, rights)]:
        allowed &= rights if path.is_dir() else READ_FILE
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        done = libc.syscall(ADD_RULE, ruleset, 1, struct.pack("<Qi", allowed, place), 0)
        os.close(place)
        if done:
            raise OSError(ctypes.get_errno(), f"Landlock takes no rule for {path}")
    libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    return libc.syscall(RESTRICT_SELF, ruleset, 0) == 0


def _hook(readable: tuple[str, ...], writable: str):
    def inside(path, folders: tuple[str, ...]) -> bool:
        if isinstance(path, int):  # a file that is open already
            return True
        place = os.path.realpath(os.fsdecode(path))
        return any(place == folder or place.startswith(folder + os.sep) for folder in folders)

    def refuse(what: str) -> None:
        raise PermissionError(f"an answer may not do this while it is marked: {what}")

    def hook(event: str, arguments: tuple) -> None:
        if event == "open":
            path, mode, flags = arguments
            write = bool(flags & WRITES) or bool(set(mode or "") & set("wax+"))
            if not inside(path, (writable,) if write else (*readable, writable)):
                refuse(f"open {os.fsdecode(path)}")
        elif event.startswith(REFUSED):
            refuse(event)
        elif event in OF_FOLDERS:
            if not inside(arguments[0] or ".", (*readable, writable)):
                refuse(f"{event} {arguments[0]}")
        elif event in CHANGES:
            paths = [part for part in arguments[:2] if isinstance(part, str | bytes | os.PathLike)]
            if not all(inside(path, (writable,)) for path in paths):
                refuse(event)

    return hook
