"""The title of a figure does not say what its intervals do not."""

import html
import re

import pytest

from tools import notebooks

WAY = re.compile(r"\b(above|ahead|beats?|below|better|costs?|gains?|helps?|loses?|lost|pays?|wins?|worse)\b")
ALL = re.compile(r"\b(all|both|each|every)\b")
ALT = re.compile(r'<img alt="([^"]*)"')
INTERVAL = re.compile(r"\[([+−]?[\d.]+), ([+−]?[\d.]+)\]")


def overstated(words: str) -> bool:
    """Whether the title in the words of a figure names a direction that none of its intervals has; or, if the title
    says it of all, that one has not."""
    title = words.partition(". ")[0]
    ends = [[float(end.replace("−", "-")) for end in pair] for pair in INTERVAL.findall(words)]
    if not ends or not WAY.search(title):
        return False
    clear = [low > 0 or high < 0 for low, high in ends]
    return not (all(clear) if ALL.search(title) else any(clear))


def test_the_rule_knows_titles_that_say_too_much():
    undecided = "gain. feed: like −0.01 [−0.02, +0.04]; MovieLens: like +0.01 [{}, +0.04]."
    assert overstated(f"On both logs the rarer label lies above zero. {undecided.format('−0.01')}")
    assert overstated(f"On both logs the rarer label gains. {undecided.format('+0.01')}")
    assert not overstated(f"On one log the rarer label gains. {undecided.format('+0.01')}")
    assert not overstated(f"On both logs: undecided. {undecided.format('−0.01')}")


@pytest.mark.parametrize("path", notebooks.find([notebooks.ROOT / "notebooks"]), ids=lambda path: path.stem)
def test_no_figure_says_more_than_its_intervals(path):
    outputs = [output for cell in notebooks.code_cells(notebooks.read(path)) for output in cell.outputs]
    shown = [ALT.findall(output.get("data", {}).get("text/html", "")) for output in outputs]
    words = [html.unescape(alt) for alts in shown for alt in alts]
    assert [alt for alt in words if overstated(alt)] == []
