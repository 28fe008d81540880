"""`pytest --nbval notebooks`, as the README has it: no option of ours, on a machine that is busy."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = ("CI", "TQDM_DISABLE", "OMP_NUM_THREADS")  # a user has set none of them


@contextmanager
def busy_cores() -> Iterator[None]:
    """Every core has something else to do."""
    jobs = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count())]
    try:
        yield
    finally:
        for job in jobs:
            job.kill()
            job.wait()


@pytest.mark.long
def test_a_chapter_is_green_with_nbval_alone_while_the_machine_is_busy():
    """Chapter 00: one of its exercises takes so long on a slow machine that a progress bar would appear."""
    env = {name: value for name, value in os.environ.items() if name not in OURS and not name.startswith("PYTEST")}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval"]
    with busy_cores():
        ran = subprocess.run(
            [*command, "notebooks/00_start_here.ipynb"], cwd=ROOT, env=env, capture_output=True, text=True
        )
    assert ran.returncode == 0, ran.stdout
    assert "passed" in ran.stdout and "skipped" not in ran.stdout
