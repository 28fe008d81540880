"""Open the course in JupyterLab: `python -m tools.lab`. With `--trust` it only trusts the notebooks, as for Binder.

A fresh clone is untrusted, and JupyterLab shows no live widget in an untrusted notebook. Your own Jupyter settings are
left as they are, and go before the few defaults in `lab_settings/`: no question about news, no look for
updates, and for text the type of cards and figures. `lab_extensions/` shows widgets that JupyterLab gives up on too
early.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
from jupyter_core.paths import jupyter_config_dir, jupyter_data_dir
from nbformat.sign import NotebookNotary

from helpers.support.downloads import MOVIELENS

ROOT = Path(__file__).resolve().parent.parent
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
WIDGET_STATE = "application/vnd.jupyter.widget-state+json"


def git(*words: str) -> str:
    """What git answers in the folder of the course. Raises OSError with git's reason."""
    asked = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    if asked.returncode:
        raise OSError(asked.stderr.strip().splitlines()[0])
    return asked.stdout


def committed_notebooks() -> dict[str, str]:
    """The notebooks of the last commit, `notebooks/NAME` and text, whatever has become of the files. Raises OSError."""
    names = git("ls-tree", "-r", "-z", "--name-only", "HEAD", "notebooks/").split("\0")
    return {name: git("show", f"HEAD:./{name}") for name in names if name.endswith(".ipynb")}


def parse(text: str) -> nbformat.NotebookNode | None:
    """The notebook, or None where this is none."""
    try:
        return nbformat.reads(text, as_version=4)
    except Exception:  # of what is no notebook, nbformat may say anything
        return None


def trust(books: dict[str, str]) -> None:
    """Sign these texts. A file that was changed since has another signature, and one from elsewhere has none.

    JupyterLab itself signs what was run and saved in it.
    """
    notary = NotebookNotary()
    for book in filter(None, map(parse, books.values())):
        notary.sign(book)


def is_readable(path: Path) -> bool:
    try:
        return parse(path.read_text(encoding="utf-8", errors="replace")) is not None
    except OSError:
        return False


def prepare() -> None:
    """Trust the notebooks and say what is wrong with them; nothing here keeps JupyterLab from starting."""
    try:
        books = committed_notebooks()
        trust(books)
    except Exception as error:
        print(f"The notebooks open untrusted ({error}): Run All Cells brings the sliders of a chapter.", flush=True)
        return
    for name in books:
        if (ROOT / name).exists() and not is_readable(ROOT / name):  # as after a merge with conflicts
            print(f"{name} cannot be read as a notebook. The course's, without your changes: git checkout HEAD {name}")


def is_writable(folder: Path) -> bool:
    """Can files be made in it? It is made itself where it is missing."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return False
    return True


def keep_elsewhere() -> None:
    """Where the home folder cannot be written, let Jupyter and IPython keep their files in the environment."""
    folders = {
        "JUPYTER_DATA_DIR": jupyter_data_dir(),
        "JUPYTER_CONFIG_DIR": jupyter_config_dir(),
        "IPYTHONDIR": os.environ.get("IPYTHONDIR", os.path.expanduser("~/.ipython")),
    }
    for name, folder in folders.items():
        if not is_writable(Path(folder)):
            other = Path(sys.prefix) / "home" / name.lower()
            os.environ[name] = str(other if is_writable(other) else tempfile.mkdtemp())
            print(f"{folder} cannot be written: {os.environ[name]} is used instead.", flush=True)


def drop_lost_views(model: dict, **_) -> None:
    """Drop the views of widgets whose state is not in the notebook that is being saved: what replaces them stays.

    So a changed or new cell shows its picture on the next day, where JupyterLab would say "model not found"
    (`helpers.display.model_ids` has the rest).
    """
    if model["type"] == "notebook":
        state = model["content"]["metadata"].get("widgets", {}).get(WIDGET_STATE, {}).get("state", {})
        for cell in model["content"]["cells"]:
            for data in [output["data"] for output in cell.get("outputs", []) if "data" in output]:
                if WIDGET_VIEW in data and data[WIDGET_VIEW]["model_id"] not in state:
                    del data[WIDGET_VIEW]


def first_notebook() -> str:
    """The notebook that a student sees first, as a path under the root."""
    start = ROOT / "notebooks" / "00_start_here.ipynb"
    return f"notebooks/{start.name if start.exists() else '04_shared_bottom.ipynb'}"


def codespace() -> list[str]:
    """What the server is told in GitHub Codespaces, where a browser asks it under an address of the codespace's own.

    It alone is let in. On the way either header, `Origin` or `Host`, may have become the name of the server itself.
    """
    name, domain = os.environ.get("CODESPACE_NAME"), os.environ.get("GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN")
    if os.environ.get("CODESPACES") != "true" or not (name and domain):
        return []
    port = os.environ.get("JUPYTER_PORT", "8888")
    host = f"{name}-{port}.{domain}".lower()
    return [
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",  # another port has another address
        f"--ServerApp.allow_origin_pat=^(https://{re.escape(host)}|http://localhost:{port})$",
        "--ServerApp.local_hostnames=localhost",
        f"--ServerApp.local_hostnames={host}",
        f"--ServerApp.custom_display_url=https://{host}",
        "--no-browser",  # the one that the terminal has would be given a file
    ]


def arguments() -> list[str]:
    """JupyterLab's command line for this machine."""
    lines = [
        f"--ServerApp.root_dir={ROOT}",
        "--ServerApp.ip=127.0.0.1",
        f"--LabApp.default_url=/lab/tree/{first_notebook()}",
        f"--LabApp.app_settings_dir={ROOT / 'tools' / 'lab_settings'}",
        f"--LabApp.extra_labextensions_path={ROOT / 'tools' / 'lab_extensions'}",
        "--FileContentsManager.pre_save_hook=tools.lab.drop_lost_views",
        "--KernelManager.transport_encryption=auto",  # otherwise each kernel warns that it has none
        "--ServerApp.log_level=WARN",
        "--LabApp.log_level=WARN",
        *codespace(),
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        lines.append("--allow-root")  # in a container the only user is often root
    if sys.platform == "linux" and not any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")):
        lines.append("--no-browser")  # otherwise a text browser may take over the terminal
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.lab", description="Open the course in JupyterLab.")
    parser.add_argument("--trust", action="store_true", help="Only trust the notebooks, and start nothing.")
    only_trust = parser.parse_args().trust
    keep_elsewhere()
    prepare()
    if only_trust:
        return
    if not MOVIELENS.present():
        print(
            "No copy of MovieLens-100K: cells that need it say so. "
            f"To get one: {sys.executable} -m helpers.data.movielens"
        )
    print("JupyterLab starts. If no browser opens, open one of the addresses below. Stop it with Ctrl-C.", flush=True)
    from jupyterlab.labapp import LabApp

    LabApp.launch_instance(arguments())


if __name__ == "__main__":
    main()
