"""Checks judge right, wrong, untouched and broken answers, and give two hints."""

import re

import numpy as np
import pytest
import torch
from torch import nn

from helpers.display.exercises import Exercise, at_work
from helpers.display.mistakes import form, otherwise

# the machinery of checks


three = Exercise(
    "three.",
    "`answer()` is three.",
    right=lambda: 3,
    cases=lambda: [()],
    read=lambda given, right: given if isinstance(given, int) else None,
    mistakes={
        form(lambda: 2.0): """not a whole number.
            Hint: count.
            Hint: count on your fingers.""",
        otherwise(lambda: 2): """not three.
            Hint: more than two.
            Hint: less than four.""",
    },
)


def fresh(exercise: Exercise = three) -> Exercise:
    return exercise.afresh()


@pytest.mark.parametrize("nothing", [None, ..., NotImplemented])
def test_an_untouched_exercise_is_not_yet_and_counts_no_try(nothing, capsys):
    check = fresh()
    for _ in range(3):
        check(lambda: nothing)
    judgement = "Not yet: your code returns nothing" if nothing is None else "Not yet: write your answer"
    assert capsys.readouterr().out.count(judgement) == 3
    assert not check.made


def test_a_function_without_a_body_is_not_yet_begun():
    def empty(): ...

    assert fresh().judge(empty).startswith("Not yet: write your answer")


def test_a_missing_forward_is_an_error_and_not_an_untouched_exercise():
    class Misspelt(nn.Module):
        def froward(self):
            return 1

    assert fresh().judge(lambda: Misspelt()()).startswith("Not right yet")


def test_a_check_given_a_result_asks_for_the_function():
    assert "without brackets" in fresh().judge(0.5) and "without brackets" in fresh().judge(nn.Linear(1, 1))


def test_a_check_survives_system_exit_and_stop_iteration():
    def leaves():
        raise SystemExit

    assert "SystemExit" in fresh().judge(leaves)
    assert "StopIteration" in fresh().judge(lambda: next(iter([])))


sums = Exercise(
    "it is the sum.",
    "`answer(array, table)`: the sum of the array.",
    right=lambda array, table: array.sum(),
    cases=lambda: [(np.arange(4.0), {"x": torch.ones(2)})],
    mistakes={otherwise(lambda array, table: 0.0): "it is not.\nHint: add.\nHint: add them up."},
)


def test_an_answer_cannot_change_what_it_is_judged_by():
    def doubles(array, table):
        array *= 2
        return array.sum()

    def doubles_inside(array, table):
        table["x"].mul_(2)
        return array.sum()

    assert fresh(sums).judge(lambda array, table: array.sum()).startswith("Correct")
    for answer in (doubles, doubles_inside):
        assert fresh(sums).judge(answer).startswith("Not right yet: your function changes its arguments")


def test_an_exercise_that_raises_not_implemented_or_uses_the_dots_is_not_yet():
    def later():
        raise NotImplementedError

    assert fresh().judge(later).startswith("Not yet: write")
    judgement = fresh().judge(lambda: torch.zeros(2) & torch.ones(2))  # torch raises the same for bits of floats
    assert re.search(
        r"^Not right yet: line .* raised (NotImplemented|Runtime)Error: .* not implemented for 'Float'", judgement
    )
    layer = ...
    assert fresh().judge(lambda: layer(2)).startswith("Not yet: replace each `...`")


def test_the_second_hint_comes_with_the_same_mistake_made_again():
    check = fresh()
    assert check.judge(lambda: 2) == "Not right yet: not three.\nHint 1: more than two."
    assert check.judge(lambda: 2.0) == "Not right yet: not a whole number.\nHint 1: count."
    for _ in range(2):
        assert check.judge(lambda: 4) == "Not right yet: not three.\nHint 1: more than two.\nHint 2: less than four."
    assert check.judge(lambda: 3) == "Correct: three."


def test_an_error_in_the_answer_is_one_sentence_with_the_line():
    def broken():
        return {}["no"]  # this line

    judgement = fresh().judge(broken)
    line = broken.__code__.co_firstlineno + 1
    assert (
        judgement
        == f"""Not right yet: line {line} of your code, `return {{}}["no"]  # this line`, raised KeyError: 'no'"""
    )


def test_an_error_inside_a_library_points_to_the_line_that_called_it():
    def broken():
        return torch.ones(2, 3) @ torch.ones(2, 3)

    judgement = fresh().judge(broken)
    # newer releases of torch name the operation first
    assert re.search(
        r"`return torch.ones\(2, 3\) @ torch.ones\(2, 3\)`, raised RuntimeError: .*mat1 and mat2", judgement
    )
    assert "\n" not in judgement and "Traceback" not in judgement


def test_a_check_leaves_torchs_generator_alone_and_judges_equally():
    torch.manual_seed(1)
    expected = torch.rand(1)
    torch.manual_seed(1)
    drawn = []
    check = fresh()
    for _ in range(2):
        check.judge(lambda: drawn.append(torch.rand(1).item()))
    assert drawn[0] == drawn[1]
    assert torch.equal(torch.rand(1), expected)


def test_a_check_says_of_a_worked_solution_only_that_it_passes(capsys):
    def solution_three():
        return 3

    def solution_two():
        return 2

    for answer, judgement in (
        (solution_three, "The worked solution passes.\n"),
        (solution_two, "Not right yet: not three.\nHint 1: more than two.\n"),
        (lambda: 3, "Correct: three.\n"),
    ):
        fresh()(answer)
        assert capsys.readouterr().out == judgement


def test_a_check_computes_on_one_thread_whatever_came_before():
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        used = []
        fresh().judge(lambda: used.append(torch.get_num_threads()) or 3)
        assert used == [1]
    finally:
        torch.set_num_threads(before)


def test_a_long_check_says_at_once_what_it_does_and_leaves_nothing(monkeypatch, capsys):
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    bar = at_work("training two pairs", [1, 2])
    assert "training two pairs:   0%" in capsys.readouterr().err
    assert list(bar) == [1, 2]
    with at_work("training a world"):
        assert "training a world…" in capsys.readouterr().err
    assert capsys.readouterr().err.endswith("\r")
    monkeypatch.setenv("TQDM_DISABLE", "1")
    assert list(at_work("training two pairs", [1, 2])) == [1, 2]
    assert capsys.readouterr() == ("", "")


def test_no_traceback_leaves_a_check(capsys):
    fresh()(lambda missing: 3)
    out = capsys.readouterr().out
    assert out.startswith("Not right yet: ") and "Traceback" not in out
