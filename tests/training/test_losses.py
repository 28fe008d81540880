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


def test_binary_cross_entropy_is_torch_s_own():
    logit, label = torch.randn(50), torch.randint(0, 2, (50,)).float()
    expected = torch.nn.functional.binary_cross_entropy_with_logits(logit, label, reduction="none")
    torch.testing.assert_close(binary_cross_entropy(logit, label), expected)


def test_binary_cross_entropy_survives_huge_logits():
    logit, label = torch.tensor([1e4, -1e4, 1e4, -1e4]), torch.tensor([1.0, 0.0, 0.0, 1.0])
    torch.testing.assert_close(binary_cross_entropy(logit, label), torch.tensor([0.0, 0.0, 1e4, 1e4]))


def test_constant_predictor_learns_the_odds_of_weighted_cross_entropy():
    """The best constant logit has odds ΣT / N−, in closed form (syllabus, chapter 02)."""
    click = torch.tensor([1.0, 1, 0, 0, 0, 0, 0, 0])
    watch = torch.tensor([3.0, 5, 0, 0, 0, 0, 0, 0])
    logit = torch.tensor(np.log(8 / 6), dtype=torch.float64, requires_grad=True)
    weighted_cross_entropy(logit.expand(8), click.double(), watch.double()).sum().backward()
    assert abs(logit.grad.item()) < 1e-12


def test_the_corrected_loss_is_t_positives_and_one_negative_and_its_best_constant_is_the_mean():
    click, watch = torch.tensor([1.0, 1, 0, 0]), torch.tensor([3.0, 5, 0, 0])
    logit = torch.tensor([-1.0, 2, 0.5, -3])
    rows = weighted_cross_entropy(logit, click, watch) + click * binary_cross_entropy(logit, torch.zeros(4))
    torch.testing.assert_close(corrected_cross_entropy(logit, watch), rows)
    best = torch.tensor(np.log(8 / 4), dtype=torch.float64, requires_grad=True)
    corrected_cross_entropy(best.expand(4), watch.double()).sum().backward()
    assert abs(best.grad.item()) < 1e-12


def test_the_corrected_loss_is_the_likelihood_of_a_geometric_distribution():
    mean, times = 3.0, torch.tensor([0.0, 1, 7])
    likelihood = stats.geom.logpmf(times.numpy() + 1, 1 / (1 + mean))
    found = corrected_cross_entropy(torch.full((3,), np.log(mean), dtype=torch.float64), times.double())
    np.testing.assert_allclose(found, -likelihood)


def test_the_poisson_loss_is_a_likelihood_and_its_gradient_is_prediction_minus_fact():
    mean, times = 3.0, torch.tensor([0.0, 1, 7], dtype=torch.float64)
    logit = torch.full((3,), np.log(mean), dtype=torch.float64, requires_grad=True)
    likelihood = stats.poisson.logpmf(times.numpy(), mean)
    np.testing.assert_allclose((poisson(logit, times) + torch.lgamma(times + 1)).detach(), -likelihood)
    poisson(logit, times).sum().backward()
    torch.testing.assert_close(logit.grad, mean - times)


@pytest.mark.parametrize("loss", [corrected_cross_entropy, poisson])
@pytest.mark.parametrize("time", [-1.0, float("nan")])
def test_losses_of_times_name_a_time_that_cannot_be(loss, time):
    with pytest.raises(ValueError, match="watch_time: got"):
        loss(torch.zeros(2), torch.tensor([1.0, time]))


@pytest.mark.parametrize("loss", [binary_cross_entropy, squared_error])
def test_gradients_against_finite_differences(loss):
    value = torch.randn(6, dtype=torch.float64, requires_grad=True)
    label = torch.tensor([0.0, 1, 1, 0, 1, 0], dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda v: loss(v, label), value)


def test_flipped_label_with_negated_logit_is_the_same_loss():
    logit, label = torch.randn(20), torch.randint(0, 2, (20,)).float()
    torch.testing.assert_close(binary_cross_entropy(logit, label), binary_cross_entropy(-logit, 1 - label))


def test_weighted_cross_entropy_with_unit_time_is_plain():
    logit, click = torch.randn(20), torch.randint(0, 2, (20,)).float()
    torch.testing.assert_close(weighted_cross_entropy(logit, click, torch.ones(20)), binary_cross_entropy(logit, click))


@pytest.mark.parametrize(
    ("click", "watch", "message"),
    [
        ([0.0, 2.0], [1.0, 1.0], r"click: got 1 labels outside \{0, 1\}"),
        ([0.0, 1.0], [1.0, -1.0], "watch_time: got a negative time"),
        ([0.0, 1.0], [1.0, float("nan")], "watch_time: got 1 NaN"),
    ],
)
def test_weighted_cross_entropy_names_what_is_wrong(click, watch, message):
    with pytest.raises(ValueError, match=message):
        weighted_cross_entropy(torch.zeros(2), torch.tensor(click), torch.tensor(watch))


def test_masked_mean_counts_observed_rows_only():
    rows, mask = torch.tensor([1.0, 2.0, 100.0]), torch.tensor([True, True, False])
    assert masked_mean(rows, mask).item() == 1.5
    assert masked_mean(rows, torch.zeros(3, dtype=torch.bool)).item() == 0
    assert masked_mean(rows, mask, torch.tensor([3.0, 1.0, 9.0])).item() == 2.5


def test_task_losses_keep_order_and_leading_axis():
    outputs = {"a": torch.zeros(4, 10), "b": torch.ones(4, 10)}
    labels = {"b": torch.zeros(10), "a": torch.full((10,), 2.0)}
    losses = task_losses(outputs, labels, {"a": squared_error, "b": squared_error})
    assert losses.shape == (4, 2)
    torch.testing.assert_close(losses[0], torch.tensor([4.0, 1.0]))


def test_weighted_sum_at_its_limits():
    losses = torch.tensor([2.0, 5.0])
    assert weighted_sum(losses, torch.tensor([1.0, 0.0])).item() == 2
    assert weighted_sum(losses, torch.tensor([0.0, 1.0])).item() == 5
    assert weighted_sum(losses, torch.tensor([0.3, 0.7])).item() == pytest.approx(4.1)


@given(st.one_of(st.floats(max_value=-1e-9), st.just(float("nan")), st.just(float("inf")), st.text(), st.none()))
def test_bad_task_weights_are_named(weight):
    with pytest.raises(ValueError, match=r"task_weights\['click'\]: got .* expected a number of at least 0"):
        check_task_weights({"click": weight}, ["click"])


def test_task_weights_need_every_task_by_name():
    with pytest.raises(
        ValueError, match=r"task_weights: got weights for \['klick'\]; expected one for each of \['click'\]"
    ):
        check_task_weights({"klick": 1}, ["click"])
    assert check_task_weights({"b": 0.7, "a": 0.3}, ["a", "b"]) == [0.3, 0.7]
    assert check_task_weights(None, ["a", "b"]) == [1.0, 1.0]


@pytest.mark.parametrize("loss", [binary_cross_entropy, squared_error])
def test_a_column_does_not_broadcast_against_its_labels(loss):
    with pytest.raises(ValueError, match=r"label: got shape \(4,\) for \w+ of shape \(4, 1\)"):
        loss(torch.zeros(4, 1), torch.zeros(4))


def test_a_masked_nan_does_not_count():
    assert masked_mean(torch.tensor([1.0, float("nan")]), torch.tensor([True, False])).item() == 1


def refuses(kind: type[Exception], message: str, function, *arguments) -> None:
    with pytest.raises(kind, match=message):
        function(*arguments)


COLUMN, ROWS, SEEN = torch.ones(5, 1), torch.ones(5), torch.ones(5, dtype=torch.bool)


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        (weighted_cross_entropy, (ROWS, ROWS, COLUMN), r"watch_time: got shape \(5, 1\) for click of shape \(5,\)"),
        (weighted_cross_entropy, (ROWS, COLUMN, ROWS), r"click: got shape \(5, 1\) for logit of shape \(5,\)"),
        (corrected_cross_entropy, (ROWS, COLUMN), r"watch_time: got shape \(5, 1\) for logit of shape \(5,\)"),
        (poisson, (ROWS, COLUMN), r"watch_time: got shape \(5, 1\) for logit of shape \(5,\)"),
        (squared_error, (ROWS, torch.ones(())), r"label: got shape \(\) for value of shape \(5,\)"),
        (squared_error, (torch.ones(()), torch.ones(())), r"label: got shape \(\) for value of shape \(\)"),
        (masked_mean, (ROWS, None, COLUMN), r"weight: got shape \(5, 1\) for rows of shape \(5,\)"),
        (masked_mean, (ROWS, SEEN[:, None]), r"mask: got shape \(5, 1\) for rows of shape \(5,\)"),
        (masked_mean, (ROWS, SEEN[:1]), r"mask: got shape \(1,\) for rows of shape \(5,\)"),
        (weighted_sum, (ROWS, COLUMN), r"task_weights: got shape \(5, 1\) for losses of shape \(5,\)"),
        (
            weighted_sum,
            (torch.ones(3, 1), torch.ones(3)),
            r"task_weights: got shape \(3,\) for losses of shape \(3, 1\)",
        ),
    ],
)
def test_nothing_is_stretched_in_silence(function, arguments, message):
    refuses(ValueError, message, function, *arguments)


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        (binary_cross_entropy, ([0.0], ROWS), "logit: got list; expected a torch tensor"),
        (squared_error, (ROWS, 1.0), "label: got float; expected a torch tensor"),
        (masked_mean, ([1.0],), "rows: got list; expected a torch tensor"),
        (masked_mean, ([1.0], SEEN), "rows: got list; expected a torch tensor"),
        (masked_mean, (ROWS, ROWS), r"mask: got dtype torch.float32; expected bool"),
        (weighted_sum, (ROWS, 2.0), "task_weights: got float; expected a torch tensor"),
        (task_losses, (ROWS, {"a": ROWS}, {"a": squared_error}), r"outputs: got tensor\(.*; expected a dict by task"),
        (task_losses, ({"a": ROWS}, 5, {"a": squared_error}), r"labels: got 5; expected a dict by task"),
        (task_losses, ({"a": ROWS}, {"a": ROWS}, {}), r"losses: got \{\}; expected a dict by task, with at least one"),
        (check_task_weights, (5, ["a"]), r"task_weights: got int; expected \{task: weight\}"),
    ],
)
def test_what_is_no_tensor_or_dict_is_named(function, arguments, message):
    refuses(TypeError, message, function, *arguments)


@pytest.mark.parametrize("missing", ["outputs", "labels"])
def test_a_task_that_is_missing_is_named(missing):
    given = {"outputs": {"a": ROWS}, "labels": {"a": ROWS}, "losses": {"a": squared_error}}
    given[missing] = {"b": ROWS}
    refuses(ValueError, rf"{missing}: got no task 'a'; expected it among \['b'\]", task_losses, *given.values())


def test_a_loss_that_is_not_one_number_a_row_is_named():
    mean = {"a": lambda output, label: (output - label).mean()}
    message = r"losses\['a'\]: got a result of shape \(\); expected \(5,\), the loss of each row"
    refuses(ValueError, message, task_losses, {"a": ROWS}, {"a": ROWS}, mean)


def test_models_may_share_labels_masks_weights_and_task_weights():
    outputs, labels = torch.arange(6.0).reshape(2, 3), torch.tensor([1.0, 0, 1])
    mask, weight = torch.tensor([True, True, False]), torch.tensor([2.0, 1, 1])
    losses = task_losses({"a": outputs}, {"a": labels}, {"a": squared_error}, {"a": mask}, {"a": weight})
    alone = [task_losses({"a": o}, {"a": labels}, {"a": squared_error}, {"a": mask}, {"a": weight}) for o in outputs]
    torch.testing.assert_close(losses, torch.stack(alone))
    torch.testing.assert_close(losses[0], torch.tensor([1.5]))  # (2 · 1 + 1 · 1) / 2 observed rows
    torch.testing.assert_close(weighted_sum(losses, torch.tensor([2.0])), 2 * losses[:, 0])


def test_a_squared_error_is_of_the_difference_row_by_row():
    assert squared_error(torch.tensor([2.0, -1.0]), torch.tensor([-1.0, -1.0])).tolist() == [9, 0]


def test_means_are_over_the_rows_of_each_model_whatever_stands_before_them():
    rows = torch.arange(12.0).reshape(2, 3, 2)
    seen = torch.tensor([True, False])
    assert torch.equal(masked_mean(rows), torch.tensor([[0.5, 2.5, 4.5], [6.5, 8.5, 10.5]]))
    assert torch.equal(masked_mean(rows, seen.expand(2, 3, 2)), rows[..., 0])
