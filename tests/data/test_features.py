import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.data.features import Dense, Features, Sequence, Sparse, history


def frame(**columns):
    return pd.DataFrame(
        {"user": [7, 3, 7, 9], "video": ["b", "a", "c", "a"], "seconds": [1.0, 2.0, 3.0, 6.0]} | columns
    )


def sparse(ids, train=(7, 3, 7, 9)):
    features = Features([Sparse("id")]).fit(pd.DataFrame({"id": train}))
    return features.transform(pd.DataFrame({"id": ids}))["sparse"][:, 0].tolist()


# Layout


def test_columns_of_one_width_share_a_table_and_others_do_not():
    features = Features([Sparse("user", 8), Sparse("tag", 4), Sparse("video", 8)]).fit(frame(tag=[1, 1, 2, 2]))
    # padding, then for each column missing, unknown and its 3 (tag: 2) known values
    assert features.tables == {8: 1 + 5 + 5, 4: 1 + 4}
    assert [(layout.name, layout.width, layout.offset, layout.rows) for layout in features.sparse] == [
        ("user", 8, 1, 5), ("tag", 4, 1, 4), ("video", 8, 6, 5)
    ]  # fmt: skip
    ids = features.transform(frame(tag=[1, 1, 2, 2]))["sparse"]
    assert ids.dtype == torch.int64
    assert ids.tolist() == [[4, 3, 9], [3, 3, 8], [4, 4, 10], [5, 4, 8]]


def test_missing_unknown_and_known_have_rows_of_their_own():
    assert sparse([7, 3, 9]) == [4, 3, 5]
    assert sparse([7, 8, None]) == [4, 2, 1]
    assert sparse(["b", "x", None, np.nan, "a"], train=["a", "b", None]) == [4, 2, 1, 1, 3]


def test_a_sequence_shares_vocabulary_and_table_and_keeps_the_last_ids():
    history = [["a", "b", "c"], [], ["c"], None]
    features = Features([Sparse("user"), Sparse("video"), Sequence("history", of="video", length=2)])
    inputs = features.fit(frame(history=history)).transform(frame(history=history))
    a, b, c = 8, 9, 10
    assert inputs["history"].tolist() == [[b, c], [0, 0], [c, 0], [0, 0]]
    assert inputs["sparse"][:, 1].tolist() == [b, a, c, a]
    (layout,) = features.sequences
    assert (layout.of, layout.width, layout.length, layout.padding) == ("video", 8, 2, 0)
    other = features.transform(frame(history=[["new", None], ("a",), np.array(["b", "c", "a"]), np.nan]))["history"]
    assert other.tolist() == [[7, 6], [a, 0], [c, a], [0, 0]]


def test_integer_sequences_with_gaps_stay_exact():
    big = 2**60
    train = pd.DataFrame({"id": [big, big + 1]}).assign(history=[[big + 1, None, big], np.array([big + 1])])
    inputs = Features([Sparse("id"), Sequence("history", of="id", length=3)]).fit(train).transform(train)
    assert inputs["history"].tolist() == [[4, 1, 3], [4, 0, 0]]


# Ids


def test_the_same_ids_in_other_types_are_the_same():
    for dtype in ["int8", "int32", "uint64", "Int64", "float32", "float64", "Float64", object, "category"]:
        assert sparse(pd.Series([9, 3, 8]).astype(dtype)) == [5, 3, 2]
    for dtype in [object, "string", "category"]:
        assert sparse(pd.Series(["b", "z"]).astype(dtype), train=["a", "b"]) == [4, 2]
    assert sparse([True, False], train=[False, True]) == [4, 3] == sparse([1, 0], train=[False, True])


@settings(max_examples=60, deadline=None)
@given(
    train=st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=20),
    test=st.lists(st.integers(-(2**63), 2**63 - 1) | st.none(), min_size=1, max_size=20),
)
def test_rows_are_those_of_a_dictionary(train, test):
    known = {value: 3 + k for k, value in enumerate(sorted(set(train)))}
    expected = [1 if value is None else known.get(value, 2) for value in test]
    assert sparse(pd.Series(test, dtype=object), train=train) == expected


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.integers(0, 5), max_size=6) | st.none(), min_size=1, max_size=8), st.integers(1, 4))
def test_sequences_are_cut_and_padded_as_by_hand(lists, length):
    table = pd.DataFrame({"id": [0, 1, 2, 3] * len(lists)})[: len(lists) * 4]
    features = Features([Sparse("id"), Sequence("history", of="id", length=length)])
    features.fit(table.assign(history=[[]] * len(table)))
    data = pd.DataFrame({"id": [0] * len(lists)})
    data["history"] = pd.Series(lists, dtype=object)
    for got, ids in zip(features.transform(data)["history"].tolist(), lists, strict=True):
        rows = [3 + i if i < 4 else 2 for i in (ids or [])][-length:]
        assert got == rows + [0] * (length - len(rows))


# Dense


def test_dense_columns_are_standardised_by_the_training_rows():
    features = Features([Dense("seconds"), Dense("flag")]).fit(frame(flag=[True, False, False, True]))
    dense = features.transform(frame(flag=[True, True, False, False]))["dense"]
    assert dense.dtype == torch.float32 and features.dense == ["seconds", "flag"]
    assert torch.allclose(dense[:, 0].mean(), torch.tensor(0.0), atol=1e-6)
    assert torch.allclose(dense[:, 0].std(correction=0), torch.tensor(1.0))
    assert dense[:, 1].tolist() == [1, 1, -1, -1]
    other = features.transform(frame(seconds=[3.0, 3 + np.sqrt(3.5), 3.0, 3.0], flag=True))["dense"][:, 0]
    assert other.tolist() == pytest.approx([0, 1, 0, 0])


def test_missing_numbers_become_the_mean_and_an_indicator_where_fit_saw_them():
    train = frame(seconds=[1.0, np.nan, 3.0, np.nan], age=[1, 2, 3, 4])
    features = Features([Dense("seconds"), Dense("age")]).fit(train)
    assert features.dense == ["seconds", "age", "seconds missing"]
    dense = features.transform(train.assign(age=[np.nan, 2, 3, 4]))["dense"]
    assert dense[:, 0].tolist() == [-1, 0, 1, 0] and dense[:, 2].tolist() == [0, 1, 0, 1] and dense[0, 1] == 0
    nullable = features.transform(train.assign(seconds=pd.array([1, None, 3, None], dtype="Int64")))["dense"]
    assert torch.equal(nullable[:, [0, 2]], dense[:, [0, 2]])


def test_a_constant_column_is_zero():
    for value in (5, 0.1):
        features = Features([Dense("seconds")]).fit(frame(seconds=value))
        assert features.transform(frame(seconds=[value, value, value, value + 2]))["dense"][:, 0].tolist() == (
            pytest.approx([0, 0, 0, 2], abs=1e-6)
        )


def test_large_numbers_are_standardised_before_they_become_float32():
    seconds = 1.7e9 + np.array([0.0, 1.0, 2.0, 3.0])  # timestamps, 128 apart in float32
    features = Features([Dense("seconds")]).fit(frame(seconds=seconds))
    assert len(set(features.transform(frame(seconds=seconds))["dense"][:, 0].tolist())) == 4


# Examples


def test_examples_have_labels_masks_and_groups():
    data = frame(click=[1, 0, 1, 0], watch=[3.5, np.nan, 2.0, np.nan])
    features = Features([Sparse("user")]).fit(data)
    examples = features.examples(data, {"click": "click", "seconds watched": "watch"}, groups="user")
    assert examples.labels["click"].tolist() == [1, 0, 1, 0] and "click" not in examples.masks
    assert examples.masks["seconds watched"].tolist() == [True, False, True, False]
    assert examples.labels["seconds watched"][[0, 2]].tolist() == [3.5, 2.0]
    assert examples.groups.tolist() == [0, 1, 0, 2]
    assert features.examples(data, {"click": "click"}).groups is None


# Histories


def log():
    columns = {"user": [1, 2, 1, 1, 2, 1], "time": [10, 10, 20, 20, 30, 30], "video": list("abcdef")}
    return pd.DataFrame(columns | {"liked": [1, 0, 1, 1, 1, 0]})


def test_a_history_holds_what_was_liked_strictly_before():
    assert [list(past) for past in history(log(), "video", "liked")] == [[], [], ["a"], ["a"], [], ["a", "c", "d"]]
    assert [list(past) for past in history(log(), "video", "liked", length=2)][-1] == ["c", "d"]


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 4), st.booleans()), min_size=1, max_size=25), st.integers(1, 4)
)
def test_histories_are_those_of_a_loop(rows, length):
    table = pd.DataFrame(rows, columns=["user", "time", "liked"]).assign(video=range(len(rows)))
    table.index = table.index[::-1]
    for past, row in zip(history(table, "video", "liked", length=length), table.itertuples(), strict=True):
        before = table[(table["user"] == row.user) & (table["time"] < row.time) & table["liked"]]
        assert list(past) == before.sort_values("time", kind="stable")["video"].tolist()[-length:]


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda f: f[:0], "frame: got a table without rows"),
        (lambda f: f.drop(columns="time"), "frame: got no column 'time'"),
        (lambda f: f.assign(time=[1, 2, None, 4, 5, 6]), "frame: got missing values"),
        (lambda f: f.assign(liked=[0, 1, 2, 0, 0, 0]), "liked: got 1 labels outside"),
        (lambda f: f.assign(liked=[0, 1, np.nan, 0, 0, 0]), "liked: got 1 NaN"),
        (lambda f: f.assign(liked="yes"), "liked: got a column of"),
    ],
)
def test_bad_logs_are_named(change, message):
    with pytest.raises((ValueError, TypeError), match=f"^{message}.*; expected"):
        history(change(log()), "video", "liked")


# Bad input


@pytest.mark.parametrize(
    "columns, message",
    [
        ([], "columns: got names"),
        ([Sparse("a"), Dense("a")], "columns: got names"),
        (["user"], "columns: got 'user'"),
        ([Sparse("a", width=0)], "width of 'a': got 0"),
        ([Sparse("a", width=2.5)], "width of 'a': got 2.5"),
        ([Sparse("a"), Sequence("h", of="a", length=0)], "length of 'h': got 0"),
        ([Dense("a"), Sequence("h", of="a")], "of of 'h': got 'a'"),
        ([Sparse("a"), Sequence("sparse", of="a")], "columns: got a sequence named 'sparse'"),
    ],
)
def test_bad_columns_are_named(columns, message):
    with pytest.raises((ValueError, TypeError), match=f"^{message}.*; expected"):
        Features(columns)


ALL = [Dense("seconds"), Sparse("user"), Sparse("video"), Sequence("history", of="video")]
LISTS = [["a"], [], ["b"], None]


@pytest.mark.parametrize("call", ["fit", "transform"])
@pytest.mark.parametrize(
    "change, message",
    [
        (lambda f: f[:0], "frame: got a table without rows"),
        (lambda f: f.drop(columns="user"), "frame: got no column 'user'"),
        (lambda f: f.to_dict(), "frame: got dict"),
        (lambda f: pd.concat([f, f[["user"]]], axis=1), "frame: got a column name twice"),
        (lambda f: f.assign(seconds="long"), "seconds: got a column of"),
        (lambda f: f.assign(seconds=np.inf), "seconds: got 4 infinite values"),
        (lambda f: f.assign(seconds=pd.Timestamp("2024-01-01")), "seconds: got a column of datetime64"),
        (lambda f: f.assign(user=[1.5, 2, 3, 4]), "user: got float64 with fractions"),
        (lambda f: f.assign(user=[2.0**53, 2, 3, 4]), "user: got float64 with fractions or beyond"),
        (lambda f: f.assign(user=[np.inf, 2, 3, 4]), "user: got float64 with fractions or beyond"),
        (lambda f: f.assign(user=np.array([2**24, 2, 3, 4], dtype=np.float32)), "user: got float32 with fractions"),
        (lambda f: f.assign(user=np.array([2**63, 2, 3, 4], dtype=np.uint64)), "user: got ids from 2 to 92233"),
        (lambda f: f.assign(user=pd.Series([2**70, 2, 3, 4], dtype=object)), "user: got ids from 2 to 11805"),
        (lambda f: f.assign(user=pd.Series([1, "b", 3, 4], dtype=object)), "user: got mixed-integer values"),
        (lambda f: f.assign(user=pd.Timestamp("2024-01-01")), "user: got datetime64 values"),
        (lambda f: f.assign(video=[[1], [2], [3], [4]]), "video: got mixed values"),
    ],
)
def test_bad_frames_are_named(call, change, message):
    good = frame(history=LISTS)
    features = Features(ALL).fit(good)
    with pytest.raises((ValueError, TypeError), match=f"^{message}.*; expected"):
        getattr(features, call)(change(good))


@pytest.mark.parametrize(
    "change, message",
    [
        ({"user": ["a", "b", "c", "d"]}, "user: got ids that are strings; expected integers"),
        ({"video": [1, 2, 3, 4]}, "video: got ids that are integers; expected strings"),
        ({"history": [["a"], "abc", [], []]}, "history: got 'abc'"),
        ({"history": [["a"], 5, [], []]}, "history: got 5"),
        ({"history": [[1], [2], [], []]}, "history: got ids that are integers; expected strings"),
    ],
)
def test_ids_of_another_kind_than_in_fit_are_named(change, message):
    features = Features(ALL).fit(frame(history=LISTS))
    with pytest.raises((ValueError, TypeError), match=f"^{message}"):
        features.transform(frame(history=LISTS).assign(**change))


def test_numbers_far_beyond_those_of_fit_are_named():
    features = Features([Dense("seconds")]).fit(frame(seconds=[0, 1e-30, 2e-30, 3e-30]))
    with pytest.raises(ValueError, match=r"^seconds: got a value of 1e\+20"):
        features.transform(frame(seconds=[0, 1e20, np.nan, 0]))


@pytest.mark.parametrize("leak", ["seconds", "user", "video", "history"])
def test_a_label_that_the_model_would_read_is_named(leak):
    data = frame(history=LISTS, click=[1, 0, 1, 0])
    features = Features(ALL).fit(data)
    with pytest.raises(ValueError, match=rf"^tasks: got labels that are features, too: \['{leak}'\]; expected"):
        features.examples(data, {"click": "click", "leak": leak}, groups="user")


CLICKS = {"click": "click"}


@pytest.mark.parametrize(
    ("change", "tasks", "groups", "words"),
    [
        ({}, {}, None, "tasks: got .*; expected {task: column of its label}, at least one"),
        ({}, "click", None, "tasks: got .*; expected {task: column of its label}, at least one"),
        ({}, {"like": "like"}, None, "frame: got no column 'like'"),
        ({}, {"click": "video"}, None, "video: got a column of"),
        ({"click": np.inf}, CLICKS, None, "click: got 4 infinite"),
        ({"video": ["a", None, "b", "c"]}, CLICKS, "video", "groups 'video': got 1 missing"),
    ],
)
def test_bad_labels_and_groups_are_named(change, tasks, groups, words):
    data = frame(click=[1, 0, 1, 0])
    features = Features([Sparse("user")]).fit(data)
    with pytest.raises((TypeError, ValueError), match=f"^{words}"):
        features.examples(data.assign(**change), tasks, groups=groups)


values = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=2) | st.lists(st.integers(), max_size=2)
)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
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


def test_weights_have_a_mean_of_one_and_count_for_every_task():
    frame = pd.DataFrame({"x": [1.0, 2, 3], "a": [0, 1, 0], "b": [1, 1, 0], "w": [0, 2, 4]})
    features = Features([Dense("x")]).fit(frame)
    examples = features.examples(frame, {"a": "a", "b": "b"}, weight="w")
    assert {task: weights.tolist() for task, weights in examples.weights.items()} == {"a": [0, 1, 2], "b": [0, 1, 2]}
    assert features.examples(frame, {"a": "a"}, groups="w", weight="w").groups.tolist() == [0, 1, 2]
    assert features.examples(frame, {"a": "a"}).weights == {}
    for w, words in (
        ([0, 0, 0], "weight 'w': got a sum of 0"),
        ([1, np.nan, 1], "weight 'w': got 1 NaN"),
        ([-1, 1, 3], "negative weight"),
    ):
        with pytest.raises(ValueError, match=words):
            features.examples(frame.assign(w=w), {"a": "a"}, weight="w")
    with pytest.raises(ValueError, match="no column 'v'"):
        features.examples(frame, {"a": "a"}, weight="v")
