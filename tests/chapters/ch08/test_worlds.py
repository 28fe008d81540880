"""Reports on worlds whose truth is known: what is counted as right, as wrong, and as held."""

import numpy as np
import pandas as pd
import pytest

from helpers.capstone.table_checks import alone
from helpers.chapters.ch08 import leaks, runs
from helpers.chapters.ch08.worlds import DISJOINT, FLIPPED, SAME, coverage, reports, said_right, world
from helpers.evaluation.intervals import gain


@pytest.fixture(scope="module")
def table():
    return reports([0, 1], [DISJOINT], rows=[300], repeats=4)


def test_reports_are_tidy(table):
    assert len(table) == 2 * 2 * 2 and sorted(table["repeats"].unique()) == [3, 4]
    assert not table.duplicated(["condition", "rows", "seed", "repeats", "task"]).any()
    assert (table["low"] < table["gain"]).all() and (table["gain"] < table["high"]).all()


def test_a_world_by_time_has_one_split():
    by_time = reports([0], [DISJOINT], rows=[300], repeats=3, by_time=True)
    at_random = reports([0], [DISJOINT], rows=[300], repeats=3)
    assert not np.allclose(by_time["gain"], at_random["gain"])


def test_right_and_wrong_are_told_apart():
    words = {SAME: ["share", "keep apart", "undecided"], DISJOINT: ["share, for the cost", "keep apart", "share, but"]}
    rows = [(c, seed, word) for c, said in words.items() for seed, word in enumerate(said)]
    table = pd.DataFrame(rows, columns=["condition", "seed", "word"])
    assert said_right(table, SAME).tolist() == [1, -1, 0]
    assert said_right(table, DISJOINT).tolist() == [-1, 1, -1]


def test_held_means_that_the_mean_over_worlds_lies_inside():
    table = pd.DataFrame({"gain": [0.0, 0.1, 0.2], "low": [-0.2, 0.05, 0.15], "high": [0.15, 0.15, 0.25]})
    table = table.assign(condition="c", rows=1, repeats=3, task="a", seed=range(3), naive_low=-1.0, naive_high=0.09)
    assert coverage(table)["report"].tolist() == [1, 1, 0] and coverage(table)["naive"].sum() == 0


def test_a_planted_column_tells_its_label_and_looks_like_a_number():
    frame = pd.DataFrame({"click": np.arange(1_000) % 2})
    spoiled = leaks.planted(frame, "click", seed=0)
    assert spoiled[leaks.PLANTED].nunique() > 500
    codes = np.digitize(spoiled[leaks.PLANTED], np.linspace(-1, 2, 40))
    assert alone(codes, spoiled["click"].to_numpy(float), "binary") > 0.97


@pytest.mark.parametrize("leak", leaks.SPARSE)
def test_a_sparse_leak_says_nothing_where_the_label_is_0(leak):
    frame = pd.DataFrame({"like": (np.arange(1_000) % 50 == 0).astype(int)})
    values = leaks.planted(frame, "like", 0, leak)[leaks.PLANTED].fillna(0)
    assert (values[frame["like"] == 0] == 0).all()
    share = (values[frame["like"] == 1] > 0).mean()
    assert share == 1 if leak != "half of the amounts" else 0.2 < share < 0.8


def test_false_alarms_count_against_what_is_found():
    table = pd.DataFrame(
        {"seed": 0, "label": ["click", "like", "none"], "named": [True, True, False], "accused": [0, 1, 0]}
    )
    assert leaks.effects(table).tolist() == [0.0]


def test_the_gains_of_a_kept_run_are_those_of_the_report():
    grid = runs.GRIDS["08_feed"].read()
    found = runs.gains(grid).set_index("task")
    assert found["seeds"].eq(20).all()
    part = grid[grid["task"] == "like"].pivot(index="seed", columns="model", values="auc")
    overlap, users, units = grid.loc[grid["task"] == "like", ["overlap", "users", "units"]].iloc[0]
    one = gain((part["Shared-Bottom"] - part["single-task"]).to_numpy(), overlap, users, units)
    assert (found.loc["like", "low"], found.loc["like", "high"]) == pytest.approx((one.low, one.high))


def test_the_newest_rows_of_a_log_are_its_last():
    log = runs.log("feed", 500)
    assert len(log) == 500 and log["time"].is_monotonic_increasing and {"topic", "age_group"} <= set(log.columns)
    with pytest.raises(ValueError, match="data: got 'food'"):
        runs.log("food", 500)


def test_the_flipped_world_has_negatively_correlated_labels_and_repeats_for_its_seed():
    frame, declaration = world(FLIPPED, 500, seed=3)
    assert frame.shape == (500, 22) and declaration.numbers[0] == "x0"
    assert np.corrcoef(frame["a"], frame["b"])[0, 1] < -0.6
    same = world(FLIPPED, 500, seed=3)[0]
    pd.testing.assert_frame_equal(frame, same)
