"""The laboratory: what makes the kept tables and the findings. Kept tables and claims by name, wherever a chapter has
them.

Chapters are discovered, below `helpers/chapters/ch04/`: a kept table's name starts with its chapter ("04_conditions"),
and is looked up in the modules of `studies/`; a claim's too ("C4.1"), in `claims.toml`, with the functions of
`studies/effects.py`. No core notebook loads this package nor any `studies/`; notebooks in `deeper/` show experiments of
them.
"""

import importlib
import importlib.util
import pkgutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from itertools import chain
from pathlib import Path
from types import ModuleType

import pandas as pd

from helpers import chapters
from helpers.course import chapter_names
from helpers.display.cards import Card, Cards
from helpers.evaluation.verdicts import Finding
from helpers.lab import claim as claim_files
from helpers.lab.claim import Claim, Source
from helpers.lab.kept_table import KeptTable
from helpers.lab.study import Study
from helpers.support import validate


def _exists(module: str) -> bool:
    """Whether there is a module of this name: a chapter need not have a laboratory, nor one effects."""
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # its package is absent, too
        return False


@cache
def _modules(chapter: str) -> list[ModuleType]:
    if not _exists(f"helpers.chapters.{chapter}.studies"):
        return []
    package = importlib.import_module(f"helpers.chapters.{chapter}.studies")
    names = sorted(module.name for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."))
    return [importlib.import_module(name) for name in names]


class _Tables(Mapping[str, KeptTable]):
    """Every kept table of the course by name; to look one up loads its chapter alone."""

    def __getitem__(self, name: str) -> KeptTable:
        chapter = f"ch{name[:2]}"
        if chapter not in chapter_names():
            raise KeyError(name)
        return _tables_of(chapter)[name]

    def __iter__(self) -> Iterator[str]:
        return (name for chapter in chapter_names() for name in _tables_of(chapter))

    def __len__(self) -> int:
        return sum(1 for _ in self)


@cache
def _tables_of(chapter: str) -> dict[str, KeptTable]:
    tables = {}
    for module in _modules(chapter):
        for study in _studies(module):
            tables |= study.tables
        tables |= getattr(module, "TABLES", {})
    for name in tables:
        if not name.startswith(f"{chapter[2:]}_"):
            validate.fail("name", f"{name!r} in {chapter}/studies", f"one that begins with {chapter[2:]}_")
    return tables


def _studies(module: ModuleType) -> list[Study]:
    return [value for value in vars(module).values() if isinstance(value, Study)]


def study_of(name: str) -> Study:
    """The study that made a kept table, by the table's name: it says how many runs on which seeds, trains more of them
    (`run`), or some of them again (`beside`)."""
    studies = [study for module in _modules(f"ch{name[:2]}") for study in _studies(module)]
    known = {table: study for study in studies for table in study.tables}
    return known[validate.choice("name", name, known)]


TABLES = _Tables()


def all_claims() -> dict[str, Claim]:
    """Every claim of the course by its id, in the order of the chapters."""
    return {id: claim for chapter in chapter_names() for id, claim in claims_of(chapter).items()}


@cache
def claims_of(chapter: str) -> dict[str, Claim]:
    """The claims of a chapter ("ch04") by id."""
    effects = f"helpers.chapters.{chapter}.studies.effects"
    functions = vars(importlib.import_module(effects)) if _exists(effects) else {}
    return claim_files.read(Path(chapters.__file__).with_name(chapter) / "claims.toml", functions)


def judge_claims(claims: Mapping[str, Claim]) -> list[Finding]:
    """What the kept tables say of these claims."""
    tables, findings = {}, []
    for id, claim in claims.items():
        try:
            if claim.source not in tables:
                tables[claim.source] = table_of(claim)
            findings.append(claim.judge(id, tables[claim.source]))
        except Exception as error:
            error.add_note(f"This is claim {id}.")
            raise
    return findings


def measured_now(*ids: str) -> Cards:
    """The cards of claims that are measured on the machine that shows them: their experiment runs now."""
    claims = all_claims()
    chosen = {id: claims[validate.choice("ids", id, claims)] for id in ids}
    return Cards(Card(finding, chosen[finding.id].sentence) for finding in judge_claims(chosen))


def table_of(claim: Claim) -> pd.DataFrame:
    """The table that a claim is judged on: its kept table or tables; without one, what its experiment measures now."""
    if callable(claim.source):
        return claim.source(range(claim.seeds))
    return _rows(claim.source, lambda table: table.read())


def absent(claim: Claim) -> str:
    """Where a claim cannot be measured, as data of others are absent: the word for that."""
    return next(filter(None, (table.absent for table in tables_of(claim.source))), "")


def tables_of(source: Source) -> list[KeptTable]:
    """The kept tables that a claim is measured on; none where a notebook runs its experiment."""
    names = [] if callable(source) else [source] if isinstance(source, str) else source
    return [TABLES[name] for name in names]


def fresh(source: Source, only: Mapping[str, object], seeds: Sequence[int]) -> pd.DataFrame:
    """The table of a claim's source measured now with these seeds, narrowed to the settings `only`."""
    if callable(source):
        return source(seeds)
    return _rows(source, lambda table: table.make(**table.settings | only | {table.seeds: seeds}))


def needs(claim: Claim) -> Mapping[str, object]:
    """The settings to which fresh seeds are narrowed for a claim: the levels that its effect reads, of each argument of
    its tables that has a column's name, or the plural of it. Words that were measured cannot be made higher or lower to
    see what reads them: there nothing is narrowed."""
    if callable(claim.source):
        return {}
    tables, rows, columns, axes = tables_of(claim.source), table_of(claim), {}, {}
    for name in tables[0].settings:
        column = name if name in rows else name.removesuffix("s")
        levels = [table.settings.get(name) for table in tables]
        if column in rows and column != "seed" and all(isinstance(some, list | tuple | range) for some in levels):
            columns[name], axes[column] = column, list(dict.fromkeys(chain.from_iterable(levels)))
    measured = {column for table in tables for sample in table.samples for column in sample.near} & {*rows}
    if not measured <= {*rows.select_dtypes("number")}:
        return {}
    read = claim_files.levels_read(claim.effect, rows, axes, measured)
    return {name: read[column] for name, column in columns.items() if column in read}


def _rows(source: str | tuple[str, ...], table: Callable[[KeptTable], pd.DataFrame]) -> pd.DataFrame:
    if isinstance(source, str):
        return table(TABLES[source])
    return pd.concat([table(TABLES[name]).assign(table=name) for name in source], ignore_index=True)
