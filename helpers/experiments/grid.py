"""Grids: tables of trained runs that take too long for a chapter and are kept in `data/grids/`.

An experiment is a pure function of settings and seeds that returns a tidy table, one row a setting, seed, model and
task. Figures, explorers, claims and reports only read such tables.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from helpers.support import validate
from helpers.support.files import whole

GRIDS = Path(__file__).parents[2] / "data" / "grids"


@dataclass(frozen=True)
class Grid:
    """A table that is trained once by `make grids` and kept in `data/grids/`, with the hash of what it was made from.

    make       function of (**settings) that returns the table
    settings   everything the table depends on besides the code: conditions, widths, seeds, learning rates
    reads      tuned settings that `make` takes from kept searches
    packed     whether the file is compressed, which a table of more than a megabyte should be
    """

    name: str
    make: Callable[..., pd.DataFrame]
    settings: dict
    reads: Sequence[Mapping] = ()
    packed: bool = False

    @property
    def path(self) -> Path:
        return GRIDS / f"{self.name}.csv{'.gz' if self.packed else ''}"

    def hash(self) -> str:
        return _hash(json.dumps(self.settings, sort_keys=True, default=list))

    def write(self, table: pd.DataFrame) -> None:
        """Keep what `make` returned for the settings, whole or not at all."""
        text = table.to_csv(index=False, float_format="%.4f", lineterminator="\n")
        content = f"# settings {self.hash()} table {_hash(text)}\n{text}".encode()
        with whole(self.path) as part:
            part.write_bytes(gzip.compress(content, mtime=0) if self.packed else content)

    def read(self) -> pd.DataFrame:
        """The kept table. Raises FileNotFoundError or ValueError when it is absent, damaged or of other settings."""
        if not self.path.exists():
            wanted = "it in data/grids, as git has it; `make grids` trains it again"
            validate.fail("grid", f"no file {self.path.name}", wanted, FileNotFoundError)
        header, _, text = self._text().partition("\n")
        found = header.split()
        if len(found) != 5 or found[0] != "#" or found[4] != _hash(text):
            validate.fail("grid", f"a damaged {self.path.name}", "the file as `make grids` or git wrote it")
        if found[2] != self.hash():
            validate.fail("grid", f"{self.path.name} made from other settings", "today's: run `make grids`")
        return pd.read_csv(io.StringIO(text))

    def _text(self) -> str:
        """What the file says; nothing where it cannot be unpacked."""
        unpacked = gzip.open if self.packed else open
        try:
            with unpacked(self.path, "rt", encoding="utf-8", errors="replace") as file:
                return file.read()
        except (gzip.BadGzipFile, EOFError, zlib.error):
            return ""


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def grids(*several: Grid) -> dict[str, Grid]:
    """Grids by name."""
    return {grid.name: grid for grid in several}
