"""Widgets of one's own in JupyterLab at a twentieth of the CPU. For a test, and a rehearsal."""

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from tests.browser.lab import IDLE, Book, Lab

NUMBER = 12
MAKE = f"""
import anywidget
import traitlets


class Own(anywidget.AnyWidget):
    _esm = '''
    export default {{
      render({{ model, el }}) {{
        const show = () => (el.textContent = "n=" + model.get("n"));
        model.on("change:n", show);
        el.className = "own";
        show();
      }},
    }};
    '''
    n = traitlets.Int(0).tag(sync=True)


own = [Own() for _ in range({NUMBER})]
display(*own)
"""
TELL = "for widget in own:\n    widget.n = 7"


def slow_down(page) -> None:
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": 20})


def heard(browser, lab: Lab) -> tuple[list[str], list[str], list[str]]:
    """What `NUMBER` widgets show, "n=0", what they show when Python has said 7, and what went wrong on the page."""
    cells = [new_code_cell(MAKE, id="make"), new_code_cell(TELL, id="tell")]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    nbformat.write(new_notebook(cells=cells, metadata=kernel), lab.root / "own.ipynb")
    book = Book(browser, lab, "own.ipynb")
    slow_down(book.page)
    book.run("make")
    own = book.page.locator(".own")
    own.nth(NUMBER - 1).wait_for(timeout=180_000)
    before = own.all_inner_texts()
    book.run("tell")
    book.page.wait_for_function(IDLE, timeout=180_000)
    book.page.wait_for_timeout(10_000)  # the last of the messages is heard
    after, trouble = own.all_inner_texts(), book.trouble
    book.close()
    return before, after, trouble
