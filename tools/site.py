"""Export the chapters as pages that need no network and no kernel: `python -m tools.site --out _site [NOTEBOOK ...]`.

A page opens from disk. Its widgets are the saved ones, drawn by the scripts that ipywidgets and anywidget have
installed here (`page.js` ties them together); formulas become MathML, which browsers draw themselves. What JupyterLab
folds is folded here as well.
"""

from __future__ import annotations

import argparse
import html
import re
import shutil
import sys
from importlib.metadata import files
from pathlib import Path
from typing import NamedTuple

import latex2mathml.converter
import nbformat
from jinja2 import pass_context
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell, new_notebook

from tools.notebooks import ROOT, find

HERE = Path(__file__).resolve().parent
SCRIPTS = {
    "widgets.js": ("widgetsnbextension", "static/extension.js"),
    "anywidget.js": ("anywidget", "nbextension/index.js"),
}
BETWEEN_FILES = re.compile(r'href="(?:\.\./|deeper/)?([\w.-]+)\.(?:ipynb|md)(?=[#"])')  # all pages are in one folder
INDEX = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Multi-task learning for ranking</title>
<style>
body {{ font: 1.1rem/1.6 system-ui, sans-serif; margin: 3rem auto; max-width: 44rem; padding: 0 1.5rem; }}
ul {{ list-style: none; padding: 0; }}
li {{ margin: 0.8rem 0; }}
</style>
</head>
<body>
<h1>Multi-task learning for ranking in recommender systems</h1>
<p>An interactive course. These pages are the chapters as they were last run: sliders and dropdowns answer, code does
not run. To run it, open the notebooks as the README says.</p>
<ul>
{chapters}
</ul>
</body>
</html>
"""


class Link(NamedTuple):
    """Where a page is, and what it is called."""

    page: str
    title: str


class Markdown(IPythonRenderer):
    """nbconvert's Markdown with formulas as MathML, and an id for each heading, made of its words as JupyterLab does.

    `taken` holds the ids of the page so far: of headings with the same words the later ones get a number.
    """

    def __init__(self, taken: set[str]) -> None:
        # with `embed_images` a fold would end at its first blank line, and what it holds would be open below it
        super().__init__(escape=False)
        self.taken = taken

    def heading(self, text: str, level: int, **attrs) -> str:
        words = html.unescape(re.sub(r"<[^>]+>", "", text)).strip().replace(" ", "-")
        anchor = next(i for i in (words, *(f"{words}-{n}" for n in range(2, 100))) if i not in self.taken)
        self.taken.add(anchor)
        return f'<h{level} id="{html.escape(anchor)}">{text}</h{level}>\n'

    def inline_math(self, body: str) -> str:
        return mathml(body, "inline")

    def block_math(self, body: str) -> str:
        return mathml(body, "block")

    def latex_environment(self, name: str, body: str) -> str:
        return mathml(f"\\begin{{{name}}}{body}\\end{{{name}}}", "block")


class Chapter(HTMLExporter):
    """A chapter as a page, with the template in `site_template/`."""

    def __init__(self) -> None:
        super().__init__(
            template_name="site_template",
            extra_template_basedirs=[str(HERE)],
            exclude_input_prompt=True,
            exclude_output_prompt=True,
        )
        self.taken: set[str] = set()

    @pass_context
    def markdown2html(self, context, source: str) -> str:
        return rendered(source, self.taken)

    def page(self, notebook: NotebookNode, before: Link | None, after: Link | None) -> str:
        """The page of a notebook, with its sections and the pages before and after it."""
        course = {"before": before, "after": after, "sections": sections(notebook)}
        page, _ = self.from_notebook_node(notebook, {"metadata": {"name": title(notebook)}, "course": course})
        return page


def rendered(source: str, taken: set[str]) -> str:
    """A text in Markdown as HTML; ids of headings are added to `taken`."""
    page = MarkdownWithMath(renderer=Markdown(taken)).render(source)
    return BETWEEN_FILES.sub(r'href="\1.html', page)


def sections(notebook: NotebookNode) -> list[tuple[str, str, str]]:
    """The headings of levels 1 and 2 after the title: level, id and words as HTML."""
    taken: set[str] = set()
    texts = [rendered(cell.source, taken) for cell in notebook.cells if cell.cell_type == "markdown"]
    return re.findall(r'<h([12]) id="([^"]*)">(.*?)</h\1>', "".join(texts))[1:]


def mathml(formula: str, display: str) -> str:
    """A formula in LaTeX as MathML. Raises ValueError that names a formula with something that cannot be converted."""
    found = latex2mathml.converter.convert(formula.strip().replace("{aligned}", "{split}"), display=display)
    if "\\" in found or "<mi>&</mi>" in found:  # what the converter does not know it passes on
        raise ValueError(f"formula {formula.strip()!r}: its commands are not all known to the export")
    return found


def read(path: Path) -> NotebookNode:
    """A notebook, or a text as a notebook of one cell."""
    if path.suffix == ".ipynb":
        return nbformat.read(path, as_version=4)
    return new_notebook(cells=[new_markdown_cell(path.read_text(encoding="utf-8"))])


def title(notebook: NotebookNode) -> str:
    """The first heading of a notebook, without its #."""
    return notebook.cells[0].source.splitlines()[0].lstrip("# ").strip()


def minutes(notebook: NotebookNode) -> str:
    """What the box at the top says about the time a chapter takes."""
    found = re.search(r"^>.*?(\d[^.\n]*\bminutes?\b[^.\n]*)", notebook.cells[0].source, re.MULTILINE)
    return found.group(1).strip() if found else ""


def installed(package: str, path: str) -> Path:
    """Where an installed package keeps a file."""
    return next(Path(file.locate()) for file in files(package) or [] if str(file).endswith(f"{package}/{path}"))


def export(notebooks: list[Path], out: Path) -> None:
    """Write a page for each notebook and each text in its folder (source, glossary), an index, and the scripts."""
    static = out / "static"
    static.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(HERE / "page.js", static / "page.js")
    for name, (package, path) in SCRIPTS.items():
        shutil.copyfile(installed(package, path), static / name)
    texts = sorted({text for folder in {path.parent for path in notebooks} for text in folder.glob("*.md")})
    books = [read(path) for path in [*notebooks, *texts]]
    links = [Link(f"{path.stem}.html", title(book)) for path, book in zip([*notebooks, *texts], books, strict=True)]
    for book, before, link, after in zip(books, [None, *links], links, [*links[1:], None], strict=False):
        (out / link.page).write_text(Chapter().page(book, before, after), encoding="utf-8")
    chapters = [
        f'<li><a href="{link.page}">{html.escape(link.title)}</a><br>{html.escape(minutes(book))}</li>'
        for book, link in zip(books, links, strict=True)
    ]
    (out / "index.html").write_text(INDEX.format(chapters="\n".join(chapters)), encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.site", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "_site", help="folder for the pages")
    parser.add_argument("notebooks", nargs="*", type=Path, default=[ROOT / "notebooks"], metavar="NOTEBOOK")
    args = parser.parse_args()
    books = find(args.notebooks)
    export(books, args.out)
    print(f"{len(books)} chapter{'s' * (len(books) != 1)} in {args.out}: open {args.out / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
