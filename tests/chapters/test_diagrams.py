"""The diagrams of all chapters: no text leaves the figure, and each says in words what it shows."""

from importlib import import_module

import pytest

from helpers.display import figures, pictures
from tests.display.contrast import faint

CHAPTERS = (0, 1, 3, 4, 6, 7)
MODULES = [import_module(f"helpers.chapters.ch{chapter:02}.diagrams") for chapter in CHAPTERS]
DIAGRAMS = [draw for module in MODULES for draw in vars(module).values() if hasattr(draw, "__wrapped__")]


@pytest.mark.slow
@pytest.mark.parametrize("draw", DIAGRAMS, ids=lambda draw: draw.__name__)
def test_no_text_leaves_the_figure(draw):
    figures.use_style()
    figure = draw()
    assert figure.get_label() == " ".join(draw.__doc__.split())
    figure.canvas.draw()
    box = figure.bbox
    for axes in figure.axes:
        for text in [*axes.texts, axes._left_title]:
            extent = text.get_window_extent()
            assert extent.x0 >= box.x0 - 1 and extent.x1 <= box.x1 + 1, text.get_text()


@pytest.mark.slow
@pytest.mark.parametrize("draw", DIAGRAMS, ids=lambda draw: draw.__name__)
def test_its_words_can_be_read(draw):
    figures.use_style()
    figure = draw()
    pictures.readable(figure)
    assert faint(figure) == []


@pytest.mark.parametrize("draw", DIAGRAMS, ids=lambda draw: draw.__name__)
def test_a_diagram_says_what_it_is_and_its_words(draw):
    said = pictures.describe(draw())
    assert said.startswith(" ".join(draw.__doc__.split())) and len(said) <= pictures.LENGTH
    assert draw().axes[0].texts[0].get_text().split("\n")[0] in said
