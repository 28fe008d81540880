"""Census-Income (KDD): people in a survey, read from your own copy in `data/census-income/`.

The 99,762 rows of the test file of the data set, which T. Lane and R. Kohavi drew from the Current Population Surveys
of 1994 and 1995 of the U.S. Census Bureau. Cite *Census-Income (KDD)*, UCI Machine Learning Repository, 2000,
https://doi.org/10.24432/C5N30T. Nothing is fetched without your asking: download the zip file from the page of the data
set, https://archive.ics.uci.edu/dataset/117/census+income+kdd, and put it into `data/census-income/` as it is. The
file census-income.test of it, or census-income.test.gz, does as well.

    python -m helpers.data.census     # is a copy there, and is it the right one?
"""

import argparse
import gzip
import hashlib
import io
import sys
import tarfile
import zipfile
from pathlib import Path

import pandas as pd

from ..support import validate
from ..support.downloads import CENSUS

# SHA-256 of census-income.test, unpacked.
CHECKSUM = "98402b1ab879573d0a7f38a699a40258080e25e33d3401e7bf9c96d3fa0fab8c"

PAGE = "https://archive.ics.uci.edu/dataset/117/census+income+kdd"
HOW = f"download its zip file from {PAGE} and put it there as it is"

# In the order of the file. The two columns that become labels, and what a model may read: numbers and words.
COLUMNS = [
    *("age", "class of worker", "industry code", "occupation code", "education", "wage per hour", "enrolled"),
    *("marital status", "industry", "occupation", "race", "hispanic origin", "sex", "union member"),
    *("reason for unemployment", "full or part time", "capital gains", "capital losses", "dividends", "tax filer"),
    *("previous region", "previous state", "household and family", "household summary", "instance weight"),
    *("moved between areas", "moved between regions", "moved within region", "same house a year ago"),
    *("moved within sunbelt", "persons at employer", "family members under 18", "country of father"),
    *("country of mother", "country of birth", "citizenship", "own business", "veterans form", "veterans benefits"),
    *("weeks worked", "year", "income"),
]
NUMBERS = [
    *("age", "wage per hour", "capital gains", "capital losses", "dividends", "persons at employer", "weeks worked"),
    "instance weight",
]
DEGREES = [
    "Associates degree-occup /vocational",
    "Associates degree-academic program",
    "Bachelors degree(BA AB BS)",
    "Masters degree(MA MS MEng MEd MSW MBA)",
    "Prof school degree (MD DDS DVM LLB JD)",
    "Doctorate degree(PhD EdD)",
]

# The labels of the MMoE paper (section 6.1): the column that each is made of, and the words for 1. It says "at least
# college" without a list; from an associate's degree on, the correlation with "never married" is the one it reports.
LABELS = {
    "income above 50,000": ("income", ["50000+."]),
    "never married": ("marital status", ["Never married"]),
    "college": ("education", DEGREES),
}

INTACT = "census-income.test of Census-Income (KDD), intact: fetch it again"


class CensusMissing(FileNotFoundError):
    """There is no copy of Census-Income; the message says how to get one."""


class CensusDamaged(ValueError):
    """There is a copy, and it is not Census-Income or cannot be read."""


@validate.checked
def load(folder: Path = CENSUS.folder) -> pd.DataFrame:
    """All 99,762 rows in the order of the file: a column for each of `COLUMNS`, and one, 0 or 1, for each of `LABELS`.

    `NUMBERS` are numbers, all other columns words, industry and occupation codes too. "Not in universe" says that a
    question was not put to this person, "?" that the answer is not known; both stay as they are, words among others. A
    number that does not apply is 0. "instance weight" is the number of people that a row represents.

    Raises CensusMissing where there is no copy, and CensusDamaged, a ValueError, where it is not the file of UCI.
    """
    folder = Path(folder)
    if not CENSUS.present(folder):
        raise CensusMissing(f"Census-Income: no copy in {folder}; {HOW}.")
    name = next(name for (name,) in CENSUS.layouts if (folder / name).is_file())
    try:
        content = _content(folder / name)
    except Exception as error:  # of a garbled archive the libraries may say anything
        came = f"a file that cannot be read ({type(error).__name__})"
        validate.fail(str(folder / name), came, INTACT, CensusDamaged)
    if hashlib.sha256(content).hexdigest() != CHECKSUM:
        validate.fail(str(folder / name), f"{len(content):,} bytes with another checksum", INTACT, CensusDamaged)
    kinds = {name: float if name in NUMBERS else str for name in COLUMNS}
    frame = pd.read_csv(
        io.BytesIO(content), names=COLUMNS, dtype=kinds, skipinitialspace=True, keep_default_na=False, index_col=False
    )
    return frame.assign(**{label: frame[column].isin(words).astype(int) for label, (column, words) in LABELS.items()})


def _content(path: Path) -> bytes:
    """The bytes of census-income.test, out of any of the layouts; UCI's zip file holds a tar file that holds it."""
    if path.suffix == ".gz":
        return gzip.decompress(path.read_bytes())
    if path.suffix != ".zip":
        return path.read_bytes()
    with zipfile.ZipFile(path) as outer, tarfile.open(fileobj=outer.open("census.tar.gz")) as inner:
        return inner.extractfile("census-income.test").read()


def main() -> int:
    try:
        rows = len(load())
    except (CensusMissing, CensusDamaged) as error:
        print(f"{error} The course runs without it: its results are kept in data/tables/.")
        return 1
    print(f"Census-Income is in {CENSUS.folder}: {rows:,} rows, the right ones; cite doi.org/10.24432/C5N30T.")
    return 0


if __name__ == "__main__":
    about = "Say whether there is a copy of Census-Income in data/census-income/, and whether it is the right one."
    argparse.ArgumentParser(prog="python -m helpers.data.census", description=about).parse_args()
    sys.exit(main())
