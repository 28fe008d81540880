"""Two kinds of selection, where everything is known: who clicks decides which conversions are seen.

*seen*    what drives the click beyond chance is a feature of the model
*unseen*  it is the mood of the moment, which no feature tells, and which moves the conversion too

`draw_events` draws clicks and conversions for both kinds with a dial from 0 up, and says what would have happened had
everybody clicked. This file uses it with one feature, so that a model is a curve that can be drawn; `funnel` uses it
on the feed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
import torch
from scipy.special import ndtri

from helpers.data.examples import Examples
from helpers.models.esmm import funnel
from helpers.support import validate

KINDS = ("seen", "unseen")
SEEN, UNSEEN = KINDS
CLICKS, LIKES = 0.15, 0.2  # of all impressions, at every strength; what all would like if all clicked

# The mood is N(0, 1). Means over it are sums over these points: 21 give a logistic function's mean to seven digits.
_MOODS, _SHARES = np.polynomial.hermite_e.hermegauss(21)
_SHARES = _SHARES / _SHARES.sum()


@dataclass(frozen=True)
class Events:
    """What happened in each row, `(n,)` each, and the true chances of it, given all features of the row.

    click, like   what was logged: 0 or 1; only what is clicked can be liked
    would_like    whether it would be liked if it were clicked: nobody can log that
    ctr, ctcvr    P(click | x) and P(click and like | x)
    cvr           P(like | x) if everybody clicked
    """

    click: np.ndarray
    like: np.ndarray
    would_like: np.ndarray
    ctr: np.ndarray
    ctcvr: np.ndarray
    cvr: np.ndarray

    @property
    def cvr_of_clickers(self) -> np.ndarray:
        """P(like | click, x): what a model of clicked rows, or ctcvr / ctr, estimates."""
        return self.ctcvr / self.ctr

    def part(self, rows: slice) -> Events:
        return Events(**{name: values[rows] for name, values in vars(self).items()})


def draw_events(
    appeal: np.ndarray, tilt: np.ndarray, leaning: np.ndarray, kind: str, strength: float, rng: np.random.Generator
) -> Events:
    """Draw clicks and likes; log-odds up to constants that keep the rates at `CLICKS` and `LIKES`.

    click    tilt + strength · (appeal, or the mood where the kind is unseen)
    like     leaning + mood
    """
    validate.choice("kind", kind, KINDS)
    validate.number("strength", strength, low=0)

    def clicks(mood: np.ndarray) -> np.ndarray:
        return tilt + strength * (appeal if kind == SEEN else mood)

    def likes(mood: np.ndarray) -> np.ndarray:
        return leaning + mood

    few = slice(None, None, max(1, len(appeal) // 2000))  # enough to find the two constants
    moods = _MOODS[:, None]
    to_click = _constant(CLICKS, np.broadcast_to(clicks(moods), (len(_MOODS), len(appeal)))[:, few])
    to_like = _constant(LIKES, likes(moods)[:, few])
    mood = rng.standard_normal(len(appeal))
    click = rng.random(len(appeal)) < _sigmoid(to_click + clicks(mood))
    would_like = rng.random(len(appeal)) < _sigmoid(to_like + likes(mood))
    ctr, cvr, ctcvr = (np.zeros(len(appeal)) for _ in range(3))
    for at, share in zip(_MOODS, _SHARES, strict=True):
        clicked, liked = _sigmoid(to_click + clicks(at)), _sigmoid(to_like + likes(at))
        ctr, cvr, ctcvr = ctr + share * clicked, cvr + share * liked, ctcvr + share * clicked * liked
    return Events(1.0 * click, 1.0 * (click & would_like), 1.0 * would_like, ctr, ctcvr, cvr)


def _constant(rate: float, log_odds: np.ndarray) -> float:
    """What must be added to log-odds `(moods, rows)` so that their mean chance is `rate`, by bisection."""
    low, high = -20.0, 20.0
    for _ in range(30):
        middle = (low + high) / 2
        too_low = _SHARES @ _sigmoid(middle + log_odds).mean(1) < rate
        low, high = (middle, high) if too_low else (low, middle)
    return middle


def _sigmoid(log_odds):
    return 1 / (1 + np.exp(-log_odds))


# One feature

ROWS = 8000
STRENGTHS = (0.0, 0.5, 1.0, 1.5, 2.0)
CLICKED, ENTIRE, WEIGHTED = LOSSES = ("clicked rows", "ESMM", "clicked rows, weighted by 1 / CTR")


def leaning(x: np.ndarray) -> np.ndarray:
    """How much a like is likelier at x, in log-odds: steep below 0 and nearly flat above."""
    return np.where(x < 0, 2.5 * x, 0.2 * x)


def one_feature(kind: str, strength: float, seed: int = 0, rows: int = ROWS) -> tuple[Examples, Events]:
    """Rows with one feature x from N(0, 1), which is the appeal, and the labels of all three tasks."""
    rng = np.random.default_rng([validate.number("seed", seed, low=0, whole=True), 70])
    x = rng.standard_normal(rows)
    events = draw_events(x, np.zeros(rows), leaning(x), kind, strength, rng)
    labels = {name: torch.from_numpy(getattr(events, name)) for name in ("click", "like")}
    return funnel(Examples(torch.from_numpy(x)[:, None], labels)), events


def straight_line(kind: str, strength: float, loss: str) -> tuple[np.ndarray, np.ndarray, Events]:
    """Where a CVR whose log-odds are a straight line in x ends with endless data: x, this CVR, and the truth at x.

    loss   of `LOSSES`: the mean over clicked rows; the two of ESMM (its CTR is a straight line, too); or the mean over
           clicked rows that count 1 / CTR each
    x      400 values with equal shares of N(0, 1)

    Found by Fisher scoring: where every row has its true chances for labels, the gradient of the loss is 0.
    """
    validate.choice("loss", loss, LOSSES)
    x = ndtri((np.arange(400) + 0.5) / 400)
    truth = draw_events(x, np.zeros(400), leaning(x), kind, strength, np.random.default_rng(0))
    one_x, none = np.stack([np.ones(400), x]), np.zeros((2, 400))
    lines = np.zeros((2, 2))  # of CVR and of CTR: constant and slope
    for _ in range(60):
        cvr, ctr = _sigmoid(lines @ one_x)
        by_cvr, by_ctr = cvr * (1 - cvr) * one_x, ctr * (1 - ctr) * one_x
        if loss == ENTIRE:  # (prediction, its gradient in all four numbers, label, how much a row counts)
            click = ctr, np.concatenate([none, by_ctr]), truth.ctr, 1.0
            both = ctr * cvr, np.concatenate([ctr * by_cvr, cvr * by_ctr]), truth.ctcvr, 1.0
            parts = [click, both]
        else:
            counts = truth.ctr if loss == CLICKED else 1.0
            parts = [(cvr, by_cvr, truth.cvr_of_clickers, counts)]
        slope, curvature = 0.0, 0.0
        for said, gradient, label, count in parts:
            weight = count / (said * (1 - said))
            slope = slope + gradient @ (weight * (said - label))
            curvature = curvature + (weight * gradient) @ gradient.T
        step = np.linalg.solve(curvature, slope)
        lines.flat[: len(step)] -= step
    return x, cvr, truth


def limits(kinds: Sequence[str] = KINDS, strengths: Sequence[float] = STRENGTHS) -> pd.DataFrame:
    """Mean predicted CVR / mean true CVR over all rows, with endless data: kind, strength, loss, line, curve.

    line    of the straight line
    curve   of a model that can be any curve: by all losses it ends at P(like | click, x)
    """
    rows = []
    for kind, strength, loss in product(kinds, strengths, LOSSES):
        _, cvr, truth = straight_line(kind, strength, loss)
        ends = {"line": cvr.mean() / truth.cvr.mean(), "curve": truth.cvr_of_clickers.mean() / truth.cvr.mean()}
        rows.append({"kind": kind, "strength": strength, "loss": loss} | ends)
    return pd.DataFrame(rows)
