"""Experts of all kinds start alike; what is measured of them is what their outputs say."""

import torch

from helpers.chapters.ch06.studies import silent_experts


def test_all_kinds_of_experts_start_from_the_same_parameters():
    models = {expert: silent_experts.build(expert, seed=2) for expert in silent_experts.EXPERTS}
    rows = torch.randn(50, 21)
    linear = [model.bottom.experts[3].layers[0](rows) for model in models.values()]
    assert all(torch.equal(z, linear[0]) for z in linear)
    plain = models["ReLU"].bottom.experts[3](rows)
    woken = models["normalised, Swish"].bottom.experts[3](rows)
    assert plain.min() == 0 and woken.min() < 0
    normal = (linear[0] - linear[0].mean(0)) / (linear[0].var(0, correction=0) + 1e-5).sqrt()
    assert torch.allclose(woken, normal * normal.sigmoid(), atol=1e-5)
