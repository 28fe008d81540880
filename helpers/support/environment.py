"""Is this machine ready for the course? `setup()` begins every chapter, `health()` says what is wrong and how
to fix it.

`python -m helpers.support.environment` prints the same table in a terminal. It imports nothing of the course but
`downloads`, so that it works where much else does not.
"""

import argparse
import builtins
import difflib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import torch
from packaging.requirements import Requirement

from .downloads import MOVIELENS

ROOT = Path(__file__).resolve().parents[2]
NAME = "multitask-ranking-course"
OLDEST_PYTHON = (3, 11)
FREE_GB = 1.0
LAB_EXTENSIONS = {"@jupyter-widgets/jupyterlab-manager": "ipywidgets", "anywidget": "anywidget"}


class Check(NamedTuple):
    """One line of the health check; `fix` is empty where all is well."""

    what: str
    found: str
    wanted: str
    fix: str = ""


def setup() -> None:
    """Prepare this process for the course, and say so in one line that is the same on every machine."""
    threads()
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell:
        shell.set_custom_exc((NameError,), _name_missing)
    print("Ready. Our models are small, so PyTorch computes on one thread.")


def _name_missing(shell, kind, error, trace, tb_offset=None) -> list[str]:
    """A cell that was run before those that it needs, or a typing error: say what to do, in place of a traceback."""
    near = difflib.get_close_matches(error.name or "", [*shell.user_ns, *dir(builtins)], n=1, cutoff=0.75)
    meant = f" Did you mean {near[0]!r}? If not:" if near else ""
    run = "Run the cells of this section first, from its heading down to here (and the set-up cell on top)."
    words = f"{error}.{meant} {run}"
    shell._showtraceback(kind, error, [words])
    return [words]


def threads() -> None:
    """Let PyTorch compute on one thread. The one place where this is set.

    A small model is done with a batch before a second thread has woken up, and on a busy machine two threads wait for
    each other most of the time.
    """
    torch.set_num_threads(1)


def health() -> pd.DataFrame:
    """What the course needs and what is here, one row each: found, wanted, and how to fix it (empty if all is well)."""
    checks = [*_python(), *_packages(), *_code(), *_widgets(), *_threads(), *_disk(), *_movielens()]
    return pd.DataFrame(checks).set_index("what")


def requirements() -> list[Requirement]:
    """The packages that the course needs, with their ranges, as installed with it. Raises PackageNotFoundError."""
    return [r for r in map(Requirement, requires(NAME) or []) if r.marker is None]


def _python() -> Iterator[Check]:
    oldest = ".".join(map(str, OLDEST_PYTHON))
    fix = (
        ""
        if sys.version_info >= OLDEST_PYTHON
        else f"install Python {oldest} or later, then make the environment again"
    )
    yield Check("Python", ".".join(map(str, sys.version_info[:3])), f">={oldest}", fix)


def _python_call() -> str:
    """How to call this very Python from the course's folder: in a terminal `python` may be another one."""
    path = Path(sys.executable)
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else str(path)


def _packages() -> Iterator[Check]:
    again = f"in the folder of the course: {_python_call()} -m pip install -e ."
    try:
        needed = requirements()
    except PackageNotFoundError:
        yield Check(NAME, "not installed", "installed", again)
        return
    for need in needed:
        try:
            installed = version(need.name)
        except PackageNotFoundError:
            yield Check(need.name, "not installed", str(need.specifier), again)
            continue
        yield Check(
            need.name,
            installed,
            str(need.specifier),
            "" if need.specifier.contains(installed, prereleases=True) else again,
        )


def _code() -> Iterator[Check]:
    """A copied or moved course may still run the code of the folder in which it was set up."""
    around = [Path.cwd(), *Path.cwd().parents]
    here = next((folder for folder in around if (folder / "helpers" / "support" / "environment.py").is_file()), ROOT)
    ask = [
        sys.executable,
        "-P",
        "-c",
        "import helpers; print(helpers.__path__[0])",
    ]  # -P: not from the folder it runs in
    loaded = subprocess.run(ask, capture_output=True, text=True, check=False).stdout.strip()
    is_ours = bool(loaded) and Path(loaded).resolve().parent == here.resolve()
    fix = "" if is_ours else f"set the course up in {here}: make lab"
    yield Check("code of the course", "this folder" if is_ours else loaded or "not found", "this folder", fix)


def _widgets() -> Iterator[Check]:
    """Widgets are drawn by the server's JupyterLab: that one must have the extensions, this kernel's own may differ."""
    server = _server_prefix()
    for extension, package in LAB_EXTENSIONS.items():
        here = (server / "share" / "jupyter" / "labextensions" / extension).exists()
        fix = f"start JupyterLab from the course's environment, or install {package} in {server}, and reload the page"
        yield Check(
            f"widgets in JupyterLab: {package}", "present" if here else "absent", "present", "" if here else fix
        )


def _server_prefix() -> Path:
    """The environment of the JupyterLab that started this kernel; this process's own where that cannot be told."""
    if "ipykernel" not in sys.modules:
        return Path(sys.prefix)
    import psutil  # here alone: it has no build for browsers, and every chapter imports this module

    try:
        program = Path(psutil.Process().parent().cmdline()[0])
    except (psutil.Error, AttributeError, IndexError):
        return Path(sys.prefix)
    is_python = program.is_absolute() and program.name.startswith("python")
    return program.parent.parent if is_python else Path(sys.prefix)


def _threads() -> Iterator[Check]:
    threads = torch.get_num_threads()
    yield Check("threads of PyTorch", str(threads), "1", "" if threads == 1 else "environment.setup()")


def _disk() -> Iterator[Check]:
    free = shutil.disk_usage(ROOT).free / 1e9
    yield Check(
        "free disk", f"{free:.0f} GB", f">={FREE_GB:g} GB", "" if free >= FREE_GB else f"free some space under {ROOT}"
    )


def _movielens() -> Iterator[Check]:
    folder = ROOT / "data" / "ml-100k"
    here = MOVIELENS.present(folder)
    half = folder.is_dir() and any(folder.iterdir()) and not here
    fix = f"in the folder of the course: {_python_call()} -m helpers.data.movielens"
    fix = f"delete {folder}, then {fix}" if half else fix
    yield Check("MovieLens-100K", "present" if here else "absent", "present", "" if here else fix)


def main() -> int:
    threads()
    table = health()
    print(table.to_string())
    wrong = table[table["fix"] != ""]
    print("All is well." if wrong.empty else f"To fix: {', '.join(wrong.index)}.")
    return int(not wrong.empty)


if __name__ == "__main__":
    about = "Say whether this machine is ready for the course, and how to fix what is not."
    argparse.ArgumentParser(prog="python -m helpers.support.environment", description=about).parse_args()
    sys.exit(main())
