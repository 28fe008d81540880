"""Checks judge right, wrong, untouched and broken answers, and give two hints."""

import re

import numpy as np
import pytest
import torch
from torch import nn

from helpers.display.exercises import Exercise, at_work
from helpers.display.mistakes import form, otherwise

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


sums = Exercise(
    "it is the sum.",
    "`answer(array, table)`: the sum of the array.",
    right=lambda array, table: array.sum(),
    cases=lambda: [(np.arange(4.0), {"x": torch.ones(2)})],
    mistakes={otherwise(lambda array, table: 0.0): "it is not.\nHint: add.\nHint: add them up."},
)

layer = ...


def empty(): ...


def later():
    raise NotImplementedError


def leaves():
    raise SystemExit


def breaks():
    return {}["no"]  # this line


def breaks_in_torch():
    return torch.ones(2, 3) @ torch.ones(2, 3)


class Misspelt(nn.Module):
    def froward(self):
        return 1


def doubles(array, table):
    array *= 2
    return array.sum()


def doubles_inside(array, table):
    table["x"].mul_(2)
    return array.sum()


NOTHING, BEGIN = "Not yet: your code returns nothing", "Not yet: write your answer"
BRACKETS, CHANGES = "Not yet: .* without brackets", "Not right yet: your function changes its arguments"
HERE = rf"Not right yet: line {breaks.__code__.co_firstlineno + 1} of your code, `return {{}}\[.no.\]  # this line`"
ERROR = "Not right yet: line .*"
JUDGED = [
    (three, lambda: 3, r"Correct: three\.$"),
    (three, lambda: 2, r"Not right yet: not three\.\nHint 1: more than two\.$"),
    *(
        (three, lambda value=value: value, said)
        for value, said in ((None, NOTHING), (..., BEGIN), (NotImplemented, BEGIN))
    ),
    *((three, answer, BEGIN) for answer in (empty, later)),
    (three, lambda: layer(2), "Not yet: replace each `...`"),
    *((three, answer, BRACKETS) for answer in (0.5, nn.Linear(1, 1))),
    (three, lambda: Misspelt()(), "Not right yet"),
    (three, lambda: torch.zeros(2) & torch.ones(2), ERROR + "(NotImplemented|Runtime)Error: .* for 'Float'"),
    (three, breaks, HERE + ", raised KeyError: 'no'$"),
    # newer releases of torch name the operation first
    (three, breaks_in_torch, ERROR + r"`return torch.ones\(2, 3\) @ .*`, raised RuntimeError: .*mat1 and mat2"),
    (three, lambda missing: 3, "Not right yet: the check could not use your answer"),
    (three, leaves, ERROR + "SystemExit"),
    (three, lambda: next(iter([])), ERROR + "StopIteration"),
    (sums, lambda array, table: array.sum(), "Correct"),
    *((sums, answer, CHANGES) for answer in (doubles, doubles_inside)),
]


@pytest.mark.parametrize(("exercise", "answer", "said"), JUDGED)
def test_every_answer_meets_one_judgement_in_a_line_and_hints_where_a_mistake_was_made(exercise, answer, said, capsys):
    check = exercise.afresh()
    check(answer)
    judgement = capsys.readouterr().out.rstrip("\n")
    assert re.match(said, judgement)
    assert len(judgement.splitlines()) == 1 + sum(check.made.values()) == 1 + judgement.count("Hint")


def test_the_second_hint_comes_with_the_same_mistake_made_again():
    check = three.afresh()
    assert check.judge(lambda: 2) == "Not right yet: not three.\nHint 1: more than two."
    assert check.judge(lambda: 2.0) == "Not right yet: not a whole number.\nHint 1: count."
    for _ in range(2):
        assert check.judge(lambda: 4) == "Not right yet: not three.\nHint 1: more than two.\nHint 2: less than four."
    assert check.judge(lambda: 3) == "Correct: three."


def test_a_check_leaves_torchs_generator_alone_and_judges_equally():
    torch.manual_seed(1)
    expected = torch.rand(1)
    torch.manual_seed(1)
    drawn = []
    check = three.afresh()
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
        three.afresh()(answer)
        assert capsys.readouterr().out == judgement


def test_a_check_computes_on_one_thread_whatever_came_before():
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        used = []
        three.afresh().judge(lambda: used.append(torch.get_num_threads()) or 3)
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


def test_where_nbgrader_runs_a_check_what_is_not_correct_is_an_error(monkeypatch, capsys):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    for answer in (lambda: 2, lambda: ...):
        with pytest.raises(AssertionError, match=r"not three|Not yet"):
            three.afresh()(answer)
    three.afresh()(lambda: 3)
    assert capsys.readouterr().out.startswith("Correct")
