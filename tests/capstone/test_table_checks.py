"""What may be wrong with a table: each mistake meets a sentence that helps, and all of them at once."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.capstone import table_checks
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


def as_it_is(frame):
    return frame


STOP = [  # declaration, change of the table, the sentence
    (declared(numbers=("duratoin",)), as_it_is, "duratoin: there is no such column (is it 'duration'?)"),
    (declared(numbers=("zzz",)), as_it_is, "zzz: there is no such column. The table has user, video, topic, duration"),
    (declared(), lambda f: pd.concat([f, f["topic"]], axis=1), "topic: two columns have this name."),
    (declared(), lambda f: spoil(f, "duration", r7="long"), "duration: a number was declared, and row 7 has 'long'"),
    (declared(), lambda f: spoil(f, "duration", r7="x").iloc[::-1], "duration: a number was declared, and row 2992"),
    (declared(), lambda f: spoil(f, "duration", r4="18,3"), "duration: a number was declared, and row 4 has '18,3'."),
    (
        declared(),
        lambda f: spoil(f, "duration", r4="1,214.1"),
        "duration: a number was declared, and row 4 has '1,214.1'. Write n",
    ),
    (
        declared(),
        lambda f: f.assign(duration="2.480"),
        "duration: a number was declared, and row 0 has '2.480'. Write numbers",
    ),
    (
        declared(),
        lambda f: spoil(f, "click", r3="-"),
        "click: a label was declared, and row 3 has '-'. If '-' means that n",
    ),
    (declared(), lambda f: spoil(f, "click", r3="yes"), "click: a label was declared, and row 3 has 'yes'. It must"),
    (declared(), lambda f: f.assign(click=f["click"].astype(str)), "click: pandas does not store its values as"),
    (declared(), lambda f: f.assign(duration=-1e300), "duration: it has a value of 1e+300, too large"),
    (declared(), lambda f: f.assign(duration=-np.inf), "duration: it has a value of inf, too large"),
    (declared(), lambda f: f.assign(duration=np.nan), "duration: all values are missing."),
    (declared(), lambda f: f.assign(user=f["user"].where(f["time"] > 9)), "user: rows without one: 10. Leave them out"),
    (declared(), lambda f: f.assign(user=f["user"].where(f["time"] < 2_600, 7)), "user: all rows to test with a label"),
    (declared(), lambda f: f.assign(video=f["video"] + 2.0**60), "video: got float64 with fractions or beyond 2**53"),
    (declared(), lambda f: f.assign(video=pd.Timestamp("2026-01-01")), "video: got datetime64 values"),
    (declared(), lambda f: spoil(f, "topic", r0=3), "topic: some of its ids are words, some are numbers: read it as"),
    (declared(ids=("duration",), numbers=()), as_it_is, "duration: an id was declared, and row 0 has"),
    (declared({"total": "binary", "click": "binary"}), lambda f: f.assign(total=f["click"]), "total: training uses"),
    (
        declared(lists={"seen": "topic"}),
        lambda f: f.assign(seen="['a' 'b']"),
        "seen: got \"['a' 'b']\"; expected ids",
    ),
    (declared(lists={"seen": "video"}), lambda f: f.assign(seen="3 a"), "seen: got '3 a'; expected whole numbers"),
    (declared(), lambda f: f.assign(click=f["click"] * 2), "click: 1,499 of 3,000 values are neither 0 nor 1,"),
    (declared(), lambda f: f.assign(click=1), "click: it has the value 1 in every row"),
    (declared(), lambda f: f.assign(seconds=np.nan), "seconds: it has no value at all"),
    (declared(), lambda f: f.assign(seconds=np.inf), "seconds: it has a value of inf, too large"),
    (declared({"click": "binary"}), as_it_is, "click: a single label: no other task could share with it."),
    (declared(), lambda f: f[:50], "all columns: 50 rows are too few to learn or to judge"),
    (declared(), lambda f: f.assign(time=1), "time: the rows cannot be divided (got 1 different times"),
    (declared(), lambda f: spoil(f, "time", r2=None), "time: it cannot order the rows: got 1 missing values"),
    (declared(), lambda f: f.assign(click=(f["time"] < 100) * 1), "click: in the rows to validate it has fewer"),
    (declared(), lambda f: f.assign(click=(f["time"] > 2_650) * 1), "click: in the rows to train it has fewer"),
    (declared(group="day"), lambda f: f.assign(day=[np.nan, 1.0, 2.0] * 1_000), "day: rows without one: 1,000. Leave"),
    (declared(weight="w"), lambda f: f.assign(w="2"), "w: a weight was declared, and not all"),
    (declared(weight="w"), lambda f: f.assign(w=f["time"] - 1), "w: a weight was declared: each row needs"),
    (declared(new_users=True), lambda f: f.assign(user=f["user"] % 2), "user: the rows cannot be divided (got 2 users"),
]
NOTE = [
    (
        declared(),
        lambda f: f.assign(time=[f"05/{1 + k // 300:02}/2026 10:{k % 60:02}" for k in range(3_000)]),
        "time: dates such as '05/01/2026 10:00' are taken to have the month first.",
    ),
    (declared(), lambda f: f[:900], "all columns: 900 rows are few: expect wide intervals."),
    (declared(), lambda f: f.assign(topic="a"), "topic: it has only one value, and says nothing."),
    (declared(), lambda f: f.assign(user=f["time"] // 100), "user: 100% of the rows to test are of users without"),
    (declared(), lambda f: f.assign(user=f["user"] % 40), "user: the rows to test are of only 40 users"),
    (declared(), lambda f: f.assign(video=f["time"]), "video: 3,000 of its 3,000 ids (100%) occur in only one row"),
    (declared(), lambda f: f.assign(click=f["click"].where(f["time"] % 3 > 0)), "click: 1,000 of 3,000 rows have no"),
    (declared(), lambda f: f.assign(click=(f["time"] % 60 == 0) * 1), "click: 50 positives in all, 5 of them"),
    (
        declared(ids=("title",)),
        lambda f: f.assign(title=[f"How do I open {k % 900} jars" for k in range(3_000)]),
        "title: texts of 6 words, and each counts as one id",
    ),
    (
        declared(numbers=("duration", "place"), group="page"),
        lambda f: f.assign(page=f["time"] // 10, place=f["time"] % 10),
        "place: it only numbers the places of each page, which nobody knows of the next list: leave it out.",
    ),
    (declared(), lambda f: f.assign(seconds=f["seconds"].where(f["time"] > 0, 1e4)), "seconds: its largest value is"),
    (declared(), lambda f: f.assign(topic=np.where(f["time"] < 9, "NA", f["topic"])), "topic: 'NA' counts as an id"),
    (
        declared(),
        lambda f: f.assign(seconds=9 - 2 * f["click"]),
        "seconds: in every row it follows from 'click' (correla",
    ),
    (declared(user=None, ids=("topic", "user")), as_it_is, "user: no column is the user: no GAUC, and rows count as"),
]


@pytest.mark.parametrize(
    ("declaration", "change", "words", "stops"), [*((*row, True) for row in STOP), *((*row, False) for row in NOTE)]
)
def test_each_mistake_meets_its_sentence(frame, declaration, change, words, stops):
    found = check(declaration, change(frame))
    hits = [problem for problem in found if f"{problem.column}: {problem.sentence}".startswith(words)]
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
    table = frame.assign(planted=planted, seconds=label if kind == "regression" else frame["seconds"])
    found = [problem for problem in check(declared(**roles), table) if "a leak?" in problem.sentence]
    assert [problem.column for problem in found] == ["planted"]
    assert ("'click'" if kind == "binary" else "'seconds'") in found[0].sentence


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


@pytest.mark.parametrize("rows", ["liked", "others"])
def test_a_number_that_differs_from_another_where_a_label_is_1_is_a_leak(frame, rows):
    """A price that is corrected afterwards, in half of the rows with the label; or in as many others."""
    like, duration = np.arange(3_000) % 30 == 3, frame["duration"]
    some = np.arange(3_000) % 60 == (3 if rows == "liked" else 5)
    table = frame.assign(like=like.astype(int), final=np.where(some, 1.1 * duration, duration))
    own = declared({"click": "binary", "like": "binary"}, numbers=("duration", "final"))
    found = {problem.column: problem.sentence for problem in check(own, table) if problem.doubt}
    assert found.keys() == ({"duration", "final"} if rows == "liked" else set())  # which of them, only you can know
    assert all("'like' is 1 in all of 50 rows" in sentence for sentence in found.values())


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


def test_an_honest_column_that_is_doubted_can_be_settled(frame):
    """What is out of stock is shown, and nobody can buy it: that was known before."""
    stock = (frame["time"] % 14 > 0).astype(int)
    shop, own = (
        frame.assign(stock=stock, buy=frame["click"] * stock),
        declared({"click": "binary", "buy": "binary"}, ids=("stock",)),
    )
    twice, found = check(own, shop)
    assert "one task, told twice?" in twice.sentence and not twice.doubt  # nearly
    assert found.doubt and found.sentence.endswith('leave it out. If all is well, declare settled=("stock",).')
    _, found = check(replace(own, settled=("stock",)), shop)
    assert not found.doubt and found.sentence.endswith("If not, leave it out.")
    with pytest.raises(ValueError, match="settled: got 'stok'; expected one of"):
        replace(own, settled=("stok",))


def test_leaks_are_looked_for_even_where_something_else_stops(frame):
    bad = spoil(frame, "topic", r0=3).assign(planted=frame["click"] * 2.0)
    found = check(declared(numbers=("duration", "planted")), bad)
    assert [problem.column for problem in found] == ["topic", "planted"] and "a leak?" in found[1].sentence


def test_times_with_and_without_a_zone_are_said(frame):
    times = pd.Timestamp("2026-05-01") + pd.to_timedelta(frame["time"], unit="min")
    texts = times.dt.strftime("%Y-%m-%d %H:%M:%S")
    assert list(check(declared(), frame.assign(time=texts))) == []
    for zone in ("+02:00", "Z"):
        (found,) = check(declared(), frame.assign(time=texts.where(frame["time"] > 5, texts + zone)))
        said = f"some times have a zone, such as '2026-05-01 00:00:00{zone}'; those without one are taken as UTC."
        assert found[:3] == (False, "time", said)


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


@pytest.mark.long
@settings(max_examples=80, deadline=None)
@given(st.data())
def test_any_table_is_checked_without_a_traceback(data):
    """Whatever the columns hold, `check` says sentences; where nothing stops, the table can be compared."""
    rows = data.draw(st.integers(1, 150))
    columns = {
        name: data.draw(st.lists(VALUES, min_size=rows, max_size=rows))
        for name in ("user", "topic", "duration", "time", "click")
    }
    frame = pd.DataFrame(columns).assign(seconds=range(rows))
    own = Declaration(LABELS, user="user", ids=("topic",), numbers=("duration",), time="time")
    for problem in check(own, frame):
        assert problem.sentence.endswith((".", ")", "?")) and len(problem.sentence) < 400


def said(declaration, frame) -> str:
    return "\n".join(f"{problem.column}: {problem.sentence}" for problem in check(declaration, frame))


@pytest.mark.parametrize(
    "change",
    [
        lambda f: f.assign(duration=f["duration"].where(f["time"] % 2 > 0)),  # a number with gaps
        lambda f: f.assign(duration=pd.array(f["duration"].where(f["time"] % 2 > 0), "Float64")),
        lambda f: f.assign(
            duration=(f["duration"] * 0 + 1).where(f["time"] % 2 > 0)
        ),  # there or not: that may say something
        lambda f: f.assign(video=f["video"].where(f["time"] % 2 > 0)),
        lambda f: f.assign(video=pd.array(f["video"].where(f["time"] % 2 > 0), "Int64")),
        lambda f: f.assign(topic=f["topic"].where(f["time"] % 2 > 0)),
        lambda f: f.assign(
            topic=f["topic"].where(f["time"] % 2 > 0).astype("category").cat.add_categories(map(str, range(99)))
        ),
        lambda f: f.assign(seen=[[3, 17], None, "3 17"] * 1_000),
        lambda f: f.assign(seconds=f["seconds"] + 1e4),  # far from 0, not from each other
        lambda f: f.assign(click=f["click"].astype(bool)),
        lambda f: f.rename(columns={"user": "u"}).assign(user=f["user"]),
        lambda f: f.assign(video=f["time"].where(f["time"] < 6, 6 + f["time"] % 4)),  # ten ids are few
        lambda f: f.sample(frac=1, random_state=0),
    ],
)
def test_what_is_as_it_should_be_is_not_complained_of(frame, change):
    lists = {"seen": "video"} if "seen" in (table := change(frame)) else {}
    assert list(check(declared(lists=lists), table)) == []


def test_a_list_of_a_column_that_is_not_there_is_no_second_problem(frame):
    for missing in ("seen", "video"):
        (found,) = check(declared(lists={"seen": "video"}), frame.assign(seen="x y").drop(columns=missing))
        assert found.column == missing


def test_a_leak_is_found_where_most_labels_are_missing(frame):
    click = frame["click"].where(frame["time"] % 7 == 0)
    for planted in (frame["click"], 1 - frame["click"], click):
        assert "alone it predicts 'click'" in said(
            declared(numbers=("planted",)), frame.assign(click=click, planted=planted)
        )


def test_a_leak_is_found_in_the_bins_of_a_number(frame):
    """Far from 0 on either side: no order tells it, and no value comes twice."""
    planted = np.random.default_rng(1).normal(size=len(frame))
    table = frame.assign(click=(np.abs(planted) > 0.7).astype(int), planted=planted)
    assert "alone it predicts 'click' with AUC" in said(declared(numbers=("planted",)), table)


@pytest.mark.parametrize("kind", ["binary", "regression"])
def test_a_leak_is_found_in_columns_that_may_be_missing(frame, kind):
    """Labels and numbers in pandas' own types with gaps; each has the other's."""
    label = "click" if kind == "binary" else "seconds"
    values = frame[label].round().astype("Int64").mask(frame["time"] % 7 == 0)
    planted = (frame[label] + np.random.default_rng(1).normal(0, 0.1, len(frame))).astype("Float64")
    table = frame.assign(**{label: values}, planted=planted.mask(frame["time"] % 5 == 0))
    (sentence,) = [p.sentence for p in check(declared(numbers=("planted",)), table) if "a leak?" in p.sentence]
    assert f"alone it predicts {label!r} with {'AUC' if kind == 'binary' else 'R²'}" in sentence


@pytest.mark.parametrize("kind", ["words", "numbers"])
def test_a_column_that_is_filled_in_afterwards_is_named_though_its_values_mean_nothing(frame, kind):
    """Filled in 93% of clicked rows and in 5% of others, else nothing or 0: no value settles it. Honest gaps pass."""
    rng = np.random.default_rng(0)
    click = (rng.random(len(frame)) < 0.25).astype(int)
    told = pd.Series(rng.choice(list("ABCDE") if kind == "words" else [2, 3, 4, 5, 6], len(frame)))

    def problems(share_of_clicked: float, share_of_others: float) -> list[str]:
        filled = rng.random(len(frame)) < np.where(click == 1, share_of_clicked, share_of_others)
        table = frame.assign(click=click, tariff=told.where(filled, None if kind == "words" else 0))
        found = check(declared(ids=("topic", "tariff")), table)
        return [problem.sentence for problem in found if problem.column == "tariff"]

    assert any("where it is filled in, the mean 'click' is" in sentence for sentence in problems(0.93, 0.05))
    assert not any("a leak?" in sentence for sentence in problems(0.93, 0.87))


def test_what_is_no_table_and_what_is_no_declaration_are_named(frame):
    with pytest.raises(TypeError, match=r"^frame: got str; expected a pandas DataFrame"):
        check(declared(), "log.csv")
    with pytest.raises(TypeError, match=r"^declaration: got dict; expected a Declaration"):
        check({"click": "binary"}, frame)


@pytest.mark.filterwarnings("error")
def test_a_number_without_values_gives_no_warning(frame):
    assert said(declared(), frame.assign(duration=np.nan)) == "duration: all values are missing."


def test_new_users_are_no_surprise_where_they_were_asked_for(frame):
    strangers = frame.assign(user=frame["time"] // 15)
    assert "without a row to train on" in said(declared(), strangers)
    assert "without a row to train on" not in said(declared(new_users=True), strangers)
    many = frame.assign(user=frame["time"] % 900, w=2.0)
    assert said(declared(new_users=True, group="topic", ids=(), weight="w"), many) == ""


def test_weights_that_leave_few_rows_are_said(frame):
    """300 of 3,000 rows that count equally are just enough; what all are multiplied by does not matter."""
    for count, factor in ((300, 1), (300, 5), (299, 1), (299, 5)):
        own = said(declared(weight="w"), frame.assign(w=factor * (frame["time"] < count)))
        assert ("they count as 299 equal ones of 3,000" in own) == (count == 299) and (own == "") == (count == 300)
    (problem,) = check(declared(weight="w"), frame.assign(w=frame["time"] < 299).astype({"w": float}))
    assert (problem.stops, problem.column) == (False, "w")


def test_a_day_that_was_guessed_is_said(frame):
    days = [f"{1 + k % 12:02d}.05.2026" for k in range(3_000)]
    note = "time: dates such as '01.05.2026' are taken to have the day first."
    (problem,) = [p for p in check(declared(), frame.assign(time=days)) if p.column == "time"]
    assert problem[:3] == (False, "time", note.removeprefix("time: "))
    assert note not in said(declared(), frame.assign(time=[*days[:-1], "13.05.2026"]))


def test_equal_tables_are_judged_alike_however_many_rows_are_looked_at(frame, monkeypatch):
    monkeypatch.setattr(table_checks, "LOOKED_AT", 300)
    planted = frame["click"] + np.random.default_rng(0).normal(0, 0.35, len(frame))
    found = {said(declared(numbers=("planted",)), frame.assign(planted=planted)) for _ in range(6)}
    assert len(found) == 1 and "alone it predicts 'click'" in found.pop()


def test_categories_that_no_row_has_do_not_count(frame):
    """Of 20 ids 19 occur once; a thousand that the column could have are not among them."""
    ids = pd.Series(["usual"] * (len(frame) - 19) + [f"rare {k}" for k in range(19)], frame.index)
    categories = ["usual", *(f"rare {k}" for k in range(1_000))]
    table = frame.assign(topic=pd.Categorical(ids, categories))
    assert "19 of its 20 ids (95%) occur in only one row" in said(declared(ids=("topic",)), table)


@pytest.fixture(scope="module")
def shop() -> tuple[pd.DataFrame, Declaration]:
    """A log in which items differ, with columns of all kinds that leak or only look like it."""
    rng, rows = np.random.default_rng(1), 8_000
    user, item, appeal = rng.integers(0, 400, rows), rng.integers(0, 200, rows), rng.normal(size=200)
    frame = pd.DataFrame({"user": user, "item": item, "time": range(rows), "quality": appeal[item]})
    frame["click"] = (rng.random(rows) < 1 / (1 + np.exp(0.7 - appeal[item]))).astype(int)
    frame["like"] = (rng.random(rows) < 0.1).astype(int)
    frame["ctr"] = frame.groupby("item")["click"].transform("mean").round(4)
    frame["old_ctr"] = (1 / (1 + np.exp(0.7 - appeal)) + 0.02 * rng.normal(size=200))[item]
    frame["status"] = np.where(frame["click"] == 0, "none", rng.choice(["none", "open"], rows))
    frame["offer"] = np.where((frame["like"] == 1) & (rng.random(rows) < 0.5), "gift", rng.choice(["x", "y"], rows))
    frame["topic"], frame["dwell_class"] = rng.choice(list("abc"), rows), rng.choice(["short", "long"], rows)
    frame["like_hour"], frame["avg_dwell_30d"] = rng.choice(["am", "pm"], rows), rng.choice(["s", "l"], rows)
    ids = ("status", "offer", "topic", "dwell_class", "like_hour", "avg_dwell_30d")
    numbers, labels = ("quality", "ctr", "old_ctr"), {"click": "binary", "like": "binary"}
    return frame, Declaration(labels, "user", "item", ids=ids, numbers=numbers, time="time")


@pytest.mark.parametrize("by_time", [True, False], ids=["by time", "at random"])
def test_leaks_of_all_kinds_are_named_with_their_numbers_and_honest_columns_are_not(shop, by_time):
    frame, own = shop
    found = check(own if by_time else replace(own, time=None), frame)
    said = {problem.column: problem.sentence for problem in found if "a leak?" in problem.sentence}
    assert set(said) == {"ctr", "status", "offer"}
    assert re.match(
        r"it goes with the mean 'click' of each item over all rows \(correlation 1\.000\) more", said["ctr"]
    )
    assert re.search(r"where it is open, 'click' is 1 in all of [\d,]+ rows", said["status"])
    assert re.search(r"where it is gift, 'like' is 1 in all of \d+ rows", said["offer"])


def test_a_level_that_few_people_like_is_honest_and_one_that_nobody_can_like_is_not():
    rng, rows = np.random.default_rng(2), 20_000
    frame = pd.DataFrame({"user": rng.integers(0, 400, rows), "item": rng.integers(0, 200, rows)})
    frame["topic"] = rng.choice(list("abcde"), rows)
    frame["like"] = (rng.random(rows) < np.where(frame["topic"] == "a", 0.006, 0.09)).astype(int)
    frame["place"] = np.where((frame["like"] == 0) & (rng.random(rows) < 0.3), "no button", "feed")
    frame["wish"] = rng.random(rows) < 0.12  # known before: of what was wished for, a third is bought
    frame["buy"] = (rng.random(rows) < np.where(frame["wish"], 0.32, 0.006)).astype(int)
    labels = {"buy": "binary", "like": "binary"}
    found = check(Declaration(labels, "user", "item", ids=("topic", "place", "wish")), frame)
    said = {problem.column: problem.sentence for problem in found if "a leak?" in problem.sentence}
    assert list(said) == ["place"] and "where it is no button, 'like' is 0 in all" in said["place"]


def test_rows_that_were_logged_several_times_are_counted(shop):
    frame, own = shop
    thrice = pd.concat([frame] * 3, ignore_index=True)
    (told,) = (problem.sentence for problem in check(own, thrice) if "repeat" in problem.sentence)
    assert told.startswith("67% of the rows repeat an earlier one") and "Copies stay in one part" in told
    joined = pd.concat([frame.assign(depot=depot) for depot in "abc"]).sample(frac=1, random_state=0)
    found = check(replace(own, ids=(*own.ids, "depot")), joined)
    assert [p.column for p in found if "67% of the rows differ from an earlier one in nothing else" in p.sentence] == [
        "depot"
    ]
    assert not re.search("repeat|differ from", repr(check(own, frame)))


def test_a_mean_over_the_file_is_found_though_its_item_is_declared_as_a_number(shop):
    frame, own = shop
    assert "ctr" in {p.column for p in check(replace(own, item=None, numbers=(*own.numbers, "item")), frame) if p.doubt}


def test_times_of_day_that_nobody_declared_are_told(frame):
    clock = frame.assign(at=frame["time"].mod(1_440).map(lambda k: f"{k // 60:02}:{k % 60:02}"))
    told = said(declared(time=None), clock)
    assert "some that are trained on are newer. 'at' has times of day: their dates are missing." in told


def test_a_label_of_two_other_words_has_a_cure(frame):
    words = frame.assign(click=np.where(frame["click"] == 1, "buy", "skip"))
    assert "Of others, write 1 for the one that means yes" in said(declared(), words)
    assert "a label was declared" not in said(
        declared(), frame.assign(click=np.where(frame["click"] == 1, "YES", "no"))
    )


def test_new_rows_that_cannot_be_judged_are_blamed_themselves(frame):
    for rows, words in ((frame.assign(click=0), "click: it has the value 0 in every"), (frame[:60], "all columns: 60")):
        with pytest.raises(ValueError, match=f"^next: got {words}.*; expected rows .* with labels that have come"):
            must_pass(declared(), rows, divided=False)


def test_a_number_that_is_far_ahead_of_all_others_is_asked_about(frame):
    """One that is filled in afterwards in half of the rows; beside another that says as much it is nothing special."""
    rng, half = np.random.default_rng(0), np.random.default_rng(1).random(len(frame)) < 0.5
    table = frame.assign(near=np.where(half, frame["click"], 0.5) + rng.normal(0, 0.3, len(frame)))
    (found,) = check(declared(numbers=("duration", "near")), table)
    assert (found.column, found.doubt, found.asked) == ("near", False, True)
    assert found.sentence.endswith('If all is well, declare settled=("near",).')
    (known,) = check(declared(numbers=("duration", "near"), settled=("near",)), table)
    assert not known.asked
    assert re.match(r"alone it predicts 'click' with AUC 0\.[78]\d, and no other column with more than", found.sentence)
    twin = table.assign(twin=table["near"] + rng.normal(0, 0.5, len(table)))
    assert not list(check(declared(numbers=("duration", "near", "twin")), twin))


def test_a_score_of_today_that_was_written_after_the_outcome_is_found(frame):
    rng = np.random.default_rng(0)
    own = declared(served={"click": "score"})
    (found,) = check(own, frame.assign(score=frame["click"] + rng.normal(0, 0.3, len(frame))))
    assert found.doubt and found.column == "score" and "alone it predicts 'click' with AUC 0.9" in found.sentence
    assert not list(check(own, frame.assign(score=frame["click"] + rng.normal(0, 1, len(frame)))))


def test_users_who_click_whatever_they_see_are_asked_about(frame):
    """And no note where nearly all do: such a label makes such users by itself."""
    robots = frame["user"] < 10
    rare = (frame["click"] * (frame["time"] % 3 == 0)).where(~robots, 1)
    (found,) = check(declared(), frame.assign(click=rare))
    assert re.match(r"1\d users have it in each of their rows, \d% of the table, the others in 1\d%", found.sentence)
    assert (found.column, found.doubt, found.asked) == ("click", False, False)
    often = check(declared(), frame.assign(click=(frame["time"] % 20 > 0).astype(int)))
    assert not any("are these people" in problem.sentence for problem in often)


def test_a_number_is_not_marked_by_a_value_of_a_few_rows(frame):
    """Filled in only after a click: that is said, and not that it differs from a number which three rows have."""
    planted = np.random.default_rng(0).normal(1, 0.3, len(frame)).round(3)
    table = frame.assign(planted=np.where((frame["click"] == 1) & (frame["time"] % 2 > 0), planted, np.nan))
    (found,) = check(declared(numbers=("planted",)), table)
    assert "where it is not missing, 'click' is 1 in all" in found.sentence and "; " not in found.sentence


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("sign", [-1, 1])
def test_a_place_is_no_score_of_today(frame, first, sign):
    lists, places = frame["time"] // 10, frame["time"] % 10 + first
    own = declared(group="list", served={"click": "rank"})
    (found,) = check(own, frame.assign(list=lists, rank=sign * places))
    assert found.doubt and "it only numbers the places of each list" in found.sentence
    for score in (places * 0.5, places + 7, np.random.default_rng(0).integers(0, 100, len(frame))):
        assert not list(check(own, frame.assign(list=lists, rank=score)))
