"""Lists, dates, a split that never trains on the future, and its parts as examples."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.capstone.declaration import Declaration
from helpers.capstone.preparation import Table, cut_ids, dates, moments, prepare, repeats, split, with_answers
from tests.capstone.logs import AT_RANDOM, BY_TIME, LABELS, both_splits, log_of_days


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


@pytest.mark.slow
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
    assert cut_ids("seen", ["-3 17", None, np.nan, (4, 5), np.array([6]), [], "8"], whole=True) == [
        [-3, 17], [], [], [4, 5], [6], [], [8]
    ]  # fmt: skip
    assert cut_ids("seen", ["X Y", "3 -x", None, ["z"]], whole=False) == [["X", "Y"], ["3", "-x"], [], ["z"]]
    for text in ("X3", "3-", "3.5", "[3", "3,4", "[3.5]"):
        with pytest.raises(ValueError, match=r"seen: got .* whole numbers with spaces between them"):
            cut_ids("seen", [text], whole=True)
    for mark in "[](),'\"":
        with pytest.raises(ValueError, match=r"seen: got .* without brackets, commas or quotes"):
            cut_ids("seen", [f"a{mark} b"], whole=False)


def test_dates_of_one_moment_are_one_number():
    for texts in (
        ["2026-05-01 18:30:00", "2026-05-01T19:30:00+01:00", "2026-05-01 18:30:01"],
        ["13.05.2026", "13-5-2026", "14/05/2026"],
        [" 5-13-2026", "05/13/2026", "05/14/2026"],
        ["2026年5月1日 18:30", "2026年05月01号18:30:00", "2026年5月2日"],
    ):
        one, two, later = moments("time", pd.Series(texts))
        assert one == two < later
    assert moments("time", pd.Series([3.5, 1])).tolist() == [3.5, 1]
    late = pd.Series(["2026-05-01T23:30:00+08:00", "2026-05-02 00:10:00+08:00"])  # of two days there, of one in UTC
    for values in (late, pd.to_datetime(late, format="mixed")):
        assert dates(moments("time", values)).dt.day.tolist() == [1, 2]
    assert in_order(["12/5/2026", "13/5/2026", "11/6/2026"]) == [0, 1, 2]  # a day of 12 may be a month


def test_by_time_four_fifths_train_and_a_tenth_each_validates_and_tests():
    own = Declaration({"click": "binary"}, "u", time="time")
    for rows, lengths in ((400, [320, 40, 40]), (10, [8, 1, 1]), (16, [13, 1, 2])):
        parts = split(own, pd.DataFrame({"u": 1, "click": 0, "time": range(rows)}))
        assert [len(part) for part in parts] == lengths
        assert np.concatenate([part["time"] for part in parts]).tolist() == list(range(rows))


def test_a_missing_column_and_a_bad_seed_are_named(frame):
    own = Declaration({"click": "binary"}, "video")
    with pytest.raises(ValueError, match=r"^frame: got no column 'u'"):
        prepare(replace(own, user="u"), frame)
    for declared in (own, replace(own, new_users=True)):
        with pytest.raises(ValueError, match=r"^seed: got -1; expected a whole number"):
            split(declared, frame, seed=-1)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([1, None, None], "got 2 missing values; expected a time in each row"),
        ([None, "x"], "got 'x'; expected numbers, or dates such as 2026-05-01 18"),
        (["2026-05-01", None], "got 1 missing values; expected a time in each row"),
        (["13/05/2026", "05/13/2026"], "got '13/05/2026', and no rule for day and month fits all rows; expected dates"),
        (["23:59", "10:00"], "got .* a time of day without a date; expected a date in each row"),
        (
            [1_772_323_623, 1_773_670_684_000],
            r"got times in two units, such as 1772323623 \(s\) and 1773670684000 \(ms",
        ),
        (["07:18 PM", "10:00 am"], "got .* a time of day without a date; expected a date in each row"),
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
    first, last = pd.Timestamp("1990-01-01").timestamp(), pd.Timestamp("2100-01-01").timestamp()
    assert dates(pd.Series([first, last])).dt.year.tolist() == [1990, 2100]
    assert dates(pd.Series([first - 1])) is None and dates(pd.Series([last + 1])) is None
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


def test_of_dates_that_may_be_either_the_day_is_first_after_dots_or_where_it_makes_days_of_months():
    """Unless the rows say otherwise."""
    dotted, other = (["02.05.2026", "03.06.2026"], 5), (["02.05.2026", "02.13.2026"], 2)
    slashes, american = (["02/05/2026", "03/05/2026"], 5), (["05-02-2026", "05-11-2026 10:00 PM"], 5)
    for texts, month in (dotted, other, slashes, american):
        assert dates(moments("time", pd.Series(texts))).dt.month.iloc[0] == month


# --- a table ----------------------------------------------------------------------------------------------------------


@both_splits
def test_examples_are_the_rows_of_the_split(table, own):
    """Each with its own number and labels, in the order of the split; seconds in units of their spread."""
    data, rows = Table(prepare(own, table), own), prepare(own, table)
    assert data.parts == {"train": 2_000, "valid": 250, "test": 250} and data.users == 60
    assert set(data.frame) == {"user", "item", *LABELS, *([] if own.time is None else ["time"])}
    scaled = (rows["seconds"] - rows["seconds"].mean()) / rows["seconds"].std()
    for seed in (0, 3):
        for part, examples in zip(split(own, rows, seed), data.sets(seed), strict=True):
            age = part["age"].to_numpy()
            assert np.corrcoef(examples.inputs["dense"][:, 0].numpy(), age)[0, 1] == pytest.approx(1, abs=1e-6)
            np.testing.assert_array_equal(examples.labels["click"].numpy(), part["click"])
            np.testing.assert_array_equal(examples.masks["seconds"].numpy(), part["seconds"].notna())
            seen = part["seconds"].notna().to_numpy()
            own_scale = scaled.loc[part.index].to_numpy()[seen]
            np.testing.assert_allclose(examples.labels["seconds"].numpy()[seen], own_scale, atol=1e-5)


@both_splits
def test_the_rows_to_judge_by_are_those_with_a_label(table, own):
    data, rows = Table(prepare(own, table), own), prepare(own, table)
    for task, seed in (("click", 0), ("seconds", 0), ("seconds", 2)):
        test = split(own, rows, seed).test
        mask, labels, numbers = data.seen(task, seed)
        np.testing.assert_array_equal(mask, test[task].notna())
        np.testing.assert_array_equal(numbers, test.index[test[task].notna()])
        if task == "click":
            np.testing.assert_array_equal(labels, test["click"])


def test_rows_are_tied_by_user_day_and_group():
    frame, own = log_of_days(days=10, luck=0)
    data = Table(prepare(own, frame), own)
    assert list(data.clusters) == ["users", "days"] and data.days == 10 and data.users == frame["user"].nunique()
    first = pd.Timestamp(frame["time"].min(), unit="s").strftime("%Y-%m-%d")
    assert data.spans["train"][0] == first and list(data.spans) == ["train", "valid", "test"]
    rows = prepare(own, frame)
    for name, column in (("users", "user"), ("days", "time")):
        pairs = pd.DataFrame({"id": data.clusters[name], "own": rows[column]}).drop_duplicates()
        assert pairs["id"].is_unique and pairs["own"].is_unique
    grouped = replace(own, user=None, time=None, group="day")
    data = Table(prepare(grouped, frame), grouped)
    assert list(data.clusters) == ["rows", "groups"] and (data.users, data.days, data.spans) == (0, 0, {})
    assert len(np.unique(data.clusters["rows"])) == 4_000


@both_splits
def test_by_time_the_vocabulary_is_that_of_the_training_rows(table, own):
    """An id of a test row is unknown there, as it will be at serving."""
    rows = prepare(own, table)
    rows.loc[split(own, rows).test.index[0], "user"] = 777
    assert (777 in Table(rows, own).features.vocabularies["user"]) == (own.time is None)


def test_a_random_split_without_positives_is_named(table):
    rare = table.assign(click=(np.arange(2_500) % 300 == 3).astype(int))
    data = Table(prepare(AT_RANDOM, rare), AT_RANDOM)
    said = r"label 'click': got one value in the rows to (valid|test) of seed \d+; expected two in each part"
    with pytest.raises(ValueError, match=said):
        data.check_splits(range(50))
    Table(prepare(AT_RANDOM, table), AT_RANDOM).check_splits(range(50))
    Table(prepare(BY_TIME, rare), BY_TIME).check_splits(range(50))  # `check` has seen the one split


@both_splits
def test_a_share_of_the_rows_is_drawn_by_the_seed_from_those_to_train(table, own):
    data = Table(prepare(own, table), own)
    for seed in (0, 1):
        (whole, *others), (part, *same) = data.drawn(seed, 1), data.drawn(seed, 0.25)
        assert len(part) == len(whole) / 4
        rows, kept = ({tuple(row.tolist()) for row in one.inputs["dense"]} for one in (whole, part))
        assert kept < rows and torch.equal(whole.inputs["dense"], data.sets(0 if own.time else seed)[0].inputs["dense"])
        for one, other in zip(others, same, strict=True):
            assert torch.equal(one.inputs["dense"], other.inputs["dense"])
    first, again, other = (data.drawn(seed, 0.5)[0].inputs["dense"] for seed in (0, 0, 1))
    assert torch.equal(first, again) and not torch.equal(first, other)


def logged_thrice(frame: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    return pd.concat([frame] * 3).sample(frac=1, random_state=seed).reset_index(drop=True)


def test_copies_of_a_row_stay_in_one_part_with_and_without_a_time(table):
    """In the file they lie apart; by time all of them happened when the first did."""
    three = logged_thrice(table)
    same = repeats(AT_RANDOM, three)
    assert same.share == pytest.approx(2 / 3) and same.copies
    for own in (AT_RANDOM, BY_TIME):
        rows = prepare(own, three.assign(time=range(len(three))))
        parts = [{tuple(row) for row in part[["user", "item", "age"]].to_numpy()} for part in split(own, rows, 3)]
        assert not parts[0] & parts[2] and not parts[0] & parts[1] and not parts[1] & parts[2]
        assert sum(map(len, split(own, rows, 3))) == len(three)
    data = Table(prepare(AT_RANDOM, three), AT_RANDOM)
    assert len({tuple(rows) for rows in data.examples.inputs["dense"].numpy()}) == len(table)  # the copy is no feature
    assert repeats(AT_RANDOM, table)[:2] == (0.0, False)


def test_rows_that_look_alike_by_chance_are_no_copies():
    """Columns of few values: nearly all rows repeat another one, and their labels differ as labels do."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"user": rng.integers(0, 30, 5_000), "item": rng.integers(0, 20, 5_000)})
    frame = frame.assign(a=rng.integers(0, 2, 5_000), b=(rng.random(5_000) < 0.05).astype(int))
    own = Declaration({"a": "binary", "b": "binary"}, "user", "item")
    found = repeats(own, frame)
    assert found.share > 0.5 and not found.copies and len(split(own, prepare(own, frame)).test) == 500


def test_labels_that_say_yes_and_no_are_read_as_one_and_zero(frame, declaration):
    words = frame.assign(click=np.where(frame["click"] == 1, "Yes", "no"), like=frame["like"] == 1)
    pd.testing.assert_frame_equal(
        prepare(declaration, words).astype(float, errors="ignore"),
        prepare(declaration, frame).astype(float, errors="ignore"),
    )
    abroad = with_answers(declaration, frame.assign(click=np.where(frame["click"] == 1, "Ja", "nein")))
    assert (abroad["click"] == frame["click"]).all()
    other = frame.assign(click=np.where(frame["click"] == 1, "buy", "skip"))
    assert set(with_answers(declaration, other)["click"]) == {"buy", "skip"}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([20260501, 20260502], ["2026-05-01", "2026-05-02"]),
        ([2026050118, 2026050223], ["2026-05-01 18:00", "2026-05-02 23:00"]),
        ([26050118, 26050223], ["2026-05-01 18:00", "2026-05-02 23:00"]),
        ([1_760_000_000, 1_760_000_060], ["2025-10-09 08:53:20", "2025-10-09 08:54:20"]),
        ([20260501, 20260532], None),
        ([10_000_000, 99_999_999], None),
    ],
)
def test_whole_numbers_that_are_dates_have_days(values, expected):
    found = dates(moments("t", pd.Series(values)))
    assert (found is None) if expected is None else (found == pd.to_datetime(expected)).all()


@pytest.mark.parametrize(
    ("text", "whole", "expected"),
    [
        ("[3, 4]", True, [3, 4]),
        ('["a", "b c"]', False, ["a", "b c"]),
        ("3|4", True, [3, 4]),
        ("a b|c", False, ["a b", "c"]),
    ],
)
def test_lists_may_be_json_or_have_bars(text, whole, expected):
    assert cut_ids("seen", [text], whole) == [expected]


def test_a_gap_leaves_out_what_would_not_be_known_yet(frame, declaration):
    dated = frame.assign(time=pd.date_range("2026-01-01", periods=len(frame), freq="h"))
    own = replace(declaration, gap="12 hours")
    (train, valid, test), (more, _, same) = (split(one, prepare(one, dated)) for one in (own, declaration))
    hours = [dates(part["time"]).agg(["min", "max"]) for part in (train, valid, test)]
    assert all(hours[k + 1]["min"] - hours[k]["max"] > pd.Timedelta("12h") for k in (0, 1))
    assert len(more) - len(train) == 12 and len(test) == len(same)
    words = "time: got a gap of 2 days, which swallows the 1.7 days of the rows to validate; expected a log of"
    with pytest.raises(ValueError, match=words):
        split(replace(declaration, gap="2 days"), prepare(declaration, dated))
    with pytest.raises(ValueError, match="gap: got '7 days' without a split by time"):
        replace(declaration, time=None, gap="7 days")
    with pytest.raises(ValueError, match="gap: got 'soon'; expected a length of time"):
        replace(declaration, gap="soon")
    with pytest.raises(ValueError, match="time: got numbers, not dates"):
        split(own, prepare(own, frame))
