"""Kept tables: tables of trained runs that take too long for a chapter and are kept in `data/tables/`.

An experiment is a pure function of settings and seeds that returns a tidy table, one row a setting, seed, model and
task. Figures, explorers, claims and reports only read such tables.
"""

import gzip
import inspect
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from helpers.experiments import kept
from helpers.lab.reads import Reads, forget
from helpers.lab.recheck import Recheck
from helpers.support import validate
from helpers.support.downloads import Download
from helpers.support.files import whole


@dataclass(frozen=True)
class KeptTable:
    """A table that is trained once (`train_tables`) and kept in `data/tables/`, with the hash of its settings: all
    arguments of `make`, and the constants that it reaches (`helpers.lab.reads`).

    make       function that returns the table; its parameters are what claims and samples narrow or widen, each with
               the name of its column, or the plural: conditions, widths, seeds
    given      the arguments that are not the defaults of `make`, in most cases the seeds
    samples    of its points, which a test trains again; each table has at least one
    packed     whether the file is compressed, which a table of more than a megabyte should be
    needs      the data of others that `make` reads
    seeds      the argument that has the seeds
    """

    name: str
    make: Callable[..., pd.DataFrame]
    given: Mapping[str, object]
    samples: Sequence[Recheck] = ()
    packed: bool = False
    needs: Download | None = None
    seeds: str = "seeds"

    @property
    def path(self) -> Path:
        return kept.FOLDER / f"{self.name}.csv{'.gz' if self.packed else ''}"

    @property
    def settings(self) -> dict:
        """All arguments of `make`, the defaults as well."""
        named = inspect.signature(self.make).parameters.values()
        return {p.name: p.default for p in named if p.default is not p.empty} | dict(self.given)

    @property
    def searches(self) -> list[str]:
        """The names of the tables that it reads: they are trained before it."""
        names = (name for chosen in Reads(self.make, self.settings).chosen for name in chosen.searches)
        return [name for name in dict.fromkeys(names) if name != self.name]  # a search has no choice of its own

    @property
    def absent(self) -> str:
        """Where data that it needs are absent, so that it cannot be trained: the word for that."""
        return "" if self.needs is None or self.needs.present() else self.needs.absent

    def hash(self) -> str:
        """Of the settings and of what is read; of a search, what it found."""
        return kept.hash_of(Reads(self.make, self.settings).text(without=self.name))

    def write(self, table: pd.DataFrame) -> None:
        """Keep what `make` returned for the settings, whole or not at all."""
        text = _csv(table)
        content = f"# settings {self.hash()} table {kept.hash_of(text)}\n{text}".encode()
        with whole(self.path) as part:
            part.write_bytes(gzip.compress(content, mtime=0) if self.packed else content)

    def read(self) -> pd.DataFrame:
        """The kept table. Raises FileNotFoundError or ValueError when it is absent, damaged or of other settings."""
        settings, table = kept.read(self.path)
        if settings != self.hash():
            validate.fail("kept table", f"{self.path.name} made from other settings", f"today's: {kept.TRAINED}")
        return table

    def stale(self) -> bool:
        """Whether it is absent, damaged or of other settings, or a search that it reads is absent or damaged."""
        for chosen in Reads(self.make, self.settings).chosen:
            forget(chosen)
        try:
            self.read()
        except (FileNotFoundError, ValueError):
            return True
        return False

    def retrained(self, sample: Recheck) -> pd.DataFrame:
        """The points of one of its samples, kept and trained again: a measured column `x` comes back as "x again".

        The key columns are the index; rows with equal keys are paired in their order. ValueError if the kept table has
        not got all of these points.
        """
        again = pd.read_csv(io.StringIO(_csv(self.make(**self.settings | sample.again))))  # rounded as the kept ones
        keys, table = [column for column in again if column not in sample.near], self.read()
        again = again.astype(table[keys].dtypes)
        table, again = (rows.join(rows.groupby(keys).cumcount().rename("row")) for rows in (table, again))
        both = table.merge(again, on=[*keys, "row"], suffixes=("", " again"))
        if len(both) < len(again) or again.empty:
            wanted = f"some, and all of them in {self.path.name}"
            validate.fail("sample", f"{len(again)} rows, {len(both)} of them kept", wanted)
        return both.set_index([*keys, "row"])


def _csv(table: pd.DataFrame) -> str:
    return table.to_csv(index=False, float_format="%.4f", lineterminator="\n")


def kept_tables(*several: KeptTable) -> dict[str, KeptTable]:
    """By name."""
    return {table.name: table for table in several}
