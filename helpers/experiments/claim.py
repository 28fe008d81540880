"""Claims: what the measured numbers allow us to say, by one rule for all of them.

A claim has a sentence, an effect (one number a seed, positive where the sentence is right), and a smallest effect
that would matter. The verdict follows from the interval of the mean effect, at 95%, or at 99% where a
claim was given more seeds after a look at its verdict: who looks again has another chance of luck.

    holds                 the whole interval lies beyond the smallest effect that matters
    opposite              the whole interval lies beyond it on the other side
    too small to matter   the whole interval lies within ± the smallest effect, and 0 is not in it
    no effect             the whole interval lies within ± the smallest effect, and 0 is in it
    undecided             none of these: never taught as a fact

The smallest effect that matters is that of the outcome, one for the whole course (`helpers.evaluation.margins`). A
claim whose sentence asks for another says why. Before there was one table, each claim had a margin of its own. It was
set on first runs; where fresh seeds then showed that a verdict would not replicate, more seeds were taken or the margin
was moved. `data/margins.csv` has them all, and a card has them in a fold.

What the interval is over is part of the claim as well:

    WORLDS        each seed is a world of its own, with rows of its own: Student's t
    SHARES        each seed is a world in which something happens or not: the exact interval of Clopper and Pearson
    one_log(...)  all seeds share the rows of one log: chapter 08's interval, which does not shrink to nothing, with the
                  draw of test users where the table has it

`make claims` measures every claim again with seeds that nobody has used, and compares the verdicts.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from helpers.evaluation import intervals, statistics
from helpers.evaluation.margins import FAR, SMALLEST
from helpers.evaluation.statistics import contrast
from helpers.evaluation.verdicts import NO_EFFECT, SMALL, UNDECIDED, VERDICTS, WITHIN, agree, verdict
from helpers.support import validate

MARGINS = Path(__file__).parents[2] / "data" / "margins.csv"  # what each claim was judged by, and since when

LEVEL, EXTENDED = 0.95, 0.99  # of an interval; the second where a claim was extended
COLUMNS = ("", "claim", "verdict", "effect and 95% interval", "over, and margin")

__all__ = [
    "SHARES",
    "VERDICTS",
    "WORLDS",
    "Claim",
    "Contrast",
    "Evidence",
    "Finding",
    "Findings",
    "gain",
    "lead",
    "mean",
    "one_log",
    "verdict",
    "weak",
]


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


def mean(value: str, *, minus: float = 0.0, **where) -> Contrast:
    """The mean of `value` in the rows `where`, minus a constant."""
    return Contrast(value, {(): 1}, (), where, -minus)


class Over(NamedTuple):
    """What an interval is over: a word for it, and the function of effects, level and the table that gives (mean, low,
    high)."""

    words: str
    interval: Callable[[np.ndarray, float, pd.DataFrame], tuple[float, float, float]]


WORLDS = Over("seeds", lambda values, level, _: statistics.interval(values, level))
SHARES = Over("seeds (exact)", lambda values, level, _: statistics.share(values, level))


def one_log(train: int, test: int, users: Mapping[str, object] | None = None) -> Over:
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
        found = intervals.gain(values, test / train, **luck, level=level)
        return found.mean, found.low, found.high

    return Over("seeds on one log" + (" and its users" if users is not None else ""), interval)


@dataclass(frozen=True)
class Claim:
    """One sentence that a chapter states, and how to measure it.

    sentence  what is claimed, in words that need no other claim
    effect    a contrast, or a function of the table; one number a seed
    grid      the name of the kept grid that it is measured on; of several, whose rows a column `grid` tells apart; or
              an experiment that a notebook runs itself, a function of seeds
    unit      of the effect, such as "R²": it gives the claim its margin, `smallest`
    sign      +1 or −1, the sign of the effect where the sentence is right
    expected  the verdict that the sentence states; one that is "undecided" promises nothing of other seeds
    seeds     how many seeds the verdict needs to replicate, were its effect at the near end of its interval
    only      settings of the grid that a measurement with new seeds is narrowed to: what the effect needs
    over      what the interval is over: `WORLDS`, `SHARES` or `one_log`
    far       whether the sentence says far, many, …: ten times the margin
    smallest  the smallest effect that matters, where it is not the unit's: that of the sentence itself, say
    because   why it is not; a card shows it
    extended  whether it was given more seeds after a look at its verdict; then its interval is at 99%
    """

    sentence: str
    effect: Callable[[pd.DataFrame], Sequence[float]]
    grid: str | tuple[str, ...] | Callable[[Sequence[int]], pd.DataFrame]
    unit: str
    sign: int = 1
    expected: str = "holds"
    seeds: int = 20
    only: Mapping[str, object] = field(default_factory=dict)
    over: Over = WORLDS
    far: bool = False
    smallest: float | None = None
    because: str = ""
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
        values = np.asarray(self.effect(table), dtype=float)
        mean, low, high = self.over.interval(values, self.level, table)
        said = verdict(low, high, self.smallest, self.sign)
        return Finding(id, self, mean, low, high, len(values), said, self._error(values, table))

    def _error(self, values: np.ndarray, table: pd.DataFrame) -> float:
        """The p-value against the margin: 1 − the highest level at which the interval stays on one side of it."""

        def decided(error: float) -> bool:
            _, low, high = self.over.interval(values, 1 - error, table)
            return verdict(low, high, self.smallest, self.sign) != UNDECIDED

        low, high = -12.0, 0.0  # powers of ten
        for _ in range(30):
            middle = (low + high) / 2
            low, high = (low, middle) if decided(10**middle) else (middle, high)
        return 10**high


@dataclass(frozen=True)
class Finding:
    """A claim with its numbers; a notebook shows it as a card. `error` is its p-value against its margin."""

    id: str
    claim: Claim
    mean: float
    low: float
    high: float
    seeds: int
    verdict: str
    error: float

    @property
    def as_claimed(self) -> bool:
        return agree(self.verdict, self.claim.expected)

    def __repr__(self) -> str:
        return f"{self.id} · {self.verdict} · {self._numbers()}"

    def _numbers(self) -> str:
        claim, digits = self.claim, 3 if self.claim.smallest >= 0.005 else 4
        mean, low, high = (f"{value:+.{digits}f}" for value in (self.mean, self.low, self.high))
        later = f" (more after a look: a {EXTENDED:.0%} interval)" if claim.extended else ""
        return (
            f"{mean} {claim.unit} [{low}, {high}], {self.seeds} {claim.over.words}{later}, "
            f"smallest effect that matters {claim.smallest:g}"
        )

    def _notes(self) -> list[str]:
        """Where the margin comes from, if it is not the unit's, and what it was before."""
        claim, before = self.claim, _moved().get(self.id, [])
        far = f"the sentence says far, or many: {FAR} × {SMALLEST[claim.unit]:g}" if claim.far else ""
        own = f"of its own, because {claim.because or far}" if claim.because or far else ""
        moved = f"moved: {' → '.join(f'{margin:g}' for margin in before)}" if len(before) > 1 else ""
        return [f"Margin {note}." for note in (own, moved) if note]

    def _repr_html_(self) -> str:
        return self.card()

    def card(self, fold_notes: bool = True) -> str:
        """As HTML; in a fold the notes need none of their own."""
        undecided = self.verdict == UNDECIDED
        colour = "#595959" if undecided else "#00735C" if self.as_claimed else "#B34E00"
        said = f"{self.verdict}, as claimed" if self.verdict in WITHIN and self.as_claimed else self.verdict
        notes = "".join(f"<div>{_minus(note)}</div>" for note in self._notes())
        if notes and fold_notes:
            notes = f"<details><summary>About the margin</summary>{notes}</details>"
        small = f'<div style="font-size:.85em;color:#595959">{notes}</div>' if notes else ""
        return (
            '<div class="mtl-claim" style="color:#1a1a1a;background:#fff;max-width:55em;'  # in a dark theme, too
            f'border-left:6px solid {colour};padding:6px 14px;margin:6px 0">'
            f"<b>{self.id}</b> {html.escape(self.claim.sentence)}"
            '<div style="display:flex;flex-wrap:wrap;align-items:center;gap:2px 14px">'
            f'<span style="flex:1 1 24em"><b style="color:{colour}">{said}</b> · {_minus(self._numbers())}</span>'
            f"{self._drawn(colour)}</div>{small}</div>"
        )

    def _row(self) -> str:
        numbers, seeds = self._numbers().split("], ", 1)
        notes = "".join(f"<br>{_minus(note)}" for note in self._notes())
        cells = (self.claim.sentence, self.verdict, f"{numbers}]", seeds)
        told = "".join(f'<td style="text-align:left;white-space:normal">{_minus(cell)}</td>' for cell in cells)
        return f"<tr><th>{self.id}</th>{told.removesuffix('</td>')}{notes}</td></tr>"

    def _drawn(self, colour: str) -> str:
        """The interval and the zone of effects that do not matter, to one scale, with words for who cannot see it."""
        margin, width, height = self.claim.smallest, 200, 22
        least, most = min(self.low, -1.3 * margin), max(self.high, 1.3 * margin)

        def at(value: float) -> str:
            return f"{6 + (value - least) / (most - least) * (width - 12):.2f}"

        def line(x1: str, y1: int, x2: str, y2: int, look: str) -> str:
            return f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" {look}/>'

        edge, middle, whisker = at(-margin), height // 2, f'stroke="{colour}" stroke-width="2"'
        inside, words = float(at(margin)) - float(edge), _minus(self._in_words())
        return (
            f'<svg role="img" aria-label="{words}" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            f'style="max-width:100%"><title>{words}</title>'
            f'<rect x="{edge}" y="1" width="{inside:.2f}" height="{height - 2}" fill="#dedede" stroke="#8a8a8a"/>'
            + line(at(0), 1, at(0), height - 1, 'stroke="#595959" stroke-dasharray="2 2"')
            + line(at(self.low), middle, at(self.high), middle, whisker)
            + "".join(line(at(end), middle - 5, at(end), middle + 5, whisker) for end in (self.low, self.high))
            + f'<circle cx="{at(self.mean)}" cy="{middle}" r="4" fill="{colour}"/></svg>'
        )

    def _in_words(self) -> str:
        lies = {SMALL: "within {}, and 0 is not in it", NO_EFFECT: "within {}, and 0 is in it", UNDECIDED: "across {}"}
        zone = f"the grey zone of what does not matter, {-self.claim.smallest:g} to {self.claim.smallest:g}"
        where = lies.get(self.verdict, "outside {}").format(zone)
        return f"The interval, {self.low:+.4g} to {self.high:+.4g}, lies {where}."


def weak(findings: Iterable[Finding]) -> list[str]:
    """The ids of those that do not pass Holm's test at 5%, each against its own margin, all taken together.

    A claim that states nothing, an undecided one, is not among the tests.
    """
    errors = {one.id: one.error for one in findings if one.claim.expected != UNDECIDED}
    passed = set(statistics.holm(errors))
    return [id for id in errors if id not in passed]


def _minus(text: str) -> str:
    """Escaped, and with minus signs that are not hyphens."""
    return re.sub(r"(?<![\w-])-(?=[\d.])", "−", html.escape(text))


@cache
def _moved() -> dict[str, list[float]]:
    """{claim id: the margins that it has had, in their order}."""
    return pd.read_csv(MARGINS).groupby("claim")["smallest"].apply(list).to_dict()


class Findings(list[Finding]):
    """Several findings, shown one under the other; `shut` folds them until the reader opens them."""

    def __init__(self, findings: Iterable[Finding], shut: bool = False):
        super().__init__(findings)
        self.shut = shut

    def __repr__(self) -> str:
        return "\n".join(map(repr, self))

    def _repr_html_(self) -> str:
        cards = "".join(finding.card(fold_notes=not self.shut) for finding in self)
        if not self.shut:
            return cards
        which = ", ".join(finding.id for finding in self)
        return (
            f"<details><summary>What the measurements allow us to say ({which}): open after your guess</summary>"
            f"{cards}</details>"
        )


class Evidence(Findings):
    """All that a chapter rests on besides its open cards: one folded table, a row a finding."""

    def _repr_html_(self) -> str:
        rows = "".join(finding._row() for finding in self)
        names = "".join(f'<th style="text-align:left">{name}</th>' for name in COLUMNS)
        return (
            f"<details><summary>The evidence: {len(self)} claim{'s' * (len(self) != 1)}</summary>"
            '<div class="mtl-evidence" style="color:#1a1a1a;background:#fff;overflow-x:auto">'
            f"<table><thead><tr>{names}</tr></thead><tbody>{rows}</tbody></table></div></details>"
        )
