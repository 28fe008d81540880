"""Make a declared table ready for training, and split it so that nothing is trained on the future.

train, valid, test = split(declaration, prepare(declaration, frame))     # rows
train, valid, test = Table(prepare(declaration, frame), declaration).sets(seed)     # examples
"""

import ast
import copy
import itertools
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import bdtrc  # the binomial distribution, from above

from ..data.examples import Examples
from ..data.features import Features
from ..support import validate
from .declaration import Declaration

FRACTIONS = (0.8, 0.1, 0.1)  # of the rows, to train, validate and test


@validate.checked
def prepare(declaration: Declaration, frame: pd.DataFrame, lists: bool = True) -> pd.DataFrame:
    """The declared columns alone, as `Features` takes them: lists and tags cut into ids, vectors into numbers, dates as
    numbers, rows in their order. Without `lists` these three stay as they are: it saves time where nobody reads them.

    With a time the rows are in its order; rows of one time stay as they were. Where rows were logged several times
    (`repeats`), copies have the time of the first of them; without a time they have a number in the column `COPY`, by
    which `split` keeps them together.
    """
    frame = validate.columns("frame", frame, declaration.columns())[declaration.columns()].copy()
    frame = with_answers(declaration, frame)
    same = repeats(declaration, frame)
    for column, of in declaration.lists.items() if lists else ():
        frame[column] = cut_ids(column, frame[column], pd.api.types.is_integer_dtype(frame[of].dtype))
    for column in declaration.tags if lists else ():
        frame[column] = cut_tags(frame[column])
    for column, names in declaration.places().items() if lists else ():
        numbers = pd.DataFrame(cut_vectors(frame[column], len(names)), frame.index, names)
        frame = pd.concat([frame.drop(columns=column), numbers], axis=1)
    if declaration.time is not None:
        frame[declaration.time] = moments(declaration.time, frame[declaration.time])
        if same.copies:
            frame[declaration.time] = frame[declaration.time].groupby(same.rows).transform("min")
        frame = frame.sort_values(declaration.time, kind="stable")
    elif same.copies:
        frame[COPY] = same.rows
    return frame.reset_index(drop=True)


YES_NO = (("no", "yes"), ("false", "true"), ("n", "y"), ("f", "t"), ("nein", "ja"), ("non", "oui"), ("no", "sí"))
YES_NO += (("no", "si"), ("não", "sim"), ("n", "s"), ("nie", "tak"), ("nee", "ja"), ("nej", "ja"), ("нет", "да"))
YES_NO += (("否", "是"), ("hayır", "evet"), ("いいえ", "はい"))  # 0 and 1, in any case


@validate.checked
def with_answers(declaration: Declaration, frame: pd.DataFrame) -> pd.DataFrame:
    """Binary labels that say yes and no, or true and false, as 1 and 0; any other word stays."""
    found = {}
    for label, kind in declaration.labels.items():
        if kind != "binary" or label not in frame or pd.api.types.is_numeric_dtype(frame[label].dtype):
            continue
        words = frame[label].astype(object)
        words = words.where(words.isna(), words.astype(str).str.strip().str.lower())
        if pair := next((pair for pair in YES_NO if set(words.dropna().unique()) <= set(pair)), None):
            found[label] = words.map({pair[0]: 0.0, pair[1]: 1.0}).astype(float)
    return frame.assign(**found)


COPY = "(copies of one row)"  # a column that no file has
AGREE = 0.8  # of what rows with equal features could agree in their labels beyond chance, from which on they are copies
MANY_ALIKE = 0.5  # of the rows
FEWEST_DIFFERENT, MOST_COPIES = 100, 5  # rows that differ, and how often each of them may be there on average


class Repeats(NamedTuple):
    """share    of the rows, that repeat an earlier one in all declared columns but the time
    copies   whether they were logged several times: rows with equal features agree in their labels far more than others
             do, surely, wherever one of them has other labels than the usual. Else they are impressions of their own
             that look alike, as where the columns have few values
    rows     for each row a number; those with equal features have the same
    """

    share: float
    copies: bool
    rows: np.ndarray


@validate.checked
def repeats(declaration: Declaration, frame: pd.DataFrame) -> Repeats:
    """How many rows repeat another one, and whether they are copies."""
    rows, labels = (_hashes(frame[columns]) for columns in (declaration.features(), list(declaration.labels)))
    return _repeats(rows, labels)


@validate.checked
def copies_by_join(declaration: Declaration, frame: pd.DataFrame) -> dict[str, float]:
    """{column: share}: how many rows are copies of an earlier one but for this feature, as after a join with it."""
    labels, hashes = _hashes(frame[list(declaration.labels)]), {}
    for weight, column in enumerate(declaration.features(), 1):
        hashes[column] = pd.util.hash_array(_hashes(frame[[column]]).astype(np.uint64)) * np.uint64(2 * weight + 1)
    total, found = sum(hashes.values()), {}
    for column, its_own in hashes.items():
        rows, different = pd.factorize(total - its_own)
        if len(different) < len(rows) * (1 - MANY_ALIKE) and (same := _repeats(rows, labels)).copies:
            found[column] = same.share
    return found


def _repeats(rows: np.ndarray, labels: np.ndarray) -> Repeats:
    again = pd.DataFrame({"rows": rows, "labels": labels}).duplicated()
    order = np.argsort(rows, kind="stable")
    alike = np.diff(rows[order]) == 0
    if not alike.any():
        return Repeats(0.0, False, rows)
    shares = pd.Series(labels).value_counts(normalize=True)
    telling = alike & ((labels[order][1:] != shares.index[0]) | (labels[order][:-1] != shares.index[0]))
    count, agree = telling.sum(), (telling & (np.diff(labels[order]) == 0)).sum()
    twice = float((shares**2).sum() - shares.iloc[0] ** 2)  # pairs of any two rows that agree, and not in the usual
    chance = twice / max(1 - shares.iloc[0] ** 2, 1e-9)
    sure = bdtrc(agree - 1, count, (1 + chance) / 2) < 1e-6 and agree >= (chance + AGREE * (1 - chance)) * count
    counts = np.bincount(rows)  # where the columns have few values, and these settle the label, rows agree as well
    many = len(counts) >= FEWEST_DIFFERENT and len(rows) <= MOST_COPIES * len(counts)
    return Repeats(float(again.mean()), many and bool(sure), rows)


def _hashes(frame: pd.DataFrame) -> np.ndarray:
    """A number for each row, equal for equal rows; lists count as their text."""
    lists = {name: values.astype(str) for name, values in frame.items() if values.dtype == object}
    return pd.factorize(pd.util.hash_pandas_object(frame.assign(**lists), index=False))[0]


@validate.checked
def moments(name: str, values: pd.Series) -> pd.Series:
    """A column of numbers or dates as numbers that order the rows; ValueError for gaps and for what is neither. Dates
    with a zone are in the log's own time, that of its first row."""
    if of_day(values):
        came = f"'{values.dropna().iloc[0]}', a time of day without a date"
        validate.fail(name, came, "a date in each row, or no time")
    if pd.api.types.is_numeric_dtype(values.dtype):
        if (dated := dates_in_digits(values)) is not None:
            values = dated.dt.as_unit("us").astype("int64")
        each = {unit: some for unit in UNITS if (some := _counts_in(unit, values)).any()}
        if len(each) > 1 and np.any([*each.values()], axis=0).all():
            came = " and ".join(f"{values[some].iloc[0]} ({unit})" for unit, some in each.items())
            validate.fail(name, f"times in two units, such as {came}", "one unit in all rows")
    else:
        first, _ = day_first(name, values)
        try:
            found = pd.to_datetime(with_signs(values), utc=True, format="mixed", dayfirst=first)
        except (ValueError, TypeError, OverflowError):
            validate.fail(name, f"{values.dropna().iloc[0]!r}", "numbers, or dates such as 2026-05-01 18:30:00")
        values = (found + _own_time(values)).dt.as_unit("us").astype("int64").where(found.notna())
    if gaps := int(values.isna().sum()):
        validate.fail(name, f"{gaps} missing values", "a time in each row")
    return values


@validate.checked
def with_signs(values: pd.Series) -> pd.Series:
    """Dates in Chinese, such as 2026年5月1日 18:30, as 2026-5-1 18:30; all else as it is."""
    signs = re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})[日号]\s*")
    words = values.astype(object)
    return words.map(lambda value: signs.sub(r"\1-\2-\3 ", value).strip() if isinstance(value, str) else value)


def _own_time(values: pd.Series) -> pd.Timedelta:
    """How far the time of the first row with a zone is ahead of UTC; 0 where there is none."""
    zones = values.dropna().iloc[:1].astype(str).str.extract(r":\d\d(?:\.\d+)?\s*([+-]\d\d:?\d\d)$")[0].dropna()
    return pd.Timestamp(f"2026-05-01 00:00{zones.iloc[0]}").utcoffset() if len(zones) else pd.Timedelta(0)


TIME_OF_DAY = r"\s*\d{1,2}:\d\d(:\d\d(\.\d+)?)?\s*([aApP][mM])?\s*"


@validate.checked
def of_day(values: pd.Series) -> bool:
    """Whether all are times of a day without a date, such as 14:03 or 02:03 PM."""
    if pd.api.types.is_numeric_dtype(values.dtype):
        return False
    texts = pd.Series(values.dropna().unique()).astype(str)
    return len(texts) > 0 and bool(texts.str.fullmatch(TIME_OF_DAY).all())


WRITTEN = {10: "%Y%m%d%H", 8: "%Y%m%d"}  # whole numbers that are dates, by their length


@validate.checked
def dates_in_digits(values: pd.Series) -> pd.Series | None:
    """The dates that whole numbers such as 20260501, 2026050118 (with the hour) or 26050118 stand for; None where any
    of them is no such date between 1990 and 2099."""
    known = values.unique()
    if values.isna().any() or not len(known) or (known % 1 != 0).any():
        return None
    texts = pd.Series(known).astype("int64").astype(str)
    if set(texts.str.len()) - {8, 10} or texts.str.len().nunique() > 1:
        return None
    for full in (texts, "20" + texts) if len(texts[0]) == 8 else (texts,):
        dates = pd.to_datetime(full, format=WRITTEN[len(full[0])], errors="coerce")
        if dates.notna().all() and dates.dt.year.between(1990, 2099).all():
            return values.map(dict(zip(known, dates, strict=True)))
    return None


UNITS = {"s": 1, "ms": 1e3, "us": 1e6, "ns": 1e9}  # of a second, in which machines count from 1970


@validate.checked
def dates(times: pd.Series) -> pd.Series | None:
    """The dates that numbers of `moments` stand for, whatever unit since 1970 they count; None where they are none.

    Numbers are dates where all of them lie between 1990 and 2100 in one of `UNITS`.
    """
    unit = next((unit for unit in UNITS if _counts_in(unit, times).all()), None)
    return None if unit is None else pd.to_datetime(times, unit=unit)


def _counts_in(unit: str, times: pd.Series) -> pd.Series:
    return times.between(7305 * 86_400 * UNITS[unit], 47_482 * 86_400 * UNITS[unit])


@validate.checked
def day_first(name: str, values: pd.Series) -> tuple[bool, str]:
    """Whether the day is first, as in 13/05/2026, and an example where each could be read either way, else "".

    There the day is first after dots, as in 02.05.2026, for hardly anybody writes the month there; else the reading
    counts by which the dates lie closer together: the other one makes months of days. ValueError where both occur.
    """
    texts = pd.Series(values.dropna().unique()).astype(str)
    pairs = texts.str.extract(r"^\s*(\d{1,2})[./-](\d{1,2})[./-]\d").dropna().astype(int)
    day, month = (bool((pairs[k] > 12).any()) for k in (0, 1))
    if day and month:
        validate.fail(name, f"{texts[pairs.index[0]]!r}, and no rule for day and month fits all rows", YEAR_FIRST)
    if day or month or pairs.empty:
        return day, ""
    example = texts[pairs.index[0]]
    if texts[pairs.index].str.contains(DOTS).all():
        return True, example
    options = {"utc": True, "format": "mixed", "errors": "coerce"}
    read = (pd.to_datetime(texts, dayfirst=first, **options) for first in (True, False))
    by_day, by_month = (found.max() - found.min() for found in read)
    return bool(by_day < by_month), example


DOTS = r"^\s*\d{1,2}\.\d{1,2}\.\d"
YEAR_FIRST = "dates with the year first, such as 2026-05-01 18:30:00"


@validate.checked
def cut_ids(column: str, values: Iterable, whole: bool) -> list[list]:
    """Each text cut at its blanks into ids, whole numbers or words; lists stay. ValueError for what is neither."""
    known = {}  # equal ids are one object: of a million lists each id is there once
    return [[known.setdefault(part, part) for part in _cut_one(column, value, whole)] for value in values]


def _cut_one(column: str, value, whole: bool) -> list:
    if isinstance(value, list | tuple | np.ndarray):
        return list(value)
    if pd.isna(value):
        return []
    text = str(value).strip()
    parts = _parts(text, "|" if "|" in text else None)
    if whole:
        if parts is None or not all(re.fullmatch(r"-?\d+", str(part)) for part in parts):
            validate.fail(column, repr(value)[:60], "whole numbers with spaces between them, ids as in its id column")
        return [int(part) for part in parts]
    marked = not text.startswith("[") and set("[](),'\"") & set(text)
    if parts is None or marked or not all(isinstance(part, str) for part in parts):
        validate.fail(column, repr(value)[:60], "ids with spaces between them, without brackets, commas or quotes")
    return parts


def _parts(text: str, sign: str | None) -> list | None:
    """A text cut at a sign (None: blanks), or the list that JSON or Python wrote; None where that cannot be read."""
    if not text.startswith("["):
        return [part.strip() for part in text.split(sign) if part.strip()]
    for reads in (json.loads, ast.literal_eval) if not re.search(BETWEEN, text) else ():
        try:
            items = reads(text)
        except (ValueError, SyntaxError):
            continue
        return items if isinstance(items, list) else None
    return None


BETWEEN = r"""["']\s+["']"""  # two texts with nothing but a blank between them, which NumPy writes and Python joins


@validate.checked
def cut_tags(values: pd.Series) -> list[list]:
    """Each text cut into its tags at | or, where no text of the column has any, at ; or a comma, or else at its blanks;
    each list as it is, also one that JSON or Python wrote. What is neither, such as a number, is a tag alone.

    Raises ValueError for a list that cannot be read, and for tags that are neither words nor whole numbers.
    """
    parts = dict.fromkeys(value for value in values if isinstance(value, str))
    plain = [text for text in parts if not text.startswith("[")]
    sign = next((sign for sign in "|;," if any(sign in text for text in plain)), None)
    for text in parts:
        if (items := _parts(text, sign)) is None:
            validate.fail(values.name, repr(text)[:60], "tags such as a|b, or a list as JSON writes it")
        parts[text] = _items(values.name, items)
    tags = [parts[value] if isinstance(value, str) else _items(values.name, value) for value in values.astype(object)]
    if len({isinstance(tag, str) for row in tags for tag in row}) > 1:  # words and numbers
        return [list(map(str, row)) for row in tags]
    return tags


def _items(column: str, value) -> list:
    """The tags of a list, once each; of a missing value none."""
    items = value if isinstance(value, list | tuple | np.ndarray) else [value]
    tags = {}
    for item in items:
        if isinstance(item, float | np.floating) and item.is_integer():
            item = int(item)  # what a list with a gap makes of whole numbers
        if isinstance(item, str | bool | int | np.integer | np.bool_):
            tags[item if isinstance(item, str) else int(item)] = None
        elif isinstance(item, list | tuple | dict | np.ndarray) or not pd.isna(item):
            validate.fail(column, repr(item)[:60], "tags that are words or whole numbers")
    return list(tags)


@validate.checked
def cut_vectors(values: pd.Series, width: int) -> np.ndarray:
    """The numbers of each vector, `(rows, width)`, NaN where a whole vector is missing; ValueError that names the row
    where one has another width, or anything in it that is no finite number."""
    found, known = np.full((len(values), width), np.nan, np.float32), {}
    for row, value in enumerate(values):
        if isinstance(value, str) and value in known:
            found[row] = found[known[value]]
        elif isinstance(value, list | tuple | np.ndarray) or not pd.isna(value):
            numbers = _vector(value)
            if numbers.shape != (width,) or not np.isfinite(numbers).all():
                came = f"{str(value)[:40]!r} in row {row}"
                validate.fail(values.name, came, f"a vector of {width} numbers, or nothing")
            found[row] = numbers
            known |= {value: row} if isinstance(value, str) else {}
    return found


@validate.checked
def vector_width(values: pd.Series) -> int:
    """How many numbers nearly all of these texts or lists have, more than one and not all whole; 0: they are none."""
    rows = [_vector(value) for value in values if isinstance(value, str | list | tuple | np.ndarray)]
    widths = pd.Series([len(row) for row in rows if (np.floor(row) != row).any()], dtype=int).value_counts()
    return int(widths.index[0]) if (widths > MOST_WIDE * len(values)).any() and widths.index[0] > 1 else 0


MOST_WIDE = 0.9  # of the values


def _vector(value: str | Iterable) -> np.ndarray:
    """The numbers of a list, or of a text with blanks, commas or the like between them; NaN alone where one is none."""
    parts = re.split(r"[\s,;|]+", value.strip("[]() \t\n")) if isinstance(value, str) else value
    try:
        return np.array(parts, float)
    except (ValueError, TypeError):
        return np.array([np.nan])


class Split(NamedTuple):
    """Rows to train, validate and test."""

    train: pd.DataFrame
    valid: pd.DataFrame
    test: pd.DataFrame


@validate.checked
def split(declaration: Declaration, frame: pd.DataFrame, seed: int = 0) -> Split:
    """The rows of `prepare` as `FRACTIONS` of them: by time where there is one, else at random by `seed`.

    By time, everything that is trained on happened before everything that is validated on, and that before the test;
    rows of one time stay together. For new users whole users are drawn by `seed`, and of rows that were logged several
    times all copies at once, so that the parts have about these fractions. Raises ValueError where there are too few
    different times or users.
    """
    seed = validate.number("seed", seed, low=0, whole=True)
    if declaration.new_users or COPY in frame:
        return _drawn_whole(declaration.user if declaration.new_users else COPY, frame, seed)
    ends = np.round(np.cumsum(FRACTIONS)[:2] * len(frame)).astype(int)
    if declaration.time is None:
        order = np.random.default_rng(seed).permutation(len(frame))
        return Split(*(frame.iloc[np.sort(part)] for part in np.split(order, ends)))
    time = frame[declaration.time].to_numpy()
    gap = 0
    if declaration.gap is not None:
        if (moments := dates(frame[declaration.time])) is None:
            validate.fail(declaration.time, "numbers, not dates", f"dates, as the gap of {declaration.gap} is one")
        time, gap = moments.to_numpy(), pd.Timedelta(declaration.gap).to_timedelta64()
    first, second = np.sort(time)[np.minimum(ends, len(frame) - 1)]
    parts = Split(frame[time < first - gap], frame[(first <= time) & (time < second - gap)], frame[time >= second])
    if not all(map(len, parts)):
        expected = "enough of them to cut the rows at four fifths and at nine tenths"
        if gap and first < second:
            days = (second - first) / np.timedelta64(1, "D")
            came = f"a gap of {declaration.gap}, which swallows the {days:.1f} days of the rows to validate"
            cure = "a log of more days, a shorter gap, or none, without the rows whose labels have not come"
            validate.fail(declaration.time, came, cure)
        validate.fail(declaration.time, f"{len(np.unique(time))} different times", expected)
    return parts


def _drawn_whole(column: str, frame: pd.DataFrame, seed: int) -> Split:
    """Each user, or copy, with all rows in one part: in a random order, a part takes them until it has its share."""
    whose, known = pd.factorize(frame[column])
    order = np.random.default_rng(seed).permutation(len(known))
    before = np.empty(len(known))  # the share of rows that users before this one in the order have
    before[order] = (np.cumsum(np.bincount(whose)[order]) - np.bincount(whose)[order]) / len(frame)
    part = np.searchsorted(np.cumsum(FRACTIONS)[:2], before, side="right")[whose]
    parts = Split(*(frame[part == k] for k in range(3)))
    if not all(map(len, parts)):
        what = "different rows" if column == COPY else "users"
        validate.fail(column, f"{len(known)} {what}", "enough of them for three parts")
    return parts


class Table:
    """A prepared table, as examples in splits.

    within   binary labels that are judged within lists, which have the numbers `lists` (None: there are no lists)

    Features are fitted on the training rows of the split by time; for random splits on all rows, though not on their
    labels, so that all splits have the same embedding tables.
    """

    def __init__(self, frame: pd.DataFrame, declaration: Declaration):
        self.frame, self.declaration, self.within = frame, declaration, frozenset()
        self.tasks, self.by_time = declaration.labels, declaration.by_time
        train = (first := self.split(0)).train
        self.parts = {name: len(part) for name, part in first._asdict().items()}
        del first
        self.users = 0 if declaration.user is None else int(frame[declaration.user].nunique())
        self.features = Features(declaration.layout()).fit(train if self.by_time else frame)
        del train  # copies of rows, which of a large table take much memory
        units = {task: (frame[task].mean(), frame[task].std()) for task, kind in self.tasks.items() if kind != "binary"}
        own = {task: task for task in self.tasks}
        examples = self.features.examples(frame, own, declaration.user, declaration.weight, narrow=True)
        self.examples = examples.scaled(units)  # R² knows no unit; the losses do
        beside = (declaration.user, declaration.item, declaration.time, declaration.group, *declaration.served.values())
        kept = [*declaration.labels, *filter(None, dict.fromkeys(beside)), *({COPY} & {*frame})]
        self.frame = frame[kept]  # features are in the examples; lists of ids would take most of the memory here
        self.clusters = ties(declaration, self.frame)  # which rows of a test belong together
        self.lists = self.clusters.get("groups", self.clusters.get("users"))
        self.spans, self.days = self._spans()

    def _spans(self) -> tuple[dict[str, tuple[str, str]], int]:
        """When the rows of each part were, first and last, and how many days those of the test have."""
        if self.declaration.time is None:
            return {}, 0
        time, parts = self.frame[self.declaration.time], self.split(0)
        days = dates(time)
        time, cut = (time, None) if days is None else (days.dt.floor("D"), len("2026-05-01"))
        ends = {name: time[part.index].agg(["min", "max"]) for name, part in parts._asdict().items()}
        spans = {name: tuple(str(end)[:cut] for end in pair) for name, pair in ends.items()}
        return spans, 0 if days is None else time[parts.test.index].nunique()

    def split(self, seed: int) -> Split:
        return split(self.declaration, self.frame, seed)

    @lru_cache(maxsize=2)  # noqa: B019  (a table lives as long as its comparison; a random split is a copy of it)
    def sets(self, seed: int) -> tuple[Examples, ...]:
        """Examples to train, validate and test."""
        return tuple(self._of(rows) for rows in self.rows(seed).values())

    def _of(self, rows: np.ndarray) -> Examples:
        """The examples of these rows, in their order: without a copy where they follow each other, as by time."""
        if len(rows) == rows[-1] - rows[0] + 1:
            return self.examples.map(lambda tensor: tensor[rows[0] : rows[-1] + 1])
        return self.examples.take(rows)

    def rows(self, seed: int) -> dict[str, np.ndarray]:
        """The numbers of the rows of each part."""
        return self._rows(0 if self.by_time else seed)

    @lru_cache(maxsize=8)  # noqa: B019
    def _rows(self, split: int) -> dict[str, np.ndarray]:
        return {name: np.array(part.index) for name, part in self.split(split)._asdict().items()}

    def drawn(self, seed: int, share: float) -> tuple[Examples, ...]:
        """The same with a share of the examples to train, which the seed draws."""
        train, valid, test = self.sets(0 if self.by_time else seed)
        if share < 1:
            train = train.take(np.random.default_rng(seed).permutation(len(train))[: round(share * len(train))])
        return train, valid, test

    def check_splits(self, seeds: Sequence[int]) -> None:
        """Raise ValueError where a random split leaves a label with one value; `check` has seen the first one alone."""
        for seed, task in itertools.product([] if self.by_time else seeds, self.tasks):
            for name, part in self.split(seed)._asdict().items():
                if part[task].nunique() < 2:
                    expected = "two in each part: more rows, or a column that is the time"
                    validate.fail(f"label {task!r}", f"one value in the rows to {name} of seed {seed}", expected)

    def for_order(self, avoided: Iterable[str] = ()) -> "Table":
        """The same rows with all labels as `order_label` makes them."""
        other, labels = copy.copy(self), {}
        for task, kind in self.tasks.items():
            values = order_label(self.frame[task], kind, task in avoided).fillna(0).to_numpy()
            labels[task] = self.examples.labels[task].new_tensor(values)
        other.tasks, other.examples = dict.fromkeys(self.tasks, "binary"), replace(self.examples, labels=labels)
        return other

    def orders(self, task: str, seed: int, part: str) -> int:
        """How many lists of a part have labels of both classes: those in which an order can be right or wrong."""
        if self.tasks[task] != "binary" or self.lists is None:
            return 0
        _, labels, rows = self.seen(task, seed, part)
        return orders(labels, self.lists[rows])

    def in_lists(self, task: str, seed: int) -> bool:
        """Whether the order within lists can be judged: enough of them, to validate and to test, tell right from
        wrong."""
        return min(self.orders(task, seed, part) for part in ("valid", "test")) >= MANY_ORDERS

    def seen(self, task: str, seed: int, part: str = "test") -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Where a task's label was observed among the rows of a part, the labels there, and these rows' numbers."""
        rows = self.rows(seed)[part]
        mask = self.examples.observed(task).numpy()[rows]
        rows = rows[mask]
        return mask, self.examples.labels[task][rows].numpy(), rows


@validate.checked
def order_label(labels: pd.Series, kind: str, avoided: bool) -> pd.Series:
    """A label as what an order gets right or wrong, 1 or 0, and NaN where it is missing: of a number whether it is
    above its mean, and of what should be avoided whether it did not happen."""
    labels = labels.astype(float)
    if kind != "binary":
        labels = (labels > labels.mean()).astype(float).where(labels.notna())
    return 1 - labels if avoided else labels


@validate.checked
def ties(declaration: Declaration, frame: pd.DataFrame) -> dict[str, np.ndarray]:
    """{"users" (or "rows", without a user), "days", "groups": for each row of `prepare` the number of its own}."""
    tied = {"rows": frame.index} if declaration.user is None else {"users": frame[declaration.user]}
    if declaration.time is not None and (moments := dates(frame[declaration.time])) is not None:
        tied["days"] = moments.dt.floor("D")
    if declaration.group is not None:
        tied["groups"] = frame[declaration.group]
    return {name: pd.factorize(ids)[0] for name, ids in tied.items()}


MANY_ORDERS = 50  # lists with labels of both classes, from which on an order is judged within lists


@validate.checked
def orders(labels: np.ndarray, lists: np.ndarray) -> int:
    """In how many lists an order can be right or wrong: those that have labels of both classes."""
    means = pd.Series(labels).groupby(lists).mean()
    return int(((means > 0) & (means < 1)).sum())
