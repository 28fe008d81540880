"""Statistics over seeds: intervals, contrasts and paired differences, and summaries of tidy tables."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.special import betaincinv, ndtri, stdtrit  # quantiles; scipy.stats has them too, at a second and 50 MB more

from ..support import validate


def interval(values: Sequence[float], level: float = 0.95) -> tuple[float, float, float]:
    """Mean of independent values and its t-interval: (mean, low, high). ValueError for fewer than 2 values or a NaN."""
    validate.number("level", level, low=0, high=1)
    values = np.asarray(validate.finite("values", values), dtype=float)
    if values.ndim != 1 or len(values) < 2:
        validate.fail("values", f"shape {values.shape}", "at least 2 values in one dimension, one for each seed")
    half = stdtrit(len(values) - 1, (1 + level) / 2) * values.std(ddof=1) / np.sqrt(len(values))
    return float(values.mean()), float(values.mean() - half), float(values.mean() + half)


def share(values: Sequence[float], level: float = 0.95) -> tuple[float, float, float]:
    """Share of successes among independent trials, each 0 or 1, and its exact interval: (share, low, high).

    Clopper and Pearson (Biometrika 26, 1934): also right where all trials succeed, or none, and nothing scatters.
    """
    validate.number("level", level, low=0, high=1)
    values = validate.binary("values", np.asarray(values, dtype=float))
    if values.ndim != 1 or len(values) < 2:
        validate.fail("values", f"shape {values.shape}", "at least 2 values in one dimension, one for each seed")
    trials, successes, tail = len(values), int(values.sum()), (1 - level) / 2
    low = betaincinv(successes, trials - successes + 1, tail) if successes else 0.0
    high = betaincinv(successes + 1, trials - successes, 1 - tail) if successes < trials else 1.0
    return successes / trials, float(low), float(high)


@validate.checked
def users_needed(effect: float, sd: float, power: float = 0.8, level: float = 0.05) -> float:
    """Users an arm at which a test finds `effect` with probability `power`: 2 (z₁₋α/₂ + z_power)² sd² / effect².

    effect is not 0, sd not negative; power and level lie between 0 and 1.
    """
    validate.number("sd", sd, low=0)
    if effect == 0:
        validate.fail("effect", "0", "any other number")
    for name, chance in (("power", power), ("level", level)):
        if not 0 < chance < 1:
            validate.fail(name, f"{chance:g}", "a number between 0 and 1, and neither")
    return float(2 * (ndtri(1 - level / 2) + ndtri(power)) ** 2 * sd**2 / effect**2)


@validate.checked
def holm(errors: Mapping[str, float], level: float = 0.05) -> list[str]:
    """The names that pass Holm's test, so that with probability 1 − `level` not one of them is luck.

    errors   {name: p-value of one test}; the smallest must be at most level / number of tests, the next one at most
             level / (number − 1), …, until one fails (Holm, Scandinavian Journal of Statistics 6, 1979)
    """
    validate.number("level", level, low=0, high=1)
    for name, error in errors.items():
        validate.number(f"errors[{name!r}]", error, low=0, high=1)
    passed = []
    for rank, name in enumerate(sorted(errors, key=errors.get)):
        if errors[name] > level / (len(errors) - rank):
            break
        passed.append(name)
    return passed


@validate.checked
def contrast(
    table: pd.DataFrame, value: str, terms: Mapping[object, float], columns: str | Sequence[str], /, **where
) -> pd.Series:
    """A linear contrast: the sum of coefficient · mean of `value` in a cell; one number a seed, indexed by seed.

    terms    {cell: coefficient}; a cell is a level of `columns`, or one of each where `columns` has several names
    where    {column: level, or list of levels}: the rows that count at all

    `contrast(table, "r2", {"MMoE": 1, "PLE": -1}, "model", p=0.0)` is what MMoE's R² is above PLE's at p = 0. Within a
    seed, a cell's mean is over all rows that it has (of both tasks, say). ValueError where a column or a level is
    absent, or where a seed has not as many rows in one cell as in another: their means would not compare.
    """
    columns = [columns] if isinstance(columns, str) else list(columns)
    validate.columns("table", table, ["seed", value, *columns, *where])
    if not terms:
        validate.fail("terms", "none", "{cell: coefficient}")
    rows = _select(table, where)
    cells = {}
    for cell in terms:
        levels = [cell] if len(columns) == 1 else cell
        if not isinstance(levels, list | tuple) or len(levels) != len(columns):
            validate.fail("terms", f"the cell {cell!r}", f"{len(columns)} levels, one of each of {columns}")
        of_cell = _select(rows, dict(zip(columns, levels, strict=True)))
        validate.finite(f"table[{value!r}]", of_cell[value])
        cells[cell] = of_cell.groupby("seed")[value]
    (first, counted), *others = ((cell, seeds.size()) for cell, seeds in cells.items())
    for other, count in others:
        if not count.equals(counted):
            came = f"{counted.sum()} rows of {first!r} and {count.sum()} of {other!r}"
            validate.fail("table", came, "the same seeds, and as many rows of each")
    return sum(coefficient * cells[cell].mean() for cell, coefficient in terms.items())


def _select(rows: pd.DataFrame, levels: Mapping[str, object]) -> pd.DataFrame:
    """The rows that have these levels; each of them must occur."""
    for column, level in levels.items():
        several = list(level) if isinstance(level, list | tuple) else [level]
        for wanted in several:
            validate.choice(column, wanted, rows[column].unique().tolist())
        rows = rows[rows[column].isin(several)]
    return rows


def difference(table: pd.DataFrame, value: str, of: str, against: str, column: str = "model") -> pd.DataFrame:
    """`value` of one model minus that of another, paired on all other settings and the seed.

    The rows of `table` with `column` equal to `of` and to `against` must agree in everything else; the result has their
    settings and a column `difference`.
    """
    validate.columns("table", table, [value, column, "seed"])
    for name in (of, against):
        validate.choice(column, name, set(table[column]))
    validate.finite(f"table[{value!r}]", table[value])
    keys = [name for name in table.columns if name not in (value, column)]
    if table.duplicated([column, *keys]).any():
        validate.fail("table", "a row twice", "one row a setting, seed and model")
    gained, base = (table[table[column] == name].set_index(keys)[value] for name in (of, against))
    if not gained.index.sort_values().equals(base.index.sort_values()):
        validate.fail(
            "table", f"{len(gained)} rows of {of!r} and {len(base)} of {against!r}", "the same settings and seeds"
        )
    return (gained - base).rename("difference").reset_index()


@validate.checked
def summarise(table: pd.DataFrame, value: str, by: str | Sequence[str]) -> pd.DataFrame:
    """Mean and 95% interval of `value` over seeds, a row for each setting in `by`: columns mean, low, high, seeds.

    Values of one seed (of several tasks, say) are averaged first: the seeds are what is independent.
    """
    by = [by] if isinstance(by, str) else list(by)
    if not by or len({*by}) < len(by):
        validate.fail("by", str(by), "one column at least, and each once")
    validate.columns("table", table, [value, "seed", *by])
    validate.finite(f"table[{value!r}]", table[value])
    if table[[*by, "seed"]].isna().any(axis=None):
        validate.fail("table", f"missing values in {by} or 'seed'", "a setting and a seed in each row")
    a_seed = table.groupby([*by, "seed"], sort=False)[value].mean()
    rows = []
    for key, values in a_seed.groupby(level=list(range(len(by))), sort=False):
        mean, low, high = interval(values.to_numpy())
        key = key if isinstance(key, tuple) else (key,)
        rows.append((*key, mean, low, high, len(values)))
    return pd.DataFrame(rows, columns=[*by, "mean", "low", "high", "seeds"])
