"""The course without a notebook: the script of `examples/` runs in a folder of its own and says what it found."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "examples" / "ranker.py"


@pytest.mark.long
def test_the_script_trains_saves_loads_and_exports(tmp_path):
    """With the library alone: the folder data/ of the course is not there."""
    library = tmp_path.parent / f"{tmp_path.name}_library"
    shutil.copytree(SCRIPT.parents[1] / "helpers", library / "helpers", ignore=shutil.ignore_patterns("__pycache__"))
    own = os.environ | {"PYTHONPATH": str(library)}
    done = subprocess.run([sys.executable, SCRIPT], cwd=tmp_path, capture_output=True, text=True, check=False, env=own)
    assert done.returncode == 0 and done.stderr.count("Traceback") == 0, done.stderr
    words = [line.split() for line in done.stdout.splitlines()]
    quality = {tuple(line[:2]): float(line[2]) for line in words if len(line) == 3 and line[1] in ("auc", "r2")}
    assert quality["click", "auc"] > 0.6 and quality["like", "auc"] > 0.6 and quality["watch_seconds", "r2"] > 0.02
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ranker.json", "ranker.pt", "ranker.pt2"]


def test_it_is_short():
    code = [line for line in SCRIPT.read_text(encoding="utf-8").splitlines() if line.strip()]
    assert len(code) <= 20
