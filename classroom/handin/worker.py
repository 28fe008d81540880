"""The process that runs a student's answers: `python -m classroom.handin.worker`, started by `marking`.

Behind the walls it imports the chapter once and forks for each exercise. It is process 1 of its namespace: no answer
can stop it or look into it, and it ends all other processes before the next exercise. Each answer has a pipe of its
own. What comes through is passed on under the name of the exercise that ran, if it begins with a word that was drawn
for this answer, and the answer's process then ended as it does after a check. Without walls it gets one exercise, and
judges that itself.
"""

import argparse
import ast
import contextlib
import importlib
import json
import linecache
import os
import re
import secrets
import signal
import sys
import threading
import time

from IPython.core.inputtransformer2 import TransformerManager

ADDRESSES_GB = 8  # of each process
MEMORY_GB = 2  # of all processes of an answer, without what they share with this one
CROWD = 32  # processes
LONGEST = 4000  # characters: two such texts go into a pipe even if all are escaped
TIME_OUT, CROWDED, LARGE = "time-out", "too many processes", f"it took more than {MEMORY_GB} GB of memory"
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
TYPOGRAPHIC = re.compile("[“”„‘’«»（），：；＝]")


def main() -> None:
    job = json.load(sys.stdin)
    report, nowhere = os.dup(1), os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)
    exercises = importlib.import_module(f"helpers.chapters.{job['chapter']}.exercises")
    space = {"__name__": "__main__", "display": lambda *_, **__: None}
    space["get_ipython"] = lambda: Shell(space)
    exec(job["setup"], space)
    for source in job["definitions"]:
        define(source, space)
    os.dup2(nowhere, 2)
    for task in job["tasks"]:
        exercise = getattr(exercises, task["name"])
        if job["walls"]:
            text, ended = apart(task, exercise, space, report, job["seconds"])
            os.write(report, json.dumps({"name": task["name"], "text": text, "ended": ended}).encode() + b"\n")
        else:
            threading.Timer(job["seconds"], lambda: (os.write(report, TIME_OUT.encode()), os._exit(1))).start()
            os.write(report, verdict_of(task, exercise, space))
    os._exit(0)  # nothing that an answer left to be done at the end is done


def apart(task: dict, exercise, space: dict, report: int, seconds: float) -> tuple[str, str]:
    """What an answer sent, and why it was stopped, if it was: in a process of its own that dies with its children."""
    if os.getpid() != 1:  # in a namespace of its own: `kill(-1)` ends every process that there is
        raise RuntimeError("not behind the walls")
    import ctypes

    ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE: not even processes of the same user look into this one
    (receive, send), word, ours = os.pipe(), secrets.token_hex(16), _resident("self")
    child = os.fork()
    if child == 0:
        import resource

        write, leave = os.write, os._exit  # an answer may put others in their place
        os.close(report)
        os.close(receive)
        resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES_GB << 30,) * 2)
        try:
            write(send, word.encode() + verdict_of(task, exercise, space))
            leave(0)
        finally:
            leave(1)
    os.close(send)
    end, ended, status = time.monotonic() + seconds, "", None
    while not ended and status is None:
        time.sleep(0.02)
        processes = [name for name in os.listdir("/proc") if name.isdigit() and name != "1"]
        if len(processes) >= CROWD:
            ended = CROWDED
        elif sum(max(0, _resident(name) - ours) for name in processes) > MEMORY_GB << 30:
            ended = LARGE
        elif time.monotonic() > end:
            ended = TIME_OUT
        gone, how = os.waitpid(child, os.WNOHANG)
        status = how if gone else None
    with contextlib.suppress(ProcessLookupError):
        os.kill(-1, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)
    with open(receive, "rb") as pipe:
        text = pipe.read().decode(errors="replace")
    return text.removeprefix(word) if status == 0 and text.startswith(word) else "", ended


def _resident(process: str) -> int:
    """Bytes of memory that a process uses; 0 if it has ended."""
    try:
        with open(f"/proc/{process}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (FileNotFoundError, ProcessLookupError):
        return 0


def verdict_of(task: dict, exercise, space: dict) -> bytes:
    """What the check says about an answer, as JSON; the hints, without numbers of the case, tell mistakes apart."""
    for source in task["above"]:
        _error_of(source, space)
    for source in task["before"]:
        _error_of(source, space) if task["above"] else define(source, space)
    errors = [(source, error) for source in task["cells"] if (error := _error_of(source, space))]
    answer = next((space[name] for name in task["names"] if name in space), None)
    if answer is not None:
        judgement = exercise.judge(answer)
    elif errors:
        near = [pair for pair in errors if any(name in pair[0] for name in task["names"])]
        judgement = _in_words(*(near or errors)[0])
    else:
        judgement = f"Not yet: `{task['names'][0]}` is not defined."
    hints = " ".join(next(iter(exercise.made), ()))
    return json.dumps({"said": judgement[:LONGEST], "hints": hints[:LONGEST]}).encode()


def run_cell(source: str, space: dict) -> None:
    """Run a cell as Jupyter does."""
    source = TransformerManager().transform_cell(source)
    file = f"<cell {len(linecache.cache)}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    exec(compile(source, file, "exec"), space)


def define(source: str, space: dict) -> None:
    """Of a cell, run only what defines or imports something."""
    with contextlib.suppress(BaseException):
        for node in ast.parse(TransformerManager().transform_cell(source)).body:
            if isinstance(node, DEFINITIONS):
                with contextlib.suppress(BaseException):
                    run_cell(ast.unparse(node), space)


def _error_of(source: str, space: dict) -> BaseException | None:
    """The error of a cell: whatever a line below an answer raises, the answer is judged."""
    try:
        run_cell(source, space)
    except BaseException as error:
        return error
    return None


def _in_words(source: str, error: BaseException) -> str:
    if not isinstance(error, SyntaxError):
        from helpers.display.exercises import in_words

        return in_words(error)
    judgement = f"Not right yet: line {error.lineno} of your code, `{(error.text or '').strip()}`, raised "
    judgement += f"{type(error).__name__}: {error.msg}"
    if signs := "".join(sorted(set(TYPOGRAPHIC.findall(source)))):
        judgement += f". Python does not read {signs}, which a word processor or a Chinese keyboard writes."
    return judgement


class Shell:
    """What magics call: what is timed or caught runs; all other magics and commands of the system do nothing."""

    def __init__(self, space: dict):
        self.space = space

    def run_cell_magic(self, name: str, line: str, body: str) -> None:
        if name in ("time", "capture"):
            run_cell(body, self.space)

    def run_line_magic(self, name: str, line: str, *_) -> None:
        if name == "time":
            run_cell(line, self.space)

    def __getattr__(self, name: str):
        return lambda *_, **__: None


if __name__ == "__main__":
    argparse.ArgumentParser(
        prog="python -m classroom.handin.worker", description="Run the answers of a job on stdin."
    ).parse_args()
    main()
