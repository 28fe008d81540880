"""The exercises of chapter 01, Motivation."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from helpers.chapters.ch01 import held_out, ranking
from helpers.data.worlds import TOP
from helpers.display.exercises import Probe, begun, described, exercise
from helpers.evaluation.statistics import interval

Scores = dict[str, np.ndarray]


@exercise("how often both come together, over how often they would by chance.")
def lift(answer: Callable[[np.ndarray, np.ndarray], float]) -> Iterator[Probe]:
    """`answer(a, b)`: two `(n,)` arrays of zeros and ones become P(a and b) / (P(a) P(b))."""
    rng = np.random.default_rng(1)
    a = (rng.random(4000) < 0.3).astype(float)
    b = (rng.random(4000) < np.where(a > 0, 0.4, 0.1)).astype(float)
    found = np.asarray(begun(answer(a, b)), dtype=float)
    yield Probe(
        found.shape == (),
        f"the function gave back an array of shape {found.shape}, not one number.",
        "lift is one number for the pair of labels.",
        "take means over all plays: of the product of the two, and of each.",
    )
    both, alone = (a * b).mean(), a.mean() * b.mean()
    yield Probe(
        not np.isclose(found, alone / both),
        "the ratio is upside down: labels that come together often get a small lift.",
        "lift is above 1 where two labels come together more often than by chance.",
        "what happens stands above the line, what chance would give below it.",
    )
    yield Probe(
        not np.isclose(found, both),
        "this is how often both come together; common labels would always seem related.",
        "compare it with what chance would give.",
        "if the labels had nothing to do with each other, both would come together with P(a) · P(b).",
    )
    yield Probe(
        not any(np.isclose(found, both / one.mean()) for one in (a, b)),
        "this is how often one label comes given the other; a common label always scores high there.",
        "only one of the two rates has been divided out.",
        "divide by the rates of both labels.",
    )
    yield Probe(
        bool(np.isclose(found, both / alone)),
        f"for labels with P(a) {a.mean():.3f}, P(b) {b.mean():.3f} and P(a and b) {both:.3f} it gave {found:.3f}.",
        "three means are enough: of a, of b, and of both at once.",
        "both happen where the product of zeros and ones is 1.",
    )
    whole = float(begun(answer(a.astype(np.int8), b.astype(np.int8))))
    yield Probe(
        bool(np.isclose(whole, both / alone)),
        "with columns of small integers, as they stand in the log, it gives another number.",
        "an int8 cannot count beyond 127.",
        "a mean is safe; a sum of products in int8 (`@`, `np.dot`) is not.",
    )


def _orders_alike(scores: np.ndarray, right: np.ndarray) -> bool:
    return bool((np.argsort(scores, axis=-1, kind="stable") == np.argsort(right, axis=-1, kind="stable")).all())


def _probabilities() -> Scores:
    rng = np.random.default_rng(2)
    rates = {"click": 0.3, "finish": 0.1, "like": 0.02, "share": 0.005}
    return {label: np.clip(rate * np.exp(rng.normal(size=(2, 5, 40))), 0, 0.99) for label, rate in rates.items()}


@exercise("it ranks as the product of the powers does, whatever the exponents.")
def fusion(answer: Callable[[Scores, dict[str, float]], np.ndarray]) -> Iterator[Probe]:
    """`answer(p, exponents)`: {label: array of candidates} and {label: exponent} become one score a candidate."""
    p, exponents = _probabilities(), {"click": -1.0, "like": 1.0, "share": 0.5}
    right = ranking.multiplicative(p, exponents)
    found = np.asarray(begun(answer(p, exponents)), dtype=float)
    yield Probe(
        found.shape == right.shape,
        f"the score has shape {found.shape}; the probabilities have {right.shape}.",
        "one score for each candidate.",
        "add or multiply the arrays of the labels element by element, and sum over nothing else.",
    )
    yield Probe(
        bool(np.isfinite(found).all()),
        "some scores are NaN or infinite.",
        "a logarithm wants a positive number, a power as well.",
        "take the logarithm of the probabilities, not of the weights, which may be negative or 0.",
    )
    yield Probe(
        not _orders_alike(found, ranking.linear(p, exponents)),
        "this is linear fusion: the weights multiply the probabilities and the products are added.",
        "in a product each label counts by a factor, not by an amount.",
        "raise each probability to its exponent, and multiply; or add exponent · log(p).",
    )
    yield Probe(
        not _orders_alike(found, -right),
        "the order is upside down: the best candidate comes last.",
        "logarithms of probabilities are negative, but the larger is still the better.",
        "leave the sign as it is; a higher score means higher in the list.",
    )
    yield Probe(
        not _orders_alike(found, ranking.multiplicative(p, dict.fromkeys(exponents, 1.0))),
        "the exponents change nothing: all labels count alike.",
        "each label has an exponent of its own.",
        "multiply each logarithm by its exponent before you add.",
    )
    yield Probe(
        not _orders_alike(found, ranking.multiplicative(p, {label: abs(power) for label, power in exponents.items()})),
        "the exponent −1 of the click counts like +1: a label that should lower the score raises it.",
        "an exponent may be negative; then a high probability speaks against the candidate.",
        "use the exponents as they come, without `abs`, a square or a clip.",
    )
    yield Probe(
        _orders_alike(found, right),
        "with exponents −1 on click, 1 on like, 0.5 on share the order is not that of p(like) · √p(share) / p(click).",
        "a product of powers becomes a sum of logarithms times exponents.",
        "labels without an exponent do not count at all; go through the labels of `exponents`, not of `p`.",
    )


@exercise("in worlds that nothing was chosen on, it satisfies more than every single label.")
def beats_every_label(answer: Callable[[Scores], np.ndarray]) -> Generator[Probe, None, str]:
    """`answer(p)`: predictions {task: (worlds, users, candidates)} become one score a candidate, of any formula."""
    p, truth = held_out.read()
    scores = np.asarray(begun(answer(p)), dtype=float)
    yield Probe(
        scores.shape == truth.shape,
        f"the score has shape {scores.shape}; the predictions have {truth.shape}.",
        "one score for each candidate.",
        "combine the arrays element by element.",
    )
    yield Probe(
        bool(np.isfinite(scores).all()),
        "some scores are NaN or infinite.",
        "logarithms and powers want positive numbers.",
        "`watch_time` is a predicted logarithm and may be negative; all others are probabilities.",
    )
    alone = {task: _satisfaction(values, truth) for task, values in p.items()}
    best = max(alone, key=lambda task: alone[task].mean())
    mine = _satisfaction(scores, truth)
    gains = mine - alone[best]  # world by world: a world is a trained model, and its users are not independent of it
    gain, low, high = interval(gains)
    words = (
        f"your top 10 has a satisfaction of {mine.mean():.3f}, that by {best} alone {alone[best].mean():.3f}: "
        f"{gain:+.3f} [{low:+.3f}, {high:+.3f}] over {len(gains)} worlds, more in {(gains > 0).sum()} of them"
    )
    yield Probe(
        mine.mean() > alone["click"].mean(),
        f"{words}. By click alone it is {alone['click'].mean():.3f}, which is no less.",
        "a label as frequent as the click decides the order of a sum.",
        "put the labels on one scale: divide each by its mean, or use logarithms.",
    )
    yield Probe(
        low > 0,
        f"{words}. That is not clearly a gain.",
        "every probability in the log contains the click, and with it the bait.",
        "add the logarithms of several rare labels, and subtract that of the click, with a factor that you find out.",
    )
    return f"{words[0].upper()}{words[1:]}."


def _satisfaction(scores: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Mean true satisfaction of the users' top 10 in each world: `(worlds,)`.

    Kept predictions are rounded, so some are equal: these stay in the order of the candidates, on any CPU.
    """
    best = np.argsort(-scores, axis=-1, kind="stable")[..., :TOP]
    return np.take_along_axis(truth, best, axis=-1).mean((-2, -1))


@exercise("N bottoms and all towers on one side, one bottom and all towers on the other.")
def saving(answer: Callable[[float, Sequence[float]], float]) -> Iterator[Probe]:
    """`answer(bottom, towers)`: costs of the bottom and of each task's tower become a ratio, N models to one shared."""
    bottom, towers = 900.0, [100.0, 100.0, 100.0, 100.0]
    found = begun(answer(bottom, towers))
    yield Probe(
        isinstance(found, int | float | np.floating) or (isinstance(found, Tensor) and found.dim() == 0),
        f"the function gave back a {type(found).__name__}, not a number.",
        "the answer is one number: how many times as much N models cost.",
        "divide the cost of the N models by the cost of the shared one, and return that.",
    )
    found, right = float(found), 4000 / 1300
    yield Probe(
        not np.isclose(found, 4),
        "the ratio is the number of tasks: as if the towers cost nothing, or were shared too.",
        "the shared model still needs a tower for each task.",
        "its cost is one bottom plus the sum of all towers.",
    )
    yield Probe(
        not np.isclose(found, 1),
        "the ratio is 1: both sides have the same number of bottoms.",
        "how many bottoms do four single-task models have?",
        "in the N models each tower comes with a bottom of its own; in the shared model there is one for all.",
    )
    yield Probe(
        not np.isclose(found, 1 / right),
        "the ratio is turned round: it says what part of the cost the shared model has.",
        "what is asked for is how many times as much the N models cost, a number above 1.",
        "the cost of the N models stands above the line.",
    )
    yield Probe(
        np.isclose(found, right, rtol=1e-6),
        f"for a bottom of 900 and four towers of 100 the ratio is {found:.2f}; it should be {right:.2f}.",
        "write down both costs first: what do four whole models need, and what does one bottom with four towers need?",
        "four times 900 + 100 on one side, 900 + four times 100 on the other.",
    )
    found = float(answer(900.0, [100.0, 500.0]))
    yield Probe(
        np.isclose(found, 2400 / 1500, rtol=1e-6),
        f"for towers of 100 and 500 the ratio is {found:.2f}, as if all towers were alike; it should be 1.60.",
        "each task has a tower of its own size.",
        "`sum(towers)` adds them up, however different they are.",
    )


@exercise("the same values, handed to other rows, and a seed that repeats it.")
def uninformative(answer: Callable[[Tensor, int], Tensor]) -> Iterator[Probe]:
    """`answer(labels, seed)`: `(n,)` labels become a control that looks like them and tells nothing of the inputs."""
    rows = 2000
    labels = 1 + 2 * torch.randn(rows, generator=torch.Generator().manual_seed(5)) ** 2
    found = begun(answer(labels, 1))
    yield Probe(
        isinstance(found, Tensor) and found.shape == (rows,),
        f"{rows} labels came back as {described(found)}, not as a tensor of shape ({rows},).",
        "the control must fit where the labels stood: one value per row.",
        "index the labels with an order of the row numbers.",
    )
    yield Probe(
        not torch.equal(found, labels),
        "the labels came back as they were.",
        "as long as each label stays at its row, it tells of that row's inputs.",
        "hand the labels to other rows, in a random order.",
    )
    kept = torch.isin(found.to(labels.dtype), labels)
    yield Probe(
        bool(kept.all()),
        f"the values are others: {int((~kept).sum())} of {rows} are none of the labels.",
        "a control differs in one thing only. New draws differ in shape, even with the same mean and spread.",
        "keep all values and change nothing but which row has which.",
    )
    yield Probe(
        bool(torch.isclose(found.sort().values, labels.sort().values).all()),
        f"only {len(found.unique())} of the {rows} labels are used, some of them more than once.",
        "drawing with replacement gives other values in all.",
        "`torch.randperm(n)` names every row exactly once; `torch.randint` does not.",
    )
    correlation = float(torch.corrcoef(torch.stack([found, labels]))[0, 1])
    yield Probe(
        abs(correlation) < 0.1,
        f"the control still correlates with the labels: {correlation:+.2f}.",
        "most labels should stand at a row that has nothing to do with them.",
        "`torch.randperm(n)` gives all row numbers in a random order.",
    )
    yield Probe(
        torch.equal(found, answer(labels, 1)),
        "the same seed gave two different controls.",
        "an experiment that cannot be repeated cannot be checked.",
        "pass a generator: `torch.Generator().manual_seed(seed)`.",
    )
    other = answer(labels, 2)
    yield Probe(
        not any(torch.equal(found, other.roll(by)) for by in (-1, 1)) and not _rotated(found, labels),
        "the labels were only moved along: each still has the neighbours that it had.",
        "an order by chance is drawn anew by each seed.",
        "`torch.randperm(n, generator=...)` draws one.",
    )
    yield Probe(
        not torch.equal(found, other),
        "two seeds gave the same control.",
        "each seed of an experiment needs a draw of its own.",
        "use `seed` in the generator that draws the order.",
    )


def _rotated(found: Tensor, labels: Tensor) -> bool:
    """Whether one is the other, moved along by some number of rows (all labels are different)."""
    start = int((found == labels[0]).nonzero()[0])
    return torch.equal(found, labels.roll(start))
