"""Whether there is a copy of MovieLens-100K: the same answer to make, to the tests, to the chapters, and at once."""

import itertools
import subprocess
import sys

import pytest

from helpers.data import movielens
from helpers.support import environment
from helpers.support.movielens_files import ORIGINAL, PACKAGED, present

FOLDERS = [
    [*chosen] for names in (ORIGINAL, PACKAGED) for size in range(4) for chosen in itertools.combinations(names, size)
] + [[*ORIGINAL[:2], *PACKAGED[:2]], ["README"]]


@pytest.mark.parametrize("names", FOLDERS, ids=lambda names: ", ".join(names) or "empty")
def test_all_files_of_one_layout_are_a_copy_and_nothing_less(monkeypatch, tmp_path, names):
    folder = tmp_path / "data" / "ml-100k"
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).touch()
    assert present(folder) == movielens.present(folder) == (set(names) in ({*ORIGINAL}, {*PACKAGED}))
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    health = environment.health().loc["MovieLens-100K"]
    assert health["found"] == ("present" if present(folder) else "absent")
    assert ("delete" in health["mend"]) == (bool(names) and not present(folder))


def test_nothing_and_folders_in_the_place_of_files_are_no_copy(tmp_path):
    assert not present(tmp_path / "nowhere")
    for name in ORIGINAL:
        (tmp_path / name).mkdir()
    assert not present(tmp_path)


def test_asking_loads_no_library_and_answers_with_the_exit_code(tmp_path):
    code = f"import sys, pathlib, helpers.support.movielens_files as o; o.present(pathlib.Path({str(tmp_path)!r}))"
    subprocess.run(
        [sys.executable, "-c", f"{code}; sys.exit('pandas' in sys.modules or 'torch' in sys.modules)"], check=True
    )
    asked = subprocess.run(
        [sys.executable, "-m", "helpers.support.movielens_files"], capture_output=True, text=True, check=False
    )
    assert (asked.returncode, asked.stdout, asked.stderr) == (int(not present()), "", "")
