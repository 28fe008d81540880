"""Notebooks in one canonical form, so that a change of a notebook is a change of its content.

    python -m tools.notebooks [NOTEBOOK or folder ...]          run, and write in canonical form
    python -m tools.notebooks --check [NOTEBOOK or folder ...]  run again, and compare with what is committed
    python -m tools.notebooks --form [NOTEBOOK or folder ...]   write in canonical form what was run or merged elsewhere

Canonical: outputs kept, pictures and tables once (see `once`), counts 1..n, fixed cell ids, addresses as 0x0, models of
widgets named by their cell (by `display.model_ids`) or numbered in order of appearance, no timings, no progress bars,
no editor's metadata, solutions folded, the minutes of each section stated (`tools.minutes`). Those of all go into the
tables of the README and of chapter 00, which get a row for a new notebook. On one machine a second run gives the same
bytes. On another CPU measured decimals may differ in the last places: `--check` then wants all text equal and decimals
within a tolerance. Cells tagged `live` show measured times, and their outputs are not compared.
"""

import argparse
import copy
import json
import logging
import os
import re
import sys
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError
from nbformat import NotebookNode

from tools import minutes
from tools.lab import WIDGET_STATE, WIDGET_VIEW

ROOT = Path(__file__).resolve().parent.parent
TABLES = (ROOT / "README.md", ROOT / "notebooks" / "00_start_here.ipynb")  # which list the notebooks
CELL_SECONDS = 120
ABSOLUTE, RELATIVE = 0.01, 0.02  # how far a measured decimal may be off on another CPU
IMAGES = ("image/png", "image/jpeg")
KEPT_CELL_METADATA = ("jupyter", "part", "slideshow", "tags")
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
}
MODEL_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")  # a random one
REFERENCE = re.compile(r'"IPY_MODEL_([^"]+)"')
SAID_BY_ITS_NAME = re.compile(r"_(model|view)_(module|module_version|name)")  # of a model of Jupyter's own
VIEWED = re.compile(r'(?<="model_id": ")[^"]+')
STYLER_ID = re.compile(r"\bT_[0-9a-f]{5}(?=_|\b)")  # a styled DataFrame names its table so
PICTURE = re.compile(r"(data:image/png;base64,[\w+/=]+)")  # in a text
FRAME = 'class="dataframe"'  # a table of pandas
STYLE = re.compile(r"<style scoped>.*?</style>\n", re.DOTALL)
NEXT_IN_ROW = re.compile(r"\n *(?=<t[hd][ >]|</tr>)")
VERSION = re.compile(r"(?<=PyTorch )\d+(\.\d+)+")  # a report says what it was made with
# a row of a table, in Markdown or in a notebook, that begins with a link to a notebook
ROW = re.compile(r'^( *"?\| \[[^|\n]+\]\((?:[\w-]+/)*([\w-]+\.ipynb)\) \|[^\n]*\| )([^|\n]*)(?= \|)', re.MULTILINE)
ASKS = re.compile(r'ask\("((?:C\d+|Clinic)\.P\d+)".*\)')
DECIMAL = re.compile(r"\s*[-+−]?\d+(?:\.\d+(?:e[-+]?\d+)?|e[-+]?\d+)")


class RunError(Exception):
    """A notebook does not run: which cell, and why."""


def read(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=4)


def find(paths: list[Path]) -> list[Path]:
    """The notebooks among `paths`, and those in the folders among them: chapters first, then what is in `deeper/`."""
    notebooks = []
    for path in paths:
        inside = [*sorted(path.glob("*.ipynb")), *sorted(path.glob("deeper/*.ipynb"))]
        notebooks += [path] if path.suffix == ".ipynb" else inside
    return notebooks


def tags(cell: NotebookNode) -> list[str]:
    return cell.metadata.get("tags", [])


def asked_id(cell: NotebookNode) -> str | None:
    """The id of the question that the last line of a cell asks, if it does nothing else."""
    call = ASKS.fullmatch(cell.source.rpartition("\n")[2])
    return call and call[1]


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


# --- run ------------------------------------------------------------------------------------------------------------


def execute(notebook: NotebookNode, folder: Path) -> NotebookNode:
    """A copy of the notebook, run from top to bottom in a new kernel that starts in `folder`. Raises RunError."""
    done = copy.deepcopy(notebook)
    done.metadata.pop("widgets", None)
    client = NotebookClient(
        done,
        timeout=CELL_SECONDS,
        kernel_name="python3",
        record_timing=False,
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
        resources={"metadata": {"path": str(folder)}},
    )
    client.log.setLevel(logging.ERROR)  # it warns of every widget
    # as JupyterLab does: `helpers.display.model_ids` makes the ids of a cell's widgets from it
    client.on_cell_start = lambda cell, cell_index: client.kc.session.metadata.update(cellId=cell.id)
    try:
        client.execute(env={**os.environ, "TQDM_DISABLE": "1"})
    except (CellExecutionError, CellTimeoutError) as error:
        number = sum(cell.get("execution_count") is not None for cell in code_cells(done))
        raise RunError(f"code cell {number}: {re.sub(chr(27) + r'.*?m', '', str(error)).strip()}") from None
    for cell in code_cells(done):
        cell.outputs = _join_streams(cell.outputs)
    return done


def _join_streams(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """The outputs with what was printed in one piece: a kernel sends it in as many as its clock happens to cut."""
    joined: list[NotebookNode] = []
    for output in outputs:
        if output.output_type == "stream" and joined and joined[-1].get("name") == output.name:
            joined[-1].text += output.text
        else:
            joined.append(output)
    return joined


# --- canonical form -------------------------------------------------------------------------------------------------


def canonical(notebook: NotebookNode, name: str) -> str:
    """The text of the file: the notebook in its canonical form. `name` (04_shared_bottom) names new cells."""
    book = copy.deepcopy(notebook)
    book.nbformat, book.nbformat_minor = 4, 5
    widgets = book.metadata.get("widgets", {}).get(WIDGET_STATE)
    book.metadata = nbformat.from_dict(copy.deepcopy(METADATA))
    if widgets and widgets["state"]:
        book.metadata.widgets = nbformat.from_dict({WIDGET_STATE: widgets})
    _name_cells(book, name)
    for cell in book.cells:
        kept = {key: cell.metadata[key] for key in KEPT_CELL_METADATA if cell.metadata.get(key)}
        cell.metadata = nbformat.from_dict(_cell_metadata(kept))
    for count, cell in enumerate(code_cells(book), start=1):
        cell.execution_count = count
        cell.outputs = _canonical_outputs(cell.outputs, count)
    minutes.state(book)
    keep_shown_models(book)
    text = json.dumps(book, ensure_ascii=False)
    text = _number(text, MODEL_ID, "{:032x}", _models(book))
    text = _number(text, STYLER_ID, "T_{:05x}", list(dict.fromkeys(STYLER_ID.findall(text))))
    book = nbformat.from_dict(json.loads(text))
    nbformat.validate(book)
    return nbformat.writes(book).rstrip("\n") + "\n"


def _cell_metadata(kept: dict) -> dict:
    if "tags" in kept:
        kept["tags"] = sorted(set(kept["tags"]))
    if "jupyter" in kept:  # whether an output is folded, is the reader's affair
        kept["jupyter"] = {key: value for key, value in kept["jupyter"].items() if key == "source_hidden" and value}
    if "solution" in kept.get("tags", []):
        kept["jupyter"] = {"source_hidden": True, "outputs_hidden": True}
    return {key: value for key, value in kept.items() if value}


def _name_cells(book: NotebookNode, name: str) -> None:
    """An id that an editor drew at random, or that occurs twice, becomes the chapter and the cell's first words."""
    chapter = re.match(r"\d*", name).group() or name
    taken: set[str] = set()
    for cell in book.cells:
        old = cell.get("id", "")
        if not old or old in taken or re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){0,3}(-[0-9a-f]{12})?", old):
            words = "-".join(re.findall(r"[a-z0-9]+", cell.source.lower())[:5]) or "cell"
            stem = f"{chapter}-{words}"[:56]
            old = next(i for i in (stem if n == 1 else f"{stem}-{n}" for n in range(1, 10_000)) if i not in taken)
        taken.add(old)
        cell.id = old


def _canonical_outputs(outputs: list[NotebookNode], count: int) -> list[NotebookNode]:
    outputs = _join_streams(outputs)
    for output in outputs:
        if output.output_type == "stream":
            output.text = _clean(output.text)
        elif output.output_type in ("display_data", "execute_result"):
            output.data = once(output.data)
            for kind, value in output.data.items():
                if isinstance(value, str) and kind not in IMAGES:
                    output.data[kind] = _clean(value)
            if output.output_type == "execute_result":
                output.execution_count = count
    return outputs


def once(data: dict) -> dict:
    """The data of an output with a picture or a table as HTML alone, a row of the table on a line.

    JupyterLab, GitHub, VS Code and our pages show the HTML where there is one: beside it the picture and the text are
    read by none of them. The alternative text is in the HTML, and the style of pandas is JupyterLab's own.
    """
    page = data.get("text/html", "")
    pictured = "<img" in page and data.get("image/png", "").strip() in page
    if not pictured and FRAME not in page:
        return data
    less = ("text/plain", "image/png") if pictured else ("text/plain",)
    rest = {kind: value for kind, value in data.items() if kind not in less}
    return rest | {"text/html": NEXT_IN_ROW.sub("", STYLE.sub("", page))}


def _clean(text: str) -> str:
    """A text with all addresses as 0x0; what looks like one within a picture stays."""
    parts = PICTURE.split(text)
    return "".join(part if PICTURE.match(part) else re.sub(r"\b0x[0-9a-f]{4,}", "0x0", part) for part in parts)


def _models(book: NotebookNode) -> list[str]:
    """Ids of the models of widgets: those on show in order of appearance, each followed by what belongs to it."""
    state = book.metadata.get("widgets", {}).get(WIDGET_STATE, {}).get("state", {})
    refers = {model: REFERENCE.findall(json.dumps(entry, sort_keys=True)) for model, entry in state.items()}
    order: dict[str, None] = {}

    def visit(model: str) -> None:
        if model in state and model not in order:
            order[model] = None
            for other in refers[model]:
                visit(other)

    for cell in code_cells(book):
        for output in cell.outputs:
            if WIDGET_VIEW in output.get("data", {}):
                visit(output.data[WIDGET_VIEW]["model_id"])
    # a link between two widgets is on show nowhere, and belongs to those that it ties
    links = [m for m, entry in state.items() if entry["model_name"] in ("LinkModel", "DirectionalLinkModel")]
    place = {model: number for number, model in enumerate(order)}
    links = [m for m in links if all(other in place for other in refers[m])]
    for model in sorted(links, key=lambda m: ([place[other] for other in refers[m]], json.dumps(state[m]["state"]))):
        order[model] = None
    return list(order)


def keep_shown_models(book: NotebookNode) -> None:
    """Drop the models of widgets that no output shows, and of Jupyter's own models what is not set or says again what
    they are: the page has the same defaults. (A null of our widgets may mean something.)"""
    if "widgets" in book.metadata:
        state = book.metadata.widgets[WIDGET_STATE].state
        shown = {model: state[model] for model in _models(book)}
        for entry in shown.values():
            if entry["model_module"].startswith("@jupyter-widgets/"):
                state = entry["state"].items()
                entry["state"] = {k: v for k, v in state if v is not None and not SAID_BY_ITS_NAME.fullmatch(k)}
        book.metadata.widgets[WIDGET_STATE].state = shown


def _number(text: str, pattern: re.Pattern, template: str, ids: list[str]) -> str:
    """Replace the random ids that `pattern` finds by their number among those in `ids`."""
    random = [old for old in ids if pattern.fullmatch(old)]
    new = {old: template.format(number) for number, old in enumerate(random, start=1)}
    return pattern.sub(lambda random_id: new.get(random_id.group(), random_id.group()), text)


# --- compare --------------------------------------------------------------------------------------------------------


def compare(old: NotebookNode, new: NotebookNode) -> tuple[str | None, float]:
    """The first difference in words (None if there is none), and the largest difference between decimals before it.

    Both notebooks are canonical. Text must be equal, decimals equal within the tolerance; pictures are not compared.
    """
    largest = 0.0
    for (place, was), (_, now) in zip_longest(_texts(old), _texts(new), fillvalue=("the end", "")):
        difference, off = _difference(was, now)
        largest = max(largest, off)
        if difference:
            return f"{place}: {difference}", largest
    return None, largest


def _difference(was: str, now: str) -> tuple[str | None, float]:
    """Two texts: the first difference in words, or None, and the largest difference between decimals."""
    for a, b in zip_longest(was.splitlines(), now.splitlines(), fillvalue="(nothing)"):
        if _without_decimals(a) != _without_decimals(b):
            return f"{a.strip()[:200]!r} became {b.strip()[:200]!r}", 0.0
    off = 0.0
    for a, b in zip(_decimals(was), _decimals(now), strict=True):
        off = max(off, abs(a - b))
        if abs(a - b) > ABSOLUTE + RELATIVE * max(abs(a), abs(b)):
            return f"{a} became {b}", off
    return None, off


def _texts(book: NotebookNode) -> Iterator[tuple[str, str]]:
    """All text of a notebook that a second run must repeat, with its place."""
    for number, cell in enumerate(book.cells, start=1):
        yield f"cell {number} ({cell.id})", cell.source
        if cell.cell_type == "code" and "live" not in tags(cell):
            for text in output_texts(cell):
                yield f"output of cell {number} ({cell.id})", text
    for model, entry in sorted(book.metadata.get("widgets", {}).get(WIDGET_STATE, {}).get("state", {}).items()):
        yield f"widget {model} ({entry['model_name']})", json.dumps(entry["state"], sort_keys=True)


def output_texts(cell: NotebookNode) -> list[str]:
    """The outputs of a code cell as text, one string each: what is kept of them, kind first, pictures by their kind."""
    texts = []
    for output in cell.outputs:
        if output.output_type == "stream":
            texts.append(f"{output.name}: {output.text}")
        elif output.output_type == "error":
            texts.append(f"error: {output.ename}: {output.evalue}")
        else:
            for kind, value in sorted(once(output.data).items()):
                shown = "" if kind in IMAGES else value if isinstance(value, str) else json.dumps(value, sort_keys=True)
                texts.append(f"{kind}: {PICTURE.sub('', shown)}")
    return [VERSION.sub("", text) for text in texts]


def _without_decimals(line: str) -> str:
    """The line with # for each decimal, and without the white space that depends on how wide the decimals are."""
    return re.sub(r"\s+", " ", DECIMAL.sub(" #", line)).strip()


def _decimals(text: str) -> list[float]:
    return [float(number.strip().replace("−", "-")) for number in DECIMAL.findall(text)]


# --- checks that run a notebook -------------------------------------------------------------------------------------


def regenerate(path: Path) -> None:
    """Run a notebook and write it in canonical form, whole or not at all."""
    notebook = read(path)
    _name_cells(notebook, path.stem)  # first, since widgets are named by their cells
    _write(path, execute(notebook, path.parent))


def reform(path: Path) -> None:
    """Write a notebook in canonical form with the outputs that it has."""
    _write(path, read(path))


def _write(path: Path, notebook: NotebookNode) -> None:
    from helpers.support.files import whole  # it loads torch, which nothing else here needs

    text = canonical(notebook, path.stem)
    with whole(path) as part:
        part.write_text(text, encoding="utf-8")


def title(notebook: NotebookNode) -> str:
    """The first heading of a notebook, without its #."""
    return notebook.cells[0].source.splitlines()[0].lstrip("# ").strip()


def question(notebook: NotebookNode) -> str:
    """The question of a notebook: the bold line below its title."""
    bold = re.search(r"^\*\*(.+?)\*\*$", notebook.cells[0].source, re.MULTILINE)
    return bold.group(1) if bold else ""


def list_notebooks(books: list[Path], tables: tuple[Path, ...] = TABLES) -> None:
    """Write notebooks into the tables that list those of their folder: the time that one takes into its row, and a row
    for one that has none, below that of the notebook before it."""
    for table in tables:
        text = known = table.read_text(encoding="utf-8")
        for path in books:
            book = read(path)
            rows = [row for row in ROW.finditer(text) if ("deeper/" in row[1]) == (path.parent.name == "deeper")]
            if path.name not in [row[2] for row in rows] and (above := [row for row in rows if row[2] < path.name]):
                text = _with_row(text, above[-1], path.name, title(book), question(book))
            if row := next((row for row in ROW.finditer(text) if row[2] == path.name), None):
                text = text[: row.start(3)] + minutes.short(book) + text[row.end(3) :]
        if text != known:
            table.write_text(text, encoding="utf-8")


def _with_row(text: str, above: re.Match, name: str, title: str, question: str) -> str:
    """The text of a table's file with a row for a notebook, in the form of the row above it."""
    link = re.search(r"\(([\w/-]*?)[\w-]+\.ipynb\)", above[1])
    row = above[1][: link.start()].partition("[")[0] + f"[{title}]({link[1]}{name}) | {question} | "
    end = text.index("\n", above.end()) + 1
    return text[:end] + row + text[above.end() : end] + text[end:]


def check(path: Path) -> str:
    """Run a notebook again and compare it with the file. Returns how equal they are, or raises RunError."""
    committed = path.read_text(encoding="utf-8")
    old = nbformat.reads(committed, as_version=4)
    new = execute(old, path.parent)
    for before, after in zip(code_cells(old), code_cells(new), strict=True):
        if "live" in tags(before):
            after.outputs = before.outputs
    again = canonical(new, path.stem)
    if again == committed:
        return "identical"
    difference, largest = compare(old, nbformat.reads(again, as_version=4))
    if difference:
        raise RunError(f"a second run differs from the file. {difference}")
    return f"equal, decimals within {largest:.2g}"


def run_each_cell_twice(path: Path) -> list[str]:
    """Run every cell twice in a row; the cells whose second output is not the first. Raises RunError.

    A check that is asked again about the same mistake adds its second hint: that is no difference.
    """
    notebook = read(path)
    for cell in reversed(code_cells(notebook)):
        again = copy.deepcopy(cell)
        again.id = f"{cell.id[:58]}-again"
        notebook.cells.insert(notebook.cells.index(cell) + 1, again)
    cells = code_cells(execute(notebook, path.parent))
    problems = []
    for first, second in zip(cells[::2], cells[1::2], strict=True):
        once, again = _plain(first), _plain(second)
        if "exercise" in tags(first):
            again = re.sub(r"\n *Hint 2: .*", "", again)
        if "live" not in tags(first) and once != again:
            difference, off = _difference(once, again)
            problems.append(f"cell {first.id}: {difference or f'decimals differ by up to {off:.2g}'}")
    return problems


def run_sections_alone(path: Path) -> list[str]:
    """Run each section right after the set-up cell; the sections that fail or give other outputs than in the file."""
    notebook = read(path)
    setup = [cell for cell in code_cells(notebook) if "setup" in tags(cell)]
    problems = []
    for title, cells in code_by_section(notebook):
        alone = nbformat.from_dict({**notebook, "cells": setup + cells})
        try:
            ran = code_cells(execute(alone, path.parent))[len(setup) :]
        except RunError as error:
            problems.append(f"section {title!r} alone: {error}")
            continue
        for old, new in zip(cells, ran, strict=True):
            difference, _ = _difference(_plain(old), _plain(new))
            if difference and "live" not in tags(old):
                problems.append(f"section {title!r} alone, cell {old.id}: {difference}")
    return problems


def code_by_section(notebook: NotebookNode) -> list[tuple[str, list[NotebookNode]]]:
    """The code cells of each section, without the set-up cell; sections without code are left out."""
    sections = [
        (section.title, [cell for cell in section.cells if cell.cell_type == "code" and "setup" not in tags(cell)])
        for section in minutes.sections(notebook)
    ]
    return [(title, cells) for title, cells in sections if cells]


def differing_outputs(committed: NotebookNode, ran: NotebookNode) -> list[str]:
    """The cells whose outputs differ between the file and a run of it elsewhere, in words. Cells tagged `live` may."""
    problems = []
    for before, after in zip(code_cells(committed), code_cells(ran), strict=True):
        joined = nbformat.from_dict({**after, "outputs": _join_streams(after.outputs)})
        difference, _ = _difference(_plain(before), _plain(joined))
        if difference and "live" not in tags(before):
            problems.append(f"cell {before.id}: {difference}")
    return problems


def _plain(cell: NotebookNode) -> str:
    """The outputs of a cell as one text without the ids that are drawn anew in every run."""
    text = _clean("\n".join(output_texts(cell)))
    return STYLER_ID.sub("T_", VIEWED.sub("MODEL", text))


def take_paths(parser: argparse.ArgumentParser) -> None:
    """The notebooks that a command takes, as `paths`, for `find`."""
    parser.add_argument(
        "paths",
        nargs="*",
        type=Path,
        default=[ROOT / "notebooks"],
        metavar="NOTEBOOK",
        help="Take these notebooks, and those of these folders; all if none is named.",
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tools.notebooks", description="Run notebooks and write them in canonical form."
    )
    take_paths(parser)
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--check", action="store_true", help="Run again, and compare with the file.")
    how.add_argument("--form", action="store_true", help="Write in canonical form, without running.")
    args = parser.parse_args()
    books = find(args.paths)
    if not books:
        parser.error(f"no notebook in {', '.join(map(str, args.paths))}")
    failed = []
    for path in books:
        try:
            if args.check:
                outcome = check(path)
            else:
                (reform if args.form else regenerate)(path)
                outcome = "written"
        except RunError as error:
            outcome = str(error)
            failed.append(path)
        print(f"{path}: {outcome}", flush=True)
    if not args.check:
        ran = (path for path in books if path not in failed)
        list_notebooks([path for path in ran if path.resolve().is_relative_to(ROOT / "notebooks")])
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
