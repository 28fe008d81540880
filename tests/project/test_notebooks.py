"""The notebooks of the course: their form and style, and, marked long, that they run as a student may run them.

That they run from top to bottom with the outputs they show is nbval's part (`make test-notebooks`), and in JupyterLab
that of `browser/test_walk.py`.
"""

import ast
import re
from pathlib import Path

import pytest

from helpers.support.downloads import MOVIELENS
from tools import minutes, notebooks
from tools.spoilers import spoilers
from tools.style import problems, too_much

ROOT = Path(__file__).parents[2]
NOTEBOOKS = notebooks.find([ROOT / "notebooks"])
CHAPTERS = [path for path in NOTEBOOKS if path.parent.name != "deeper"]

# open outputs that may answer a prediction above them, and why they do not
HARMLESS = {
    "01-claims-penalised-c1-43-c1": "is of models that stop early, with a penalty; the question is about neither",
    "06-two-runs-use-of-experts": "is of two runs, whose favourites tempt; the question is about their mean",
    "04-claims-roomy-c4-33": "is of another bottom, with 18 units; the question is about one with 3",
}

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def skip_without_movielens(path: Path) -> None:
    cells = notebooks.code_cells(notebooks.read(path))
    if any("movielens" in notebooks.tags(cell) for cell in cells) and not MOVIELENS.present():
        pytest.skip(MOVIELENS.absent)


def test_there_are_notebooks():
    assert NOTEBOOKS


@every_notebook
def test_form_and_style(path):
    assert problems(path) == []


@every_notebook
def test_what_a_notebook_imports_is_there(path):
    """Who renames a function hears of the deeper notebooks, too, which `make test` does not run."""
    trees = [ast.parse(cell["source"]) for cell in notebooks.code_cells(notebooks.read(path))]
    imports = [node for tree in trees for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    exec("\n".join(map(ast.unparse, imports)), {})


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_is_an_hour(path):
    assert too_much(notebooks.read(path)) == []


@pytest.mark.slow
def test_no_open_output_below_a_prediction_can_answer_it():
    """Where this fails, fold the output, or say in `HARMLESS` why it does not answer the question."""
    found = {cell for path in NOTEBOOKS for _, cell in spoilers(notebooks.read(path))}
    assert found == set(HARMLESS)


@every_notebook
def test_sections_are_counted_from_one(path):
    titles = [section.title for section in minutes.sections(notebooks.read(path))]
    assert [title.split()[0] for title in titles] == [str(number) for number, _ in enumerate(titles, 1)]


@pytest.mark.parametrize("table", notebooks.TABLES, ids=lambda path: path.name)
def test_the_rows_of_a_table_have_the_minutes_of_their_notebooks_and_no_chapter_lacks_one(table):
    """Where this fails: `make notebooks`."""
    stated = {path.name: minutes.short(notebooks.read(path)) for path in NOTEBOOKS}
    rows = {row[2]: row[3] for row in notebooks.ROW.finditer(table.read_text(encoding="utf-8"))}
    assert rows == {name: stated[name] for name in rows} and {path.name for path in CHAPTERS} <= set(rows)


def test_the_map_in_chapter_00_has_every_notebook():
    start = notebooks.read(ROOT / "notebooks" / "00_start_here.ipynb")
    listed = {row[2] for cell in start.cells for row in notebooks.ROW.finditer(cell.source)}
    assert listed == {path.name for path in NOTEBOOKS}


def test_the_map_in_chapter_00_is_the_table_of_the_readme():
    """Where this fails, copy the rows of the README into the map of 00, without `notebooks/`. (`make notebooks` writes
    the minutes of both.)"""
    row = re.compile(r"^\| \[?0\d · .*$", re.MULTILINE)
    readme = row.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    cells = notebooks.read(ROOT / "notebooks" / "00_start_here.ipynb").cells
    assert row.findall("\n".join(cell.source for cell in cells)) == [line.replace("notebooks/", "") for line in readme]


@every_notebook
def test_links_to_other_files_arrive(path):
    """A link beside the chapter names a file that is there, and a place in it that is there."""
    text = "\n".join(cell.source for cell in notebooks.read(path).cells if cell.cell_type == "markdown")
    for target, anchor in re.findall(r"\]\(([\w./-]+\.(?:md|ipynb|py))(?:#([^)]*))?\)", text):
        file = path.parent / target
        assert file.exists(), target
        assert not anchor or f'<a id="{anchor}"></a>' in file.read_text(encoding="utf-8"), f"{target}#{anchor}"


@pytest.mark.long
@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_every_cell_can_be_run_twice(path):
    skip_without_movielens(path)
    assert notebooks.run_each_cell_twice(path) == []


@pytest.mark.long
@every_notebook
def test_every_section_stands_alone(path):
    """And has the outputs of the file, decimals too: so this is the second run of all notebooks."""
    skip_without_movielens(path)
    assert notebooks.run_sections_alone(path) == []
