"""Chapter 04's exercises: the solutions pass, typical wrong answers meet their own words."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from helpers.chapters.ch04 import exercises
from helpers.models.shared_bottom import SharedBottom
from tests.chapters.shared import judge, solution


class Solution(nn.Module):
    """A Shared-Bottom as the exercise asks for it; the wrong answers below change one thing each."""

    def __init__(self, inputs, width=8):
        super().__init__()
        self.bottom = nn.Sequential(nn.Linear(inputs, width), nn.ReLU())
        self.a, self.b = self.tower(width), self.tower(width)

    def tower(self, width):
        return nn.Sequential(nn.Linear(width, 4), nn.ReLU(), nn.Linear(4, 1))

    def forward(self, x):
        shared = self.bottom(x)
        return {"a": self.a(shared).squeeze(-1), "b": self.b(shared).squeeze(-1)}


class Tuple(Solution):
    def forward(self, x):
        return tuple(super().forward(x).values())


class Column(Solution):
    def forward(self, x):
        return {task: output[:, None] for task, output in super().forward(x).items()}


class TwoBottoms(Solution):
    def __init__(self, inputs):
        super().__init__(inputs)
        self.second = nn.Sequential(nn.Linear(inputs, 8), nn.ReLU())

    def forward(self, x):
        return {"a": self.a(self.bottom(x)).squeeze(-1), "b": self.b(self.second(x)).squeeze(-1)}


class TwoColumns(nn.Module):
    def __init__(self, inputs, bent=nn.ReLU, last=nn.Identity):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(inputs, 8), bent(), nn.Linear(8, 2), last())

    def forward(self, x):
        return dict(zip("ab", self.layers(x).unbind(-1), strict=True))


class OneTower(Solution):
    def __init__(self, inputs):
        super().__init__(inputs)
        self.b = self.a


class PlainDict(Solution):
    def __init__(self, inputs):
        super().__init__(inputs)
        self.hidden = {"a": self.a, "b": self.b}
        del self.a, self.b

    def forward(self, x):
        return {task: tower(self.bottom(x)).squeeze(-1) for task, tower in self.hidden.items()}


class ReadsTheOther(Solution):
    """Task A also uses task B's tower; with `both`, each uses the other's."""

    def __init__(self, inputs, both=False):
        super().__init__(inputs)
        self.both = both

    def forward(self, x):
        shared = self.bottom(x)
        a, b = self.a(shared).squeeze(-1), self.b(shared).squeeze(-1)
        return {"a": a + 0.5 * b, "b": b - 0.5 * a if self.both else b}


class LinearBottom(Solution):
    """The towers bend, the bottom does not."""

    def __init__(self, inputs):
        super().__init__(inputs)
        self.bottom = nn.Sequential(nn.Linear(inputs, 8), nn.Linear(8, 8))


class Twins(Solution):
    def tower(self, width):
        torch.manual_seed(7)
        return super().tower(width)


class Linear(Solution):
    def __init__(self, inputs):
        super().__init__(inputs)
        self.bottom, self.a, self.b = nn.Linear(inputs, 8), nn.Linear(8, 1), nn.Linear(8, 1)


class SharedScale(TwoBottoms):
    """A bottom for each task; all that both share is one number, before the bottoms or after them."""

    def __init__(self, inputs, before=True):
        super().__init__(inputs)
        self.before, self.scale = before, nn.Parameter(torch.ones(1))

    def forward(self, x):
        if self.before:
            return super().forward(self.scale * x)
        return {task: self.scale * output for task, output in super().forward(x).items()}


class SharedTop(TwoBottoms):
    """A bottom for each task, under a layer that both share."""

    def __init__(self, inputs):
        super().__init__(inputs)
        self.middle = nn.Linear(8, 8)

    def forward(self, x):
        a, b = self.middle(self.bottom(x)), self.middle(self.second(x))
        return {"a": self.a(a).squeeze(-1), "b": self.b(b).squeeze(-1)}


class Residual(Solution):
    """Right, if unusual: the bottom hands its inputs on as well, and draws no line by a layer of its own."""

    def __init__(self, inputs):
        super().__init__(inputs, width=inputs)

    def forward(self, x):
        shared = x + self.bottom(x)
        return {"a": self.a(shared).squeeze(-1), "b": self.b(shared).squeeze(-1)}


class ByHand(nn.Module):
    """Right: matrices in place of layers."""

    def __init__(self, inputs):
        super().__init__()
        self.bottom = nn.Parameter(torch.randn(inputs, 8))
        self.towers = nn.ParameterList([nn.Parameter(torch.randn(8)) for _ in range(2)])

    def forward(self, x):
        shared = (x @ self.bottom).relu()
        return {name: shared @ tower for name, tower in zip("ab", self.towers, strict=True)}


class Squeezed(Solution):
    def forward(self, x):
        shared = self.bottom(x)
        return {"a": self.a(shared).squeeze(), "b": self.b(shared).squeeze()}


class Bounded(nn.Module):
    """A Shared-Bottom whose outputs cannot be any number."""

    def __init__(self, inputs, end):
        super().__init__()
        self.bottom, self.end = nn.Sequential(nn.Linear(inputs, 8), nn.ReLU()), end
        self.towers = nn.ModuleDict({task: nn.Linear(8, 1) for task in "ab"})

    def forward(self, x):
        shared = self.bottom(x)
        return {task: self.end(tower(shared).squeeze(-1)) for task, tower in self.towers.items()}


class Blank(nn.Module):
    def __init__(self, inputs):
        super().__init__()
        self.bottom = ...

    def forward(self, x):
        return {"a": self.bottom(x)}


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Solution, "Correct: one bottom learns from both tasks"),
        (lambda inputs: None, "Not yet: write your answer"),
        (Blank, "Not yet: replace each `...`"),
        (Tuple, "calling the model gave 2 parts"),
        (Column, "gave 'a' an output of shape (64, 1), not (64,)"),
        (TwoBottoms, "no parameter gets a gradient from both tasks"),
        (SharedScale, "no layer gets a gradient from both tasks"),
        (SharedTop, "a layer of one task alone reads the inputs"),
        (Squeezed, "one row gave 'a' an output of shape (), not (1,)"),
        (Residual, "Correct"),
        (ByHand, "Correct"),
        (OneTower, "both tasks use one and the same tower"),
        (TwoColumns, "Your towers are the rows of one matrix"),
        (lambda inputs: TwoColumns(inputs, nn.Identity), "the whole model is linear"),
        (lambda inputs: TwoColumns(inputs, last=nn.Sigmoid), "these are probabilities, not logits"),
        (PlainDict, "a layer has parameters that an optimiser would not find"),
        (ReadsTheOther, "depends on the tower of the other task, too"),
        (LinearBottom, "what a tower reads is linear in the inputs"),
        (Twins, "the towers start identical"),
        (lambda inputs: Bounded(inputs, torch.tanh), "Hint 1"),
        (lambda inputs: Bounded(inputs, torch.relu), "Hint 1"),
        (lambda inputs: Bounded(inputs, nn.functional.logsigmoid), "Hint 1"),
    ],
)
def test_shared_bottom(answer, words):
    assert words in judge(exercises.shared_bottom, answer)


def test_the_shared_bottom_of_the_library_passes():
    answer = lambda inputs: SharedBottom(inputs, {"click": "binary", "like": "binary"}, bottom=[8], towers=[4])  # noqa: E731
    assert judge(exercises.shared_bottom, answer).startswith("Correct")


def test_an_answer_that_the_check_cannot_use_says_so():
    said = judge(exercises.losing_pair, lambda: ({"shared": "two"}, 2))
    assert said.startswith("Not right yet: the check could not use your answer (ValueError: shared: got 'two'")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (({"shared": 2}, 2), "what the two tasks need.\nSharing gives -0.0"),
        (None, "Not yet"),
        ({"shared": 2}, "did not return a dict of settings and a whole number"),
        (({"seed": 3}, 2), "['seed'] cannot be set here"),
        (({"shared": 0}, 2), "correlate by +0.00, less than 0.4"),
        (({"shared": 4, "relation": "opposite"}, 2), "correlate by -1.00"),
        pytest.param(({"shared": 2, "noise": 60.0}, 2), "find almost nothing", marks=pytest.mark.long),
        pytest.param(({"shared": 4}, 8), "a gain", marks=pytest.mark.long),
        pytest.param(({"shared": 3}, 3), "undecided, as the interval reaches across −0.01", marks=pytest.mark.long),
    ],
)
def test_losing_pair(answer, words):
    assert words in judge(exercises.losing_pair, lambda: answer)


@pytest.fixture
def measured(monkeypatch):
    """About what the check finds, without its work."""
    monkeypatch.setattr(exercises, "_few_labels", lambda: ((0.0, -0.03, 0.02), (0.16, 0.09, 0.22)))


@pytest.mark.parametrize(
    ("forecast", "words"),
    [
        ((0.0, 0.15), "Correct: task B learns from task A's labels"),
        ([np.float64(-0.02), 0.1], "task A gains +0.000"),
        ((torch.tensor(0.0), torch.tensor(0.3)), "Correct"),
        (..., "Not yet"),
        (0.1, "a float, not two numbers"),
        ((0.0, "more"), "not two numbers"),
        ((0.1, 0.15), "+0.10 R² is more than task A gains"),
        ((-0.1, 0.15), "-0.10 R² is less than what happens to task A"),
        ((0.0, 0.0), "task B gains more than +0.00 R²"),
        ((0.0, -0.2), "task B gains more than -0.20 R²"),
        ((0.0, 0.5), "+0.50 R² is more than task B gains"),
    ],
)
def test_few_labels(measured, forecast, words):
    assert words in judge(exercises.few_labels, lambda: forecast)


@pytest.mark.long
def test_few_labels_help_the_task_that_has_few():
    """The check trains what its text says: task A is where it was, task B gains."""
    (gain_a, *_), (gain_b, low_b, _) = exercises._few_labels()
    assert abs(gain_a) < 0.03 and low_b > 0.05 and 0.1 < gain_b < 0.25


def first_step(steps, losses, target):
    there = losses <= target
    return steps[there][0] if there.any() else np.inf


def closest(steps, losses, target):
    return steps[np.abs(losses - target).argmin()]


WRONG_STEPS = {
    "place": (lambda s, v, t: int((v <= t).argmax()), "is the place of the evaluation"),
    "place from one": (lambda s, v, t: int((v <= t).argmax()) + 1, "is the place of the evaluation"),
    "lowest": (lambda s, v, t: s[v.argmin()], "not at 60: the run had started, or ended, there"),
    "all": (lambda s, v, t: s[v <= t], "an array of shape (3,), not one number"),
    "closest": (closest, "first gets to 0.5 at step 40, not at 30"),
    "last": (lambda s, v, t: s[v > t][-1] + 10 if (v <= t).any() else np.inf, "rises again; the function says 60"),
    "strict": (lambda s, v, t: s[v < t][0] if (v < t).any() else np.inf, "the function says 50 instead of 40"),
    "argmax": (lambda s, v, t: s[(v <= t).argmax()], "a run that never gets to the target gives 10"),
    "none": (lambda s, v, t: s[v <= t][0] if (v <= t).any() else None, "gives a NoneType"),
    "budget": (lambda s, v, t: s[v <= t][0] if (v <= t).any() else s[-1], "gives 60"),
    "nan": (lambda s, v, t: s[v <= t][0] if (v <= t).any() else np.nan, "gives nan"),
    "every ten steps": (lambda s, v, t: 10 * ((v <= t).argmax() + 1) if (v <= t).any() else np.inf, ""),
}


def reading(no_effect):
    def answer(low, high, matters):
        if low > matters or high < -matters:
            return "gain" if low > matters else "loss"
        return "no effect" if no_effect(low, high, matters) else "undecided"

    return answer


read_cell = reading(lambda low, high, m: -m < low and high < m)


def from_zero(low, high, matters):
    return "gain" if low > 0 else "loss" if high < 0 else "undecided"


def hold_zero(low, high, matters):
    return "no effect" if low < 0 < high else read_cell(low, high, matters)


def by_mean(low, high, matters):
    mean = (low + high) / 2
    return "gain" if mean > matters else "loss" if mean < -matters else "no effect"


WRONG_CELLS = {
    "zero": (from_zero, "it leaves out 0, but may be too small to matter"),
    "mean": (by_mean, "it leaves out 0, but may be too small to matter"),
    "no effect where it holds zero": (hold_zero, "it holds clear gains as well as clear losses"),
    "sign turned": (lambda low, high, m: read_cell(-high, -low, m), "all of it is above +0.01"),
    "another word": (lambda low, high, m: "better", "returned 'better'"),
    "no undecided small": (
        lambda low, high, m: "undecided" if -m < low < 0 else read_cell(low, high, m),
        "wherever in it the truth is",
    ),
    "the high end alone": (reading(lambda low, high, m: high < m), ""),
    "the width": (reading(lambda low, high, m: high - low < 2 * m), ""),
    "0.01 for ever": (lambda low, high, m: read_cell(low, high, 0.01), ""),
}


@pytest.mark.parametrize(
    ("check", "answer", "words"),
    [
        (exercises.first_step, first_step, "Correct: the first step at the target"),
        (exercises.first_step, lambda s, v, t: min(s[v <= t], default=float("inf")), "Correct"),
        (exercises.first_step, lambda s, v, t: ..., "Not yet"),
        (exercises.read_cell, read_cell, "Correct: what is clear"),
        (exercises.read_cell, lambda low, high, m: None, "Not yet"),
    ],
)
def test_a_right_step_and_reading_pass_and_an_untouched_one_is_not_yet(check, answer, words):
    assert judge(check, answer).startswith(words)


@pytest.mark.parametrize(
    ("check", "answer", "words"),
    [
        pytest.param(check, *wrong, id=name)
        for check, table in ((exercises.first_step, WRONG_STEPS), (exercises.read_cell, WRONG_CELLS))
        for name, wrong in table.items()
    ],
)
def test_a_wrong_step_or_reading_meets_its_own_words_and_two_hints(check, answer, words):
    said = judge(check, answer, times=2)
    assert said.startswith("Not right yet") and words in said
    assert "Hint 1" in said and "Hint 2" in said


def products(*widths):
    return sum(before * after for before, after in pairwise(widths))


def counted(share):
    """From the cost of one bottom, that of one tower, and the number of tasks."""
    return lambda inputs, bottom, tower, tasks: share(products(inputs, *bottom), products(bottom[-1], *tower), tasks)


def of_layers(inputs, bottom, tower, tasks):
    layers = [nn.Linear(*pair) for pair in pairwise([inputs, *bottom])]
    towers = [nn.Linear(*pair) for pair in pairwise([bottom[-1], *tower])]
    b, t = (sum(layer.weight.numel() for layer in part) for part in (layers, towers))
    return torch.tensor([(b + tasks * t) / (tasks * (b + t))])


def biased(inputs, bottom, tower, tasks):
    b, t = products(inputs, *bottom) + sum(bottom), products(bottom[-1], *tower) + sum(tower)
    return (b + tasks * t) / (tasks * (b + t))


def without_the_link(inputs, bottom, tower, tasks):
    b, t = products(inputs, *bottom), products(*tower)
    return (b + tasks * t) / (tasks * (b + t))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (counted(lambda b, t, n: (b + n * t) / (n * (b + t))), "Correct: the bottom runs once"),
        (of_layers, "Correct"),
        (solution("04_shared_bottom", "solution_cost", np=np), "Correct"),
        (lambda *given: ..., "Not yet"),
        (lambda inputs, bottom, tower, tasks: bottom + tower, "a list, not one number"),
        (counted(lambda b, t, n: n * (b + t) / (b + n * t)), "upside down"),
        (counted(lambda b, t, n: b + n * t), "this is the cost of the shared model"),
        (counted(lambda b, t, n: 1 / n), "one tower serves all tasks in your count"),
        (counted(lambda b, t, n: 1.0), "so nothing is saved"),
        (without_the_link, "a layer is missing"),
        (biased, "you counted the biases"),
        (counted(lambda b, t, n: t / (b + t)), "the share is 0.2727; yours is 0.0303"),
    ],
)
def test_cost(answer, words):
    assert words in judge(exercises.cost, answer)
