"""A name looks the same everywhere; blue and orange are tasks and labels; words in any colour can be read."""

import re

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from helpers.display import figures, pictures
from helpers.display.outcome_map import outcome_map
from helpers.display.palette import BLACK, BLUE, GREEN, GREY, INK, NAMED, ORANGE, OTHERS, styles
from helpers.support.environment import ROOT
from tests.display.contrast import faint

DISPLAY = ROOT / "helpers" / "display"


def test_blue_and_orange_are_those_of_tasks_and_labels():
    tasks = {"task A", "A", "A, noisy labels", "click", "clicks", "clicked", "the click", "income above 50,000"}
    tasks |= {"task B", "B", "B, no noise", "like", "the like", "never married", "by item's clicks", "by CTR"}
    assert {name for name, style in NAMED.items() if style.colour in (BLUE, ORANGE)} == tasks
    assert not {BLUE, ORANGE} & {style.colour for style in styles("pqrstuvw").values()}


def test_a_series_without_a_style_of_its_own_takes_none_that_another_has():
    for name in NAMED:
        series = styles([name, *"pqrstuvw"[: len(OTHERS) - 1]])
        assert len(set(series.values())) == len(series), name


def test_faint_words_are_found():
    figure, axes = plt.subplots()
    axes.axhspan(0, 0.5, color="#000000")
    for height, colour in ((0.25, "#333333"), (0.75, "#333333"), (0.9, "#bbbbbb")):
        axes.text(0.5, height, f"{colour} at {height}", color=colour)
    assert [words.split(":")[0] for words in faint(figure)] == ["'#333333 at 0.25'", "'#bbbbbb at 0.9'"]


def table(*names: str) -> pd.DataFrame:
    rows = [(x, name) for x in (0.0, 0.5, 1.0) for name in names]
    means = pd.DataFrame(rows, columns=["x", "name"]).assign(mean=[i / 100 - 0.1 for i in range(len(rows))])
    return means.assign(low=means["mean"] - 0.02, high=means["mean"] + 0.02)


def cells() -> pd.DataFrame:
    rows = [(row, column, "one") for row in range(5) for column in range(5)]
    means = pd.DataFrame(rows, columns=["row", "column", "panel"])
    means = means.assign(mean=[i / 100 - 0.12 for i in range(25)])
    return means.assign(low=means["mean"] - 0.01, high=means["mean"] + 0.01)


def outcomes() -> pd.DataFrame:
    gains = [(0.05, 0.05), (0.05, 0.0), (0.0, 0.05), (-0.05, 0.0)]
    gains_of = pd.DataFrame(gains, columns=["a", "b"]).assign(name=[*"pqrs"], unit="R²", over="single-task")
    ends = {f"{task}_{end}": gains_of[task] + way for task in "ab" for end, way in (("low", -0.01), ("high", 0.01))}
    return gains_of.assign(**ends)


COLOURED = {style.colour: name for name, style in NAMED.items()}.values()  # a name of each colour
FOUR = ("task A", "like", "finish", "comment")
KINDS = {
    "dots": lambda: figures.dots(table(*FOUR, *"pqrs"), "x", "name", title="T", x_label="x", matters=0.05),
    "lines": lambda: figures.lines(table(*COLOURED), "x", "name", title="T", x_label="x", y_label="y"),
    "multiples": lambda: figures.small_multiples(table(*FOUR), "name", "x", {0.0: "a", 1.0: "b"}, title="T", note="n"),
    "heatmap": lambda: figures.heatmap(
        cells(), "row", "column", "panel", title="T", x_label="x", y_label="y", matters=0.01
    ),
    "matrix": lambda: figures.matrix(pd.DataFrame([[0.1, 0.5, 1.0], [2.0, 4.2, 9.0]]), title="T", note="n"),
    "outcome map": lambda: outcome_map(outcomes(), title="T", highlight=("p",)),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_the_words_of_a_figure_can_be_read(kind):
    figures.use_style()
    figure = KINDS[kind]()
    pictures.readable(figure)
    assert faint(figure) == []


def test_the_cards_have_the_colours_of_the_palette():
    sheets = "".join((DISPLAY / f"{name}.css").read_text() for name in ("explorer", "live/kit", "quiz"))
    ours = {"blue": BLUE, "grey": GREY, "black": BLACK}
    ours |= {f"{name}-ink": INK[colour] for name, colour in (("green", GREEN), ("orange", ORANGE), ("grey", GREY))}
    defined = dict(re.findall(r"--mtl-([\w-]+): (#\w+);", sheets))
    mark = {"yellow", "on-yellow"}  # of the next move, with a pair for the dark; no figure has it
    assert defined.keys() == set(re.findall(r"var\(--mtl-([\w-]+)\)", sheets)) == ours.keys() | mark
    assert all(defined[name] == colour.lower() for name, colour in ours.items())
    assert all(sheets.lower().count(colour.lower()) == 1 for colour in ours.values())  # written once
