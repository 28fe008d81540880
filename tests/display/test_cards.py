"""Cards: what they say, what they draw, and how little a kernel loads to show one."""

import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest

from helpers.display.cards import Card, Cards, Evidence, claims, evidence
from helpers.display.palette import GREEN, INK
from helpers.evaluation.verdicts import Finding, findings

FINDING = Finding("C0.1", "holds", "holds", 0.05, 0.04, 0.06, 20, "seeds", "R²", 0.01, 1e-6)
CARD = Card(FINDING, "A second task helps.")

ONE_CARD = """
import sys, json, builtins
from helpers.course import claims
opened, was = [], builtins.open
sys.addaudithook(lambda event, given: event == "open" and opened.append(str(given[0])))
page = claims("C6.12")._repr_html_()
ours = sorted(name for name in sys.modules if name.split(".")[0] == "helpers")
read = sorted({name for name in opened if name.endswith((".csv", ".csv.gz", ".toml", ".md", ".json"))})
print(json.dumps([page, ours, read]))
"""


@pytest.mark.slow
def test_one_card_loads_eight_modules_and_reads_two_files():
    run = subprocess.run([sys.executable, "-c", ONE_CARD], capture_output=True, text=True, check=True)
    page, modules, files = json.loads(run.stdout)
    assert "C6.12" in page and len(modules) <= 8 and not any("chapters" in name or "lab" in name for name in modules)
    assert [name.rpartition("/")[2] for name in files] == ["findings.csv", "claims.toml"]


def test_a_card_says_effect_interval_seeds_and_margin_and_may_be_shut():
    assert repr(CARD) == "C0.1 · holds · +0.050 R² [+0.040, +0.060], 20 seeds, smallest effect that matters 0.01"
    for page in (Card(FINDING, "Where a < b, it helps.").html(), Card(FINDING, "Where a < b, it helps.").row()):
        assert "Where a &lt; b, it helps." in page
    assert ["<details>" in Cards([CARD], shut=shut)._repr_html_() for shut in (True, False)] == [True, False]


@pytest.mark.parametrize("id", ["C99.1", "C4.999", "C4", "4.1", "", 4])
def test_an_unknown_claim_is_named(id):
    with pytest.raises(ValueError, match=r"ids: got .*; expected chapter and number of a claim"):
        claims(id)


def test_every_finding_has_a_sentence_and_evidence_has_a_row_each():
    every = evidence(*findings())
    assert len(every) > 200 and all(card.sentence.endswith(".") for card in every)
    page = every._repr_html_()
    assert page.count("<tr><th>") == len(every) and f"{len(every)} claims" in page
    assert "1 claim<" in Evidence([CARD])._repr_html_()


def test_what_moved_of_a_chapters_margins_is_said_once_in_its_evidence():
    moved = {id for id, finding in findings().items() if finding.before and id.startswith("C4.")}
    rows = sorted(moved)[:2]
    table, _, others = evidence(*rows)._repr_html_().partition("</table>")
    assert table.count("Margin moved") == len(rows) > 1
    assert set(re.findall(r"C\d+\.\d+", others)) == moved - set(rows)


def drawn(html: str) -> tuple[ElementTree.Element, tuple[float, float], tuple[float, float], float]:
    """The picture of a card, and where on it the zone, the whisker and the mean are."""
    picture = ElementTree.fromstring(re.search(r"<svg.*</svg>", html)[0])
    zone, whisker = picture.find("rect"), picture.findall("line")[1]
    left = float(zone.get("x"))
    ends = (left, left + float(zone.get("width")))
    return picture, ends, (float(whisker.get("x1")), float(whisker.get("x2"))), float(picture.find("circle").get("cx"))


@pytest.mark.parametrize("shift", [-0.05, -0.012, 0.0, 0.006, 0.012, 0.5])
def test_a_card_draws_interval_and_margin_to_one_scale(shift):
    finding = replace(FINDING, effect=shift, low=shift - 0.002, high=shift + 0.002)
    picture, (left, right), (low, high), middle = drawn(Card(finding, "")._repr_html_())
    scale, centre = (right - left) / 0.02, (left + right) / 2
    for x, value in ((low, finding.low), (high, finding.high), (middle, finding.effect)):
        assert x == pytest.approx(centre + value * scale, abs=0.4)
    assert min(left, low) >= 0 and max(right, high) <= float(picture.get("width"))
    assert picture.get("role") == "img" and picture.get("aria-label") == picture.find("title").text


def test_a_card_has_true_minus_signs_and_why_its_margin_is_its_own_in_a_fold():
    own = {"because": "the sentence says a tenth", "before": (0.2,)}
    page = Card(replace(FINDING, effect=-0.3, low=-0.31, high=-0.29, **own), "")._repr_html_()
    assert re.findall(r"[ \[(>]-[\d.]", re.sub(r"<[^>]*>", "", page)) == [] and page.count("−0.3") >= 2
    shown, folded = page.partition("<details")[::2]
    assert "Margin" not in shown and "<summary>About the margin</summary>" in folded
    assert "<div>Margin of its own, because the sentence says a tenth.</div>" in folded and "moved" not in page
    assert "details" not in CARD._repr_html_()


@pytest.mark.parametrize(
    ("verdict", "expected", "claimed", "green"),
    [
        ("holds", "holds", False, True),
        ("too small to matter", "no effect", True, True),
        ("no effect", "no effect", False, True),
        ("no effect", "holds", False, False),
        ("too small to matter", "holds", False, False),
        ("undecided", "undecided", False, False),
    ],
)
def test_a_card_is_green_where_what_it_states_was_found_and_only_there(verdict, expected, claimed, green):
    card = Card(replace(FINDING, verdict=verdict, expected=expected), "")
    assert (f"color:{INK[GREEN]}" in card.html()) == green
    assert not claimed or all(f">{verdict}, as claimed<" in page for page in (card.html(), card.row()))
    assert green or "as claimed" not in card.html() + card.row()


def test_a_margin_of_its_own_has_its_reason_whatever_is_written_in_it():
    reason = "a third; Margin moved: says the sentence], as well"
    finding = replace(FINDING, because=reason, before=(0.2, 0.05))
    assert f"<div>Margin of its own, because {reason}.</div>" in Card(finding, "").html()
    assert f"<br>Margin of its own, because {reason}.<br>Margin moved: 0.2 → 0.05 → 0.01.<" in Card(finding, "").row()
    far = Card(replace(FINDING, margin=0.1, far=True), "").html()
    assert "<div>Margin of its own, because the sentence says far, or many: 10 × 0.01.</div>" in far
