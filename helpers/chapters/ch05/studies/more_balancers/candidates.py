"""Six more ways to weigh the losses of two tasks: sum of logs, DWA, smooth Chebyshev, MGDA, CAGrad, normed gradients.

Each is a balance of `fit`, like those of `helpers.training.balancing`. The one line that a paper is about is a function
of its own; `CANDIDATES` has what each is tried with. MGDA, CAGrad and normed gradients see the products gᵢ·gⱼ of the
gradients on the shared parameters alone.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from helpers.models.copies import Copies
from helpers.support import validate
from helpers.training.balancing import Balance, GradientBalance, SumOfLogs

TEMPERATURES = (0.03, 0.1, 0.3, 1.0, 2.0, 5.0)  # of DWA
MUS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)  # of smooth Chebyshev
RADII = (0.1, 0.2, 0.4, 0.6, 0.8, 0.95)  # c of CAGrad
SMALLEST = 1e-6  # of a temperature
TINY = 1e-30  # in place of a product that is 0


class DWA(Balance):
    """Dynamic weight average (Liu, Johns and Davison, CVPR 2019): a loss that has just fallen less than the
    others gets a larger weight. The paper takes the means of two epochs; here a step on all rows is an epoch.

    temperature  the larger, the nearer to equal weights; 2 in the paper
    """

    def __init__(self, temperature: float = 2.0):
        self.temperature = validate.number("temperature", temperature, low=SMALLEST)

    def begin(self, copies: Copies, tasks: Sequence[str], seeds: Sequence[int]) -> None:
        super().begin(copies, tasks, seeds)
        self.last: list[Tensor] = []  # the losses of the last two steps

    def backward(self, losses: Tensor) -> None:
        self.check(losses, low=0)
        if len(self.last) == 2:
            self.weights = dwa_weights(*self.last, self.temperature)
        (self.weights * losses).sum().backward()
        self.last = [*self.last[-1:], losses.detach()]


def dwa_weights(earlier: Tensor, later: Tensor, temperature: float) -> Tensor:
    """T·softmax of the ratios L(t−1)/L(t−2): `(..., tasks)`, with the sum T, the number of tasks."""
    ratio = later / earlier.clamp(min=TINY)
    return later.shape[-1] * torch.softmax(ratio / temperature, dim=-1)


class SmoothChebyshev(Balance):
    """Smooth Chebyshev scalarisation (Lin et al., ICML 2024): the largest of L(t)/L(0), with its corner rounded.

    mu  how far it is rounded: near 0 only the task that is furthest behind is trained, a large one trains all alike
    """

    def __init__(self, mu: float = 0.1):
        self.mu = validate.number("mu", mu, low=SMALLEST)

    def begin(self, copies: Copies, tasks: Sequence[str], seeds: Sequence[int]) -> None:
        super().begin(copies, tasks, seeds)
        self.first: Tensor | None = None

    def backward(self, losses: Tensor) -> None:
        self.check(losses, low=0)
        if self.first is None:
            self.first = losses.detach().clamp(min=TINY)
        left = losses / self.first
        smooth_chebyshev(left, self.mu).sum().backward()
        self.weights = torch.softmax(left.detach() / self.mu, dim=-1) / self.first  # the slope of the line above


def smooth_chebyshev(losses: Tensor, mu: float) -> Tensor:
    """μ·log Σ exp(L/μ): `(..., tasks)` → `(...)`, above the largest loss by at most μ·log T."""
    return mu * torch.logsumexp(losses / mu, dim=-1)


class NormedGradients(GradientBalance):
    """Every task's gradient at the same length. For two tasks IMTL-G (Liu et al., ICLR 2021) and Nash-MTL (Navon et
    al., ICML 2022) have this direction, too, and GradNorm with α = 0 comes to rest here."""

    def weigh(self, products: Tensor) -> Tensor:
        return normed_weights(products)


def normed_weights(products: Tensor) -> Tensor:
    """Weights in inverse proportion to ‖gᵢ‖, with the sum T: `(..., tasks, tasks)` → `(..., tasks)`."""
    inverse = products.diagonal(dim1=-2, dim2=-1).clamp(min=TINY).rsqrt()
    return inverse.shape[-1] * inverse / inverse.sum(-1, keepdim=True)


class MGDA(GradientBalance):
    """Multiple-gradient descent (Sener and Koltun, NeurIPS 2018, algorithm 1), of two tasks: the shortest vector
    between the two gradients. A small step along it makes neither loss larger."""

    def weigh(self, products: Tensor) -> Tensor:
        return mgda_weights(products)


def mgda_weights(products: Tensor) -> Tensor:
    """Twice the shares γ and 1 − γ that make ‖γ·a + (1 − γ)·b‖ smallest: `(..., 2, 2)` → `(..., 2)`."""
    aa, ab, bb = _pair(products)
    share = ((bb - ab) / (aa - 2 * ab + bb).clamp(min=TINY)).clamp(0, 1)
    return 2 * torch.stack([share, 1 - share], dim=-1)


class CAGrad(GradientBalance):
    """Conflict-averse gradient (Liu et al., NeurIPS 2021, algorithm 1), of two tasks: of all steps that differ from the
    mean gradient by at most c times its length, the one that is best for the task for which it is worse.

    c  from 0, the mean gradient, to 1
    """

    def __init__(self, c: float = 0.4):
        self.c = validate.number("c", c, low=0, high=1)

    def weigh(self, products: Tensor) -> Tensor:
        return cagrad_weights(products, self.c)


def cagrad_weights(products: Tensor, c: float) -> Tensor:
    """Weights of the gradients in T times the step of CAGrad: `(..., 2, 2)` → `(..., 2)`.

    The step is g₀ + c·‖g₀‖·g_w/‖g_w‖, with the mean g₀ and g_w = γ·a + (1 − γ)·b; γ is the one of 1,001 shares at
    which g_w·g₀ + c·‖g₀‖·‖g_w‖ is smallest.
    """
    aa, ab, bb = (product.unsqueeze(-1) for product in _pair(products))
    share = torch.linspace(0, 1, 1001)
    mean_length = (aa + 2 * ab + bb).clamp(min=0).sqrt() / 2
    length = (share**2 * aa + 2 * share * (1 - share) * ab + (1 - share) ** 2 * bb).clamp(min=TINY).sqrt()
    along = (share * (aa + ab) + (1 - share) * (ab + bb)) / 2
    at = (along + c * mean_length * length).argmin(dim=-1, keepdim=True)
    best = share[at]
    more = 2 * c * mean_length / length.gather(-1, at)
    return 1 + more * torch.cat([best, 1 - best], dim=-1)


def _pair(products: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """a·a, a·b and b·b."""
    if products.shape[-1] != 2:
        validate.fail("tasks", f"{products.shape[-1]} of them", "two: MGDA and CAGrad are written for a pair here")
    return products[..., 0, 0], products[..., 0, 1], products[..., 1, 1]


# {method: {setting: balance}}: what is compared, and what each may choose from besides the rate of the network.
CANDIDATES: dict[str, dict[str, Balance]] = {
    "sum of logs": {"": SumOfLogs()},
    "DWA": {f"temperature {t:g}": DWA(t) for t in TEMPERATURES},
    "smooth Chebyshev": {f"mu {mu:g}": SmoothChebyshev(mu) for mu in MUS},
    "CAGrad": {f"c {c:g}": CAGrad(c) for c in RADII},
    "MGDA": {"": MGDA()},
    "normed gradients": {"": NormedGradients()},
}
