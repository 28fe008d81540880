import numpy as np
import pytest

from helpers.chapters.ch04 import sharing
from helpers.data.synthetic import relu_tasks


@pytest.mark.slow
def test_flipped_labels_give_the_same_scores():
    by = sharing.flip(range(2)).pivot(index=["seed", "task"], columns="condition", values="r2")
    np.testing.assert_allclose(by.iloc[:, 0], by.iloc[:, 1], atol=1e-5)


def test_negated_flips_task_b_alone():
    pair = relu_tasks((10, 10, 10))
    other = sharing.negated(pair)
    assert (other.train.labels["b"] == -pair.train.labels["b"]).all()
    assert (other.test.labels["a"] == pair.test.labels["a"]).all()
    assert other.label_correlation == -pair.label_correlation
