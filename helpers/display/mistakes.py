"""The mistakes of an exercise as a table, `{the answer that makes one: what is said to it}`.

A mistake is written once. `exercises.Exercise` recognises it in other answers, the teacher's edition lists it, and one
test hands in each of these answers and looks for its words (`tests/chapters/test_exercises.py`).
"""

import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from helpers.display.answers import Wrong

Answer = Callable | type


@dataclass(frozen=True, eq=False)
class Mistake:
    """Who makes it (`makes`), what is said (`text`, as `Wrong` has it, with `{fields}`), and how it is recognised:

    a plain answer  where an answer is wrong, it gives the same as this one
    form            its result has not the form of the right one; {came} and {wanted} say both, {given} is the result
    gives           where an answer is wrong, `result(yours, *inputs)` is true, or a dict of fields
    at              it is right in all cases of the exercise, and wrong in one of `cases`
    cut             it is right, but not its gradient on one of the inputs `slopes`, {name: which input}; {a} is "no" or
                    "a wrong", {name} that of the input
    when            `when(seen)` is true, or a dict of fields; `seen` is the answer, or what `look` makes of it
    otherwise       it is wrong in a case, and none of the above

    Fields are {yours} and {right}, the two results, {0}, {1} …, the inputs that tell them apart, and those that
    `fields` of the exercise makes.
    """

    makes: tuple[Answer, ...]
    text: str = ""
    kind: str = "plain"
    result: Callable | None = None
    cases: Sequence[tuple] = ()
    slopes: dict[str, int] | None = None
    when: Callable | None = None

    def wrong(self, *inputs, **fields) -> Wrong:
        return Wrong(Words().vformat(self.text, inputs, fields))

    @property
    def listed(self) -> Wrong:
        """What is said, with an ellipsis for each value that only a run knows."""
        parts = string.Formatter().parse(self.text)
        return Wrong("".join(text + ("" if field is None else "…") for text, field, *_ in parts))


def form(*makes: Answer) -> Mistake:
    return Mistake(makes, kind="form")


def gives(result: Callable, *makes: Answer) -> Mistake:
    return Mistake(makes, kind="gives", result=result)


def at(cases: tuple | list[tuple], *makes: Answer) -> Mistake:
    """`cases` is one case, a tuple of inputs, or a list of them."""
    return Mistake(makes, kind="at", cases=cases if isinstance(cases, list) else [cases])


def cut(slopes: dict[str, int], *makes: Answer, cases: Sequence[tuple] = ()) -> Mistake:
    """`cases` is where to look; the first case of the exercise, if there are none."""
    return Mistake(makes, kind="cut", slopes=slopes, cases=cases)


def when(condition: Callable, *makes: Answer) -> Mistake:
    return Mistake(makes, kind="when", when=condition)


def otherwise(*makes: Answer) -> Mistake:
    return Mistake(makes, kind="otherwise")


def table(mistakes: dict) -> list[Mistake]:
    """The mistakes with their texts; a key is one of the above, an answer or a tuple of answers."""
    keys = [key if isinstance(key, Mistake) else Mistake(key if isinstance(key, tuple) else (key,)) for key in mistakes]
    return [replace(key, text=text) for key, text in zip(keys, mistakes.values(), strict=True)]


class Words(string.Formatter):
    """Formats `{yours:.2f}` also where there are several numbers: one after the other."""

    def format_field(self, value, spec: str) -> str:
        value = tuple(value) if isinstance(value, torch.Size) else value
        values = value.tolist() if isinstance(value, Tensor | np.ndarray) else value
        if isinstance(values, list | tuple) and spec:
            return ", ".join(self.format_field(each, spec) for each in values)
        return format(values, spec)
