"""pyproject.toml, environment.yml and what is installed agree, and the health check notices what is wrong."""

import ast
import re
import subprocess
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions, version
from pathlib import Path

import nbformat
import pandas as pd
import pytest
import torch
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from benchmarks import peers
from helpers.support import environment

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]
CONDA = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
NEEDED = [Requirement(line) for line in PROJECT["dependencies"]]
TOOLS = [Requirement(line) for line in PROJECT["optional-dependencies"]["test"]]
# conda-forge splits two of them and spells one in its own way
CONDA_NAMES = {"pytorch-cpu": "torch", "matplotlib-base": "matplotlib", "jupyter_core": "jupyter-core"}


PYTHON, *CONDA_LINES = (line for line in CONDA["dependencies"] if isinstance(line, str))  # in conda's own syntax


@pytest.mark.parametrize("need", NEEDED + TOOLS, ids=lambda need: need.name)
def test_what_is_installed_lies_in_the_range_which_has_a_lower_end_and_pins_nothing(need):
    assert need.specifier.contains(version(need.name), prereleases=True)
    operators = {part.operator for part in need.specifier}
    assert ">=" in operators and operators <= {">=", "<"}


OWNERS = packages_distributions()
FIRST_PARTY = {"benchmarks", "classroom", "examples", "helpers", "tests", "tools"}
PARQUET = {"pyarrow"}  # in an extra, and imported only where such a file is read
SERVE = {Requirement(line).name for line in PROJECT["optional-dependencies"]["serve"]}  # for one file of `examples/`
EXAMPLES = "examples/ranker.py", "examples/serve.py"  # those for a reader; a hub is a teacher's
STARTED = {"ipykernel"}  # runs the notebooks, and is not imported
COMMANDS = {"httpx", "jupyterhub", "nbval", "pre-commit", "pytest-xdist", "ruff", "uv"}  # httpx is fastapi's


@cache
def named_in(place: str) -> set[str]:
    """What the code in a file or a folder imports, from outside or not, by the first word."""
    found, root = set(), ROOT / place
    for path in [root] if root.is_file() else [*root.rglob("*.py"), *root.rglob("*.ipynb")]:
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".ipynb":
            cells = nbformat.reads(text, as_version=4).cells
            text = "\n\n".join(cell.source for cell in cells if cell.cell_type == "code")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            else:
                names = [node.module] if isinstance(node, ast.ImportFrom) and not node.level else []
            found |= {name.partition(".")[0] for name in names}
    return found


def imported(*places: str) -> set[str]:
    """The packages from outside that the code in these files and folders imports, by the names that pip knows."""
    outside = set().union(*map(named_in, places)) - set(sys.stdlib_module_names) - FIRST_PARTY
    return {canonicalize_name(OWNERS.get(name, [name])[0]) for name in outside}


@pytest.mark.slow
def test_what_the_course_imports_is_what_it_declares():
    course = imported("helpers", "notebooks", *EXAMPLES, "tools/lab.py", "tools/__init__.py")
    assert course == {need.name for need in NEEDED} - STARTED | PARQUET | SERVE


@pytest.mark.slow
def test_what_all_else_imports_is_declared_and_nothing_is_declared_in_vain():
    used = imported("helpers", "notebooks", "examples", "tools", "classroom", "tests", "benchmarks", "conftest.py")
    installed_by_bench = {canonicalize_name(Requirement(line).name) for line in peers.PACKAGES}
    declared = {need.name for need in NEEDED + TOOLS} - STARTED - COMMANDS
    assert used - PARQUET - installed_by_bench == declared - installed_by_bench
    assert len(NEEDED + TOOLS) == len(declared | STARTED | COMMANDS), "each is declared once"


def test_environment_yml_has_the_same_packages_and_ranges_and_the_cpu_build():
    conda = {CONDA_NAMES.get(need.name, need.name): need.specifier for need in map(Requirement, CONDA_LINES)}
    assert conda.pop("pip") == ""
    checks = [need for need in TOOLS if need.name in ("nbval", "pytest")]
    assert conda == {need.name: need.specifier for need in NEEDED + checks}
    assert "pytorch-cpu" in {Requirement(line).name for line in CONDA_LINES}
    assert CONDA["name"] == PROJECT["name"] and CONDA["channels"] == ["conda-forge", "nodefaults"]
    assert CONDA["dependencies"][-1] == {"pip": ["-e ."]}
    # Binder (repo2docker) reads the version of Python by this pattern, and takes 3.10 where it finds none
    minor = re.fullmatch(r"python\s*=+\s*(3\.\d+)", PYTHON)
    assert minor and f"{minor[1]}.0" in SpecifierSet(PROJECT["requires-python"])


def test_version_is_the_same_everywhere():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == PROJECT["version"] == version(PROJECT["name"])


def test_setup_sets_one_thread_and_says_the_same_everywhere(capsys):
    torch.set_num_threads(2)
    environment.setup()
    assert torch.get_num_threads() == 1
    assert re.fullmatch(r"Ready\.[^0-9]*\n", capsys.readouterr().out)


def test_health_is_well_here_but_for_what_a_user_may_leave_out():
    environment.threads()
    table = environment.health()
    assert list(table.columns) == ["found", "wanted", "fix"]
    assert set(table.index[table["fix"] != ""]) <= {"MovieLens-100K"}
    assert {need.name for need in NEEDED} <= set(table.index)


def fix(what: str) -> str:
    return environment.health().loc[what, "fix"]


@pytest.mark.parametrize(
    ("name", "value", "row", "words"),
    [
        ("OLDEST_PYTHON", (9, 0), "Python", "install Python 9.0"),
        ("requirements", lambda: [Requirement("torch>=99")], "torch", "pip install -e ."),
        ("requirements", lambda: [Requirement("no-such-package>=1")], "no-such-package", "pip install -e ."),
        ("NAME", "no-such-course", "no-such-course", "pip install -e ."),
        ("FREE_GB", 1e9, "free disk", "free some space"),
        ("ROOT", Path(__file__).parent, "MovieLens-100K", "-m helpers.data.movielens"),
    ],
)
def test_health_notices_what_is_wrong(monkeypatch, name, value, row, words):
    monkeypatch.setattr(environment, name, value)
    assert words in fix(row)


def test_health_notices_a_copied_course_that_runs_the_code_of_another(monkeypatch, tmp_path):
    """Notebooks in the copy import what the environment points to, here this folder."""
    assert fix("code of the course") == ""
    for part in ("helpers/support", "notebooks"):
        (tmp_path / "copy" / part).mkdir(parents=True)
    (tmp_path / "copy" / "helpers" / "support" / "environment.py").touch()
    monkeypatch.chdir(tmp_path / "copy" / "notebooks")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    row = environment.health().loc["code of the course"]
    assert row["found"] == str(ROOT / "helpers") and row["fix"] == f"set the course up in {tmp_path / 'copy'}: make lab"
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "copy"))
    (tmp_path / "copy" / "helpers" / "__init__.py").touch()
    assert fix("code of the course") == ""


def test_health_notices_a_server_without_widgets_and_several_threads(monkeypatch, tmp_path):
    monkeypatch.setattr(environment, "_server_prefix", lambda: tmp_path)
    for package in ("ipywidgets", "anywidget"):
        assert "start JupyterLab from the course's environment" in fix(f"widgets in JupyterLab: {package}")
    torch.set_num_threads(2)
    assert fix("threads of PyTorch") == "environment.setup()"
    environment.threads()
    assert fix("threads of PyTorch") == ""


def test_health_says_to_delete_half_a_copy_of_movielens(monkeypatch, tmp_path):
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    assert fix("MovieLens-100K").startswith("in the folder of the course")
    (tmp_path / "data" / "ml-100k").mkdir(parents=True)
    (tmp_path / "data" / "ml-100k" / "u.data").touch()
    assert fix("MovieLens-100K").startswith(f"delete {tmp_path / 'data' / 'ml-100k'}, then ")


def test_the_known_good_versions_are_names_and_numbers_that_lie_in_the_ranges():
    lines = (ROOT / "versions.txt").read_text(encoding="utf-8").splitlines()
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in lines), "no address, and no build of one machine"
    pins = {canonicalize_name(name): number for name, _, number in (line.partition("==") for line in lines)}
    assert PROJECT["name"] not in pins
    for need in NEEDED + TOOLS:
        assert need.specifier.contains(pins[need.name], prereleases=True), need


def workflow(name: str) -> dict:
    return yaml.safe_load((ROOT / ".github" / "workflows" / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["pages.yml", "test.yml"])
def test_what_runs_packages_and_the_course_can_publish_nothing_and_actions_are_commits(name):
    """An action is pinned by its commit, beside which stands its version; a job that runs commands may only read."""
    found = workflow(name)
    for job in found["jobs"].values():
        allowed = job.get("permissions", found["permissions"])
        runs = any("run" in step for step in job["steps"])
        assert not runs or set(allowed.values()) <= {"read"}, allowed
    text = (ROOT / ".github" / "workflows" / name).read_text(encoding="utf-8")
    uses = re.findall(r"uses: (.+)", text)
    assert uses and all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v[\d.]+", action) for action in uses)


WITHOUT_PSUTIL = """
import importlib, pkgutil, sys
sys.modules["psutil"] = None  # an import of it fails, as in a browser
import helpers
for module in pkgutil.walk_packages(helpers.__path__, "helpers."):
    importlib.import_module(module.name)
"""


@pytest.mark.long
def test_every_module_is_imported_where_psutil_is_absent():
    ran = subprocess.run([sys.executable, "-c", WITHOUT_PSUTIL], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("wrong", [True, False])
def test_command_says_what_to_fix_and_fails(monkeypatch, capsys, wrong):
    table = pd.DataFrame(
        {"found": ["0 GB"], "wanted": [">=1 GB"], "fix": ["free some space" * wrong]}, index=["free disk"]
    )
    monkeypatch.setattr(environment, "health", lambda: table)
    assert environment.main() == int(wrong)
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == ("To fix: free disk." if wrong else "All is well.")


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("unheard_of", "name 'unheard_of' is not defined. Run the cells of this section first"),
        ("margins = 1\nmargns", "name 'margns' is not defined. Did you mean 'margins'? If not: Run the cells"),
    ],
)
def test_a_missing_name_is_met_with_what_to_do(cell, words, capsys):
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell()
    shell.set_custom_exc((NameError,), environment._name_missing)
    shell.run_cell(cell)
    assert words in capsys.readouterr().out
