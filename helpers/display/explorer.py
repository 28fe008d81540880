"""The interactive figure: dials, one or two panels drawn from tidy tables, and a sentence that says what they show.

It is an explorable (`live`): all numbers go into the page once, `explorer.js` draws them, and its questions notice when
they are answered. The picture of the first settings, drawn by matplotlib from the same numbers, is shown where no
widget runs (GitHub, an untrusted notebook).
"""

import itertools
import math
import re
import textwrap
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import matplotlib.style
import numpy as np
from matplotlib.figure import Figure

from helpers.display.live.live import Live
from helpers.display.palette import GREY
from helpers.display.panels import Curves, Panel, Plane, Position, Ranking, Words, has_intervals, levels, rows_at
from helpers.display.pictures import sentence
from helpers.support import validate

COMBINATIONS = 5_000

KINDS = {"curves": Curves, "plane": Plane, "ranking": Ranking}

__all__ = ["Curves", "Explorer", "Plane", "Question", "Ranking"]


@dataclass(frozen=True)
class Question:
    """What the reader is asked, and what is said when it is answered. Its number, with a short name, sets the stage.

    moves   {control: what to do}: the dials that are shown, in the order in which they are to be moved; the words stand
            at a handle on the curves, if the control has one
    seen    settings {control: option}: it is answered when the reader has been at all of them
    at      {control: option} where the stage begins, if not where the explorer does; not of the dials that are shown
    pale    {control with buttons: option}: what stays beside it, to compare with
    """

    name: str
    ask: str
    moves: dict[str, str]
    seen: list[Position]
    answer: str
    at: Position = field(default_factory=dict)
    pale: Position = field(default_factory=dict)


class Explorer(Live):
    """The interactive figure.

        Explorer(
            "sharing",
            controls={"shared": "shared features", "width": "width of the bottom", "weight": "weight of task A"},
            panels=[Curves(table, x="weight", series="task", ...), Plane(table, x="A", y="B", path="weight", ...)],
            sentence=lambda settings, curves, plane: f"Task A gains {curves['mean']['A']:+.3f} …",
            questions=[Question("Light", "Who pays?", {"weight": "Drag the weight"}, [{"weight": 0.1}], "A does.")],
            start={"shared": 0, "width": 8, "weight": 0.5},
            buttons={"width"},
            intervals="95% intervals over 20 paired seeds",
        )

    name       of the explorable
    controls   {column: label}; the options are the values in the tables, sorted (a categorical's in its own order)
    panels     one or two
    sentence   a function of the settings {column: option} and, for each panel, of the rows of its table at these, with
               the series as their index; called once for every combination. A hyphen before a number becomes a minus
    start      the first picture's settings; a control that is not named starts at its first option
    buttons    controls that are rows of buttons; the others are sliders
    intervals  what the bands and whiskers are; needed if there are any

    Raises ValueError for a table that lacks columns or combinations, has NaN or repeated rows, or exceeds 300 kB.
    """

    def __init__(
        self,
        name: str,
        controls: dict[str, str],
        panels: list[Panel],
        sentence: Callable[..., str],
        *,
        questions: Sequence[Question] = (),
        start: Position | None = None,
        buttons: Collection[str] = (),
        intervals: str = "",
    ):
        self.options, start = _options(controls, panels), start or {}
        for named in buttons:
            validate.choice("buttons", named, controls)
        _options_of("start", start, self.options)
        start = {key: options[0] for key, options in self.options.items()} | start

        def state(position: Position) -> dict:
            """A position as the browser has it: the label of a button, the number of a slider's option."""
            return {key: _label(at) if key in buttons else self.options[key].index(at) for key, at in position.items()}

        drawing = _drawing(controls, self.options, panels, sentence, intervals)
        for control in drawing["controls"]:
            control["buttons"] = control["key"] in buttons
        asked = []
        for question in questions:
            _options_of("question.moves", dict.fromkeys(question.moves), self.options)
            for position in (question.at, question.pale, *question.seen):
                _options_of("question", position, self.options)
            seen, answer = [state(position) for position in question.seen], _with_minus(question.answer)
            asked.append(
                {"name": question.name, "ask": question.ask, "moves": question.moves, "seen": seen, "answer": answer}
                | {"set": state(question.at), "pale": state(question.pale) or None, "show": []}
            )
        at = [options.index(start[key]) for key, options in self.options.items()]
        title = f"Interactive figure: {', '.join(controls.values())}"
        super().__init__(
            Path(__file__).with_suffix(".js"),
            title,
            state(start),
            _picture(drawing, at),
            _in_short(drawing, at),
            data=drawing | {"questions": asked},
            name=name,
        )


def _options_of(argument: str, position: Position, options: dict[str, list]):
    """Check that a position names controls, and options that they have (or none)."""
    for name, option in position.items():
        validate.choice(argument, name, options)
        if option is not None:
            validate.choice(f"{argument}[{name!r}]", option, options[name])


def _label(option) -> str:
    number = isinstance(option, int | float) and not isinstance(option, bool)
    return f"{option:g}".replace("-", "−") if number else str(option)


def _options(controls: dict[str, str], panels: list[Panel]) -> dict[str, list]:
    """The options of each control: the values of its column, which must be the same in every table that has it."""
    if not controls:
        validate.fail("controls", "none", "at least one column with its label")
    if not 1 <= len(panels) <= 2:
        validate.fail("panels", f"{len(panels)} panels", "one or two")
    options: dict[str, list] = {}
    for name, panel in itertools.product(controls, panels):
        if name in validate.columns("table", panel.table, []).columns:
            values = levels(panel.table[name])
            if options.setdefault(name, values) != values:
                validate.fail(f"table[{name!r}]", f"the values {values}", f"{options[name]}, as in the other panel")
    for name in controls:
        if name not in options:
            validate.fail("controls", f"{name!r}, a column of no panel's table", "columns of the tables")
    return {name: options[name] for name in controls}


def _drawing(controls: dict[str, str], options: dict[str, list], panels: list[Panel], sentence, intervals: str) -> dict:
    """All that explorer.js draws, as plain lists and strings."""
    if any(map(has_intervals, panels)) != bool(intervals):
        validate.fail("intervals", repr(intervals), "what the bands are, if a panel has low and high, and only then")
    names = list(options)
    combinations = math.prod(len(values) for values in options.values())
    validate.number("combinations of the controls' options", combinations, 1, COMBINATIONS)
    every = [dict(zip(names, chosen, strict=True)) for chosen in itertools.product(*options.values())]
    drawn, rows = [], [rows_at(panel, names) for panel in panels]
    for panel in panels:
        frame = [i for i, name in enumerate(names) if name in panel.table.columns and name != panel.along]
        cursor = names.index(panel.along) if panel.along in names else -1
        drawn.append(
            panel.drawing(names) | {"frame": frame, "cursor": cursor, "titles": _spoken("title", panel.title, every)}
        )
    return {
        "controls": [
            {"key": name, "label": controls[name], "options": [_label(option) for option in options[name]]}
            for name in names
        ],
        "panels": drawn,
        "sentences": _spoken("sentence", lambda settings: sentence(settings, *(at(settings) for at in rows)), every),
        "note": f"Bands and whiskers: {intervals}." if intervals else "",
    }


def _spoken(argument: str, words: Words, every: list[Position]) -> dict:
    """Words for every combination of the options: the different texts, and which of them each combination has."""
    sentences = [words if isinstance(words, str) else words(dict(settings)) for settings in every]
    for text in sentences:
        if not isinstance(text, str):
            validate.fail(
                argument, f"{type(text).__name__} from the function", "a string for every combination", TypeError
            )
    sentences = [_with_minus(text) for text in sentences]
    place = {text: i for i, text in enumerate(dict.fromkeys(sentences))}
    return {"texts": list(place), "of": [place[text] for text in sentences]}


def _in_short(drawing: dict, at: list[int]) -> str:
    """The settings with the indices `at`, and what the explorer says at them."""
    controls = [f"{c['label']} {c['options'][i]}" for c, i in zip(drawing["controls"], at, strict=True)]
    place = np.ravel_multi_index(at, [len(control["options"]) for control in drawing["controls"]])
    sentences = [panel["titles"] for panel in drawing["panels"]] + [drawing["sentences"]]
    sentences = [sentence(words["texts"][words["of"][place]]) for words in sentences]
    return f"{' '.join(sentences)} Drawn at: {_with_minus(', '.join(controls))}."


def _with_minus(words: str) -> str:
    """Words in which hyphens before numbers are minus signs."""
    return re.sub(r"(?<!\w)-(?=\d)", "−", words)


def _picture(drawing: dict, at: list[int]) -> Figure:
    """The picture at the options with the indices `at`."""
    counts = [len(control["options"]) for control in drawing["controls"]]

    def place(controls: Sequence[int]) -> int:
        """The number of the options in use among all combinations of these controls."""
        chosen, several = [at[i] for i in controls], [counts[i] for i in controls]
        return int(np.ravel_multi_index(chosen, several)) if chosen else 0

    panels = drawing["panels"]
    style = {"font.size": 11, "axes.spines.top": False, "axes.spines.right": False, "axes.titleweight": "bold"}
    with matplotlib.style.context(["default", style]):
        figure = Figure(figsize=(9, 4.2), dpi=90, layout="constrained")
        ratios = [1.3 if panel["kind"] == "curves" else 1 for panel in panels]
        for panel, axes in zip(
            panels, figure.subplots(1, len(panels), squeeze=False, width_ratios=ratios)[0], strict=True
        ):
            title = panel["titles"]["texts"][panel["titles"]["of"][place(range(len(counts)))]]
            axes.set_title(textwrap.fill(title, 38 if len(panels) == 2 else 80), loc="left")
            for which in "xy":
                if which not in panel:
                    continue
                axis = panel[which]
                ticks, words = zip(*axis["ticks"], strict=True)
                limits, label = {f"{which}lim": axis["limits"]}, {f"{which}label": axis["label"]}
                scale = {f"{which}scale": "log" if axis.get("log") else "linear"}
                axes.set(**scale, **limits, **label, **{f"{which}ticks": ticks, f"{which}ticklabels": words})
                if axis["level"] is not None:
                    axes.axhline(axis["level"], color=GREY, lw=1)
            KINDS[panel["kind"]].paint(
                axes, panel, place(panel["frame"]), at[panel["cursor"]] if panel["cursor"] >= 0 else -1
            )
        settings = ", ".join(f"{c['label']} {c['options'][i]}" for c, i in zip(drawing["controls"], at, strict=True))
        figure.supxlabel(textwrap.fill(f"{settings}. {drawing['note']}", 110), fontsize=10, color=GREY)
    return figure
