"""The exercises of chapter 03, Manual weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from helpers.display.exercises import Probe, begun, exercise, scalar


@exercise("one number, both goals in it with the right weights, and safe for any logit.")
def weighted_loss(answer: Callable[[Tensor, Tensor, Tensor, float], Tensor]) -> Iterator[Probe]:
    """`answer(logit, click, finish, w)` is w·L(click) + (1−w)·L(finish), mean over the rows; all tensors are `(n,)`."""
    rows, w = 40, 0.3
    draw = torch.Generator().manual_seed(3)
    logit = torch.randn(rows, generator=draw)
    click = (torch.rand(rows, generator=draw) < 0.6).float()
    finish = click * (torch.rand(rows, generator=draw) < 0.5).float()
    value = begun(answer(logit, click, finish, w))
    yield scalar(
        value,
        "an optimiser needs one number for the whole batch.",
        "take the mean over the rows (torch's loss functions do, if you do not ask for `reduction='none'`).",
    )
    on_click, on_finish = (binary_cross_entropy_with_logits(logit, y) for y in (click, finish))
    value = value.detach().float()
    yield Probe(
        not torch.isclose(value, (1 - w) * on_click + w * on_finish, rtol=1e-4),
        "the weights are swapped: the finish has w, the click has the rest.",
        "w is the weight of the click.",
        "w * (loss of the click) + (1 - w) * (loss of the finish).",
    )
    yield Probe(
        not torch.isclose(value, on_click + on_finish, rtol=1e-4),
        "the weight has no effect: this is the plain sum of both losses.",
        "the function's last argument is not used yet.",
        "multiply each loss by its weight before you add them.",
    )
    yield Probe(
        not torch.isclose(value, rows * (w * on_click + (1 - w) * on_finish), rtol=1e-4),
        "the loss grows with the number of rows: it is a sum over rows.",
        "a loss that depends on the batch size changes the meaning of the learning rate.",
        "use the mean over the rows instead of the sum.",
    )
    yield Probe(
        bool(torch.isclose(value, w * on_click + (1 - w) * on_finish, rtol=1e-4)),
        f"for these rows the loss should be {w * on_click + (1 - w) * on_finish:.4f}, yours is {value:.4f}.",
        "both goals use the same logit, and each label goes into a binary cross-entropy of its own.",
        "`binary_cross_entropy_with_logits(logit, label)` takes the logit itself: no sigmoid before it.",
    )
    sure = 3 * (click - 0.5)
    on_click, on_finish = (binary_cross_entropy_with_logits(sure, y) for y in (click, finish))
    found, right = answer(sure, click, finish, 0.8), 0.8 * on_click + 0.2 * on_finish
    yield Probe(
        bool(torch.isclose(found.detach().float(), right, rtol=1e-4)),
        f"with w = 0.8 and other logits the loss should be {right:.4f}, yours is {found:.4f}.",
        "the weights are the function's last argument, and the losses are added.",
        "w times the one loss plus (1 − w) times the other.",
    )
    far = torch.tensor([200.0, -200.0], requires_grad=True)
    extreme = answer(far, torch.tensor([0.0, 1.0]), torch.tensor([0.0, 1.0]), w)
    yield Probe(
        bool(torch.isfinite(extreme)) and bool(torch.isclose(extreme.detach(), torch.tensor(200.0), rtol=1e-3)),
        "for a logit of 200 the loss is infinite, NaN or cut off.",
        "the log of a sigmoid that has been rounded to 0 is not finite.",
        "use the form that takes logits; it never computes the sigmoid.",
    )
    yield Probe(
        extreme.requires_grad,
        "no gradient reaches the logit.",
        "something cut the graph: `.item()`, `.detach()` or numpy.",
        "stay with torch operations from the logit to the loss.",
    )


@exercise("each loss now counts as much as you wanted, whatever its size.")
def fair_weights(answer: Callable[[dict[str, Tensor], dict[str, float]], dict[str, float]]) -> Iterator[Probe]:
    """`answer(labels, wanted)`: binary labels `(n,)` by name and shares by name become the weight of each loss, such
    that weight × loss of the best constant guess is in the proportion of `wanted`. A common factor is free."""
    labels = {"click": _binary(300, 1000), "like": _binary(20, 1000), "share": _binary(5, 1000)}
    wanted = {"click": 0.3, "like": 0.5, "share": 0.2}
    found = begun(answer(labels, wanted))
    yield Probe(
        isinstance(found, dict) and set(found) == set(labels),
        f"the function gave back {_names(found)}, not a weight for each of {list(labels)}.",
        "one weight a label, under the label's name.",
        "build a dict: {name: weight for each name in labels}.",
    )
    weight = np.array([float(found[name]) for name in labels])
    share = np.array([wanted[name] for name in labels])
    rate = np.array([float(labels[name].mean()) for name in labels])
    size = -(rate * np.log(rate) + (1 - rate) * np.log(1 - rate))
    yield Probe(
        bool(np.isfinite(weight).all() and (weight > 0).all()),
        "some weights are zero, negative or not finite.",
        "a loss is divided by a positive number here.",
        "an entropy is −[r log r + (1−r) log(1−r)]: mind the sign.",
    )
    yield Probe(
        not _proportional(weight, share),
        "the weights are the wanted shares themselves: the sizes of the losses are not in them.",
        "what does a constant guess lose on each label?",
        "divide each share by the loss of the best constant guess for that label.",
    )
    yield Probe(
        not _proportional(weight, share * size),
        "you multiplied by the size of the loss: small losses count even less now.",
        "a loss that is ten times as small needs a weight ten times as large.",
        "divide by the size instead.",
    )
    yield Probe(
        not _proportional(weight, 1 / size),
        "all losses count alike: the wanted shares are not in the weights.",
        "the second argument says how much each label should count.",
        "wanted share divided by size, for each label.",
    )
    yield Probe(
        not _proportional(weight, share / rate),
        "you divided by the rate of the label, not by the loss of a constant.",
        "a rate of 0.02 does not mean a loss of 0.02.",
        "the best constant guess is the rate r, and its log loss is −[r log r + (1−r) log(1−r)].",
    )
    yield Probe(
        not _proportional(weight, share / (rate * (1 - rate))),
        "you divided by the variance of the label: right for a squared error, not for a log loss.",
        "the loss to compare with is the one that is trained on.",
        "use the log loss of the constant r, −[r log r + (1−r) log(1−r)].",
    )
    yield Probe(
        _proportional(weight, share / size),
        "weight × (loss of the constant) is not in the wanted proportion.",
        "check it by hand: multiply each of your weights by the loss of a constant guess for that label.",
        "weight = wanted / entropy of the label; a common factor is free.",
    )


def _binary(ones: int, rows: int) -> Tensor:
    return (torch.arange(rows) < ones).float()


def _names(found) -> str:
    return f"weights for {list(found)}" if isinstance(found, dict) else f"a {type(found).__name__}"


def _proportional(one: np.ndarray, other: np.ndarray) -> bool:
    return bool(np.allclose(one / one.sum(), other / other.sum(), rtol=2e-3))


@exercise("the goal that is worst off, after weighting, is the one that is mended.")
def chebyshev(answer: Callable[[Tensor, Tensor], Tensor]) -> Iterator[Probe]:
    """`answer(losses, weights)`: two `(tasks,)` tensors become the largest weighted loss, a scalar with a gradient."""
    losses, weights = torch.tensor([0.9, 0.5, 0.2], requires_grad=True), torch.tensor([0.2, 0.5, 0.3])
    value = begun(answer(losses, weights))
    yield scalar(
        value,
        "one number that an optimiser can make smaller.",
        "`.max()` of a tensor is a tensor with one number; `max(dim=...)` gives two things.",
    )
    number = value.detach()
    parts = (losses * weights).detach()  # .18, .25, .06
    yield Probe(
        not torch.isclose(number, parts.sum()),
        "this is the weighted sum.",
        "a sum lets a large loss of one goal be bought with a small one of another.",
        "take the largest of the weighted losses instead of adding them up.",
    )
    yield Probe(
        not torch.isclose(number, losses.detach().max()),
        "the largest loss came out, without its weight.",
        "weight first, then take the maximum.",
        "the maximum of `weights * losses`.",
    )
    yield Probe(
        not torch.isclose(number, (losses.detach().max() * weights[0])),
        "the largest loss was picked first and weighted then.",
        "which goal is worst off is decided after weighting.",
        "multiply losses and weights, then take the maximum of the products.",
    )
    yield Probe(
        bool(torch.isclose(number, parts.max())),
        f"for weighted losses of 0.18, 0.25 and 0.06 the value should be 0.25, yours is {number:.2f}.",
        "max(w₁L₁, w₂L₂, …).",
        "`(weights * losses).max()` is all it takes.",
    )
    second = torch.tensor([0.1, 0.4, 0.9], requires_grad=True)
    other = answer(second, torch.tensor([0.5, 0.3, 0.2]))  # .05, .12, .18
    yield Probe(
        bool(torch.isclose(other.detach(), torch.tensor(0.18))),
        f"for weighted losses of 0.05, 0.12 and 0.18 the value should be 0.18, yours is {other:.2f}.",
        "the goal that is worst off is another one each time.",
        "take the maximum of all products.",
    )
    yield Probe(
        value.requires_grad and torch.autograd.grad(value, losses, allow_unused=True)[0] is not None,
        "no gradient reaches the losses.",
        "something cut the graph: `.item()`, `.detach()`, Python's float or numpy.",
        "stay with torch operations.",
    )


@exercise("you ship what is better for sure, does no harm, and else you keep what you have.")
def decide(answer: Callable[[pd.DataFrame], float]) -> Iterator[Probe]:
    """`answer(test)`: the rows are arms, the first is today's; columns weight, users, returns, returns_sd, clicks.
    Gives the weight to ship: of the arms whose returns are higher than today's beyond the 95% interval of the
    difference, and whose clicks are at least 95% of today's, the one with the highest returns; else today's."""

    def table(*arms: tuple) -> pd.DataFrame:
        return pd.DataFrame(arms, columns=["weight", "users", "returns", "returns_sd", "clicks"])

    today = (0.5, 20_000, 0.620, 0.21, 5.5)
    clear = table(today, (0.25, 20_000, 0.632, 0.21, 5.4), (0.75, 20_000, 0.610, 0.21, 5.7))
    yield from _ships(
        answer,
        clear,
        0.25,
        "an arm that is clearly better and does no harm was not shipped.",
        "the difference is 0.012, its standard error 0.0021.",
        "ship the arm whose whole interval, difference ± 1.96 standard errors, lies above 0.",
    )
    small = table((0.5, 400, 0.620, 0.21, 5.5), (0.25, 400, 0.632, 0.21, 5.4))
    yield from _ships(
        answer,
        small,
        0.5,
        "with 400 users per arm you shipped a difference that may well be luck.",
        "the highest mean is not enough: its interval has to lie above 0.",
        "standard error of a difference of two arms: √(sd₁²/n₁ + sd₂²/n₂).",
    )
    near = table(today, (0.25, 20_000, 0.625, 0.21, 5.4))
    yield from _ships(
        answer,
        near,
        0.25,
        "a difference of 0.005 with a standard error of 0.0021 was not shipped.",
        "that two intervals overlap does not make their difference unsure.",
        "one interval, for the difference; its variance is the sum of the variances of the two means.",
    )
    worse = table(today, (0.75, 20_000, 0.600, 0.21, 5.7))
    yield from _ships(
        answer,
        worse,
        0.5,
        "an arm that is clearly worse was shipped.",
        "a significant difference may have the wrong sign.",
        "ask that the lower end of the interval is above 0, not that |z| is large.",
    )
    harm = table(today, (0.0, 20_000, 0.640, 0.21, 4.6), (0.25, 20_000, 0.632, 0.21, 5.4))
    yield from _ships(
        answer,
        harm,
        0.25,
        "the arm with the highest returns lost 16% of the clicks, and was shipped.",
        "the guard rail comes before the choice of the best.",
        "first keep the arms with at least 95% of today's clicks, then take the best of those that are left.",
    )
    best = table(today, (0.25, 20_000, 0.630, 0.21, 5.4), (0.1, 20_000, 0.640, 0.21, 5.3))
    yield from _ships(
        answer,
        best,
        0.1,
        "of two arms that pass you did not ship the better one.",
        "the rule's last step is a maximum.",
        "of the arms that pass, the one with the highest returns.",
    )
    unsure = "an arm was shipped that is not better beyond the 95% interval, or one that is was not."
    both = "both arms' variances count: √(sd₁²/n₁ + sd₂²/n₂), and the interval is ± 1.96 of that."
    few = (0.25, 1000, 0.632, 0.21, 5.4)
    old = (0.5, 400, 0.620, 0.21, 5.5)
    for test, right in (
        (table(today, few), 0.5),
        (table(old, (0.25, 20_000, 0.635, 0.21, 5.4)), 0.5),
        (table(today, (0.25, 20_000, 0.6238, 0.21, 5.4)), 0.5),
        (table(today, (0.25, 20_000, 0.6244, 0.21, 5.4)), 0.25),
    ):
        yield from _ships(answer, test, right, unsure, "look at the difference in standard errors.", both)
    rail = "the guard rail stands elsewhere: 95% of today's clicks, whatever today's clicks are."
    for test, right in (
        (table(today, (0.25, 20_000, 0.632, 0.21, 5.20)), 0.5),
        (table(today, (0.25, 20_000, 0.632, 0.21, 5.24)), 0.25),
        (table((0.5, 20_000, 0.620, 0.21, 2.0), (0.25, 20_000, 0.632, 0.21, 1.95)), 0.25),
    ):
        yield from _ships(answer, test, right, rail, "compare with today's arm.", "`clicks >= 0.95 * today's clicks`.")
    order = table(today, (0.75, 20_000, 0.640, 0.21, 5.4), (0.25, 20_000, 0.630, 0.21, 5.3))
    yield from _ships(
        answer,
        order,
        0.75,
        "of two arms that pass you shipped the one with lower returns.",
        "the order of the rows, the weights and the clicks do not matter here.",
        "the row with the largest returns among those that pass.",
    )
    alone = table(today)
    yield from _ships(
        answer,
        alone,
        0.5,
        "with no other arm, today's was not kept.",
        "the list of arms that pass may be empty.",
        "return today's weight when nothing passes.",
    )


def _ships(answer, test: pd.DataFrame, right: float, wrong: str, hint: str, second_hint: str) -> Iterator[Probe]:
    found = begun(answer(test.copy()))
    yield Probe(
        np.ndim(found) == 0 and bool(np.isin(float(found), test["weight"])),
        "what came back is not the weight of one of the arms.",
        "give back the weight of the arm to ship.",
        "one number, out of the column `weight`.",
    )
    yield Probe(bool(np.isclose(float(found), right)), wrong, hint, second_hint)
