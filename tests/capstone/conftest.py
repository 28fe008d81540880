"""A small table and its declaration."""

import numpy as np
import pandas as pd
import pytest

from helpers.capstone.declaration import Declaration
from tests.capstone.logs import tastes


@pytest.fixture
def frame():
    rng = np.random.default_rng(0)
    rows = 400
    columns = {
        "user_id": rng.integers(0, 40, rows),
        "video": rng.integers(0, 30, rows),
        "topic": rng.choice(["a", "b"], rows),
    }
    columns |= {
        "duration": rng.uniform(5, 60, rows),
        "click": rng.integers(0, 2, rows),
        "like": rng.integers(0, 2, rows),
    }
    return pd.DataFrame(columns).assign(time=rng.permutation(rows))


@pytest.fixture
def declaration():
    return Declaration(
        labels={"click": "binary", "like": "binary"},
        user="user_id",
        item="video",
        ids=("topic",),
        numbers=("duration",),
        time="time",
    )


@pytest.fixture(scope="module")
def table():
    return tastes()
