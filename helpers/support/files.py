"""Atomic writes: an interrupted write leaves the previous file untouched. And changes of a file one at a time."""

import errno
import os
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import validate

FULL = (errno.ENOSPC, errno.EDQUOT)  # no space on the disk, or in the user's quota


@contextmanager
def whole(path: str | Path) -> Iterator[Path]:
    """Gives a new, empty file next to `path` to write to, which becomes `path` at the end; on an error it is removed.

    A folder that is missing is made. A file that was there keeps its mode, and a link to it stays a link. The new file
    has a name that no other has, so two processes may write to one `path`: the last one stays.

    Raises ValueError or OSError when `path` cannot be the name of a file, PermissionError for a file or a folder that
    is read-only, and OSError that names the disk when it is full.
    """
    target, mode = _target(path)
    part = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        # an existing private file stays private from the first byte on; a new one gets what the umask leaves
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666 if mode is None else mode))
        try:
            if mode is not None:
                part.chmod(mode)  # the umask may have taken bits
            yield part
            os.replace(part, target)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        if error.errno in FULL:
            expected = "space for it; nothing was written, and the old file is untouched"
            validate.fail("path", f"{target.name!r} on a full disk, that of {target.parent}", expected, OSError)
        if error.filename is not None and Path(error.filename) in (part, *part.parents):  # not the caller's own error
            came = f"{str(target)!r} ({error.strerror})"
            validate.fail("path", came, "a folder in which files can be made", type(error))
        raise


@contextmanager
def alone(path: str | Path) -> Iterator[None]:
    """One process at a time that reads `path` and writes it again; another waits.

    The lock is a file next to it, `.NAME.lock`: the operating system frees it when its holder is gone.
    """
    target, _ = _target(path)
    with target.with_name(f".{target.name}.lock").open("a") as lock:
        while not _taken(lock.fileno()):
            time.sleep(0.05)
        yield


def _taken(lock: int) -> bool:
    try:
        if os.name == "nt":
            import msvcrt

            os.lseek(lock, 0, os.SEEK_SET)  # it locks from where the file stands
            msvcrt.locking(lock, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def _target(path: str | Path) -> tuple[Path, int | None]:
    """The file that is meant, where a link points, and its mode; None where there is none yet."""
    validate.instance("path", path, str | os.PathLike, "the name of a file")
    try:
        target = Path(os.path.realpath(path))
        mode = target.stat().st_mode
    except FileNotFoundError:
        return target, None
    except (OSError, ValueError) as error:  # a name too long, a file for a folder, links in a circle; a null byte
        why = getattr(error, "strerror", None) or error
        validate.fail("path", f"{str(path)[-60:]!r} ({why})", "the name of a file", type(error))
    if not stat.S_ISREG(mode):
        came = "a folder" if stat.S_ISDIR(mode) else "no ordinary file"
        validate.fail("path", f"{target.name!r}, {came}", "the name of a file")
    if not (mode & stat.S_IWUSR and os.access(target, os.W_OK)):
        validate.fail("path", f"{target.name!r}, which is read-only", "a file that may be changed", PermissionError)
    return target, stat.S_IMODE(mode)
