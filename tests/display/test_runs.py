"""Runs: what an axis says is true of the table, gains are paired, and unknown names are told."""

import numpy as np
import pandas as pd
import pytest

from helpers.course import runs
from helpers.display.runs import Runs
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
    assert Runs(table).axis("model") == "R², mean of both tasks (95% intervals, 6 seeds)"
    assert Runs(some, metric="share", seeds="worlds").where(task="a").axis("model") == "share (95% intervals, 4 worlds)"


def test_powers_of_two_are_averaged_and_shown_as_numbers():
    losses = pd.DataFrame({"seed": [0, 1, 2], "model": "plain", "log2_mse": [-1.0, -2.0, -3.0]})
    assert Runs(losses).summary("model").iloc[0][["mean", "seeds"]].tolist() == [0.25, 3]


def test_levels_come_in_the_order_asked_for(table):
    assert [*Runs(table).where(model=["worse", "plain"]).table["model"].unique()] == ["worse", "plain"]


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


def test_kept_runs_come_by_the_names_of_their_tables():
    both = runs("04_ratings", "04_ratings_80")
    assert (both.value, both.metric, both.model) == ("auc", "AUC", "model")
    assert len(both.table) == sum(len(TABLES[name].read()) for name in ("04_ratings", "04_ratings_80"))
    with pytest.raises(FileNotFoundError, match=r"kept table: got no file 04_nothing\.csv"):
        runs("04_nothing")
    with pytest.raises(FileNotFoundError, match=r"04_condition\.csv \(is it 04_conditions\.csv\?\)"):
        runs("04_condition")
