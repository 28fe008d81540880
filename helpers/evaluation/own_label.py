"""Numbers that contain the label of their own row: rates of a window with today in it, sums that count the row itself.

An honest rate predicts better the more rows it rests on. One that contains the row's own label predicts better the
fewer: of two rows, that label is half of it. Yet honest numbers may do so as well, as where rare items differ more than
popular ones. So each number is compared with itself: how well it predicts the label of its own row, and that of a later
row of the same id, for which an honest number is about as good. The lead must be larger where an id has few rows than
where it has many, in the unit in which luck is alike at every height: the normal quantile of the AUC.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import ndtri  # the quantile of the normal distribution

from ..support import validate
from .intervals import auc_influence, over_users
from .metrics import auc

MOST_ROWS, FEWEST, LATER = 100_000, 20, 4  # rows looked at, of each class; a later row: after a quarter of the id's
SURE, LEAST, PREDICTS = 4.5, 0.1, 0.55  # standard errors of the lead, the lead, and the AUC from which on it matters


class Signature(NamedTuple):
    """AUC for the label of the own row and for that of a later one, of ids with few rows, and of those with many."""

    few: float
    few_later: float
    many: float
    many_later: float


def signature(values: np.ndarray, labels: np.ndarray, ids: np.ndarray) -> Signature | None:
    """Whether a number says that it contains the label of its own row: the four AUCs that do, or None.

    values, labels   `(rows,)`, in the order of time; NaN where they are not known; labels of 0 and 1
    ids              `(rows,)`, whole numbers: of which item or user each row is; negative where that is not known
    """
    values, labels = validate.numbers("values", values), validate.numbers("labels", labels)
    ids = np.nan_to_num(validate.numbers("ids", ids), nan=-1).astype(int)
    if values.ndim != 1 or not len(values):
        validate.fail("values", f"shape {values.shape}", "a number for each row, (rows,)")
    validate.same_length(values=values, labels=labels, ids=ids)
    known = ~np.isnan(values) & ~np.isnan(labels) & (ids >= 0) & (ids % (len(ids) // MOST_ROWS + 1) == 0)
    values, labels, ids = values[known], labels[known], ids[known]
    if min((labels == 1).sum(), (labels == 0).sum()) < FEWEST or max(area := auc(values, labels), 1 - area) < PREDICTS:
        return None
    order = np.lexsort((np.arange(len(ids)), ids))  # each id's rows one after the other, in their order
    values, labels, ids = values[order] * np.sign(area - 0.5), labels[order], ids[order]
    counts = np.bincount(ids)[ids]
    later = np.arange(len(ids)) + np.maximum(1, counts // LATER)
    paired = np.flatnonzero(ids[np.minimum(later, len(ids) - 1)] == ids)  # rows with a later one of their id
    paired = paired[later[paired] < len(ids)]
    edges = np.quantile(counts[paired], (1 / 3, 2 / 3)) if len(paired) else (0, 0)
    signature, leads, luck = [], [], 0.0
    for rows in (paired[counts[paired] <= edges[0]], paired[counts[paired] > edges[1]]):
        asked = [labels[rows], labels[later[rows]]]
        if any(min(answers.sum(), (1 - answers).sum()) < FEWEST for answers in asked):
            return None
        areas = [auc(values[rows], answers) for answers in asked]
        heights = ndtri(np.clip(areas, 1e-3, 1 - 1e-3))
        slopes = np.exp(-(heights**2) / 2) / np.sqrt(2 * np.pi)
        moved = [auc_influence(values[rows], answers) / k for answers, k in zip(asked, slopes, strict=True)]
        luck += over_users(moved[0] - moved[1], ids[rows])[0] ** 2 if len(np.unique(ids[rows])) > 1 else np.inf
        leads.append(heights[0] - heights[1])
        signature += areas
    lead = leads[0] - leads[1]
    return Signature(*signature) if lead > max(LEAST, SURE * np.sqrt(luck)) else None
