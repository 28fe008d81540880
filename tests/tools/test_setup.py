"""Set-up, whatever cuts it short, and the start of JupyterLab, whatever it finds."""

import ast
import http.client
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.parse
import zipfile
from contextlib import contextmanager, nullcontext
from http.cookies import SimpleCookie
from pathlib import Path

import nbformat
import psutil
import pytest

from tests.ports import free_port
from tools import lab, setup

ROOT = Path(__file__).parents[2]
TINY = ROOT / "tests" / "fixtures" / "99_tiny.ipynb"


# --- set-up ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pythons", "venv", "said"),
    [
        ({"python3": (3, 9)}, True, r"needs Python 3.11 or later \(/bin/python3 is 3.9\)"),
        ({}, True, "no Python found"),
        ({"python3": (3, 13)}, False, "apt-get install python3.13-venv"),
        ({"python3": (3, 9), "python3.12": (3, 12)}, True, None),
    ],
)
def test_setup_takes_a_python_that_is_new_enough_or_says_what_is_missing(monkeypatch, pythons, venv, said):
    """The script itself can be read by an old one."""
    ast.parse(Path(setup.__file__).read_text(encoding="utf-8"), feature_version=(3, 7))
    monkeypatch.setattr(setup.shutil, "which", lambda name: f"/bin/{name}" if name in pythons else None)
    monkeypatch.setattr(setup, "version_of", lambda path: pythons[path.removeprefix("/bin/")])
    monkeypatch.setattr(setup, "has_venv", lambda path: venv)
    with nullcontext() if said is None else pytest.raises(setup.SetupError, match=said):
        assert setup.find_python() == ("/bin/python3.12", (3, 12))


def test_setup_asks_a_real_python_and_the_disk(monkeypatch):
    assert setup.version_of(sys.executable) == sys.version_info[:2] and setup.has_venv(sys.executable)
    assert setup.version_of("no-such-python") is None
    monkeypatch.setattr(setup.shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(100e9, 99.5e9, 0.5e9))
    with pytest.raises(setup.SetupError, match=r"0.5 GB are free under .* need 3 GB"):
        setup.check_disk()


FAKE_PYTHON = """#!/bin/sh
# Python, venv and pip in one, which do next to nothing: at the step $STOP_AT it stays, with a child of its own.
here=$(dirname "$0")
at() {
    echo "$1" >> "$COURSE/steps"
    if [ "$STOP_AT" = "$1" ]; then
        sleep 300 &
        echo $! $$ > "$COURSE/pids.part"; mv "$COURSE/pids.part" "$COURSE/pids"
        wait
    fi
    if [ "$FAIL_AT" = "$1" ]; then echo "$FAIL_WITH"; exit 1; fi
}
case "$*" in
    "-c import pip"*) test -f "$here/pip" && echo 3 11 ;;
    "-c import"*) echo 3 11 ;;
    "-m venv"*) mkdir "$3/bin"; cp "$0" "$3/bin/python"; at venv; touch "$3/bin/pip" ;;
    "-m pip"*) echo "$*" >> "$COURSE/commands"; at pip; touch "$here/packages" ;;
    "-m uv"*) echo "$* ($UV_HTTP_TIMEOUT s)" >> "$COURSE/commands"; at uv
        if [ -n "$INDEX" ]; then  # uv itself, and in place of PyTorch's own index a folder
            shift 2
            set -- $(echo "$*" | sed "s|--torch-backend cpu|--no-index --find-links $INDEX --target $here/uv|")
            exec "$PYTHON" -m uv --no-config "$@"
        fi ;;
    "-m helpers.data.movielens") at movielens ;;
esac
"""


@pytest.fixture
def course(tmp_path):
    """A folder with nothing but a list of packages, and a Python that makes nothing but files."""
    if os.name == "nt":
        pytest.skip("the stand-in for Python is a shell script")
    (tmp_path / "path").mkdir()
    python = tmp_path / "path" / "python3"
    python.write_text(FAKE_PYTHON)
    python.chmod(0o755)
    folder = tmp_path / "course"
    folder.mkdir()
    (folder / "pyproject.toml").write_text('dependencies = ["torch>=2.8,<3"]')
    (folder / "versions.txt").write_text("torch==2.9.0\n")
    return folder


def start(course: Path, *words: str, **environment: str | None) -> subprocess.Popen:
    """Set-up as on Linux; unless TORCH is given, which may be None, it leaves PyTorch to pip."""
    code = (
        # tests that run in the background may have inherited that Ctrl-C is ignored
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "import sys; from pathlib import Path; from tools import setup; setup.ROOT = Path(sys.argv[1]); "
        "sys.platform = 'linux'; "
        "setup.VENV = setup.ROOT / '.venv'; sys.exit(setup.main(sys.argv[2:]))"
    )
    path = os.pathsep.join([str(course.parent / "path"), "/usr/bin", "/bin"])
    given = {"PATH": path, "COURSE": str(course), "PYTHON": sys.executable, "PYTHONPATH": str(ROOT), "TORCH": ""}
    kept = {name: value for name, value in os.environ.items() if name != "PINNED" and not name.startswith("UV_")}
    env = {name: value for name, value in {**kept, **given, **environment}.items() if value is not None}
    command = [sys.executable, "-c", code, str(course), *words]
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def set_up(course: Path, *words: str, **environment: str | None) -> tuple[int, list[str]]:
    """Set-up from start to end: its exit code and the lines that it printed."""
    process = start(course, *words, **environment)
    lines = process.communicate(timeout=60)[0].splitlines()
    return process.returncode, lines


def steps(course: Path) -> list[str]:
    """The steps that were begun since this was last asked."""
    file = course / "steps"
    begun = file.read_text().split() if file.exists() else []
    file.unlink(missing_ok=True)
    return begun


def wait_for(condition, seconds: float = 30):
    end = time.monotonic() + seconds
    while not (found := condition()) and time.monotonic() < end:
        time.sleep(0.02)
    assert found
    return found


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def is_whole(course: Path) -> bool:
    return (course / ".venv" / "bin" / "packages").exists() and not (course / ".venv" / "unfinished").exists()


@pytest.mark.slow
def test_setup_does_its_steps_once_and_again_what_has_changed(course):
    """On one folder after another: what is asked for, then what is done, and then nothing."""

    def asked() -> str:
        return (course / "commands").read_text().splitlines()[-1]

    code, lines = set_up(course, FAIL_AT="movielens", FAIL_WITH="not fetched")  # it goes on without
    assert code == 0 and [line[:5] for line in lines[:4]] == ["[1/4]", "[2/4]", "[3/4]", "[4/4]"]
    assert steps(course) == ["venv", "pip", "movielens"] and is_whole(course) and asked().endswith(" -e .")
    assert lines[-1] == "not fetched" and not (course / ".venv" / "tmp").exists()
    assert set_up(course) == (0, []) and steps(course) == [] and "--constraint" not in asked()
    # offline, before pip has changed anything, what was installed stays
    code, lines = set_up(course, "test", FAIL_AT="pip", FAIL_WITH="WARNING: NameResolutionError")
    assert code == 1 and lines[-1].startswith("Set-up stopped: the package index cannot be reached")
    assert steps(course) == ["pip"] and set_up(course) == (0, [])
    # what the checks need, only when asked
    assert set_up(course, "test")[0] == 0 and asked().endswith(" -e .[test]") and steps(course) == ["pip", "movielens"]
    assert set_up(course) == set_up(course, "test") == (0, [])
    # pinned versions, when asked
    assert set_up(course, PINNED="1")[0] == 0 and asked().endswith(" --constraint versions.txt -e .")
    assert set_up(course) == set_up(course, PINNED="1") == (0, [])
    (course / "versions.txt").write_text("torch==2.9.1\n")
    assert set_up(course) == (0, []) and set_up(course, PINNED="1")[0] == 0
    # other packages; another folder
    (course / "pyproject.toml").write_text("other packages")
    assert steps(course) and set_up(course)[0] == 0 and steps(course) == ["pip", "movielens"]
    course = course.rename(course.with_name("moved"))
    assert set_up(course)[0] == 0 and steps(course) == ["pip", "movielens"] and is_whole(course)
    assert set_up(course) == (0, []) and steps(course) == []


@pytest.mark.slow
@pytest.mark.parametrize(("step", "how"), [("venv", "SIGINT"), ("pip", "SIGKILL"), ("movielens", "SIGTERM")])
def test_setup_that_is_cut_short_leaves_nothing_running_and_the_next_repairs_it(course, step, how):
    process = start(course, STOP_AT=step)
    pids = wait_for(lambda: (course / "pids").exists() and (course / "pids").read_text().split())
    assert all(alive(int(pid)) for pid in pids)
    process.send_signal(getattr(signal, how))
    lines = process.communicate(timeout=30)[0].splitlines()
    assert process.returncode != 0 and (lines[-1].startswith("Set-up interrupted") == (how == "SIGINT"))
    wait_for(lambda: not any(alive(int(pid)) for pid in pids))
    steps(course)
    code, lines = set_up(course)
    assert code == 0 and is_whole(course)
    made_again = step != "movielens"
    assert steps(course) == ["venv"] * made_again + ["pip", "movielens"]
    assert ("made again: the last set-up was cut short" in lines[1]) == made_again
    assert set_up(course) == (0, [])


@pytest.mark.slow
def test_setup_that_runs_out_of_disk_makes_the_environment_again(course):
    """Also one that was whole before."""
    full = "Installing collected packages: torch\nERROR: [Errno 28] No space left on device"
    for kind in ([], ["test"]):
        code, lines = set_up(course, *kind, FAIL_AT="pip", FAIL_WITH=full)
        assert code == 1 and lines[-1].startswith("Set-up stopped: the disk is full")
        steps(course)
        assert set_up(course)[0] == 0 and steps(course) == ["venv", "pip", "movielens"] and is_whole(course)


@pytest.mark.slow
def test_setup_waits_for_another_one_and_then_has_nothing_to_do(course):
    first = start(course, STOP_AT="pip")
    pids = wait_for(lambda: (course / "pids").exists() and (course / "pids").read_text().split())
    second = start(course)
    assert second.stdout.readline() == "Another set-up is at work in this folder: waiting for it to end.\n"
    assert steps(course) == ["venv", "pip"] and second.poll() is None
    os.kill(int(pids[0]), signal.SIGTERM)  # what the first waits for: it goes on to its end
    assert first.wait(timeout=30) == 0 and second.wait(timeout=30) == 0
    assert steps(course) == ["movielens"] and is_whole(course)
    first.stdout.close()
    second.stdout.close()


@pytest.mark.slow
@pytest.mark.parametrize("found", [True, False])
def test_setup_on_linux_takes_the_small_build_or_says_why_pip_chooses(course, found):
    """With uv itself, and a folder with one small wheel or none in place of PyTorch's own index; PINNED, so that the
    versions are seen to go with builds that have a name of their own."""
    (index := course.parent / "index").mkdir()
    if found:
        info = "torch-2.9.0+cpu.dist-info"
        with zipfile.ZipFile(index / "torch-2.9.0+cpu-py3-none-any.whl", "w") as wheel:
            wheel.writestr("torch.py", "")
            wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: torch\nVersion: 2.9.0+cpu\n")
            wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{info}/RECORD", "")
    code, lines = set_up(course, TORCH=None, PINNED="1", INDEX=str(index), UV_CACHE_DIR=str(course / "cache"))
    said = "PyTorch 2.9.0+cpu, from PyTorch's own index." if found else "No CPU build of PyTorch: "
    assert code == 0 and lines[3].strip().startswith(said), lines
    assert lines[4].strip().startswith("pip takes the build that it finds") != found
    assert (course / ".venv" / "bin" / "uv" / "torch.py").exists() == found
    assert steps(course) == ["venv", "pip", "uv", "pip", "movielens"] and is_whole(course)


@pytest.mark.slow
def test_setup_takes_the_build_of_torch_that_is_named_and_no_other(course):
    code, lines = set_up(course, TORCH="cpu", FAIL_AT="uv", FAIL_WITH="cause: error sending request for url")
    assert code == 1 and lines[-1].startswith("Set-up stopped: PyTorch's own index does not answer.")
    assert set_up(course, TORCH="cpu")[0] == 0
    named = "-m uv pip install --torch-backend cpu --no-deps torch>=2.8,<3 (10 s)"
    assert (course / "commands").read_text().splitlines()[-2] == named


@pytest.mark.long
def test_setup_says_that_it_is_offline(tmp_path, monkeypatch, capsys):
    """With pip itself, in a project of its own, so that nothing is installed here."""
    (tmp_path / "pyproject.toml").write_text('[build-system]\nrequires = ["setuptools>=77"]\n[project]\nname = "p"\n')
    (tmp_path / ".venv").mkdir()
    python = sys.executable
    own = {"ROOT": tmp_path, "VENV": tmp_path / ".venv", "venv_python": lambda: Path(python)}
    for name, value in {**own, "find_python": lambda: (python, (3, 11))}.items():
        monkeypatch.setattr(setup, name, value)
    pip = {"PIP_CONFIG_FILE": os.devnull, "PIP_RETRIES": "1", "PIP_INDEX_URL": "http://127.0.0.1:9/simple"}
    for name, value in {**pip, "TORCH": ""}.items():
        monkeypatch.setenv(name, value)
    assert setup.main([]) == 1
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("Set-up stopped: the package index cannot be reached") and "setup.log" in last


@pytest.mark.parametrize(
    ("log", "said"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "the disk is full"),
        ("WARNING: Retrying ... NameResolutionError\nERROR: No matching distribution found for setuptools", "network"),
        ("ERROR: No matching distribution found for torch<3,>=2.6", "no build of torch<3,>=2.6 for Python 3.15"),
        ("ERROR: No matching distribution found for setuptools>=77", "the package index cannot be reached"),
        ("error: Request failed\n  cause: error sending request for url", "PyTorch's own index does not answer"),
        ("ERROR: something new.\nmore", "it failed with: something new."),
        ("one\ntwo\n", "the last line of the log is: two."),
        ("", "without a word"),
    ],
)
def test_setup_reads_the_reason_from_what_pip_wrote(log, said):
    assert said in setup.reason(log, (3, 15))


# --- make -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("target", "set_up"), [("lab", "tools/setup.py"), ("test", "tools/setup.py test")])
def test_make_sets_up_what_it_is_about_to_run(target, set_up):
    """And `make lab` asks no network before JupyterLab starts, once it is set up."""
    command = ["make", "--dry-run", "--no-print-directory", target]
    lines = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    assert any(line.endswith(set_up) for line in lines)
    assert target != "lab" or not any("movielens" in line for line in lines)


def test_a_signal_to_make_ends_the_set_up_too(tmp_path):
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "tools").mkdir()
    slow = "import os, pathlib, time; pathlib.Path('pid').write_text(f'{os.getpid()}.'); time.sleep(300)"
    (tmp_path / "tools" / "setup.py").write_text(slow)
    make = subprocess.Popen(["make", "lab"], cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().endswith("."))
    pid = int((tmp_path / "pid").read_text()[:-1])
    assert alive(pid)
    make.terminate()
    make.wait(timeout=30)
    wait_for(lambda: not alive(pid))


# --- JupyterLab -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("user", "screen", "told"), [(0, "", True), (1000, ":0", False)])
def test_lab_may_run_as_root_and_opens_a_browser_where_there_is_a_screen(monkeypatch, user, screen, told):
    monkeypatch.setattr(os, "geteuid", lambda: user, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    for name, value in {"DISPLAY": screen, "WAYLAND_DISPLAY": "", "BROWSER": ""}.items():
        monkeypatch.setenv(name, value)
    assert [word in lab.arguments() for word in ("--allow-root", "--no-browser")] == [told, told]
    assert "--ServerApp.ip=127.0.0.1" in lab.arguments()


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """A course of two notebooks in git, and a home for Jupyter of its own."""
    monkeypatch.setattr(lab, "ROOT", tmp_path / "course")
    (tmp_path / "jupyter").mkdir()
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
    for name in [name for name in os.environ if name.startswith("GIT_")]:  # as in a hook of git's
        monkeypatch.delenv(name)
    books = tmp_path / "course" / "notebooks"
    books.mkdir(parents=True)
    for name in ("00_one.ipynb", "01_two.ipynb"):
        book = nbformat.read(TINY, as_version=4)
        book.cells[0].source += f" in {name}"
        nbformat.write(book, books / name)
    for words in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "The course"]):
        who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
        subprocess.run(["git", *who, *words], cwd=tmp_path / "course", check=True)
    return tmp_path / "course"


def is_trusted(path: Path) -> bool:
    return lab.NotebookNotary().check_signature(nbformat.read(path, as_version=4))


def test_lab_trusts_the_notebooks_as_git_has_them_and_what_was_run_and_saved_in_it_and_no_other(clone, capsys):
    """Without git it trusts nothing, and says so."""
    one, two = sorted((clone / "notebooks").glob("*.ipynb"))
    homework, saved = (Path(shutil.copy(one, one.with_name(f"{name}.ipynb"))) for name in ("homework", "saved"))
    for path in (two, homework, saved):
        book = nbformat.read(path, as_version=4)
        book.cells[0].source += f", changed in {path.name}"
        nbformat.write(book, path)
    lab.NotebookNotary().sign(nbformat.read(saved, as_version=4))  # as JupyterLab does with what was run in it
    away = clone / ".git"
    away = away.rename(clone / "elsewhere")
    lab.prepare()
    assert "open untrusted (fatal: not a git repository" in capsys.readouterr().out and not is_trusted(one)
    away.rename(clone / ".git")
    lab.prepare()
    assert [is_trusted(path) for path in (one, two, homework, saved)] == [True, False, False, True]
    assert capsys.readouterr().out == ""


BROKEN = {"empty": b"", "no notebook": b"{ not json", "merged": b"{\n<<<<<<< HEAD\n", "other bytes": bytes(range(256))}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_lab_names_a_notebook_that_cannot_be_read_and_how_to_get_it_back(clone, capsys, text):
    (clone / "notebooks" / "00_one.ipynb").write_bytes(text)
    (clone / "notebooks" / "mine.ipynb").write_bytes(text)
    lab.prepare()
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("notebooks/00_one.ipynb cannot be read") and line.endswith(
        "git checkout HEAD notebooks/00_one.ipynb"
    )
    assert is_trusted(clone / "notebooks" / "01_two.ipynb")
    subprocess.run(line[line.index("git checkout") :].split(), cwd=clone, check=True, capture_output=True)
    assert is_trusted(clone / "notebooks" / "00_one.ipynb")


def test_lab_takes_any_other_folder_where_that_of_the_user_cannot_be_written(monkeypatch, tmp_path, capsys):
    (tmp_path / "file").touch()
    for name in ("JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(name, str(tmp_path / "file" / name))
    for environment in ("environment", "file"):
        monkeypatch.setattr(sys, "prefix", str(tmp_path / environment))
        monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "file"))
        lab.keep_elsewhere()
        inside = os.environ["JUPYTER_DATA_DIR"].startswith(str(tmp_path / "environment"))
        assert lab.is_writable(Path(os.environ["JUPYTER_DATA_DIR"])) and inside == (environment == "environment")
    assert capsys.readouterr().out.count("cannot be written") == 3 + 1


@contextmanager
def running(clone: Path, **environment: str):
    """JupyterLab as `make lab` starts it, for someone without a home: the address that it names, and what it says."""
    for path in ("tools/lab.py", *(f"{name}/__init__.py" for name in ("tools", "helpers", "helpers/support"))):
        (clone / path).parent.mkdir(exist_ok=True, parents=True)
        shutil.copy(ROOT / path, clone / path)
    shutil.copy(ROOT / "helpers" / "support" / "downloads.py", clone / "helpers" / "support")
    own = ("JUPYTER", "IPYTHON", "XDG", "CODESPACE", "GITHUB_CODESPACES")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    env = kept | {"HOME": os.devnull, "PYTHONPATH": str(clone), "BROWSER": "true"} | environment
    said = clone / "said"
    with said.open("w", encoding="utf-8") as output:
        command = [sys.executable, "-m", "tools.lab"]
        server = subprocess.Popen(command, cwd=clone, env=env, stdout=output, stderr=output)
    try:
        named = r"http://127\.0\.0\.1:\d+/lab\S*"
        found = wait_for(lambda: re.search(named, said.read_text()) or server.poll() is not None, 120)
        assert server.poll() is None, said.read_text()
        yield urllib.parse.urlsplit(found[0]), said
    finally:
        server.terminate()
        server.wait(timeout=60)


def status(address, host: str, origin: str) -> int:
    """What the server answers to a page of `origin` that wants a new file, once the browser has opened `host`."""
    connection = http.client.HTTPConnection("127.0.0.1", address.port, timeout=60)
    connection.request("GET", f"{address.path}?{address.query}", headers={"Host": host})
    page = connection.getresponse()
    text = page.read()
    if page.status != 200:
        return page.status
    assert b"jupyter-config-data" in text
    cookies = SimpleCookie("; ".join(page.headers.get_all("Set-Cookie", [])))
    sent = "; ".join(f"{name}={cookie.value}" for name, cookie in cookies.items())
    headers = {"Host": host, "Origin": origin, "Cookie": sent, "X-XSRFToken": cookies["_xsrf"].value}
    connection.request("POST", "/api/contents", body='{"type": "file"}', headers=headers)
    answer = connection.getresponse().status
    connection.close()
    return answer


@pytest.mark.long
def test_lab_starts_without_a_home_and_with_a_notebook_that_cannot_be_read(clone):
    (clone / "notebooks" / "00_one.ipynb").write_text("<<<<<<< HEAD")
    with running(clone) as (address, said):
        here = f"localhost:{address.port}"
        assert status(address, here, f"http://{here}") == 201
        assert status(address, here, "https://name-8888.app.github.dev") == 404
    lines = said.read_text().splitlines()
    assert any("cannot be written" in line and "is used instead" in line for line in lines)
    assert any(line.startswith("notebooks/00_one.ipynb cannot be read") for line in lines)
    assert any(line.startswith("No copy of MovieLens-100K") for line in lines)
    assert any("Blocking Cross Origin API request" in line for line in lines), "a warning of the server is shown"


@pytest.mark.long
def test_lab_in_a_codespace_answers_to_its_address_and_to_no_other(clone):
    port = free_port()
    domain = {"GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN": "app.github.dev", "JUPYTER_PORT": str(port)}
    outside, inside = f"fuzzy-tribble-x7-{port}.app.github.dev", f"localhost:{port}"
    own = {f"https://{outside}", f"http://{inside}"}
    others = {f"http://{outside}", f"https://{outside}.evil.example", f"https://{outside.replace('.', '-')}"}
    others |= {f"https://{name}.app.github.dev" for name in (f"fuzzy-tribble-x7-{port + 1}", f"another-{port}")}
    others |= {f"http://{inside}0", "https://evil.example", "null"}
    with running(clone, CODESPACES="true", CODESPACE_NAME="fuzzy-tribble-x7", **domain) as (address, said):
        for host in (outside, inside):  # a page of the server itself is let in by whatever protocol
            asked = [origin for origin in own | others if origin in own or origin.partition("://")[2] != host]
            codes = {origin: status(address, host, origin) for origin in asked}
            assert codes == {origin: 201 if origin in own else 404 for origin in asked}
        for host in (f"another-{port}.app.github.dev", f"{outside}.evil.example", "evil.example"):
            assert status(address, host, f"https://{outside}") == 403, host
    assert f"https://{outside}{address.path}?{address.query}" in said.read_text()


def test_the_view_of_a_widget_without_state_is_not_saved_and_its_picture_is():
    tiny = nbformat.read(TINY, as_version=4)
    shown = [output.data for cell in tiny.cells for output in cell.get("outputs", []) if "data" in output]
    kept, lost = [data for data in shown if lab.WIDGET_VIEW in data]
    lost[lab.WIDGET_VIEW]["model_id"] = "of a run that was not saved"
    rest = {kind for kind in lost if kind != lab.WIDGET_VIEW}
    lab.drop_lost_views({"type": "notebook", "content": tiny}, path="", contents_manager=None)
    assert lab.WIDGET_VIEW in kept and set(lost) == rest != set()
    lab.drop_lost_views({"type": "file", "content": "text"})
