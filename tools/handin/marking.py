"""Run what was handed in against the checks, in a process of its own with a time limit, and write down the result."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from helpers.support.environment import ROOT
from helpers.support.files import whole
from tools.handin.sheets import Sheet, Task, Unreadable, read

SECONDS = 60  # for one exercise
START = 60  # for the process to import what the chapter needs
MEMORY_GB, WRITTEN_MB = 8, 20
NOT_BEGUN = "Not yet"


def mark(sheet: Sheet, seconds: float = SECONDS) -> dict:
    """{"chapter", "passed", "of", "hash", "walls", "exercises": {name: {"passed", "said", "mistake", "hints",
    "answer"}}}: what the checks say of each answer. `mistake` is the first line of what is wrong, "" if nothing is;
    "not begun" if there is no answer."""
    results: dict[str, dict] = {}
    walls: list[str] = []
    left = [task for task in sheet.chapter.tasks if task.name in sheet.answers]
    while left:
        ended = False
        for line in _run(sheet, left, seconds):
            walls = line.get("walls", walls)
            if "name" in line:
                results[line.pop("name")] = line
            elif "begun" in line:
                ended = True
                results[line["begun"]] = _stopped(seconds)
        if not ended:  # not even the set-up ran
            results |= {task.name: _stopped(START) for task in left}
        left = [task for task in left if task.name not in results]
    exercises = {}
    for task in sheet.chapter.tasks:
        result = results.get(task.name, {"passed": False, "said": "No such cell.", "mistake": "not begun", "hints": ""})
        if result["said"].startswith(NOT_BEGUN):
            result["mistake"] = "not begun"
        exercises[task.name] = result | {"answer": sheet.answers.get(task.name, "")}
    passed = sum(result["passed"] for result in exercises.values())
    head = {"chapter": sheet.chapter.path.stem, "passed": passed, "of": len(exercises)}
    return head | {"hash": sheet.hash, "walls": walls, "exercises": exercises}


def _stopped(seconds: float) -> dict:
    said = f"The process ended, or took more than {seconds:g} seconds."
    return {"passed": False, "said": said, "mistake": "ends the process or takes too long", "hints": ""}


def _run(sheet: Sheet, tasks: list[Task], seconds: float) -> Iterator[dict]:
    """The lines that a worker wrote about these exercises until it was done, or gave up, or was stopped."""
    job = {
        "chapter": f"ch{sheet.chapter.path.stem[:2]}",
        "setup": sheet.chapter.setup,
        "seconds": seconds,
        "tasks": [{"name": task.name, "answer": task.answer, "source": sheet.answers[task.name]} for task in tasks],
    }
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "LANG") if name in os.environ}
    with tempfile.TemporaryDirectory(prefix="handin-", ignore_cleanup_errors=True) as folder:
        own = {"HOME": folder, "USERPROFILE": folder, "TMPDIR": folder, "TEMP": folder, "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(
            [sys.executable, "-m", "tools.handin.worker"],
            cwd=folder,
            env={**kept, **own, "TQDM_DISABLE": "1", "MPLBACKEND": "agg", "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_limits if os.name == "posix" else None,
        )
        try:
            process.communicate(json.dumps(job).encode(), timeout=START + len(tasks) * (seconds + 1))
        except subprocess.TimeoutExpired:
            pass
        finally:
            process.kill()
            process.wait()
        found = Path(folder) / "results.jsonl"
        text = found.read_text(encoding="utf-8", errors="replace") if found.exists() else ""
    for line in text.splitlines():
        try:
            yield json.loads(line)
        except ValueError:  # cut off with the process
            return


def _limits() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_GB << 30,) * 2)
    resource.setrlimit(resource.RLIMIT_FSIZE, (WRITTEN_MB << 20,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def table(folder: Path, say=print) -> tuple[pd.DataFrame, pd.DataFrame]:
    """All notebooks in a folder: a row a notebook with 1 or 0 an exercise, and which mistake was made how often."""
    rows, mistakes = [], []
    for path in sorted(folder.rglob("*.ipynb")):
        name = str(path.relative_to(folder))
        if ".ipynb_checkpoints" in path.parts:  # JupyterLab's copies
            continue
        try:
            result = mark(read(path))
        except Unreadable as error:
            say(f"{name}: {error}")
            rows.append({"notebook": name, "chapter": "", "remark": str(error)})
            continue
        say(f"{name}: {result['passed']} of {result['of']}")
        row = {"notebook": name, "chapter": result["chapter"], "passed": result["passed"], "of": result["of"]}
        row |= {exercise: int(found["passed"]) for exercise, found in result["exercises"].items()}
        rows.append(row | {"answers": result["hash"], "remark": ""})
        for exercise, found in result["exercises"].items():
            if found["mistake"]:
                mistakes.append((result["chapter"], exercise, found["hints"] or found["mistake"], found["mistake"]))
    made = pd.DataFrame(mistakes, columns=["chapter", "exercise", "kind", "mistake"])
    counts = made.groupby(["chapter", "exercise", "kind"], sort=False)["mistake"].agg(often="size", mistake="first")
    counts = counts.reset_index().drop(columns="kind")
    return pd.DataFrame(rows), counts.sort_values("often", ascending=False, kind="stable")


def keep(result: dict, path: Path) -> None:
    """Write a result as JSON, whole or not at all."""
    with whole(path) as part:
        part.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
