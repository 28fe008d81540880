"""The models and training runs that the experiments on relu features share."""

import pytest

from helpers.experiments.feature_tasks import MODELS, build, small_batches
from helpers.models.shared_bottom import parameter_count


def test_equal_size_is_equal_in_parameters():
    single, narrow, equal = (parameter_count(build(model, width=8, seed=0)) for model in MODELS)
    assert abs(equal - single) / single < 0.04
    assert narrow < 0.7 * single


@pytest.mark.parametrize("rows", [250, 500, 1000, 2000])
def test_small_batches_take_as_many_steps_whatever_the_amount_of_data(rows):
    options = small_batches(rows, lr=0.01, steps=400)
    assert options["epochs"] * -(-rows // options["batch_size"]) == 400
