"""A first guess of each column's role."""

import numpy as np
import pandas as pd
import pytest

from helpers.capstone.declaration import ROLES, Declaration
from helpers.capstone.suggestion import LATE, PLACE, SCARCE, SIGNS, TWO, TWO_WORDS, WHOLE, draft, suggest

OF_DAY = "a time of day, which without a date orders no rows"


def test_what_looks_like_a_label_is_no_feature():
    rows = range(200)
    words = pd.DataFrame({"click": ["yes", "no"] * 100, "like": [-1, 1] * 100, "row": rows, "用户": [1, 1, 2, 2] * 50})
    found = suggest(words)["role"].to_dict()
    assert found == {"click": "binary label", "like": "leave out", "row": "leave out", "用户": "user"}


def test_suggestions_have_a_role_a_reason_and_an_example(frame):
    frame = frame.assign(one=1, watch_seconds=0.5, date="2026-05-01", author_id=frame["video"] % 7)
    frame["history"] = [" ".join(map(str, range(i % 4 + 1))) for i in range(len(frame))]
    frame["note"] = [f"text {i}" for i in range(len(frame))]
    frame.loc[0, ["watch_seconds", "date"]] = [0.7, "2026-05-02"]
    found = suggest(frame)
    expected = {"user_id": "user", "video": "item", "topic": "id", "duration": "number", "click": "binary label"}
    expected |= {"like": "binary label", "time": "time", "one": "leave out", "watch_seconds": "leave out"}
    expected |= {"history": "list", "date": "leave out", "note": "leave out", "author_id": "id"}
    assert found["role"].to_dict() == expected
    assert set(found["role"]) <= set(ROLES) and found["reason"].str.len().between(6, 50).all()


def test_the_draft_is_code_that_declares_what_was_guessed(frame):
    """Whatever the columns are called; what is left out is named."""
    guesses = suggest(frame.assign(one=1, seen=[[1, 2]] * len(frame)).rename(columns={"one": "line\nbreak"}))
    code = draft(guesses)
    exec(code, names := {"Declaration": Declaration})
    assert names["declaration"] == Declaration.of_roles(guesses["role"].to_dict())
    assert code.endswith(r')  # without "line\nbreak"') and "#" not in draft(suggest(frame))
    table = frame[["user_id", "video"]].assign(state=np.where(frame.index % 3, "skipped", "bought"))
    assert 'If "state" is one, write 1 and 0 in the file for its words' in draft(suggest(table))
    table = frame[["user_id", "video"]].assign(event_type=np.array(["view", "cart", "order"])[frame.index % 3])
    code = draft(suggest(table))
    assert 'labels={"…": "binary"},' in code and 'If "event_type" says what happened, chapter 08, section 1' in code


def test_of_several_times_the_finest_orders_the_rows():
    days = pd.DataFrame({"date": [20260501, 20260501, 20260502], "time_ms": [7, 8.5, 9.5], "user": [1, 2, 1]})
    assert suggest(days)["role"].to_dict() == {"date": "leave out", "time_ms": "time", "user": "user"}


def test_what_may_be_known_too_late_is_left_out():
    rows = range(100)
    frame = pd.DataFrame({"basket": [9.5 if k % 20 == 0 else 0 for k in rows], "age": [k % 7 for k in rows]})
    frame["stars"] = [5 - k % 3 if k % 20 == 0 else None for k in rows]
    frame["departure_time"], frame["time_hour"] = [None, *rows[1:]], [3 * k % 50 for k in rows]
    frame["seen"], frame["constant"] = [[k, k + 1] for k in rows], pd.Categorical(["x"] * 100)
    found = suggest(frame)
    expected = dict.fromkeys(("constant", "basket", "stars", "departure_time"), "leave out") | {"age": "number"}
    assert found["role"].to_dict() == expected | {"time_hour": "time", "seen": "tags"}
    assert found.loc["basket", "reason"] == SCARCE


@pytest.mark.parametrize(
    ("name", "values", "role", "reason"),
    [
        ("seen", [[1], [2, 3], None], "tags", "lists; each of words or ids"),
        ("seen", [None, np.array([1]), None], "tags", "lists; each of words or ids"),
        ("x", [3, 3, None], "leave out", "one value only"),
        ("Date", ["2026-05-01", "2026-05-02"], "time", "its values are dates"),
        ("Date", ["2026-05-01", "2026-05-02", None], "leave out", "a time with gaps orders no rows"),
        ("hist", ["1 2", "3 4 5", "6"], "tags", "ids with spaces between them"),
        ("list", ["1 2", "3", "1 2", "3"], "id", TWO_WORDS),
        ("tags", ["1 2", "3 4 5", "1 2", "3 4 5"], "id", TWO_WORDS),
        ("liked", ["Yes", "NO"], "binary label", "yes and no; if known before the impression, an id"),
        ("liked", ["t", "f", None], "binary label", "yes and no; if known before the impression, an id"),
        ("is_liked", ["ja", "Nein"], "binary label", "yes and no; if known before the impression, an id"),
        ("是否点击", [0, 1], "binary label", "0 and 1; if known before the impression, an id"),
        ("click_bool", [0, 1], "binary label", "0 and 1; if known before the impression, an id"),
        ("skipped", [0, 1], "binary label", "0 and 1; if known before the impression, an id"),
        ("listened_s", [0, 3, 3], "regression label", LATE),
        ("random_order", [0, 1], "leave out", "how a list was made, which nobody knows of the next"),
        ("time_budget", [5, 30, 15, 60] * 5, "number", WHOLE),
        ("rating_avg", [3.5, 4.25, 4.0], "number", "numbers with decimals"),
        ("learner", [7, 8, 7, 9], "user", "its name; 3 different whole numbers"),
        ("mobile", [0, 1], "binary label", TWO),
        ("like_author_before", [0, 1], "binary label", TWO),
        ("用户编号", [5, 9, 7], "user", "its name; 3 different whole numbers"),
        ("商品编号", [5, 9, 7], "item", "its name; 3 different whole numbers"),
        ("buyer_no", [5, 9, 7], "user", "its name; 3 different whole numbers"),
        ("creator", [5, 9, 7], "id", "its name; 3 different whole numbers"),
        ("C14", [5, 9, 7], "id", "its name; 3 different whole numbers"),
        ("full or part time", [0, 4, 6, 6, 4, 0] * 9, "number", "whole numbers; if they are codes, an id"),
        ("emb", [[0.1, 0.2], [-0.3, 2.0]], "vector of 2", "as many numbers in a row"),
        ("emb", ["[0.1, 0.2]", "[-0.3, 2.0]"], "vector of 2", "as many numbers in a row"),
        ("emb", [np.array([0.1, 2.0]), np.array([0.5, 2.0])], "vector of 2", "as many numbers in a row"),
        ("emb", ["0.1 0.2 -3e-1", "1 2 0.5", None], "vector of 3", "as many numbers in a row"),
        ("size", ["0.5", "inf", "x", "0.5"] * 2, "id", "3 different words"),
        ("seen", [[1.0, 2.0], [3.0]], "tags", "lists; each of words or ids"),
        ("bid", ["1,214.1", "-", "900.5", "2,031.0"], "leave out", SIGNS),
        ("Preis", ["32.309,16", "1.299,99", "1.499,99"] * 9, "leave out", SIGNS),
        ("price", ["2.480", "372", "1.021.300"] * 2, "leave out", SIGNS),
        ("bid", ["0.45", "$0.45", "0.51"] * 9, "leave out", SIGNS),
        ("单价（元）", ["￥18.21", "￥70.95", "￥7.5"] * 9, "leave out", SIGNS),
        ("月销量", ["390", "1.2万", "12"] * 9, "leave out", SIGNS),
        ("searched", ["14-Mar-2026 21:05", "02-Mar-2026 00:13"] * 2, "time", "its values are dates"),
        ("operating_system", [5, 9, 7], "number", "whole numbers; if they are codes, an id"),
        ("clock", [f"{k // 60:02}:{k % 60:02}" for k in range(0, 1_440, 7)], "leave out", OF_DAY),
        ("code", [f"{k:04}" for k in range(0, 1_440, 7)] * 2, "id", "206 different words"),
        ("update_count", [5, 9, 7], "number", "whole numbers; if they are codes, an id"),
        ("lifetime_value", [5.5, 9, 7], "number", "numbers with decimals"),
        ("full or part time", ["part", "full", "part", "full"], "id", TWO_WORDS),
        ("when", [1_760_000_000, 1_760_000_900, 1_760_000_100], "time", "its values are dates"),
        ("when", [1_760_000_000_000, 1_760_000_900_000, 1_760_000_100_000], "time", "its values are dates"),
        ("day", [20260501, 20260501, 20260502], "time", "its values are dates"),
        ("hour", [14102100, 14102100, 14102123], "time", "its values are dates"),
        ("when", pd.date_range("2026-05-01", periods=3), "time", "its values are dates"),
        ("user_id", [1_760_000_000, 1_760_000_900, 1_760_000_100], "user", "its name; 3 different whole numbers"),
        ("sample_weight", [0.5, 9, 7], "weight", "its name; how much a row counts in training"),
        ("weight_kg", [0.5, 9, 7], "number", "numbers with decimals"),
        ("liked", ["yes", "no", "y", "y", "no", "yes"], "id", "3 different words"),
        ("note", ["a", "b", "c", "c", "c"], "leave out", "text, different in 3 rows"),
        ("click", [0, 1], "binary label", "0 and 1; if known before the impression, an id"),
        ("click", [0.0, 1, None], "binary label", "0 and 1; if known before the impression, an id"),
        ("like", [-1, 1], "leave out", "−1 and 1; a label must be 0 and 1"),
        ("watch_time", [5, 7, 9.5], "regression label", "measured afterwards? a label, never a feature"),
        ("TIMESTAMP", [5, 9, 7], "time", "its name; numbers that may order the rows"),
        ("timestamp", [5, 9, None], "leave out", "a time with gaps orders no rows"),
        ("uid", [5, 9, 7], "user", "its name; 3 different whole numbers"),
        ("PhotoID", [5, 9, 7], "item", "its name; 3 different whole numbers"),
        ("grid", [5, 9, 7], "id", "its name; 3 different whole numbers"),
        ("author", [5, 9, 7], "id", "its name; 3 different whole numbers"),
        ("user_age", [5.5, 9, 7], "number", "numbers with decimals"),
        ("video_duration", [5, 9, 7], "number", "whole numbers; if they are codes, an id"),
        ("max_bid", [5, 9, 7], "number", "whole numbers; if they are codes, an id"),
        ("User ID", ["a", "b", "c", "b"] * 2, "user", "3 different words"),
        ("用户 ID", [5, 9, 7], "user", "its name; 3 different whole numbers"),
        ("product-id", [5, 9, 7], "item", "its name; 3 different whole numbers"),
        ("transactionid", [None] * 40 + [5, 9], "leave out", SCARCE),
        ("sample_id", [5, 6, 7], "leave out", "the number of the row"),
        ("row_no", [*range(2_000, 0, -2), *range(1, 2_000, 2)], "leave out", "another number in each row"),
        ("Zeitpunkt", ["13.05.24 19:02", "14.05.24 8:40", "2.06.24 00:10"], "time", "its values are dates"),
        ("quote_requested", [0, 1, 1, 0], "binary label", "0 and 1; if known before the impression, an id"),
        ("impression_id", [5, 5, 7], "group", "its name; its rows belong together, and it is no feature"),
        ("Session ID", [5, 9, 9], "group", "its name; its rows belong together, and it is no feature"),
        ("spent", [0] * 9 + [2, 3] + [None] * 10, "leave out", SCARCE),
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


def test_a_table_without_rows_is_named(frame):
    with pytest.raises(ValueError, match=r"^frame: got a table without rows"):
        suggest(frame[:0])


@pytest.mark.parametrize("name", ["sku", "sku_id", "goods", "ad_id", "docid", "news", "song"])
def test_what_shops_and_papers_show_is_an_item(name):
    for values in (["a", "b"] * 50, [7, 9] * 50):
        assert suggest(pd.DataFrame({name: values})).loc[name, "role"] == "item"
    for other in ("load", "adult", "newsletter"):  # with such a word inside
        assert suggest(pd.DataFrame({other: [7, 9] * 50})).loc[other, "role"] != "item"


def test_texts_of_ids_of_the_item_are_a_list_whatever_they_are_called():
    rng = np.random.default_rng(0)
    skus = [f"s{k}" for k in range(40)]
    frame = pd.DataFrame({"sku": rng.choice(skus, 300), "user": rng.integers(0, 30, 300)})
    frame["recent"] = [" ".join(rng.choice(skus, rng.integers(0, 4))) or None for _ in range(300)]
    frame["query"] = [" ".join(rng.choice(["red", "shoe", "s1", "hat"], 3)) for _ in range(300)]
    found = suggest(frame)
    assert found.loc["recent", ["role", "reason"]].tolist() == ["list", "ids of sku, several in a row"]
    assert found.loc["query", "role"] == "id" and found.loc["sku", "role"] == "item"
    assert suggest(frame.drop(columns="sku")).loc["recent", "role"] != "list"
    rare = frame.assign(recent=["s1 s2"] * 20 + ["s3"] * 280)
    assert suggest(rare).loc["recent", "role"] == "id"
    numbers = frame.assign(sku=rng.integers(0, 9, 300), recent=["3 4", "5", "8 8 8"] * 100)
    assert suggest(numbers).loc["recent", "role"] == "list"


def test_a_departure_that_is_empty_where_the_flight_was_cancelled_is_not_the_time():
    hours = pd.Series(range(100)) % 24
    frame = pd.DataFrame({"dep_time": hours.where(hours > 1), "time_hour": range(1_000, 1_100)})
    roles = suggest(frame.assign(time_hour=frame["time_hour"] * 7)).loc[:, "role"]
    assert roles.to_dict() == {"dep_time": "leave out", "time_hour": "time"}


def test_a_date_by_the_name_of_what_happened_is_a_time():
    """shown_at and the like; of words that end so, only where they are dates."""
    days = [f"2026-05-{1 + k % 28:02d}" for k in range(100)]
    frame = pd.DataFrame({"shown_at": days, "boat": ["red", "blue"] * 50, "opened_at": [None, *days[1:]]})
    assert suggest(frame)["role"].to_dict() == {"shown_at": "time", "boat": "id", "opened_at": "leave out"}


def test_what_is_the_same_in_all_rows_of_a_user_is_no_label():
    frame = pd.DataFrame({"user_id": [k % 10 for k in range(60)], "click": [k % 7 % 2 for k in range(60)]})
    found = suggest(frame.assign(is_member=frame["user_id"] % 2))
    assert found["role"].to_dict() == {"user_id": "user", "click": "binary label", "is_member": "id"}
    assert found.loc["is_member", "reason"] == "two values, and the same in all rows of user"


def test_what_may_be_a_label_is_asked_and_what_a_user_is_cannot_be_one():
    rows = range(120)
    frame = pd.DataFrame({"user_id": [k % 10 for k in rows], "mobile": [k % 7 % 2 for k in rows]})
    frame["gender"], frame["x"] = np.where(frame["user_id"] < 5, "F", "M"), [0.5 * k % 9 for k in rows]
    code = draft(suggest(frame.assign(click=[k % 3 // 2 for k in rows])))
    assert (
        "# of two values: labels, if outcomes; ids, if known before: " in code
        and code.endswith('"mobile"')
        and 'labels={"click": "binary"}' in code
    )
    rated = frame.assign(rating=[k % 5 + 1 for k in rows])
    code = draft(suggest(rated))
    assert 'labels={"mobile": "binary", "rating": "regression"}' in code and "# No column is surely a label" in code
    assert code.count('"mobile"') == 1 and 'ids=("gender",)' in code


def visits(rows: int = 2_000) -> pd.DataFrame:
    """A hotel's log, in whose names no role is; 60 rooms have a floor, 150 guests a language, in any order."""
    rng = np.random.default_rng(0)
    room, guest = rng.integers(0, 60, rows), rng.integers(0, 150, rows)
    frame = pd.DataFrame({"Gast_Nr": guest + 900, "Sprache": [f"s{k % 30}" for k in guest], "Zimmer_Nr": room + 100})
    return frame.assign(Etage=[f"e{k % 25}" for k in room], Position=rng.integers(1, 9, rows), Rang=room)


def test_user_and_item_are_found_by_their_values_where_no_name_says_it():
    """Ids that come again, and that no other id settles; of two the first is the user, or whose rows lie together."""
    found = suggest(visits())["role"]
    assert found[["Gast_Nr", "Zimmer_Nr", "Sprache", "Etage"]].tolist() == ["user", "item", "id", "id"]
    turned = suggest(visits().sort_values("Zimmer_Nr", kind="stable"))["role"]
    assert turned[["Gast_Nr", "Zimmer_Nr"]].tolist() == ["item", "user"]
    named = suggest(visits().rename(columns={"Zimmer_Nr": "item"}))["role"]
    assert named[["Gast_Nr", "item", "Etage"]].tolist() == ["user", "item", "id"]
    visit = np.arange(2_000) // 5  # a visit is over soon, and is one guest's; as a room's rows are not
    one = visits().assign(
        Gast_Nr=np.random.default_rng(1).integers(0, 150, 400)[visit], Besuch=[f"b{k}" for k in visit]
    )
    one = one.assign(am=pd.Timestamp("2026-05-01") + pd.to_timedelta(range(2_000), unit="h"))
    found = suggest(one)["role"]
    assert found[["Besuch", "Gast_Nr", "Zimmer_Nr"]].tolist() == ["group", "user", "item"]
    assert suggest(visits()[["Gast_Nr", "Sprache"]])["role"].tolist() == ["id", "id"]  # of one alone nobody knows
    for names in (["candidate_id", "job_id"], ["player", "show_id"]):
        frame = visits()[["Gast_Nr", "Zimmer_Nr"]].set_axis(names, axis=1)
        frame[names[0]] = "p" + frame[names[0]].astype(str)
        assert suggest(frame)["role"].tolist() == ["user", "item"]


def test_the_place_in_a_list_is_no_feature_unless_the_item_settles_it():
    """As a chart does, which is known before."""
    found = suggest(visits())
    assert found.loc["Position", ["role", "reason"]].tolist() == ["leave out", PLACE]
    assert found.loc["Rang", "role"] == "number"


def test_a_number_in_a_title_does_not_make_it_a_list_of_ids():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"user": rng.integers(0, 99, 2_000), "item": rng.integers(0, 900, 2_000)})
    frame["Beruf"] = [f"Fachkraft für Bereich {k} (m/w/d), Köln" for k in rng.integers(0, 900, 2_000)]
    assert suggest(frame)["role"].tolist() == ["user", "item", "id"]
