"""The exercises of chapter 06: the solutions pass, and typical wrong answers meet their own words."""

import numpy as np
import pytest
import torch

from helpers.chapters.ch06 import exercises
from tests.chapters.shared import judge


def mixed(weigh):
    return lambda logits, outputs: (weigh(logits).unsqueeze(-1) * outputs).sum(1)


def two(logits, weigh=lambda values: values.softmax(1), most=2, axis=1):
    best = logits.topk(most, dim=axis)
    return torch.zeros_like(logits).scatter(axis, best.indices, weigh(best.values))


def by_exp(values):
    return values.exp() / values.exp().sum(1, keepdim=True)


def left_out(logits):
    """Minus infinity for all but the best two: another way to the same weights."""
    rank = logits.argsort(1, descending=True).argsort(1)
    return logits.masked_fill(rank > 1, -torch.inf).softmax(1)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (mixed(two), "Correct: the two best experts"),
        (mixed(left_out), "Correct"),
        (lambda z, f: torch.einsum("ne,new->nw", two(z), f), "Correct"),
        (lambda z, f: ..., "Not yet: write your answer"),
        (mixed(lambda z: z.softmax(1)), "every expert is in the mixture"),
        (mixed(lambda z: z.softmax(1) * (two(z) > 0)), "do not sum to 1"),
        (mixed(lambda z: (two(z) > 0) / 2), "the two count alike"),
        (mixed(lambda z: two(z, lambda values: values.softmax(0), axis=0)), "chosen among the rows"),
        (lambda z, f: mixed(two)(z, f) / 2, "a mean was taken where a sum belongs"),
        (mixed(lambda z: two(z, most=1)), "the first row should begin with"),
        (lambda z, f: (two(z).unsqueeze(-1) * f).sum(2), "a tensor of shape (5, 4) and torch.float32, not a tensor of"),
        (lambda z, f: two(z).unsqueeze(-1) * f, "a tensor of shape (5, 4, 3)"),
        (mixed(lambda z: two(z.detach())), "no gradient reaches the gate"),
        (lambda z, f: mixed(two)(z, f.detach()), "no gradient reaches the experts"),
        (lambda z, f: mixed(two)(z, f) + z.sum() - z.detach().sum(), "a wrong gradient reaches the gate"),
        (lambda z, f: sum(two(z)[:, [i]] * f[:, i] for i in range(4)), "for 1 rows and 6 experts of width 2"),
        (lambda z, f: mixed(two)(z, f).double(), "torch.float64, not a tensor"),
        (mixed(lambda z: two(z.clamp(max=80), by_exp)), "for logits of 500, 499"),
        (mixed(lambda z: two(z, by_exp)), "for logits of 500, 499 and −500 the mixture is"),
        (lambda z, f: 1 / 0, "ZeroDivisionError"),
    ],
)
def test_best_two(answer, words):
    assert words in judge(exercises.best_two, answer)


def width(gates=None, biases=1):
    def answer(inputs, tasks, experts, units, tower):
        of_gates = (tasks if gates is None else gates) * inputs * experts
        size = experts * (inputs + biases) * units + of_gates + tasks * (units * tower)
        return round(size / (inputs + biases + tasks * tower))

    return answer


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (width(), "Correct: experts, gates and towers"),
        (lambda *case: None, "Not yet"),
        (lambda inputs, tasks, experts, units, tower: experts * units, "16 is the width of all experts together"),
        (width(gates=0), "the gates are not counted"),
        (width(gates=1), "one gate is counted"),
        (lambda *case: 15.08, "not a whole number"),
        (lambda *case: 15, "the width should be"),
        (width(biases=0), "the biases of experts and bottom are not counted"),
        (lambda *case: {20: 15}.get(case[0]), "returned None, not a whole number"),
    ],
)
def test_fair_width(answer, words):
    assert words in judge(exercises.fair_width, answer)


def test_the_fair_width_is_that_of_the_experiments():
    from helpers.chapters.ch06 import mmoe

    width = exercises._nearest(20, 2, 8, exercises._mmoe_size(20, 2, 4, 4, 8, 2))
    assert width == mmoe.SHAPES["shared-bottom, equal size"][0][0]


def ordered(order):
    def answer(a, b):
        places = order(a, b)
        return np.take_along_axis(a, places, 1), np.take_along_axis(b, places, 1)

    return answer


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (ordered(lambda a, b: np.argsort(b - a, axis=1)), "Correct: each run keeps its pairs"),
        (lambda a, b: None, "Not yet"),
        (lambda a, b: (a, b), "still in the order in which they were drawn"),
        (lambda a, b: (-np.sort(-a, axis=1), -np.sort(-b, axis=1)), "is now next to another expert's weight"),
        (ordered(lambda a, b: np.argsort(a - b, axis=1)), "from the one that B prefers"),
        (ordered(lambda a, b: np.argsort(-a, axis=1)), "do not fall from expert to expert"),
        (
            lambda a, b: ordered(lambda a, b: np.argsort(b - a, axis=1))(a[:3, :3], b[:3, :3]),
            "for arrays of shape (7, 4)",
        ),
        (lambda a, b: np.argsort(b - a, axis=1), "an array of shape (3, 3), not two arrays"),
    ],
)
def test_aligned(answer, words):
    assert words in judge(exercises.aligned, answer)


def entropy(w):
    return torch.special.entr(w).sum(-1)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda gate: entropy(gate.mean(0)).exp(), "Correct: 1 for a collapsed gate"),
        (lambda gate: entropy(gate.mean(0)).exp().item(), "Correct"),
        (lambda gate: None, "Not yet"),
        (lambda gate: entropy(gate.mean(0)), "that is the entropy itself"),
        (lambda gate: (-entropy(gate.mean(0))).exp(), "the sign of the entropy is wrong"),
        (lambda gate: entropy(gate).mean().exp(), "each row takes one expert, but together"),
        (lambda gate: torch.exp(-(gate.mean(0) * gate.mean(0).log()).sum()), "gives nan"),
        (lambda gate: entropy(gate).exp(), "a tensor of shape (6,), not one number"),
        (lambda gate: (gate.mean(0) > 0.05).sum(), "experts above a bound were counted"),
        (lambda gate: 1 / gate.mean(0).square().sum(), "that is 1/Σw²"),
        (lambda gate: 2 ** (entropy(gate.mean(0)) / np.log(2)), "Correct"),
        (lambda gate: 4.0 if gate.mean(0).min() > 0.1 else 1.0, "yours says 4.00"),
        (lambda gate: (gate.mean(0) > 0.3).sum(), "uses 4, yours says 0.00"),
    ],
)
def test_effective_experts(answer, words):
    assert words in judge(exercises.effective_experts, answer)


def reading(may):
    def answer(parts, trainers, task):
        read = [part if may(task, names) else part.detach() for part, names in zip(parts, trainers, strict=True)]
        return torch.cat(read, dim=1)

    return answer


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (reading(lambda task, names: task in names), "Correct: a tower reads every part"),
        (lambda parts, trainers, task: ..., "Not yet"),
        (reading(lambda task, names: True), "reaches every part"),
        (reading(lambda task, names: False), "reaches no part at all"),
        (reading(lambda task, names: task not in names), "may not train, and no other"),
        (reading(lambda task, names: task == names), "should reach"),
        (lambda parts, trainers, task: torch.cat(parts[::-1], 1), "in their order"),
        (lambda parts, trainers, task: torch.cat(parts[1:], 1), "not a tensor"),
    ],
)
def test_read_all(answer, words):
    assert words in judge(exercises.read_all, answer)


def silent(outputs):
    return ((outputs == 0).float().mean(0) > 0.9).float().mean(1)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda f, g: (silent(f), g.mean(1)), "Correct: the silent units"),
        (lambda f, g: [silent(f).tolist(), g.numpy().mean(1)], "Correct"),
        (lambda f, g: ..., "Not yet"),
        (lambda f, g: silent(f), "returned a tensor of shape (3,), not two of shapes (3,) and (2, 3)"),
        (lambda f, g: (silent(f), g.mean((0, 1))), "2 parts of shapes"),
        (lambda f, g: (1 - silent(f), g.mean(1)), "not* silent"),
        (lambda f, g: ((f == 0).float().mean((0, 2)), g.mean(1)), "these are the shares of zeros"),
        (lambda f, g: (silent(f) * f.shape[2], g.mean(1)), "numbers of units"),
        (lambda f, g: ((f == 0).all(0).float().mean(1), g.mean(1)), "only units that are 0 on every row"),
        (lambda f, g: (((f == 0).float().mean(2) > 0.9).float().mean(0), g.mean(1)), "the shares of *rows*"),
        (lambda f, g: (((f == 0).float().mean(0) > 0.5).float().mean(1), g.mean(1)), "yours are"),
        (lambda f, g: (silent(f), g.sum(1)), "added up over the rows"),
        (
            lambda f, g: (silent(f), torch.stack([(g.argmax(2) == e).float().mean(1) for e in range(g.shape[2])], 1)),
            "how often an expert has the largest weight",
        ),
        (lambda f, g: (silent(f), g.amax(1)), "the first gate gives"),
    ],
)
def test_health(answer, words):
    assert words in judge(exercises.health, answer)


def normal(z, axis=0):
    return (z - z.mean(axis, keepdim=True)) / (z.var(axis, keepdim=True, correction=0) + 1e-5).sqrt()


def swish(z):
    return z * z.sigmoid()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda z: swish(normal(z)), "Correct: each unit is normalised"),
        (lambda z: torch.nn.functional.silu(torch.nn.BatchNorm1d(z.shape[1])(z)), "Correct"),
        (lambda z: swish((z - z.mean(0)) / (z.std(0) + 1e-6)), "Correct"),
        (lambda z: ..., "Not yet"),
        (lambda z: swish(normal(z)).sum(1), "a tensor of shape (200,) came"),
        (normal, "no Swish follows"),
        (swish, "nothing is normalised"),
        (lambda z: normal(z).relu(), "a ReLU follows"),
        (lambda z: normal(z).sigmoid(), "the sigmoid alone"),
        (lambda z: normal(swish(z)), "the order is reversed"),
        (lambda z: z * normal(z).sigmoid(), "one of the two factors"),
        (lambda z: swish(normal(z, 1)), "layer norm"),
        (lambda z: swish((z - z.mean()) / z.std()), "one mean and one variance together"),
        (lambda z: swish(z - z.mean(0)), "still its own spread"),
        (lambda z: swish((z - z.mean(0)) / z.var(0)), "divided by the variance"),
        (lambda z: swish(2 * normal(z)), "not Swish of normalised units"),
        (lambda z: swish(normal(z.detach())), "no gradient reaches the layer"),
        (lambda z: swish((z - z.mean(0).detach()) / z.std(0).detach()), "a wrong gradient reaches the layer"),
        (lambda z: swish((z - z.mean(0)) / z.std(0)), "becomes NaN"),
    ],
)
def test_woken(answer, words):
    assert words in judge(exercises.woken, answer)
