"""Memory from a file to one epoch, measured in a process of its own."""

import pandas as pd
import pytest

from helpers.capstone.table_checks import check
from helpers.lab.ch08.larger_logs import memory


@pytest.mark.long
def test_peaks_grow_from_stage_to_stage():
    table = memory.peaks([100_000])
    assert table["stage"].tolist() == list(memory.STAGES) and (table["rows"] == 100_000).all()
    assert table["mb"].is_monotonic_increasing and table["seconds"].is_monotonic_increasing
    assert 50 < table["mb"].iloc[0] < table["mb"].iloc[-1] < 2_000


def test_the_log_is_one_that_a_reader_could_have(tmp_path):
    memory.write(tmp_path / "log.csv", 5_000)
    frame = pd.read_csv(tmp_path / "log.csv")
    assert len(frame) == 5_000 and check(memory.DECLARATION, frame).stopping == []


def test_too_few_rows_are_refused():
    with pytest.raises(ValueError, match="rows: got 10"):
        memory.peaks([10])
