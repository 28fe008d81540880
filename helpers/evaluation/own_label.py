"""Numbers that contain the label of their own row: means of a window with today in it, sums that count the row itself.

An honest mean of earlier rows moves after a row, towards its label. One that contains the row's own label has moved
already at the row, and stays. Prices and matches, which tell of their own row and of no other, move at the row as well,
but by the next row they have moved back, so that their changes from row to row undo each other.

Where all rows of a day, say, have one value, the changes are those from day to day. A number that contains nothing but
its own day moves back the next day, as a price may. But a price says how likely a label is, so that the labels of a day
still vary as coins do, whereas this number says how many of them there are.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.stats import rankdata

from ..support import validate

MOST_ROWS = 100_000  # that are looked at, of whole ids
FEWEST, TOGETHER = 20, 0.99  # pairs of rows with different labels, and the share of them that must have one value
SURE, LEAST, UNDONE = 4.5, 0.25, -0.3  # standard errors, the correlation at the row, and that of changes in turn
TIGHT, FREE, PARTS = 0.6, 0.9, 20  # share of the variance of coins; with, and without the number; parts of its values


class Signature(NamedTuple):
    """Correlations of a row's label with the number's change from the row before and with that to the next one, and the
    variance of labels about the number, as a share of that of coins; NaN where it has no value for several rows."""

    at: float
    after: float
    spread: float


@validate.checked
def signature(
    values: np.ndarray, labels: np.ndarray, ids: np.ndarray, spans: Sequence[np.ndarray] = ()
) -> Signature | None:
    """Whether a number says that it contains the label of its own row: what says so, or None.

    values, labels   `(rows,)`, in the order of time; NaN where they are not known; labels of 0 and 1
    ids              `(rows,)`, whole numbers: of which item or user each row is; negative where that is not known
    spans            whole numbers `(rows,)` each: the day of a row, say, then its time; the first counts in which an id
                     has one value
    """
    values, labels = validate.numbers("values", values), validate.numbers("labels", labels)
    ids = np.nan_to_num(validate.numbers("ids", ids), nan=-1).astype(int)
    if values.ndim != 1 or not len(values):
        validate.fail("values", f"shape {values.shape}", "a number for each row, (rows,)")
    validate.same_length(values=values, labels=labels, ids=ids, **{f"spans[{k}]": s for k, s in enumerate(spans)})
    known = ~np.isnan(values) & ~np.isnan(labels) & (ids >= 0) & (ids % (len(ids) // MOST_ROWS + 1) == 0)
    rows = np.flatnonzero(known)
    rows = rows[np.argsort(ids[rows], kind="stable")]  # each id's rows one after the other, in their order
    values, labels, ids = values[rows], labels[rows], ids[rows]
    if len(rows) < 3 or values.min() == values.max():
        return None
    differ, same = (ids[1:] == ids[:-1]) & (labels[1:] != labels[:-1]), values[1:] == values[:-1]
    span = None
    for one in spans:
        pairs = differ & (one[rows][1:] == one[rows][:-1])
        if pairs.sum() >= FEWEST and same[pairs].mean() > TOGETHER:
            span = one[rows]
            break
    begins = np.r_[True, (ids[1:] != ids[:-1]) | (True if span is None else span[1:] != span[:-1])]
    block = np.cumsum(begins) - 1
    sizes, of = np.bincount(block), ids[begins]
    spread = np.nan if span is None else _spread(values[begins], np.bincount(block, labels), sizes)
    moved = np.diff(rankdata(values)[begins] / len(rows))
    inner = np.flatnonzero((of[1:-1] == of[:-2]) & (of[1:-1] == of[2:])) + 1  # with one of their id on either side
    into, out = moved[inner - 1], moved[inner]
    label = np.bincount(block, labels - (np.bincount(ids, labels) / np.maximum(np.bincount(ids), 1))[ids])[inner]
    at, after, undone = _cosine(label, into), _cosine(label, out), _cosine(into, out)
    leads, stays = (np.sign(at) * label * change for change in (into - out, into + 2 * out))  # less than half is undone
    sure = leads.sum() > SURE * np.sqrt((leads**2).sum())
    own = sure and stays.sum() > 0 and abs(at) > LEAST and undone > UNDONE
    return Signature(at, after, spread) if own or spread < TIGHT else None


def _cosine(one: np.ndarray, other: np.ndarray) -> float:
    """The correlation of two changes, whose means are 0 where nothing happens."""
    length = np.sqrt((one**2).sum() * (other**2).sum())
    return float((one * other).sum() / length) if length else 0.0


def _spread(values: np.ndarray, ones: np.ndarray, sizes: np.ndarray) -> float:
    """How much the labels of blocks vary about their usual share, or number, at a value, as a share of the variance of
    coins; 1 where they vary less than coins without the number, too, as in lists of which one row is clicked."""
    several = sizes > 1
    values, ones, sizes = values[several], ones[several], sizes[several]
    if len(values) < PARTS * FEWEST:
        return np.nan

    def share(part: np.ndarray) -> float:
        rate, number = (np.bincount(part, ones) / np.bincount(part, by) for by in (sizes, np.ones(len(ones))))
        coins = (sizes * (rate * (1 - rate))[part]).sum()
        apart = min(((ones - sizes * rate[part]) ** 2).sum(), ((ones - number[part]) ** 2).sum())
        return float(apart / coins) if coins else np.nan

    _, part = np.unique(np.searchsorted(np.quantile(values, np.arange(1, PARTS) / PARTS), values), return_inverse=True)
    return share(part) if share(np.zeros(len(values), int)) > FREE else 1.0
