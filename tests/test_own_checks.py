"""What may be wrong with a table: each mistake meets a sentence that helps, and all of them at once."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.own_checks import NOTHING, alone, check, must_pass
from helpers.own_data import Declaration


@pytest.fixture
def frame():
    rng = np.random.default_rng(0)
    rows = 3_000
    columns = {
        "user": rng.integers(0, 200, rows),
        "video": rng.integers(0, 100, rows),
        "topic": rng.choice(["a", "b"], rows),
    }
    columns |= {"duration": rng.uniform(5, 60, rows), "click": rng.integers(0, 2, rows)}
    return pd.DataFrame(columns).assign(seconds=rng.normal(size=rows), time=range(rows))


OWN = {"user": "user", "item": "video", "ids": ("topic",), "numbers": ("duration",), "time": "time"}
LABELS = {"click": "binary", "seconds": "regression"}


def declared(labels=LABELS, **changes) -> Declaration:
    return Declaration(labels, **(OWN | changes))


def test_a_good_table_has_no_problem(frame):
    assert list(check(declared(), frame)) == [] and repr(check(declared(), frame)) == NOTHING
    assert must_pass(declared(), frame) == []


def spoil(frame, column, **values):
    """The table with some cells of a column replaced: {row: value}, rows written as r5."""
    table = frame.astype({column: object})
    for row, value in values.items():
        table.loc[int(row[1:]), column] = value
    return table


@pytest.mark.parametrize(
    ("declaration", "change", "stops", "words"),
    [
        (declared(numbers=("duratoin",)), lambda f: f, True, "no such column; is it 'duration'?"),
        (declared(numbers=("zzz",)), lambda f: f, True, "The table has user, video, topic"),
        (declared(), lambda f: spoil(f, "duration", r7="long"), True, "row 7 has 'long'"),
        (declared(), lambda f: spoil(f, "click", r3="yes"), True, "row 3 has 'yes'. It must be 0 or 1"),
        (declared(), lambda f: f.assign(click=f["click"].astype(str)), True, "turn them into numbers by"),
        (declared(), lambda f: spoil(f, "duration", r4="18,3"), True, "row 4 has '18,3': write it with a point"),
        (declared(), lambda f: f.assign(duration=1e300), True, "a value of 1e+300, too large"),
        (declared(), lambda f: f.assign(user=f["user"].where(f["time"] > 9)), True, "10 rows have no user"),
        (declared(), lambda f: f.assign(user=f["user"].where(f["time"] < 2_600, 7)), True, "are of one user"),
        (declared(), lambda f: f.assign(video=f["video"] + 2.0**60), True, "beyond 2**53"),
        (declared(), lambda f: f.assign(video=pd.Timestamp("2026-01-01")), True, "datetime"),
        (
            declared({"total": "binary", "seconds": "regression"}),
            lambda f: f.rename(columns={"click": "total"}),
            True,
            "give the label another",
        ),
        (declared(lists={"seen": "topic"}), lambda f: f.assign(seen="['a']"), True, "got \"['a']\"; expected ids with"),
        (declared(), lambda f: f.assign(time="02/05/2026"), True, "which is the day?"),
        (declared(ids=("duration",), numbers=()), lambda f: f, True, "an id was declared, and row 0 has"),
        (declared(), lambda f: spoil(f, "topic", r0=3), True, "some of its ids are words, some are numbers"),
        (declared(), lambda f: f.assign(click=f["click"] * 2), True, "are neither 0 nor 1, such as 2"),
        (declared(), lambda f: f.assign(click=1), True, "the value 1 in every row"),
        (declared(), lambda f: f.assign(seconds=np.nan), True, "no value at all"),
        (declared(), lambda f: f.assign(seconds=np.inf), True, "infinite"),
        (declared({"click": "binary"}), lambda f: f, True, "one label alone"),
        (declared(), lambda f: f[:50], True, "50 rows are too few"),
        (declared(), lambda f: f[:900], False, "expect wide intervals"),
        (declared(), lambda f: f.assign(time=1), True, "cannot be divided"),
        (declared(), lambda f: spoil(f, "time", r2=None), True, "cannot order the rows"),
        (declared(), lambda f: f.assign(click=(f["time"] < 100).astype(int)), True, "rows to valid it has fewer"),
        (declared(), lambda f: f.assign(topic="a"), False, "one value only"),
        (declared(), lambda f: f.assign(user=f["time"] // 100), False, "100% of the rows to test are of users without"),
        (declared(), lambda f: f.assign(user=f["user"] % 40), False, "are of 40 users only"),
        (declared(), lambda f: f.assign(duration=np.nan), True, "all values are missing"),
        (declared(), lambda f: f.assign(video=f["time"]), False, "3,000 of its 3,000 ids (100%) occur in one row"),
        (
            declared(),
            lambda f: f.assign(click=f["click"].where(f["time"] % 3 > 0)),
            False,
            "1,000 of 3,000 rows",
        ),
        (
            declared(),
            lambda f: f.assign(click=(f["time"] % 60 == 0).astype(int)),
            False,
            "50 positives in all",
        ),
        (declared(), lambda f: f.assign(seconds=f["seconds"].where(f["time"] > 0, 1e4)), False, "deviations out"),
        (declared(user=None, ids=("topic", "user")), lambda f: f, False, "no column is the user"),
    ],
)
def test_each_mistake_meets_its_sentence(frame, declaration, change, stops, words):
    found = check(declaration, change(frame))
    hits = [problem for problem in found if words in problem.sentence]
    assert hits and hits[0].stops == stops, found
    if stops:
        with pytest.raises(ValueError, match=r"declaration: got .*expected a table that passes `check`"):
            must_pass(declaration, change(frame))


def test_all_mistakes_come_at_once(frame):
    found = check(declared(numbers=("duratoin",), time="tim"), frame)
    assert {problem.column for problem in found} == {"duratoin", "tim"}
    bad = spoil(frame, "duration", r7="long").assign(click=frame["click"] * 2, topic="a")
    found = check(declared(item="vidoe"), bad)
    assert [problem.column for problem in found] == ["vidoe", "duration", "click", "topic"]
    assert [problem.stops for problem in found] == [True, True, True, False]


@pytest.mark.parametrize("kind", ["binary", "regression"])
@pytest.mark.parametrize("leak", ["number", "negated", "id", "missing"])
def test_a_leak_is_found_however_it_looks(frame, kind, leak):
    rng = np.random.default_rng(1)
    label = frame["click"] if kind == "binary" else frame["seconds"].round()
    planted = {
        "number": label + rng.normal(0, 0.1, len(frame)),
        "negated": -100 * label + rng.normal(0, 5, len(frame)),
        "id": label.map(lambda value: f"group {value}"),
        "missing": (label.where(label > label.median(), np.nan) if kind == "binary" else label * 2.0),
    }[leak]
    roles = {"ids": ("topic", "planted")} if leak == "id" else {"numbers": ("duration", "planted")}
    names = {"click": "click", "seconds": "seconds"}[("click" if kind == "binary" else "seconds")]
    table = frame.assign(planted=planted, seconds=label if kind == "regression" else frame["seconds"])
    found = [problem for problem in check(declared(**roles), table) if "a leak?" in problem.sentence]
    assert [problem.column for problem in found] == ["planted"] and repr(names) in found[0].sentence


def test_an_id_with_a_row_each_is_no_leak(frame):
    codes = np.arange(1, len(frame) + 1)
    assert alone(codes, frame["click"].to_numpy(float), "binary") == pytest.approx(0.5)


def test_problems_are_shown_escaped(frame):
    bad = frame.rename(columns={"duration": "<b>"})
    shown = check(declared(numbers=("<b>",)), bad.assign(**{"<b>": "x"}))._repr_html_()
    assert "&lt;b&gt;" in shown and "<b><b>" not in shown


VALUES = st.one_of(st.none(), st.integers(-3, 3), st.floats(allow_nan=True), st.text(max_size=3), st.booleans())


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_any_table_is_checked_without_a_traceback(data):
    """Whatever stands in the columns, `check` says sentences; where nothing stops, the table can be compared."""
    rows = data.draw(st.integers(1, 150))
    columns = {
        name: data.draw(st.lists(VALUES, min_size=rows, max_size=rows))
        for name in ("user", "topic", "duration", "time", "click")
    }
    frame = pd.DataFrame(columns).assign(seconds=range(rows))
    own = Declaration(LABELS, user="user", ids=("topic",), numbers=("duration",), time="time")
    for problem in check(own, frame):
        assert problem.sentence.endswith((".", ")", "?")) and len(problem.sentence) < 400
