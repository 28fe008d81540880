"""Every command of the repository says what it does when it is asked for `--help`, and does nothing else."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OPTION = re.compile(r"^ {2}(?P<name>\S.*?)(?:(?: {2,}|\n {4,})(?P<help>\S.*))?$", re.MULTILINE)
MADE = re.compile(r"[._].*|build|.*\.egg-info")  # folders
OWN = "show this help message and exit"  # argparse's words for --help


def files() -> list[Path]:
    """The files of the repository, as paths in it, without what set-up and the tools write."""
    found = []
    for folder, inner, names in os.walk(ROOT):
        inner[:] = [name for name in inner if not MADE.fullmatch(name)]
        found += [Path(folder, name).relative_to(ROOT) for name in names]
    return sorted(found)


def commands() -> list[str]:
    """What has a part that runs when it is started."""
    started = re.compile(r"^if __name__ == .__main__.", re.MULTILINE)
    paths = [path for path in files() if path.suffix == ".py"]
    return [path.as_posix() for path in paths if started.search((ROOT / path).read_text(encoding="utf-8"))]


def line(path: Path) -> list[str]:
    """How it is started: as a module where its folder is a package, else as a script."""
    if not (ROOT / path.parent / "__init__.py").exists():
        return [str(path)]
    return ["-m", ".".join(path.with_suffix("").parts).removesuffix(".__main__")]


def state(folder: Path) -> dict[str, tuple[int, int]]:
    """Size and time of every file in a folder."""
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The repository, and a home: what a command writes in either is seen, and harms nobody."""
    folder = tmp_path_factory.mktemp("commands")
    for path in files():
        (folder / "course" / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, folder / "course" / path)
    (folder / "home").mkdir()
    return folder


def test_commands_are_found():
    assert {"tools/lab.py", "tools/site/__main__.py", "helpers/lab/keep_findings.py", "examples/serve.py"} <= {
        *commands()
    }


@pytest.mark.long
@pytest.mark.parametrize("path", commands())
def test_help_is_said_in_sentences_and_nothing_is_done(copy, path):
    course, before = copy / "course", state(copy)
    own = {"HOME": str(copy / "home"), "PYTHONPATH": str(course), "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "250"}
    own |= {"MPLCONFIGDIR": str(copy.parent), "TMPDIR": str(copy.parent)}
    ran = subprocess.run(
        [sys.executable, *line(Path(path)), "--help"],
        cwd=course,
        env=os.environ | own,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,  # a busy machine takes a while to import torch
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert state(copy) == before
    usage, about, *listed = ran.stdout.split("\n\n")
    assert usage.startswith("usage: ") and re.fullmatch(r"\W*[A-Z].*[.?]", about, re.DOTALL), ran.stdout
    options = [option for block in listed for option in OPTION.finditer(block)]
    assert any("--help" in option["name"] for option in options)
    for option in options:
        told = option["help"] or ""
        assert told == OWN or (told[:1].isupper() and told.endswith((".", ")."))), f"{option['name']}: {told!r}"
