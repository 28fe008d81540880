"""The one error for bad input says what came, whatever came."""

import numpy as np
import pandas as pd
import pytest
import torch

from helpers.data.features import Features
from helpers.support import validate
from helpers.training import losses


@pytest.mark.parametrize("values", ["abc", ["1", "x"], [[1], [1, 2]], object()])
def test_finite_names_what_is_no_number(values):
    with pytest.raises(TypeError, match=r"^times: got .*; expected numbers\."):
        validate.finite("times", values)


def test_finite_counts_what_is_not_finite():
    with pytest.raises(ValueError, match=r"^times: got 2 NaN or infinite values; expected finite numbers only"):
        validate.finite("times", [1.0, np.nan, np.inf])


@pytest.mark.parametrize("value", [["a"], {"a": 1}, np.array(["a"]), None, "c"])
def test_choice_takes_any_value_and_lists_the_options(value):
    with pytest.raises(ValueError, match=r"^kind: got .*; expected one of 'a', 'b'\."):
        validate.choice("kind", value, ("a", "b"))


def test_binary_takes_lists():
    assert validate.binary("click", [0, 1, 1]).tolist() == [0, 1, 1]
    with pytest.raises(ValueError, match=r"^click: got 1 labels outside \{0, 1\}, the first 2;"):
        validate.binary("click", [0, 1, 2])


@pytest.mark.parametrize("loss", [losses.binary_cross_entropy, losses.squared_error])
def test_a_loss_names_what_is_no_tensor(loss):
    with pytest.raises(TypeError, match=r"^(logit|value): got list; expected a torch tensor\."):
        loss([0.0], torch.zeros(1))
    with pytest.raises(TypeError, match=r"^label: got NoneType; expected a torch tensor\."):
        loss(torch.zeros(1), None)


@pytest.mark.parametrize("columns", [None, "user", 3])
def test_features_name_what_is_no_list_of_columns(columns):
    with pytest.raises(TypeError, match=r"^columns: got .*; expected a list of Dense, Sparse and Sequence"):
        Features(columns)


@pytest.mark.parametrize("value", [True, False, np.True_])
def test_a_yes_or_no_is_no_number(value):
    with pytest.raises(ValueError, match=f"^days: got {value!r}; expected a number"):
        validate.number("days", value)


def test_numbers_are_real_numbers_alone():
    for values in ([1, 2.5], (True, False), pd.Series([1, 2]), torch.tensor([1.0], requires_grad=True), np.float32(2)):
        assert validate.numbers("x", values).dtype == np.float64
    assert np.isnan(validate.numbers("x", [1.0, float("nan")])[1])
    for values in (
        ["1"],
        [b"1"],
        [1j],
        "12",
        pd.Series([1, "2"]),
        [[1], [1, 2]],
        {"a": 1},
        pd.to_datetime(["2020-01-01"]),
    ):
        with pytest.raises(TypeError, match=r"^x: got .* that is not numeric; expected numbers\."):
            validate.numbers("x", values)


def test_a_wrong_kind_is_named():
    assert validate.instance("path", "a", str | int, "a name") == "a"
    with pytest.raises(TypeError, match=r"^path: got list; expected a name\.$"):
        validate.instance("path", [1], str | int, "a name")
    with pytest.raises(ValueError, match=r"^table: got no column \['a'\]; expected it among \['a'\]"):
        validate.columns("table", pd.DataFrame({"a": [1]}), [["a"]])
