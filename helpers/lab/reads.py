"""What a kept table depends on besides its arguments: the constants that its function reaches, found and not listed.

The function is followed through all of this library that it loads by name, at any depth: functions, their defaults,
what they enclose, and classes, whole. A constant on the way is a setting wherever it lies, in a chapter as in the
simulator of `helpers.data`; but on the library's floors only where it has a number, for their words name things or say
errors. What stands inside of a function is its code and no setting: a number, an import.
"""

import dis
import inspect
import json
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import fields, is_dataclass
from functools import cache, partial
from pathlib import PurePath
from types import CodeType, FunctionType, MethodType, ModuleType, UnionType

import numpy as np
import pandas as pd
import torch

from helpers.experiments.chosen import Chosen
from helpers.support import validate

OURS = "helpers"
# What changes no number of a table: errors, files, cores, figures, what a check says of a reader's table, and what is
# served.
BESIDE = ("support", "display", "experiments.kept", "experiments.jobs", "capstone.table_checks", "capstone.served")
LIBRARY = ("data", "models", "training", "evaluation", "experiments.sweep", "experiments.chosen", "capstone")


class Reads:
    """What a call of `function` with the arguments `settings` depends on.

    chosen  the tuned settings of kept searches among it; nothing is read of them yet
    found   {(module, name): a constant, or a default, or what a function encloses}, as JSON has it

    Raises TypeError for a value that cannot be told.
    """

    def __init__(self, function: Callable, settings: Mapping[str, object]):
        function = inspect.unwrap(function)
        self.chosen: list[Chosen] = []
        self.found: dict[tuple[str, str], object] = {}
        self._own: dict[type | FunctionType, dict[str, object]] = {}
        self._packages = [OURS]
        if isinstance(function, FunctionType):  # its defaults are among the settings
            self._packages.append(function.__module__.partition(".")[0])  # a test has functions of its own
            self._keep(function.__module__, function.__qualname__, self._enclosed(function))
            self._load(function)
        else:
            self._keep("", "", {"": self._told("function", function)})
        self._settings = [[name, self._told(name, settings[name])] for name in sorted(settings)]

    def text(self, without: str = "") -> str:
        """All of it, equal in every process; of `chosen` what was found, but not in the search `without`. No modules:
        constants may move."""

        def found(chosen: Chosen) -> str:
            return "" if without in chosen.searches else repr(chosen)

        told = [[name, value] for (_, name), value in self.found.items()]
        return "\n".join(sorted(json.dumps(pair, default=found) for pair in (*self._settings, *told)))

    def _told(self, name: str, value: object) -> object:
        """A value as JSON has it, a `Chosen` as it is. The functions and classes in it are followed."""
        if isinstance(value, float):
            return float(f"{value:.9g}")  # what is computed at import differs in the last digit on another machine
        if value is None or isinstance(value, bool | int | str):
            return value
        if isinstance(value, Chosen):
            self.chosen.append(value)
            return value
        if isinstance(value, np.ndarray | np.generic | torch.Tensor):
            return self._told(name, value.tolist())
        if isinstance(value, pd.DataFrame | pd.Series):
            return value.to_csv(float_format="%.9g")
        if isinstance(value, Mapping):
            return [self._all(name, pair) for pair in value.items()]
        if isinstance(value, Set):
            return sorted(self._all(name, value), key=json.dumps)
        if isinstance(value, Sequence):
            self._follow(type(value))  # a NamedTuple has methods
            return self._all(name, value)
        if isinstance(value, partial):
            return self._all(name, (value.func, value.args, value.keywords))
        if isinstance(value, MethodType):
            return self._all(name, (value.__func__, value.__self__))
        if callable(value) and hasattr(value, "__name__"):
            return [value.__name__, *map(list, self._follow(inspect.unwrap(value)).items())]
        kind = type(value)
        if self._ours(kind):
            self._follow(kind)
            parts = [field.name for field in fields(kind)] if is_dataclass(kind) else vars(value)  # nothing cached
            return [kind.__name__, self._told(name, {part: getattr(value, part) for part in sorted(parts)})]
        if isinstance(value, PurePath) or kind.__module__.startswith(OURS):
            return None  # where files lie; what is beside
        validate.fail(name, kind.__name__, "a constant that the hash of a kept table can tell", TypeError)

    def _all(self, name: str, values: Sequence | Set) -> list:
        return [self._told(name, value) for value in values]

    def _ours(self, called: type | FunctionType) -> bool:
        made = isinstance(called, FunctionType) and called.__code__.co_filename.startswith("<")  # by a dataclass
        return (
            called.__module__.partition(".")[0] in self._packages and not made and not _below(BESIDE, called.__module__)
        )

    def _follow(self, called: object) -> dict[str, object]:
        """Keep what a function or class of ours loads. Of a function, what is its own: defaults, and what it
        encloses."""
        if not isinstance(called, type | FunctionType) or not self._ours(called):
            return {}
        if called in self._own:
            return self._own[called]
        own = self._own[called] = {}  # before its end, for what encloses itself
        if isinstance(called, type):
            self._load_class(called)
            return own
        names = called.__code__.co_varnames[: called.__code__.co_argcount]
        defaults = dict(zip(reversed(names), reversed(called.__defaults__ or ()), strict=False))
        defaults |= called.__kwdefaults__ or {}
        own |= {name: self._told(name, value) for name, value in defaults.items()} | self._enclosed(called)
        self._load(called)
        return own

    def _enclosed(self, function: FunctionType) -> dict[str, object]:
        cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
        return {name: self._told(name, cell.cell_contents) for name, cell in cells if name != "__class__"}

    def _load(self, function: FunctionType) -> None:
        for module, name, value in _globals(function):
            self._constant(module, name, value)

    def _load_class(self, kind: type) -> None:
        for base in kind.__mro__[1:]:
            self._follow(base)
        for name, value in vars(kind).items():
            for attribute in ("__func__", "fget", "func"):  # of a classmethod, a property, a cached_property
                value = getattr(value, attribute, value)
            if isinstance(value, FunctionType) or not (name.startswith("_") or inspect.isdatadescriptor(value)):
                self._constant(kind.__module__, f"{kind.__qualname__}.{name}", value)

    def _constant(self, module: str, name: str, value: object) -> None:
        called = inspect.unwrap(value) if callable(value) else value
        if isinstance(called, type | FunctionType):
            self._keep(called.__module__, called.__qualname__, self._follow(called))
        elif not (hasattr(value, "__name__") or isinstance(value, UnionType)):  # a function of others; a hint of types
            self._keep(module, "", {name: self._told(name, value)})

    def _keep(self, module: str, of: str, several: Mapping[str, object]) -> None:
        for name, told in several.items():
            if not _below(LIBRARY, module) or _has_number(told):
                self.found[module, f"{of}.{name}".lstrip(".")] = told


def _below(floors: Sequence[str], module: str) -> bool:
    return f"{module}.".startswith(tuple(f"{OURS}.{floor}." for floor in floors))


def _has_number(told: object) -> bool:
    if isinstance(told, list):
        return any(map(_has_number, told))
    return isinstance(told, int | float | Chosen) and not isinstance(told, bool)


def _globals(function: FunctionType) -> Iterator[tuple[str, str, object]]:
    """The globals that it loads: module, name, value; of a module of ours what it takes out of it, as `heat.STEPS`."""
    for name, *rest in _names(function.__code__):
        if name in function.__globals__ and not name.startswith("__"):
            module, value = function.__module__, function.__globals__[name]
            while rest and isinstance(value, ModuleType) and value.__name__.startswith(OURS):
                module, name, *rest = value.__name__, *rest
                value = getattr(value, name)
            if not isinstance(value, ModuleType):
                yield module, name, value


@cache
def _names(code: CodeType) -> list[tuple[str, ...]]:
    """The global names that some code loads, each with the attributes that it takes of it at once."""
    paths, open = [], False
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            paths.append((instruction.argval,))
            open = True
        elif open and instruction.opname in ("LOAD_ATTR", "LOAD_METHOD"):
            paths[-1] += (instruction.argval,)
        elif instruction.opname != "EXTENDED_ARG":  # which stands before one with many names
            open = False
    inner = (constant for constant in code.co_consts if isinstance(constant, CodeType))
    return [*dict.fromkeys(paths), *(path for block in inner for path in _names(block))]


def forget(chosen: Chosen) -> None:
    """Let it read its tables anew on next use: the search may have been trained meanwhile."""
    for name in ("table", "_found"):
        vars(chosen).pop(name, None)
