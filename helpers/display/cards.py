"""A claim as a card, or as a row of a chapter's evidence: its sentence, and what was measured of it.

The sentences are in the chapters (`helpers/chapters/ch04/claims.toml`), the numbers in `data/findings.csv`. A card
reads these two files, computes nothing and loads no experiment.
"""

import html
import re
import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from helpers.evaluation.verdicts import FAR, LEFT, MARGINS, NO_EFFECT, SMALL, UNDECIDED, Finding, findings
from helpers.support import validate

CHAPTERS = Path(__file__).parents[1] / "chapters"
COLUMNS = ("", "claim", "verdict", "effect and 95% interval", "over, and margin")


@cache
def load_claims(path: Path) -> dict[str, dict]:
    """{id: fields} of the claims in a `claims.toml`: with what those of its tables share, and the tables' names as
    "tables". Raises ValueError for an id that comes twice."""
    claims: dict[str, dict] = {}
    text = validate.text(path, "the chapter's claims (CONTRIBUTING.md)")
    for tables, group in tomllib.loads(text).items():
        of_tables = {id: fields for id, fields in group.items() if isinstance(fields, dict) and "sentence" in fields}
        shared = {"tables": tables} | {key: value for key, value in group.items() if key not in of_tables}
        for id in claims.keys() & of_tables:
            chapter = id.partition(".")[0]
            had = re.findall(rf"\b{chapter}\.(\d+)\b", text + MARGINS.read_text(encoding="utf-8"))
            free = f"every id once; {chapter}.{max(map(int, had)) + 1} is free"
            validate.fail(f"{path.parent.name}/{path.name}", f"{id} twice", free)
        claims |= {id: shared | fields for id, fields in of_tables.items()}
    return claims


class Card:
    """A finding with the sentence of its claim."""

    def __init__(self, finding: Finding, sentence: str):
        self.finding, self.sentence = finding, sentence

    def __repr__(self) -> str:
        return repr(self.finding)

    def _repr_html_(self) -> str:
        return self.html()

    @property
    def colour(self) -> str:
        undecided = self.finding.verdict == UNDECIDED
        return "#595959" if undecided else "#00735C" if self.finding.as_claimed else "#B34E00"

    def html(self, fold_note: bool = True) -> str:
        """In a fold the note needs none of its own. That a margin moved is in the chapter's evidence."""
        finding, colour = self.finding, self.colour
        note = f"<div>{minus(_own(finding))}</div>" if _own(finding) else ""
        if note and fold_note:
            about = "margin" if finding.because or finding.far else "settings"
            note = f"<details><summary>About the {about}</summary>{note}</details>"
        small = f'<div style="font-size:.85em;color:#595959">{note}</div>' if note else ""
        return (
            '<div class="mtl-claim" style="color:#1a1a1a;background:#fff;max-width:55em;'  # in a dark theme, too
            f'border-left:6px solid {colour};padding:6px 14px;margin:6px 0">'
            f"<b>{finding.id}</b> {html.escape(self.sentence)}"
            '<div style="display:flex;flex-wrap:wrap;align-items:center;gap:2px 14px">'
            f'<span style="flex:1 1 24em"><b style="color:{colour}">{finding.outcome}</b> · '
            f"{minus(finding.numbers)}</span>{draw_interval(finding, colour)}</div>{small}</div>"
        )

    def row(self) -> str:
        """As a row of a table."""
        finding = self.finding
        moved = f"Margin moved: {_margin_change(finding)}." if finding.before else ""
        basis = "<br>".join(minus(part) for part in (finding.basis, _own(finding), moved) if part)
        estimate = minus(finding.estimate) + draw_interval(finding, self.colour)
        cells = (minus(self.sentence), minus(finding.outcome), estimate, basis)
        columns = "".join(f'<td style="text-align:left;white-space:normal">{cell}</td>' for cell in cells)
        return f"<tr><th>{finding.id}</th>{columns}</tr>"


def _own(finding: Finding) -> str:
    """Why the margin is not the unit's, and what other searches would have found; empty where there is neither."""
    said, far = [], f"the sentence says far, or many: {FAR} × {finding.margin / FAR:g}" if finding.far else ""
    if finding.because or far:
        said.append(f"Margin of its own, because {finding.because or far}.")
    if finding.tuned:
        least, most = (f"{effect:+.3f}" for effect in (min(finding.tuned), max(finding.tuned)))
        said.append(
            f"With settings that were searched on {len(finding.tuned)} other blocks of seeds: {least} to {most}."
        )
    return " ".join(said)


def _margin_change(finding: Finding) -> str:
    """The margins that it had, and has. What is judged by the error left was judged by R² before."""
    unit = " R²" if finding.unit == LEFT else ""
    return " → ".join([*(f"{margin:g}{unit}" for margin in finding.before), f"{finding.margin:g}"])


def draw_interval(finding: Finding, colour: str) -> str:
    """The interval and the zone of effects that do not matter, to one scale, with words for who cannot see it."""
    margin, width, height = finding.margin, 200, 22
    least, most = min(finding.low, -1.3 * margin), max(finding.high, 1.3 * margin)

    def at(value: float) -> str:
        return f"{6 + (value - least) / (most - least) * (width - 12):.2f}"

    def line(x1: str, y1: int, x2: str, y2: int, look: str) -> str:
        return f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" {look}/>'

    edge, middle, whisker = at(-margin), height // 2, f'stroke="{colour}" stroke-width="2"'
    inside, words = float(at(margin)) - float(edge), minus(_in_words(finding))
    return (
        f'<svg role="img" aria-label="{words}" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'style="max-width:100%"><title>{words}</title>'
        f'<rect x="{edge}" y="1" width="{inside:.2f}" height="{height - 2}" fill="#dedede" stroke="#8a8a8a"/>'
        + line(at(0), 1, at(0), height - 1, 'stroke="#595959" stroke-dasharray="2 2"')
        + line(at(finding.low), middle, at(finding.high), middle, whisker)
        + "".join(line(at(end), middle - 5, at(end), middle + 5, whisker) for end in (finding.low, finding.high))
        + f'<circle cx="{at(finding.effect)}" cy="{middle}" r="4" fill="{colour}"/></svg>'
    )


def _in_words(finding: Finding) -> str:
    lies = {SMALL: "within {}, and 0 is not in it", NO_EFFECT: "within {}, and 0 is in it", UNDECIDED: "across {}"}
    zone = f"the grey zone of what does not matter, {-finding.margin:g} to {finding.margin:g}"
    where = lies.get(finding.verdict, "outside {}").format(zone)
    return f"The interval, {finding.low:+.4g} to {finding.high:+.4g}, lies {where}."


def minus(text: str) -> str:
    """Escaped, and with minus signs that are not hyphens."""
    return re.sub(r"(?<![\w-])-(?=[\d.])", "−", html.escape(text))


class Cards(list[Card]):
    """Several, one under the other; `shut` folds them until the reader opens them."""

    def __init__(self, cards: Iterable[Card], shut: bool = False):
        super().__init__(cards)
        self.shut = shut

    def __repr__(self) -> str:
        return "\n".join(map(repr, self))

    def _repr_html_(self) -> str:
        cards = "".join(card.html(fold_note=not self.shut) for card in self)
        if not self.shut:
            return cards
        which = ", ".join(card.finding.id for card in self)
        said = f"What the measurements allow us to say ({which}): open after your guess"
        return f"<details><summary>{said}</summary>{cards}</details>"


class Evidence(Cards):
    """All that a chapter rests on besides its open cards: one folded table, a row a claim; and which margins of its
    other claims moved."""

    def _repr_html_(self) -> str:
        rows = "".join(card.row() for card in self)
        names = "".join(f'<th style="text-align:left">{name}</th>' for name in COLUMNS)
        return (
            f"<details><summary>The evidence: {len(self)} claim{'s' * (len(self) != 1)}</summary>"
            '<div class="mtl-evidence" style="overflow-x:auto">'
            f"<table><thead><tr>{names}</tr></thead><tbody>{rows}</tbody></table>{self._moved()}</div></details>"
        )

    def _moved(self) -> str:
        chapters = {card.finding.id.partition(".")[0] for card in self}
        others = findings().keys() - {card.finding.id for card in self}
        moved = [
            f"{id} {_margin_change(finding)}"
            for id, finding in findings().items()
            if finding.before and id in others and id.partition(".")[0] in chapters
        ]
        said = f"<p>Of the chapter's other claims, here and in depth, margins moved: {'; '.join(moved)}.</p>"
        return said if moved else ""


def claims(*ids: str, shut: bool = False) -> Cards:
    """What the kept tables let us say: one card a claim ("C4.1"), with its verdict and interval; `shut` folds them.

    Raises ValueError for an id that has no finding in `data/findings.csv`.
    """
    return Cards(map(card, ids), shut)


def evidence(*ids: str) -> Evidence:
    """What else the kept tables let us say: the claims of a chapter as one folded table, for its end."""
    return Evidence(map(card, ids))


def card(id: str) -> Card:
    """The card of a claim by its id, such as "C4.3", the third of chapter 4."""
    known = findings()
    if not isinstance(id, str) or id not in known:
        of_chapter = [other for other in known if other.startswith(f"{id}".partition(".")[0] + ".")]
        last = max(of_chapter, key=lambda other: int(other.partition(".")[2]), default="")
        there = f" (the last of its chapter is {last})" * bool(last)
        validate.fail("ids", repr(id), f"chapter and number of a claim, such as 'C4.1'{there}")
    finding = known[id]
    chapter = f"ch{id[1:].partition('.')[0].zfill(2)}"
    return Card(finding, load_claims(CHAPTERS / chapter / "claims.toml")[id]["sentence"])
