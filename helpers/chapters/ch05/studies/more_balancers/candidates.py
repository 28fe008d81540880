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
    """Multiple-gradient descent (Sener and Koltun, NeurIPS 2018): the shortest vector between the gradients. A small
    step along it makes no loss larger."""

    def weigh(self, products: Tensor) -> Tensor:
        return mgda_weights(products)


def mgda_weights(products: Tensor) -> Tensor:
    """T times the shares that make ‖Σ γᵢ·gᵢ‖ smallest: `(..., tasks, tasks)` → `(..., tasks)`."""
    return products.shape[-1] * quadratic(products, torch.zeros_like(products[..., 0]), total=True)


class CAGrad(GradientBalance):
    """Conflict-averse gradient (Liu et al., NeurIPS 2021, algorithm 1): of all steps that differ from the mean gradient
    by at most c times its length, the one that is best for the task for which it is worst.

    c  from 0, the mean gradient, to 1
    """

    def __init__(self, c: float = 0.4):
        self.c = validate.number("c", c, low=0, high=1)

    def weigh(self, products: Tensor) -> Tensor:
        return cagrad_weights(products, self.c)


def cagrad_weights(products: Tensor, c: float) -> Tensor:
    """Weights of the gradients in T times the step of CAGrad: `(..., tasks, tasks)` → `(..., tasks)`.

    The step is g₀ + c·‖g₀‖·g_w/‖g_w‖, with the mean g₀ and g_w = Σ γᵢ·gᵢ; the shares γ make g_w·g₀ + c·‖g₀‖·‖g_w‖
    smallest. As ‖g_w‖ is the smallest of (‖g_w‖²/s + s)/2, reached at s = ‖g_w‖, shares and s take turns.
    """
    count, along = products.shape[-1], products.mean(-1)
    radius = c * along.mean(-1, keepdim=True).clamp(min=TINY).sqrt()
    shares = torch.full_like(along, 1 / count)
    for _ in range(10):
        length = (shares * (products @ shares[..., None])[..., 0]).sum(-1, keepdim=True).clamp(min=TINY).sqrt()
        shares = quadratic((radius / length)[..., None] * products, along, total=True)
    length = (shares * (products @ shares[..., None])[..., 0]).sum(-1, keepdim=True).clamp(min=TINY).sqrt()
    return 1 + count * radius / length * shares


def quadratic(matrix: Tensor, slope: Tensor, total: bool) -> Tensor:
    """The x ≥ 0 at which ½ x·M·x + slope·x is smallest, with `total` among those with the sum 1.

    matrix  M, `(..., n, n)`, without negative eigenvalues; slope and result are `(..., n)`

    Where some set of the numbers is above 0, x follows from linear equations; all 2ⁿ sets are tried, so n is small.
    """
    n, scale = matrix.shape[-1], matrix.diagonal(dim1=-2, dim2=-1).amax(-1).clamp(min=TINY)
    inside = torch.cartesian_prod(*[torch.tensor([0.0, 1.0], dtype=torch.double)] * n)[int(total) :]  # (sets, n)
    m, b = matrix.double() / scale[..., None, None], slope.double() / scale[..., None]
    m = m + 1e-9 * torch.eye(n)
    equations = m[..., None, :, :] * inside[:, :, None] * inside[:, None, :] + torch.diag_embed(1 - inside)
    right = -b[..., None, :] * inside
    if total:
        border = inside.expand(right.shape)
        corner = torch.zeros_like(border[..., :1])
        equations = torch.cat([torch.cat([equations, border[..., None]], -1), _row(border, corner)], -2)
        right = torch.cat([right, torch.ones_like(corner)], -1)
    x = torch.linalg.solve(equations, right)[..., :n]
    value = ((x @ m) * x).sum(-1) / 2 + (x * b[..., None, :]).sum(-1)
    best = torch.where((x < -1e-9).any(-1), torch.inf, value).argmin(-1)
    return x.gather(-2, best[..., None, None].expand(*best.shape, 1, n))[..., 0, :].clamp(min=0).to(matrix.dtype)


def _row(border: Tensor, corner: Tensor) -> Tensor:
    return torch.cat([border, corner], -1)[..., None, :]


# {method: {setting: balance}}: what is compared, and what each may choose from besides the rate of the network.
CANDIDATES: dict[str, dict[str, Balance]] = {
    "sum of logs": {"": SumOfLogs()},
    "DWA": {f"temperature {t:g}": DWA(t) for t in TEMPERATURES},
    "smooth Chebyshev": {f"mu {mu:g}": SmoothChebyshev(mu) for mu in MUS},
    "CAGrad": {f"c {c:g}": CAGrad(c) for c in RADII},
    "MGDA": {"": MGDA()},
    "normed gradients": {"": NormedGradients()},
}
