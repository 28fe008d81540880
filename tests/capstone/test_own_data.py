"""A table of the reader's own: reading, declaring, suggesting, and a split that never trains on the future."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.capstone import own_data
from helpers.capstone.own_data import Declaration, prepare, read, split, suggest
from helpers.data.features import Dense, Sequence, Sparse


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


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("ending", [".csv", ".csv.gz"])
def test_a_file_comes_back_as_it_was(frame, tmp_path, separator, ending):
    path = tmp_path / f"log{ending}"
    frame.to_csv(path, sep=separator, index=False)
    found = read(path)
    assert found["topic"].dtype == "category" and found["user_id"].dtype == np.int8
    pd.testing.assert_frame_equal(found.astype(frame.dtypes), frame)
    assert list(read(path, ["click", "video"]).columns) == ["video", "click"]


def test_memory_is_saved(frame, tmp_path):
    frame.to_csv(tmp_path / "log.csv", index=False)
    assert own_data.megabytes(read(tmp_path / "log.csv")) < own_data.megabytes(frame) / 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "without a row|cannot be read"),
        (b"a,b\n", "without a row below its header"),
        (b"\xff\xfe\x00a", "cannot be read"),
        (b'a,b\n"1,2\n3,4\n', "with 1 value in the line"),
        (b"a,b\n1,2,3\n4,5,6\n", "with 3 values in the line that begins with '1,2,3', and 2 names in its header"),
        pytest.param(
            b"a,b,c\n" + b"1,2,3\n" * 20_000 + b"7,8\n",
            "with 2 values in the line that begins with '7,8', and 3 names",
            id="far down",
        ),
        (b"a,b,a\n1,2,3\n", "with 'a' twice in its header; expected a name of its own"),
        (b"a, a\n1,2\n", "with 'a' twice in its header"),
        (b"7,0.5,x\n8,0.1,y\n", r"whose first line has numbers \(7, 0.5, x\); expected a header"),
        ("用户,点击\n1,0\n".encode("gbk"), "cannot be read .*expected a CSV file in UTF-8"),
    ],
)
def test_what_is_no_table_is_said_in_a_sentence(tmp_path, text, words):
    (tmp_path / "log.csv").write_bytes(text)
    with pytest.raises(ValueError, match=rf"path: got .*({words})"):
        read(tmp_path / "log.csv")


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(ValueError, match="which is a folder; expected a CSV file"):
        read(tmp_path)


def test_names_and_separators_as_people_write_them(tmp_path):
    texts = {
        "bom.csv": "\ufeffuser , click\n1,0\n2,1\n",
        "commas.csv": "user;age, in years, if known;click\n1;2;0\n3;4;1\n",
        "quotes.csv": 'user,"topic, or tag",click\n1,"a, ""b""",0\n2,"c;d\ne",1\n',
        "index.csv": ",user,click\n0,5,0\n1,5,1\n",
        "chinese.csv": "用户,点击\n1,0\n2,1\n",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    columns = {name: list(read(tmp_path / name).columns) for name in texts}
    assert columns["bom.csv"] == ["user", "click"] and columns["chinese.csv"] == ["用户", "点击"]
    assert columns["commas.csv"] == ["user", "age, in years, if known", "click"]
    assert columns["quotes.csv"] == ["user", "topic, or tag", "click"]
    assert read(tmp_path / "quotes.csv")["topic, or tag"].tolist() == ['a, "b"', "c;d\ne"]
    assert columns["index.csv"] == ["column 1", "user", "click"]
    assert read(tmp_path / "index.csv", ["user"])["user"].tolist() == [5, 5]


def test_true_and_false_are_labels_and_long_ids_are_words(tmp_path):
    long = [10**21 + k % 3 for k in range(12)]
    unsigned = [2**63 + k % 3 for k in range(12)]
    values = ["True", "", "False"] * 4
    pd.DataFrame({"long": long, "unsigned": unsigned, "click": values}).to_csv(tmp_path / "log.csv", index=False)
    found = read(tmp_path / "log.csv")
    assert found["click"].tolist()[::3] == [1.0] * 4 and found["click"].isna().sum() == 4
    assert found["long"].tolist() == [str(value) for value in long]
    assert found["unsigned"].tolist() == [str(value) for value in unsigned]


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        (["007", "7", "0007"], ["007", "7", "0007"]),  # three users
        (["1e5", "100000", "7"], ["1e5", "100000", "7"]),  # two videos
        (["+7", "7", ""], ["+7", "7", None]),
        (["NA", "DE", "null"], ["NA", "DE", "null"]),  # Namibia
        (["None", "nan", "x"], ["None", "nan", "x"]),
        (["1234567890123456789", "1234567890123456788", "NA"], ["1234567890123456789", "1234567890123456788", "NA"]),
        (["12", "NA", "null"], [12, None, None]),
        (["1e5", "0.5", "N/A"], [1e5, 0.5, None]),
        (["1e-05", "3", "4"], [1e-5, 3, 4]),
        (["00.5", "1.5", "2"], [0.5, 1.5, 2]),
        (["0", "-3", "10"], [0, -3, 10]),
        (["True", "NA", "False"], [1, None, 0]),
    ],
)
def test_no_value_becomes_another(tmp_path, texts, found):
    """Wherever in the file it stands: what a column is follows from all of its values."""
    rows = [texts[1]] * 10_001 + texts
    (tmp_path / "log.csv").write_text("id,click\n" + "".join(f"{text},1\n" for text in rows), encoding="utf-8")
    values = read(tmp_path / "log.csv")["id"].tolist()[-3:]
    assert [None if pd.isna(value) else value for value in values] == found


@settings(max_examples=60, deadline=None)
@given(st.lists(st.from_regex(r"[0-9+\-.eENA ]{0,5}", fullmatch=True), min_size=1, max_size=8))
def test_different_texts_stay_different_ids(tmp_path_factory, texts):
    """Two ids that look different are one only where both are decimals or the same number, as in 7 and 7.0."""
    path = tmp_path_factory.mktemp("any") / "log.csv"
    path.write_text("id,click\n" + "".join(f"{text},1\n" for text in texts), encoding="utf-8")
    values = read(path)["id"]
    ids = values.astype(object).where(values.notna(), "gap").tolist()
    if not any("." in text or "e-" in text.lower() for text in texts):
        whole = {text.strip() for text in texts} - {"", *own_data.MISSING}
        assert len(set(ids) - {"gap"}) >= len({text.replace("-0", "0") for text in whole})


@pytest.mark.parametrize(
    ("path", "error", "words"),
    [
        (None, TypeError, "path: got None; expected the path of a CSV file"),
        ("~nobody-of-that-name/x.csv", ValueError, "path: got '~nobody-of-that-name/x.csv' .*expected the path"),
        ("x" * 5_000, (ValueError, FileNotFoundError), "path: got 'xxx.*expected (the path of )?a CSV file"),
    ],
)
def test_what_is_no_path_is_named(path, error, words):
    with pytest.raises(error, match=words):
        read(path)


@pytest.mark.parametrize(
    "roles", [{"user": 0}, {"time": 0}, {"numbers": (3,)}, {"labels": {4: "binary"}}, {"lists": {5: "item"}}]
)
def test_a_name_that_is_no_text_is_refused_and_not_dropped(roles):
    with pytest.raises(TypeError, match=r"declaration: got the column|expected the name of one column, as text"):
        Declaration(**({"labels": {"click": "binary"}, "item": "item"} | roles))


def test_a_column_without_a_name_keeps_its_role():
    by_user = Declaration({"click": "binary"}, user="", item="item")
    by_time = Declaration({"click": "binary"}, item="item", time="")
    for own in (by_user, by_time):
        assert "" in own.columns() and eval(own.code(), {"Declaration": Declaration}) == own
    assert "" in by_user.features()


@pytest.mark.parametrize("rows", range(1, 6))
def test_few_rows_cannot_be_split_by_time(rows):
    frame = pd.DataFrame({"u": range(rows), "click": 0, "time": range(rows)})
    with pytest.raises(ValueError, match=f"time: got {rows} different times"):
        split(Declaration({"click": "binary"}, user="u", time="time"), frame)


@pytest.mark.parametrize("quote", ["user's age", 'the "topic"', "a\\b", "两个'引号\""])
def test_code_holds_any_name(quote):
    own = Declaration({quote: "binary", "b": "regression"}, user="u", numbers=(quote + "2",))
    assert eval(own.code(), {"Declaration": Declaration}) == own


def test_a_missing_file_names_its_neighbour(frame, tmp_path):
    frame.to_csv(tmp_path / "log.csv", index=False)
    with pytest.raises(FileNotFoundError, match=r"such as log\.csv in the same folder"):
        read(tmp_path / "logs.csv")
    with pytest.raises(FileNotFoundError, match="there is no file"):
        read(tmp_path / "nowhere" / "log.csv")
    with pytest.raises(ValueError, match=r"columns: got no column 'clik' \(is it 'click'\?\)"):
        read(tmp_path / "log.csv", ["clik"])


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_give_a_table_or_one_sentence(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("any") / "log.csv"
    path.write_bytes(text)
    try:
        assert len(read(path)) > 0
    except ValueError as error:
        assert str(error).startswith("path: got log.csv") and "expected" in str(error)


def test_a_declaration_gives_columns_roles_and_code(declaration):
    assert declaration.layout() == [Sparse("user_id"), Sparse("video"), Sparse("topic"), Dense("duration")]
    assert Declaration.of_roles(declaration.roles()) == declaration
    assert eval(declaration.code(), {"Declaration": Declaration}) == declaration
    with_list = Declaration({"click": "binary"}, item="video", lists={"seen": "video"})
    assert with_list.layout() == [Sparse("video"), Sequence("seen", of="video")]
    assert Declaration.of_roles(with_list.roles()) == with_list
    assert eval(with_list.code(), {"Declaration": Declaration}) == with_list


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"labels": {}, "user": "u"}, "labels: got {}"),
        ({"labels": {"click": "yes/no"}, "user": "u"}, r"labels\['click'\]: got 'yes/no'"),
        ({"labels": {"click": "binary"}}, "no feature"),
        ({"labels": {"click": "binary"}, "user": "u", "numbers": ("click",)}, "'click' in two roles"),
        ({"labels": {"click": "binary"}, "user": "u", "item": "u"}, "'u' in two roles"),
        ({"labels": {"click": "binary"}, "ids": ("i",), "lists": {"seen": "video"}}, r"lists\['seen'\]: got 'video'"),
    ],
)
def test_a_bad_declaration_is_named(arguments, words):
    with pytest.raises(ValueError, match=words):
        Declaration(**arguments)


def test_several_names_are_not_one_string():
    with pytest.raises(TypeError, match="numbers: got 'age'; expected several names"):
        Declaration({"click": "binary"}, numbers="age")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"numbers": None}, "numbers: got None; expected several names"),
        ({"lists": ("seen",)}, "lists: got .'seen',.; expected {column: id column}"),
        ({"user": ("u",)}, "user: got .'u',.; expected the name of one column"),
    ],
)
def test_arguments_of_another_type_are_named(arguments, words):
    with pytest.raises(TypeError, match=words):
        Declaration({"click": "binary"}, **({"user": "u"} | arguments))


def test_roles_of_a_form_that_make_no_declaration_are_named():
    with pytest.raises(ValueError, match="2 columns that are user"):
        Declaration.of_roles({"a": "user", "b": "user", "c": "binary label"})
    with pytest.raises(ValueError, match="the list 'seen' without an item"):
        Declaration.of_roles({"seen": "list", "a": "user", "c": "binary label"})
    with pytest.raises(ValueError, match="roles: got no label; expected at least two columns that are a binary label"):
        Declaration.of_roles({"a": "user", "b": "number"})


def test_what_looks_like_a_label_is_no_feature():
    rows = range(200)
    words = pd.DataFrame({"click": ["yes", "no"] * 100, "like": [-1, 1] * 100, "row": rows, "用户": [1, 2] * 100})
    found = suggest(words)["role"].to_dict()
    assert found == {"click": "leave out", "like": "leave out", "row": "leave out", "用户": "user"}


def test_suggestions_have_a_role_a_reason_and_an_example(frame):
    frame = frame.assign(
        one=1,
        watch_seconds=0.5,
        history=[" ".join(map(str, range(i % 4 + 1))) for i in range(len(frame))],
        date="2026-05-01",
        note=[f"text {i}" for i in range(len(frame))],
        author_id=frame["video"] % 7,
    )
    frame.loc[0, ["watch_seconds", "date"]] = [0.7, "2026-05-02"]
    found = suggest(frame)
    expected = {"user_id": "user", "video": "item", "topic": "id", "duration": "number", "click": "binary label"}
    expected |= {"like": "binary label", "time": "time", "one": "leave out", "watch_seconds": "leave out"}
    expected |= {"history": "list", "date": "leave out", "note": "leave out", "author_id": "id"}
    assert found["role"].to_dict() == expected
    assert set(found["role"]) <= set(own_data.ROLES) and found["reason"].str.len().between(6, 50).all()


def test_what_may_be_known_too_late_is_left_out():
    rows = range(100)
    frame = pd.DataFrame({"basket": [9.5 if k % 20 == 0 else 0 for k in rows], "age": [k % 7 for k in rows]})
    frame["stars"] = [5 - k % 3 if k % 20 == 0 else None for k in rows]
    frame["departure_time"], frame["time_hour"] = [None, *rows[1:]], [3 * k % 50 for k in rows]
    frame["seen"], frame["constant"] = [[k, k + 1] for k in rows], pd.Categorical(["x"] * 100)
    found = suggest(frame)
    expected = {
        "constant": "leave out",
        "basket": "leave out",
        "age": "number",
        "stars": "leave out",
        "departure_time": "leave out",
    }
    assert found["role"].to_dict() == expected | {"time_hour": "time", "seen": "list"}
    assert found.loc["basket", "reason"] == "mostly 0 or missing; measured afterwards?"


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
    return np.argsort(own_data.moments("time", pd.Series(dates)).to_numpy(), kind="stable").tolist()


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


@pytest.mark.parametrize(
    ("name", "values", "role", "reason"),
    [
        ("seen", [[1], [2, 3], None], "list", "lists; each of ids"),
        ("seen", [(1,), None, None], "list", "lists; each of ids"),
        ("seen", [None, np.array([1]), None], "list", "lists; each of ids"),
        ("x", [3, 3, None], "leave out", "one value only"),
        ("x", [None, None], "leave out", "one value only"),
        ("Date", ["2026-05-01", "2026-05-02"], "time", "its name, and dates as text"),
        ("Date", ["2026-05-01", "2026-05-02", None], "leave out", "a time with gaps orders no rows"),
        ("hist", ["1 2", "3 4 5", "6"], "list", "ids with spaces between them"),
        ("seq", ["a b", "a", "b c", None], "list", "ids with spaces between them"),
        ("list", ["1 2", "3", "1 2", "3"], "id", "2 different words"),
        ("list", ["1  2", "1  2", "3", "3"], "id", "2 different words"),
        ("wishlist", ["1 2", "3 4 5", "6"], "list", "ids with spaces between them"),
        ("tags", ["1 2", "3 4 5", "1 2", "3 4 5"], "id", "2 different words"),
        ("liked", ["Yes", "NO"], "leave out", "two words; a label must be 0 and 1"),
        ("liked", ["t", "f", None], "leave out", "two words; a label must be 0 and 1"),
        ("liked", ["yes", "no", "y", "y", "no", "yes"], "id", "3 different words"),
        ("liked", ["yes", "so", "yes", "so"], "id", "2 different words"),
        ("note", ["a", "b", "c", "c", "c"], "leave out", "text, different in 3 rows"),
        ("note", ["a", "b", "c", "c", "c", "c"], "id", "3 different words"),
        ("user", ["a", "b", "a", "b"], "user", "2 different words"),
        ("item_id", ["a", "b", "a", "b"], "item", "2 different words"),
        ("click", [0, 1], "binary label", "0 and 1; if known before the impression, an id"),
        ("click", [0.0, 1, None], "binary label", "0 and 1; if known before the impression, an id"),
        ("like", [-1, 1], "leave out", "−1 and 1; a label must be 0 and 1"),
        ("watch_time", [5, 7, 9.5], "leave out", "measured afterwards? a label, never a feature"),
        ("TIMESTAMP", [5, 9, 7], "time", "its name; numbers that may order the rows"),
        ("timestamp", [5, 9, None], "leave out", "a time with gaps orders no rows"),
        ("uid", [5, 9, 7], "user", "its name; 3 different whole numbers"),
        ("member_id", [5, 9, 9], "user", "its name; 2 different whole numbers"),
        ("PhotoID", [5, 9, 7], "item", "its name; 3 different whole numbers"),
        ("grid", [5, 9, 7], "id", "its name; 3 different whole numbers"),
        ("user_group", [5, 9, 7], "id", "its name; 3 different whole numbers"),
        ("author", [5, 9, 7], "id", "its name; 3 different whole numbers"),
        ("category", [5, 9, 7], "id", "its name; 3 different whole numbers"),
        ("zip code", [5, 9, 7], "id", "its name; 3 different whole numbers"),
        ("user_age", [5.5, 9, 7], "number", "numbers with decimals"),
        ("row", [7, 8, 9], "leave out", "the number of the row"),
        ("row", [9, 8, 7], "number", "whole numbers; if they are codes, an id"),
        ("row", [7, 8, None], "number", "whole numbers; if they are codes, an id"),
        ("row", [0.5, 1.5, 2.5], "number", "numbers with decimals"),
        ("spent", [0] * 9 + [2, 3] + [None] * 9, "number", "whole numbers; if they are codes, an id"),
        ("spent", [0] * 9 + [2, 3] + [None] * 10, "leave out", "mostly 0 or missing; measured afterwards?"),
        ("spent", [2] * 10 + [3] * 10, "number", "whole numbers; if they are codes, an id"),
    ],
)
def test_each_column_has_its_role_and_the_reason(name, values, role, reason):
    found = suggest(pd.DataFrame({name: values}))
    assert found.loc[name, ["role", "reason"]].tolist() == [role, reason]
    assert found.loc[name, "example"] == next((str(value) for value in pd.Series(values).dropna()), "")


def test_there_is_one_user_one_item_and_one_time():
    rows = pd.DataFrame({f"{name}{end}": [5, 9, 7] for name in ("user", "item") for end in ("", "_id", "id")})
    found = suggest(rows.assign(time=[3, 1, 2], date=[3, 1, 2]))
    assert found.index.name == "column" and found.columns.tolist() == ["role", "reason", "example"]
    assert found["role"].tolist() == ["user", "id", "id", "item", "id", "id", "time", "leave out"]
    assert found.loc[["user_id", "itemid", "date"], "reason"].tolist() == [
        "another user",
        "another item",
        "another time",
    ]


def test_code_reads_as_a_person_would_write_it():
    own = Declaration({"点击": "binary", "b": "regression"}, "u", ids=("a", "b2"), numbers=("c",), lists={"seen": "u"})
    lines = ["Declaration(", '    labels={"点击": "binary", "b": "regression"},', '    user="u",']
    lines += ['    ids=("a", "b2"),', '    numbers=("c",),', '    lists={"seen": "u"},', ")"]
    assert own.code() == "\n".join(lines) and own_data.literal(0.5) == "0.5"


def test_embeddings_have_the_width_that_is_asked_for(declaration):
    assert declaration.layout(3)[:2] == [Sparse("user_id", 3), Sparse("video", 3)]


def test_ids_of_lists_are_cut_as_their_column_has_them():
    assert own_data.cut("seen", ["-3 17", None, np.nan, (4, 5), np.array([6]), [], "8"], whole=True) == [
        [-3, 17], [], [], [4, 5], [6], [], [8]
    ]  # fmt: skip
    assert own_data.cut("seen", ["X Y", "3 -x", None, ["z"]], whole=False) == [["X", "Y"], ["3", "-x"], [], ["z"]]
    for text in ("X3", "3-", "3.5", "[3", "3,4"):
        with pytest.raises(ValueError, match=r"seen: got .* whole numbers with spaces between them"):
            own_data.cut("seen", [text], whole=True)
    for mark in "[](),'\"":
        with pytest.raises(ValueError, match=r"seen: got .* without brackets, commas or quotes"):
            own_data.cut("seen", [f"a{mark} b"], whole=False)


def test_a_column_that_is_not_there_has_at_most_one_neighbour(frame, tmp_path):
    frame.to_csv(tmp_path / "log.csv", index=False)
    for asked, hint in (("cl", r" \(is it 'click'\?\)"), ("zzz", "")):
        with pytest.raises(ValueError, match=rf"columns: got no column '{asked}'{hint}; expected columns of the file"):
            read(tmp_path / "log.csv", [asked])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda f: Declaration.of_roles({"a": "boss"}), "role of 'a': got 'boss'; expected one of 'user', 'item'"),
        (lambda f: Declaration.of_roles({"a": "user"}), "roles: got no label"),
        (
            lambda f: Declaration.of_roles({"a": "time", "b": "time"}),
            "roles: got 2 columns that are time; expected one",
        ),
        (
            lambda f: Declaration.of_roles({"a": "item", "b": "item"}),
            "roles: got 2 columns that are item; expected one",
        ),
        (lambda f: Declaration({"click": "binary"}, time="click", user="u"), "declaration: got 'click' in two roles"),
        (lambda f: Declaration({"click": "binary"}, time="t"), "declaration: got no feature; expected at least one"),
        (lambda f: suggest(f[:0]), "frame: got a table without rows"),
        (lambda f: prepare(Declaration({"click": "binary"}, "u"), f), "frame: got no column 'u'"),
        (
            lambda f: split(Declaration({"click": "binary"}, "video"), f, seed=-1),
            "seed: got -1; expected a whole number",
        ),
        (
            lambda f: split(Declaration({"click": "binary"}, "video"), f, seed=0.5),
            "seed: got 0.5; expected a whole number",
        ),
        (
            lambda f: own_data.moments("t", pd.Series([1, None, None])),
            "t: got 2 missing values; expected a time in each row",
        ),
        (
            lambda f: own_data.moments("t", pd.Series([None, "x"])),
            "t: got 'x'; expected numbers, or dates such as 2026-05-01 18",
        ),
        (
            lambda f: own_data.moments("t", pd.Series(["2026-05-01", None])),
            "t: got 1 missing values; expected a time in each row",
        ),
        (
            lambda f: own_data.moments("t", pd.Series(["02/05/2026"])),
            "t: got '02/05/2026': which is the day.; expected dates with the year first, such",
        ),
        (lambda f: own_data.moments("t", pd.Series(["12/05/2026"])), "t: got '12/05/2026': which is the day"),
        (
            lambda f: own_data.moments("t", pd.Series(["13/05/2026", "05/13/2026"])),
            "t: got '13/05/2026', and no rule for day and month fits all rows; expected dates with the year first",
        ),
    ],
)
def test_what_is_wrong_is_named(frame, call, words):
    with pytest.raises(ValueError, match=f"^{words}"):
        call(frame)


def test_dates_of_one_moment_are_one_number():
    for dates in (
        ["2026-05-01 18:30:00", "2026-05-01T19:30:00+01:00", "2026-05-01 18:30:01"],
        ["13.05.2026", "13-5-2026", "14/05/2026"],
        [" 5-13-2026", "05/13/2026", "05/14/2026"],
    ):
        one, two, later = own_data.moments("time", pd.Series(dates))
        assert one == two < later
    assert own_data.moments("time", pd.Series([3.5, 1])).tolist() == [3.5, 1]
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


def columns_of(text: bytes, path) -> list[str]:
    path.write_bytes(text)
    return list(read(path).columns)


def test_the_separator_is_the_one_that_fits_the_lines_below(tmp_path):
    path = tmp_path / "log.csv"
    assert columns_of(b"user;age, in years, if known, or not\n1;2\n", path) == [
        "user",
        "age, in years, if known, or not",
    ]
    assert columns_of(b"userXid\n5X7\n", path) == ["userXid"]
    assert columns_of(b"7,x\n1,2\n", path) == ["7", "x"]  # a name may be a number
    assert columns_of(b'user,"two\r\nlines"\r\n1,2\r\n', path) == ["user", "two\r\nlines"]


@pytest.mark.parametrize("rows", [0, 60_000], ids=["at once", "far down"])
def test_bytes_that_are_no_text_are_named_with_the_reason(tmp_path, rows):
    (tmp_path / "log.csv").write_bytes(b"a,b\n" + b"1,2\n" * rows + b"3,\xe7\n")
    reason = r"'utf-8' codec can't decode byte 0xe7 in position \d+: [a-z ]+"
    with pytest.raises(
        ValueError, match=rf"cannot be read \({reason}\); expected a CSV file in UTF-8 with a header\.$"
    ):
        read(tmp_path / "log.csv")


def test_a_line_that_does_not_fit_is_shown_by_its_first_thirty_characters(tmp_path):
    (tmp_path / "log.csv").write_text("a,b\n" + "x" * 40 + ",1,2\n", encoding="utf-8")
    with pytest.raises(ValueError, match=rf"begins with '{'x' * 30}', and 2 names"):
        read(tmp_path / "log.csv")


def test_a_missing_file_without_a_neighbour_has_no_hint(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"where there is no file; expected a CSV file\.$"):
        read(tmp_path / "log.csv")


@pytest.mark.parametrize(
    ("first", "then", "words"),
    [
        (["007"], "7", True),  # what is far above decides as well
        (["7", ""], "1234567890123456789", True),  # a gap here, digits that no float holds there
        (["7"], "1234567890123456789", False),
        (["1234567890123456789", ""], "7", True),
        (["7", ""], "8", False),
    ],
)
def test_a_column_is_what_all_its_parts_say(tmp_path, first, then, words):
    text = "id,click\n" + "".join(f"{value},1\n" for value in first + ["7"] * 10_000 + [then] * 2)
    (tmp_path / "log.csv").write_text(text, encoding="utf-8")
    values = read(tmp_path / "log.csv")["id"]
    assert pd.api.types.is_numeric_dtype(values.dtype) != words
    assert values.dropna().astype(str).iloc[0] == (first[0] if words or "" not in first else "7.0")


def test_words_that_repeat_are_kept_once_and_numbers_stay_numbers(tmp_path):
    for words, kept_once in (("aabbb", True), ("aabb", False)):
        text = "id,x\n" + "".join(f"{word},0.5\n" for word in words)
        (tmp_path / "log.csv").write_text(text, encoding="utf-8")
        found = read(tmp_path / "log.csv")
        assert (found["id"].dtype == "category") == kept_once and found["x"].dtype == float


def test_memory_counts_the_words():
    numbers = pd.DataFrame({"x": np.zeros(1_000_000)})
    assert own_data.megabytes(numbers) == numbers.memory_usage().sum() / 1e6
    assert own_data.megabytes(pd.DataFrame({"x": pd.Series(["word" * 1_000] * 500, dtype=object)})) > 2


def test_a_random_split_is_by_seed_0_unless_told_otherwise(frame, declaration):
    own = Declaration(declaration.labels, "user_id")
    assert split(own, frame).test.index.equals(split(own, frame, 0).test.index)
