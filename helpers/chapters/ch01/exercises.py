"""The exercises of chapter 01, Motivation."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from helpers.chapters.ch01 import held_out
from helpers.data.feed import TOP
from helpers.display.answers import Wrong, close, described, is_tensor, numbers
from helpers.display.exercises import exercise
from helpers.evaluation.statistics import interval

Scores = dict[str, np.ndarray]

looks: set[int] = set()  # which lists were judged on the held-out worlds in this kernel


@exercise("in worlds that nothing was chosen on, it satisfies more than every single label.")
def beats_every_label(answer: Callable[[Scores], np.ndarray]) -> str:
    """`answer(p)`: predictions {task: (worlds, users, candidates)} become one score a candidate, of any formula."""
    p, truth = held_out.read()
    scores = _scores(answer(p), truth.shape)
    alone = {task: _satisfaction(values, truth) for task, values in p.items()}
    best = max(alone, key=lambda task: alone[task].mean())
    mine = _satisfaction(scores, truth)
    gains = mine - alone[best]  # world by world: a world is a trained model, and its users are not independent of it
    gain, low, high = np.round(interval(gains), 4)  # as printed: what reads 0 is not above 0
    words = (
        f"our top 10 has a satisfaction of {mine.mean():.4f}, that by {best} alone {alone[best].mean():.4f}: "
        f"{gain:+.4f} [{low:+.4f}, {high:+.4f}] over {len(gains)} worlds, more in {(gains > 0).sum()} of them"
    )
    looks.add(hash(_top(scores).tobytes()))
    if len(looks) > 1:
        words += f" (look number {len(looks)} at these worlds: a gain found late is worth less)"
    if mine.mean() <= alone["click"].mean():
        raise Wrong(f"""y{words}. By click alone it is {alone["click"].mean():.4f}, which is no less.
            Hint: a label as frequent as the click decides the order of a sum.
            Hint: put the labels on one scale: divide each by its mean, or use logarithms.""")
    if low <= 0 < gain:
        raise Wrong(f"""y{words}. Your mean is higher, but the gain scatters too much from world to world.
            Hint: each label is predicted with errors of its own. Several rare labels know more than one: are they in?
            Hint: how much of the click has to go, less or more than a division takes out, you find by trying.""")
    if low <= 0:
        raise Wrong(f"""y{words}. That is not a gain.
            Hint: each label needs a click, so it has the bait of the click in it. Take part of that out again: by a
            negative weight in a sum of labels on one scale, by a negative exponent in a product.
            Hint: several rare labels know more than one. How much of the click has to go, you find by trying.""")
    return f"Y{words}."


def _scores(given, shape: tuple[int, ...]) -> np.ndarray:
    scores = np.asarray(given, dtype=float)
    if scores.shape != shape:
        raise Wrong(f"""the score has shape {scores.shape}; the predictions have {shape}.
            Hint: one score for each candidate.
            Hint: combine the arrays element by element.""")
    if not np.isfinite(scores).all():
        raise Wrong("""some scores are NaN or infinite.
            Hint: logarithms and powers need positive numbers.
            Hint: `watch_time` is a predicted logarithm and may be negative; all others are probabilities.""")
    return scores


def _satisfaction(scores: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Mean true satisfaction of the users' top 10 in each world: `(worlds,)`."""
    return np.take_along_axis(truth, _top(scores), axis=-1).mean((-2, -1))


def _top(scores: np.ndarray) -> np.ndarray:
    """The places of the ten highest scores of each user.

    Kept predictions are rounded, so some are equal: these stay in the order of the candidates, on any CPU.
    """
    return np.argsort(-scores, axis=-1, kind="stable")[..., :TOP]


CENTS = {"click": 1, "finish": 2, "like": 5, "favourite": 10, "share": 50}


@exercise("no list of ten is expected to earn more.")
def most_cents(answer: Callable[[Scores], np.ndarray]) -> str:
    """`answer(p)`: predictions {task: (worlds, users, candidates)} become a score a candidate, whose top ten earns as
    many `CENTS` as any ten can, in expectation. What orders the candidates in the same way is the same score."""
    p, truth = held_out.read()
    worth = sum(cents * p[label] for label, cents in CENTS.items())
    scores = _scores(answer(p), truth.shape)

    def earned(scores: np.ndarray) -> float:
        return np.take_along_axis(worth, _top(scores), axis=-1).sum(-1).mean()

    mine, best = earned(scores), earned(worth)

    def serves_like(*others: np.ndarray) -> bool:
        return any(np.isclose(mine, earned(other), rtol=1e-6) for other in others)

    scaled = sum(cents * p[label] / p[label].mean() for label, cents in CENTS.items())
    powers = sum(cents * np.log(p[label]) for label, cents in CENTS.items())
    if serves_like(worth):
        ten, shares = (_satisfaction(score, truth).mean() for score in (worth, p["share"]))
        return f"These ten satisfy by {ten:.3f}, the ten by share alone by {shares:.3f}: to earn is another goal."
    if serves_like(-worth):
        raise Wrong("""the order is reversed: these ten earn least.
            Hint: the ten highest scores are served.
            Hint: what is worth more needs a higher score.""")
    if serves_like(sum(p[label] for label in CENTS)):
        raise Wrong("""every label counts once: what each is worth is not in the score.
            Hint: a share earns fifty times what a click earns.
            Hint: weight each probability by its cents.""")
    if serves_like(scaled):
        raise Wrong("""you divided each label by its rate, so its cents are no longer cents.
            Hint: a rare label earns rarely, and that belongs in the score.
            Hint: how many cents does a click bring on average, if its probability is 0.3?""")
    if serves_like(powers):
        raise Wrong("""you multiplied powers: but cents of different labels are added up.
            Hint: a candidate that is never shared still earns by its clicks.
            Hint: an expected value is a sum of probability times worth.""")
    if serves_like(*(p[label] for label in CENTS)):
        raise Wrong("""one label alone decides.
            Hint: all five earn something.
            Hint: add up what each of them is expected to bring.""")
    if serves_like(worth / p["click"]):
        raise Wrong("""this is what a *click* is expected to bring; a candidate must be clicked first.
            Hint: the probabilities in `p` are per impression, the click among them.
            Hint: leave out the division by the click.""")
    raise Wrong(f"""your top ten is expected to earn {mine:.2f} cents, the best ten {best:.2f}.
        Hint: what does one candidate earn on average, by each of the five labels?
        Hint: probability times worth, added up over the labels; nothing else moves the score.""")


@exercise("the label per tenth, as a multiple of its average: that is the chapter's picture of a bias.")
def tenths(answer: Callable[[np.ndarray, np.ndarray], np.ndarray]):
    """`answer(trait, label)`: two `(rows,)` arrays become ten numbers: how often the label is given in each tenth of
    the rows, from the lowest trait to the highest, divided by how often it is given at all."""
    rng = np.random.default_rng(4)
    trait = np.exp(rng.normal(size=2000))  # skewed: some parts of equal width are empty
    label = (rng.random(2000) < 0.1 + 0.15 * np.log1p(trait)).astype(float)
    given = answer(trait, label)
    relative = numbers(list(given.values()) if isinstance(given, dict) else given)
    if relative is not None and _of_equal_width(relative.ravel(), trait, label):
        raise Wrong("""these are parts of equal width, in which the highest values of the trait are few or none.
            Hint: a tenth of the *rows*, not of the range of the trait.
            Hint: `pd.qcut` cuts into parts with equally many rows, `pd.cut` into parts of equal width.""")
    if relative is None or relative.size != 10:
        came = described(given) if relative is None or relative.size == 1 else f"{relative.size} numbers"
        raise Wrong(f"""{came} came back, not ten numbers.
            Hint: one number for each tenth of the rows.
            Hint: sort the rows by the trait and cut them into ten equal parts.""")
    relative = relative.ravel()

    def rates(by: np.ndarray) -> np.ndarray:
        return label[np.argsort(by, kind="stable")].reshape(10, -1).mean(1)

    right = rates(trait) / label.mean()
    if close(relative, right):
        return
    if not np.isfinite(relative).all():
        raise Wrong("""some of the ten numbers are NaN or infinite: a part may be empty.
            Hint: each tenth has equally many rows.
            Hint: sort the rows by the trait and cut them into ten equal parts.""")
    if close(relative, rates(trait)):
        raise Wrong("""these are the rates: labels of 30% and of 0.4% would not fit in one picture.
            Hint: 1 should mean: as often as on average.
            Hint: divide by the rate of the label in all rows.""")
    if close(relative, rates(trait) / rates(trait).sum()):
        raise Wrong("""these are shares of all labels: they add up to 1.
            Hint: 1 should mean: as often as on average.
            Hint: divide by the mean rate, not by the sum of the ten.""")
    if close(relative, rates(trait) / rates(trait)[0]):
        raise Wrong("""you divided by the lowest tenth.
            Hint: 1 should mean: as often as on average.
            Hint: divide by the rate of the label in all rows.""")
    if close(relative, right[::-1]):
        raise Wrong("""the tenths are in reversed order.
            Hint: the lowest trait comes first.
            Hint: sort in ascending order, or turn the ten numbers around.""")
    if close(relative, rates(np.zeros(2000)) / label.mean()):
        raise Wrong("""the rows were cut as they came, not by the trait.
            Hint: the first tenth has the rows with the lowest trait.
            Hint: `np.argsort(trait)` is the order of the rows by the trait.""")
    if close(relative, rates(label) / label.mean()):
        raise Wrong("""the rows were sorted by the label itself.
            Hint: the question is how the label follows the trait.
            Hint: take the order from the trait, and the mean from the label.""")
    raise Wrong(f"""the ten numbers should run from {right[0]:.2f} to {right[-1]:.2f}; yours go from
        {relative[0]:.2f} to {relative[-1]:.2f}.
        Hint: sort by the trait, cut into ten equal parts, take the mean of the label in each.
        Hint: then divide the ten means by the mean of all labels.""")


def _of_equal_width(given: np.ndarray, trait: np.ndarray, label: np.ndarray) -> bool:
    """Whether these are rates, or multiples of the average, in ten parts of the trait's range, empty ones NaN or left
    out."""
    rows, labels = np.histogram(trait, 10)[0], np.histogram(trait, 10, weights=label)[0]
    rates = labels[rows > 0] / rows[rows > 0]
    return any(close(given[np.isfinite(given)], rates / unit) for unit in (1, label.mean()))


@exercise("the same values, assigned to other rows, and a seed that repeats it.")
def uninformative(answer: Callable[[Tensor, int], Tensor]):
    """`answer(labels, seed)`: `(n,)` labels become a control that looks like them and says nothing about the inputs."""
    rows = 2000
    labels = 1 + 2 * torch.randn(rows, generator=torch.Generator().manual_seed(5)) ** 2
    control = answer(labels, 1)
    if not is_tensor(control, rows):
        raise Wrong(f"""{rows} labels came back as {described(control)}, not as a tensor of shape ({rows},).
            Hint: the control takes the place of the labels: one value per row.
            Hint: index the labels with an order of the row numbers.""")
    if torch.equal(control, labels):
        raise Wrong("""the labels came back as they were.
            Hint: as long as each label stays at its row, it says something about that row's inputs.
            Hint: assign the labels to other rows, in a random order.""")
    kept = torch.isin(control.to(labels.dtype), labels)
    if not kept.all():
        raise Wrong(f"""the values are others: {(~kept).sum()} of {rows} are none of the labels.
            Hint: a control differs in one thing only. New draws differ in shape, even with the same mean and spread.
            Hint: keep all values and change nothing but which row has which.""")
    if not close(control.sort().values, labels.sort().values):
        raise Wrong(f"""only {len(control.unique())} of the {rows} labels are used, some of them more than once.
            Hint: drawing with replacement gives other values in all.
            Hint: `torch.randperm(n)` names every row exactly once; `torch.randint` does not.""")
    correlation = torch.corrcoef(torch.stack([control, labels]))[0, 1]
    if correlation.abs() >= 0.1:
        raise Wrong(f"""the control still correlates with the labels: {correlation:+.2f}.
            Hint: most labels should move to a row that has nothing to do with them.
            Hint: `torch.randperm(n)` gives all row numbers in a random order.""")
    if not torch.equal(control, answer(labels, 1)):
        raise Wrong("""the same seed gave two different controls.
            Hint: an experiment that cannot be repeated cannot be checked.
            Hint: pass a generator: `torch.Generator().manual_seed(seed)`.""")
    other = answer(labels, 2)
    place_of_first = int((control == labels[0]).nonzero()[0])  # all labels are different
    if torch.equal(control, labels.roll(place_of_first)):
        raise Wrong("""the labels were only moved along: each still has the neighbours that it had.
            Hint: a new random order is drawn for each seed.
            Hint: `torch.randperm(n, generator=...)` draws one.""")
    if torch.equal(control, other):
        raise Wrong("""two seeds gave the same control.
            Hint: each seed of an experiment needs a draw of its own.
            Hint: use `seed` in the generator that draws the order.""")
