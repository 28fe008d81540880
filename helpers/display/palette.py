"""The course's colours, and the line style and marker that repeat what a colour says. One meaning each, everywhere.

Okabe and Ito's palette (2008), which people with any kind of colour vision tell apart. Of its two oranges we take the
darker (vermillion), since the lighter one cannot be read as text on white.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

BLUE = "#0072B2"
ORANGE = "#D55E00"
GREEN = "#009E73"
PURPLE = "#CC79A7"
GREY = "#767676"
BLACK = "#1A1A1A"
BAND = "#ECECEC"  # a field of a figure: effects that are too small to matter


@dataclass(frozen=True)
class Style:
    """How a series is drawn. `dash`: lengths on, off, … in units of the line's width, empty for a solid line.
    `marker`: o, s, ^ or D, as matplotlib names them."""

    colour: str
    dash: tuple[float, ...] = ()
    marker: str = "o"

    @property
    def line(self) -> str | tuple:
        """The dash as matplotlib's `linestyle`."""
        return (0, self.dash) if self.dash else "-"


TASKS = (
    Style(BLUE),
    Style(ORANGE, (3, 1.5), "s"),
    Style(GREEN, (5, 1.5, 1, 1.5), "^"),
    Style(PURPLE, (1, 1.2), "D"),
)
SINGLE_TASK = Style(GREY, (1, 1), "D")
METHOD = Style(BLACK)

# Names that look the same in every figure; others take the styles of tasks A, B, C … in their order.
_NAMES: dict[Style, tuple[str, ...]] = {
    SINGLE_TASK: (  # what a method is compared with
        "single-task",
        "same sign, no noise",
        "unpaired",
        "best list",
        "random list",
        "one label",
        "from scratch",
        "clicks",
        "equal weights",
        "α = 0",
        "truth",
    ),
    METHOD: (  # the method of the chapter
        "shared-bottom",
        "two towers",
        "linear fusion",
        "same sign",
        "paired",
        "ten on top",
        "several labels",
        "all rows",
        "weighted CE",
        "tuned weights",
        "α = 1.5",
        "MMoE",
        "ESMM",
        "a curve",
    ),
    TASKS[0]: ("like",),
    TASKS[1]: ("love", "opposite sign", "one-gate MoE", "ESMM, not shared", "a line"),
    TASKS[2]: ("dislike", "other mix", "clicked rows only", "corrected CE", "UWL", "DCN", "DIN, softmax"),
    TASKS[3]: ("disjoint", "no label", "GradNorm", "DeepFM", "DIN", "PLE", "P(like | click, x)"),
    Style(BLACK, (5, 1.5), "s"): ("fixed gates",),
    Style(BLUE, (1, 1.2), "v"): ("one expert",),
    Style(GREEN, (), "^"): ("shared-bottom, equal size", "masked shared-bottom"),
    Style(GREEN, (3, 1.5), "^"): ("geometric fusion",),
    Style(ORANGE, (), "s"): ("one head", "one score"),
    Style(GREY, (5, 1.5), "v"): ("by item",),
    Style(BLUE, (5, 1.5), "v"): ("by item's clicks", "by CTR"),
    Style(PURPLE, (5, 1.5), "v"): ("user + item biases", "by history"),
}
NAMED = {name: style for style, names in _NAMES.items() for name in names}


def styles(names: Iterable[str], named: dict[str, Style] | None = None) -> dict[str, Style]:
    """A style for each name: as `named` has it, else task A's, task B's … in the order of the names."""
    named, free = named or {}, itertools.cycle(TASKS)
    return {name: named[name] if name in named else next(free) for name in dict.fromkeys(names)}
