"""The interactive figure: controls, one or two panels drawn from tidy tables, and a sentence that says what they show.

All numbers go into the widget once, and `explorer.js` draws them and listens to the controls in the browser. So it
answers without a kernel: in a notebook that was only opened, in an exported page, in slides. The picture of the first
settings, drawn by matplotlib from the same numbers, is shown where no widget runs (GitHub, an untrusted notebook).
"""

import asyncio
import contextlib
import html
import io
import itertools
import json
import math
import numbers
import re
import textwrap
from collections.abc import Callable, Collection, Iterator, Sequence
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

Values = dict[str, float | tuple[float, float, float]]
Train = Callable[[Position], Iterator[tuple[float, Values | None] | tuple[float, Values | None, str]]]

KINDS = {"curves": Curves, "plane": Plane, "ranking": Ranking}

__all__ = ["Curves", "Explorer", "Plane", "Ranking", "TrainNow"]


class Explorer(widgets.VBox):
    """The interactive figure.

        Explorer(
            controls={"shared": "shared features", "width": "width of the bottom", "weight": "weight of task A"},
            panels=[Curves(table, x="weight", series="task", ...), Plane(table, x="A", y="B", path="weight", ...)],
            sentence=lambda settings, curves, plane: f"Task A gains {curves['mean']['A']:+.3f} …",
            start={"shared": 0, "width": 8, "weight": 0.5},
            dropdown={"width"},
            intervals="95% intervals over 20 paired seeds",
            train=train_one,
        )

    controls   {column: label}; the options are the values in the tables, sorted (a categorical's in its own order)
    panels     one or two
    sentence   a function of the settings {column: option} and, for each panel, of the rows of its table at these, with
               the series as their index; called once for every combination. A hyphen before a number becomes a minus
    start      the first picture's settings; a control that is not named starts at its first option
    dropdown   controls that are dropdowns; the others are sliders
    intervals  what the bands and whiskers are; needed if there are any
    train      a generator function that trains one run in small steps; adds *Train it now*. `train(settings)` yields
               (progress, values) or (progress, values, part): progress in [0, 1], values = {series: value or (value,
               low, high)} or None so far, part = what these are of, such as "1 of 8 seeds" (else progress in percent)
    verb       what `train` does, for the button and its message

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
        train: Train | None = None,
        verb: str = "Train",
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
        if train:
            self.children += (TrainNow(self, train, verb),)

    @property
    def settings(self) -> Position:
        """The option that each control has now."""
        return {name: self.options[name][control.index] for name, control in self.controls.items()}

    def show_run(self, settings: Position, values: Values, number: int | None = None, part: str = "") -> int:
        """Draw a run of the reader's own as a star at its settings; returns its number, by which a later call moves it.

        `values` as `train` yields them; with `part`, such as "1 of 8 seeds", the star is hollow. Raises ValueError for
        an unknown option or series, or a NaN.
        """
        at = []
        for name, options in self.options.items():
            at.append(options.index(validate.choice(name, settings.get(name), options)))
        known = list(dict.fromkeys(name for panel in self.figure.drawing["panels"] for name in panel["shown"]))
        run = {"at": at, "values": {}, "part": part}
        for series, value in values.items():
            validate.choice("series of a run", series, known)
            run["values"][series] = _parts(series, value)
        number = len(self.figure.runs) if number is None else number
        self.figure.runs = [*self.figure.runs[:number], run, *self.figure.runs[number + 1 :]]
        return number

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
    runs = traitlets.List().tag(sync=True)


class TrainNow(widgets.HBox):
    """A button that trains one run at the explorer's settings and draws it. An `Explorer` with `train` has one.

    Between two steps the kernel answers: the bar moves, Stop stops, sliders are read. What went wrong is said as text.
    """

    def __init__(self, explorer: Explorer, train: Train, verb: str):
        self.explorer, self.train = explorer, train
        self.task: asyncio.Task | None = None
        self.stopping = False
        self.button = widgets.Button(description=f"{verb} it now", layout={"width": "auto"})
        self.stop = widgets.Button(description="Stop", disabled=True, layout={"width": "auto"})
        self.bar = widgets.FloatProgress(min=0, max=1, layout={"display": "none"})
        self.message = widgets.HTML(f"{verb}s at these settings, here and now, and draws the result as a star.")
        self.button.on_click(self._start)
        self.stop.on_click(self._stop)
        super().__init__([self.button, self.stop, self.bar, self.message])
        self.add_class("mtl-train")

    def _start(self, _button):
        if self.task is None or self.task.done():
            self.task = asyncio.get_running_loop().create_task(self.run())

    def _stop(self, _button):
        self.stopping = True

    async def run(self):
        """Train to the end, to Stop or to an error; the message says which. What was drawn until then stays."""
        settings = self.explorer.settings
        at = ", ".join(f"{control.description} {control.label}" for control in self.explorer.controls.values())
        self._say(f"At work: {at} …")
        self.stopping, self.button.disabled, self.stop.disabled = False, True, False
        self.bar.value, self.bar.layout.display = 0, None
        number, latest, part, result = None, None, "0%", "no result yet"
        try:
            with contextlib.closing(self._steps(settings)) as steps:
                for progress, values, of in steps:
                    self.bar.value = progress
                    if values:
                        latest, part = values, of or f"{progress:.0%}"
                        number = self.explorer.show_run(settings, latest, number, part)
                        drawn = self.explorer.figure.drawing["panels"]
                        signed = any(panel["y"]["zero"] for panel in drawn if "y" in panel)
                        result = ", ".join(f"{series} {_in_words(value, signed)}" for series, value in latest.items())
                    elif latest is None:
                        part = f"{progress:.0%}"
                    await asyncio.sleep(0)  # here the kernel reads its messages
                    if self.stopping and progress < 1:
                        self._say(f"Stopped at {part}: {result}.")
                        return
            if latest:
                self.explorer.show_run(settings, latest, number)
                self._say(f"Your run at {at}: {result}.")
            else:
                self._say("It ended without a result.")
        except KeyboardInterrupt:  # the kernel's own stop button
            self._say(f"Stopped by hand at {part}: {result}.")
        except (Exception, SystemExit) as error:
            what = f"{type(error).__name__}: {error}" if str(error) else f"{type(error).__name__}."
            self._say(f"It ended with an error. {what}")
        finally:
            self.button.disabled, self.stop.disabled, self.bar.layout.display = False, True, "none"

    def _steps(self, settings: Position) -> Iterator[tuple[float, Values | None, str]]:
        """The steps of `train`, checked; without a part they have an empty one."""
        steps = self.train(settings)
        if not isinstance(steps, Iterator):
            validate.fail("train", type(steps).__name__, "a generator that yields (progress, values)", TypeError)
        for step in steps:
            if not isinstance(step, tuple) or len(step) not in (2, 3):
                validate.fail("train", repr(step)[:60], "(progress, values) or (progress, values, part)", TypeError)
            yield (validate.number("progress", step[0], 0, 1), *step[1:], "")[:3]

    def _say(self, text: str):
        self.message.value = html.escape(text)


def _parts(series: str, value) -> list[float]:
    """Value, low and high of a run, from `value` or `(value, low, high)`."""
    parts = value if isinstance(value, tuple) else (value, value, value)
    for part in parts:
        if len(parts) != 3 or not isinstance(part, numbers.Real):
            validate.fail(f"value of {series!r}", repr(value)[:60], "a number, or (value, low, high)", TypeError)
    return [float(part) for part in validate.finite(f"value of {series!r}", parts)]


def _in_words(value: float | tuple[float, float, float], signed: bool) -> str:
    parts = [f"{part:{'+' if signed else ''}.3f}" for part in (value if isinstance(value, tuple) else (value,))]
    return (parts[0] + (f" [{parts[1]}, {parts[2]}]" if parts[1:] else "")).replace("-", "−")


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
