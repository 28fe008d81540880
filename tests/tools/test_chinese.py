"""The Chinese door: it is up to date with the English, what must be equal is equal, and what is stale shows."""

import io
import re

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from tools import chinese
from tools.site import decks

FOUND = chinese.catalogs()
FILES = chinese.files(FOUND)
PAGES = [path for path in FILES if path.suffix == ".md"]
TERMS = chinese.glossary()
SOURCE = chinese.SOURCE.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_what_is_written_is_up_to_date_with_the_english_and_the_catalogues(path):
    assert path.read_text(encoding="utf-8") == FILES[path], "make chinese"


@pytest.mark.parametrize("name", ["source", "README", "questions"])
def test_numbers_ids_verdicts_links_quotations_and_terms_are_those_of_the_english(name):
    done = [message for message in FOUND[name] if message.id and message.string and not message.fuzzy]
    assert [(m.context, p) for m in done if (p := chinese.problems(m.id, m.string, TERMS))] == []


def test_what_a_class_is_asked_has_its_chinese_whole():
    asked = [name for plan in decks.plans() for row in plan.rows for name in row.cells] + [
        name for plan in decks.plans() for name in plan.before
    ]
    ids = {name for name in asked if re.fullmatch(r"C\d\.P\d+", name)}
    for name in asked:
        if name.startswith("questions/"):
            ids |= {f"bank-{name[10:12]}.{number}" for number in decks.bank_items(name)}
    shown = chinese.on_pages(bank=True)
    assert len(ids) > 15 and ids <= shown.keys()
    for id, lines in shown.items():
        assert [line for line in lines.values() if re.search(r"[a-z]{4,} [a-z]{3,} [a-z]{3,}", line)] == [], id
        holes = [(re.findall(r"{.*?}", english), re.findall(r"{.*?}", told)) for english, told in lines.items()]
        assert all(sorted(of_english) == sorted(of_chinese) for of_english, of_chinese in holes), id
    assert not [id for id in chinese.on_pages(bank=False) if id.startswith("bank")]


def test_a_question_of_which_a_word_has_changed_is_shown_in_english_whole(monkeypatch):
    id, english = next((id, english) for id, english in chinese._class_questions() if id == "C4.P1")
    monkeypatch.setattr(chinese, "_class_questions", lambda: [(id, english.replace("four", "three"))])
    assert chinese.on_pages(bank=True) == {}


def test_each_row_of_the_english_is_in_the_chinese_page_with_its_quotations_and_its_sections():
    rows = [line.strip("| ").split(" | ") for line in SOURCE.splitlines() if line.startswith("| 「")]
    told = [line.strip("| ").split(" | ") for line in FILES[PAGES[0]].splitlines() if line.startswith("| 「")]
    quoted = [chinese.QUOTED.findall(row[0]) for row in rows]
    assert len({str(quotations) for quotations in quoted}) == len(rows) > 50, "each row has a key of its own"
    assert [chinese.QUOTED.findall(row[0]) for row in told] == quoted
    assert [row[2] for row in told] == [row[2] for row in rows]


def test_the_chapters_take_as_long_as_the_english_says():
    minutes = r"\| (\d+) \+ (\d+)(?: \(and (\d+) optional\))? \|"
    chinese_minutes = r"\| (\d+) \+ (\d+)(?:（选读 (\d+)）)? \|"
    english, told = ((chinese.ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh.md"))
    assert re.findall(chinese_minutes, told) == re.findall(minutes, english) != []


ENGLISH = "**Only when** two towers see 1,000 rows (*holds* `C4.1`), [see](a.ipynb#b)."
GOOD = "**有条件**：两个任务塔见到 1,000 条样本（*成立* `C4.1`），[见](a.ipynb#b)。"


@pytest.mark.parametrize(
    ("right", "wrong", "what"),
    [
        ("1,000", "1,001", "numbers"),
        ("*成立*", "*未定*", "verdicts"),
        ("**有条件**", "**证实**", "labels"),
        ("`C4.1`", "`C4.2`", "code"),
        ("#b", "#c", "links"),
        ("样本", "「样本」", "quotations"),
        ("任务塔", "塔楼", "glossary"),
    ],
)
def test_a_translation_that_says_something_else_is_noticed(right, wrong, what):
    assert chinese.problems(ENGLISH, GOOD, TERMS) == []
    assert any(what in problem for problem in chinese.problems(ENGLISH, GOOD.replace(right, wrong), TERMS))


@pytest.mark.parametrize(
    ("old", "new", "chinese_word"),
    [("slopes from 0.3", "slopes from 0.2", "点赞"), ("## Weighting", "## To weight", "加权")],
)
def test_a_changed_line_makes_one_entry_stale_and_is_shown_in_english(old, new, chinese_word, monkeypatch, tmp_path):
    text = SOURCE.replace(old, new)
    (changed,) = set(text.splitlines()) - set(SOURCE.splitlines())
    (tmp_path / "source.md").write_text(text, encoding="utf-8")
    monkeypatch.setattr(chinese, "SOURCE", tmp_path / "source.md")
    found = chinese.catalogs()
    assert len(chinese.stale(found["source"])) == len(chinese.stale(FOUND["source"])) + 1
    written = chinese.files(found)
    (catalogue,) = (text for path, text in written.items() if path.name == "source.po")
    (tmp_path / "source.po").write_text(catalogue, encoding="utf-8")
    again = chinese.files({**found, "source": chinese.catalogs(tmp_path)["source"]})
    assert again == written, "a second run changes nothing"
    (line,) = chinese.lines(changed)
    kept = read_po(io.StringIO(catalogue)).get(line.english, line.context)
    assert kept.fuzzy and chinese_word in kept.string, "the old translation is at hand"
    before, after = (files[PAGES[0]].splitlines() for files in (FILES, written))
    shown = [line for line in after if line not in before and not line.startswith(">")]
    assert [line.replace(chinese.STALE, "") for line in shown] == [changed] and chinese.STALE in shown[0]


def test_without_a_translation_a_page_is_the_english():
    lines = [chinese.translate(line, Catalog()) for line in chinese.lines(SOURCE)]
    assert "\n".join(lines).replace(chinese.STALE, "") == SOURCE.rstrip("\n")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_no_mark_of_bold_or_code_is_left_as_text_and_a_native_reading_is_said_to_be_missing(path):
    """Next to Chinese punctuation two asterisks may begin nothing."""
    page = MarkdownWithMath(renderer=IPythonRenderer(escape=False)).render(FILES[path])
    text = re.sub(r"「.*?」|<[^>]+>", "", page)
    assert re.findall(r".{9}[*`].{9}", text) == []
    assert "尚未经推荐系统方向的中文母语者审校" in text
