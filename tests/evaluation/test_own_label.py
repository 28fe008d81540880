"""A number that contains the label of its own row is told from an honest one, however it looks."""

import numpy as np
import pytest

from helpers.evaluation.own_label import signature


def log(seed: int, rows: int = 6_000) -> tuple[np.ndarray, ...]:
    """Labels, ids, an honest number that tells less of popular ids, and the rate of each id so far, with and without
    the row's own label."""
    rng = np.random.default_rng(seed)
    chance = (np.arange(400) + 10) ** -0.7
    ids = rng.choice(400, rows, p=chance / chance.sum())
    appeal = rng.normal(size=400) * np.linspace(0.3, 1.3, 400)
    labels = (rng.random(rows) < 1 / (1 + np.exp(0.8 - appeal[ids]))) * 1.0
    before, count = np.zeros(400), np.zeros(400)
    honest, own = np.empty(rows), np.empty(rows)
    for row, (one, label) in enumerate(zip(ids, labels, strict=True)):
        honest[row] = (before[one] + 1) / (count[one] + 3)
        before[one], count[one] = before[one] + label, count[one] + 1
        own[row] = (before[one] + 1) / (count[one] + 3)
    return labels, ids, appeal[ids] + 0.3 * rng.normal(size=rows), honest, own


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_a_rate_with_its_own_label_has_the_signature_and_honest_numbers_have_not(seed):
    labels, ids, quality, honest, own = log(seed)
    found = signature(own, labels, ids)
    assert found.few - found.few_later > found.many - found.many_later + 0.05 and found.few > found.many
    assert signature(-own, labels, ids) == pytest.approx(found)  # whichever way it points
    for number in (quality, honest, quality + labels, np.random.default_rng(9).normal(size=len(ids))):
        assert signature(number, labels, ids) is None  # one that tells as much of every row is told by its AUC


@pytest.mark.slow
def test_what_is_not_known_is_left_out():
    labels, ids, _, _, own = log(0)
    gaps = np.random.default_rng(0).random((3, len(ids))) < 0.1
    values, seen = np.where(gaps[0], np.nan, own), np.where(gaps[1], np.nan, labels)
    known = ~gaps.any(axis=0)
    found = signature(values, seen, np.where(gaps[2], -1, ids))
    assert found == signature(own[known], labels[known], ids[known]) and found is not None
    assert signature(own, labels, np.arange(len(ids))) is None  # no id has a later row
    assert signature(own[:30], labels[:30], ids[:30]) is None
