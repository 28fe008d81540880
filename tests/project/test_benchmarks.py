"""The benchmarks run and give the lines that they promise. Of speed, no test asks more than an order of magnitude."""

import math
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from benchmarks import peers, service, task
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


NUMBERS = [path.stem.split("_")[0] for path in sorted((ROOT / "notebooks").glob("*.ipynb"))]
MS = ("ms_p50", "ms_p95")
# The lines that each part gives where nothing is missing; of the peers only ours where they are not installed.
PROMISED = {
    "chapters": {
        *("imports_seconds", "kernel_mb", *(f"slider_{ms}" for ms in MS)),
        *(f"chapter_{number}_{what}" for number in NUMBERS for what in ("seconds", "kernel_mb")),
    },
    "pages": {
        *("page_first_paint_ms", "explorable_ready_ms", "playground_frames_per_s"),
        *(f"explorable_move_{ms}" for ms in MS),
    },
    "peers": {
        *("auc_ours", *(f"auc_peer_{name}" for name in INSTALLED[1:])),
        *(f"{work}_rows_per_s{threads}" for work in ("train", "infer") for threads in ("", "_2")),
        *(
            f"{work}_over_{name}_{threads}"
            for work in ("train", "infer")
            for name in [*INSTALLED[1:], *["fastest_peer"] * bool(INSTALLED[1:])]
            for threads in (1, 2)
        ),
        *(f"{work}_over_fastest_peer" for work in ("train", "infer") if INSTALLED[1:]),
    },
    "limits": {
        *("train_share_of_sgemm_peak", "rows_per_s_1e4", "rows_per_s_1e5", "rows_per_s_slowest_over_fastest"),
        *(f"sweep64_over_loop_{batch}" for batch in (64, 256, 1024)),
        *(f"latency_{count}_models_over_one" for count in (2, 4, 8)),
    },
    "million": {
        *("million_rows_mb", "million_rows_seconds"),
        *(f"million_quick_{what}" for what in ("mb", "cpu_seconds", "seconds")),
    },
    "service": {
        *(f"service{each}_{clients}_{ms}" for each in ("", "_each") for clients in service.CLIENTS for ms in MS),
        *(f"service_{clients}_each_over_one" for clients in service.CLIENTS),
        *(f"service_of_{count}_{ms}" for count in service.FEW for ms in ("ms_p50", "ms_p99")),
    },
}


def test_lines_are_promised_of_every_part():
    assert PROMISED.keys() == PARTS.keys()


@pytest.mark.parametrize("part", PROMISED)
def test_a_short_run_gives_every_line(part):
    """As `make bench` runs it, on less. No network: where `.peers/` is not made, ours is measured alone."""
    if part in ("chapters", "pages") and not CHROMIUM:
        pytest.skip("chapters and pages are measured in Chromium, which is not installed")
    command = [sys.executable, "-m", "benchmarks", "--short", part]
    ran = subprocess.run(command, cwd=ROOT, env=os.environ | {"PIP_NO_INDEX": "1"}, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr[-3000:]
    found = {name: float(value) for name, value in map(str.split, ran.stdout.splitlines())}
    found = {name: value for name, value in found.items() if name.count("slider") == 0 or name.startswith("slider")}
    assert found.keys() == PROMISED[part], ran.stderr[-3000:]
    assert all(math.isfinite(value) and value > 0 for value in found.values()), found
