"""What `fit` and `predict` check before they compute: models, examples, settings, and whether they fit together.

An error that came up inside a training step would speak of matrices; here it names the argument. Nothing is checked
twice, and nothing in a step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm as BatchNorm

from helpers.data.examples import Examples, Inputs
from helpers.support import validate
from helpers.training.balancing import Balance
from helpers.training.losses import LOSSES, check_task_weights

TOTAL = "total"  # the weighted sum of the task losses, beside the tasks' own names

Loss = Callable[[Tensor, Tensor], Tensor]


@dataclass
class Settings:
    """What `fit` was asked for, checked, with one entry a model where models may differ."""

    losses: dict[str, Loss]
    task_weights: Tensor  # (tasks,) or (copies, tasks)
    balance: Balance
    epochs: int
    batch_size: int | None
    lr: float
    patience: int | None
    evaluate_every: int
    seeds: list[int]

    def part(self, part: slice) -> Settings:
        return Settings(**{**vars(self), "task_weights": self.task_weights[part], "seeds": self.seeds[part]})


def check(
    model: nn.Module,
    copies: int | None,
    train: Examples,
    valid: Examples | None,
    losses,
    task_weights,
    balance,
    seed,
    **numbers,
) -> Settings:
    """The arguments of `fit` as `Settings`; `model` is the first of the copies."""
    losses = _losses_of(model) if losses is None else losses
    if not isinstance(losses, dict) or not losses or TOTAL in losses or not all(map(callable, losses.values())):
        validate.fail("losses", repr(losses)[:60], "{task: function of outputs and labels}, no task named 'total'")
    _check_examples("train", train, losses, copies)
    if valid is not None:
        _check_examples("valid", valid, losses, copies)
    rows = copies or 1
    weights = _check_weights(task_weights, list(losses), rows)
    balance = Balance() if balance is None else balance
    if not isinstance(balance, Balance):
        validate.fail("balance", repr(balance)[:60], "None, UWL(), GradNorm() or PCGrad()", TypeError)
    seeds = _plain(seed)
    seeds = list(seeds) if isinstance(seeds, Iterable) else [seeds] * rows
    if len(seeds) != rows:
        validate.fail("seed", f"{len(seeds)} seeds", f"one, or one for each of {rows} models")
    for name, value in numbers.items():
        if value is not None or name not in ("batch_size", "patience"):
            numbers[name] = validate.number(name, value, low=0 if name == "lr" else 1, whole=name != "lr")
    _check_batch_norm(model, len(train), numbers["batch_size"])
    return Settings(
        losses=losses,
        task_weights=torch.tensor(weights if copies else weights[0]),
        balance=balance,
        seeds=[validate.number("seed", one, low=0, whole=True) for one in seeds],
        **numbers,
    )


def check_inputs(inputs: Inputs, copies: int | None) -> None:
    """What is asked of a model: as many rows in each tensor, `(n, columns)`, or for copies `(copies, n, columns)`."""
    tensors = {f"inputs[{key!r}]": t for key, t in inputs.items()} if isinstance(inputs, dict) else {"inputs": inputs}
    if not tensors:
        validate.fail("inputs", "an empty dict", "at least one tensor")
    for name, tensor in tensors.items():
        if not isinstance(tensor, Tensor):
            validate.fail(name, type(tensor).__name__, "a torch tensor", TypeError)
        if tensor.dim() != 2 and not (copies and tensor.dim() == 3 and len(tensor) == copies):
            also = f" or ({copies}, n, columns)" if copies else ""
            validate.fail(name, f"shape {tuple(tensor.shape)}", f"shape (n, columns){also}")
    shapes = sorted({tuple(tensor.shape[:-1]) for tensor in tensors.values()})
    if len(shapes) > 1:
        validate.fail("inputs", f"tensors with {shapes} rows", "the same number of rows in each")


def check_models(models: list[nn.Module]) -> None:
    if not models:
        validate.fail("model", "an empty list", "at least one model")
    for model in models:
        if not isinstance(model, nn.Module):
            validate.fail("model", repr(model)[:60], "an nn.Module, or a list of them", TypeError)
        if not any(parameter.requires_grad for parameter in model.parameters()):
            validate.fail("model", f"{type(model).__name__} without parameters", "a model that can be trained")
    if len({id(model) for model in models}) < len(models):
        validate.fail("model", "the same object twice", "a model of its own for each copy")
    looks = {look(model) for model in models}
    if len(looks) > 1:
        validate.fail("model", f"copies of {len(looks)} kinds", "copies that differ in their parameters alone")


def look(model: nn.Module) -> str:
    """Everything about a model but the values of its parameters."""
    l2 = model.l2() if hasattr(model, "l2") else None
    shapes = {
        name: (tuple(tensor.shape), tensor.requires_grad) for name, tensor in model.state_dict(keep_vars=True).items()
    }
    return repr((model, getattr(model, "tasks", None), l2, shapes))


def _losses_of(model: nn.Module) -> dict[str, Loss]:
    kinds = getattr(model, "tasks", None)
    if not isinstance(kinds, dict):
        validate.fail("losses", "None for a model without `tasks`", "{task: loss}, such as losses.squared_error")
    return {task: LOSSES[kind] for task, kind in kinds.items()}


def _check_examples(name: str, examples: Examples, losses: dict[str, Loss], copies: int | None) -> None:
    if not isinstance(examples, Examples):
        validate.fail(name, type(examples).__name__, "Examples", TypeError)
    if missing := [task for task in losses if task not in examples.labels]:
        validate.fail(name, f"no labels for {missing}", f"labels for each task of {list(losses)}")
    if examples.copies not in (None, copies):
        validate.fail(name, f"examples for {examples.copies} models", f"for {copies or 'one'}")
    for task, loss in losses.items():
        if loss is LOSSES["binary"]:
            validate.binary(f"{name}.labels[{task!r}]", examples.labels[task])
        counts = examples.masks.get(task, torch.ones(())) * examples.weights.get(task, torch.ones(()))
        if bool((counts.sum(-1) == 0 if counts.dim() else counts == 0).any()):
            validate.fail(f"{name}.labels[{task!r}]", "no observed label that counts", "at least one")


def _check_weights(task_weights, tasks: list[str], rows: int) -> list[list[float]]:
    """A row of weights a model, in the order of the tasks."""
    columns = {}
    if task_weights is not None and not isinstance(task_weights, dict):
        validate.fail("task_weights", type(task_weights).__name__, "{task: weight}", TypeError)
    for task, value in (dict.fromkeys(tasks, 1) if task_weights is None else task_weights).items():
        value = _plain(value)
        columns[task] = list(value) if isinstance(value, Iterable) else [value] * rows
        if len(columns[task]) != rows:
            validate.fail(f"task_weights[{task!r}]", f"{len(columns[task])} weights", f"one for each of {rows} models")
    return [check_task_weights({task: column[row] for task, column in columns.items()}, tasks) for row in range(rows)]


def _plain(value):
    """A tensor or an array as the number or the list that it holds."""
    return value.tolist() if isinstance(value, Tensor | np.ndarray) else value


def _check_batch_norm(model: nn.Module, rows: int, batch_size: int | None) -> None:
    steps = 1 if batch_size is None else -(-rows // batch_size)
    if rows // steps == 1 and any(isinstance(layer, BatchNorm) for layer in model.modules()):
        came = f"{rows} rows in {steps} batches, one of a single row" if steps > 1 else "a single row"
        validate.fail("train", came, "2 rows or more in each batch: batch norm takes their deviation")
