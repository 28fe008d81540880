"""Set-up: make `.venv` and install the course into it, one line a step, and one clear line if a step fails.

`make` runs it with whatever `python3` is there, so it is written for Python 3.6 and uses the standard library only.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOG = VENV / "setup.log"
OLDEST = (3, 11)
NAMES = ["python3", "python3.13", "python3.12", "python3.11", "python3.14", "python"]
DISK_GB = 3.0  # 2 GB when installed, and what pip unpacks on the way

# What pip's log says, and what it means. The first that matches is reported.
REASONS = [
    (
        r"No space left on device|Errno 28",
        "the disk is full: the packages need {disk:g} GB, on Linux without conda up to 8 GB.",
    ),
    (
        r"connection broken by|NewConnectionError|NameResolutionError|ConnectTimeoutError|ReadTimeoutError|ProxyError|"
        r"SSLError|Temporary failure in name resolution|Network is unreachable|Connection (?:refused|reset)",
        "the package index cannot be reached: connect to the network (or set pip's proxy) and run it again.",
    ),
    (
        r"(?:No matching distribution found for|Could not find a version that satisfies the requirement) ([^\s;(]+)",
        "pip finds no build of {0} for Python {python}: install Python 3.13, 3.12 or 3.11 and run it again.",
    ),
    (r"ERROR: (.+)", "pip says: {0}"),
]


class SetupError(Exception):
    """What is wrong and how to mend it, in one line."""


def say(line):
    print(line, flush=True)


def version_of(command):
    """(major, minor) of a Python, or None if it does not run."""
    try:
        answer = subprocess.run(
            [command, "-c", "import sys; print(*sys.version_info[:2])"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=True,
        )
        return tuple(int(part) for part in answer.stdout.split())
    except (OSError, subprocess.CalledProcessError, ValueError):
        return None


def has_venv(command):
    """Debian and Ubuntu leave the half of `venv` that brings pip to a package of its own."""
    return subprocess.run([command, "-c", "import ensurepip, venv"], stderr=subprocess.DEVNULL).returncode == 0


def find_python():
    """The path of a Python that is new enough and can make an environment, and its version."""
    versions = {}
    for name in NAMES:
        path = shutil.which(name)
        if path and path not in versions:
            versions[path] = version_of(path)
    new_enough = {path: version for path, version in versions.items() if version and version >= OLDEST}
    for path, version in new_enough.items():
        if has_venv(path):
            return path, version
    if new_enough:
        path, version = next(iter(new_enough.items()))
        raise SetupError(
            f"{path} lacks the module that makes environments. Debian and Ubuntu have it in a package of its own: "
            f"sudo apt-get install python{version[0]}.{version[1]}-venv"
        )
    found = ", ".join(f"{path} is {version[0]}.{version[1]}" for path, version in versions.items() if version)
    raise SetupError(f"the course needs Python 3.11 or later ({found or 'no Python found'}).")


def check_disk():
    """Free gigabytes where the environment goes."""
    free = shutil.disk_usage(str(ROOT)).free / 1e9
    if free < DISK_GB:
        raise SetupError(f"{free:.1f} GB are free under {ROOT}, and the packages need {DISK_GB:g} GB.")
    return free


def venv_python():
    return VENV / ("Scripts" if os.name == "nt" else "bin") / "python"


def make_venv(python):
    """A new `.venv`, unless there is one that runs and is new enough."""
    version = version_of(str(venv_python()))
    if version and version >= OLDEST:
        return
    made = subprocess.run(
        [python, "-m", "venv", "--clear", str(VENV)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    if made.returncode:
        lines = made.stdout.decode(errors="replace").strip().splitlines() or ["no reason given"]
        raise SetupError(f"{python} cannot make an environment in {VENV}: {lines[-1]}")


def reason(log, version):
    """One line that says why pip failed, from what it wrote."""
    for pattern, meaning in REASONS:
        found = re.search(pattern, log)
        if found:
            return meaning.format(*found.groups(), disk=DISK_GB, python=f"{version[0]}.{version[1]}")
    return "pip stopped without a word."


def install(version):
    """Install the course and what it needs from `pyproject.toml`; seconds that it took."""
    start = time.time()
    command = [str(venv_python()), "-m", "pip", "install", "--no-input", "--disable-pip-version-check", "-e", ".[test]"]
    with open(str(LOG), "wb") as log:
        pip = subprocess.Popen(command, cwd=str(ROOT), stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        try:
            while pip.poll() is None:
                time.sleep(0.2)
                if sys.stdout.isatty():
                    sys.stdout.write(f"\r      {time.time() - start:.0f} s \r")
                    sys.stdout.flush()
        except KeyboardInterrupt:
            pip.terminate()
            pip.wait()
            raise
    if pip.returncode:
        log = LOG.read_text(encoding="utf-8", errors="replace")
        raise SetupError(f"{reason(log, version)} All that pip wrote is in {LOG.relative_to(ROOT)}.")
    return time.time() - start


def main():
    try:
        python, version = find_python()
        say(f"[1/3] Python {version[0]}.{version[1]} at {python}, {check_disk():.0f} GB free.")
        make_venv(python)
        say("[2/3] Environment in .venv. Nothing is installed outside of it.")
        say("[3/3] Packages: one to three minutes, more if PyTorch is still to be downloaded (log: .venv/setup.log).")
        say(f"      Installed in {install(version):.0f} s.")
    except SetupError as error:
        say(f"Set-up stopped: {error}")
        return 1
    except KeyboardInterrupt:
        say("Set-up interrupted: run it again to go on.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
