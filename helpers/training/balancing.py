"""Balancing: how the losses of several tasks become one step.

    fit(model, train, valid, balance=UWL())     or SumOfLogs(), GradNorm(), PCGrad(); without it the losses are added up

A balance turns the task losses into the gradient of the optimiser's step. It needs three things, and a loop
of your own may use it as `fit` does:

    begin(copies, tasks, seeds)   before the first step: `Copies` of one model or of many, the names of its tasks
    backward(losses)              (copies, tasks): leaves a gradient in each parameter, moves its weights
    weights                       (copies, tasks): what each loss is multiplied by in the next step

A task without an observed label in a batch has loss 0 there, and its weight in UWL and GradNorm stays as it is.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import compress

import torch
from torch import Tensor

from ..models.copies import Copies
from ..support import validate
from .adam import Adam
from .balance import Balance

SMALLEST = 1e-4  # of GradNorm's weights: nothing in the paper keeps them positive


class UWL(Balance):
    """Uncertainty weighting (Kendall, Gal and Cipolla, CVPR 2018, §3): each task has a learnt s = log σ².

    regression       ½·e^(−s)·L + ½·s      (eq. 7; a Gaussian with variance σ²)
    classification     e^(−s)·L + ½·s      (eq. 10; a softmax whose logits are divided by σ²)

    A task that the model's `tasks` call binary is classification, any other is regression (so are all tasks of a module
    without `tasks`). At the best s both weights are 1/(2L), and the total is ½ Σ log L up to a constant: it goes below
    zero when tasks are learnt well.

    lr     learning rate of s, which has an Adam of its own and no weight decay; s is not clamped
    start  a loss of each task, such as that of a constant guess: s starts where it would rest at that loss. None: at 0
    """

    def __init__(self, lr: float = 0.1, start: Mapping[str, float] | None = None):
        self.lr = validate.number("lr", lr, low=0)
        self.start = start

    def begin(self, copies: Copies, tasks: Sequence[str], seeds: Sequence[int]) -> None:
        super().begin(copies, tasks, seeds)
        kinds = getattr(copies.module, "tasks", {})
        for task in tasks if kinds else ():
            validate.choice("tasks", task, kinds)
        self.factor = torch.tensor([1.0 if kinds.get(task) == "binary" else 0.5 for task in tasks])
        s = torch.zeros_like(self.weights)
        if self.start is not None:
            losses = torch.tensor([self.start[validate.choice("tasks", task, self.start)] for task in tasks])
            s = s + torch.log(2 * self.factor * losses)
        self.s = s.requires_grad_()
        self.optimizer = Adam([self.s], lr=self.lr)
        self.weights = self.factor * torch.exp(-self.s.detach())

    def backward(self, losses: Tensor) -> None:
        self.check(losses, low=0)
        before = self.s.detach().clone()
        uncertainty_weighted(losses, self.s, self.factor).sum().backward()
        self.optimizer.step()
        self.optimizer.zero_grad()
        with torch.no_grad():  # Adam moves on by itself, also where the gradient is 0
            self.s.copy_(torch.where(losses == 0, before, self.s))
        self.weights = self.factor * torch.exp(-self.s.detach())


class SumOfLogs(Balance):
    """The sum of the logs of the losses, Σ log Lₖ: what UWL minimises once every s is at its best (½ Σ log L, up to a
    constant). Each loss has the weight 1/L of its own step: no s to learn, no rate, and no units (LibMTL's GLS is the
    root of the product, which has the same gradient but for its length).
    """

    def backward(self, losses: Tensor) -> None:
        self.check(losses, low=0)
        now = losses.detach()
        self.weights = torch.where(now == 0, self.weights, 1 / now)
        (self.weights * losses).sum().backward()


@validate.checked
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
    gradient to w alone, for which Adam takes a step, as in the paper's §5.1; then w is scaled to Σw = T. The paper does
    not say what keeps w above zero: here it is never less than 0.0001 before scaling.

    alpha   0 asks for equal norms; the larger, the more a slow task is helped
    lr      learning rate of w
    """

    def __init__(self, alpha: float = 0.12, lr: float = 0.01):
        self.alpha = validate.number("alpha", alpha, low=0)
        self.lr = validate.number("lr", lr, low=0)

    def begin(self, copies: Copies, tasks: Sequence[str], seeds: Sequence[int]) -> None:
        super().begin(copies, tasks, seeds)
        self.layer, self.first = None, torch.zeros_like(self.weights)
        self.optimizer = Adam([self.weights], lr=self.lr)

    def backward(self, losses: Tensor) -> None:
        self.check(losses, low=0)
        if self.layer is None:
            if not _all_seen(losses):
                return super().backward(losses)
            self.layer = last_shared(self.copies, losses)
        now, seen = losses.detach(), losses.detach() != 0
        norms = gradient_norms(losses, self.layer)
        (self.weights * losses).sum().backward()
        self.first = torch.where(self.first == 0, now, self.first)  # L(0)
        progress = torch.where(seen, now / self.first, 1.0)  # L̃
        before = self.weights.clone()
        self.weights.grad = gradnorm_gradient(self.weights, norms, progress, self.alpha, seen)
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.weights.copy_(_to_sum(self.weights, before, seen))


@validate.checked
def gradient_norms(losses: Tensor, layer: Tensor | Sequence[Tensor]) -> Tensor:
    """‖∇_W L‖ of each task's loss on the layer W, of one or several matrices: `(tasks,)` or `(copies, tasks)`."""
    norms = []
    for loss in losses.unbind(-1):
        gradients = torch.autograd.grad(loss.sum(), layer, retain_graph=True)
        norms.append(torch.cat([gradient.reshape(*loss.shape, -1) for gradient in gradients], dim=-1).norm(dim=-1))
    return torch.stack(norms, dim=-1)


@validate.checked
def gradnorm_gradient(
    weights: Tensor, norms: Tensor, progress: Tensor, alpha: float, seen: Tensor | None = None
) -> Tensor:
    """∂/∂w of Σ |w·norm − target|, target = mean(w·norm) · (progress / mean progress)^α held constant.

    norms     ‖∇_W L‖ of the unweighted losses, so that G = w·norm for w > 0; all arguments are `(..., tasks)`
    progress  L(t)/L(0): 1 at the start, small for a task that learns fast
    seen      tasks with labels in the batch: the means are over these; None: all
    """
    share = torch.ones_like(norms) if seen is None else seen.to(norms.dtype)
    share = share / share.sum(-1, keepdim=True).clamp(min=1)  # Σ share·x is the mean of x
    G = weights * norms
    r = progress / (share * progress).sum(-1, keepdim=True)
    target = (share * G).sum(-1, keepdim=True) * r**alpha
    return torch.sign(G - target) * norms


def _to_sum(weights: Tensor, before: Tensor, seen: Tensor) -> Tensor:
    """The weights scaled to Σw = T. A task that was not seen keeps the weight it had before."""
    kept = torch.where(seen, 0.0, before)
    moved = torch.where(seen, weights.clamp(min=SMALLEST), 0.0)
    room = weights.shape[-1] - kept.sum(-1, keepdim=True)
    return kept + moved * room / moved.sum(-1, keepdim=True).clamp(min=SMALLEST)


class GradientBalance(Balance):
    """A balance whose weights follow from the products gᵢ·gⱼ of the tasks' gradients on the shared parameters.

    A subclass says how, in `weigh`. The shared parameters get Σ wᵢ·gᵢ; those that one task alone reaches keep its
    gradient.
    """

    def begin(self, copies: Copies, tasks: Sequence[str], seeds: Sequence[int]) -> None:
        super().begin(copies, tasks, seeds)
        self.shared: list[bool] = []

    def weigh(self, products: Tensor) -> Tensor:
        """Weights of the gradients, `(copies, tasks)`, from their products, `(copies, tasks, tasks)`; of a single
        model without the leading axis."""
        raise NotImplementedError

    def backward(self, losses: Tensor) -> None:
        self.check(losses, low=-math.inf)
        if not self.shared:
            if not _all_seen(losses):
                return super().backward(losses)
            self.shared = [sum(tasks) > 1 for tasks in reached_by(self.copies, losses)]
            if not any(self.shared):
                expected = f"a shared layer, for {type(self).__name__}"
                validate.fail("model", "no parameter that two tasks reach", expected)
        every = [_gradients(loss, self.copies) for loss in losses.unbind(-1)]  # by task and parameter
        shared = torch.stack([torch.cat(list(compress(gradients, self.shared)), dim=-1) for gradients in every], dim=-2)
        if self.copies.single:  # a product of two matrices, which rounds otherwise than a batch of one
            shared = shared[0]
        self.weights = self.weigh(shared @ shared.mT).view_as(losses)
        parameters = self.copies.parameters.values()
        for parameter, is_shared, *gradients in zip(parameters, self.shared, *every, strict=True):
            if is_shared:
                gradients = [w * gradient for w, gradient in zip(self.weights.split(1, -1), gradients, strict=True)]
            parameter.grad = sum(gradients).view_as(parameter)


class PCGrad(GradientBalance):
    """Gradient surgery (Yu et al., NeurIPS 2020, algorithm 1): where two tasks' gradients on the shared parameters have
    a negative product, each loses the part that points against the other, task after task in random order.

    The result is a sum of the tasks' own gradients with other weights: those are `weights`.
    """

    def begin(self, copies: Copies, tasks: Sequence[str], seeds: Sequence[int]) -> None:
        super().begin(copies, tasks, seeds)
        self.generators = [torch.Generator("cpu").manual_seed(seed) for seed in seeds]

    def weigh(self, products: Tensor) -> Tensor:
        order = [torch.randperm(len(self.tasks), generator=g, device="cpu") for g in self.generators]
        return surgery(products, order[0] if self.copies.single else torch.stack(order))


@validate.checked
def surgery(products: Tensor, order: Tensor) -> Tensor:
    """Weights c of the tasks' gradients g in the sum that PCGrad makes of them: `(..., tasks)`.

    products  gᵢ·gⱼ, `(..., tasks, tasks)`
    order     in which the others are looked at, `(..., tasks)`

    Gradient i starts as gᵢ. For each other j in order: where it has a negative product with gⱼ, it becomes
    itself − (its product with gⱼ / ‖gⱼ‖²)·gⱼ. All of these are sums of the g, so their products are enough.
    """
    one_hot = torch.eye(products.shape[-1])
    parts = one_hot.expand(products.shape)  # row i: gradient i as a sum of the g
    for j in order.unbind(-1):
        g = one_hot[j].unsqueeze(-1)  # gⱼ as such a sum, (..., tasks, 1)
        along = parts @ (products @ g)  # gradient i · gⱼ
        square = g.mT @ products @ g  # ‖gⱼ‖²
        cut = along.clamp(max=0) / square.clamp(min=1e-30)
        parts = parts - torch.where(g == 1, 0.0, cut) * g.mT  # gⱼ itself stays as it is
    return parts.sum(-2)


@validate.checked
def last_shared(copies: Copies, losses: Tensor) -> list[Tensor]:
    """The weights of the last shared layer.

    Of experts that all tasks mix (`last_shared_layers` of `experts`) the last layers of all of them together:
    they are side by side, and none is the last. Otherwise the last weight matrix, in the order of registration,
    on which every task's loss has a gradient.
    """
    names = {parameter: name for name, parameter in copies.module.named_parameters()}
    bottoms = [module for module in copies.module.modules() if hasattr(module, "last_shared_layers")]
    if layers := [layer for bottom in bottoms for layer in bottom.last_shared_layers()]:
        return [copies.parameters[names[layer.weight]] for layer in layers]
    shared = zip(names.items(), reached_by(copies, losses), strict=True)
    matrices = [name for (parameter, name), tasks in shared if all(tasks) and parameter.dim() > 1]
    if not matrices:
        validate.fail("model", "no layer that all tasks reach", "a shared layer, for GradNorm")
    return [copies.parameters[matrices[-1]]]


@validate.checked
def reached_by(copies: Copies, losses: Tensor) -> list[tuple[bool, ...]]:
    """For each parameter, in the order of registration, whether each task's loss has a gradient on it."""
    every = [_gradients(loss, copies) for loss in losses.unbind(-1)]
    return [tuple(bool(gradient.any()) for gradient in gradients) for gradients in zip(*every, strict=True)]


def _gradients(loss: Tensor, copies: Copies) -> list[Tensor]:
    """The gradient of a task's loss, `(copies,)`, on each parameter: `(copies, numbers)` each."""
    parameters = list(copies.parameters.values())
    gradients = torch.autograd.grad(loss.sum(), parameters, retain_graph=True, materialize_grads=True)
    return [gradient.reshape(copies.count, -1) for gradient in gradients]


def _all_seen(losses: Tensor) -> bool:
    """Whether each task has an observed label in the batch; until then it cannot be told what it shares."""
    return bool((losses != 0).any(0).all())
