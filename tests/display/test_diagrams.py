"""Diagrams: no text leaves the figure."""

import pytest

from helpers.display import diagrams, figures

ALL = [
    diagrams.course_map,
    diagrams.architectures,
    diagrams.learning_family,
    diagrams.scalarisations,
    diagrams.where_to_part,
    diagrams.field,
    diagrams.mixtures,
    diagrams.populations,
    diagrams.entire_space,
]


@pytest.mark.parametrize("draw", ALL, ids=lambda draw: draw.__name__)
def test_no_text_leaves_the_figure(draw):
    figures.use_style()
    figure = draw()
    figure.canvas.draw()
    box = figure.bbox
    for axes in figure.axes:
        for text in [*axes.texts, axes._left_title]:
            extent = text.get_window_extent()
            assert extent.x0 >= box.x0 - 1 and extent.x1 <= box.x1 + 1, text.get_text()
