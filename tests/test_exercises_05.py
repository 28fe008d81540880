"""The exercises of chapter 05: the solutions pass, and typical wrong answers, the published ones first, meet their own
words."""

import numpy as np
import pytest
import torch

from helpers.checks import chapter_05
from helpers.exercises import Exercise
from helpers.metrics import auc


def judge(name: str, answer) -> str:
    check = getattr(chapter_05, name)
    return Exercise(check.probes, check.correct).judge(answer)


def uwl(losses, s):
    return (0.5 * torch.exp(-s) * losses + 0.5 * s).sum()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (uwl, "Correct: every variance"),
        (lambda losses, s: None, "Not yet"),
        (lambda losses, s: uwl(losses, s.clamp(min=0)), "the task's weight is stuck there"),
        (lambda losses, s: uwl(losses, s.relu()), "the task's weight is stuck there"),
        (lambda losses, s: uwl(losses, s.abs()), "for s = −3 the total should be"),
        (lambda losses, s: (torch.exp(-s) * losses + 0.5 * s).sum(), "for s above 0 the total should be"),
        (lambda losses, s: 0.5 * torch.exp(-s) * losses + 0.5 * s, "a tensor of shape (2,)"),
        (lambda losses, s: uwl(losses, s).clamp(min=0), "it gets no gradient"),
        (lambda losses, s: 1 / 0, "raised ZeroDivisionError"),
    ],
)
def test_uncertainty(answer, words):
    assert words in judge("uncertainty", answer)


def aim(norms, losses, first, alpha):
    progress = losses / first
    return norms.detach().mean() * (progress / progress.mean()) ** alpha


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (aim, "Correct: each task has a target"),
        (lambda norms, losses, first, alpha: ..., "Not yet"),
        (lambda norms, losses, first, alpha: norms.mean().expand(3), "all tasks have the same target"),
        (lambda norms, losses, first, alpha: norms.mean(), "not one target a task"),
        (lambda norms, losses, first, alpha: aim(norms, losses, torch.ones(3), alpha), "in another unit looks slow"),
        (lambda norms, losses, first, alpha: norms.mean() * (losses / first) ** alpha, "all targets shrink"),
        (lambda norms, losses, first, alpha: aim(norms, losses, first, -alpha), "the fast task gets"),
        (lambda norms, losses, first, alpha: aim(norms, losses, first, alpha) / norms.mean() * norms, "its own norm"),
        (lambda norms, losses, first, alpha: aim(norms, losses, first, 1.0), "the targets should be"),
        (
            lambda norms, losses, first, alpha: aim(norms, losses, first, alpha) / norms.mean().item() * norms.mean(),
            "a gradient flows",
        ),
    ],
)
def test_target(answer, words):
    assert words in judge("target", answer)


def first_only(outputs, labels):
    task = next(iter(labels))
    return {task: auc(outputs[task], labels[task])}


def pooled(outputs, labels):
    both = auc(torch.cat(list(outputs.values())), torch.cat(list(labels.values())))
    return dict.fromkeys(labels, both)


def crossed(outputs, labels):
    return {task: auc(outputs["like"], labels[task]) for task in labels}


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda outputs, labels: {task: auc(outputs[task], labels[task]) for task in labels}, "Correct: every task"),
        (lambda outputs, labels: None, "Not yet"),
        (first_only, "like and share: trained, and not in the report"),
        (pooled, "they were pooled"),
        (crossed, "the AUC of click and share is not that"),
        (lambda outputs, labels: 0.7, "a float, not a dict"),
    ],
)
def test_report(answer, words):
    assert words in judge("report", answer)


def cut(*ends):
    def answer(rows, seed):
        order = np.random.default_rng(seed).permutation(rows)
        return tuple(np.split(order, [round(end * rows) for end in ends]))

    return answer


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (cut(0.6, 0.8), "Correct: no row is in two parts"),
        (cut(0.8, 0.9), "Correct"),
        (lambda rows, seed: None, "Not yet"),
        (cut(0.995, 0.9975), "the test part has 50 rows: an AUC from it is known to ±0.19 only"),
        (lambda rows, seed: (np.arange(rows), np.arange(5000), np.arange(5000)), "some rows are in two parts"),
        (lambda rows, seed: (np.arange(9000), np.arange(9000, 12000), np.arange(12000, 15000)), "15000 row numbers"),
        (lambda rows, seed: cut(0.6, 0.8)(rows, 0), "does not follow the seed"),
        (cut(0.1, 0.2), "one of the two is too small"),
        (cut(0.5), "not three parts"),
    ],
)
def test_split(answer, words):
    assert words in judge("split", answer)


def test_the_error_of_an_auc_is_that_of_simulated_test_sets():
    rng, found = np.random.default_rng(0), []
    shift = 0.954  # two normals that far apart: AUC 0.75
    for _ in range(400):
        label = torch.from_numpy(rng.permutation(np.arange(500) < 100).astype(np.float32))
        found.append(auc(torch.from_numpy(rng.standard_normal(500)).float() + shift * label, label))
    assert np.std(found) == pytest.approx(chapter_05.auc_error(500), rel=0.12)
    assert np.mean(found) == pytest.approx(0.75, abs=0.01)


def resting(regression, binary):
    return lambda losses, kinds: {t: (regression if kinds[t] == "regression" else binary)(x) for t, x in losses.items()}


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (resting(lambda x: 1 / (2 * x), lambda x: 1 / (2 * x)), "Correct: both kinds"),
        (lambda losses, kinds: ..., "Not yet"),
        (resting(lambda x: 1 / x, lambda x: 1 / x), "a factor of 2 is missing"),
        (resting(lambda x: 1 / (2 * x), lambda x: 1 / x), "one of the two kinds is off"),
        (resting(lambda x: x, lambda x: 2 * x), "this is σ², not the weight"),
        (resting(lambda x: 1.0, lambda x: 1.0), "should be 0.0625 and 2"),
        (lambda losses, kinds: [1, 2], "a list, not a weight"),
    ],
)
def test_resting_weights(answer, words):
    assert words in judge("resting_weights", answer)


def project(a, b):
    return a - min(float(a @ b), 0.0) / (b @ b) * b


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda a, b: project(a, b) + project(b, a), "Correct: where the two point"),
        (lambda a, b: None, "Not yet"),
        (lambda a, b: a + b, "a conflict was left"),
        (lambda a, b: project(a, b) + b, "one of the two was projected"),
        (lambda a, b: a - (a @ b) / (b @ b) * b + b - (a @ b) / (a @ a) * a, "and were changed"),
        (lambda a, b: a - min(float(a @ b), 0.0) / b.norm() * b + project(b, a), "it should be"),
        (lambda a, b: float(a @ b), "a float, not one gradient"),
    ],
)
def test_surgery(answer, words):
    assert words in judge("surgery", answer)
