"""The four reasons: each control takes away what the reason speaks of, and nothing else."""

import torch

from helpers.chapters.ch01.studies.why_sharing_works import reasons
from helpers.data.synthetic import relu_tasks


def test_a_copy_repeats_the_noise_and_the_mean_halves_it():
    pair = relu_tasks(noise=0.5, seed=1)
    copy, mean = reasons.copied(pair), reasons.averaged(pair)
    a, b = pair.train.labels.values()
    assert torch.equal(copy.train.labels["a"], a) and torch.equal(copy.train.labels["b"], a)
    assert torch.allclose(mean.train.labels["a"], (a + b) / 2)
    for other in (copy, mean):
        assert torch.equal(other.train.inputs, pair.train.inputs)
        assert torch.equal(other.test.labels["a"], pair.test.labels["a"])


def test_shuffled_labels_are_the_same_labels_on_other_rows():
    pair = relu_tasks(seed=1)
    nonsense = reasons.shuffled(pair, seed=3)
    for part in ("train", "valid"):
        before, after = getattr(pair, part).labels["b"], getattr(nonsense, part).labels["b"]
        assert torch.equal(before.sort().values, after.sort().values) and not torch.equal(before, after)
        assert torch.equal(getattr(pair, part).labels["a"], getattr(nonsense, part).labels["a"])


def test_the_new_task_is_the_same_whatever_the_old_ones_were_and_correlates_with_neither():
    related, other = reasons.three_tasks(5, related=True), reasons.three_tasks(5, related=False)
    assert torch.equal(related[3].labels["c"], other[3].labels["c"])
    assert torch.equal(related[2].inputs, other[2].inputs)
    assert not torch.equal(related[0].labels["a"], other[0].labels["a"])
    assert abs(reasons.SIGNS @ reasons.SIGNS.T - torch.eye(3).numpy()).max() < 1e-12
    assert [len(part) for part in related] == [2000, 500, 800, 2000]
