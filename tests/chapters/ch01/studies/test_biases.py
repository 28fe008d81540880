"""The dials of the three biases, and what a day's labels tell of the next day."""

import numpy as np
import pandas as pd
import pytest

from helpers.chapters.ch01.studies import biases
from helpers.chapters.ch01.studies.biases import MARK, TRUTH
from helpers.data.world import World, simulate


def test_tenths_are_equal_parts_from_the_lowest_up_and_average_1():
    table = pd.DataFrame({"trait": np.arange(1000.0)[::-1], "label": np.arange(1000.0)[::-1]})
    found = biases.by_tenth(table, "trait", ["label"])
    assert list(found.index) == list(range(1, 11))
    assert found["label"].is_monotonic_increasing and found["label"].mean() == pytest.approx(1)


def test_equal_seeds_show_the_same_videos_whatever_the_dial():
    off, on = (biases.shown_rows(1, "item", strength, rows=500) for strength in (0.0, 1.0))
    hidden = [TRUTH, "bait", "hook", "duration", "proneness"]
    pd.testing.assert_frame_equal(off[hidden], on[hidden])
    assert not off["click"].equals(on["click"])


def test_user_days_are_the_days_on_which_something_played():
    log, truth = simulate(World.make(users=200, videos=300, seed=1), seed=1)
    days = biases.user_days(log, truth)
    played = log[log["watch_seconds"] > 0]
    assert len(days) == len(played[["user", "day"]].drop_duplicates())
    assert days["click"].sum() == len(played)
    (user, day), row = next(days.iterrows())
    mine = (log["user"] == user) & (log["day"] == day) & (log["watch_seconds"] > 0)
    assert row[TRUTH] == pytest.approx(truth.loc[mine, "satisfaction"].mean())
    assert row[MARK] == (truth.loc[mine, "satisfaction"] > 0.8).sum()
    assert row["return_next_day"] == log.loc[mine, "return_next_day"].iloc[0]
