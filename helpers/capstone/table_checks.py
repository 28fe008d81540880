"""What may be wrong with a table of the reader's own, all at once: `check(declaration, frame)`.

Two kinds of problem: what stops (a missing column, a label with one class), and what you should know before you believe
a result (few positives, ids that occur once, a feature that gives the label away).
"""

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import combinations, permutations, product
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import bdtr  # the binomial distribution

from ..data.features import LARGEST_FLOAT, Features, Sparse, Tags
from ..evaluation import own_label
from ..evaluation.counts import by_ids
from ..evaluation.metrics import auc, r2
from ..support import validate
from ..training.loop import TOTAL
from .declaration import Declaration, literal
from .preparation import (
    FRACTIONS,
    MANY_ALIKE,
    YES_NO,
    Split,
    _hashes,
    copies_by_join,
    cut_ids,
    cut_tags,
    cut_vectors,
    dates,
    day_first,
    moments,
    of_day,
    prepare,
    repeats,
    split,
    ties,
    with_answers,
)
from .reading import MISSING, THOUSANDS, _close
from .suggestion import UNIT, is_date

FEW_WEIGHED = 0.1  # of the rows: as many of equal weight would be as uncertain (Kish, Survey Sampling, 1965)
FEWEST_ROWS, FEW_ROWS, FEW_POSITIVES, FEW_USERS = 100, 2_000, 50, 50
MOST_NEW = 0.3  # of the rows to test, that may be of users without a row to train on
MOST_STRANGE = 0.9  # of the ids in lists, that are no id of the column which they are said to be of
MOST_ONCE = 0.5  # of the ids of a column, that occur in one row alone
A_TEXT = 4  # words of an id on average
FAR = 20  # deviations from the mean: an R² with such values in it is mostly about them
GIVEN_AWAY = {"binary": 0.95, "regression": 0.8}  # AUC or R² of one feature alone, above which it is looked at
LOOKED_AT, BINS = 20_000, 50  # rows, and bins of a number
SURE, FEWEST = 0.99, 20  # share of rows with one label, and number of rows, from which on a value gives it away
ABSENT = 0.999  # the same share, where all that a level says is that a rare label is not there
AGES, SURELY = 20, 5  # equal parts of a log, and standard errors of a fall
NEWEST, FADES, RARELY = 18, 1.5, 1e-4  # parts before the last tenth; how many times less fades; and its chance
GONE = 3  # how many times less, from which on what fades is settled first
FALLS = ((15, 2), (10, 10))  # of the oldest parts the least, and how many times less is a fall; of half, next to none
FAR_AHEAD, TIMES = 0.7, 3  # AUC of a number alone, and its lead over 0.5 by that of any other, that are asked about
FEW_TWICE, MANY_AT_ONCE = 0.01, 20  # of the rows, that need not worry; and rows of one time: too many to tell them
WITHIN = 0.01  # of a number's variance, that may lie within an item that it belongs to
FEW_CODES, FEW_PAIRS = 50, 0.1  # with fewer values a column is no id; rows that repeat their user and item
NEAR = 0.9  # correlation with the mean over all rows, from which on a number may be that mean; and of one task, twice
FEWEST_COMMON, COMMON = 3, 0.9  # values that two columns share, and of the rows those with one of them
MOST_LEVELS = 200  # of a column, for each of which we ask whether it settles a label
JUMP, ALWAYS, MANY = 3, 0.01, 10  # times the odds of before; share of rows of users who click each of so many
HONEST_ODDS, BY_CHANCE = 5, 1e-6  # times the odds of the whole file, that an honest level's may be; and how surely not
TAKEN = ("", TOTAL)  # names that training uses itself


class Problem(NamedTuple):
    """One thing that is wrong, or that you should know: in which column, what, in a sentence, whether to doubt every
    result until it is settled, and whether only you can know if it is well."""

    stops: bool
    column: str
    sentence: str
    doubt: bool = False
    asked: bool = False


class Problems(list[Problem]):
    """All problems, those that stop first."""

    @property
    def stopping(self) -> list[Problem]:
        return [problem for problem in self if problem.stops]

    def __repr__(self) -> str:
        return "\n".join(f"{_kind(p)} · {p.column}: {p.sentence}" for p in self) or NOTHING

    def _repr_html_(self) -> str:
        style = "border-left:6px solid {};padding:4px 14px;margin:4px 0;max-width:60em"
        lines = (
            f'<div style="{style.format("#D55E00" if p.stops else "#767676")}">{_kind(p)} · '
            f"<b>{html.escape(str(p.column))}</b>: {html.escape(p.sentence)}</div>"
            for p in self
        )
        return "".join(lines) or f"<div>{NOTHING}</div>"


NOTHING = "The check found nothing wrong."


def _kind(problem: Problem) -> str:
    return "must fix" if problem.stops else "settle first" if problem.doubt else "be sure" if problem.asked else "note"


def check(declaration: Declaration, frame: pd.DataFrame, divided: bool = True) -> Problems:
    """All that is wrong with a declaration and its table: what stops comes first. An empty list: nothing was seen.
    Rows that need not be `divided` are judged, not trained on."""
    validate.instance("declaration", declaration, Declaration, "a Declaration")
    frame = with_answers(declaration, validate.columns("frame", frame, []))
    problems = [*_columns(declaration, frame)]
    for look in (_types, _contents):
        problems += look(declaration, frame, {problem.column for problem in problems})
    if not any(problem.stops for problem in problems):
        problems += (_parts if divided else _not_yet)(declaration, frame)
    if not any(problem.stops for problem in problems):
        looks = _repeats, _two_answers, _only_places, _always, _means, _agree
        problems += [problem for look in looks for problem in look(declaration, frame)]
    problems += _leaks(declaration, frame, {problem.column for problem in problems if problem.stops})
    return Problems(sorted(settle(declaration, problems), key=lambda problem: not problem.stops))


@validate.checked
def settle(declaration: Declaration, problems: list[Problem]) -> list[Problem]:
    """The same, where what the declaration has settled is a note, and what else is open says how to settle it."""
    cure, settled = " If all is well, declare settled={}.", {"doubt": False, "asked": False}
    known = [p._replace(**settled) if p.column in declaration.settled else p for p in problems]
    return [p._replace(sentence=p.sentence + cure.format(literal((p.column,))) * (p.doubt or p.asked)) for p in known]


def must_pass(declaration: Declaration, frame: pd.DataFrame, divided: bool = True) -> Problems:
    """What `check` has to say; raises ValueError where any of it stops."""
    problems = check(declaration, frame, divided)
    if problems.stopping:
        first, more = problems.stopping[0], len(problems.stopping) - 1
        came = f"{first.column}: {first.sentence.rstrip('.')}" + (f", and {more} more" if more else "")
        judged = "rows of the kind that the log has, enough of them, and with labels that have come"
        validate.fail(*(("declaration", came, "a table that passes `check`") if divided else ("next", came, judged)))
    return problems


def _columns(declaration: Declaration, frame: pd.DataFrame) -> Iterator[Problem]:
    names = [str(name) for name in frame.columns]
    for column in declaration.columns():
        if column not in frame.columns:
            hint = _close(column, names) or f". The table has {', '.join(names[:12])}."
            yield Problem(True, column, f"there is no such column{hint}")
        elif names.count(column) > 1:
            yield Problem(True, column, "two columns have this name.")


def _types(declaration: Declaration, frame: pd.DataFrame, skip: set[str]) -> Iterator[Problem]:
    """Columns that hold something else than was declared, and why: all of that stops."""
    labels, lists, vectors = declaration.labels, declaration.lists, declaration.vectors
    looks = [  # columns, and what says of their values what is wrong, or nothing
        (declaration.numbers, _no_number),
        (labels, partial(_no_number, label=True)),
        (declaration.ids_of_all(), _no_id),
        (labels, lambda values: TAKEN_NAME * (values.name in TAKEN)),
        ([label for label, kind in labels.items() if kind == "binary"], _not_binary),
        (dict.fromkeys(declaration.served.values()), _no_score),
        ([declaration.user, declaration.group], lambda ids: NONE.format(ids.isna().sum()) * bool(ids.isna().any())),
        ([declaration.weight], _no_weight),
        ([column for column, of in lists.items() if of not in skip], lambda ids: _no_list(ids, frame[lists[ids.name]])),
        (declaration.tags, lambda values: _error(values.name, cut_tags, values)),
        (vectors, lambda values: _error(values.name, cut_vectors, values, vectors[values.name])),
        ([declaration.time], lambda values: _error(values.name, moments, values.name, values, before=NO_ORDER)),
    ]
    for columns, look in looks:
        for column in _but(skip, *columns):
            if said := look(frame[column]):
                yield Problem(True, column, said)


NONE = "rows without one: {:,}. Leave them out, or give each of them one of its own."
NO_ORDER = "it cannot order the rows: "
REVERSED = "its lists are surely worse than a coin's: is low on top, as in a cost? "
REVERSED += "Then declare a column with its negative."
FAR_BEHIND = 0.1  # AUC or GAUC, by which a score of today may surely be ahead of all that is learnt here
REFRESHED = "it orders {0.what} far better than all that is learnt here ({0.metric} {0.was:.3f}, {0.value:.3f}): was "
REFRESHED += "it stored when the list was shown, in every row? One that is written again later has seen the outcome."
TAKEN_NAME = "training uses this name itself: give the label another one."


def _not_binary(values: pd.Series) -> str:
    """Which values of a label are neither 0 nor 1; nothing where they are no numbers, which is said elsewhere."""
    seen = values.dropna() if pd.api.types.is_numeric_dtype(values.dtype) else values[:0]
    outside = seen[~seen.isin([0, 1])]
    if not len(outside):
        return ""
    example = f"{len(outside):,} of {len(seen):,} values are neither 0 nor 1, such as {outside.iloc[0]:g}"
    return f"{example}. Make it 0 or 1 by a threshold, or declare a regression label."


def _no_score(values: pd.Series) -> str:
    """Why these values cannot be the score that is served today, or nothing."""
    if not pd.api.types.is_numeric_dtype(values.dtype):
        return "it was declared as served, and not all of its values are numbers."
    if gaps := int((~np.isfinite(values.to_numpy(float, na_value=np.nan))).sum()):
        return f"it was declared as served, and {gaps:,} rows have no such score: leave them out."
    return "it was declared as served, and is the same in all rows: it orders nothing." * (values.nunique() < 2)


def _no_weight(values: pd.Series) -> str:
    """Whether a row has no weight of at least 0."""
    if not pd.api.types.is_numeric_dtype(values.dtype):
        return "a weight was declared, and not all of its values are numbers."
    bad = values.isna().any() or not values.between(0, LARGEST_FLOAT).all() or not values.sum()
    return "a weight was declared: each row needs one of at least 0, and some more than that." * bool(bad)


def _error(name: str, call: Callable, *arguments, before: str = "") -> str:
    """What an error of the call says, without the name in front; nothing where there is none."""
    try:
        call(*arguments)
    except (ValueError, TypeError) as error:
        return before + str(error).removeprefix(f"{name}: ")
    return ""


def _no_list(values: pd.Series, ids: pd.Series) -> str:
    """Why these values are no lists of such ids, or nothing."""
    texts = values[[isinstance(value, str) for value in values]].unique()
    return _error(values.name, cut_ids, values.name, texts, pd.api.types.is_integer_dtype(ids.dtype))


def _no_number(values: pd.Series, label: bool = False) -> str:
    """What to do about a column of numbers or labels that holds something else, or nothing."""
    if pd.api.types.is_numeric_dtype(values.dtype):
        largest = np.nanmax(np.abs(values.to_numpy(float, na_value=np.nan)), initial=0)
        return f"it has a value of {largest:.0e}, too large to compute. Is it an error?" * bool(largest > LARGEST_FLOAT)
    thousands = [isinstance(value, str) and re.fullmatch(THOUSANDS, value) is not None for value in values]
    wrong = (pd.to_numeric(values.astype(object), errors="coerce").isna() & values.notna()).to_numpy() | thousands
    if not wrong.any():
        example = values.dropna().iloc[0] if values.notna().any() else None
        return f"pandas does not store its values as numbers, such as {example!r}: convert them by `pd.to_numeric`."
    value = values.iloc[row := int(wrong.argmax())]
    hint = " It must be 0 or 1, or a number." if label else " An id may be a word."
    if label and values.nunique() == 2:
        pairs = ", ".join("/".join(reversed(pair)) for pair in YES_NO[:2])
        hint = f" Of two words, {pairs} are read as 1 and 0. Of others, write 1 for the one that means yes, and 0."
    if re.fullmatch(rf"{UNIT}? ?-?[\d.,]*\d ?{UNIT}?", str(value)):
        hint = " Write numbers alone: decimals with a point, thousands without a sign, and no unit."
    if signs := [word for word in values.unique() if re.fullmatch(r"\W+", str(word))]:
        hint = f" If {signs[0]!r} means that nothing is known, make it empty in the file."
    return f"a {'label' if label else 'number'} was declared, and row {row} has {value!r}.{hint}"


def _no_id(values: pd.Series) -> str:
    """Why these values cannot be ids, or nothing."""
    seen = values.dropna()
    if not len(seen):
        return ""
    if pd.api.types.is_float_dtype(values.dtype) and (broken := seen[seen % 1 != 0]).size:
        row = int((values.notna() & (values % 1 != 0)).to_numpy().argmax())
        return f"an id was declared, and row {row} has {broken.iloc[0]:g}. Is it a number?"
    if len({isinstance(value, str) for value in seen.unique()}) > 1:
        return "some of its ids are words, some are numbers: read it as words."
    return _error("ids", Features([Sparse("ids")]).fit, pd.DataFrame({"ids": values}))


def _but(skip: set[str], *columns: str | None) -> list[str]:
    return [column for column in columns if column is not None and column not in skip]


def _contents(declaration: Declaration, frame: pd.DataFrame, skip: set[str]) -> Iterator[Problem]:
    rows = len(frame)
    if rows < FEW_ROWS:
        few = "too few to learn or to judge anything from" if rows < FEWEST_ROWS else "few: expect wide intervals"
        yield Problem(rows < FEWEST_ROWS, "all columns", f"{rows:,} rows are {few}.")
    if len(declaration.labels) == 1:
        yield Problem(True, next(iter(declaration.labels)), "a single label: no other task could share with it.")
    for column in _but(skip, *declaration.ids_of_all(), *declaration.numbers):
        distinct = frame[column].nunique()
        if distinct == 0:
            yield Problem(True, column, "all values are missing.")
        elif distinct == 1 and frame[column].notna().all():
            yield Problem(False, column, "it has only one value, and says nothing.")
    for column in _but(skip, *declaration.ids_of_all()):
        yield from _ids(column, frame[column])
    for column in _but(skip, *declaration.labels):
        label = frame[column]
        if missing := int(label.isna().sum()):
            yield Problem(False, column, f"{missing:,} of {rows:,} rows have no label; they are masked for this task.")
        yield from _label(column, declaration.labels[column], label.dropna().to_numpy(float))
    for one, other in combinations(_but(skip, *declaration.labels), 2):
        yield from _twice(one, other, frame)
    for time in _but(skip, declaration.time):
        yield from _dates(time, frame[time])
    some = frame.iloc[np.random.default_rng(0).permutation(rows)[:LOOKED_AT]]
    for column, of in declaration.lists.items():
        if not {column, of} & skip:
            yield from _strange(column, of, some)
    for column in _but(skip, *declaration.tags):
        most = max(map(len, cut_tags(some[column])), default=0)
        if most == 0:
            yield Problem(True, column, "all values are missing.")
        elif most > Tags.length:
            yield Problem(False, column, f"some rows have {most} tags; the last {Tags.length} of each count.")
    for column in _but(skip, declaration.weight):
        values = frame[column].astype(float)
        if (count := values.sum() ** 2 / (values**2).sum()) < FEW_WEIGHED * rows:
            evidence = f"its rows weigh so differently that they count as {count:,.0f} equal ones of {rows:,}"
            yield Problem(False, column, f"{evidence}; a limit for the largest weights may help.")
    if declaration.time is None and not declaration.new_users:
        others = frame.columns.difference(declaration.columns(), sort=False)
        dated = next((f" Is it {name!r}, which has dates?" for name in others if is_date(str(name), frame[name])), "")
        some = frame.head(LOOKED_AT)
        clocks = (f" {name!r} has times of day: their dates are missing." for name in others if of_day(some[name]))
        said = "no column is the time: rows are split at random, and some that are trained on are newer."
        yield Problem(False, "time", said + (dated or next(clocks, "")))
    if declaration.user is None:
        lists = declaration.group is not None
        counted = f"those of one {declaration.group} alone count as tied" if lists else "rows count as independent"
        sentence = f"no column is the user: {'no GAUC, and ' * (not lists)}{counted}. If users have several "
        sentence += f"{'of them' if lists else 'rows'}, that makes the intervals too narrow."
        yield Problem(False, "user", sentence)


def _strange(column: str, of: str, frame: pd.DataFrame) -> Iterator[Problem]:
    """Whether the ids of a list are those of its id column."""
    rows = cut_ids(column, frame[column], pd.api.types.is_integer_dtype(frame[of].dtype))
    parts = [part for row in rows for part in row]
    if parts and (new := 1 - pd.Series(parts, dtype=object).isin(frame[of].dropna().unique()).mean()) > MOST_STRANGE:
        yield Problem(False, column, f"{new:.0%} of its ids are no {of} of any row. Of another kind? Declare as tags.")


def _ids(column: str, values: pd.Series) -> Iterator[Problem]:
    if names := [name for name in values.unique() if isinstance(name, str) and name in MISSING]:
        few = f"{', '.join(map(repr, names))} counts as an id like any other"
        yield Problem(False, column, f"{few}. If it means that nothing is known, make it empty in the file.")
    counts = values.value_counts()
    if len(counts) and (words := counts.index[:LOOKED_AT].astype(str).str.count(r"\S+").to_numpy().mean()) >= A_TEXT:
        said = f"texts of {words:.0f} words, and each counts as one id: no model reads the words. What they say may be "
        yield Problem(False, column, said + "tags, or the numbers of an embedding (`vectors`).")
    counts, once = counts[counts > 0], int((counts == 1).sum())
    if len(counts) > 10 and once > MOST_ONCE * len(counts):
        share = f"{once:,} of its {len(counts):,} ids ({once / len(counts):.0%}) occur in only one row"
        yield Problem(False, column, f"{share}. Nothing can be learnt about those; a coarser id may say more.")


def _dates(time: str, values: pd.Series) -> Iterator[Problem]:
    texts = pd.Series([value for value in values.unique() if isinstance(value, str)], dtype=object)
    zoned = texts.str.contains(r":\d\d(?:\.\d+)?\s*(?:Z|[+-]\d\d:?\d\d)$")
    if zoned.any() and not zoned.all():
        sentence = f"some times have a zone, such as {texts[zoned].iloc[0]!r}; those without one are taken as UTC."
        yield Problem(False, time, sentence)
    first, example = day_first(time, texts)
    if example:
        which = "day" if first else "month"
        yield Problem(False, time, f"dates such as {example!r} are taken to have the {which} first.")


def _label(column: str, kind: str, seen: np.ndarray) -> Iterator[Problem]:
    if len(np.unique(seen)) < 2:
        what = "no value at all" if not len(seen) else f"the value {seen[0]:g} in every row"
        yield Problem(True, column, f"it has {what}: there is nothing to predict.")
    elif kind == "regression" and (far := np.abs(seen - seen.mean()).max() / seen.std()) > FAR:
        yield Problem(False, column, f"its largest value is {far:.0f} standard deviations off; try its logarithm.")


def _twice(one: str, other: str, frame: pd.DataFrame) -> Iterator[Problem]:
    """Whether a label follows from another: the same, its opposite, or any line."""
    first, second = frame[[one, other]].dropna().to_numpy(float).T
    if len(first) >= FEWEST and first.std() and second.std():
        correlation = np.corrcoef(first, second)[0, 1]
        if (every := bool(abs(correlation) > 1 - 1e-9)) or abs(correlation) > NEAR:
            said = f"in {'every row' if every else 'nearly all rows'} it follows from {one!r} (correlation "
            said += f"{correlation:+.3g}): one task, told twice{'. L' if every else '? Then l'}eave one of them out."
            yield Problem(False, other, said, doubt=every)


def _parts(declaration: Declaration, frame: pd.DataFrame) -> Iterator[Problem]:
    """Whether every part of the split has enough labels for training or for judging."""
    try:
        parts = split(declaration, prepare(declaration, frame, lists=False))
    except ValueError as error:  # of a time or of users; other rows are divided at random
        by = declaration.time if declaration.by_time else declaration.user
        reason = str(error).removeprefix(f"{by}: ").rstrip(".")
        yield Problem(True, by, f"the rows cannot be divided ({reason}).")
        return
    yield from _not_yet(declaration, frame, divided=True)
    for column, kind in declaration.labels.items():
        rare = float(frame[column].mean() > 0.5)
        tested = int((parts.test[column] == 1 - rare).sum())
        if kind == "binary" and 0 < tested < FEW_POSITIVES:
            which, about = "negatives" if rare else "positives", "" if declaration.by_time else "about "
            count = int((frame[column] == 1 - rare).sum())
            said = f"{count:,} {which} in all, {about}{tested} of them in the test part: its interval will be wide."
            yield Problem(False, column, said)
        for name, part in zip(parts._fields, parts, strict=True):
            if part[column].nunique() < 2:
                to = name.replace("valid", "validate")
                yield Problem(True, column, f"in the rows to {to} it has fewer than two values.")
        seen = parts.test[parts.test[column].notna()]
        if declaration.user is not None and len(seen) and seen[declaration.user].nunique() < 2:
            sentence = f"all rows to test with a label {column!r} are of one user; an interval needs two, better fifty."
            yield Problem(True, declaration.user, sentence)
            return
    if declaration.user is not None:
        yield from _strangers(declaration, parts)


def _not_yet(declaration: Declaration, frame: pd.DataFrame, divided: bool = False) -> Iterator[Problem]:
    """Labels that had no time to come: at the end of the log their mean is below half of what it ever was before, or
    next to nothing in up to half of the log. And, to note, binary labels whose mean jumps elsewhere, as where their
    meaning changes. A gap is advised for a log that is to be `divided` and can take it."""
    rows = prepare(declaration, frame, lists=False)
    ages = np.arange(len(rows)) * AGES // len(rows)
    for label, kind in declaration.labels.items() if declaration.by_time else ():
        values = rows[label].astype(float)
        means = values.groupby(ages).mean()
        for oldest, times_less in FALLS:
            least = means[:oldest].min()
            first = AGES - int((means < least)[::-1].cumprod().sum())
            tail = means.iloc[-1] if oldest > AGES / 2 else means[first + 1 :].mean()  # the labels may begin in `first`
            if falls := bool(values.min() >= 0 and tail < least / times_less):
                break
        asked = (first - 1, first) if falls else range(2, AGES - 2)
        seen = values[values.notna()]
        start, few = _turn(seen.to_numpy(), np.flatnonzero(np.isin(ages[seen.index], asked))), 2 * len(seen) // AGES
        late, before, times = seen[start:], seen[:start], rows[declaration.time]
        parts = (before, late) if falls else (before[-few:], late[:few])
        odds = [[_odds(part) for part in pair] for pair in (parts, (before, late))]  # around the turn, and in all
        turns = falls or (kind == "binary" and few > FEWEST and all(max(pair) > JUMP * min(pair) for pair in odds))
        if not turns or not np.ptp([*map(np.mean, parts)]) * min(map(len, parts)) ** 0.5 > SURELY * seen.std():
            rest, last = (values[part].dropna() for part in (ages < NEWEST, ages >= NEWEST))
            fades = kind == "binary" and rest.mean() > FADES * last.mean()
            if fades and bdtr(last.sum(), len(last), rest.mean()) < RARELY:
                said = f"its mean is {last.mean():.2g} in the newest tenth of the rows, in the others "
                said += f"{rest.mean():.2g}: had it no time to come? Then leave out the newest rows."
                yield Problem(False, label, said, doubt=bool(rest.mean() > GONE * last.mean()))
            continue
        told, moment, cure = frame[declaration.time], times[late.index[0]], ""
        shown = told[(moments(declaration.time, told) == moment).to_numpy()].iloc[0]  # as the log writes it
        if (when := dates(times)) is not None:
            shown = f"{when[late.index[0]]:%Y-%m-%d %H:%M} UTC" if isinstance(shown, int | float | np.number) else shown
        if when is not None and divided:
            step = pd.Series(when.unique()).diff().min()  # a row of a day may be of its last hour
            hours = int(np.ceil((when.iloc[-1] - when[late.index[0]] + step) / pd.Timedelta("1h")))
            gap = f"{hours} hours" if hours % 24 else f"{hours // 24} days"
            cure = f', and declare gap="{gap}", or as long as it takes, so that no row is trained on before its label '
            cure += "has come"
            if _error("", split, replace(declaration, gap=gap), rows[times < moment]):
                cure = f'. The rest is too short for gap="{gap}"; without one the result may be a little too good'
        late_or = f"had it no time to come? Then leave these rows out{cure}. Or "
        said = f"its mean is {before.mean():.2g}, and {late.mean():.2g} from {shown} on: {late_or * bool(falls)}"
        said += "did its meaning change? Then leave out the rows before that."
        yield Problem(False, label, said, doubt=bool(falls))


def _turn(values: np.ndarray, asked: np.ndarray) -> int:
    """At which of these places values are cut best into two parts of one mean each, by least squares; 0: at none."""
    sums, count = np.cumsum(values), np.arange(1, len(values) + 1)
    apart = (sums - sums[-1] * count / len(values))[:-1] ** 2 / (count * (len(values) - count))[:-1]
    asked = asked[(asked > 0) & (asked < len(values))]
    return int(asked[apart[asked - 1].argmax()]) if len(asked) else 0


def _strangers(declaration: Declaration, parts: Split) -> Iterator[Problem]:
    """Whether the test rows are of few users, or, unasked, of users that no training row has."""
    user = declaration.user
    count, new = parts.test[user].nunique(), float((~parts.test[user].isin(parts.train[user])).mean())
    if count < FEW_USERS:
        yield Problem(False, user, f"the rows to test are of only {count:,} users: the result depends on who they are.")
    if new > MOST_NEW and not declaration.new_users:
        strangers = f"{new:.0%} of the rows to test are of users without a row to train on"
        yield Problem(False, user, f"{strangers}: models do not know their habits.")


def _leaks(declaration: Declaration, frame: pd.DataFrame, skip: set[str]) -> Iterator[Problem]:
    """Features that nearly are a label: alone they predict it, or wherever they have a value it is the rarer one; and
    so may be the score of today, where it was written after the outcome."""
    labels = {label: kind for label, kind in declaration.labels.items() if label not in skip}
    served = dict.fromkeys(declaration.served.values())
    features, numbers = _but(skip, *declaration.features(), *served), {*declaration.numbers, *served}
    lists = *declaration.lists, *declaration.tags, *declaration.vectors
    some = frame.iloc[np.random.default_rng(0).permutation(len(frame))[:LOOKED_AT]]
    codes = {c: _codes(some[c], c in numbers) for c in features if c not in lists}
    binary = "binary" in labels.values()
    known = {c: _has_value(frame[c]) if c in codes else frame[c].notna().to_numpy() for c in features}
    marks = {c: _marks(frame[c], c in lists, c in declaration.ids) for c in features} if binary else {}
    for one, other in permutations(_but(skip, *declaration.numbers), 2) if binary else ():
        if (frame[one] == frame[other]).mean() >= COMMON:
            differ = (frame[one] != frame[other]) & frame[[one, other]].notna().all(axis=1)
            marks[one][f"not {other}"] = differ.to_numpy(bool), 1.0
    scores, told = {label: {} for label, kind in labels.items() if kind == "binary"}, set()
    for (label, kind), column in product(labels.items(), features):
        signs, values = [], some[label].to_numpy(float, na_value=np.nan)
        if column in codes:
            seen = ~np.isnan(values)
            score = alone(codes[column][seen], values[seen], kind)
            if column in numbers:
                score = np.fmax(score, in_order(some[column].to_numpy(float, na_value=np.nan), values, kind))
            if score > GIVEN_AWAY[kind]:
                signs.append(f"alone it predicts {label!r} with {'AUC' if kind == 'binary' else 'R²'} {score:.2f}")
        if kind == "binary":
            answers = frame[label].to_numpy(float, na_value=np.nan)
            of = declaration.lists.get(column, column)
            itself = "" if of in {column, *skip} else _itself(some, column, of, label)
            signs += _given_away(marks[column], label, answers)
            filled = "" if signs else _apart("it is filled in", known[column], frame[label])
            signs += filter(None, [itself, filled])
            if column in codes and column not in served and score == score:
                scores[label][column] = score
        if signs:
            told.add(column)
            asked = "a leak? Was it known before the impression? If not, leave it out."
            yield Problem(False, column, f"{'; '.join(signs)}: {asked}", doubt=True)
    for column, label in product(declaration.numbers, scores):
        if column not in {*told, *skip} and (said := _own_count(frame[column], frame[label])):
            yield Problem(False, column, said, asked=True)
            told.add(column)
    for label, found in scores.items():
        *_, less, most = 1.0, 1.0, *sorted(found.values())
        column = max(found, key=found.get, default=None)
        if most >= FAR_AHEAD and most - 0.5 >= TIMES * (less - 0.5) and column in {*declaration.numbers} - told:
            said = f"alone it predicts {label!r} with AUC {most:.2f}, and no other column with more than {less:.2f}: "
            yield Problem(False, column, said + "was it known before the impression, in every row?", asked=True)
            told.add(column)


def _itself(frame: pd.DataFrame, column: str, of: str, label: str) -> str:
    """In words, whether a label goes with a list that has the row's own id, as no taste for the same again explains."""
    lists = cut_ids(column, frame[column], pd.api.types.is_integer_dtype(frame[of].dtype))
    inside = np.array([one in ids for one, ids in zip(frame[of], lists, strict=True)])
    return _apart("the row's own id is in it", inside, frame[label])


def _own_count(values: pd.Series, labels: pd.Series) -> str:
    """In words, whether a label never happens where a number is 0, and does where it is next to 0: as where the number
    counts the label, its own row included."""
    whole = pd.to_numeric(values).where(labels.notna()).dropna()
    if whole.empty or whole.min() < 0 or (whole % 1).any():
        return ""
    none, few = (labels[whole.index[whole == count]].astype(float) for count in (0, whole[whole > 0].min()))
    if not len(few) or none.sum() or bdtr(0, len(none), few.mean() / HONEST_ODDS) >= BY_CHANCE:
        return ""
    said = f"of {len(none):,} rows in which it is 0 none has {labels.name!r}; where it is {whole[whole > 0].min():g}, "
    return said + f"{few.mean():.2g} have: does it count what happened afterwards, in the row itself?"


def _has_value(values: pd.Series) -> np.ndarray:
    """Which rows have a value, and not the one of most rows, such as the 0 of an export where nothing is known. Of two
    values neither is a gap."""
    usual = values.value_counts(normalize=True)
    most = usual.index[0] if values.nunique() > 2 and usual.iloc[0] > 0.5 else None
    return (values.notna() & (values != most)).to_numpy(bool)


def _apart(where: str, inside: np.ndarray, labels: pd.Series) -> str:
    """In words, whether rows have a label so much more often than the others that nothing honest explains it."""
    parts = [labels[rows].dropna().astype(float) for rows in (inside, ~inside)]
    odds = [_odds(part) for part in parts]
    if min(map(len, parts)) < FEWEST or odds[0] < HONEST_ODDS**2 * odds[1]:
        return ""
    there, elsewhere = (f"{part.mean():.2g}" for part in parts)
    return f"where {where}, the mean {labels.name!r} is {there}, elsewhere {elsewhere}"


def _odds(labels: pd.Series) -> float:
    return (labels.sum() + 0.5) / (len(labels) - labels.sum() + 0.5)


def _repeats(declaration: Declaration, frame: pd.DataFrame) -> Iterator[Problem]:
    """Whether rows were logged several times."""
    same, time = repeats(declaration, frame), declaration.time
    fine = time is not None and frame[time].nunique() * MANY_AT_ONCE > len(frame)  # enough to tell rows apart
    exact = int(pd.Series(_hashes(frame[declaration.columns()])).duplicated().sum()) if fine else 0
    share, when, columns = same.share, "but the time", "[*declaration.features(), *declaration.labels]"
    hidden = exact >= FEWEST and not same.copies  # among rows that are alike and have another answer
    if hidden:
        share, when, columns = exact / len(frame), "and at the same time", "declaration.columns()"
    told = f"{share:.0%}" if share >= FEW_TWICE else f"{round(share * len(frame)):,}"
    again = f"{told} of the rows repeat an earlier one in all declared columns {when}"
    if same.copies or hidden:
        said = "Copies stay in one part of the split, and teach nothing new: if they were logged by mistake, keep one "
        said = f"{again}. {said}of each: `frame.drop_duplicates({columns})`."
        yield Problem(False, "all columns", said, doubt=share >= FEW_TWICE)
    elif same.share > MANY_ALIKE:
        said = "they count as impressions of their own. If they are copies, leave those out."
        yield Problem(False, "all columns", f"{again}, as where these have few values: {said}")
    else:
        for column, share in copies_by_join(declaration, frame).items():
            said = f"{share:.0%} of the rows differ from an earlier one in nothing else but the time, as after a join "
            said += "with this column. Keep one row of each impression; its values in one row can be tags."
            yield Problem(False, column, said, doubt=True)


def _two_answers(declaration: Declaration, frame: pd.DataFrame) -> Iterator[Problem]:
    """Whether impressions are there twice with two answers, as where each is logged at once and again with its own."""
    moment = [column for column in (declaration.time, declaration.group) if column is not None]
    key = [declaration.user, declaration.item, *moment]
    if not all(key) or not any(frame[column].nunique() * MANY_AT_ONCE > len(frame) for column in moment):
        return
    again = frame[frame.duplicated(key, keep=False)]
    answers = again.groupby(key, observed=True, dropna=False)[[*declaration.labels]]
    differ = int((answers.transform("nunique") > 1).any(axis=1).sum()) if len(again) else 0
    if differ >= max(FEWEST, FEW_TWICE * len(frame)):
        said = f"{differ / len(frame):.0%} of the rows have the {', '.join(key)} of another one, and another answer: "
        said += "impressions that were stored at once, and again with their answer? Keep the last of each: "
        yield Problem(False, "all columns", f'{said}`frame.drop_duplicates({literal(tuple(key))}, keep="last")`.', True)


def _only_places(declaration: Declaration, frame: pd.DataFrame) -> Iterator[Problem]:
    """Whether what is served, or a feature, only numbers the places of each list, from 0 or 1 on."""
    served = {*declaration.served.values()}
    for column in sorted({*declaration.numbers} | served) if declaration.group is not None else ():
        places = frame[column].abs().groupby(frame[declaration.group], observed=True)
        each = places.agg(["size", "nunique", "min", "max"])
        full = (each["nunique"] == each["size"]) & (each["max"] - each["min"] == each["size"] - 1) & (each["min"] <= 1)
        if (frame[column] % 1 == 0).all() and each["size"].max() > 1 and full.mean() > SURE:
            said = f"it only numbers the places of each {declaration.group}, and what is on top is clicked because of "
            said += "that: so today's order wins. Declare the score that made it, or leave `served` out."
            if column not in served:
                said = f"it only numbers the places of each {declaration.group}, which nobody knows of the next list: "
                said += "leave it out."
            yield Problem(False, column, said, doubt=True)


def _always(declaration: Declaration, frame: pd.DataFrame) -> Iterator[Problem]:
    """Whether there are users for whom a label that is rare elsewhere happens in each of many rows, as for a robot."""
    for label in declaration.labels if declaration.user is not None else ():
        each = frame.groupby(declaration.user, observed=True)[label].agg(["sum", "count"])
        all_ones = (each["sum"] == each["count"]) & (each["count"] >= MANY)
        share, others = each[all_ones]["count"].sum() / len(frame), each[~all_ones].sum()
        if share >= ALWAYS and others["sum"] < others["count"] / 2:
            said = f"{all_ones.sum():,} users have it in each of their rows, {share:.0%} of the table, the others in "
            said += f"{others['sum'] / others['count']:.0%}: are these people? Leave out what robots or tests did."
            yield Problem(False, label, said)


def _means(declaration: Declaration, frame: pd.DataFrame) -> Iterator[Problem]:
    """Numbers that are the mean or the sum of a label over rows that the number itself belongs to: over all rows of an
    item, a user or another id, or over those between two exports, in which a counter stays; and numbers that contain
    the label of their own row (`own_label`), of an id or of a user's item.

    A number that was known before is as near to the mean over some of these rows as the noise of that allows; one that
    was made from them is far nearer to the mean over all. Over a whole file the first rows are taken, from which an
    honest one may come; of a stretch two in three.
    """
    rows = prepare(declaration, frame, lists=False)
    first, most = (np.arange(len(rows)) < FRACTIONS[0] * len(rows)), (np.arange(len(rows)) % 3 > 0)
    codes = [c for c in (*declaration.ids, *declaration.numbers) if FEW_CODES <= rows[c].nunique() <= len(rows) / 2]
    codes = [c for c in codes if c not in declaration.numbers or not (rows[c] % 1).any()]  # ids declared as numbers
    pair = [c for c in (declaration.user, declaration.item) if c is not None]
    groups = {of: pd.factorize(rows[of])[0] for of in (*pair, *codes)}
    if len(pair) == 2 and rows.duplicated(pair).mean() > FEW_PAIRS:
        groups[" and ".join(pair)] = rows.groupby(pair, observed=True, dropna=False).ngroup().to_numpy()
    spans = [number for name, number in ties(declaration, rows).items() if name in ("days", "groups")]
    spans += [pd.factorize(rows[declaration.time])[0]] if declaration.time else []
    told = set()
    for column, (of, ids) in product(declaration.numbers, groups.items()):
        if column == of or column in told:
            continue
        values = rows[column].astype(float)
        of_ids = values.groupby(ids).transform("mean").var()  # how much of the number the ids tell
        whole = not values.isna().any() and values.std() and of_ids >= (1 - WITHIN) * values.var()
        if whole:
            looks = [partial(_of_all, ids=ids, some=first, where="over all rows")]
        else:
            stretch, looks = _stretches(values, ids), [partial(_of_own, ids=ids, spans=spans)]
            if values.nunique() >= FEW_CODES and stretch.max() < len(rows) / 2:
                looks.append(partial(_of_all, ids=stretch, some=most, where="while it stays the same"))
        for label, look in product(declaration.labels if whole or of not in declaration.numbers else (), looks):
            if reason := look(label, of, values, rows[label].astype(float)):
                yield Problem(False, column, reason, doubt=True)
                told.add(column)
                break


def _agree(declaration: Declaration, frame: pd.DataFrame) -> Iterator[Problem]:
    """Two ids of the same values, as a topic and an interest, where it tells more whether they are equal than what
    each is: of few rows a network does not learn it, and no sum of theirs says it."""
    words = {column: frame[column].astype(str).where(frame[column].notna()) for column in declaration.ids}
    words = {column: values for column, values in words.items() if values.nunique() <= MOST_LEVELS}
    for (one, left), (other, right) in combinations(words.items(), 2):
        both = {*left.dropna()} & {*right.dropna()}
        if len(both) < FEWEST_COMMON or min(side.dropna().isin(both).mean() for side in (left, right)) < COMMON:
            continue
        same = (left == right).to_numpy()
        said = (frame[column] for column in (*declaration.ids, *declaration.numbers) if frame[column].nunique() == 2)
        if any(pd.Series(same).groupby(values.to_numpy()).nunique().max() == 1 for values in said):
            continue  # a column says which rows these are
        for label in (label for label, kind in declaration.labels.items() if kind == "binary"):
            labels = frame[label].to_numpy(float)
            parts = [labels[rows & ~np.isnan(labels)] for rows in (same, ~same)]
            if min(map(len, parts)) < FEWEST:
                continue
            error = np.sqrt(sum(part.var() / len(part) for part in parts))
            each = max(alone(_codes(side, False), labels, "binary") for side in (left, right))
            there, elsewhere = (part.mean() for part in parts)
            if abs(there - elsewhere) > SURELY * error and in_order(same.astype(float), labels, "binary") > each:
                said = f"where it equals {other}, the mean {label!r} is {there:.2g}, elsewhere {elsewhere:.2g}: "
                said += "that tells more than what each of them is, and hardly any model here learns it. Add a column "
                yield Problem(False, one, f"{said}for it.")
                break


def _stretches(values: pd.Series, ids: np.ndarray) -> np.ndarray:
    """A number for each stretch of rows of one id in which a value stays."""
    moved = values.ne(values.groupby(ids).shift())
    return pd.factorize(ids * (len(ids) + 1) + moved.groupby(ids).cumsum().to_numpy())[0]


def _of_all(
    label: str, of: str, values: pd.Series, answers: pd.Series, ids: np.ndarray, some: np.ndarray, where: str
) -> str:
    """In words, whether a number is a mean or a sum of the labels over all rows of each of these ids."""
    for how in ("mean", "sum"):
        found = [getattr(part.groupby(ids[part.index]), how)() for part in (answers, answers[some])]
        near, less = (float(values.corr(pd.Series(ids).map(each))) for each in found)
        if near > NEAR and 1 - near < (1 - less) / 2:
            return (
                f"it goes with the {how} {label!r} of each {of} {where} (correlation {near:.3f}) more closely than "
                f"with that over a part of these rows ({less:.3f}): a leak? It seems to be made from all of them, the "
                f"last included. Take {how}s of earlier rows alone."
            )
    return ""


def _of_own(label: str, of: str, values: pd.Series, answers: pd.Series, ids: np.ndarray, spans: list) -> str:
    """In words, whether a number says that it contains the label of its own row."""
    binary = answers if answers.dropna().isin([0, 1]).all() else (answers > answers.median()).where(answers.notna())
    if (found := own_label.signature(values.to_numpy(), binary.to_numpy(float), ids, spans)) is None:
        return ""
    reason = f"it moves towards {label!r} of a row at the row itself (correlation {found.at:.2f} with its change from "
    reason += f"the row of the same {of} before) and does not move back at the next ({found.after:.2f})"
    if found.spread < own_label.TIGHT:
        reason = f"it settles how many rows of one {of} with the same value have {label!r} (they vary by "
        reason += f"{found.spread:.0%} of what chance leaves open to a number that was known before)"
    return f"{reason}: a leak? Its own label seems to be in it, as in a mean with today. Make it of earlier rows only."


def _codes(values: pd.Series, number: bool) -> np.ndarray:
    """A whole number for each row: the id, or the bin of a number; a missing value has one of its own.

    Half of the edges part the rows evenly, half the different values. Where a number is 0 in nearly every row, the
    first alone would put all of it into one bin.
    """
    if number:
        array, parts = values.to_numpy(float, na_value=np.nan), np.arange(1, BINS) / BINS
        present = array[~np.isnan(array)]
        if not len(present):
            return np.zeros(len(array), int)
        edges = np.unique([np.quantile(present, parts), np.quantile(np.unique(present), parts)])
        return np.where(np.isnan(array), 0, 1 + np.searchsorted(edges, array, side="right"))
    return pd.factorize(values)[0] + 1


def _marks(values: pd.Series, lists: bool, levels: bool) -> dict[str, tuple[np.ndarray, float]]:
    """Rows in which a column says something, {in words: where it is so, and how far the odds of an honest one may be
    from those of all}: where it is not missing or not as usual, and each level of a category with few of them."""
    present, marks = values.notna().to_numpy(), {}
    if not present.all():
        marks["not missing"] = present, 1.0
    if lists or not present.any():
        return marks
    counts = values.value_counts()
    counts = counts[counts > 0]
    if counts.iloc[0] > present.sum() / 2:
        usually = f"{counts.index[0]:g}" if isinstance(counts.index[0], float) else str(counts.index[0])[:30]
        marks[f"not {usually}"] = present & (values != counts.index[0]).to_numpy(bool, na_value=False), 1.0
    counts = counts[counts >= FEWEST]
    for level in counts.index if levels and 1 < len(counts) <= MOST_LEVELS else ():
        marks[str(level)[:30]] = (values == level).to_numpy(bool, na_value=False), HONEST_ODDS
    return marks


def _given_away(marks: dict[str, tuple[np.ndarray, float]], label: str, values: np.ndarray) -> list[str]:
    """In words, where nearly all rows have one label, though others have both, and chance does not explain it.

    Of a rare label nearly all rows are 0 wherever one looks, and more yet in a level of which few people like anything:
    a mark counts if its rows have the rarer label, a level only if its odds are such that no taste explains, and
    without the rarer label only if next to no row has it.
    """
    seen, settled = ~np.isnan(values), []
    mean = values[seen].mean()
    for what, (rows, odds) in marks.items():
        there = values[rows & seen]
        for answer, other in ((1, 1 - mean), (0, mean)) if len(there) >= FEWEST and 0 < mean < 1 else ():
            agree, disagree = (there == answer).mean(), (there != answer).sum()
            honest = other / (other + odds * (1 - other))  # the least share of the other label
            sure = SURE if other >= 0.5 else ABSENT  # of the rarer label, and of the other
            if agree >= sure and (odds > 1 or other >= 0.5) and bdtr(disagree, len(there), honest) < BY_CHANCE:
                often = "all" if agree == 1 else f"{agree:.1%}"
                settled.append(f"where it is {what}, {label!r} is {answer} in {often} of {len(there):,} rows")
    return settled[:2]


@validate.checked
def in_order(values: np.ndarray, labels: np.ndarray, kind: str) -> float:
    """AUC or R² of a number as it is, whichever way it points; NaN where a class has fewer than `FEWEST` rows."""
    both = ~np.isnan(values) & ~np.isnan(labels)
    values, labels = values[both], labels[both]
    if kind == "binary":
        if min((labels == 1).sum(), (labels == 0).sum()) < FEWEST:
            return float("nan")
        area = auc(values, labels)
        return max(area, 1 - area)
    if len(values) < FEWEST or values.std() == 0 or labels.std() == 0:
        return float("nan")
    return float(np.corrcoef(values, labels)[0, 1] ** 2)


@validate.checked
def alone(codes: np.ndarray, labels: np.ndarray, kind: str) -> float:
    """AUC or R² with which one feature predicts a label: from its mean in the first half of the rows, on the second."""
    half = len(labels) // 2
    first, second = labels[:half], labels[half:]
    if len(np.unique(first)) < 2 or len(np.unique(second)) < 2:
        return float("nan")
    score = by_ids([codes[:half]], first, [codes[half:]])
    return float((auc if kind == "binary" else r2)(score, second))
