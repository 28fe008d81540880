"""Rows of a frame become rows of embedding tables and standardised numbers, as by hand; any other column is named."""

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.data import features as module
from helpers.data.features import Dense, Features, Sequence, Sparse, Tags, history


def frame(**columns):
    return pd.DataFrame(
        {"user": [7, 3, 7, 9], "video": ["b", "a", "c", "a"], "seconds": [1.0, 2.0, 3.0, 6.0]} | columns
    )


def sparse(ids, train=(7, 3, 7, 9)):
    features = Features([Sparse("id")]).fit(pd.DataFrame({"id": train}))
    return features.transform(pd.DataFrame({"id": ids}))["sparse"][:, 0].tolist()


# Ids


def test_columns_of_one_width_share_a_table_and_others_do_not():
    features = Features([Sparse("user", 8), Sparse("tag", 4), Sparse("video", 8)]).fit(frame(tag=[1, 1, 2, 2]))
    # padding, then for each column missing, unknown and its 3 (tag: 2) known values
    assert features.tables == {8: 1 + 5 + 5, 4: 1 + 4}
    ids = features.transform(frame(tag=[1, 1, 2, 2]))["sparse"]
    assert ids.dtype == torch.int64
    assert ids.tolist() == [[4, 3, 9], [3, 3, 8], [4, 4, 10], [5, 4, 8]]


def test_the_same_ids_in_other_types_are_the_same():
    for dtype in ["int8", "int32", "uint64", "Int64", "float32", "float64", "Float64", object, "category"]:
        assert sparse(pd.Series([9, 3, 8]).astype(dtype)) == [5, 3, 2]
    for dtype in [object, "string", "category"]:
        assert sparse(pd.Series(["b", "z"]).astype(dtype), train=["a", "b"]) == [4, 2]
    assert sparse([True, False], train=[False, True]) == [4, 3] == sparse([1, 0], train=[False, True])
    assert sparse(["b", "x", None, np.nan, "a"], train=["a", "b", None]) == [4, 2, 1, 1, 3]


@settings(max_examples=60, deadline=None)
@given(
    train=st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=20),
    test=st.lists(st.integers(-(2**63), 2**63 - 1) | st.none(), min_size=1, max_size=20),
)
def test_rows_are_those_of_a_dictionary(train, test):
    """Missing, unknown and known ids have rows of their own, exact to the last bit."""
    known = {value: 3 + k for k, value in enumerate(sorted(set(train)))}
    expected = [1 if value is None else known.get(value, 2) for value in test]
    assert sparse(pd.Series(test, dtype=object), train=train) == expected


BIG = 2**60  # as a float it is BIG + 1
ID = st.integers(BIG, BIG + 5) | st.none()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(ID, max_size=6) | st.none(), min_size=1, max_size=8), st.integers(1, 4))
def test_sequences_share_the_ids_of_their_column_and_keep_the_last_tags_have_their_own(lists, length):
    columns = [Sparse("id"), Sequence("history", of="id", length=length), Tags("tags", width=4, length=length)]
    train = pd.DataFrame({"id": [BIG + 3, BIG], "history": [[], [BIG + 5]], "tags": [[BIG + 1], None]})
    data = pd.DataFrame({"id": [BIG] * len(lists)})
    data["history"] = data["tags"] = pd.Series(lists, dtype=object)
    inputs = Features(columns).fit(train).transform(data)
    for name, rows in (("history", {None: 1, BIG: 3, BIG + 3: 4}), ("tags", {None: 1, BIG + 1: 3})):
        for got, ids in zip(inputs[name].tolist(), lists, strict=True):
            wanted = [rows.get(one, 2) for one in (ids or [])][-length:]
            assert got == wanted + [0] * (length - len(wanted))


# Numbers


def test_numbers_are_standardised_by_the_training_rows():
    features = Features([Dense("seconds"), Dense("flag")]).fit(frame(flag=[True, False, False, True]))
    dense = features.transform(frame(flag=[True, True, False, False]))["dense"]
    assert dense.dtype == torch.float32 and features.dense == ["seconds", "flag"]
    assert (float(dense[:, 0].mean()), float(dense[:, 0].std(correction=0))) == pytest.approx((0, 1), abs=1e-6)
    assert dense[:, 1].tolist() == [1, 1, -1, -1]
    other = features.transform(frame(seconds=[3.0, 3 + np.sqrt(3.5), 3.0, 3.0], flag=True))["dense"][:, 0]
    assert other.tolist() == pytest.approx([0, 1, 0, 0])
    times = frame(seconds=1.7e9 + np.arange(4.0))  # which float32 cannot tell from one another
    assert len(set(Features([Dense("seconds")]).fit(times).transform(times)["dense"][:, 0].tolist())) == 4
    for value in (5, 0.1):  # a constant column is 0
        features = Features([Dense("seconds")]).fit(frame(seconds=value))
        moved = features.transform(frame(seconds=[value, value, value, value + 2]))["dense"][:, 0]
        assert moved.tolist() == pytest.approx([0, 0, 0, 2], abs=1e-6)


def test_missing_numbers_become_the_mean_and_an_indicator_where_fit_saw_them():
    train = frame(seconds=[1.0, np.nan, 3.0, np.nan], age=[1, 2, 3, 4])
    features = Features([Dense("seconds"), Dense("age")]).fit(train)
    assert features.dense == ["seconds", "age", "seconds missing"]
    dense = features.transform(train.assign(age=[np.nan, 2, 3, 4]))["dense"]
    assert dense[:, 0].tolist() == [-1, 0, 1, 0] and dense[:, 2].tolist() == [0, 1, 0, 1] and dense[0, 1] == 0
    nullable = features.transform(train.assign(seconds=pd.array([1, None, 3, None], dtype="Int64")))["dense"]
    assert torch.equal(nullable[:, [0, 2]], dense[:, [0, 2]])


ALL = [Dense("seconds"), Sparse("user"), Sparse("video"), Sequence("history", of="video")]
LISTS = [["a"], [], ["b"], None]


def test_rows_are_the_same_however_many_are_transformed_at_once_and_from_what_was_kept(monkeypatch):
    """Of many rows the narrow form of a sequence ends where the longest list does."""
    data = frame(history=LISTS)
    features = Features(ALL).fit(data)
    whole, kept = features.transform(data), Features.of_state(features.state())
    monkeypatch.setattr(module, "TOGETHER", 3)
    for inputs in (features.transform(data), kept.transform(data)):
        assert list(inputs) == list(whole) and all(torch.equal(inputs[name], whole[name]) for name in whole)
    short = features.transform(data, narrow=True)
    assert short["history"].shape == (4, 1) and not whole["history"][:, 1:].any() and list(short) == list(whole)
    assert all(torch.equal(short[name], whole[name][:, : short[name].shape[1]]) for name in whole)


# Examples


def test_examples_have_labels_masks_groups_and_weights():
    data = frame(click=[1, 0, 1, 0], watch=[3.5, np.nan, 2.0, np.nan], w=[0, 2, 4, 2])
    features = Features([Sparse("user")]).fit(data)
    examples = features.examples(data, {"click": "click", "seconds watched": "watch"}, groups="user", weight="w")
    assert examples.labels["click"].tolist() == [1, 0, 1, 0] and "click" not in examples.masks
    assert examples.masks["seconds watched"].tolist() == [True, False, True, False]
    assert examples.labels["seconds watched"][[0, 2]].tolist() == [3.5, 2.0]
    assert examples.groups.tolist() == [0, 1, 0, 2]
    assert {task: w.tolist() for task, w in examples.weights.items()} == {
        task: [0, 1, 2, 1] for task in examples.labels
    }
    plain = features.examples(data, {"click": "click"})
    assert plain.groups is None and plain.weights == {}


# Histories


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 4), st.booleans()), min_size=1, max_size=25), st.integers(1, 4)
)
def test_a_history_holds_what_was_liked_strictly_before(rows, length):
    table = pd.DataFrame(rows, columns=["user", "time", "liked"]).assign(video=range(len(rows)))
    table.index = table.index[::-1]
    for past, row in zip(history(table, "video", "liked", length=length), table.itertuples(), strict=True):
        before = table[(table["user"] == row.user) & (table["time"] < row.time) & table["liked"]]
        assert list(past) == before.sort_values("time", kind="stable")["video"].tolist()[-length:]


# Bad input

LOG = pd.DataFrame({"user": 1, "time": range(6), "video": list("abcdef"), "liked": [1, 0, 1, 1, 1, 0]})
UINT, FLOAT = np.array([2**63, 2, 3, 4], dtype=np.uint64), np.array([2**24, 2, 3, 4], dtype=np.float32)


def columns_of(*columns):
    return lambda good: Features(columns)


def used(*calls, **changes):
    """Fits, or transforms, with other columns."""
    return lambda good: [getattr(Features(ALL).fit(good), call)(good.assign(**changes)) for call in calls]


def labelled(tasks, changes=None, **options):
    return lambda good: Features(ALL[1:2]).fit(good).examples(good.assign(**(changes or {})), tasks, **options)


def past(**changes):
    return lambda good: history(LOG.assign(**changes), "video", "liked")


CLICK = {"click": "click"}
WRONG = [
    (columns_of(), "columns: got names"),
    (columns_of(Sparse("a"), Dense("a")), "columns: got names"),
    (columns_of("user"), "columns: got 'user'"),
    (columns_of(Sparse("a", width=0)), "width of 'a': got 0"),
    (columns_of(Sparse("a"), Sequence("h", of="a", length=0)), "length of 'h': got 0"),
    (columns_of(Dense("a"), Sequence("h", of="a")), "of of 'h': got 'a'"),
    (columns_of(Sparse("a"), Sequence("sparse", of="a")), "columns: got a sequence named 'sparse'"),
    *(
        (used(call, **{column: values}), f"{column}: got {came}")
        for call in ("fit", "transform")
        for column, values, came in (
            ("seconds", "long", "a column of"),
            ("seconds", np.inf, "4 infinite values"),
            ("seconds", pd.Timestamp("2024-01-01"), "a column of datetime64"),
            ("user", [1.5, 2, 3, 4], "float64 with fractions"),
            ("user", [2.0**53, 2, 3, 4], "float64 with fractions or beyond"),
            ("user", [np.inf, 2, 3, 4], "float64 with fractions or beyond"),
            ("user", FLOAT, "float32 with fractions"),
            ("user", UINT, "ids from 2 to 92233"),
            ("user", pd.Series([2**70, 2, 3, 4], dtype=object), "ids from 2 to 11805"),
            ("user", pd.Series([1, "b", 3, 4], dtype=object), "mixed-integer values"),
            ("user", pd.Timestamp("2024-01-01"), "datetime64 values"),
            ("video", [[1], [2], [3], [4]], "mixed values"),
        )
    ),
    (lambda good: Features(ALL).fit(good[:0]), "frame: got a table without rows"),
    (lambda good: Features(ALL).fit(good.drop(columns="user")), "frame: got no column 'user'"),
    (lambda good: Features(ALL).fit(pd.concat([good, good[["user"]]], axis=1)), "frame: got a column name twice"),
    (lambda good: Features(ALL).transform(good), "features: got columns that are not fitted"),
    (used("transform", user=[*"abcd"]), "user: got ids that are strings; expected integers"),
    (used("transform", video=[1, 2, 3, 4]), "video: got ids that are integers; expected strings"),
    (used("transform", history=[["a"], "abc", [], []]), "history: got 'abc'"),
    (used("transform", history=[["a"], 5, [], []]), "history: got 5"),
    (used("transform", history=[[1], [2], [], []]), "history: got ids that are integers; expected strings"),
    (
        lambda good: Features(ALL[:1]).fit(frame(seconds=[0, 1e-30, 2e-30, 3e-30])).transform(frame(seconds=1e20)),
        r"seconds: got a value of 1e\+20",
    ),
    (labelled({}), "tasks: got"),
    (labelled("click"), "tasks: got"),
    (labelled({"a name": "user"}), r"tasks: got labels that are features, too: \['user'\]"),
    (labelled({"like": "like"}), "frame: got no column 'like'"),
    (labelled({"click": "video"}), "video: got a column of"),
    (labelled(CLICK, {"click": np.inf}), "click: got 4 infinite"),
    (labelled(CLICK, {"video": ["a", None, "b", "c"]}, groups="video"), "groups 'video': got 1 missing"),
    (labelled(CLICK, weight="v"), "frame: got no column 'v'"),
    (labelled(CLICK, {"w": 0}, weight="w"), "weight 'w': got a sum of 0"),
    (labelled(CLICK, {"w": [1, np.nan, 1, 1]}, weight="w"), "weight 'w': got 1 NaN"),
    (labelled(CLICK, {"w": [-1, 1, 3, 3]}, weight="w"), r"weights\['click'\]: got a negative weight"),
    (lambda good: history(LOG.drop(columns="time"), "video", "liked"), "frame: got no column 'time'"),
    (past(time=[1, 2, None, 4, 5, 6]), "frame: got missing values"),
    (past(liked=[0, 1, 2, 0, 0, 0]), "liked: got 1 labels outside"),
    (past(liked="yes"), "liked: got a column of"),
]


@pytest.mark.parametrize(("call", "words"), WRONG)
def test_bad_columns_and_frames_are_named(call, words):
    with pytest.raises((ValueError, TypeError), match=f"^{words}.*(; expected|$)"):
        call(frame(history=LISTS, click=[1, 0, 1, 0]))


values = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=2) | st.lists(st.integers(), max_size=2)
)


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(st.lists(values, min_size=1, max_size=5))
def test_any_column_gives_rows_of_the_table_or_an_error_that_names_it(column):
    good = pd.DataFrame({"id": [1, 2], "number": [1.0, 2.0], "list": [[1], []]})
    features = Features([Dense("number"), Sparse("id"), Sequence("list", of="id", length=2)]).fit(good)
    for name in good:
        data = pd.DataFrame({"id": [1] * len(column), "number": 1.0, "list": [[1]] * len(column)})
        data[name] = pd.Series(column, dtype=object if name != "number" else None)
        try:
            inputs = features.transform(data)
        except (ValueError, TypeError) as error:
            assert str(error).startswith(f"{name}: got ") and "; expected " in str(error)
        else:
            assert torch.isfinite(inputs["dense"]).all()
            for ids in (inputs["sparse"], inputs["list"]):
                assert int(ids.min()) >= 0 and int(ids.max()) < features.tables[8]
