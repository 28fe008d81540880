"""The exercises of chapter 03, Manual weights."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from helpers.display.answers import close, numbers
from helpers.display.exercises import Exercise, begun
from helpers.display.mistakes import at, cut, form, gives, otherwise, when


def _proportional(yours: dict, right: dict, part: float = 2e-3) -> bool:
    """Whether weights by name are the right ones times a common factor above 0."""
    ratio = np.array([float(yours[name]) / float(right[name]) for name in right])
    return ratio[0] > 0 and close(ratio / ratio[0], np.ones(len(ratio)), part)


def _unusable(yours: dict, *case) -> bool:
    return not all(0 < float(weight) < np.inf for weight in yours.values())


def _each(function: Callable):
    """An answer that makes a weight of each label and its wanted share."""
    return lambda labels, wanted: {name: function(label, wanted[name]) for name, label in labels.items()}


def _size(label: Tensor) -> float:
    """The log loss of the best constant guess."""
    return torch.special.entr(torch.stack([label.mean(), 1 - label.mean()])).sum().item()


fair_weights = Exercise(
    "each loss now counts as much as you wanted, whatever its size.",
    """`answer(labels, wanted)`: binary labels `(n,)` by name and shares by name become the weight of each loss, such
    that weight × loss of the best constant guess is in the proportion of `wanted`. A common factor is free.""",
    right=_each(lambda y, share: share / _size(y)),
    also=[
        _each(lambda y, share: 7 * share / _size(y)),
        lambda labels, wanted: [wanted[name] / _size(y) for name, y in labels.items()],
    ],
    cases=lambda: [
        (
            {name: (torch.arange(1000) < rows).float() for name, rows in (("click", 300), ("like", 20), ("share", 5))},
            {"click": 0.3, "like": 0.5, "share": 0.2},
        )
    ],
    same=_proportional,
    mistakes={
        form(lambda y, wanted: [1, 2], lambda y, wanted: {"click": 1}): """the function returned {came}, not a weight
            for each of the three labels.
            Hint: one weight under each name.
            Hint: build a dict: {{name: weight for each name}}.""",
        gives(_unusable, _each(lambda y, share: -share / _size(y))): """some weights are zero, negative or not finite.
            Hint: a loss is divided by a positive number here.
            Hint: an entropy is −[r log r + (1−r) log(1−r)]: mind the sign.""",
        _each(lambda y, share: share): """the weights are the wanted shares themselves: the sizes of the losses are not
            in them.
            Hint: what does a constant guess lose on each label?
            Hint: divide each share by the loss of the best constant guess for that label.""",
        _each(lambda y, share: share * _size(y)): """you multiplied by the size of the loss: small losses count even
            less now.
            Hint: a loss that is a tenth of the size needs ten times the weight.
            Hint: divide by the size instead.""",
        _each(lambda y, share: 1 / _size(y)): """all losses count alike: the wanted shares are not in the weights.
            Hint: the second argument says how much each label should count.
            Hint: wanted share divided by size, for each label.""",
        _each(lambda y, share: share / y.mean()): """you divided by the rate of the label, not by the loss of a
            constant.
            Hint: a rate of 0.02 does not mean a loss of 0.02.
            Hint: the best constant guess is the rate r, and its log loss is −[r log r + (1−r) log(1−r)].""",
        _each(lambda y, share: share / y.var()): """you divided by the variance of the label: right for a squared error,
            not for a log loss.
            Hint: compare with the loss that the training minimises.
            Hint: use the log loss of the constant r, −[r log r + (1−r) log(1−r)].""",
        otherwise(_each(lambda y, share: share / y.mean().sqrt())): """weight × (loss of the constant) is not in the
            wanted proportion.
            Hint: check it by hand: multiply each of your weights by the loss of a constant guess for that label.
            Hint: weight = wanted / entropy of the label; a common factor is free.""",
    },
)


def _mixed(rate=torch.nanmean, over=sum):
    """An answer that mixes the rates by the weights."""
    return lambda labels, w: (sum(w[name] * rate(y) for name, y in labels.items()) / over(w.values())).item()


def _by_trying(labels: dict[str, Tensor], weights: dict[str, float]) -> float:
    """A grid of constants, as section 1 does it."""
    guesses, loss = torch.linspace(0.01, 0.99, 981), 0
    for name, label in labels.items():
        rate = label[~label.isnan()].mean()
        loss = loss - weights[name] * (rate * guesses.log() + (1 - rate) * (1 - guesses).log())
    return guesses[loss.argmin()].numpy()


def _by_sums(labels: dict[str, Tensor], weights: dict[str, float]) -> float:
    rows = sum(weights[name] * (~y.isnan()).sum() for name, y in labels.items())
    return sum(weights[name] * y.nansum() for name, y in labels.items()) / rows


def _labels():
    rows = torch.arange(1000)  # 300 clicks; the 100 finishes and the 20 likes are among them
    click, finish, like = (rows % 10 < 3).float(), (rows % 20 < 2).float(), (rows % 50 < 1).float()
    labels = {"click": click, "finish": finish.masked_fill(click == 0, torch.nan), "like": like}
    yield labels, {"click": 1, "finish": 2, "like": 1}
    yield labels, {"click": 0.3, "finish": 0.7, "like": 0.0}


def _of_labels(yours, labels: dict[str, Tensor], weights: dict[str, float]) -> dict:
    rates, weight = [y.nanmean().item() for y in labels.values()], [*weights.values()]
    return {"rates": rates, "weights": weight, "total": sum(weight)}


best_constant = Exercise(
    "the weighted mean of the rates, each over the rows that have the label.",
    """`answer(labels, weights)`: labels `(n,)` by name, NaN where a row has none, and a weight for each loss become the
    constant probability with the lowest weighted loss; each loss is a mean over the rows that have its label.""",
    right=_mixed(),
    also=[_by_trying, lambda labels, weights: round(_mixed()(labels, weights), 2)],
    cases=_labels,
    same=lambda yours, right: abs(yours - right) < 5.5e-3,  # tried in steps of 0.01, it is right
    fields=_of_labels,
    mistakes={
        form(lambda labels, weights: labels): """the function returned {came}, not one number.
            Hint: one probability for all labels and all rows.
            Hint: reduce to a single number at the end.""",
        gives(lambda yours, *_: np.isnan(yours), _mixed(torch.mean)): """it is NaN: rows without a label were counted.
            Hint: a loss is a mean over the rows that have its label.
            Hint: `label.nanmean()`, or `label[~label.isnan()]`.""",
        (_mixed(lambda y: y.nan_to_num().mean()), _mixed(lambda y: y.nan_to_num().mean(), over=lambda w: 1)): """rows
            without a label were counted as 0.
            Hint: whether a row that was not clicked would have been finished is not known here.
            Hint: leave these rows out of the mean of that label.""",
        _mixed(over=lambda weights: 1): """the weights add up to {total:g}, and that is still in your number.
            Hint: twice the loss has its minimum at the same place.
            Hint: divide by the sum of the weights.""",
        _by_sums: """a label counts by its number of rows: you mixed sums, not means.
            Hint: each loss is a mean over its own rows, however few these are.
            Hint: first the rate of each label, then the weighted mean of the rates.""",
        lambda labels, weights: sum(y.nanmean() for y in labels.values()) / 3: """all labels count alike: the weights
            are not in your number.
            Hint: the loss of weight 2 counts twice.
            Hint: a weighted mean of the rates.""",
        lambda labels, weights: torch.tensor(_mixed()(labels, weights)).logit(): """this is the logit of the best
            constant.
            Hint: the question asks for the probability.
            Hint: its sigmoid.""",
        otherwise(lambda labels, weights: 0.2467): """with rates of {rates:.2g} and weights of {weights:g} the best
            constant is {right:.3f}; yours is {yours:.3f}.
            Hint: the derivative of the weighted loss by the logit is Σ weight · (p − rate).
            Hint: set it to zero and solve for p; or try many values of p and take the one with the lowest loss.""",
    },
)


def _of_gradients(norm: Callable, power: float = -1.0, of: slice = slice(None)):
    """An answer that makes a weight of the norm of a task's gradients on the shared tensors."""

    def answer(losses, shared):
        parts = {task: torch.autograd.grad(loss, shared[of], retain_graph=True) for task, loss in losses.items()}
        return {task: norm(part).item() ** power for task, part in parts.items()}

    return answer


def _norm(parts) -> Tensor:
    return torch.cat([part.flatten() for part in parts]).norm()


def _by_backward(losses: dict[str, Tensor], shared: list[Tensor], clear: bool) -> dict[str, float]:
    weights = {}
    for task, loss in losses.items():
        if clear or not weights:
            nn.ParameterList(shared).zero_grad()
        loss.backward(retain_graph=True)
        weights[task] = 1 / _norm([parameter.grad for parameter in shared]).item()
    return weights


def _losses() -> list[tuple]:
    draw = torch.Generator().manual_seed(6)
    x, y = torch.randn(50, 4, generator=draw), torch.randn(3, 50, generator=draw)
    bottom, towers = nn.Linear(4, 6), nn.Linear(6, 3)
    with torch.no_grad():
        for parameter in [*bottom.parameters(), *towers.parameters()]:
            parameter.copy_(torch.randn(parameter.shape, generator=draw))
    errors = (towers(bottom(x).relu()).T - torch.tensor([[1.0], [4.0], [0.0]]) * y) ** 2
    losses = dict(zip(("click", "like", "share"), errors.mean(1) * torch.tensor([1.0, 0.2, 0.05]), strict=True))
    return [(losses, list(bottom.parameters()))]


def _pulls(yours: dict, losses: dict[str, Tensor], shared: list[Tensor]) -> dict:
    norms = _of_gradients(_norm, power=1)(losses, shared)
    return {"pulls": [float(yours[task]) * norm for task, norm in norms.items()]}


equal_pull = Exercise(
    "after weighting, every task pulls at the shared layers with the same force.",
    """`answer(losses, shared)`: losses by task, scalars with a graph, and the parameters of the shared layers become a
    weight for each task: weight × norm of the loss's gradient on `shared` is equal. A common factor is free.""",
    right=_of_gradients(_norm),
    also=[partial(_by_backward, clear=True), lambda losses, shared: [*_of_gradients(_norm)(losses, shared).values()]],
    cases=_losses,
    same=partial(_proportional, part=1e-3),
    fields=_pulls,
    mistakes={
        form(lambda losses, shared: {"click": 1}): """the function returned {came}, not a weight for each of the three
            tasks.
            Hint: one weight under each name.
            Hint: build a dict: {{name: weight for each name}}.""",
        gives(_unusable, lambda losses, shared: dict.fromkeys(losses, -1)): """some weights are zero, negative or not
            finite.
            Hint: a norm is positive here.
            Hint: one divided by the norm of the task's own gradient.""",
        _of_gradients(_norm, power=1): """you multiplied by the norm: the task that pulls most now pulls even more.
            Hint: a gradient that is ten times as long needs a tenth of the weight.
            Hint: divide by the norm.""",
        lambda losses, shared: {task: 1 / loss.item() for task, loss in losses.items()}: """these weights make the
            losses equal, not their gradients.
            Hint: a share of the loss is not a share of the training: section 3.
            Hint: `torch.autograd.grad(loss, shared, retain_graph=True)` has the gradients.""",
        lambda losses, shared: dict.fromkeys(losses, 1): """all weights are equal: so the gradients differ as before.
            Hint: how long is each task's gradient on the shared layers?
            Hint: divide by that length.""",
        _of_gradients(_norm, power=-2): """you divided by the squared norm.
            Hint: twice the weight makes the gradient twice as long, not four times.
            Hint: take the root of the sum of squares.""",
        _of_gradients(lambda parts: sum(part.norm() for part in parts)): """you added up the norms of the single
            tensors: the gradient is one long vector.
            Hint: the norm of a vector in two parts is √(a² + b²), not a + b.
            Hint: concatenate the flattened gradients, then take the norm.""",
        (_of_gradients(_norm, of=slice(1)), _of_gradients(_norm, of=slice(1, None))): """the gradient on one of the
            shared tensors alone is in your weights.
            Hint: a layer has weights and a bias, and both are shared.
            Hint: go over all of `shared`.""",
        partial(_by_backward, clear=False): """each gradient holds those of the tasks before it: `backward` adds to
            `.grad`.
            Hint: each task's gradient is wanted by itself.
            Hint: use `torch.autograd.grad`, or set `.grad` to None before each task.""",
        otherwise(_of_gradients(lambda parts: sum(part.abs().sum() for part in parts))): """weight × gradient norm is
            {pulls:.3g}, not equal.
            Hint: all entries of the gradients on all shared tensors belong to one norm, √(Σ g²).
            Hint: weight = 1 / norm; a common factor is free.""",
    },
)

chebyshev = Exercise(
    "the goal that is worst off, after weighting, is the one that is improved.",
    "`answer(losses, weights)`: two `(tasks,)` tensors become the largest weighted loss, a scalar with a gradient.",
    right=lambda losses, weights: (weights * losses).max(),
    cases=lambda: [(torch.tensor([0.9, 0.5, 0.2], requires_grad=True), torch.tensor([0.2, 0.5, 0.3]))],
    mistakes={
        form(
            lambda losses, weights: (weights * losses).max().item(),
            lambda losses, weights: (weights * losses).max(dim=0),
        ): """the function returned {came}, not one number in a tensor.
            Hint: one number that an optimiser can make smaller.
            Hint: `.max()` of a tensor is a tensor with one number; `max(dim=...)` gives two things.""",
        lambda losses, weights: (weights * losses).sum(): """this is the weighted sum.
            Hint: in a sum, a small loss of one goal makes up for a large loss of another.
            Hint: take the largest of the weighted losses instead of adding them up.""",
        lambda losses, weights: losses.max(): """this is the largest loss, without its weight.
            Hint: weight first, then take the maximum.
            Hint: the maximum of `weights * losses`.""",
        lambda losses, weights: weights[losses.argmax()] * losses.max(): """the largest loss was picked first and
            weighted then.
            Hint: which goal is worst off is decided after weighting.
            Hint: multiply losses and weights, then take the maximum of the products.""",
        otherwise(lambda losses, weights: (weights * losses).min()): """for weighted losses of 0.18, 0.25 and 0.06 the
            value should be 0.25, yours is {yours:.2f}.
            Hint: max(w₁L₁, w₂L₂, …).
            Hint: `(weights * losses).max()` is all it takes.""",
        at(
            (torch.tensor([0.1, 0.4, 0.9]), torch.tensor([0.5, 0.3, 0.2])),
            lambda losses, weights: losses[1] * weights[1],
            lambda losses, weights: (losses * weights)[weights.argmax()],
        ): """for weighted losses of 0.05, 0.12 and 0.18 the value should be 0.18, yours is {yours:.2f}.
            Hint: the goal that is worst off differs from case to case.
            Hint: take the maximum of all products.""",
        cut({"losses": 0}, lambda losses, weights: (weights * losses.detach()).max()): """{a} gradient reaches the
            {name}.
            Hint: something cut the graph: `.item()`, `.detach()`, Python's float or NumPy.
            Hint: use torch operations throughout.""",
    },
)


def _decision(beyond=1.96, guard=0.95, overlap=False, absolute=False, last="best", two_arms=True, empty=0.5):
    """The rule of the exercise; the mistakes change one thing each."""

    def decide(test):
        today, others = test.iloc[0], test.iloc[1:]
        error = [arm["returns_sd"] / arm["users"] ** 0.5 for _, arm in test.iterrows()]
        passed = []
        for (_, arm), own in zip(others.iterrows(), error[1:], strict=True):
            of_today = error[0] if two_arms else 0
            half = beyond * (own + of_today if overlap else (own**2 + of_today**2) ** 0.5)
            difference = arm["returns"] - today["returns"]
            if (abs(difference) if absolute else difference) > half and arm["clicks"] >= guard * (
                today["clicks"] if guard < 1 else 1
            ):
                passed.append((arm["returns"], arm["weight"]))
        if not passed:
            return today["weight"] if len(others) else empty
        return (
            max(passed) if last == "best" else passed[0] if last == "first" else max(passed, key=lambda arm: arm[1])
        )[1]

    return decide


def _tests(*tests: list[tuple]) -> list[tuple[pd.DataFrame]]:
    columns = ["weight", "users", "returns", "returns_sd", "clicks"]
    return [(pd.DataFrame(arms, columns=columns),) for arms in tests]


TODAY = (0.5, 20_000, 0.620, 0.21, 5.5)
FEW, GUARDED = (0.5, 400, 0.620, 0.21, 5.5), (0.25, 20_000, 0.632, 0.21, 5.4)
PASSING = (
    ((0.1, 20_000, 0.640, 0.21, 5.3), (0.25, 20_000, 0.630, 0.21, 5.4)),
    ((0.75, 20_000, 0.640, 0.21, 5.4), (0.25, 20_000, 0.630, 0.21, 5.3)),
)
ARMS = {0.0, 0.1, 0.25, 0.5, 0.75}

decide = Exercise(
    "you ship what is clearly better and does no harm; otherwise you keep what you have.",
    """`answer(test)`: the rows are arms, the first is today's; columns weight, users, returns, returns_sd, clicks.
    Gives the weight to ship: of the arms whose returns are higher than today's beyond the 95% interval of the
    difference, and whose clicks are at least 95% of today's, the one with the highest returns, or today's.""",
    right=_decision(),
    read=lambda given, right: float(given) if not np.ndim(given) and float(given) in ARMS else None,
    mistakes={
        form(lambda test: test.iloc[-1], lambda test: 1): """what came back is not the weight of one of the arms.
            Hint: return the weight of the arm to ship.
            Hint: one number, out of the column `weight`.""",
        at(_tests([TODAY, GUARDED, (0.75, 20_000, 0.610, 0.21, 5.7)]), lambda test: 0.5): """an arm that is clearly
            better and does no harm was not shipped.
            Hint: the difference is 0.012, its standard error 0.0021.
            Hint: ship the arm whose whole interval, difference ± 1.96 standard errors, lies above 0.""",
        at(
            _tests([FEW, (0.25, 400, 0.632, 0.21, 5.4)]), lambda test: test.loc[test["returns"].idxmax(), "weight"]
        ): """with 400 users per arm you shipped a difference that may well be luck.
            Hint: the highest mean is not enough: its interval has to lie above 0.
            Hint: standard error of a difference of two arms: √(sd₁²/n₁ + sd₂²/n₂).""",
        at(_tests([TODAY, (0.25, 20_000, 0.625, 0.21, 5.4)]), _decision(overlap=True)): """a difference of 0.005 with a
            standard error of 0.0021 was not shipped.
            Hint: that two intervals overlap does not make their difference unsure.
            Hint: one interval, for the difference; its variance is the sum of the variances of the two means.""",
        at(_tests([TODAY, (0.75, 20_000, 0.600, 0.21, 5.7)]), _decision(absolute=True)): """an arm that is clearly worse
            was shipped.
            Hint: a significant difference may have the wrong sign.
            Hint: ask that the lower end of the interval is above 0, not that |z| is large.""",
        at(_tests([TODAY, (0.0, 20_000, 0.640, 0.21, 4.6), GUARDED]), _decision(guard=0)): """the arm with the highest
            returns lost 16% of the clicks, and was shipped.
            Hint: the guard rail comes before the choice of the best.
            Hint: keep the arms with at least 95% of today's clicks, then take the best of those that are left.""",
        at(
            _tests(*([TODAY, *arms[::order]] for arms in PASSING for order in (1, -1))),
            _decision(last="first"),
            _decision(last="largest weight"),
        ): """of two arms that pass you did not ship the better one.
            Hint: the rule's last step is a maximum.
            Hint: of the arms that pass, the one with the highest returns, whatever their order and weights.""",
        at(
            _tests(
                [TODAY, (0.25, 1000, 0.632, 0.21, 5.4)],
                [FEW, (0.25, 20_000, 0.635, 0.21, 5.4)],
                [TODAY, (0.25, 20_000, 0.6238, 0.21, 5.4)],
                [TODAY, (0.25, 20_000, 0.6244, 0.21, 5.4)],
            ),
            _decision(beyond=1.645),
            _decision(beyond=2.3),
            _decision(two_arms=False),
        ): """an arm was shipped that is not better beyond the 95% interval, or one that is was not.
            Hint: look at the difference in standard errors.
            Hint: both arms' variances count: √(sd₁²/n₁ + sd₂²/n₂), and the interval is ± 1.96 of that.""",
        at(
            _tests(
                [TODAY, (0.25, 20_000, 0.632, 0.21, 5.20)],
                [TODAY, (0.25, 20_000, 0.632, 0.21, 5.24)],
                [(0.5, 20_000, 0.620, 0.21, 2.0), (0.25, 20_000, 0.632, 0.21, 1.95)],
            ),
            _decision(guard=0.90),
            _decision(guard=0.96),
            _decision(guard=0.95 * 5.5),
        ): """the guard rail is elsewhere: 95% of today's clicks, whatever today's clicks are.
            Hint: compare with today's arm.
            Hint: `clicks >= 0.95 * today's clicks`.""",
        at(_tests([TODAY]), _decision(empty=0.0)): """with no other arm, today's was not kept.
            Hint: the list of arms that pass may be empty.
            Hint: return today's weight when nothing passes.""",
    },
)


def _winner(choose=slice(None, 200), report=slice(200, None), pick=np.argmax):
    """An answer in which some users choose the trial, and some say how good it is."""

    def answer(rewards):
        trial = pick(rewards[:, choose].mean(1))
        return trial, rewards[trial, report].mean()

    return answer


def _promised(answer: Callable) -> dict:
    """What the choice brings over a trial at random, and how much too high its promise is, means of 400 tests."""
    draws, (tests, trials, users) = np.random.default_rng(3), (400, 32, 400)
    true = np.clip(draws.normal(0.6, 0.02, (tests, trials)), 0.4, 0.8)
    brought, off = [], []
    for shares in true:
        rewards = (draws.random((trials, users)) < shares[:, None]).astype(float)
        pick = numbers(begun(answer(rewards)))
        if pick is None or pick.shape != (2,) or pick[0] not in range(trials) or not 0 <= pick[1] <= 1:
            return {}
        brought.append(shares[int(pick[0])] - shares.mean())
        off.append(pick[1] - shares[int(pick[0])])
    return {"brought": np.mean(brought), "off": np.mean(off), "low": -np.mean(off)}


honest_winner = Exercise(
    "you chose well, and what you say of your choice is right on average.",
    """`answer(rewards)`: `(trials, users)`, 1 where a user came back, become the number of the trial to ship, and how
    many come back by it, as a share that is neither too high nor too low on average.""",
    right=_winner(),
    also=[_winner(slice(None, None, 2), slice(1, None, 2))],
    look=_promised,
    mistakes={
        when(lambda seen: not seen, lambda rewards: rewards.mean(1).max(), lambda rewards: (40, 0.6)): """what came back
            is not a trial, 0 to 31, and a share.
            Hint: two numbers: which trial, and how many come back by it.
            Hint: `return trial, share`.""",
        when(
            lambda seen: seen["brought"] < 0.01 and seen, _winner(pick=np.argmin), _winner(pick=lambda means: 0)
        ): """your choice brings {brought:+.3f} over a trial taken at random.
            Hint: even half of the users of a trial tell a good trial from a poor one.
            Hint: take the trial with the highest mean reward of those users that choose.""",
        when(
            lambda seen: seen["off"] > 0.005 and seen, _winner(slice(None), slice(None)), _winner(report=slice(None))
        ): """what you say of your choice is {off:.3f} too high, mean of 400 tests: the winner's curse.
            Hint: the highest of 32 noisy means is the highest by luck as well.
            Hint: let some users choose, and others, who had no part in it, say how good the choice is.""",
        when(
            lambda seen: seen["low"] > 0.005 and seen, lambda rewards: (_winner()(rewards)[0], rewards.mean())
        ): """what you say of your choice is {low:.3f} too low, mean of 400 tests.
            Hint: it is the mean of the chosen trial that is asked for, not of all.
            Hint: `rewards[trial, others].mean()`, for users who had no part in the choice.""",
    },
)
