"""Runs: what a notebook does with a table of trained runs: pick, compare, average over seeds, draw.

The table is tidy, with a row for each setting, seed, model and task. The label of an axis is read off it: the metric,
the baseline, and over how many seeds the 95% intervals are.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from string import Formatter

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from helpers.display import figures
from helpers.evaluation.margins import SMALLEST
from helpers.evaluation.statistics import difference, interval, summarise
from helpers.support import validate

# The columns that are measured, and how an axis names them; all other columns of a table are settings.
METRICS = {"r2": "R²", "auc": "AUC", "gauc": "GAUC", "cosine": "cosine of the gradients", "loss": "loss"}
METRICS |= {"log2_mse": "test loss of task A", "score": "score"}
LUCK = ["overlap", "users", "units"]  # parts of a `Gain` of `evaluation.intervals`, kept beside the scores
TASK_NAMES = {"a": "task A", "b": "task B"}  # as the text calls the tasks of the toy data


class Runs:
    """A tidy table of runs, and the one of its columns that is compared.

    table   a row for each setting, seed, model and task
    value   the measured column; may be left out where the table has a single one of `METRICS`
    metric  what an axis says about it
    model   the column that names what is compared
    seeds   what the values of column `seed` are: seeds, worlds, feeds
    over    the baseline, where the value is a gain

    A value in powers of two (`log2_…`) is averaged in powers and shown as a number. Where a line has powers of ten
    (`log10_…`) on an axis, the numbers are written at whole powers.

    What draws takes by name, as `words`, what else the function of `figures` takes: the title, in most cases.
    """

    def __init__(
        self,
        table: pd.DataFrame,
        value: str | None = None,
        *,
        metric: str | None = None,
        model: str = "model",
        seeds: str = "seeds",
        over: str | None = None,
    ):
        if value is None:
            metrics = [name for name in METRICS if name in table]
            if len(metrics) != 1:
                validate.fail("value", f"{metrics} in the table", "the name of the measured column")
            (value,) = metrics
        self.table = validate.columns("table", table, ["seed", value])
        self.value, self.metric = value, metric or METRICS.get(value, value)
        self.model, self.seeds, self.over = model, seeds, over

    def _with(self, table: pd.DataFrame, **changes) -> Runs:
        return Runs(table, **{name: part for name, part in vars(self).items() if name != "table"} | changes)

    def of(self, value: str, metric: str | None = None) -> Runs:
        """The same runs, looked at by another measured column."""
        return self._with(self.table, value=value, metric=metric)

    def where(self, **levels) -> Runs:
        """The runs whose columns have these levels: one, or several in the order that figures will use."""
        table = self.table
        for name, wanted in levels.items():
            validate.choice("column", name, list(table))
            several = [wanted] if isinstance(wanted, str) or not isinstance(wanted, Sequence) else list(wanted)
            for level in several:
                validate.choice(name, level, table[name].unique().tolist())
            table = table[table[name].isin(several)]
            if len(several) > 1:
                table = table.sort_values(name, key=lambda column: column.map(several.index), kind="stable")
        return self._with(table)

    def label(self, **columns: Mapping | str) -> Runs:
        """Words for what the table holds, as new columns or in place of old ones.

        A mapping renames levels of its column: `label(task={"a": "task A"})`. A text is filled in, row by row, with the
        other columns: `label(pair="{condition}, {rows:,} rows")`.
        """
        table = self.table
        for name, words in columns.items():
            new = _filled(words, table) if isinstance(words, str) else _renamed(words, table, name)
            table = table.assign(**{name: new})
        return self._with(table)

    def ranked(self, column: str, ascending: bool = True) -> Runs:
        """The runs with the levels of `column` in the order of their means."""
        order = self.summary(column).sort_values("mean", ascending=ascending)
        return self.where(**{column: list(order[column])})

    def log10(self, column: str) -> Runs:
        """The runs with `log10_…`, the powers of ten of a column, as a new column; of `value`, as the value."""
        new = f"log10_{column}"
        table = self.table.assign(**{new: np.log10(self.table[column])})
        return self._with(table, value=new if column == self.value else self.value)

    def gain(self, over: str) -> Runs:
        """`value` of every other model minus that of the model `over`, paired on all other settings and the seed."""
        kept = [name for name in self.table if name == self.value or name not in (*METRICS, *LUCK)]
        models = [name for name in self.table[self.model].unique() if name != over]
        parts = [
            difference(self.table[kept], self.value, name, over, self.model).assign(**{self.model: name})
            for name in models
        ]
        return self._with(pd.concat(parts, ignore_index=True), value="difference", over=over)

    def mean(self) -> float:
        """Mean over all runs."""
        return self.table[self.value].mean()

    def interval(self) -> np.ndarray:
        """Mean over all runs and its 95% interval over seeds: (mean, low, high)."""
        return np.array(interval(self.table.groupby("seed")[self.value].mean()))

    def means(self, rows: str, columns: str) -> pd.DataFrame:
        """Mean over all runs of each setting: a wide table of `rows` by `columns`."""
        return self.table.groupby([rows, columns], sort=False)[self.value].mean().unstack()

    def summary(self, *by: str) -> pd.DataFrame:
        """Mean and 95% interval over seeds, a row for each setting in `by`: columns mean, low, high, seeds."""
        means = summarise(self.table, self.value, by)
        if self.value.startswith("log2_"):
            means[["mean", "low", "high"]] = np.exp2(means[["mean", "low", "high"]])
        return means

    def intervals(self, rows: Sequence[str], columns: str) -> pd.DataFrame:
        """Mean and 95% interval over seeds in words, "0.85 [0.83, 0.87]": a wide table of `rows` by `columns`."""
        means = self.summary(*rows, columns)
        numbers = means[["mean", "low", "high"]].round(2).to_numpy()
        means["said"] = ["{:.2f} [{:.2f}, {:.2f}]".format(*row) for row in numbers]
        return means.pivot(index=list(rows), columns=columns, values="said")

    def axis(self, *by: str, kind: str = "intervals") -> str:
        """What an axis says of `summary(*by)`: the metric, the baseline, what is averaged, and the number of seeds."""
        words = f"gain in {self.metric} over {self.over}" if self.over else self.metric
        groups = self.table.groupby(list(by))
        tasks = groups["task"].nunique().max() if "task" in self.table.columns.difference(by) else 1
        if tasks > 1:
            words += ", mean of both tasks" if tasks == 2 else f", mean of {tasks} tasks"
        return f"{words} (95% {kind}, {self._seeds(by)})"

    def _seeds(self, by: Sequence[str]) -> str:
        """Over how many seeds the means of `by` are: "20 seeds", "20 to 40 worlds"."""
        seeds = self.table.groupby(list(by))["seed"].nunique()
        count = f"{seeds.min()}" if seeds.min() == seeds.max() else f"{seeds.min()} to {seeds.max()}"
        return f"{count} {self.seeds}"

    def _with_margin(self, words: dict) -> dict:
        """The words, in which `matters` is the margin of the metric, where the course has one for it."""
        smallest = SMALLEST.get(self.metric)
        if smallest is not None and words.get("matters", smallest) != smallest:
            validate.fail("matters", f"{words['matters']}", f"{smallest}, the smallest {self.metric} that matters")
        return words

    def dots(self, row: str, series: str | None = None, **words) -> Figure:
        """A dot with its interval for each level of `row` and of `series` (the model), as `figures.dots`."""
        by = row, series or self.model
        return figures.dots(self.summary(*by), *by, x_label=self.axis(*by), **self._with_margin(words))

    def lines(self, x: str, series: str | None = None, **words) -> Figure:
        """A line over `x` with its band for each level of `series` (the model), as `figures.lines`."""
        series = series or self.model
        means = self.summary(series, x)
        figure = figures.lines(means, x, series, y_label=_folded(self.axis(x, series, kind="bands")), **words)
        for name, drawn, axis in ((x, x, figure.axes[0].xaxis), (self.value, "mean", figure.axes[0].yaxis)):
            if name.startswith("log10_"):
                low, high = means[drawn].min(), means[drawn].max()
                powers = range(math.floor(round(low, 9)), math.floor(round(high, 9)) + 1)
                axis.set_ticks(powers, [f"{10.0**power:,.10g}" for power in powers])
        return figure

    def heatmap(self, row: str, column: str, panel: str | None = None, **words) -> Figure:
        """A signed effect over two settings, a panel for each level of `panel`, as `figures.heatmap`."""
        by = [name for name in (panel, row, column) if name]
        means = self.summary(*by)
        if panel is None:
            panel, means = "panel", means.assign(panel=self.axis(*by))
        return figures.heatmap(means, row, column, panel, **self._with_margin(words))

    def paths(self, along: str, x: str, y: str, series: str | None = None, pair: str = "task", **words) -> Figure:
        """Level `x` of `pair` against its level `y`, a path along the settings for each series, as `figures.paths`."""
        by = series or self.model, along, pair
        dotted = "; dotted: in theory" if "reference" in words else ""
        x_label = f"{self.metric} of {x} (95% intervals, {self._seeds(by)}{dotted})"
        axes = {"x_label": x_label, "y_label": f"{self.metric} of {y}"}
        return figures.paths(self.summary(*by), by[0], pair, x, y, **axes, **words)

    def panels(self, panel: str, labels: dict[str, str], row: str | None = None, *, note: str, **words) -> Figure:
        """A panel for each key of `labels`, a level of `panel`, a dot for each row, as `figures.small_multiples`."""
        by = row or self.model, panel
        note = f"{note}; 95% intervals over {self._seeds(by)}"
        return figures.small_multiples(self.summary(*by), *by, labels, note=note, **words)

    def readings(self, x: str, at: str, truth: pd.DataFrame, **words) -> Figure:
        """The value against the mean of column `x`, a point for each level of `at`, as `figures.readings`."""
        by = self.model, at
        points = self.summary(*by).merge(self.of(x).means(*by).stack().rename("x").reset_index())
        return figures.readings(points, "x", self.model, truth, y_label=_folded(self.axis(*by)), **words)


def _filled(words: str, table: pd.DataFrame) -> list[str] | str:
    """`words` with the columns that it names in braces, row by row."""
    fields = [name for _, name, _, _ in Formatter().parse(words) if name]
    for name in fields:
        validate.choice("column", name, list(table))
    rows = zip(*(table[name] for name in fields), strict=True)
    return [words.format(**dict(zip(fields, row, strict=True))) for row in rows] if fields else words


def _renamed(words: Mapping, table: pd.DataFrame, name: str) -> pd.Series:
    validate.choice("column", name, list(table))
    for level in words:
        validate.choice(name, level, table[name].unique().tolist())
    return table[name].map(lambda level: words.get(level, level))


def _folded(label: str) -> str:
    """A label that fits next to a figure: in two lines or three where it is long."""
    if len(label) <= 48:
        return label
    words, _, intervals = label.partition(" (95%")
    words = words if len(words) <= 48 else words.replace(", mean of", ",\nmean of")
    return f"{words}\n(95%{intervals}"
