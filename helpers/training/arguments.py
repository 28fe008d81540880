"""What `fit` checks before it computes: models, examples and settings, and whether they fit together.

An error that came up inside a training step would speak of matrices; here it names the argument. Nothing is checked
twice.
"""

from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm as BatchNorm

from ..data.examples import Examples
from ..support import validate
from .balance import Balance
from .losses import LOSSES, TOTAL, Loss, check_task_weights

DEVICES = ("cpu", "auto", "cuda")


def check_models(model) -> list[nn.Module]:
    """The model, or the copies of one, as a list."""
    models = list(model) if isinstance(model, Iterable) and not isinstance(model, nn.Module) else [model]
    if not models:
        validate.fail("model", "an empty list", "at least one model")
    for copy in models:
        if not isinstance(copy, nn.Module):
            validate.fail("model", repr(copy)[:60], "an nn.Module, or a list of them", TypeError)
        if not any(parameter.requires_grad for parameter in copy.parameters()):
            validate.fail("model", f"{type(copy).__name__} without parameters", "a model that can be trained")
    if len(set(map(id, models))) < len(models):
        validate.fail("model", "the same object twice", "a model of its own for each copy")
    if len(looks := set(map(look, models))) > 1:
        validate.fail("model", f"copies of {len(looks)} kinds", "copies that differ in their parameters alone")
    return models


def look(model: nn.Module) -> str:
    """Everything about a model but the values of its parameters."""
    l2 = model.l2() if hasattr(model, "l2") else None
    shapes = {
        name: (tuple(tensor.shape), tensor.requires_grad) for name, tensor in model.state_dict(keep_vars=True).items()
    }
    return repr((model, getattr(model, "tasks", None), l2, getattr(model, "l2_rows", None), shapes))


def check_losses(losses, model: nn.Module) -> dict[str, Loss]:
    """The loss of each task; for None those of the kinds of the model's tasks."""
    if losses is None:
        kinds = getattr(model, "tasks", None)
        if not isinstance(kinds, dict):
            validate.fail("losses", "None for a model without `tasks`", "{task: loss}, such as losses.squared_error")
        return {task: LOSSES[kind] for task, kind in kinds.items()}
    if not isinstance(losses, dict) or not losses or TOTAL in losses or not all(map(callable, losses.values())):
        validate.fail("losses", repr(losses)[:60], "{task: function of outputs and labels}, no task named 'total'")
    return losses


def check_examples(name: str, examples, model: nn.Module, losses: dict[str, Loss], copies: int | None) -> None:
    """Are there labels for every task, and inputs that the model can read?"""
    validate.instance(name, examples, Examples, "Examples")
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
    if hasattr(model, "check_inputs"):
        model.check_inputs(examples.inputs)


def check_weights(task_weights, tasks: list[str], count: int) -> Tensor:
    """A row of weights a model, in the order of the tasks: `(count, tasks)`."""
    columns = {}
    if task_weights is not None and not isinstance(task_weights, dict):
        validate.fail("task_weights", type(task_weights).__name__, "{task: weight}", TypeError)
    for task, value in (dict.fromkeys(tasks, 1) if task_weights is None else task_weights).items():
        columns[task] = _for_each(value, count)
        if len(columns[task]) != count:
            validate.fail(f"task_weights[{task!r}]", f"{len(columns[task])} weights", f"one for each of {count} models")
    rows = [{task: column[row] for task, column in columns.items()} for row in range(count)]
    return torch.tensor([check_task_weights(row, tasks) for row in rows])


def check_seeds(seed, count: int) -> list[int]:
    seeds = _for_each(seed, count)
    if len(seeds) != count:
        validate.fail("seed", f"{len(seeds)} seeds", f"one, or one for each of {count} models")
    return [validate.number("seed", value, low=0, whole=True) for value in seeds]


def _for_each(value, count: int) -> list:
    """A number for each of the models: the numbers of a list, a tensor or an array, or one number for all."""
    value = value.tolist() if isinstance(value, Tensor | np.ndarray) else value
    return list(value) if isinstance(value, Iterable) else [value] * count


def check_balance(balance) -> Balance:
    balance = Balance() if balance is None else balance
    if not isinstance(balance, Balance):
        validate.fail("balance", repr(balance)[:60], "None, UWL(), GradNorm() or PCGrad()", TypeError)
    return balance


def check_device(device) -> torch.device:
    """Where to train; "auto" is the GPU that PyTorch knows, or the CPU."""
    available = torch.cuda.is_available()
    validate.choice("device", device, DEVICES)
    if device == "cuda" and not available:
        validate.fail("device", "'cuda', and PyTorch finds no such GPU here", "'cpu', or 'auto' for what there is")
    return torch.device("cuda" if available and device != "cpu" else "cpu")


def check_batch_norm(model: nn.Module, rows: int, batch_size: int | None) -> None:
    """Batch norm takes the deviation of the rows of a batch, so there must be more than one."""
    steps = 1 if batch_size is None else -(-rows // batch_size)
    if rows // steps == 1 and any(isinstance(layer, BatchNorm) for layer in model.modules()):
        came = f"{rows} rows in {steps} batches, one of a single row" if steps > 1 else "a single row"
        validate.fail("train", came, "2 rows or more in each batch: batch norm takes their deviation")


def check_outputs(outputs: dict[str, Tensor], tasks: Iterable[str], shape: tuple[int, int]) -> None:
    """Has the model one output a row for each of the tasks? `shape` is (copies, rows)."""
    if missing := [task for task in tasks if task not in outputs]:
        validate.fail("model", f"no output for {missing}", f"outputs for each task of {list(tasks)}")
    for task in tasks:
        if outputs[task].shape != shape:
            came = f"shape {tuple(outputs[task].shape[1:])} for {shape[1]} rows"
            validate.fail(f"model's output {task!r}", came, f"({shape[1]},), one value a row")
