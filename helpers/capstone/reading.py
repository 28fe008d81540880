"""Read a table of the reader's own from a CSV or Parquet file, so that no value changes its meaning.

    frame = read("log.csv")
    frame = read("log.parquet", share=0.1, by="user")     # all rows of a tenth of the users, if it does not fit

`declaration` says what each column is.
"""

import bz2
import codecs
import csv
import difflib
import gzip
import io
import lzma
import re
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.support import validate


def read(
    path: str | Path,
    columns: Iterable[str] | None = None,
    header: bool | None = None,
    names: Iterable[str] | None = None,
    share: float = 1.0,
    by: str | None = None,
    encoding: str | None = None,
) -> pd.DataFrame:
    """A CSV file (separated by , ; tab or |; also packed, as .gz, .bz2, .xz or .zip), or one that ends in .parquet, or
    in .jsonl or .ndjson, with a JSON object a line.

    columns   reads these alone, to save memory
    header    whether the first line has the names; None: it must look like names. Without a header and without `names`
              the columns are called "column 1", "column 2", …
    names     of all columns; the first line is then data, unless `header` is True
    share     of the values of the column `by`, usually the users, whose rows are kept: of Parquet alone, which is read
              in one pass, so that only what is kept must fit into memory. A value is kept or not by a hash of it: it is
              the same in every file, and a larger share keeps what a smaller one does
    encoding  of a CSV file; None: UTF-8, or UTF-16 where its first bytes say so

    Memory, besides 300 MB for Python and PyTorch: to read a CSV file takes about three times what `megabytes` says of
    the table, to compare four times (measured on a million rows with words and lists, `benchmarks/README.md`).

    Whole numbers take as few bytes as they need, and words are kept once each (categories). Blanks around a name in the
    header are cut off, and lines above it that begin with # and have another number of values. In a column of decimal
    commas they become points. Otherwise no value changes its meaning: a column stays words where numbers would lose
    something (007 is not 7, 1e5 among whole numbers is a name, nor do ids of more than 15 digits with gaps fit), and NA
    or null is missing among numbers, but a word among words.

    Raises FileNotFoundError or ValueError in one sentence: no such file, no table, no such column, a column name twice,
    a first line that is no header, a line with more or fewer values than the header has names, a package that reads
    Parquet is not there.
    """
    path = _file(path)
    validate.number("share", share, low=0, high=1)
    if path.suffix.lower() in REFUSED:
        validate.fail("path", path.name, REFUSED[path.suffix.lower()])
    if path.suffix in JSON_LINES:
        return _json_lines(path, columns)
    if path.suffix == ".parquet":
        if header is not None or names is not None:
            validate.fail("header, names", f"one of them for {path.name}", "neither: a Parquet file has names")
        return _parquet(path, columns, share, by)
    if share < 1 or by is not None:
        validate.fail("share, by", f"{share:g} of {by!r} for {path.name}", "a Parquet file, which can be read in parts")
    code = encoding or _encoding(path)
    with _readable(path), _text(path, code) as file:
        sample, above = _below_comments(file.read(SAMPLE))
        separator, found = _header(sample)
    if sample.lstrip()[:1] in ("{", "[") and '":' in sample:
        validate.fail("path", f"{path.name}, which begins like JSON", "a name that ends in .jsonl, an object a line")
    given = {"header": header, "names": None if names is None else list(names), "encoding": encoding}
    if header is None and names is None and _like_data(found, sample, separator):
        came = f"{path.name}, whose first line looks like data ({', '.join(found)[:40]})"
        cures = "a header: a name for each column; or names=[…]; or header=True, if these are names"
        validate.fail("path", came, cures)
    header = names is None if header is None else header
    names = _names_of(found, header, names)
    if twice := sorted({name for name in names if names.count(name) > 1}):
        validate.fail("path", f"{path.name} with {twice[0]!r} twice in its header", "a name of its own for each column")
    wanted = names if columns is None else list(columns)
    if missing := [name for name in wanted if name not in names]:
        validate.fail("columns", _near(missing[0], names), "columns of the file")
    with _readable(path):
        words, commas = _words(path, code, above, separator, names, wanted, header)
        options = {"sep": separator, "encoding": code, "skiprows": above, "low_memory": False, "index_col": False}
        options |= {"usecols": wanted or None, "dtype": dict.fromkeys(words, str), "keep_default_na": False}
        missing = {name: [""] if name in words else ["", *MISSING] for name in wanted}
        frame = pd.read_csv(path, header=0 if header else None, names=names or None, na_values=missing, **options)
    if not len(frame):
        validate.fail("path", f"{path.name} without a row below its header", "a table with rows")
    for name in commas:
        frame[name] = pd.to_numeric(frame[name].str.replace(",", "."))
    frame = _small(frame)
    frame.attrs[READING] = {name: value for name, value in given.items() if value is not None}
    return frame


def _parquet(path: Path, columns: Iterable[str] | None, share: float, by: str | None) -> pd.DataFrame:
    """A Parquet file, batch by batch; of a share below 1 the rows whose value of `by` has a small hash."""
    try:
        from pyarrow.parquet import ParquetFile
    except ImportError:
        expected = "`pip install pyarrow` first, or a CSV file"
        validate.fail("path", f"{path.name}, and no package here reads Parquet", expected)
    if share < 1 and by is None:
        validate.fail("by", f"None with a share of {share:g}", "the column that is the user: whole users are kept")
    parts = []
    with _readable(path, "a Parquet file"):
        file = ParquetFile(path)
        every = list(file.schema_arrow.names)
        wanted = every if columns is None else list(columns)
    for name in [*wanted, by] if share < 1 else wanted:
        if name not in every:
            validate.fail("columns", _near(name, every), "columns of the file")
    with _readable(path, "a Parquet file"):
        for batch in file.iter_batches(columns=list(dict.fromkeys([*wanted, by] if share < 1 else wanted))):
            rows = batch.to_pandas()
            if share < 1:
                hashes = pd.util.hash_array(rows[by].astype(object).to_numpy(), categorize=True)
                rows = rows[hashes < share * 2.0**64]
            parts.append(rows[wanted])
    if not sum(map(len, parts)):
        validate.fail("path", f"{path.name} without a row that is kept", "a table with rows, or a larger share")
    frame = _small(pd.concat(parts, ignore_index=True))
    frame.attrs[READING] = {"share": share, "by": by} if share < 1 else {}
    return frame


READING = "read"  # where a table keeps the options with which it was read
SAMPLE = 100_000  # characters from which the separator is taken
MISSING = ("NA", "N/A", "n/a", "NaN", "nan", "null", "NULL", "None", "<NA>", "#N/A")  # what programs write for a gap


def _file(path: str | Path) -> Path:
    """The path of a file that is there."""
    if not isinstance(path, str | Path):
        validate.fail("path", repr(path)[:60], "the path of a CSV file", TypeError)
    try:
        path = Path(path).expanduser()
        folder, there = path.is_dir(), path.is_file()
    except (OSError, RuntimeError, ValueError) as error:  # too long a name, a user who does not exist, a zero byte
        validate.fail("path", f"{str(path)[:60]!r} ({error.args[-1]})"[:150], "the path of a CSV file")
    if folder:
        validate.fail("path", f"{str(path)!r}, which is a folder", "a CSV file")
    if not there:
        near = difflib.get_close_matches(path.name, _names(path.parent), n=1)
        beside = f", such as {near[0]} in the same folder" if near else ""
        validate.fail("path", f"{str(path)!r}, where there is no file", f"a CSV file{beside}", FileNotFoundError)
    return path


def _text(path: Path, encoding: str) -> io.TextIOBase:
    return io.TextIOWrapper(_bytes(path), encoding=encoding, newline="")


def _bytes(path: Path) -> io.IOBase:
    """The content of a file, unpacked."""
    if path.suffix != ".zip":
        return {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}.get(path.suffix, open)(path, "rb")
    files = [name for name in zipfile.ZipFile(path).namelist() if not name.endswith("/")]
    if len(files) != 1:
        raise ValueError(f"{len(files)} files in it, where one is expected")
    return zipfile.ZipFile(path).open(files[0])


def _encoding(path: Path) -> str:
    """UTF-16 where the first bytes say so, else UTF-8."""
    with _readable(path), _bytes(path) as file:
        return "utf-16" if file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig"


def _below_comments(text: str) -> tuple[str, int]:
    """The text without the lines on top that begin with # and have another number of values than the line below, and
    how many these are."""
    lines, above = text.splitlines(keepends=True), 0
    while above + 1 < len(lines) and lines[above].startswith("#"):
        here, below = ([line.count(sign) for sign in SEPARATORS] for line in lines[above : above + 2])
        if here == below and not lines[above + 1].startswith("#"):
            break
        above += 1
    return "".join(lines[above:]), above


def _json_lines(path: Path, columns: Iterable[str] | None) -> pd.DataFrame:
    """A file with an object a line; texts stay texts."""
    with _readable(path, "a JSON object in each line"):
        frame = pd.read_json(path, lines=True, dtype=False)
    for name in columns or ():
        if name not in frame:
            validate.fail("columns", _near(name, frame.columns), "columns of the file")
    if not len(frame):
        validate.fail("path", f"{path.name} without a row", "a table with rows")
    frame = _small(frame if columns is None else frame[list(columns)])
    frame.attrs[READING] = {}
    return frame


SEPARATORS = ",;\t|"
JSON_LINES = (".jsonl", ".ndjson")
REFUSED = {".pq": "a name that ends in .parquet", ".json": "a JSON object a line, and a name that ends in .jsonl"}
AS_CSV = "a CSV file: in the program that wrote it, File, Save as, CSV UTF-8"
REFUSED |= dict.fromkeys((".xlsx", ".xls", ".ods"), AS_CSV)


def _header(text: str) -> tuple[str, list[str]]:
    """The separator, and the names in the first line.

    The separator is the one with which most of the lines below have as many values as there are names.
    """
    best = (-1.0, 0, ",", [])
    for separator in SEPARATORS:
        rows = [row for row in islice(csv.reader(io.StringIO(text), delimiter=separator), 50) if row]
        names, below = (rows[0], rows[1:]) if rows else ([], [])
        if len(text) == SAMPLE:
            below = below[:-1]  # it may be cut in two
        same = sum(len(row) == len(names) for row in below) / max(len(below), 1) if len(names) > 1 else 0.0
        best = max(best, (same, len(names), separator, names))
    _, _, separator, names = best
    return separator, [name.strip() or f"column {k}" for k, name in enumerate(names, 1)]


def _like_data(names: list[str], text: str, separator: str) -> bool:
    """Whether the first line is more likely one of data: numbers, or a number twice, in columns of the same kind.

    A name over numbers is none of them, whatever the other names are.
    """
    numbers = [_is_number(name) for name in names]
    blank = [name in (f"column {k}", *MISSING) for k, name in enumerate(names, 1)]
    rows = [row for row in islice(csv.reader(io.StringIO(text), delimiter=separator), 50) if len(row) == len(names)]
    for number, empty, values in zip(numbers, blank, zip(*rows[1:], strict=True), strict=False):
        seen = set(values) - {"", *MISSING}
        if not number and not empty and seen and all(map(_is_number, seen)):
            return False
    return sum(numbers) > len(names) / 2 or (any(numbers) and len(set(names)) < len(names))


def _names_of(found: list[str], header: bool, names: Iterable[str] | None) -> list[str]:
    """A name for each column: those that were given, or those of the header, or their numbers."""
    if names is None:
        return found if header else [f"column {k}" for k in range(1, len(found) + 1)]
    if isinstance(names, str) or len(names := list(names)) != len(found):
        validate.fail("names", repr(names)[:60], f"{len(found)} names, one for each column")
    return names


class LineError(ValueError):
    """A line that does not fit the header; says which."""


# A column of texts, one a line, is searched for these.
PLAIN = re.compile(r"(-?([1-9]\d{0,14}|0)(\n|\Z))*")  # 7, 12, -3
PADDED = re.compile(r"^ *[+-]?0\d|^ *\+", re.M)  # 007, +7
COMMA = re.compile(r"(-?\d+(,\d+)?\n?)*")  # 1,5: a decimal comma, or a comma between thousands
THOUSANDS = re.compile(r"^-?[1-9]\d{0,2}(,\d{3})+$", re.M)
POWER = re.compile(r"^ *-?\d+[eE]\+?\d+ *$", re.M)  # 1e5
BROKEN = re.compile(r"\.|[eE]-", re.M)  # 0.5, 5e-7
LONG = re.compile(r"^ *-?\d{16,} *$", re.M)  # more digits than a float holds
NO_NUMBER = re.compile(r"^(?! *([+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?inf(inity)?|true|false) *$).+$", re.M | re.I)


def _words(
    path: Path, encoding: str, above: int, separator: str, names: list[str], wanted: list[str], header: bool
) -> tuple[set[str], set[str]]:
    """The columns whose values are words, or would lose something as numbers; and those of them that are numbers with
    decimal commas. Reads the file as texts, in parts.

    Raises LineError for a line with another number of values than there are names.
    """
    seen = {name: set() for name in wanted}  # of each column, what was found in it
    with _text(path, encoding) as file:
        for _ in range(above):
            next(file)
        reader = csv.reader(file, delimiter=separator)
        if header:
            next(reader, None)
        while rows := [row for row in islice(reader, PART) if row]:
            if set(map(len, rows)) != {len(names)}:
                wrong = next(row for row in rows if len(row) != len(names))
                line = " in the line that begins with " + repr(separator.join(wrong)[:30])
                count = f"{len(wrong)} value{'s' * (len(wrong) != 1)}"
                raise LineError(f"{count}{line}, and {len(names)} names in its header")
            for name, texts in zip(names, zip(*rows, strict=True), strict=True):
                if name in seen and not {"word", "other"} <= seen[name]:
                    seen[name] |= _signs(set(texts))
    words = {name for name, signs in seen.items() if _loses(signs)}
    return words, {name for name in words if "comma" in seen[name] and not {"other", "padded"} & seen[name]}


PART = 10_000  # lines that are looked at together


def _signs(texts: set[str]) -> set[str]:
    """What is found in some different values of a column, of all that decides what it is."""
    gaps = texts & {"", *MISSING}
    text = "\n".join(texts - gaps)
    if PLAIN.fullmatch(text):  # most columns, at once
        return {"gap"} if gaps else set()
    signs = {"padded": PADDED, "power": POWER, "broken": BROKEN, "long": LONG, "word": NO_NUMBER}
    found = {name for name, pattern in signs.items() if pattern.search(text)} | ({"gap"} if gaps else set())
    if COMMA.fullmatch(text):
        return found | ({"comma"} if set(re.findall(r".*,.*", text)) - set(_thousands(text)) else set())
    return found | {"other"}


def _thousands(text: str) -> list[str]:
    return [match[0] for match in THOUSANDS.finditer(text)]


def _loses(signs: set[str]) -> bool:
    """Whether numbers in place of the texts would lose something."""
    whole = "broken" not in signs  # ids are whole; what has a decimal point somewhere is measured
    return "word" in signs or (whole and ("padded" in signs or "power" in signs or {"long", "gap"} <= signs))


@contextmanager
def _readable(path: Path, expected: str = "a CSV file in UTF-8 with a header") -> Iterator[None]:
    """One sentence for whatever goes wrong when the file is read inside."""
    try:
        yield
    except LineError as error:
        cure = "a value for each name, and quotes around a separator in a text"
        validate.fail("path", f"{path.name} with {error}", cure)
    except UnicodeDecodeError as error:
        said = " ".join(str(error).split())
        cure = 'a CSV file in UTF-8 with a header, or its encoding, such as encoding="latin-1", "cp1252" or "gbk"'
        validate.fail("path", f"{path.name}, which cannot be read ({said})", cure)
    except (ValueError, OSError, EOFError, csv.Error, zipfile.BadZipFile, lzma.LZMAError) as error:  # also ParserError
        said = " ".join(str(error).split())
        validate.fail("path", f"{path.name}, which cannot be read ({said})", expected)


def _is_number(text: str) -> bool:
    try:
        return bool(text) and float(text) is not None
    except ValueError:
        return False


def _names(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir()] if folder.is_dir() else []


def _small(frame: pd.DataFrame) -> pd.DataFrame:
    small = {}
    for name, values in frame.items():
        kinds = set(map(type, values.dropna())) if values.dtype == object else set()
        if kinds == {bool}:
            values = values.astype(float)  # true and false with gaps
        elif kinds == {int}:
            values = values.astype(str).where(values.notna())  # too long for 64 bits
        elif values.dtype == np.uint64 and values.max() > validate.LARGEST_INTEGER:
            values = values.astype(str)
        if pd.api.types.is_integer_dtype(values.dtype):
            small[name] = pd.to_numeric(values, downcast="integer")
        elif kinds & {list, np.ndarray} or isinstance(values.dtype, pd.CategoricalDtype):  # of Parquet
            small[name] = values
        elif not pd.api.types.is_numeric_dtype(values.dtype) and values.nunique() < len(values) / 2:
            small[name] = values.astype("category")
        else:
            small[name] = values
    return frame.assign(**small)


@validate.checked
def megabytes(frame: pd.DataFrame) -> float:
    """Memory of a table, words included."""
    return float(frame.memory_usage(deep=True).sum() / 1e6)


def _near(name: str, names: Iterable[str]) -> str:
    near = difflib.get_close_matches(str(name), [str(n) for n in names], n=1, cutoff=0.5)
    return f"no column {name!r}" + (f" (is it {near[0]!r}?)" if near else "")
