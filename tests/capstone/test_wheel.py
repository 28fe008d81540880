"""The wheel `mtlcheck` has no notebook, and says of a stranger's file what the course says."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from helpers.support import environment
from tests.capstone.test_road import stranger, tick

ROOT = environment.ROOT
OWN, COURSE = (
    tomllib.loads((ROOT / folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for folder in ("packages/mtlcheck", ".")
)
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]

# `python -I -c ALONE FOLDER …`: the wheel in FOLDER, where what is no dependency of it can be imported as little as the
# course. Without more words all its modules are imported, else its command is given these.
NEEDED_BY_OTHERS = {"joblib", "packaging"}  # scikit-learn, matplotlib
CLOSED = {Requirement(line).name for line in COURSE["dependencies"]} - NEEDED_BY_OTHERS
CLOSED -= {Requirement(line).name for line in OWN["dependencies"]}
ALONE = f"""
import importlib, pkgutil, sys
from importlib import metadata

class Closed:
    def find_spec(self, name, *_):
        if name.split(".")[0] in {sorted({name.replace("-", "_") for name in CLOSED} | {"helpers", "IPython"})}:
            raise ImportError(name + " is closed")

sys.meta_path.insert(0, Closed())
sys.path.insert(0, sys.argv.pop(1))
if not sys.argv[1:]:
    import mtlcheck
    for module in pkgutil.walk_packages(mtlcheck.__path__, "mtlcheck."):
        importlib.import_module(module.name)
    sys.exit()
(command,) = metadata.distribution("mtlcheck").entry_points
sys.exit(command.load()())
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The folder into which it was installed."""
    folder = tmp_path_factory.mktemp("wheel")
    for part in ("helpers", "examples", "packages"):
        leave = shutil.ignore_patterns("chapters", "build", "*.egg-info", "__pycache__")
        shutil.copytree(ROOT / part, folder / "course" / part, ignore=leave)
    build = ["wheel", "--no-index", "--no-deps", "--no-build-isolation", "packages/mtlcheck", "-w", ".."]
    subprocess.run([*PIP, *build], cwd=folder / "course", check=True)
    (made,) = folder.glob("mtlcheck-*-py3-none-any.whl")
    subprocess.run(
        [*PIP, "install", "--no-index", "--no-deps", "--target", str(folder / "site"), str(made)], check=True
    )
    return folder / "site"


def alone(wheel: Path, *words: str, cwd: Path) -> subprocess.CompletedProcess:
    command = [sys.executable, "-I", "-c", ALONE, str(wheel), *words]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def test_it_has_the_courses_version_and_ranges():
    assert OWN["version"] == COURSE["version"] and OWN["requires-python"] == COURSE["requires-python"]
    assert set(OWN["dependencies"]) < set(COURSE["dependencies"])
    for extra, lines in OWN["optional-dependencies"].items():
        assert lines == COURSE["optional-dependencies"][extra]
    assert (ROOT / "packages/mtlcheck/LICENSE").read_text("utf-8") == (ROOT / "LICENSE").read_text("utf-8")


@pytest.mark.long
def test_each_of_its_modules_is_imported_where_the_course_is_not(wheel, tmp_path):
    assert not any(name in {path.name for path in (wheel / "mtlcheck").iterdir()} for name in ("chapters", "lab"))
    ran = alone(wheel, cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr


def said(folder: Path) -> str:
    """The words of a page, without how long training took, and with the name that the library has in the course."""
    page = (folder / "log_report" / "report.html").read_text(encoding="utf-8").replace("mtlcheck.", "helpers.")
    page = re.sub(r'src="data:[^"]*"', "", page).replace("with mtlcheck", "with the course")
    return re.sub(r"took [\d.]+ times|\([^()]* of training\)", "", page)


@pytest.mark.long
def test_a_strangers_file_gets_the_page_that_the_course_writes(wheel, tmp_path):
    """Chinese columns, the score of today among them; drafted, compared, served, and judged a week later."""
    pages = {}
    for name in ("course", "wheel"):
        (folder := tmp_path / name).mkdir()
        frame = stranger(1_200).drop(columns="愿望")
        frame[:-300].to_csv(folder / "log.csv", index=False)
        frame[-300:].to_csv(folder / "next.csv", index=False)
        for words in (["log.csv"], ["log.csv"], ["log.csv", "--next", "next.csv"]):
            if name == "wheel":
                ran = alone(wheel, *words, cwd=folder)
            elif words[1:]:
                continue
            else:
                command = [sys.executable, "-m", "helpers.capstone", *words]
                ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
            assert ran.returncode == 0, ran.stderr
            tick(folder)
        pages[name] = said(folder)
    assert pages["wheel"] == pages["course"] and "Does sharing help here?" in pages["wheel"]
    files = {path.name for path in (tmp_path / "wheel" / "log_report").iterdir()}
    assert {"ranker.pt", "ranker.pt2", "ranker.json", "serve.py", "candidates.json", "next_next.html"} <= files
