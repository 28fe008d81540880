"""The rules of `twenty` that `candidates` does not have, from their papers' formulas, for any number of tasks.

A rule that sees gradients is a function of their products gᵢ·gⱼ on the shared parameters, `(..., tasks, tasks)`, that
gives a weight for each, `(..., tasks)`; `ByProducts` makes a balance of `fit` of it. TorchJD's weightings are such
functions, too. The losses alone are enough for RLW, UW-SO and FAMO.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from helpers.chapters.ch05.studies.more_balancers.candidates import TINY, quadratic
from helpers.models.copies import Copies
from helpers.training.adam import Adam
from helpers.training.balancing import Balance, GradientBalance

NEWTON_STEPS = 25
DECAY = 1e-3  # of FAMO's logits: as in its algorithm 2


class ByProducts(GradientBalance):
    """The gradients' weights by a function of their products, such as those below, or a weighting of TorchJD's, which
    takes one model at a time: `ByProducts(UPGradWeighting())`."""

    def __init__(self, rule: Callable[[Tensor], Tensor]):
        self.rule = rule

    def weigh(self, products: Tensor) -> Tensor:
        return self.rule(products)


def impartial(products: Tensor) -> Tensor:
    """IMTL-G (Liu et al., ICLR 2021): weights with the sum 1 whose step has equal projections on all gradients. Some
    may be negative. ConFIG (Liu et al., ICLR 2025) has the same line, and always goes down along it."""
    cosines, lengths = _cosines(products)
    weights = torch.linalg.solve(cosines, torch.ones_like(lengths)) / lengths
    return (weights / weights.sum(-1, keepdim=True)).float()


def fair(products: Tensor, alpha: float) -> Tensor:
    """FairGrad (Ban and Ji, ICML 2024, eq. 4): the w > 0 with (G·w)ᵢ = wᵢ^(−1/α), by Newton's method; for α = 1 it is
    Nash-MTL (Navon et al., ICML 2022), G·w = 1/w."""
    cosines, lengths = _cosines(products)
    power = 1 / alpha  # in b = w·length: C·b = length^(power − 1) · b^(−power)
    pull = (lengths / lengths.mean(-1, keepdim=True)) ** (power - 1)
    b = pull ** (1 / (1 + power))
    for _ in range(NEWTON_STEPS):
        off = (cosines @ b[..., None])[..., 0] - pull * b**-power
        step = torch.linalg.solve(cosines + torch.diag_embed(power * pull * b ** (-power - 1)), off)
        b = torch.maximum(b - step, b / 10)  # it stays above 0
    return (b / lengths).float()


def aligned(products: Tensor) -> Tensor:
    """Aligned-MTL (Senushkin et al., CVPR 2023, algorithm 1): the mean of the gradients once all of their principal
    components have been made as long as the shortest."""
    values, vectors = torch.linalg.eigh(products.double())
    values = values.clamp(min=1e-9 * values[..., -1:] + TINY)
    scale = (values[..., :1] / values).sqrt()
    return (vectors @ (scale * vectors.sum(-2))[..., None])[..., 0].float() / products.shape[-1]


def upgrad(products: Tensor) -> Tensor:
    """UPGrad (Quinton and Rey, 2024, arXiv:2406.16232): each gradient is moved as little as brings it into the cone of
    the steps that harm no task; the mean of these."""
    each = products[..., None, :, :].expand(*products.shape[:-2], *products.shape[-1:], *products.shape[-2:])
    added = quadratic(each, products, total=False)  # row i: what is added to gradient i, of each gradient
    return 1 / products.shape[-1] * (1 + added.sum(-2))


def upgrad_normed(products: Tensor) -> Tensor:
    """UPGrad of the gradients at length 1."""
    cosines, lengths = _cosines(products)
    return (upgrad(cosines.float()) / lengths).float()


def directed(products: Tensor, pull: float) -> Tensor:
    """SDMGrad (Xiao, Ban and Ji, NeurIPS 2023): the shortest of the vectors g_w + pull · mean gradient, w on the
    simplex; here of one batch, where the paper draws three."""
    count = products.shape[-1]
    return (quadratic(products, pull * products.mean(-1), total=True) + pull / count) / (1 + pull)


def floored(products: Tensor, floor: float) -> Tensor:
    """PE-LTR (Lin et al., RecSys 2019): MGDA in which no weight may be below `floor`, at most 1 / tasks."""
    left = 1 - products.shape[-1] * floor
    return floor + left * quadratic(left * products, floor * products.sum(-1), total=True)


class GradVac(GradientBalance):
    """Gradient vaccine (Wang et al., ICLR 2021): as PCGrad, but wherever a cosine is below its running mean, the
    gradient is turned until it has that mean.

    beta  how fast the running means move
    """

    def __init__(self, beta: float):
        self.beta = beta

    def begin(self, copies: Copies, tasks: Sequence[str], seeds: Sequence[int]) -> None:
        super().begin(copies, tasks, seeds)
        self.generators = [torch.Generator("cpu").manual_seed(seed) for seed in seeds]
        self.goal = torch.zeros(copies.count, len(tasks), len(tasks))

    def weigh(self, products: Tensor) -> Tensor:
        order = torch.stack([torch.randperm(len(self.tasks), generator=g) for g in self.generators])
        one_hot = torch.eye(len(self.tasks))
        parts = one_hot.expand(products.shape).reshape(self.goal.shape)  # row i: gradient i as a sum of all
        products = products.reshape(self.goal.shape)
        for j in order.unbind(-1):
            g = one_hot[j][..., None]  # (copies, tasks, 1)
            length = (g.mT @ products @ g).clamp(min=TINY).sqrt()
            of_parts = (parts @ products * parts).sum(-1, keepdim=True).clamp(min=TINY).sqrt()
            cosine = (parts @ products @ g / (of_parts * length)).clamp(-0.9999, 0.9999)
            goal, sine = self.goal @ g, (1 - cosine**2).sqrt()
            sine_goal = (1 - goal**2).sqrt()
            turn = of_parts * (goal * sine - cosine * sine_goal) / (length * sine_goal)
            parts = parts + torch.where((cosine < goal) & (g == 0), turn, 0.0) * g.mT
            self.goal = self.goal + self.beta * torch.where(g == 0, cosine - goal, 0.0) * g.mT
        return parts.sum(-2)


class RLW(Balance):
    """Random loss weighting (Lin et al., TMLR 2022): in each step the softmax of fresh normal numbers."""

    def begin(self, copies: Copies, tasks: Sequence[str], seeds: Sequence[int]) -> None:
        super().begin(copies, tasks, seeds)
        self.generators = [torch.Generator("cpu").manual_seed(seed) for seed in seeds]

    def backward(self, losses: Tensor) -> None:
        self.check(losses, low=0)
        drawn = torch.stack([torch.randn(len(self.tasks), generator=g) for g in self.generators])
        self.weights = drawn.softmax(-1)
        (self.weights * losses).sum().backward()


class SoftUncertainty(Balance):
    """UW-SO (Kirchdorfer et al., GCPR 2024): UWL's weight at rest, 1/L, put through a softmax.

    temperature  the larger, the nearer to equal weights
    """

    def __init__(self, temperature: float):
        self.temperature = temperature

    def backward(self, losses: Tensor) -> None:
        self.check(losses, low=0)
        self.weights = torch.softmax(1 / losses.detach().clamp(min=TINY) / self.temperature, dim=-1)
        (self.weights * losses).sum().backward()


class FAMO(Balance):
    """FAMO (Liu et al., NeurIPS 2023, algorithm 2): weights of the logs of the losses that let all of them fall at one
    rate. The losses after a step are those of the next one, which here has the same rows.

    lr  of the logits, which have an Adam of their own
    """

    def __init__(self, lr: float):
        self.lr = lr

    def begin(self, copies: Copies, tasks: Sequence[str], seeds: Sequence[int]) -> None:
        super().begin(copies, tasks, seeds)
        self.logits = torch.zeros(copies.count, len(tasks), requires_grad=True)
        self.optimizer = Adam([self.logits], lr=self.lr, weight_decay=DECAY)
        self.last: Tensor | None = None

    def backward(self, losses: Tensor) -> None:
        self.check(losses, low=0)
        now = losses.detach().clamp(min=TINY).log()
        if self.last is not None:
            ((self.last - now) * self.logits.softmax(-1)).sum().backward()
            self.optimizer.step()
            self.optimizer.zero_grad()
        self.last = now
        shares = self.logits.detach().softmax(-1) / losses.detach().clamp(min=TINY)
        self.weights = shares / shares.sum(-1, keepdim=True)
        (self.weights * losses).sum().backward()


def _cosines(products: Tensor) -> tuple[Tensor, Tensor]:
    """Of the gradients, and their lengths, in double precision: sizes may differ by many powers of ten."""
    products = products.double()
    lengths = products.diagonal(dim1=-2, dim2=-1).clamp(min=TINY).sqrt()
    cosines = products / (lengths[..., :, None] * lengths[..., None, :])
    return cosines + 1e-6 * torch.eye(products.shape[-1]), lengths  # two that are alike can be told apart
