"""The library has floors, each importing only downwards, and `helpers/__init__.py` has its map."""

import ast
import inspect
import re
from pathlib import Path

import pytest

import helpers
from helpers.course import chapter_names

ROOT = Path(helpers.__file__).parent
MAP = inspect.getdoc(helpers)
FLOORS = re.findall(r"^ *(\w+)/ +", MAP, re.MULTILINE)
MODULES = sorted(path for path in ROOT.rglob("*.py") if path.parent != ROOT)


def imported(path: Path) -> set[str]:
    """The modules and packages of `helpers` that a file imports, as "models.experts"."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "helpers":
            for alias in node.names:
                parts = [*node.module.split(".")[1:], alias.name]
                here = ROOT.joinpath(*parts)
                module = here.is_dir() or here.with_suffix(".py").is_file()
                found.add(".".join(parts if module else parts[:-1]))
        elif isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[2] for alias in node.names if alias.name.startswith("helpers.")}
    return found - {""}


def floor_and_chapter(parts: tuple[str, ...]) -> tuple[int, str]:
    """The number of the floor; within `chapters`, the chapter too."""
    return FLOORS.index(parts[0]), parts[1] if parts[0] == "chapters" and len(parts) > 1 else ""


def upwards(place: tuple[str, ...], modules: set[str]) -> set[str]:
    """Those of `modules` that are on a floor above `place`, or in a later chapter."""
    here = floor_and_chapter(place)
    return {module for module in modules if floor_and_chapter(tuple(module.split("."))) > here}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_module_imports_only_downwards(path):
    assert upwards(path.relative_to(ROOT).parts, imported(path)) == set()


def test_an_import_upwards_is_noticed(tmp_path):
    (tmp_path / "x.py").write_text("from helpers.training.loop import fit\nfrom helpers.models import copies\n")
    modules = imported(tmp_path / "x.py")
    assert modules == {"training.loop", "models.copies"}
    assert upwards(("models", "x.py"), modules) == {"training.loop"}
    assert upwards(("chapters", "ch03", "x.py"), {"chapters.ch04.sharing", "chapters.ch02.watch_time"}) == {
        "chapters.ch04.sharing"
    }


def test_the_map_names_every_floor_and_every_module_in_it():
    folders = {path.name for path in ROOT.iterdir() if (path / "__init__.py").is_file()}
    assert set(FLOORS) == folders
    blocks = re.split(r"^ *(\w+)/ +", MAP, flags=re.MULTILINE)[1:]
    for floor, text in zip(blocks[::2], blocks[1::2], strict=True):
        named = set(re.findall(r"`(\w+)`", text))
        there = {path.stem for path in (ROOT / floor).glob("*.py")} - {"__init__"}
        assert named == there, floor


def test_a_chapter_has_one_folder_and_each_of_its_parts_has_one_name():
    assert chapter_names() == [f"ch{number:02d}" for number in range(9)]
    for chapter in chapter_names():
        assert {"claims.toml", "exercises.py"} <= {path.name for path in (ROOT / "chapters" / chapter).iterdir()}


@pytest.mark.slow
def test_every_module_says_what_it_is_for():
    silent = [path for path in MODULES if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))]
    assert silent == []
