"""A notebook as a page, and the pages of a course: chapters, handouts, start page, index of the search."""

import base64
import html
import json
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from importlib.metadata import files
from pathlib import Path
from typing import NamedTuple

import latex2mathml.converter
import nbformat
from jinja2 import Environment, FileSystemLoader, pass_context
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell, new_notebook

from helpers.support import validate
from tools import chinese, minutes
from tools.notebooks import ROOT, WIDGET_STATE, WIDGET_VIEW, keep_shown_models, question, tags, title
from tools.site import decks

HERE = Path(__file__).resolve().parent
TEMPLATE = HERE / "template"
STATIC = ("course.css", "cards.js", "figures.js", "search.js", "sections.js", "projector.js", "chinese.js")
BETWEEN_FILES = re.compile(r'href="(?:\.\./|deeper/)?([\w.-]+)\.(?:ipynb|md)(?=[#"])')  # all pages are in one folder
FOLD = re.compile(r"<details>.*?</details>", re.DOTALL)
MINUTES = re.compile(r"^\*(?:\d+ min · \w+|exercises)\*$", re.MULTILINE)  # below a heading
TAKEAWAYS = re.compile(r">\d+ (?:Takeaways|Recap)\b")  # the heading of a chapter's last words
CLAIM = re.compile(r"\bC\d\.\d+\b")
# what a browser's translation must leave alone: code, what it prints, tables of data, ids of claims in cards; without
# quotation marks, since the state of a widget may hold the same words
KEPT = re.compile(
    r'<div class="highlight hl-[\w-]+"|<div class="[^"]*" data-mime-type="text/plain"|<table [^>]*class="dataframe"'
    r"|<(?:b|th)(?=>C\d\.\d+<)"
)
FORMULA = re.compile(r"\$\$.*?\$\$", re.DOTALL)
Change = Callable[[NotebookNode, str], str]
OPENING = "phone"
INDEX = Path("static", "search-index.js")
PNG = re.compile(r'<img [^>]*src="data:image/png;base64,([\w+/=]+)"')
FIGURES = 4  # of a chapter beside its recap
ENTRY = re.compile(r'<h[1-3] id="([^"]*)">(.*?)</h[1-3]>|<a id="([^"]*)"></a>\s*<strong>(.*?)</strong>')
# what a notebook says of running its cells, and what a page says in its place
ON_PAGES = {
    "Not yet: write your answer in the cell above, run it, then run this check again.": (
        "The check of this exercise: it runs in the notebook, where you write your answer."
    ),
    "Not yet: replace each `...` in the cell above, run it, then run this check again.": (
        "The check of this exercise: it runs in the notebook, where you replace each `...`."
    ),
    "<p><strong>A picture, but no slider?</strong> Choose <em>Run → Run All Cells</em>, once.</p>\n": "",
}
ABOUT = (
    "An interactive course on multi-task learning for ranking in recommender systems, in Jupyter notebooks and pages."
)


class Link(NamedTuple):
    """Where a page is, and what it is called."""

    page: str
    title: str


class Part(NamedTuple):
    """A section on a handout: heading, formulas and pictures as HTML, predictions as the states of their widgets."""

    heading: str
    formulas: list[str]
    predictions: list[dict]
    figures: list[str]


class Markdown(IPythonRenderer):
    """nbconvert's Markdown with formulas as MathML, and an id for each heading, made of its words as JupyterLab does.
    Code, formulas and ids of claims are marked as not to be translated.

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

    def text(self, text: str) -> str:
        return CLAIM.sub(r'<span translate="no">\g<0></span>', super().text(text))

    def codespan(self, text: str) -> str:
        return super().codespan(text).replace("<code", '<code translate="no"', 1)

    def block_code(self, code: str, info: str | None = None) -> str:
        return super().block_code(code, info).replace("<pre", '<pre translate="no"', 1)

    def inline_math(self, body: str) -> str:
        return mathml(body, "inline")

    def block_math(self, body: str) -> str:
        return mathml(body, "block")

    def latex_environment(self, name: str, body: str) -> str:
        return mathml(f"\\begin{{{name}}}{body}\\end{{{name}}}", "block")


class Chapter(HTMLExporter):
    """A chapter as a page, with the template in `template/`."""

    def __init__(self, language: str = "en") -> None:
        super().__init__(
            language_code=language,
            template_name="template",
            extra_template_basedirs=[str(HERE)],
            exclude_input_prompt=True,
            exclude_output_prompt=True,
        )
        self.taken: set[str] = set()

    @pass_context
    def markdown2html(self, context, source: str) -> str:
        return render(source, self.taken)

    def page(self, notebook: NotebookNode, **course) -> str:
        """The page of a notebook; `course` is what the template says of the pages around it."""
        notebook = decks.set_up(notebook)
        about = {"title": title(notebook), "about": question(notebook), "sections": sections(notebook)}
        page, _ = self.from_notebook_node(notebook, {"course": about | course})
        page = KEPT.sub(r"\g<0> translate=no", page)
        for spoken, written in ON_PAGES.items():
            page = page.replace(spoken, written)
        return page.replace('<div class="jp-Cell-inputWrapper" tabindex="0">', '<div class="jp-Cell-inputWrapper">')


def render(source: str, taken: set[str]) -> str:
    """A text in Markdown as HTML; ids of headings are added to `taken`."""
    page = MarkdownWithMath(renderer=Markdown(taken)).render(source)
    return BETWEEN_FILES.sub(r'href="\1.html', page)


def sections(notebook: NotebookNode) -> list[tuple[str, str, str]]:
    """The headings of levels 1 and 2 after the title: level, id and words as HTML."""
    taken: set[str] = set()
    texts = [render(cell.source, taken) for cell in notebook.cells if cell.cell_type == "markdown"]
    return re.findall(r'<h([12]) id="([^"]*)">(.*?)</h\1>', "".join(texts))[1:]


def mathml(formula: str, display: str) -> str:
    """A formula in LaTeX as MathML. Raises ValueError that names a formula with something that cannot be converted."""
    markup = latex2mathml.converter.convert(formula.strip().replace("{aligned}", "{split}"), display=display)
    if "\\" in markup or "<mi>&</mi>" in markup:  # what the converter does not know it passes on
        raise ValueError(f"formula {formula.strip()!r}: its commands are not all known to the export")
    markup = markup.replace("<math ", '<math translate="no" ', 1)
    # a wide one is scrolled on a narrow screen, by the keyboard, too
    return markup.replace("<math ", '<math tabindex="0" ', 1) if display == "block" else markup


def read(path: Path) -> NotebookNode:
    """A notebook, or a text as a notebook of one cell.

    A slider that calls a function of the notebook has nothing to call on a page: what the function said last is shown.
    Of other widgets that are no cards a page shows the text.
    """
    if path.suffix == ".ipynb":
        book = nbformat.read(path, as_version=4)
        models = _models(book)
        for cell in book.cells:
            for output in cell.get("outputs", []):
                model = models.get(output.get("data", {}).get(WIDGET_VIEW, {}).get("model_id"))
                if model and "widget-interact" in model["state"].get("_dom_classes", []):
                    said = models[model["state"]["children"][-1].removeprefix("IPY_MODEL_")]
                    cell.outputs = nbformat.from_dict(said["state"]["outputs"])
                elif model and model["model_module"] != "anywidget":
                    del output["data"][WIDGET_VIEW]
        keep_shown_models(book)
        return book
    return new_notebook(cells=[new_markdown_cell(path.read_text(encoding="utf-8"))])


def language(path: Path) -> str:
    """The language of a file: Chinese if it says so before its ending, as in `source.zh.md`."""
    return "zh" if path.suffixes[:-1] == [".zh"] else "en"


def search_entries(notebook: NotebookNode, page: str) -> list[dict[str, str]]:
    """What the search knows of a page: its sections, and the terms of a glossary, with their text, without code and
    without what is folded."""
    taken: set[str] = set()
    sources = [MINUTES.sub("", FOLD.sub("", cell.source)) for cell in notebook.cells if cell.cell_type == "markdown"]
    texts = [render(source, taken) for source in sources]
    whole = "".join(texts)
    starts = list(ENTRY.finditer(whole))
    ends = [*(start.start() for start in starts[1:]), len(whole)]
    return [
        {
            "page": page,
            "anchor": html.unescape(start[1] or start[3]) if number else "",
            "chapter": title(notebook),
            "heading": _plain(start[2] or start[4]) if number else "",
            "text": _plain(whole[start.end() : end]),
        }
        for number, (start, end) in enumerate(zip(starts, ends, strict=True))
    ]


def _plain(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def handout(notebook: NotebookNode) -> dict:
    """What is printed of a chapter: title, question, what it is for, its parts, and for afterwards what would answer
    its predictions: the takeaways, and the figures that come after the first of them."""
    models = _models(notebook)
    parts: list[Part] = []
    recap, later, asked = "", [], False
    for cell in notebook.cells:
        if heading := re.match(r"## (.*)", cell.source if cell.cell_type == "markdown" else ""):
            parts.append(Part(render(f"## {heading[1]}", set()), [], [], []))
        if not parts:
            continue
        if cell.cell_type == "markdown":
            if TAKEAWAYS.search(parts[-1].heading):
                recap += render(
                    MINUTES.sub("", FOLD.sub("", cell.source)).removeprefix(heading[0] if heading else ""), set()
                )
            parts[-1].formulas.extend(_formulas(FOLD.sub("", cell.source)))
        for output in cell.get("outputs", []) if not {"solution", "exercise"} & set(tags(cell)) else []:
            data = output.get("data", {})
            if "predict" in tags(cell) and (view := data.get(WIDGET_VIEW)):
                parts[-1].predictions.append(models[view["model_id"]]["state"])
                asked = True
            elif (figure := data.get("text/html", "")).startswith("<img"):
                (later if asked else parts[-1].figures).append(figure)
    kept = [part for part in parts if any(part[1:]) and not TAKEAWAYS.search(part.heading)]
    box = re.search(r"^>.*?(?=\n\n|\Z)", notebook.cells[0].source, re.MULTILINE | re.DOTALL)
    return {
        "title": title(notebook),
        "question": question(notebook),
        "box": render(box[0], set()) if box else "",
        "parts": kept,
        "recap": recap,
        "figures": later[:FIGURES],
    }


def _formulas(source: str) -> list[str]:
    """The formulas of a text that stand apart, as HTML, narrow enough for a column: one line for each part."""
    formulas = [formula.strip("$ \n") for formula in FORMULA.findall(source)]
    parts = [re.split(r"\\q?quad", formula) if "\\begin" not in formula else [formula] for formula in formulas]
    return [mathml(part.strip(" ,\n"), "block") for formula in parts for part in formula if part.strip(" ,\n")]


def installed_file(package: str, path: str) -> Path:
    """Where an installed package keeps a file."""
    return next(Path(file.locate()) for file in files(package) or [] if str(file).endswith(path))


def theme() -> str:
    """How all pages look: nbconvert's lab theme, light or dark as the reader's system is, and the colours of code."""
    page, _ = HTMLExporter(template_name="lab").from_notebook_node(new_notebook())
    light = "\n".join(re.findall(r'<style type="text/css">(.*?)</style>', page, re.DOTALL))
    dark = installed_file("nbconvert", "templates/lab/static/theme-dark.css").read_text(encoding="utf-8")
    return f"{light}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}\n"


def _models(notebook: NotebookNode) -> dict:
    return notebook.metadata.get("widgets", {}).get(WIDGET_STATE, {}).get("state", {})


def opening(books: list[NotebookNode]) -> dict[str, str]:
    """What the start page opens with, if a notebook shows it: the widget named `OPENING`, its state and its view."""
    for book in books:
        models = _models(book)
        for cell in book.cells:
            for output in cell.get("outputs", []):
                view = output.get("data", {}).get(WIDGET_VIEW)
                if view and models[view["model_id"]]["state"].get("name") == OPENING:
                    alone = new_notebook(cells=[cell], metadata=deepcopy(book.metadata))
                    keep_shown_models(alone)
                    state = json.dumps(alone.metadata.widgets[WIDGET_STATE])
                    return {"state": state.replace("</", "<\\/"), "view": json.dumps(view)}
    return {}


def pictures(book: NotebookNode) -> list[str]:
    """The pictures of a notebook's explorables as they stand at first, in order, as base64; none of a prediction."""
    every = [o.get("data", {}) for cell in book.cells if "predict" not in tags(cell) for o in cell.get("outputs", [])]
    shown = [PNG.match(data.get("text/html", "")) for data in every if WIDGET_VIEW in data]
    return [picture[1] for picture in shown if picture]


def templates() -> Environment:
    """The templates of the pages that are not notebooks: start page and handouts."""
    return Environment(loader=FileSystemLoader(TEMPLATE), autoescape=False)


@contextmanager
def anew(out: Path) -> Iterator[Path]:
    """Gives a new folder beside `out` to export to, which takes the place of `out` at the end; on an error it goes.

    So no page of an earlier export stays, such as a teacher's deck among pages for students, and none is half of two.
    Raises FileExistsError, before anything is written, where `out` holds what no export writes.
    """
    out = out.resolve()
    held = {path.name for path in out.iterdir()} if out.is_dir() else set()
    others = [name for name in sorted(held) if name != "static" and not name.endswith(".html")]
    if out.is_file() or others or (held and not (out / INDEX).exists()):
        came = f"{out}, " + ("a file" if out.is_file() else f"which holds {[*others, *sorted(held)][0]}")
        validate.fail("out", came, "a folder that is new, empty, or of earlier pages", FileExistsError)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".", suffix=".part") as beside:
        pages = Path(beside, "pages")
        pages.mkdir()  # with the mode that the umask leaves, which that around it has not
        yield pages
        if out.exists():
            out.rename(Path(beside, "before"))
        pages.rename(out)


def export(notebooks: list[Path], out: Path, url: str = "", change: Change | None = None, room: bool = False) -> None:
    """Write a page for each notebook and each text in its folder (source, glossary), what is printed of the chapters,
    a start page, and what they load; `url` is where the pages will be, for the pictures of links to them.

    `change` makes the text of another notebook of one and its name, such as one without solutions: pages for a class,
    which have no decks. Else there is one for each plan of `docs/teaching.md` whose notebooks are among these. In a
    `room` the pages vote (`classroom`).
    """
    static = out / "static"
    static.mkdir(parents=True, exist_ok=True)
    (static / "theme.css").write_text(theme(), encoding="utf-8")
    for name in STATIC:
        shutil.copyfile(TEMPLATE / name, static / name)
    words = json.dumps(chinese.on_pages(bank=room or not change), ensure_ascii=False)
    (static / "zh.js").write_text(f"window.courseChinese = {words};\n", encoding="utf-8")
    shutil.copyfile(ROOT / "docs" / "explorer.png", static / "preview.png")
    template = templates().get_template
    texts = {text for folder in {path.parent for path in notebooks} for text in folder.glob("*.md")}
    texts = sorted(texts, key=lambda path: (language(path), path))
    paths = [*notebooks, *texts]
    books = [read(path) for path in paths]
    if change:
        books = [
            book if path in texts else nbformat.reads(change(book, path.stem), as_version=4)
            for path, book in zip(paths, books, strict=True)
        ]
    plans = decks.plans() if not change else []
    links = [Link(f"{path.stem}.html", title(book)) for path, book in zip(paths, books, strict=True)]
    url = url.rstrip("/") + "/" if url else ""
    taken: set[str] = set()
    index, kinds = [], {"chapters": [], "deeper": [], "texts": [], "zh": []}
    for path, book, before, link, after in zip(paths, books, [None, *links], links, [*links[1:], None], strict=False):
        kind = "deeper" if path.parent.name == "deeper" else "chapters"
        if path in texts:
            kind = "zh" if language(path) == "zh" else "texts"
        sheet = f"{path.stem}_handout.html" if kind == "chapters" else ""
        about = {"before": before, "after": after, "handout": sheet, "plan": decks.covered_cells(plans, book)}
        page = Chapter(language(path)).page(book, **about, url=url, room=room)
        (out / link.page).write_text(page, encoding="utf-8")
        if sheet:
            printed = handout(book)
            for name, afterwards in ((sheet, False), (f"{path.stem}_recap.html", True)):
                text = template("handout.html.j2").render(printed, afterwards=afterwards)
                (out / name).write_text(text, encoding="utf-8")
        index += search_entries(book, link.page)
        told = {"page": link.page, "title": link.title, "question": question(book), "minutes": minutes.short(book)}
        thumbnail = next((picture for picture in pictures(book) if sheet and picture not in taken), "")
        if thumbnail:
            taken.add(thumbnail)
            (static / f"{path.stem}.png").write_bytes(base64.b64decode(thumbnail))
        kinds[kind].append(told | {"handout": sheet, "thumbnail": f"static/{path.stem}.png" if thumbnail else ""})
    (out / INDEX).write_text(f"window.courseSections = {json.dumps(index, ensure_ascii=False)};\n", encoding="utf-8")
    whole = write_decks(plans, books, out, url)
    course = {"title": "Multi-task learning for ranking", "about": ABOUT, "url": url}
    start = template("start.html.j2").render(kinds, course=course, decks=whole, opening=opening(books))
    (out / "index.html").write_text(start, encoding="utf-8")


def write_decks(
    plans: list[decks.Plan], books: list[NotebookNode], out: Path, url: str = "", room: bool = False
) -> list:
    """Write a deck for each plan whose cells are all in these notebooks; returns those plans."""
    whole = [plan for plan in plans if not decks.missing(plan, books)]
    for plan in whole:
        book = decks.deck(plan, books)
        about = {"before": None, "after": None, "handout": "", "plan": decks.covered_cells([plan], book)}
        (out / f"{plan.name}.html").write_text(Chapter().page(book, **about, url=url, room=room), encoding="utf-8")
    return whole
