"""The notebooks for a class: students get no answer and every exercise, teachers every mistake that a check knows."""

import ast
import os
import re
import subprocess
import sys
from itertools import pairwise

import nbformat
import pytest

from classroom.editions import LEFT_OUT, for_grading, for_teachers, mistakes, write
from classroom.handin.sheets import CHECK, chapters, folder_of
from tools.notebooks import ROOT, code_cells, find, output_texts, read, tags
from tools.solutions import for_students
from tools.style import problems

PATHS = find([ROOT / "notebooks"])
HEADING = re.compile(r"^#+ .*", re.MULTILINE)
TEACHERS_OWN = {"teaching.md", "slides.md", "bank.md", "questions.po"}
FOLD = re.compile(r"<summary>.*?</details>", re.DOTALL)


@pytest.fixture(scope="module", params=PATHS, ids=lambda path: path.stem)
def course(request):
    return request.param, read(request.param)


@pytest.fixture(scope="module")
def student(course):
    return nbformat.reads(for_grading(course[1], course[0].stem), as_version=4)


@pytest.fixture(scope="module")
def teacher(course):
    return nbformat.reads(for_teachers(course[1], course[0].stem), as_version=4)


def texts(book):
    return "\n".join(cell.source for cell in book.cells)


def folded_answers(book):
    """The folds between the first cell of an exercise and the next heading, as a reader meets them."""
    found, begun = [], False
    for cell in book.cells:
        if cell.cell_type == "code":
            begun = begun or bool({"exercise", "solution"} & set(tags(cell)))
        elif begun:
            above, heading, _ = re.split(r"(^#+ |\Z)", cell.source, maxsplit=1, flags=re.MULTILINE)
            found += FOLD.findall(above)
            begun = not heading
    return found


def headings(book):
    return [heading for cell in book.cells if cell.cell_type == "markdown" for heading in HEADING.findall(cell.source)]


def bodies(cell):
    """The inside of each function and class that a cell defines."""
    nodes = [node for node in ast.parse(cell.source).body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    return [ast.get_source_segment(cell.source, node).partition(":\n")[2] for node in nodes]


def defined(cells):
    return {
        node.name if isinstance(node, ast.FunctionDef | ast.ClassDef) else node.id
        for cell in cells
        for node in ast.walk(ast.parse(cell.source))
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        or (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))
    }


def test_a_student_gets_no_answer(course, student):
    path, whole = course
    solutions = [cell for cell in code_cells(whole) if "solution" in tags(cell)]
    assert solutions or path.parent != ROOT / "notebooks"  # every chapter has some
    assert folded_answers(whole) or path.stem not in ("00_start_here", "04_shared_bottom")  # they are found
    assert all("solution" not in tags(cell) for cell in student.cells)
    left = texts(student)
    assert not re.search(r"[sS]olution_?\w*\(|worked solution is folded;|worked solution, folded", left)
    given = "\n".join(cell.source for cell in student.cells if "exercise" in tags(cell))  # some need a line less
    assert [b for cell in solutions for b in bodies(cell) if b in left and b not in given] == []
    assert [fold for fold in folded_answers(whole) if fold in left] == []


def test_a_student_gets_every_exercise_and_the_rest_of_the_chapter(course, student):
    _, whole = course
    before, after = ([c for c in code_cells(book) if "exercise" in tags(c)] for book in (whole, student))
    assert [(c.id, c.source, output_texts(c)) for c in after] == [(c.id, c.source, output_texts(c)) for c in before]
    assert headings(student) == headings(whole)
    assert set(FOLD.findall(texts(whole))) - set(folded_answers(whole)) <= set(FOLD.findall(texts(student)))
    kept = {cell.id for cell in student.cells}
    gone = [cell for cell in code_cells(whole) if cell.id not in kept]
    assert all("solution" in tags(cell) for cell in gone)
    nodes = [node for cell in code_cells(student) for node in ast.walk(ast.parse(cell.source))]
    used = {node.id for node in nodes if isinstance(node, ast.Name)}
    assert used & (defined(gone) - defined(code_cells(student))) == set()


def test_exercises_are_nbgraders_cells(student):
    """By its metadata's schema, version 3, and by its validator: ids of their own, points where a cell is graded."""
    nbformat.validate(student)
    cells = [cell.metadata.nbgrader for cell in student.cells if "nbgrader" in cell.metadata]
    assert len(cells) == sum("exercise" in tags(cell) for cell in student.cells)
    assert len({cell.grade_id for cell in cells}) == len(cells)
    for cell in cells:
        assert re.fullmatch(r"[\w-]+", cell.grade_id, re.ASCII)
        assert cell.grade == cell.locked == ("points" in cell) != cell.solution
        about = {"schema_version", "grade", "locked", "solution", "task", "grade_id"}
        assert cell.keys() - {"points"} == about and cell.schema_version == 3 and not cell.task
    checks = [c for c in student.cells if "exercise" in tags(c) and CHECK.search(c.source.rpartition("\n")[2])]
    assert all(check.metadata.nbgrader.grade for check in checks)


@pytest.mark.slow
def test_a_students_notebook_keeps_the_form_of_the_course(course, tmp_path):
    path, whole = course
    copy = tmp_path / path.name
    copy.write_text(for_students(whole, path.stem), encoding="utf-8")
    assert problems(copy) == []


@pytest.mark.slow
def test_a_teacher_sees_the_solutions_and_what_each_check_knows(course, teacher):
    path, whole = course
    nbformat.validate(teacher)
    before, after = ([c for c in book.cells if "solution" in tags(c)] for book in (whole, teacher))
    assert [cell.source for cell in after] == [cell.source for cell in before]
    assert not any("jupyter" in cell.metadata for cell in after)
    assert all(f"<details open>{fold}" in texts(teacher) for fold in folded_answers(whole))
    for check, below in pairwise(teacher.cells):
        name = CHECK.search(check.source) if "exercise" in tags(check) else None
        if name and (known := mistakes(folder_of(path.stem), name[1])):
            assert [wrong.what for wrong in known if wrong.what not in below.source] == []
            assert [hint for wrong in known for hint in wrong.hints if hint not in below.source] == []
            assert below.source.startswith("**Common mistakes**")


def test_every_check_knows_mistakes():
    folders = {chapter: folder_of(chapter.path.stem) for chapter in chapters()}
    known = {(folder, t.name): mistakes(folder, t.name) for chapter, folder in folders.items() for t in chapter.tasks}
    open_ended = {name for name, found in known.items() if not found}
    assert open_ended <= {("ch02", "trial")}
    assert all(wrong.what.strip("…. ") and wrong.hints for found in known.values() for wrong in found)
    assert [wrong.what for found in known.values() for wrong in found if re.search(r"\b[a-z]…", wrong.what)] == []


@pytest.mark.long
@pytest.mark.parametrize("edition", ["student", "teacher"])
def test_an_edition_is_a_folder_that_works_without_the_repository(edition, tmp_path):
    out = tmp_path / "course"
    (out / "of yesterday").mkdir(parents=True)
    assert write(edition, out) == len(PATHS)
    names = {path.name for path in out.rglob("*")}
    assert {"glossary.md", "Makefile", "setup.py", "03_rare.csv", "questions.py"} <= names
    assert names & {"tests", "of yesterday", *LEFT_OUT} == set()
    assert names & TEACHERS_OWN == (TEACHERS_OWN if edition == "teacher" else set())
    setup = next(c for c in code_cells(read(out / "notebooks" / "03_manual_weights.ipynb")) if "setup" in tags(c))
    code = f"{setup.source}\nfrom helpers import support\nruns('03_rare')\nprint(support.__file__)"
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=out / "notebooks",
        env={**os.environ, "PYTHONPATH": str(out), "MPLBACKEND": "agg", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines()[-1].startswith(str(out))
