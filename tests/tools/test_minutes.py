"""The minutes of a chapter are counted from what a reader sees who guesses."""

from itertools import pairwise

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools import minutes, notebooks, style


def html(page):
    return new_output("execute_result", {"text/html": page})


CARD = '<div class="mtl-claim">one two <svg><text>0 to 1</text></svg></div>'
FIGURE, TABLE, CARDS = html("<img alt='a'>"), html("<table><td>1</td></table>"), html(CARD * 2)
GUESSED = "<details><summary>What came (open it after your guess)</summary>"
FOLD = "<details><summary>What came</summary>"
SHUT = html(f"{FOLD}{CARD}</details>")


def code(source="", *outputs, tags=(), hidden=False):
    folded = {"jupyter": {"source_hidden": True}} if hidden else {}
    return new_code_cell(source, outputs=list(outputs), metadata={"tags": list(tags), **folded})


def book(*cells):
    top = new_markdown_cell("# A\n\n> **Time** 9 minutes to read, ten seconds of computing.")
    return new_notebook(cells=[top, *cells])


def text(*words):
    return new_markdown_cell(" ".join(words))


LONGER = [  # each takes longer than the one before
    [text("one"), text("one", "two")],
    [text("$a$"), text("$a + b$"), text("$$a + b$$")],
    [text("one"), text("one", GUESSED, "two</details>")],
    [code("a = 1"), code("a = 1\nb = 2")],
    [code("draw()"), code("draw()", FIGURE), code("ask()", tags=["predict"]), code("play()", FIGURE, tags=["widget"])],
    [code("t", TABLE), code("t", html("<table><td>1</td><td>2</td></table>"))],
    [code("claims()"), code("claims()", html(CARD)), code("claims()", CARDS)],
    [code("claims()", html(CARD)), code("claims()", html(f"{GUESSED}{CARD * 2}</details>"))],
]
EQUAL = [
    (text("one", "two"), text("one", FOLD, "three</details>", "two")),
    (text("see", "a", "link"), text("see", "[a link](https://a.b/c-d-e)")),
    (code("a = 1"), code("\na = 1\n\n")),
    (code("claims()"), code("claims()", SHUT)),
    (code("", FIGURE), code("draw()", FIGURE, hidden=True)),
    (code("t", TABLE), code("t", html("<style>td { color: red; }</style><table><td>1</td></table>"))),
]


@pytest.mark.parametrize("cells", LONGER)
def test_more_to_see_takes_longer(cells):
    seconds = [0, *map(minutes.seconds, cells)]
    assert all(short < long for short, long in pairwise(seconds))


@pytest.mark.parametrize(("one", "other"), EQUAL)
def test_what_nobody_reads_takes_no_time(one, other):
    assert minutes.seconds(one) == pytest.approx(minutes.seconds(other))


def test_what_is_stated_follows_what_is_there():
    words = " ".join(["word"] * 448)
    optional = new_markdown_cell("## 2 More", metadata={"part": "optional"})
    exercises = [new_markdown_cell("## 3 Do"), code("check()", tags=["exercise"]), new_markdown_cell(words)]
    notebook = book(new_markdown_cell(f"## 1 First\n\n{words}"), optional, code("draw()", FIGURE), *exercises)
    minutes.state(notebook)
    stated = [cell.source.splitlines()[2] for cell in notebook.cells if cell.source.startswith("## ")]
    assert stated == ["*3 min · core*", "*1 min · optional*", "*exercises*"]
    assert "**Time** 3 minutes (and 1 optional), 10 more for the exercises to read" in notebook.cells[0].source
    once = nbformat.writes(notebook)
    minutes.state(notebook)
    assert nbformat.writes(notebook) == once


def test_too_long_a_chapter_is_told():
    long = book(new_markdown_cell("## 1"), *(code("play()", tags=["widget"]) for _ in range(12)))
    assert style.too_much(long) == ["61 minutes of core sections, more than 60"]
    crowded = book(new_markdown_cell("## 1"), *(code("claims()", CARDS) for _ in range(3)), code("claims()", SHUT))
    assert style.too_much(crowded) == ["6 claims are open, more than 5: `evidence(...)`"]
    assert style.too_much(book(new_markdown_cell("## 1"), code("claims()", CARDS))) == []


def test_the_minutes_of_a_notebook_go_into_its_row_and_a_new_one_gets_a_row(tmp_path):
    exercise = [new_markdown_cell("## 3"), code("check()", tags=["exercise"])]
    optional = new_markdown_cell("## 2", metadata={"part": "optional"})
    nbformat.write(book(new_markdown_cell("## 1"), optional, *exercise), tmp_path / "01_a.ipynb")
    rows = [
        "| [01 · A](notebooks/01_a.ipynb) | Why? | 3 + 10 |",
        "| [B](notebooks/deeper/b.ipynb) | So? | 2 |",
        "| a system | [01](notebooks/01_a.ipynb) | found |",
    ]
    (table := tmp_path / "README.md").write_text("\n".join(["| chapter | ? | minutes |", *rows]), encoding="utf-8")
    new = book(new_markdown_cell("## 1"))
    new.cells[0].source = '# 02 · New\n\n**Who "asks"?**\n\n> **Time** 2 minutes.'
    nbformat.write(new, tmp_path / "02_new.ipynb")
    notebooks.list_notebooks([tmp_path / "02_new.ipynb", tmp_path / "01_a.ipynb"], (table,))
    written = table.read_text(encoding="utf-8").splitlines()
    timed = rows[0].replace("3 + 10", "1 + 10 (and 1 optional)")
    added = '| [02 · New](notebooks/02_new.ipynb) | Who "asks"? | 1 |'
    assert written[1:] == [timed, added, *rows[1:]]
