"""Homework: answers are found and judged, a table is made of a folder, and no notebook harms anything but itself."""

import json
import re
import socket
import sys

import nbformat
import pytest

from tools.handin.__main__ import main
from tools.handin.marking import keep, mark, table
from tools.handin.sheets import CHECK, Unreadable, chapters, read
from tools.notebooks import code_cells, tags

CHAPTER = next(chapter for chapter in chapters() if chapter.path.stem.startswith("02"))
FIRST = CHAPTER.tasks[0]


def handed_in(folder, answers, name="ann.ipynb", chapter=CHAPTER):
    """A notebook of the chapter with these answers, {exercise: source}, in place of the empty ones."""
    book = nbformat.read(chapter.path, as_version=4)
    cells = code_cells(book)
    for task in chapter.tasks:
        if task.name in answers:
            place = next(i for i, cell in enumerate(cells) if cell.id == task.check)
            alone = CHECK.fullmatch(cells[place].source)
            cells[place - 1 if alone else place].source = answers[task.name]
    path = folder / name
    nbformat.write(book, path)
    return path


def solutions(chapter=CHAPTER):
    """{exercise: the worked solution, under the name of the answer}."""
    found, at = {}, {task.name: task for task in chapter.tasks}
    for cell in code_cells(nbformat.read(chapter.path, as_version=4)):
        match = CHECK.search(cell.source)
        if "solution" in tags(cell) and match and match[1] in at:
            found[match[1]] = f"{cell.source[: match.start()].rstrip()}\n\n\n{at[match[1]].answer} = {match[2]}\n"
    return found


@pytest.mark.xdist_group("handin")
def test_right_answers_pass_and_wrong_ones_are_named(tmp_path):
    right = solutions()
    wrong = f"def {FIRST.answer}(*_):\n    return 1 / 0"
    result = mark(read(handed_in(tmp_path, right | {FIRST.name: wrong})))
    assert (result["passed"], result["of"]) == (len(CHAPTER.tasks) - 1, len(CHAPTER.tasks))
    assert "ZeroDivisionError" in result["exercises"][FIRST.name]["said"]
    assert result["exercises"][FIRST.name]["answer"] == wrong


@pytest.mark.long
@pytest.mark.parametrize("chapter", chapters(), ids=lambda chapter: chapter.path.stem)
def test_the_worked_solutions_pass(chapter, tmp_path):
    result = mark(read(handed_in(tmp_path, solutions(chapter), chapter=chapter)))
    assert {name for name, found in result["exercises"].items() if not found["passed"]} == set()


def test_all_exercises_of_all_chapters_have_a_solution():
    assert len({chapter.path.name[:2] for chapter in chapters()}) == 9  # some have a notebook that goes deeper, too
    for chapter in chapters():
        assert {task.name for task in chapter.tasks} == set(solutions(chapter)), chapter.path.stem


def test_a_notebook_with_another_name_and_helper_functions_is_read(tmp_path):
    path = handed_in(tmp_path, {}, "homework of Ann.ipynb")
    book = nbformat.read(path, as_version=4)
    place = next(i for i, cell in enumerate(book.cells) if cell.id == FIRST.check)
    book.cells.insert(place - 1, nbformat.v4.new_code_cell("def half(x):\n    return x / 2"))
    nbformat.write(book, path)
    sheet = read(path)
    assert sheet.chapter == CHAPTER
    assert "def half" in sheet.answers[FIRST.name]


def test_a_check_that_the_student_changed_is_not_the_check(tmp_path):
    path = handed_in(tmp_path, {})
    book = nbformat.read(path, as_version=4)
    cell = next(cell for cell in book.cells if cell.id == FIRST.check)
    cell.source = "print('Correct: all of it')"
    nbformat.write(book, path)
    assert not mark(read(path))["exercises"][FIRST.name]["passed"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("not a notebook", "not a notebook"),
        (json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}), "none of its cells"),
    ],
)
def test_other_files_are_named(content, why, tmp_path):
    path = tmp_path / "x.ipynb"
    path.write_text(content)
    with pytest.raises(Unreadable, match=why):
        read(path)


HOSTILE = {  # what the answer does; the secret file, another one beside it, their folder and a port are names here
    "reads": "return open(SECRET).read()",
    "reads in torch": "return torch.UntypedStorage.from_file(SECRET, False, 6)",
    "writes": "open(SECRET, 'w').write('mine')",
    "writes in torch": "torch._C.PyTorchFileWriter(SECRET).write_end_of_file()",
    "deletes": "os.remove(SECRET)",
    "lists": "return os.listdir(FOLDER)",
    "starts a program": "subprocess.run(['touch', OTHER])",
    "calls the shell": "os.system('touch ' + OTHER)",
    "forks": "os.fork()",
    "connects": "socket.create_connection(('127.0.0.1', PORT), 1).send(b'x')",
    "leaves": "os._exit(0)",
    "never ends": "while True:\n        pass",
    "takes all memory": "return bytearray(1 << 36)",
}
ANSWER = """import os, socket, subprocess, torch
SECRET, OTHER, FOLDER, PORT = {places}

def {answer}(*_):
    {does}
"""
KERNEL = {"reads in torch", "writes in torch"}  # what Python's audit hook does not see


@pytest.mark.parametrize("way", HOSTILE)
@pytest.mark.long
def test_a_hostile_answer_fails_alone_and_harms_nothing(way, tmp_path):
    if way in KERNEL and sys.platform != "linux":
        pytest.skip("native code is kept in by Linux' kernel alone, as tools.handin.sandbox says")
    secret, other = tmp_path / "secret.txt", tmp_path / "other.txt"
    secret.write_text("torn from it")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        port = server.getsockname()[1]
        source = ANSWER.format(
            answer=FIRST.answer, places=(str(secret), str(other), str(tmp_path), port), does=HOSTILE[way]
        )
        result = mark(read(handed_in(tmp_path, solutions() | {FIRST.name: source})), seconds=5)
        with pytest.raises(TimeoutError):
            server.accept()
    assert not result["exercises"][FIRST.name]["passed"]
    assert result["passed"] == len(CHAPTER.tasks) - 1
    assert secret.read_text() == "torn from it" and not other.exists()
    assert "torn from it" not in result["exercises"][FIRST.name]["said"]


@pytest.mark.xdist_group("handin")
def test_a_folder_gives_a_table_and_the_common_mistakes(tmp_path, monkeypatch):
    right, wrong = solutions(), f"def {FIRST.answer}(logit, *_):\n    return logit"
    handed_in(tmp_path, right, "ann.ipynb")
    handed_in(tmp_path, right | {FIRST.name: wrong}, "ben.ipynb")
    (tmp_path / "cleo.ipynb").write_text("nothing")
    said = []
    marks, mistakes = table(tmp_path, said.append)
    assert marks["notebook"].tolist() == ["ann.ipynb", "ben.ipynb", "cleo.ipynb"]
    assert marks[FIRST.name].tolist()[:2] == [1, 0]
    assert "not a notebook" in marks["remark"].iloc[2]
    assert mistakes["exercise"].tolist() == [FIRST.name] and mistakes["often"].tolist() == [1]
    assert said[0] == f"ann.ipynb: {len(right)} of {len(right)}"


def test_one_notebook_from_the_command_line(tmp_path, monkeypatch, capsys):
    path = handed_in(tmp_path, {})
    monkeypatch.setattr(sys, "argv", ["handin", str(path)])
    assert main() == 0
    assert f"0 of {len(CHAPTER.tasks)}" in capsys.readouterr().out
    kept = json.loads((tmp_path / "ann.handin.json").read_text(encoding="utf-8"))
    assert kept["passed"] == 0 and kept["chapter"] == CHAPTER.path.stem
    assert re.fullmatch(r"[0-9a-f]{16}", kept["hash"])


def test_a_result_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "x.handin.json"
    path.write_text("as it was")
    with pytest.raises(TypeError):
        keep({"passed": object()}, path)
    assert path.read_text() == "as it was"
    assert list(tmp_path.iterdir()) == [path]
