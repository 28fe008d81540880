import pytest

from helpers.files import whole


def test_a_file_is_written_whole(tmp_path):
    with whole(tmp_path / "new" / "file.txt") as part:
        part.write_text("all of it")
        assert not (tmp_path / "new" / "file.txt").exists()
    assert (tmp_path / "new" / "file.txt").read_text() == "all of it"
    assert list((tmp_path / "new").iterdir()) == [tmp_path / "new" / "file.txt"]


def test_or_not_at_all(tmp_path):
    (tmp_path / "file.txt").write_text("before")
    with pytest.raises(RuntimeError), whole(tmp_path / "file.txt") as part:
        part.write_text("half of")
        raise RuntimeError
    assert (tmp_path / "file.txt").read_text() == "before"
    assert list(tmp_path.iterdir()) == [tmp_path / "file.txt"]


def test_a_folder_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"path: got .*, a folder; expected the name of a file"), whole(tmp_path):
        pass
