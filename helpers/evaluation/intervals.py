"""How sure is a gain that was measured on one table? Three kinds of luck, and the interval that has them all.

- The luck of training: first parameters, the order of batches and, with random splits, the rows that were drawn. It
  differs from seed to seed, and shrinks with their number: spread² / seeds.
- The luck of the log: all seeds train on rows of one log, so that they agree more than on a log each. Nadeau and Bengio
  (Machine Learning 52, 2003) add spread² · test rows / training rows for it, whatever the number of seeds. The ratio is
  how much two random splits have in common: of n rows, a share of (test rows / n) is tested in both. In their splits
  training takes every row that is not tested. Where a seed trains on fewer, the rows that it could have taken still
  count, all but the validation and test rows: a small training part does not make two test sets more alike. (On logs
  of a known law this errs on the safe side; a test holds it.)
- The luck of the test: other users would have come. `over_users` measures it.

        standard error² = spread² · (1 / seeds + test rows / rows to train on) + users²

The second term is a rule of thumb for random splits. By time, where a seed is only another start, it is a little
too small: how often such intervals hold what they should is measured in `helpers.chapters.ch08.coverage`.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from scipy.special import stdtrit

from ..support import validate
from .metrics import CONSTANT, ONE_CLASS, Array, ranks
from .verdicts import verdict

MOST_SEEDS = 200  # nobody waits for more


class Gain(NamedTuple):
    """A mean gain with its 95% interval, and the parts of that interval.

    spread   standard deviation of the gains over seeds
    overlap  test rows / rows that a seed could have trained on
    users    standard error by the draw of test users, of whom there were `units`
    """

    mean: float
    low: float
    high: float
    seeds: int
    spread: float
    overlap: float
    users: float
    units: int

    def at(self, seeds: int) -> tuple[float, float]:
        """The interval that so many seeds would have, if mean and spread stayed as they are."""
        half = half_width(self.spread, seeds, self.overlap, self.users, self.units)
        return self.mean - half, self.mean + half


def gain(values: np.ndarray, overlap: float, users: float = 0.0, units: int = 2, level: float = 0.95) -> Gain:
    """The interval for gains `values`, one a seed; the other arguments are parts of a `Gain`.

    Without `users` the interval leaves out that other users would have come.
    """
    values = validate.finite("values", validate.numbers("values", values))
    if values.ndim != 1 or len(values) < 2:
        validate.fail("values", f"shape {values.shape}", "at least 2 gains in one dimension, one for each seed")
    spread, mean = float(values.std(ddof=1)), float(values.mean())
    half = half_width(spread, len(values), overlap, users, units, level)
    return Gain(mean, mean - half, mean + half, len(values), spread, overlap, users, units)


def half_width(spread: float, seeds: int, overlap: float, users: float, units: int, level: float = 0.95) -> float:
    """Half of the interval: Student's t times the standard error, with the degrees of freedom of a sum of two
    variances (Satterthwaite, Biometrics Bulletin 2, 1946): one of `seeds` gains, one of `units` users.

    Raises ValueError for a negative part, and for fewer than 2 seeds or units: one alone does not vary.
    """
    for name, part in (("spread", spread), ("overlap", overlap), ("users", users)):
        validate.number(name, part, low=0)
    for name, count in (("seeds", seeds), ("units", units)):
        validate.number(name, count, low=2, whole=True)
    validate.number("level", level, low=0, high=1)
    trained, drawn = spread**2 * (1 / seeds + overlap), users**2
    if trained + drawn == 0:
        return 0.0
    freedom = (trained + drawn) ** 2 / (trained**2 / (seeds - 1) + drawn**2 / (units - 1))
    return float(stdtrit(freedom, (1 + level) / 2) * np.sqrt(trained + drawn))


def seeds_needed(found: Gain, smallest: float) -> int | None:
    """How many seeds would decide, if mean and spread stay as they are; None if log and test users forbid it."""
    validate.instance("found", found, Gain, "a Gain")
    for seeds in range(found.seeds, max(found.seeds, MOST_SEEDS) + 1):
        if verdict(*found.at(seeds), smallest) != "undecided":
            return seeds
    return None


def over_users(influence: np.ndarray, users: np.ndarray) -> tuple[float, int]:
    """The standard error that the draw of test users alone gives a metric, and how many users there are.

    influence  `(rows,)`: how much each row moves the metric, as `auc_influence` and `r2_influence` have it
    users      `(rows,)`: whose row it is; the rows of a user, in several test sets too, belong together
    """
    influence, users = _row("influence", influence), np.asarray(users)
    if users.shape != influence.shape:
        validate.fail("users", f"shape {users.shape}", f"shape {influence.shape}, the user of each row")
    whose, known = pd.factorize(users)
    if (whose < 0).any():
        validate.fail("users", f"{(whose < 0).sum()} missing", "the user of each row")
    count, sums = len(known), np.bincount(whose, influence)
    if count < 2:
        validate.fail("users", f"{count} user", "at least two in the test rows")
    return float(np.sqrt(count / (count - 1) * np.sum(sums**2))), count


def auc_influence(scores: Array, labels: Array) -> np.ndarray:
    """How much each row moves the AUC, `(rows,)` with sum 0; the squares of sums over users add up to its variance.

    For a positive the share of negatives below it, for a negative the share of positives above it, less the AUC, by
    the number of its class (DeLong et al., Biometrics 44, 1988; for users: Obuchowski, Biometrics 53, 1997).
    """
    score, label = torch.as_tensor(_row("scores", scores)), _row("labels", labels)
    validate.same_length(scores=score, labels=label)
    positive = validate.binary("labels", label) == 1
    if positive.all() or not positive.any():
        validate.fail("labels", ONE_CLASS, "labels of both classes")
    every = ranks(score).numpy()
    within = np.empty(len(every))
    for rows in (positive, ~positive):
        within[rows] = ranks(score[rows]).numpy()
    positives, negatives = positive.sum(), (~positive).sum()
    # of a row's rank among all, what is not its rank in its own class counts the other class
    share = np.where(positive, (every - within) / negatives, 1 - (every - within) / positives)
    area = share[positive].mean()
    return (share - area) / np.where(positive, positives, negatives)


def r2_influence(predictions: Array, targets: Array) -> np.ndarray:
    """The same for R² = 1 − MSE / variance."""
    prediction, target = _row("predictions", predictions), _row("targets", targets)
    validate.same_length(predictions=prediction, targets=target)
    if target.min() == target.max():
        validate.fail("targets", CONSTANT, "targets that vary")
    error = (prediction - target) ** 2
    square = (target - target.mean()) ** 2
    mean, variance = error.mean(), square.mean()
    return ((mean / variance) * (square - variance) - (error - mean)) / variance / len(target)


def _row(name: str, values: Array) -> np.ndarray:
    """Finite numbers, one for each row, and at least one of them."""
    array = validate.finite(name, validate.numbers(name, values))
    if array.ndim != 1 or not len(array):
        validate.fail(name, f"shape {array.shape}", "a number for each row, (rows,)")
    return array
