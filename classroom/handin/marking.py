"""Run what was handed in against the checks, behind walls and with a time limit, and write down the result."""

import contextlib
import csv
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd

from classroom.handin.sheets import Answer, Reader, Sheet, Task, Unreadable, contents, folder_of
from classroom.handin.worker import CROWDED, LARGE, LONGEST, TIME_OUT
from helpers.support import validate
from helpers.support.environment import ROOT
from helpers.support.files import whole

SECONDS = 60  # for one exercise
START = 120  # for the process to import what the chapter needs
CHAPTER = 120  # for the chapter's code cells
NOT_BEGUN, NOT_JUDGED, WRONG = "not begun", "not judged", "wrong"
ERROR = re.compile(r"(?:raised |\()([A-Z]\w*(?:Error|Exception|Exit|Interrupt|Iteration|Warning)\b)")
SAYS = ("Correct", "Not yet", "Not right yet")
EMPTY = {"said": "Not yet: there is no answer.", "hints": "", "kind": NOT_BEGUN}
MARKS = ROOT / "_marks"
SAID = "said"  # the folder of what was said about each notebook


def mark(sheet: Sheet, behind: list[str], seconds: float = 0) -> dict:
    """{"chapter", "passed", "of", "walls", "remark", "exercises": {name: {"passed", "said", "hints", "kind", "answer",
    "form", "remark"}}}: what the checks say of each answer. `kind` tells why it did not pass, "" if it did; an answer
    with a remark is not counted among the "passed" of the notebook.

    behind   from `walls.command()`; empty for no walls
    seconds  for one exercise; 0 for SECONDS
    """
    seconds = seconds or SECONDS
    begun = [task for task in sheet.chapter.tasks if task.name in sheet.answers]
    results = _verdicts(sheet, [replace(task, above=()) for task in begun], behind, seconds)
    # what an answer misses may come from cells above it: run these as well, which takes longer
    missing = [task for task in begun if _above(sheet.answers[task.name], task, results[task.name])]
    again = _verdicts(sheet, missing, behind, seconds + CHAPTER)
    again = {name: result for name, result in again.items() if result["kind"] not in (TIME_OUT, NOT_JUDGED)}
    exercises = {}
    for task in sheet.chapter.tasks:
        answer = sheet.answers.get(task.name, Answer((), (), (), "", "", ""))
        exercises[task.name] = (EMPTY | results.get(task.name, {}) | again.get(task.name, {})) | {
            "answer": "\n\n".join(answer.cells),
            "form": answer.form,
            "remark": answer.remark_above if task in missing else answer.remark,
        }
        exercises[task.name]["passed"] = not exercises[task.name]["kind"]
    remarks = [f"{name}: {judged['remark']}" for name, judged in exercises.items() if judged["remark"]]
    return {
        "chapter": sheet.chapter.path.stem,
        "passed": sum(judged["passed"] and not judged["remark"] for judged in exercises.values()),
        "of": len(exercises),
        "walls": "bubblewrap" if behind else "none",
        "remark": "; ".join([*sheet.remarks, *remarks]),
        "exercises": exercises,
    }


def _above(answer: Answer, task: Task, result: dict) -> bool:
    name = re.search(r"NameError: name '(\w+)'", result["said"])
    return bool(name) and any(re.search(rf"\b{name[1]}\b", source) for source in (*task.above, *answer.before))


def _verdicts(sheet: Sheet, tasks: list[Task], behind: list[str], seconds: float) -> dict[str, dict]:
    """{name: {"said", "hints", "kind"}} of these exercises. Behind walls one process forks for each of them; without
    walls, where no process is there to end what an answer began, each has a process of its own."""
    if not tasks:
        return {}
    jobs = [{"name": task.name, "above": task.above, **vars(sheet.answers[task.name])} for task in tasks]
    job = {
        "chapter": folder_of(sheet.chapter.path.stem),
        "setup": sheet.chapter.setup,
        "definitions": sheet.chapter.tasks[-1].above,
        "walls": bool(behind),
        "seconds": seconds,
    }
    if not behind:
        runs = {task["name"]: _worker_output([], job | {"tasks": [task]}, START + seconds) for task in jobs}
        return {name: _result(text, ended, seconds) for name, (text, ended, _) in runs.items()}
    text, ended, error = _worker_output(behind, job | {"tasks": jobs}, START + len(jobs) * (seconds + 1))
    results = dict.fromkeys((task.name for task in tasks), _result("", ended, seconds, error))
    with contextlib.suppress(ValueError):  # a line that was cut off
        for came in map(json.loads, text.splitlines()):
            results[came["name"]] = _result(came["text"], came["ended"], seconds)
    return results


def _worker_output(behind: list[str], job: dict, seconds: float) -> tuple[str, str, str]:
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
            [*behind, sys.executable, "-P", "-m", "classroom.handin.worker"],
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
        judgement = (
            f"Stopped: {ended}." if ended in (CROWDED, LARGE) else f"Stopped: it took more than {seconds:g} seconds."
        )
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


def table(folder: Path, out: Path, behind: list[str], say=print) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Mark all notebooks in a folder: a row a notebook with 1, 0 or, for a pass with a remark, "?" an exercise; and
    which mistake was made how often. Nothing that is in a notebook, or in its place, stops it.

    folder  what students sent: nothing is written there, and no link in it is followed
    out     as `marks_folder` gives it: for marks.csv and mistakes.csv, which are there after each notebook, and what
            was said about each. A notebook that was marked there before is not marked again
    """
    out = marks_folder(folder, out)
    results, marks, mistakes = [], pd.DataFrame(), pd.DataFrame()
    with Reader() as reader:
        for path in _notebooks(folder):
            name = _printable(os.fsencode(path.relative_to(folder)).decode(errors="replace")).replace("\n", "\ufffd")
            try:
                result = _mark_one(path, name, out / SAID, reader, behind)
                summary = [f"{result['passed']} of {result['of']}"]
            except Unreadable as error:
                result, summary = {"remark": str(error)}, []
            except Exception as error:  # whatever it is, the others are marked
                result, summary = {"remark": _printable(f"could not be marked: {type(error).__name__}: {error}")}, []
            results.append((name, result))
            marks, mistakes = _tables(results)
            for file, counted in (("marks.csv", marks), ("mistakes.csv", mistakes)):
                with whole(out / file) as part:
                    # for Excel: no formulas, a BOM, and quotes around what may have a semicolon
                    counted.map(_no_formula).to_csv(
                        part, index=False, encoding="utf-8-sig", quoting=csv.QUOTE_NONNUMERIC
                    )
            say(f"{name}: " + "; ".join(filter(None, [*summary, marks["remark"].iloc[-1]])))
    return marks, mistakes


def marks_folder(folder: Path, out: Path | None) -> Path:
    """Where the marks of a folder go, made if need be: `out`, or a folder in MARKS named after folder and day.

    Raises ValueError for one that is in `folder`, or has something else in it, OSError for one that cannot be made.
    """
    place = folder.resolve()
    out = (out or MARKS / f"{'-'.join(place.parts[1:])[-60:]}-{time.strftime('%Y-%m-%d')}").resolve()
    if out.is_relative_to(place):
        validate.fail("out", f"{str(out)!r}, in the folder of what was handed in", "a folder of its own")
    out.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(out.iterdir()) and not (out / SAID).is_dir():
        validate.fail("out", f"{str(out)!r}, which has other files", "an empty folder, or one with marks")
    (out / SAID).mkdir(exist_ok=True)
    return out


def _notebooks(folder: Path) -> Iterator[Path]:
    """All notebooks in a folder but JupyterLab's copies; and, to be named, links and folders that do not open."""
    shut = []
    for place, folders, files in os.walk(folder, onerror=lambda error: shut.append(Path(error.filename))):
        folders[:] = sorted(name for name in folders if name != ".ipynb_checkpoints")
        paths = (Path(place, name) for name in sorted([*folders, *files]))
        yield from (path for path in paths if path.suffix == ".ipynb" or path.is_symlink())
    yield from shut


def _mark_one(path: Path, name: str, said: Path, reader: Reader, behind: list[str]) -> dict:
    """What `mark` gives, with the "notebook" and the hash of its "file", by which it is known the next time."""
    content = contents(path)
    about = {"notebook": name, "file": hashlib.sha256(content).hexdigest(), "walls": "bubblewrap" if behind else "none"}
    short = re.sub(r"[^\w.-]", "_", path.stem)[:40]  # the whole may be too long with anything added
    kept = said / f"{short}-{hashlib.sha256(name.encode()).hexdigest()[:8]}.json"
    if kept.is_file() and about.items() <= (before := json.loads(kept.read_text(encoding="utf-8"))).items():
        return before
    result = about | mark(reader.read(content), behind)
    with whole(kept) as part:
        part.write_text(_json(result), encoding="utf-8")
    return result


def _tables(results: list[tuple[str, dict]]) -> tuple[pd.DataFrame, pd.DataFrame]:
    written = defaultdict(list)
    for name, result in results:
        for exercise, judged in result.get("exercises", {}).items():
            written[result["chapter"], exercise, judged["form"]].append(name)
    rows, mistakes = [], []
    for name, result in results:
        row, remarks, passes = {"notebook": name}, [result["remark"]], {}
        for exercise, judged in result.get("exercises", {}).items():
            same = [other for other in written[result["chapter"], exercise, judged["form"]] if other != name]
            if judged["form"] and same:
                others = ", ".join(same[:5]) + (f" and {len(same) - 5} more" if len(same) > 5 else "")
                remarks.append(f"{exercise}: same answer as {others}")
            doubt = judged["remark"] or (judged["form"] and same)
            passes[exercise] = "?" if judged["passed"] and doubt else int(judged["passed"])
            if judged["kind"]:
                sentence = judged["said"].splitlines()[0].removeprefix("Not right yet: ")
                mistakes.append((result["chapter"], exercise, judged["kind"], judged["hints"], sentence))
        if passes:
            row |= {"chapter": result["chapter"], "passed": [*passes.values()].count(1), "of": len(passes)}
        rows.append(row | passes | {"remark": "; ".join(filter(None, remarks))})
    marks = pd.DataFrame(rows).convert_dtypes()
    marks = marks[[name for name in marks if name != "remark"] + ["remark"]]
    made = pd.DataFrame(mistakes, columns=["chapter", "exercise", "kind", "hints", "mistake"])
    counts = made.groupby(["chapter", "exercise", "kind", "hints"], sort=False)["mistake"].agg(["size", "first"])
    counts = counts.reset_index().drop(columns="hints").rename(columns={"size": "often", "first": "mistake"})
    begun = counts["kind"] != NOT_BEGUN
    order = counts.assign(begun=begun).sort_values(["begun", "often"], ascending=False, kind="stable").index
    return marks, counts.loc[order]


def _no_formula(value):
    """A text that Excel does not run, whichever width its first sign has."""
    odd = isinstance(value, str) and unicodedata.normalize("NFKC", value[:1]) in ("=", "+", "-", "@", "\t", "\r")
    return f"'{value}" if odd else value


def keep(result: dict, path: Path) -> Path:
    """Write a result as JSON next to the student's own notebook. Raises OSError, also where a link has its name."""
    path = path.with_suffix(".handin.json")
    if path.is_symlink():
        raise OSError(f"{path.name} is a link")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0)
    with open(os.open(path, flags, 0o666), "w", encoding="utf-8") as file:
        file.write(_json(result))
    return path


def _json(result: dict) -> str:
    return json.dumps(result, indent=1, ensure_ascii=False) + "\n"
