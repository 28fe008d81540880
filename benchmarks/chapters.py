"""The chapters as a student meets them, in JupyterLab in Chromium: Run All, the kernel's memory, every slider.

A slider's time is that from a key press on its handle to the first animation frame in which the output around it has
changed. `chapter_NN_…` tells of one chapter, the other lines of the worst of all.
"""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import nbformat
import psutil

try:
    from playwright.sync_api import Browser, Page, sync_playwright
except ImportError:
    sync_playwright = None

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]
PAIRS = 5  # to the right and back: of each slider at least, and 25 in all
SILENCE = '{"fetchNews": "false", "checkForUpdates": false}'
IDLE = """() => {
  const kernel = window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel;
  return kernel?.connectionStatus === "connected" && kernel.status === "idle";
}"""
# The milliseconds from a key press on slider `index` to a changed picture; null if none came within three seconds.
PRESS = """async ([index, key]) => {
  const slider = document.querySelectorAll(".widget-slider")[index];
  const handle = slider.querySelector(".noUi-handle");
  const area = slider.closest(".jp-OutputArea");
  const each = (what, look) => [...area.querySelectorAll(what)].map(look).join();
  const seen = () => [
    each("canvas", (e) => e.toDataURL()),
    each("img", (e) => e.src),
    each("svg *", (e) => ["d", "cx", "cy", "x", "y", "transform"].map((name) => e.getAttribute(name)) +
      (e.children.length ? "" : e.textContent)),
    each(".widget-html-content, table, pre", (e) => e.innerText),
  ].join("|");
  handle.focus();
  const before = seen(), start = performance.now();
  handle.dispatchEvent(new KeyboardEvent("keydown", { key, code: key, bubbles: true, cancelable: true }));
  while (performance.now() - start < 3000) {
    await new Promise((frame) => requestAnimationFrame(frame));
    if (seen() !== before) return performance.now() - start;
  }
  return null;
}"""


@dataclass
class Visit:
    """One chapter in the browser: seconds of Run All, megabytes of its kernel after it, milliseconds of the presses."""

    seconds: float
    kernel_mb: float
    slider_ms: list[float]


def lines(short: bool, notebooks: Path = NOTEBOOKS) -> Iterator[tuple[str, float]]:
    """Needs Chromium and playwright for all but `imports_seconds`; without them standard error says what is skipped."""
    chapters = sorted(notebooks.glob("*.ipynb"))
    yield "imports_seconds", max(imports_seconds(chapter, rounds=1 if short else 5) for chapter in chapters)
    if not (CHROMIUM and sync_playwright):
        missing = "playwright" if CHROMIUM else "Chromium"
        print(f"skipped chapter_*, kernel_mb, slider_ms_*: {missing} is not installed", file=sys.stderr)
        return
    visits = []
    with jupyterlab(notebooks) as (server, address), sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for chapter in chapters:
            visits.append(visit(browser, server, address, chapter.name))
            name = f"chapter_{chapter.stem.split('_')[0]}"
            yield f"{name}_seconds", visits[-1].seconds
            yield f"{name}_kernel_mb", visits[-1].kernel_mb
            yield from _sliders(f"{name}_slider_ms", visits[-1])
        browser.close()
    yield "kernel_mb", max(one.kernel_mb for one in visits)
    worst: dict[str, float] = {}
    for one in visits:
        worst = {name: max(ms, worst.get(name, 0)) for name, ms in _sliders("slider_ms", one)} or worst
    yield from worst.items()


def _sliders(name: str, one: Visit) -> Iterator[tuple[str, float]]:
    if one.slider_ms:
        yield f"{name}_p50", median(one.slider_ms)
        yield f"{name}_p95", sorted(one.slider_ms)[int(0.95 * (len(one.slider_ms) - 1))]


def imports_seconds(chapter: Path, rounds: int) -> float:
    """Median seconds of the set-up cell in a fresh process."""
    cells = nbformat.read(chapter, as_version=4).cells
    setup = next(cell.source for cell in cells if "setup" in cell.metadata.get("tags", []))
    code = f"import time; start = time.perf_counter(); exec({setup!r}); print('took', time.perf_counter() - start)"
    took = []
    for _ in range(rounds):
        done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
        took.append(float(done.stdout.split()[-1]))
    return median(took)


@contextmanager
def jupyterlab(notebooks: Path) -> Iterator[tuple[subprocess.Popen, str]]:
    """A server on a copy of the notebooks, with settings of its own. Yields its process and `{}` for what to open."""
    with tempfile.TemporaryDirectory() as home, socket.socket() as free:
        root, settings, token = Path(home, "root"), Path(home, "settings"), secrets.token_hex(16)
        shutil.copytree(notebooks, root)
        (settings / "@jupyterlab" / "apputils-extension").mkdir(parents=True)
        (settings / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings").write_text(SILENCE)
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1"]
        command += [f"--port={port}", "--ServerApp.port_retries=0", f"--ServerApp.root_dir={root}"]
        command += [f"--IdentityProvider.token={token}", "--LabApp.expose_app_in_browser=True"]
        environment = os.environ | {
            "JUPYTERLAB_SETTINGS_DIR": str(settings),
            "JUPYTERLAB_WORKSPACES_DIR": str(Path(home, "workspaces")),
        }
        log = Path(home, "log")
        with log.open("w") as file:
            server = subprocess.Popen(command, env=environment, stdout=file, stderr=file)
        try:
            _wait(f"http://127.0.0.1:{port}/api?token={token}", server, log)
            yield server, f"http://127.0.0.1:{port}/lab/tree/{{}}?reset&token={token}"
        finally:
            server.terminate()
            server.wait(20)


def _wait(address: str, server: subprocess.Popen, log: Path) -> None:
    for _ in range(600):
        try:
            urllib.request.urlopen(address, timeout=2).close()
            return
        except OSError:
            if server.poll() is not None:
                break
            time.sleep(0.1)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()[-2000:]}")


def visit(browser: Browser, server: subprocess.Popen, address: str, name: str) -> Visit:
    """Open a notebook, run all of it, press every slider's keys."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(60_000)
    page.goto(address.format(name), wait_until="domcontentloaded")
    page.wait_for_selector(".jp-NotebookPanel .jp-Cell")
    page.wait_for_function(IDLE)
    page.set_default_timeout(600_000)
    start = time.perf_counter()
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
    page.wait_for_function(IDLE)
    took = time.perf_counter() - start
    page.wait_for_timeout(1500)  # the last widgets are drawn
    if errors := page.locator('[data-mime-type="application/vnd.jupyter.error"]').all_inner_texts():
        raise RuntimeError(f"{name} does not run: {errors[0][-500:]}")
    done = Visit(took, _kernel_mb(server), _press_all(page, name))
    page.evaluate("() => window.jupyterapp.serviceManager.sessions.shutdownAll()")
    page.close()
    return done


def _kernel_mb(server: subprocess.Popen) -> float:
    """Resident memory of the one kernel that runs."""
    processes = psutil.Process(server.pid).children(recursive=True)
    kernels = [process for process in processes if "ipykernel_launcher" in " ".join(process.cmdline())]
    return max(kernel.memory_info().rss for kernel in kernels) / 2**20


def _press_all(page: Page, name: str) -> list[float]:
    sliders = page.locator(".widget-slider")
    count, taken = sliders.count(), []
    for index in range(count):
        sliders.nth(index).scroll_into_view_if_needed()
        keys = ["ArrowRight", "ArrowLeft"] * max(PAIRS, -(-5 * PAIRS // count))
        presses = [page.evaluate(PRESS, [index, key]) for key in keys]
        moved = [ms for ms in presses if ms is not None]
        print(f"{name}: slider {index + 1} of {count}, {len(moved)} of {len(presses)} presses moved", file=sys.stderr)
        taken += moved
    return taken
