"""Data that the course does not carry: which files a reader's own copy has, where it lies, and whether there is one.

    python -m helpers.support.downloads ml-100k     # says nothing; exit code 0 where there is a copy, else 1

One answer for make, the tests, the kept tables and the modules that read the data. Only file names are looked at, and
only Python's standard library is imported: asking costs no time. A folder that is empty or half filled holds no copy;
what the files say is the reading module's matter.
"""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).parents[2] / "data"


@dataclass(frozen=True)
class Download:
    """A data set of others.

    name      as the course calls it
    folder    where a copy lies
    layouts   the files of a copy; of several layouts any will do
    module    that reads it; run as a command, it fetches a copy or says how to get one
    """

    name: str
    folder: Path
    layouts: tuple[tuple[str, ...], ...]
    module: str

    def missing(self, folder: Path | None = None) -> list[str]:
        """What a copy lacks, of the layout that is nearest to complete; empty where there is one."""
        folder = Path(folder or self.folder)
        lacks = [[name for name in names if not (folder / name).is_file()] for names in self.layouts]
        return min(lacks, key=len)

    def present(self, folder: Path | None = None) -> bool:
        return not self.missing(folder)

    @property
    def absent(self) -> str:
        """The word of what is skipped without it."""
        return f"{self.name} is absent: python -m {self.module}"


MOVIELENS = Download(
    "MovieLens-100K",
    DATA / "ml-100k",
    (("u.data", "u.item", "u.user"), ("ml-100k.inter", "ml-100k.item", "ml-100k.user")),
    "helpers.data.movielens",
)
CENSUS = Download(
    "Census-Income",
    DATA / "census-income",
    (("census+income+kdd.zip",), ("census-income.test.gz",), ("census-income.test",)),
    "helpers.data.census",
)

if __name__ == "__main__":
    wanted = {download.folder.name: download for download in (MOVIELENS, CENSUS)}
    about = "Say by the exit code whether there is a copy: 0, or 1."
    parser = argparse.ArgumentParser(prog="python -m helpers.support.downloads", description=about)
    parser.add_argument("name", choices=wanted, help="Look for this one.")
    sys.exit(not wanted[parser.parse_args().name].present())
