"""Which faults do the tests of a folder catch? Each mutation of `mutations.toml` is one fault that a user would miss.

    python -m tests.mutations                       # all folders: half an hour and more
    python -m tests.mutations evaluation data       # tests/evaluation, then tests/data
    python -m tests.mutations classroom --long      # and its long tests, where no other catches a fault

In a copy of the course each is made, the folder's tests run until one fails, and it is unmade. Who
shortens the tests of a folder counts before and after: no fewer may be caught. Raises ValueError for a mutation whose
old text is not found exactly once: the source has moved on, and the mutation with it. (Not on Windows: each run is a
fork of a process that has loaded what takes long.)
"""

import argparse
import contextlib
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
TABLE = Path(__file__).with_suffix(".toml")
DATA = ("data/ml-100k", "data/census-income")  # of others, which git ignores
PASSED, FAILED, INTERRUPTED = 0, 1, 2  # pytest's exit codes; the last for an error while it collects
LOADED = ("torch", "pandas", "scipy.stats", "sklearn.ensemble", "sklearn.linear_model", "matplotlib.pyplot")
LOADED += ("hypothesis.extra.numpy", "pytest", "nbformat")
PATIENCE = 900  # seconds; a fault that makes the tests hang is noticed, too


class Mutation(NamedTuple):
    """What goes wrong, and how: in a file, the old text becomes the new one."""

    words: str
    file: str
    old: str
    new: str

    def changed(self, root: Path) -> str:
        text = (root / self.file).read_text(encoding="utf-8")
        if (times := text.count(self.old)) != 1:
            raise ValueError(f"{self.file}, {self.words!r}: got its old text {times} times; expected it once.")
        return text.replace(self.old, self.new)


def mutations() -> dict[str, list[Mutation]]:
    """By folder of tests."""
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return {
        folder: [Mutation(words, file, *texts) for file, some in files.items() for words, texts in some.items()]
        for folder, files in table.items()
    }


def copy_to(target: Path) -> None:
    """The files that git has or would take, as a repository of their own; and what it ignores and tests read."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    subprocess.run(["git", "init", "--quiet"], cwd=target, check=True)
    for data in DATA:
        if (ROOT / data).exists():
            shutil.copytree(ROOT / data, target / data)
    (target / ".venv").symlink_to((ROOT / ".venv").resolve())


def run(root: Path, *tests: str, marked: str = "not long") -> tuple[int, str]:
    """pytest's exit code, and the first test that failed, of those so marked."""
    with tempfile.TemporaryFile("w+") as said:
        process = multiprocessing.get_context("fork").Process(target=_pytest, args=(root, tests, marked, said))
        process.start()
        process.join(PATIENCE)
        if process.exitcode is None:
            process.kill()
            return FAILED, f"nothing within {PATIENCE} s"
        said.seek(0)
        lines = said.read().splitlines()
    if process.exitcode not in (PASSED, FAILED, INTERRUPTED):
        raise RuntimeError("\n".join([f"pytest {' '.join(tests)} ended with {process.exitcode}:", *lines]))
    failed = [line for line in lines if line.startswith(("FAILED", "ERROR"))]
    return process.exitcode, failed[0].partition("::")[2].partition(" - ")[0] or failed[0] if failed else ""


def _pytest(root: Path, tests: tuple[str, ...], marked: str, said) -> None:
    import pytest

    os.chdir(root)
    os.environ["PYTHONPATH"] = str(root)  # of processes that tests start
    sys.path[:] = [str(root), *(path for path in sys.path if path and Path(path).resolve() != ROOT)]
    for name in [name for name in sys.modules if name.partition(".")[0] in ("tests", "helpers", "tools", "classroom")]:
        del sys.modules[name]  # the course's own: the copy is loaded
    words = ["-q", "-x", "-m", marked, "-p", "no:cacheprovider", "--no-header", "--tb=no", "--hypothesis-seed=0"]
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = pytest.main([*words, *tests])
    said.flush()
    os._exit(int(code))


def caught(root: Path, folder: str, mutation: Mutation, long: bool) -> str:
    """The test that catches it; empty where none does."""
    path = root / mutation.file
    before = path.read_bytes()
    tests = root / "tests" / folder
    likely = map(str, sorted(tests.rglob(f"test_{path.stem}.py")))
    path.write_text(mutation.changed(root), encoding="utf-8")
    try:
        for some, marked in ([*likely], "not long"), ([str(tests)], "not long"), ([str(tests)] * long, "long"):
            code, test = run(root, *some, marked=marked) if some else (PASSED, "")
            if code:
                return test
        return ""
    finally:
        path.write_bytes(before)


def main(folders: list[str], long: bool) -> int:
    table = mutations()
    for some in table.values():
        for mutation in some:
            mutation.changed(ROOT)
    os.environ["OMP_NUM_THREADS"] = "1"
    for name in LOADED:
        import_module(name)
    counts = {}
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        copy_to(root)
        for folder in folders or table:
            code, test = run(root, f"tests/{folder}")
            if code != PASSED:
                raise RuntimeError(f"tests/{folder}: {test} fails without any mutation.")
            found = []
            for mutation in table[folder]:
                start = time.perf_counter()
                test = caught(root, folder, mutation, long)
                found.append(bool(test))
                seconds = time.perf_counter() - start
                print(f"{folder:12} {mutation.words:64} {test or 'NOT CAUGHT'} ({seconds:.0f} s)", flush=True)
            counts[folder] = f"{sum(found)} of {len(found)}"
    print("", *(f"{folder:12} {count} caught" for folder, count in counts.items()), sep="\n")
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.mutations", description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="*", metavar="FOLDER", help="Of tests; without any, all.")
    parser.add_argument("--long", action="store_true", help="Let long tests look for what the others let through.")
    asked = parser.parse_args()
    if unknown := set(asked.folders) - set(mutations()):
        parser.error(f"no mutations of {', '.join(unknown)}; there are some of {', '.join(mutations())}")
    sys.exit(main(asked.folders, asked.long))
