"""What an interval allows us to say of an effect, by one rule for claims and for the reader's own report.

holds                 the whole interval lies beyond the smallest effect that matters
opposite              the whole interval lies beyond it on the other side
too small to matter   the whole interval lies within ± the smallest effect, and 0 is not in it
no effect             the whole interval lies within ± the smallest effect, and 0 is in it
undecided             none of these

What was measured of each claim of the course is kept in `data/findings.csv`, a row a `Finding`. Whatever says a number
of a claim reads that: cards, the README, tests of texts.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

from ..support import validate

DATA = Path(__file__).parents[2] / "data"
# MARGINS has what each claim was ever judged by, dropped ones as well, and since when.
FINDINGS, TUNING, MARGINS = (DATA / f"{name}.csv" for name in ("findings", "tuning", "margins"))

# A unit: of 1 − R², which counts in place of R² where all that is compared is above 0.9.
LEFT = "halvings of the error left"

VERDICTS = HOLDS, OPPOSITE, SMALL, NO_EFFECT, UNDECIDED = (
    "holds",
    "opposite",
    "too small to matter",
    "no effect",
    "undecided",
)
WITHIN = (SMALL, NO_EFFECT)
LEVEL, EXTENDED = 0.95, 0.99  # of an interval; the second where more seeds were taken after a look at the verdict
FAR = 10  # times the margin of its unit is that of a claim which says far, or many


@validate.checked
def agree(one: str, other: str) -> bool:
    """Whether two verdicts of one effect say the same: both of `WITHIN` say that nothing which matters was found, and
    whether 0 is in the interval hangs on the number of seeds."""
    for name, said in (("one", one), ("other", other)):
        validate.choice(name, said, VERDICTS)
    return one == other or {one, other} <= set(WITHIN)


def verdict(low: float, high: float, smallest: float, sign: int = 1) -> str:
    """The verdict for a 95% interval [low, high] of an effect that should have `sign`, 1 or −1."""
    low, high = validate.number("low", low), validate.number("high", high)
    if low > high:
        validate.fail("low, high", f"{low:g}, {high:g}", "the lower end first")
    validate.number("smallest", smallest, low=0)
    if validate.choice("sign", sign, (1, -1)) == -1:
        low, high = -high, -low
    if low > smallest:
        return HOLDS
    if high < -smallest:
        return OPPOSITE
    if -smallest < low and high < smallest:
        return NO_EFFECT if low <= 0 <= high else SMALL
    return UNDECIDED


@dataclass(frozen=True)
class Finding:
    """What was measured of a claim.

    verdict         that of its kept table; `expected` is what its sentence states
    effect          the mean of one number a seed, in `unit`, and its 95% interval from `low` to `high`
    seeds, over     how many, and what the interval is over ("seeds on one log")
    margin          the smallest effect that matters
    error           the p-value of the effect against its margin
    close           whether the interval comes so near to the margin that fresh seeds may give another verdict
    extended        whether it was given more seeds after a look at its verdict; then the interval is at 99%
    far             whether the margin is ten times the unit's, as the sentence says far, or many
    because         why the margin is another than these; empty where it is not
    before          the margins that it had before, in their order
    tuned           the effects with settings that were chosen on other blocks of seeds (`helpers.lab.tuning_luck`)
    block           the first of the unused seeds on which it was last measured again; empty if it never was
    """

    id: str
    verdict: str
    expected: str
    effect: float
    low: float
    high: float
    seeds: int
    over: str
    unit: str
    margin: float
    error: float
    close: bool = False
    extended: bool = False
    far: bool = False
    because: str = ""
    before: tuple[float, ...] = ()
    tuned: tuple[float, ...] = ()
    block: str = ""

    @property
    def as_claimed(self) -> bool:
        return agree(self.verdict, self.expected)

    @property
    def outcome(self) -> str:
        """The verdict; a claim that nothing matters would sound as if it had failed without the last words."""
        return self.verdict + (", as claimed" if self.verdict in WITHIN and self.as_claimed else "")

    @property
    def estimate(self) -> str:
        digits = 3 if self.margin >= 0.005 else 4
        effect, low, high = (f"{value:+.{digits}f}" for value in (self.effect, self.low, self.high))
        return f"{effect} {self.unit} [{low}, {high}]"

    @property
    def basis(self) -> str:
        """What the estimate is over, and what it is judged by."""
        extended = f" (more after a look: a {EXTENDED:.0%} interval)" if self.extended else ""
        close = " (close to its margin)" if self.close else ""
        return f"{self.seeds} {self.over}{extended}{close}, smallest effect that matters {self.margin:g}"

    @property
    def numbers(self) -> str:
        return f"{self.estimate}, {self.basis}"

    def __repr__(self) -> str:
        return f"{self.id} · {self.verdict} · {self.numbers}"


# How a cell of the file is read, where the field's type does not do it.
READ = {bool: "True".__eq__, tuple[float, ...]: lambda text: tuple(map(float, text.split()))}


@cache
def findings() -> dict[str, Finding]:
    """Every finding of the course by the id of its claim, in the order of the chapters."""
    with FINDINGS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    read = {f.name: READ.get(f.type, f.type) for f in fields(Finding)}
    return {row["id"]: Finding(**{name: of_cell(row[name]) for name, of_cell in read.items()}) for row in rows}


@validate.checked
def weak(findings: Iterable[Finding]) -> list[str]:
    """The ids of those that do not pass Holm's test at 5%, each against its own margin, all taken together.

    A claim that states nothing, an undecided one, is not among the tests.
    """
    from .statistics import holm  # a card needs neither it nor numpy

    errors = {finding.id: finding.error for finding in findings if finding.expected != UNDECIDED}
    passed = set(holm(errors))
    return [id for id in errors if id not in passed]
