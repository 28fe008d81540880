"""The MMoE paper's tasks: one task A for every partner, and p is no correlation."""

import numpy as np
import pytest
import torch

from helpers.chapters.ch04.studies.paper_and_speed import paper_tasks
from helpers.data.synthetic import mmoe_tasks


@pytest.mark.parametrize("p", [-1.0, 0.0, 0.5])
def test_task_a_is_the_same_whatever_its_partner(p):
    one, other = (mmoe_tasks((50, 20, 30), p=value, seed=3) for value in (1.0, p))
    for part in ("train", "valid", "test"):
        one_part, other_part = getattr(one, part), getattr(other, part)
        assert torch.equal(one_part.inputs, other_part.inputs)
        assert torch.equal(one_part.labels["a"], other_part.labels["a"])
    assert not torch.equal(one.train.labels["b"], other.train.labels["b"])


def test_p_is_not_the_label_correlation():
    correlations = paper_tasks.label_correlations()
    assert correlations[1.0] == pytest.approx(1) and correlations[0.0] == pytest.approx(0, abs=1e-9)
    assert correlations[-1.0] > 0.3  # and not −1: the sines decide
    sample = mmoe_tasks((1, 1, 200_000), p=-1).test.labels
    assert np.corrcoef(sample["a"], sample["b"])[0, 1] == pytest.approx(correlations[-1.0], abs=0.01)
