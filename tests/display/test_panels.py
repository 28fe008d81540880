"""What a panel hands to the browser: each number of the table at its place, clear errors."""

import itertools

import numpy as np
import pandas as pd
import pytest

from helpers.display.palette import BLUE, GREY, ORANGE, SINGLE_TASK, styles
from helpers.display.panels import Curves, Plane, Ranking, rows_at

CONTROLS = ["shared", "weight"]


def table(shared=(0, 2, 4), weights=(0.1, 0.5, 0.9), tasks=("A", "B")) -> pd.DataFrame:
    rows = list(itertools.product(shared, weights, tasks))
    frame = pd.DataFrame(rows, columns=["shared", "weight", "task"])
    rng = np.random.default_rng(3)
    frame["mean"] = rng.normal(-0.02, 0.05, len(frame))
    frame["low"], frame["high"] = frame["mean"] - 0.02, frame["mean"] + 0.03
    return frame.sample(frac=1, random_state=0)  # the order of the rows must not matter


def curves(frame: pd.DataFrame, **other) -> Curves:
    named = {"x": "weight", "series": "task", "level": 0} | other
    return Curves(frame, title="what to see", x_label="weight of A", y_label="transfer", **named)


def plane(frame: pd.DataFrame, **other) -> Plane:
    named = {"x": "A", "y": "B", "series": "task", "path": "weight"}
    return Plane(frame, title="outcomes", x_label="transfer of A", y_label="transfer of B", **(named | other))


def test_curves_and_planes_hold_every_number_of_the_table():
    frame = table()
    drawn, points = curves(frame).drawing(CONTROLS), plane(frame).drawing(CONTROLS)["points"]["y"]
    assert drawn["at"] == [0.1, 0.5, 0.9] and [series["name"] for series in drawn["series"]] == ["A", "B"]
    for row in frame.itertuples():
        shared, weight, task = (0, 2, 4).index(row.shared), (0.1, 0.5, 0.9).index(row.weight), "AB".index(row.task)
        for part, value in (("y", row.mean), ("low", row.low), ("high", row.high)):
            assert drawn["series"][task][part][shared][weight] == pytest.approx(value, abs=1e-4)
        assert points[shared][task][weight] == pytest.approx(row.mean, abs=1e-4)


def test_what_values_are_set_against_lies_on_the_axis():
    for level in (0, 1):
        axis = curves(table(), level=level).drawing(CONTROLS)["y"]
        low, high = axis["limits"]
        assert low < level < high and axis["level"] == level
        assert axis["ticks"][-1][1].startswith("+") == (level == 0)  # signs, where they matter


def test_a_ranking_holds_every_line_in_its_place():
    """Whatever the order of the table's rows; a place that is missing at some setting is named."""
    settings = itertools.product((0, 2, 4), (0.1, 0.9), (1, 2, 3))
    frame = pd.DataFrame(settings, columns=["shared", "weight", "place"])
    frame["words"] = [f"video {k}" for k in np.random.default_rng(0).integers(0, 5, len(frame))]
    frame["marks"] = [(words[-1],) for words in frame["words"]]
    drawn = Ranking(frame.sample(frac=1, random_state=0), "a list", ("video", "mark"), cut=2).drawing(CONTROLS)
    for row in frame.itertuples():
        place = (0, 2, 4).index(row.shared) * 2 + (0.1, 0.9).index(row.weight)
        assert drawn["lines"][drawn["orders"][place][row.place - 1]] == [row.words, *row.marks]
    assert len(drawn["lines"]) == frame["words"].nunique()
    with pytest.raises(ValueError, match="table: got no row at"):
        Ranking(frame[:-1], "a list", ("video", "mark"), cut=2).drawing(CONTROLS)


def test_styles_repeat_what_colours_say():
    drawn = curves(table(tasks=("A", "B", "single")), styles={"single": SINGLE_TASK}).drawing(CONTROLS)
    a, b, single = drawn["series"]
    assert (a["colour"], b["colour"], single["colour"]) == (BLUE, ORANGE, GREY)
    assert len({tuple(s["dash"]) for s in drawn["series"]}) == 3 and len({s["marker"] for s in drawn["series"]}) == 3
    assert len({style.colour for style in styles("abcd").values()}) == 4


def test_the_rows_at_some_settings_stand_by_series_and_in_order_along_the_panel():
    frame = table()
    at = rows_at(curves(frame), CONTROLS)({"shared": 2, "weight": 0.5})
    here = frame[(frame["shared"] == 2) & (frame["weight"] == 0.5)].set_index("task")
    assert at.loc[["A", "B"], "mean"].tolist() == here.loc[["A", "B"], "mean"].tolist() and len(at) == 2
    whole = rows_at(curves(frame), ["shared"])({"shared": 4})  # its x is no control: all of the line
    assert whole.loc["B", "weight"].tolist() == [0.1, 0.5, 0.9]
    with pytest.raises(ValueError, match=r"panels: got a table without any of \['width'\]"):
        rows_at(curves(frame), ["width"])


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda t: t.drop(columns="mean"), "table: got no column 'mean'"),
        (lambda t: t.drop(columns="high"), "table: got no column 'high'"),
        (lambda t: t.iloc[:0], "table: got a table without rows"),
        (
            lambda t: t.drop(t.index[(t.shared == 2) & (t.weight == 0.5) & (t.task == "B")]),
            "no row at shared = 2, task = B, weight = 0.5; expected a row for each combination",
        ),
        (lambda t: pd.concat([t, t.iloc[[0]]]), "more than one row at"),
        (lambda t: t.assign(mean=t["mean"].where(t.shared != 2)), "got 6 NaN or infinite values"),
        (lambda t: t.assign(low=t.high + 1), "low, high: got intervals that 'mean' lies outside of"),
    ],
)
def test_a_bad_table_is_named(spoil, message):
    with pytest.raises(ValueError) as error:
        curves(spoil(table())).drawing(CONTROLS)
    assert message in str(error.value)
