"""Set-up: make `.venv` and install the course into it, one line a step, and one clear line if a step fails.

    python3 tools/setup.py         what the course runs on
    python3 tools/setup.py test    and what the checks and the other commands need

`make` runs it before each command, with whatever `python3` is there, so it is written for Python 3.6 and uses the
standard library only. Where all is done it says nothing. From the environment it takes TORCH=cpu, that build of PyTorch
or none, and PINNED=1, the versions in `versions.txt`, with which all checks passed.
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
OLDEST = (3, 11)
NAMES = ["python3", "python3.13", "python3.12", "python3.11", "python3.14", "python", sys.executable]
DISK_GB = 3.0  # 2 GB when installed, and what pip unpacks on the way
CUDA_DISK_GB = 8.0  # the same with the build of PyTorch that pip brings on Linux
PATIENCE = {"UV_HTTP_TIMEOUT": "10", "UV_HTTP_RETRIES": "1"}  # seconds without a byte before uv gives up, twice

# What the log says, and what it means. The first that matches is reported.
REASONS = [
    (r"error sending request|network timeout", "PyTorch's own index does not answer."),
    (
        r"No space left on device|Errno 28",
        "the disk is full: the packages need {disk:g} GB, with PyTorch's CUDA build up to {cuda:g} GB.",
    ),
    (
        r"connection broken by|NewConnectionError|NameResolutionError|ConnectTimeoutError|ReadTimeoutError|ProxyError|"
        r"SSLError|Temporary failure in name resolution|Network is unreachable|Connection (?:refused|reset)|"
        r"No matching distribution found for setuptools",
        "the package index cannot be reached: connect to the network (or set pip's proxy) and run it again.",
    ),
    (
        r"(?:No matching distribution found for|Could not find a version that satisfies the requirement) ([^\s;(]+)",
        "pip finds no build of {0} for Python {python} here: try Python 3.13, 3.12 or 3.11, and leave out PINNED.",
    ),
    (r"(?i)\berror: (.+)", "it failed with: {0}."),
    (r"(.+)\s*\Z", "the last line of the log is: {0}."),
]

# Runs a command, and kills it with all that it started when standard input closes: when set-up ends, however it ends.
GUARD = """
import os, signal, subprocess, sys, threading
command = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
def watch():
    os.read(0, 1)
    os.killpg(0, signal.SIGKILL) if hasattr(os, "killpg") else command.kill()
threading.Thread(target=watch, daemon=True).start()
os._exit(command.wait())
"""


class SetupError(Exception):
    """What is wrong and how to fix it, in one line."""


def say(line):
    print(line, flush=True)


def version_of(command, modules="sys"):
    """(major, minor) of a Python that has these modules, or None if it does not run."""
    code = f"import {modules}, sys; print(*sys.version_info[:2])"
    try:
        return tuple(map(int, subprocess.check_output([command, "-c", code], stderr=subprocess.DEVNULL).split()))
    except (OSError, subprocess.CalledProcessError, ValueError):
        return None


def has_venv(command):
    """Debian and Ubuntu leave the half of `venv` that brings pip to a package of its own."""
    return version_of(command, "ensurepip, venv") is not None


def find_python():
    """The path of a Python that is new enough and can make an environment, and its version."""
    versions = {path: version_of(path) for path in dict.fromkeys(filter(None, map(shutil.which, NAMES)))}
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
    too_old = ", ".join(f"{path} is {version[0]}.{version[1]}" for path, version in versions.items() if version)
    raise SetupError(f"the course needs Python 3.11 or later ({too_old or 'no Python found'}).")


def check_disk():
    """Free gigabytes where the environment goes."""
    free = shutil.disk_usage(str(ROOT)).free / 1e9
    if free < DISK_GB:
        raise SetupError(f"{free:.1f} GB are free under {ROOT}, and the packages need {DISK_GB:g} GB.")
    return free


def venv_python():
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def log():
    return VENV / "setup.log"


def unfinished():
    """There while an environment is made or changed: a set-up that finds it was cut short, and makes a new one."""
    return VENV / "unfinished"


def ready(kind):
    """The mark of what is installed, "" for the course and "test" for all; it holds their lists of packages."""
    return VENV / ("ready-" + kind if kind else "ready")


def pinned():
    return ["--constraint", "versions.txt"] if os.environ.get("PINNED") else []


def source():
    """This folder and its lists of packages: a copied environment would run the code of the old folder."""
    lists = [ROOT / name for name in ["pyproject.toml"] + pinned()[1:]]
    return "".join(f"{line}\n" for line in [ROOT] + [hashlib.sha256(path.read_bytes()).hexdigest() for path in lists])


def is_ready(kind):
    if unfinished().exists() or not venv_python().exists() or not ready(kind).exists():
        return False
    return ready(kind).read_text(encoding="utf-8").startswith(source())  # what is pinned lies in the ranges, too


def take(lock):
    """Lock an open file, unless another process has; the operating system frees it when its holder is gone."""
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


@contextmanager
def alone():
    """One set-up at a time in this folder: a second one waits."""
    with open(str(ROOT / ".setup.lock"), "a") as lock:
        if not take(lock):
            say("Another set-up is at work in this folder: waiting for it to end.")
            while not take(lock):
                time.sleep(0.5)
        yield


def run(command, output=None):
    """Run a command to its end; its exit code. It does not outlive this process: see GUARD."""
    start = time.time()
    # what it leaves in its temporary folder when it is killed goes with .venv
    (VENV / "tmp").mkdir(exist_ok=True)
    guard = subprocess.Popen(
        [sys.executable, "-c", GUARD] + command,
        cwd=str(ROOT),
        env=dict(PATIENCE, **dict(os.environ, TMPDIR=str(VENV / "tmp"))),
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=output and subprocess.STDOUT,
        start_new_session=True,  # Ctrl-C goes to us alone
    )
    try:
        while guard.poll() is None:
            time.sleep(0.1)
            if output and sys.stdout.isatty():
                sys.stdout.write(f"\r      {time.time() - start:.0f} s \r")
                sys.stdout.flush()
    finally:
        guard.stdin.close()
        guard.wait()
    return guard.returncode


def logged(command, version):
    """Run a command that writes to the log; what it wrote. Raises SetupError with the reason if it fails."""
    with open(str(log()), "ab") as output:
        start = output.tell()
        failed = run(command, output)
    words = log().read_bytes()[start:].decode("utf-8", "replace")
    if failed:
        raise SetupError(f"{reason(words, version)} All that was written is in {log().relative_to(ROOT)}.")
    return words


def make_venv(python, version):
    """A new `.venv`, unless there is one that is whole and new enough."""
    if not unfinished().exists() and (version_of(str(venv_python()), "pip") or (0,)) >= OLDEST:
        return
    if VENV.exists():
        shutil.rmtree(str(VENV))
    VENV.mkdir()
    unfinished().touch()
    logged([python, "-m", "venv", str(VENV)], version)


def reason(words, version):
    """One sentence that says why a command failed, from what it wrote."""
    for pattern, meaning in REASONS:
        match = re.search(pattern, words)
        if match:
            python = f"{version[0]}.{version[1]}"
            words = [part.strip(" .") for part in match.groups()]
            return meaning.format(*words, disk=DISK_GB, cuda=CUDA_DISK_GB, python=python)
    return "a step stopped without a word."


def pip(*words):
    return [str(venv_python()), "-m", "pip", "install", "--no-input", "--disable-pip-version-check"] + list(words)


def install_torch(version):
    """PyTorch alone, from its own index: the build that TORCH names, and on Linux the CPU build where that can be had.

    pip would have to be told the address of that index; uv knows it.
    """
    build = os.environ.get("TORCH", "cpu" if sys.platform == "linux" else "")
    if not build:
        return
    needed = re.search(r'"(torch\b.*?)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8")).group(1)
    cache = [] if os.access(os.path.expanduser("~"), os.W_OK) else ["--no-cache"]
    uv = ["-m", "uv", "pip", "install", "--torch-backend", build, "--no-deps"] + cache + pinned() + [needed]
    try:
        logged(pip(*pinned(), "uv"), version)
        for taken in re.findall(r"\+ torch==(\S+)", logged([str(venv_python())] + uv, version)):
            say(f"      PyTorch {taken}, from PyTorch's own index.")
    except SetupError as error:
        if os.environ.get("TORCH"):
            raise
        say(f"      No CPU build of PyTorch: {error}")
        say(f"      pip takes the build that it finds; for CUDA it is 3 GB to download and takes {CUDA_DISK_GB:g} GB.")


def install(kind, version):
    """Install the course and what it needs from `pyproject.toml`."""
    unfinished().touch()
    log().write_bytes(b"")
    try:
        install_torch(version)
        logged(pip(*pinned(), "-e", f".[{kind}]" if kind else "."), version)
    except SetupError:
        if b"Installing collected packages" not in log().read_bytes():
            unfinished().unlink()  # pip gave up before it changed anything, as when offline
        raise
    unfinished().unlink()


def set_up(kind):
    python, version = find_python()
    free = check_disk()
    say(f"[1/4] Python {version[0]}.{version[1]} at {python}, {free:.0f} GB free.")
    again = ", made again: the last set-up was cut short" if unfinished().exists() else ""
    say(f"[2/4] Environment in .venv{again}. Nothing is installed outside of it.")
    make_venv(python, version)
    say("[3/4] Packages: one to three minutes, more if PyTorch is still to be downloaded (log: .venv/setup.log).")
    install(kind, version)
    say("[4/4] MovieLens-100K.")
    run([str(venv_python()), "-m", "helpers.data.movielens"])  # without it the course runs as well
    shutil.rmtree(str(VENV / "tmp"), ignore_errors=True)
    for done in {"", kind}:
        ready(done).write_text(source(), encoding="utf-8")


def main(arguments):
    about = "Make .venv and install the course into it; where that is done, say nothing."
    parser = argparse.ArgumentParser(prog="python3 tools/setup.py", description=about)
    parser.add_argument("kind", nargs="?", choices=["test"], help="Install what the other commands need, too.")
    kind = parser.parse_args(arguments).kind or ""
    try:
        if not is_ready(kind):
            with alone():
                if not is_ready(kind):
                    set_up(kind)
    except (SetupError, OSError) as error:
        say(f"Set-up stopped: {error}")
        return 1
    except KeyboardInterrupt:
        say("Set-up interrupted: run it again to go on.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
