"""The exercises of chapter 01, Motivation."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from helpers.chapters.ch01 import held_out
from helpers.data.feed import TOP
from helpers.display.answers import close, described, numbers
from helpers.display.exercises import Exercise
from helpers.display.mistakes import form, gives, otherwise, when
from helpers.evaluation.statistics import interval

Scores = dict[str, np.ndarray]

looks: set[int] = set()  # which lists were judged on the held-out worlds in this kernel


def _satisfaction(scores: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Mean true satisfaction of the users' top 10 in each world: `(worlds,)`."""
    return np.take_along_axis(truth, _top(scores), axis=-1).mean((-2, -1))


def _top(scores: np.ndarray) -> np.ndarray:
    """The places of the ten highest scores of each user.

    Kept predictions are rounded, so some are equal: these stay in the order of the candidates, on any CPU.
    """
    return np.argsort(-scores, axis=-1, kind="stable")[..., :TOP]


@dataclass
class _HeldOut:
    """What a score does in worlds on which nothing was chosen."""

    answer: Callable[[Scores], np.ndarray]

    @cached_property
    def scores(self) -> np.ndarray:
        return np.asarray(self.answer(held_out.read()[0]), dtype=float)

    @property
    def wrong_shape(self) -> dict | bool:
        shape = held_out.read()[1].shape
        return self.scores.shape != shape and {"came": self.scores.shape, "wanted": shape}

    @cached_property
    def found(self) -> dict:
        p, truth = held_out.read()
        alone = {task: _satisfaction(values, truth) for task, values in p.items()}
        best = max(alone, key=lambda task: alone[task].mean())
        mine = _satisfaction(self.scores, truth)
        gains = mine - alone[best]  # world by world: a world is a trained model, its users are not independent of it
        gain, low, high = np.round(interval(gains), 4)  # as printed: what reads 0 is not above 0
        looks.add(hash(_top(self.scores).tobytes()))
        number = (
            f" (look number {len(looks)} at these worlds: a gain found late is worth less)" if len(looks) > 1 else ""
        )
        means = {"mine": mine.mean(), "best": best, "alone": alone[best].mean(), "click": alone["click"].mean()}
        more = {"worlds": len(gains), "more": (gains > 0).sum(), "look": number}
        return means | more | {"gain": gain, "low": low, "high": high}


FOUND = (
    "our top 10 has a satisfaction of {mine:.4f}, that by {best} alone {alone:.4f}: {gain:+.4f} [{low:+.4f}, "
    "{high:+.4f}] over {worlds} worlds, more in {more} of them{look}"
)
SHAPE = """the score has shape {came}; the predictions have {wanted}.
    Hint: one score for each candidate.
    Hint: combine the arrays element by element."""
NOT_FINITE = """some scores are NaN or infinite.
    Hint: logarithms and powers need positive numbers.
    Hint: `watch_time` is a predicted logarithm and may be negative; all others are probabilities."""


def _log_of_watch_time(p: Scores) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.log(p["watch_time"]) if "watch_time" in p else np.log(-p["like"])


beats_every_label = Exercise(
    "in worlds that nothing was chosen on, it satisfies more than every single label.",
    "`answer(p)`: predictions {task: (worlds, users, candidates)} become one score a candidate, of any formula.",
    right=lambda p: np.log(p["like"]) + np.log(p["share"]) + np.log(p["favourite"]) - 1.5 * np.log(p["click"]),
    look=_HeldOut,
    note=lambda seen: f"Y{FOUND}.".format(**seen.found),
    mistakes={
        when(lambda seen: seen.wrong_shape, lambda p: p["like"][..., 0]): SHAPE,
        when(lambda seen: not np.isfinite(seen.scores).all(), _log_of_watch_time): NOT_FINITE,
        when(lambda seen: seen.found["mine"] <= seen.found["click"] and seen.found, lambda p: -p["like"]): f"""y{FOUND}.
            By click alone it is {{click:.4f}}, which is no less.
            Hint: a label as frequent as the click decides the order of a sum.
            Hint: put the labels on one scale: divide each by its mean, or use logarithms.""",
        when(
            lambda seen: seen.found["low"] <= 0 < seen.found["gain"] and seen.found, lambda p: p["like"] / p["click"]
        ): f"""y{FOUND}. Your mean is higher, but the gain scatters too much from world to world.
            Hint: each label is predicted with errors of its own. Several rare labels know more than one: are they in?
            Hint: how much of the click has to go, less or more than a division takes out, you find by trying.""",
        when(
            lambda seen: seen.found["low"] <= 0 and seen.found, lambda p: p["share"], lambda p: p["like"] * p["share"]
        ): f"""y{FOUND}. That is not a gain.
            Hint: each label needs a click, so it has the bait of the click in it. Take part of that out again: by a
            negative weight in a sum of labels on one scale, by a negative exponent in a product.
            Hint: several rare labels know more than one. How much of the click has to go, you find by trying.""",
    },
)

CENTS = {"click": 1, "finish": 2, "like": 5, "favourite": 10, "share": 50}


def _cents(p: Scores, of: Callable = lambda values: values) -> np.ndarray:
    """What a candidate is expected to earn, from what is made of each probability."""
    return sum(cents * of(p[label]) for label, cents in CENTS.items())


@cache
def _worth() -> np.ndarray:
    """What each candidate is expected to earn."""
    return _cents(held_out.read()[0])


def _revenue(scores: np.ndarray) -> float:
    return np.take_along_axis(_worth(), _top(scores), axis=-1).sum(-1).mean()


def _satisfaction_note(seen) -> str:
    p, truth = held_out.read()
    ten, shares = (_satisfaction(score, truth).mean() for score in (_cents(p), p["share"]))
    return f"The satisfaction of these ten is {ten:.3f}, of the ten by shares {shares:.3f}: to earn is another goal."


def _as_scores(given, right: np.ndarray) -> np.ndarray | None:
    scores = np.asarray(given, dtype=float)
    return scores if scores.shape == right.shape else None


most_cents = Exercise(
    "no list of ten is expected to earn more.",
    """`answer(p)`: predictions {task: (worlds, users, candidates)} become a score a candidate, whose top ten earns as
    many `CENTS` as any ten can, in expectation. What orders the candidates in the same way is the same score.""",
    right=_cents,
    also=[
        lambda p: np.log(_cents(p)),
        lambda p: torch.tensor(_cents(p)).float() / 100,
        lambda p: _cents(p).argsort(-1).argsort(-1).tolist(),  # ranks
    ],
    cases=lambda: [held_out.read()[:1]],
    read=_as_scores,
    same=lambda yours, right: np.isclose(_revenue(yours), _revenue(right), rtol=1e-6),
    note=_satisfaction_note,
    fields=lambda yours, p: {"mine": _revenue(yours), "best": _revenue(_cents(p)), "came": yours.shape},
    mistakes={
        form(lambda p: p["click"][0]): """the score is {came}; the predictions are {wanted}.
            Hint: one score for each candidate.
            Hint: combine the arrays element by element.""",
        gives(lambda yours, p: not np.isfinite(yours).all(), _log_of_watch_time): NOT_FINITE,
        lambda p: -_cents(p): """the order is reversed: these ten earn least.
            Hint: the ten highest scores are served.
            Hint: what is worth more needs a higher score.""",
        lambda p: sum(p[label] for label in CENTS): """every label counts once: what each is worth is not in the score.
            Hint: a share earns fifty times what a click earns.
            Hint: weight each probability by its cents.""",
        lambda p: _cents(p, lambda values: values / values.mean()): """you divided each label by its rate, so its cents
            are no longer cents.
            Hint: a rare label earns rarely, and that belongs in the score.
            Hint: how many cents does a click bring on average, if its probability is 0.3?""",
        lambda p: _cents(p, np.log): """you multiplied powers: but cents of different labels are added up.
            Hint: a candidate that is never shared still earns by its clicks.
            Hint: an expected value is a sum of probability times worth.""",
        tuple(lambda p, label=label: p[label] for label in CENTS): """only one label decides.
            Hint: all five earn something.
            Hint: add up what each of them is expected to bring.""",
        lambda p: _cents(p) / p["click"]: """this is what a *click* is expected to bring; a candidate must be clicked
            first.
            Hint: the probabilities in `p` are per impression, the click among them.
            Hint: leave out the division by the click.""",
        otherwise(lambda p: _cents(p) + 20 * p["comment"]): """your top ten is expected to earn {mine:.2f} cents, the
            best ten {best:.2f}.
            Hint: what does one candidate earn on average, by each of the five labels?
            Hint: probability times worth, added up over the labels; nothing else moves the score.""",
    },
)


def _tenths(by=lambda trait, label: trait, over=lambda rates, label: label.mean(), parts: int = 10):
    """An answer that sorts by something else, divides by something else, or has other parts."""

    def answer(trait, label):
        rates = np.array(
            [part.mean() for part in np.array_split(label[np.argsort(by(trait, label), kind="stable")], parts)]
        )
        return rates / over(rates, label)

    return answer


def _skewed_trait() -> list[tuple[np.ndarray, np.ndarray]]:
    rng = np.random.default_rng(4)
    trait = np.exp(rng.normal(size=2000))  # some parts of equal width are empty
    return [(trait, (rng.random(2000) < 0.1 + 0.15 * np.log1p(trait)).astype(float))]


def _all_numbers(given, right) -> np.ndarray | None:
    values = numbers(list(given.values()) if isinstance(given, dict) else given)
    return None if values is None or values.size == 1 else values.ravel()


def _of_equal_width(yours: np.ndarray, trait: np.ndarray, label: np.ndarray) -> bool:
    """Whether these are rates, or multiples of the average, in ten parts of the trait's range, empty ones NaN or left
    out."""
    rows, labels = np.histogram(trait, 10)[0], np.histogram(trait, 10, weights=label)[0]
    rates = labels[rows > 0] / rows[rows > 0]
    return any(close(yours[np.isfinite(yours)], rates / unit) for unit in (1, label.mean()))


def _cut(trait: np.ndarray, label: np.ndarray, observed: bool) -> pd.Series:
    return pd.Series(label).groupby(pd.cut(trait, 10), observed=observed).mean()


tenths = Exercise(
    "the label per tenth, as a multiple of its average: that is the chapter's picture of a bias.",
    """`answer(trait, label)`: two `(rows,)` arrays become ten numbers: how often the label is given in each tenth of
    the rows, from the lowest trait to the highest, divided by how often it is given at all.""",
    right=_tenths(),
    also=[
        lambda trait, label: pd.Series(label).groupby(pd.qcut(trait, 10)).mean() / label.mean(),
        lambda trait, label: torch.tensor(label)[torch.tensor(trait).argsort()].view(10, -1).mean(1) / label.mean(),
        lambda trait, label: pd.DataFrame(_tenths()(trait, label)),
        lambda trait, label: dict(enumerate(_tenths()(trait, label))),
    ],
    cases=_skewed_trait,
    read=_all_numbers,
    mistakes={
        form(lambda trait, label: label.mean(), lambda trait, label: "ten"): """{came} came back, not ten numbers.
            Hint: one number for each tenth of the rows.
            Hint: sort the rows by the trait and cut them into ten equal parts.""",
        gives(
            _of_equal_width,
            lambda trait, label: _cut(trait, label, False) / label.mean(),
            lambda trait, label: _cut(trait, label, True),
        ): """these are parts of equal width, in which the highest values of the trait are few or none.
            Hint: a tenth of the *rows*, not of the range of the trait.
            Hint: `pd.qcut` cuts into parts with equally many rows, `pd.cut` into parts of equal width.""",
        gives(lambda yours, *_: len(yours) != 10 and {"count": len(yours)}, _tenths(parts=5)): """{count} numbers came
            back, not ten.
            Hint: one number for each tenth of the rows.
            Hint: sort the rows by the trait and cut them into ten equal parts.""",
        gives(lambda yours, *_: not np.isfinite(yours).all(), lambda *rows: [*_tenths()(*rows)[:9], np.nan]): """some of
            the ten numbers are NaN or infinite: a part may be empty.
            Hint: each tenth has equally many rows.
            Hint: sort the rows by the trait and cut them into ten equal parts.""",
        _tenths(over=lambda rates, label: 1): """these are the rates: labels of 30% and of 0.4% would not fit in one
            picture.
            Hint: 1 should mean: as often as on average.
            Hint: divide by the rate of the label in all rows.""",
        _tenths(over=lambda rates, label: rates.sum()): """these are shares of all labels: they add up to 1.
            Hint: 1 should mean: as often as on average.
            Hint: divide by the mean rate, not by the sum of the ten.""",
        _tenths(over=lambda rates, label: rates[0]): """you divided by the lowest tenth.
            Hint: 1 should mean: as often as on average.
            Hint: divide by the rate of the label in all rows.""",
        lambda *rows: _tenths()(*rows)[::-1]: """the tenths are in reversed order.
            Hint: the lowest trait comes first.
            Hint: sort in ascending order, or turn the ten numbers around.""",
        _tenths(by=lambda trait, label: np.zeros(len(label))): """the rows were cut as they came, not by the trait.
            Hint: the first tenth has the rows with the lowest trait.
            Hint: `np.argsort(trait)` is the order of the rows by the trait.""",
        _tenths(by=lambda trait, label: label): """the rows were sorted by the label itself.
            Hint: the question is how the label follows the trait.
            Hint: take the order from the trait, and the mean from the label.""",
        otherwise(lambda trait, label: _tenths()(label, trait)): """the ten numbers should run from {right[0]:.2f} to
            {right[9]:.2f}; yours go from {yours[0]:.2f} to {yours[9]:.2f}.
            Hint: sort by the trait, cut into ten equal parts, take the mean of the label in each.
            Hint: then divide the ten means by the mean of all labels.""",
    },
)

ROWS = 2000
LABELS = 1 + 2 * torch.randn(ROWS, generator=torch.Generator().manual_seed(5)) ** 2


def _draw(seed: int, draw: Callable = torch.randperm) -> Tensor:
    return draw(ROWS, generator=torch.Generator().manual_seed(seed))


def _matched_noise(labels: Tensor, seed: int) -> Tensor:
    """A normal draw with the labels' mean and standard deviation."""
    drawn = _draw(seed, torch.randn)
    return labels.mean() + labels.std() * (drawn - drawn.mean()) / drawn.std()


def _with_replacement(labels: Tensor, seed: int) -> Tensor:
    return labels[torch.randint(ROWS, (ROWS,), generator=torch.Generator().manual_seed(seed))]


@dataclass
class _Control:
    answer: Callable[[Tensor, int], Tensor]

    @cached_property
    def control(self) -> Tensor:
        return self.answer(LABELS, 1)

    @property
    def unknown(self) -> int:
        """How many of the values are none of the labels."""
        return int((~torch.isin(self.control.to(LABELS.dtype), LABELS)).sum())

    @property
    def correlation(self) -> float:
        return float(torch.corrcoef(torch.stack([self.control, LABELS]))[0, 1])

    @property
    def moved_along(self) -> bool:
        place_of_first = int((self.control == LABELS[0]).nonzero()[0])  # all labels are different
        return torch.equal(self.control, LABELS.roll(place_of_first))


uninformative = Exercise(
    "the same values, assigned to other rows, and a seed that repeats it.",
    "`answer(labels, seed)`: `(n,)` labels become a control that looks like them and says nothing about the inputs.",
    right=lambda labels, seed: labels[_draw(seed)],
    look=_Control,
    mistakes={
        when(
            lambda seen: getattr(seen.control, "shape", None) != (ROWS,) and {"came": described(seen.control)},
            lambda labels, seed: labels[: len(labels) // 2],
            lambda labels, seed: labels.tolist(),
        ): """2000 labels came back as {came}, not as a tensor of shape (2000,).
            Hint: the control takes the place of the labels: one value per row.
            Hint: index the labels with an order of the row numbers.""",
        when(lambda seen: torch.equal(seen.control, LABELS), lambda labels, seed: labels): """the labels came back as
            they were.
            Hint: as long as each label stays at its row, it says something about that row's inputs.
            Hint: assign the labels to other rows, in a random order.""",
        when(
            lambda seen: seen.unknown and {"count": seen.unknown},
            _matched_noise,
            lambda labels, seed: torch.zeros_like(labels),
        ): """the values are others: {count} of 2000 are none of the labels.
            Hint: a control differs in one thing only. New draws differ in shape, even with the same mean and spread.
            Hint: keep all values and change nothing but which row has which.""",
        when(
            lambda seen: (
                not close(seen.control.sort().values, LABELS.sort().values) and {"count": len(seen.control.unique())}
            ),
            _with_replacement,
        ): """only {count} of the 2000 labels are used, some of them more than once.
            Hint: drawing with replacement gives other values in all.
            Hint: `torch.randperm(n)` names every row exactly once; `torch.randint` does not.""",
        when(
            lambda seen: abs(seen.correlation) >= 0.1 and {"correlation": seen.correlation},
            lambda labels, seed: torch.cat([labels[:2].flip(0), labels[2:]]),
        ): """the control still correlates with the labels: {correlation:+.2f}.
            Hint: most labels should move to a row that has nothing to do with them.
            Hint: `torch.randperm(n)` gives all row numbers in a random order.""",
        when(
            lambda seen: not torch.equal(seen.control, seen.answer(LABELS, 1)),
            lambda labels, seed: labels[torch.randperm(ROWS)],
        ): """the same seed gave two different controls.
            Hint: an experiment that cannot be repeated cannot be checked.
            Hint: pass a generator: `torch.Generator().manual_seed(seed)`.""",
        when(lambda seen: seen.moved_along, lambda labels, seed: labels.roll(seed)): """the labels were only moved
            along: each still has the neighbours that it had.
            Hint: a new random order is drawn for each seed.
            Hint: `torch.randperm(n, generator=...)` draws one.""",
        when(
            lambda seen: torch.equal(seen.control, seen.answer(LABELS, 2)),
            lambda labels, seed: labels.flip(0),
            lambda labels, seed: labels.sort().values,
        ): """two seeds gave the same control.
            Hint: each seed of an experiment needs a draw of its own.
            Hint: use `seed` in the generator that draws the order.""",
    },
)
