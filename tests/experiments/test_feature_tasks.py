"""The models and training runs that the experiments on relu features share."""

import pytest

from helpers.data.synthetic import CONDITIONS
from helpers.experiments.feature_tasks import MODELS, build, small_batches, task_pair
from helpers.models.shared_bottom import parameter_count


def test_equal_size_is_equal_in_parameters():
    single, narrow, equal = (parameter_count(build(model, width=8, seed=0)) for model in MODELS)
    assert abs(equal - single) / single < 0.04
    assert narrow < 0.7 * single


def test_an_unknown_model_or_condition_is_named():
    with pytest.raises(ValueError, match="model: got 'shared'; expected one of 'single-task'"):
        build("shared", width=8, seed=0)
    with pytest.raises(ValueError, match="condition: got 'same'; expected one of"):
        task_pair("same", seed=0)
    assert task_pair(next(iter(CONDITIONS)), seed=0).label_correlation == 1


@pytest.mark.parametrize("rows", [250, 500, 1000, 2000])
def test_small_batches_take_as_many_steps_whatever_the_amount_of_data(rows):
    options = small_batches(rows, lr=0.01, steps=400)
    assert options["epochs"] * -(-rows // options["batch_size"]) == 400
