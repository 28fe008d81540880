"""The MMoE paper's figures 4 and 5 at its size: the models' sizes, and the rows."""

import numpy as np
import pytest
import torch

from helpers.chapters.ch06.studies.paper import paper_size
from helpers.chapters.ch06.studies.paper.paper_size import BOTTOM, MMOE


def test_the_paper_s_count_and_ours():
    towers = 2 * (8 + 8 + 1)  # their biases, and what ends a tower
    of_bottom = 101 * 126 + 2 * 126 * 8 + towers
    assert paper_size.size(BOTTOM) == of_bottom
    assert paper_size.size(MMOE) == 8 * 101 * 16 + 2 * 100 * 8 + 2 * 16 * 8 + towers == 14_818
    assert abs(of_bottom - 14_818) < 60


@pytest.fixture
def short(monkeypatch):
    monkeypatch.setattr(paper_size, "ROWS", (500, 1, 200))
    monkeypatch.setattr(paper_size, "STEPS", 24)


def test_rows_to_train_on_have_noise_and_task_a_is_the_same_at_every_p(short):
    one, other = (paper_size.task_pair(p, 1) for p in (1.0, 0.5))
    assert len(one.train) == 500 and one.valid is one.test and len(one.test) == 200
    noise = one.train.labels["a"] - one.train.labels["b"]  # at p = 1 all that tells the tasks apart
    assert noise.std() == pytest.approx(0.1 * np.sqrt(2), rel=0.1)
    assert torch.equal(one.test.labels["a"], one.test.labels["b"])
    assert torch.equal(one.train.inputs, other.train.inputs)
    assert torch.equal(one.test.labels["a"], other.test.labels["a"])
    assert not torch.equal(one.test.labels["b"], other.test.labels["b"])
