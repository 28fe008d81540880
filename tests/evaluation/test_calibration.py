"""Calibration: what was steepened and shifted comes back."""

import pytest
import torch

from helpers.evaluation.calibration import platt


def drawn(rows: int = 20_000) -> tuple[torch.Tensor, torch.Tensor]:
    """True logits, and labels by them, of two copies."""
    generator = torch.Generator().manual_seed(0)
    true = torch.randn(2, rows, generator=generator) - 2
    return true, (torch.rand(2, rows, generator=generator) < true.sigmoid()).float()


def test_it_finds_slope_and_shift_and_the_mean_is_that_of_the_labels():
    true, label = drawn()
    found = platt(true * 2 + 5, label)
    assert torch.allclose(found, torch.tensor([0.5, -2.5]), atol=0.15)
    slope, shift = found.unbind(-1)
    probability = (slope[:, None] * (true * 2 + 5) + shift[:, None]).sigmoid()
    assert torch.allclose(probability.mean(-1), label.mean(-1), atol=1e-4)


def test_a_few_rare_labels_move_the_slope_but_little():
    logit = torch.linspace(-3, -1, 40)
    label = torch.zeros(40).index_fill(0, torch.tensor([39]), 1.0)  # the highest of all has it: no slope is too steep
    slope, shift = platt(logit, label).tolist()
    assert 1 < slope < 3 and (slope * logit + shift).sigmoid().sum() == pytest.approx(1, abs=0.3)


def test_labels_of_one_class_or_another_shape_are_named():
    true, label = drawn(50)
    with pytest.raises(ValueError, match=r"^label: got labels of one class; expected 0 and 1"):
        platt(true, label * 0)
    with pytest.raises(ValueError, match=r"^label: got shape \(2, 40\); expected shape \(2, 50\)"):
        platt(true, label[:, :40])
