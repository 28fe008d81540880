"""MovieLens-100K: both layouts give one frame, no other file passes, and a copy is fetched whole or not at all."""

import io
import os
import re
import subprocess
import sys
import tempfile
import time
import zipfile
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.data import movielens
from helpers.data.movielens import MovieLensDamaged, MovieLensMissing, fetch, load, main, split_by_time
from helpers.support.downloads import MOVIELENS


def flags(*genres):
    return "|".join(str(int(genre in genres)) for genre in movielens.GENRES)


# Two users, three items and four ratings, in both layouts. Item 3 has no year; in item 2 the packaged layout takes the
# "(V)" after the year for the year.
PACKAGED = {
    "ml-100k.inter": "user_id:token\titem_id:token\trating:float\ttimestamp:float\n"
    "2\t1\t5\t300\n1\t2\t4\t100\n1\t3\t2\t200\n2\t2\t3\t100\n",
    "ml-100k.item": "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq\n"
    "1\tShe Likes It\t1995\tAnimation Children's\n2\tBig One (1987)\tV\tFilm-Noir\n3\tunknown\tunknown\tunknown\n",
    "ml-100k.user": "user_id:token\tage:token\tgender:token\toccupation:token\tzip_code:token\n"
    "1\t24\tM\tnone\t00711\n2\t53\tF\tother\tT8H1N\n",
}
FLAGS = [flags("Animation", "Children's"), flags("Film-Noir"), flags("unknown")]
ORIGINAL = {
    "u.data": "2\t1\t5\t300\n1\t2\t4\t100\n1\t3\t2\t200\n2\t2\t3\t100\n",
    "u.item": f"1|She Likes It (1995)|01-Jan-1995||url|{FLAGS[0]}\n2|Big One (1987) (V)|01-Jan-1987||url|{FLAGS[1]}\n"
    f"3|unknown||||{FLAGS[2]}\n",
    "u.user": "1|24|M|none|00711\n2|53|F|other|T8H1N\n",
}


def write(folder, files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_bytes(text.encode("latin-1" if name.startswith("u.") else "utf-8"))
    return folder


@pytest.fixture
def small(monkeypatch, tmp_path):
    """A folder with the four ratings, which are made to count as the real ones."""
    ratings, _, _ = movielens._read_packaged(write(tmp_path / "packaged", PACKAGED))
    monkeypatch.setattr(movielens, "CHECKSUM", movielens._checksum(ratings))
    return tmp_path / "packaged"


def test_both_layouts_give_the_same_frame_with_tasks_that_are_thresholds_of_the_rating(small, tmp_path):
    frame = load(small)
    pd.testing.assert_frame_equal(frame, load(write(tmp_path / "original", ORIGINAL)))
    wanted = {
        "timestamp": [100, 100, 200, 300],
        "user": [1, 2, 1, 2],
        "title": ["Big One", "Big One", "unknown", "She Likes It"],
        "year": [1987, 1987, pd.NA, 1995],
        "genres": ["Film-Noir", "Film-Noir", "unknown", "Animation Children's"],
        "age": [24, 53, 24, 53],
        "gender": ["M", "F", "M", "F"],
        "occupation": ["none", "other", "none", "other"],
        "rating": [4, 3, 2, 5],
        "like": [1, 0, 0, 1],
        "love": [0, 0, 0, 1],
        "dislike": [0, 0, 1, 0],
    }
    assert {name: frame[name].tolist() for name in wanted} == wanted


def test_order_of_the_rows_does_not_matter_but_their_content_does(small):
    lines, expected = PACKAGED["ml-100k.inter"].splitlines(), load(small)
    write(small, {"ml-100k.inter": "\n".join([lines[0], *lines[:0:-1]])})
    pd.testing.assert_frame_equal(load(small), expected)
    write(small, {"ml-100k.inter": "\n".join([*lines[:-1], lines[-1].replace("3", "4")])})
    with pytest.raises(ValueError, match=r"got 4 ratings with another checksum; expected the 100,000 ratings"):
        load(small)
    for name in ("ml-100k.user", "ml-100k.item"):
        write(small, PACKAGED | {name: "\n".join(PACKAGED[name].splitlines()[:-1])})
        with pytest.raises(ValueError, match="ratings of unknown users or items"):
            load(small)


@pytest.mark.parametrize("here", [[], ["u.data"], ["ml-100k.inter", "ml-100k.item"]])
def test_an_absent_copy_is_named_with_the_way_to_get_it(tmp_path, here):
    write(tmp_path, {name: (PACKAGED | ORIGINAL)[name] for name in here})
    with pytest.raises(
        MovieLensMissing, match=r"no (u.data|u.item|ml-100k.user).*python -m helpers.data.movielens"
    ) as error:
        load(tmp_path)
    assert ("delete the folder and run" in str(error.value)) == bool(here)


WRONG = (b"<!DOCTYPE html>\n<html><body>404 Not Found</body></html>\n", bytes(500), b"1\t2\n1\t2\t3\t4\t5\t6\t7\n")


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_damage_gives_the_ratings_or_the_one_error(data):
    """Cut anywhere, or with bytes put in anywhere, or another file: the frame has its shape, or the error says what to
    do, in our words alone."""
    files = data.draw(st.sampled_from([PACKAGED, ORIGINAL]))
    name = data.draw(st.sampled_from(sorted(files)))
    text = files[name].encode("latin-1")
    at = data.draw(st.integers(0, len(text)))
    cut = st.builds(lambda new, rest: text[:at] + new + rest, st.binary(max_size=5), st.sampled_from([b"", text[at:]]))
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        ratings, _, _ = movielens._read_packaged(write(Path(folder) / "good", PACKAGED))
        patch.setattr(movielens, "CHECKSUM", movielens._checksum(ratings))
        bad = write(Path(folder) / "bad", files)
        (bad / name).write_bytes(data.draw(cut | st.sampled_from(WRONG)))
        try:
            assert len(load(bad)) == 4
        except MovieLensDamaged as error:
            assert re.search(r"bad: got .*; expected .*: delete the folder and fetch it again\.$", str(error))
            assert error.__suppress_context__  # no second traceback, in pandas' words
            with redirect_stdout(io.StringIO()) as said, movielens.needed():
                load(bad)
            assert said.getvalue() == f"{error}\n"


# Fetching, with a package of our own in place of the download


@pytest.fixture
def packaged(monkeypatch):
    """`pip download` brings a wheel with the four ratings; a list of its calls."""
    calls, files = [], dict(PACKAGED)

    def run(command, **_):
        calls.append(command)
        target = Path(next(word for word in command if word.startswith("--dest=")).removeprefix("--dest="))
        with zipfile.ZipFile(target / "recbole-1.2.1-py3-none-any.whl", "w") as wheel:
            for name, text in files.items():
                wheel.writestr(f"recbole/dataset_example/ml-100k/{name}", text)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(subprocess, "run", run)
    return calls, files


def test_fetch_puts_a_whole_copy_in_place_or_nothing_and_leaves_a_folder_of_the_users_alone(small, packaged, tmp_path):
    calls, files = packaged
    mine = write(tmp_path / "mine", {"u.data": "my own"})
    with pytest.raises(MovieLensMissing, match=r"u.item, u.user"):
        fetch(mine)
    assert not calls and [path.name for path in mine.iterdir()] == ["u.data"]
    folder = tmp_path / "data" / "ml-100k"
    write(tmp_path / "data" / ".ml-100k.part", {"u.data": "half"})  # of one that was killed
    assert fetch(folder) == folder
    pd.testing.assert_frame_equal(load(folder), load(small))
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["ml-100k"]
    files["ml-100k.inter"] = files["ml-100k.inter"].replace("300", "301")
    with pytest.raises(ValueError, match="another checksum"):
        fetch(tmp_path / "new" / "ml-100k")
    del files["ml-100k.inter"]
    with pytest.raises(OSError, match="does not carry it"):
        fetch(tmp_path / "new" / "ml-100k")
    assert list((tmp_path / "new").iterdir()) == []


def test_fetch_says_that_it_begins_and_offline_that_it_failed(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, 1))
    monkeypatch.setattr(fetch.__wrapped__, "__defaults__", (tmp_path / "data" / "ml-100k",))
    assert main() == 1
    begun, failed = capsys.readouterr().out.splitlines()
    assert begun.startswith("MovieLens-100K: fetching")
    assert "is this machine online?" in failed and "The course runs without it" in failed
    assert list((tmp_path / "data").iterdir()) == []


@pytest.mark.long
def test_fetch_that_is_ended_takes_pip_with_it_and_leaves_no_folder(tmp_path):
    """SIGTERM to `python -m helpers.data.movielens`, while a stand-in for pip waits for an index that never answers."""
    pip = "import os, pathlib, time; pathlib.Path('pip.pid').write_text(str(os.getpid())); time.sleep(300)"
    code = (
        "import subprocess, sys; from pathlib import Path; from helpers.data import movielens; run = subprocess.run\n"
        f"movielens.subprocess.run = lambda command, **words: run([sys.executable, '-c', {pip!r}], **words)\n"
        "movielens.fetch.__wrapped__.__defaults__ = (Path('data/ml-100k').absolute(),); sys.exit(movielens.main())"
    )
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    env = os.environ | {"TMPDIR": str(temporary), "PYTHONPATH": str(Path(__file__).parents[2])}
    process = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, env=env)
    end = time.monotonic() + 60
    while not ((tmp_path / "pip.pid").exists() and (tmp_path / "pip.pid").read_text()) and time.monotonic() < end:
        time.sleep(0.02)
    process.terminate()
    assert process.wait(timeout=60) != 0
    pid = int((tmp_path / "pip.pid").read_text())
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    assert list((tmp_path / "data").iterdir()) == list(temporary.iterdir()) == []


# Splits


def rows(count):
    """A frame out of order of time, with equal times."""
    return pd.DataFrame({"timestamp": np.random.default_rng(0).integers(0, count, count), "row": range(count)})


def test_split_by_time_trains_on_the_past_and_less_training_data_is_nested():
    train, valid, test = split_by_time(rows(1000), (0.8, 0.1, 0.1))
    assert [len(part) for part in (train, valid, test)] == [800, 100, 100]
    assert train["timestamp"].max() <= valid["timestamp"].min() <= valid["timestamp"].max() <= test["timestamp"].min()
    little, *same = split_by_time(rows(1000), (0.08, 0.1, 0.1))
    assert same[0].equals(valid) and same[1].equals(test)
    assert len(little) == 80 and set(little["row"]) < set(train["row"])


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 50), st.lists(st.floats(0.01, 1), min_size=1, max_size=4))
def test_parts_are_disjoint_and_complete_or_the_fractions_are_named(count, fractions):
    try:
        parts = split_by_time(rows(count), fractions)
    except ValueError as error:
        assert str(error).startswith("fractions: got") and sum(fractions) > 1
    else:
        taken = np.concatenate([part["row"] for part in parts])
        assert len(set(taken)) == len(taken) <= count
        for part, fraction in zip(parts, fractions, strict=True):
            assert abs(len(part) - fraction * count) <= 1


@pytest.mark.parametrize(
    ("frame", "fractions", "words"),
    [
        *((rows(9), wrong, "fractions: got") for wrong in ((), (0.8, 0.3), (0.5, 0), (0.5, float("nan")), ("half",))),
        (rows(9)[["row"]], (0.5, 0.5), "frame: got no column 'timestamp'"),
        (rows(9).assign(timestamp=[1, None, *range(7)]), (0.5, 0.5), r"frame\['timestamp'\]: got 1 missing values"),
        (rows(0), (0.5, 0.5), "frame: got a table without rows"),
    ],
)
def test_what_cannot_be_split_is_named(frame, fractions, words):
    with pytest.raises(ValueError, match=f"^{words}.*; expected"):
        split_by_time(frame, fractions)


# The real ratings


@pytest.mark.slow
@pytest.mark.skipif(not MOVIELENS.present(), reason=MOVIELENS.absent)
def test_the_real_ratings_have_their_known_numbers():
    frame = load()
    assert len(frame) == 100_000 and frame["user"].nunique() == 943 and frame["item"].nunique() == 1682
    assert frame["like"].mean() == pytest.approx(0.55375) and frame["love"].mean() == pytest.approx(0.21201)
    assert frame["dislike"].mean() == pytest.approx(0.1748)
    assert frame.groupby("user").size().min() == 20
    assert frame.loc[frame["year"].isna(), "item"].unique().tolist() == [267]
    assert set(frame["genres"].str.split(" ").explode()) == set(movielens.GENRES)
    assert not frame.duplicated(["user", "item"]).any()
