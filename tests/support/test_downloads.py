"""Whether there is a copy of the data of others: the same answer to make, to the tests and to the chapters, at once."""

import itertools
import subprocess
import sys

import pytest

from helpers.support.downloads import CENSUS, MOVIELENS

DOWNLOADS = (MOVIELENS, CENSUS)


@pytest.mark.parametrize("download", DOWNLOADS, ids=lambda download: download.name)
def test_all_files_of_one_layout_are_a_copy_and_nothing_less(tmp_path, download):
    """Whichever files of its layouts are there, with a stranger."""
    names = [*dict.fromkeys(name for layout in download.layouts for name in layout)]
    for number, there in enumerate(itertools.product((False, True), repeat=len(names))):
        some = {"README", *itertools.compress(names, there)}
        (folder := tmp_path / str(number)).mkdir()
        for name in some:
            (folder / name).touch()
        complete = any(set(layout) <= some for layout in download.layouts)
        assert download.present(folder) == complete == (not download.missing(folder)), some


@pytest.mark.parametrize("download", DOWNLOADS, ids=lambda download: download.name)
def test_nothing_and_folders_in_the_place_of_files_are_no_copy(tmp_path, download):
    assert not download.present(tmp_path / "nowhere")
    for name in download.layouts[0]:
        (tmp_path / name).mkdir()
    assert not download.present(tmp_path)


@pytest.mark.parametrize("download", DOWNLOADS, ids=lambda download: download.name)
def test_no_copy_is_ever_committed(download):
    """git ignores the folder of each."""
    files = [f"data/{download.folder.name}/{name}" for names in download.layouts for name in names]
    asked = ["git", "check-ignore", "--no-index", *files]
    told = subprocess.run(asked, cwd=download.folder.parents[1], capture_output=True, text=True, check=False)
    assert told.stdout.split() == files


@pytest.mark.parametrize("download", DOWNLOADS, ids=lambda download: download.name)
def test_asking_loads_no_library_and_answers_with_the_exit_code(tmp_path, download):
    code = f"import sys, pathlib, helpers.support.downloads as o; o.CENSUS.present(pathlib.Path({str(tmp_path)!r}))"
    subprocess.run(
        [sys.executable, "-c", f"{code}; sys.exit('pandas' in sys.modules or 'torch' in sys.modules)"], check=True
    )
    asked = subprocess.run(
        [sys.executable, "-m", "helpers.support.downloads", download.folder.name],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (asked.returncode, asked.stdout, asked.stderr) == (int(not download.present()), "", "")
