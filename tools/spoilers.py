"""Which open outputs below a prediction may answer it: found by following the data, not the words.

What a prediction hides is made from some data: a table that was read, a run that was trained. If a later cell of its
section makes a table, a figure or printed text from the same data, the answer may be in there; and so it may be in any
open claim, which reads its data by itself. This errs on the side of naming too much; an output that is named goes into
a fold (`exercises.Folded`, `claims(..., shut=True)`). Interactive figures are not looked at: what they show first is a
choice of their controls.
"""

import ast
import re

from nbformat import NotebookNode

from tools.notebooks import asked_id, tags

HEADING = re.compile(r"^##+ ", re.MULTILINE)
TABLE = re.compile(r"\d\d_\w+")  # 04_heads


def spoilers(notebook: NotebookNode) -> list[tuple[str, str]]:
    """[(name of a prediction, id of a cell below it that openly shows something made from the same data)]."""
    sources: dict[str, set[str]] = {}  # of each variable and function: the data that it is made from
    questions: dict[str, set[str]] = {}  # the predictions of this section: what they are made from
    open_answers = []
    for cell in notebook.cells:
        if cell.cell_type != "code":
            questions = {} if HEADING.search(cell.source) else questions
            continue
        used = _follow(ast.parse(cell.source), sources)
        if question := asked_id(cell):
            questions[question] = used
        elif not {"exercise", "solution"} & set(tags(cell)) and any(map(_open, cell.outputs)):
            claim = "claim" in tags(cell)
            open_answers += [(name, cell.id) for name, data in questions.items() if claim or data & used]
    return open_answers


def _follow(tree: ast.Module, sources: dict[str, set[str]]) -> set[str]:
    """The data that a cell uses; what it defines is added to `sources`."""
    every = set()
    for node in tree.body:
        used = _tables(node).union(*(sources.get(name, ()) for name in _names(node, ast.Load)))
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            sources[node.name] = used
            continue
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.For | ast.With):
            made = node.iter if isinstance(node, ast.For) else getattr(node, "value", node)
            if not used and any(isinstance(part, ast.Call) for part in ast.walk(made)):
                used = {ast.unparse(made)}  # new data; the same words again are the same data
            parts = [node] if isinstance(node, ast.For | ast.With) else getattr(node, "targets", [node])
            for name in {name for part in parts for name in _names(part, ast.Store)}:
                sources[name] = used | (sources.get(name, set()) if isinstance(node, ast.AugAssign) else set())
        every |= used
    return every


def _tables(node: ast.AST) -> set[str]:
    texts = (part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str))
    return set(filter(TABLE.fullmatch, texts))


def _names(node: ast.AST, context: type[ast.expr_context]) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, context)}


def _open(output: NotebookNode) -> bool:
    """Whether a reader sees an output without a click."""
    data = output.get("data", {})
    widget = any("widget" in kind for kind in data)
    return not widget and not data.get("text/html", "").startswith("<details")
