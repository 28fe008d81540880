"""Every notebook shows, after Restart & Run All in JupyterLab, the outputs that it is committed with."""

import nbformat

from helpers.support.downloads import MOVIELENS
from tools import notebooks as tool

SHOWN = "() => JSON.stringify(jupyterapp.shell.currentWidget.content.model.toJSON())"


def test_a_run_gives_the_outputs_of_the_file(book):
    """Text to the letter, decimals within the tolerance of `tools.notebooks`."""
    committed = tool.read(book.lab.root / book.name)
    ran = nbformat.reads(book.page.evaluate(SHOWN), as_version=4)
    if not MOVIELENS.present():
        for notebook in (committed, ran):
            notebook.cells = [cell for cell in notebook.cells if "movielens" not in tool.tags(cell)]
    assert tool.differing_outputs(committed, ran) == []
