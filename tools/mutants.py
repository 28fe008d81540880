"""A mutation run: which small changes of the code does no test notice?

    python -m tools.mutants [MODULE ...]      # training/losses, ...; without a name all of `MODULES`

mutmut changes one place of a module at a time (`<` becomes `<=`, a number grows by one, an argument is left out) and
runs the module's own test file, but for tests marked `slow`. A change that all tests pass has survived: a property that
no test states, or a change that changes nothing. `tests/mutants.toml` lists those that stay, each with its reason; any
other is printed as new, and a module with fewer than 90% killed, or with a new survivor, makes the run fail. One kind
needs no reason of its own: `strict=` of a zip guards later changes of the code: what is zipped today is of one length
by construction.

Not changed are the words of errors (the statements of `WORDS`), decorated functions, and what stands outside of
functions. mutmut needs `fork`, so Windows needs WSL.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REASONS = ROOT / "tests" / "mutants.toml"
MODULES = (
    "evaluation/verdicts",
    "evaluation/intervals",
    "training/losses",
    "training/balancing",
    "models/experts",
    "models/esmm",
    "capstone/reading",
    "capstone/declaration",
    "capstone/suggestion",
    "capstone/preparation",
    "capstone/table_checks",
    "capstone/recommendation",
    "capstone/comparison",
    "capstone/plan",
    "capstone/yardsticks",
)
ENOUGH = 0.9
WORDS = (r"validate\.(fail|instance)\(", r"^\s*(came|expected|came, expected) = ")
STRICT = re.compile(r", (strict=\w+)?\)")
SURVIVED = (
    0,
    5,
    33,
)  # exit codes that mutmut keeps: passed, or no test comes by; all others are a failed test or a stop

SETTINGS = """[mutmut]
source_paths = helpers
only_mutate = helpers/{module}.py
also_copy =
    conftest.py
    data
    tools
pytest_add_cli_args_test_selection = tests/{folder}/test_{name}.py
pytest_add_cli_args =
    -m
    not long and not slow
    -p
    no:cacheprovider
do_not_mutate_patterns =
    {words}
process_isolation = forkserver
"""


def run(module: str, jobs: int, folder: Path) -> dict[str, int | None]:
    """Try every mutant of a module in `folder`, on a copy of the course: {mutant: exit code of its tests}."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in ("helpers", "tests", "tools", "data", "conftest.py", "pyproject.toml"):
        (folder / name).symlink_to(ROOT / name)
    words = "\n    ".join(WORDS)
    place, _, name = module.rpartition("/")
    settings = SETTINGS.format(module=module, folder=place, name=name, words=words)
    (folder / "setup.cfg").write_text(settings, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": ""}  # not the course itself, but its copy
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", str(jobs)]
    done = subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        raise SystemExit(f"{module}: mutmut stopped.\n{done.stdout.decode(errors='replace')[-3000:]}")
    kept = json.loads((folder / "mutants" / "helpers" / f"{module}.py.meta").read_text(encoding="utf-8"))
    return kept["exit_code_by_key"]


def listed() -> dict[str, dict[str, dict[str, str]]]:
    """The survivors that stay: {module: {function: {change: reason}}}."""
    return tomllib.loads(REASONS.read_text(encoding="utf-8"))


def change(mutant: str, folder: Path) -> tuple[str, str]:
    """The function that a mutant is in, as CLASS.NAME or NAME, and its changed lines, such as `- a < b + a <= b`."""
    shown = subprocess.run(
        [sys.executable, "-m", "mutmut", "show", mutant], cwd=folder, capture_output=True, text=True, check=True
    ).stdout
    lines = [line for line in shown.splitlines() if line[:1] in ("-", "+") and line[:3] not in ("---", "+++")]
    function = mutant.rpartition(".")[2].rpartition("__mutmut_")[0]
    function = (
        function.removeprefix("x_") if function.startswith("x_") else function.removeprefix("xǁ").replace("ǁ", ".")
    )
    return function, " ".join(f"{line[0]} {' '.join(line[1:].split())}" for line in lines)


def only_strict(change: str) -> bool:
    """Whether a change, `- BEFORE + AFTER`, is one of a zip's `strict` alone."""
    plain = STRICT.sub(")", change)
    before = plain[2 : 2 + (len(plain) - len("-  + ")) // 2]
    return plain == f"- {before} + {before}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.mutants", description=__doc__.splitlines()[0])
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=", ".join(MODULES))
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="mutants to try at once (default: all cores)")
    args = parser.parse_args()
    if unknown := [module for module in args.modules if module not in MODULES]:
        parser.error(f"no module {', '.join(unknown)}; expected some of {', '.join(MODULES)}")
    if importlib.util.find_spec("mutmut") is None:
        parser.error(f"mutmut is missing: {sys.executable} -m pip install -e '.[mutants]'")
    failed = False
    for module in args.modules or MODULES:
        folder = ROOT / "build" / "mutants" / module.replace("/", ".")
        codes = run(module, args.jobs, folder)
        survivors = [change(mutant, folder) for mutant, code in codes.items() if code in SURVIVED]
        share = 1 - len(survivors) / len(codes)
        known = listed().get(module, {})
        new = [(f, line) for f, line in survivors if line not in known.get(f, {}) and not only_strict(line)]
        print(f"{module}: {len(codes)} mutants, {share:.1%} killed, {len(survivors)} survived", flush=True)
        for function, line in new:
            print(f"  new in {function}: {line}", flush=True)
        failed |= share < ENOUGH or bool(new)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
