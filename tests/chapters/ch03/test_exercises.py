"""The exercises of chapter 03: the solutions pass, and typical wrong answers meet their own words."""

import numpy as np
import pytest
import torch
from torch import nn

from helpers.chapters.ch03 import exercises
from helpers.chapters.ch03.fusion import constant_loss
from tests.chapters.shared import judge, solution


def each(function):
    return lambda labels, wanted: {name: function(label, wanted[name]) for name, label in labels.items()}


def rate(label):
    return label.mean().item()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (each(lambda y, share: share / constant_loss(y)), "Correct: each loss now counts"),
        (each(lambda y, share: 7 * share / constant_loss(y)), "Correct"),
        (lambda labels, wanted: None, "Not yet"),
        (each(lambda y, share: share), "the sizes of the losses are not in them"),
        (each(lambda y, share: share * constant_loss(y)), "you multiplied by the size"),
        (each(lambda y, share: 1 / constant_loss(y)), "the wanted shares are not in the weights"),
        (each(lambda y, share: share / rate(y)), "you divided by the rate"),
        (each(lambda y, share: share / (rate(y) * (1 - rate(y)))), "right for a squared error"),
        (each(lambda y, share: -share / constant_loss(y)), "zero, negative or not finite"),
        (each(lambda y, share: share / np.sqrt(rate(y))), "not in the wanted proportion"),
        (lambda labels, wanted: [1, 2], "a list, not a weight for each"),
        (lambda labels, wanted: [wanted[name] / constant_loss(y) for name, y in labels.items()], "Correct"),
    ],
)
def test_fair_weights(answer, words):
    assert words in judge(exercises.fair_weights, answer)


def mixed(rate=torch.nanmean, over=sum):
    return lambda labels, weights: sum(weights[name] * rate(y) for name, y in labels.items()) / over(weights.values())


def by_trying(labels, weights):
    """A grid of constants, as section 1 does it."""
    guesses, loss = torch.linspace(0.01, 0.99, 981), 0
    for name, label in labels.items():
        rate = label[~label.isnan()].mean()
        loss = loss - weights[name] * (rate * guesses.log() + (1 - rate) * (1 - guesses).log())
    return guesses[loss.argmin()].numpy()


def by_sums(labels, weights):
    rows = sum(weights[name] * (~y.isnan()).sum() for name, y in labels.items())
    return sum(weights[name] * y.nansum() for name, y in labels.items()) / rows


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (mixed(), "Correct: the weighted mean of the rates"),
        (by_trying, "Correct"),
        (lambda labels, weights: round(mixed()(labels, weights).item(), 2), "Correct"),
        (lambda labels, weights: ..., "Not yet"),
        (lambda labels, weights: labels, "a dict of 3, not one number"),
        (mixed(torch.mean), "it is NaN"),
        (mixed(lambda y: y.nan_to_num().mean()), "were counted as 0"),
        (mixed(over=lambda weights: 1), "the weights add up to 4"),
        (by_sums, "you mixed sums, not means"),
        (lambda labels, weights: sum(y.nanmean() for y in labels.values()) / 3, "all labels count alike"),
        (lambda labels, weights: mixed()(labels, weights).logit(), "the logit of the best constant"),
        (lambda labels, weights: 0.2467, "the best constant is 0.323; yours is 0.247"),
    ],
)
def test_best_constant(answer, words):
    assert words in judge(exercises.best_constant, answer)


def pulls(norm=lambda parts: torch.cat([part.flatten() for part in parts]).norm(), power=-1.0, of=slice(None)):
    """Weights from the gradients on the shared tensors."""

    def answer(losses, shared):
        parts = {task: torch.autograd.grad(loss, shared[of], retain_graph=True) for task, loss in losses.items()}
        return {task: 7 * norm(part) ** power for task, part in parts.items()}

    return answer


def by_backward(clear):
    def answer(losses, shared):
        weights = {}
        for task, loss in losses.items():
            nn.ParameterList(shared).zero_grad() if clear else None
            loss.backward(retain_graph=True)
            weights[task] = 1 / sum((p.grad**2).sum() for p in shared).sqrt().item()
        return weights

    return answer


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (pulls(), "Correct: after weighting, every task pulls"),
        (by_backward(clear=True), "Correct"),
        (lambda losses, shared: list(pulls()(losses, shared).values()), "Correct"),
        (lambda losses, shared: None, "Not yet"),
        (lambda losses, shared: {"click": 1}, "weights for ['click'], not a weight for each"),
        (lambda losses, shared: dict.fromkeys(losses, -1), "zero, negative or not finite"),
        (lambda losses, shared: dict.fromkeys(losses, 1), "all weights are equal"),
        (lambda losses, shared: {task: 1 / loss.item() for task, loss in losses.items()}, "the losses equal, not"),
        (pulls(power=1), "you multiplied by the norm"),
        (pulls(power=-2), "the squared norm"),
        (pulls(norm=lambda parts: sum(part.norm() for part in parts)), "the norms of the single tensors"),
        (pulls(of=slice(1)), "one of the shared tensors alone"),
        (by_backward(clear=False), "`backward` adds to `.grad`"),
        (pulls(norm=lambda parts: sum(part.abs().sum() for part in parts)), "not equal"),
    ],
)
def test_equal_pull(answer, words):
    assert words in judge(exercises.equal_pull, answer)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda losses, weights: (weights * losses).max(), "Correct: the goal that is worst off"),
        (lambda losses, weights: ..., "Not yet"),
        (lambda losses, weights: (weights * losses).sum(), "this is the weighted sum"),
        (lambda losses, weights: losses.max(), "without its weight"),
        (lambda losses, weights: losses[1] * weights[1], "Hint 1"),
        (lambda losses, weights: (losses * weights)[weights.argmax()], "Hint 1"),
        (lambda losses, weights: weights[losses.argmax()] * losses.max(), "picked first and weighted then"),
        (lambda losses, weights: (weights * losses).min(), "should be 0.25, yours is 0.06"),
        (lambda losses, weights: (weights * losses).max().item(), "a float, not one number"),
        (lambda losses, weights: (weights * losses).max(dim=0), "not one number in a tensor"),
        (lambda losses, weights: (weights * losses.detach()).max(), "no gradient reaches"),
    ],
)
def test_chebyshev(answer, words):
    assert words in judge(exercises.chebyshev, answer)


def decision(beyond=1.96, guard=0.95, overlap=False, absolute=False, last="best"):
    """The rule of the exercise; the wrong answers change one thing each."""

    def decide(test):
        today, others = test.iloc[0], test.iloc[1:]
        error = [arm["returns_sd"] / arm["users"] ** 0.5 for _, arm in test.iterrows()]
        passed = []
        for (_, arm), own in zip(others.iterrows(), error[1:], strict=True):
            half = beyond * (own + error[0] if overlap else (own**2 + error[0] ** 2) ** 0.5)
            difference = arm["returns"] - today["returns"]
            difference = abs(difference) if absolute else difference
            if difference > half and arm["clicks"] >= guard * today["clicks"]:
                passed.append((arm["returns"], arm["weight"]))
        if not passed:
            return today["weight"]
        return (max(passed) if last == "best" else passed[0])[1]

    return decide


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (decision(), "Correct: you ship what is clearly better"),
        (lambda test: None, "Not yet"),
        (lambda test: test.loc[test["returns"].idxmax(), "weight"], "a difference that may well be luck"),
        (lambda test: 0.5, "an arm that is clearly better"),
        (decision(overlap=True), "that two intervals overlap does not make their difference unsure"),
        (decision(absolute=True), "an arm that is clearly worse was shipped"),
        (decision(guard=0), "lost 16% of the clicks"),
        (decision(guard=0.90), "Hint 1"),
        (decision(guard=0.96), "Hint 1"),
        (decision(beyond=1.645), "Hint 1"),
        (decision(beyond=2.3), "Hint 1"),
        (decision(last="first"), "did not ship the better one"),
        (lambda test: test.iloc[-1], "is not the weight of one of the arms"),
    ],
)
def test_decide(answer, words):
    assert words in judge(exercises.decide, answer)


def winner(choose=slice(None, 200), report=slice(200, None), pick=np.argmax):
    def answer(rewards):
        trial = pick(rewards[:, choose].mean(1))
        return trial, rewards[trial, report].mean()

    return answer


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (solution("deeper/03_exponents", "solution_winner"), "Correct: you chose well"),
        (winner(), "Correct"),
        (winner(slice(None, None, 2), slice(1, None, 2)), "Correct"),
        (lambda rewards: ..., "Not yet"),
        (winner(slice(None), slice(None)), "too high"),
        (winner(report=slice(None)), "too high"),
        (lambda rewards: (winner()(rewards)[0], rewards.mean()), "too low"),
        (winner(pick=np.argmin), "over a trial taken at random"),
        (winner(pick=lambda means: 0), "over a trial taken at random"),
        (lambda rewards: rewards.mean(1).max(), "is not a trial"),
        (lambda rewards: (40, 0.6), "is not a trial"),
    ],
)
def test_honest_winner(answer, words):
    assert words in judge(exercises.honest_winner, answer)
