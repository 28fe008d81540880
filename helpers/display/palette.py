"""The course's colours, and the line style and marker that repeat what a colour says. One meaning each, everywhere.

Blue and orange are tasks A and B, and labels of a log; a label has the same style in all chapters. Black is the method
of the chapter, grey its baseline. Other methods and settings are green, purple, black or grey.

Okabe and Ito's palette (2008), which people with any kind of colour vision tell apart. Of its two oranges we take the
darker (vermillion), since the lighter one cannot be read as text on white.
"""

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
# of words: 4.5 : 1 on white and on BAND
INK = {BLUE: "#006AA6", ORANGE: "#AD4B00", GREEN: "#00735C", PURPLE: "#A3487A", GREY: "#595959"}


@dataclass(frozen=True)
class Style:
    """How a series is drawn. `dash`: lengths on, off, … in units of the line's width, empty for a solid line.
    `marker`: o, s, ^, v or D, as matplotlib names them."""

    colour: str
    dash: tuple[float, ...] = ()
    marker: str = "o"

    @property
    def line(self) -> str | tuple:
        """The dash as matplotlib's `linestyle`."""
        return (0, self.dash) if self.dash else "-"


def ink(colour: str) -> str:
    """The colour for words, and for a field with white words on it, that belong to marks in `colour`."""
    return INK.get(colour, colour)


TASKS = (Style(BLUE), Style(ORANGE, (3, 1.5), "s"), Style(GREEN, (5, 1.5, 1, 1.5), "^"), Style(PURPLE, (1, 1.2), "D"))
SINGLE_TASK = Style(GREY, (1, 1), "D")
METHOD = Style(BLACK)
OTHERS = (*TASKS[2:], Style(BLACK, (5, 1.5), "s"), Style(GREY, (5, 1.5), "v"))  # than tasks

# Names that look the same in every figure; those that are not here take the styles of `OTHERS` in their order.
_LABELS: dict[Style, tuple[str, ...]] = {
    TASKS[0]: ("task A", "A", "A, noisy labels", "click", "clicks", "clicked", "the click", "income above 50,000"),
    TASKS[1]: ("task B", "B", "B, no noise", "like", "the like", "never married"),
    TASKS[2]: ("finish", "finishes", "finished", "dislike", "college"),
    TASKS[3]: ("favourite", "love"),
    Style(PURPLE, (3, 1.5), "v"): ("seconds", "watch time"),
    Style(GREY, (5, 1.5, 1, 1.5), "v"): ("comment",),
    Style(BLUE, (5, 1.5), "v"): ("by item's clicks", "by CTR"),  # a score that is the rate of a label
}
_METHODS: dict[Style, tuple[str, ...]] = {
    SINGLE_TASK: (  # what a method is compared with
        "single-task",
        "same sign, no noise",
        "unpaired",
        "best list",
        "random list",
        "one label",
        "from scratch",
        "equal weights",
        "α = 0",
        "equal",
        "truth",
        "naive",
        "separate models",
    ),
    METHOD: (  # the method of the chapter, and what is true or wanted
        "shared-bottom",
        "shared model",
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
        "cross-entropy",
        "report",
        "returns",
        "true satisfaction",
        "satisfaction",
    ),
    OTHERS[0]: (
        "counts",
        "other mix",
        "clicked rows only",
        "corrected CE",
        "UWL",
        "DCN",
        "DIN, softmax",
        "random",
        "read all, train own",
    ),
    OTHERS[1]: (
        "disjoint",
        "no label",
        "GradNorm",
        "DeepFM",
        "DIN",
        "PLE",
        "P(like | click, x)",
        "grid",
        "half trained by both",
        "A trains all, B its own",
    ),
    OTHERS[2]: ("fixed gates", "opposite sign", "ESMM, not shared"),
    OTHERS[3]: ("one expert", "narrow bottom", "by item", "numbers and CTR"),
    Style(GREEN, (), "^"): ("shared-bottom, equal size", "wide bottom", "masked shared-bottom"),
    Style(GREEN, (3, 1.5), "^"): ("geometric fusion", "CTR × CVR", "corrected CE, completion"),
    Style(GREEN, (1, 1.2), "s"): ("corrected CE, quantile",),
    Style(PURPLE, (5, 1.5), "s"): ("one head", "one score", "one-gate MoE", "a line", "by price", "regression"),
    Style(PURPLE, (5, 1.5), "v"): ("user + item biases", "by history"),
    Style(BLACK, (), "s"): ("gains", "loses", "hardly moves", "stays equal", "is undecided"),  # verdicts of a report
}
NAMED = {name: style for named in (_LABELS, _METHODS) for style, names in named.items() for name in names}


def styles(names: Iterable[str], own: dict[str, Style] | None = None) -> dict[str, Style]:
    """A style for each name: as `own` has it, else as in all figures, else the next of those that are left."""
    names = list(dict.fromkeys(names))
    known = {name: style for name, style in (NAMED | (own or {})).items() if name in names}
    left = [style for style in OTHERS if style not in known.values()]
    free = itertools.cycle(left or OTHERS)
    return {name: known[name] if name in known else next(free) for name in names}
