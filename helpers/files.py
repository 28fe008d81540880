"""Files that are written whole or not at all: whoever stops halfway leaves what was there before."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from helpers import validate


@contextmanager
def whole(path: str | Path) -> Iterator[Path]:
    """Gives a path to write to, which becomes `path` at the end; on an error it is removed.

    A folder that is missing is made. Raises ValueError when `path` is a folder.
    """
    path = Path(path)
    if path.is_dir():
        validate.fail("path", f"{path.name!r}, a folder", "the name of a file")
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_stem(path.stem + ".part")  # the ending stays: some writers go by it
    try:
        yield part
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
