"""Losses: one number for each task, and their weighted sum, which trains a multi-task model.

Each loss takes what the model says and what happened, `(..., n)` each, and returns the loss of every row.
`task_losses` turns rows into one mean a task; `weighted_sum` adds the tasks up. A leading axis (many models at once)
passes through everything.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from ..support import validate

TOTAL = "total"  # the weighted sum of the task losses, a name besides those of the tasks

Loss = Callable[[Tensor, Tensor], Tensor]


def binary_cross_entropy(logit: Tensor, label: Tensor) -> Tensor:
    """−[y log p + (1−y) log(1−p)] with p = sigmoid(logit), row by row.

    With softplus(z) = log(1 + eᶻ) we have −log p = softplus(−logit) and −log(1−p) = softplus(logit), and both meet in
    the one expression below, which never takes the log of 0.
    """
    _check_like("label", label, "logit", logit)
    return F.softplus(logit) - label * logit


def squared_error(value: Tensor, label: Tensor) -> Tensor:
    """(value − y)², row by row."""
    _check_like("label", label, "value", value)
    return (value - label) ** 2


def _check_like(name: str, values: Tensor, rows: str, like: Tensor) -> None:
    """As many `values` as there are `rows`; many models may share them without their leading axis. Nothing else is
    stretched in silence to a shape that it has not."""
    for what, tensor in ((name, values), (rows, like)):
        validate.instance(what, tensor, Tensor, "a torch tensor")
    if values.dim() == 0 or values.shape != like.shape[-values.dim() :]:
        came = f"shape {tuple(values.shape)} for {rows} of shape {tuple(like.shape)}"
        validate.fail(name, came, "one value for each")


def _check_times(watch_time: Tensor) -> None:
    validate.finite("watch_time", watch_time)
    if bool((watch_time < 0).any()):
        validate.fail("watch_time", f"a negative time ({float(watch_time.min()):g})", "times of at least 0")


def weighted_cross_entropy(logit: Tensor, click: Tensor, watch_time: Tensor) -> Tensor:
    """−[T y log p + (1−y) log(1−p)], row by row: YouTube's loss (Covington et al., RecSys 2016, §4.2).

    click is y in {0, 1}, watch_time is T ≥ 0 in a unit of your choice (the unit shifts the logit). It is plain binary
    cross-entropy in which a clicked row counts T times and the others once.
    """
    _check_like("click", click, "logit", logit)
    _check_like("watch_time", watch_time, "click", click)
    validate.binary("click", click)
    _check_times(watch_time)
    return torch.where(click > 0, watch_time, 1.0) * binary_cross_entropy(logit, click)


def corrected_cross_entropy(logit: Tensor, watch_time: Tensor) -> Tensor:
    """−[T log p + log(1−p)], row by row: weighted cross-entropy in which a clicked row counts as a negative, too.

    watch_time is T ≥ 0 of the impression, 0 where it was not clicked. With m = exp(logit) the gradient on the logit is
    (m − T) / (1 + m): the best m is the mean of T, where YouTube's loss is off by 1 / (1 − click rate). It is the
    negative log likelihood of a geometric distribution with mean m.
    """
    _check_like("watch_time", watch_time, "logit", logit)
    _check_times(watch_time)
    return (1 + watch_time) * F.softplus(logit) - watch_time * logit


def poisson(logit: Tensor, watch_time: Tensor) -> Tensor:
    """m − T log m with m = exp(logit), row by row: up to a constant the negative log likelihood of a Poisson law.

    watch_time as in `corrected_cross_entropy`, which has the same best m, the mean of T. Here the gradient on the logit
    is m − T: prediction minus fact.
    """
    _check_like("watch_time", watch_time, "logit", logit)
    _check_times(watch_time)
    return logit.exp() - watch_time * logit


LOSSES: dict[str, Loss] = {"binary": binary_cross_entropy, "regression": squared_error}


def masked_mean(rows: Tensor, mask: Tensor | None = None, weight: Tensor | None = None) -> Tensor:
    """Mean of `weight · rows` where `mask` is True: `(..., n)` → `(...)`; 0 where no row was observed.

    mask and weight have the shape of `rows`; many models may share them without their leading axis.
    """
    if weight is not None:
        _check_like("weight", weight, "rows", rows)
        rows = rows * weight
    if mask is None:
        return validate.instance("rows", rows, Tensor, "a torch tensor").mean(-1)
    _check_like("mask", mask, "rows", rows)
    if mask.dtype != torch.bool:
        validate.fail("mask", f"dtype {mask.dtype}", "bool, True where a row was observed", TypeError)
    return torch.where(mask, rows, 0).sum(-1) / mask.sum(-1).clamp(min=1)


def task_losses(
    outputs: dict[str, Tensor],
    labels: dict[str, Tensor],
    losses: dict[str, Loss],
    masks: dict[str, Tensor] | None = None,
    weights: dict[str, Tensor] | None = None,
) -> Tensor:
    """The mean loss of each task of `losses`, in that order: `(..., tasks)`.

    masks says where a label was observed, weights how much a row counts; a task may be in neither.
    """
    masks, weights, means = {} if masks is None else masks, {} if weights is None else weights, []
    for name, by_task in {"losses": losses, "outputs": outputs, "labels": labels}.items():
        if not isinstance(by_task, dict) or not by_task:
            validate.fail(name, f"{by_task!r}"[:60], "a dict by task, with at least one", TypeError)
    for task, loss in losses.items():
        for name, by_task in (("outputs", outputs), ("labels", labels)):
            if task not in by_task:
                validate.fail(name, f"no task {task!r}", f"it among {list(by_task)}")
        rows = loss(outputs[task], labels[task])
        if rows.shape != outputs[task].shape:
            came = f"a result of shape {tuple(rows.shape)}"
            validate.fail(f"losses[{task!r}]", came, f"{tuple(outputs[task].shape)}, the loss of each row")
        means.append(masked_mean(rows, masks.get(task), weights.get(task)))
    return torch.stack(means, dim=-1)


def weighted_sum(losses: Tensor, task_weights: Tensor) -> Tensor:
    """Σₖ wₖ Lₖ over the last axis: `(..., tasks)` → `(...)`. All wₖ = 1 is the plain sum of the text.

    task_weights  `(tasks,)`, or in the shape of the losses
    """
    _check_like("task_weights", task_weights, "losses", losses)
    return (losses * task_weights).sum(-1)


def check_task_weights(task_weights: dict[str, float] | None, tasks: list[str]) -> list[float]:
    """The weights in the order of `tasks`; 1 each for None. ValueError for a negative weight, NaN or a wrong name."""
    validate.instance("tasks", tasks, list, "a list of names")
    if task_weights is None:
        return [1.0] * len(tasks)
    if set(validate.instance("task_weights", task_weights, dict, "{task: weight}")) != set(tasks):
        validate.fail("task_weights", f"weights for {sorted(task_weights)}", f"one for each of {tasks}")
    return [validate.number(f"task_weights[{task!r}]", task_weights[task], low=0) for task in tasks]
