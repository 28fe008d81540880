"""The exercises of chapter 05, Balancing losses. The first four are its clinic: each begins with a mistake."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from helpers.exercises import Probe, begun, exercise
from helpers.metrics import auc


@exercise("every variance is allowed, and the weight of a task follows its loss all the way down.")
def uncertainty(answer: Callable[[Tensor, Tensor], Tensor]) -> Iterator[Probe]:
    """`answer(losses, s)`: Σ ½·e^(−s)·L + ½·s for regression tasks, s = log σ², both `(tasks,)`; a scalar."""
    losses, s = torch.tensor([2.0, 0.05]), torch.tensor([0.7, 0.2], requires_grad=True)
    value = begun(answer(losses, s))
    yield Probe(
        isinstance(value, Tensor) and value.dim() == 0,
        f"the function gave back {_kind(value)}, not one number in a tensor.",
        "the optimiser needs one number for all tasks.",
        "end with `.sum()`.",
    )
    right = (0.5 * torch.exp(-s) * losses + 0.5 * s).sum()
    yield Probe(
        bool(torch.isclose(value, right)),
        f"for s above 0 the total should be {right:.3f}, yours is {value:.3f}.",
        "½·e^(−s)·L + ½·s, summed over the tasks.",
        "s is log σ² here: the precision 1/σ² is `torch.exp(-s)`.",
    )
    low = torch.tensor([0.7, -3.0], requires_grad=True)
    value, right = answer(losses, low), (0.5 * torch.exp(-low) * losses + 0.5 * low).sum()
    (slope,) = torch.autograd.grad(value, low) if value.requires_grad else (torch.zeros(2),)
    yield Probe(
        bool(slope[1] != 0),
        "where s is below 0 it gets no gradient: the task's weight is stuck there.",
        "a loss of 0.05 asks for σ² = 0.05, and what is s then?",
        "nothing has to keep s above 0: e^(−s) is positive for any s. Look for what cuts it off.",
    )
    yield Probe(
        bool(torch.isclose(value, right)),
        f"for s = −3 the total should be {right:.3f}, yours is {value:.3f}.",
        "the formula is the same on both sides of 0.",
        "no clamp, no abs, no relu and no softplus on s.",
    )
    yield Probe(
        float(answer(losses / 100, torch.tensor([-3.0, -7.0]))) < 0,
        "with small losses and fitting s the total should be negative, and yours is not.",
        "½·s may be negative, and that is no error.",
        "do not cut the total off at 0 either.",
    )


@exercise("each task has a target of its own, and nothing but the weights will follow it.")
def target(answer: Callable[[Tensor, Tensor, Tensor, float], Tensor]) -> Iterator[Probe]:
    """`answer(norms, losses, first, alpha)`: the gradient norms G that GradNorm aims at, `(tasks,)`.

    norms are G of now, losses are L(t) and first L(0), `(tasks,)` each.
    """
    norms = torch.tensor([8.0, 2.0, 2.0], requires_grad=True)
    losses, first = torch.tensor([50.0, 0.9, 0.3]), torch.tensor([100.0, 1.0, 1.0])
    alpha = 1.5
    value = begun(answer(norms, losses, first, alpha))
    yield Probe(
        isinstance(value, Tensor) and value.shape == (3,),
        f"the function gave back {_kind(value)}, not one target a task.",
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
        not torch.allclose(own, mean * (losses / losses.mean()) ** alpha, rtol=1e-3),
        "the losses themselves are compared: a task in another unit looks slow.",
        "what counts is which part of its first loss a task still has.",
        "L̃ = L(t) / L(0), for each task.",
    )
    yield Probe(
        not torch.allclose(own, mean * progress**alpha, rtol=1e-3),
        "L̃ was not compared with the other tasks: when all have learnt, all targets shrink.",
        "a task is slow or fast *in relation to the mean*.",
        "r = L̃ / mean of the L̃.",
    )
    yield Probe(
        not torch.allclose(own, mean * rate ** (-alpha), rtol=1e-3),
        "the fast task gets the large target.",
        "a task that is behind, with a large L̃, should get more.",
        "r^α, not r^(−α).",
    )
    yield Probe(
        not torch.allclose(own, norms.detach() * rate**alpha, rtol=1e-3),
        "each task aims at its own norm: the large one stays large.",
        "the norms should become similar, so they share a starting point.",
        "take the mean of the norms.",
    )
    right = mean * rate**alpha
    yield Probe(
        torch.allclose(own, right, rtol=1e-3),
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


@exercise("every task is in the report, each with its own number.")
def report(answer: Callable[[dict[str, Tensor], dict[str, Tensor]], dict[str, float]]) -> Iterator[Probe]:
    """`answer(outputs, labels)`: {task: logits} and {task: binary labels} become {task: AUC}."""
    draw = torch.Generator().manual_seed(5)
    labels = {task: (torch.rand(400, generator=draw) < rate).float() for task, rate in RATES.items()}
    outputs = {
        task: y * 0.8 * place + torch.randn(400, generator=draw) for place, (task, y) in enumerate(labels.items())
    }
    found = begun(answer(outputs, labels))
    yield Probe(
        isinstance(found, dict),
        f"the function gave back {_kind(found)}, not a dict.",
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
    right = {task: auc(outputs[task], labels[task]) for task in labels}
    alike = len({round(float(found[task]), 4) for task in labels}) == 1
    yield Probe(
        not alike,
        "all tasks have the same number: they were pooled or averaged.",
        "pooled, a rate that differs from task to task passes for a good order.",
        "an AUC of its own for each task.",
    )
    wrong = [task for task in labels if not math.isclose(float(found[task]), right[task], abs_tol=1e-4)]
    yield Probe(
        not wrong,
        f"the AUC of {' and '.join(wrong)} is not that of its own outputs and labels.",
        "each task's outputs belong to its own labels.",
        "`auc(outputs[task], labels[task])`.",
    )


RATES = {"click": 0.4, "like": 0.2, "share": 0.1}
HALF_WIDTH = 0.03  # of the 95% interval of an AUC near 0.75, at a rate of 20%


@exercise("no row is in two parts, and the test part is large enough to tell an AUC from another.")
def split(answer: Callable[[int, int], tuple]) -> Iterator[Probe]:
    """`answer(rows, seed)`: the numbers 0 … rows − 1 in three arrays, train, valid and test, drawn by `seed`."""
    rows = 20_000
    found = begun(answer(rows, 0))
    yield Probe(
        isinstance(found, tuple | list) and len(found) == 3,
        f"the function gave back {_kind(found)}, not three parts.",
        "train, valid, test.",
        "a tuple of three arrays of row numbers.",
    )
    train, valid, test = (np.asarray(part) for part in found)
    every = np.concatenate([train, valid, test])
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
    yield Probe(
        np.array_equal(again[2], test) and not np.array_equal(np.sort(other[2]), np.sort(test)),
        "the test part does not follow the seed.",
        "equal seeds, equal rows; another seed, other rows.",
        "`np.random.default_rng(seed).permutation(rows)`.",
    )


def auc_error(rows: int, area: float = 0.75, rate: float = 0.2) -> float:
    """Standard error of an AUC from so many rows (Hanley and McNeil, Radiology 143, 1982)."""
    ones = max(1, round(rate * rows))
    zeros = max(1, rows - ones)
    one, two = area / (2 - area), 2 * area**2 / (1 + area)
    spread = area * (1 - area) + (ones - 1) * (one - area**2) + (zeros - 1) * (two - area**2)
    return math.sqrt(spread / (ones * zeros))


@exercise("both kinds of task end at 1/(2L): the smaller the loss, the larger the weight.")
def resting_weights(answer: Callable[[dict[str, float], dict[str, str]], dict[str, float]]) -> Iterator[Probe]:
    """`answer(losses, kinds)`: where UWL's weights come to rest, {task: weight}, for losses that stay as they are.

    kinds are "regression" or "binary"; a weight is what the loss is multiplied by.
    """
    losses, kinds = {"seconds": 8.0, "click": 0.25}, {"seconds": "regression", "click": "binary"}
    found = begun(answer(losses, kinds))
    yield Probe(
        isinstance(found, dict) and set(found) == set(losses),
        f"the function gave back {_kind(found)}, not a weight for each task.",
        "one weight a task, under the task's name.",
        "{task: weight}.",
    )
    weight = {task: float(value) for task, value in found.items()}
    yield Probe(
        not _same(weight, {"seconds": 8.0, "click": 0.5}),
        "this is σ², not the weight.",
        "a large variance makes a small weight.",
        "regression: ½·e^(−s); classification: e^(−s).",
    )
    yield Probe(
        not _same(weight, {"seconds": 1 / 8, "click": 4.0}),
        "this is 1/L: a factor of 2 is missing.",
        "set the derivative of each form to 0. What does ½·s become?",
        "the derivative of ½·s is ½.",
    )
    yield Probe(
        not _same(weight, {"seconds": 1 / 16, "click": 4.0}) and not _same(weight, {"seconds": 1 / 8, "click": 2.0}),
        "one of the two kinds is off by a factor of 2.",
        "the 2 in the denominator of one form is made up for by its σ² at rest.",
        "regression rests at σ² = L, classification at σ² = 2L; then put it into ½·e^(−s) and e^(−s).",
    )
    yield Probe(
        _same(weight, {"seconds": 1 / 16, "click": 2.0}),
        f"for losses of 8 and 0.25 the weights should be 0.0625 and 2, yours are {_numbers(weight.values())}.",
        "find the s at which the derivative of each form is 0.",
        "½·e^(−s)·L = ½ for regression, e^(−s)·L = ½ for classification.",
    )


@exercise("where the two point against each other, each gives up that part and no more.")
def surgery(answer: Callable[[Tensor, Tensor], Tensor]) -> Iterator[Probe]:
    """`answer(a, b)`: two gradients `(n,)` become PCGrad's one."""
    a, b = torch.tensor([1.0, 0.0, 1.0]), torch.tensor([1.0, 2.0, 0.0])
    found = begun(answer(a, b))
    yield Probe(
        isinstance(found, Tensor) and found.shape == a.shape,
        f"the function gave back {_kind(found)}, not one gradient of the same shape.",
        "one step for both tasks.",
        "add the two up after the surgery.",
    )
    yield Probe(
        torch.allclose(found, a + b),
        "these two gradients do not point against each other, and were changed.",
        "surgery is for conflicts: a product below 0.",
        "without a conflict it is the plain sum a + b.",
    )
    b = torch.tensor([-2.0, 1.0, 0.0])
    found, product = answer(a, b), -2.0
    first, second = a - product / 5 * b, b - product / 2 * a
    yield Probe(
        not torch.allclose(found, a + b),
        "a conflict was left as it is.",
        "the product of these two is −2.",
        "a loses (a·b / ‖b‖²)·b, and b likewise.",
    )
    yield Probe(
        not torch.allclose(found, first + b) and not torch.allclose(found, a + second),
        "one of the two was projected, the other was not.",
        "both give up their part against the other.",
        "project each against the *original* of the other, then add.",
    )
    yield Probe(
        not torch.allclose(found, first + b - (first @ b) / 5 * a)
        and not torch.allclose(found, a + b - 2 * product * b / 5),
        "the second was projected against the wrong vector.",
        "each is projected against the other's original gradient.",
        "b − (a·b / ‖a‖²)·a, with the a from before the surgery.",
    )
    yield Probe(
        torch.allclose(found, first + second, atol=1e-5),
        f"for (1, 0, 1) and (−2, 1, 0) it should be {_numbers(first + second)}, yours is {_numbers(found)}.",
        "a − (a·b / ‖b‖²)·b, and b − (a·b / ‖a‖²)·a.",
        "‖b‖² is `b @ b`, without a root.",
    )


def _same(found: dict[str, float], expected: dict[str, float]) -> bool:
    return all(math.isclose(found[task], value, rel_tol=1e-3) for task, value in expected.items())


def _numbers(values) -> str:
    return ", ".join(f"{float(value):.2f}" for value in values)


def _kind(value) -> str:
    return f"a tensor of shape {tuple(value.shape)}" if isinstance(value, Tensor) else f"a {type(value).__name__}"
