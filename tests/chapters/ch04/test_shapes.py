"""The experiments on bottoms of other shapes: tidy tables, equal sizes, and that the kept ones train again."""

from itertools import product

import numpy as np
import pytest

from helpers.chapters.ch04 import shapes, sharing
from helpers.models.shared_bottom import SharedBottom, parameter_count
from helpers.support.movielens_files import present


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
        assert set(chosen.values()) <= set(product(*shapes.SETTINGS.values()))
    assert set(shapes.RATING_CHOSEN.values()) <= set(product(*shapes.RATING_SETTINGS.values()))


def test_crosses_are_a_tidy_table_and_a_seed_gives_the_same_alone():
    two = shapes.crosses([3, 4], ["added"], [500], ["MLP"])
    assert list(two.columns) == ["kind", "rows", "seed", "shape", "task", "r2"]
    assert not two.duplicated(["seed", "task"]).any() and len(two) == 4
    one = shapes.crosses([4], ["added"], [500], ["MLP"])
    np.testing.assert_allclose(one["r2"], two[two["seed"] == 4]["r2"], atol=1e-3)


def test_examples_of_a_kind_are_of_that_kind():
    train, _, _ = shapes.interest_examples("matching", 4000, seed=1)
    assert train.inputs["history"].shape == (4000, 10)
    assert shapes.cross_examples("added", 300, seed=1)[0].labels["a"].shape == (300,)


@pytest.mark.long
def test_a_sample_of_the_shapes_trains_to_the_kept_numbers():
    for grid, new in (
        ("04_crosses", shapes.crosses([5, 6], ["crossed"], [4000], ["DCN", "DeepFM"])),
        ("04_interests", shapes.interests([7, 8], ["all alike"])),
    ):
        both = shapes.GRIDS[grid].read().merge(new, on=[name for name in new.columns if name != "r2"])
        assert len(both) == len(new)
        np.testing.assert_allclose(both["r2_x"], both["r2_y"], atol=0.02)


@pytest.mark.long
def test_a_sample_of_the_shapes_trains_to_the_kept_means():
    """A rounding error, as between two CPUs, moves the ends of these runs; their mean must come out again."""
    for grid, new in (
        ("04_crosses", shapes.crosses(range(8), ["crossed"], [4000], ["MLP"])),
        ("04_interests", shapes.interests(range(24), ["matching"])),
    ):
        both = shapes.GRIDS[grid].read().merge(new, on=[name for name in new.columns if name != "r2"])
        assert len(both) == len(new)
        means = both.groupby(["shape", "task"])[["r2_x", "r2_y"]].mean()
        np.testing.assert_allclose(means["r2_x"], means["r2_y"], atol=0.02)


@pytest.mark.long
def test_a_sample_of_starts_and_cosines_trains_to_the_kept_numbers():
    new = sharing.starts([9, 40])
    both = sharing.GRIDS["04_starts"].read().merge(new, on=["condition", "seed", "model", "task"])
    assert len(both) == len(new)
    np.testing.assert_allclose(both["r2_x"], both["r2_y"], atol=0.02)
    new = sharing.cosines([3], every=10)
    both = sharing.GRIDS["04_cosines"].read().merge(new, on=["pair", "seed", "step"])
    assert len(both) == len(new)
    np.testing.assert_allclose(both["cosine_x"], both["cosine_y"], atol=0.05)


@pytest.mark.long
@pytest.mark.skipif(not present(), reason="MovieLens-100K is absent: python -m helpers.data.movielens")
def test_a_sample_of_the_histories_trains_to_the_kept_numbers():
    new = shapes.histories([2], ["mean", "DIN"])
    both = shapes.GRIDS["04_histories"].read().merge(new, on=["seed", "shape", "task"])
    assert len(both) == len(new)
    np.testing.assert_allclose(both["auc_x"], both["auc_y"], atol=0.01)
