"""The map of the four outcomes: what each dot is called, and that every dot of the course is on it."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.path import Path
from matplotlib.transforms import Bbox

from helpers.capstone import plan
from helpers.chapters.ch08 import logs
from helpers.chapters.ch08.studies import logs as lab_logs
from helpers.course import outcomes
from helpers.display import figures
from helpers.display.outcome_map import outcome_map
from helpers.display.runs import Runs
from helpers.evaluation.four_outcomes import BOTH_GAIN, BOTH_LOSE, ONE_GAINS, SEESAW, UNCLEAR, outcome
from helpers.evaluation.margins import SMALLEST
from helpers.lab import TABLES


@pytest.mark.parametrize(
    ("a", "b", "name"),
    [
        ((0.1, 0.2), (0.1, 0.2), BOTH_GAIN),
        ((0.1, 0.2), (-0.2, -0.1), SEESAW),
        ((-0.2, -0.1), (0.1, 0.2), SEESAW),
        ((-0.2, -0.1), (-0.2, -0.1), BOTH_LOSE),
        ((0.1, 0.2), (-0.04, 0.04), ONE_GAINS),
        ((-0.04, 0.04), (0.1, 0.2), ONE_GAINS),
        ((0.1, 0.2), (-0.04, 0.1), ONE_GAINS),  # whether the other gains is open, but it loses nothing that matters
        ((0.1, 0.2), (-0.1, 0.04), UNCLEAR),  # it may lose
        ((0.1, 0.2), (-0.1, -0.04), UNCLEAR),  # it loses, but perhaps nothing that matters
        ((0.01, 0.04), (0.01, 0.04), UNCLEAR),  # above 0, and too small to matter
        ((-0.2, -0.1), (-0.04, 0.04), UNCLEAR),
    ],
)
def test_an_outcome_is_called_so_when_the_intervals_allow_it(a, b, name):
    assert outcome(a, b, smallest=0.05) == outcome(a, b, smallest=[0.05, 0.05]) == name


def test_of_more_tasks_all_gain_some_gain_or_all_lose():
    far, near, lost, open_one = (0.1, 0.2), (-0.04, 0.04), (-0.2, -0.1), (-0.1, 0.2)
    for gains, name in (
        ((far, far, far), "all gain"),
        ((far, near, far), "some gain, none loses"),
        ((far, near, near), ONE_GAINS),
        ((lost, lost, lost), "all lose"),
        ((far, near, lost), SEESAW),
        ((far, far, open_one), UNCLEAR),
        ((lost, near, lost), UNCLEAR),
    ):
        assert outcome(*gains, smallest=0.05) == name
    assert outcome(far, far, smallest=[0.05, 0.15]) == ONE_GAINS


def test_what_matters_on_the_map_is_what_matters_in_a_report():
    assert {"binary": SMALLEST["AUC"], "regression": SMALLEST["R²"]} == plan.MATTERS


def test_chapter_01_shows_all_four_outcomes():
    table = outcomes.table([1, 4]).query("chapter == 1 or name == 'same features'")
    assert {BOTH_GAIN, ONE_GAINS, SEESAW, BOTH_LOSE} <= set(table["outcome"])


@pytest.mark.slow
def test_every_dot_has_a_name_of_its_own_and_lies_in_its_intervals():
    table = outcomes.table(chapters=[1, 4, 5, 6, 7, 8])
    assert len(table) == len(outcomes.DOTS) and table["name"].is_unique
    for task in ("a", "b"):
        assert ((table[f"{task}_low"] <= table[task]) & (table[task] <= table[f"{task}_high"])).all()
    assert (table["seeds"] >= 20).all()


def test_a_gain_is_that_of_the_best_of_both_sides():
    dot = next(dot for dot in outcomes.DOTS if dot.name == "ESMM at 1")
    table = Runs(TABLES[dot.kept].read()).where(**dot.where, task=dot.tasks[1])
    shared, best = (max(table.where(model=one).of(dot.value).mean() for one in side) for side in (dot.model, dot.over))
    row = outcomes.table([7]).set_index("name").loc[dot.name]
    assert row["b"] == pytest.approx(shared - best)
    assert best > table.where(model="single-task").of(dot.value).mean() and row["over"] == "best unshared"


def test_the_whiskers_of_the_capstone_are_those_of_its_report():
    table = lab_logs.TABLES["08_feed"].read()
    click = logs.gains(table).set_index("task").loc["click"]
    row = outcomes.table([8]).set_index("name").loc["report on the feed"]
    assert (row["a_low"], row["a_high"]) == pytest.approx((click["low"], click["high"]))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("chapters", "unit"), [([1, 4], "R²"), ([4, 5], "R²"), ([6], "R²"), ([7], "AUC"), ([8], "AUC")]
)
def test_the_map_names_every_dot_and_no_names_overlap(chapters, unit):
    table = outcomes.table(chapters=chapters)
    table = table[table["unit"] == unit]
    with plt.rc_context(figures.STYLE):  # as in the chapters
        figure = outcome_map(table, title="T", highlight=tuple(table["name"]))  # bold is widest
        figure.canvas.draw()
    words = [text for text in figure.axes[0].texts if text.get_text()]
    assert sum(text.get_text() in set(table["name"]) for text in words) == len(table)
    boxes = [text.get_window_extent() for text in words]
    assert not any(p.overlaps(q) for i, p in enumerate(boxes) for q in boxes[i + 1 :])
    axes, lines = figure.axes[0], []
    for arrow in [text for text in axes.texts if not text.get_text()]:
        dot = axes.transData.transform(arrow.xy)
        lines.append(Path([dot, dot + np.array(arrow.xyann) * figure.dpi / 72]))
    dots = [Bbox([at, at]).padded(3) for at in axes.transData.transform(table[["a", "b"]].to_numpy())]
    for line in lines:
        assert sum(line.intersects_bbox(box.padded(-2)) for box in boxes) <= 1  # its own name
        near = [dot for dot in dots if dot.padded(10).contains(*line.vertices[0])]
        assert not any(line.intersects_bbox(dot) for dot in dots if dot not in near)
