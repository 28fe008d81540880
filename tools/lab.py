"""Open the course in JupyterLab: `python -m tools.lab`. With `--trust` it only trusts the notebooks, as for Binder.

A fresh clone is untrusted, and JupyterLab shows no live widget in an untrusted notebook. Your own Jupyter settings are
left as they are, and go before the few defaults in `lab_settings/`: no question about news, no look for updates.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import nbformat
from nbformat.sign import NotebookNotary

from tools.notebooks import WIDGET_STATE, WIDGET_VIEW

ROOT = Path(__file__).resolve().parent.parent


def trust() -> None:
    """Sign the notebooks of the course as you would with `jupyter trust notebooks/*.ipynb`."""
    notary = NotebookNotary()
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        notary.sign(nbformat.read(path, as_version=4))


def drop_lost_views(model: dict, **_) -> None:
    """Drop the views of widgets whose state is not in the notebook that is being saved: what stands in for them stays.

    So a changed or new cell shows its picture on the next day, where JupyterLab would say "model not found"
    (`helpers.model_ids` has the rest).
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


def arguments() -> list[str]:
    """JupyterLab's command line for this machine."""
    lines = [
        f"--ServerApp.root_dir={ROOT}",
        "--ServerApp.ip=127.0.0.1",
        f"--LabApp.default_url=/lab/tree/{first_notebook()}",
        f"--LabApp.app_settings_dir={ROOT / 'tools' / 'lab_settings'}",
        "--FileContentsManager.pre_save_hook=tools.lab.drop_lost_views",
        "--KernelManager.transport_encryption=auto",  # else each kernel warns that it has none
        "--ServerApp.log_level=ERROR",
        "--LabApp.log_level=ERROR",
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        lines.append("--allow-root")  # in a container the only user is often root
    if sys.platform == "linux" and not any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")):
        lines.append("--no-browser")  # else a text browser may take over the terminal
    return lines


def main() -> None:
    trust()
    if sys.argv[1:] == ["--trust"]:
        return
    print("JupyterLab starts. If no browser opens, open one of the addresses below. Stop it with Ctrl-C.", flush=True)
    from jupyterlab.labapp import LabApp

    LabApp.launch_instance(arguments())


if __name__ == "__main__":
    main()
