"""The capstone's comparison on two logs: its rows, and the gains of the kept scores."""

import pytest

from helpers.chapters.ch08 import logs
from helpers.chapters.ch08.studies import logs as lab_logs
from helpers.evaluation.intervals import gain


def test_the_gains_of_a_kept_run_are_those_of_the_report():
    table = lab_logs.TABLES["08_feed"].read()
    found = logs.gains(table).set_index("task")
    assert found["seeds"].eq(20).all()
    part = table[table["task"] == "like"].pivot(index="seed", columns="model", values="auc")
    overlap, users, units = table.loc[table["task"] == "like", ["overlap", "users", "units"]].iloc[0]
    one = gain((part["Shared-Bottom"] - part["single-task"]).to_numpy(), overlap, users, units)
    assert (found.loc["like", "low"], found.loc["like", "high"]) == pytest.approx((one.low, one.high))


def test_the_newest_rows_of_a_log_are_its_last():
    log = logs.newest("feed", 500)
    assert len(log) == 500 and log["time"].is_monotonic_increasing and {"topic", "age_group"} <= set(log.columns)
    with pytest.raises(ValueError, match="data: got 'food'"):
        logs.newest("food", 500)
