"""What the course says of its text, its papers and its own measurements, wherever it says it.

docs/the_text.md says where each idea of the text is taught: the sections that it names are there. The text is named and
cited. The README's table says what the claims' verdicts allow, and nothing says more than the history of the margins.
"""

import re
from pathlib import Path

import pytest
import yaml

from helpers.chapters.ch02 import watch_time
from helpers.chapters.ch06 import mmoe
from helpers.chapters.ch07 import funnel
from helpers.course import all_claims
from helpers.evaluation.verdicts import WITHIN
from helpers.experiments.grid import kept
from tools import notebooks

ROOT = Path(__file__).parents[2]
TABLE = (ROOT / "docs" / "the_text.md").read_text(encoding="utf-8")
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
    tests = re.findall(r"`(test_\w+\.py)`", tested)
    numbers = re.findall(r"`(C\d\.\d+)` ([+-][\d.]+\d)", found.replace("−", "-"))
    assert chapters and tests and numbers
    assert [path for path in chapters if not (ROOT / path).is_file()] == []
    assert [name for name in tests if not any((ROOT / "tests").rglob(name))] == []
    came = measured()
    assert [(claim, number) for claim, number in numbers if came.get(claim) != number] == []


EQUAL = re.compile(
    r"\b(the same(?! features| tastes)|as well as|no different|nothing that matters|less than would matter"
    r"|too little to matter)\b"
)
BELOW = re.compile(r"\b(less than|loses?|worse|behind|costs?|fewer)\b")
VERDICTS = {id: claim.expected for id, claim in all_claims().items()}


def phrases(found: str) -> list[tuple[str, str, float]]:
    """(what a row of the table says, the claim that it says it by, its number) of each phrase."""
    parts = re.findall(r"([^`]*)`(C\d\.\d+)` ([+−][\d.]+\d)", found)
    return [(re.split(r"[;)]", words)[-1], claim, float(number.replace("−", "-"))) for words, claim, number in parts]


@pytest.mark.parametrize("row", SYSTEMS, ids=[row[0] for row in SYSTEMS])
def test_a_row_says_what_the_verdict_of_its_claim_allows(row):
    said = phrases(row[3])
    assert said
    equal = {claim: bool(EQUAL.search(words)) for words, claim, _ in said}
    assert equal == {claim: VERDICTS[claim] in WITHIN for claim in equal}
    below = {claim: bool(BELOW.search(words)) for words, claim, _ in said if not equal[claim]}
    assert below == {claim: number < 0 for _, claim, number in said if not equal[claim]}


# Everything that a reader or a contributor can read.
READ = [
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "notebooks").glob("*.md")),
    *sorted((ROOT / "notebooks").glob("*.ipynb")),
    *sorted((ROOT / "benchmarks").glob("*.*")),
    *sorted((ROOT / "helpers").rglob("*.py")),
]


def prose(path: Path) -> str:
    """Its text in one line; of a notebook the sources, not the outputs."""
    if path.suffix == ".ipynb":
        text = "\n".join(cell.source for cell in notebooks.read(path).cells)
    else:
        text = path.read_text(encoding="utf-8")
    return re.sub(r"\s+", " ", text)


@pytest.mark.parametrize(
    "untrue",
    [
        r"(?:set|chosen|written down) before (?:the|any) (?:numbers?|results?)",  # margins were set on first runs
        r"before (?:the numbers|any result) (?:were|was|are|is) seen",
        r"refuted",  # small models do not refute a paper's figure
        r"the paper does not say\b[^.]*\bAdam|Adam[^.]*\bthe paper does not say",  # GradNorm §5.1 does
        r"a Chinese introduction",  # the text has a name
    ],
)
def test_no_text_makes_a_claim_known_to_be_false(untrue):
    assert [path.name for path in READ if re.search(untrue, prose(path), re.IGNORECASE)] == []


MARGINS = re.compile(
    r"set on first runs; where fresh seeds then showed that a verdict would not replicate, "
    r"more seeds were taken or the margin was moved"
)


@pytest.mark.parametrize(
    "name",
    [
        "README.md",
        "CONTRIBUTING.md",
        "notebooks/glossary.md",
        "notebooks/00_start_here.ipynb",
        "helpers/experiments/claim.py",
    ],
)
def test_how_margins_were_set_is_told_alike(name):
    assert MARGINS.search(prose(ROOT / name))


TEXT = "datawhalechina/fun-rec"
CHAPTER = "docs/ch02/ch2.2/ch2.2.5/2.2.5.0.md"
LICENCE = re.compile(r"CC[ -]BY-NC-SA[ -]4\.0")


def test_the_text_is_cited():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    (text,) = [one for one in citation["references"] if TEXT in one.get("repository-code", "")]
    assert CHAPTER in text["section"] and LICENCE.search(text["license"])
    assert text["authors"] == [{"name": "Datawhale"}] and re.fullmatch(r"[0-9a-f]{40}", text["commit"])


@pytest.mark.parametrize("name", ["README.md", "docs/the_text.md", *(f"notebooks/0{i}_*.ipynb" for i in range(5))])
def test_the_text_is_named_and_linked_where_the_course_follows_it(name):
    (path,) = ROOT.glob(name)
    assert re.search(rf"\]\(https://github\.com/{TEXT}/blob/[0-9a-f]{{40}}/{CHAPTER}\)", prose(path))


@pytest.mark.parametrize("number", ["00", "01"])
def test_the_text_is_a_reference_with_its_licence(number):
    (path,) = (ROOT / "notebooks").glob(f"{number}_*.ipynb")
    references = prose(path).partition("**References**")[2]
    assert TEXT in references and LICENCE.search(references) and "our translation" in references


@pytest.mark.parametrize("number", ["01", "02", "03", "04", "05"])
def test_a_chapter_that_quotes_the_text_says_who_translated(number):
    (path,) = (ROOT / "notebooks").glob(f"{number}_*.ipynb")
    assert "our translation" in prose(path).partition("**References**")[0]


def cell_before(number: str, identity: str) -> str:
    """The Markdown cell above the prediction `identity`."""
    (path,) = (ROOT / "notebooks").glob(f"{number}_*.ipynb")
    cells = notebooks.read(path).cells
    place = next(i for i, cell in enumerate(cells) if cell.cell_type == "code" and f'"{identity}"' in cell.source)
    return cells[place - 1].source


def test_relatedness_has_both_readings_before_the_guess_and_a_row_for_each():
    asked = cell_before("04", "C4.P1")
    assert "任务相关性" in asked and "correlate" in asked and "same features" in asked
    assert not re.search(r"confirmed|gains? most|whatever the labels", asked)
    (path,) = (ROOT / "notebooks").glob("04_*.ipynb")
    table = next(cell.source for cell in notebooks.read(path).cells if "| the text says |" in cell.source)
    rows = [row for row in table.splitlines() if "read as" in row]
    assert len(rows) == 2 and "same features" in rows[0] and "labels correlate" in rows[1]


def test_departures_from_the_papers_are_named_where_the_shapes_are_taught():
    (path,) = (ROOT / "notebooks").glob("04_*.ipynb")
    shapes = prose(path).partition("## 11 Bottoms of other shapes")[2].partition("## 12 ")[0]
    source = prose(ROOT / "helpers" / "models" / "bottoms.py")
    for text in (shapes, source):
        assert re.search(r"He and Chua, (SIGIR )?2017", text) and "PReLU" in text and "Dice" in text
        assert re.search(r"outer product", text) and re.search(r"mini-batch aware", text)
    for path in (ROOT / "notebooks" / "06_mmoe.ipynb", ROOT / "helpers" / "models" / "experts.py"):
        assert "CGC" in prose(path)


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("05", "0.025"),  # GradNorm §5.1: the rate of the weights, by Adam
        ("05", "opposite of what the paper reports"),  # GradNorm §4: ahead of uncertainty weighting
        ("06", "trainability"),  # MMoE §5.2: why it leads for identical tasks
    ],
)
def test_what_a_paper_says_is_told_where_we_find_otherwise(number, said):
    (path,) = (ROOT / "notebooks").glob(f"{number}_*.ipynb")
    assert said in prose(path)


def winners(number: str) -> list[tuple[float, list[float]]]:
    """(the learning rate that won, those on offer) for each search behind a chapter."""
    if number == "02":
        return [(one.lr, watch_time.LEARNING_RATES) for one in watch_time.OBJECTIVES.values()]
    if number == "07":
        offered = [*funnel.RATES, *funnel.BEYOND]
        return [(rate, offered) for chosen in funnel.CHOSEN.values() for rate in chosen.table["lr"]]
    searches = (mmoe.CHOSEN, mmoe.CHOSEN_RELU, mmoe.CHOSEN_KIND, mmoe.CHOSEN_SEESAW)
    return [
        (rate, sorted(kept(*chosen.searches)["rate"].unique())) for chosen in searches for rate in chosen.table["rate"]
    ]


@pytest.mark.parametrize("number", ["02", "06", "07"])
def test_a_winner_at_the_edge_of_a_search_is_told(number):
    edges = {float(rate) for rate, offered in winners(number) if rate in (min(offered), max(offered))}
    (path,) = (ROOT / "notebooks").glob(f"{number}_*.ipynb")
    said = re.findall(r"[^.]*(?:\.\d[^.]*)*\b(?:edge|on offer)\b(?:[^.]|\.\d)*", prose(path))
    assert edges and [rate for rate in edges if not any(f"{rate:g}" in sentence for sentence in said)] == []
