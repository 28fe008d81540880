"""A class of ten on a hub of this machine, by the configuration that a teacher would use: `docs/hub.md`."""

import asyncio
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from examples.hub.load import give_class
from tests.ports import free_port

ROOT = Path(__file__).parents[2]
NOTEBOOK = "02_weighted_cross_entropy.ipynb"
STUDENTS = 10
TOKEN = "0123456789abcdef" * 2

# what differs from a class: no accounts on this machine, and the token of `load.py`
HERE = """
load_subconfig("{course}")
c = get_config()
c.JupyterHub.hub_bind_url = "http://127.0.0.1:{hub}"
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy}"
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = "{homes}/{{username}}"
c.Spawner.args += ["--allow-root"]
c.JupyterHub.services = [{{"name": "load", "api_token": "{token}"}}]
scopes = ["admin:users", "admin:servers", "access:servers"]
c.JupyterHub.load_roles = [{{"name": "load", "services": ["load"], "scopes": scopes}}]
"""


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    """The address of a hub that runs, and the folder with the students' homes."""
    if not shutil.which("configurable-http-proxy"):
        stop = pytest.fail if os.environ.get("CI") else pytest.skip
        stop("The hub needs configurable-http-proxy (on Debian: apt-get install node-configurable-http-proxy)")
    folder = tmp_path_factory.mktemp("hub")
    public, *ports = (free_port() for _ in range(3))
    first = 20_000 + os.getpid() % 10_000  # below the ports that a system gives out, as in a class
    settings = {"hub": ports[0], "proxy": ports[1], "homes": folder / "homes", "token": TOKEN}
    course = ROOT / "examples" / "hub" / "jupyterhub_config.py"
    (folder / "config.py").write_text(HERE.format(course=course, **settings))
    address = f"http://127.0.0.1:{public}"
    node = {"NODE_PATH": "/usr/share/nodejs"}  # where Debian has the proxy's modules, for a node that is not Debian's
    environment = os.environ | node | {"HUB": address, "FIRST_PORT": str(first)}
    with (folder / "log").open("w") as log:
        command = [sys.executable, "-m", "jupyterhub", "--config", "config.py"]
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(f"{address}/hub/api/", timeout=5)
                break
            except OSError:
                assert process.poll() is None, (folder / "log").read_text()
                time.sleep(0.5)
        yield address, folder
    finally:
        process.terminate()
        process.wait(60)


@pytest.mark.long
def test_ten_students_open_a_chapter_and_run_all_at_once(hub):
    address, folder = hub
    students = asyncio.run(give_class(STUDENTS, address, TOKEN, NOTEBOOK))
    assert {student.name: student.errors for student in students if student.errors} == {}
    homes = [folder / "homes" / student.name / "notebooks" for student in students]
    assert all((home / NOTEBOOK).is_file() and not (home / "helpers").exists() for home in homes)
