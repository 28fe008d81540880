"""Runs: what an axis says is true of the table, gains are paired, and unknown names are told."""

import numpy as np
import pandas as pd
import pytest

from helpers.course import runs
from helpers.display.runs import Runs
from helpers.evaluation.statistics import interval
from helpers.lab import TABLES


@pytest.fixture
def table():
    """Three models on two tasks; `better` is 0.1 above `plain` at every seed, however much the seeds differ."""
    rng = np.random.default_rng(0)
    rows = []
    for seed in range(6):
        luck = rng.normal()
        for model, gain in (("plain", 0.0), ("better", 0.1), ("worse", -0.1)):
            rows += [(seed, model, task, luck + gain) for task in "ab"]
    return pd.DataFrame(rows, columns=["seed", "model", "task", "r2"])


def words(figure) -> tuple[str, str]:
    return figure.axes[0].get_xlabel(), figure.axes[0].get_ylabel()


def test_an_axis_names_metric_baseline_and_the_true_number_of_seeds(table):
    gains = Runs(table).gain(over="plain")
    label = "gain in R² over plain (95% intervals, 6 seeds)"
    assert words(gains.dots("task", title="T")) == (label, "")
    some = table[(table["seed"] < 4) | (table["task"] == "b")]
    assert Runs(some).axis("task", "model") == "R² (95% intervals, 4 to 6 seeds)"
    assert Runs(some, metric="share", seeds="worlds").where(task="a").axis("model") == "share (95% intervals, 4 worlds)"


def test_an_axis_says_that_tasks_are_averaged(table):
    assert Runs(table).axis("model") == "R², mean of both tasks (95% intervals, 6 seeds)"
    third = pd.concat([table, table.assign(task="c")[::2]])
    assert Runs(third).axis("model") == "R², mean of 3 tasks (95% intervals, 6 seeds)"
    named = Runs(table).label(who="{model} on {task}")
    assert named.axis("who") == "R² (95% intervals, 6 seeds)"


def test_a_long_label_beside_a_figure_has_two_lines(table):
    steps = pd.concat([table.assign(step=step) for step in (1, 2)])
    figure = Runs(steps).lines("step", title="T", x_label="step")
    assert words(figure) == ("step", "R², mean of both tasks (95% bands, 6 seeds)")
    figure = Runs(steps).gain(over="plain").lines("step", title="T", x_label="step")
    assert words(figure)[1] == "gain in R² over plain, mean of both tasks\n(95% bands, 6 seeds)"


def test_a_map_without_panels_says_what_it_shows(table):
    figure = Runs(table).gain(over="plain").heatmap("model", "task", title="T", x_label="x", y_label="y", matters=0.01)
    assert figure.axes[0].get_title() == "gain in R² over plain (95% intervals, 6 seeds)"


def test_a_grey_zone_is_the_margin_of_the_metric(table):
    gains, words = Runs(table).gain(over="plain"), {"title": "T", "matters": 0.005}
    for draw in (lambda: gains.dots("task", **words), lambda: gains.heatmap("model", "task", **words)):
        with pytest.raises(ValueError, match=r"^matters: got 0.005; expected 0.01, the smallest R² that matters"):
            draw()


def test_a_gain_is_paired(table):
    gains = Runs(table.sample(frac=1, random_state=0)).gain(over="plain").summary("model").set_index("model")
    np.testing.assert_allclose(gains.loc["better", ["mean", "low", "high"]].astype(float), 0.1)
    np.testing.assert_allclose(gains.loc["worse", ["mean", "low", "high"]].astype(float), -0.1)
    with pytest.raises(ValueError, match="the same settings and seeds"):
        Runs(table[1:]).gain(over="plain")


def test_a_gain_leaves_other_measured_columns_out(table):
    both = table.assign(auc=np.random.default_rng(1).random(len(table)))
    assert list(Runs(both, "r2").gain(over="plain").table) == ["seed", "task", "difference", "model"]


def test_levels_come_in_the_order_in_which_they_are_named(table):
    chosen = Runs(table).where(model=["worse", "plain"], task="b").table
    assert list(chosen["model"].unique()) == ["worse", "plain"] and set(chosen["task"]) == {"b"}


def test_labels_rename_and_fill_in(table):
    labelled = Runs(table).label(task={"a": "task A"}, both="{model}, {task}", what="one row").table
    assert list(labelled["task"].unique()) == ["task A", "b"]
    assert labelled["both"][0] == "plain, task A" and set(labelled["what"]) == {"one row"}


def test_powers_of_two_are_averaged_as_powers(table):
    found = Runs(table.rename(columns={"r2": "log2_mse"})).where(task="a", model="plain").summary("model")
    one = table[(table["task"] == "a") & (table["model"] == "plain")]["r2"]
    np.testing.assert_allclose(found[["mean", "low", "high"]].to_numpy()[0], np.exp2(interval(one)))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda runs: runs.where(model="best"), "model: got 'best'; expected one of 'plain', 'better', 'worse'"),
        (lambda runs: runs.where(model=["plain", "best"]), "model: got 'best'; expected one of"),
        (lambda runs: runs.where(seed=[0, 9]), "seed: got 9; expected one of 0, 1, 2, 3, 4, 5"),
        (lambda runs: runs.where(width=8), "column: got 'width'; expected one of 'seed', 'model'"),
        (lambda runs: runs.gain(over="best"), "model: got 'best'; expected one of"),
        (lambda runs: runs.label(task={"c": "task C"}), "task: got 'c'; expected one of 'a', 'b'"),
        (lambda runs: runs.label(pair="{tasks}"), "column: got 'tasks'; expected one of"),
        (lambda runs: runs.summary("width"), "table: got no column 'width'"),
        (lambda runs: Runs(runs.table.drop(columns="r2")), r"value: got \[\] in the table; expected the name of"),
        (lambda runs: Runs(runs.table.assign(auc=0.5)), r"value: got \['r2', 'auc'\] in the table"),
        (lambda runs: Runs(runs.table, "r3"), "table: got no column 'r3'"),
    ],
)
def test_unknown_names_are_told(table, wrong, message):
    with pytest.raises(ValueError, match=message):
        wrong(Runs(table))


def test_kept_runs_come_by_the_names_of_their_grids():
    both = runs("04_ratings", "04_ratings_80")
    assert (both.value, both.metric, both.model) == ("auc", "AUC", "model")
    assert len(both.table) == sum(len(TABLES[name].read()) for name in ("04_ratings", "04_ratings_80"))
    with pytest.raises(FileNotFoundError, match=r"grid: got no file 04_nothing\.csv"):
        runs("04_nothing")


def test_powers_of_ten_are_written_as_numbers(table):
    sizes = pd.concat([table.assign(size=size, r2=size / 3) for size in (10, 1000, 100_000)])
    figure = Runs(sizes, "r2").log10("size").log10("r2").lines("log10_size", title="T", x_label="size")
    across, up = (
        [label.get_text() for label in labels]
        for labels in (figure.axes[0].get_xticklabels(), figure.axes[0].get_yticklabels())
    )
    assert across == ["10", "100", "1,000", "10,000", "100,000"]
    assert up == ["1", "10", "100", "1,000", "10,000"]


def test_levels_can_be_ranked_by_their_means(table):
    assert list(Runs(table).ranked("model").table["model"].unique()) == ["worse", "plain", "better"]
    assert list(Runs(table).ranked("model", ascending=False).table["model"].unique()) == ["better", "plain", "worse"]


def test_intervals_are_told_in_words(table):
    found = Runs(table).gain(over="plain").intervals(["model"], "task")
    assert found.loc["better", "a"] == "0.10 [0.10, 0.10]" and list(found.columns) == ["a", "b"]


def test_paths_name_both_goals_and_panels_the_seeds(table):
    steps = Runs(pd.concat([table.assign(step=step) for step in (1, 2)]), metric="loss", seeds="worlds")
    figure = steps.label(task={"a": "task A", "b": "task B"}).paths("step", "task A", "task B", title="T")
    assert words(figure) == ("loss of task A (95% intervals, 6 worlds)", "loss of task B")
    figure = steps.panels("task", {"a": "A", "b": "B"}, title="T", note="test rows")
    assert figure.get_supxlabel() == "test rows; 95% intervals over 6 worlds"


def test_readings_stand_at_the_mean_of_another_column(table):
    said = Runs(table.assign(says=table["r2"] + 2), "r2", metric="seen")
    truth = pd.DataFrame({"x": [0, 4], "y": [0, 4]})
    figure = said.readings("says", "task", truth, title="T", x_label="said", truth_label="as said")
    assert words(figure) == ("said", "seen (95% intervals, 6 seeds)")
    plain = next(line for line in figure.axes[0].lines if line.get_label() == "plain")
    np.testing.assert_allclose(plain.get_xdata() - plain.get_ydata(), 2)
