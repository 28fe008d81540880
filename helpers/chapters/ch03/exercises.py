"""The exercises of chapter 03, Manual weights."""

from collections.abc import Callable, Collection

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from helpers.display.answers import Wrong, by_name, close, described, is_tensor, numbers, slopes
from helpers.display.exercises import begun, exercise


@exercise("each loss now counts as much as you wanted, whatever its size.")
def fair_weights(answer: Callable[[dict[str, Tensor], dict[str, float]], dict[str, float]]):
    """`answer(labels, wanted)`: binary labels `(n,)` by name and shares by name become the weight of each loss, such
    that weight × loss of the best constant guess is in the proportion of `wanted`. A common factor is free."""
    rates, wanted = {"click": 0.3, "like": 0.02, "share": 0.005}, {"click": 0.3, "like": 0.5, "share": 0.2}
    labels = {name: (torch.arange(1000) < 1000 * rate).float() for name, rate in rates.items()}
    weights = _weights(answer(labels, wanted), labels)
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


def _weights(given, names: Collection[str]) -> dict:
    weights = by_name(given, names)
    if weights is None:
        came = f"weights for {list(given)}" if isinstance(given, dict) else described(given)
        raise Wrong(f"""the function returned {came}, not a weight for each of {list(names)}.
            Hint: one weight under each name.
            Hint: build a dict: {{name: weight for each name}}.""")
    return weights


@exercise("the weighted mean of the rates, each over the rows that have the label.")
def best_constant(answer: Callable[[dict[str, Tensor], dict[str, float]], float]):
    """`answer(labels, weights)`: labels `(n,)` by name, NaN where a row has none, and a weight for each loss become the
    constant probability with the lowest weighted loss; each loss is a mean over the rows that have its label."""
    rows = torch.arange(1000)  # 300 clicks; the 100 finishes and the 20 likes are among them
    click, finish, like = (rows % 10 < 3).float(), (rows % 20 < 2).float(), (rows % 50 < 1).float()
    labels = {"click": click, "finish": finish.masked_fill(click == 0, torch.nan), "like": like}
    for weight in ({"click": 1, "finish": 2, "like": 1}, {"click": 0.3, "finish": 0.7, "like": 0.0}):
        _best_constant(answer(labels, weight), labels, weight)


def _best_constant(given, labels: dict[str, Tensor], weights: dict[str, float]):
    constant = numbers(given)
    if constant is None or constant.size != 1:
        raise Wrong(f"""the function returned {described(given)}, not one number.
            Hint: one probability for all labels and all rows.
            Hint: reduce to a single number at the end.""")
    constant = float(constant.ravel()[0])
    weight = np.array([weights[name] for name in labels], float)
    total, rates = weight.sum(), np.array([y.nanmean().item() for y in labels.values()])
    filled = np.array([y.nan_to_num().mean().item() for y in labels.values()])
    rows = np.array([(~y.isnan()).sum().item() for y in labels.values()])
    right = weight @ rates / total

    def is_(*others: float) -> bool:
        return any(abs(constant - other) < 5.5e-3 for other in others)  # tried in steps of 0.01, it is right

    if is_(right):
        return
    if np.isnan(constant):
        raise Wrong("""it is NaN: rows without a label were counted.
            Hint: a loss is a mean over the rows that have its label.
            Hint: `label.nanmean()`, or `label[~label.isnan()]`.""")
    if is_(weight @ filled / total, weight @ filled):
        raise Wrong("""rows without a label were counted as 0.
            Hint: whether a row that was not clicked would have been finished is not known here.
            Hint: leave these rows out of the mean of that label.""")
    if is_(weight @ rates):
        raise Wrong(f"""the weights add up to {total:g}, and that is still in your number.
            Hint: twice the loss has its minimum at the same place.
            Hint: divide by the sum of the weights.""")
    if is_(weight * rows @ rates / (weight @ rows)):
        raise Wrong("""a label counts by its number of rows: you mixed sums, not means.
            Hint: each loss is a mean over its own rows, however few these are.
            Hint: first the rate of each label, then the weighted mean of the rates.""")
    if is_(rates.mean()):
        raise Wrong("""all labels count alike: the weights are not in your number.
            Hint: the loss of weight 2 counts twice.
            Hint: a weighted mean of the rates.""")
    if is_(np.log(right / (1 - right))):
        raise Wrong("""this is the logit of the best constant.
            Hint: the question asks for the probability.
            Hint: its sigmoid.""")
    raise Wrong(f"""with rates of {", ".join(f"{rate:.2g}" for rate in rates)} and weights of
        {", ".join(f"{each:g}" for each in weight)} the best constant is {right:.3f}; yours is {constant:.3f}.
        Hint: the derivative of the weighted loss by the logit is Σ weight · (p − rate).
        Hint: set it to zero and solve for p; or try many values of p and take the one with the lowest loss.""")


@exercise("after weighting, every task pulls at the shared layers with the same force.")
def equal_pull(answer: Callable[[dict[str, Tensor], list[Tensor]], dict[str, float]]):
    """`answer(losses, shared)`: losses by task, scalars with a graph, and the parameters of the shared layers become a
    weight for each task, such that weight × norm of the loss's gradient on `shared` is equal. A common factor is free.
    """
    draw = torch.Generator().manual_seed(6)
    x, y = torch.randn(50, 4, generator=draw), torch.randn(3, 50, generator=draw)
    bottom, towers = nn.Linear(4, 6), nn.Linear(6, 3)
    with torch.no_grad():
        for parameter in [*bottom.parameters(), *towers.parameters()]:
            parameter.copy_(torch.randn(parameter.shape, generator=draw))
    errors = (towers(bottom(x).relu()).T - torch.tensor([[1.0], [4.0], [0.0]]) * y) ** 2
    losses = dict(zip(("click", "like", "share"), errors.mean(1) * torch.tensor([1.0, 0.2, 0.05]), strict=True))
    shared = list(bottom.parameters())
    tensors = np.array([[float(g.norm()) for g in slopes(loss, *shared)] for loss in losses.values()])
    norm = np.sqrt((tensors**2).sum(1))
    summed = np.cumsum([np.concatenate([g.ravel() for g in slopes(loss, *shared)]) for loss in losses.values()], axis=0)
    size = np.array([loss.item() for loss in losses.values()])

    weights = _weights(answer(losses, shared), losses)
    weight = np.array([float(weights[name]) for name in losses])
    if not (np.isfinite(weight).all() and (weight > 0).all()):
        raise Wrong("""some weights are zero, negative or not finite.
            Hint: a norm is positive here.
            Hint: one divided by the norm of the task's own gradient.""")

    def proportional_to(other: np.ndarray) -> bool:
        return close(weight / other * other[0] / weight[0], np.ones(3), 1e-3)

    if proportional_to(1 / norm):
        return
    if proportional_to(norm):
        raise Wrong("""you multiplied by the norm: the task that pulls most now pulls even more.
            Hint: a gradient that is ten times as long needs a tenth of the weight.
            Hint: divide by the norm.""")
    if proportional_to(1 / size):
        raise Wrong("""these weights make the losses equal, not their gradients.
            Hint: a share of the loss is not a share of the training: section 3.
            Hint: `torch.autograd.grad(loss, shared, retain_graph=True)` has the gradients.""")
    if proportional_to(np.ones(3)):
        raise Wrong("""all weights are equal: so the gradients differ as before.
            Hint: how long is each task's gradient on the shared layers?
            Hint: divide by that length.""")
    if proportional_to(1 / norm**2):
        raise Wrong("""you divided by the squared norm.
            Hint: twice the weight makes the gradient twice as long, not four times.
            Hint: take the root of the sum of squares.""")
    if proportional_to(1 / tensors.sum(1)):
        raise Wrong("""you added up the norms of the single tensors: the gradient is one long vector.
            Hint: the norm of a vector in two parts is √(a² + b²), not a + b.
            Hint: concatenate the flattened gradients, then take the norm.""")
    if any(proportional_to(1 / part) for part in tensors.T):
        raise Wrong("""the gradient on one of the shared tensors alone is in your weights.
            Hint: a layer has weights and a bias, and both are shared.
            Hint: go over all of `shared`.""")
    if proportional_to(1 / np.linalg.norm(summed, axis=1)):
        raise Wrong("""each gradient holds those of the tasks before it: `backward` adds to `.grad`.
            Hint: each task's gradient is wanted by itself.
            Hint: use `torch.autograd.grad`, or set `.grad` to None before each task.""")
    raise Wrong(f"""weight × gradient norm is {", ".join(f"{each:.3g}" for each in weight * norm)}, not equal.
        Hint: all entries of the gradients on all shared tensors belong to one norm, √(Σ g²).
        Hint: weight = 1 / norm; a common factor is free.""")


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
        weight = begun(answer(test))
        if np.ndim(weight) or float(weight) not in test["weight"].to_list():
            raise Wrong("""what came back is not the weight of one of the arms.
                Hint: return the weight of the arm to ship.
                Hint: one number, out of the column `weight`.""")
        return float(weight)

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


@exercise("you chose well, and what you say of your choice is right on average.")
def honest_winner(answer: Callable[[np.ndarray], tuple[int, float]]):
    """`answer(rewards)`: `(trials, users)`, 1 where a user came back, become the number of the trial to ship, and how
    many come back by it, as a share that is neither too high nor too low on average."""
    draws, (tests, trials, users) = np.random.default_rng(3), (400, 32, 400)
    true = np.clip(draws.normal(0.6, 0.02, (tests, trials)), 0.4, 0.8)
    picked, promised = np.empty(tests, dtype=int), np.empty(tests)
    for number, shares in enumerate(true):
        rewards = (draws.random((trials, users)) < shares[:, None]).astype(float)
        picked[number], promised[number] = _pick(answer(rewards.copy()), trials)
    gained = np.take_along_axis(true, picked[:, None], axis=1)[:, 0]
    off = (promised - gained).mean()
    if (gained - true.mean(1)).mean() < 0.01:
        raise Wrong(f"""your choice brings {(gained - true.mean(1)).mean():+.3f} over a trial taken at random.
            Hint: even half of the users of a trial tell a good one from a poor one.
            Hint: take the trial with the highest mean reward of those users that choose.""")
    if off > 0.005:
        raise Wrong(f"""what you say of your choice is {off:.3f} too high, mean of {tests} tests: the winner's curse.
            Hint: the highest of {trials} noisy means is the highest by luck as well.
            Hint: let some users choose, and others, who had no part in it, say how good the choice is.""")
    if off < -0.005:
        raise Wrong(f"""what you say of your choice is {-off:.3f} too low, mean of {tests} tests.
            Hint: it is the mean of the chosen trial that is asked for, not of all.
            Hint: `rewards[trial, others].mean()`, for users who had no part in the choice.""")


def _pick(found, trials: int) -> tuple[int, float]:
    found = numbers(begun(found))
    if found is None or found.shape != (2,) or found[0] not in range(trials) or not 0 <= found[1] <= 1:
        raise Wrong(f"""what came back is not a trial, 0 to {trials - 1}, and a share.
            Hint: two numbers: which trial, and how many come back by it.
            Hint: `return trial, share`.""")
    return int(found[0]), float(found[1])
