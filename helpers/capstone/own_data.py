"""A table of the reader's own: read it, say what each column is, and hear at once what is wrong with it.

    frame = read("log.csv")
    suggest(frame)                                  # a first guess of each column's role, with a reason
    declaration = Declaration(labels={"click": "binary"}, user="user", item="video", numbers=("duration",))
    train, valid, test = split(declaration, prepare(declaration, frame))

A row is one impression. A label is what happened after it, a feature is what was known before it: what is mixed up
here no later step can mend. `helpers.capstone.own_checks` looks for that, and for all else that may be wrong.
"""

from __future__ import annotations

import csv
import difflib
import gzip
import io
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from helpers.data.features import Dense, Sequence, Sparse
from helpers.models.shared_bottom import TASK_KINDS
from helpers.support import validate

BINARY, REGRESSION = (f"{kind} label" for kind in TASK_KINDS)
ROLES = ("user", "item", "id", "number", "list", "time", BINARY, REGRESSION, "leave out")
FRACTIONS = (0.8, 0.1, 0.1)  # of the rows, to train, validate and test


# Read


def read(path: str | Path, columns: Iterable[str] | None = None) -> pd.DataFrame:
    """A CSV file (or .csv.gz; separated by , ; tab or |) with a header. `columns` reads these alone, to save memory.

    Whole numbers take as few bytes as they need, and words are kept once each (categories). Blanks around a name in the
    header are cut off. No value changes its meaning: a column stays words where numbers would lose something (007 is
    not 7, 1e5 among whole numbers is a name, nor do ids of more than 15 digits with gaps fit), and NA or null is
    missing among numbers, but a word among words.

    Raises FileNotFoundError or ValueError in one sentence: no such file, no table, no such column, a column name twice,
    a first line that is no header, a line with more or fewer values than the header has names.
    """
    path = _file(path)
    try:
        with _text(path) as file:
            separator, names = _header(file.read(SAMPLE))
    except (ValueError, OSError, EOFError, csv.Error) as error:
        _unreadable(path, error)
    if names and sum(map(_is_number, names)) > len(names) / 2:
        came = f"{path.name}, whose first line has numbers ({', '.join(names)[:40]})"
        validate.fail("path", came, "a header: a first line with a name for each column")
    if twice := sorted({name for name in names if names.count(name) > 1}):
        validate.fail("path", f"{path.name} with {twice[0]!r} twice in its header", "a name of its own for each column")
    wanted = names if columns is None else list(columns)
    if missing := [name for name in wanted if name not in names]:
        validate.fail("columns", _near(missing[0], names), "columns of the file")
    try:
        words = _words(path, separator, names, wanted)
        options = {"sep": separator, "encoding": "utf-8-sig", "low_memory": False, "usecols": wanted or None}
        options |= {"dtype": dict.fromkeys(words, str), "index_col": False, "keep_default_na": False}
        missing = {name: [""] if name in words else ["", *MISSING] for name in wanted}
        frame = pd.read_csv(path, header=0, names=names or None, na_values=missing, **options)
    except LineError as error:
        validate.fail(
            "path", f"{path.name} with {error}", "a value for each name, and quotes around a separator in a text"
        )
    except (ValueError, OSError, EOFError, csv.Error) as error:  # ParserError and EmptyDataError are ValueErrors
        _unreadable(path, error)
    if not len(frame):
        validate.fail("path", f"{path.name} without a row below its header", "a table with rows")
    return _small(frame)


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


def _text(path: Path) -> io.TextIOBase:
    return (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8-sig", newline="")


def _header(text: str) -> tuple[str, list[str]]:
    """The separator, and the names in the first line.

    The separator is the one with which most of the lines below have as many values as there are names.
    """
    best = (-1.0, 0, ",", [])
    for separator in ",;\t|":
        rows = [row for row in islice(csv.reader(io.StringIO(text), delimiter=separator), 50) if row]
        names, below = (rows[0], rows[1:]) if rows else ([], [])
        if len(text) == SAMPLE:
            below = below[:-1]  # it may be cut in two
        same = sum(len(row) == len(names) for row in below) / max(len(below), 1) if len(names) > 1 else 0.0
        best = max(best, (same, len(names), separator, names))
    _, _, separator, names = best
    return separator, [name.strip() or f"column {k}" for k, name in enumerate(names, 1)]


class LineError(ValueError):
    """A line that does not fit the header; says which."""


# A column of texts, one a line, is searched for these.
PLAIN = re.compile(r"(-?([1-9]\d{0,14}|0)(\n|\Z))*")  # 7, 12, -3
PADDED = re.compile(r"^ *[+-]?0\d|^ *\+", re.M)  # 007, +7
POWER = re.compile(r"^ *-?\d+[eE]\+?\d+ *$", re.M)  # 1e5
BROKEN = re.compile(r"\.|[eE]-", re.M)  # 0.5, 5e-7
LONG = re.compile(r"^ *-?\d{16,} *$", re.M)  # more digits than a float holds
NO_NUMBER = re.compile(r"^(?! *([+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?inf(inity)?|true|false) *$).+$", re.M | re.I)


def _words(path: Path, separator: str, names: list[str], wanted: list[str]) -> set[str]:
    """The columns whose values are words, or would lose something as numbers. Reads the file as texts, in parts.

    Raises LineError for a line with another number of values than there are names.
    """
    seen = {name: set() for name in wanted}  # of each column, what was found in it
    with _text(path) as file:
        reader = csv.reader(file, delimiter=separator)
        next(reader, None)
        while rows := [row for row in islice(reader, PART) if row]:
            if set(map(len, rows)) != {len(names)}:
                wrong = next(row for row in rows if len(row) != len(names))
                line = " in the line that begins with " + repr(separator.join(wrong)[:30])
                count = f"{len(wrong)} value{'s' * (len(wrong) != 1)}"
                raise LineError(f"{count}{line}, and {len(names)} names in its header")
            for name, texts in zip(names, zip(*rows, strict=True), strict=True):
                if name in seen and "word" not in seen[name]:
                    seen[name] |= _signs(set(texts))
    return {name for name, signs in seen.items() if _loses(signs)}


PART = 10_000  # lines that are looked at together


def _signs(texts: set[str]) -> set[str]:
    """What is found in some different values of a column, of all that decides what it is."""
    gaps = texts & {"", *MISSING}
    text = "\n".join(texts - gaps)
    if PLAIN.fullmatch(text):  # most columns, at once
        return {"gap"} if gaps else set()
    signs = {"padded": PADDED, "power": POWER, "broken": BROKEN, "long": LONG, "word": NO_NUMBER}
    return {name for name, pattern in signs.items() if pattern.search(text)} | ({"gap"} if gaps else set())


def _loses(signs: set[str]) -> bool:
    """Whether numbers in place of the texts would lose something."""
    whole = "broken" not in signs  # ids are whole; what has a decimal point somewhere is measured
    return "word" in signs or (whole and ("padded" in signs or "power" in signs or {"long", "gap"} <= signs))


def _unreadable(path: Path, error: Exception):
    said = " ".join(str(error).split())
    validate.fail("path", f"{path.name}, which cannot be read ({said})", "a CSV file in UTF-8 with a header")


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
        elif not pd.api.types.is_numeric_dtype(values.dtype) and values.nunique() < len(values) / 2:
            small[name] = values.astype("category")
        else:
            small[name] = values
    return frame.assign(**small)


def megabytes(frame: pd.DataFrame) -> float:
    """Memory of a table, words included."""
    return float(frame.memory_usage(deep=True).sum() / 1e6)


# Declare


@dataclass(frozen=True)
class Declaration:
    """What the columns of a table are. A column that is not named is left out.

    labels      {column: "binary" or "regression"}: what happened; a missing value was not observed, and is masked
    user, item  ids; the user also says which rows belong together, for GAUC and for the interval
    ids         other ids and categories: words, or whole numbers without an order
    numbers     numbers with an order: durations, counts, ages
    lists       {column: id column}: what the user did before, ids with spaces between them, oldest first
    time        orders the rows, as numbers or dates; not a feature

    Raises ValueError for a column with two roles, and for a list of ids that are no column.
    """

    labels: dict[str, str]
    user: str | None = None
    item: str | None = None
    ids: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    lists: dict[str, str] = field(default_factory=dict)
    time: str | None = None

    def __post_init__(self):
        if not isinstance(self.labels, dict) or not self.labels:
            validate.fail("labels", repr(self.labels)[:60], '{column: "binary" or "regression"}, at least one')
        for column, kind in self.labels.items():
            validate.choice(f"labels[{column!r}]", kind, TASK_KINDS)
        for name in ("ids", "numbers"):
            value = getattr(self, name)
            if isinstance(value, str) or not isinstance(value, Iterable):
                validate.fail(name, repr(value)[:60], "several names, such as ('age',)", TypeError)
            object.__setattr__(self, name, tuple(value))
        if not isinstance(self.lists, dict):
            validate.fail("lists", repr(self.lists)[:60], '{column: id column}, such as {"seen": "video"}', TypeError)
        for name in ("user", "item", "time"):
            if not isinstance(getattr(self, name), str | None):
                validate.fail(name, repr(getattr(self, name))[:60], "the name of one column, as text", TypeError)
        named = self.columns()
        if other := [column for column in named if not isinstance(column, str)]:
            expected = "names that are text (`frame.columns = frame.columns.map(str)` makes them so)"
            validate.fail("declaration", f"the column {other[0]!r}", expected, TypeError)
        if twice := sorted({column for column in named if named.count(column) > 1}):
            validate.fail("declaration", f"{twice[0]!r} in two roles", "one role a column: a label is no feature")
        if not self.features():
            validate.fail("declaration", "no feature", "at least one id or number to predict from")
        for column, of in self.lists.items():
            validate.choice(f"lists[{column!r}]", of, self.ids_of_all())

    def ids_of_all(self) -> list[str]:
        return [column for column in (self.user, self.item) if column is not None] + list(self.ids)

    def features(self) -> list[str]:
        return [*self.ids_of_all(), *self.numbers, *self.lists]

    def columns(self) -> list[str]:
        """All that are named, to read them alone."""
        return [*self.features(), *self.labels, *([] if self.time is None else [self.time])]

    def layout(self, width: int = 8) -> list[Sparse | Dense | Sequence]:
        """The columns for `Features` or a `Ranker`, with embeddings of `width`."""
        sparse = [Sparse(column, width) for column in self.ids_of_all()]
        return sparse + [Dense(c) for c in self.numbers] + [Sequence(c, of=of) for c, of in self.lists.items()]

    def roles(self) -> dict[str, str]:
        """{column: one of `ROLES`}, as the form shows them."""
        by_role = {self.user: "user", self.item: "item", self.time: "time"}
        by_role |= dict.fromkeys(self.ids, "id") | dict.fromkeys(self.numbers, "number")
        by_role |= dict.fromkeys(self.lists, "list") | {c: f"{kind} label" for c, kind in self.labels.items()}
        return {column: by_role[column] for column in self.columns()}

    @staticmethod
    def of_roles(roles: dict[str, str]) -> Declaration:
        """The declaration that {column: role} stands for; a list holds ids of the item."""
        by_role: dict[str, list[str]] = {role: [] for role in ROLES}
        for column, role in roles.items():
            by_role[validate.choice(f"role of {column!r}", role, ROLES)].append(column)
        for role in ("user", "item", "time"):
            if len(by_role[role]) > 1:
                validate.fail("roles", f"{len(by_role[role])} columns that are {role}", "one at most")
        if by_role["list"] and not by_role["item"]:
            validate.fail("roles", f"the list {by_role['list'][0]!r} without an item", "a column that is the item")
        if not by_role[BINARY] and not by_role[REGRESSION]:
            validate.fail("roles", "no label", f"at least two columns that are a {BINARY} or a {REGRESSION}")
        user, item, time = (next(iter(by_role[role]), None) for role in ("user", "item", "time"))
        labels = {c: role.removesuffix(" label") for c, role in roles.items() if role in (BINARY, REGRESSION)}
        lists = dict.fromkeys(by_role["list"], item)
        return Declaration(labels, user, item, tuple(by_role["id"]), tuple(by_role["number"]), lists, time)

    def code(self) -> str:
        """The Python that makes this declaration, to copy."""
        parts = {name: getattr(self, name) for name in self.__dataclass_fields__}
        lines = [f"    {name}={literal(value)}," for name, value in parts.items() if value not in (None, (), {})]
        return "\n".join(["Declaration(", *lines, ")"])


def literal(value) -> str:
    """A value as Python writes it, with double quotes, whatever quotes are in it."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{literal(key)}: {literal(part)}" for key, part in value.items()) + "}"
    if isinstance(value, tuple):
        return "(" + ", ".join(map(literal, value)) + (",)" if len(value) == 1 else ")")
    return repr(value)


# Suggest

USER_NAMES, ITEM_NAMES = (
    ("user", "uid", "member", "customer", "用户"),
    ("item", "video", "movie", "product", "article", "photo", "视频", "商品"),
)
MOSTLY = 0.9  # of the rows; a number that is 0 or missing in more of them often comes from what happened afterwards
YES_NO = {"yes", "no", "true", "false", "y", "n", "t", "f"}
TIME_NAMES, AFTER_NAMES = (
    ("time", "date", "timestamp", "时间", "日期"),
    ("watch", "play", "dwell", "rating", "revenue", "completion", "stay"),
)


def suggest(frame: pd.DataFrame) -> pd.DataFrame:
    """A first guess for each column: role, reason, an example. It reads names and values; you know what they mean."""
    validate.columns("frame", frame, [])
    guesses, taken = {}, set()
    for name, values in frame.items():
        role, reason = _guess(str(name), values)
        if role in ("user", "item", "time") and role in taken:
            role, reason = ("id", f"another {role}") if role != "time" else ("leave out", "another time")
        taken.add(role)
        seen = values.dropna()
        guesses[name] = {"role": role, "reason": reason, "example": str(seen.iloc[0]) if len(seen) else ""}
    return pd.DataFrame.from_dict(guesses, orient="index").rename_axis("column")


def _guess(name: str, values: pd.Series) -> tuple[str, str]:
    seen, low = values.dropna(), name.lower()
    if any(isinstance(value, list | tuple | np.ndarray) for value in seen):
        return "list", "lists; each of ids"
    distinct = seen.nunique()
    if distinct < 2:
        return "leave out", "one value only"
    if not pd.api.types.is_numeric_dtype(values.dtype):
        if _has(low, TIME_NAMES):
            return _time(values, "its name, and dates as text")
        if seen.astype(str).head(1000).str.fullmatch(r"\S+( \S+)+").mean() > 0.5 and _has(low, ("hist", "list", "seq")):
            return "list", "ids with spaces between them"
        if distinct == 2 and set(seen.astype(str).str.lower()) <= YES_NO:
            return "leave out", "two words; a label must be 0 and 1"
        if distinct > len(seen) / 2:
            return "leave out", f"text, different in {distinct:,} rows"
        return _id(low, f"{distinct:,} different words")
    whole = bool((seen % 1 == 0).all())
    if distinct == 2 and set(seen.unique()) == {0, 1}:
        return BINARY, "0 and 1; if known before the impression, an id"
    if set(seen.unique()) == {-1, 1}:
        return "leave out", "−1 and 1; a label must be 0 and 1"
    if _has(low, AFTER_NAMES):
        return "leave out", "measured afterwards? a label, never a feature"
    if _has(low, TIME_NAMES):
        return _time(values, "its name; numbers that may order the rows")
    if whole and (low.endswith("id") or _has(low, (*USER_NAMES, *ITEM_NAMES, "author", "category", "code"))):
        return _id(low, f"its name; {distinct:,} different whole numbers")
    if whole and len(seen) == len(values) and (values.diff()[1:] == 1).all():
        return "leave out", "the number of the row"
    if (values.isna() | (values == 0)).mean() > MOSTLY:
        return "leave out", "mostly 0 or missing; measured afterwards?"
    return "number", "whole numbers; if they are codes, an id" if whole else "numbers with decimals"


def _time(values: pd.Series, reason: str) -> tuple[str, str]:
    return ("leave out", "a time with gaps orders no rows") if values.isna().any() else ("time", reason)


def _id(low: str, reason: str) -> tuple[str, str]:
    for role, names in (("user", USER_NAMES), ("item", ITEM_NAMES)):
        if any(low == name or low == f"{name}_id" or low == f"{name}id" for name in names):
            return role, reason
    return "id", reason


def _has(low: str, words: Iterable[str]) -> bool:
    return any(word in low for word in words)


# Prepare and split


def prepare(declaration: Declaration, frame: pd.DataFrame) -> pd.DataFrame:
    """The declared columns alone, as `Features` takes them: lists cut into ids, dates as numbers, rows in their order.

    With a time the rows are in its order; rows of one time stay as they were.
    """
    frame = validate.columns("frame", frame, declaration.columns())[declaration.columns()].copy()
    for column, of in declaration.lists.items():
        whole = pd.api.types.is_integer_dtype(frame[of].dtype)
        frame[column] = cut(column, frame[column], whole)
    if declaration.time is not None:
        frame[declaration.time] = moments(declaration.time, frame[declaration.time])
        frame = frame.sort_values(declaration.time, kind="stable")
    return frame.reset_index(drop=True)


def moments(name: str, values: pd.Series) -> pd.Series:
    """A column of numbers or dates as numbers that order the rows; ValueError for gaps and for what is neither."""
    if not pd.api.types.is_numeric_dtype(values.dtype):
        day_first = _day_first(name, values)
        try:
            dates = pd.to_datetime(values.astype(object), utc=True, format="mixed", dayfirst=day_first)
        except (ValueError, TypeError, OverflowError):
            validate.fail(name, f"{values.dropna().iloc[0]!r}", "numbers, or dates such as 2026-05-01 18:30:00")
        values = dates.astype("int64").where(dates.notna())
    if gaps := int(values.isna().sum()):
        validate.fail(name, f"{gaps} missing values", "a time in each row")
    return values


def _day_first(name: str, values: pd.Series) -> bool:
    """Whether 13/05/2026 is what all dates look like; ValueError where 02/05/2026 may be either, or both occur."""
    texts = pd.Series(values.dropna().unique()).astype(str)
    pairs = texts.str.extract(r"^\s*(\d{1,2})[./-](\d{1,2})[./-]\d").dropna().astype(int)
    if pairs.empty:
        return False
    day_first, month_first = (bool((pairs[k] > 12).any()) for k in (0, 1))
    if day_first == month_first:
        came = f"{texts[pairs.index[0]]!r}, and no rule for day and month fits all rows"
        validate.fail(name, came if day_first else f"{texts[pairs.index[0]]!r}: which is the day?", YEAR_FIRST)
    return day_first


YEAR_FIRST = "dates with the year first, such as 2026-05-01 18:30:00"


def cut(column: str, values: Iterable, whole: bool) -> list[list]:
    """Each text cut at its blanks into ids, whole numbers or words; lists stay. ValueError for what is neither."""
    return [_cut(column, value, whole) for value in values]


def _cut(column: str, value, whole: bool) -> list:
    if isinstance(value, list | tuple | np.ndarray):
        return list(value)
    if pd.isna(value):
        return []
    parts = str(value).split()
    if not whole and set("[](),'\"") & set(str(value)):
        validate.fail(column, repr(value)[:60], "ids with spaces between them, without brackets, commas or quotes")
    if whole and not all(part.lstrip("-").isdigit() for part in parts):
        validate.fail(column, repr(value)[:60], "whole numbers with spaces between them, ids as in its id column")
    return [int(part) for part in parts] if whole else parts


class Split(NamedTuple):
    """Rows to train, validate and test."""

    train: pd.DataFrame
    valid: pd.DataFrame
    test: pd.DataFrame


def split(declaration: Declaration, frame: pd.DataFrame, seed: int = 0) -> Split:
    """The rows of `prepare` as `FRACTIONS` of them: by time where there is one, else at random by `seed`.

    By time, everything that is trained on happened before everything that is validated on, and that before the test;
    rows of one time stay together. Raises ValueError where there are too few different times.
    """
    ends = np.round(np.cumsum(FRACTIONS)[:2] * len(frame)).astype(int)
    if declaration.time is None:
        order = np.random.default_rng(validate.number("seed", seed, low=0, whole=True)).permutation(len(frame))
        return Split(*(frame.iloc[np.sort(part)] for part in np.split(order, ends)))
    time = frame[declaration.time].to_numpy()
    first, second = np.sort(time)[np.minimum(ends, len(frame) - 1)]
    parts = Split(frame[time < first], frame[(first <= time) & (time < second)], frame[time >= second])
    if not all(map(len, parts)):
        expected = "enough of them to cut the rows at four fifths and at nine tenths"
        validate.fail(declaration.time, f"{len(np.unique(time))} different times", expected)
    return parts


def _near(name: str, names: Iterable[str]) -> str:
    near = difflib.get_close_matches(str(name), [str(n) for n in names], n=1, cutoff=0.5)
    return f"no column {name!r}" + (f" (is it {near[0]!r}?)" if near else "")
