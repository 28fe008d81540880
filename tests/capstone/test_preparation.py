"""Lists, dates, and a split that never trains on the future."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.capstone.declaration import Declaration
from helpers.capstone.preparation import cut, dates, moments, prepare, split


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


def test_ids_of_lists_are_cut_as_their_column_has_them():
    assert cut("seen", ["-3 17", None, np.nan, (4, 5), np.array([6]), [], "8"], whole=True) == [
        [-3, 17], [], [], [4, 5], [6], [], [8]
    ]  # fmt: skip
    assert cut("seen", ["X Y", "3 -x", None, ["z"]], whole=False) == [["X", "Y"], ["3", "-x"], [], ["z"]]
    for text in ("X3", "3-", "3.5", "[3", "3,4"):
        with pytest.raises(ValueError, match=r"seen: got .* whole numbers with spaces between them"):
            cut("seen", [text], whole=True)
    for mark in "[](),'\"":
        with pytest.raises(ValueError, match=r"seen: got .* without brackets, commas or quotes"):
            cut("seen", [f"a{mark} b"], whole=False)


def test_dates_of_one_moment_are_one_number():
    for texts in (
        ["2026-05-01 18:30:00", "2026-05-01T19:30:00+01:00", "2026-05-01 18:30:01"],
        ["13.05.2026", "13-5-2026", "14/05/2026"],
        [" 5-13-2026", "05/13/2026", "05/14/2026"],
    ):
        one, two, later = moments("time", pd.Series(texts))
        assert one == two < later
    assert moments("time", pd.Series([3.5, 1])).tolist() == [3.5, 1]
    assert in_order(["12/5/2026", "13/5/2026", "11/6/2026"]) == [0, 1, 2]  # a day of 12 may be a month


def test_rows_of_one_time_stay_as_they_were(frame, declaration):
    found = prepare(declaration, frame.assign(time=frame["time"] % 2, duration=np.arange(400.0)))
    assert found["duration"].groupby(found["time"]).is_monotonic_increasing.all() and found.index.tolist() == list(
        range(400)
    )
    assert found.columns.tolist() == declaration.columns() and found["time"].is_monotonic_increasing


def test_by_time_four_fifths_train_and_a_tenth_each_validates_and_tests():
    own = Declaration({"click": "binary"}, "u", time="time")
    for rows, lengths in ((400, [320, 40, 40]), (10, [8, 1, 1]), (16, [13, 1, 2])):
        parts = split(own, pd.DataFrame({"u": 1, "click": 0, "time": range(rows)}))
        assert [len(part) for part in parts] == lengths
        assert np.concatenate([part["time"] for part in parts]).tolist() == list(range(rows))


def test_a_random_split_is_by_seed_0_unless_told_otherwise(frame, declaration):
    own = Declaration(declaration.labels, "user_id")
    assert split(own, frame).test.index.equals(split(own, frame, 0).test.index)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda f: prepare(Declaration({"click": "binary"}, "u"), f), "frame: got no column 'u'"),
        (
            lambda f: split(Declaration({"click": "binary"}, "video"), f, seed=-1),
            "seed: got -1; expected a whole number",
        ),
        (
            lambda f: split(Declaration({"click": "binary"}, "video"), f, seed=0.5),
            "seed: got 0.5; expected a whole number",
        ),
    ],
)
def test_a_missing_column_and_a_bad_seed_are_named(frame, call, words):
    with pytest.raises(ValueError, match=f"^{words}"):
        call(frame)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([1, None, None], "got 2 missing values; expected a time in each row"),
        ([None, "x"], "got 'x'; expected numbers, or dates such as 2026-05-01 18"),
        (["2026-05-01", None], "got 1 missing values; expected a time in each row"),
        (["02/05/2026"], "got '02/05/2026': which is the day.; expected dates with the year first, such"),
        (["12/05/2026"], "got '12/05/2026': which is the day"),
        (
            ["13/05/2026", "05/13/2026"],
            "got '13/05/2026', and no rule for day and month fits all rows; expected dates with the year first",
        ),
    ],
)
def test_values_that_are_no_times_are_named(values, words):
    with pytest.raises(ValueError, match=f"^t: {words}"):
        moments("t", pd.Series(values))


def test_dates_are_found_in_each_unit_of_machines():
    times = pd.Series([1_600_000_000, 1_750_000_000])
    for parts in (1, 1e3, 1e6, 1e9):
        found = dates(times * parts)
        assert found.dt.strftime("%Y-%m-%d").tolist() == ["2020-09-13", "2025-06-15"]
    assert dates(pd.Series([1, 500, 800_000])) is None and dates(times - times) is None
    assert dates(pd.Series([600_000_000, 1_750_000_000])) is None  # a part of them would lie before 1990
    texts = moments("time", pd.Series(["2026-05-01 18:30:00", "2026-05-02"]))
    assert dates(texts).tolist() == [pd.Timestamp("2026-05-01 18:30:00"), pd.Timestamp("2026-05-02")]


def test_new_users_have_all_of_their_rows_in_one_part(frame, declaration):
    """About as many rows in each part as by time, other users for another seed, and the same for the same."""
    own, drawn = replace(declaration, new_users=True), []
    rows = prepare(own, frame)
    for seed in range(20):
        parts = split(own, rows, seed)
        users = [set(part["user_id"]) for part in parts]
        assert not (users[0] & users[1] or users[0] & users[2] or users[1] & users[2])
        assert sorted(pd.concat(parts).index) == list(range(400))
        assert 300 <= len(parts.train) <= 340 and 20 <= len(parts.valid) <= 60 and 20 <= len(parts.test) <= 60
        assert all(part.index.is_monotonic_increasing for part in parts)
        drawn.append(frozenset(users[2]))
    assert len(set(drawn)) > 15
    pd.testing.assert_frame_equal(split(own, rows, 3).test, split(own, rows, 3).test)
    with pytest.raises(ValueError, match="user_id: got 2 users; expected enough of them for three parts"):
        split(own, rows.assign(user_id=rows.index % 2), 0)


def test_with_dots_the_day_is_first():
    """Unless the rows say otherwise; with slashes or hyphens nothing is guessed."""
    for texts, month in ((["02.05.2026", "03.05.2026"], 5), (["02.05.2026", "02.13.2026"], 2)):
        assert dates(moments("time", pd.Series(texts))).dt.month.iloc[0] == month
    for texts in (["02/05/2026"], ["02-05-2026"], ["02.05.2026", "02/05/2026"], ["13.05.2026", "05.13.2026"]):
        with pytest.raises(ValueError, match="year first"):
            moments("time", pd.Series(texts))
