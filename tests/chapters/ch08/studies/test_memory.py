"""Memory from a file to one epoch, measured in a process of its own."""

import pytest

from helpers.chapters.ch08.studies.larger_logs import memory


@pytest.mark.long
def test_peaks_grow_from_stage_to_stage():
    table = memory.peaks([100_000])
    assert table["stage"].tolist() == list(memory.STAGES) and (table["rows"] == 100_000).all()
    assert table["mb"].is_monotonic_increasing and table["seconds"].is_monotonic_increasing
    assert 50 < table["mb"].iloc[0] < table["mb"].iloc[-1] < 2_000
