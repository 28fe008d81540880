"""What a check asks of an answer: its form, its numbers, its gradients. `Wrong` says what is wrong and gives hints."""

import re
from collections.abc import Collection

import numpy as np
import pandas as pd
import torch
from torch import Tensor


class Wrong(Exception):
    """An answer is not right: what is wrong, then two hints that lead to the answer without giving it.

        raise Wrong('''the sign is reversed.
            Hint: the log of a probability is negative, a loss is not.
            Hint: put a minus in front.''')

    A line break other than before `Hint:` is a space.
    """

    def __init__(self, text: str):
        super().__init__(text)
        self.what, *self.hints = (" ".join(part.split()) for part in re.split(r"\n\s*Hint:", text))


def described(value) -> str:
    """What came, in words: its shape, its number of entries or its type."""
    match value:
        case Tensor():
            return f"a tensor of shape {tuple(value.shape)}"
        case np.ndarray():
            return f"an array of shape {value.shape}" if value.ndim else "one number"
        case tuple() | list() if any(np.ndim(part) for part in value):
            return f"{len(value)} parts: {', '.join(map(described, value))}"
        case dict():
            return f"a dict of {len(value)}"
    return f"a {type(value).__name__}"


def unboxed(value):
    """The number in an array or tensor of one entry; anything else as it came."""
    return value.item() if isinstance(value, Tensor | np.ndarray) and np.prod(value.shape) == 1 else value


def numbers(value) -> np.ndarray | None:
    """The numbers in a list, a tuple, an array, a column or a tensor, in its shape; None where it is none of these."""
    values = value.detach() if isinstance(value, Tensor) else value
    if isinstance(values, list | tuple):
        values = [unboxed(each) for each in values]
    try:
        return np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        return None


def by_name(value, names: Collection[str]) -> dict | None:
    """A number for each name, from a dict, a column, or numbers in the order of the names; None for anything else."""
    if isinstance(value, dict | pd.Series):
        value = dict(value)
        return value if value.keys() == set(names) else None
    values = numbers(value)
    return None if values is None or values.shape != (len(names),) else dict(zip(names, values, strict=True))


def is_number(value) -> bool:
    """Whether it is one number, Python's or NumPy's."""
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)


def is_tensor(value, *shape: int) -> bool:
    """Whether it is a tensor of this shape; without a shape, one number."""
    return isinstance(value, Tensor) and value.shape == shape


def read(given, right):
    """What was given in the form of what is right, or None where it has another form.

    A tensor has its shape; numbers in any container pass for an array of their shape (`numbers`), numbers with or
    without names for a dict (`by_name`); of a tuple this holds part by part.
    """
    match right:
        case tuple():
            parts = (
                list(map(read, given, right))
                if isinstance(given, tuple | list) and len(given) == len(right)
                else [None]
            )
            return None if any(part is None for part in parts) else tuple(parts)
        case Tensor():
            return given if is_tensor(given, *right.shape) else None
        case np.ndarray():
            values = numbers(given)
            return values if np.shape(values) == right.shape else None
        case dict():
            return by_name(given, right)
        case str():
            return given if isinstance(given, str) else None
    number = unboxed(given)
    return number if is_number(number) else None


def close(given, right, part: float = 1e-4) -> bool:
    """Whether numbers, arrays or tensors are equal up to a `part` of the largest right one; of dicts and tuples, every
    entry; words are the same or not."""
    if isinstance(right, str):
        return given == right
    if isinstance(right, tuple):
        return all(close(*pair, part) for pair in zip(given, right, strict=True))
    if isinstance(right, dict):
        return given.keys() == right.keys() and close(
            *([float(each[name]) for name in right] for each in (given, right))
        )
    given, right = (np.asarray(each.detach() if isinstance(each, Tensor) else each, float) for each in (given, right))
    if given.shape != right.shape:
        return False
    return bool((np.abs(given - right) <= part * np.abs(right).max(initial=0) + 1e-12).all())


def slopes(value, *inputs: Tensor) -> tuple[Tensor, ...]:
    """The gradient of a number, or of a sum, with respect to each input; zeros where none flows."""
    if not (isinstance(value, Tensor) and value.requires_grad):
        return tuple(map(torch.zeros_like, inputs))
    return torch.autograd.grad(value.sum(), inputs, retain_graph=True, allow_unused=True, materialize_grads=True)
