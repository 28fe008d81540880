"""The exercises of chapter 05, Balancing losses. The first five are its clinic: each begins with a mistake."""

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from helpers.display.answers import Wrong, close, described, is_tensor, slopes
from helpers.display.exercises import exercise
from helpers.evaluation.metrics import auc


@exercise("every variance is allowed, and the weight of a task follows its loss all the way down.")
def uncertainty(answer: Callable[[Tensor, Tensor], Tensor]):
    """`answer(losses, s)`: Σ ½·e^(−s)·L + ½·s for regression tasks, s = log σ², both `(tasks,)`; a scalar."""
    losses, s = _leaf(2.0, 0.05, 300.0), _leaf(0.7, 0.2, 6.0)
    value, right = answer(losses, s), _gaussian(losses, s)
    if not is_tensor(value):
        raise Wrong(f"""the function gave back {described(value)}, not one number in a tensor.
            Hint: the optimiser needs one number for all tasks.
            Hint: end with `.sum()`.""")
    if not close(value, right):
        raise Wrong(f"""for s above 0 the total should be {right:.3f}, yours is {value:.3f}.
            Hint: ½·e^(−s)·L + ½·s, summed over the tasks.
            Hint: s is log σ² here: the precision 1/σ² is `torch.exp(-s)`.""")
    if not slopes(value, losses)[0].any():
        raise Wrong("""no gradient reaches the losses: the network would not be trained.
            Hint: the total has to stay connected to the arguments.
            Hint: look for `.detach()`, `.item()`, `.data`, or `float(...)` around the losses.""")
    losses, low = _leaf(2.0, 0.05), _leaf(0.7, -3.0)
    value, right = answer(losses, low), _gaussian(losses, low)
    if slopes(value, low)[0][1] == 0:
        raise Wrong("""where s is below 0 it gets no gradient: the task's weight is stuck there.
            Hint: a loss of 0.05 asks for σ² = 0.05, and what is s then?
            Hint: nothing has to keep s above 0: e^(−s) is positive for any s. Look for what cuts it off.""")
    if not close(value, right):
        raise Wrong(f"""for s = −3 the total should be {right:.3f}, yours is {value:.3f}.
            Hint: the formula is the same on both sides of 0.
            Hint: no clamp, no abs, no relu and no softplus on s.""")
    tiny, far = _leaf(2e-9, 1e7), _leaf(-20.0, 16.0)
    if not close(answer(tiny, far), _gaussian(tiny, far)):
        raise Wrong("""for s = −20 or s = 16 the total is not that of the formula: there is still an end to what s may
            be.
            Hint: a loss of a billionth is a loss; units decide how small it is.
            Hint: no clamp at all, neither below nor above.""")
    if not all(map(close, slopes(value, losses, low), slopes(right, losses, low))):
        raise Wrong("""the total is right, and its gradient is not that of the formula.
            Hint: some part of it was cut off from the arguments.
            Hint: neither the losses nor s are detached, in either of the two terms.""")
    if answer(losses.detach() / 100, torch.tensor([-3.0, -7.0])) >= 0:
        raise Wrong("""with small losses and fitting s the total should be negative, and yours is not.
            Hint: ½·s may be negative; that is not an error.
            Hint: do not cut off the total at 0 as well.""")


def _gaussian(losses: Tensor, s: Tensor) -> Tensor:
    return (0.5 * torch.exp(-s) * losses + 0.5 * s).sum()


@exercise("each task has a target of its own, and nothing but the weights will follow it.")
def target(answer: Callable[[Tensor, Tensor, Tensor, float], Tensor]):
    """`answer(norms, losses, first, alpha)`: the gradient norms G that GradNorm aims at, `(tasks,)`.

    norms are G of now, losses are L(t) and first L(0), `(tasks,)` each.
    """
    norms, alpha = _leaf(8.0, 2.0, 2.0), 1.5
    losses, first = torch.tensor([50.0, 0.9, 0.3]), torch.tensor([100.0, 1.0, 1.0])
    value = answer(norms, losses, first, alpha)
    mean, progress = norms.detach().mean(), losses / first
    rate = progress / progress.mean()
    if not is_tensor(value, 3):
        raise Wrong(f"""the function gave back {described(value)}, not one target a task.
            Hint: three tasks, three targets.
            Hint: a tensor of shape (tasks,).""")
    if close(value, value[0].expand(3)):
        raise Wrong("""all tasks have the same target: how fast a task learns has no say in it.
            Hint: two of the arguments and α are not used yet.
            Hint: multiply the mean norm by r^α, where r is the task's own relative rate.""")
    if close(value, mean * (losses / losses.mean()) ** alpha):
        raise Wrong("""the losses themselves are compared: a task in another unit looks slow.
            Hint: what counts is which part of its first loss a task still has.
            Hint: L̃ = L(t) / L(0), for each task.""")
    if close(value, mean * progress**alpha):
        raise Wrong("""L̃ was not compared with the other tasks: when all have learnt, all targets shrink.
            Hint: a task is slow or fast *in relation to the mean*.
            Hint: r = L̃ / mean of the L̃.""")
    if close(value, mean * rate ** (-alpha)):
        raise Wrong("""the fast task gets the large target.
            Hint: a task that is behind, with a large L̃, should get more.
            Hint: r^α, not r^(−α).""")
    if close(value, norms * rate**alpha):
        raise Wrong("""each task aims at its own norm: the large one stays large.
            Hint: the norms should become similar, so they share a starting point.
            Hint: take the mean of the norms.""")
    if not close(value, mean * rate**alpha):
        raise Wrong(f"""the targets should be {_numbers(mean * rate**alpha)}, yours are {_numbers(value)}.
            Hint: target = (mean of G) · r^α.
            Hint: L̃ = L(t)/L(0), r = L̃ / mean L̃.""")
    if value.requires_grad:
        raise Wrong("""a gradient flows into the target: the loss could be lowered by moving the target.
            Hint: the paper holds it constant while the weights take their step.
            Hint: `.detach()` it.""")
    for *given, alpha in (
        ([3.0, 1.0], [0.2, 6.0], [0.8, 8.0], 0.5),
        ([1.0, 5.0, 2.0, 4.0], [1.0] * 4, [2.0, 4.0, 1.0, 8.0], 0.0),
    ):
        norms, losses, first = map(torch.tensor, given)
        rate = losses / first / (losses / first).mean()
        value, right = answer(norms, losses, first, alpha), norms.mean() * rate**alpha
        if not close(value, right):
            raise Wrong(f"""for {len(norms)} tasks and α = {alpha:g} the targets should be {_numbers(right)}, yours are
                {_numbers(value)}.
                Hint: it should be right for any number of tasks and any α.
                Hint: use `alpha` as it comes, and `.mean()`, which counts the tasks by itself.""")


@exercise("every task is in the report, each with its own number.")
def report(answer: Callable[[dict[str, Tensor], dict[str, Tensor]], dict[str, float]]):
    """`answer(outputs, labels)`: {task: logits} and {task: binary labels} become {task: AUC}."""
    outputs, labels = _binary_tasks({"click": 0.4, "like": 0.2, "share": 0.1})
    table = answer(outputs, labels)
    if not isinstance(table, dict):
        raise Wrong(f"""the function gave back {described(table)}, not a dict.
            Hint: one number a task, under the task's name.
            Hint: {{task: AUC}}.""")
    if missing := [task for task in labels if task not in table]:
        raise Wrong(f"""{" and ".join(missing)}: trained, and not in the report.
            Hint: a model for three tasks has three results; a loss can hide in any of them.
            Hint: go through all names in `labels`.""")
    if len({round(float(table[task]), 4) for task in labels}) == 1:
        raise Wrong("""all tasks have the same number: they were pooled or averaged.
            Hint: pooled, a rate that differs from task to task passes for a good order.
            Hint: an AUC of its own for each task.""")
    if wrong := _wrong_areas(table, outputs, labels):
        raise Wrong(f"""the AUC of {" and ".join(wrong)} is not that of its own outputs and labels.
            Hint: each task's outputs belong to its own labels.
            Hint: `auc(outputs[task], labels[task])`.""")
    outputs, labels = _binary_tasks({"open": 0.3, "save": 0.15})
    table = answer(dict(reversed(outputs.items())), labels)
    if table.keys() != labels.keys() or _wrong_areas(table, outputs, labels):
        raise Wrong("""with two tasks of other names, open and save, the report is not right.
            Hint: tomorrow's model has other tasks, and its outputs may come in another order.
            Hint: write no task's name and no number of tasks; find each output by its name.""")


def _binary_tasks(rates: dict[str, float]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Logits and labels by task; the later a task, the better it is predicted."""
    draw = torch.Generator().manual_seed(5)
    labels = {task: (torch.rand(400, generator=draw) < rate).float() for task, rate in rates.items()}
    logits = [y * 0.8 * place + torch.randn(400, generator=draw) for place, y in enumerate(labels.values())]
    return dict(zip(labels, logits, strict=True)), labels


def _wrong_areas(areas: dict[str, float], outputs: dict[str, Tensor], labels: dict[str, Tensor]) -> list[str]:
    """The tasks whose AUC is not right; two decimals are enough."""
    right = {task: auc(outputs[task], labels[task]) for task in labels}
    return [task for task in labels if not math.isclose(float(areas[task]), right[task], abs_tol=0.0051)]


HALF_WIDTH = 0.03  # of the 95% interval of an AUC near 0.75, at a rate of 20%


@exercise("no row is in two parts, and the test part is large enough to tell an AUC from another.")
def split(answer: Callable[[int, int], tuple]):
    """`answer(rows, seed)`: the numbers 0 … rows − 1 in three arrays, train, valid and test, drawn by `seed`."""
    rows = 20_000
    three = answer(rows, 0)
    if not isinstance(three, tuple | list) or len(three) != 3:
        raise Wrong(f"""the function gave back {described(three)}, not three parts.
            Hint: train, valid, test.
            Hint: a tuple of three arrays of row numbers.""")
    train, valid, test = (np.asarray(part) for part in three)
    every = np.concatenate([train, valid, test])
    if every.dtype.kind not in "iu":
        raise Wrong("""the parts are not row numbers, which are whole numbers.
            Hint: an array of true and false is a mask; a row number says which row it is.
            Hint: `np.flatnonzero(mask)` makes row numbers of a mask.""")
    if len(np.unique(every)) < len(every):
        raise Wrong("""some rows are in two parts.
            Hint: what a model was trained on says nothing about what it has learnt.
            Hint: cut one permutation in three.""")
    if not np.array_equal(np.sort(every), np.arange(rows)):
        raise Wrong(f"""{len(every)} row numbers for {rows} rows.
            Hint: each row belongs to exactly one part.
            Hint: the three parts together are the numbers 0 … rows − 1.""")
    half = 1.96 * auc_error(len(test))
    if half > HALF_WIDTH:
        raise Wrong(f"""the test part has {len(test)} rows: an AUC from it is known to ±{half:.2f} only.
            Hint: the differences that we look for are a few hundredths; ask for ±{HALF_WIDTH:g} at most.
            Hint: a fifth of the rows is usual. The error shrinks with the root of their number.""")
    if len(train) < rows / 2 or 1.96 * auc_error(len(valid)) > 2 * HALF_WIDTH:
        raise Wrong(f"""{len(train)} rows to train and {len(valid)} to validate: one of the two is too small.
            Hint: the validation part chooses the epoch and the weights: it too needs rows.
            Hint: 60% to 80% to train, the rest in two parts.""")
    again, other = answer(rows, 0), np.asarray(answer(rows, 1)[2])
    if not all(map(np.array_equal, again, three)) or np.array_equal(np.sort(other), np.sort(test)):
        raise Wrong("""the test part does not follow the seed.
            Hint: equal seeds, equal rows; another seed, other rows.
            Hint: `np.random.default_rng(seed).permutation(rows)`.""")
    in_both, neighbours = np.isin(other, test).mean(), (np.diff(np.sort(test)) == 1).mean()
    if max(abs(in_both - len(test) / rows), abs(neighbours - len(test) / rows)) >= 0.1:
        raise Wrong("""the test part is not a random draw: its rows are adjacent, or move with the seed by a step.
            Hint: logs are sorted by time or by user, so neighbours are alike.
            Hint: `np.random.default_rng(seed).permutation(rows)`, then cut.""")
    more = 30_000
    parts = answer(more, 2)
    whole = np.array_equal(np.sort(np.concatenate(parts)), np.arange(more))
    if not whole or 1.96 * auc_error(len(parts[2])) > HALF_WIDTH:
        raise Wrong(f"""for {more} rows the parts are not right.
            Hint: it should cut any number of rows, each into exactly one part.
            Hint: cut at shares of `rows`, not at fixed numbers.""")


def auc_error(rows: int, area: float = 0.75, rate: float = 0.2) -> float:
    """Standard error of an AUC from so many rows (Hanley and McNeil, Radiology 143, 1982)."""
    ones = max(1, round(rate * rows))
    zeros = max(1, rows - ones)
    one, two = area / (2 - area), 2 * area**2 / (1 + area)
    spread = area * (1 - area) + (ones - 1) * (one - area**2) + (zeros - 1) * (two - area**2)
    return math.sqrt(spread / (ones * zeros))


@exercise("the norms are those of the layer on which all tasks meet last, whatever tables and scales surround it.")
def last_shared(answer: Callable[[list[nn.Module]], Tensor]):
    """`answer(shared)`: of the modules that all tasks share, in the order in which a row passes them, the weight matrix
    of the last fully connected layer."""
    tables, first, last = [nn.Embedding(50, 4), nn.Embedding(6, 4)], nn.Linear(8, 8), nn.Linear(8, 4)
    matrix = answer([*tables, first, nn.ReLU(), last, nn.ReLU()])
    if matrix is last:
        raise Wrong("""the function gave back the layer, not its weights.
            Hint: GradNorm takes gradients on a tensor.
            Hint: `.weight`.""")
    if not isinstance(matrix, Tensor):
        raise Wrong(f"""the function gave back {described(matrix)}, not a weight matrix.
            Hint: one matrix, of one of the modules.
            Hint: `module.weight`.""")
    if any(matrix is table.weight for table in tables):
        raise Wrong("""this is an embedding table. A batch reaches only the rows that it looks up, so the norms depend
            on which ids were drawn.
            Hint: which entry of a list is number −0?
            Hint: go through the modules from the back.""")
    if matrix is first.weight:
        raise Wrong("""this is the first shared layer, not the last.
            Hint: a row passes the modules in the order of the list.
            Hint: go through the modules from the back.""")
    if matrix is not last.weight:
        raise Wrong(f"""of two tables and two layers the last layer's weights have the shape (4, 8), yours are
            {described(matrix)}.
            Hint: the matrix itself, not a copy, a part or a bias.
            Hint: `.weight` of the last `nn.Linear`.""")
    normed, layer = nn.LayerNorm(4), nn.Linear(4, 4)
    if answer([nn.Embedding(50, 4), layer, normed]) is not layer.weight:
        raise Wrong("""with a `LayerNorm` behind the last layer the answer is not right.
            Hint: its weights are one number a unit, not a matrix.
            Hint: ask for a fully connected layer.""")
    layer = nn.Linear(4, 4)
    if answer([nn.Embedding(50, 4), layer, nn.ReLU(), nn.Embedding(9, 4)]) is not layer.weight:
        raise Wrong("""with a table that joins above the layers, for the hour of the day say, the answer is not right.
            Hint: a table has two dimensions, as a layer's weights have.
            Hint: ask what a module is: `isinstance(module, nn.Linear)`.""")


@exercise("a Gaussian and a binary task end at 1/(2L), one with Laplace noise at 1/L: the form of the noise matters.")
def resting_weights(answer: Callable[[dict[str, float], dict[str, str]], dict[str, float]]):
    """`answer(losses, kinds)`: where UWL's weights come to rest, {task: weight}, for losses that stay as they are.

    kinds are "regression", "binary" or "absolute", whose part of the total is e^(−s)·L + s; a weight is the factor of
    the loss.
    """
    losses = {"seconds": 8.0, "click": 0.25, "delay": 5.0}
    kinds = {"seconds": "regression", "click": "binary", "delay": "absolute"}
    weights = answer(losses, kinds)
    if not isinstance(weights, dict) or weights.keys() != losses.keys():
        raise Wrong(f"""the function gave back {described(weights)}, not a weight for each task.
            Hint: one weight a task, under the task's name.
            Hint: {{task: weight}}.""")
    seconds, click, delay = (float(weights[task]) for task in losses)
    if close([seconds, click], [8, 0.5]):
        raise Wrong("""this is σ², not the weight.
            Hint: a large variance makes a small weight.
            Hint: regression: ½·e^(−s); classification: e^(−s).""")
    if close([seconds, click], [1 / 8, 4]):
        raise Wrong("""this is 1/L: a factor of 2 is missing for regression and classification.
            Hint: set the derivative of each form to 0. What does ½·s become?
            Hint: the derivative of ½·s is ½.""")
    if close([seconds, click], [1 / 16, 4]) or close([seconds, click], [1 / 8, 2]):
        raise Wrong("""one of the two kinds, regression and classification, is off by a factor of 2.
            Hint: the 2 in the denominator of one form is cancelled by its σ² at rest.
            Hint: regression rests at σ² = L, classification at σ² = 2L; then put it into ½·e^(−s) and e^(−s).""")
    if close(delay, 1 / 10):
        raise Wrong("""the absolute error is weighted like the squared one.
            Hint: its form has s where the others have ½·s.
            Hint: set the derivative of e^(−s)·L + s to 0; the weight is e^(−s).""")
    if not close([seconds, click, delay], [1 / 16, 2, 1 / 5]):
        raise Wrong(f"""for losses of 8, 0.25 and 5 the weights should be 0.0625, 2.0000, 0.2000, yours are
            {seconds:.4f}, {click:.4f}, {delay:.4f}.
            Hint: find the s at which the derivative of each form is 0.
            Hint: e^(−s)·L is 1 for regression, ½ for classification and 1 for the absolute error.""")
    losses = {"price": 0.5, "late": 4.0, "return": 0.1, "stars": 2.0}
    kinds = dict(zip(losses, ("absolute", "regression", "binary", "regression"), strict=True))
    if not close(answer(losses, kinds), {"price": 2.0, "late": 1 / 8, "return": 5.0, "stars": 1 / 4}):
        raise Wrong("""for four other tasks the weights are not right.
            Hint: names, losses and their order change from model to model.
            Hint: go through `losses`, and look each task's kind up in `kinds`.""")


@exercise("each gradient gives up what points against another's original, one after the other, and no more.")
def surgery(answer: Callable[[Tensor], Tensor]):
    """`answer(gradients)`: one gradient a task, `(tasks, n)`, becomes PCGrad's one, `(n,)`; the others are looked at in
    the order of the rows."""
    agreeing = torch.tensor([[1.0, 0.0, 1.0], [1.0, 2.0, 0.0]])
    step = answer(agreeing)
    if not is_tensor(step, 3):
        raise Wrong(f"""the function gave back {described(step)}, not one gradient.
            Hint: one step for all tasks, of as many numbers as a gradient has.
            Hint: add them up after the surgery.""")
    if close(step, agreeing.mean(0)):
        raise Wrong("""the parts are averaged, not added up: the step is as many times too short as there are tasks.
            Hint: two gradients that agree leave their plain sum.
            Hint: `.sum(0)` of what is left of all.""")
    if not close(step, agreeing.sum(0)):
        raise Wrong("""these two gradients do not point against each other, and were changed.
            Hint: surgery is for conflicts: a product below 0.
            Hint: without a conflict it is the plain sum.""")
    a, b = opposed = torch.tensor([[1.0, 0.0, 1.0], [-2.0, 1.0, 0.0]])
    step, product = answer(opposed), a @ b  # −2; the squares are 2 and 5
    first, second = a - product / 5 * b, b - product / 2 * a
    if close(step, a + b):
        raise Wrong("""a conflict was left as it is.
            Hint: the product of these two is −2.
            Hint: a loses (a·b / ‖b‖²)·b, and b likewise.""")
    if close(step, first + b) or close(step, a + second):
        raise Wrong("""one of the two was projected, the other was not.
            Hint: all give up their part against the others.
            Hint: project each against the *original* of the other, then add.""")
    if not close(step, first + second):
        raise Wrong(f"""for (1, 0, 1) and (−2, 1, 0) it should be {_numbers(first + second)}, yours is
            {_numbers(step)}.
            Hint: a − (a·b / ‖b‖²)·b, and b − (a·b / ‖a‖²)·a, each with the originals of both.
            Hint: ‖b‖² is `b @ b`, without a root.""")
    three = torch.tensor([[3.0, 1.0], [-1.0, 2.0], [-1.0, -1.0]])
    step, right = answer(three), _by_the_paper(three)
    if not close(step, right):
        raise Wrong(f"""with three tasks it should be {_numbers(right)}, yours is {_numbers(step)}.
            Hint: when a gradient has lost its part against the second, its product with the third has changed, too.
            Hint: take each product from what is left of the gradient so far, and from the *original* of the other.""")
    four = torch.randn(4, 5, generator=torch.Generator().manual_seed(7))
    if not close(answer(four), _by_the_paper(four)):
        raise Wrong("""with four tasks it is not right.
            Hint: any number of tasks, gradients of any length.
            Hint: two loops over the rows: over the gradient that changes, and over the others.""")
    silent = torch.tensor([[1.0, -2.0], [0.0, 0.0], [-1.0, 1.0]])
    if not close(answer(silent), _by_the_paper(silent)):
        raise Wrong("""with a gradient of zeros, as of a task without a label in the batch, it is not right.
            Hint: what is 0 divided by 0?
            Hint: divide only where the product is below 0.""")


def _by_the_paper(gradients: Tensor) -> Tensor:
    """Algorithm 1 of Yu et al. (2020), the others in the order of the rows."""
    parts = []
    for i, changed in enumerate(gradients):
        for j, other in enumerate(gradients):
            if i != j and changed @ other < 0:
                changed = changed - (changed @ other) / (other @ other) * other
        parts.append(changed)
    return torch.stack(parts).sum(0)


def _leaf(*values: float) -> Tensor:
    return torch.tensor(values, requires_grad=True)


def _numbers(values: Tensor) -> str:
    return ", ".join(f"{value:.2f}" for value in values)
