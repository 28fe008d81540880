"""Exercises: what the reader writes, and what answers at once.

An `Exercise` checks an answer: it says what is wrong and gives a first and a second hint, never the answer. The
exercises are in `helpers/chapters/chNN/exercises.py`; what they ask of an answer is in `answers`.
"""

import html
import inspect
import os
import re
import sysconfig
import traceback
from collections import Counter
from collections.abc import Callable, Iterable
from copy import copy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from tqdm.auto import tqdm

from helpers.display.answers import Wrong, close, described, read, slopes
from helpers.display.mistakes import Mistake, table
from helpers.display.pictures import describe, image, png
from helpers.support import environment


class Folded:
    """A table, a figure or words, shut until the reader opens them: what a worked solution finds, or what would answer
    a prediction above it.

    summary  what is written on the fold
    """

    def __init__(self, found, summary: str = "What it finds"):
        self.found, self.summary = found, summary
        if isinstance(found, Figure):
            plt.close(found)  # otherwise the cell would show it

    def __repr__(self) -> str:
        found = describe(self.found) if isinstance(self.found, Figure) else self.found
        return f"{self.summary}:\n{found}"

    def _repr_html_(self) -> str:
        return f"<details><summary>{html.escape(self.summary)}</summary>{self._shown()}</details>"

    def _shown(self) -> str:
        if isinstance(self.found, Figure):
            return image(png(self.found), describe(self.found))
        return getattr(self.found, "_repr_html_", lambda: f"<pre>{html.escape(str(self.found))}</pre>")()


class Untouched(Exception):
    """The exercise was not begun: its function gives None, `...` or NotImplemented."""


def begun(value):
    """Return what the reader's function gave; raise `Untouched` if that is nothing yet."""
    if value is None or value is ... or value is NotImplemented:
        raise Untouched(value)
    return value


@dataclass(eq=False)
class Exercise:
    """One exercise, called with the reader's function or class: prints one short judgement, stops nothing.

        double = Exercise(
            "twice the number.",
            "`answer(x)`: a number becomes its double.",
            lambda x: 2 * x,
            cases=lambda: [(3.0,), (0.5,)],
            mistakes={
                lambda x: x**2: '''the number is squared.
                    Hint: a first hint.
                    Hint: a second hint.''',
                otherwise(lambda x: x): '''the double of {0:g} is {right:g}, yours is {yours:g}.
                    Hint: …
                    Hint: …''',
            },
        )

    correct   what is said to a right answer, and below it what `note(seen)` returns, if anything
    asks      what the answer is to do
    right     a right answer; `also` has others, written in other ways
    cases     makes the inputs on which an answer must be as the right one, in the eyes of `same`; none where `mistakes`
              say all. `read(given, right)` brings a result into the form of the right one, or gives None
    mistakes  {who makes it: what is said}, in the order in which they are looked for; `mistakes.py` has the kinds
    look      makes of the answer what `when` and `note` see
    fields    makes of a result and its case what else the words name

    The same mistake made again adds the second hint. If the first call of `answer` gives nothing, the exercise was not
    begun. Torch's generator is seeded for the check, so equal answers are judged in equal words. Of a worked solution
    (`solution_…`) it says only that it passes: after Run All its output is open. Where nbgrader runs the notebook, it
    raises AssertionError for what is not correct: nbgrader gives the points of each cell that ends without an error.
    """

    correct: str
    asks: str
    right: Callable
    mistakes: dict | list[Mistake]
    cases: Callable[[], Iterable[tuple]] = tuple
    also: Iterable[Callable] = ()
    read: Callable = read
    same: Callable[..., bool] = close
    look: Callable = lambda answer: answer
    note: Callable = lambda seen: ""
    fields: Callable[..., dict] = lambda yours, *case: {}

    def __post_init__(self):
        self.__doc__, self.mistakes = self.asks, table(self.mistakes)
        self.made: Counter[tuple[str, ...]] = Counter()

    def __call__(self, answer: Callable):
        judgement = self.judge(answer)
        worked = getattr(answer, "__name__", "").lower().startswith("solution")
        correct = judgement.startswith("Correct")
        if not correct and "NBGRADER_EXECUTION" in os.environ:
            raise AssertionError(judgement)
        print(SOLVED if worked and correct else judgement)

    def afresh(self) -> "Exercise":
        """The same exercise, with no mistake remembered."""
        exercise = copy(self)
        exercise.made = Counter()
        return exercise

    def judge(self, answer: Callable) -> str:
        """The judgement in words: *Not yet*, *Not right yet* with what is wrong and hints, or *Correct*."""
        if not callable(answer) or isinstance(answer, torch.nn.Module):
            return "Not yet: pass the check the function or class itself, without brackets after its name."
        environment.threads()
        try:
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(0)
                note = self.check(_on_copies(answer))
        except Wrong as wrong:
            mistake = tuple(wrong.hints)
            self.made[mistake] += 1
            hints = [f"Hint {number}: {hint}" for number, hint in enumerate(mistake, 1)][: self.made[mistake]]
            return "\n".join([f"Not right yet: {wrong.what}", *hints])
        except Untouched as nothing:
            if nothing.args == (None,) and not _empty(answer):
                return "Not yet: your code returns nothing (None); end it with `return` and what it found."
            return NOT_YET
        except (Exception, SystemExit, GeneratorExit) as error:
            theirs = _own_frames(error)
            last = traceback.extract_tb(error.__traceback__)[-1]
            if isinstance(error, NotImplementedError) and last in theirs and re.search(r"\braise\b", last.line):
                return NOT_YET  # the reader's own; torch raises it, too: for a missing `forward`, for `&` on floats
            if "ellipsis" in str(error):
                return "Not yet: replace each `...` in the cell above, run it, then run this check again."
            return _error_sentence(error, theirs)
        return "\n".join([f"Correct: {self.correct}", *([note] if note else [])])

    def check(self, answer: Callable) -> str:
        """Raise `Wrong` at the first mistake of an answer; return what is said besides `correct`."""
        cases = [*self.cases()]
        for case in cases:
            yours, right = self._both(answer, case)
            if not self.same(yours, right):
                raise self._named(yours, right, case)
        seen = nothing = object()
        for mistake in self.mistakes:
            if mistake.kind == "when":
                seen = self.look(answer) if seen is nothing else seen
                if found := mistake.when(seen):
                    raise mistake.wrong(**(found if isinstance(found, dict) else {}))
            for case in mistake.cases or cases[: mistake.kind == "cut"]:
                self._later(mistake, answer, case)
        return self.note(self.look(answer) if seen is nothing else seen)

    def _both(self, answer: Callable, case: tuple) -> tuple:
        """The answer's result, in the form of the right one, and the right one."""
        given, right = answer(*case), self.right(*case)
        yours = self.read(given, right)
        if yours is None:
            came, wanted = described(given), described(right)
            raise self._kind("form").wrong(*case, came=came, given=given, wanted=wanted, right=right)
        return yours, right

    def _named(self, yours, right, case: tuple) -> Wrong:
        """What is said of a wrong result."""
        fields = {"yours": yours, "right": right} | self.fields(yours, *case)
        for mistake in self.mistakes:
            if mistake.result and (found := mistake.result(yours, *case)):
                return mistake.wrong(*case, **fields, **(found if isinstance(found, dict) else {}))
            if mistake.kind == "plain" and any(self._gives(makes, yours, right, case) for makes in mistake.makes):
                return mistake.wrong(*case, **fields)
        return self._kind("otherwise").wrong(*case, **fields)

    def _kind(self, kind: str) -> Mistake:
        return next(mistake for mistake in self.mistakes if mistake.kind == kind)

    def _gives(self, makes: Callable, yours, right, case: tuple) -> bool:
        """Whether a mistake gives this result; of several parts those count that the mistake gets wrong."""
        theirs = self.read(makes(*map(_copy, case)), right)
        if theirs is None:
            return False
        parts = zip(
            *((value if isinstance(right, tuple) else (value,)) for value in (yours, theirs, right)), strict=True
        )
        wrong = [(ours, same) for ours, same, wanted in parts if not self.same(same, wanted)]
        return bool(wrong) and all(self.same(*pair) for pair in wrong)

    def _later(self, mistake: Mistake, answer: Callable, case: tuple) -> None:
        """Raise `Wrong` for what shows only in an answer that is right in all cases."""
        yours, right = self._both(answer, case)
        if mistake.kind == "at" and not self.same(yours, right):
            raise mistake.wrong(*case, yours=yours, right=right, **self.fields(yours, *case))
        for name, number in mistake.slopes.items() if mistake.kind == "cut" else ():
            (theirs,), (wanted,) = (slopes(value.square(), case[number]) for value in (yours, right))
            if not self.same(theirs, wanted):
                raise mistake.wrong(*case, a="a wrong" if theirs.any() else "no", name=name, yours=yours, right=right)


SOLVED = "The worked solution passes."
NOT_YET = "Not yet: write your answer in the cell above, run it, then run this check again."


def _empty(answer: Callable) -> bool:
    """Whether a function has no body yet."""

    def nothing(): ...

    return inspect.isfunction(answer) and answer.__code__.co_code == nothing.__code__.co_code


def _on_copies(answer: Callable) -> Callable:
    """The reader's function, called with copies, so that it cannot change what it is judged by; classes stay.

    Raises `Untouched` where the first call gives nothing.
    """
    if inspect.isclass(answer):
        return answer
    called = False

    def call(*given):
        nonlocal called
        taken = [_copy(value) for value in given]
        result = answer(*taken)
        if not all(map(_equal, given, taken)):
            raise Wrong("""your function changes its arguments.
                Hint: its caller still needs those values. Work on a copy.""")
        result, called = result if called else begun(result), True
        return result

    return call


def _copy(value):
    if isinstance(value, dict):
        return {name: _copy(part) for name, part in value.items()}
    if isinstance(value, torch.Tensor):
        return value if value.requires_grad else value.clone()  # a copy would have no gradient
    return value.copy() if hasattr(value, "copy") else value


def _equal(value, taken) -> bool:
    """Whether arrays and tensors are as they were; a table may have got more columns."""
    if isinstance(value, dict):
        return all(_equal(part, taken.get(name)) for name, part in value.items())
    if isinstance(value, torch.Tensor):
        return isinstance(taken, torch.Tensor) and torch.equal(value.nan_to_num(), taken.nan_to_num())  # NaN is not NaN
    return np.array_equal(value, taken) if isinstance(value, np.ndarray) else True


def at_work(doing: str, things: Iterable | None = None) -> tqdm:
    """A bar that says from the start what a long check is `doing`: over `things` one by one, or around a `with`."""
    quiet = "TQDM_DISABLE" in os.environ  # tqdm's notebook bar does not heed the variable by itself
    shown = "{desc}…" if things is None else None  # without things there is nothing to count
    return tqdm(things, desc=doing, leave=False, disable=quiet, bar_format=shown)


def in_words(error: BaseException) -> str:
    """An error raised by the reader's code, as a check reports it."""
    return _error_sentence(error, _own_frames(error))


def _own_frames(error: BaseException) -> list[traceback.FrameSummary]:
    """The lines of the reader's own code in the error's traceback."""
    libraries = {
        Path(__file__).parents[1],
        *(Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib", "platlib")),
    }
    frames = traceback.extract_tb(error.__traceback__)
    return [frame for frame in frames if frame.line and libraries.isdisjoint(Path(frame.filename).parents)]


def _error_sentence(error: BaseException, own_lines: list[traceback.FrameSummary]) -> str:
    """An error of the reader's code in one sentence: its kind, its message, and the line that raised it."""
    message = re.sub(r"0x[0-9a-f]+", "0x…", str(error)).splitlines() or [""]
    words = f"{type(error).__name__}: {message[0]}"
    if not own_lines:
        return f"Not right yet: the check could not use your answer ({words})."
    return f"Not right yet: line {own_lines[-1].lineno} of your code, `{own_lines[-1].line}`, raised {words}"
