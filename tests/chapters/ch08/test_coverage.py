"""Reports on tables whose truth is known: what is counted as right, as wrong, and as held."""

import numpy as np
import pandas as pd

from helpers.chapters.ch08.coverage import DISJOINT, FLIPPED, SAME, held
from helpers.lab.ch08.coverage import known_table, said_right


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


def test_the_flipped_table_has_negatively_correlated_labels_and_repeats_for_its_seed():
    frame, declaration = known_table(FLIPPED, 500, seed=3)
    assert frame.shape == (500, 22) and declaration.numbers[0] == "x0"
    assert np.corrcoef(frame["a"], frame["b"])[0, 1] < -0.6
    same = known_table(FLIPPED, 500, seed=3)[0]
    pd.testing.assert_frame_equal(frame, same)
