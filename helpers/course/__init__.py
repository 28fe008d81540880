"""The course as a whole: grids and claims by name, wherever a chapter has them.

Chapters are discovered: a grid's name starts with its chapter ("04_conditions"), a claim's id too ("C4.1"), and each is
looked up in the modules of `helpers/chapters/ch04/`. Only notebooks, tests and commands ask here.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from types import ModuleType

import pandas as pd

from helpers import chapters
from helpers.experiments.claim import Claim, Findings
from helpers.experiments.grid import Grid
from helpers.support import validate


def chapter_names() -> list[str]:
    """The chapters that there are: ["ch00", "ch01", ...]."""
    return sorted(module.name for module in pkgutil.iter_modules(chapters.__path__))


@cache
def _modules(chapter: str) -> list[ModuleType]:
    package = importlib.import_module(f"helpers.chapters.{chapter}")
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    return [importlib.import_module(f"{package.__name__}.{name}") for name in names]


class _Grids(Mapping[str, Grid]):
    """Every grid of the course by name; to look one up loads its chapter alone."""

    def __getitem__(self, name: str) -> Grid:
        chapter = f"ch{name[:2]}"
        if chapter not in chapter_names():
            raise KeyError(name)
        return _grids_of(chapter)[name]

    def __iter__(self) -> Iterator[str]:
        return (name for chapter in chapter_names() for name in _grids_of(chapter))

    def __len__(self) -> int:
        return sum(1 for _ in self)


@cache
def _grids_of(chapter: str) -> dict[str, Grid]:
    return {name: grid for module in _modules(chapter) for name, grid in getattr(module, "GRIDS", {}).items()}


GRIDS = _Grids()


def all_claims() -> list[Claim]:
    """Every claim of the course, in the order of the chapters."""
    return [claim for chapter in chapter_names() for claim in _claims_of(chapter)]


@cache
def _claims_of(chapter: str) -> list[Claim]:
    return [claim for module in _modules(chapter) for claim in getattr(module, "CLAIMS", [])]


def claims(table: pd.DataFrame, *ids: str, shut: bool = False) -> Findings:
    """What `table`, the result of the claims' experiment, lets us say: one card a claim; `shut` folds them."""
    by_id = {claim.id: claim for claim in all_claims()}
    return Findings((by_id[validate.choice("ids", id, by_id)].judge(table) for id in ids), shut)
