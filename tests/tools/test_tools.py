"""The tools: canonical form, comparison, style, nbval's settings."""

import base64
import io
import json
import os
import re
import shutil
import subprocess
import sys
import uuid
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools import notebooks, style

ROOT = Path(__file__).parents[2]
TINY = ROOT / "tests" / "fixtures" / "99_tiny.ipynb"


@pytest.fixture
def tiny():
    return notebooks.read(TINY)


def save(path: Path, notebook) -> Path:
    """Write a notebook in canonical form, without running it."""
    path.write_text(notebooks.canonical(notebook, path.stem), encoding="utf-8")
    return path


def chapter(*sections: list[str], setup_cell: str = "import random") -> nbformat.NotebookNode:
    """A notebook of code cells in sections, to be run."""
    cells = [new_markdown_cell("# A chapter"), new_code_cell(setup_cell, metadata={"tags": ["setup"]})]
    for number, section in enumerate(sections, start=1):
        cells.append(new_markdown_cell(f"## Section {number}"))
        cells += [new_code_cell(source) for source in section]
    return new_notebook(cells=cells)


def code(notebook, number: int):
    return notebooks.code_cells(notebook)[number]


# --- canonical form -------------------------------------------------------------------------------------------------


def models(notebook) -> dict:
    return notebook.metadata.widgets[notebooks.WIDGET_STATE].state


def each_cell(change):
    return lambda book: [change(cell) for cell in book.cells]


def counted_on(cell):
    if cell.cell_type == "code":
        cell.execution_count = 17
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = 17


def in_letters(cell):
    if cell.get("outputs") and cell.outputs[0].output_type == "stream":
        (output,) = cell.outputs
        cell.outputs = [new_output("stream", name=output.name, text=letter) for letter in output.text]


def with_what_is_unset(book):
    for entry in models(book).values():
        if entry["model_module"].startswith("@jupyter-widgets/"):
            entry["state"] |= {"margin": None, "_view_name": "BoxView"}


EDITOR = {"collapsed": True, "execution": {"iopub": "2026"}}
STRAY = {"model_name": "FloatProgressModel", "model_module": "m", "model_module_version": "2", "state": {}}
LEFT_BY_A_RUN = {
    "what an editor notes": each_cell(lambda cell: cell.metadata.update(EDITOR)),
    "tags twice": each_cell(lambda cell: cell.metadata.update(tags=notebooks.tags(cell) * 2)),
    "a folded output": lambda book: code(book, 1).metadata.update(jupyter={"outputs_hidden": True}),
    "other counts": each_cell(counted_on),
    "print in pieces": each_cell(in_letters),
    "a model on show nowhere": lambda book: models(book).update({uuid.uuid4().hex: STRAY}),
    "what a widget has by default": with_what_is_unset,
    "another kernel": lambda book: book.metadata.kernelspec.update(name="my-env", display_name="mine"),
}


@pytest.mark.parametrize("left", LEFT_BY_A_RUN)
def test_what_a_run_or_an_editor_leaves_is_not_in_the_file(tiny, left):
    """The file, as if somebody else had run and saved it, is written as it was."""
    LEFT_BY_A_RUN[left](tiny)
    assert tiny != notebooks.read(TINY)
    assert notebooks.canonical(tiny, TINY.stem) == TINY.read_text(encoding="utf-8")


def test_random_ids_of_models_are_numbered_in_order_of_appearance():
    text = TINY.read_text(encoding="utf-8")
    for old in set(notebooks.MODEL_ID.findall(text)):
        text = text.replace(old, uuid.uuid4().hex)
    again = nbformat.reads(text, as_version=4)
    assert notebooks.canonical(again, TINY.stem) == TINY.read_text(encoding="utf-8") != text


def test_what_a_widget_of_ours_leaves_open_stays(tiny):
    """A null may be an answer."""
    ours = next(entry for entry in models(tiny).values() if entry["model_module"] == "anywidget")
    ours["state"]["answer"] = None
    written = nbformat.reads(notebooks.canonical(tiny, TINY.stem), as_version=4)
    assert ours["state"] in [entry["state"] for entry in models(written).values()]


def test_random_and_repeated_cell_ids_become_chapter_and_first_words_and_named_ones_stay():
    book = chapter(["x = 1", "x = 1"])
    for cell, old in zip(book.cells, ("title", "twin", "twin", "0123abcd", str(uuid.uuid4())), strict=True):
        cell.id = old
    ids = [cell["id"] for cell in json.loads(notebooks.canonical(book, "04_shared_bottom"))["cells"]]
    assert ids == ["title", "twin", "04-section-1", "04-x-1", "04-x-1-2"]


def test_a_picture_within_html_is_kept_and_not_compared():
    book = chapter(["figure"])
    html = '<img alt="at 0x7fa90ea01ed0, 0.12" src="data:image/png;base64,ab+0x12345678/1e5==">'
    code(book, 1).outputs = [new_output("display_data", data={"text/html": html})]
    old = nbformat.reads(notebooks.canonical(book, "04_x"), as_version=4)
    assert code(old, 1).outputs[0].data["text/html"] == html.replace("0x7fa90ea01ed0", "0x0")
    for was, now, equal in (("12345678/1e5", "87654321/9e5", True), ("0.12", "0.1212", True), ("0.12", "0.42", False)):
        code(book, 1).outputs[0].data["text/html"] = html.replace(was, now)
        new = nbformat.reads(notebooks.canonical(book, "04_x"), as_version=4)
        assert (notebooks.compare(old, new)[0] is None) == equal, now


PNG = {"image/png": "ab+/1=\n"}
IMG = {"text/html": '<img alt="a line" src="data:image/png;base64,ab+/1=">'}
PLAIN = {"text/plain": "   a\n0  1"}
VIEW = {notebooks.WIDGET_VIEW: {"model_id": "m"}}
TABLE = """<div>
<table border="1" class="dataframe">
  <thead>
    <tr style="text-align: right;"><th></th><th>a</th></tr>
  </thead>
  <tbody>
    <tr><th>0</th><td>1</td></tr>
  </tbody>
</table>
</div>"""


@pytest.mark.parametrize(
    ("data", "kept"),
    [
        (PLAIN | PNG | IMG, IMG),
        (PLAIN | PNG | IMG | VIEW, IMG | VIEW),
        (PLAIN | PNG, PLAIN | PNG),
        (PLAIN | VIEW, PLAIN | VIEW),
        (PLAIN | {"text/html": "<p>Holds.</p>"}, PLAIN | {"text/html": "<p>Holds.</p>"}),
        (PLAIN | {"text/html": pd.DataFrame({"a": [1]})._repr_html_()}, {"text/html": TABLE}),
    ],
)
def test_a_picture_and_a_table_are_kept_once_and_whatever_else_there_is_stays(data, kept):
    """A reader without a kernel sees the HTML where there is one, and the text or the picture where there is none."""
    assert notebooks.once(data) == kept and notebooks.once(kept) == kept


# --- compare --------------------------------------------------------------------------------------------------------


def changed(tiny, old: str, new: str):
    text = TINY.read_text(encoding="utf-8")
    assert old in text
    return nbformat.reads(text.replace(old, new), as_version=4)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("mean 0.081", "mean 0.084", None),
        ("mean 0.081", "mean 0.181", r"output of cell \d+ \(99-draws.*\): 0.081 became 0.181"),
        ("mean 0.081", "mean -0.081", "0.081 became -0.081"),
        ("of 100 draws", "of 101 draws", "100 draws.*became.*101 draws"),
        ("up to 2.82 between", "near 2.82 between", "'text/html: <img .*up to 2.82 .*became.*near 2.82 "),
        ('"max": 10,', '"max": 11,', r"widget [0-9a-f]+ \(IntSliderModel\)"),
        ("Double `x`", "Treble `x`", "Double.*became.*Treble"),
    ],
)
def test_decimals_may_differ_within_the_tolerance_and_any_other_difference_is_named(tiny, old, new, said):
    difference, largest = notebooks.compare(tiny, changed(tiny, old, new))
    assert re.search(said, difference, re.DOTALL) if said else (difference, round(largest, 9)) == (None, 0.003)


def test_a_missing_cell_is_named_and_outputs_of_live_cells_may_differ(tiny):
    other = notebooks.read(TINY)
    next(cell for cell in other.cells if "live" in notebooks.tags(cell)).outputs = []
    assert notebooks.compare(tiny, other)[0] is None
    del other.cells[-1]
    assert notebooks.compare(tiny, other)[0] and notebooks.compare(other, tiny)[0]


# --- checks that run a notebook -------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_second_run_notices_an_edited_output(tmp_path, tiny):
    path = save(tmp_path / "99_tiny.ipynb", changed(tiny, "of 100 draws", "of 99 draws"))
    with pytest.raises(notebooks.RunError, match=r"99 draws.*became.*100 draws"):
        notebooks.check(path)


@pytest.mark.slow
def test_a_notebook_that_fails_is_left_as_it_was_and_the_cell_is_named(tmp_path):
    path = save(tmp_path / "04_x.ipynb", chapter(["x = 1", "1 / 0"]))
    before = path.read_text(encoding="utf-8")
    with pytest.raises(notebooks.RunError, match=r"(?s)code cell 3: .*ZeroDivisionError"):
        notebooks.regenerate(path)
    assert path.read_text(encoding="utf-8") == before


@pytest.mark.slow
def test_cells_run_twice_are_compared(tmp_path):
    good = ["rng = random.Random(0)\nprint(rng.random())"]
    bad = ["count = globals().get('count', 0) + 1\nprint(f'{count} runs')", "print(random.random())"]
    path = save(tmp_path / "04_x.ipynb", chapter(good, bad, setup_cell="import random\nrandom.seed(0)"))
    found = notebooks.run_each_cell_twice(path)
    assert len(found) == 2
    assert "'stdout: 1 runs' became 'stdout: 2 runs'" in found[0]
    assert "04-print-random-random" in found[1]


@pytest.mark.long
def test_sections_run_alone_are_compared(tmp_path):
    path = tmp_path / "04_x.ipynb"
    first = ["factor = 2\nprint('two')"]
    save(path, chapter(first, ["print(factor)"], ["print(globals().get('factor', 'none'))"], ["print(len('ab'))"]))
    notebooks.regenerate(path)
    missing, other = notebooks.run_sections_alone(path)
    assert missing.startswith("section 'Section 2' alone: code cell 2") and "name 'factor' is not defined" in missing
    assert other.startswith("section 'Section 3' alone, cell") and "'stdout: 2' became 'stdout: none'" in other


def test_a_run_elsewhere_may_differ_in_last_places_pieces_and_live_cells():
    def book(*outputs: list[str], live: bool = False):
        cells = [new_code_cell("x", outputs=[new_output("stream", text=text) for text in texts]) for texts in outputs]
        cells[0].metadata["tags"] = ["live"] * live
        return new_notebook(cells=cells)

    committed = book(["17 ms"], ["R² 0.812 of 100\n"], live=True)
    assert notebooks.differing_outputs(committed, book(["18 ms"], ["R² 0.81", "3 of 100\n"])) == []
    (found,) = notebooks.differing_outputs(committed, book(["17 ms"], ["R² 0.812 of 101\n"]))
    assert "'stdout: R² 0.812 of 100' became 'stdout: R² 0.812 of 101'" in found
    assert len(notebooks.differing_outputs(committed, book(["17 ms"], ["R² 0.9 of 100\n"]))) == 1
    assert len(notebooks.differing_outputs(committed, book(["17 ms"], []))) == 1


# --- style ----------------------------------------------------------------------------------------------------------


def picture(dpi: int) -> str:
    figure, buffer = plt.figure(figsize=(1, 1)), io.BytesIO()
    figure.savefig(buffer, dpi=dpi)
    plt.close(figure)
    return base64.b64encode(buffer.getvalue()).decode()


def output(book, number: int, kind: str, **fields):
    code(book, number).outputs.append(new_output(kind, **fields))


def asks(cell, source: str):
    cell.update(source=source, metadata={"tags": ["predict"]})


SPOILED = {
    "does not begin with a title": lambda b: b.cells[0].update(source=b.cells[0].source.lstrip("# ")),
    "does not ask one question": lambda b: b.cells[0].update(source=b.cells[0].source.replace("?", ".")),
    "no box .* says: minute": lambda b: b.cells[0].update(source=b.cells[0].source.replace("minute", "hour")),
    "no other, must have the tag setup": lambda b: code(b, 0).metadata.pop("tags"),
    "set-up has 11 imports, more than 10": lambda b: code(b, 0).update(source="import os\n" * 11),
    "shows a claim and has no tag claim": lambda b: code(b, 1).update(source='claims("C4.1")'),
    "unknown tags: clam": lambda b: code(b, 1).metadata.tags.append("clam"),
    "solution 99-def.* is not folded": lambda b: code(b, -1).metadata.pop("jupyter"),
    "output of solution .* is not folded": lambda b: code(b, -1).metadata.jupyter.pop("outputs_hidden"),
    "setup 99-import.* is not folded": lambda b: code(b, 0).metadata.pop("jupyter"),
    "predict 99-slider.* is not 3 lines at most .*ask": lambda b: code(b, 1).metadata.tags.append("predict"),
    "predict 99-points.* is not 3 lines at most .*ask": lambda b: asks(code(b, 4), "a = 1\n" * 3 + 'ask("C4.P1", a)'),
    "predict 99-draws.* is not 3 lines at most .*ask": lambda b: asks(code(b, 2), 'ask("C4.P1", a), "A"'),
    "shows more than that it passes": lambda b: output(b, -1, "stream", name="stdout", text="Correct: twice as much."),
    "shows more than that it passes .*Folded": lambda b: output(
        b, -1, "display_data", data={"text/html": "<table></table>"}
    ),
    "reads a table by itself": lambda b: code(b, 1).update(source='biases.TABLES["01_days"].read()'),
    "an empty code cell": lambda b: code(b, 1).update(source=""),
    "median code cell has 9": lambda b: [cell.update(source="x = 1\n" * 9) for cell in notebooks.code_cells(b)],
    "tenth of the code cells have 16": lambda b: [code(b, n).update(source="x = 1\n" * 16) for n in (1, 2)],
    "not run from top to bottom": lambda b: code(b, 1).update(execution_count=9),
    "shows an error: ValueError": lambda b: output(b, 1, "error", ename="ValueError", evalue="", traceback=[]),
    "shows a warning: careful": lambda b: output(b, 1, "stream", name="stderr", text="careful"),
    "picture of 300 dpi": lambda b: output(
        b, 1, "display_data", data={"text/html": f'<img alt="a" src="data:image/png;base64,{picture(300)}">'}
    ),
    "a local path: /home/me": lambda b: output(b, 1, "stream", name="stdout", text="see /home/me/course"),
    "a progress bar: ": lambda b: output(b, 1, "stream", name="stdout", text=" 40%|####    | 4/10"),
    "without alt text": lambda b: b.cells[1].update(source="![](a.png)"),
    "shows an image without alt text: a picture": lambda b: output(b, 1, "display_data", data={"image/png": ""}),
    'shows an image without alt text: <img src="p': lambda b: output(
        b, 1, "display_data", data={"text/html": '<img src="p">'}
    ),
    "image without alt text: <img": lambda b: b.cells[1].update(source='<img src="a.png">'),
    "not in canonical form: make notebooks": lambda b: code(b, 1).metadata.update(collapsed=True),
    "MB, more than 1.5": lambda b: output(b, 1, "stream", name="stdout", text="long " * 400_000),
}


@pytest.mark.slow
@pytest.mark.parametrize("said", SPOILED)
def test_style_names_what_is_wrong_and_nothing_else(tmp_path, tiny, said):
    assert style.problems(TINY) == []
    SPOILED[said](tiny)
    path = tmp_path / TINY.name
    nbformat.write(tiny, path)
    assert any(re.search(said, problem) for problem in style.problems(path))


# --- nbval with our settings ----------------------------------------------------------------------------------------


def nbval(folder: Path, ci: bool) -> dict[str, str]:
    """Run nbval on the files in `folder`: {test: outcome}."""
    (folder / "tests").mkdir()
    for name in ("conftest.py", "tests/nbval_sanitize.cfg"):
        shutil.copy(ROOT / name, folder / name)
    env = {name: value for name, value in os.environ.items() if name != "CI" and not name.startswith("PYTEST")}
    env |= {"PYTHONPATH": str(ROOT)} | ({"CI": "true"} if ci else {})
    command = [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", "--nbval", "."]
    ran = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
    return dict(re.findall(r"^\S+::(?:Cell )?(\w+) (PASSED|FAILED|ERROR|SKIPPED)", ran.stdout, re.MULTILINE))


@pytest.mark.long
@pytest.mark.parametrize("ci", [False, True])
def test_nbval_compares_text_to_the_letter_and_leaves_decimals_live_and_absent_data(tmp_path, ci):
    """Each cell with what is kept of it, and whether that passes; the first has the tag live, the second movielens."""
    cells = {
        "import time; print(time.time_ns())": ("17 ns", "PASSED"),
        "no_such_name": ("a table", "ERROR" if ci else "SKIPPED"),
        "print('mean 0.081 ± 0.020 of 100')": ("mean -0.084 ± 0.02 of 100", "PASSED"),
        "print('mean 0.081 of 100')": ("mean 0.081 of 101", "FAILED"),
        "print('holds 0.081')": ("undecided 0.081", "FAILED"),
        "print('rate 1e-05 at', object())": ("rate 2.5e-6 at <object object at 0x0>", "PASSED"),
        "print('5.5 %')": ("5.6 %", "FAILED"),
        "print('<img src=\"data:image/png;base64,ab+/1=\">')": ('<img src="data:image/png;base64,cd=">', "PASSED"),
        "print('PyTorch 2.15.1')": ("PyTorch 2.8.0", "PASSED"),
    }
    book = new_notebook(cells=[new_code_cell(source, execution_count=1) for source in cells])
    for cell, (kept, _) in zip(book.cells, cells.values(), strict=True):
        cell.outputs = [new_output("stream", name="stdout", text=f"{kept}\n")]
    book.cells[0].metadata.tags, book.cells[1].metadata.tags = ["live"], ["movielens"]
    shown = "from IPython.display import display; display({'text/html': '<img>of 100', 'text/plain': 'a'}, raw=True)"
    for kept in ("of 100", "of 101"):
        book.cells.append(new_code_cell(shown, execution_count=1))
        book.cells[-1].outputs = [new_output("display_data", {"text/html": f"<img>{kept}"})]
    nbformat.write(book, tmp_path / "book.ipynb")
    (tmp_path / "test_skipped.py").write_text("import pytest\n\ndef test_skipped():\n    pytest.skip('no Chromium')\n")
    expected = [outcome for _, outcome in cells.values()] + ["PASSED", "FAILED"]
    skipped = {"test_skipped": "FAILED" if ci else "SKIPPED"}
    assert nbval(tmp_path, ci) == dict(zip(map(str, range(11)), expected, strict=True)) | skipped
