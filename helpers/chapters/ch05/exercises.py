"""The exercises of chapter 05, Balancing losses."""

import torch
from torch import Tensor

from helpers.display.exercises import Exercise
from helpers.display.mistakes import at, form, gives, otherwise


def _half(loss: float) -> float:
    return 1 / (2 * loss)


def _one(loss: float) -> float:
    return 1 / loss


def _resting(regression=_half, binary=_half, absolute=_one):
    """An answer with a rule for each kind."""
    rules = {"regression": regression, "binary": binary, "absolute": absolute}
    return lambda losses, kinds: {task: rules[kinds[task]](loss) for task, loss in losses.items()}


resting_weights = Exercise(
    "a Gaussian and a binary task end at 1/(2L), one with Laplace noise at 1/L: the form of the noise matters.",
    """`answer(losses, kinds)`: where UWL's weights come to rest, {task: weight}, for losses that stay as they are.

    kinds are "regression", "binary" or "absolute", whose part of the total is e^(−s)·L + s; a weight is the factor of
    the loss.""",
    right=_resting(),
    cases=lambda: [
        (
            {"seconds": 8.0, "click": 0.25, "delay": 5.0},
            {"seconds": "regression", "click": "binary", "delay": "absolute"},
        )
    ],
    mistakes={
        form(lambda losses, kinds: [1, 2]): """the function gave back {came}, not a weight for each task.
            Hint: one weight a task, under the task's name.
            Hint: {{task: weight}}.""",
        _resting(lambda loss: loss, lambda loss: 2 * loss): """this is σ², not the weight.
            Hint: a large variance makes a small weight.
            Hint: regression: ½·e^(−s); classification: e^(−s).""",
        _resting(_one, _one): """this is 1/L: a factor of 2 is missing for regression and classification.
            Hint: set the derivative of each form to 0. What does ½·s become?
            Hint: the derivative of ½·s is ½.""",
        (_resting(binary=_one), _resting(regression=_one)): """one of the two kinds, regression and classification, is
            off by a factor of 2.
            Hint: the 2 in the denominator of one form is cancelled by its σ² at rest.
            Hint: regression rests at σ² = L, classification at σ² = 2L; then put it into ½·e^(−s) and e^(−s).""",
        _resting(absolute=_half): """the absolute error is weighted like the squared one.
            Hint: its form has s where the others have ½·s.
            Hint: set the derivative of e^(−s)·L + s to 0; the weight is e^(−s).""",
        otherwise(_resting(lambda loss: 1.0, lambda loss: 1.0)): """for losses of 8, 0.25 and 5 the weights should be
            0.0625, 2.0000, 0.2000, yours are {yours[seconds]:.4f}, {yours[click]:.4f}, {yours[delay]:.4f}.
            Hint: find the s at which the derivative of each form is 0.
            Hint: e^(−s)·L is 1 for regression, ½ for classification and 1 for the absolute error.""",
        at(
            (
                {"price": 0.5, "late": 4.0, "return": 0.1, "stars": 2.0},
                {"price": "absolute", "late": "regression", "return": "binary", "stars": "regression"},
            ),
            lambda losses, kinds: {task: (1 if task == "delay" else 0.5) / loss for task, loss in losses.items()},
        ): """for four other tasks the weights are not right.
            Hint: names, losses and their order change from model to model.
            Hint: go through `losses`, and look each task's kind up in `kinds`.""",
    },
)


def _pcgrad(gradients: Tensor, square=lambda gradient: gradient @ gradient) -> Tensor:
    """Algorithm 1 of Yu et al. (2020), the others in the order of the rows."""
    parts = []
    for i, changed in enumerate(gradients):
        for j, other in enumerate(gradients):
            if i != j and changed @ other < 0:
                changed = changed - (changed @ other) / square(other) * other
        parts.append(changed)
    return torch.stack(parts).sum(0)


def _project(a: Tensor, b: Tensor) -> Tensor:
    return a - min(float(a @ b), 0.0) / (b @ b) * b


def _always(gradients: Tensor) -> Tensor:
    a, b = gradients[:2]
    return a - (a @ b) / (b @ b) * b + b - (a @ b) / (a @ a) * a


surgery = Exercise(
    "each gradient gives up what points against another's original, one after the other, and no more.",
    """`answer(gradients)`: one gradient a task, `(tasks, n)`, becomes PCGrad's one, `(n,)`; the others are looked at in
    the order of the rows.""",
    right=_pcgrad,
    also=[lambda gradients: _pcgrad(gradients.double())],
    # two that agree, two that do not: their product is −2, and their squares 2 and 5
    cases=lambda: [
        (torch.tensor([[1.0, 0.0, 1.0], [1.0, 2.0, 0.0]]),),
        (torch.tensor([[1.0, 0.0, 1.0], [-2.0, 1.0, 0.0]]),),
    ],
    mistakes={
        form(lambda g: float(g[0] @ g[1]), lambda g: g): """the function gave back {came}, not one gradient.
            Hint: one step for all tasks, of as many numbers as a gradient has.
            Hint: add them up after the surgery.""",
        (lambda g: g.mean(0), lambda g: _pcgrad(g) / len(g)): """the parts are averaged, not added up: the step is as
            many times too short as there are tasks.
            Hint: two gradients that agree leave their plain sum.
            Hint: `.sum(0)` of what is left of all.""",
        gives(lambda yours, g: g[0] @ g[1] > 0, _always): """these two gradients do not point against each other, and
            were changed.
            Hint: surgery is for conflicts: a product below 0.
            Hint: without a conflict it is the plain sum.""",
        lambda g: g.sum(0): """a conflict was left as it is.
            Hint: the product of these two is −2.
            Hint: a loses (a·b / ‖b‖²)·b, and b likewise.""",
        (lambda g: _project(g[0], g[1]) + g[1], lambda g: g[0] + _project(g[1], g[0])): """one of the two was projected,
            the other was not.
            Hint: all give up their part against the others.
            Hint: project each against the *original* of the other, then add.""",
        otherwise(lambda g: _pcgrad(g, square=torch.norm)): """for (1, 0, 1) and (−2, 1, 0) it should be {right:.2f},
            yours is {yours:.2f}.
            Hint: a − (a·b / ‖b‖²)·b, and b − (a·b / ‖a‖²)·a, each with the originals of both.
            Hint: ‖b‖² is `b @ b`, without a root.""",
        at(
            (torch.tensor([[3.0, 1.0], [-1.0, 2.0], [-1.0, -1.0]]),),
            lambda g: _project(g[0], g[1]) + _project(g[1], g[0]),
        ): """with three tasks it should be {right:.2f}, yours is {yours:.2f}.
            Hint: when a gradient has lost its part against the second, its product with the third has changed, too.
            Hint: take each product from what is left of the gradient so far, and from the *original* of the other.""",
        at(
            (torch.randn(4, 5, generator=torch.Generator().manual_seed(7)),),
            lambda g: _pcgrad(g[:3]) if len(g) > 3 else _pcgrad(g),
        ): """with four tasks it is not right.
            Hint: any number of tasks, gradients of any length.
            Hint: two loops over the rows: over the gradient that changes, and over the others.""",
        at(
            (torch.tensor([[1.0, -2.0], [0.0, 0.0], [-1.0, 1.0]]),), lambda g: _pcgrad(g) + 0 / g.square().sum(1).min()
        ): """with a gradient of zeros, as of a task without a label in the batch, it is not right.
            Hint: what is 0 divided by 0?
            Hint: divide only where the product is below 0.""",
    },
)
