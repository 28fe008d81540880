"""Features: a DataFrame becomes the tensors that a model takes.

    columns  = [Dense("duration"), Sparse("user", width=8), Sparse("video", width=8), Sequence("history", of="video")]
    columns += [Tags("genres")]
    features = Features(columns).fit(train)                             # learns vocabularies, means and deviations
    inputs   = features.transform(frame)                                # {"dense": ..., "sparse": ..., "history": ...}
    examples = features.examples(frame, {"click": "click"}, groups="user")

`history` makes the lists of a `Sequence` out of a log.

Ids become rows of embedding tables, and columns of equal width share one table. Row 0 of a table is padding; then each
column, tags after ids, has a row for missing values, a row for ids that `fit` has not seen, and a row for each id that
it has, sorted:

    | padding | user: missing, unknown, known … | video: missing, unknown, known … |

The tensors hold row numbers of the table, so a model looks up all columns of one width at once. Ids stay integers or
strings all the way: as float32, ids 2²⁴ and 2²⁴ + 1 would be one.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from collections.abc import Sequence as SequenceOf
from dataclasses import asdict, dataclass
from itertools import chain

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from ..support import validate
from .examples import Examples

PADDING = 0
TOGETHER = 100_000  # rows that are transformed at once
LARGEST_FLOAT = np.finfo(np.float32).max  # what does not fit into float32 counts as infinite


@dataclass(frozen=True)
class Dense:
    """A number: standardised to mean 0 and deviation 1; missing values become the mean."""

    name: str


@dataclass(frozen=True)
class Sparse:
    """An id (integer or string) with an embedding of `width` numbers."""

    name: str
    width: int = 8


@dataclass(frozen=True)
class Sequence:
    """A list of ids of the sparse column `of`, oldest first; the last `length` count. Shares the embedding of `of`."""

    name: str
    of: str
    length: int = 20


@dataclass(frozen=True)
class Tags:
    """Several ids at once, such as genres or colours, in no order: each has an embedding of `width` numbers, and they
    count by their mean. The vocabulary is the column's own; of more than `length` the last count."""

    name: str
    width: int = 8
    length: int = 20


COLUMN_KINDS = {kind.__name__: kind for kind in (Dense, Sparse, Sequence, Tags)}


@dataclass(frozen=True)
class SparseLayout:
    """Where the ids of a column lie: rows `offset` … `offset + rows − 1` of the table of its width."""

    name: str
    width: int
    offset: int
    rows: int


@dataclass(frozen=True)
class SequenceLayout:
    """A sequence tensor `(n, length)` of rows of the table of `width`; `padding` fills short lists at the end. Tags are
    a sequence `of` themselves."""

    name: str
    of: str
    width: int
    length: int
    padding: int = PADDING


class Features:
    """Columns of a DataFrame and how they become tensors. After `fit`:

    dense      names of the columns of "dense": the dense columns, then "NAME missing" for each in which `fit` saw NaN
    sparse     list of `SparseLayout`, one for each column of "sparse"
    sequences  list of `SequenceLayout`: the sequences, then the tags
    ids        {name: `SparseLayout`} of all that has ids of its own: the columns of "sparse", and tags
    tables     {width: number of rows of the embedding table of that width}

    Raises ValueError for bad columns: none at all, a name twice, a sequence of an id that is no sparse column.
    """

    def __init__(self, columns: SequenceOf[Dense | Sparse | Sequence | Tags]):
        if isinstance(columns, str) or not isinstance(columns, Iterable):
            validate.fail("columns", repr(columns)[:60], "a list of Dense, Sparse, Sequence and Tags", TypeError)
        self.columns = list(columns)
        for column in self.columns:
            if not isinstance(column, Dense | Sparse | Sequence | Tags):
                validate.fail("columns", repr(column), "Dense, Sparse, Sequence or Tags", TypeError)
            validate.instance("columns", column.name, Hashable, "the name of a column")
        names = [column.name for column in self.columns]
        if not names or len(set(names)) < len(names):
            validate.fail("columns", f"names {names}", "at least one column, and no name twice")
        self._dense = [column for column in self.columns if isinstance(column, Dense)]
        self._sparse = {column.name: column for column in self.columns if isinstance(column, Sparse)}
        self._sequences = [column for column in self.columns if isinstance(column, Sequence)]
        self._tags = [column for column in self.columns if isinstance(column, Tags)]
        for column in [*self._sparse.values(), *self._tags]:
            validate.number(f"width of {column.name!r}", column.width, low=1, whole=True)
        for column in self._sequences:
            validate.choice(f"of of {column.name!r}", column.of, self._sparse)
        for column in [*self._sequences, *self._tags]:
            validate.number(f"length of {column.name!r}", column.length, low=1, whole=True)
            if column.name in ("dense", "sparse"):
                validate.fail("columns", f"a sequence named {column.name!r}", "another name, this one is a tensor's")
        self._fitted = False

    def fit(self, frame: pd.DataFrame) -> Features:
        """Learn vocabularies, means and deviations from the training rows; returns self.

        A sequence uses the vocabulary of its sparse column; ids that occur in lists alone are unknown.
        """
        frame = self._check(frame)
        self.means, self.deviations, self.dense = {}, {}, [column.name for column in self._dense]
        for column in self._dense:
            values = _numbers(column.name, frame[column.name])
            seen = values[~np.isnan(values)]
            if len(seen) == 0:
                validate.fail(column.name, "missing values only", "at least one number to fit on")
            self.means[column.name] = float(seen.mean())
            self.deviations[column.name] = float(seen.std()) if seen.min() < seen.max() else 1.0
            if len(seen) < len(values):
                self.dense.append(f"{column.name} missing")
        self.vocabularies: dict[str, pd.Index] = {}
        for column in [*self._sparse.values(), *self._tags]:
            values = frame[column.name]
            if isinstance(column, Tags):
                values = _lists(column.name, values)[0]
            ids, missing = _ids(column.name, values)
            if missing.all():
                validate.fail(column.name, "missing values only", "at least one id to fit on")
            self.vocabularies[column.name] = pd.Index(np.sort(pd.unique(ids[~missing])), dtype=ids.dtype)
        return self._lay_out()

    def _lay_out(self) -> Features:
        """Give each id a row in the embedding table of its width."""
        self.tables: dict[int, int] = {}
        self.ids: dict[str, SparseLayout] = {}
        for column in [*self._sparse.values(), *self._tags]:
            offset = self.tables.get(column.width, PADDING + 1)
            rows = 2 + len(self.vocabularies[column.name])
            self.tables[column.width] = offset + rows
            self.ids[column.name] = SparseLayout(column.name, column.width, offset, rows)
        self.sparse = [self.ids[name] for name in self._sparse]
        of = [(column, column.of) for column in self._sequences] + [(column, column.name) for column in self._tags]
        self.sequences = [SequenceLayout(column.name, name, self.ids[name].width, column.length) for column, name in of]
        self._fitted = True
        return self

    def state(self) -> dict:
        """The columns and what `fit` learnt of them, as plain lists, texts and numbers that JSON can hold."""
        self.check_fitted()
        return {
            "columns": [{"kind": type(column).__name__, **asdict(column)} for column in self.columns],
            "dense": self.dense,
            "means": self.means,
            "deviations": self.deviations,
            "vocabularies": {name: ids.tolist() for name, ids in self.vocabularies.items()},
        }

    @staticmethod
    def of_state(state: dict) -> Features:
        """Fitted features from what `state` gave: they transform every row as the first ones did."""
        columns = [dict(column) for column in state["columns"]]
        features = Features([COLUMN_KINDS[column.pop("kind")](**column) for column in columns])
        features.dense, features.means, features.deviations = state["dense"], state["means"], state["deviations"]
        features.vocabularies = {
            name: pd.Index(ids, dtype=object if isinstance(ids[0], str) else np.int64)
            for name, ids in state["vocabularies"].items()
        }
        return features._lay_out()

    def check_fitted(self) -> None:
        """Raise ValueError where `fit` has not been called."""
        if not self._fitted:
            validate.fail("features", "columns that are not fitted", "a call of `fit` on the training rows first")

    def transform(self, frame: pd.DataFrame, narrow: bool = False) -> dict[str, Tensor]:
        """Tensors of all rows: "dense" (n, columns) float32, "sparse" (n, columns) int64, a sequence (n, length) int64.

        A tensor without columns is left out. NaN in a dense column becomes 0, the mean; an id that `fit` has not seen
        becomes its column's unknown row. With `narrow`, ids are int32, in half the memory, and of many rows a sequence
        is no longer than their longest list.

        Raises ValueError or TypeError that names the column: missing, not a number, ids of another kind than in `fit`.
        """
        self.check_fitted()
        frame = self._check(frame)
        lengths = {layout.name: layout.length for layout in self.sequences}
        if len(frame) <= TOGETHER:
            return self._transform(frame, narrow, lengths)
        if narrow:
            lengths = {name: min(length, _longest(frame[name])) for name, length in lengths.items()}
        inputs = {}
        for start in range(0, len(frame), TOGETHER):  # the lists and words of all rows would take most of the memory
            for name, part in self._transform(frame[start : start + TOGETHER], narrow, lengths).items():
                whole = inputs.setdefault(name, part.new_empty(len(frame), part.shape[1]))
                whole[start : start + TOGETHER] = part
        return inputs

    def _transform(self, frame: pd.DataFrame, narrow: bool, lengths: dict[str, int]) -> dict[str, Tensor]:
        inputs, kind = {}, torch.int32 if narrow else torch.int64
        if self.dense:
            inputs["dense"] = torch.from_numpy(self._dense_columns(frame))
        if self.sparse:
            rows = [self._rows(layout, layout.name, frame[layout.name]) for layout in self.sparse]
            inputs["sparse"] = torch.from_numpy(np.column_stack(rows)).to(kind)
        for layout in self.sequences:
            lists, where = _lists(layout.name, frame[layout.name], layout.length)
            padded = np.full((len(frame), lengths[layout.name]), layout.padding)
            padded[where] = self._rows(self.ids[layout.of], layout.name, lists)
            inputs[layout.name] = torch.from_numpy(padded).to(kind)
        return inputs

    def examples(
        self,
        frame: pd.DataFrame,
        tasks: dict[str, str],
        groups: str | None = None,
        weight: str | None = None,
        narrow: bool = False,
    ) -> Examples:
        """`Examples` of all rows, with the labels {task: column} and, for GAUC, the ids of column `groups` (the user).

        With a column `weight` that is how much each row counts, of every task; brought to a mean of 1.

        A missing label is masked. Groups are numbered anew: every user has a group of its own, known to `fit` or not.
        A column of the features cannot be a label as well: the model would read the answer.
        """
        if not isinstance(tasks, dict) or not tasks:
            validate.fail("tasks", repr(tasks)[:60], "{task: column of its label}, at least one", TypeError)
        if leaks := [column.name for column in self.columns if column.name in tasks.values()]:
            validate.fail("tasks", f"labels that are features, too: {leaks}", "labels that the model does not read")
        inputs = self.transform(frame, narrow)
        validate.columns("frame", frame, [*tasks.values(), *([groups] if groups else [])])
        labels = {
            task: torch.tensor(_numbers(column, frame[column]), dtype=torch.float32) for task, column in tasks.items()
        }
        masks = {task: ~label.isnan() for task, label in labels.items() if label.isnan().any()}
        weights = {}
        if weight is not None:
            validate.columns("frame", frame, [weight])
            values = validate.finite(f"weight {weight!r}", _numbers(weight, frame[weight]))
            if not values.sum() > 0:
                validate.fail(f"weight {weight!r}", f"a sum of {values.sum():g}", "some weight above 0")
            weights = dict.fromkeys(tasks, torch.tensor(values / values.mean(), dtype=torch.float32))
        if groups is None:
            return Examples(inputs, labels, masks, weights)
        ids, missing = _ids(groups, frame[groups])
        if missing.any():
            validate.fail(f"groups {groups!r}", f"{missing.sum()} missing values", "an id in each row")
        return Examples(inputs, labels, masks, weights, groups=torch.from_numpy(pd.factorize(ids)[0]))

    def _check(self, frame: pd.DataFrame) -> pd.DataFrame:
        validate.columns("frame", frame, [column.name for column in self.columns])
        if not frame.columns.is_unique:
            validate.fail("frame", "a column name twice", "columns with names of their own")
        return frame

    def _dense_columns(self, frame: pd.DataFrame) -> np.ndarray:
        scaled, gaps = [], []
        for column in self._dense:
            values = _numbers(column.name, frame[column.name])
            standardised = np.nan_to_num((values - self.means[column.name]) / self.deviations[column.name])
            if np.abs(standardised).max() > LARGEST_FLOAT:
                validate.fail(column.name, f"a value of {np.nanmax(np.abs(values)):g}", "values like those of `fit`")
            scaled.append(standardised)
            if f"{column.name} missing" in self.dense:
                gaps.append(np.isnan(values))
        return np.column_stack(scaled + gaps).astype(np.float32)

    def _rows(self, layout: SparseLayout, name: str, values: pd.Series) -> np.ndarray:
        """Rows of the embedding table: offset if missing, offset + 1 if unknown, offset + 2 + k for the k-th id."""
        vocabulary = self.vocabularies[layout.name]
        ids, missing = _ids(name, values)
        if not missing.all() and ids.dtype != vocabulary.dtype:
            came, expected = ("strings" if of.dtype.kind == "O" else "integers" for of in (ids, vocabulary))
            validate.fail(name, f"ids that are {came}", f"{expected}, as in `fit`", TypeError)
        position = vocabulary.get_indexer(ids)  # −1 if unknown
        return np.where(missing, layout.offset, layout.offset + 2 + position)


def history(frame: pd.DataFrame, of: str, where: str, *, time: str = "time", length: int = 20) -> pd.Series:
    """What the user did before: a list a row, for a `Sequence` column.

    Each list has the values of column `of` in the rows of the same user that are strictly earlier in `time` and have
    1 in column `where`: the last `length` of them, oldest first. Neither the row itself nor its future leaks into it.
    """
    validate.columns("frame", frame, [of, where, "user", time])
    length = validate.number("length", length, low=1, whole=True)
    happened = validate.binary(where, _numbers(where, frame[where])) == 1
    if frame[["user", time]].isna().any(axis=None):
        validate.fail("frame", f"missing values in 'user' or {time!r}", "both in each row")
    # One integer that orders rows by user and then by time.
    moment = pd.factorize(frame[time], sort=True)[0]
    first = pd.factorize(frame["user"])[0] * (moment.max() + 1)
    key = first + moment
    order = np.flatnonzero(happened)[np.argsort(key[happened], kind="stable")]
    end = np.searchsorted(key[order], key)
    start = np.maximum(np.searchsorted(key[order], first), end - length)
    values = frame[of].to_numpy()[order]
    lists = [values[i:j] for i, j in zip(start, end, strict=True)]
    return pd.Series(lists, index=frame.index, dtype=object)


def _numbers(name: str, values: pd.Series) -> np.ndarray:
    """A column as float64 with NaN where missing."""
    if not pd.api.types.is_numeric_dtype(values.dtype):  # bools are numeric to pandas
        validate.fail(name, f"a column of {values.dtype}", "numbers", TypeError)
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    if (np.abs(numbers) > LARGEST_FLOAT).any():
        validate.fail(
            name, f"{(np.abs(numbers) > LARGEST_FLOAT).sum()} infinite values", "finite numbers, or NaN where missing"
        )
    return numbers


def _ids(name: str, values: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """A column of ids as int64 or as objects (strings), and where they are missing (there the id means nothing)."""
    missing = values.isna().to_numpy()
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(object)
    present = values[~missing] if missing.any() else values
    kind = pd.api.types.infer_dtype(present, skipna=False)
    if kind == "string":
        ids = np.full(len(values), "", dtype=object)
        ids[~missing] = present.to_numpy(dtype=object)
        return ids, missing
    if kind not in ("integer", "boolean", "floating", "empty"):
        validate.fail(name, f"{kind} values", "ids: integers or strings", TypeError)
    if kind == "floating":  # how pandas reads a column of integers with gaps
        present = present.to_numpy() if present.dtype.kind == "f" else present.to_numpy(dtype=np.float64)
        digits = np.finfo(present.dtype).nmant + 1  # integers below 2**digits are exact
        if not (np.abs(present) < 2.0**digits).all() or (present % 1 != 0).any():
            came = f"{present.dtype} with fractions or beyond 2**{digits}"
            validate.fail(name, came, "integers (dtype Int64 if some are missing)")
    elif len(present) and not -(2**63) <= int(present.min()) <= int(present.max()) < 2**63:
        validate.fail(name, f"ids from {present.min()} to {present.max()}", "ids that fit into 64 bits, or strings")
    ids = np.zeros(len(values), dtype=np.int64)
    ids[~missing] = np.asarray(present, dtype=np.int64)
    return ids, missing


def _longest(values: pd.Series) -> int:
    """Of all lists; at least 1."""
    return max(1, *(len(value) for value in values if isinstance(value, list | tuple | np.ndarray)))


def _lists(name: str, values: pd.Series, length: int = 0) -> tuple[pd.Series, tuple[np.ndarray, np.ndarray]]:
    """The last `length` ids of each list (0: all), end to end, and the (row, position) of each id. A missing list is
    empty."""
    kept = []
    for value in values:
        if isinstance(value, list | tuple | np.ndarray):
            kept.append(value[-length:])
        elif value is None or value is pd.NA or value != value:
            kept.append(())
        else:
            validate.fail(name, f"{value!r}", "a list of ids in each row", TypeError)
    lengths = np.array([len(value) for value in kept])
    row = np.repeat(np.arange(len(kept)), lengths)
    position = np.arange(len(row)) - np.repeat(lengths.cumsum() - lengths, lengths)
    # As objects: a list with a gap would otherwise turn its integers into floats.
    return pd.Series(list(chain.from_iterable(kept)), dtype=object), (row, position)
