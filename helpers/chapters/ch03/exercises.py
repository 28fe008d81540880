"""The exercises of chapter 03, Manual weights."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from helpers.display.answers import Wrong, close, described, is_tensor, slopes
from helpers.display.exercises import begun, exercise


@exercise("each loss now counts as much as you wanted, whatever its size.")
def fair_weights(answer: Callable[[dict[str, Tensor], dict[str, float]], dict[str, float]]):
    """`answer(labels, wanted)`: binary labels `(n,)` by name and shares by name become the weight of each loss, such
    that weight × loss of the best constant guess is in the proportion of `wanted`. A common factor is free."""
    rates, wanted = {"click": 0.3, "like": 0.02, "share": 0.005}, {"click": 0.3, "like": 0.5, "share": 0.2}
    labels = {name: (torch.arange(1000) < 1000 * rate).float() for name, rate in rates.items()}
    weights = answer(labels, wanted)
    if not isinstance(weights, dict) or set(weights) != set(labels):
        came = f"weights for {list(weights)}" if isinstance(weights, dict) else described(weights)
        raise Wrong(f"""the function returned {came}, not a weight for each of {list(labels)}.
            Hint: one weight a label, under the label's name.
            Hint: build a dict: {{name: weight for each name in labels}}.""")
    weight, share, rate = (np.array([float(each[name]) for name in labels]) for each in (weights, wanted, rates))
    size = -(rate * np.log(rate) + (1 - rate) * np.log(1 - rate))

    def proportional_to(other: np.ndarray) -> bool:
        return close(weight / other * other[0] / weight[0], np.ones(3), 2e-3)

    if not (np.isfinite(weight).all() and (weight > 0).all()):
        raise Wrong("""some weights are zero, negative or not finite.
            Hint: a loss is divided by a positive number here.
            Hint: an entropy is −[r log r + (1−r) log(1−r)]: mind the sign.""")
    if proportional_to(share):
        raise Wrong("""the weights are the wanted shares themselves: the sizes of the losses are not in them.
            Hint: what does a constant guess lose on each label?
            Hint: divide each share by the loss of the best constant guess for that label.""")
    if proportional_to(share * size):
        raise Wrong("""you multiplied by the size of the loss: small losses count even less now.
            Hint: a loss that is a tenth of the size needs ten times the weight.
            Hint: divide by the size instead.""")
    if proportional_to(1 / size):
        raise Wrong("""all losses count alike: the wanted shares are not in the weights.
            Hint: the second argument says how much each label should count.
            Hint: wanted share divided by size, for each label.""")
    if proportional_to(share / rate):
        raise Wrong("""you divided by the rate of the label, not by the loss of a constant.
            Hint: a rate of 0.02 does not mean a loss of 0.02.
            Hint: the best constant guess is the rate r, and its log loss is −[r log r + (1−r) log(1−r)].""")
    if proportional_to(share / (rate * (1 - rate))):
        raise Wrong("""you divided by the variance of the label: right for a squared error, not for a log loss.
            Hint: compare with the loss that the training minimises.
            Hint: use the log loss of the constant r, −[r log r + (1−r) log(1−r)].""")
    if not proportional_to(share / size):
        raise Wrong("""weight × (loss of the constant) is not in the wanted proportion.
            Hint: check it by hand: multiply each of your weights by the loss of a constant guess for that label.
            Hint: weight = wanted / entropy of the label; a common factor is free.""")


@exercise("the goal that is worst off, after weighting, is the one that is improved.")
def chebyshev(answer: Callable[[Tensor, Tensor], Tensor]):
    """`answer(losses, weights)`: two `(tasks,)` tensors become the largest weighted loss, a scalar with a gradient."""
    losses, weights = torch.tensor([0.9, 0.5, 0.2], requires_grad=True), torch.tensor([0.2, 0.5, 0.3])
    value = answer(losses, weights)
    if not is_tensor(value):
        raise Wrong(f"""the function returned {described(value)}, not one number in a tensor.
            Hint: one number that an optimiser can make smaller.
            Hint: `.max()` of a tensor is a tensor with one number; `max(dim=...)` gives two things.""")
    if close(value, 0.49):  # .18 + .25 + .06
        raise Wrong("""this is the weighted sum.
            Hint: in a sum, a small loss of one goal makes up for a large loss of another.
            Hint: take the largest of the weighted losses instead of adding them up.""")
    if close(value, 0.9):
        raise Wrong("""this is the largest loss, without its weight.
            Hint: weight first, then take the maximum.
            Hint: the maximum of `weights * losses`.""")
    if close(value, 0.18):
        raise Wrong("""the largest loss was picked first and weighted then.
            Hint: which goal is worst off is decided after weighting.
            Hint: multiply losses and weights, then take the maximum of the products.""")
    if not close(value, 0.25):
        raise Wrong(f"""for weighted losses of 0.18, 0.25 and 0.06 the value should be 0.25, yours is {value:.2f}.
            Hint: max(w₁L₁, w₂L₂, …).
            Hint: `(weights * losses).max()` is all it takes.""")
    other = answer(torch.tensor([0.1, 0.4, 0.9]), torch.tensor([0.5, 0.3, 0.2]))
    if not close(other, 0.18):
        raise Wrong(f"""for weighted losses of 0.05, 0.12 and 0.18 the value should be 0.18, yours is {other:.2f}.
            Hint: the goal that is worst off differs from case to case.
            Hint: take the maximum of all products.""")
    if not slopes(value, losses)[0].any():
        raise Wrong("""no gradient reaches the losses.
            Hint: something cut the graph: `.item()`, `.detach()`, Python's float or NumPy.
            Hint: use torch operations throughout.""")


TODAY = (0.5, 20_000, 0.620, 0.21, 5.5)  # weight, users, returns, returns_sd, clicks


@exercise("you ship what is clearly better and does no harm; otherwise you keep what you have.")
def decide(answer: Callable[[pd.DataFrame], float]):
    """`answer(test)`: the rows are arms, the first is today's; columns weight, users, returns, returns_sd, clicks.
    Gives the weight to ship: of the arms whose returns are higher than today's beyond the 95% interval of the
    difference, and whose clicks are at least 95% of today's, the one with the highest returns, or today's."""

    def shipped(*arms: tuple) -> float:
        test = pd.DataFrame(arms, columns=["weight", "users", "returns", "returns_sd", "clicks"])
        found = begun(answer(test))
        if np.ndim(found) or float(found) not in test["weight"].to_list():
            raise Wrong("""what came back is not the weight of one of the arms.
                Hint: return the weight of the arm to ship.
                Hint: one number, out of the column `weight`.""")
        return float(found)

    if shipped(TODAY, (0.25, 20_000, 0.632, 0.21, 5.4), (0.75, 20_000, 0.610, 0.21, 5.7)) != 0.25:
        raise Wrong("""an arm that is clearly better and does no harm was not shipped.
            Hint: the difference is 0.012, its standard error 0.0021.
            Hint: ship the arm whose whole interval, difference ± 1.96 standard errors, lies above 0.""")
    if shipped((0.5, 400, 0.620, 0.21, 5.5), (0.25, 400, 0.632, 0.21, 5.4)) != 0.5:
        raise Wrong("""with 400 users per arm you shipped a difference that may well be luck.
            Hint: the highest mean is not enough: its interval has to lie above 0.
            Hint: standard error of a difference of two arms: √(sd₁²/n₁ + sd₂²/n₂).""")
    if shipped(TODAY, (0.25, 20_000, 0.625, 0.21, 5.4)) != 0.25:
        raise Wrong("""a difference of 0.005 with a standard error of 0.0021 was not shipped.
            Hint: that two intervals overlap does not make their difference unsure.
            Hint: one interval, for the difference; its variance is the sum of the variances of the two means.""")
    if shipped(TODAY, (0.75, 20_000, 0.600, 0.21, 5.7)) != 0.5:
        raise Wrong("""an arm that is clearly worse was shipped.
            Hint: a significant difference may have the wrong sign.
            Hint: ask that the lower end of the interval is above 0, not that |z| is large.""")
    if shipped(TODAY, (0.0, 20_000, 0.640, 0.21, 4.6), (0.25, 20_000, 0.632, 0.21, 5.4)) != 0.25:
        raise Wrong("""the arm with the highest returns lost 16% of the clicks, and was shipped.
            Hint: the guard rail comes before the choice of the best.
            Hint: keep the arms with at least 95% of today's clicks, then take the best of those that are left.""")
    for better, worse in (
        ((0.1, 20_000, 0.640, 0.21, 5.3), (0.25, 20_000, 0.630, 0.21, 5.4)),
        ((0.75, 20_000, 0.640, 0.21, 5.4), (0.25, 20_000, 0.630, 0.21, 5.3)),
    ):
        if not shipped(TODAY, better, worse) == shipped(TODAY, worse, better) == better[0]:
            raise Wrong("""of two arms that pass you did not ship the better one.
                Hint: the rule's last step is a maximum.
                Hint: of the arms that pass, the one with the highest returns, whatever their order and weights.""")
    for today, arm, right in (
        (TODAY, (0.25, 1000, 0.632, 0.21, 5.4), 0.5),
        ((0.5, 400, 0.620, 0.21, 5.5), (0.25, 20_000, 0.635, 0.21, 5.4), 0.5),
        (TODAY, (0.25, 20_000, 0.6238, 0.21, 5.4), 0.5),
        (TODAY, (0.25, 20_000, 0.6244, 0.21, 5.4), 0.25),
    ):
        if shipped(today, arm) != right:
            raise Wrong("""an arm was shipped that is not better beyond the 95% interval, or one that is was not.
                Hint: look at the difference in standard errors.
                Hint: both arms' variances count: √(sd₁²/n₁ + sd₂²/n₂), and the interval is ± 1.96 of that.""")
    for today, arm, right in (
        (TODAY, (0.25, 20_000, 0.632, 0.21, 5.20), 0.5),
        (TODAY, (0.25, 20_000, 0.632, 0.21, 5.24), 0.25),
        ((0.5, 20_000, 0.620, 0.21, 2.0), (0.25, 20_000, 0.632, 0.21, 1.95), 0.25),
    ):
        if shipped(today, arm) != right:
            raise Wrong("""the guard rail is elsewhere: 95% of today's clicks, whatever today's clicks are.
                Hint: compare with today's arm.
                Hint: `clicks >= 0.95 * today's clicks`.""")
    if shipped(TODAY) != 0.5:
        raise Wrong("""with no other arm, today's was not kept.
            Hint: the list of arms that pass may be empty.
            Hint: return today's weight when nothing passes.""")
