"""At a twentieth of the CPU, where a page is busy for longer than anywidget waits for a widget to begin."""

import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from tests.browser.conftest import ROOT
from tests.browser.lab import IDLE, Book, Tab

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("live")]

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


def slow_down(page):
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": 20})


def test_a_widget_of_ones_own_hears_python(browser, lab):
    cells = [new_code_cell(MAKE, id="make"), new_code_cell(TELL, id="tell")]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    nbformat.write(new_notebook(cells=cells, metadata=kernel), lab.root / "own.ipynb")
    book = Book(browser, lab, "own.ipynb")
    slow_down(book.page)
    book.run("make")
    own = book.page.locator(".own")
    own.nth(NUMBER - 1).wait_for(timeout=180_000)
    assert set(own.all_inner_texts()) == {"n=0"}
    book.run("tell")
    book.page.wait_for_function(IDLE, timeout=180_000)
    book.page.wait_for_timeout(10_000)  # the last of the messages is heard
    assert own.all_inner_texts() == ["n=7"] * NUMBER
    assert book.trouble == []
    book.close()


def test_an_exported_page_has_no_errors(browser, tmp_path):
    notebook = ROOT / "notebooks" / "01_motivation.ipynb"
    subprocess.run([sys.executable, "-m", "tools.site", "--out", str(tmp_path), str(notebook)], cwd=ROOT, check=True)
    tab = Tab(browser, (tmp_path.as_uri(),))
    slow_down(tab.page)
    tab.page.goto(f"{tmp_path.as_uri()}/{notebook.stem}.html")
    tab.page.wait_for_selector("body[data-widgets=shown]", timeout=180_000)
    tab.page.wait_for_timeout(3000)  # longer than anywidget waits
    assert tab.trouble == []
    tab.page.close()
