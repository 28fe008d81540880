"""A small log with a column of each kind, and labels of which some were not observed."""

import numpy as np
import pandas as pd
import pytest

from helpers.data.features import Dense, Features, Sequence, Sparse

ROWS = 60


@pytest.fixture
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"duration": rng.normal(30, 5, ROWS), "user": rng.integers(0, 9, ROWS)})
    frame = frame.assign(video=rng.integers(0, 20, ROWS), city=rng.choice(["a", "b"], ROWS))
    frame["history"] = [list(rng.integers(0, 20, rng.integers(0, 5))) for _ in range(ROWS)]
    frame["click"] = (rng.random(ROWS) < 0.5) * 1.0
    frame["like"] = np.where(frame["click"] == 1, rng.random(ROWS) < 0.4, np.nan)
    return frame.assign(watch=np.where(rng.random(ROWS) < 0.3, np.nan, rng.normal(size=ROWS)))


@pytest.fixture
def features(frame) -> Features:
    columns = [Dense("duration"), Sparse("user", 4), Sparse("video", 4), Sequence("history", of="video", length=3)]
    return Features(columns).fit(frame)
