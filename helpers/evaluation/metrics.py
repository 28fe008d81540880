"""How good are the predictions? AUC, GAUC, NDCG, log loss, R² and squared error, of one model or many.

Scores and labels have the rows on the last axis: `(n,)` gives a float, `(models, n)` gives an array `(models,)`, all
computed together. Labels `(n,)` may be shared by all models. Rows where `mask` is False were not observed and count
nowhere. A metric that is not defined on its labels (AUC with one class, R² of a constant) is a ValueError, and in the
table of `evaluate` a NaN with a note: never a wrong number.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from ..data.examples import Examples
from ..support import validate

Array = np.ndarray | Tensor

ONE_CLASS = "only one class among the labels"
NO_USER = "no user with labels of both classes"
CONSTANT = "a constant target"
UNSEEN = "no observed label"
NO_GAIN = "no gain at all"


def auc(scores: Array, labels: Array, mask: Array | None = None) -> float | np.ndarray:
    """Area under the ROC curve: the share of (positive, negative) pairs in which the positive has the higher score.

    Ties count one half. Any increasing function of the probability will do as score. Computed from ranks (Mann-Whitney
    U): the number of `sklearn.metrics.roc_auc_score`, for many models at once.
    """
    value = _auc(*_rows("scores", scores, labels, mask, binary=True))
    return _or_fail("labels", value, ONE_CLASS, "labels of both classes")


class OverUsers(NamedTuple):
    """Mean `value` over users, and how many were `skipped`: all labels equal (GAUC), or nothing to gain (NDCG)."""

    value: float | np.ndarray
    skipped: int | np.ndarray


def gauc(scores: Array, labels: Array, groups: Array, mask: Array | None = None) -> OverUsers:
    """Mean over users of the AUC within the rows of one user, weighted by the user's number of rows (DIN, KDD 2018).

    groups: the user of each row, any integers, `(n,)` or `(models, n)`. Users with one class only are skipped, and
    counted.
    """
    rows = _rows("scores", scores, labels, mask, binary=True)
    value, skipped = _gauc(*rows, _group_index(groups, rows[0]))
    return OverUsers(_or_fail("labels", value, NO_USER, "at least one such user"), _plain(skipped))


def ndcg(scores: Array, gains: Array, mask: Array | None = None, *, k: int | None = None) -> float | np.ndarray:
    """Normalised discounted cumulative gain of one list in the order of the scores (Järvelin and Kekäläinen, 2002).

    The sum of gain / log₂(1 + place) over places 1, 2, … (the first `k`), divided by the same sum in the best order.
    Gains are ≥ 0 (0 and 1, or graded). Equal scores share the mean discount of their places. The number of
    `sklearn.metrics.ndcg_score`, for many models at once.
    """
    score, gain, seen, k = _lists(scores, gains, k, mask)
    value, _ = _ndcg(score, gain, seen, torch.zeros_like(score, dtype=torch.long), k)
    return _or_fail("gains", value, NO_GAIN, "a gain above 0")


def user_ndcg(
    scores: Array, gains: Array, groups: Array, mask: Array | None = None, *, k: int | None = None
) -> OverUsers:
    """Mean over users of the NDCG of each user's list, every user counting once.

    groups: the user of each row, any integers, `(n,)` or `(models, n)`. Users without any gain are skipped, and
    counted. Otherwise as `ndcg`.
    """
    score, gain, seen, k = _lists(scores, gains, k, mask)
    value, skipped = _ndcg(score, gain, seen, _group_index(groups, score), k)
    return OverUsers(_or_fail("gains", value, NO_GAIN, "a user with a gain above 0"), _plain(skipped))


def log_loss(logits: Array, labels: Array, mask: Array | None = None) -> float | np.ndarray:
    """Mean negative log likelihood of binary labels, in nats, from logits (not probabilities)."""
    return _plain(_log_loss(*_rows("logits", logits, labels, mask, binary=True)))


def mse(predictions: Array, targets: Array, mask: Array | None = None) -> float | np.ndarray:
    """Mean squared error, in squared units of the target."""
    return _plain(_mse(*_rows("predictions", predictions, targets, mask)))


def r2(predictions: Array, targets: Array, mask: Array | None = None) -> float | np.ndarray:
    """Share of the targets' variance that is explained: 1 − MSE / variance. Negative where worse than the mean."""
    return _or_fail("targets", _r2(*_rows("predictions", predictions, targets, mask)), CONSTANT, "targets that vary")


def evaluate(outputs: dict[str, Array], examples: Examples, kinds: dict[str, str]) -> pd.DataFrame:
    """All metrics of all tasks as a tidy table: a row a task and metric (and copy, if the outputs have a leading axis).

    outputs  {task: logits or values}, `(n,)` or `(copies, n)`, as a model or a `Run` predicts them
    kinds    {task: "binary" or "regression"}, the `tasks` of a model
    Columns: copy (with a leading axis), task, metric, value, note. Binary tasks have auc, log_loss and, where
    `examples` have groups, gauc and gauc_skipped (a number of users); regression tasks have r2 and mse. `note` says why
    a value is NaN.
    """
    if not isinstance(kinds, dict) or not kinds:
        validate.fail("kinds", repr(kinds)[:60], '{task: "binary" or "regression"}, at least one task')
    if not isinstance(outputs, dict):
        validate.fail("outputs", type(outputs).__name__, "{task: logits or values}", TypeError)
    if not isinstance(examples, Examples):
        validate.fail("examples", type(examples).__name__, "Examples", TypeError)
    tables = []
    for task, kind in kinds.items():
        validate.choice("kinds", kind, ("binary", "regression"))
        for name, by_task in (("outputs", outputs), ("examples", examples.labels)):
            if task not in by_task:
                validate.fail(name, f"no task {task!r}", f"it among {list(by_task)}")
        binary = kind == "binary"
        data = outputs[task], examples.labels[task], examples.masks.get(task)
        rows = _rows(f"outputs[{task!r}]", *data, binary, may_be_unseen=True)
        unseen = ~rows[2].any(-1).numpy()
        if binary:
            values = {"auc": (_auc(*rows), ONE_CLASS), "log_loss": (_log_loss(*rows), "")}
            if examples.groups is not None:
                value, skipped = _gauc(*rows, _group_index(examples.groups, rows[0]))
                values |= {"gauc": (value, NO_USER), "gauc_skipped": (skipped, "")}
        else:
            values = {"r2": (_r2(*rows), CONSTANT), "mse": (_mse(*rows), "")}
        for metric, (value, reason) in values.items():
            value = value.numpy().astype(float)
            table = pd.DataFrame({"task": task, "metric": metric, "value": np.atleast_1d(value)})
            table["note"] = np.where(table["value"].isna(), np.where(unseen, UNSEEN, reason), "")
            if value.ndim:
                table.insert(0, "copy", np.arange(len(value)))
            tables.append(table)
    return pd.concat(tables, ignore_index=True)


def _auc(score: Tensor, label: Tensor, mask: Tensor) -> Tensor:
    # Unobserved rows go to the end, where they change nobody's rank.
    rank = ranks(torch.where(mask, score, torch.inf))
    return _auc_from_sums((rank * label).sum(-1), label.sum(-1), mask.sum(-1))


def _gauc(score: Tensor, label: Tensor, mask: Tensor, group: Tensor) -> tuple[Tensor, Tensor]:
    """Value and number of skipped users. Ranks within a group are the ranks of (group, score) less those before it."""
    groups = int(group.max()) + 1
    group = torch.where(mask, group, groups)  # a group of their own for unobserved rows
    total = lambda values: torch.zeros(*group.shape[:-1], groups + 1).double().scatter_add(-1, group, values)  # noqa: E731
    size = total(torch.ones_like(score))
    before = size.cumsum(-1) - size
    smaller = torch.searchsorted(score.sort(-1).values, score)  # how many: an integer that orders like the score
    within = ranks(group * score.shape[-1] + smaller) - before.gather(-1, group)
    each = _auc_from_sums(total(within * label), total(label), size)[..., :-1]
    size = size[..., :-1]
    weight = torch.where(each.isnan(), 0, size)
    return (weight * each.nan_to_num()).sum(-1) / weight.sum(-1), (each.isnan() & (size > 0)).sum(-1)


def _auc_from_sums(rank_sum: Tensor, positives: Tensor, rows: Tensor) -> Tensor:
    """AUC from the sum of the positives' ranks; NaN (0 / 0) where a class is absent."""
    return (rank_sum - positives * (positives + 1) / 2) / (positives * (rows - positives))


def _ndcg(score: Tensor, gain: Tensor, mask: Tensor, group: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Mean over the groups that have something to gain (NaN if none has), and the number of those that have not."""
    groups = int(group.max()) + 1
    group = torch.where(mask, group, groups)  # a group of their own for unobserved rows
    total = lambda values: torch.zeros(*group.shape[:-1], groups + 1).double().scatter_add(-1, group, values)  # noqa: E731
    end = total(torch.ones_like(score)).cumsum(-1).gather(-1, group).long()  # rows of this and of earlier groups
    reached, best = (total(gain * _discounts(by, group, end, k))[..., :-1] for by in (score, gain))
    each = reached / best  # NaN (0 / 0) where there is nothing to gain
    size = total(mask.double())[..., :-1]
    counted = ~each.isnan()
    return each.nan_to_num().sum(-1) / counted.sum(-1), (~counted & (size > 0)).sum(-1)


def _discounts(score: Tensor, group: Tensor, end: Tensor, k: int) -> Tensor:
    """1 / log₂(1 + place) of each row in its group, 0 beyond place k; equal scores share the mean of their places."""
    rows = score.shape[-1]
    smaller = torch.searchsorted(score.sort(-1).values, score)  # an integer that orders like the score
    key = group * rows + smaller
    ordered = key.sort(-1).values
    before = end - torch.searchsorted(ordered, key, right=True)  # rows of the group with a higher score
    through = end - torch.searchsorted(ordered, key)  # and those with an equal one
    discount = 1 / torch.log2(torch.arange(2, rows + 2).double())
    discount[k:] = 0
    cumulated = torch.cat([torch.zeros(1).double(), discount.cumsum(0)])
    return (cumulated[through] - cumulated[before]) / (through - before)


def ranks(values: Tensor) -> Tensor:
    """Ranks from 1 on the last axis; equal values share the mean of their ranks."""
    if not isinstance(values, Tensor) or not values.dim():
        validate.fail("values", repr(values)[:60], "a tensor with the rows on its last axis", TypeError)
    ordered = values.sort(-1).values
    smaller, not_larger = torch.searchsorted(ordered, values), torch.searchsorted(ordered, values, right=True)
    return (smaller + not_larger + 1).double() / 2


def _log_loss(logit: Tensor, label: Tensor, mask: Tensor) -> Tensor:
    return _mean(torch.nn.functional.binary_cross_entropy_with_logits(logit, label, reduction="none"), mask)


def _mse(prediction: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    error = torch.where(mask, prediction - target, 0)
    if bool(torch.isinf(error**2).any()):
        validate.fail("predictions", f"an error of {float(error.abs().max()):g}", "errors whose squares are finite")
    return _mean(error**2, mask)


def _r2(prediction: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    variance = _mean((target - _mean(target, mask).unsqueeze(-1)) ** 2, mask)
    # Asked of the values themselves: the variance of a constant may be rounding instead of 0.
    varies = torch.where(mask, target, -torch.inf).amax(-1) > torch.where(mask, target, torch.inf).amin(-1)
    explained = 1 - _mse(prediction, target, mask) / variance  # of values that vary by next to nothing, not finite
    return torch.where(varies & explained.isfinite(), explained, torch.nan)


def _mean(values: Tensor, mask: Tensor) -> Tensor:
    return (values * mask).sum(-1) / mask.sum(-1)


def _rows(
    name: str,
    scores: Array,
    labels: Array,
    mask: Array | None,
    binary: bool = False,
    label_name: str = "targets",
    may_be_unseen: bool = False,
) -> tuple[Tensor, Tensor, Tensor]:
    """Scores, labels and mask as tensors of one shape, checked: finite, of matching shapes, with observed rows."""
    label_name = "labels" if binary else label_name
    score, label = _tensor(name, scores), _tensor(label_name, labels)
    seen = torch.ones_like(label, dtype=torch.bool) if mask is None else _mask(mask)
    for other_name, other in ((label_name, label), ("mask", seen)):
        if other.shape not in (score.shape, score.shape[-1:]):
            either = f", or {tuple(score.shape[-1:])}, one for each row" if score.ndim > 1 else ""
            expected = f"{tuple(score.shape)}, the shape of {name}{either}"
            validate.fail(other_name, f"shape {tuple(other.shape)}", expected)
    score, label, seen = torch.broadcast_tensors(score, label, seen)
    if not may_be_unseen and not bool(seen.any(-1).all()):
        validate.fail("mask", "no observed row", "at least one")
    label = torch.where(seen, label, 0)
    validate.finite(name, score)
    (validate.binary if binary else validate.finite)(label_name, label)
    return score, label, seen


def _mask(mask: Array) -> Tensor:
    seen = _tensor("mask", mask)
    if bool((other := seen[(seen != 0) & (seen != 1)]).numel()):
        came = f"{other.numel()} values other than 0 and 1, the first {float(other[0]):g}"
        validate.fail("mask", came, "True where a row was observed")
    return seen == 1


def _lists(scores: Array, gains: Array, k: int | None, mask: Array | None) -> tuple[Tensor, Tensor, Tensor, int]:
    """Scores, gains and mask of ranked lists, checked; `k` as a number."""
    score, gain, seen = _rows("scores", scores, gains, mask, label_name="gains")
    if bool((gain < 0).any()):
        validate.fail("gains", f"a negative gain ({float(gain.min()):g})", "gains of at least 0")
    return score, gain, seen, score.shape[-1] if k is None else validate.number("k", k, low=1, whole=True)


def _tensor(name: str, values: Array) -> Tensor:
    """`values` in float64 with at least one axis and one row."""
    array = validate.numbers(name, values)
    if array.ndim == 0 or array.size == 0:
        validate.fail(name, f"shape {array.shape}", "at least one row, (n,) or (models, n)")
    return torch.tensor(array)


def _group_index(groups: Array, like: Tensor) -> Tensor:
    """Groups numbered from 0, in the shape of `like`."""
    groups = np.asarray(groups.detach().cpu() if isinstance(groups, Tensor) else groups)
    if groups.dtype.kind not in "iu":
        validate.fail("groups", f"dtype {groups.dtype}", "integers, the user of each row", TypeError)
    if groups.shape not in (tuple(like.shape), tuple(like.shape[-1:])):
        validate.fail("groups", f"shape {groups.shape}", f"shape {tuple(like.shape)}, one user a row")
    _, index = np.unique(groups, return_inverse=True)
    return torch.from_numpy(index.reshape(groups.shape)).expand(like.shape)


def _plain(values: Tensor) -> float | int | np.ndarray:
    return values.numpy() if values.dim() else values.item()


def _or_fail(name: str, values: Tensor, came: str, expected: str) -> float | np.ndarray:
    if bool(values.isnan().any()):
        validate.fail(name, came, expected)
    return _plain(values)
