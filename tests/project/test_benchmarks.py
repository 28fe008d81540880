"""The benchmarks run and give the lines that they promise. Of speed, no test asks more than an order of magnitude."""

import math
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from benchmarks import peers, task
from benchmarks.__main__ import PARTS
from benchmarks.chapters import CHROMIUM
from benchmarks.libraries import PEERS

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
INSTALLED = ["ours", *(PEERS if peers.installed() else [])]


def test_equal_seeds_give_equal_data_that_can_be_learned_from():
    one, two, other = task.make(2000), task.make(2000), task.make(2000, seed=1)
    for name in ("sparse", "dense", "labels"):
        assert getattr(one, name).tobytes() == getattr(two, name).tobytes()
    assert not np.array_equal(one.labels, other.labels)
    assert set(np.unique(one.labels)) == {0, 1}
    assert one.sparse.min() >= 0 and one.sparse.max() < task.VOCABULARY
    assert all(0.1 < rate < 0.5 for rate in one.labels.mean(0))


def test_libraries_side_by_side(capsys):
    """The other libraries are there where `python -m benchmarks.peers` has installed them."""
    with ExitStack() as stack:
        workers = [stack.enter_context(peers.Worker(name, threads=1, rows=5000)) for name in INSTALLED]
        speed = dict(peers.speed(workers, rows=5000, rounds=1, threads=1))
        scores = dict(peers.auc(workers, seeds=1))
    ratios = [f"{name}_1" for name in INSTALLED[1:]] + (["fastest_peer_1", "fastest_peer"] if INSTALLED[1:] else [])
    for work in ("train", "infer"):
        assert 100 < speed.pop(f"{work}_rows_per_s") < 1e8
        assert all(0.01 < speed.pop(f"{work}_over_{name}") < 1000 for name in ratios)
    assert not speed
    assert "ours train, threads 1: " in capsys.readouterr().err
    assert set(scores) == {"auc_ours", *(f"auc_peer_{name}" for name in INSTALLED[1:])}
    assert all(0.52 < score < 0.9 for score in scores.values())  # so few rows teach little, but more than nothing


@pytest.mark.parametrize("part", PARTS)
def test_a_short_run_gives_lines_of_numbers(part):
    """As `make bench` runs it, on less. No network: where `.peers/` is not made, ours is measured alone."""
    if part in ("chapters", "pages") and not CHROMIUM:
        pytest.skip("chapters and pages are measured in Chromium, which is not installed")
    command = [sys.executable, "-m", "benchmarks", "--short", part]
    ran = subprocess.run(command, cwd=ROOT, env=os.environ | {"PIP_NO_INDEX": "1"}, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr[-3000:]
    found = {name: float(value) for name, value in map(str.split, ran.stdout.splitlines())}
    assert found and all(math.isfinite(value) and value > 0 for value in found.values()), found
