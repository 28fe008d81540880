"""The library has floors, each importing only downwards, and `helpers/__init__.py` has its map."""

import ast
import inspect
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import helpers
from helpers.course import chapter_names
from tools import notebooks

ROOT = Path(helpers.__file__).parent
MAP = inspect.getdoc(helpers)
FLOORS = re.findall(r"^ *(\w+)/ +", MAP, re.MULTILINE)
MODULES = sorted(path for path in ROOT.rglob("*.py") if path.parent != ROOT)


def imported(path: Path) -> set[str]:
    """The modules and packages of `helpers` that a file imports, as "models.experts"."""
    found, package = set(), ["helpers", *path.relative_to(ROOT).parent.parts]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            near = package[: len(package) + 1 - node.level] if node.level else []
            library, *within = [*near, *(node.module or "").split(".")]
            for alias in node.names if library == "helpers" else ():
                parts = [*filter(None, within), alias.name]
                here = ROOT.joinpath(*parts)
                module = here.is_dir() or here.with_suffix(".py").is_file()
                found.add(".".join(parts if module else parts[:-1]))
        elif isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[2] for alias in node.names if alias.name.startswith("helpers.")}
    return found - {""}


def floor_and_chapter(parts: tuple[str, ...]) -> tuple[int, str]:
    """The number of the floor, and within `chapters` the chapter; all `studies` are a floor above the laboratory."""
    chapter = parts[1] if len(parts) > 1 and re.fullmatch(r"ch\d\d", parts[1]) else ""
    return len(FLOORS) if parts[2:3] == ("studies",) else FLOORS.index(parts[0]), chapter


def upwards(place: tuple[str, ...], modules: set[str]) -> set[str]:
    """Those of `modules` that are on a floor above `place`, or in a later chapter."""
    here = floor_and_chapter(place)
    return {module for module in modules if floor_and_chapter(tuple(module.split("."))) > here}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_module_imports_only_downwards(path):
    assert upwards(path.relative_to(ROOT).parts, imported(path)) == set()


def test_the_map_names_every_floor_and_every_module_in_it():
    folders = {path.name for path in ROOT.iterdir() if (path / "__init__.py").is_file()}
    assert set(FLOORS) == folders
    blocks = re.split(r"^ *(\w+)/ +", MAP, flags=re.MULTILINE)[1:]
    for floor, text in zip(blocks[::2], blocks[1::2], strict=True):
        named = set(re.findall(r"`(\w+)`", text))
        there = {path.stem for path in (ROOT / floor).glob("*.py")} - {"__init__"}
        assert named == there, floor


MUST = ("questions.py", "predictions.md", "quiz.md", "bank.md", "claims.toml", "exercises.py")


def test_a_chapter_has_one_folder_and_each_of_its_parts_has_one_name():
    assert len(chapter_names()) >= 9
    assert chapter_names() == [f"ch{number:02d}" for number in range(len(chapter_names()))]
    places = [f"{chapter}/{name}" for chapter in chapter_names() for name in MUST]
    missing = [place for place in places if not (ROOT / "chapters" / place).is_file()]
    assert missing == [], "what they hold: CONTRIBUTING, Your first chapter"


@pytest.mark.slow
def test_every_module_says_what_it_is_for():
    silent = [path for path in MODULES if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))]
    assert silent == []


CORE = sorted(ROOT.parent.glob("notebooks/*.ipynb"))
# Lines of ours that a core notebook may load, without docstrings and a chapter's exercises. Chapter 08 is about report,
# list and service of the reader's own table, and loads all of the capstone.
MOST = {path.stem: 6_775 for path in CORE} | {"08_capstone": 12_100}

# Prints {notebook: modules of ours that its code loads}, in a process that had loaded none of them.
LOADED = """
import json, sys
loaded = {}
for name, code in json.load(sys.stdin).items():
    for module in [module for module in sys.modules if module.split(".")[0] == "helpers"]:
        del sys.modules[module]
    exec(code, {})
    loaded[name] = [module for module in sys.modules if module.split(".")[0] == "helpers"]
print(json.dumps(loaded))
"""


def loading(path: Path) -> str:
    """All that a notebook imports, and what it asks the course for by name."""
    source = "\n".join(cell.source for cell in notebooks.code_cells(notebooks.read(path)))
    tree = ast.walk(ast.parse(source))
    imports = [ast.unparse(node) for node in tree if isinstance(node, ast.Import | ast.ImportFrom)]
    asked = [f"course.question({id!r})" for id in re.findall(r'\bask\("([^"]+)"', source)]
    shown = [
        "course.claims('C4.1')",
        "course.runs('04_conditions')",
        "course.check_yourself('C4')",
        "course.score_card()",
    ]
    return "\n".join([*imports, "from helpers import course", *asked, *shown])


def test_a_core_notebook_loads_no_laboratory_and_less_than_half_of_our_lines():
    code = json.dumps({path.stem: loading(path) for path in CORE})
    run = subprocess.run([sys.executable, "-c", LOADED], input=code, capture_output=True, text=True, check=True)
    loaded = json.loads(run.stdout)
    assert loaded.keys() == MOST.keys() and all("helpers.display.runs" in modules for modules in loaded.values())
    assert {
        name
        for name, modules in loaded.items()
        if any(re.match(r"helpers\.lab|helpers\.chapters\.\w+\.studies", m) for m in modules)
    } == set()
    exercises = re.compile(r"helpers\.chapters\.\w+\.exercises")
    lines = {name: sum(length(m) for m in modules if not exercises.fullmatch(m)) for name, modules in loaded.items()}
    over = {name: f"{count} lines, at most {MOST[name]}" for name, count in lines.items() if count > MOST[name]}
    assert over == {}, "lines of helpers/ that its imports, questions and cards load, without docstrings and exercises"


def length(module: str) -> int:
    """Lines of a module of ours without its docstrings: to explain more costs nothing."""
    place = ROOT.parent.joinpath(*module.split("."))
    path = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    text = path.read_text(encoding="utf-8")
    described = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, described) and ast.get_docstring(node)]
    return len(text.splitlines()) - sum(node.body[0].end_lineno - node.body[0].lineno + 1 for node in nodes)


def test_a_folder_of_studies_is_named_after_the_notebook_that_shows_it():
    folders = {f"{path.parts[-4][2:]}_{path.parts[-2]}" for path in ROOT.glob("chapters/ch*/studies/*/__init__.py")}
    assert len(folders) > 9 and folders <= {path.stem for path in ROOT.parent.glob("notebooks/deeper/*.ipynb")}
