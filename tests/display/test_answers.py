"""What checks ask of answers: form, numbers, gradients; and the words for what is wrong."""

import numpy as np
import pytest
import torch

from helpers.display.answers import Wrong, close, described, is_number, is_tensor, slopes, unboxed


def test_what_is_wrong_and_its_hints_are_told_apart_and_may_run_over_lines():
    wrong = Wrong("""two and two
        make five.
        Hint: count on
        your fingers.
        Hint: more than three.""")
    assert wrong.what == "two and two make five."
    assert wrong.hints == ["count on your fingers.", "more than three."]


def test_what_came_is_described_by_its_shape_or_type():
    came = [torch.zeros(2, 1), np.zeros(3), np.array(1.0), {"a": 1}, [1, 2]]
    words = ["a tensor of shape (2, 1)", "an array of shape (3,)", "one number", "a dict of 1", "a list"]
    assert [described(value) for value in came] == words


ONE_NUMBER = [2, 2.0, np.float32(2), np.array(2.0), torch.tensor(2), torch.tensor([2.0])]
NO_NUMBER = [True, "2", None, [2], np.zeros(2), torch.zeros(2)]


@pytest.mark.parametrize("value", [*ONE_NUMBER, *NO_NUMBER])
def test_one_number_is_one_in_whatever_it_comes_and_nothing_else_is(value):
    number = any(value is one for one in ONE_NUMBER)
    assert is_number(unboxed(value)) == number and (not number or unboxed(value) == 2)


def test_a_tensor_has_the_shape_that_is_asked_for():
    assert is_tensor(torch.tensor(2.0)) and is_tensor(torch.zeros(2, 3), 2, 3)
    assert not is_tensor(torch.tensor([2.0])) and not is_tensor(torch.zeros(2, 3), 3, 2) and not is_tensor(2.0)


def test_close_is_relative_to_the_largest_right_number_of_the_same_shape_and_names():
    assert close(100.005, 100) and not close(100.02, 100)
    assert close([100, 0.005], [100, 0]) and not close([100, 0.02], [100, 0])
    assert close(1.05, 1, 0.1) and not close(1.05, 1, 0.01)
    assert close(torch.ones(2, dtype=torch.float64, requires_grad=True), np.ones(2))
    assert not close(torch.ones(2), torch.ones(2, 1)) and not close(1.0, [1.0])
    assert not close(float("nan"), 1) and not close([1, float("inf")], [1, 2])
    assert close({"a": 1, "b": 2.0}, {"b": 2, "a": 1})
    assert not close({"a": 1}, {"a": 1, "b": 2}) and not close({"a": 1, "b": 3}, {"a": 1, "b": 2})


def test_slopes_are_gradients_and_0_where_none_flows():
    a, b = torch.tensor([1.0, 2.0], requires_grad=True), torch.tensor([3.0], requires_grad=True)
    by_a, by_b = slopes(a**2, a, b)
    assert by_a.tolist() == [2.0, 4.0] and by_b.tolist() == [0.0]
    assert [slope.tolist() for slope in slopes(1.0, a, b)] == [[0.0, 0.0], [0.0]]
    assert slopes(a.detach().sum(), a)[0].tolist() == [0.0, 0.0]
