"""The law on other features: models of equal size."""

import pytest

from helpers.chapters.ch04.studies.which_tasks_together import other_features
from helpers.chapters.ch04.studies.which_tasks_together.other_features import MODELS, TASKS, build, equal_width
from helpers.models.shared_bottom import parameter_count


@pytest.mark.parametrize("tasks", TASKS)
def test_equal_size_is_within_one_per_cent_of_a_model_for_each_task(tasks):
    single, _, equal = (parameter_count(build(model, tasks, 0)) for model in MODELS)
    assert equal == pytest.approx(single, rel=0.01) and equal_width(tasks) > other_features.WIDTH
