"""One clear error for bad input: it names the argument, says what came and what is expected.

Every public function of the library checks its arguments with these few functions, so that a mistake is reported
where it was made and in the same words everywhere. Where type hints say all that is expected, it is `checked`.
"""

import inspect
import re
from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from functools import cache, wraps
from pathlib import Path
from types import NoneType, UnionType
from typing import NoReturn, ParamSpec, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np
import pandas as pd
import torch

P, R = ParamSpec("P"), TypeVar("R")
LARGEST_INTEGER = 2**63 - 1  # what fits a 64-bit integer; infinities and NaN lie outside


def _show(value) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def fail(name: str, came: str, expected: str, kind: type[Exception] = ValueError) -> NoReturn:
    """Raise `kind` with the sentence that all errors of the library share, without a cause even inside an `except`."""
    raise kind(f"{name}: got {came}; expected {expected}.") from None


def number(name: str, value, low: float = -np.inf, high: float = np.inf, whole: bool = False):
    """Return `value` if it is a finite number in [low, high] (and an integer where `whole`), else raise ValueError."""
    kind = "a whole number" if whole else "a number"
    bounds = f" from {low:g} to {high:g}" if np.isfinite(high) else f" of at least {low:g}" if np.isfinite(low) else ""
    ok = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool | np.bool_)
    low, high = max(low, -LARGEST_INTEGER), min(high, LARGEST_INTEGER)
    if not ok or not low <= value <= high or (whole and int(value) != value):
        fail(name, _show(value), kind + bounds)
    return int(value) if whole else float(value)


def choice(name: str, value, options: Collection):
    """Return `value` if it is one of `options`, else raise ValueError that lists them."""
    if not isinstance(value, Hashable) or value not in options:
        fail(name, _show(value), "one of " + ", ".join(map(repr, options)))
    return value


def instance(name: str, value, kind: type | tuple[type, ...], expected: str):
    """Return `value` if it is a `kind`, in words `expected`, else raise TypeError."""
    if not isinstance(value, kind):
        fail(name, type(value).__name__, expected, TypeError)
    return value


def text(path: Path, holds: str) -> str:
    """Return the text of a file of the course, else raise FileNotFoundError with what its author writes in it."""
    if not path.is_file():
        fail("file", f"no {path.parent.name}/{path.name}", holds, FileNotFoundError)
    return path.read_text(encoding="utf-8")


def columns(name: str, frame: pd.DataFrame, needed: Iterable[str]) -> pd.DataFrame:
    """Return `frame` if it is a non-empty DataFrame with all columns of `needed`."""
    if not isinstance(frame, pd.DataFrame):
        fail(name, type(frame).__name__, "a pandas DataFrame", TypeError)
    missing = [column for column in needed if not isinstance(column, Hashable) or column not in frame.columns]
    if missing:
        came = f"no column {', '.join(map(repr, missing))} among {_show(list(frame.columns))}"
        fail(name, came, "it there" if len(missing) == 1 else "them there")
    if len(frame) == 0:
        fail(name, "a table without rows", "at least one row")
    return frame


def numbers(name: str, values) -> np.ndarray:
    """Return `values` as float64 if they are real numbers or bools, NaN too. A text is none, whatever it says."""
    try:
        array = np.asarray(values.detach().cpu() if isinstance(values, torch.Tensor) else values)
        text = array.dtype.kind == "O" and any(isinstance(value, str | bytes) for value in array.flat)
        if array.dtype.kind in "biufO" and not text:
            return array.astype(np.float64)
    except (TypeError, ValueError):
        pass
    fail(name, f"{type(values).__name__} that is not numeric", "numbers", TypeError)


def finite(name: str, values) -> np.ndarray | torch.Tensor:
    """Return `values` if none of them is NaN or infinite."""
    good = torch.isfinite(values) if isinstance(values, torch.Tensor) else np.isfinite(numbers(name, values))
    if not bool(good.all()):
        bad = int((~good).sum())
        fail(name, f"{bad} NaN or infinite value{'s' if bad > 1 else ''}", "finite numbers only")
    return values


def binary(name: str, labels) -> np.ndarray | torch.Tensor:
    """Return `labels` if each of them is 0 or 1."""
    finite(name, labels)
    labels = labels if isinstance(labels, torch.Tensor) else np.asarray(labels)
    outside = labels[(labels != 0) & (labels != 1)]
    if len(outside):
        fail(name, f"{len(outside)} labels outside {{0, 1}}, the first {float(outside[0]):g}", "labels 0 or 1")
    return labels


def same_length(**named) -> int:
    """Return the common length of the named sequences, or raise ValueError that names two that differ."""
    (first, value), *rest = named.items()
    for name, other in rest:
        if len(other) != len(value):
            fail(name, f"{len(other)} rows", f"{len(value)}, as many as {first}")
    return len(value)


def checked(function: Callable[P, R]) -> Callable[P, R]:
    """The function, which refuses an argument that is not what its type hint says: TypeError, of a number ValueError.

    A number is finite and no bool; arrays and tensors are sequences, texts are none. What is in them is not looked at.
    """

    @wraps(function)
    def call(*given: P.args, **named: P.kwargs) -> R:
        signature, hints = _signature(function)
        for name, value in signature.bind(*given, **named).arguments.items():
            if name in hints and not _fits(value, hints[name]):
                came = _show(value) if value is None or isinstance(value, int | float) else type(value).__name__
                fail(name, came, _words(hints[name]), ValueError if _fits(0, hints[name]) else TypeError)
        return function(*given, **named)

    return call


@cache
def _signature(function: Callable) -> tuple[inspect.Signature, dict]:
    """And the hints of its arguments, but those of *several and **named."""
    signature, hints = inspect.signature(function), get_type_hints(inspect.unwrap(function))
    several = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    names = [name for name, parameter in signature.parameters.items() if parameter.kind not in several]
    return signature, {name: hints[name] for name in names if name in hints}


def _fits(value: object, hint: object) -> bool:
    if get_origin(hint) in (Union, UnionType):
        return any(_fits(value, one) for one in get_args(hint))
    kind = get_origin(hint) or hint
    if kind in (int, float):
        number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
        return number and bool(np.isfinite(value)) and (kind is float or value == int(value))
    if kind in (Sequence, Collection, Iterable):
        return isinstance(value, (kind, np.ndarray, torch.Tensor, pd.Series)) and not isinstance(value, str)
    if kind is Path:
        return isinstance(value, str | Path)
    if kind is np.ndarray:
        return isinstance(value, np.ndarray | pd.Series | pd.Index)
    if kind is bool:
        return isinstance(value, bool | np.bool_)
    return isinstance(value, kind) if isinstance(kind, type) else True  # a TypeVar takes all


def _words(hint: object) -> str:
    if get_origin(hint) in (Union, UnionType):
        return " or ".join(map(_words, get_args(hint)))
    known = {int: "a whole number", float: "a finite number", NoneType: "None", str: "a text", bool: "True or False"}
    return known.get(hint) or re.sub(r"\w+\.", "", str(hint) if get_origin(hint) else hint.__name__)
