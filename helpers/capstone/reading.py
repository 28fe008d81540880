"""Read a table of the reader's own from a CSV or Parquet file, so that no value changes its meaning.

    frame = read("log.csv")
    frame = read("log.parquet", share=0.1, by="user")     # all rows of a tenth of the users, if it does not fit

`declaration` says what each column is.
"""

import codecs
import csv
import ctypes
import difflib
import io
import lzma
import re
import shlex
import sys
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
from pandas.api.types import union_categoricals
from pandas.io.common import get_handle

from ..support import validate

READING = "read"  # where a table keeps the options with which it was read
SAMPLE, PART = 100_000, 50_000  # characters from which the separator is taken; lines that are read together
SEPARATORS = ",;\t|"
MISSING = ("NA", "N/A", "n/a", "NaN", "nan", "null", "NULL", "None", "<NA>", "#N/A", "\\N", "-", "?")  # for a gap
SUM = re.compile(r"\W*(grand )?(total|sum|gesamt(summe)?|summe|somme|suma|合计|总计)\W*", re.I)
PACKED = r"(\.gz|\.bz2|\.xz|\.zip)?"
REFUSED = (".xlsx", ".xls", ".ods", ".pq", ".json")


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
    in .jsonl or .ndjson, with a JSON object a line, which may be packed, too.

    columns   reads these alone, to save memory
    header    whether the first line has the names; None: it must look like names. Without a header and without `names`
              the columns are called "column 1", "column 2", …
    names     of all columns; the first line is then data, unless `header` is True
    share     of the values of the column `by`, usually the users, whose rows are kept: of Parquet alone, which is read
              in one pass, so that only what is kept must fit into memory. A value is kept or not by a hash of it: it is
              the same in every file, and a larger share keeps what a smaller one does
    encoding  of a CSV file; None: UTF-8, or UTF-16 where its first bytes say so

    Memory, besides 300 MB for Python and PyTorch: three times what `megabytes` says of the table to read a CSV file,
    four times to compare (at most; measured on a million rows with words and lists, `benchmarks/README.md`).

    Whole numbers take as few bytes as they need, and words are kept once each (categories). Blanks around a name in the
    header are cut off. In a column of decimal commas they become points, and blanks between thousands go. Otherwise no
    value changes its meaning: a column stays words where numbers would lose something (007 is not 7, 2.480 beside 372
    may be 2480, 1e5 among whole numbers is a name, nor do ids of more than 15 digits with gaps fit), and NA, null, - or
    ? is missing among numbers, but a word among words. What is empty or \\N is missing.

    Raises FileNotFoundError or ValueError in one sentence: no such file, no table, no such column, a column name twice,
    a first line that is no header, a line with more or fewer values than the header has names, a package that reads
    Parquet is not there.
    """
    path = _file(path)
    validate.number("share", share, low=0, high=1)
    if path.suffix.lower() in REFUSED:
        expected = "a CSV file (of a spreadsheet: Save as, CSV UTF-8), or a name that ends in .parquet or .jsonl"
        validate.fail("path", path.name, expected)
    if path.suffix == ".parquet":
        if header is not None or names is not None:
            validate.fail("header, names", f"one of them for {path.name}", "neither: a Parquet file has names")
        frame, given = _parquet(path, columns, share, by), {"share": share, "by": by} if share < 1 else {}
    elif share < 1 or by is not None:
        validate.fail("share, by", f"{share:g} of {by!r} for {path.name}", "a Parquet file, which can be read in parts")
    elif re.search(rf"\.(jsonl|ndjson){PACKED}$", path.name):
        with _readable(path, "a JSON object in each line"):
            frame, given = pd.read_json(path, lines=True, dtype=False), {}
        frame = frame if columns is None else frame[_columns_of_file(columns, [*frame.columns])]
    else:
        given = {"header": header, "names": None if names is None else list(names), "encoding": encoding}
        frame = _csv(path, columns, header, names, encoding)
    if not len(frame):
        validate.fail("path", f"{path.name} without a row below its header", "a table with rows, or a larger share")
    frame = _small(frame)
    frame.attrs[READING] = {name: value for name, value in given.items() if value is not None}
    give_back()
    return frame


def give_back() -> None:
    """Let the system have what was freed. Linux's C library keeps it for arrays, of a million rows 180 MB."""
    with suppress(OSError, AttributeError, TypeError):  # another library, or another system
        ctypes.CDLL(None).malloc_trim(0)


@validate.checked
def megabytes(frame: pd.DataFrame) -> float:
    """Memory of a table, words included."""
    return float(frame.memory_usage(deep=True).sum() / 1e6)


def _file(path: str | Path) -> Path:
    """The path of a file that is there."""
    if not isinstance(path, str | Path):
        validate.fail("path", repr(path)[:60], "the path of a CSV file", TypeError)
    beside = []
    with suppress(OSError, RuntimeError, ValueError):  # too long a name, a user who does not exist, a zero byte
        path = Path(path).expanduser()
        if path.is_file():
            return path
        beside = [file.name for file in path.parent.iterdir()]
    came = f"{str(path)[:60]!r}, where there is no file{_close(Path(path).name, beside)}"
    validate.fail("path", came, "a CSV file", FileNotFoundError)


def _columns_of_file(wanted: Iterable[str], names: list[str]) -> list[str]:
    """These columns, all of which the file has."""
    wanted = list(wanted)
    for name in wanted:
        if name not in names:
            validate.fail("columns", f"no column {name!r}{_close(name, names)}", "columns of the file")
    return wanted


def _close(name: str, names: Iterable[str]) -> str:
    """In words, the one of these names that is much like this one, or nothing."""
    near = difflib.get_close_matches(str(name), [*map(str, names)], n=1)
    return f" (is it {near[0]!r}?)" if near else ""


def _parquet(path: Path, columns: Iterable[str] | None, share: float, by: str | None) -> pd.DataFrame:
    """A Parquet file, batch by batch; of a share below 1 the rows whose value of `by` has a small hash."""
    try:
        from pyarrow.parquet import ParquetFile
    except ImportError:
        expected = f"`{shlex.join([sys.executable, '-m', 'pip', 'install', 'pyarrow'])}` first, or a CSV file"
        validate.fail("path", f"{path.name}, and no package here reads Parquet", expected)
    if share < 1 and by is None:
        validate.fail("by", f"None with a share of {share:g}", "the column that is the user: whole users are kept")
    with _readable(path, "a Parquet file"):
        file = ParquetFile(path)
        every = list(file.schema_arrow.names)
    wanted = _columns_of_file(every if columns is None else columns, every)
    asked, parts = _columns_of_file(dict.fromkeys([*wanted, by] if share < 1 else wanted), every), []
    with _readable(path, "a Parquet file"):
        for batch in file.iter_batches(columns=asked):
            rows = batch.to_pandas()
            if share < 1:
                hashes = pd.util.hash_array(rows[by].astype(object).to_numpy(), categorize=True)
                rows = rows[hashes < share * 2.0**64]
            parts.append(rows[wanted])
    return pd.concat(parts, ignore_index=True)


def _csv(path: Path, columns, header, names, encoding) -> pd.DataFrame:
    """A CSV file, each column first as the texts that are in it."""
    with _readable(path):
        with get_handle(path, "rb", compression="infer", is_text=False) as file:
            mark = file.handle.read(3)
        wide = mark[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
        if mark == codecs.BOM_UTF8 and encoding and not encoding.lower().startswith("utf"):
            validate.fail("encoding", f"{encoding!r} for a file that begins with the mark of UTF-8", "None")
        encoding = encoding or ("utf-16" if wide else "utf-8-sig")
        with get_handle(path, "r", encoding=encoding, compression="infer") as file:
            sample = file.handle.read(SAMPLE)
        separator, found, below = _header(sample)
    if sample.lstrip()[:1] in ("{", "[") and '":' in sample:
        validate.fail("path", f"{path.name}, which begins like JSON", "a name that ends in .jsonl, an object a line")
    rest = re.sub(r"\A(#.*\n)+", "", sample)
    if rest != sample and len(_header(rest)[1]) != len(found):  # else it is the header that begins with #
        expected = "its header first: take out the lines that begin with # (such as by grep -v '^#')"
        validate.fail("path", f"{path.name}, which begins with comments", expected)
    if header is None and names is None and _like_data(found, below):
        came = f"{path.name}, whose first line looks like data ({', '.join(found)[:40]})"
        cures = "a header: a name for each column; or names=[…]; or header=True, if these are names"
        validate.fail("path", came, cures)
    header = names is None if header is None else header
    if names is None:
        names = found if header else [f"column {k}" for k in range(1, len(found) + 1)]
    elif isinstance(names, str) or len(names := list(names)) != len(found):
        validate.fail("names", repr(names)[:60], f"{len(found)} names, one for each column")
    if twice := sorted({name for name in names if names.count(name) > 1}):
        validate.fail("path", f"{path.name} with {twice[0]!r} twice in its header", "a name of its own for each column")
    wanted = _columns_of_file(names if columns is None else columns, names)
    with _readable(path), get_handle(path, "r", encoding=encoding, compression="infer") as file:
        row = names
        for row in filter(None, csv.reader(file.handle, delimiter=separator)):
            if len(row) != len(names):
                break
    if len(row) != len(names):
        came = f"{path.name} with {len(row)} value{'s' * (len(row) != 1)} in the line that begins with "
        came += f"{separator.join(row)[:30]!r}, and {len(names)} names in its header"
        validate.fail("path", came, "a value for each name, and quotes around a separator in a text")
    if "" in row and any(map(SUM.fullmatch, row)):
        came = f"{path.name}, whose last line, {separator.join(row)[:60]!r}, seems to sum up the others"
        validate.fail("path", came, "a file without it: each line is a row that was shown")
    options = {"sep": separator, "encoding": encoding, "keep_default_na": False, "na_values": ["", "\\N"]}
    options |= {"usecols": wanted or None, "names": names or None, "header": 0 if header else None}
    with _readable(path), pd.read_csv(path, dtype=str, index_col=False, chunksize=PART, **options) as texts:
        parts = [part.astype("category") for part in texts]  # a text that comes again takes no memory
    found = {}
    for name in [*parts[0]]:  # one column after the other, which then is no longer in the parts: texts are large
        found[name] = _meant(union_categoricals([part.pop(name) for part in parts], sort_categories=True))
    return pd.DataFrame(found)


def _header(text: str) -> tuple[str, list[str], list[list[str]]]:
    """The separator, the names in the first line, and lines below it that have a value for each.

    The separator is the one with which most of the lines below have as many values as there are names.
    """
    best = (-1.0, 0, ",", [], [])
    for separator in SEPARATORS:
        rows = [row for row in islice(csv.reader(io.StringIO(text), delimiter=separator), 50) if row]
        names, below = (rows[0], rows[1:]) if rows else ([], [])
        if len(text) == SAMPLE:
            below = below[:-1]  # it may be cut in two
        fitting = [row for row in below if len(row) == len(names)]
        same = len(fitting) / max(len(below), 1) if len(names) > 1 else 0.0
        best = max(best, (same, len(names), separator, names, fitting))
    *_, separator, names, fitting = best
    return separator, [name.strip() or f"column {k}" for k, name in enumerate(names, 1)], fitting


def _like_data(names: list[str], below: list[list[str]]) -> bool:
    """Whether the first line is more likely one of data: numbers, or a number twice, in columns of the same kind.

    A name over numbers is none of them, whatever the other names are.
    """
    numbers = [NUMBER.fullmatch(name) is not None for name in names]
    blank = [name in (f"column {k}", *MISSING) for k, name in enumerate(names, 1)]
    for number, empty, values in zip(numbers, blank, zip(*below, strict=True), strict=False):
        seen = set(values) - {"", *MISSING}
        if not number and not empty and seen and all(map(NUMBER.fullmatch, seen)):
            return False
    return sum(numbers) > len(names) / 2 or (any(numbers) and len(set(names)) < len(names))


NUMBER = re.compile(r" *[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)? *")
# Texts, one a line, are searched for these.
ODD = re.compile(r"^ *[+-]?0\d|^ *\+|^ *-?\d+[eE]\+?\d+ *$", re.M)  # 007, +7, 1e5: no whole numbers
LONG = re.compile(r"^ *-?\d{16,} *$", re.M)  # more digits than a float holds
BROKEN = re.compile(r"\.|[eE]-", re.M)  # 0.5, 5e-7
COMMA, THOUSANDS = r"-?\d+(,\d+)?", r"-?[1-9]\d{0,2}([.,]\d{3})+"  # 1,5; and 1,500 or 1.500, which may be either
SPACED = r"-?[1-9]\d{0,2}(\s\d{3})*([\u00a0\u202f]\d{3}|\s\d{3}[.,]\d+)"  # 1 500,5: no list of ids, as 1 500 may be


def _meant(values: pd.Categorical) -> pd.Categorical | np.ndarray:
    """A column of texts as numbers, where these lose nothing."""
    texts = values.categories.astype(str)
    gaps = texts.isin(MISSING)
    some = bool(gaps.any() or (values.codes < 0).any())
    if (numbers := _numbers(texts[~gaps], some)) is None:
        return values
    if some:
        known, numbers = numbers, np.full(len(texts) + 1, np.nan)  # the last for what is empty, whose code is −1
        numbers[:-1][~gaps] = known
    return numbers[values.codes]


def _numbers(texts: pd.Index, gaps: bool) -> np.ndarray | None:
    """The numbers that texts stand for; None where one would lose something, as whole numbers among `gaps` may."""
    if len(texts) <= 48 and set(texts.str.lower()) <= {"true", "false"}:  # so many ways there are to write the two
        return (texts.str.lower() == "true").astype(np.int8)
    if texts.str.fullmatch(SPACED).any():
        texts = texts.str.replace(r"(?<=\d)\s(?=\d{3}\b)", "", regex=True)
    commas, points = (texts[texts.str.contains(sign)] for sign in (",", "[.]"))
    if len(commas) and texts.str.fullmatch(COMMA).all() and not commas.str.fullmatch(THOUSANDS).all():
        texts = texts.str.replace(",", ".")
    if not all(map(NUMBER.fullmatch, texts)):
        return None
    if len(points) and points.str.fullmatch(THOUSANDS).all() and texts.str.fullmatch("-?[1-9]\\d*").any():
        return None
    joined = "\n".join(texts)
    whole = not BROKEN.search(joined)  # ids are whole; what has a decimal point somewhere is measured
    if whole and (ODD.search(joined) or (gaps and LONG.search(joined))):
        return None
    numbers = pd.to_numeric(texts, errors="coerce").to_numpy()
    return None if whole and numbers.dtype.kind != "i" else numbers  # too long for 64 bits


@contextmanager
def _readable(path: Path, expected: str = "a CSV file in UTF-8 with a header") -> Iterator[None]:
    """One sentence for whatever goes wrong when the file is read inside."""
    try:
        yield
    except (ValueError, OSError, EOFError, csv.Error, zipfile.BadZipFile, lzma.LZMAError) as error:  # also ParserError
        if isinstance(error, UnicodeDecodeError):
            expected += ', or its encoding, such as encoding="latin-1", "cp1252" or "gbk"'
            expected += " (--encoding of the command, ENCODING= of make)"
        validate.fail("path", f"{path.name}, which cannot be read ({' '.join(str(error).split())})", expected)


def _small(frame: pd.DataFrame) -> pd.DataFrame:
    """Whole numbers in as few bytes as they need, words once each."""
    small = {}
    for name, values in frame.items():
        kinds = set(map(type, values.dropna())) if values.dtype == object else set()
        if kinds == {bool} or values.dtype == bool:
            values = values.astype(float if kinds else np.int8)  # true and false are 1 and 0, as in a CSV file
        elif kinds == {int} or (values.dtype == np.uint64 and values.max() > validate.LARGEST_INTEGER):
            values = values.astype(str).where(values.notna())  # too long for 64 bits
        if pd.api.types.is_integer_dtype(values.dtype):
            values = pd.to_numeric(values, downcast="integer")
        elif isinstance(values.dtype, pd.CategoricalDtype):
            values = values if len(values.cat.categories) < len(values) / 2 else values.astype(object)
        elif not (kinds & {list, np.ndarray} or pd.api.types.is_numeric_dtype(values.dtype)):
            values = values.astype("category") if values.nunique() < len(values) / 2 else values
        small[name] = values
    return frame.assign(**small)
