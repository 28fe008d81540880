"""Multiple-choice questions that answer every option: what a wrong one overlooks, and why it tempts.

They are written in Markdown, so that a teacher can edit them, print them and read them on GitHub:

    ## Half of the clicks are dropped from the log. What happens to the CTR?

    - [ ] It stays.
      Why somebody thinks so, and what they overlook.
    - [x] It falls.
      Why this is right.

The questions of a chapter are in `helpers/chapters/chNN/quiz.md` and shown by `helpers.course.check_yourself`; a bank
for teachers has the same form, in `bank.md` beside it. As in a prediction, what answers is put on the page on a click
alone, and what was chosen is kept nowhere.
"""

import re
import textwrap
from dataclasses import asdict, dataclass
from pathlib import Path

import anywidget
import traitlets

from helpers.display.scripts import joined
from helpers.support import validate

OPTION = re.compile(r"^- \[( |x)\] (.+)\n((?: {2}.+\n?)+)", re.MULTILINE)


@dataclass(frozen=True)
class Item:
    """A question, its options, what is said to each, and the index of the right one."""

    question: str
    options: list[str]
    why: list[str]
    answer: int


def read(path: Path) -> list[Item]:
    """The questions of a file, in their order. Raises ValueError that names the first question that is not in form."""
    written = validate.text(path, "five questions, or ten in bank.md (helpers/display/quiz.py)")
    parts = re.split(r"^## ", written, flags=re.MULTILINE)[1:]
    return [_item(part, f"{path.name}, question {number}") for number, part in enumerate(parts, start=1)]


def _item(text: str, place: str) -> Item:
    options = OPTION.findall(text)
    question = " ".join(text.partition("\n- [")[0].split())
    right = [number for number, (mark, _, _) in enumerate(options) if mark == "x"]
    if len(options) < 3 or len(options) != len(re.findall(r"^\s*[-*] ", text, re.MULTILINE)):
        validate.fail(place, f"{len(options)} options in form", "three at least, each with a line below that says why")
    if len(right) != 1:
        validate.fail(place, f"{len(right)} options marked [x]", "one")
    why = [" ".join(words.split()) for _, _, words in options]
    return Item(question, [option.strip() for _, option, _ in options], why, right[0])


class Quiz(anywidget.AnyWidget):
    """Questions with options as buttons; each option, once chosen, says why it is right or wrong."""

    _esm = joined(Path(__file__).with_name("quiz.js"))
    _css = "".join(Path(__file__).with_name(f"{name}.css").read_text(encoding="utf-8") for name in ("explorer", "quiz"))
    name = traitlets.Unicode().tag(sync=True)
    items = traitlets.List(traitlets.Dict()).tag(sync=True)

    def __init__(self, name: str, items: list[Item], numbers: list[int] | None = None):
        """`numbers`: those of the questions in a larger collection, which their ids have; without them 1, 2, 3."""
        named = re.sub(r"[^\w.]+", "-", name)  # "bank-01.8"
        numbered = zip(numbers or range(1, len(items) + 1), items, strict=True)
        super().__init__(name=name, items=[{"id": f"{named}.{number}"} | asdict(item) for number, item in numbered])

    def _repr_mimebundle_(self, **kwargs) -> tuple[dict, dict]:
        data, metadata = super()._repr_mimebundle_(**kwargs)
        lines = [f"Check yourself {self.name}."]
        for number, item in enumerate(self.items, start=1):
            lines += [f"{number}. {item['question']}", *(f"  ( ) {option}" for option in item["options"])]
        lines.append("To answer, run this cell or trust the notebook (jupyter trust).")
        plain = "\n".join(textwrap.fill(line, 100, subsequent_indent="  ") for line in lines)
        return data | {"text/plain": plain}, metadata
