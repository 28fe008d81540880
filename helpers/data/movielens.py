"""MovieLens-100K: real ratings, read from your own copy in `data/ml-100k/`.

The data set belongs to GroupLens and is not part of this repository: it may be used for research with
acknowledgement, but not for revenue, and not be redistributed without permission. Cite F. M. Harper and J. A. Konstan,
"The MovieLens Datasets: History and Context", ACM TiiS 5(4), 2015, https://doi.org/10.1145/2827872.

    python -m helpers.data.movielens     # puts a copy into data/ml-100k/, out of the package `recbole`

A download of your own does as well: the files u.data, u.item and u.user, in `data/ml-100k/`.
"""

import argparse
import hashlib
import shutil
import signal
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from ..support import validate
from ..support.downloads import MOVIELENS

FOLDER = MOVIELENS.folder
ORIGINAL, PACKAGED = MOVIELENS.layouts

PACKAGE = "recbole>=1.2,<1.3"
IN_PACKAGE = "recbole/dataset_example/ml-100k"

# SHA-256 of the 100,000 rows (user, item, rating, timestamp), sorted, as little-endian 64-bit integers: the same for
# both layouts.
CHECKSUM = "ec862504a8c24b195f5194e51fb18bb2d59428d00d96d6d1c63433a3bd5f2f47"

# The order of the genre flags in u.item.
GENRES = [
    *("unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama"),
    *("Fantasy", "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western"),
]

YEAR, YEAR_ON = r"\((\d{4})\)", r"\s*\(\d{4}\).*"  # the year in a title; from the year on

BY_HAND = "put u.data, u.item and u.user of your own download there"
HOW = f"run `python -m helpers.data.movielens` in the folder of the course, or {BY_HAND}"
INTACT = "the 100,000 ratings of MovieLens-100K, intact: delete the folder and fetch it again"


class MovieLensMissing(FileNotFoundError):
    """There is no copy of MovieLens-100K; the message says how to get one."""


class MovieLensDamaged(ValueError):
    """There is a copy, and it is not MovieLens-100K or cannot be read; the message says what to do."""


@contextmanager
def needed() -> Iterator[None]:
    """Around code that needs the data: without a good copy, print how to get one, and let the notebook go on."""
    try:
        yield
    except (MovieLensMissing, MovieLensDamaged) as error:
        print(error)


@validate.checked
def load(folder: Path = FOLDER) -> pd.DataFrame:
    """All 100,000 ratings with what is known of their users and items, in order of time.

    user, item                integer ids
    rating                    1 to 5
    timestamp                 seconds since 1970
    like, love, dislike       tasks, 0 or 1: rating ≥ 4, = 5, ≤ 2; thresholds of one number, not behaviours of their own
    age, gender, occupation   of the user: years, 'M' or 'F', a word
    title, year, genres       of the item: the year in its title (missing for one item); genres are words
                              with spaces between

    Raises MovieLensMissing where there is no copy, or half of one, and MovieLensDamaged, a ValueError, where its files
    cannot be read or its ratings are not those of MovieLens-100K.
    """
    folder = Path(folder)
    if fewest := MOVIELENS.missing(folder):
        how = f"delete the folder and {HOW}" if folder.is_dir() and any(folder.iterdir()) else HOW
        raise MovieLensMissing(f"MovieLens-100K: no {', '.join(fewest)} in {folder}; {how}.")
    try:
        packaged = all((folder / name).is_file() for name in PACKAGED)
        ratings, items, users = (_read_packaged if packaged else _read_original)(folder)
        one_each = {"how": "left", "validate": "many_to_one"}
        frame = ratings.merge(users, on="user", **one_each).merge(items, on="item", **one_each)
    except Exception as error:  # of a garbled file pandas may say anything
        came = f"files that cannot be read ({type(error).__name__})"
        validate.fail(str(folder), came, INTACT, MovieLensDamaged)
    if _checksum(ratings) != CHECKSUM:
        validate.fail(str(folder), f"{len(ratings):,} ratings with another checksum", INTACT, MovieLensDamaged)
    if unknown := frame[["age", "genres"]].isna().any(axis=1).sum():
        validate.fail(str(folder), f"{unknown} ratings of unknown users or items", INTACT, MovieLensDamaged)
    frame = frame.sort_values(["timestamp", "user", "item"], ignore_index=True)
    tasks = {"like": frame["rating"] >= 4, "love": frame["rating"] == 5, "dislike": frame["rating"] <= 2}
    return frame.assign(**{task: label.astype(int) for task, label in tasks.items()})


def split_by_time(frame: pd.DataFrame, fractions: Sequence[float]) -> tuple[pd.DataFrame, ...]:
    """Parts of these fractions in order of time, such as (.8, .1, .1) to train, validate and test: train on the past.

    Where the fractions sum to less than 1, the oldest rows are left out: (.08, .1, .1) has the same last two parts.
    One fixed split: repeated with other seeds, only the training varies. `frame` has a column timestamp without gaps.
    """
    validate.columns("frame", frame, ["timestamp"])
    if gaps := int(frame["timestamp"].isna().sum()):
        validate.fail("frame['timestamp']", f"{gaps} missing values", "a time in each row")
    return _parts(frame.sort_values("timestamp", kind="stable"), fractions)


@validate.checked
def fetch(folder: Path = FOLDER) -> Path:
    """Put a copy into `folder` with pip, out of the package that carries it, unless there is one; returns `folder`.

    Raises OSError with one sentence where pip cannot get it, as when offline. A folder with other files is left alone
    and reported as by `load`.
    """
    folder = Path(folder)
    if folder.exists() and any(folder.iterdir()):
        load(folder)
        return folder
    part = folder.with_name(f".{folder.name}.part")
    print("MovieLens-100K: fetching a copy of your own; without network this takes up to a minute.", flush=True)
    shutil.rmtree(part, ignore_errors=True)  # of a fetch that was killed
    part.mkdir(parents=True)
    try:
        with tempfile.TemporaryDirectory() as temporary:
            wheel = _download(Path(temporary))
            with zipfile.ZipFile(wheel) as archive:
                inside = [f"{IN_PACKAGE}/{name}" for name in PACKAGED]
                if not set(inside) <= set(archive.namelist()):
                    raise OSError(f"{wheel.name} does not carry it; {BY_HAND}.")
                for name in inside:
                    (part / Path(name).name).write_bytes(archive.read(name))
        load(part)
        shutil.rmtree(folder, ignore_errors=True)  # at most an empty folder
        part.rename(folder)  # on the same disk, so the copy is there as a whole or not at all
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return folder


def _download(target: Path) -> Path:
    pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--quiet", "--no-input"]
    patience = ["--retries=1", "--timeout=15", "--disable-pip-version-check"]
    result = subprocess.run([*pip, *patience, f"--dest={target}", PACKAGE], capture_output=True, text=True, check=False)
    wheels = list(target.glob("*.whl"))
    if result.returncode or not wheels:
        raise OSError("pip could not download the package that carries it; is this machine online?")
    return wheels[0]


def _read_packaged(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """The layout of the package: tab-separated, a header with types, `name:type`."""
    tables = [pd.read_csv(folder / name, sep="\t", quoting=3, keep_default_na=False) for name in PACKAGED]
    ratings, items, users = (table.rename(columns=lambda name: name.split(":")[0]) for table in tables)
    names = {"user_id": "user", "item_id": "item", "movie_title": "title", "class": "genres"}
    items = items.rename(columns=names)
    # One title ends in "(V)", which the package took for its year and left "(1995)" in the title.
    in_title = items["title"].str.extract(YEAR)[0]
    items["year"] = pd.to_numeric(items["release_year"].where(items["release_year"].str.fullmatch(r"\d{4}"), in_title))
    items["title"] = items["title"].str.replace(YEAR_ON, "", regex=True)
    return _tidy(ratings.rename(columns=names), items, users.rename(columns=names))


def _read_original(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """GroupLens' own layout: no headers, items and users separated by |, in Latin-1."""
    ratings = pd.read_csv(folder / "u.data", sep="\t", names=["user", "item", "rating", "timestamp"])
    bars = {"sep": "|", "header": None, "encoding": "latin-1", "quoting": 3, "keep_default_na": False}
    raw = pd.read_csv(folder / "u.item", **bars)
    flags = raw.iloc[:, -len(GENRES) :].to_numpy(dtype=bool)
    items = pd.DataFrame(
        {
            "item": raw[0],
            "title": raw[1].str.replace(YEAR_ON, "", regex=True),
            "year": pd.to_numeric(raw[1].str.extract(YEAR)[0]),
            "genres": [" ".join(np.array(GENRES)[row]) for row in flags],
        }
    )
    users = pd.read_csv(folder / "u.user", **bars).iloc[:, :4].set_axis(["user", "age", "gender", "occupation"], axis=1)
    return _tidy(ratings, items, users)


def _tidy(ratings: pd.DataFrame, items: pd.DataFrame, users: pd.DataFrame) -> tuple[pd.DataFrame, ...]:
    ratings = ratings[["user", "item", "rating", "timestamp"]].astype(np.int64)
    items = items[["item", "title", "year", "genres"]].astype({"item": np.int64, "year": "Int64"})
    return ratings, items, users[["user", "age", "gender", "occupation"]].astype({"user": np.int64, "age": np.int64})


def _checksum(ratings: pd.DataFrame) -> str:
    rows = ratings.sort_values(["user", "item", "rating", "timestamp"])
    return hashlib.sha256(rows.to_numpy(dtype="<i8").tobytes()).hexdigest()


def _parts(rows, fractions: Sequence[float]) -> tuple:
    """Parts of `rows` that end at its end."""
    validate.instance("fractions", fractions, list | tuple, "a list of fractions, such as (.8, .1, .1)")
    fractions = [validate.number("fractions", fraction, low=0, high=1) for fraction in fractions]
    if not fractions or min(fractions) == 0 or sum(fractions) > 1 + 1e-9:
        validate.fail("fractions", str(fractions), "numbers above 0 that sum to at most 1")
    ends = [round(len(rows) * (1 - sum(fractions[i:]))) for i in range(len(fractions))] + [len(rows)]
    return tuple(rows[start:end] for start, end in pairwise(ends))


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that pip ends too, and the temporary files go
    try:
        folder = fetch()
    except (OSError, ValueError) as error:
        print(f"MovieLens-100K was not fetched: {error} The course runs without it and says which cells it skips.")
        return 1
    print(f"MovieLens-100K is in {folder}: for research, not to be passed on; cite doi.org/10.1145/2827872.")
    return 0


if __name__ == "__main__":
    about = "Put a copy of MovieLens-100K into data/ml-100k/."
    argparse.ArgumentParser(prog="python -m helpers.data.movielens", description=about).parse_args()
    sys.exit(main())
