"""The exercises of chapter 01, Motivation."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator

import numpy as np

from helpers.chapters.ch01 import held_out, ranking
from helpers.data.worlds import TOP
from helpers.display.exercises import Probe, begun, exercise
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
