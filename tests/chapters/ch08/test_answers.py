"""The logs that show each answer of the report: who has a label, and what is there to share."""

import numpy as np
import pandas as pd
import pytest

from helpers.capstone.preparation import prepare, split
from helpers.chapters.ch08.answers import LOGS, NEW_OTHER, NEW_SAME, OLD_SAME, SHUFFLED, on_map
from helpers.chapters.ch08.studies.answers import make_log


@pytest.mark.parametrize(("log", "rows"), [(NEW_OTHER, 600), (NEW_SAME, 600), (OLD_SAME, 25_600)])
def test_as_many_rows_to_train_on_have_b_as_the_chapter_says(log, rows):
    frame, declaration, _ = make_log(log, 1)
    train, valid, test = split(declaration, prepare(declaration, frame))
    assert len(train) == 0.8 * LOGS[log].rows and train["b"].count() == rows
    assert valid["b"].notna().all() and test["b"].notna().all()


def test_shuffled_labels_are_the_same_labels_in_rows_that_tell_nothing_of_them():
    (frame, _, _), (other, _, _) = make_log(NEW_SAME, 1), make_log(SHUFFLED, 1)
    assert frame.drop(columns="b").equals(other.drop(columns="b"))
    told = [abs(np.corrcoef(one.dropna().drop(columns="time").T)[:-1, -1]).max() for one in (frame, other)]
    assert told[0] > 0.2 and told[1] < 0.06


def test_a_log_on_the_map_is_the_mean_of_its_reports():
    rows = [("l", task, seed, 0.1 * seed, 0.0, 1.0 * seed) for task in "ab" for seed in (1, 3)]
    (dot,) = on_map(pd.DataFrame(rows, columns=["log", "task", "seed", "gain", "low", "high"])).to_dict("records")
    assert dot["name"] == "l" and dot["a"] == pytest.approx(0.2) and dot["b_high"] == 2
