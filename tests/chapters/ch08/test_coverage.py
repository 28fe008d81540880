"""Reports on tables whose truth is known: what is counted as right, as wrong, and as held."""

import numpy as np
import pandas as pd

from helpers.chapters.ch08.coverage import DISJOINT, SAME, held, interval_coverage
from helpers.chapters.ch08.studies import calibration
from helpers.chapters.ch08.studies.coverage import said_right


def test_right_and_wrong_are_told_apart():
    words = {SAME: ["share", "keep apart", "undecided"], DISJOINT: ["share, for the cost", "keep apart", "share, but"]}
    rows = [(c, seed, word) for c, said in words.items() for seed, word in enumerate(said)]
    table = pd.DataFrame(rows, columns=["condition", "seed", "word"])
    assert said_right(table, SAME).tolist() == [1, -1, 0]
    assert said_right(table, DISJOINT).tolist() == [-1, 1, -1]


def test_held_means_that_the_mean_over_tables_lies_inside():
    table = pd.DataFrame({"gain": [0.0, 0.1, 0.2], "low": [-0.2, 0.05, 0.15], "high": [0.15, 0.15, 0.25]})
    table = table.assign(condition="c", rows=1, repeats=3, task="a", seed=range(3), naive_low=-1.0, naive_high=0.09)
    assert held(table)["report"].tolist() == [1, 1, 0] and held(table)["naive"].sum() == 0


def test_the_truth_of_a_table_is_the_least_of_the_mean_gains_of_the_others():
    table = pd.DataFrame(
        {
            "over single-task": [0.00, 0.04, 0.08],
            "over linear": [0.09, 0.01, 0.03],
            "own_gain": [0.10, 0.02, 0.10],  # of the shared model as it is, which need not be its best form
            "low": [0.01, 0.07, -0.1],
            "high": [0.03, 0.08, 0.1],
            "verdict": ["holds", "opposite", "undecided"],
        }
    )
    table = table.assign(own_low=0.05, own_high=0.07, family="f", task="a", seed=range(3), word="undecided")
    found = interval_coverage(table)
    assert np.allclose(found["truth"], [0.02, 0.04, 0.02])
    assert found["held"].tolist() == [True, False, True] and found["own_held"].tolist() == [True, False, True]
    assert found["wrong"].tolist() == [False, True, False]


def test_rows_that_are_copies_and_a_coin_are_what_they_are_called():
    copies, own = calibration.make_table("copies", 1, rows=300)
    assert copies.drop(columns="time").value_counts().tolist() == [3] * 100 and own.by_time
    coin, _ = calibration.make_table("noise", 2, rows=4_000)
    assert abs(coin["b"].mean() - 0.5) < 0.03 and abs(coin["a"].corr(coin["b"])) < 0.05
    help_, _ = calibration.make_table("help", 2, rows=4_000)
    assert 0.15 < help_["b"].notna().mean() < 0.25
