"""A student's server on a hub: a copy of the notebooks in the home, trusted as the course has them.

A notebook that is there stays as the student left it; one that is new to the course is added at the next start.
"""

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

from tools.lab import trust

COURSE = Path(__file__).resolve().parents[2] / "notebooks"


def copy(home: Path) -> dict[str, str]:
    """Add to `home` what it lacks of the course's notebooks and texts. Returns the texts of all notebooks by name."""
    books = {}
    for path in sorted(COURSE.rglob("*")):
        name = path.relative_to(COURSE)
        if path.suffix not in (".ipynb", ".md") or any(part.startswith(".") for part in name.parts):
            continue
        if path.suffix == ".ipynb":
            books[str(name)] = path.read_text(encoding="utf-8")
        if not (home / name).exists():
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, home / name)  # not its mode: the course is read-only, the copy is not
    return books


if __name__ == "__main__":
    about = "Bring a student's copy of the notebooks up to date and start the server, with the hub's own arguments."
    argparse.ArgumentParser(description=about).parse_known_args()  # all but --help are the server's
    trust(copy(Path.home() / "notebooks"))
    # the kernels' sockets are files, and the name of one may have 107 characters: too few below the home of some
    os.environ["JUPYTER_RUNTIME_DIR"] = tempfile.mkdtemp(prefix="jupyter-")
    os.execv(sys.executable, [sys.executable, "-m", "jupyterhub.singleuser", *sys.argv[1:]])
