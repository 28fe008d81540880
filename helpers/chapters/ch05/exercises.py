"""The exercises of chapter 05, Balancing losses. The first four are its clinic: each begins with a mistake."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from helpers.display.exercises import Probe, begun, described, exercise, scalar, slopes
from helpers.evaluation.metrics import auc


@exercise("every variance is allowed, and the weight of a task follows its loss all the way down.")
def uncertainty(answer: Callable[[Tensor, Tensor], Tensor]) -> Iterator[Probe]:
    """`answer(losses, s)`: Σ ½·e^(−s)·L + ½·s for regression tasks, s = log σ², both `(tasks,)`; a scalar."""
    losses, s = _leaf(2.0, 0.05, 300.0), _leaf(0.7, 0.2, 6.0)
    value, right = begun(answer(losses, s)), _gaussian(losses, s)
    yield scalar(value, "the optimiser needs one number for all tasks.", "end with `.sum()`.")
    yield Probe(
        _close(value, right),
        f"for s above 0 the total should be {right:.3f}, yours is {value:.3f}.",
        "½·e^(−s)·L + ½·s, summed over the tasks.",
        "s is log σ² here: the precision 1/σ² is `torch.exp(-s)`.",
    )
    yield Probe(
        bool(slopes(value, losses)[0].any()),
        "no gradient reaches the losses: the network would not be trained.",
        "the total has to hang together with what came in.",
        "look for `.detach()`, `.item()`, `.data`, or `float(...)` around the losses.",
    )
    losses, low = _leaf(2.0, 0.05), _leaf(0.7, -3.0)
    value, right = answer(losses, low), _gaussian(losses, low)
    yield Probe(
        bool(slopes(value, low)[0][1] != 0),
        "where s is below 0 it gets no gradient: the task's weight is stuck there.",
        "a loss of 0.05 asks for σ² = 0.05, and what is s then?",
        "nothing has to keep s above 0: e^(−s) is positive for any s. Look for what cuts it off.",
    )
    yield Probe(
        _close(value, right),
        f"for s = −3 the total should be {right:.3f}, yours is {value:.3f}.",
        "the formula is the same on both sides of 0.",
        "no clamp, no abs, no relu and no softplus on s.",
    )
    tiny, far = _leaf(2e-9, 1e7), _leaf(-20.0, 16.0)
    yield Probe(
        _close(answer(tiny, far), _gaussian(tiny, far)),
        "for s = −20 or s = 16 the total is not that of the formula: there is still an end to what s may be.",
        "a loss of a billionth is a loss; units decide how small it is.",
        "no clamp at all, neither below nor above.",
    )
    yield Probe(
        all(
            map(
                _close,
                slopes(answer(losses, low), losses, low),
                torch.autograd.grad(_gaussian(losses, low), (losses, low)),
            )
        ),
        "the total is right, and its gradient is not that of the formula.",
        "some part of it was cut off from what came in.",
        "neither the losses nor s are detached, in either of the two terms.",
    )
    yield Probe(
        float(answer(losses.detach() / 100, torch.tensor([-3.0, -7.0]))) < 0,
        "with small losses and fitting s the total should be negative, and yours is not.",
        "½·s may be negative, and that is no error.",
        "do not cut the total off at 0 either.",
    )


def _gaussian(losses: Tensor, s: Tensor) -> Tensor:
    return (0.5 * torch.exp(-s) * losses + 0.5 * s).sum()


@exercise("each task has a target of its own, and nothing but the weights will follow it.")
def target(answer: Callable[[Tensor, Tensor, Tensor, float], Tensor]) -> Iterator[Probe]:
    """`answer(norms, losses, first, alpha)`: the gradient norms G that GradNorm aims at, `(tasks,)`.

    norms are G of now, losses are L(t) and first L(0), `(tasks,)` each.
    """
    norms = _leaf(8.0, 2.0, 2.0)
    losses, first = torch.tensor([50.0, 0.9, 0.3]), torch.tensor([100.0, 1.0, 1.0])
    alpha = 1.5
    value = begun(answer(norms, losses, first, alpha))
    yield Probe(
        isinstance(value, Tensor) and value.shape == (3,),
        f"the function gave back {described(value)}, not one target a task.",
        "three tasks, three targets.",
        "a tensor of shape (tasks,).",
    )
    own = value.detach()
    yield Probe(
        bool((own - own[0]).abs().max() > 1e-4),
        "all tasks have the same target: how fast a task learns has no say in it.",
        "two of the arguments and α are not used yet.",
        "multiply the mean norm by r^α, r being the task's own relative rate.",
    )
    mean, progress = norms.detach().mean(), losses / first
    rate = progress / progress.mean()
    yield Probe(
        not _close(own, mean * (losses / losses.mean()) ** alpha),
        "the losses themselves are compared: a task in another unit looks slow.",
        "what counts is which part of its first loss a task still has.",
        "L̃ = L(t) / L(0), for each task.",
    )
    yield Probe(
        not _close(own, mean * progress**alpha),
        "L̃ was not compared with the other tasks: when all have learnt, all targets shrink.",
        "a task is slow or fast *in relation to the mean*.",
        "r = L̃ / mean of the L̃.",
    )
    yield Probe(
        not _close(own, mean * rate ** (-alpha)),
        "the fast task gets the large target.",
        "a task that is behind, with a large L̃, should get more.",
        "r^α, not r^(−α).",
    )
    yield Probe(
        not _close(own, norms.detach() * rate**alpha),
        "each task aims at its own norm: the large one stays large.",
        "the norms should become similar, so they share a starting point.",
        "take the mean of the norms.",
    )
    right = mean * rate**alpha
    yield Probe(
        _close(own, right),
        f"the targets should be {_numbers(right)}, yours are {_numbers(own)}.",
        "target = (mean of G) · r^α.",
        "L̃ = L(t)/L(0), r = L̃ / mean L̃.",
    )
    yield Probe(
        not value.requires_grad,
        "a gradient flows into the target: the loss could be lowered by moving the target.",
        "the paper holds it constant while the weights take their step.",
        "`.detach()` it.",
    )
    others = [([3.0, 1.0], [0.2, 6.0], [0.8, 8.0], 0.5), ([1.0, 5.0, 2.0, 4.0], [1.0] * 4, [2.0, 4.0, 1.0, 8.0], 0.0)]
    for *parts, power in others:
        norms, losses, first = map(torch.tensor, parts)
        rate = losses / first / (losses / first).mean()
        own, right = answer(norms, losses, first, power), norms.mean() * rate**power
        yield Probe(
            _close(own, right),
            f"for {len(norms)} tasks and α = {power:g} the targets should be {_numbers(right)}, "
            f"yours are {_numbers(own)}.",
            "it should be right for any number of tasks and any α.",
            "use `alpha` as it comes, and `.mean()`, which counts the tasks by itself.",
        )


@exercise("every task is in the report, each with its own number.")
def report(answer: Callable[[dict[str, Tensor], dict[str, Tensor]], dict[str, float]]) -> Iterator[Probe]:
    """`answer(outputs, labels)`: {task: logits} and {task: binary labels} become {task: AUC}."""
    outputs, labels = _binary_tasks(RATES)
    found = begun(answer(outputs, labels))
    yield Probe(
        isinstance(found, dict),
        f"the function gave back {described(found)}, not a dict.",
        "one number a task, under the task's name.",
        "{task: AUC}.",
    )
    missing = [task for task in labels if task not in found]
    yield Probe(
        not missing,
        f"{' and '.join(missing)}: trained, and not in the report.",
        "a model for three tasks has three results; a loss hides in the one that nobody looks at.",
        "go through all names in `labels`.",
    )
    alike = len({round(float(found[task]), 4) for task in labels}) == 1
    yield Probe(
        not alike,
        "all tasks have the same number: they were pooled or averaged.",
        "pooled, a rate that differs from task to task passes for a good order.",
        "an AUC of its own for each task.",
    )
    wrong = _wrong_areas(found, outputs, labels)
    yield Probe(
        not wrong,
        f"the AUC of {' and '.join(wrong)} is not that of its own outputs and labels.",
        "each task's outputs belong to its own labels.",
        "`auc(outputs[task], labels[task])`.",
    )
    outputs, labels = _binary_tasks({"open": 0.3, "save": 0.15})
    found = answer(dict(reversed(outputs.items())), labels)
    yield Probe(
        isinstance(found, dict) and found.keys() == labels.keys() and not _wrong_areas(found, outputs, labels),
        "with two tasks of other names, open and save, the report is not right.",
        "tomorrow's model has other tasks, and its outputs may come in another order.",
        "write no task's name and no number of tasks; find each output by its name.",
    )


RATES = {"click": 0.4, "like": 0.2, "share": 0.1}


def _binary_tasks(rates: dict[str, float]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Logits and labels by task; the later a task, the better it is predicted."""
    draw = torch.Generator().manual_seed(5)
    labels = {task: (torch.rand(400, generator=draw) < rate).float() for task, rate in rates.items()}
    logits = [y * 0.8 * place + torch.randn(400, generator=draw) for place, y in enumerate(labels.values())]
    return dict(zip(labels, logits, strict=True)), labels


def _wrong_areas(found: dict[str, float], outputs: dict[str, Tensor], labels: dict[str, Tensor]) -> list[str]:
    """The tasks whose AUC is not right; two decimals are enough."""
    right = {task: auc(outputs[task], labels[task]) for task in labels}
    return [task for task in labels if not math.isclose(float(found[task]), right[task], abs_tol=0.0051)]


HALF_WIDTH = 0.03  # of the 95% interval of an AUC near 0.75, at a rate of 20%


@exercise("no row is in two parts, and the test part is large enough to tell an AUC from another.")
def split(answer: Callable[[int, int], tuple]) -> Iterator[Probe]:
    """`answer(rows, seed)`: the numbers 0 … rows − 1 in three arrays, train, valid and test, drawn by `seed`."""
    rows = 20_000
    found = begun(answer(rows, 0))
    yield Probe(
        isinstance(found, tuple | list) and len(found) == 3,
        f"the function gave back {described(found)}, not three parts.",
        "train, valid, test.",
        "a tuple of three arrays of row numbers.",
    )
    train, valid, test = (np.asarray(part) for part in found)
    every = np.concatenate([train, valid, test])
    yield Probe(
        every.dtype.kind in "iu",
        "the parts are not row numbers, which are whole numbers.",
        "an array of true and false is a mask; a row number says where a row stands.",
        "`np.flatnonzero(mask)` makes row numbers of a mask.",
    )
    yield Probe(
        len(np.unique(every)) == len(every),
        "some rows are in two parts.",
        "what a model was trained on says nothing about what it has learnt.",
        "cut one permutation in three.",
    )
    yield Probe(
        len(every) == rows and every.min() == 0 and every.max() == rows - 1,
        f"{len(every)} row numbers for {rows} rows.",
        "each row belongs to exactly one part.",
        "the three parts together are the numbers 0 … rows − 1.",
    )
    half = 1.96 * auc_error(len(test))
    yield Probe(
        half <= HALF_WIDTH,
        f"the test part has {len(test)} rows: an AUC from it is known to ±{half:.2f} only.",
        f"the differences that we look for are a few hundredths; ask for ±{HALF_WIDTH:g} at most.",
        "a fifth of the rows is usual. The error shrinks with the root of their number.",
    )
    yield Probe(
        len(train) >= rows / 2 and 1.96 * auc_error(len(valid)) <= 2 * HALF_WIDTH,
        f"{len(train)} rows to train and {len(valid)} to validate: one of the two is too small.",
        "the validation part chooses the epoch and the weights: it too needs rows.",
        "60% to 80% to train, the rest in two parts.",
    )
    again, other = answer(rows, 0), answer(rows, 1)
    same = all(np.array_equal(one, two) for one, two in zip(again, found, strict=True))
    yield Probe(
        same and not np.array_equal(np.sort(other[2]), np.sort(test)),
        "the test part does not follow the seed.",
        "equal seeds, equal rows; another seed, other rows.",
        "`np.random.default_rng(seed).permutation(rows)`.",
    )
    chance, common = len(test) / rows, len(np.intersect1d(other[2], test)) / len(test)
    neighbours = (np.diff(np.sort(test)) == 1).mean()
    yield Probe(
        abs(common - chance) < 0.1 and abs(neighbours - chance) < 0.1,
        "the test part is not a random draw: its rows stand next to each other, or move with the seed by a step.",
        "logs are sorted by time or by user, so neighbours are alike.",
        "`np.random.default_rng(seed).permutation(rows)`, then cut.",
    )
    more = 30_000
    parts = answer(more, 2)
    every = np.concatenate([np.asarray(part) for part in parts])
    yield Probe(
        np.array_equal(np.sort(every), np.arange(more)) and 1.96 * auc_error(len(parts[2])) <= HALF_WIDTH,
        f"for {more} rows the parts are not right.",
        "it should cut any number of rows, each into exactly one part.",
        "cut at shares of `rows`, not at fixed numbers.",
    )


def auc_error(rows: int, area: float = 0.75, rate: float = 0.2) -> float:
    """Standard error of an AUC from so many rows (Hanley and McNeil, Radiology 143, 1982)."""
    ones = max(1, round(rate * rows))
    zeros = max(1, rows - ones)
    one, two = area / (2 - area), 2 * area**2 / (1 + area)
    spread = area * (1 - area) + (ones - 1) * (one - area**2) + (zeros - 1) * (two - area**2)
    return math.sqrt(spread / (ones * zeros))


@exercise("a Gaussian and a binary task end at 1/(2L), one with Laplace noise at 1/L: the form of the noise has a say.")
def resting_weights(answer: Callable[[dict[str, float], dict[str, str]], dict[str, float]]) -> Iterator[Probe]:
    """`answer(losses, kinds)`: where UWL's weights come to rest, {task: weight}, for losses that stay as they are.

    kinds are "regression", "binary" or "absolute", whose part of the total is e^(−s)·L + s; a weight is what the loss
    is multiplied by.
    """
    losses = {"seconds": 8.0, "click": 0.25, "delay": 5.0}
    kinds = {"seconds": "regression", "click": "binary", "delay": "absolute"}
    found = begun(answer(losses, kinds))
    yield Probe(
        isinstance(found, dict) and found.keys() == losses.keys(),
        f"the function gave back {described(found)}, not a weight for each task.",
        "one weight a task, under the task's name.",
        "{task: weight}.",
    )
    weight = {task: float(value) for task, value in found.items()}
    gaussian = {task: weight[task] for task in ("seconds", "click")}
    yield Probe(
        not _same(gaussian, {"seconds": 8.0, "click": 0.5}),
        "this is σ², not the weight.",
        "a large variance makes a small weight.",
        "regression: ½·e^(−s); classification: e^(−s).",
    )
    yield Probe(
        not _same(gaussian, {"seconds": 1 / 8, "click": 4.0}),
        "this is 1/L: a factor of 2 is missing for regression and classification.",
        "set the derivative of each form to 0. What does ½·s become?",
        "the derivative of ½·s is ½.",
    )
    yield Probe(
        not _same(gaussian, {"seconds": 1 / 16, "click": 4.0})
        and not _same(gaussian, {"seconds": 1 / 8, "click": 2.0}),
        "one of the two kinds, regression and classification, is off by a factor of 2.",
        "the 2 in the denominator of one form is made up for by its σ² at rest.",
        "regression rests at σ² = L, classification at σ² = 2L; then put it into ½·e^(−s) and e^(−s).",
    )
    yield Probe(
        not math.isclose(weight["delay"], 1 / 10, rel_tol=1e-3),
        "the absolute error is weighed like the squared one.",
        "its form has s where the others have ½·s.",
        "set the derivative of e^(−s)·L + s to 0; the weight is e^(−s).",
    )
    right = {"seconds": 1 / 16, "click": 2.0, "delay": 1 / 5}
    yield Probe(
        _same(weight, right),
        f"for losses of 8, 0.25 and 5 the weights should be {_numbers(right.values(), 4)}, "
        f"yours are {_numbers(weight.values(), 4)}.",
        "find the s at which the derivative of each form is 0.",
        "½·e^(−s)·L = ½ for regression, e^(−s)·L = ½ for classification, e^(−s)·L = 1 for the absolute error.",
    )
    losses = {"price": 0.5, "late": 4.0, "return": 0.1, "stars": 2.0}
    kinds = dict(zip(losses, ("absolute", "regression", "binary", "regression"), strict=True))
    found, right = answer(losses, kinds), {"price": 2.0, "late": 1 / 8, "return": 5.0, "stars": 1 / 4}
    yield Probe(
        isinstance(found, dict) and found.keys() == losses.keys() and _same(found, right),
        "for four other tasks the weights are not right.",
        "names, losses and their order change from model to model.",
        "go through `losses`, and look each task's kind up in `kinds`.",
    )


@exercise("each gradient gives up what points against another's original, one after the other, and no more.")
def surgery(answer: Callable[[Tensor], Tensor]) -> Iterator[Probe]:
    """`answer(gradients)`: one gradient a task, `(tasks, n)`, becomes PCGrad's one, `(n,)`; the others are looked at in
    the order of the rows."""
    agreeing = torch.tensor([[1.0, 0.0, 1.0], [1.0, 2.0, 0.0]])
    found = begun(answer(agreeing))
    yield Probe(
        isinstance(found, Tensor) and found.shape == (3,),
        f"the function gave back {described(found)}, not one gradient.",
        "one step for all tasks, of as many numbers as a gradient has.",
        "add them up after the surgery.",
    )
    yield Probe(
        _close(found, agreeing.sum(0)),
        "these two gradients do not point against each other, and were changed.",
        "surgery is for conflicts: a product below 0.",
        "without a conflict it is the plain sum.",
    )
    a, b = opposed = torch.tensor([[1.0, 0.0, 1.0], [-2.0, 1.0, 0.0]])
    found, product = answer(opposed), -2.0
    first, second = a - product / 5 * b, b - product / 2 * a
    yield Probe(
        not _close(found, a + b),
        "a conflict was left as it is.",
        "the product of these two is −2.",
        "a loses (a·b / ‖b‖²)·b, and b likewise.",
    )
    yield Probe(
        not _close(found, first + b) and not _close(found, a + second),
        "one of the two was projected, the other was not.",
        "all give up their part against the others.",
        "project each against the *original* of the other, then add.",
    )
    yield Probe(
        not _close(found, first + b - (first @ b) / 5 * a) and not _close(found, a + b - 2 * product * b / 5),
        "the second was projected against the wrong vector.",
        "each is projected against the other's original gradient.",
        "b − (a·b / ‖a‖²)·a, with the a from before the surgery.",
    )
    yield Probe(
        _close(found, first + second),
        f"for (1, 0, 1) and (−2, 1, 0) it should be {_numbers(first + second)}, yours is {_numbers(found)}.",
        "a − (a·b / ‖b‖²)·b, and b − (a·b / ‖a‖²)·a.",
        "‖b‖² is `b @ b`, without a root.",
    )
    three = torch.tensor([[3.0, 1.0], [-1.0, 2.0], [-1.0, -1.0]])
    yield Probe(
        _close(answer(three), _by_the_paper(three)),
        f"with three tasks it should be {_numbers(_by_the_paper(three))}, yours is {_numbers(answer(three))}.",
        "when a gradient has lost its part against the second, its product with the third is another one.",
        "take each product from what is left of the gradient so far, and from the *original* of the other.",
    )
    four = torch.randn(4, 5, generator=torch.Generator().manual_seed(7))
    yield Probe(
        _close(answer(four), _by_the_paper(four)),
        "with four tasks it is not right.",
        "any number of tasks, gradients of any length.",
        "two loops over the rows: whose gradient it is, and which other it is held against.",
    )
    silent = torch.tensor([[1.0, -2.0], [0.0, 0.0], [-1.0, 1.0]])
    found = answer(silent)
    yield Probe(
        bool(torch.isfinite(found).all()) and _close(found, _by_the_paper(silent)),
        "with a gradient of zeros, as of a task without a label in the batch, it is not right.",
        "what is 0 divided by 0?",
        "divide only where the product is below 0.",
    )


def _by_the_paper(gradients: Tensor) -> Tensor:
    """Algorithm 1 of Yu et al. (2020), the others in the order of the rows."""
    parts = []
    for i, own in enumerate(gradients):
        for j, other in enumerate(gradients):
            if i != j and own @ other < 0:
                own = own - (own @ other) / (other @ other) * other
        parts.append(own)
    return torch.stack(parts).sum(0)


def _leaf(*values: float) -> Tensor:
    return torch.tensor(values, requires_grad=True)


def _close(found: Tensor, right: Tensor) -> bool:
    """Equal up to rounding, whatever the type of the numbers."""
    if not isinstance(found, Tensor) or found.shape != right.shape:
        return False
    return torch.allclose(found.detach().double(), right.detach().double(), rtol=1e-3, atol=1e-5)


def _same(found: dict[str, float], expected: dict[str, float]) -> bool:
    return all(math.isclose(float(found[task]), value, rel_tol=1e-3) for task, value in expected.items())


def _numbers(values, decimals: int = 2) -> str:
    try:
        return ", ".join(f"{float(value):.{decimals}f}" for value in values)
    except (TypeError, ValueError):
        return described(values)
