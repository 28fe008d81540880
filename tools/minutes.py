"""How long a chapter takes to read and play: counted, so that the minutes it states stay true.

A section is a heading of level 2 with what follows it. Its minutes are those of a reader who guesses and reads what a
guess opens: words at `WORDS` a minute, those of tables and claims among them, and the seconds of `SECONDS` for what
takes more than reading. A formula takes as long as it has symbols; a prediction comes with its figure and its reason.
Other folds take no time. 01 to 08 took readers 45 to 78 minutes each, read in this way; the count came within 12% of
each. Exercises take as long as they take, so their sections have no minutes; the box says what to expect, `EXERCISE`
for each and `QUIZ` for *Check yourself*, to the nearest five.
"""

import re
from itertools import pairwise
from typing import NamedTuple

from nbformat import NotebookNode

WORDS = 150  # a minute
EXERCISE, QUIZ = 8, 5  # minutes: a reader who knew PyTorch took 146 for the 15 exercises and five quizzes of 00 to 04
SECONDS = {"line": 7, "symbol": 1, "display": 20, "figure": 60, "table": 10, "card": 10}  # beyond their words
SECONDS |= {"prediction": 150, "explorer": 300}  # with all that they show
PARTS = ("core", "optional", "exercises")
HEADING = re.compile(r"## +(?P<title>.+)")
STATED = re.compile(r"\n\n\*(?:\d+ min · (?:core|optional)|exercises)\*(?=\n|$)")
BOX = re.compile(r"(?<=\*\*Time\*\* )\d+ minutes?(?: \(and \d+ optional\))?(?:, \d+ more for the exercises)?")
TO_DO = re.compile(r"^### ", re.MULTILINE)
FOLD = re.compile(r"<details>.*?</details>", re.DOTALL)  # and those that no guess opens:
SHUT = re.compile(r"<details>(?:(?!after your guess|</summary>).)*</summary>.*?</details>", re.DOTALL)
FORMULA = re.compile(r"\$\$.+?\$\$|\$[^$\n]+\$", re.DOTALL)
SYMBOL = re.compile(r"\\?[A-Za-z]+|[\d.]+|[-+*/=<>≥≤·|()\[\]]")
NO_WORDS = re.compile(r"\]\([^)]*\)|<(style|svg)\b.*?</\1>|<[^>]+>", re.DOTALL)  # addresses, drawings, tags
CARD = re.compile(r'<div class="mtl-claim')
SMALL = re.compile(r'<div class="mtl-(?:claim|race)')  # an interval to scale, and no figure to be read


class Section(NamedTuple):
    """A heading of level 2 ("3 Ranking"), its part, its minutes, rounded, and its cells, the heading among them."""

    title: str
    part: str
    minutes: int
    cells: list[NotebookNode]


def sections(notebook: NotebookNode) -> list[Section]:
    """The sections of a notebook. What is above the first heading counts as part of the first section."""
    starts = [number for number, cell in enumerate(notebook.cells) if is_heading(cell)]
    bounds = [0, *starts[1:], len(notebook.cells)]
    return [_section(notebook.cells[start:stop]) for start, stop in pairwise(bounds)] if starts else []


def is_heading(cell: NotebookNode) -> bool:
    return cell.cell_type == "markdown" and HEADING.match(cell.source) is not None


def _section(cells: list[NotebookNode]) -> Section:
    heading = next(filter(is_heading, cells))
    part = heading.metadata.get("part", "core")
    if any("exercise" in cell.metadata.get("tags", []) for cell in cells):
        part = "exercises"
    minutes = 0 if part == "exercises" else max(1, round(sum(map(seconds, cells)) / 60))
    return Section(HEADING.match(heading.source)["title"].strip(), part, minutes, cells)


def seconds(cell: NotebookNode) -> float:
    """How long a cell takes a reader."""
    if cell.cell_type == "markdown":
        return _reading(cell.source)
    tags = cell.metadata.get("tags", [])
    if "predict" in tags:
        return SECONDS["prediction"]
    hidden = cell.metadata.get("jupyter", {}).get("source_hidden")
    code = 0 if hidden else SECONDS["line"] * sum(map(bool, map(str.strip, cell.source.splitlines())))
    return code + (SECONDS["explorer"] if "widget" in tags else sum(map(_looking, cell.outputs)))


def _reading(text: str) -> float:
    formulas = FORMULA.findall(SHUT.sub(" ", text))
    long = sum(SECONDS["symbol"] * len(SYMBOL.findall(formula)) for formula in formulas)
    displayed = sum(SECONDS["display"] for formula in formulas if formula.startswith("$$"))
    return len(words(text, SHUT)) * 60 / WORDS + long + displayed


def _looking(output: NotebookNode) -> float:
    data = output.get("data", {})
    page = SHUT.sub("", data.get("text/html") or output.get("text") or data.get("text/plain", ""))
    look = SECONDS["card"] * len(SMALL.findall(page))
    if not look and (kind := re.search("<(img|svg|table)", page)):
        look = SECONDS["table" if kind[1] == "table" else "figure"]
    return look + len(words(page, SHUT)) * 60 / WORDS


def cards(cell: NotebookNode) -> int:
    """How many claims a code cell shows open."""
    return sum(len(CARD.findall(FOLD.sub("", output.get("data", {}).get("text/html", "")))) for output in cell.outputs)


def words(text: str, folds: re.Pattern = FOLD) -> list[str]:
    """The words of a text that are open: no folds, no tags, no addresses, a formula as one word."""
    text = FORMULA.sub(" formula ", folds.sub(" ", STATED.sub("", text)))
    return re.findall(r"[^\W_][\w'’.-]*", NO_WORDS.sub(" ", text))


def state(notebook: NotebookNode) -> None:
    """Write the minutes into the notebook: under each heading of level 2, and in the box at the top."""
    parts = sections(notebook)
    for section in parts:
        heading = next(filter(is_heading, section.cells))
        heading.metadata["part"] = section.part
        line = section.part if section.part == "exercises" else f"{section.minutes} min · {section.part}"
        first, _, rest = STATED.sub("", heading.source, count=1).partition("\n")
        heading.source = f"{first}\n\n*{line}*" + (f"\n{rest}" if rest else "")
    if notebook.cells:
        top = notebook.cells[0]
        top.source = BOX.sub(box(parts), top.source, count=1)


def short(notebook: NotebookNode) -> str:
    """The minutes of a notebook in a table, "58 + 30 (and 4 optional)": those to read, and those for the exercises."""
    core, optional, to_do = minutes_by_part(sections(notebook)).values()
    return f"{core}" + (f" + {to_do}" if to_do else "") + (f" (and {optional} optional)" if optional else "")


def minutes_by_part(parts: list[Section]) -> dict[str, int]:
    """The minutes of a chapter by `PARTS`."""
    read = {part: sum(section.minutes for section in parts if section.part == part) for part in PARTS[:2]}
    return read | {"exercises": 5 * round(sum(map(_to_do, parts)) / 5)}


def box(parts: list[Section]) -> str:
    """The minutes of a chapter, as its box says them."""
    core, optional, to_do = minutes_by_part(parts).values()
    more = f", {to_do} more for the exercises" if to_do else ""
    return f"{core} minutes" + (f" (and {optional} optional)" if optional else "") + more


def _to_do(section: Section) -> float:
    """The minutes of a section with exercises; one without a heading of its own is one exercise."""
    if section.part != "exercises":
        return 0
    text = "\n".join(cell.source for cell in section.cells if cell.cell_type == "markdown")
    quiz = any("check_yourself(" in cell.source for cell in section.cells)
    return EXERCISE * (len(TO_DO.findall(text)) or not quiz) + QUIZ * quiz
