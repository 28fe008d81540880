"""How a notebook of the course looks: its form, and what can be counted without running it. CONTRIBUTING.md tells the
rules.

usage: python -m tools.style [NOTEBOOK or folder ...]
"""

import argparse
import base64
import io
import re
import statistics
import sys
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from PIL import Image

from tools import minutes
from tools.notebooks import IMAGES, asked_id, canonical, code_cells, find, output_texts, tags, take_paths

TAGS = {"claim", "exercise", "live", "movielens", "predict", "setup", "solution", "widget"}
FOLDED = ("setup", "solution")
ASKED_LINES, IMPORTS = 3, 10  # at most, of a prediction and of the set-up
MEDIAN_LINES, P90_LINES = 5, 15
MEGABYTES = 1.5
CORE_MINUTES, CARDS = 60, 5  # at most, of a chapter: minutes of its core sections, open claims
DPI = 200
LOCAL_PATH = re.compile(r"(?<![\w.])/(?:home|Users|root|tmp|var)/[\w.-]+|[A-Z]:\\\\?Users|site-packages|ipykernel_\d+")
EMBEDDED = re.compile(r"(?<=data:image/png;base64,)[\w+/=\n]+")
SHUT = re.compile(r"stdout: The worked solution passes\.\n|text/(html: <details>|plain: What it finds:).*", re.DOTALL)
PROGRESS_BAR = re.compile(r"\d+%\|.*\||\d(?:it|epoch|s)/(?:s|it|epoch)\b")


def problems(path: Path) -> list[str]:
    """What is wrong with the form and style of a notebook file, one sentence each; an empty list if nothing is."""
    text = path.read_text(encoding="utf-8")
    notebook = nbformat.reads(text, as_version=4)
    defects = [*_top(notebook), *_sections(notebook), *_cells(notebook), *_outputs(notebook), *_images(notebook)]
    if canonical(notebook, path.stem) != text:
        defects.append(f"not in canonical form: make notebooks NB={path.parent.name}/{path.name}")
    if len(text.encode()) > MEGABYTES * 1e6:
        defects.append(f"{len(text.encode()) / 1e6:.1f} MB, more than {MEGABYTES}")
    return defects


def _top(notebook: NotebookNode) -> list[str]:
    """Title, one question, and a box (a quotation) with what you can do after it, need first, and the minutes."""
    top = notebook.cells[0].source if notebook.cells and notebook.cells[0].cell_type == "markdown" else ""
    lines = top.splitlines()
    box = " ".join(line for line in lines if line.startswith(">")).lower()
    prose = [line.strip(" *_") for line in lines if not line.startswith((">", "#"))]
    defects = []
    if not lines or not lines[0].startswith("# "):
        defects.append("the first cell does not begin with a title (# ...)")
    if sum(line.endswith("?") for line in prose) != 1:
        defects.append("the first cell does not ask one question, on a line of its own")
    missing = [word for word in ("after", "need", "minute") if word not in box]
    if missing:
        defects.append(f"the first cell has no box (> ...) that says: {', '.join(missing)}")
    return defects


def _sections(notebook: NotebookNode) -> list[str]:
    """Headings at the start of their cells, since a section is what follows one, and parts that there are."""
    text = [cell for cell in notebook.cells if cell.cell_type == "markdown"]
    defects = [f"cell {cell.id} has a heading in its middle" for cell in text if re.search(r"\n#{1,2} ", cell.source)]
    parts = {cell.metadata.get("part", "core") for cell in text} - set(minutes.PARTS)
    return defects + [f"a section is of an unknown part: {part}" for part in sorted(parts)]


def too_much(notebook: NotebookNode) -> list[str]:
    """What makes a chapter of the core too long: minutes, and open cards in the flow."""
    core = sum(section.minutes for section in minutes.sections(notebook) if section.part == "core")
    cards = sum(minutes.cards(cell) for cell in code_cells(notebook))
    defects = [f"{core} minutes of core sections, more than {CORE_MINUTES}"] if core > CORE_MINUTES else []
    return defects + ([f"{cards} claims are open, more than {CARDS}: `evidence(...)`"] if cards > CARDS else [])


def _cells(notebook: NotebookNode) -> list[str]:
    defects = []
    cells = code_cells(notebook)
    setup = [cell for cell in cells if "setup" in tags(cell)]
    if len(setup) != 1 or cells[0] is not setup[0]:
        defects.append("the first code cell, and no other, must have the tag setup")
    defects += [f"cell {cell.id} reads a table by itself: `kept_table`" for cell in cells if "TABLES[" in cell.source]
    imports = sum(line.startswith(("import ", "from ")) for cell in setup for line in cell.source.splitlines())
    if imports > IMPORTS:
        defects.append(f"the set-up has {imports} imports, more than {IMPORTS}")
    for cell in notebook.cells:
        unknown = set(tags(cell)) - TAGS
        if unknown:
            defects.append(f"cell {cell.id} has unknown tags: {', '.join(sorted(unknown))}")
        if re.search(r'\bclaims\("C', cell.source) and "claim" not in tags(cell):
            defects.append(f"cell {cell.id} shows a claim and has no tag claim, by which `tools/spoilers.py` finds it")
        folded = cell.metadata.get("jupyter", {})
        defects += [
            f"{tag} {cell.id} is not folded (jupyter.source_hidden)"
            for tag in FOLDED
            if tag in tags(cell) and not folded.get("source_hidden")
        ]
        if "predict" in tags(cell) and (len(cell.source.splitlines()) > ASKED_LINES or not asked_id(cell)):
            defects.append(f'predict {cell.id} is not {ASKED_LINES} lines at most that end with `ask("C…")`')
        if "solution" in tags(cell):
            if not folded.get("outputs_hidden"):
                defects.append(f"output of solution {cell.id} is not folded (jupyter.outputs_hidden)")
            if any(not SHUT.fullmatch(shown) for shown in output_texts(cell)):
                defects.append(f"solution {cell.id} shows more than that it passes (else: `exercises.Folded`)")
    lines = [sum(bool(line.strip()) for line in cell.source.splitlines()) for cell in cells] or [0]
    if min(lines) == 0:
        defects.append("an empty code cell")
    if statistics.median(lines) > MEDIAN_LINES:
        defects.append(f"the median code cell has {statistics.median(lines):g} lines, more than {MEDIAN_LINES}")
    p90 = sorted(lines)[int(0.9 * (len(lines) - 1))]
    if p90 > P90_LINES:
        defects.append(f"a tenth of the code cells have {p90} lines or more: {P90_LINES} is the most")
    counts = [cell.execution_count for cell in cells]
    if counts != list(range(1, len(cells) + 1)):
        defects.append(f"not run from top to bottom: counts {counts}")
    return defects


def _outputs(notebook: NotebookNode) -> list[str]:
    defects = []
    for cell in code_cells(notebook):
        for output in cell.outputs:
            if output.output_type == "error":
                defects.append(f"cell {cell.id} shows an error: {output.ename}")
            if output.output_type == "stream" and output.name == "stderr":
                defects.append(f"cell {cell.id} shows a warning: {output.text.strip().splitlines()[0][:100]}")
            for image in EMBEDDED.findall(output.get("data", {}).get("text/html", "")):
                dpi = Image.open(io.BytesIO(base64.b64decode(image))).info.get("dpi", (0, 0))[0]
                if dpi > DPI + 1:
                    defects.append(f"cell {cell.id} has a picture of {dpi:.0f} dpi, more than {DPI}")
        text = "\n".join(output_texts(cell))
        for pattern, what in ((LOCAL_PATH, "a local path"), (PROGRESS_BAR, "a progress bar")):
            if pattern.search(text):
                defects.append(f"cell {cell.id} shows {what}: {pattern.search(text).group()}")
    return defects


def _images(notebook: NotebookNode) -> list[str]:
    """Images in the text and in the outputs without a text for those who cannot see them."""
    defects = []
    for cell in notebook.cells:
        for data in (output.data for output in cell.get("outputs", []) if "data" in output):
            shown = re.findall(r"<img\b[^>]*>", data.get("text/html", ""))
            bare = [tag[:80] for tag in shown if not re.search(r"\balt=\"[^\"]+\"", tag)]
            if any(kind in data for kind in IMAGES) and not shown:
                bare.append("a picture that figures.use_style() did not describe")
            defects += [f"cell {cell.id} shows an image without alt text: {image}" for image in bare]
        if cell.cell_type == "markdown":
            bare = re.findall(r"!\[\s*\]\([^)]*\)", cell.source)
            bare += [tag for tag in re.findall(r"<img\b[^>]*>", cell.source) if not re.search(r"\balt=\"[^\"]+\"", tag)]
            defects += [f"cell {cell.id} has an image without alt text: {image[:80]}" for image in bare]
    return defects


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tools.style", description="Check the form and the style of notebooks, without running them."
    )
    take_paths(parser)
    defects = {path: problems(path) for path in find(parser.parse_args().paths)}
    for path, sentences in defects.items():
        print(f"{path}: {'; '.join(sentences) or 'in order'}")
    return int(any(defects.values()))


if __name__ == "__main__":
    sys.exit(main())
