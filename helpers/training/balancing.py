"""Balancing: how the losses of several tasks become one step.

    fit(model, train, valid, balance=UWL())          or GradNorm(), PCGrad(); without it the losses are added up

A balance stands between the task losses and the optimiser's step. It needs three things, and a loop of your own may
use it as `fit` does:

    begin(members, tasks, seeds)   before the first step: one model or many copies, the names of its tasks
    backward(losses)               (tasks,) or (copies, tasks): leaves a gradient in each parameter, moves its weights
    weights                        of the same shape: what each loss is multiplied by in the next step

A task of which a batch has no observed label has loss 0 there, and its weight in UWL and GradNorm stays as it is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from helpers.models.copies import Adam, Members
from helpers.support import validate

SMALLEST = 1e-4  # of GradNorm's weights: nothing in the paper keeps them positive


class Balance:
    """The plain sum of the task losses, Σ Lₖ: what the text calls "the sum of the losses of the tasks".

    The other balances are subclasses. One object may serve several calls of `fit`, which copies it.
    """

    def begin(self, members: Members, tasks: Sequence[str], seeds: Sequence[int]) -> None:
        """Start with weights of 1. `seeds` has one number a copy, for balances that draw."""
        if not isinstance(members, Members):
            validate.fail("members", type(members).__name__, "Members(model), of helpers.models.copies", TypeError)
        if isinstance(tasks, str) or not all(isinstance(task, str) for task in tasks) or len(set(tasks)) != len(tasks):
            validate.fail("tasks", repr(tasks)[:60], "a list of different names, such as ['click', 'like']")
        if len(seeds) != (members.copies or 1):
            validate.fail("seeds", f"{len(seeds)} seeds for {members.copies or 1} models", "one for each model")
        self.members, self.seeds, self.tasks = members, seeds, list(tasks)
        self.weights = torch.ones(len(tasks) if members.copies is None else (members.copies, len(tasks)))

    def backward(self, losses: Tensor) -> None:
        self.check(losses)
        losses.sum(-1).sum().backward()  # the copies do not share parameters: their sum keeps them apart

    def check(self, losses: Tensor, low: float | None = None) -> None:
        """One clear error unless `losses` are what `begin` announced. With `low`, also NaN and losses below it are
        refused, by name of the task: they would spoil the weights for good. (Among copies one may diverge alone.)
        """
        if not hasattr(self, "weights"):
            validate.fail(
                "balance", "backward() before begin()", "a call of begin(members, tasks, seeds)", RuntimeError
            )
        if not isinstance(losses, Tensor):
            validate.fail("losses", type(losses).__name__, "a tensor: torch.stack the tasks' losses", TypeError)
        if losses.shape != self.weights.shape:
            each = "" if self.members.copies is None else f" for each of {self.members.copies} copies"
            names = ", ".join(map(repr, self.tasks))
            expected = f"shape {tuple(self.weights.shape)}: one loss a task ({names}){each}"
            validate.fail("losses", f"shape {tuple(losses.shape)}", expected)
        if not losses.requires_grad:
            validate.fail("losses", "numbers without a gradient", "losses of the model's outputs, not detached")
        if low is None or self.members.copies is not None:
            return
        for task, loss in zip(self.tasks, losses.detach().tolist(), strict=True):
            if not math.isfinite(loss):
                validate.fail("losses", f"{loss} for {task!r}", "finite losses: try a smaller lr", FloatingPointError)
            if loss < low:
                validate.fail("losses", f"{loss:.3g} for {task!r}", f"losses of at least {low:g}")


class UWL(Balance):
    """Uncertainty weighting (Kendall, Gal and Cipolla, CVPR 2018, §3): each task has a learnt s = log σ².

    regression       ½·e^(−s)·L + ½·s      (eq. 7; a Gaussian with variance σ²)
    classification     e^(−s)·L + ½·s      (eq. 10; a softmax whose logits are divided by σ²)

    A task that the model's `tasks` call binary is classification, any other is regression (so are all tasks of a module
    without `tasks`). At the best s both weights are 1/(2L), and the total is ½ Σ log L up to a constant: it goes below
    zero when tasks are learnt well.

    lr   learning rate of s, which has an Adam of its own and no weight decay; s starts at 0 and is not clamped
    """

    def __init__(self, lr: float = 0.1):
        self.lr = validate.number("lr", lr, low=0)

    def begin(self, members: Members, tasks: Sequence[str], seeds: Sequence[int]) -> None:
        super().begin(members, tasks, seeds)
        kinds = getattr(members.module, "tasks", {})
        for task in tasks if kinds else ():
            validate.choice("tasks", task, kinds)
        self.factor = torch.tensor([1.0 if kinds.get(task) == "binary" else 0.5 for task in tasks])
        self.s = torch.zeros_like(self.weights, requires_grad=True)
        self.optimizer = Adam({0.0: [self.s]}, self.lr)
        self.weights = self.factor * self.weights

    def backward(self, losses: Tensor) -> None:
        self.check(losses, low=0)
        before = self.s.detach().clone()
        uncertainty_weighted(losses, self.s, self.factor).sum().backward()
        self.optimizer.step()
        self.optimizer.zero_grad()
        with torch.no_grad():  # Adam moves on by itself, also where the gradient is 0
            self.s.copy_(torch.where(losses == 0, before, self.s))
        self.weights = self.factor * torch.exp(-self.s.detach())


def uncertainty_weighted(losses: Tensor, s: Tensor, factor: Tensor) -> Tensor:
    """Σ (factor·e^(−s)·L + ½·s) over the last axis, with s = log σ²: `(..., tasks)` → `(...)`.

    factor  ½ for regression, 1 for classification
    """
    return torch.where(losses == 0, 0.0, factor * torch.exp(-s) * losses + s / 2).sum(-1)


class GradNorm(Balance):
    """GradNorm (Chen et al., ICML 2018, algorithm 1): weights that make the tasks' gradients on the last shared layer
    of similar norm, and larger where a task is behind.

    G = ‖∇_W (w·L)‖ of each task on the last shared layer W, which of MMoE and PLE is the last layers of all shared
    experts together; L̃ = L(t)/L(0); r = L̃ / mean L̃; the target mean(G)·r^α is held constant; Σ |G − target| gives a
    gradient to w alone, for which Adam takes a step, as in the paper's §5.1 (there at a rate of 0.025; the optimiser is
    said to matter little); then w is scaled to Σw = T. The paper does not say what keeps w above zero: here it is never
    less than 0.0001 before scaling.

    alpha   0 asks for equal norms; the larger, the more a slow task is helped
    lr      learning rate of w
    """

    def __init__(self, alpha: float = 0.12, lr: float = 0.01):
        self.alpha = validate.number("alpha", alpha, low=0)
        self.lr = validate.number("lr", lr, low=0)

    def begin(self, members: Members, tasks: Sequence[str], seeds: Sequence[int]) -> None:
        super().begin(members, tasks, seeds)
        self.layer, self.first = None, torch.zeros_like(self.weights)
        self.optimizer = Adam({0.0: [self.weights]}, self.lr)

    def backward(self, losses: Tensor) -> None:
        self.check(losses, low=0)
        if self.layer is None:
            if not _all_seen(losses):
                return super().backward(losses)
            self.layer = last_shared(self.members, losses)
        now = losses.detach()
        self.first = torch.where(self.first == 0, now, self.first)
        norms = gradient_norms(losses, self.layer, self.members.copies)
        (self.weights * losses).sum(-1).sum().backward()
        seen, before = now != 0, self.weights.clone()
        progress = torch.where(seen, now / self.first, 1.0)
        self.weights.grad = gradnorm_gradient(self.weights, norms, progress, self.alpha, seen)
        self.optimizer.step()
        self.optimizer.zero_grad()
        kept = torch.where(seen, 0.0, before)
        moved = torch.where(seen, self.weights.clamp(min=SMALLEST), 0.0)
        room = losses.shape[-1] - kept.sum(-1, keepdim=True)
        self.weights.copy_(kept + moved * room / moved.sum(-1, keepdim=True).clamp(min=SMALLEST))


def gradient_norms(losses: Tensor, layer: Sequence[Tensor], copies: int | None) -> Tensor:
    """‖∇_W L‖ of each task's loss on the layer W, of one or several matrices: `(tasks,)` or `(copies, tasks)`."""
    start = 0 if copies is None else 1
    own = [torch.autograd.grad(loss.sum(), layer, retain_graph=True) for loss in losses.unbind(-1)]
    flat = [torch.cat([gradient.flatten(start) for gradient in parts], dim=-1) for parts in own]
    return torch.stack([gradient.norm(dim=-1) for gradient in flat], dim=-1)


def gradnorm_gradient(
    weights: Tensor, norms: Tensor, progress: Tensor, alpha: float, seen: Tensor | None = None
) -> Tensor:
    """∂/∂w of Σ |w·norm − target|, target = mean(w·norm) · (progress / mean progress)^α held constant.

    norms     ‖∇_W L‖ of the unweighted losses, so that G = w·norm for w > 0; all arguments are `(..., tasks)`
    progress  L(t)/L(0): 1 at the start, small for a task that learns fast
    seen      tasks of which the batch has labels: the means are theirs; None: all
    """
    share = torch.ones_like(norms) if seen is None else seen.to(norms.dtype)
    share = share / share.sum(-1, keepdim=True).clamp(min=1)
    own = weights * norms
    rate = progress / (share * progress).sum(-1, keepdim=True)
    target = (share * own).sum(-1, keepdim=True) * rate**alpha
    return torch.sign(own - target) * norms


class PCGrad(Balance):
    """Gradient surgery (Yu et al., NeurIPS 2020, algorithm 1): where two tasks' gradients on the shared parameters have
    a negative product, each loses the part that points against the other, task after task in random order.

    Parameters that one task alone reaches keep its gradient. What comes out is a sum of the tasks' own gradients with
    other weights: those are `weights`.
    """

    def begin(self, members: Members, tasks: Sequence[str], seeds: Sequence[int]) -> None:
        super().begin(members, tasks, seeds)
        self.shared: list[bool] = []
        self.generators = [torch.Generator().manual_seed(seed) for seed in seeds]

    def backward(self, losses: Tensor) -> None:
        self.check(losses, low=-math.inf)
        if not self.shared:
            if not _all_seen(losses):
                return super().backward(losses)
            self.shared = [sum(tasks) > 1 for tasks in reached(self.members, losses)]
            if not any(self.shared):
                validate.fail("model", "no parameter that two tasks reach", "a shared layer, for PCGrad")
        parameters, start = list(self.members.parameters.values()), 0 if self.members.copies is None else 1
        every = [_gradients(loss, parameters) for loss in losses.unbind(-1)]
        flat = [
            torch.cat([g.flatten(start) for g, shared in zip(own, self.shared, strict=True) if shared], dim=-1)
            for own in every
        ]
        flat = torch.stack(flat, dim=-2)  # (…, tasks, shared numbers)
        order = torch.stack([torch.randperm(len(every), generator=generator) for generator in self.generators])
        self.weights = surgery(flat @ flat.transpose(-1, -2), order.view(self.weights.shape))
        for parameter, shared, *own in zip(parameters, self.shared, *every, strict=True):
            if shared:
                own = [_along(w, g) * g for w, g in zip(self.weights.unbind(-1), own, strict=True)]
            parameter.grad = sum(own).contiguous()  # Adam's fused step reads memory in the parameter's own order


def _gradients(loss: Tensor, parameters: list[Tensor]) -> tuple[Tensor, ...]:
    return torch.autograd.grad(loss.sum(), parameters, retain_graph=True, materialize_grads=True)


def _all_seen(losses: Tensor) -> bool:
    """Whether each task has an observed label in the batch; until then it cannot be told what it shares."""
    return bool((losses != 0).reshape(-1, losses.shape[-1]).any(0).all())


def reached(members: Members, losses: Tensor) -> list[tuple[bool, ...]]:
    """For each parameter, in the order of registration, whether each task's loss has a gradient on it."""
    parameters = list(members.parameters.values())
    return list(
        zip(*([bool(g.any()) for g in _gradients(loss, parameters)] for loss in losses.unbind(-1)), strict=True)
    )


def _along(number: Tensor, tensor: Tensor) -> Tensor:
    """One number a copy, with axes appended, to multiply that copy's tensor."""
    return number.view(number.shape + (1,) * (tensor.dim() - number.dim()))


def surgery(products: Tensor, order: Tensor) -> Tensor:
    """Weights c of the tasks' gradients g in the sum that PCGrad makes of them: `(..., tasks)`.

    products  gᵢ·gⱼ, `(..., tasks, tasks)`
    order     in which the others are looked at, `(..., tasks)`

    Gradient i starts as gᵢ. For each other j in order: where it has a negative product with gⱼ, it becomes
    itself − (its product with gⱼ / ‖gⱼ‖²)·gⱼ. All of these are sums of the g, so their products are enough.
    """
    tasks = products.shape[-1]
    parts = torch.eye(tasks).expand(products.shape).clone()  # row i: gradient i as a sum of the g
    squares = torch.diagonal(products, dim1=-2, dim2=-1)
    for place in range(tasks):
        other = order[..., place, None]  # (..., 1)
        column = torch.gather(products, -1, other[..., None, :].expand(*products.shape[:-1], 1))  # gₖ·gⱼ for all k
        along = (parts @ column).squeeze(-1)  # product of gradient i with gⱼ, (..., tasks)
        square = torch.gather(squares, -1, other).clamp(min=1e-30)
        cut = torch.where(torch.arange(tasks) == other, 0.0, along.clamp(max=0) / square)
        parts = parts - cut[..., None] * torch.nn.functional.one_hot(other, tasks)
    return parts.sum(-2)


def last_shared(members: Members, losses: Tensor) -> list[Tensor]:
    """The weights of the last shared layer.

    Of experts that all tasks mix (`last_shared_layers` of `experts`) the last layers of all of them together:
    they stand side by side, and none is the last. Else the last weight matrix, in the order of registration, on which
    every task's loss has a gradient.
    """
    names = {parameter: name for name, parameter in members.module.named_parameters()}
    for module in members.module.modules():
        if layers := getattr(module, "last_shared_layers", list)():
            return [members.parameters[names[layer.weight]] for layer in layers]
    matrix = 2 if members.copies is None else 3
    parameters = zip(members.parameters.values(), reached(members, losses), strict=True)
    shared = [parameter for parameter, tasks in parameters if all(tasks) and parameter.dim() >= matrix]
    if not shared:
        validate.fail("model", "no layer that all tasks reach", "a shared layer, for GradNorm")
    return shared[-1:]
