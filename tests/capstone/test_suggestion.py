"""A first guess of each column's role."""

import pandas as pd

from helpers.capstone.declaration import ROLES
from helpers.capstone.suggestion import suggest


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
    assert set(found["role"]) <= set(ROLES) and found["reason"].str.len().between(6, 50).all()


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
