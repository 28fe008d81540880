"""Homework: right answers pass however they are written, a folder gives a table, and no notebook harms anything."""

import json
import re
import sys
from functools import cache

import pandas as pd
import pytest

from classroom.handin import sheets, walls
from classroom.handin.__main__ import main
from classroom.handin.marking import keep, mark, marks_folder, table
from classroom.handin.sheets import Reader, Unreadable, chapters, contents, folder_of, parse
from classroom.handin.trees import form, remark
from helpers.course import chapter_names
from tests.classroom import homework
from tests.classroom.homework import (
    CHAPTER,
    CHAPTERS,
    DECEIVES,
    FIRST,
    HOSTILE,
    LINE,
    SECRET,
    WRITTEN,
    Targets,
    as_written,
    cell,
    handed_in,
    insert,
    odd_files,
    solutions,
)


@cache
def behind():
    """The walls; none where there are none, for answers that are ours."""
    if sys.platform != "linux":
        return []
    try:
        return walls.command()
    except walls.Missing as missing:
        pytest.skip(str(missing))


def read(path):
    return parse(contents(path))


def wrong(result):
    return {name: judged["said"] for name, judged in result["exercises"].items() if not judged["passed"]}


# --- right answers ----------------------------------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize("chapter", chapters(), ids=lambda chapter: chapter.path.stem)
def test_the_worked_solutions_pass(chapter, tmp_path):
    result = mark(read(handed_in(tmp_path, solutions(chapter), chapter=chapter)), behind())
    assert wrong(result) == {}


def test_all_exercises_of_all_chapters_have_a_solution():
    assert {folder_of(stem) for stem in CHAPTERS} == {*chapter_names(), "clinic"}
    for chapter in chapters():
        assert {task.name for task in chapter.tasks} == set(solutions(chapter)), chapter.path.stem


@pytest.mark.long
@pytest.mark.parametrize("stem", WRITTEN)
def test_right_answers_pass_as_students_write_them(stem, tmp_path):
    result = mark(read(as_written(tmp_path, "ann.ipynb", CHAPTERS[stem])), behind())
    assert wrong(result) == {} and result["remark"] == ""


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
    chapter = CHAPTERS["clinic"]
    answers = {
        "total": "def my_total(losses, s):\n    return losses.mean() + nothing",
        "target": "def my_target(norms, losses, first, alpha):\n    return norms.mean（）",
        "report": "def my_report(outputs, labels):\n    return 1 / 0",
        "split": "def my_split(rows, seed):\n    return ...",
        "last_shared": "def my_last_shared(shared):\n    return shared[0].weight",
        "gate": "type(exercises.gate).judge = lambda *_: 'Correct: all'\nmy_gate = print",
    }

    def change(book):  # a check that the student wrote is not the check
        cell(book, "exercises.audit(my_").source = "print('Correct: all of it')"

    result = mark(read(handed_in(tmp_path, answers, chapter=chapter, edit=change)), behind())
    kinds = {name: judged["kind"] for name, judged in result["exercises"].items()}
    assert kinds == dict.fromkeys((task.name for task in chapter.tasks), "not begun") | {
        "total": "NameError",
        "target": "SyntaxError",
        "report": "ZeroDivisionError",
        "last_shared": "wrong",
        "gate": "",  # no wall prevents it
    }
    assert "Chinese keyboard" in result["exercises"]["target"]["said"]
    assert "line 2 of your code, `return 1 / 0`" in result["exercises"]["report"]["said"]
    assert result["remark"] == "gate: read its code, which mentions judge, type.judge =, exercises"
    assert result["passed"] == 0, "with a remark it counts only when it was read"


HONEST = [  # what students write
    "import os, sys  # not used",
    "model.eval()\nimport numpy as n\nfrom scipy.special import expit\nn.mean(expit(x))",
    "from helpers.display.exercises import Folded\nFolded(1)",
    "class Mine(nn.Module):\n    def __init__(self, n):\n        super().__init__()\n"
    "        self.b = nn.LazyLinear(n)\n        self.b.bias.data = torch.zeros(n)\n"
    "        list(self.b.parameters())[0].requires_grad = False\n"
    "    def __len__(self):\n        return 2\n\n    def __call__(self, input):\n        return self.b(input)",
    "def my_time(clicks):\n    t = clicks.copy()\n    t.loc[t > 30] = 30\n    t.columns = ['a']\n"
    "    return t.groupby(level=0)",
    "@torch.no_grad()\ndef f(w):\n    w.grad = None\n    return getattr(F, 'relu')(w), type(w).__name__, w.__class__",
    "%matplotlib inline\n!pip install seaborn\nfiles = !ls\ntorch.exp?\n%timeit f(1)\nexit()",
    "vars, check = 1, 2\nprint(vars + check)\nexercises.loss(my_loss)\nif __name__ == '__main__':\n    f()",
]


@pytest.mark.parametrize("answer", DECEIVES)
def test_what_could_deceive_a_check_is_named(answer):
    assert DECEIVES[answer] in remark((answer,)), answer


def test_honest_answers_get_no_remark():
    right = [answer for chapter in chapters() for answer in solutions(chapter).values()]
    assert {answer: said for answer in [*right, *HONEST] if (said := remark((answer,)))} == {}


def test_of_cells_above_what_an_answer_uses_is_looked_at():
    odd = "def {name}(x):\n    return os.abort()"
    above = ("import os\nprint(os.sep)", odd.format(name="another"), odd.format(name="inner"), "f = lambda: inner(1)")
    assert remark(("mine(1)",), (*above, "def mine(x):\n    return x")) == ""
    for answer, last in {
        "os.abort()": "",
        "mine(1)": "def mine(x):\n    return inner(x)",
        "1": "@another\ndef mine(x):\n    return x",
        "2": "def mine(x=another(1)):\n    return x",
        "3": "class Mine:\n    another(1)",
    }.items():
        assert "os" in remark((answer,), (*above, last)), answer


MINE = """
def my_surgery(gradients):
    total = torch.zeros_like(gradients[0])
    for one in gradients:
        for other in gradients:
            if (conflict := one @ other) < 0:
                one = one - conflict / (other @ other) * other
        total = total + one
    return total
"""
COPY = """
import numpy as np  # I need this


def sum_up(out: list, g) -> "a vector":
    'Adds what does not conflict.'
    for a in g:
        for b in g:
            if (c := (a @ b)) < 0:
                a = a - c / (b @ b) * b
        out = (out +
               a)
    return out

def my_surgery(x): return sum_up(0, x)
sum_up(0, [])
"""
FIRST_HAND = COPY.replace("out", "result").replace("sum_up", "added").replace("import numpy as np  # I need this", "")
NETWORK = """
class Mine(nn.Module):
    def __init__(self, inputs):
        super().__init__()
        self.bottom = nn.Sequential(nn.Linear(inputs, 16), nn.ReLU())
        self.towers = nn.ModuleList(nn.Linear(16, 1) for _ in range(2))

    def forward(self, x):
        hidden = self.bottom(x)
        return {str(i): tower(hidden)[:, 0] for i, tower in enumerate(self.towers)}
"""


def test_copies_are_found_whatever_their_names():
    assert form((COPY,)) == form((FIRST_HAND,)) != form((MINE,)) != ""
    renamed = NETWORK.replace("bottom", "shared").replace("hidden", "h").replace("tower", "head").replace("Mine", "Net")
    assert form((NETWORK,)) == form(tuple(renamed.split("\n\n\n"))) != ""
    assert form((NETWORK,)) != form((NETWORK.replace("self.bottom(x)", "self.towers(x)"),))
    assert form(("def my_time(clicks):\n    return clicks['watch_seconds'].clip(upper=30)",)) == "", "all write that"


# --- what no answer may do --------------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform != "linux", reason="bubblewrap is for Linux alone")
@pytest.mark.long
@pytest.mark.parametrize("part", range(5))
def test_a_hostile_answer_fails_alone_and_harms_nothing(part, tmp_path):
    ways = list(HOSTILE)[6 * part : 6 * part + 6]
    chapter = CHAPTERS["clinic"]
    targets, answers, at = Targets(tmp_path), solutions(chapter), dict(zip(ways, chapter.tasks, strict=False))
    trained = [answers.pop(name) and name for name in ("total", "half", "funnel")]  # whose checks take long
    for way, task in at.items():
        answers[task.name] = targets.answer(way, task)
    result = mark(read(handed_in(tmp_path, answers, chapter=chapter)), behind(), seconds=5)
    assert targets.harm() == []
    judged = {way: result["exercises"][task.name] for way, task in at.items()}
    assert {way: one["kind"] for way, one in judged.items()} == {way: HOSTILE[way][1] for way in ways}
    assert set(wrong(result)) == {*trained, *(task.name for task in at.values())}, "the others are right"
    assert SECRET not in json.dumps(result) and "\x1b" not in str([one["said"] for one in judged.values()])
    keep(result, tmp_path / "x.ipynb")


# --- files ------------------------------------------------------------------------------------------------------------


def of_cells(*cells, **metadata) -> str:
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "cells": cells} | metadata)


OTHER = {
    "text": ("not a notebook", "not a notebook"),
    "empty": ("", "not a notebook"),
    "no cells": (of_cells(metadata={}), "none of its cells"),
    "a number": (of_cells(5, metadata={}), "not a notebook"),
    "numbers in a cell": (of_cells({"cell_type": "code", "source": 5}), "not a notebook"),
    "brackets": ("[" * 100_000, "not a notebook"),
}


@pytest.mark.parametrize(("content", "why"), OTHER.values(), ids=OTHER)
def test_other_files_are_named(content, why, tmp_path):
    path = tmp_path / "x.ipynb"
    path.write_text(content)
    with pytest.raises(Unreadable, match=why):
        read(path)


SLOW = {  # what keeps a pattern or a parser busy, or ends it: what is said of it
    "dots": (homework.SLOW["dots"], "nested too deeply"),
    "empty lines": (f"{LINE}{chr(10) * 48_000}x = 1", ""),
    "spaces": (f"{LINE}{' ' * 48_000}x = 1", ""),
    "minus": (f"{LINE}x = {'-' * 100_000}1", "nested too deeply"),
    "brackets": (f"{LINE}x = {'[' * 90_000}", ""),
    "rules": (f"{LINE}print('{'_' * 100_000}')", ""),
}


@pytest.mark.long
def test_reading_ends_in_time_whatever_is_in_a_notebook(tmp_path, monkeypatch):
    with Reader() as reader:
        for name, (answer, said) in SLOW.items():
            sheet = reader.read(contents(handed_in(tmp_path, {FIRST.name: answer}, f"{name}.ipynb")))
            assert said in sheet.answers[FIRST.name].remark, name
        with pytest.raises(Unreadable, match="characters, and more than 200,000"):
            reader.read(contents(handed_in(tmp_path, {FIRST.name: f"{LINE}'{'a' * 300_000}'"})))
        busy = contents(handed_in(tmp_path, {FIRST.name: homework.SLOW["magics"]}))
        monkeypatch.setattr(sheets, "SECONDS", 2)
        with pytest.raises(Unreadable, match="took more than"):
            reader.read(busy)
        monkeypatch.undo()
        assert reader.read(contents(handed_in(tmp_path, {FIRST.name: LINE}))).answers
        reader.process.kill()
        reader.process.join()
        with pytest.raises(Unreadable, match="ended Python"):
            reader.read(busy)


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["handin", *map(str, arguments)])
    return main()


def tables(out):
    return [pd.read_csv(out / name, dtype=str, keep_default_na=False) for name in ("marks.csv", "mistakes.csv")]


@pytest.mark.long
def test_a_folder_gives_a_table_and_the_common_mistakes(tmp_path, monkeypatch, capsys):
    trust = [] if behind() else ["--trust"]
    folder, out = tmp_path / "class", tmp_path / "marks"
    folder.mkdir()
    right, wrong_loss = solutions(), f"def {FIRST.answer}(logit, *_):\n    return logit"
    handed_in(folder, right, "ann.ipynb")
    handed_in(folder, {FIRST.name: wrong_loss, "time": "x = '\ud800'"}, "李四.ipynb")
    handed_in(folder, {name: f"%%time\n{answer}  # mine\nprint(2)" for name, answer in right.items()}, "ben.ipynb")
    (folder / "cleo.ipynb").write_text("nothing")
    chapter = CHAPTERS["05_balancing_losses"]
    surgery = solutions(chapter)["surgery"]
    renamed = re.sub(r"\b(gradients|total|one|other|my_surgery)\b", r"\1_of_mine", surgery)
    handed_in(folder, {"surgery": surgery}, "dan.ipynb", chapter)
    handed_in(folder, {"surgery": f"{renamed}\n\nmy_surgery = my_surgery_of_mine"}, "eli.ipynb", chapter)
    windows = folder / "ann.ipynb"
    windows.write_bytes(b"\xef\xbb\xbf" + windows.read_bytes().replace(b"\\n", b"\\r\\n"))
    assert run(monkeypatch, folder, "--out", out, *trust) == 0
    assert (out / "marks.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    marks, mistakes = tables(out)
    assert list(marks)[:4] == ["notebook", "chapter", "passed", "of"] and list(marks)[-1] == "remark"
    assert set(list(marks)[4:-1]) == {*right, *(task.name for task in chapter.tasks)}
    marks = marks.set_index("notebook")
    assert marks.loc["ann.ipynb", ["passed", "of", "loss", "remark"]].tolist() == [*[str(len(right))] * 2, "1", ""]
    assert marks.loc["李四.ipynb", ["passed", "loss"]].tolist() == ["0", "0"]
    assert "not a notebook" in marks.loc["cleo.ipynb", "remark"]
    assert marks.loc[["dan.ipynb", "eli.ipynb"], ["passed", "surgery", "remark"]].values.tolist() == [
        ["0", "?", "surgery: same answer as eli.ipynb"],
        ["0", "?", "surgery: same answer as dan.ipynb"],
    ]
    mistakes = mistakes[mistakes["chapter"] == CHAPTER.path.stem]
    assert mistakes[["exercise", "kind", "often"]].values.tolist() == [
        ["loss", "wrong", "1"],
        *([name, "not begun", "1"] for name in right if name != "loss"),
    ]
    assert "█ loss, wrong: rows without" in capsys.readouterr().out
    kept = json.loads(next((out / "said").glob("李四-*.json")).read_text(encoding="utf-8"))
    assert "Hint 1" in kept["exercises"]["loss"]["said"] and kept["exercises"]["loss"]["answer"] == wrong_loss


@pytest.mark.skipif(sys.platform != "linux", reason="Windows has no such names and pipes")
@pytest.mark.long
def test_nothing_that_is_sent_stops_the_class_or_writes_elsewhere(tmp_path, monkeypatch):
    folder, home, out = tmp_path / "class", tmp_path / "home", tmp_path / "marks"
    folder.mkdir()
    home.mkdir()
    secret = home / ".bashrc"
    secret.write_text("# mine")
    right = {FIRST.name: solutions()[FIRST.name]}
    ann, chinese = handed_in(folder, right), "学" * 82 + ".ipynb"
    handed_in(folder, right, chinese)
    odd = odd_files(folder, ann, secret)
    before = sorted(folder.rglob("*"))
    table(folder, out, behind())
    marks, mistakes = tables(out)
    marks = marks.set_index("notebook")
    assert marks["remark"].to_dict() == {"ann.ipynb": "", chinese: ""} | odd
    assert marks.loc[["ann.ipynb", chinese, "'=1+cmd|calc.ipynb", "eve/02.ipynb"], "loss"].tolist() == [
        "1",
        "1",
        "0",
        "?",
    ]
    assert "'=HYPERLINK(1, 2)" in mistakes["mistake"].tolist()
    assert secret.read_text() == "# mine" and sorted(folder.rglob("*")) == before

    written = (out / "marks.csv").read_bytes()
    monkeypatch.setattr("classroom.handin.marking.mark", None)  # what is done is not marked again
    table(folder, out, behind())
    assert (out / "marks.csv").read_bytes() == written
    handed_in(folder, {})
    table(folder, out, behind())
    again = tables(out)[0].set_index("notebook")
    assert again.loc["ann.ipynb", "remark"].startswith("could not be marked: TypeError")
    assert again.drop("ann.ipynb").equals(marks.drop("ann.ipynb"))


def test_marks_are_written_row_by_row(tmp_path):
    def stop(line):
        if line.startswith("b"):
            raise KeyboardInterrupt

    (tmp_path / "class").mkdir()
    for name in "abc":
        (tmp_path / "class" / f"{name}.ipynb").symlink_to("nothing")
    with pytest.raises(KeyboardInterrupt):
        table(tmp_path / "class", tmp_path / "marks", [], stop)
    assert tables(tmp_path / "marks")[0]["notebook"].tolist() == ["a.ipynb", "b.ipynb"]


def test_marks_have_a_folder_of_their_own_and_follow_no_link(tmp_path, monkeypatch):
    monkeypatch.setattr("classroom.handin.marking.MARKS", tmp_path / "_marks")
    folder = tmp_path / "homework"
    (folder / "in it").mkdir(parents=True)
    (tmp_path / "link").symlink_to(folder / "in it")
    (folder / "ann.ipynb").touch()
    for inside in (folder, folder / "marks", tmp_path / "link"):
        with pytest.raises(ValueError, match="expected a folder of its own"):
            marks_folder(folder, inside)
    with pytest.raises(ValueError, match="which has other files"):
        marks_folder(folder / "in it", folder)
    made = marks_folder(folder, None)
    assert made == marks_folder(folder, None) and made.parent == tmp_path / "_marks" and "homework" in made.name
    assert sorted(path.name for path in folder.iterdir()) == ["ann.ipynb", "in it"]
    (tmp_path / "x.handin.json").symlink_to(tmp_path / "new.txt")
    with pytest.raises(OSError, match="is a link"):
        keep({}, tmp_path / "x.ipynb")
    assert not (tmp_path / "new.txt").exists()


@pytest.mark.long
def test_without_walls_it_refuses_or_is_told_to_trust(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(walls.shutil, "which", lambda _: None)
    path = handed_in(tmp_path, {FIRST.name: solutions()[FIRST.name], "time": "while True:\n    pass"})
    with pytest.raises(SystemExit):
        run(monkeypatch, path)
    assert "bubblewrap" in capsys.readouterr().err
    monkeypatch.setattr("classroom.handin.marking.SECONDS", 5)
    assert run(monkeypatch, path, "--trust") == 0
    shown = capsys.readouterr()
    assert "Without walls" in shown.err
    assert "✓ loss: Correct" in shown.out and "✗ time: Stopped: it took more than 5 seconds." in shown.out
    assert json.loads((tmp_path / "ann.handin.json").read_text(encoding="utf-8"))["walls"] == "none"
