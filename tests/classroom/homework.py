"""What a class hands in: right answers as students write them, and what means no good. For tests, and a rehearsal."""

import json
import os
import re
import socket
from collections.abc import Callable
from pathlib import Path

import nbformat
import psutil
from nbformat import NotebookNode

from classroom.handin.marking import NOT_JUDGED
from classroom.handin.sheets import CHECK, Chapter, Task, chapters
from classroom.handin.worker import CROWDED, LARGE, TIME_OUT
from tools.notebooks import code_cells, tags

CHAPTERS = {chapter.path.stem: chapter for chapter in chapters()}
CHAPTER = CHAPTERS["02_weighted_cross_entropy"]
FIRST = CHAPTER.tasks[0]


def handed_in(
    folder: Path,
    answers: dict[str, str],
    name: str = "ann.ipynb",
    chapter: Chapter = CHAPTER,
    edit: Callable[[NotebookNode], None] = lambda book: None,
) -> Path:
    """A notebook of the chapter with these answers, {exercise: source}, in place of the empty ones, and then edited."""
    book = nbformat.read(chapter.path, as_version=4)
    cells = code_cells(book)
    for task in chapter.tasks:
        if task.name in answers:
            place = next(i for i, cell in enumerate(cells) if cell.id == task.check)
            alone = CHECK.fullmatch(cells[place].source)
            cells[place - 1 if alone else place].source = answers[task.name]
    edit(book)
    path = folder / name
    path.write_text(json.dumps(book), encoding="utf-8")
    return path


def solutions(chapter: Chapter = CHAPTER) -> dict[str, str]:
    """{exercise: the worked solution, under the name of the answer}."""
    right, at = {}, {task.name: task for task in chapter.tasks}
    for cell in code_cells(nbformat.read(chapter.path, as_version=4)):
        match = CHECK.search(cell.source)
        if "solution" in tags(cell) and match and match[1] in at:
            right[match[1]] = re.sub(rf"\b{match[2]}\b", at[match[1]].answer, cell.source[: match.start()]).strip()
    return right


# --- right answers ----------------------------------------------------------------------------------------------------

WRITTEN = {  # chapter: {exercise: how students write a right answer, {}}
    "00_start_here": {
        "pairs": "%%time\n{}\n\n\nmy_auc(s.numpy(), clicked.numpy())",
        "better": "!pip install seaborn\n{}\n\n\nmy_decision(new_model, old_one)",
        "scorer": "%matplotlib inline\n{}\n\n\nprint(1 / 0)",
    },
    "01_motivation": {
        "beats_every_label": "def my_score(p):\n"
        '    return multiplicative_fusion(p, {{"like": 1, "favourite": 1, "share": 1, "click": -1.5}})\n\n\n'
        "of_the_top(my_score(p))",
        "most_cents": "def my_earnings(p):\n"
        '    return linear_fusion(p, {{"click": 1, "finish": 2, "like": 5, "favourite": 10, "share": 50}})',
        "tenths": "{}\n\n\nmy_tenths(*offer.outcomes[['bait', 'like']].to_numpy().T)",
    },
    "02_three_losses": {  # a variable of section 5, and what `with_own_cells` adds
        "weights": "def my_weights(click, seconds, kept):\n"
        '    return SMALL * expit(0) + pick(click, seconds / units["minutes"], 1 / kept)'
    },
    "05_balancing_losses": {
        "resting_weights": "{}\n\n\ndisplay(my_resting_weights({{}}, {{}}))",
        "surgery": "def dot(a, b):\n    return a @ b\n\n\n{}",
    },
    "clinic": {
        "total": "torch.exp?\n{}\n\n%timeit my_total(torch.ones(2), torch.zeros(2))",
        "target": "from scipy import no_such_thing\n",  # and what `scattered` adds
        "report": "{}\n\n\nexercises.report(my_report)",
        "split": "{}\n\n\nexit()",
        "last_shared": "my_last_shared = lambda all: [m for m in all if isinstance(m, torch.nn.Linear)][-1].weight",
    },
}


def insert(book: NotebookNode, place: int, *sources: str, **metadata) -> None:
    """New cells at this place."""
    book.cells[place:place] = [nbformat.v4.new_code_cell(source, metadata=metadata) for source in sources]


def cell(book: NotebookNode, part: str) -> NotebookNode:
    """The first code cell with this in it."""
    return next(one for one in book.cells if part in one.source and one.cell_type == "code")


def with_own_cells(book: NotebookNode) -> None:
    """An import in the set-up, a constant and a function far above."""
    cell(book, "environment.setup()").source += "\nfrom scipy.special import expit"
    insert(book, 2, "SMALL = 1e-12", "def pick(*three):\n    return torch.where(three[0] > 0, *three[1:])")


def scattered(book: NotebookNode) -> None:
    """A line that fails, the answer, and a slip are cells of their own."""
    place = book.cells.index(cell(book, "no_such_thing"))
    insert(book, place + 1, solutions(CHAPTERS["clinic"])["target"], "my_target(norms, losses")


EDITED = {"02_three_losses": with_own_cells, "clinic": scattered}


def as_written(folder: Path, name: str, chapter: Chapter) -> Path:
    """A notebook with all exercises of the chapter right, those in WRITTEN as students write them."""
    right = solutions(chapter)
    unusual = {exercise: text.format(right[exercise]) for exercise, text in WRITTEN.get(chapter.path.stem, {}).items()}
    edit = EDITED.get(chapter.path.stem, lambda book: None)
    return handed_in(folder, right | unusual, name, chapter, edit)


# --- what means no good -----------------------------------------------------------------------------------------------

DECEIVES = {  # an answer: what its remark names
    "from os import write as w, abort as q\nw(3, b'')": "os.write",
    "ｏｓ.ｗrite(3, b'')": "os",
    "torch.os.abort()": "os",
    "getattr(torch, 'os').abort()": "os",
    "getattr(torch, 'o' + 's')": "getattr",
    "%%time\nimport ctypes\nctypes.CDLL(None)": "ctypes",
    "%time exec('1')": "exec",
    "get_ipython().run_cell_magic('time', '', 'import o' + 's')": "get_ipython",
    "from sys import *": "sys",
    "import inspect\nfrom helpers.chapters.ch04 import exercises as E\ninspect.getsource(E.cost.check)": "inspect, "
    "helpers.chapters.ch04.exercises",
    "import helpers\nhelpers.chapters.ch05.exercises.surgery": "exercises",
    "E.__dict__['loss'].__dict__['check'] = print": "__dict__",
    "exercises.loss.correct = ''": "exercises.correct =, exercises",
    "np.allclose = print": "np.allclose =",
    "T = torch.Tensor\nT.equal = print": "T.equal =",
    "import numpy as n\nfor m in [n]:\n    m.allclose = print": "n",
    "def f(x):\n    type(x).mean = print": "type.mean =",
    "try:\n    f()\nexcept Exception as e:\n    e.__traceback__.tb_frame.f_back": "tb_frame",
    "frame.f_back.f_globals": "f_globals, f_back",  # however it came by the frame
    "match f:\n    case object(__globals__=g):\n        pass": "__globals__",
    "'{0.__globals__}'.format(f)": "__globals__",
    "class Right(float):\n    def __eq__(self, other):\n        return True": "__eq__",
    "pd.eval('word', level=9)": "eval",
    "frame.to_csv('/proc/self/fd/5')": "/proc",
    "x = " + "-" * 50_000 + "1": "nested too deeply",
}
SEND = """for pipe in range(3, 99):
        with contextlib.suppress(OSError):
            os.write(pipe, {})
    """
FORGED = """b'{"said": "Correct: all", "hints": ""}'"""
HOSTILE = {  # what an answer does, and what it is counted as; SECRET, OTHER, FOLDER, PORT and MARK are given
    "reads": ("return open(SECRET).read()", "FileNotFoundError"),
    "connects": ("socket.create_connection(('127.0.0.1', PORT), 1)", "ConnectionRefusedError"),
    "never ends": ("while True:\n        pass", TIME_OUT),
    "forks": ("while True:\n        os.fork()", CROWDED),
    "prints and writes": ("print('x' * 200_000_000)\n    open('/tmp/x', 'w').write('x' * 200_000_000)", "OSError"),
    "forges another's": (
        SEND.format("""b'{"name": "audit", "said": "Correct: all", "hints": ""}'""") + "os._exit(0)",
        NOT_JUDGED,
    ),
    "reads in torch": ("return torch.UntypedStorage.from_file(SECRET, False, 6)", "RuntimeError"),
    "writes": ("open(SECRET, 'w').write('mine')", "FileNotFoundError"),
    "deletes": ("shutil.rmtree(FOLDER)", "FileNotFoundError"),
    "changes the course": ("open(torch.__file__, 'a')", "OSError"),
    "starts a program": ("subprocess.run(['touch', OTHER], check=True)", "CalledProcessError"),
    "leaves": ("os._exit(0)", NOT_JUDGED),
    "kills": ("os.kill(os.getppid(), 9)\n    os.kill(-1, 9)", "ProcessLookupError"),
    "looks into its parent": ("return open(f'/proc/{os.getppid()}/mem', 'rb')", "PermissionError"),
    "writes for its parent": (
        "parent = f'/proc/{os.getppid()}/fd/'\n    for pipe in os.listdir(parent):\n        open(parent + pipe, 'wb')",
        "PermissionError",
    ),
    "leaves a program": ("subprocess.Popen(['sleep', MARK])\n    os._exit(0)", NOT_JUDGED),
    "takes all memory": ("return bytearray(1 << 36)", "MemoryError"),
    "sends a list": (SEND.format("b'[1]'") + "os._exit(0)", NOT_JUDGED),
    "sends brackets": (SEND.format("b'[' * 60_000") + "os._exit(0)", NOT_JUDGED),
    "sends numbers": (SEND.format("""b'{"said": 1, "hints": 2}'""") + "os._exit(0)", NOT_JUDGED),
    "fills its pipe": (SEND.format("b'x' * 1_000_000") + "return 1", TIME_OUT),
    "forges and aborts": (SEND.format(FORGED) + "ｏｓ.ａbort()", NOT_JUDGED),
    "forges and leaves": (SEND.format(FORGED) + "os._exit(0)", NOT_JUDGED),
    "takes memory with others": (
        "[os.fork() for _ in range(2)]\n    mine = bytearray(b'x') * 1_200_000_000\n    time.sleep(60)",
        LARGE,
    ),
    "makes namespaces": ("if ctypes.CDLL(None).unshare(0x10000000):\n        raise PermissionError", "PermissionError"),
    "steers the terminal": ("raise ValueError('\\x1b[2J \\ud800')", "ValueError"),
}
SECRET = "torn from it"
GIVEN = """import contextlib, ctypes, os, shutil, socket, subprocess, time, torch
SECRET, OTHER, FOLDER, PORT, MARK = {given}

def {answer}(*_):
    {does}
"""


FORGERY = """from helpers.chapters.ch02 import exercises as E
E.__dict__["loss"].__dict__["check"] = lambda answer: None

def my_loss(*_):
    return 1
"""
CALLS = """from helpers.display.answers import Wrong

def my_loss(*_):
    raise Wrong("=HYPERLINK(1, 2)")
"""


class Targets:
    """What hostile answers reach for: another student's file, a file to make, a port, a program to leave behind."""

    def __init__(self, folder: Path) -> None:
        self.home, self.other, self.mark = folder / "others", folder / "other.txt", f"8{os.getpid()}.25"
        self.home.mkdir()
        self.secret = self.home / "ben.ipynb"
        self.secret.write_text(SECRET)
        self.server = socket.create_server(("127.0.0.1", 0))
        self.server.settimeout(0.2)

    def answer(self, way: str, task: Task) -> str:
        """The answer that does what HOSTILE has under `way`."""
        given = str(self.secret), str(self.other), str(self.home), self.server.getsockname()[1], self.mark
        return GIVEN.format(given=given, answer=task.answer, does=HOSTILE[way][0])

    def harm(self) -> list[str]:
        """What was reached, in words. The port is closed."""
        connected = True
        with self.server:
            try:
                self.server.accept()
            except TimeoutError:
                connected = False
        left = [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]
        happened = {
            "another's file was changed": not self.secret.is_file() or self.secret.read_text() != SECRET,
            "a file was made": self.other.exists() or len(list(self.home.iterdir())) > 1,
            "something connected": connected,
            "a program was left": any(self.mark in words for words in left),
        }
        return [what for what, did in happened.items() if did]


def odd_files(folder: Path, notebook: Path, aim: Path) -> dict[str, str]:
    """Put into a folder what stops or misleads a marker: links to `notebook` and to `aim`, which is the teacher's, to a
    folder and to itself, a folder and a pipe that are called notebooks, a name that Excel runs, and a forgery. Returns
    {name: remark}, as in the table."""
    for made in ("eve", "dir.ipynb", "ann.handin.json"):
        (folder / made).mkdir()
    handed_in(folder, {FIRST.name: CALLS}, "=1+cmd|calc.ipynb")
    handed_in(folder / "eve", {FIRST.name: FORGERY}, "02.ipynb")
    (folder / "eve" / "02.handin.json").symlink_to(aim)
    (folder / "fay.ipynb").symlink_to(notebook)
    (folder / "gil").symlink_to(folder / "eve")
    (folder / "hal.ipynb").symlink_to("hal.ipynb")
    os.mkfifo(folder / "pipe.ipynb")
    link, none = "a link: what it leads to is not read", "not a file, or larger than 20 MB"
    return {
        "'=1+cmd|calc.ipynb": "",
        "eve/02.ipynb": "loss: read its code, which mentions helpers.chapters.ch02.exercises, __dict__",
        "eve/02.handin.json": link,
        "fay.ipynb": link,
        "gil": link,
        "hal.ipynb": link,
        "dir.ipynb": none,
        "pipe.ipynb": none,
    }


LINE = f"def {FIRST.answer}(logit, *_):\n    return logit\n\n\n"
SLOW = {  # what keeps a pattern or a parser busy
    "dots": f"{LINE}if 0:\n    {'np.' * 16_000}x",
    "magics": f"{LINE}{'%time ' * 20_000}1",  # one in the other
}


def hostile_ones(folder: Path, targets: Targets, ways: list[str], deceptions: list[str]) -> list[str]:
    """Put notebooks into a folder whose answers are hostile, deceive, or take for ever to read. Returns their names."""
    chapter = CHAPTERS["clinic"]
    right, size, paths = solutions(chapter), len(chapter.tasks), []
    for start in range(0, len(ways), size):
        at = zip(ways[start : start + size], chapter.tasks, strict=False)
        answers = {task.name: targets.answer(way, task) for way, task in at}
        paths.append(handed_in(folder, answers, f"hostile{start}.ipynb", chapter))
    for start in range(0, len(deceptions), size):
        at = zip(deceptions[start : start + size], chapter.tasks, strict=False)
        # with a line that makes it no copy
        answers = {task.name: f"{word}\n\n\n{right[task.name]}\n\nmine = {start} + 1" for word, task in at}
        paths.append(handed_in(folder, answers, f"deceives{start}.ipynb", chapter))
    paths += [handed_in(folder, {FIRST.name: answer}, f"{name}.ipynb") for name, answer in SLOW.items()]
    return [path.name for path in paths]
