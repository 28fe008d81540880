"""The one error for bad input says what came, whatever came."""

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
import torch

from helpers.support import validate


@pytest.mark.parametrize("values", ["abc", ["1", "x"], [[1], [1, 2]], object()])
def test_finite_names_what_is_no_number(values):
    with pytest.raises(TypeError, match=r"^times: got .*; expected numbers\."):
        validate.finite("times", values)


@pytest.mark.parametrize("value", [["a"], {"a": 1}, np.array(["a"]), None, "c"])
def test_choice_takes_any_value_and_lists_the_options(value):
    with pytest.raises(ValueError, match=r"^kind: got .*; expected one of 'a', 'b'\."):
        validate.choice("kind", value, ("a", "b"))


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


@validate.checked
def hinted(count: int, share: float = 0.5, names: Sequence[str] = (), more: pd.DataFrame | None = None, *rest, **named):
    return count


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"count": 1.5}, "count: got 1.5; expected a whole number."),
        ({"count": True}, "count: got True; expected a whole number."),
        ({"count": 1, "share": float("nan")}, "share: got nan; expected a finite number."),
        ({"count": 1, "share": "0.5"}, "share: got str; expected a finite number."),
        ({"count": 1, "names": "abc"}, "names: got str; expected Sequence[str]."),
        ({"count": 1, "more": [1]}, "more: got list; expected DataFrame or None."),
    ],
)
def test_a_checked_function_takes_what_its_hints_say(arguments, words):
    with pytest.raises((TypeError, ValueError), match=re.escape(words)):
        hinted(**arguments)
    assert hinted(np.int64(2), 1, np.array(["a"]), None, object(), other=object()) == 2 and hinted(2.0) == 2.0
