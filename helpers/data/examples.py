"""`Examples`: the inputs and labels that go into a model, as tensors. Everything else passes these along.

The inputs are one tensor `(n, columns)` for synthetic tasks, or a dict of tensors `{"dense": ..., "sparse": ...,
...}` made by `helpers.data.features`. Labels are a dict by task name. A label that was never observed is masked, not
guessed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor

from ..support import validate

Inputs = Tensor | dict[str, Tensor]


def map_tensors(function, *values):
    """`function` of the tensors `values`; of dicts of tensors, {name: `function` of the tensors of that name}; of None,
    None."""
    if isinstance(values[0], dict):
        return {name: function(*[value[name] for value in values]) for name in values[0]}
    return None if values[0] is None else function(*values)


@validate.checked
def stack_inputs(many: Iterable[Inputs]) -> Inputs:
    """Inputs of equally many rows as one, with a leading axis."""
    if not (several := list(many)):
        validate.fail("many", "none", "inputs of one model or more")
    return map_tensors(lambda *tensors: torch.stack(tensors), *several)


def check_inputs(inputs: Inputs, copies: int | None = None, shared: bool = False) -> tuple[int, ...]:
    """The shape of what has one value a row: `(n,)`, or `(copies, n)` where each of the copies has inputs of its own.

    shared   copies may also have the same inputs, `(n, columns)`
    """
    tensors = {f"inputs[{key!r}]": t for key, t in inputs.items()} if isinstance(inputs, dict) else {"inputs": inputs}
    if not tensors:
        validate.fail("inputs", "an empty dict", "at least one tensor")
    for name, tensor in tensors.items():
        _check(name, tensor)
        stacked = copies is not None and tensor.dim() == 3 and len(tensor) == copies
        if not stacked and not (tensor.dim() == 2 and (copies is None or shared)):
            shapes = ["(n, columns)"] * (copies is None or shared) + [f"({copies}, n, columns)"] * (copies is not None)
            validate.fail(name, f"shape {tuple(tensor.shape)}", f"shape {' or '.join(shapes)}")
    rows = sorted({tuple(tensor.shape[:-1]) for tensor in tensors.values()})
    if len(rows) > 1:
        validate.fail("inputs", f"tensors with {rows} rows", "the same number of rows in each")
    return rows[0]


def _check(name: str, values, shape: tuple[int, ...] | None = None) -> None:
    """Is it a tensor of real numbers, and of this shape?"""
    if not isinstance(values, Tensor):
        validate.fail(name, type(values).__name__, "a torch tensor", TypeError)
    if values.is_complex():
        validate.fail(name, f"dtype {values.dtype}", "real numbers", TypeError)
    if shape is not None and tuple(values.shape) != shape:
        validate.fail(name, f"shape {tuple(values.shape)}", f"shape {shape}, one value a row of the inputs")


def _float(name: str, values: Tensor) -> Tensor:
    return validate.finite(name, values.float())


@dataclass(frozen=True)
class Examples:
    """n examples, or m × n when each of m models has examples of its own (`Examples.stack`).

    inputs   tensor `(n, columns)`, or a dict of such tensors
    labels   {task: float tensor `(n,)`}; a masked label may hold anything, NaN too
    masks    {task: bool tensor `(n,)`}, True where the label was observed; a task without a mask was always observed
    weights  {task: float tensor `(n,)`}, how much each row counts in the task's loss; 1 where not given
    groups   int tensor `(n,)`, the user of each row, for GAUC; or None
    copies   m after `Examples.stack`, else None

    Raises ValueError that names the task and what is wrong: a NaN, a negative weight, a length that differs.
    """

    inputs: Inputs
    labels: dict[str, Tensor]
    masks: dict[str, Tensor] = field(default_factory=dict)
    weights: dict[str, Tensor] = field(default_factory=dict)
    groups: Tensor | None = None
    copies: int | None = None

    def __post_init__(self):
        shape = check_inputs(self.inputs, self.copies)
        if shape[-1] == 0:
            validate.fail("inputs", "no row", "at least one example")
        for kind in ("labels", "masks", "weights"):
            by_task = validate.instance(kind, getattr(self, kind), dict, "a dict of tensors by task")
            for task, values in by_task.items():
                if task not in self.labels:
                    validate.fail(f"{kind}[{task!r}]", "a task without labels", f"one of {list(self.labels)}")
                _check(f"{kind}[{task!r}]", values, shape)
                if kind == "masks" and values.dtype != torch.bool:
                    validate.fail(f"masks[{task!r}]", f"dtype {values.dtype}", "bool", TypeError)
                if kind == "weights" and bool((values < 0).any()):
                    came = f"a negative weight ({float(values.min()):g})"
                    validate.fail(f"weights[{task!r}]", came, "weights of at least 0")
        if not self.labels:
            validate.fail("labels", "no task", "a dict with at least one task")
        if self.groups is not None:
            _check("groups", self.groups, shape)
            if self.groups.dtype == torch.bool or self.groups.is_floating_point():
                validate.fail("groups", f"dtype {self.groups.dtype}", "integers, the user of each row", TypeError)
        observed = {task: torch.where(mask, self.labels[task], 0) for task, mask in self.masks.items()}
        labels = {task: _float(f"labels[{task!r}]", values) for task, values in (self.labels | observed).items()}
        weights = {task: _float(f"weights[{task!r}]", values) for task, values in self.weights.items()}
        if isinstance(self.inputs, Tensor):
            inputs = _float("inputs", self.inputs)
        else:  # ids stay integers
            dense = {name: tensor for name, tensor in self.inputs.items() if tensor.is_floating_point()}
            inputs = self.inputs | {name: _float(f"inputs[{name!r}]", tensor) for name, tensor in dense.items()}
        vars(self).update(inputs=inputs, labels=labels, weights=weights)

    def __len__(self) -> int:
        return next(iter(self.labels.values())).shape[-1]

    @property
    def tasks(self) -> list[str]:
        return list(self.labels)

    def observed(self, task: str) -> Tensor:
        """Where the label of a task was observed: bools, of the shape of its labels."""
        return self.masks[task] if task in self.masks else torch.ones_like(self.labels[task], dtype=torch.bool)

    def map(self, function, *others: Examples, copies: int | None = None) -> Examples:
        """`function` of each tensor and of the same tensor of `others`. What was checked once is not checked again."""
        mapped = object.__new__(Examples)
        for name in ("inputs", "labels", "masks", "weights", "groups"):
            vars(mapped)[name] = map_tensors(function, *[getattr(examples, name) for examples in (self, *others)])
        vars(mapped)["copies"] = copies
        return mapped

    def take(self, rows: Tensor) -> Examples:
        """The examples at the positions `rows`, from 0 on (or where a bool tensor is True)."""
        if self.copies is not None:
            validate.fail("rows", "stacked examples", "examples of one model")
        rows = self._positions(rows)
        return self.map(lambda tensor: tensor[rows])

    def _positions(self, rows) -> Tensor:
        if not isinstance(rows, Tensor | np.ndarray | list | tuple | range):
            validate.fail("rows", type(rows).__name__, "positions, or a bool a row", TypeError)
        try:
            rows = torch.as_tensor(rows) if len(rows) else torch.zeros(0, dtype=torch.int64)
        except (TypeError, ValueError):  # words, or lists of different lengths
            validate.fail("rows", repr(rows)[:60], "positions, or a bool a row", TypeError)
        if rows.is_floating_point() or rows.is_complex():
            validate.fail("rows", f"dtype {rows.dtype}", "positions (integers), or a bool a row", TypeError)
        if rows.dim() != 1 or (rows.dtype == torch.bool and len(rows) != len(self)):
            validate.fail("rows", f"shape {tuple(rows.shape)}", f"positions in a row, or ({len(self)},) bools")
        if len(rows) == 0 or (rows.dtype == torch.bool and not bool(rows.any())):
            validate.fail("rows", "no row", "at least one")
        if not 0 <= int(rows.min()) <= int(rows.max()) < len(self):
            validate.fail("rows", f"numbers from {rows.min()} to {rows.max()}", f"numbers from 0 to {len(self) - 1}")
        return rows

    def only(self, *tasks: str) -> Examples:
        """The same examples with the labels of `tasks` alone, as a single-task model needs them."""
        for task in tasks:
            validate.choice("tasks", task, self.labels)
        by_task = ("labels", "masks", "weights")
        kept = {name: {t: getattr(self, name)[t] for t in tasks if t in getattr(self, name)} for name in by_task}
        return replace(self, **kept)

    def scaled(self, units: dict[str, tuple[float, float]]) -> Examples:
        """The same examples with each label of `units`, {task: (mean, deviation)}, as (label − mean) / deviation."""
        labels = {task: (self.labels[task] - mean) / deviation for task, (mean, deviation) in units.items()}
        return replace(self, labels=self.labels | labels)

    @staticmethod
    def stack(many: list[Examples]) -> Examples:
        """m sets of n examples as one with a leading axis m: one set for each of m models that are trained at once."""
        if not validate.instance("many", many, list | tuple, "a list of Examples"):
            validate.fail("many", "an empty list", "at least one set of examples")
        first = many[0]
        for examples in many:
            if not isinstance(examples, Examples) or examples.copies is not None:
                came = "stacked examples" if isinstance(examples, Examples) else type(examples).__name__
                validate.fail("many", came, "Examples of one model", TypeError)
        for name in ("labels", "masks", "weights"):
            if any(set(getattr(examples, name)) != set(getattr(first, name)) for examples in many):
                validate.fail(name, "sets with different tasks", "the same tasks in each")
        if len(rows := {len(examples) for examples in many}) > 1:
            validate.fail("many", f"sets of {sorted(rows)} rows", "the same number of rows in each")
        if len({_columns(examples.inputs) for examples in many}) > 1:
            validate.fail("inputs", "sets with different columns", "the same columns in each")
        if len({examples.groups is None for examples in many}) > 1:
            validate.fail("groups", "groups in some sets alone", "groups in each set, or in none")
        return first.map(lambda *tensors: torch.stack(tensors), *many[1:], copies=len(many))


def _columns(inputs: Inputs) -> tuple:
    tensors = inputs if isinstance(inputs, dict) else {"inputs": inputs}
    return tuple(sorted((name, tensor.shape[-1], tensor.dtype) for name, tensor in tensors.items()))
