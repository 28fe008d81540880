"""The map of the four outcomes: what each dot is called, and that every dot of the course is on it."""

import pytest

from helpers.experiments import outcomes, own_runs
from helpers.outcome_map import outcome_map


@pytest.mark.parametrize(
    ("a", "b", "name"),
    [
        ((0.1, 0.2), (0.1, 0.2), outcomes.BOTH_GAIN),
        ((0.1, 0.2), (-0.1, 0.1), outcomes.ONE_GAINS),
        ((-0.1, 0.1), (0.1, 0.2), outcomes.ONE_GAINS),
        ((0.1, 0.2), (-0.2, -0.1), outcomes.SEESAW),
        ((-0.2, -0.1), (-0.2, -0.1), outcomes.BOTH_LOSE),
        ((-0.1, 0.1), (-0.1, 0.1), outcomes.UNCLEAR),
    ],
)
def test_an_outcome_is_called_so_when_the_intervals_allow_it(a, b, name):
    assert outcomes.outcome(a, b) == name


def test_every_dot_has_a_name_of_its_own_and_lies_in_its_intervals():
    table = outcomes.table(chapters=[1, 4, 5, 6, 7, 8])
    assert len(table) == len(outcomes.DOTS) and table["name"].is_unique
    for task in ("a", "b"):
        assert ((table[f"{task}_low"] <= table[task]) & (table[task] <= table[f"{task}_high"])).all()
    assert (table["seeds"] >= 20).all()


def test_the_whiskers_of_the_capstone_are_those_of_its_report():
    grid = own_runs.GRIDS["08_feed"].read()
    click = own_runs.gains(grid).set_index("task").loc["click"]
    row = outcomes.table([8]).set_index("name").loc["report on the feed"]
    assert (row["a_low"], row["a_high"]) == pytest.approx((click["low"], click["high"]))


@pytest.mark.parametrize("chapters", [[1, 4], [4, 5]])
def test_the_map_names_every_dot_and_no_names_overlap(chapters):
    table = outcomes.table(chapters=chapters)
    table = table[table["unit"] == "R²"]
    figure = outcome_map(table, title="T")
    figure.canvas.draw()
    words = [text for text in figure.axes[0].texts if text.get_text() in set(table["name"])]
    assert len(words) == len(table)
    boxes = [text.get_window_extent() for text in words]
    assert not any(p.overlaps(q) for i, p in enumerate(boxes) for q in boxes[i + 1 :])
