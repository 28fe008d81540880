"""A million rows with words as ids and lists, from the file to the report, in less than 1 GB."""

import subprocess
import sys

import pytest

from benchmarks import million
from helpers.support import environment


@pytest.mark.long
def test_a_million_rows_are_compared_in_less_than_a_gigabyte(tmp_path):
    million.write(path := tmp_path / "log.csv", 1_000_000)
    command = [sys.executable, "-m", "benchmarks.million", str(path), "--epochs", "1"]  # more take time alone
    text = subprocess.run(command, cwd=environment.ROOT, capture_output=True, text=True, check=True).stdout
    peaks = {stage: float(mb) for stage, mb, *_ in (line.split(",") for line in text.splitlines())}
    assert list(peaks) == ["read", "compare", "report"] and peaks["report"] < 1_000
