"""Claims: what the measured numbers allow us to say, by one rule for all of them.

A claim has a sentence, an effect (one number a seed, positive where the sentence is right), and a smallest effect
that would matter. The verdict follows from the interval of the mean effect, at 95%, or at 99% where a
claim was given more seeds after a look at its verdict: who looks again has another chance of luck.

    holds                 the whole interval lies beyond the smallest effect that matters
    opposite              the whole interval lies beyond it on the other side
    too small to matter   the whole interval lies within ± the smallest effect, and 0 is not in it
    no effect             the whole interval lies within ± the smallest effect, and 0 is in it
    undecided             none of these: never taught as a fact

The smallest effect that matters is that of the outcome, one for the whole course (`helpers.evaluation.margins`). Where
all that is compared has an R² above 0.9, the outcome is the error left, 1 − R²: at 0.96 a margin of 0.01 would be a
quarter of it. A claim whose sentence asks for another margin says why. `data/margins.csv` has all margins that a claim
has had.

What the interval is over is part of the claim as well:

    WORLDS        each seed is a world of its own, with rows of its own: Student's t
    SHARES        each seed is a world in which something happens or not: the exact interval of Clopper and Pearson
    one_log(...)  all seeds share the rows of one log: chapter 08's interval, which does not shrink to nothing, with the
                  draw of test users where the table has it

`make claims` measures every claim again with seeds that nobody has used, and compares the verdicts.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from helpers.display.cards import load_claims
from helpers.evaluation import intervals, statistics
from helpers.evaluation.counts import ITEM_COUNTS
from helpers.evaluation.margins import SMALLEST
from helpers.evaluation.pool import AS_IS, best_elsewhere
from helpers.evaluation.statistics import contrast
from helpers.evaluation.verdicts import EXTENDED, FAR, LEFT, LEVEL, MARGINS, UNDECIDED, VERDICTS, Finding, verdict
from helpers.support import validate

# The name of a kept table, several names, or an experiment that a notebook runs itself, a function of seeds.
Source = str | tuple[str, ...] | Callable[[Sequence[int]], pd.DataFrame]


@dataclass(frozen=True)
class Contrast:
    """An effect as data: the arguments of `contrast`, and a constant to add. Of a table it makes one number a seed."""

    value: str
    terms: Mapping[object, float]
    columns: str | Sequence[str]
    where: Mapping[str, object] = field(default_factory=dict)
    constant: float = 0.0

    def __call__(self, table: pd.DataFrame) -> pd.Series:
        return contrast(table, self.value, self.terms, self.columns, **self.where) + self.constant


def gain(value: str, of: object, *, over: object, column: str = "model", **where) -> Contrast:
    """What `value` of one model (or level of another column) is above that of another, in the rows `where`."""
    return Contrast(value, {of: 1, over: -1}, column, where)


def lead(value: str, of: object, *, over: Sequence, column: str = "model", **where) -> Callable[..., pd.Series]:
    """`gain` over the best of several rivals, models or counts: the one whose mean over all seeds is highest."""
    gains = [gain(value, of, over=rival, column=column, **where) for rival in over]

    def effect(table: pd.DataFrame) -> pd.Series:
        return min((of_one(table) for of_one in gains), key=pd.Series.mean)

    return effect


def fused_gain(value: str, of: Sequence, *, over: Sequence, column: str = "model", **where) -> Callable[..., pd.Series]:
    """What the best of some scores is above the best of others, by one rule for both sides: the score that is best on
    the other half of the seeds (`helpers.evaluation.pool.best_elsewhere`)."""

    def effect(table: pd.DataFrame) -> pd.Series:
        for name, level in where.items():
            table = table[table[name] == level]
        scores = table.pivot(index="seed", columns=column, values=value)
        return best_elsewhere(scores[[*of]]) - best_elsewhere(scores[[*over]])

    return effect


def score_name(pool: str, models: Sequence[str], way: str) -> str:
    """What a table for `fused_gain` calls a score of a pool of these models: "linear, product". As it is a model alone
    has its own name; a count, which is in every pool, has its own, too."""
    if way in ITEM_COUNTS:
        return way
    return models[0] if way == AS_IS and len(models) == 1 else f"{pool}, {way}"


def mean(value: str, *, minus: float = 0.0, **where) -> Contrast:
    """The mean of `value` in the rows `where`, minus a constant."""
    return Contrast(value, {(): 1}, (), where, -minus)


def of_error_left(effect: Callable[[pd.DataFrame], pd.Series]) -> Callable[[pd.DataFrame], pd.Series]:
    """An effect on the column r2 as one on the error left, 1 − R², in halvings: above 0 still means better."""
    return lambda table: effect(table.assign(r2=-np.log2(1 - table["r2"])))


class Interval(NamedTuple):
    """A kind of interval: a word for what it is over, and the function of effects, level and the table that gives
    (mean, low, high)."""

    words: str
    of: Callable[[np.ndarray, float, pd.DataFrame], tuple[float, float, float]]


WORLDS = Interval("seeds", lambda values, level, _: statistics.interval(values, level))
SHARES = Interval("seeds (exact)", lambda values, level, _: statistics.share(values, level))


def one_log(train: int, test: int, users: Mapping[str, object] | None = None) -> Interval:
    """For seeds that share a log.

    train  how many of its rows a seed could train on, though it may take fewer: all but validation and test rows
    test   how many it is tested on
    users  {column: value} of the rows of the table that say, in the columns users and units, what the draw of test
           users adds to each part of the effect; of several the largest counts
    """

    def interval(values: np.ndarray, level: float, table: pd.DataFrame) -> tuple[float, float, float]:
        luck = {}
        if users is not None:
            rows = table[(table[list(users)] == pd.Series(users)).all(axis=1)]
            luck = rows.loc[rows["users"].idxmax(), ["users", "units"]].to_dict()
        gained = intervals.gain(values, test / train, **luck, level=level)
        return gained.mean, gained.low, gained.high

    return Interval("seeds on one log" + (" and its users" if users is not None else ""), interval)


@dataclass(frozen=True)
class Claim:
    """One sentence that a chapter states, and how to measure it.

    sentence  what is claimed, in words that need no other claim
    effect    a contrast, or a function of the table; one number a seed
    source    the name of the kept table that it is measured on; of several, whose rows a column `table` tells apart; or
              an experiment that a notebook runs itself, a function of seeds
    unit      of the effect, such as "R²": it gives the claim its margin, `smallest`
    sign      +1 or −1, the sign of the effect where the sentence is right
    expected  the verdict that the sentence states; one that is "undecided" promises nothing of other seeds
    seeds     how many seeds the verdict needs to replicate, were its effect at the near end of its interval
    interval  what it is over: `WORLDS`, `SHARES` or `one_log`
    far       whether the sentence says far, many, …: ten times the margin
    smallest  the smallest effect that matters, where it is not the unit's: that of the sentence itself, say
    because   why it is not; a card shows it
    close     whether its interval comes so near to the margin that fresh seeds may give another verdict: to promise the
              same would take more than a quarter of a block of seeds; a card says so
    extended  whether it was given more seeds after a look at its verdict; then its interval is at 99%
    """

    sentence: str
    effect: Callable[[pd.DataFrame], Sequence[float]]
    source: Source
    unit: str
    sign: int = 1
    expected: str = "holds"
    seeds: int = 20
    interval: Interval = WORLDS
    far: bool = False
    smallest: float | None = None
    because: str = ""
    close: bool = False
    extended: bool = False

    def __post_init__(self):
        validate.choice("expected", self.expected, VERDICTS)
        if (self.smallest is None) == bool(self.because):
            came = "because" if self.because else f"smallest={self.smallest:g}"
            validate.fail("smallest, because", f"{came} alone", "both, or neither: then the unit has a margin")
        if self.smallest is None:
            margin = SMALLEST[validate.choice("unit", self.unit, SMALLEST)]
            object.__setattr__(self, "smallest", margin * FAR if self.far else margin)

    @property
    def level(self) -> float:
        """Of its interval."""
        return EXTENDED if self.extended else LEVEL

    def judge(self, id: str, table: pd.DataFrame) -> Finding:
        """The verdict that `table`, the experiment's result, allows; `id` such as "C4.3", the third of chapter 4."""
        effects = np.asarray(self.effect(table), dtype=float)
        mean, low, high = self.interval.of(effects, self.level, table)
        outcome = verdict(low, high, self.smallest, self.sign)
        measured = {"effect": mean, "low": low, "high": high, "seeds": len(effects), "over": self.interval.words}
        judged = {"unit": self.unit, "margin": self.smallest, "error": self._error(effects, table)}
        said = {name: getattr(self, name) for name in ("close", "extended", "far", "because")}
        return Finding(id, outcome, self.expected, **measured, **judged, **said, before=margins_before().get(id, ()))

    def _error(self, effects: np.ndarray, table: pd.DataFrame) -> float:
        """The p-value against the margin: 1 − the highest level at which the interval stays on one side of it."""

        def decided(error: float) -> bool:
            _, low, high = self.interval.of(effects, 1 - error, table)
            return verdict(low, high, self.smallest, self.sign) != UNDECIDED

        low, high = -12.0, 0.0  # powers of ten
        for _ in range(30):
            middle = (low + high) / 2
            low, high = (low, middle) if decided(10**middle) else (middle, high)
        return 10**high


def read(path: Path, functions: Mapping[str, Callable]) -> dict[str, Claim]:
    """{id: claim} of a chapter's `claims.toml`: kept tables, what their claims share, and in them the claims.

        [06_figure_4]
        unit = "doublings of the loss"
        seeds = 84

        [06_figure_4."C6.1"]
        sentence = "…"
        effect = { gain = "log2_mse", of = "MMoE", over = "shared-bottom", where = { p = 1.0 } }

    The keys are the fields of `Claim`; of several tables the name is `"04_recipe + 04_recipe_wide"`, and claims that
    are measured where they are shown name a function, `experiment`.

    The effect is one of

        { gain = value, of = model, over = rival, column = "model" }   over a list of rivals: the best (`lead`)
        { mean = value, minus = constant }
        { contrast = value, columns = […], terms = [[level, …, coefficient], …], plus = constant }
        { call = name, with = {…} }   a function of the table; with arguments, a function that returns one of the rows
                                      that its further arguments name

    of the rows `where = {column: level}`; and under that of several levels where least of it is left, in the direction
    `sign`, with `weakest = {column: [level, …]}`. In the unit "halvings of the error left" the column r2 is read as
    log₂ 1/(1 − r2).

    functions   those that `call` and `experiment` name

    Raises ValueError for an id that comes twice, a key that is unknown, and a function that is absent, with the id.
    """
    claims = {}
    for id, fields in load_claims(path).items():
        try:
            claims[id] = _claim(dict(fields), functions)
        except (KeyError, TypeError, ValueError) as error:
            validate.fail(f"{path.name}, {id}", repr(error), "the fields of a claim")
    return claims


def _claim(fields: dict, functions: Mapping[str, Callable]) -> Claim:
    first, *more = fields.pop("tables").split(" + ")
    source = functions[fields.pop("experiment")] if "experiment" in fields else (first, *more) if more else first
    over = fields.get("interval", "worlds")
    fields["interval"] = one_log(**over) if isinstance(over, dict) else {"worlds": WORLDS, "shares": SHARES}[over]
    effect = _effect(fields.pop("effect"), functions, fields.get("sign", 1))
    if fields.get("unit") == LEFT:
        effect = of_error_left(effect)
    return Claim(source=source, effect=effect, **fields)


def _effect(given: Mapping, functions: Mapping[str, Callable], sign: int) -> Callable[[pd.DataFrame], pd.Series]:
    terms = dict(given)
    where = terms.pop("where", {})
    if "weakest" in terms:
        ((column, levels),) = terms.pop("weakest").items()
        each = [_effect({**terms, "where": where | {column: level}}, functions, sign) for level in levels]
        return lambda table: min((effect(table) for effect in each), key=lambda effects: sign * effects.mean())
    if "call" in terms:
        function = functions[terms.pop("call")]
        return function(**terms["with"], **where) if "with" in terms else function
    if "mean" in terms:
        return mean(terms.pop("mean"), **terms, **where)
    if "contrast" in terms:
        cells = {tuple(cell) if len(cell) != 1 else cell[0]: times for *cell, times in terms["terms"]}
        return Contrast(terms["contrast"], cells, terms["columns"], where, terms.get("plus", 0.0))
    several = isinstance(terms["over"], list)
    return (lead if several else gain)(terms.pop("gain"), terms.pop("of"), **terms, **where)


def levels_read(
    effect: Callable[[pd.DataFrame], pd.Series],
    table: pd.DataFrame,
    axes: Mapping[str, Sequence],
    measured: Collection[str],
) -> dict[str, list]:
    """The levels of each axis that an effect reads, {column: levels}, without the columns of which it reads all: those
    where it says something else, or nothing, if their rows are absent, or if what was measured there is far higher, or
    far lower, each row by another number.

    It looks at no source: an effect may be any function of a table. Both directions, as one that takes the best of
    several would not see the others get worse, nor miss them.
    """
    before, far = np.asarray(effect(table), float), np.random.default_rng(0).uniform(1e6, 2e6, len(table))

    def changed(other: pd.DataFrame) -> bool:
        try:
            with np.errstate(invalid="ignore"):  # an R² far above 1 leaves an error that has no logarithm,
                return not np.array_equal(np.asarray(effect(other), float), before, equal_nan=True)
        except (LookupError, ValueError):  # which is an error only where it is read, as is an absent row
            return True

    def reads(rows: pd.Series) -> bool:
        moved = (table.assign(**{value: table[value] + off * rows for value in measured}) for off in (far, -far))
        return any(map(changed, chain([table[~rows]], moved)))

    read = {column: [level for level in levels if reads(table[column] == level)] for column, levels in axes.items()}
    return {column: levels for column, levels in read.items() if len(levels) < len(axes[column])}


@cache
def margins_before() -> dict[str, tuple[float, ...]]:
    """{claim id: the margins that it had before its last one, in their order}."""
    return pd.read_csv(MARGINS).groupby("claim")["smallest"].apply(lambda had: tuple(had[:-1])).to_dict()
