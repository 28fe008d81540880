"""What each column of a table is: a label, an id, a number, a vector, a list of ids, tags or a time.

    declaration = Declaration(labels={"click": "binary"}, user="user", item="video", numbers=("duration",))

A row is one impression. A label is what happened after it, a feature is what was known before it: no later step can
correct a mix-up of the two. `table_checks` looks for that, and for everything else that may be wrong.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

import pandas as pd

from ..data.features import Dense, Sequence, Sparse, Tags
from ..models.shared_bottom import TASK_KINDS
from ..support import validate

BINARY, REGRESSION = (f"{kind} label" for kind in TASK_KINDS)
VECTOR = "vector of "  # and how many numbers: a role
WIDTH = 88  # of a line of code
ALONE = ("user", "item", "time", "group", "weight")  # roles that one column has at most
ROLES = (*ALONE, "id", "number", "list", "tags", BINARY, REGRESSION, "leave out")  # and "vector of 16", of any width


@dataclass(frozen=True)
class Declaration:
    """What the columns of a table are. A column that is not named is left out.

    labels      {column: "binary" or "regression"}: what happened; a missing value was not observed, and is masked
    user, item  ids; the user also says which rows belong together, for GAUC and for the interval
    ids         other ids and categories: words, or whole numbers without an order
    numbers     numbers with an order: durations, counts, ages
    vectors     {column: how many numbers}, such as an embedding: "0.1 0.2", a JSON list, or a list of Parquet; models,
                rankers and services take its numbers as columns of their own, "column[0]" and so on (`places`)
    lists       {column: id column}: what the user did before, ids with spaces between them, oldest first
    tags        several words or ids at once, such as genres, as a|b, a;b, "a, b" or a JSON list: each counts by itself
    time        orders the rows, as numbers or dates; not a feature
    group       what else ties rows together, such as a session, a search or a day: for the interval; not a feature
    weight      how much each row counts in training, such as one over the chance that it was logged; not a feature
    new_users   judge on users that no training row has: whole users are drawn, whatever the time
    served      {label: column}: the score that orders your lists today, such as {"click": "rank_score"}, with which
                all else is compared; one column may stand for several labels; not a feature
    gap         how long a label takes to arrive, such as "7 days", where the time is a date: rows so shortly before the
                test, or before the validation rows, are left out of what comes before them, as they would be in use
    settled     columns, or "all columns", of which you know that all is well where the check says to settle it first

    Raises ValueError for a column with two roles, for a list of ids that are no column, and for a gap without a time.
    """

    labels: dict[str, str]
    user: str | None = None
    item: str | None = None
    ids: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    vectors: dict[str, int] = field(default_factory=dict)
    lists: dict[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    time: str | None = None
    group: str | None = None
    weight: str | None = None
    new_users: bool = False
    gap: str | None = None
    served: dict[str, str] = field(default_factory=dict)
    settled: tuple[str, ...] = ()

    def __post_init__(self):
        if not isinstance(self.labels, dict) or not self.labels:
            validate.fail("labels", repr(self.labels)[:60], '{column: "binary" or "regression"}, at least one')
        for column, kind in self.labels.items():
            validate.choice(f"labels[{column!r}]", kind, TASK_KINDS)
        for name in ("ids", "numbers", "tags", "settled"):
            value = getattr(self, name)
            if isinstance(value, str) or not isinstance(value, Iterable):
                validate.fail(name, repr(value)[:60], "several names, such as ('age',)", TypeError)
            object.__setattr__(self, name, tuple(value))
        validate.instance("lists", self.lists, dict, '{column: id column}, such as {"seen": "video"}')
        validate.instance("served", self.served, dict, '{label: column of its score}, such as {"click": "rank_score"}')
        validate.instance("vectors", self.vectors, dict, '{column: how many numbers}, such as {"embedding": 16}')
        for column, width in self.vectors.items():
            validate.number(f"vectors[{column!r}]", width, low=1, whole=True)
        for label in self.served:
            validate.choice("served", label, self.labels)
        validate.instance("new_users", self.new_users, bool, "True or False")
        if self.new_users and self.user is None:
            validate.fail("new_users", "True without a user", "a column that is the user")
        if self.gap is not None and (self.time is None or self.new_users):
            validate.fail("gap", f"{self.gap!r} without a split by time", "a column that is the time, and known users")
        if self.gap is not None and not pd.to_timedelta(self.gap, errors="coerce") > pd.Timedelta(0):
            validate.fail("gap", repr(self.gap)[:60], 'a length of time, such as "7 days" or "12 hours"')
        for name in ALONE:
            validate.instance(name, getattr(self, name), str | None, "the name of one column, as text")
        named = self.columns()
        if other := [column for column in named if not isinstance(column, str)]:
            expected = "names that are text (`frame.columns = frame.columns.map(str)` makes them so)"
            validate.fail("declaration", f"the column {other[0]!r}", expected, TypeError)
        if twice := sorted({column for column in named if named.count(column) > 1}):
            validate.fail("declaration", f"{twice[0]!r} in two roles", "one role a column: a label is no feature")
        for column in self.settled:
            validate.choice("settled", column, [*named, "all columns"])
        if not self.features():
            validate.fail("declaration", "no feature", "at least one id or number to predict from")
        for column, of in self.lists.items():
            validate.choice(f"lists[{column!r}]", of, self.ids_of_all())

    def ids_of_all(self) -> list[str]:
        return [column for column in (self.user, self.item) if column is not None] + list(self.ids)

    def features(self) -> list[str]:
        return [*self.ids_of_all(), *self.numbers, *self.vectors, *self.lists, *self.tags]

    def places(self) -> dict[str, list[str]]:
        """{a vector: the columns of its numbers}."""
        return {column: [f"{column}[{place}]" for place in range(width)] for column, width in self.vectors.items()}

    def columns(self) -> list[str]:
        """All that are named, to read them alone."""
        beside = [column for column in (self.time, self.group, self.weight) if column is not None]
        return [*self.features(), *self.labels, *beside, *dict.fromkeys(self.served.values())]

    @property
    def by_time(self) -> bool:
        """Whether the rows are split by time; otherwise a seed is a random split as well."""
        return self.time is not None and not self.new_users

    def layout(self, width: int = 8) -> list[Sparse | Dense | Sequence | Tags]:
        """The columns for `Features` or a `Ranker`, with embeddings of `width`."""
        sparse = [Sparse(column, width) for column in self.ids_of_all()]
        several = [Sequence(c, of=of) for c, of in self.lists.items()] + [Tags(c, width) for c in self.tags]
        numbers = [*self.numbers, *(name for names in self.places().values() for name in names)]
        return [*sparse, *map(Dense, numbers), *several]

    @staticmethod
    def of_roles(roles: dict[str, str]) -> Declaration:
        """The declaration that {column: role} stands for, as `suggestion.suggest` gives them; lists hold ids of the
        item."""
        of = {role: tuple(c for c, one in roles.items() if one == role) for role in ROLES}
        one = {role: next(iter(of[role]), None) for role in ALONE}
        labels = {c: role.removesuffix(" label") for c, role in roles.items() if role in (BINARY, REGRESSION)}
        vectors = {c: int(role.removeprefix(VECTOR)) for c, role in roles.items() if role.startswith(VECTOR)}
        several = {"ids": of["id"], "numbers": of["number"], "tags": of["tags"]}
        return Declaration(labels, **several, vectors=vectors, lists=dict.fromkeys(of["list"], one["item"]), **one)

    def code(self) -> str:
        """The Python that makes this declaration, to copy."""
        parts = {name: getattr(self, name) for name in self.__dataclass_fields__}
        lines = [_line(name, value) for name, value in parts.items() if value not in (None, (), {}, False)]
        return "\n".join(["Declaration(", *lines, ")"])


def _line(name: str, value) -> str:
    """An argument in one line, or in a line for each of its parts where one line would be too long."""
    if len(line := f"    {name}={literal(value)},") <= WIDTH or isinstance(value, str):
        return line
    if isinstance(value, dict):
        first, last, parts = "{", "}", [f"{literal(key)}: {literal(part)}" for key, part in value.items()]
    else:
        first, last, parts = "(", ")", map(literal, value)
    return "\n".join([f"    {name}={first}", *(f"        {part}," for part in parts), f"    {last},"])


def literal(value) -> str:
    """A value as Python writes it, with double quotes, whatever quotes are in it."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{literal(key)}: {literal(part)}" for key, part in value.items()) + "}"
    if isinstance(value, tuple):
        return "(" + ", ".join(map(literal, value)) + (",)" if len(value) == 1 else ")")
    return repr(value)
