"""Counts: they need no model, and every model is measured against them.

An item's smoothed rate of a label, or of the click, ranks all users' offers alike, and a model that has learnt anything
of the users beats it. On ratings the yardstick is user and item biases: the same count with an offset for the user.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from ..data.examples import Examples, Inputs
from ..support import validate
from .metrics import Array

BY_ITEM, BY_CLICKS = ITEM_COUNTS = ("by item", "by item's clicks")  # of the label that is judged, and of the click
BIASES = "user + item biases"
USER, ITEM = 0, 1  # places of these ids among the sparse columns of the course's logs
PRIOR = 5.0  # rows with the mean of all, from which every mean starts: an id with one row does not repeat that row
PASSES = 30  # over several columns


@validate.checked
def by_ids(rows: Sequence[Array], labels: Array, asked: Sequence[Array]) -> np.ndarray:
    """The mean label of all rows plus an offset for the id in each column: one score for each of the rows `asked`.

    rows    columns of ids, `(rows,)` each: numbers or words
    labels  `(rows,)`, of 0 and 1 or any numbers
    asked   the same columns of other rows; an id without a row has no offset

    Of one column: (sum of the labels of the id + `PRIOR` · mean of all) / (its rows + `PRIOR`). Of several: the least
    squares solution with the ridge penalty `PRIOR`, found column by column (the biases of Koren, Bell and Volinsky,
    IEEE Computer 42(8), 2009).
    """
    labels = validate.finite("labels", validate.numbers("labels", labels)).astype(float)
    if not len(rows):
        validate.fail("rows", "no columns", "one at least")
    if len(rows) != len(asked):
        validate.fail("asked", f"{len(asked)} columns", f"{len(rows)}, the same as rows")
    if not len(labels):
        validate.fail("labels", "none", "at least one row to count")
    codes, answers = [], []
    for known, other in zip(rows, asked, strict=True):
        validate.same_length(labels=labels, rows=known)
        code, ids = pd.factorize(np.asarray(known))
        codes.append(code)
        answers.append(pd.Index(ids).get_indexer(np.asarray(other)))
    mean = labels.mean()
    offsets = [np.zeros(code.max() + 2) for code in codes]  # the last, which is 0, for an id without a row
    for _ in range(PASSES if len(codes) > 1 else 1):
        for code, offset in zip(codes, offsets, strict=True):
            rest = labels - sum(o[c] for c, o in zip(codes, offsets, strict=True) if o is not offset)
            rows_of = np.bincount(code)
            # sums of labels are exact, so that ids with the same rows and labels are tied to the last bit
            offset[:-1] = (np.bincount(code, rest) - rows_of * mean) / (rows_of + PRIOR)
    return mean + sum(offset[answer] for offset, answer in zip(offsets, answers, strict=True))


@validate.checked
def rates(train: Examples, label: str, inputs: Inputs, columns: Sequence[int] = (ITEM,)) -> Tensor:
    """`by_ids` of a label in the rows of `train` where it was observed, for the rows of `inputs`: `(n,)`, or
    `(copies, n)` where both are stacked.

    columns  places of the ids among the sparse columns
    """
    rows, asked, labels = train.inputs["sparse"], inputs["sparse"], train.labels[label]
    seen = train.observed(label)
    if rows.dim() == 2:
        rows, asked, labels, seen = rows[None], asked[None], labels[None], seen[None]
    by_copy = [
        by_ids([ids[mask, k] for k in columns], label[mask], [others[:, k] for k in columns])
        for ids, others, label, mask in zip(rows, asked, labels, seen, strict=True)
    ]
    scores = torch.from_numpy(np.stack(by_copy))
    return scores if train.inputs["sparse"].dim() == 3 else scores[0]


def item_count(count: str, train: Examples, label: str, click: str, inputs: Inputs) -> Tensor:
    """One of `ITEM_COUNTS` as a score of a label: the item's rate of the label, or of the click."""
    return rates(train, click if validate.choice("count", count, ITEM_COUNTS) == BY_CLICKS else label, inputs)
