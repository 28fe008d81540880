"""Lists, dates, and a split that never trains on the future."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.capstone.declaration import Declaration
from helpers.capstone.preparation import moments, prepare, split


@pytest.mark.parametrize("rows", range(1, 6))
def test_few_rows_cannot_be_split_by_time(rows):
    frame = pd.DataFrame({"u": range(rows), "click": 0, "time": range(rows)})
    with pytest.raises(ValueError, match=f"time: got {rows} different times"):
        split(Declaration({"click": "binary"}, user="u", time="time"), frame)


def test_lists_and_dates_become_what_features_take(frame, declaration):
    frame = frame.assign(seen="3 17", time=pd.Timestamp("2026-05-01") + pd.to_timedelta(frame["time"], unit="h"))
    frame["time"] = frame["time"].astype(str)
    frame.loc[5, "seen"] = None
    own = Declaration(declaration.labels, "user_id", "video", lists={"seen": "video"}, time="time")
    found = prepare(own, frame)
    assert found["time"].is_monotonic_increasing and found["seen"].map(len).value_counts().to_dict() == {2: 399, 0: 1}
    assert found["seen"].iloc[0] == [3, 17]
    with pytest.raises(ValueError, match="seen: got '3 x'"):
        prepare(own, frame.assign(seen="3 x"))
    with pytest.raises(ValueError, match="time: got 'soon'"):
        prepare(own, frame.assign(time="soon"))


def in_order(dates: list[str]) -> list[int]:
    return np.argsort(moments("time", pd.Series(dates)).to_numpy(), kind="stable").tolist()


def test_days_and_months_are_told_apart_or_asked_for():
    assert in_order(["13/05/2026 10:00", "02/06/2026", "01/05/2026"]) == [2, 0, 1]
    assert in_order(["05/13/2026", "06/02/2026", "05/01/2026"]) == [2, 0, 1]
    assert in_order(["2026-06-02", "2026-05-13T10:00:00Z"]) == [1, 0]
    with pytest.raises(ValueError, match=r"time: got '02/05/2026': which is the day\?; expected dates with the year"):
        in_order(["02/05/2026", "03/05/2026"])
    with pytest.raises(ValueError, match="no rule for day and month fits all rows"):
        in_order(["13/05/2026", "05/13/2026"])


def test_lists_with_brackets_are_not_cut_into_words(frame, declaration):
    own = Declaration(declaration.labels, item="topic", lists={"seen": "topic"})
    with pytest.raises(ValueError, match=r"seen: got .*expected ids with spaces between them, without brackets"):
        prepare(own, frame.assign(seen="['a', 'b']"))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 30), min_size=60, max_size=200))
def test_no_training_row_is_as_late_as_a_test_row(times):
    frame = pd.DataFrame({"u": 1, "click": 0, "time": times})
    own = Declaration({"click": "binary"}, user="u", time="time")
    try:
        train, valid, test = split(own, prepare(own, frame))
    except ValueError as error:
        assert "different times" in str(error)
        return
    assert train["time"].max() < valid["time"].min() and valid["time"].max() < test["time"].min()
    assert len(train) + len(valid) + len(test) == len(frame)


def test_random_splits_differ_by_seed_and_share_no_row(frame, declaration):
    own = Declaration(declaration.labels, "user_id", numbers=("duration",))
    table = prepare(own, frame)
    one, same, other = (split(own, table, seed) for seed in (0, 0, 1))
    assert [len(part) for part in one] == [320, 40, 40]
    assert sorted(np.concatenate([part.index for part in one])) == list(range(400))
    assert one.test.index.equals(same.test.index) and not one.test.index.equals(other.test.index)
