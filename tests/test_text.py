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


README = (ROOT / "README.md").read_text(encoding="utf-8")
SYSTEMS = [
    row.strip("| ").split(" | ")
    for row in README.partition("\n## The systems, and what was found")[2].partition("\n## ")[0].splitlines()
    if row.startswith("| ") and not row.startswith("| system ")
]
NAMED = [
    "score fusion",
    "weighted CE",
    "manual weights",
    "MLP",
    "DeepFM",
    "DCN",
    "DIN",
    "UWL",
    "GradNorm",
    "MMoE",
    "ESMM",
]


def measured() -> dict[str, str]:
    """What each claim of the chapters came out as: {id: effect as printed}."""
    text = ""
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        for cell in notebooks.code_cells(notebooks.read(path)):
            text += "".join(f"{output.get('data', {}).get('text/plain', '')}\n" for output in cell.outputs)
    return dict(re.findall(r"^(C\d\.\d+) · [a-z ]+ · ([+-][\d.]+) ", text, re.MULTILINE))


def test_every_system_of_the_text_has_a_full_row():
    assert all(len(row) == 4 and all(row) for row in SYSTEMS)
    names = " ".join(row[0] for row in SYSTEMS)
    assert [name for name in NAMED if name not in names] == []


@pytest.mark.parametrize("row", SYSTEMS, ids=[row[0] for row in SYSTEMS])
def test_a_row_names_chapters_tests_and_numbers_that_are_there(row):
    _, taught, tested, found = row
    chapters = re.findall(r"\((notebooks/[^)]+)\)", taught)
    tests = [f"tests/{name}" for name in re.findall(r"`(test_\w+\.py)`", tested)]
    numbers = re.findall(r"`(C\d\.\d+)` ([+-][\d.]+\d)", found.replace("−", "-"))
    assert chapters and tests and numbers
    assert [path for path in chapters + tests if not (ROOT / path).is_file()] == []
    came = measured()
    assert [(claim, number) for claim, number in numbers if came.get(claim) != number] == []
