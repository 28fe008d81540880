"""The exercises of chapter 01, Motivation."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from helpers.chapters.ch01 import held_out
from helpers.data.feed import TOP
from helpers.display.answers import Wrong, close, described, is_tensor
from helpers.display.exercises import exercise
from helpers.evaluation.statistics import interval

Scores = dict[str, np.ndarray]


@exercise("in worlds that nothing was chosen on, it satisfies more than every single label.")
def beats_every_label(answer: Callable[[Scores], np.ndarray]) -> str:
    """`answer(p)`: predictions {task: (worlds, users, candidates)} become one score a candidate, of any formula."""
    p, truth = held_out.read()
    scores = np.asarray(answer(p), dtype=float)
    if scores.shape != truth.shape:
        raise Wrong(f"""the score has shape {scores.shape}; the predictions have {truth.shape}.
            Hint: one score for each candidate.
            Hint: combine the arrays element by element.""")
    if not np.isfinite(scores).all():
        raise Wrong("""some scores are NaN or infinite.
            Hint: logarithms and powers need positive numbers.
            Hint: `watch_time` is a predicted logarithm and may be negative; all others are probabilities.""")
    alone = {task: _satisfaction(values, truth) for task, values in p.items()}
    best = max(alone, key=lambda task: alone[task].mean())
    mine = _satisfaction(scores, truth)
    gains = mine - alone[best]  # world by world: a world is a trained model, and its users are not independent of it
    gain, low, high = interval(gains)
    words = (
        f"our top 10 has a satisfaction of {mine.mean():.3f}, that by {best} alone {alone[best].mean():.3f}: "
        f"{gain:+.3f} [{low:+.3f}, {high:+.3f}] over {len(gains)} worlds, more in {(gains > 0).sum()} of them"
    )
    if mine.mean() <= alone["click"].mean():
        raise Wrong(f"""y{words}. By click alone it is {alone["click"].mean():.3f}, which is no less.
            Hint: a label as frequent as the click decides the order of a sum.
            Hint: put the labels on one scale: divide each by its mean, or use logarithms.""")
    if low <= 0:
        raise Wrong(f"""y{words}. That is not clearly a gain.
            Hint: P(label) = P(click) · P(label | click) contains the bait of the click; one label divided by the click
            loses it, but hears one label alone.
            Hint: add the logarithms of several rare labels, and subtract that of the click, times a factor that you
            find by trying.""")
    return f"Y{words}."


def _satisfaction(scores: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Mean true satisfaction of the users' top 10 in each world: `(worlds,)`.

    Kept predictions are rounded, so some are equal: these stay in the order of the candidates, on any CPU.
    """
    best = np.argsort(-scores, axis=-1, kind="stable")[..., :TOP]
    return np.take_along_axis(truth, best, axis=-1).mean((-2, -1))


@exercise("the same values, assigned to other rows, and a seed that repeats it.")
def uninformative(answer: Callable[[Tensor, int], Tensor]):
    """`answer(labels, seed)`: `(n,)` labels become a control that looks like them and says nothing about the inputs."""
    rows = 2000
    labels = 1 + 2 * torch.randn(rows, generator=torch.Generator().manual_seed(5)) ** 2
    found = answer(labels, 1)
    if not is_tensor(found, rows):
        raise Wrong(f"""{rows} labels came back as {described(found)}, not as a tensor of shape ({rows},).
            Hint: the control takes the place of the labels: one value per row.
            Hint: index the labels with an order of the row numbers.""")
    if torch.equal(found, labels):
        raise Wrong("""the labels came back as they were.
            Hint: as long as each label stays at its row, it says something about that row's inputs.
            Hint: assign the labels to other rows, in a random order.""")
    kept = torch.isin(found.to(labels.dtype), labels)
    if not kept.all():
        raise Wrong(f"""the values are others: {(~kept).sum()} of {rows} are none of the labels.
            Hint: a control differs in one thing only. New draws differ in shape, even with the same mean and spread.
            Hint: keep all values and change nothing but which row has which.""")
    if not close(found.sort().values, labels.sort().values):
        raise Wrong(f"""only {len(found.unique())} of the {rows} labels are used, some of them more than once.
            Hint: drawing with replacement gives other values in all.
            Hint: `torch.randperm(n)` names every row exactly once; `torch.randint` does not.""")
    correlation = torch.corrcoef(torch.stack([found, labels]))[0, 1]
    if correlation.abs() >= 0.1:
        raise Wrong(f"""the control still correlates with the labels: {correlation:+.2f}.
            Hint: most labels should move to a row that has nothing to do with them.
            Hint: `torch.randperm(n)` gives all row numbers in a random order.""")
    if not torch.equal(found, answer(labels, 1)):
        raise Wrong("""the same seed gave two different controls.
            Hint: an experiment that cannot be repeated cannot be checked.
            Hint: pass a generator: `torch.Generator().manual_seed(seed)`.""")
    other = answer(labels, 2)
    place_of_first = int((found == labels[0]).nonzero()[0])  # all labels are different
    if torch.equal(found, labels.roll(place_of_first)):
        raise Wrong("""the labels were only moved along: each still has the neighbours that it had.
            Hint: a new random order is drawn for each seed.
            Hint: `torch.randperm(n, generator=...)` draws one.""")
    if torch.equal(found, other):
        raise Wrong("""two seeds gave the same control.
            Hint: each seed of an experiment needs a draw of its own.
            Hint: use `seed` in the generator that draws the order.""")
