"""Selection where everything is known: the rates stay, the two kinds do what they say, and the limits are limits."""

import numpy as np
import pytest
import torch

from helpers.chapters.ch07 import selection
from helpers.chapters.ch07.selection import CLICKED, CLICKS, ENTIRE, KINDS, LIKES, SEEN, UNSEEN, WEIGHTED
from helpers.models.esmm import product_logit
from helpers.training.losses import binary_cross_entropy


def drawn(kind, strength, rows=60_000, seed=0):
    return selection.one_feature(kind, strength, seed, rows)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("strength", [0.0, 1.0, 2.0])
def test_rates_do_not_move_with_the_dial_and_chances_are_what_happens(kind, strength):
    examples, found = drawn(kind, strength)
    x = examples.inputs[:, 0].numpy()
    assert found.click.mean() == pytest.approx(CLICKS, abs=0.015)
    assert found.would_like.mean() == pytest.approx(LIKES, abs=0.015)
    pairs = ((found.click, found.ctr), (found.would_like, found.cvr), (found.like, found.ctcvr))
    for happened, chance in pairs:
        for part in (x < -0.5, np.abs(x) < 0.5, x > 0.5):
            assert happened[part].mean() == pytest.approx(chance[part].mean(), abs=0.012)
    assert np.array_equal(found.like, found.click * found.would_like)


def test_without_selection_the_kinds_are_one_and_clickers_are_like_all():
    (_, one), (_, other) = drawn(SEEN, 0.0), drawn(UNSEEN, 0.0)
    assert all(np.array_equal(getattr(one, name), getattr(other, name)) for name in vars(one))
    np.testing.assert_allclose(one.cvr_of_clickers, one.cvr, rtol=1e-9)


def test_what_is_seen_shifts_the_rows_and_what_is_unseen_the_chances():
    (_, seen), (_, unseen) = drawn(SEEN, 1.5), drawn(UNSEEN, 1.5)
    np.testing.assert_allclose(seen.cvr_of_clickers, seen.cvr, rtol=1e-9)  # given x the mood has no say in the click
    assert seen.cvr[seen.click == 1].mean() > 1.3 * seen.cvr.mean()
    assert bool((unseen.cvr_of_clickers > unseen.cvr).all())
    assert unseen.cvr[unseen.click == 1].mean() == pytest.approx(unseen.cvr.mean(), rel=0.03)


def loss(name: str, lines: np.ndarray, x: np.ndarray, truth) -> torch.Tensor:
    """The expected loss of straight lines with these constants and slopes, written out."""
    lines = torch.tensor(lines, requires_grad=True)
    at, ctr, ctcvr = (torch.from_numpy(values) for values in (x, truth.ctr, truth.ctcvr))
    cvr, click = lines[0, 0] + lines[0, 1] * at, lines[1, 0] + lines[1, 1] * at
    if name == ENTIRE:
        rows = binary_cross_entropy(click, ctr) + binary_cross_entropy(product_logit(click, cvr), ctcvr)
    else:
        rows = (ctr if name == CLICKED else 1.0) * binary_cross_entropy(cvr, ctcvr / ctr)
    return torch.autograd.grad(rows.mean(), lines)[0]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", selection.LOSSES)
def test_at_the_limit_the_gradient_of_the_loss_is_0(kind, name):
    x, cvr, truth = selection.straight_line(kind, 1.5, name)
    log_odds = np.log(cvr / (1 - cvr))
    slope = (log_odds[-1] - log_odds[0]) / (x[-1] - x[0])
    lines = np.array([[log_odds[0] - slope * x[0], slope], [0.0, 0.0]])
    np.testing.assert_allclose(log_odds, lines[0, 0] + slope * x, atol=1e-9)  # a straight line
    if name == ENTIRE:  # the CTR's line is what makes its own gradient 0: found from outside by Newton's steps
        for _ in range(60):
            step = np.zeros((2, 2))
            for number in range(2):
                moved = lines.copy()
                moved[1, number] += 1e-5
                step[:, number] = (loss(name, moved, x, truth)[1] - loss(name, lines, x, truth)[1]) / 1e-5
            lines[1] -= np.linalg.solve(step, loss(name, lines, x, truth)[1].numpy())
    assert float(loss(name, lines, x, truth).abs().max()) < 1e-6


def test_the_limits_say_which_loss_corrects_what():
    table = selection.limits(strengths=[0.0, 1.5]).set_index(["kind", "strength", "loss"])
    line, curve = table["line"], table["curve"]
    assert line[SEEN, 1.5, CLICKED] > 1.1 and line[SEEN, 1.5, ENTIRE] > 1.1
    assert line[SEEN, 1.5, WEIGHTED] == pytest.approx(1, abs=1e-6) == line[SEEN, 0.0, CLICKED]
    assert curve.loc[SEEN].to_numpy() == pytest.approx(1)
    assert bool((curve.loc[UNSEEN, 1.5] > 1.5).all()) and bool((line.loc[UNSEEN, 1.5] > 1.5).all())
