"""JupyterHub for a class on one machine; `docs/hub.md` says how to set it up, and what was measured.

The course is installed once, read-only, in the folder that this file lies in; a student has a copy of its notebooks.
"""

import os
import sys
from pathlib import Path

COURSE = Path(__file__).resolve().parents[2]

c = get_config()  # noqa: F821 (JupyterHub gives it to this file)
c.JupyterHub.bind_url = os.environ.get("HUB", "http://127.0.0.1:8000")  # a server with TLS goes in front of it
c.JupyterHub.authenticator_class = "pam"  # a student is a user of this machine, who logs in with its password
c.JupyterHub.spawner_class = "localprocess"
# Without such a rule JupyterHub lets nobody in; that of admins lets nobody in either.
c.PAMAuthenticator.allowed_groups = {"students", "teachers"}
c.PAMAuthenticator.admin_groups = {"teachers"}
os.umask(0o077)  # what the hub and the students' servers write is for nobody else to read

# Each server has a port of its own: two that look for a free one at once find the same. Below 32768, where Linux
# gives out others.
FIRST_PORT = int(os.environ.get("FIRST_PORT", "20000"))


def own_port(spawner):
    spawner.port = FIRST_PORT + spawner.user.id


c.Spawner.pre_spawn_hook = own_port
c.Spawner.cmd = [sys.executable, str(COURSE / "examples" / "hub" / "student.py")]
c.Spawner.notebook_dir = "notebooks"  # in the home of the student
c.Spawner.default_url = "/lab/tree/00_start_here.ipynb"
c.Spawner.start_timeout = c.Spawner.http_timeout = 300  # seconds: a class starts at once
c.Spawner.environment = {
    "PYTHONPATH": str(COURSE),
    "JUPYTER_PREFER_ENV_PATH": "1",
    "TQDM_MININTERVAL": "1",
}
c.Spawner.args = [
    "--KernelManager.transport=ipc",  # free TCP ports collide as those of the servers do
    "--FileContentsManager.pre_save_hook=tools.lab.drop_lost_views",
    f"--LabApp.app_settings_dir={COURSE / 'tools' / 'lab_settings'}",
    f"--LabApp.extra_labextensions_path={COURSE / 'tools' / 'lab_extensions'}",
    "--MappingKernelManager.cull_idle_timeout=3600",  # seconds: half a gigabyte of a student who went home
    "--MappingKernelManager.cull_interval=300",
    "--ServerApp.shutdown_no_activity_timeout=7200",
]
