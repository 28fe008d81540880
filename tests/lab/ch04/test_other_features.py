"""The law on other features: models of equal size, and settings that are chosen for each situation."""

import pytest
import torch

from helpers.lab.ch04.which_tasks_together import other_features
from helpers.lab.ch04.which_tasks_together.other_features import (
    DISJOINT,
    EXTREMES,
    MIX,
    MODELS,
    TASKS,
    build,
    equal_width,
    examples,
)
from helpers.models.shared_bottom import parameter_count


@pytest.mark.parametrize("tasks", TASKS)
def test_equal_size_is_within_one_per_cent_of_a_model_for_each_task(tasks):
    single, _, equal = (parameter_count(build(model, tasks, 0)) for model in MODELS)
    assert equal == pytest.approx(single, rel=0.01) and equal_width(tasks) > other_features.WIDTH


@pytest.mark.parametrize("tasks", TASKS)
def test_models_say_something_of_every_task(tasks):
    train, valid, test = examples("products", tasks, MIX, 3)
    assert [len(part) for part in (train, valid, test)] == [500, 500, 2000]
    for model in MODELS:
        found = build(model, tasks, 0)(test.inputs)
        assert list(found) == list(train.labels) and len(found) == tasks


def test_conditions_are_those_of_the_chapter():
    same, other = (examples("absolute values", 2, name, 3)[2].labels for name in ("same features, same sign", DISJOINT))
    assert torch.equal(same["a"], same["b"]) and torch.equal(same["a"], other["a"])
    assert not torch.equal(other["a"], other["b"])


def test_every_situation_has_a_rate_of_its_own():
    found = other_features.CHOSEN
    for shape in other_features.SHAPES:
        for condition in EXTREMES:
            assert set(found[shape][condition]) == set(MODELS)


def test_trees_have_the_rows_that_they_need():
    sizes = {shape: len(examples(shape, 2, MIX, 0)[0]) for shape in other_features.SHAPES}
    assert sizes == {"products": 500, "absolute values": 500, "small trees": 2000}
