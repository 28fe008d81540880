"""Figures draw each mean with its interval, and refuse what they cannot draw."""

import pandas as pd
import pytest

from helpers.display import figures


@pytest.fixture
def summary():
    keys = [(row, name) for row in ("first", "second") for name in ("shared-bottom", "single-task")]
    table = pd.DataFrame(keys, columns=["condition", "model"]).assign(mean=[0.1, 0.2, 0.3, 0.4])
    return table.assign(low=table["mean"] - 0.05, high=table["mean"] + 0.05)


def test_dots_draws_and_names_every_interval(summary):
    figure = figures.dots(summary, "condition", "model", title="T", x_label="R²", matters=0.01)
    axes = figure.axes[0]
    whiskers = [segment for lines in axes.collections for segment in getattr(lines, "get_segments", list)()]
    assert sorted(round(w[0][0], 3) for w in whiskers) == [0.05, 0.15, 0.25, 0.35]
    assert [text.get_text() for text in axes.texts] == ["shared-bottom", "single-task"] * 2
    assert [label.get_text() for label in axes.get_yticklabels()] == ["first", "second"]


def test_lines_names_each_line_at_its_end_without_overlap():
    parts = [pd.DataFrame({"step": [0, 1], "pair": name, "mean": [0, y]}) for name, y in (("a", 1.0), ("b", 1.001))]
    table = pd.concat(parts).assign(low=lambda t: t["mean"] - 0.1, high=lambda t: t["mean"] + 0.1)
    axes = figures.lines(table, "step", "pair", title="T", x_label="step", y_label="y").axes[0]
    assert len(axes.lines) == 2 and len(axes.collections) == 2
    heights = sorted(text.xy[1] for text in axes.texts)
    assert heights[1] - heights[0] > 0.05 * (axes.get_ylim()[1] - axes.get_ylim()[0])


def test_a_heat_map_frames_a_cell_of_which_the_whole_interval_matters():
    cells = pd.DataFrame({"row": "r", "column": [1, 2], "panel": "p", "mean": [0.3, -0.3]})
    cells = cells.assign(low=[0.05, -0.4], high=[0.55, -0.2])
    words = {"title": "T", "x_label": "x", "y_label": "y", "matters": 0.1}
    (frame,) = figures.heatmap(cells, "row", "column", "panel", **words).axes[0].patches
    assert frame.get_x() < 1 < frame.get_x() + frame.get_width()


MISSING = [(name, f"summary: got no column '{name}'") for name in ("mean", "low", "high", "condition", "model")]
MISSING += [(f"one {name}", "summary.*: got 1 NaN or infinite value; exp") for name in ("mean", "low", "high")]


@pytest.mark.parametrize(("missing", "words"), MISSING)
def test_what_is_missing_is_named(summary, missing, words):
    if missing.startswith("one "):
        summary.loc[1, missing.removeprefix("one ")] = float("nan")
    with pytest.raises(ValueError, match=words):
        figures.dots(summary.drop(columns=missing, errors="ignore"), "condition", "model", title="T", x_label="x")


@pytest.fixture
def measured():
    keys = [(model, outcome) for model in ("clicks", "weighted CE", "at random") for outcome in ("bait", "length")]
    table = pd.DataFrame(keys, columns=["model", "outcome"]).assign(mean=[1.5, 30, 1.1, 57, 0.0, 32])
    return table.assign(low=table["mean"] - 0.1, high=table["mean"] + 0.1)


def test_small_multiples_have_a_panel_each_and_a_line_for_the_reference(measured):
    words = {"title": "T", "note": "95% intervals, 40 worlds"}
    labels = {"bait": "bait, sd", "length": "length, s"}
    figures.use_style()
    figure = figures.small_multiples(measured, "model", "outcome", labels, reference="at random", **words)
    assert [axes.get_title("left") for axes in figure.axes] == ["bait, sd", "length, s"]
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["clicks", "weighted CE"]
    for axes, reference in zip(figure.axes, (0, 32), strict=True):
        assert list(axes.lines[0].get_xdata()) == [reference, reference]
        assert len(axes.collections) == 2  # a whisker a row
    assert figure.get_supxlabel() == "95% intervals, 40 worlds; dotted: at random"
    whole = figures.small_multiples(measured, "model", "outcome", labels, from_zero=True, **words)
    assert all(axes.get_xlim()[0] == 0 for axes in whole.axes) and len(whole.axes[0].collections) == 3
    alike = figures.small_multiples(measured, "model", "outcome", labels, one_scale=True, **words)
    assert alike.axes[0].get_xlim() == alike.axes[1].get_xlim() != whole.axes[0].get_xlim()
