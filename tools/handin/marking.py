"""Run what was handed in against the checks, behind walls and with a time limit, and write down the result."""

import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pandas as pd

from helpers.support.environment import ROOT
from helpers.support.files import whole
from tools.handin.sheets import Answer, Sheet, Task, Unreadable, read
from tools.handin.worker import CROWDED, LONGEST, TIME_OUT

SECONDS = 60  # for one exercise
START = 120  # for the process to import what the chapter needs
CHAPTER = 120  # for the chapter's code cells
NOT_BEGUN, NOT_JUDGED, WRONG = "not begun", "not judged", "wrong"
ERROR = re.compile(r"(?:raised |\()([A-Z]\w*(?:Error|Exception|Exit|Interrupt|Iteration|Warning)\b)")
SAYS = ("Correct", "Not yet", "Not right yet")
EMPTY = {"said": "Not yet: there is no answer.", "hints": "", "kind": NOT_BEGUN}


def mark(sheet: Sheet, behind: list[str], seconds: float = 0) -> dict:
    """{"chapter", "passed", "of", "answers", "walls", "remark", "exercises": {name: {"passed", "said", "hints", "kind",
    "answer", "remark"}}}: what the checks say of each answer. `kind` tells why it did not pass, "" if it did.

    behind   from `walls.command()`; empty for no walls
    seconds  for one exercise; 0 for SECONDS
    """
    seconds = seconds or SECONDS
    begun = [task for task in sheet.chapter.tasks if task.name in sheet.answers]
    results = _judged(sheet, [replace(task, above=()) for task in begun], behind, seconds)
    # what an answer misses may come from cells above it: run these as well, which takes longer
    missing = [task for task in begun if _above(sheet.answers[task.name], task, results[task.name])]
    again = _judged(sheet, missing, behind, seconds + CHAPTER)
    results |= {name: result for name, result in again.items() if result["kind"] not in (TIME_OUT, NOT_JUDGED)}
    exercises = {}
    for task in sheet.chapter.tasks:
        result, answer = results.get(task.name, EMPTY), sheet.answers.get(task.name, Answer((), (), ()))
        passed = {"passed": not result["kind"]}
        exercises[task.name] = passed | result | {"answer": answer.text, "remark": answer.remark}
    remarks = [f"{name}: {judged['remark']}" for name, judged in exercises.items() if judged["remark"]]
    return {
        "chapter": sheet.chapter.path.stem,
        "passed": sum(judged["passed"] for judged in exercises.values()),
        "of": len(exercises),
        "answers": sheet.hash,
        "walls": "bubblewrap" if behind else "none",
        "remark": "; ".join([*sheet.remarks, *remarks]),
        "exercises": exercises,
    }


def _above(answer: Answer, task: Task, result: dict) -> bool:
    name = re.search(r"NameError: name '(\w+)'", result["said"])
    return bool(name) and any(re.search(rf"\b{name[1]}\b", source) for source in (*task.above, *answer.before))


def _judged(sheet: Sheet, tasks: list[Task], behind: list[str], seconds: float) -> dict[str, dict]:
    """{name: {"said", "hints", "kind"}} of these exercises. Behind walls one process forks for each of them; without
    walls, where no process is there to end what an answer began, each has a process of its own."""
    if not tasks:
        return {}
    jobs = [{"name": task.name, "above": task.above, **vars(sheet.answers[task.name])} for task in tasks]
    job = {
        "chapter": f"ch{sheet.chapter.path.stem[:2]}",
        "setup": sheet.chapter.setup,
        "definitions": sheet.chapter.tasks[-1].above,
        "walls": bool(behind),
        "seconds": seconds,
    }
    if not behind:
        runs = {one["name"]: _run([], job | {"tasks": [one]}, START + seconds) for one in jobs}
        return {name: _result(text, ended, seconds) for name, (text, ended, _) in runs.items()}
    text, ended, error = _run(behind, job | {"tasks": jobs}, START + len(jobs) * (seconds + 1))
    results = dict.fromkeys((task.name for task in tasks), _result("", ended, seconds, error))
    with contextlib.suppress(ValueError):  # a line that was cut off
        for came in map(json.loads, text.splitlines()):
            results[came["name"]] = _result(came["text"], came["ended"], seconds)
    return results


def _run(behind: list[str], job: dict, seconds: float) -> tuple[str, str, str]:
    """What a worker wrote, why it was stopped, if it was, and the last line of its errors."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "LANG") if name in os.environ}
    one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")  # so that it may fork
    quiet = {"TQDM_DISABLE": "1", "MPLBACKEND": "agg", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(ROOT)}
    with (
        tempfile.TemporaryDirectory(prefix="handin-", ignore_cleanup_errors=True) as folder,
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as errors,
    ):
        home = "/tmp" if behind else folder
        places = dict.fromkeys(("HOME", "USERPROFILE", "TMPDIR", "TEMP"), home) | {"USER": "student"}
        process = subprocess.Popen(
            [*behind, sys.executable, "-P", "-m", "tools.handin.worker"],
            cwd=folder,
            env=kept | one_thread | quiet | places,
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=errors,
        )
        ended = ""
        try:
            process.communicate(json.dumps(job).encode(), timeout=seconds)
        except subprocess.TimeoutExpired:
            ended = TIME_OUT
        finally:
            process.kill()
            process.wait()
        out.seek(0)
        errors.seek(0)
        error = errors.read(1 << 20).decode(errors="replace").strip().rpartition("\n")[2]
        return out.read(1 << 20).decode(errors="replace"), ended, error


def _result(text: str, ended: str, seconds: float, error: str = "") -> dict:
    """What a worker sent about one answer, which may have written there itself: all but a judgement is not judged."""
    if ended or text == TIME_OUT:
        judgement = f"Stopped: {ended}." if ended == CROWDED else f"Stopped: it took more than {seconds:g} seconds."
        return {"said": judgement, "hints": "", "kind": ended or TIME_OUT}
    if not text:
        return {"said": f"Not judged: {error or 'it ended before the check did'}.", "hints": "", "kind": NOT_JUDGED}
    try:
        judgement, hints = _parts(**json.loads(text))
    except (ValueError, TypeError, RecursionError):
        return {"said": "Not judged: it sent no result.", "hints": "", "kind": NOT_JUDGED}
    kind = "" if judgement.startswith("Correct") else NOT_BEGUN if judgement.startswith("Not yet") else WRONG
    if kind == WRONG and not hints and (named := ERROR.search(judgement)):
        kind = named[1]
    return {"said": judgement, "hints": hints, "kind": kind}


def _parts(said: str, hints: str) -> tuple[str, str]:
    if not (isinstance(said, str) and isinstance(hints, str) and said.startswith(SAYS)):
        raise TypeError(said)
    return _printable(said), _printable(hints)


def _printable(text: str) -> str:
    """Without what steers a terminal, and halves of characters."""
    return "".join(sign if sign.isprintable() or sign == "\n" else "\ufffd" for sign in text[:LONGEST])


def table(folder: Path, behind: list[str], say=print) -> tuple[pd.DataFrame, pd.DataFrame]:
    """All notebooks in a folder: a row a notebook with 1 or 0 an exercise, and which mistake was made how often. What
    was said about a notebook is kept next to it."""
    rows, mistakes, equal = [], [], {}
    for path in sorted(folder.rglob("*.ipynb")):
        name = _printable(os.fsencode(path.relative_to(folder)).decode(errors="replace"))
        if ".ipynb_checkpoints" in path.parts:  # JupyterLab's copies
            continue
        try:
            result = mark(read(path), behind)
        except Unreadable as error:
            say(f"{name}: {error}")
            rows.append({"notebook": name, "remark": str(error)})
            continue
        keep(result, path)
        if result["answers"]:
            equal.setdefault(result["answers"], []).append(name)
        say(f"{name}: {result['passed']} of {result['of']}" + (f" ({result['remark']})" if result["remark"] else ""))
        row = {"notebook": name} | {key: result[key] for key in ("chapter", "passed", "of", "answers", "remark")}
        rows.append(row | {exercise: int(judged["passed"]) for exercise, judged in result["exercises"].items()})
        for exercise, judged in result["exercises"].items():
            if judged["kind"]:
                sentence = judged["said"].splitlines()[0].removeprefix("Not right yet: ")
                mistakes.append((result["chapter"], exercise, judged["kind"], judged["hints"], sentence))
    for row in rows:
        if others := [name for name in equal.get(row.get("answers"), []) if name != row["notebook"]]:
            row["remark"] = "; ".join(filter(None, [row["remark"], f"same answers as {', '.join(others)}"]))
            say(f"{row['notebook']}: same answers as {', '.join(others)}")
    marks = pd.DataFrame(rows).convert_dtypes()
    last = [name for name in ("answers", "remark") if name in marks]
    marks = marks[[name for name in marks if name not in last] + last]
    made = pd.DataFrame(mistakes, columns=["chapter", "exercise", "kind", "hints", "mistake"])
    counts = made.groupby(["chapter", "exercise", "kind", "hints"], sort=False)["mistake"].agg(["size", "first"])
    counts = counts.reset_index().drop(columns="hints").rename(columns={"size": "often", "first": "mistake"})
    begun = counts["kind"] != NOT_BEGUN
    order = counts.assign(begun=begun).sort_values(["begun", "often"], ascending=False, kind="stable").index
    return marks, counts.loc[order]


def keep(result: dict, path: Path) -> Path:
    """Write a result as JSON next to its notebook, whole or not at all."""
    path = path.with_suffix(".handin.json")
    with whole(path) as part:
        part.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path
