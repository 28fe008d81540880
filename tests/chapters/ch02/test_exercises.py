"""Chapter 02: what a T of one's own does is told from trained worlds."""

import pytest

from helpers.chapters.ch02 import exercises


@pytest.mark.long
def test_a_trial_compares_with_the_kept_worlds(monkeypatch):
    """An own T is trained in the worlds of the table; here two of them, to be quick."""
    monkeypatch.setattr(exercises, "WORLDS", range(2))
    table = exercises.trial(lambda clicks: clicks["watch_seconds"].clip(upper=1))
    assert list(table.columns) == ["mean", "low", "high"]
    assert table.loc["duration", "mean"] < 0 < table.loc["bait", "mean"]  # nearly a click model
