"""Predictions stay shut; checks judge right, wrong, untouched and broken answers, and give two hints."""

import re
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import torch
from scipy import stats
from torch import nn

from helpers.chapters.ch00 import exercises as chapter_00
from helpers.chapters.ch02 import exercises as chapter_02
from helpers.chapters.ch04 import exercises as chapter_04
from helpers.display import exercises
from helpers.display.exercises import Exercise, Folded, Probe, at_work, begun, exercise, predict, predict_number


@pytest.fixture
def check():
    """The exercises of chapter 04, with no mistakes remembered from another test."""

    class Fresh:
        shared_bottom = Exercise(chapter_04.shared_bottom.probes, chapter_04.shared_bottom.correct)
        transfer = Exercise(chapter_04.transfer.probes, chapter_04.transfer.correct)
        count = Exercise(chapter_04.count.probes, chapter_04.count.correct)
        losing_pair = Exercise(chapter_04.losing_pair.probes, chapter_04.losing_pair.correct)

    return Fresh


# predictions


def test_a_figure_goes_into_the_prediction_and_is_not_shown_by_the_cell():
    figure, axes = plt.subplots()
    axes.plot([0, 1])
    asked = predict("C4.P1", "Which task loses?", ["A", "B", "none"], answer=1, result=figure, why="Because.")
    assert asked.picture.startswith("iVBOR") and asked.text == ""
    assert figure.number not in plt.get_fignums()


def test_what_stands_in_for_a_prediction_asks_and_does_not_tell():
    asked = predict("C4.P1", "Which task loses?", ["A", "B"], answer=1, result="Task B lost 0.05.", why="Little room.")
    data, _ = asked._repr_mimebundle_()
    assert data["text/plain"].startswith("Prediction C4.P1. Which task loses?\n  ( ) A\n  ( ) B\n")
    assert "jupyter trust" in data["text/plain"]
    assert "lost" not in data["text/plain"] and "room" not in data["text/plain"]
    assert "image/png" not in data and "0x" not in data["text/plain"]


def test_a_guess_is_a_number():
    asked = predict_number("C4.P2", "How much?", answer=np.float64(-0.047), result="so", unit="R²")
    assert (asked.options, asked.answer, asked.unit) == ([], -0.047, "R²")


@pytest.mark.parametrize(
    ("options", "answer", "result", "message"),
    [
        (["A"], 0, "", "options: got 1 options; expected at least two"),
        (["A", "B"], 2, "", "answer: got 2; expected a whole number from 0 to 1"),
        (["A", "B"], 0.5, "", "answer: got 0.5; expected a whole number from 0 to 1"),
        (["A", "B"], 0, 3.0, "result: got float; expected a matplotlib figure or a string"),
    ],
)
def test_a_wrong_prediction_is_named(options, answer, result, message):
    with pytest.raises((ValueError, TypeError)) as error:
        predict("C4.P1", "?", options, answer, result)
    assert message in str(error.value)


# the machinery of checks


@exercise("three.")
def three(answer):
    value = begun(answer())
    yield Probe(isinstance(value, int), "not a whole number.", "count.", "count on your fingers.")
    yield Probe(value == 3, "not three.", "more than two.", "less than four.")


def fresh() -> Exercise:
    return Exercise(three.probes, three.correct)


@pytest.mark.parametrize("nothing", [None, ..., NotImplemented])
def test_an_untouched_exercise_is_not_yet_and_counts_no_try(nothing, capsys):
    check = fresh()
    for _ in range(3):
        check(lambda: nothing)
    said = "Not yet: your code gives back nothing" if nothing is None else "Not yet: write your answer"
    assert capsys.readouterr().out.count(said) == 3
    assert not check.mistakes


def test_a_function_without_a_body_is_not_yet_begun():
    def empty(): ...

    assert fresh().judge(empty).startswith("Not yet: write your answer")


def test_a_missing_forward_is_no_untouched_exercise():
    class Misspelt(nn.Module):
        def froward(self):
            return 1

    assert fresh().judge(lambda: Misspelt()()).startswith("Not right yet")


def test_who_hands_over_a_result_is_told_to_hand_over_the_function():
    assert "without brackets" in fresh().judge(0.5) and "without brackets" in fresh().judge(nn.Linear(1, 1))


def test_what_ends_a_kernel_ends_no_check():
    def leaves():
        raise SystemExit

    assert "SystemExit" in fresh().judge(leaves)
    assert "StopIteration" in fresh().judge(lambda: next(iter([])))


@exercise("it is the sum.")
def _sums(answer):
    """`answer(array, table)`: two sums of what was given."""
    array = np.arange(4.0)
    yield Probe(begun(answer(array, {"x": torch.ones(2)})) == array.sum(), "it is not.", "add.", "add them up.")


def test_an_answer_cannot_change_what_it_is_judged_by():
    def doubles(array, table):
        array *= 2
        return array.sum()

    def doubles_inside(array, table):
        table["x"].mul_(2)
        return array.sum()

    def fresh_sums(answer):
        return Exercise(_sums.probes, _sums.correct).judge(answer)

    assert fresh_sums(lambda array, table: array.sum()).startswith("Correct")
    for answer in (doubles, doubles_inside):
        assert fresh_sums(answer).startswith("Not right yet: your function writes into what it was given")


def test_an_exercise_that_raises_not_implemented_or_uses_the_dots_is_not_yet():
    def later():
        raise NotImplementedError

    assert fresh().judge(later).startswith("Not yet: write")
    found = fresh().judge(lambda: torch.zeros(2) & torch.ones(2))  # torch raises the same for bits of floats
    assert re.search(
        r"^Not right yet: line .* raised (NotImplemented|Runtime)Error: .* not implemented for 'Float'", found
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

    said = fresh().judge(broken)
    line = broken.__code__.co_firstlineno + 1
    assert (
        said == f"""Not right yet: line {line} of your code, `return {{}}["no"]  # this line`, raised KeyError: 'no'"""
    )


def test_an_error_inside_a_library_points_to_the_line_that_called_it():
    def broken():
        return torch.ones(2, 3) @ torch.ones(2, 3)

    said = fresh().judge(broken)
    # newer releases of torch name the operation first
    assert re.search(r"`return torch.ones\(2, 3\) @ torch.ones\(2, 3\)`, raised RuntimeError: .*mat1 and mat2", said)
    assert "\n" not in said and "Traceback" not in said


def test_addresses_are_left_out_so_that_outputs_stay_equal():
    def broken():
        raise ValueError(f"no {object()}")

    assert "0x…" in fresh().judge(broken)


def test_an_answer_that_the_check_cannot_use_says_so():
    said = Exercise(chapter_04.transfer.probes, "").judge(lambda shared, single: ("mean", "low", "high"))
    assert said.startswith("Not right yet: the check could not use your answer (ValueError: could not convert string")


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


def test_of_a_worked_solution_a_check_says_only_that_it_passes(capsys):
    def solution_three():
        return 3

    def solution_two():
        return 2

    for answer, said in (
        (solution_three, "The worked solution passes.\n"),
        (solution_two, "Not right yet: not three.\nHint 1: more than two.\n"),
        (lambda: 3, "Correct: three.\n"),
    ):
        fresh()(answer)
        assert capsys.readouterr().out == said


def test_what_a_solution_finds_is_shut():
    table = pd.DataFrame({"gain": [0.02]})
    for found, shown in ((table, table._repr_html_()), ("126 < 200", "<pre>126 &lt; 200</pre>")):
        folded = Folded(found)
        assert folded._repr_html_() == f"<details><summary>What it finds</summary>{shown}</details>"
        assert repr(folded) == f"What it finds:\n{found}"


def test_a_figure_is_shut_with_its_words():
    figure, axes = plt.subplots()
    axes.set_title("One < two")
    folded = Folded(figure, "All < pairs")
    shown = folded._repr_html_()
    assert shown.startswith('<details><summary>All &lt; pairs</summary><img alt="One &lt; two') and "base64," in shown
    assert repr(folded).startswith("All < pairs:\nOne < two") and figure.number not in plt.get_fignums()


# chapter 04: the solution passes, typical wrong answers meet their own words


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
    def __init__(self, inputs):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(inputs, 8), nn.ReLU(), nn.Linear(8, 2))

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


class HalfPlainDict(PlainDict):
    """One tower is registered, the other is not."""

    def __init__(self, inputs):
        super().__init__(inputs)
        self.a = self.hidden["a"]


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


class BendsLater(LinearBottom):
    """Right: the nonlinearity after the bottom's layer is the first thing in each tower."""

    def tower(self, width):
        return nn.Sequential(nn.ReLU(), nn.Linear(width, 1))


class Twins(Solution):
    def tower(self, width):
        torch.manual_seed(7)
        return super().tower(width)


class Probabilities(Solution):
    def forward(self, x):
        return {task: torch.sigmoid(output) for task, output in super().forward(x).items()}


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


class Normed(Solution):
    """Right: with batch norm one row is a matter of evaluation mode."""

    def __init__(self, inputs):
        super().__init__(inputs)
        self.bottom = nn.Sequential(nn.Linear(inputs, 8), nn.BatchNorm1d(8), nn.ReLU())


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
        (Tuple, "calling the model gave a tuple, not a dict of two tasks"),
        (Column, "gave 'a' an output of shape (64, 1), not (64,)"),
        (TwoBottoms, "no parameter gets a gradient from both tasks"),
        (SharedScale, "no layer gets a gradient from both tasks"),
        (lambda inputs: SharedScale(inputs, before=False), "no layer gets a gradient from both tasks"),
        (SharedTop, "a layer of one task alone reads the inputs"),
        (Squeezed, "one row gave 'a' an output of shape (), not (1,)"),
        (Residual, "Correct"),
        (ByHand, "Correct"),
        (Normed, "Correct"),
        (OneTower, "both tasks use one and the same tower"),
        (TwoColumns, "both outputs are columns of one and the same last layer"),
        (PlainDict, "a layer has parameters that an optimiser would not find"),
        (HalfPlainDict, "a layer has parameters that an optimiser would not find"),
        (ReadsTheOther, "depends on the tower of the other task, too"),
        (lambda inputs: ReadsTheOther(inputs, both=True), "depends on the tower of the other task, too"),
        (LinearBottom, "what a tower reads is linear in the inputs"),
        (BendsLater, "Correct"),
        (Twins, "the towers start identical"),
        (Probabilities, "these are probabilities, not logits"),
        (Linear, "the whole model is linear"),
    ],
)
def test_shared_bottom(check, answer, words):
    assert words in check.shared_bottom.judge(answer)


def test_the_shared_bottom_of_the_library_passes(check):
    models = pytest.importorskip("helpers.models.shared_bottom")
    answer = lambda inputs: models.SharedBottom(inputs, {"click": "binary", "like": "binary"}, bottom=[8], towers=[4])  # noqa: E731
    assert check.shared_bottom.judge(answer).startswith("Correct")


def interval(difference, factor=2.093):
    mean, half = difference.mean(), factor * difference.std(ddof=1) / len(difference) ** 0.5
    return mean, mean - half, mean + half


def of_all(shared, single, factor=2.093):
    """With NumPy's own standard deviation, ddof=0."""
    gain = shared - single
    half = factor * gain.std() / len(gain) ** 0.5
    return gain.mean(), gain.mean() - half, gain.mean() + half


def unpaired(shared, single):
    mean = shared.mean() - single.mean()
    half = 2.093 * ((shared.var(ddof=1) + single.var(ddof=1)) / 20) ** 0.5
    return mean, mean - half, mean + half


def low_mean_high(shared, single):
    mean, low, high = interval(shared - single)
    return low, mean, high


def nested(shared, single):
    mean, low, high = interval(shared - single)
    return mean, (low, high)


def bootstrap(shared, single, method="percentile", seed=0, draws=1000, level=0.95):
    gain = shared - single
    options = {"method": method, "n_resamples": draws, "confidence_level": level}
    found = stats.bootstrap((gain,), np.mean, random_state=seed, **options).confidence_interval
    return gain.mean(), found.low, found.high


@pytest.mark.parametrize("method", ["percentile", "basic", "BCa"])
@pytest.mark.parametrize("seed", range(10))
def test_a_bootstrap_interval_of_the_mean_is_right_as_well(check, method, seed):
    judged = check.transfer.judge(lambda *scores: bootstrap(*scores, method, seed))
    assert judged.startswith("Correct")
    judged = check.transfer.judge(lambda *scores: bootstrap(*scores, method, seed, level=0.68))
    assert "standard errors; for 95% of 20 seeds it is about 2" in judged


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (low_mean_high, "the three numbers come as low, mean, high"),
        (nested, "the ends of the interval came as a pair of their own"),
        (lambda *scores: list(nested(*scores)), "the ends of the interval came as a pair of their own"),
        (lambda shared, single: interval(shared - single), "Correct: paired by seed"),
        (lambda shared, single: interval(shared - single), "It is as wide as 20 seeds ask for"),
        (lambda shared, single: interval(shared - single, factor=1.96), "Correct: paired by seed"),
        (lambda shared, single: interval(shared - single, factor=1.96), "Its half width is 1.96 standard errors"),
        (lambda *scores: of_all(*scores), "divides by 20, not by 19"),
        (lambda *scores: of_all(*scores, factor=1.96), "divides by 20, not by 19"),
        (lambda shared, single: ..., "Not yet"),
        (lambda shared, single: shared - single, "an array of shape (20,)"),
        (lambda shared, single: (shared - single).mean(), "one number, not the three"),
        (lambda shared, single: interval(single - shared), "the sign is turned round"),
        (lambda shared, single: interval(shared), "not the mean of the differences"),
        (unpaired, "that of two unrelated groups of runs"),
        (
            lambda shared, single: interval(shared - single, factor=2.093 * 20**0.5),
            "it holds single runs, not their mean",
        ),
        (
            lambda shared, single: interval(shared - single, factor=1.0),
            "1.0 standard errors; for 95% of 20 seeds it is about 2",
        ),
        (lambda shared, single: interval(shared - single, factor=1.645), "1.6 standard errors"),
        (lambda shared, single: interval(shared - single, factor=1.729), "1.7 standard errors"),
        (lambda shared, single: interval(shared - single, factor=2.861), "2.9 standard errors"),
        (lambda shared, single: interval(shared - single, factor=-2.093), "does not lie evenly around the mean"),
    ],
)
def test_transfer(check, answer, words):
    assert words in check.transfer.judge(answer)


def layers(*sizes):
    return sum((n + 1) * m for n, m in pairwise(sizes))


def counts(shared):
    """An answer whose first count is `shared(bottom, tower, last, tasks)`, of the parts of one model."""

    def answer(inputs, bottom, tower, tasks):
        parts = layers(inputs, bottom), layers(bottom, tower), tower + 1
        return shared(*parts, tasks), tasks * sum(parts)

    return answer


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (counts(lambda b, t, o, n: b + n * (t + o)), "Correct: one bottom however many tasks"),
        (lambda inputs, bottom, tower, tasks: None, "Not yet"),
        (lambda inputs, bottom, tower, tasks: 7, "one number, not two"),
        (lambda i, b, t, n: (i * b + n * (b * t + t), 0), "the biases are missing"),
        (counts(lambda b, t, o, n: b + n * t), "the layer that ends each tower is missing"),
        (counts(lambda b, t, o, n: b + t + o), "the towers are counted once"),
        (counts(lambda b, t, o, n: n * (b + t + o)), "as many parameters as the single-task models"),
        (counts(lambda b, t, o, n: b + n * t + o), "which is not right"),
        (
            lambda i, b, t, n: (layers(i, b) + n * layers(b, t, 1), layers(i, b) + n * layers(b, t, 1)),
            "four single-task",
        ),
        (
            lambda i, b, t, n: (layers(i, b) + 4 * layers(b, t, 1), 4 * layers(i, b, t, 1)),
            "with one task the two counts",
        ),
    ],
)
def test_count(check, answer, words):
    assert words in check.count.judge(answer)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (({"shared": 2}, 2), "what the two tasks need.\nSharing gives -0.0"),
        (None, "Not yet"),
        ({"shared": 2}, "did not give back a dict of settings and a whole number"),
        (({"seed": 3}, 2), "['seed'] cannot be set here"),
        (({"shared": 0}, 2), "correlate by +0.00, less than 0.4"),
        (({"shared": 4, "relation": "opposite"}, 2), "correlate by -1.00"),
        (({"shared": 2, "noise": 60.0}, 2), "find almost nothing"),
        (({"shared": 4}, 8), "a gain"),
        (({"shared": 3}, 3), "undecided, as the interval reaches across −0.01"),
    ],
)
def test_losing_pair(check, answer, words):
    assert words in check.losing_pair.judge(lambda: answer)


def test_what_the_probes_return_is_said_after_correct():
    @exercise("it is so.")
    def told(answer):
        yield Probe(answer() > 0, "it is not.", "more.", "much more.")
        return f"By {answer()}."

    assert told.judge(lambda: 2) == "Correct: it is so.\nBy 2."
    assert told.judge(lambda: -2) == "Not right yet: it is not.\nHint 1: more."
    assert fresh().judge(lambda: 3) == "Correct: three."


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


def test_what_takes_more_than_two_seconds_says_what_it_does(monkeypatch):
    """The three checks that simulate or train; here each stops where the work would begin."""
    said = []

    def at_work(doing, things=None):
        said.append(doing)
        return exercises.at_work(doing, things)

    monkeypatch.setenv("TQDM_DISABLE", "1")
    for chapter in (chapter_00, chapter_02, chapter_04):
        monkeypatch.setattr(chapter, "at_work", at_work)
    monkeypatch.setattr(chapter_02.watch_time, "own_time", lambda *given: 1 / 0)
    monkeypatch.setattr(chapter_04.sharing, "score", lambda *given: 1 / 0)
    chapter_00.scorer.judge(lambda history, rows: np.zeros(len(rows)))
    chapter_02.trial(lambda clicks: clicks["watch_seconds"])
    chapter_04.losing_pair.judge(lambda: ({"shared": 2}, 2))
    assert said == ["scoring six feeds", "training weighted CE with your T in 10 worlds", "training 16 pairs"]


def test_no_traceback_leaves_a_check(check, capsys):
    check.transfer(lambda shared: 0)
    out = capsys.readouterr().out
    assert out.startswith("Not right yet: ") and "Traceback" not in out
