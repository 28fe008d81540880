"""CONTRIBUTING.md says where each idea of the text is taught: the sections that it names are there."""

import re
from pathlib import Path

import pytest

from tools import notebooks

ROOT = Path(__file__).parent.parent
TABLE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## The text and where it is taught")[2]
ROWS = [row for row in TABLE.splitlines() if row.startswith("| ") and not row.startswith("| the text |")]
PLACES = [place for row in ROWS for place in re.findall(r"`(\d\d)`: ([^;|]+?) *(?=[;|])", row)]


def headings(number: str) -> set[str]:
    (path,) = (ROOT / "notebooks").glob(f"{number}_*.ipynb")
    text = "\n".join(cell.source for cell in notebooks.read(path).cells if cell.cell_type == "markdown")
    return set(re.findall(r"^##+ (?:[\d.]+ )?(.+)$", text, re.MULTILINE))


def test_each_idea_has_a_place_or_is_said_to_be_open():
    assert len(ROWS) > 20
    assert [row for row in ROWS if not re.search(r"`\d\d`: |\bopen\b", row)] == []


@pytest.mark.parametrize(("number", "sections"), PLACES)
def test_the_sections_are_there(number, sections):
    found = headings(number)
    rest = sections
    for heading in sorted(found, key=len, reverse=True):
        rest = rest.replace(heading, "")
    assert rest.strip(" ,") == "", f"{number}: {rest}"
