"""Claims: what the measured numbers allow us to say, by one rule for all of them.

A claim has a sentence, an effect (one number a seed, positive where the sentence is right), and a smallest effect
that would matter. The verdict follows from the 95% interval of the mean effect:

    holds         the whole interval lies beyond the smallest effect that matters
    opposite      the whole interval lies beyond it on the other side
    no effect     the whole interval lies within ± the smallest effect
    undecided     none of these: never taught as a fact

The smallest effect that matters is part of the sentence. It was set on first runs; where fresh seeds then showed that a
verdict would not replicate, more seeds were taken or the margin was moved.

`make claims` measures every claim again with seeds that no notebook uses, and compares the verdicts.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from helpers.evaluation.statistics import contrast, interval
from helpers.evaluation.verdicts import VERDICTS, verdict

__all__ = ["VERDICTS", "Claim", "Contrast", "Finding", "Findings", "gain", "lead", "mean", "verdict"]


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


@dataclass(frozen=True)
class Claim:
    """One sentence that a chapter states, and how to measure it.

    sentence  what is claimed, in words that need no other claim beside them
    effect    a contrast, or a function of the table; one number a seed
    grid      the name of the kept grid that it is measured on; of several, whose rows a column `grid` tells apart; or
              an experiment that a notebook runs itself, a function of seeds
    smallest  the smallest effect that matters, in the unit of the effect; also the margin of "no effect"
    unit      of the effect, such as "R²"
    sign      +1 or −1, the sign of the effect where the sentence is right
    expected  the verdict that the sentence states: "holds" or "no effect"
    seeds     how many seeds the verdict needs to replicate
    only      settings of the grid that a measurement with new seeds is narrowed to: what the effect needs
    """

    sentence: str
    effect: Callable[[pd.DataFrame], Sequence[float]]
    grid: str | tuple[str, ...] | Callable[[Sequence[int]], pd.DataFrame]
    smallest: float
    unit: str
    sign: int = 1
    expected: str = "holds"
    seeds: int = 20
    only: Mapping[str, object] = field(default_factory=dict)

    def judge(self, id: str, table: pd.DataFrame) -> Finding:
        """The verdict that `table`, the experiment's result, allows; `id` such as "C4.3", the third of chapter 4."""
        values = np.asarray(self.effect(table), dtype=float)
        mean, low, high = interval(values)
        return Finding(id, self, mean, low, high, len(values), verdict(low, high, self.smallest, self.sign))


@dataclass(frozen=True)
class Finding:
    """A claim with its numbers; a notebook shows it as a card."""

    id: str
    claim: Claim
    mean: float
    low: float
    high: float
    seeds: int
    verdict: str

    def __repr__(self) -> str:
        return f"{self.id} · {self.verdict} · {self._numbers()}"

    def _numbers(self) -> str:
        claim = self.claim
        return (
            f"{self.mean:+.3f} {claim.unit} [{self.low:+.3f}, {self.high:+.3f}], {self.seeds} seeds, "
            f"smallest effect that matters {claim.smallest:g}"
        )

    def _repr_html_(self) -> str:
        as_claimed = self.verdict == self.claim.expected
        colour = "#00735C" if as_claimed else "#595959" if self.verdict == "undecided" else "#B34E00"
        verdict = f"{self.verdict}, as claimed" if as_claimed and self.verdict != "holds" else self.verdict
        return (
            '<div class="mtl-claim" style="color:#1a1a1a;background:#fff;max-width:55em;'  # in a dark theme, too
            f'border-left:6px solid {colour};padding:6px 14px;margin:6px 0">'
            f"<b>{self.id}</b> {html.escape(self.claim.sentence)}<br>"
            f'<b style="color:{colour}">{verdict}</b> · {html.escape(self._numbers())}</div>'
        )


class Findings(list[Finding]):
    """Several findings, shown one under the other; `shut` folds them until the reader opens them."""

    def __init__(self, findings: Iterable[Finding], shut: bool = False):
        super().__init__(findings)
        self.shut = shut

    def __repr__(self) -> str:
        return "\n".join(map(repr, self))

    def _repr_html_(self) -> str:
        cards = "".join(finding._repr_html_() for finding in self)
        if not self.shut:
            return cards
        return (
            f"<details><summary>What the measurements allow us to say: open after your guess</summary>{cards}</details>"
        )
