"""Kept tables: trained runs that take too long for a chapter, in `data/tables/`. Here they are read, and made in
`helpers.lab`.

A table has a row a setting, seed, model and task. Figures, explorers, claims and reports only read such tables.
"""

import gzip
import hashlib
import io
import zlib
from difflib import get_close_matches
from pathlib import Path

import pandas as pd

from helpers.support import validate

FOLDER = Path(__file__).parents[2] / "data" / "tables"
TRAINED = "`make tables` trains it, and first the searches that it reads"


def kept_table(name: str) -> pd.DataFrame:
    """A kept table by its name, whatever its settings. Raises as `read`."""
    plain, packed = FOLDER / f"{name}.csv", FOLDER / f"{name}.csv.gz"
    return read(packed if packed.exists() else plain)[1]


@validate.checked
def read(path: Path) -> tuple[str, pd.DataFrame]:
    """The hash of the settings that a table was made from, and the table. FileNotFoundError or ValueError where it is
    absent or damaged."""
    path = Path(path)
    if not path.exists():
        near = get_close_matches(path.name, [other.name for other in path.parent.glob("*.csv*")], 1, 0.8)
        absent = f"no file {path.name}" + (f" (is it {near[0]}?)" if near else "")
        validate.fail("kept table", absent, f"it in data/tables: {TRAINED}", FileNotFoundError)
    header, _, text = _text(path).partition("\n")
    words = header.split()
    if len(words) != 5 or words[0] != "#" or words[4] != hash_of(text):
        validate.fail("kept table", f"a damaged {path.name}", f"the file as git has it, or a new one: {TRAINED}")
    return words[2], pd.read_csv(io.StringIO(text))


def _text(path: Path) -> str:
    """What the file says; nothing where it cannot be unpacked."""
    unpacked = gzip.open if path.suffix == ".gz" else open
    try:
        with unpacked(path, "rt", encoding="utf-8", errors="replace") as file:
            return file.read()
    except (gzip.BadGzipFile, EOFError, zlib.error):
        return ""


@validate.checked
def hash_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
