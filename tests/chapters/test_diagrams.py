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
def test_a_diagram_says_what_it_shows_and_its_words_stay_in_the_figure_and_can_be_read(draw):
    figures.use_style()
    figure, about = draw(), " ".join(draw.__doc__.split())
    said = pictures.describe(figure)
    assert figure.get_label() == about and said.startswith(about) and len(said) <= pictures.LENGTH
    assert figure.axes[0].texts[0].get_text().split("\n")[0] in said
    figure.canvas.draw()
    for axes in figure.axes:
        for text in [*axes.texts, axes._left_title]:
            extent = text.get_window_extent()
            assert extent.x0 >= figure.bbox.x0 - 1 and extent.x1 <= figure.bbox.x1 + 1, text.get_text()
    pictures.readable(figure)
    assert faint(figure) == []
