"""Questions to the reader before a result is shown: the question, the result, and the reason.

The texts of a chapter are in Markdown, in `helpers/chapters/chNN/predictions.md`, so that an author or a translator
edits no code:

    ## C4.P1

    **Set-up:** What one has to know to answer, in 45 words at most. The notebook says it above the question.

    Labels exactly opposed: what does sharing do?

    - [x] Both tasks gain.
    - [ ] Both tasks lose.

    **Why:** A sentence or two that explain the result, shown with it.

    **On the score card:** Why a common wrong guess is tempting.

    **Aloud:** What a teacher says before the vote, **While they argue:** and **Afterwards:**. **Right if:** 8 to 22,
    and **Range:** 0 to 100, outside of which a phone takes no number.

Where the reader guesses a number, `A number in R²` replaces the options; what it is the runs say, or the line itself
(`A number in s: 12`). Question and reason may name numbers of the result: {tuned:.2f}.

The result is drawn by a function in the chapter's `questions.py`, marked `@answers("C4.P1")`, from what the question
is asked about (runs, mostly). A notebook asks by the id alone (`helpers.course.ask`), so that no answer is above its
question. The result opens in the browser on commit or skip. The choice lives in the browser alone, where
the score card finds it: a prediction is shut again after Run All, in the committed notebook and in an exported page.
"""

import re
import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import anywidget
import numpy as np
import traitlets
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from helpers.display.model_ids import stable
from helpers.display.pictures import place_on, png
from helpers.display.scripts import joined
from helpers.support import validate

Number = float | Sequence[float]


class Prediction(anywidget.AnyWidget):
    """A question whose result stays shut until the reader commits a guess or skips."""

    _esm = joined(Path(__file__).with_name("prediction.js"))
    _css = Path(__file__).with_name("explorer.css")
    name = traitlets.Unicode().tag(sync=True)
    question = traitlets.Unicode().tag(sync=True)
    options = traitlets.List(traitlets.Unicode()).tag(sync=True)  # empty: the guess is a number
    answer = traitlets.Float().tag(sync=True)  # the index of the right option, or the number itself
    interval = traitlets.List(traitlets.Float()).tag(sync=True)  # of the number, low and high, if it has one
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
    """What a question's function draws, where that is more than a figure or a sentence.

    shown   a matplotlib figure or a sentence
    answer  the number that the reader guesses, where only the runs know it; or (mean, low, high), with its interval
    axis    "x" or "y", the axis of the figure's first panel that the guessed number is drawn on
    scale   what is on that axis ÷ what is guessed: 0.01 where the guess is a percentage and the axis has shares
    words   numbers that the question's texts name: {tuned:.2f} in a text is the value of `tuned`
    """

    def __init__(
        self, shown: Figure | str, answer: Number | None = None, *, axis: str = "", scale: float = 1.0, **words
    ):
        self.shown, self.answer, self.axis, self.scale, self.words = shown, answer, axis, scale, words


@dataclass(frozen=True)
class Question:
    """A question with its answer; called with what `draw` needs, it is the widget to show.

    id       such as C4.P1: chapter and number
    options  what the reader chooses from; without them the reader guesses a number
    answer   the index of the option that is right, or the number, where it does not depend on the runs
    unit     is shown after the field for a number
    why      a sentence or two that explain the result, shown with it
    tempts   why a common wrong guess is tempting, shown on the score card of the chapter
    draw     returns what stays shut: a matplotlib figure, a sentence or a `Result`
    """

    id: str
    text: str
    options: Sequence[str]
    answer: float | None
    unit: str
    why: str
    tempts: str
    draw: Callable[..., Figure | str | Result]

    @stable
    def __call__(self, *about) -> Prediction:
        drawn = self.draw(*about)
        result = drawn if isinstance(drawn, Result) else Result(drawn)
        given = np.atleast_1d(self.answer if result.answer is None else result.answer)
        answer, *ends = (validate.number("answer", number) for number in given)
        text, why = (words.format(**result.words) for words in (self.text, self.why))
        asked = {"name": self.id, "question": text, "options": list(self.options), "unit": self.unit}
        asked |= {"answer": answer, "interval": sorted(ends)}
        return Prediction(why=why, tempts=self.tempts, **asked, **_shut(result))


def answers(id: str) -> Callable[[Callable], Callable]:
    """Mark the function that draws the answer to the question `id`."""

    def mark(draw: Callable) -> Callable:
        draw.answers = id
        return draw

    return mark


SETUP = 45  # words; a slide and a phone have the question below it
OPTION = re.compile(r"^- \[( |x)\] (.+)$", re.MULTILINE)
NUMBER = re.compile(r"^A number in (.+?)(?:: ([\d.]+))?$", re.MULTILINE)
SAID = {"why": "**Why:** ", "tempts": "**On the score card:** "}
# What is said in class alone: above the question where the text around it is not, and by the teacher.
IN_CLASS = {"setup": "Set-up", "aloud": "Aloud", "argue": "While they argue", "after": "Afterwards"}
IN_CLASS |= {"right": "Right if", "range": "Range"}
IN_CLASS = {name: f"**{label}:** " for name, label in IN_CLASS.items()}


def read(path: Path, functions: Iterable[Callable]) -> dict[str, Question]:
    """The questions of a chapter by id, in the order of its `predictions.md`.

    functions   what its `questions.py` has; those marked by `answers` draw

    Raises ValueError that names the first question that is not in form, has no function, or no text.
    """
    draw = {function.answers: function for function in functions if hasattr(function, "answers")}
    texts = _texts(path)
    if odd := sorted(texts.keys() ^ draw.keys()):
        validate.fail(path.name, f"{odd[0]} without its text or its function", "both, under one id")
    return {id: Question(id=id, draw=draw[id], **_parts(text, f"{path.name}, {id}")) for id, text in texts.items()}


def in_class(path: Path) -> dict[str, dict]:
    """What the `predictions.md` of a chapter has for a class, by id: setup to range (IN_CLASS) or "", and the question
    itself, as a `Question` has it."""
    return {id: _labelled_parts(_paragraphs(text), IN_CLASS) | _parts(text, id) for id, text in _texts(path).items()}


def _texts(path: Path) -> dict[str, str]:
    """The Markdown of each question, by id."""
    written = validate.text(path, "the chapter's predictions (helpers/display/questions.py)")
    parts = re.split(r"^## ", written, flags=re.MULTILINE)[1:]
    return {id.strip(): text for id, _, text in (part.partition("\n") for part in parts)}


def _paragraphs(text: str) -> list[str]:
    return [" ".join(part.split()) for part in text.split("\n\n") if part.strip()]


def _labelled_parts(paragraphs: list[str], labels: dict[str, str]) -> dict[str, str]:
    said = {name: [part for part in paragraphs if part.startswith(label)] for name, label in labels.items()}
    return {name: parts[0].removeprefix(labels[name]) if parts else "" for name, parts in said.items()}


def _parts(text: str, place: str) -> dict:
    """What the Markdown of a question says to a reader."""
    paragraphs = _paragraphs(text)
    asked = next(part for part in paragraphs if not part.startswith(IN_CLASS["setup"]))
    parts = {
        "text": asked,
        "options": [option.strip() for _, option in OPTION.findall(text)],
        **_labelled_parts(paragraphs, SAID),
    }
    right = [number for number, (mark, _) in enumerate(OPTION.findall(text)) if mark == "x"]
    number = NUMBER.search(text)
    if bool(number) == bool(parts["options"]):
        validate.fail(place, "options and a number" if number else "neither options nor a number", "one of them")
    if number:
        return parts | {"unit": number[1], "answer": float(number[2]) if number[2] else None}
    if len(parts["options"]) < 2 or len(right) != 1:
        came = f"{len(parts['options'])} options, {len(right)} of them marked [x]"
        validate.fail(place, came, "two or more, one of them marked")
    return parts | {"unit": "", "answer": right[0]}


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
