"""The experiments on bottoms of other shapes: equal sizes."""

from helpers.chapters.ch04.studies.bottoms import shapes
from helpers.models.shared_bottom import SharedBottom, parameter_count


def test_no_shape_has_more_parameters_than_the_plain_one():
    for features, several in (
        (shapes.cross_features(), shapes.CROSS_SHAPES),
        (shapes.interest_features(), shapes.HISTORY_SHAPES),
    ):
        models = [SharedBottom(features, shapes.TASKS, towers=shapes.TOWER, **shape) for shape in several.values()]
        sizes = [parameter_count(model) for model in models]
        assert max(sizes) == sizes[0] < 1.25 * min(sizes)
