"""The process that runs a student's answers: `python -m tools.handin.worker`, started by `marking`.

It takes a job from its standard input, shuts itself in, and writes a line a step to `results.jsonl` in its folder.
"""

from __future__ import annotations

import contextlib
import faulthandler
import importlib
import json
import linecache
import os
import sys
import sysconfig
from pathlib import Path

from tools.handin import sandbox

ROOT = Path(__file__).resolve().parents[2]
SYSTEM = ("/etc/localtime", "/usr/share/zoneinfo", "/usr/share/fonts", "/proc/self", "/dev/null", "/dev/urandom")


def main() -> None:
    job = json.load(sys.stdin)
    folder = Path.cwd()
    results = (folder / "results.jsonl").open("a", encoding="utf-8")

    def say(**line) -> None:
        print(json.dumps(line), file=results, flush=True)

    exercises = importlib.import_module(f"helpers.chapters.{job['chapter']}.exercises")
    space = {"__name__": "__main__"}
    with open(os.devnull, "w", encoding="utf-8") as nowhere, contextlib.redirect_stdout(nowhere):
        exec(compile(job["setup"], "<set-up>", "exec"), space)
        libraries = {Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib", "platlib")}
        libraries |= {Path(sys.prefix), Path(sys.base_prefix), *(ROOT / name for name in ("helpers", "data", "tools"))}
        walls = sandbox.close([*libraries, *map(Path, SYSTEM)], folder)
        say(walls=walls)
        for task in job["tasks"]:
            say(begun=task["name"])
            faulthandler.dump_traceback_later(job["seconds"], exit=True)
            say(name=task["name"], **_judged(task, getattr(exercises, task["name"]), space))
            faulthandler.cancel_dump_traceback_later()
    os._exit(0)  # nothing that an answer left to be done at the end is done


def _judged(task: dict, exercise, space: dict) -> dict:
    """What the check says about an answer; the hints, without numbers of the case at hand, tell mistakes apart."""
    file = f"<answer to {task['name']}>"
    source = task["source"]
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    try:
        exec(compile(source, file, "exec"), space)
        answer = space[task["answer"]]
    except BaseException as error:  # whatever an answer raises, the next one is still marked
        line = f"{type(error).__name__}: {error}".splitlines()[0]
        return {
            "passed": False,
            "said": f"The cell did not run: {line}",
            "mistake": "the cell does not run",
            "hints": "",
        }
    said = exercise.judge(answer)
    passed = said.startswith("Correct")
    hints = " ".join(next(iter(exercise.mistakes), ()))
    return {"passed": passed, "said": said, "mistake": "" if passed else said.splitlines()[0], "hints": hints}


if __name__ == "__main__":
    main()
