"""A JupyterLab server and what the browser tests do with it: open a notebook, run it, move its controls."""

import json
import os
import re
import secrets
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
from nbformat.sign import NotebookNotary

from tests.ports import free_port

FLAGS = ["--no-sandbox", "--no-first-run"]
FLAGS += [f"--disable-{part}" for part in ("gpu", "quic", "background-networking", "component-update", "sync")]
SETTINGS = {
    "apputils-extension/notification": '{"fetchNews": "false", "checkForUpdates": false}',
    "docmanager-extension/plugin": '{"autosave": false}',
    "notebook-extension/tracker": '{"windowingMode": "none"}',  # cells out of sight stay on the page
}
IDLE = """() => {
  const kernel = window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel;
  return kernel?.connectionStatus === "connected" && kernel.status === "idle";
}"""
# On opening, JupyterLab asks the kernel for widgets of before, over a comm that the kernel closes. If the kernel is
# restarted while this is under way, it closes a comm that the page has forgotten: "Comm not found" in the console.
MANAGER = """async () => {
  const { rendermime } = jupyterapp.shell.currentWidget.content;
  window.manager = await rendermime.createRenderer("application/vnd.jupyter.widget-view+json")._manager.promise;
}"""
# a condition to wait for may not be a promise, which counts as true whatever it comes to
SETTLED = """() => {
  const { _comms: comms, _futures: questions } = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  return window.manager.restoredStatus && comms.size + questions.size === 0;
}"""
DRAWN = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
# parts of a card beyond its left or right edge; a picture may cut off its own lines
BEYOND = """card => {
  const edge = card.getBoundingClientRect();
  return [...card.querySelectorAll(":not(svg *), svg text, .mtl-handle")].filter((e) => {
    const box = e.getBoundingClientRect();
    return box.width && (box.left < edge.left - 1 || box.right > edge.right + 1);
  }).map((e) => `${e.tagName} ${e.textContent.slice(0, 40)}`);
}"""
# JupyterLab's own words when a kernel is restarted: nobody debugs it, and what was asked of the old one is not answered
NOISE = re.compile("Could not restore the debugger state|Canceled future for create_subshell_request")


def settle(page):
    """Wait until JupyterLab has asked a new kernel all that it asks of one."""
    page.evaluate(MANAGER)
    page.wait_for_function(SETTLED, timeout=60_000)


class Lab:
    """A JupyterLab server on 127.0.0.1 for the folder `root`, with settings, trust and workspaces of its own."""

    def __init__(self, root: Path, home: Path):
        for name, text in SETTINGS.items():
            file = home / "settings" / f"@jupyterlab/{name}.jupyterlab-settings"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        port = free_port()
        self.root, self.token, self.base = root, secrets.token_hex(16), f"http://127.0.0.1:{port}"
        self.environment = {
            **os.environ,
            "JUPYTER_DATA_DIR": str(home / "data"),
            "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
            "TQDM_DISABLE": "1",
        }
        self.log = home / "lab.log"
        command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1"]
        command += [f"--port={port}", "--ServerApp.port_retries=0"]
        command += [f"--ServerApp.root_dir={root}", f"--IdentityProvider.token={self.token}"]
        command += ["--LabApp.expose_app_in_browser=True"]
        command += ["--FileContentsManager.pre_save_hook=tools.lab.drop_lost_views"]  # as `make lab` does
        command += [f"--LabApp.extra_labextensions_path={Path(__file__).parents[2] / 'tools' / 'lab_extensions'}"]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)
        deadline = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"{self.base}/api?token={self.token}", timeout=2)
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    self.stop()
                    raise RuntimeError(f"JupyterLab did not start:\n{self.log.read_text()}") from None
                time.sleep(0.1)

    def ask(self, path: str, method: str = "GET"):
        """What the server's API answers, or None where it answers nothing."""
        request = urllib.request.Request(
            f"{self.base}/api/{path}", method=method, headers={"Authorization": f"token {self.token}"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or "null")

    def end(self, notebook: str):
        """End the kernel of a notebook that another test has left open: its comms would seem to be under way."""
        for session in self.ask("sessions"):
            if session["path"] == notebook:
                self.ask(f"sessions/{session['id']}", "DELETE")

    def trust(self, notebook: str):
        """What `jupyter trust` does, without a process of its own."""
        notary = NotebookNotary(data_dir=self.environment["JUPYTER_DATA_DIR"])
        notary.sign(nbformat.read(self.root / notebook, nbformat.NO_CONVERT))
        notary.store.close()

    def distrust(self, notebook: str):
        """Forget that a notebook was trusted; trust is of the content, so it is of every copy."""
        notary = NotebookNotary(data_dir=self.environment["JUPYTER_DATA_DIR"])
        notary.unsign(nbformat.read(self.root / notebook, nbformat.NO_CONVERT))
        notary.store.close()

    def stop(self, seconds: float = 20):
        """End the server. One that does not end when asked to is killed; its kernels end when they miss it."""
        self.process.terminate()
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:  # what it hangs on is the server's own: a notebook's tests are done by then
            self.process.kill()
            self.process.wait()


class Tab:
    """A browser page that remembers what went wrong on it: errors, and requests to anywhere but `allowed`."""

    def __init__(self, browser, allowed: tuple[str, ...]):
        self.page = browser.new_page(viewport={"width": 1280, "height": 900})
        self.page.set_default_timeout(60_000)  # of a machine that does other work, too
        self.trouble: list[str] = []
        allowed += ("data:", "blob:")
        self.page.on("pageerror", lambda error: self._heard("page error", error.stack or str(error)))
        self.page.on("console", lambda message: message.type == "error" and self._heard("console", message.text))
        self.page.on("request", lambda request: self._asked(request.url, allowed))

    def _heard(self, where: str, text: str):
        if not NOISE.search(text):
            self.trouble.append(f"{where}: {text}")

    def _asked(self, url: str, allowed: tuple[str, ...]):
        if not url.startswith(allowed):
            self.trouble.append(f"outside request: {url}")


class Book(Tab):
    """A notebook that is open in JupyterLab."""

    def __init__(self, browser, lab: Lab, notebook: str):
        super().__init__(browser, (lab.base, lab.base.replace("http", "ws")))
        self.name, self.lab = notebook, lab
        lab.end(notebook)
        self.open()

    def open(self):
        """Open the notebook as it is on disk, and wait for its kernel and for what JupyterLab asks of it."""
        self.page.goto(f"{self.lab.base}/lab/tree/{self.name}?reset&token={self.lab.token}")
        self.settled()

    def turn_to(self, notebook: str):
        """Open another notebook in place of this one: JupyterLab itself takes most of the time."""
        self.page.evaluate(
            """async (path) => {
              await jupyterapp.serviceManager.sessions.shutdownAll();
              jupyterapp.shell.currentWidget.dispose(); // without a question whether to save it
              await jupyterapp.commands.execute("docmanager:open", { path });
            }""",
            notebook,
        )
        self.name = notebook
        self.settled()

    def settled(self):
        self.page.wait_for_selector(".jp-NotebookPanel .jp-Cell")
        self.page.wait_for_function(IDLE, timeout=60_000)
        settle(self.page)

    def restart_and_run_all(self):
        command = "jupyterapp.commands.execute('notebook:restart-run-all')"
        self.page.evaluate(f"() => {{ window.ran = false; {command}.then(() => {{ window.ran = true; }}); }}")
        self.page.locator(".jp-Dialog .jp-mod-accept").click()
        self.page.wait_for_function("() => window.ran", timeout=300_000)
        self.page.wait_for_function(IDLE, timeout=60_000)
        self.page.wait_for_timeout(1000)  # the last widgets are drawn

    def theme(self, name: str):
        """Change JupyterLab's theme ("JupyterLab Dark"), to the end: its splash must be gone before the next change."""
        self.page.evaluate("theme => jupyterapp.commands.execute('apputils:change-theme', { theme })", name)
        self.page.locator(f'body[data-jp-theme-name="{name}"]').wait_for(state="attached")
        self.page.locator("#jupyterlab-splash").wait_for(state="detached")

    def run(self, cell: str, copied: bool = False):
        """Run the cell with this id, or its code in a new cell below it."""
        self.page.evaluate(
            """async ([id, copied]) => {
              const notebook = jupyterapp.shell.currentWidget.content;
              notebook.activeCellIndex = notebook.widgets.findIndex((cell) => cell.model.id === id);
              if (copied) {
                const code = notebook.activeCell.model.sharedModel.getSource();
                await jupyterapp.commands.execute("notebook:insert-cell-below");
                notebook.activeCell.model.sharedModel.setSource(code);
              }
              await jupyterapp.commands.execute("notebook:run-cell");
            }""",
            [cell, copied],
        )

    def save(self):
        self.page.wait_for_timeout(1000)  # the last widgets are drawn
        self.page.evaluate("() => jupyterapp.commands.execute('docmanager:save')")

    def shut_down_kernel(self):
        self.page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.shutdown()")
        self.page.wait_for_function("() => !jupyterapp.shell.currentWidget.sessionContext.session?.kernel")

    def outputs(self, mime: str) -> list[str]:
        """The texts of all outputs of one kind."""
        return self.page.locator(f'.jp-OutputArea-output[data-mime-type="{mime}"]').all_inner_texts()

    def close(self):
        self.page.evaluate("() => jupyterapp.serviceManager.sessions.shutdownAll()")
        self.page.close()
