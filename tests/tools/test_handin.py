"""Homework: right answers pass however they are written, a folder gives a table, and no notebook harms anything."""

import json
import re
import socket
import sys
from functools import cache

import nbformat
import pandas as pd
import psutil
import pytest

from helpers.course import chapter_names
from tools.handin import walls
from tools.handin.__main__ import main
from tools.handin.marking import NOT_JUDGED, keep, mark
from tools.handin.sheets import CHECK, Unreadable, chapters, read
from tools.handin.worker import CROWDED, TIME_OUT
from tools.notebooks import code_cells, tags

CHAPTERS = {chapter.path.stem: chapter for chapter in chapters()}
CHAPTER = CHAPTERS["02_weighted_cross_entropy"]
FIRST = CHAPTER.tasks[0]


@cache
def behind():
    """The walls; none where there are none, for answers that are ours."""
    if sys.platform != "linux":
        return []
    try:
        return walls.command()
    except walls.Missing as missing:
        pytest.skip(str(missing))


def handed_in(folder, answers, name="ann.ipynb", chapter=CHAPTER, edit=lambda book: None):
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


def solutions(chapter=CHAPTER):
    """{exercise: the worked solution, under the name of the answer}."""
    right, at = {}, {task.name: task for task in chapter.tasks}
    for cell in code_cells(nbformat.read(chapter.path, as_version=4)):
        match = CHECK.search(cell.source)
        if "solution" in tags(cell) and match and match[1] in at:
            right[match[1]] = re.sub(rf"\b{match[2]}\b", at[match[1]].answer, cell.source[: match.start()]).strip()
    return right


def wrong(result):
    return {name: judged["said"] for name, judged in result["exercises"].items() if not judged["passed"]}


# --- right answers ----------------------------------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize("chapter", chapters(), ids=lambda chapter: chapter.path.stem)
def test_the_worked_solutions_pass(chapter, tmp_path):
    result = mark(read(handed_in(tmp_path, solutions(chapter), chapter=chapter)), behind())
    assert wrong(result) == {}


def test_all_exercises_of_all_chapters_have_a_solution():
    assert len({stem[:2] for stem in CHAPTERS}) == len(chapter_names())  # some have a notebook that goes deeper, too
    for chapter in chapters():
        assert {task.name for task in chapter.tasks} == set(solutions(chapter)), chapter.path.stem


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
    "02_units_and_lengths": {  # a variable of section 1, and what `with_own_cells` adds
        "weights": "def my_weights(click, seconds, kept):\n"
        '    return SMALL * expit(0) + pick(click, seconds / units["minutes"], 1 / kept)'
    },
    "05_balancing_losses": {
        "uncertainty": "torch.exp?\n{}\n\n%timeit my_uncertainty(torch.ones(2), torch.zeros(2))",
        "target": "from scipy import no_such_thing\n",  # and what `scattered` adds
        "report": "{}\n\n\nexercises.report(my_report)",
        "split": "{}\n\n\nexit()",
        "last_shared": "my_last_shared = lambda all: [m for m in all if isinstance(m, torch.nn.Linear)][-1].weight",
        "resting_weights": "{}\n\n\ndisplay(my_resting_weights({{}}, {{}}))",
        "surgery": "def dot(a, b):\n    return a @ b\n\n\n{}",
    },
}


def insert(book, place, *sources, **metadata):
    book.cells[place:place] = [nbformat.v4.new_code_cell(source, metadata=metadata) for source in sources]


def cell(book, part):
    return next(one for one in book.cells if part in one.source and one.cell_type == "code")


def with_own_cells(book):
    """An import in the set-up, a constant and a function far above."""
    cell(book, "environment.setup()").source += "\nfrom scipy.special import expit"
    insert(book, 2, "SMALL = 1e-12", "def pick(*three):\n    return torch.where(three[0] > 0, *three[1:])")


def scattered(book):
    """A line that fails, the answer, and a slip are cells of their own."""
    place = book.cells.index(cell(book, "no_such_thing"))
    insert(book, place + 1, solutions(CHAPTERS["05_balancing_losses"])["target"], "my_target(norms, losses")


EDITED = {"02_units_and_lengths": with_own_cells, "05_balancing_losses": scattered}


@pytest.mark.long
@pytest.mark.parametrize("stem", WRITTEN)
def test_right_answers_pass_as_students_write_them(stem, tmp_path):
    chapter = CHAPTERS[stem]
    right = solutions(chapter)
    answers = {exercise: text.format(right[exercise]) for exercise, text in WRITTEN[stem].items()}
    path = handed_in(tmp_path, answers, chapter=chapter, edit=EDITED.get(stem, lambda book: None))
    assert wrong(mark(read(path), behind())) == {}


def without_ids(book):
    """From another program, and with a function renamed where it is written and where it is checked."""
    book.nbformat_minor = 4
    for one in book.cells:
        del one["id"]
        one.source = re.sub(r"\bmy_loss\b", "weighted", one.source)


def of_an_older_version(book):
    """The checks were called `check`, some cells had other ids, and there was one exercise more."""
    for i, one in enumerate(book.cells):
        one.source = one.source.replace("import exercises", "import exercises as check")
        one.source = re.sub(r"\bexercises\.", "check.", one.source)
        one.id = f"02-older-{i}" if i % 5 == 0 else one.id
    insert(book, book.cells.index(cell(book, "def my_loss")), "def my_units(T): ...", "check.units(my_units)")


def without_checks(book):
    """The answers at the end, where the student likes them, and not a tag in the notebook."""
    ours = ("my_loss", "my_seconds", "my_time", "solution_")
    theirs = [one for one in book.cells if "def my_" in one.source]
    book.cells = [one for one in book.cells if not any(name in one.source for name in ours)] + theirs
    for one in book.cells:
        one.metadata = {}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("edit", "remark"),
    [
        (without_ids, "names decided"),
        pytest.param(of_an_older_version, "of another version", marks=pytest.mark.long),
        pytest.param(without_checks, "", marks=pytest.mark.long),
    ],
)
def test_right_answers_pass_in_notebooks_that_were_changed(edit, remark, tmp_path):
    result = mark(read(handed_in(tmp_path, solutions(), "homework of Ann.ipynb", edit=edit)), behind())
    assert wrong(result) == {}
    assert remark in result["remark"] and bool(remark) == bool(result["remark"])


@pytest.mark.slow
def test_what_is_wrong_is_told_apart_and_what_deceives_is_pointed_out(tmp_path):
    chapter = CHAPTERS["05_balancing_losses"]
    answers = {
        "uncertainty": "def my_uncertainty(losses, s):\n    return losses.mean() + nothing",
        "target": "def my_target(norms, losses, first, alpha):\n    return norms.mean（）",
        "report": "def my_report(outputs, labels):\n    return 1 / 0",
        "split": "def my_split(rows, seed):\n    return ...",
        "last_shared": "def my_last_shared(shared):\n    return shared[0].weight",
        "surgery": "type(exercises.surgery).judge = lambda *_: 'Correct: all'\nmy_surgery = print",
    }

    def change(book):  # a check that the student wrote is not the check
        cell(book, "exercises.resting_weights(my_").source = "print('Correct: all of it')"

    result = mark(read(handed_in(tmp_path, answers, chapter=chapter, edit=change)), behind())
    assert {name: judged["kind"] for name, judged in result["exercises"].items()} == {
        "uncertainty": "NameError",
        "target": "SyntaxError",
        "report": "ZeroDivisionError",
        "split": "not begun",
        "last_shared": "wrong",
        "resting_weights": "not begun",
        "surgery": "",  # no wall prevents it
    }
    assert "Chinese keyboard" in result["exercises"]["target"]["said"]
    assert "line 2 of your code, `return 1 / 0`" in result["exercises"]["report"]["said"]
    assert result["remark"] == "surgery: read its code, which mentions judge"


# --- what no answer may do --------------------------------------------------------------------------------------------

SEND = """for pipe in range(3, 99):
        with contextlib.suppress(OSError):
            os.write(pipe, {})
    """
HOSTILE = {  # what an answer does, and what it is counted as; SECRET, OTHER, FOLDER, PORT and MARK are given
    "reads": ("return open(SECRET).read()", "FileNotFoundError"),
    "connects": ("socket.create_connection(('127.0.0.1', PORT), 1)", "ConnectionRefusedError"),
    "never ends": ("while True:\n        pass", TIME_OUT),
    "forks": ("while True:\n        os.fork()", CROWDED),
    "prints and writes": ("print('x' * 200_000_000)\n    open('/tmp/x', 'w').write('x' * 200_000_000)", "OSError"),
    "forges another's": (
        SEND.format("""b'{"name": "surgery", "said": "Correct: all", "hints": ""}'""") + "os._exit(0)",
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
    "steers the terminal": ("raise ValueError('\\x1b[2J \\ud800')", "ValueError"),
}
GIVEN = """import contextlib, os, shutil, socket, subprocess, torch
SECRET, OTHER, FOLDER, PORT, MARK = {given}

def {answer}(*_):
    {does}
"""


@pytest.mark.skipif(sys.platform != "linux", reason="bubblewrap is for Linux alone")
@pytest.mark.long
@pytest.mark.parametrize("part", range(4))
def test_a_hostile_answer_fails_alone_and_harms_nothing(part, tmp_path):
    ways = list(HOSTILE)[6 * part : 6 * part + 6]
    chapter = CHAPTERS["05_balancing_losses"]
    home = tmp_path / "others"
    home.mkdir()
    secret, other, mark_of_it = home / "ben.ipynb", tmp_path / "other.txt", "86399.25"
    secret.write_text("torn from it")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        given = str(secret), str(other), str(home), server.getsockname()[1], mark_of_it
        answers, at = solutions(chapter), dict(zip(ways, chapter.tasks, strict=False))
        for way, task in at.items():
            answers[task.name] = GIVEN.format(given=given, answer=task.answer, does=HOSTILE[way][0])
        result = mark(read(handed_in(tmp_path, answers, chapter=chapter)), behind(), seconds=5)
        with pytest.raises(TimeoutError):
            server.accept()
    judged = {way: result["exercises"][task.name] for way, task in at.items()}
    assert {way: one["kind"] for way, one in judged.items()} == {way: HOSTILE[way][1] for way in ways}
    assert set(wrong(result)) == {task.name for task in at.values()}, "the others are right"
    assert secret.read_text() == "torn from it" and not other.exists()
    assert "torn from it" not in json.dumps(result) and "\x1b" not in str([one["said"] for one in judged.values()])
    assert not any(mark_of_it in (process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"]))
    keep(result, tmp_path / "x.ipynb")


# --- files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("not a notebook", "not a notebook"),
        ("", "not a notebook"),
        (json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}), "none of its cells"),
        (json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [5]}), "not a notebook"),
        (
            json.dumps({"nbformat": 4, "nbformat_minor": 5, "cells": [{"cell_type": "code", "source": 5}]}),
            "not a notebook",
        ),
        ("[" * 100_000, "not a notebook"),
    ],
    ids=["text", "empty", "no cells", "a number", "numbers in a cell", "brackets"],
)
def test_other_files_are_named(content, why, tmp_path):
    path = tmp_path / "x.ipynb"
    path.write_text(content)
    with pytest.raises(Unreadable, match=why):
        read(path)


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["handin", *map(str, arguments)])
    return main()


@pytest.mark.long
def test_a_folder_gives_a_table_and_the_common_mistakes(tmp_path, monkeypatch, capsys):
    trust = [] if behind() else ["--trust"]
    right, wrong_loss = solutions(), f"def {FIRST.answer}(logit, *_):\n    return logit"
    handed_in(tmp_path, right, "ann.ipynb")
    handed_in(tmp_path, {FIRST.name: wrong_loss, "time": "x = '\ud800'"}, "李四.ipynb")
    handed_in(tmp_path, {name: f"%%time\n{answer}  # mine\nprint(2)" for name, answer in right.items()}, "ben.ipynb")
    (tmp_path / "cleo.ipynb").write_text("nothing")
    windows = tmp_path / "ann.ipynb"
    windows.write_bytes(b"\xef\xbb\xbf" + windows.read_bytes().replace(b"\\n", b"\\r\\n"))
    assert run(monkeypatch, tmp_path, *trust) == 0
    assert (tmp_path / "marks.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    marks, mistakes = (pd.read_csv(tmp_path / name, dtype=str) for name in ("marks.csv", "mistakes.csv"))
    assert list(marks) == ["notebook", "chapter", "passed", "of", *right, "answers", "remark"]
    marks = marks.set_index("notebook")
    assert marks.loc["ann.ipynb", ["passed", "of", "loss"]].tolist() == [*[str(len(right))] * 2, "1"]
    assert marks.loc["ann.ipynb", "remark"] == "same answers as ben.ipynb"
    assert marks.loc["李四.ipynb", ["passed", "loss"]].tolist() == ["0", "0"]
    assert "not a notebook" in marks.loc["cleo.ipynb", "remark"]
    assert mistakes[["exercise", "kind", "often"]].values.tolist() == [
        ["loss", "wrong", "1"],
        *([name, "not begun", "1"] for name in right if name != "loss"),
    ]
    assert "█ loss, wrong: rows without" in capsys.readouterr().out
    kept = json.loads((tmp_path / "李四.handin.json").read_text(encoding="utf-8"))
    assert "Hint 1" in kept["exercises"]["loss"]["said"] and kept["exercises"]["loss"]["answer"] == wrong_loss


@pytest.mark.long
def test_without_walls_it_refuses_or_is_told_to_trust(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(walls.shutil, "which", lambda _: None)
    path = handed_in(tmp_path, {FIRST.name: solutions()[FIRST.name], "time": "while True:\n    pass"})
    with pytest.raises(SystemExit):
        run(monkeypatch, path)
    assert "bubblewrap" in capsys.readouterr().err
    monkeypatch.setattr("tools.handin.marking.SECONDS", 5)
    assert run(monkeypatch, path, "--trust") == 0
    shown = capsys.readouterr()
    assert "Without walls" in shown.err
    assert "✓ loss: Correct" in shown.out and "✗ time: Stopped: it took more than 5 seconds." in shown.out
    assert json.loads((tmp_path / "ann.handin.json").read_text(encoding="utf-8"))["walls"] == "none"
