"""Exported pages: what they hold. That they answer from disk is tested in tests/browser."""

import json
import re
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools import notebooks
from tools.notebooks import WIDGET_STATE, WIDGET_VIEW
from tools.site import pages as site
from tools.site.__main__ import main
from tools.solutions import for_students

pytestmark = pytest.mark.slow

TINY = Path(__file__).parents[1] / "fixtures" / "99_tiny.ipynb"

CONTROLS = "import ipywidgets\nipywidgets.IntSlider()"
FOLDS = """## What $x^2$ & *you* see

<details><summary>The answer</summary>

It is **four**.

</details>

## Again

## Again
"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    controls = folder / "98_controls.ipynb"
    text = "# 98 · Controls & formulas\n\n$$\\frac{1}{n}\\sum_i x_i$$\n\n[logit](words.md#logit), [99](99_tiny.ipynb)"
    hidden = {"jupyter": {"source_hidden": True}}
    cells = [new_markdown_cell(text), new_code_cell(CONTROLS), new_markdown_cell(FOLDS)]
    for tag in ("widget", "setup"):
        cells.append(new_code_cell(f'print("{tag} " + "shown")', metadata=hidden | {"tags": [tag]}))
    (folder / "words.md").write_text('# Words\n\n<a id="logit"></a>\n**Logit**', encoding="utf-8")
    (folder / "words.zh.md").write_text("# 词\n\n`fit`, C4.1\n\n```python\nfit()\n```", encoding="utf-8")
    nbformat.write(new_notebook(cells=cells), controls)
    notebooks.regenerate(controls)
    site.export([controls, TINY], folder / "out", "https://course.example")
    return folder / "out"


@pytest.fixture(scope="module")
def read(pages):
    return lambda name: (pages / name).read_text(encoding="utf-8")


def test_pages_name_no_address_to_load_from(pages, read):
    for page in pages.glob("*.html"):
        text = read(page).replace(
            "https://course.example/", ""
        )  # where the picture of a link is, for those who show it
        assert not re.findall(r"(?:src|href)=[\"']?(?:https?:)?//[^\s\"']+", text)
        assert not re.findall(r"url\([\"']?(?:https?:)?//|@import", text)


CONTROLS_LINK = '<a href="98_controls.html"><strong>98 · Controls &amp; formulas</strong></a>'
HELD = {  # {page: what is on it, and what is not}
    "98_controls.html": (['href="words.html#logit"', 'href="99_tiny.html"', "IntSlider(value=0)"], ["widget-view"]),
    "99_tiny.html": (["<mi>a</mi><mo>=</mo><mi>b</mi>"], ["$a = b$"]),
    "words.html": (['<a id="logit"></a>', '<html lang="en">'], ["static/cards.js"]),
    "words.zh.html": (['<html lang="zh">', '<span translate="no">C4.1</span>'], []),
    "index.html": ([CONTROLS_LINK, '<a href="words.html">Words</a>'], []),
    "static/theme.css": ([".jp-RenderedHTMLCommon", ".highlight", "prefers-color-scheme: dark"], []),
}


@pytest.mark.parametrize("page", HELD)
def test_formulas_links_and_languages_are_as_a_browser_wants_them_and_a_text_loads_no_widgets(read, page):
    there, absent = HELD[page]
    assert [words for words in there if words not in read(page)] == []
    assert [words for words in absent if words in read(page)] == []
    assert page != "words.html" or len(read(page)) < 10_000


def test_folded_code_and_solutions_are_folded_and_a_fold_holds_what_follows_its_blank_line(read):
    text, tiny = read("98_controls.html"), read("99_tiny.html")
    folds = re.findall(r'<details class="folded[^"]*"><summary>(.*?)</summary>(.*?)</details>', text, re.DOTALL)
    assert [summary for summary, _ in folds] == ["Code", "Set-up"]
    assert ["shown" in re.sub("<[^>]*>", "", inside.replace("+", "")) for _, inside in folds] == [True, True]
    assert ["widget shown" in inside for _, inside in folds] == [False, False]  # what it gives stands below the fold
    assert ["setup shown" in inside for _, inside in folds] == [False, True]
    (inside,) = re.findall(r"<details><summary>The answer</summary>(.*?)</details>", text, re.DOTALL)
    assert "<strong>four</strong>" in inside
    (solution,) = re.findall(r"<details class=\"folded solution\">.*?</details>", tiny, re.DOTALL)
    assert "double_solution" in solution and "double_solution" not in tiny.replace(solution, "")


def test_headings_have_ids_of_their_words_and_are_listed(read):
    text = read("98_controls.html")
    ids = re.findall(r'<h[12] id="([^"]*)"', text)
    assert ids == ["98-·-Controls-&amp;-formulas", "What-x2-&amp;-you-see", "Again", "Again-2"]
    (sections,) = re.findall(r'<details class="sections"[^>]*>.*?</details>', text, re.DOTALL)
    assert re.findall(r'href="#([^"]*)"', sections) == ids[1:]


def test_each_page_leads_to_those_before_and_after_it_and_the_start_page_to_all(read):
    names = ["98_controls.html", "99_tiny.html", "words.html", "words.zh.html"]
    for name, before, after in zip(names, [None, *names], [*names[1:], None], strict=False):
        text = read(name)
        for rel, other in (("prev", before), ("next", after)):
            found = re.findall(rf'<a href="([^"]*)" rel="{rel}"', text)
            assert found == [other] * 2 * bool(other)  # at the top and at the bottom
        assert text.count('href="index.html"') == 2
    (tiny,) = re.findall(r'<li><a href="99_tiny.html">(.*?)</li>', read("index.html"), re.DOTALL)
    assert "99 · A tiny chapter" in tiny and "<small>Minutes: 14 + 10" in tiny
    assert 'href="99_tiny_handout.html"' in tiny
    (chinese,) = re.findall('<p lang="zh">.*?</p>', read("index.html"))
    assert '<a href="words.zh.html">词</a>' in chinese and "words.html" not in chinese


@pytest.mark.parametrize(
    ("page", "kinds"), [("99_tiny", ["div class=.highlight", "math"]), ("words.zh", ["code", "pre"])]
)
def test_what_a_browser_translates_is_prose_alone(read, page, kinds):
    body = read(f"{page}.html").partition("<main")[2]
    for kind in kinds:
        found = re.findall(f"<{kind}[^>]*>", body)
        assert found and [tag for tag in found if not re.search('translate="?no', tag)] == []


def test_a_thumbnail_is_the_first_picture_that_no_prediction_answers():
    def shown(tag, data):
        return new_code_cell("", metadata={"tags": [tag]}, outputs=[new_output("display_data", data)])

    image = '<img alt="a line" src="data:image/png;base64,{}">'
    view = {WIDGET_VIEW: {"model_id": "m"}}
    cells = [
        shown("predict", view | {"text/html": image.format("AAAA")}),
        shown("figure", {"text/html": image.format("BBBB")}),
        shown("widget", view | {"text/html": image.format("CCCC")}),
    ]
    assert site.pictures(new_notebook(cells=cells)) == ["CCCC"]


def test_search_knows_every_section_and_nothing_that_is_folded(read):
    found = json.loads(read("static/search-index.js").removeprefix("window.courseSections = ").removesuffix(";\n"))
    headings = [(section["heading"], section["anchor"]) for section in found if section["page"] == "98_controls.html"]
    assert headings[1:] == [("What x 2 & you see", "What-x2-&-you-see"), ("Again", "Again"), ("Again", "Again-2")]
    terms = [(section["heading"], section["anchor"]) for section in found if section["page"] == "words.html"]
    assert terms[1:] == [("Logit", "logit")]
    assert not any("four" in section["text"] for section in found)


def test_a_handout_has_questions_without_answers_and_what_stands_open():
    model = {"state": {"name": "C9.P1", "question": "A or B?", "options": ["A", "B"], "answer": 1.0, "why": "Since B."}}
    shown = {"application/vnd.jupyter.widget-view+json": {"model_id": "m"}}
    figure = {"text/html": '<img alt="a line" src="data:image/png;base64,iVBOR">'}
    text = "## 1 Part\n\n$$a = b, \\qquad c = d$$\n\n<details><summary>Fold</summary>\n\n$$e = f$$\n\n</details>"
    cells = [
        new_markdown_cell("# 09 · Nine\n\n**Why?**\n\n> **You need** nothing."),
        new_markdown_cell(text),
        new_code_cell("drawn()", outputs=[new_output("display_data", figure)]),
        new_code_cell("ask()", metadata={"tags": ["predict"]}, outputs=[new_output("display_data", shown)]),
        new_code_cell("figure()", outputs=[new_output("display_data", figure)] * 9),
        new_code_cell("solution()", metadata={"tags": ["solution"]}, outputs=[new_output("display_data", figure)]),
        new_markdown_cell("## 2 Takeaways: who won?\n\n*1 min · core*\n\n- So."),
    ]
    book = new_notebook(cells=cells)
    book.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": {"m": model}}}
    held = site.handout(book)
    assert (held["title"], held["question"]) == ("09 · Nine", "Why?")
    (part,) = held["parts"]
    assert len(part.formulas) == 2 and len(part.figures) == 1 and len(held["figures"]) == site.FIGURES
    assert "So." in held["recap"] and "1 min" not in held["recap"]
    before, after = (
        site.templates().get_template("handout.html.j2").render(held, afterwards=afterwards)
        for afterwards in (False, True)
    )
    assert "A or B?" in before and "Since B." not in before and "e</mi>" not in before
    assert ("So." in before, before.count("<img")) == (False, 1)
    assert ("So." in after, after.count("<img"), "A or B?" in after) == (True, site.FIGURES, False)


def test_pages_for_students_have_no_solutions(tmp_path):
    site.export([TINY], tmp_path / "whole")
    site.export([TINY], tmp_path / "student", change=for_students)
    whole, student = ((tmp_path / name / "99_tiny.html").read_text(encoding="utf-8") for name in ("whole", "student"))
    assert "double_solution" in whole and "double_solution" not in student and "worked solution" not in student
    assert re.findall("<h2[^>]*>(.*?)</h2>", whole) == re.findall("<h2[^>]*>(.*?)</h2>", student)


@pytest.mark.long
def test_pages_take_the_place_of_earlier_ones_and_of_nothing_else(tmp_path, monkeypatch):
    """`make site STUDENT=1` after `make site` leaves no deck of the teacher; a failed run leaves all as it was."""

    def run(*arguments: Path | str):
        monkeypatch.setattr("sys.argv", ["tools.site", "--out", *map(str, arguments)])
        main()

    def held() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in out.rglob("*.*")}

    out, mine, broken = tmp_path / "site", tmp_path / "mine", tmp_path / "broken.ipynb"
    mine.mkdir()
    broken.write_text("{")
    run(out, *sorted((site.ROOT / "notebooks").glob("0[01]_*.ipynb")))
    assert (out / "class1.html").exists() and out.stat().st_mode == mine.stat().st_mode
    run(out, "--student", TINY)
    pages = {path.name for path in out.glob("*.html")}
    assert pages == {"index.html", *(f"99_tiny{kind}.html" for kind in ("", "_handout", "_recap"))}
    before = held()
    with pytest.raises(nbformat.reader.NotJSONError):
        run(out, TINY, broken)
    for other in (mine / "diary.html", out / "CNAME"):
        other.write_text("mine")
        with pytest.raises(SystemExit):
            run(other.parent, TINY)
        assert other.read_text() == "mine"
        other.unlink()
    assert held() == before
    assert {path.name for path in tmp_path.iterdir()} == {"site", "mine", "broken.ipynb"}


def test_the_start_page_opens_with_the_phone_alone():
    def model(name):
        return {"model_name": "AnyModel", "model_module": "anywidget", "state": {"name": name, "text": "</script>"}}

    state = {"a": model("C4"), "b": model("phone")}
    views = [{WIDGET_VIEW: {"model_id": id}} for id in state]
    book = new_notebook(cells=[new_code_cell("", outputs=[new_output("display_data", view)]) for view in views])
    book.metadata["widgets"] = {WIDGET_STATE: {"state": state}}
    shown = site.opening([new_notebook(), book])
    assert json.loads(shown["view"]) == {"model_id": "b"} and list(json.loads(shown["state"])["state"]) == ["b"]
    assert "</script>" not in shown["state"]  # it would end the element that holds it
    assert site.opening([new_notebook()]) == {}


def test_a_link_to_a_page_shows_its_question_and_a_picture(pages, read):
    shown = dict(re.findall(r'<meta content="([^"]*)" property="og:([^"]*)"', read("99_tiny.html")))
    assert shown["https://course.example/static/preview.png"] == "image" and shown["99 · A tiny chapter"] == "title"
    assert (pages / "static" / "preview.png").read_bytes().startswith(b"\x89PNG")


def test_a_formula_that_cannot_be_converted_is_named():
    with pytest.raises(ValueError, match=r"formula .*nosuch.* not all known"):
        site.mathml(r"a + \nosuch{b}", "inline")


def test_aligned_lines_become_a_table():
    assert site.mathml(r"\begin{aligned} a &= b \\ c &= d \end{aligned}", "block").count("<mtr>") == 2
