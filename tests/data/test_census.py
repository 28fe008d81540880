"""Census-Income: every layout of a copy gives the same frame, labels are what the paper says, and no other file passes.

The rows here are our own, in the format of the file.
"""

import gzip
import hashlib
import io
import tarfile
import zipfile

import pytest

from helpers.data import census
from helpers.data.census import COLUMNS, DEGREES, LABELS, NUMBERS, CensusDamaged, CensusMissing, load, main
from helpers.support.downloads import CENSUS


def line(**values: str) -> str:
    """A row of the file: the given answers, 0 for all other numbers, "Not in universe" for all other words."""
    answers = dict.fromkeys(COLUMNS, "Not in universe") | dict.fromkeys(NUMBERS, "0") | {"income": "- 50000."}
    assert set(values) <= {name.replace(" ", "_") for name in COLUMNS}
    answers |= {name.replace("_", " "): value for name, value in values.items()}
    return ", ".join(answers.values()) + "\n"


FILE = "".join(
    [
        line(age="7", education="Children", marital_status="Never married", instance_weight="1000.25"),
        line(age="41", education=DEGREES[0], marital_status="Divorced", income="50000+.", industry_code="04"),
        line(age="30", education="Some college but no degree", marital_status="Never married", previous_state="?"),
        line(age="30", education="Doctorate degree(PhD EdD)", marital_status="Widowed", country_of_birth="NA"),
    ]
).encode()


def archive(content: bytes) -> bytes:
    """The file as UCI packs it: in a tar file, in a zip file."""
    inner, outer = io.BytesIO(), io.BytesIO()
    with tarfile.open(fileobj=inner, mode="w:gz") as tar:
        for name, text in (("census-income.data", b"other rows"), ("census-income.test", content)):
            member = tarfile.TarInfo(name)
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text))
    with zipfile.ZipFile(outer, "w") as archive:
        archive.writestr("census-income.names", "words")
        archive.writestr("census.tar.gz", inner.getvalue())
    return outer.getvalue()


LAYOUTS = {"census+income+kdd.zip": archive, "census-income.test.gz": gzip.compress, "census-income.test": bytes}


@pytest.fixture
def small(monkeypatch):
    """The four rows count as the real file."""
    monkeypatch.setattr(census, "CHECKSUM", hashlib.sha256(FILE).hexdigest())


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_layout_gives_the_rows_in_their_order_with_the_labels_of_the_paper(small, tmp_path, name):
    (tmp_path / name).write_bytes(LAYOUTS[name](FILE))
    frame = load(tmp_path)
    assert list(frame.columns) == [*COLUMNS, *LABELS] and set(frame.select_dtypes("number")) == {*NUMBERS, *LABELS}
    assert not frame.isna().any(axis=None)  # what is not known and what does not apply stay words
    wanted = {
        "age": [7, 41, 30, 30],
        "instance weight": [1000.25, 0, 0, 0],
        "income above 50,000": [0, 1, 0, 0],
        "never married": [1, 0, 1, 0],
        "college": [0, 1, 0, 1],
        "previous state": ["Not in universe", "Not in universe", "?", "Not in universe"],
        "country of birth": ["Not in universe", "Not in universe", "Not in universe", "NA"],
        "industry code": ["Not in universe", "04", "Not in universe", "Not in universe"],
    }
    assert {column: frame[column].tolist() for column in wanted} == wanted


def test_without_a_copy_the_error_says_where_to_get_one(tmp_path, monkeypatch, capsys):
    with pytest.raises(CensusMissing, match=r"no copy in .*archive\.ics\.uci\.edu/dataset/117"):
        load(tmp_path)
    monkeypatch.setattr(load.__wrapped__, "__defaults__", (tmp_path,))
    assert main() == 1 and "The course runs without it" in capsys.readouterr().out


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize(
    "damage", [lambda content: content[:-40], lambda content: b"<html>not found</html>", lambda _: b""]
)
def test_a_file_that_is_cut_short_or_another_is_refused_by_name(small, tmp_path, name, damage):
    (tmp_path / name).write_bytes(damage(LAYOUTS[name](FILE)))
    with pytest.raises(CensusDamaged, match=rf"{name.replace('+', '.')}: got .*; expected .* intact"):
        load(tmp_path)


@pytest.mark.long
@pytest.mark.skipif(not CENSUS.present(), reason=CENSUS.absent)
def test_the_real_file_has_the_rates_and_correlations_that_the_chapters_tell(capsys):
    frame = load()
    assert len(frame) == 99_762 and main() == 0 and "99,762 rows" in capsys.readouterr().out
    assert frame[list(LABELS)].mean().round(3).tolist() == [0.062, 0.432, 0.195]
    between = frame[list(LABELS)].corr()["never married"].round(3)
    assert between[["income above 50,000", "college"]].tolist() == [-0.179, -0.238]
    assert frame.duplicated([name for name in COLUMNS if name != "instance weight"]).sum() == 20_898
    assert (frame["education"] == "Children").mean() == pytest.approx(0.235, abs=0.001)
