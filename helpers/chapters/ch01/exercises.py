"""The exercises of chapter 01, Motivation."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from helpers.chapters.ch01 import held_out, ranking
from helpers.data.worlds import TOP
from helpers.display.answers import Wrong, close, described, is_number, is_tensor, unboxed
from helpers.display.exercises import exercise
from helpers.evaluation.statistics import interval

Scores = dict[str, np.ndarray]


@exercise("how often both come together, over how often they would by chance.")
def lift(answer: Callable[[np.ndarray, np.ndarray], float]):
    """`answer(a, b)`: two `(n,)` arrays of zeros and ones become P(a and b) / (P(a) P(b))."""
    rng = np.random.default_rng(1)
    a = (rng.random(4000) < 0.3).astype(float)
    b = (rng.random(4000) < np.where(a > 0, 0.4, 0.1)).astype(float)
    found, both, by_chance = unboxed(answer(a, b)), (a * b).mean(), a.mean() * b.mean()
    if not is_number(found):
        raise Wrong(f"""the function returned {described(found)}, not one number.
            Hint: lift is one number for the pair of labels.
            Hint: take means over all plays: of the product of the two, and of each.""")
    if close(found, by_chance / both):
        raise Wrong("""the ratio is upside down: labels that come together often get a small lift.
            Hint: lift is above 1 where two labels come together more often than by chance.
            Hint: what happens goes above the line, what chance would give below it.""")
    if close(found, both):
        raise Wrong("""this is how often both come together; common labels would always seem related.
            Hint: compare it with what chance would give.
            Hint: if the labels were unrelated, both would come together with probability P(a) · P(b).""")
    if close(found, both / a.mean()) or close(found, both / b.mean()):
        raise Wrong("""this is how often one label comes given the other; a common label always scores high there.
            Hint: only one of the two rates has been divided out.
            Hint: divide by the rates of both labels.""")
    if not close(found, both / by_chance):
        raise Wrong(f"""for labels with P(a) {a.mean():.3f}, P(b) {b.mean():.3f} and P(a and b) {both:.3f} it gave
            {found:.3f}.
            Hint: three means are enough: of a, of b, and of both at once.
            Hint: both happen where the product of zeros and ones is 1.""")
    if not close(answer(a.astype(np.int8), b.astype(np.int8)), both / by_chance):
        raise Wrong("""with columns of small integers, as they are in the log, it gives another number.
            Hint: an int8 cannot count beyond 127.
            Hint: a mean is safe; a sum of products in int8 (`@`, `np.dot`) is not.""")


def _probabilities() -> Scores:
    rng = np.random.default_rng(2)
    rates = {"click": 0.3, "finish": 0.1, "like": 0.02, "share": 0.005}
    return {label: np.clip(rate * np.exp(rng.normal(size=(2, 5, 40))), 0, 0.99) for label, rate in rates.items()}


@exercise("it ranks as the product of the powers does, whatever the exponents.")
def fusion(answer: Callable[[Scores, dict[str, float]], np.ndarray]):
    """`answer(p, exponents)`: {label: array of candidates} and {label: exponent} become one score a candidate."""
    p, exponents = _probabilities(), {"click": -1.0, "like": 1.0, "share": 0.5}
    right = ranking.multiplicative(p, exponents)
    found = np.asarray(answer(p, exponents), dtype=float)

    def ordered_by(scores: np.ndarray) -> bool:
        return bool((found.argsort(axis=-1, kind="stable") == scores.argsort(axis=-1, kind="stable")).all())

    if found.shape != right.shape:
        raise Wrong(f"""the score has shape {found.shape}; the probabilities have {right.shape}.
            Hint: one score for each candidate.
            Hint: add or multiply the arrays of the labels element by element, and sum over nothing else.""")
    if not np.isfinite(found).all():
        raise Wrong("""some scores are NaN or infinite.
            Hint: a logarithm needs a positive number, and so does a power.
            Hint: take the logarithm of the probabilities, not of the weights, which may be negative or 0.""")
    if ordered_by(ranking.linear(p, exponents)):
        raise Wrong("""this is linear fusion: the weights multiply the probabilities and the products are added.
            Hint: in a product each label counts by a factor, not by an amount.
            Hint: raise each probability to its exponent, and multiply; or add exponent · log(p).""")
    if ordered_by(-right):
        raise Wrong("""the order is upside down: the best candidate comes last.
            Hint: logarithms of probabilities are negative, but the larger is still the better.
            Hint: leave the sign as it is; a higher score means higher in the list.""")
    if ordered_by(ranking.multiplicative(p, dict.fromkeys(exponents, 1.0))):
        raise Wrong("""the exponents change nothing: all labels count alike.
            Hint: each label has an exponent of its own.
            Hint: multiply each logarithm by its exponent before you add.""")
    if ordered_by(ranking.multiplicative(p, {label: abs(power) for label, power in exponents.items()})):
        raise Wrong("""the exponent −1 of the click counts like +1: a label that should lower the score raises it.
            Hint: an exponent may be negative; then a high probability speaks against the candidate.
            Hint: use the exponents as they come, without `abs`, a square or a clip.""")
    if not ordered_by(right):
        raise Wrong("""with exponents −1 on click, 1 on like, 0.5 on share the order is not that of
            p(like) · √p(share) / p(click).
            Hint: a product of powers becomes a sum of logarithms times exponents.
            Hint: labels without an exponent do not count at all; loop over the labels of `exponents`, not of `p`.""")


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
            Hint: every probability in the log contains the click, and with it the bait.
            Hint: add the logarithms of several rare labels, and subtract that of the click, times a factor that you
            find by trying.""")
    return f"Y{words}."


def _satisfaction(scores: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Mean true satisfaction of the users' top 10 in each world: `(worlds,)`.

    Kept predictions are rounded, so some are equal: these stay in the order of the candidates, on any CPU.
    """
    best = np.argsort(-scores, axis=-1, kind="stable")[..., :TOP]
    return np.take_along_axis(truth, best, axis=-1).mean((-2, -1))


@exercise("N bottoms and all towers on one side, one bottom and all towers on the other.")
def saving(answer: Callable[[float, Sequence[float]], float]):
    """`answer(bottom, towers)`: costs of the bottom and of each task's tower become a ratio, N models to one shared."""
    found, right = unboxed(answer(900.0, [100.0, 100.0, 100.0, 100.0])), 4000 / 1300
    if not is_number(found):
        raise Wrong(f"""the function returned {described(found)}, not a number.
            Hint: the answer is one number: how many times as much N models cost.
            Hint: divide the cost of the N models by the cost of the shared one, and return that.""")
    if close(found, 4):
        raise Wrong("""the ratio is the number of tasks: as if the towers cost nothing, or were shared too.
            Hint: the shared model still needs a tower for each task.
            Hint: its cost is one bottom plus the sum of all towers.""")
    if close(found, 1):
        raise Wrong("""the ratio is 1: both sides have the same number of bottoms.
            Hint: how many bottoms do four single-task models have?
            Hint: of N models each has a bottom of its own; the shared model has one for all.""")
    if close(found, 1 / right):
        raise Wrong("""the ratio is inverted: it says what part of the cost the shared model has.
            Hint: the answer is how many times as much the N models cost, a number above 1.
            Hint: the cost of the N models goes above the line.""")
    if not close(found, right, 1e-6):
        raise Wrong(f"""for a bottom of 900 and four towers of 100 the ratio is {found:.2f}; it should be {right:.2f}.
            Hint: write down both costs first: that of four whole models, and that of one bottom with four towers.
            Hint: four times 900 + 100 on one side, 900 + four times 100 on the other.""")
    found = unboxed(answer(900.0, [100.0, 500.0]))
    if not close(found, 2400 / 1500, 1e-6):
        raise Wrong(f"""for towers of 100 and 500 the ratio is {found:.2f}, as if all towers were alike; it
            should be 1.60.
            Hint: each task has a tower of its own size.
            Hint: `sum(towers)` adds them up, however different they are.""")


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
