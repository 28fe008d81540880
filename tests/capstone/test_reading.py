"""Reading a CSV file: no value changes its meaning, and whatever is wrong is said in one sentence."""

import bz2
import importlib.util
import io
import lzma
import pickle
import sys
import zipfile
from types import ModuleType, SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.capstone.reading import MISSING, megabytes, read


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
    assert megabytes(read(tmp_path / "log.csv")) < megabytes(frame) / 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "without a row|cannot be read"),
        (b"a,b\n", "without a row below its header"),
        (b"\xff\xfe\x00a", "without a row below its header"),
        (b'a,b\n"1,2\n3,4\n', "with 1 value in the line"),
        (b"a,b\n1,2\n3,4\nTotal,\n", "log.csv, whose last line, 'Total,', seems to sum up the others; expected a file"),
        (b"a,b\n1,2,3\n4,5,6\n", "with 3 values in the line that begins with '1,2,3', and 2 names in its header"),
        pytest.param(
            b"a,b,c\n" + b"1,2,3\n" * 20_000 + b"7,8\n",
            "with 2 values in the line that begins with '7,8', and 3 names",
            id="far down",
        ),
        (b"a,b,a\n1,2,3\n", "with 'a' twice in its header; expected a name of its own"),
        (b"a, a\n1,2\n", "with 'a' twice in its header"),
        (b"7,0.5,x\n8,0.1,y\n", r"whose first line looks like data \(7, 0.5, x\); expected a header"),
        ("用户,点击\n1,0\n".encode("gbk"), 'cannot be read .*, or its encoding, such as encoding="latin-1"'),
        (b"# made by an export, daily\n# rows may repeat\na,b,c\n1,2,3\n", "begins with comments; expected its header"),
        (b"# made by an export\na,b\n1,2\n", "expected its header first: take out the lines that begin with #"),
        (b'{"a": 1, "b": 2}\n', "which begins like JSON; expected a name that ends in .jsonl"),
    ],
)
def test_what_is_no_table_is_said_in_a_sentence(tmp_path, text, words):
    (tmp_path / "log.csv").write_bytes(text)
    with pytest.raises(ValueError, match=rf"path: got .*({words})"):
        read(tmp_path / "log.csv")


def test_names_and_separators_as_people_write_them(tmp_path):
    texts = {
        "bom.csv": "\ufeffuser , click\n1,0\n2,1\n",
        "commas.csv": "user;age, in years, if known;click\n1;2;0\n3;4;1\n",
        "sign.csv": "#user,click\n1,0\n2,1\n",
        "quotes.csv": 'user,"topic, or tag",click\n1,"a, ""b""",0\n2,"c;d\ne",1\n',
        "index.csv": ",user,click\n0,5,0\n1,5,1\n",
        "chinese.csv": "用户,点击\n1,0\n2,1\n",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    columns = {name: list(read(tmp_path / name).columns) for name in texts}
    assert columns["sign.csv"] == ["#user", "click"]
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


@pytest.mark.slow
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
        (["4.1", "-", "?"], [4.1, None, None]),
        (["-", "?", "yes"], ["-", "?", "yes"]),
        (["yes", "\\N", "no"], ["yes", None, "no"]),  # of Hive and MySQL
        (["7", "\\N", "12"], [7, None, 12]),
    ],
)
def test_no_value_becomes_another(tmp_path, texts, found):
    """Wherever in the file it stands: what a column is follows from all of its values."""
    rows = [texts[1]] * 10_001 + texts
    (tmp_path / "log.csv").write_text("id,click\n" + "".join(f"{text},1\n" for text in rows), encoding="utf-8")
    values = read(tmp_path / "log.csv")["id"].tolist()[-3:]
    assert [None if pd.isna(value) else value for value in values] == found


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.lists(st.from_regex(r"[0-9+\-.eENA ]{0,5}", fullmatch=True), min_size=1, max_size=8))
def test_different_texts_stay_different_ids(tmp_path_factory, texts):
    """Two ids that look different are one only where both are decimals or the same number, as in 7 and 7.0."""
    path = tmp_path_factory.mktemp("any") / "log.csv"
    path.write_text("id,click\n" + "".join(f"{text},1\n" for text in texts), encoding="utf-8")
    values = read(path)["id"]
    ids = values.astype(object).where(values.notna(), "gap").tolist()
    if not any("." in text or "e-" in text.lower() for text in texts):
        whole = {text.strip() for text in texts} - {"", *MISSING}
        assert len(set(ids) - {"gap"}) >= len({text.replace("-0", "0") for text in whole})


@pytest.mark.parametrize(
    ("path", "error", "words"),
    [
        (None, TypeError, "path: got None; expected the path of a CSV file"),
        ("~nobody-of-that-name/x.csv", FileNotFoundError, "path: got '~nobody-of-that-name/x.csv', where there is no"),
        ("x" * 5_000, FileNotFoundError, "path: got 'xxx.*expected a CSV file"),
    ],
)
def test_what_is_no_path_is_named(path, error, words):
    with pytest.raises(error, match=words):
        read(path)


def test_a_missing_file_names_its_neighbour(frame, tmp_path):
    frame.to_csv(tmp_path / "log.csv", index=False)
    with pytest.raises(FileNotFoundError, match=r"where there is no file \(is it 'log\.csv'\?\)"):
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


@pytest.mark.slow
@pytest.mark.parametrize("rows", [0, 60_000], ids=["at once", "far down"])
def test_bytes_that_are_no_text_are_named_with_the_reason(tmp_path, rows):
    (tmp_path / "log.csv").write_bytes(b"a,b\n" + b"1,2\n" * rows + b"3,\xe7\n")
    reason = r"'utf-8' codec can't decode byte 0xe7 in position \d+: [a-z ]+"
    with pytest.raises(
        ValueError, match=rf"cannot be read \({reason}\); expected a CSV file in UTF-8 with a header, or its encoding"
    ):
        read(tmp_path / "log.csv")


# --- without a header, or with one that looks like data ---------------------------------------------------------------


def written(tmp_path, text):
    (tmp_path / "log.csv").write_text(text, encoding="utf-8")
    return tmp_path / "log.csv"


@pytest.mark.parametrize(
    "text",
    [
        "click,101,121,122\n1,x,y,z\n0,x,y,z\n",  # a name over numbers
        "user,2024,like\nann,1,x\nbob,3,y\n",
        "a,101,102\n,7,8\n5,7,8\n",
        "user,name\nu1,ann\n",
    ],
)
def test_a_header_is_known_by_a_name_over_numbers(tmp_path, text):
    assert ",".join(read(written(tmp_path, text)).columns) == text.partition("\n")[0]


@pytest.mark.parametrize(
    "text",
    [
        "7,0.5,3\n8,0.1,4\n",
        "ann,0,0\nbob,1,0\n",  # a number twice
        "ann,,7,8,9\nbob,1,0,1,1\n",  # nothing is no name
        "ann,NA,7,8,9\nbob,1,0,1,1\n",
    ],
)
def test_a_first_line_of_data_is_no_header(tmp_path, text):
    path = written(tmp_path, text)
    with pytest.raises(
        ValueError, match=r"path: got log.csv, whose first line looks like data .*names=\[…\]; or header=T"
    ):
        read(path)
    count = text.partition("\n")[0].count(",") + 1
    frame, names = read(path, header=False), [f"c{k}" for k in range(count)]
    assert list(frame.columns) == [f"column {k}" for k in range(1, count + 1)] and len(frame) == 2
    pd.testing.assert_frame_equal(read(path, names=names), frame.set_axis(names, axis=1))
    assert list(read(path, columns=["c1"], names=names).columns) == ["c1"]
    instead = read(path, header=True, names=names)
    assert list(instead.columns) == names and len(instead) == 1


def test_how_it_was_read_is_kept(tmp_path):
    path = written(tmp_path, "a,b\n1,2\n3,4\n")
    assert read(path).attrs["read"] == {}
    assert read(path, header=False).attrs["read"] == {"header": False}
    assert read(path, names=("x", "y"), header=True).attrs["read"] == {"header": True, "names": ["x", "y"]}


@pytest.mark.parametrize("names", [["x"], ["x", "y", "z"], "xy"])
def test_there_is_a_name_for_each_column(tmp_path, names):
    with pytest.raises(ValueError, match=r"names: got .*; expected 2 names, one for each column"):
        read(written(tmp_path, "a,b\n1,2\n"), names=names)


# --- Parquet ----------------------------------------------------------------------------------------------------------


class Batch(pd.DataFrame):
    """A batch of pyarrow, as far as it is used."""

    def to_pandas(self) -> pd.DataFrame:
        return pd.DataFrame(self)


class Pretended:
    """In place of pyarrow, which is in an extra: the same calls, over a pickled table, a thousand rows a batch."""

    def __init__(self, path):
        try:
            self.frame = pd.read_pickle(path)
        except pickle.UnpicklingError as error:
            raise ValueError("no magic bytes") from error  # of pyarrow it is a ValueError, too
        self.schema_arrow = SimpleNamespace(names=list(self.frame.columns))

    def iter_batches(self, columns):
        return (Batch(self.frame[columns][start : start + 1_000]) for start in range(0, len(self.frame), 1_000))


HERE = importlib.util.find_spec("pyarrow") is not None


@pytest.fixture(params=["pretended", *(["pyarrow"] if HERE else [])])
def write(request, monkeypatch, tmp_path):
    """Writes a table as log.parquet, and lets `read` find what reads it."""

    def by_name(frame: pd.DataFrame):
        (frame.to_pickle if request.param == "pretended" else frame.to_parquet)(tmp_path / "log.parquet")
        return tmp_path / "log.parquet"

    if request.param == "pretended":
        monkeypatch.setitem(sys.modules, "pyarrow", ModuleType("pyarrow"))
        monkeypatch.setitem(sys.modules, "pyarrow.parquet", SimpleNamespace(ParquetFile=Pretended))
    return by_name


def test_a_parquet_file_is_read_as_it_is(write):
    frame = pd.DataFrame({"user": ["007", "1e5", "007", None], "x": [0.5, np.nan, 2, 3], "n": [300, 2, 3, 4]})
    frame["when"] = pd.to_datetime(["2026-05-01", "2026-05-02", "2026-05-03", "2026-05-04"])
    frame["seen"], frame["known"] = [["a", "b"], [], ["c"], ["a"]], [True, False, True, True]
    found = read(path := write(frame))
    assert found["user"].tolist()[:3] == ["007", "1e5", "007"] and found["user"].isna().tolist() == [False] * 3 + [True]
    pd.testing.assert_series_equal(found["x"], frame["x"])
    assert found["known"].tolist() == [1, 0, 1, 1] and found["known"].dtype == np.int8
    assert found["n"].tolist() == [300, 2, 3, 4] and found["n"].dtype == np.int16
    assert found["when"].tolist() == frame["when"].tolist() and list(map(list, found["seen"])) == frame["seen"].tolist()
    assert list(read(path, ["x", "user"]).columns) == ["x", "user"] and found.attrs["read"] == {}


@pytest.mark.parametrize("words", [True, False])
def test_whole_users_are_sampled_at_the_rate(write, words):
    rng = np.random.default_rng(0)
    user = rng.integers(0, 3_000, 9_000)
    frame = pd.DataFrame({"user": [f"u{u}" for u in user] if words else user, "x": np.arange(9_000)})
    path, users, kept = write(frame), frame["user"].nunique(), {}
    for share in (0.1, 0.3):
        found = read(path, ["x"], share=share, by="user")
        kept[share] = set(frame["user"][found["x"]])
        assert list(found.columns) == ["x"] and found["x"].is_monotonic_increasing
        assert frame["user"].isin(kept[share]).sum() == len(found)  # all rows of each
        assert len(kept[share]) / users == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / users))
        assert found.attrs["read"] == {"share": share, "by": "user"}
    assert kept[0.1] < kept[0.3]


def test_what_is_wrong_with_a_parquet_file_is_named(write, tmp_path, monkeypatch):
    path = write(pd.DataFrame({"user": [1, 2], "x": [1, 2]}))
    for options, words in (
        ({"columns": ["userr"]}, r"columns: got no column 'userr' \(is it 'user'\?\)"),
        ({"share": 0.5, "by": "uzer"}, "columns: got no column 'uzer'"),
        ({"share": 0.5}, "by: got None with a share of 0.5; expected the column that is the user"),
        ({"share": 1.5}, "share: got 1.5; expected a number"),
        ({"share": 0.0, "by": "user"}, "without a row .*; expected a table with rows, or a larger share"),
        ({"header": True}, "header, names: got one of them for log.parquet; expected neither"),
    ):
        with pytest.raises(ValueError, match=words):
            read(path, **options)
    (tmp_path / "bad.parquet").write_bytes(b"no table")
    with pytest.raises(ValueError, match=r"path: got bad.parquet, which cannot be read .*; expected a Parquet file"):
        read(tmp_path / "bad.parquet")
    (tmp_path / "log.csv").write_text("user,x\n1,2\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"share, by: got 0\.5 of 'user' for log\.csv; expected a Parquet file"):
        read(tmp_path / "log.csv", share=0.5, by="user")
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(ValueError, match=r"no package here reads Parquet; expected `\S+ -m pip install pyarrow`"):
        read(path)


def packed(kind: str, text: bytes) -> bytes:
    if kind == "zip":
        with zipfile.ZipFile(content := io.BytesIO(), "w") as file:
            file.writestr("log.csv", text)
        return content.getvalue()
    return {"bz2": bz2.compress, "xz": lzma.compress}[kind](text)


@pytest.mark.parametrize("kind", ["zip", "bz2", "xz"])
def test_a_packed_file_is_read_as_it_is(frame, tmp_path, kind):
    frame.to_csv(tmp_path / "log.csv", index=False)
    (tmp_path / f"log.csv.{kind}").write_bytes(packed(kind, (tmp_path / "log.csv").read_bytes()))
    pd.testing.assert_frame_equal(read(tmp_path / f"log.csv.{kind}"), read(tmp_path / "log.csv"))
    (tmp_path / f"broken.{kind}").write_bytes(b"a,b")
    with pytest.raises(ValueError, match="cannot be read"):
        read(tmp_path / f"broken.{kind}")


def test_other_encodings_are_read_where_the_file_or_the_reader_says_so(tmp_path):
    text, path = "city,click\nZürich,1\nGenève,0\n", tmp_path / "log.csv"
    for written, said in (("utf-16", None), ("utf-8-sig", None), ("latin-1", "latin-1")):
        path.write_bytes(text.encode(written))
        found = read(path, encoding=said)
        assert found["city"].tolist() == ["Zürich", "Genève"] and found["click"].tolist() == [1, 0]
    assert found.attrs["read"] == {"encoding": "latin-1"}  # the code to do it again has it
    path.write_bytes(text.encode("utf-8-sig"))
    with pytest.raises(ValueError, match="encoding: got 'cp1252' for a file that begins with the mark of UTF-8"):
        read(path, encoding="cp1252")


def test_objects_in_lines_are_rows(frame, tmp_path):
    frame = frame.assign(known=frame["click"] > 0, gaps=(frame["like"] > 0).where(frame["time"] > 9))
    frame.to_json(tmp_path / "log.jsonl", orient="records", lines=True)
    frame.to_csv(tmp_path / "log.csv", index=False)
    found, expected = read(tmp_path / "log.jsonl"), read(tmp_path / "log.csv")
    pd.testing.assert_frame_equal(found, expected, check_exact=False, rtol=1e-9)
    frame.to_json(tmp_path / "log.jsonl.gz", orient="records", lines=True)
    pd.testing.assert_frame_equal(read(tmp_path / "log.jsonl.gz", ["click", "known"]), found[["click", "known"]])
    (tmp_path / "no.jsonl").write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match=r"cannot be read .*expected a JSON object in each line"):
        read(tmp_path / "no.jsonl")


def test_a_spreadsheet_has_a_cure(tmp_path):
    (tmp_path / "log.xlsx").write_bytes(b"PK")
    with pytest.raises(ValueError, match=r"path: got log.xlsx; expected a CSV file \(of a spreadsheet: Save as"):
        read(tmp_path / "log.xlsx")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["1,5", "-2,25", "3"], [1.5, -2.25, 3.0]),
        (["1,5", "", "0,25"], [1.5, None, 0.25]),
        (["1,500", "2,25"], [1.5, 2.25]),
        (["1,500", "2,250"], None),  # a thousand and a half, or one and a half?
        (["1.234,5", "2,5"], None),
        (["2.480", "372"], None),  # as in the next row of prices, 1.021.300
        (["2.480", "0", "0.372"], [2.48, 0.0, 0.372]),
        (["1,5", "a"], None),
        (["1 234,56", "977,3", "-12 500 000"], [1234.56, 977.3, -12_500_000]),
        (["1\u00a0234", "1\u202f000\u202f000", "7"], [1234, 1_000_000, 7]),
        (["101 102", "103", "104 105 106"], None),  # ids that a user saw
        (["1 234,5", "12 34"], None),
    ],
)
def test_decimal_commas_are_numbers_where_nothing_else_is_in_the_column(tmp_path, values, expected):
    path = tmp_path / "log.csv"
    path.write_text("x;y\n" + "".join(f"{value};1\n" for value in values), encoding="utf-8")
    found = [None if pd.isna(value) else value for value in read(path)["x"]]
    assert found == (values if expected is None else expected)
