"""The interactive figure: controls, one or two panels drawn from tidy tables, and a sentence that says what they show.

All numbers go into the widget once, and `explorer.js` draws them and listens to the controls in the browser. So it
answers without a kernel: in a notebook that was only opened, in an exported page, in slides. The picture of the first
settings, drawn by matplotlib from the same numbers, is shown where no widget runs (GitHub, an untrusted notebook).
"""

import io
import itertools
import json
import math
import re
import textwrap
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import anywidget
import ipywidgets as widgets
import matplotlib.style
import numpy as np
import traitlets
from matplotlib.figure import Figure

from helpers.display.model_ids import stable
from helpers.display.palette import GREY
from helpers.display.panels import Curves, Panel, Plane, Position, Ranking, Words, has_intervals, levels, rows_at
from helpers.display.pictures import image, in_few_colours, readable, sentence
from helpers.display.scripts import joined
from helpers.support import validate

STATE_BYTES = 300_000  # several explorers fit into a notebook of 1.5 MB
COMBINATIONS = 5_000

KINDS = {"curves": Curves, "plane": Plane, "ranking": Ranking}

__all__ = ["Curves", "Explorer", "Plane", "Ranking"]


class Explorer(widgets.VBox):
    """The interactive figure.

        Explorer(
            controls={"shared": "shared features", "width": "width of the bottom", "weight": "weight of task A"},
            panels=[Curves(table, x="weight", series="task", ...), Plane(table, x="A", y="B", path="weight", ...)],
            sentence=lambda settings, curves, plane: f"Task A gains {curves['mean']['A']:+.3f} …",
            start={"shared": 0, "width": 8, "weight": 0.5},
            dropdown={"width"},
            intervals="95% intervals over 20 paired seeds",
        )

    controls   {column: label}; the options are the values in the tables, sorted (a categorical's in its own order)
    panels     one or two
    sentence   a function of the settings {column: option} and, for each panel, of the rows of its table at these, with
               the series as their index; called once for every combination. A hyphen before a number becomes a minus
    start      the first picture's settings; a control that is not named starts at its first option
    dropdown   controls that are dropdowns; the others are sliders
    intervals  what the bands and whiskers are; needed if there are any

    Raises ValueError for a table that lacks columns or combinations, has NaN or repeated rows, or exceeds 300 kB.
    """

    @stable
    def __init__(
        self,
        controls: dict[str, str],
        panels: list[Panel],
        sentence: Callable[..., str],
        *,
        start: Position | None = None,
        dropdown: Collection[str] = (),
        intervals: str = "",
    ):
        start = start or {}
        self.options = _options(controls, panels)
        for argument, named in (("start", start), ("dropdown", dropdown)):
            for name in named:
                validate.choice(argument, name, controls)
        self.controls: dict[str, widgets.Widget] = {}
        for name, options in self.options.items():
            first = validate.choice(f"start[{name!r}]", start.get(name, options[0]), options)
            kind = widgets.Dropdown if name in dropdown else widgets.SelectionSlider
            named = [(_label(option), option) for option in options]
            self.controls[name] = kind(options=named, index=options.index(first), description=controls[name])
        drawing = _drawing(controls, self.options, panels, sentence, intervals)
        start = [control.index for control in self.controls.values()]
        self._png, self._words = _png(drawing, start), _in_short(drawing, start)
        row = widgets.HBox(list(self.controls.values()))
        row.add_class("mtl-controls")
        self.figure = _Figure(drawing=drawing, controls=list(self.controls.values()))
        super().__init__([row, self.figure])
        self.add_class("mtl-card")

    @property
    def settings(self) -> Position:
        """The option that each control has now."""
        return {name: self.options[name][control.index] for name, control in self.controls.items()}

    def _repr_mimebundle_(self, **kwargs) -> dict:
        labels = ", ".join(control.description for control in self.controls.values())
        text = f"Interactive figure with the controls: {labels}. Run this cell, or trust the notebook, to move them."
        still = {"image/png": self._png, "text/html": image(self._png, self._words)}
        return super()._repr_mimebundle_(**kwargs) | {"text/plain": text} | still


class _Figure(anywidget.AnyWidget):
    """The part of the explorer that explorer.js draws."""

    _esm = joined(Path(__file__).with_name("explorer.js"))
    _css = Path(__file__).with_name("explorer.css")
    # As one string: a notebook file gives each number of a list a line of its own.
    drawing = traitlets.Dict().tag(
        sync=True,
        to_json=lambda value, _: json.dumps(value, ensure_ascii=False, separators=(",", ":")),
        from_json=lambda text, _: json.loads(text),
    )
    controls = traitlets.List().tag(sync=True, **widgets.widget_serialization)


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
    drawing = {
        "controls": [
            {"label": controls[name], "options": [_label(option) for option in options[name]]} for name in names
        ],
        "panels": drawn,
        "sentences": _spoken("sentence", lambda settings: sentence(settings, *(at(settings) for at in rows)), every),
        "note": f"Bands and whiskers: {intervals}." if intervals else "",
    }
    size = len(json.dumps(drawing))
    if size > STATE_BYTES:
        limit = f"at most {STATE_BYTES // 1000} kB: fewer options or points"
        validate.fail("table", f"{size // 1000} kB for the browser", limit)
    return drawing


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


def _png(drawing: dict, at: list[int]) -> str:
    """The picture at the options with the indices `at`, as base64."""
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
            for which, zero_line in (("x", axes.axvline), ("y", axes.axhline)):
                if which not in panel:
                    continue
                axis = panel[which]
                ticks, words = zip(*axis["ticks"], strict=True)
                limits, label = {f"{which}lim": axis["limits"]}, {f"{which}label": axis["label"]}
                scale = {f"{which}scale": "log" if axis.get("log") else "linear"}
                axes.set(**scale, **limits, **label, **{f"{which}ticks": ticks, f"{which}ticklabels": words})
                if axis["zero"]:
                    zero_line(0, color=GREY, lw=1)
            KINDS[panel["kind"]].paint(
                axes, panel, place(panel["frame"]), at[panel["cursor"]] if panel["cursor"] >= 0 else -1
            )
        settings = ", ".join(f"{c['label']} {c['options'][i]}" for c, i in zip(drawing["controls"], at, strict=True))
        figure.supxlabel(textwrap.fill(f"{settings}. {drawing['note']}", 110), fontsize=10, color=GREY)
        readable(figure)
        data = io.BytesIO()
        figure.savefig(data, format="png", metadata={"Software": None})
    return in_few_colours(data.getvalue())
