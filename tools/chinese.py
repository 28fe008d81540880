"""The Chinese door: `python -m tools.chinese` writes README.zh.md, notebooks/source.zh.md and notebooks/glossary.zh.md,
and `questions.po` has what a class is asked: pages and phones show that in Chinese by a key or a button (`on_pages`).

What these files say in Chinese is in `docs/zh/`: templates with what is written for them alone, and catalogues
(gettext's .po) with what is translated. An entry of a catalogue is a row, a paragraph or a heading of the English.
Where that has changed, the catalogue keeps the old translation as "fuzzy", and the page shows the English until
somebody has looked. Cells of quotations or links alone are copied. What must be equal in both languages is checked
(`problems`).
"""

import argparse
import calendar
import io
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from jinja2 import Environment, FileSystemLoader

from helpers.display import quiz
from helpers.display.cards import CHAPTERS
from tools import minutes
from tools.notebooks import ROOT, question, read, title
from tools.site import decks
from tools.site.address import HIDDEN, uncommented

ZH = ROOT / "docs" / "zh"
SOURCE = ROOT / "notebooks" / "source.md"
GLOSSARY = ROOT / "notebooks" / "glossary.md"
COMMANDS = ("make lab", "make test", "make site")
HEADER = 'msgid ""\nmsgstr ""\n"Language: zh_CN\\n"\n"Content-Type: text/plain; charset=UTF-8\\n"\n\n'
STALE = "（译文待更新）"
# what cards and phones say besides, as `prediction.js`, `quiz.js`, `room.js`, `charts.js` and `vote.html.j2` have it
ON_PHONES = """Vote
Change my vote
Commit and see
Skip and see
Sending …
Your vote is in. You can change it until the result is opened.
Vote again: did your neighbours convince you?
Not sent yet: it is kept until the connection is back.
No connection to the class; trying again. What you chose is kept.
Go on without the class
Back in class.
A number, please.
The class does not take this: {reason}.
the result is open
a number from {low} to {high}, please
Nothing is asked at the moment. The next question appears here by itself.
Open what is on the wall
All chapters
Slower, please
Said, without your name.
No connection: say it aloud.
✓ Right. As you predicted: “{outcome}”.
✗ Not so. You predicted “{guess}”. The result: “{outcome}”.
The result: “{outcome}”.
The result: {outcome}.
You guessed {guess}. The result: {outcome}. Your guess was {off}.
✓ Right. {why}
✗ No. {why}
{number} too high
{number} too low
exactly right
It is in the 95% interval, {low} to {high}.
The 95% interval is {low} to {high}.
✓ right
✓ yours, right
✗ yours, wrong
{number} of {present} voted
Second vote: {number} of {present} voted
Say: {line}
While they argue: {line}
Afterwards: {line}
the question, as it stands."""

VERDICTS = {
    "holds": "成立",
    "opposite": "相反",
    "too small to matter": "效应过小",
    "no effect": "无效应",
    "undecided": "未定",
}
LABELS = {
    "Confirmed": "证实",
    "Only when": "有条件",
    "Not here": "本课程未观察到",
    "Built in": "预设",
    "Taught": "讲解",
}

TARGET = r"\]\(((?:[^()]|\([^()]*\))+)\)"
LINK = re.compile(r"\[[^\]]*" + TARGET)
QUOTED = re.compile("「[^」]*」")
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
MONTH = re.compile(rf"\b({'|'.join(calendar.month_name[1:])})(?= \d{{4}})")  # in Chinese a number
EVERYDAY = ("Balance", "Control", "Count", "Lift", "Ranking")  # terms that are ordinary words as well
ENTRY = re.compile(r'<a id="([^"]+)"></a>\n\*\*(.+?)\*\* · (\S.*?) — .+ \*Chapter (0\d)\*')


class Line(NamedTuple):
    """A line of the English: what is before its text, its cells (one in prose), and what it is known by."""

    mark: str
    cells: list[str]
    context: str

    @property
    def english(self) -> str:
        """What is translated of it: its cells with words of their own, each on a line."""
        return "\n".join(cell for cell in self.cells if _has_words(cell))


class Term(NamedTuple):
    """An entry of the glossary."""

    anchor: str
    english: str
    chinese: str
    chapter: str


def _has_words(cell: str) -> bool:
    return bool(re.search(r"\w", QUOTED.sub("", LINK.sub("", cell))))


def lines(text: str) -> Iterator[Line]:
    """The lines of a text in Markdown that has each paragraph on a line. A row is known by what it quotes, or by what
    its first cell names."""
    for line in text.splitlines():
        mark, words = re.fullmatch(r"(#+ |- |\| |)(.*)", line).groups()
        if mark == "| ":
            cells = words.removesuffix(" |").split(" | ")
            quoted = " ".join(QUOTED.findall(cells[0]))
            yield Line(mark, cells, quoted or re.sub(r"\[([^\]]*)" + TARGET, r"\1", cells[0]))
        else:
            yield Line(mark, [words], "heading" if mark.startswith("#") else "text")


def translate(line: Line, catalog: Catalog) -> str:
    """A line in Chinese, or in English with a mark where the catalogue does not have it."""
    if not line.english:
        return _join_cells(line.mark, line.cells)
    words = iter(chinese(catalog, line.context, line.english).split("\n"))
    return _join_cells(line.mark, [next(words) if _has_words(cell) else cell for cell in line.cells])


def _join_cells(mark: str, cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |" if mark == "| " else mark + cells[0]


def chinese(catalog: Catalog, context: str, english: str) -> str:
    """The translation of an entry; where there is none that somebody stands by, the English with a mark."""
    message = catalog.get(english, context)
    whole = message and message.string and not message.fuzzy and message.string.count("\n") == english.count("\n")
    return message.string if whole else english + STALE


def stale(catalog: Catalog) -> list[str]:
    """The entries that are shown in English: what they are known by, and how they begin."""
    entries = [message for message in catalog if message.id and (message.fuzzy or not message.string)]
    return [f"{message.context}: {message.id[:40]}" for message in entries]


# --- what must be equal in both languages ---------------------------------------------------------------------------


def problems(english: str, translation: str, terms: list[Term]) -> list[str]:
    """What a translation changes that it must not, a sentence each."""
    defects = []
    for what, of_english, of_chinese in (
        ("lines", english.count("\n"), translation.count("\n")),
        ("links", Counter(re.findall(TARGET, english)), Counter(re.findall(TARGET, translation))),
        ("quotations", QUOTED.findall(english), QUOTED.findall(translation)),
        ("code", Counter(re.findall("`[^`]+`", english)), Counter(re.findall("`[^`]+`", translation))),
        ("numbers", _numbers(english), _numbers(translation)),
        ("verdicts", _verdicts_of(english, VERDICTS), _verdicts_of(translation)),
        ("labels", _labels(english, LABELS), _labels(translation)),
    ):
        if of_english != of_chinese:
            defects.append(f"{what}: {of_english} and {of_chinese}")
    for term in _terms_in(english, terms):
        words = [re.sub("（.*）", "", words) for words in term.chinese.split("，")]
        if not any(word.lower() in translation.lower() for word in (term.english, *words)):
            defects.append(f"the glossary has {term.chinese} for {term.english!r}")
    return defects


def _numbers(text: str) -> Counter:
    text = MONTH.sub(lambda month: str(list(calendar.month_name).index(month[0])), text)
    return Counter(NUMBER.findall(re.sub(r"`[^`]+`|" + TARGET, "", text)))


def _verdicts_of(text: str, words: dict[str, str] | None = None) -> list[tuple[str, str]]:
    """(verdict, claims) as in *holds* `C4.1` `C4.2`, ordered by claims; `words` translates the verdicts."""
    judged = re.findall(r"\*([^*`]+)\* ((?:`C\d\.\d+` ?)+)", text)
    return sorted(((words or {}).get(verdict, verdict), claims.strip()) for verdict, claims in judged)


def _labels(text: str, words: dict[str, str] | None = None) -> list[str]:
    labels = [bold.rstrip(".:。：") for bold in re.findall(r"\*\*([^*]+)\*\*", text)]
    return [(words or {}).get(label, label) for label in labels if label in (words or LABELS.values())]


def _terms_in(english: str, terms: list[Term]) -> list[Term]:
    """The terms that a text uses; of terms that overlap the longest."""
    rest, named = re.sub(r"`[^`]+`|" + TARGET, "", english), []
    for term in sorted(terms, key=lambda term: -len(term.english)):
        words = re.compile(rf"\b{re.escape(term.english)}(s|es)?\b", re.IGNORECASE)
        if term.english not in EVERYDAY and words.search(rest):
            named.append(term)
            rest = words.sub("", rest)
    return named


# --- the files ------------------------------------------------------------------------------------------------------


def glossary() -> list[Term]:
    return [Term(*entry) for entry in ENTRY.findall(GLOSSARY.read_text(encoding="utf-8"))]


def _chapters() -> list[dict]:
    """The chapters, and the clinic: file, title and question, and the minutes of each part."""
    chapters = []
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        book = read(path)
        number, _, name = title(book).partition(" · ")
        taken = minutes.minutes_by_part(minutes.sections(book))
        chapters.append({"file": path.name, "number": number, "english": f"{name}\n{question(book)}", "taken": taken})
    return chapters


def _commands() -> list[tuple[str, str]]:
    """The commands that the door names, with what the Makefile says of them."""
    described = dict(
        re.findall(r"^([a-z-]+):.*## (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    )
    return [(command, described[command.removeprefix("make ")]) for command in COMMANDS]


def _address() -> dict[str, str]:
    """Where the course is published, as the README has it: its links by name, and as `clone` the line to get it by."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    clone = re.search(r"^git clone .*$", readme, re.MULTILINE)[0]
    return dict(re.findall(r"^\[(\w+)\]: (\S+)$", readme, re.MULTILINE)) | {"clone": clone}


def entries() -> dict[str, list[tuple[str, str]]]:
    """(context, English) of all that is translated, by catalogue; in `pinyin` it is Chinese, and how it is spoken."""
    source = [(line.context, line.english) for line in lines(SOURCE.read_text(encoding="utf-8"))]
    return {
        "questions": list(_class_questions()),
        "source": [(context, english) for context, english in source if english],
        "README": [*((part["file"], part["english"]) for part in _chapters()), *_commands()],
        "pinyin": [(term.anchor, term.chinese) for term in glossary()],
    }


def _class_questions() -> Iterator[tuple[str, str]]:
    """(id, English) of what a class is asked, a line each: of a prediction its set-up, question, options or unit,
    reason, and what the teacher says; of a question of a quiz or the bank the options, and what is said to each."""
    for line in ON_PHONES.splitlines():
        yield "phone", line
    for id, said in decks.class_words().items():
        if said["setup"] and said["aloud"]:
            told = [said[name] for name in ("why", "aloud", "argue", "after")]
            yield id, "\n".join([said["setup"], said["text"], *(said["options"] or [said["unit"]]), *told])
    for path in sorted(CHAPTERS.glob("ch*/*.md")):
        chapter = path.parent.name.removeprefix("ch")
        name = {"quiz": f"C{int(chapter)}", "bank": f"bank-{chapter}"}.get(path.stem)
        for number, item in enumerate(quiz.read(path) if name else [], start=1):
            yield f"{name}.{number}", "\n".join([item.question, *item.options, *item.why])


def on_pages(bank: bool) -> dict[str, dict[str, str]]:
    """What pages show in Chinese: by the id of a question, or "phone", the Chinese of each English line. A question of
    which a word has changed is not in it, so that nobody reads half of it in another language. Pages for students
    outside of a class have none of the bank."""
    known = _read(ZH / "questions.po")
    whole: dict[str, dict[str, str]] = {}
    for context, english in _class_questions():
        told = chinese(known, context, english)
        if STALE not in told and (bank or not context.startswith("bank")):
            pairs = zip(english.split("\n"), told.split("\n"), strict=True)
            whole.setdefault(context, {}).update(pairs)
    return whole


def _read(path: Path) -> Catalog:
    return read_po(io.StringIO(path.read_text(encoding="utf-8") if path.exists() else ""), locale="zh_CN")


def catalogs(folder: Path = ZH) -> dict[str, Catalog]:
    """The catalogues in a folder, brought up to the English."""
    brought = {}
    for name, wanted in entries().items():
        template = Catalog()
        for context, english in wanted:
            template.add(english, context=context)
        brought[name] = _read(folder / f"{name}.po")
        brought[name].update(template)
    return brought


def files(catalogues: dict[str, Catalog]) -> dict[Path, str]:
    """The text of each file that is written: the catalogues, and the pages."""
    written = {}
    for name, catalog in catalogues.items():
        text = io.BytesIO()
        write_po(text, catalog, width=0, omit_header=True, ignore_obsolete=True)
        written[ZH / f"{name}.po"] = HEADER + text.getvalue().decode()
    english = SOURCE.read_text(encoding="utf-8").replace("[中文](source.zh.md)\n\n", "")  # the door in the English
    source = "\n".join(translate(line, catalogues["source"]) for line in lines(english))
    top, _, text = source.partition("\n")
    chapters = [
        part | {"told": chinese(catalogues["README"], part["file"], part["english"]).split("\n")}
        for part in _chapters()
    ]
    commands = [(command, chinese(catalogues["README"], command, described)) for command, described in _commands()]
    template = Environment(loader=FileSystemLoader(ZH), trim_blocks=True, keep_trailing_newline=True).get_template
    published = not HIDDEN.search((ROOT / "README.md").read_text(encoding="utf-8"))
    for path, values in (
        ("notebooks/source.zh.md", {"title": top, "text": text.strip(), "stale": len(stale(catalogues["source"]))}),
        ("notebooks/glossary.zh.md", {"groups": _by_pinyin(catalogues["pinyin"])}),
        ("README.zh.md", {"chapters": chapters, "commands": commands} | _address()),
    ):
        page = template(f"{Path(path).name}.j2").render(values)
        written[ROOT / path] = uncommented(page) if published else page
    return written


def _by_pinyin(catalog: Catalog) -> dict[str, list[Term]]:
    """The terms in the order of their pinyin, by its first letter; those that begin with Latin letters come first."""
    groups: dict[str, list[Term]] = {}
    spoken = [(chinese(catalog, term.anchor, term.chinese).lower().split(), term) for term in glossary()]
    for sounds, term in sorted(spoken, key=lambda pair: (not pair[1].chinese[0].isascii(), pair)):
        groups.setdefault("A–Z" if term.chinese[0].isascii() else sounds[0][0].upper(), []).append(term)
    return groups


def main() -> int:
    about = "Write README.zh.md, source.zh.md and glossary.zh.md from the English and the catalogues in docs/zh/."
    argparse.ArgumentParser(prog="python -m tools.chinese", description=about).parse_args()
    catalogues = catalogs()
    for path, text in files(catalogues).items():
        path.write_text(text, encoding="utf-8")
    terms = glossary()
    wrong = [
        f"{name}.po, {message.context}: {problem}"
        for name, catalog in catalogues.items()
        for message in catalog
        if name != "pinyin" and message.id and message.string and not message.fuzzy
        for problem in problems(message.id, message.string, terms)
    ]
    for name, catalog in catalogues.items():
        for entry in stale(catalog):
            print(f"docs/zh/{name}.po: to translate: {entry}")
    print("\n".join(wrong) or "What is translated agrees with the English.")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
