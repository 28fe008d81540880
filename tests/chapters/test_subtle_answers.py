"""Wrong answers that come close, of all chapters: each must fail; and right ones in another style, which must pass."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy
from torch.nn.functional import softplus

from helpers.chapters.ch00 import exercises as chapter_00
from helpers.chapters.ch01 import exercises as chapter_01
from helpers.chapters.ch01 import exercises_reasons
from helpers.chapters.ch02 import exercises as chapter_02
from helpers.chapters.ch03 import exercises as chapter_03
from helpers.chapters.ch04 import exercises as chapter_04
from helpers.chapters.ch04 import exercises_more
from helpers.display.exercises import Exercise


def judge(check: Exercise, answer) -> str:
    return Exercise(check.probes, check.correct).judge(answer)


def better(factor):
    def answer(first, second):
        gain = first - second
        half = factor * gain.std(ddof=1) / len(gain) ** 0.5
        return "first" if gain.mean() > half else "second" if gain.mean() < -half else "undecided"

    return answer


def decide(rail=0.95, z=1.96, of_today=1.0, choose=lambda passed: passed["returns"].idxmax()):
    def answer(test):
        today, others = test.iloc[0], test.iloc[1:]
        variance = test["returns_sd"] ** 2 / test["users"]
        error = (variance.iloc[1:] + of_today * variance.iloc[0]) ** 0.5
        passed = others[
            (others["returns"] - today["returns"] > z * error) & (others["clicks"] >= rail * today["clicks"])
        ]
        return today["weight"] if passed.empty else passed.loc[choose(passed), "weight"]

    return answer


def read_cell(no_effect, matters=None):
    def answer(low, high, m):
        m = m if matters is None else matters
        if low > m or high < -m:
            return "gain" if low > m else "loss"
        return "no effect" if no_effect(low, high, m) else "undecided"

    return answer


def by_where(p):
    def answer(logit, click, seconds):
        q = p(logit)
        return torch.where(click > 0, -seconds * torch.log(q), -torch.log(1 - q))

    return answer


class Bounded(nn.Module):
    """A Shared-Bottom whose outputs cannot be any number."""

    def __init__(self, inputs, end):
        super().__init__()
        self.bottom, self.end = nn.Sequential(nn.Linear(inputs, 8), nn.ReLU()), end
        self.towers = nn.ModuleDict({task: nn.Linear(8, 1) for task in "ab"})

    def forward(self, x):
        shared = self.bottom(x)
        return {task: self.end(tower(shared).squeeze(-1)) for task, tower in self.towers.items()}


class Deep(Bounded):
    def __init__(self, inputs):
        super().__init__(inputs, nn.Identity())
        layers = [nn.Linear(inputs, 8), nn.ReLU(), *(layer for _ in range(5) for layer in (nn.Linear(8, 8), nn.ReLU()))]
        self.bottom = nn.Sequential(*layers)


def in_place(gains, k):
    weights = 1 / np.log2(np.arange(2, len(gains) + 2))
    gains.sort()
    ideal = gains[::-1]
    return (gains * weights)[:k].sum() / (ideal * weights)[:k].sum()


WRONG = {
    "90%": (chapter_00.better, better(1.645)),
    "99%": (chapter_00.better, better(2.86)),
    "the normal's quantile": (chapter_00.better, better(1.96)),
    "a list that is sorted in place": (chapter_00.list_quality, in_place),
    "a rotation": (exercises_reasons.uninformative, lambda labels, seed: labels.roll(seed)),
    "clamped logits": (chapter_02.loss, by_where(lambda z: torch.sigmoid(z.clamp(-30, 30)))),
    "clamped probabilities": (chapter_02.loss, by_where(lambda z: torch.sigmoid(z).clamp(1e-7, 1 - 1e-7))),
    "a loss without a gradient": (
        chapter_02.loss,
        lambda z, y, t: torch.where(y > 0, t * softplus(-z), softplus(z)).detach(),
    ),
    "0.3 and 0.7 for ever": (
        chapter_03.weighted_loss,
        lambda z, y, f, w: 0.3 * cross_entropy(z, y) + 0.7 * cross_entropy(z, f),
    ),
    "the second task": (chapter_03.chebyshev, lambda losses, weights: losses[1] * weights[1]),
    "the largest weight": (chapter_03.chebyshev, lambda losses, weights: (losses * weights)[weights.argmax()]),
    "rail at 90%": (chapter_03.decide, decide(rail=0.90)),
    "rail at 96%": (chapter_03.decide, decide(rail=0.96)),
    "90% intervals": (chapter_03.decide, decide(z=1.645)),
    "wider intervals": (chapter_03.decide, decide(z=2.3)),
    "today's arm as if it were sure": (chapter_03.decide, decide(of_today=0)),
    "the last arm that passes": (chapter_03.decide, decide(choose=lambda passed: passed.index[-1])),
    "the smallest weight": (chapter_03.decide, decide(choose=lambda passed: passed["weight"].idxmin())),
    "tanh": (chapter_04.shared_bottom, lambda inputs: Bounded(inputs, torch.tanh)),
    "relu": (chapter_04.shared_bottom, lambda inputs: Bounded(inputs, torch.relu)),
    "log of a sigmoid": (chapter_04.shared_bottom, lambda inputs: Bounded(inputs, nn.functional.logsigmoid)),
    "sorted scores": (
        chapter_04.transfer,
        lambda a, b: (lambda d, h: (d.mean(), d.mean() - h, d.mean() + h))(
            np.sort(a) - np.sort(b), 2.09 * (np.sort(a) - np.sort(b)).std(ddof=1) / 20**0.5
        ),
    ),
    "sizes written in": (
        chapter_04.count,
        lambda i, b, t, n: (8 * 5 + n * (6 * 3 + 4), n * (8 * 5 + 6 * 3 + 4)),
    ),
    "every ten steps": (
        exercises_more.first_step,
        lambda s, v, t: 10 * ((v <= t).argmax() + 1) if (v <= t).any() else np.inf,
    ),
    "the high end alone": (exercises_more.read_cell, read_cell(lambda low, high, m: high < m)),
    "the width": (exercises_more.read_cell, read_cell(lambda low, high, m: high - low < 2 * m)),
    "0.01 for ever": (exercises_more.read_cell, read_cell(lambda low, high, m: -m < low and high < m, 0.01)),
}
RIGHT = {
    "better": (chapter_00.better, better(2.093)),
    "decide": (chapter_03.decide, decide()),
    "read_cell": (exercises_more.read_cell, read_cell(lambda low, high, m: -m < low and high < m)),
    "an array without axes": (
        exercises_more.first_step,
        lambda s, v, t: np.where((v <= t).any(), s[(v <= t).argmax()], np.inf),
    ),
    "six layers": (chapter_04.shared_bottom, Deep),
    "the product of powers": (chapter_01.fusion, lambda p, e: np.prod([p[k] ** w for k, w in e.items()], axis=0)),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_answer_that_comes_close_fails(name):
    said = judge(*WRONG[name])
    assert said.startswith("Not right yet") and "Hint 1" in said


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_answer_in_another_style_passes(name):
    assert judge(*RIGHT[name]).startswith("Correct")
