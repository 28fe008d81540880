"""The experiments on bottoms of other shapes: tidy tables, equal sizes, and that the kept ones train again."""

from itertools import product

from helpers.lab.ch04.bottoms import shapes
from helpers.models.shared_bottom import SharedBottom, parameter_count


def test_no_shape_has_more_parameters_than_the_plain_one():
    for features, several in (
        (shapes.cross_features(), shapes.CROSS_SHAPES),
        (shapes.interest_features(), shapes.HISTORY_SHAPES),
    ):
        models = [SharedBottom(features, shapes.TASKS, towers=shapes.TOWER, **shape) for shape in several.values()]
        sizes = [parameter_count(model) for model in models]
        assert max(sizes) == sizes[0] < 1.25 * min(sizes)


def test_every_shape_has_a_choice_on_every_kind_of_tasks():
    for kind, chosen in shapes.CHOSEN.items():
        crossing = kind in ("crossed", "added")
        assert list(chosen) == list(shapes.CROSS_SHAPES if crossing else shapes.HISTORY_SHAPES)
        assert set(chosen.values()) <= set(product(shapes.RATES, shapes.PENALTIES))
    assert set(shapes.RATING_CHOSEN.values()) <= set(shapes.RATING_SETTINGS)


def test_examples_of_a_kind_are_of_that_kind():
    train, _, _ = shapes.interest_examples("matching", 4000, seed=1)
    assert train.inputs["history"].shape == (4000, 10)
    assert shapes.cross_examples("added", 300, seed=1)[0].labels["a"].shape == (300,)
