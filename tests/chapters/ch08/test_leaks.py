"""Columns made from a label: planted as they say."""

import numpy as np
import pandas as pd
import pytest

from helpers.capstone.table_checks import alone
from helpers.chapters.ch08 import leaks


def test_a_planted_column_tells_its_label_and_looks_like_a_number():
    frame = pd.DataFrame({"click": np.arange(1_000) % 2})
    spoiled = leaks.planted(frame, "click", seed=0)
    assert spoiled[leaks.PLANTED].nunique() > 500
    codes = np.digitize(spoiled[leaks.PLANTED], np.linspace(-1, 2, 40))
    assert alone(codes, spoiled["click"].to_numpy(float), "binary") > 0.97


@pytest.mark.parametrize("leak", leaks.SPARSE)
def test_a_sparse_leak_says_nothing_where_the_label_is_0(leak):
    frame = pd.DataFrame({"like": (np.arange(1_000) % 50 == 0).astype(int)})
    values = leaks.planted(frame, "like", 0, leak)[leaks.PLANTED].fillna(0)
    assert (values[frame["like"] == 0] == 0).all()
    share = (values[frame["like"] == 1] > 0).mean()
    assert share == 1 if leak != "half of the amounts" else 0.2 < share < 0.8
