"""Losses: each is the likelihood that its text names, and a mean over the rows that were observed."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from helpers.training.losses import (
    binary_cross_entropy,
    check_task_weights,
    corrected_cross_entropy,
    masked_mean,
    poisson,
    squared_error,
    task_losses,
    weighted_cross_entropy,
    weighted_sum,
)


def test_binary_cross_entropy_is_torch_s_own_also_of_huge_logits():
    logit, label = torch.cat([torch.randn(50), torch.tensor([1e4, -1e4])]), torch.randint(0, 2, (52,)).float()
    expected = torch.nn.functional.binary_cross_entropy_with_logits(logit, label, reduction="none")
    torch.testing.assert_close(binary_cross_entropy(logit, label), expected)


def test_constant_predictor_learns_the_odds_of_weighted_cross_entropy():
    """The best constant logit has odds ΣT / N−, in closed form (syllabus, chapter 02)."""
    click = torch.tensor([1.0, 1, 0, 0, 0, 0, 0, 0])
    watch = torch.tensor([3.0, 5, 0, 0, 0, 0, 0, 0])
    logit = torch.tensor(np.log(8 / 6), dtype=torch.float64, requires_grad=True)
    weighted_cross_entropy(logit.expand(8), click.double(), watch.double()).sum().backward()
    assert abs(logit.grad.item()) < 1e-12
    other = watch + (click == 0) * 9  # what was not clicked counts once, whatever its time
    assert torch.equal(*(weighted_cross_entropy(torch.ones(8), click, times) for times in (watch, other)))


@pytest.mark.parametrize(
    ("loss", "likelihood"),
    [
        (corrected_cross_entropy, lambda times, mean: stats.geom.logpmf(times + 1, 1 / (1 + mean))),
        (lambda logit, times: poisson(logit, times) + torch.lgamma(times + 1), stats.poisson.logpmf),
    ],
    ids=["geometric", "Poisson"],
)
def test_a_loss_of_times_is_the_likelihood_of_its_distribution_and_its_best_constant_is_the_mean(loss, likelihood):
    times = torch.tensor([0.0, 1, 7, 4], dtype=torch.float64)
    for mean in (0.5, 3.0):
        logit = torch.full((4,), np.log(mean), dtype=torch.float64, requires_grad=True)
        np.testing.assert_allclose(loss(logit, times).detach(), -likelihood(times.numpy(), mean))
    loss(logit, times).sum().backward()
    assert abs(logit.grad.sum().item()) < 1e-12


def test_masked_mean_counts_observed_rows_only():
    rows, mask = torch.tensor([1.0, 2.0, 100.0]), torch.tensor([True, True, False])
    assert masked_mean(rows, mask).item() == 1.5
    assert masked_mean(rows, torch.zeros(3, dtype=torch.bool)).item() == 0
    assert masked_mean(rows, mask, torch.tensor([3.0, 1.0, 9.0])).item() == 2.5
    assert weighted_sum(torch.tensor([2.0, 5.0]), torch.tensor([0.3, 0.7])).item() == pytest.approx(4.1)


@given(st.one_of(st.floats(max_value=-1e-9), st.just(float("nan")), st.just(float("inf")), st.text(), st.none()))
def test_bad_task_weights_are_named(weight):
    with pytest.raises(ValueError, match=r"task_weights\['click'\]: got .* expected a number of at least 0"):
        check_task_weights({"click": weight}, ["click"])


COLUMN, ROWS, SEEN = torch.ones(5, 1), torch.ones(5), torch.ones(5, dtype=torch.bool)


def test_models_may_share_labels_masks_weights_and_task_weights():
    outputs, labels = torch.arange(6.0).reshape(2, 3), torch.tensor([1.0, 0, 1])
    mask, weight = torch.tensor([True, True, False]), torch.tensor([2.0, 1, 1])
    losses = task_losses({"a": outputs}, {"a": labels}, {"a": squared_error}, {"a": mask}, {"a": weight})
    alone = [task_losses({"a": o}, {"a": labels}, {"a": squared_error}, {"a": mask}, {"a": weight}) for o in outputs]
    torch.testing.assert_close(losses, torch.stack(alone))
    torch.testing.assert_close(losses[0], torch.tensor([1.5]))  # (2 · 1 + 1 · 1) / 2 observed rows
    torch.testing.assert_close(weighted_sum(losses, torch.tensor([2.0])), 2 * losses[:, 0])


BAD = torch.tensor([0.0, -1.0, torch.nan, 1.0, 1.0])
ONE = {"a": ROWS}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: weighted_cross_entropy(ROWS, 2 * ROWS, ROWS), r"click: got 5 labels outside \{0, 1\}"),
        (lambda: weighted_cross_entropy(ROWS, ROWS, BAD), "watch_time: got 1 NaN"),
        (lambda: corrected_cross_entropy(ROWS, -ROWS), "watch_time: got a negative time"),
        (lambda: poisson(ROWS, BAD), "watch_time: got 1 NaN"),
        (lambda: weighted_cross_entropy(ROWS, ROWS, COLUMN), r"watch_time: got shape \(5, 1\) for click of"),
        (lambda: corrected_cross_entropy(ROWS, COLUMN), r"watch_time: got shape \(5, 1\) for logit of shape \(5,\)"),
        (lambda: binary_cross_entropy(COLUMN, ROWS), r"label: got shape \(5,\) for logit of shape \(5, 1\)"),
        (lambda: squared_error(ROWS, torch.ones(())), r"label: got shape \(\) for value of shape \(5,\)"),
        (lambda: masked_mean(ROWS, None, COLUMN), r"weight: got shape \(5, 1\) for rows of shape \(5,\)"),
        (lambda: masked_mean(ROWS, SEEN[:1]), r"mask: got shape \(1,\) for rows of shape \(5,\)"),
        (lambda: weighted_sum(ROWS, COLUMN), r"task_weights: got shape \(5, 1\) for losses of shape \(5,\)"),
        (lambda: binary_cross_entropy([0.0], ROWS), "logit: got list; expected a torch tensor"),
        (lambda: squared_error(ROWS, 1.0), "label: got float; expected a torch tensor"),
        (lambda: masked_mean(ROWS, ROWS), "mask: got dtype torch.float32; expected bool"),
        (lambda: task_losses(ROWS, ONE, {"a": squared_error}), r"outputs: got tensor\(.*; expected a dict by task"),
        (lambda: task_losses(ONE, ONE, {}), r"losses: got \{\}; expected a dict by task, with at least one"),
        (lambda: task_losses(ONE, {"b": ROWS}, {"a": squared_error}), r"labels: got no task 'a'; expected it among"),
        (lambda: check_task_weights(5, ["a"]), r"task_weights: got int; expected \{task: weight\}"),
        (lambda: check_task_weights({"b": 1}, ["a"]), r"task_weights: got weights for \['b'\]; expected one"),
    ],
)
def test_what_cannot_be_a_loss_is_named(call, message):
    with pytest.raises((TypeError, ValueError), match=f"^{message}"):
        call()
