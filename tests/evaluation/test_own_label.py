"""A number that contains the label of its own row is told from an honest one, however it looks."""

from typing import NamedTuple

import numpy as np
import pytest

from helpers.evaluation.own_label import FREE, TIGHT, signature

ITEMS, DAYS = 40, 30


class Log(NamedTuple):
    """Labels, items, and the time in days; a match with the user and a price that changes now and then decide, and
    what an item is worth walks from day to day."""

    labels: np.ndarray
    ids: np.ndarray
    time: np.ndarray
    match: np.ndarray
    price: np.ndarray

    @property
    def days(self) -> np.ndarray:
        return self.time.astype(int)

    def signature(self, values: np.ndarray):
        return signature(values, self.labels, self.ids, [self.days])

    def mean(self, days: float, own: bool, whole: bool, prior: float = 0.0) -> np.ndarray:
        """Of each item's labels in so many days, whole ones or to the second, without the row's own label or with it,
        and then with that of its whole day."""
        found, at = np.full(len(self.ids), np.nan), self.days if whole else self.time
        for one in range(ITEMS):
            rows = np.flatnonzero(self.ids == one)
            sums, now = np.r_[0, self.labels[rows].cumsum()], at[rows]
            ends = np.searchsorted(now, now, side="right" if own else "left")
            starts = np.searchsorted(now, now - days + (own and whole), side="left")
            count = np.where(ends > starts, ends - starts + 2 * prior, np.nan)
            found[rows] = (sums[ends] - sums[starts] + prior) / count
        return found


def log(seed: int, rows: int = 6_000) -> Log:
    rng = np.random.default_rng(seed)
    ids, time, match = rng.integers(0, ITEMS, rows), np.sort(rng.uniform(0, DAYS, rows)), rng.normal(size=rows)
    worth = rng.normal(size=ITEMS) + 0.2 * rng.normal(size=(DAYS, ITEMS)).cumsum(0)
    price = rng.normal(size=(DAYS, ITEMS))[time.astype(int) // 4, ids]
    wish = worth[time.astype(int), ids] + 0.6 * match - 0.6 * price - 1
    return Log((rng.random(rows) < 1 / (1 + np.exp(-wish))) * 1.0, ids, time, match, price)


@pytest.mark.slow
@pytest.mark.parametrize("prior", [0.0, 1.0])
@pytest.mark.parametrize("whole", [True, False], ids=["whole days", "to the second"])
@pytest.mark.parametrize("days", [1, 3, 7, 30])
def test_a_mean_with_its_own_label_has_the_signature_and_that_of_earlier_rows_has_not(days, whole, prior):
    for seed in range(3):
        own = (found := log(seed)).mean(days, True, whole, prior)
        said = found.signature(own)
        assert said is not None and said.at > 0
        assert found.signature(-own).at == pytest.approx(-said.at)  # whichever way it points
        assert found.signature(found.mean(days, False, whole, prior)) is None


@pytest.mark.slow
def test_what_tells_of_its_own_row_alone_has_no_signature():
    """A price works until it changes; a score adds what is known of the row to a mean of earlier rows."""
    for seed in range(3):
        found = log(seed)
        before = found.mean(30, False, False, 1.0)
        scores = [before + share * found.match for share in (0.02, 0.05, 0.1, 0.3)]
        for number in (found.match, found.price, before - 0.05 * found.price, found.time, *scores):
            assert found.signature(number) is None
        assert found.signature(before + 0.1 * found.labels) is None  # it tells as much of every row: so does its AUC


@pytest.mark.slow
def test_what_wanders_by_chance_has_no_signature_however_few_rows_there_are():
    rng, ids = np.random.default_rng(0), np.arange(100) // 25
    for _ in range(500):
        assert signature(rng.normal(size=100).cumsum(), rng.integers(0, 2, 100), ids) is None


@pytest.mark.slow
def test_lists_of_which_one_row_is_clicked_are_no_sign():
    """Their labels vary less than coins, whatever is known of the user; those of other lists do not."""
    rng, lists = np.random.default_rng(0), np.arange(2_000).repeat(5)
    mood = rng.normal(size=2_000)
    clicked = np.zeros((2_000, 5))
    clicked[np.arange(2_000), rng.integers(0, 5, 2_000)] = rng.random(2_000) < 1 / (1 + np.exp(-4 * mood))
    users = (lists // 20) % 100
    assert signature(mood[lists], clicked.ravel(), users, [lists]) is None
    labels = (rng.random(10_000) < 1 / (1 + np.exp(-mood[lists]))) * 1.0
    rate = np.bincount(lists, labels)[lists] / 5
    assert signature(mood[lists], labels, users, [lists]) is None
    assert signature(rate, labels, users, [lists]).spread < TIGHT < FREE


@pytest.mark.slow
def test_what_is_not_known_is_left_out():
    found = log(0)
    own, rows = found.mean(7, True, False), len(found.ids)
    gaps = np.random.default_rng(0).random((3, rows)) < 0.1
    values, seen = np.where(gaps[0], np.nan, own), np.where(gaps[1], np.nan, found.labels)
    known = ~gaps.any(axis=0)
    said = signature(values, seen, np.where(gaps[2], -1, found.ids))
    assert said == pytest.approx(signature(own[known], found.labels[known], found.ids[known]), nan_ok=True)
    assert signature(own, found.labels, np.arange(rows)) is None  # no id has another row
    assert signature(own[:2], found.labels[:2], found.ids[:2]) is None
