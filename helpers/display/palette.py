"""The course's colours, and the line style and marker that repeat what a colour says. One meaning each, everywhere.

Okabe and Ito's palette (2008), which people with any kind of colour vision tell apart. Of its two oranges we take the
darker (vermillion), since the lighter one cannot be read as text on white.
"""

from __future__ import annotations

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
NAMED: dict[str, Style] = {
    "single-task": SINGLE_TASK,
    "shared-bottom": METHOD,
    "shared-bottom, equal size": Style(TASKS[2].colour, (), "^"),
    "one head": Style(TASKS[1].colour, (), "s"),
    "two towers": METHOD,
    "one score": Style(TASKS[1].colour, (), "s"),
    "linear fusion": METHOD,
    "geometric fusion": Style(TASKS[2].colour, (3, 1.5), "^"),
    "like": TASKS[0],
    "love": TASKS[1],
    "dislike": TASKS[2],
    "same sign": METHOD,
    "same sign, no noise": SINGLE_TASK,
    "opposite sign": TASKS[1],
    "other mix": TASKS[2],
    "disjoint": TASKS[3],
    "unpaired": SINGLE_TASK,
    "paired": METHOD,
    "ten on top": METHOD,
    "best list": SINGLE_TASK,
    "random list": SINGLE_TASK,
    "one label": SINGLE_TASK,
    "several labels": METHOD,
    "no label": TASKS[3],
    "all rows": METHOD,
    "clicked rows only": TASKS[2],
    "from scratch": SINGLE_TASK,
    "clicks": SINGLE_TASK,
    "weighted CE": METHOD,
    "mended CE": TASKS[2],
    "equal weights": SINGLE_TASK,
    "tuned weights": METHOD,
    "UWL": TASKS[2],
    "GradNorm": TASKS[3],
    "α = 0": SINGLE_TASK,
    "α = 1.5": METHOD,
    "DCN": TASKS[2],
    "DeepFM": TASKS[3],
    "DIN": TASKS[3],
    "DIN, softmax": TASKS[2],
    "MMoE": METHOD,
    "fixed gates": Style(METHOD.colour, (5, 1.5), "s"),
    "one-gate MoE": Style(TASKS[1].colour, (3, 1.5), "s"),
    "one expert": Style(TASKS[0].colour, (1, 1.2), "v"),
    "PLE": TASKS[3],
    "masked shared-bottom": Style(TASKS[2].colour, (), "^"),
    "ESMM, not shared": Style(TASKS[1].colour, (3, 1.5), "s"),
    "ESMM": METHOD,
    "truth": SINGLE_TASK,
    "a line": Style(TASKS[1].colour, (3, 1.5), "s"),
    "a curve": METHOD,
    "P(like | click, x)": Style(TASKS[3].colour, (1, 1.2), "D"),
}


def styles(names: Iterable[str], named: dict[str, Style] | None = None) -> dict[str, Style]:
    """A style for each name: as `named` has it, else task A's, task B's … in the order of the names."""
    named = named or {}
    rest = [name for name in names if name not in named]
    return named | {name: TASKS[i % len(TASKS)] for i, name in enumerate(rest)}
