"""Experiments: pure functions of settings and seeds that return a tidy table, one row a setting, seed, model and task.

Figures, explorers, claims and reports only read such tables. This file has what all experiments share: paired
differences, intervals, and grids (tables that take too long for a chapter and are kept in `data/grids/`).
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import stdtrit  # Student's quantile; scipy.stats has it too, at a second and 50 MB more

from helpers import validate
from helpers.files import whole

GRIDS = Path(__file__).parents[2] / "data" / "grids"


def interval(values: Sequence[float], level: float = 0.95) -> tuple[float, float, float]:
    """Mean of independent values and its t-interval: (mean, low, high). ValueError for fewer than 2 values or a NaN."""
    validate.number("level", level, low=0, high=1)
    values = np.asarray(validate.finite("values", values), dtype=float)
    if values.ndim != 1 or len(values) < 2:
        validate.fail("values", f"shape {values.shape}", "at least 2 values in a row, one a seed")
    half = stdtrit(len(values) - 1, (1 + level) / 2) * values.std(ddof=1) / np.sqrt(len(values))
    return float(values.mean()), float(values.mean() - half), float(values.mean() + half)


def difference(table: pd.DataFrame, value: str, of: str, against: str, column: str = "model") -> pd.DataFrame:
    """`value` of one model minus that of another, paired on all other settings and the seed.

    The rows of `table` with `column` equal to `of` and to `against` must agree in everything else; the result has their
    settings and a column `difference`.
    """
    validate.columns("table", table, [value, column, "seed"])
    for name in (of, against):
        validate.choice(column, name, set(table[column]))
    validate.finite(f"table[{value!r}]", table[value])
    keys = [name for name in table.columns if name not in (value, column)]
    if table.duplicated([column, *keys]).any():
        validate.fail("table", "a row twice", "one row a setting, seed and model")
    one, other = (table[table[column] == name].set_index(keys)[value] for name in (of, against))
    if not one.index.sort_values().equals(other.index.sort_values()):
        validate.fail(
            "table", f"{len(one)} rows of {of!r} and {len(other)} of {against!r}", "the same settings and seeds"
        )
    return (one - other).rename("difference").reset_index()


def summarise(table: pd.DataFrame, value: str, by: str | Sequence[str]) -> pd.DataFrame:
    """Mean and 95% interval of `value` over seeds, a row for each setting in `by`: columns mean, low, high, seeds.

    Values of one seed (of several tasks, say) are averaged first: the seeds are what is independent.
    """
    by = [by] if isinstance(by, str) else list(by)
    validate.columns("table", table, [value, "seed", *by])
    validate.finite(f"table[{value!r}]", table[value])
    if table[[*by, "seed"]].isna().any(axis=None):
        validate.fail("table", f"missing values in {by} or 'seed'", "a setting and a seed in each row")
    a_seed = table.groupby([*by, "seed"], sort=False)[value].mean()
    rows = []
    for key, values in a_seed.groupby(level=list(range(len(by))), sort=False):
        mean, low, high = interval(values.to_numpy())
        key = key if isinstance(key, tuple) else (key,)
        rows.append((*key, mean, low, high, len(values)))
    return pd.DataFrame(rows, columns=[*by, "mean", "low", "high", "seeds"])


@dataclass(frozen=True)
class Grid:
    """A table that is trained once by `make grids` and kept in `data/grids/`, with the hash of what it was made from.

    make       function of (**settings) that returns the table
    settings   everything the table depends on besides the code: conditions, widths, seeds, learning rates
    packed     whether the file is compressed, which a table of more than a megabyte should be
    """

    name: str
    make: Callable[..., pd.DataFrame]
    settings: dict
    packed: bool = False

    @property
    def path(self) -> Path:
        return GRIDS / f"{self.name}.csv{'.gz' if self.packed else ''}"

    def hash(self) -> str:
        return _hash(json.dumps(self.settings, sort_keys=True, default=list))

    def write(self) -> pd.DataFrame:
        """Train all points and keep them, whole or not at all."""
        table = self.make(**self.settings)
        text = table.to_csv(index=False, float_format="%.4f", lineterminator="\n")
        content = f"# settings {self.hash()} table {_hash(text)}\n{text}".encode()
        with whole(self.path) as part:
            part.write_bytes(gzip.compress(content, mtime=0) if self.packed else content)
        return table

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
