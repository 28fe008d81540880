"""The one error for bad input says what came, whatever came."""

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
import torch

from helpers.support import validate

NOT_NUMERIC = ("abc", ["1"], [b"1"], [1j], pd.Series([1, "2"]), [[1], [1, 2]], {"a": 1}, object())
TABLE = pd.DataFrame({"a": [1]})


@pytest.mark.parametrize(
    ("call", "words"),
    [
        *((lambda v=v: validate.numbers("x", v), "x: got .* that is not numeric") for v in NOT_NUMERIC),
        (lambda: validate.finite("x", [1.0, np.inf]), "x: got 1 NaN or infinite value"),
        (lambda: validate.finite("x", torch.tensor([np.nan, np.inf, 0])), "x: got 2 NaN or infinite values"),
        *(
            (lambda v=v: validate.binary("x", v), "x: got 1 labels outside")
            for v in ([0, 1, -1], torch.tensor([0.5, 1]))
        ),
        *((lambda v=v: validate.choice("x", v, ("a", "b")), "x: got ") for v in (["a"], np.array(["a"]), None, "c")),
        *((lambda v=v: validate.number("x", v), "x: got ") for v in (True, np.True_, "1", np.nan, 2**63, -(2**70))),
        (lambda: validate.number("x", 2.5, whole=True), "x: got 2.5; expected a whole number"),
        (lambda: validate.number("x", 3, low=0, high=2), "x: got 3; expected a number from 0 to 2"),
        (lambda: validate.instance("x", [1], str | int, "a name"), "x: got list"),
        (lambda: validate.columns("x", TABLE, [["a"]]), r"x: got no column \['a'\]"),
        (lambda: validate.columns("x", TABLE[:0], ["a"]), "x: got a table without rows"),
        (lambda: validate.same_length(a=[1, 2], x=[1]), "x: got 1 rows; expected 2, as many as a"),
    ],
)
def test_the_error_says_what_came_and_what_is_expected(call, words):
    with pytest.raises((ValueError, TypeError), match=rf"^{words}(.*; expected .*)?\.$"):
        call()


def test_what_fits_is_given_back():
    for values in ([1, 2.5], (True, False), pd.Series([1, 2]), torch.tensor([1.0], requires_grad=True), np.float32(2)):
        assert validate.numbers("x", values).dtype == np.float64
    assert np.isnan(validate.numbers("x", [1.0, float("nan")])[1])
    assert validate.number("x", 2.0, whole=True) == 2 and validate.number("x", 2**63 - 1, whole=True) == 2**63 - 1
    assert validate.instance("path", "a", str | int, "a name") == "a" and validate.choice("x", "a", ("a", "b")) == "a"


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
