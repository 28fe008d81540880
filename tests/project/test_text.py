"""What the course says of its text, its papers and its own measurements, wherever it says it.

notebooks/source.md goes through the text: the sections that it names are there, and its verdicts are those of the
chapters. The text is named and cited. The README's table says what the claims' verdicts allow, and nothing says more
than the history of the margins.
"""

import re
from pathlib import Path

import pytest
import yaml

from helpers.chapters.ch02 import watch_time
from helpers.chapters.ch02.studies import watch_time as lab_watch_time
from helpers.chapters.ch04.studies.bottoms import shapes
from helpers.chapters.ch06.studies import mmoe
from helpers.chapters.ch07 import funnel
from helpers.chapters.ch07.studies import funnel as lab_funnel
from helpers.course import chapter_names, lucky, questions
from helpers.evaluation.verdicts import WITHIN, findings
from helpers.lab import all_claims
from tools import notebooks

ROOT = Path(__file__).parents[2]
SOURCE = (ROOT / "notebooks" / "source.md").read_text(encoding="utf-8")
ROWS = [row.strip("| ").split(" | ") for row in SOURCE.splitlines() if row.startswith("| 「")]
LINKS = re.findall(r"\[([^\]]+)\]\(([\w/]+\.ipynb)#((?:[^()]|\([^()]*\))+)\)", SOURCE)

# what is measured where it is shown has no finding
VERDICTS = {id: findings()[id].verdict if id in findings() else claim.expected for id, claim in all_claims().items()}


def headings(name: str) -> list[str]:
    text = "\n".join(
        cell.source for cell in notebooks.read(ROOT / "notebooks" / name).cells if cell.cell_type != "code"
    )
    return re.findall(r"^##+ (.+)$", text, re.MULTILINE)


def test_each_sentence_of_the_text_is_quoted_put_into_english_placed_and_judged():
    assert len(ROWS) > 50
    odd = [row for row in ROWS if len(row) != 4 or not row[1] or ".ipynb#" not in row[2]]
    assert odd == []
    judged = re.compile(r"\*\*(Confirmed|Only when|Not here|Built in|Taught)\b|No single one")
    assert [row[0] for row in ROWS if not judged.match(row[3])] == []


def test_quotations_are_short_and_named_as_such():
    quotations = re.findall("「([^」]+)」", SOURCE)
    assert max(map(len, quotations)) <= 32 and sum(map(len, quotations)) < 1_000
    assert "our translation" in SOURCE and LICENCE.search(SOURCE)


@pytest.mark.parametrize(("words", "name", "anchor"), LINKS, ids=[anchor for _, _, anchor in LINKS])
def test_the_sections_are_there(words, name, anchor):
    sections = {heading.replace(" ", "-"): re.sub(r"^[\d.]+ ", "", heading) for heading in headings(name)}
    assert anchor in sections
    assert words == sections[anchor] or words not in sections.values()


def test_the_verdicts_are_those_of_the_chapters():
    verdicts = {
        claim: verdict
        for verdict, claims in re.findall(r"\*([a-z ]+)\* ((?:`C\d\.\d+` ?)+)", SOURCE.partition("\n## ")[2])
        for claim in re.findall(r"C\d\.\d+", claims)
    }
    assert set(verdicts) == set(re.findall(r"C\d\.\d+", SOURCE))
    assert verdicts == {claim: VERDICTS[claim] for claim in verdicts}


def test_what_is_heard_at_work_is_answered_with_verdicts_and_effects_as_measured():
    text = " ".join((ROOT / "docs" / "heard_at_work.md").read_text(encoding="utf-8").split())
    said = re.findall(r"\*([a-z ]+)\* `(C\d\.\d+)`, ([+−])([\d.]+\d)", text)
    assert len(re.findall(r"### \d+ “", text)) == 12 and {id for _, id, *_ in said} == set(
        re.findall(r"C\d\.\d+", text)
    )
    for verdict, id, sign, number in said:
        effect = findings()[id].effect
        rounded = f"{abs(effect):.{len(number.partition('.')[2])}f}"
        assert (verdict, sign, number) == (VERDICTS[id], "−" if effect < 0 else "+", rounded), id


README = (ROOT / "README.md").read_text(encoding="utf-8")
SYSTEMS = [
    row.strip("| ").split(" | ")
    for row in README.partition("\n## The systems, and what was found")[2].partition("\n## ")[0].splitlines()
    if row.startswith("| ") and not row.startswith("| system ")
]


@pytest.mark.parametrize("row", SYSTEMS, ids=[row[0] for row in SYSTEMS])
def test_a_row_names_chapters_that_are_there_and_a_number(row):
    _, taught, numbers = row
    chapters = re.findall(r"\((notebooks/[^)]+)\)", taught)
    assert chapters and re.search(r"`C\d\.\d+` [+−]", numbers)
    assert [path for path in chapters if not (ROOT / path).is_file()] == []


def test_contributing_says_where_each_system_is_tested():
    contributing = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| (\S[^|]*) \| (`test_[^|]*) \|$", contributing, re.MULTILINE))
    systems = [system for row in SYSTEMS for system in row[0].split(" and ")]
    assert set(rows) == {system.partition(",")[0] for system in systems}
    named = re.findall(r"`(test_\w+\.py)`", " ".join(rows.values()))
    assert [name for name in named if not any((ROOT / "tests").rglob(name))] == []


EQUAL = re.compile(
    r"\b(the same(?! features| tastes)|match(?:es)?|ties? with|level with|as (?:well|good|many|much) as"
    r"|no (?:different|better|relevant difference)|nothing that matters|less than would matter"
    r"|too (?:little|small) to matter)\b"
)
BELOW = re.compile(
    r"\b(less|loses?|worse|behind|below|costs?|fewer|lowers?|drops?|falls?|trails?|beaten by|harms?|hurts?)\b"
)


def phrases(cell: str) -> list[tuple[str, str, float]]:
    """(what a row of the table says, the claim that it says it by, its number) of each phrase."""
    parts = re.findall(r"([^`]*)`(C\d\.\d+)` ([+−][\d.]+\d)", cell)
    return [(re.split(r"[;)]", words)[-1], claim, float(number.replace("−", "-"))) for words, claim, number in parts]


@pytest.mark.parametrize("row", SYSTEMS, ids=[row[0] for row in SYSTEMS])
def test_a_row_says_what_the_verdict_of_its_claim_allows(row):
    numbers = phrases(row[2])
    assert numbers
    equal = {claim: bool(EQUAL.search(words)) for words, claim, _ in numbers}
    assert equal == {claim: VERDICTS[claim] in WITHIN for claim in equal}
    below = {claim: bool(BELOW.search(words)) for words, claim, _ in numbers if not equal[claim]}
    assert below == {claim: number < 0 for _, claim, number in numbers if not equal[claim]}


def test_the_readme_has_the_numbers_of_its_claims():
    numbers = re.findall(r"`(C\d\.\d+)` ([+−][\d.]+\d)", README)
    assert len(numbers) > len(SYSTEMS)
    assert numbers == [(id, findings()[id].numbers.split()[0].replace("-", "−")) for id, _ in numbers]


def test_the_table_marks_what_does_not_pass_holms_test():
    """The sign ° stands after the number, as in `C1.1` +0.010°; also in the guesses that the README opens with."""
    cited = re.findall(r"`(C\d\.\d+)` [+−][\d.]+\d(°?)", README)
    may_be_luck = lucky()
    assert [claim for claim, sign in cited if sign] == [claim for claim, _ in cited if claim in may_be_luck]


def prose(path: Path) -> str:
    """Its text in one line; of a notebook the sources, not the outputs."""
    if path.suffix == ".ipynb":
        text = "\n".join(cell.source for cell in notebooks.read(path).cells)
    else:
        text = path.read_text(encoding="utf-8")
    return re.sub(r"\s+", " ", text)


TEXT = "datawhalechina/fun-rec"
CHAPTER = "docs/ch02/ch2.2/ch2.2.5/2.2.5.0.md"
LICENCE = re.compile(r"CC[ -]BY-NC-SA[ -]4\.0")


def test_the_text_is_cited():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    (text,) = [one for one in citation["references"] if TEXT in one.get("repository-code", "")]
    assert CHAPTER in text["section"] and LICENCE.search(text["license"])
    assert text["authors"] == [{"name": "Datawhale"}] and re.fullmatch(r"[0-9a-f]{40}", text["commit"])


NAMED = re.compile(rf"\]\(https://github\.com/{TEXT}/blob/[0-9a-f]{{40}}/{CHAPTER}\)")


@pytest.mark.parametrize("name", ["README.md", "notebooks/source.md", *(f"notebooks/0{i}_*.ipynb" for i in range(6))])
def test_where_the_course_follows_the_text_it_is_named_and_so_are_its_licence_and_who_translated(name):
    (path,) = ROOT.glob(name)
    text, _, references = prose(path).partition("<b>References</b>")
    number = int(path.stem[:2]) if path.suffix == ".ipynb" else 0
    assert number == 5 or NAMED.search(text + references)
    assert not number or "our translation" in text
    if path.suffix == ".ipynb" and number < 2:
        assert TEXT in references and LICENCE.search(references) and "our translation" in references


def winners(number: str) -> list[tuple[float, list[float]]]:
    """(the learning rate that won, those on offer) for each search behind a chapter."""
    if number == "02":
        return [(rate, lab_watch_time.LEARNING_RATES) for rate, _ in watch_time.CHOSEN.values()]
    if number == "07":
        offered = [*lab_funnel.RATES, *lab_funnel.BEYOND]
        return [(rate, offered) for chosen in funnel.CHOSEN.values() for rate in chosen.table["lr"]]
    if number == "deeper/04_bottoms":
        return [(rate, shapes.RATES) for rate in shapes.CHOSEN.table["lr"]]
    studies = (mmoe.FIGURE_4, mmoe.RELU, mmoe.KINDS, mmoe.SEESAW)
    return [(rate, study.search.tried["rate"]) for study in studies for rate in study.chosen.table["rate"]]


@pytest.mark.parametrize("number", ["02", "deeper/04_bottoms", "06", "07"])
def test_a_winner_at_the_edge_of_a_search_is_told(number):
    edges = {float(rate) for rate, offered in winners(number) if rate in (min(offered), max(offered))}
    (path,) = (ROOT / "notebooks").glob(f"{number}*.ipynb")
    sentences = re.findall(r"[^.]*(?:\.\d[^.]*)*\b(?:edge|on offer)\b(?:[^.]|\.\d)*", prose(path))
    assert edges and [rate for rate in edges if not any(f"{rate:g}" in sentence for sentence in sentences)] == []


TEACHING = (ROOT / "docs" / "teaching.md").read_text(encoding="utf-8")
PLANS = re.findall(r"^## (.+)\n\n(\d+) minutes(?s:.*?)(\| min \|(?s:.*?))\n\n", TEACHING, re.MULTILINE)


def test_the_sections_that_a_plan_names_are_there():
    named = re.findall(r"\b(0\d) \*([^*]+)\*", " ".join(TEACHING.split()))
    assert len(named) > 40
    text = {path.stem[:2]: "" for path in (ROOT / "notebooks").glob("[0-9]*.ipynb")}
    for path in (ROOT / "notebooks").rglob("[0-9]*.ipynb"):
        text[path.stem[:2]] += "\n".join(
            c.source + "\n" for c in notebooks.read(path).cells if c.cell_type == "markdown"
        )
    headings = {
        number: re.findall(r"^#+ (?:\d[\d.]* )?(?:· )?(.+)$", all, re.MULTILINE) for number, all in text.items()
    }
    assert [(number, heading) for number, heading in named if heading not in headings[number]] == []


def test_the_predictions_of_a_plan_are_there():
    named = set(re.findall(r"\bC\d\.P\d+", TEACHING))
    assert len(named) > 8 and named <= {id for chapter in chapter_names() for id in questions(chapter)}


@pytest.mark.parametrize(("name", "minutes", "table"), PLANS, ids=[plan[0] for plan in PLANS])
def test_a_plan_leaves_out_no_minute(name, minutes, table):
    spans = [(int(start), int(end)) for start, end in re.findall(r"^\| (\d+)–(\d+) \|", table, re.MULTILINE)]
    assert [start for start, _ in spans] == [0, *(end for _, end in spans[:-1])]
    assert spans[-1][1] == int(minutes) and all(start < end for start, end in spans)
