"""The question bank for a learning platform and on paper: `python -m classroom.questions` writes `_questions/`.

00.gift.txt  the questions of a chapter in GIFT, which Moodle and others import (Moodle asks for .txt): a category
             for each chapter, and what is said to an option as its feedback
00.yaml      the same for QuiQui (github.com/th-nuernberg/quiqui), a server for votes in a room: *From file* opens it
00.html      the same to print, without answers
class2.html  the questions that a lesson plan asks, to print
class2_before.html, class2_before.gift.txt
             those of its homework, with a line for what was not understood
key.html     the right options of all of these
"""

import argparse
import json
import re
import sys
from html import escape
from pathlib import Path
from string import ascii_uppercase

from nbconvert.filters import markdown2html

from helpers.display.quiz import Item, read
from tools.notebooks import ROOT
from tools.site.decks import BANK, bank_items, plans

OUT = ROOT / "_questions"
COURSE = "Multi-task learning for ranking"
UNCLEAR = "What was unclear, or what did you not believe?"
SPECIAL = re.compile(r"[\\~=#{}:]")
PAGE = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<title>{title}</title>
<style>
  body {{ font: 11pt/1.35 sans-serif; max-width: 42em; margin: 1.5em auto; padding: 0 1em; }}
  section > ol > li {{ break-inside: avoid; margin-bottom: 1em; }}
  ol ol {{ list-style-type: upper-alpha; }}
  p {{ margin: 0.2em 0; }}
  @page {{ margin: 18mm; }}
</style>
{body}
</html>
"""


# --- GIFT -----------------------------------------------------------------------------------------------------------


def gift(title: str, items: list[Item], last: str = "") -> str:
    """Questions in GIFT, in the category `title` of the course; `last` is one with a field to write in. The texts are
    Markdown; each says so, since what begins with [ or % would else be read as a format or as a weight."""
    blocks = [f"$CATEGORY: {COURSE}/{title}"]
    for number, item in enumerate(items, start=1):
        options = (
            f"\t{'=' if place == item.answer else '~'}{_text(option)}#{_text(why)}"
            for place, (option, why) in enumerate(zip(item.options, item.why, strict=True))
        )
        name = _escape(f"{title.split()[0]} question {number:02d}")
        blocks.append("\n".join([f"::{name}::{_text(item.question)} {{", *options, "}"]))
    if last:
        blocks.append(f"::{_escape(last)}::{_text(last)} {{}}")
    return "\n\n".join(blocks) + "\n"


def _text(words: str) -> str:
    return f"[markdown]{_escape(words)}"


def _escape(words: str) -> str:
    return SPECIAL.sub(r"\\\g<0>", words)


def quiqui(title: str, items: list[Item]) -> str:
    """Questions as YAML for QuiQui; JSON's strings are YAML's, too. The host alone sees the explanation."""
    lines = ["config:", f"  title: {_quote(title)}", "questions:"]
    for item in items:
        lines += [f"- question: {_quote(item.question)}", "  type: single", "  answers:"]
        lines += [f"  - {_quote(option)}" for option in item.options]
        lines += [f"  correct: {ascii_uppercase[item.answer]}", f"  explanation: {_quote(item.why[item.answer])}"]
    return "\n".join(lines) + "\n"


def _quote(words: str) -> str:
    return json.dumps(words, ensure_ascii=False)


# --- paper ----------------------------------------------------------------------------------------------------------


def sheet(title: str, items: list[Item], last: str = "") -> str:
    """A page to print that asks and does not tell; below `last` there is room to write."""
    asked = []
    for item in items:
        options = "".join(f"<li>{markdown2html(option)}</li>" for option in item.options)
        asked.append(f"<li>{markdown2html(item.question)}<ol>{options}</ol></li>")
    name = "<p>Name: ________________________________</p>"
    asked += [f'<li style="height: 12em">{escape(last)}</li>'] if last else []
    body = f"<h1>{escape(title)}</h1>\n{name}\n<section><ol>\n{chr(10).join(asked)}\n</ol></section>"
    return PAGE.format(title=escape(title), body=body)


def key(sheets: dict[str, list[Item]]) -> str:
    """The right options of `sheets` (their questions by title)."""
    body = ["<h1>Key</h1>"]
    for title, items in sheets.items():
        right = (f"<li>{ascii_uppercase[item.answer]} · {escape(item.options[item.answer])}</li>" for item in items)
        body.append(f"<section><h2>{escape(title)}</h2><ol>{''.join(right)}</ol></section>")
    return PAGE.format(title="Key", body="\n".join(body))


# --- the folder -----------------------------------------------------------------------------------------------------


def title(path: Path) -> str:
    """Of a file of the bank: "00 · Start here"."""
    return path.read_text(encoding="utf-8").partition("\n")[0].partition(": ")[2]


def asked_in_class() -> dict[str, tuple[str, list[Item]]]:
    """By its name ("class2"), the title of each lesson plan that asks questions of the bank, and these; and so those of
    its homework ("class2_before")."""
    sheets = {}
    for plan in plans():
        named = [name for row in plan.rows for name in row.cells if name.startswith("questions/")]
        in_class = [name for name in named if name not in plan.before]
        for what, names in ((plan.name, in_class), (f"{plan.name}_before", plan.before)):
            if names:
                sheets[what] = (plan.title, [item for name in names for item in bank_items(name).values()])
    return sheets


def write(out: Path) -> list[Path]:
    """Write the bank to the folder `out`. Returns the files."""
    chapters = {name: (title(path), read(path)) for name, path in BANK.items()}
    sheets = chapters | asked_in_class()
    last = {name: UNCLEAR if name.endswith("_before") else "" for name in sheets}
    whole = chapters | {name: asked for name, asked in sheets.items() if last[name]}
    texts = {f"{name}.gift.txt": gift(*questions, last[name]) for name, questions in whole.items()}
    texts |= {f"{name}.yaml": quiqui(*questions) for name, questions in sheets.items()}
    texts |= {f"{name}.html": sheet(*questions, last[name]) for name, questions in sheets.items()}
    texts["key.html"] = key(dict(sheets.values()))
    out.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (out / name).write_text(text, encoding="utf-8")
    return [out / name for name in texts]


def main() -> int:
    about = "Write the question bank to _questions/: GIFT and QuiQui's YAML to import, sheets to print, the key apart."
    argparse.ArgumentParser(prog="python -m classroom.questions", description=about).parse_args()
    if not BANK:
        sys.exit("The edition for students has no questions: run this in the course itself.")
    print(f"{len(write(OUT))} files in {OUT.name}: *.gift.txt and *.yaml to import, *.html to print, and the key")
    return 0


if __name__ == "__main__":
    sys.exit(main())
