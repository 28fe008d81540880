"""Tuned settings come by name from the kept table of their search: nothing is copied from an output by hand.

    CHOSEN = Chosen("06_tuning_relu", by=["rows", "model"], setting=["shape", "rate"], value="r2")
    CHOSEN[500]["MMoE"]      # ("2 × 8", 0.005)

A kept table depends on what is found in every `Chosen` that its function reaches (`helpers.lab.reads`): its hash covers
them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property

import pandas as pd

from helpers.experiments.kept import kept_table
from helpers.support import validate


class Chosen(Mapping):
    """{value of the first of `by`: {of the second: … the setting with the best mean of `value`}}.

    searches  names of tables: a row a combination of `by`, a setting, and what else was measured (seeds, conditions)
    by        the columns whose combinations each have a winner of their own
    setting   the columns that make up a setting
    value     a column, or a function of the table
    lowest    whether the best mean is the lowest
    make      of a setting's columns; by default the value of one column, a tuple of several

    Of equal means, up to what summing rounds off, the setting of the smaller numbers (a smaller rate) is taken, then
    the one that was tried first. The tables are read on first use.
    """

    def __init__(
        self,
        *searches: str,
        by: Sequence[str],
        setting: Sequence[str],
        value: str | Callable[[pd.DataFrame], pd.Series],
        lowest: bool = False,
        make: Callable[..., object] | None = None,
    ):
        self.searches, self.by, self.setting, self.value, self.lowest = searches, list(by), list(setting), value, lowest
        self._make = make or (lambda *values: values if len(values) > 1 else values[0])

    @cached_property
    def table(self) -> pd.DataFrame:
        """A row a combination of `by`: its best setting, and the mean of `value` there."""
        return self.best(pd.concat([kept_table(name) for name in self.searches], ignore_index=True))

    def best(self, tried: pd.DataFrame) -> pd.DataFrame:
        """`table` for another table of the same search."""
        values = self.value(tried).rename("value") if callable(self.value) else tried[self.value]
        means = values.groupby([tried[name] for name in (*self.by, *self.setting)], sort=False).mean().round(9)
        means = means.reset_index()
        numbers = list(means[self.setting].select_dtypes("number"))
        ascending = [self.lowest] + [True] * len(numbers)
        order = means.sort_values([values.name, *numbers], ascending=ascending, kind="stable")
        return means[self.by].drop_duplicates().merge(order.drop_duplicates(self.by), on=self.by)

    _found = cached_property(lambda self: self.nested(self.table))

    def nested(self, table: pd.DataFrame) -> dict:
        """What this maps, of a `table` such as `best` returns."""
        nested: dict = {}
        for row in table.to_dict("records"):
            *outer, last = (row[name] for name in self.by)
            inner = nested
            for key in outer:
                inner = inner.setdefault(key, {})
            inner[last] = self._make(*(row[name] for name in self.setting))
        return nested

    def __getitem__(self, key: object) -> object:
        return self._found[key]

    def __iter__(self) -> Iterator:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def __repr__(self) -> str:
        return repr(self._found)


@validate.checked
def shape_name(shape: Sequence[int]) -> str:
    """A shape as a search's table names it: (2, 8) is "2 × 8"."""
    return " × ".join(map(str, shape))
