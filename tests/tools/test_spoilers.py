"""Below a prediction: an open output that is made from the prediction's data is named, and no other."""

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools.spoilers import spoilers

READ = "import pandas as pd\nfew = runs('04_one')\nother = runs('04_two')\nscale = 3"
MEANS = "def means(table):\n    return table.mean() * scale\n\n\nends = draw(means(few))"
ASK = 'live = evaluate(3)\nask("C4.P1", ends, runs("04_asked", "04_both"), live)'
TABLE = {"text/plain": "0.3", "text/html": "<table>0.3</table>"}
SHUT = {"text/plain": "0.3", "text/html": "<details><summary>Open</summary>0.3</details>"}


def notebook(source: str, data=TABLE, tag: str = "movielens", between: str = "Then:"):
    shown = [new_output("execute_result", data, execution_count=4)] if data else []
    tagged = {"tags": ["predict"]}
    cells = [new_code_cell(READ), new_code_cell(MEANS), new_code_cell(ASK, metadata=tagged), new_markdown_cell(between)]
    return new_notebook(cells=[*cells, new_code_cell(source, id="below", outputs=shown, metadata={"tags": [tag]})])


@pytest.mark.parametrize(
    "source",
    [
        "few.means('model')",
        "some = few.where(p=1)\nsome.max()",
        "ends",
        "_ = runs('04_one').dots('p')",
        "TABLES['04_one'].read().max()",
        "runs('04_both', '04_three').dots('p')",
        "again = evaluate(3)\nagain",
        "for part in few:\n    print(part)",
        "def best():\n    return few.max()\n\n\nbest()",
        "both = other\nboth += few\nboth",
    ],
)
def test_what_is_made_from_the_same_data_is_named(source):
    assert spoilers(notebook(source)) == [("C4.P1", "below")]
    assert spoilers(notebook(source, {"text/plain": "0.3"})) == [("C4.P1", "below")]


def test_an_open_claim_is_named_whatever_its_data():
    assert spoilers(notebook('claims("C4.1")', tag="claim")) == [("C4.P1", "below")]
    assert spoilers(notebook('claims("C4.1", shut=True)', SHUT, tag="claim")) == []


@pytest.mark.parametrize(
    ("source", "options"),
    [
        ("other.mean()", {}),
        ("means(other)", {}),
        ("scale", {}),
        ("few.mean()", {"data": SHUT}),
        ("few.mean()", {"data": None}),
        ("few.mean()", {"data": {"application/vnd.jupyter.widget-view+json": {}, "text/plain": "Explorer()"}}),
        ("few.mean()", {"tag": "solution"}),
        ("few.mean()", {"between": "That was it.\n\n### Something else"}),
        ("few = runs('04_three')\nfew.mean()", {}),
        ("again = evaluate(4)\nagain", {}),
    ],
)
def test_what_is_shut_or_of_other_data_or_of_the_next_section_is_not(source, options):
    assert spoilers(notebook(source, **options)) == []
