"""Questions to the reader before a result is shown: the question, the result, and the reason.

A question is a function of what it asks about (runs, mostly) that draws the result. It is written in
`helpers/chapters/chNN/questions.py` and asked in the notebook by its id alone (`helpers.course.ask`), so that no answer
is above its question. The result opens in the browser on commit or skip. The choice lives in the browser alone, where
the score card finds it: a prediction is shut again after Run All, in the committed notebook and in an exported page.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import anywidget
import traitlets
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from helpers.display.model_ids import stable
from helpers.display.pictures import place_on, png
from helpers.display.scripts import joined
from helpers.support import validate


class Prediction(anywidget.AnyWidget):
    """A question whose result stays shut until the reader commits a guess or skips."""

    _esm = joined(Path(__file__).with_name("prediction.js"))
    _css = Path(__file__).with_name("explorer.css")
    name = traitlets.Unicode().tag(sync=True)
    question = traitlets.Unicode().tag(sync=True)
    options = traitlets.List(traitlets.Unicode()).tag(sync=True)  # empty: the guess is a number
    answer = traitlets.Float().tag(sync=True)  # the index of the right option, or the number itself
    unit = traitlets.Unicode().tag(sync=True)
    picture = traitlets.Unicode().tag(sync=True)  # a PNG as base64, or ""
    place = traitlets.Dict().tag(sync=True)  # where a guessed number lies on it, as `place_on` says, or {}
    text = traitlets.Unicode().tag(sync=True)
    why = traitlets.Unicode().tag(sync=True)
    tempts = traitlets.Unicode().tag(sync=True)

    def _repr_mimebundle_(self, **kwargs) -> tuple[dict, dict]:
        data, metadata = super()._repr_mimebundle_(**kwargs)
        lines = [f"Prediction {self.name}. {self.question}", *(f"  ( ) {option}" for option in self.options)]
        lines.append("To answer and see the result, run this cell or trust the notebook (jupyter trust).")
        plain = "\n".join(textwrap.fill(line, 100, subsequent_indent="  ") for line in lines)
        return data | {"text/plain": plain}, metadata


class Result:
    """What a question's function found, where that is more than a figure or a sentence.

    shown   a matplotlib figure or a sentence
    answer  the number that the reader guesses, where only the runs know it
    axis    "x" or "y", the axis of the figure's first panel that the guessed number is drawn on
    scale   what is on that axis ÷ what is guessed: 0.01 where the guess is a percentage and the axis has shares
    words   numbers that the question's texts name: {tuned:.2f} in a text is the value of `tuned`
    """

    def __init__(
        self, shown: Figure | str, answer: float | None = None, *, axis: str = "", scale: float = 1.0, **words
    ):
        self.shown, self.answer, self.axis, self.scale, self.words = shown, answer, axis, scale, words


@dataclass(frozen=True)
class Question:
    """A question with its answer, made by `question`; called with what `found` needs, it is the widget to show."""

    id: str
    text: str
    options: Sequence[str]
    answer: float | None
    unit: str
    why: str
    tempts: str
    found: Callable[..., Figure | str | Result]

    @stable
    def __call__(self, *about) -> Prediction:
        found = self.found(*about)
        result = found if isinstance(found, Result) else Result(found)
        answer = validate.number("answer", self.answer if result.answer is None else result.answer)
        text, why = (words.format(**result.words) for words in (self.text, self.why))
        told = {"name": self.id, "options": list(self.options), "answer": answer, "unit": self.unit}
        return Prediction(question=text, why=why, tempts=self.tempts, **told, **_shut(result))


def question(
    id: str,
    text: str,
    *,
    options: Sequence[str] = (),
    answer: float | None = None,
    unit: str = "",
    why: str = "",
    tempts: str = "",
) -> Callable[[Callable], Question]:
    """Make a `Question` of a function that returns what stays shut: a matplotlib figure, a sentence or a `Result`.

    id       such as C4.P1: chapter and number
    options  what the reader chooses from; without them the reader guesses a number
    answer   the index of the option that is right, or the number
    unit     is shown after the field for a number
    why      a sentence or two that explain the result, shown with it
    tempts   why a common wrong guess is tempting, shown on the score card of the chapter
    """
    if options:
        if len(options) < 2:
            validate.fail("options", f"{len(options)} options", "at least two")
        validate.number("answer", answer, 0, len(options) - 1, whole=True)
    return lambda found: Question(id, text, options, answer, unit, why, tempts, found)


def _shut(result: Result) -> dict[str, str | dict]:
    shown = result.shown
    if isinstance(shown, str):
        return {"text": shown}
    if not isinstance(shown, Figure):
        validate.fail("result", type(shown).__name__, "a matplotlib figure or a string", TypeError)
    place = place_on(shown, result.axis, result.scale) if result.axis else {}
    picture = png(shown)
    plt.close(shown)  # otherwise the cell would show it
    return {"picture": picture, "place": place}
