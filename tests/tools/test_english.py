"""Plain English: what reads as translated is found wherever it is written, and what is said well is left alone."""

import sys

import pytest
from nbformat import write
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools import english


def found(text: str) -> list[str]:
    """What is found in a sentence."""
    return [
        match[match.lastindex or 0]
        for sentence in english.sentences(text)
        for pattern in english.RULES
        if (match := pattern.search(sentence))
    ]


@pytest.mark.parametrize(
    ("translated", "words"),
    [
        ("The mended loss gives no bonus.", ["mended"]),
        ("You can reckon what one model saves.", ["reckon"]),
        ("Separate models are dearer.", ["dearer"]),
        ("On two trainings it holds.", ["trainings"]),
        ("Four policies come from one training.", ["one training"]),
        ("The others are as good as absent.", ["as good as absent"]),
        ("The correlation is nothing to speak of.", ["nothing to speak of", "of"]),
        ("The verdict comes out again.", ["comes out"]),
        ("Chapter 02 stands beside it.", ["stands beside"]),
        ("The first stands in published code.", ["stands in"]),
        ("A new process shall run it.", ["shall"]),
        ("Whoever has one number trains again.", ["Whoever"]),
        ("Who clamps it at 0 switches it off.", ["Who clamps"]),
        ("One bottom must serve all: who needs other features, pays.", ["who needs"]),
        ("A task of which a batch has no label waits.", ["of which"]),
        ("That is a guess, for it was not measured.", ["for it was"]),
        ("The size of A's loss, B's being 1.", ["B's being 1"]),
        ("It is drawn at random; else by time.", ["else"]),
        ("Opposed directions are by themselves no disease.", ["by themselves no"]),
        ("Undecided is no failure of the report.", ["is no failure"]),
        ("The truth is not perfect either.", ["either"]),
        ("These are the rows that it trains on.", ["on"]),
        ("There is no click to learn from.", ["from"]),
    ],
)
def test_what_reads_as_translated_is_found(translated, words):
    assert found(translated) == words


@pytest.mark.parametrize(
    "plain",
    [
        "The corrected loss gives no bonus.",
        "A ranking metric stands in for satisfaction.",
        "The training run is as good as the one before.",
        "As we shall see, both gain.",
        "Who pays for it?",
        "Of 20,000 rows, 300 of which are clicked, most of which are short, it keeps all.",
        "The code is `mend(x)` at https://example.org/mend/to.",
        "Run it again to go on.",
        "To think about.",
        "Take it, or else stop: otherwise it ends.",
        "In the table a row is 1 where it is seen, else 0.",
    ],
)
def test_what_is_said_well_is_left_alone(plain):
    assert found(plain) == []


PYTHON = '''"""Losses.

They are what a model
trains on.
"""

LONG = (
    "The figures stand "
    "beside the data"
)
COUNT = 2  # one
# a comment that goes over two lines, and where what
# comes out is told
print(f"To mend: {LONG}.", "mending" in {"a": 1})
'''


def test_strings_and_comments_of_code_are_read_whole(tmp_path):
    path = tmp_path / "code.py"
    path.write_text(PYTHON, encoding="utf-8")
    hits = {(hit.where.rpartition(":")[2], hit.found) for hit in english.hits(path)}
    assert hits == {("1", "on"), ("8", "stand beside"), ("12", "comes out"), ("14", "mend"), ("14", "mending")}
    assert len(english.hits(path)) == len(hits)


def test_markdown_is_read_by_paragraphs_items_and_cells_of_tables(tmp_path):
    path = tmp_path / "text.md"
    path.write_text("# A\n\n- one it starts\n  from.\n- two\n\n```\nmend\n```\n\n| a | reckon |\n", encoding="utf-8")
    hits = [(hit.where.rpartition(":")[2], hit.found) for hit in english.hits(path)]
    assert hits == [("3", "from"), ("11", "reckon")]


def test_cells_of_a_notebook_are_named(tmp_path):
    cells = [new_markdown_cell("The mend.", id="prose"), new_code_cell('title = "What comes out"', id="figure")]
    path = tmp_path / "book.ipynb"
    write(new_notebook(cells=cells), path)
    assert [hit.where for hit in english.hits(path)] == [f"{path}:prose", f"{path}:figure"]


def test_the_course_is_read():
    names = {path.relative_to(english.ROOT).as_posix() for path in english.course()}
    assert {"README.md", "notebooks/glossary.md", "notebooks/00_start_here.ipynb", "helpers/training/loop.py"} <= names
    assert "notebooks/deeper/06_ple.ipynb" in names


@pytest.mark.parametrize(("text", "code"), [("It is dearer.", True), ("It costs more.", False)])
def test_the_command_names_sentences_and_fails(tmp_path, capsys, monkeypatch, text, code):
    path = tmp_path / "a.md"
    path.write_text(text, encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["english", str(tmp_path)])
    assert english.main() is code
    assert capsys.readouterr().err == f'{path}:1: "dearer" (more expensive): It is dearer.\n' * code
