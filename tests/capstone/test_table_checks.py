"""What may be wrong with a table: each mistake meets a sentence that helps, and all of them at once."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.capstone.declaration import Declaration
from helpers.capstone.table_checks import NOTHING, alone, check, in_order, must_pass


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


SPARSE = {  # what a number is in the rows with and without a rare label, and what is said of it
    "amount": (lambda rng, rows: rng.lognormal(3, 1, rows), 0.0, "alone it predicts 'like' with AUC 1.00"),
    "half of them": (lambda rng, rows: rng.integers(0, 2, rows) * 9.5, 0.0, "where it is not 0, 'like' is 1 in all"),
    "refund": (lambda rng, rows: -rng.uniform(1, 9, rows), 0.0, "where it is not 0, 'like' is 1 in all of 60 rows"),
    "stars": (lambda rng, rows: rng.integers(1, 6, rows), np.nan, "where it is not missing, 'like' is 1 in all"),
    "code": (lambda rng, rows: rng.integers(1, 6, rows), -1.0, "where it is not -1, 'like' is 1 in all of 60 rows"),
}


@pytest.mark.parametrize("leak", SPARSE)
def test_a_sparse_leak_is_found(frame, leak):
    """A number that is 0 or missing in 98% of rows, and tells the label wherever it is not."""
    like = np.arange(3_000) % 50 == 3
    inside, outside, words = SPARSE[leak]
    planted = np.where(like, inside(np.random.default_rng(0), 3_000), outside)
    table = frame.assign(like=like.astype(int), planted=planted)
    own = declared({"click": "binary", "like": "binary"}, numbers=("duration", "planted"))
    found = [problem for problem in check(own, table) if "a leak?" in problem.sentence]
    assert [problem.column for problem in found] == ["planted"] and words in found[0].sentence
    honest = table.assign(planted=np.random.default_rng(1).permutation(planted))
    assert not [problem for problem in check(own, honest) if "a leak?" in problem.sentence]


def test_a_sparse_leak_is_found_whatever_its_order():
    """0 in 98 of 100 rows; far from 0, on either side, where the label is 1, and nearer to it in as many others."""
    rng, which = np.random.default_rng(0), np.arange(12_000) % 100
    far, near = rng.uniform(10, 20, 12_000), rng.uniform(1, 9, 12_000)
    planted = np.where(which == 3, far, np.where(which == 7, near, 0)) * rng.choice([-1, 1], 12_000)
    table = pd.DataFrame({"planted": planted, "click": rng.integers(0, 2, 12_000), "like": (which == 3).astype(int)})
    own = Declaration({"click": "binary", "like": "binary"}, numbers=("planted",))
    (found,) = [problem for problem in check(own, table) if "a leak?" in problem.sentence]
    assert "alone it predicts 'like' with AUC 0.99" in found.sentence or "with AUC 1.00" in found.sentence
    assert in_order(planted, table["like"].to_numpy(float), "binary") < 0.6


def test_a_leak_with_a_long_tail_is_found(frame):
    """Bins blur the few large amounts that a variance is made of; the number as it is does not."""
    amount = np.random.default_rng(0).lognormal(0, 2, len(frame))
    table = frame.assign(seconds=amount, planted=1.19 * amount + 3)
    found = [p for p in check(declared(numbers=("duration", "planted")), table) if "a leak?" in p.sentence]
    assert [p.column for p in found] == ["planted"] and "predicts 'seconds' with R² 1.00" in found[0].sentence


def test_ids_lists_and_almost_sure_values_are_leaks_too(frame):
    like = np.arange(3_000) % 10 == 3
    table = frame.assign(
        like=like.astype(int), voucher=np.where(like & (frame["user"] < 60), "v" + frame["topic"], None)
    )
    table["bought"] = np.where(like, "3 4", None)
    table["sum"] = np.where(like, 1.0, 0.0)
    table.loc[5, "sum"] = 1.0  # 1 of 301
    own = declared(
        {"click": "binary", "like": "binary"}, ids=("voucher",), numbers=("sum",), lists={"bought": "voucher"}
    )
    said = {problem.column: problem.sentence for problem in check(own, table) if "a leak?" in problem.sentence}
    assert set(said) == {"voucher", "bought", "sum"} and "'like' is 1 in 99.7% of 301 rows" in said["sum"]
    assert "where it is not missing, 'like' is 1 in all of 300 rows" in said["bought"]


def test_the_rarer_label_is_what_is_given_away(frame):
    """Where nine in ten click, twenty rows with a click say nothing."""
    often, few = (frame["time"] % 10 > 0).astype(int), (frame["time"] % 100 == 1).astype(float)
    own = declared({"often": "binary", "click": "binary"}, numbers=("few",))
    assert not [p for p in check(own, frame.assign(often=often, few=few)) if "a leak?" in p.sentence]
    few = (frame["time"] % 100 == 0).astype(float)
    assert [p for p in check(own, frame.assign(often=often, few=few)) if "'often' is 0 in all of 30" in p.sentence]


def test_leaks_are_looked_for_even_where_something_else_stops(frame):
    bad = spoil(frame, "topic", r0=3).assign(planted=frame["click"] * 2.0)
    found = check(declared(numbers=("duration", "planted")), bad)
    assert [problem.column for problem in found] == ["topic", "planted"] and "a leak?" in found[1].sentence


def test_a_number_in_its_order_needs_rows_of_both_classes():
    few, many = np.repeat([1.0, 0.0], [19, 500]), np.repeat([1.0, 0.0], [20, 500])
    assert np.isnan(in_order(few, few, "binary")) and in_order(many, many, "binary") == 1
    assert in_order(-many, many, "binary") == 1 and in_order(-many, 3 * many, "regression") == pytest.approx(1)


def test_times_with_and_without_a_zone_are_said(frame):
    times = pd.Timestamp("2026-05-01") + pd.to_timedelta(frame["time"], unit="min")
    texts = times.dt.strftime("%Y-%m-%d %H:%M:%S")
    assert list(check(declared(), frame.assign(time=texts))) == []
    (found,) = check(declared(), frame.assign(time=texts.where(frame["time"] > 5, texts + "+02:00")))
    assert found.column == "time" and "those that have none are taken as UTC" in found.sentence and not found.stops


def test_a_word_that_may_mean_missing_is_said(frame):
    table = frame.assign(topic=np.where(frame["time"] < 9, "NA", frame["topic"]))
    (found,) = check(declared(), table)
    assert found.column == "topic" and "'NA' counts as an id like any other" in found.sentence and not found.stops


def test_an_id_with_few_rows_does_not_repeat_them():
    """One row of the first half does not outrank a hundred that say nearly as much."""
    codes = np.concatenate([np.repeat([1, 2, 3], [100, 100, 1]), np.repeat([1, 3], [150, 51])])
    labels = np.concatenate([np.repeat([1, 0, 1, 0, 1], [80, 20, 20, 80, 1]), np.repeat([1, 0], [150, 51])])
    assert alone(codes, labels.astype(float), "binary") == 1


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
