"""The glossary: every entry is whole, and they are in order. That links to it arrive is tested with the notebooks."""

import re
from pathlib import Path

import pytest

from tools import notebooks

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
ENTRY = re.compile(r'<a id="([^"]+)"></a>\n\*\*(.+?)\*\* · (\S.*?) — (.+) \*Chapter (0\d)\*')


def entries():
    """(anchor, term, Chinese, sentences, chapter) of each entry."""
    text = (NOTEBOOKS / "glossary.md").read_text(encoding="utf-8")
    return [ENTRY.fullmatch(part.strip()) for part in text.split("\n\n")[2:]]


def slug(term):
    return re.sub(r"[^a-z0-9-]", "", term.lower().replace("²", "2").replace(" ", "-"))


def test_every_entry_is_whole():
    assert all(entries())
    for anchor, term, chinese, sentences, _ in map(re.Match.groups, entries()):
        assert anchor == slug(term)
        assert re.search(r"[\u4e00-\u9fff]", chinese) or chinese == term, term
        assert sentences.endswith(".") and len(sentences) < 320, term


def test_entries_are_in_order_and_there_is_one_a_term():
    anchors = [entry.group(1) for entry in entries()]
    assert anchors == sorted(set(anchors), key=lambda anchor: anchor.replace("-", " "))


@pytest.mark.parametrize("path", notebooks.find([NOTEBOOKS]), ids=lambda path: path.stem)
def test_a_term_in_bold_leads_to_its_entry(path):
    terms = {entry.group(2).lower() for entry in entries()}
    cells = [cell.source for cell in notebooks.read(path).cells if cell.cell_type == "markdown"]
    bold = re.findall(r"(?<!\[)\*\*([^*\n\[\]]+)\*\*(?!\])", "\n".join(cells))
    assert [word for word in bold if {word.lower(), word.lower().removesuffix("s")} & terms] == []
