"""A study: one experiment as data. From it follow its two kept tables (the search and the comparison), what each arm
chose, their hashes, what is trained again as a check, and to which levels a claim with fresh seeds is narrowed.

`helpers/chapters/ch04/studies/heat.py` is a short one, `HEAT`:

    HEAT.run(seed=[24, 25], width=[4])    # two new seeds, each arm with the rate that it chose

One vocabulary: what is narrowed, searched, checked or claimed is named by the column of the table.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from math import prod

import pandas as pd

from helpers.experiments.chosen import Chosen
from helpers.experiments.sweep import R2, at_point, points, search, sweep
from helpers.lab.kept_table import KeptTable
from helpers.lab.recheck import Comparison, Recheck
from helpers.support import validate
from helpers.support.downloads import Download

Levels = Mapping[str, Iterable]  # {column: some of its levels}
Near = Mapping[str, float | Comparison]
HIGHER = ("r2", "auc")  # is better; of all else lower is


@dataclass(frozen=True)
class Search:
    """What each arm of a study may choose from, on seeds that serve no result; it takes the best mean.

    name    of its kept table
    tried   {column: its levels, or a function of the columns that its parameters name, which gives those of an arm}
    by      the columns of an arm: each combination of their levels chooses for itself
    near    {what decides: how close a second training must come}: "loss", the lowest validation loss in thousandths,
            mean of tasks and seeds; "r2", mean of tasks; or a column that the study's judge measures
    again   what is trained a second time
    only    the levels of the study's axes at which it searches; all of those that are not named
    """

    name: str
    tried: Mapping[str, Sequence | Callable[..., Sequence]]
    by: Sequence[str]
    seeds: Sequence[int]
    near: Near
    again: Levels
    only: Levels = field(default_factory=dict)


@dataclass(frozen=True, repr=False)
class Study:
    """An experiment by its axes and the functions that train and judge.

    axes    {column: its levels}, every combination a run, the first slowest; one of them is seed
    data, model, options, judge   as of `sweep`: functions of columns, those of `search.tried` among them
    search  what each arm may choose from, or what those of another search chose
    near    {measured column: how close a second training must come, a number or a `Comparison`}
    again   levels of axes: the points that a test trains a second time, in seconds; or a list of `Recheck`
    once    {model: {column: level}}: what does not concern a model, which is trained at this level for all
    needs   the data of others that it reads

    Raises ValueError for an `again` that names no axis or level of it, and where nothing says how near is near.
    """

    name: str
    axes: Levels
    data: Callable
    model: Callable
    again: Levels | list[Recheck]
    near: Near = field(default_factory=dict)
    options: Callable = lambda: {}
    judge: Callable = R2
    search: Search | Chosen | None = None
    once: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    needs: Download | None = None

    def __post_init__(self):
        for sample in self._samples:
            if not sample.near:
                validate.fail(f"{self.name}, near", "nothing", "a measured column and how close it must come")
            for column, levels in sample.again.items():
                known = tuple(self.axes[validate.choice(f"{self.name}, again", column, self.axes)])
                for level in levels:
                    validate.choice(f"{self.name}, again, {column}", level, known)

    @property
    def _samples(self) -> list[Recheck]:
        return self.again if isinstance(self.again, list) else [Recheck(self.again, self.near)]

    def __repr__(self) -> str:
        """Where its numbers come from."""
        levels = self.table.settings
        runs, seeds = prod(map(len, levels.values())), levels["seed"]
        chosen = f", with what was chosen in {', '.join(self.chosen.searches)}" if self.search is not None else ""
        return f"{self.table.path.name}: {runs} runs, seeds {min(seeds)} to {max(seeds)}{chosen}"

    def run(self, **levels: object) -> pd.DataFrame:
        """Train it now, each arm as it chose: the columns of the axes, and what the judge gives.

        levels   a column's level, or several; of what is not named, all. Seeds may be new, and so may numbers that its
                 search does not tell apart; for another level nobody has searched for a setting.
        """
        return self.table.make(**self.table.settings | self._levels(levels))

    def beside(self, **levels: object) -> pd.DataFrame:
        """`run`, and what is kept of the same points: a measured column `x` has its second value as "x again", the
        other columns are the index."""
        return self.table.retrained(Recheck(self._levels(levels), self.table.samples[0].near)).droplevel("row")

    def _levels(self, levels: Mapping[str, object]) -> Levels:
        told_apart, asked = () if self.search is None else self.chosen.by, {}
        for column, wanted in levels.items():
            known = tuple(self.axes[validate.choice("levels", column, self.axes)])
            asked[column] = [wanted] if isinstance(wanted, str | int | float) else list(wanted)
            for level in asked[column]:
                if column in told_apart or isinstance(level, str):
                    validate.choice(column, level, known)
        return asked

    def searched(self, **levels: Iterable) -> pd.DataFrame:
        """The search, now: each arm with all that it may choose, at some levels of some columns."""
        table = self.tables[self.search.name]
        return table.make(**table.settings | levels)

    @cached_property
    def chosen(self) -> Chosen | None:
        """What each arm chose, as the kept search says; None without one."""
        if not isinstance(self.search, Search):
            return self.search
        (value,) = self.search.near
        lowest = value not in HIGHER
        return Chosen(self.search.name, by=self.search.by, setting=[*self.search.tried], value=value, lowest=lowest)

    @property
    def table(self) -> KeptTable:
        """That of the comparison."""
        return self.tables[self.name]

    @cached_property
    def tables(self) -> dict[str, KeptTable]:
        """Its kept tables by name, the search first."""
        how = (self.data, self.model, self.options, self.judge)
        axes = {column: tuple(levels) for column, levels in self.axes.items()}
        make, keep = partial(_compare, how, self.chosen, self.once), {"needs": self.needs, "seeds": "seed"}
        tables = [KeptTable(self.name, make, axes, self._samples, **keep)]
        if isinstance(self.search, Search):
            axes, of_arm = axes | self.search.only | {"seed": self.search.seeds}, {}
            arms = points(**{column: axes[column] for column in self.search.by}).to_dict("records")
            for column, levels in self.search.tried.items():
                if callable(levels):
                    of_arm[column] = levels
                    levels = dict.fromkeys(level for arm in arms for level in at_point("tried", levels, arm))
                axes[column] = tuple(levels)
            make = partial(_search, how, *self.search.near, of_arm, self.once)
            again = Recheck(self.search.again, self.search.near)
            tables.insert(0, KeptTable(self.search.name, make, axes, [again], **keep))
        return {table.name: table for table in tables}


@validate.checked
def shape_of(name: str) -> tuple[int, ...]:
    """The shape back from its name in a table (`chosen.shape_name`)."""
    return tuple(map(int, name.split(" × ")))


def _compare(how: tuple, chosen: Chosen | None, once: Mapping, /, **levels: Iterable) -> pd.DataFrame:
    at = points(**levels)
    if chosen is not None:
        at = at.merge(chosen.table.drop(columns=chosen.value), "left", on=chosen.by)
    return _train(at, how, once).drop(columns=[column for column in at if column not in levels])


def _search(how: tuple, value: str, of_arm: Mapping, once: Mapping, /, **levels: Iterable) -> pd.DataFrame:
    at, (data, model, options, judge) = points(**levels), how
    may = [all(point[c] in at_point("tried", of_arm[c], point) for c in of_arm) for point in at.to_dict("records")]
    at = at[may].reset_index(drop=True)
    if value == "loss":
        return search(at, data, model, options)
    table = _train(at, (data, model, options, R2 if value == "r2" else judge), once)
    return table.groupby(list(at), sort=False)[value].mean().reset_index()


def _train(at: pd.DataFrame, how: tuple, once: Mapping) -> pd.DataFrame:
    """`sweep`; the rows of a point that does not concern its model are those of its twin at the level of `once`."""
    if not once:
        return sweep(at, *how)
    trained, twin = at.copy(), {column: f"{column} of the twin" for column in at}
    for model, fixed in once.items():
        trained.loc[trained["model"] == model, list(fixed)] = list(fixed.values())
    table = sweep(trained.drop_duplicates(), *how).rename(columns=twin)
    return at.join(trained.rename(columns=twin)).merge(table, on=[*twin.values()]).drop(columns=[*twin.values()])
