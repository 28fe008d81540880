"""Twenty balancers, on raw losses and on divided ones, against a tuned weight on divided ones: four tasks that differ
in size, speed and features.

Each has four tries: two values of what is its own, each at two rates of the network, or four rates.
"""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from functools import partial

import pandas as pd
import torch
from torch import Tensor, nn

from helpers.chapters.ch05.balancers import WIDTH, disjoint_pair, speed_pair
from helpers.chapters.ch05.studies.more_balancers.candidates import (
    DWA,
    MGDA,
    CAGrad,
    NormedGradients,
    SmoothChebyshev,
)
from helpers.chapters.ch05.studies.more_balancers.rules import (
    FAMO,
    RLW,
    ByProducts,
    GradVac,
    SoftUncertainty,
    aligned,
    directed,
    fair,
    floored,
    impartial,
    upgrad,
    upgrad_normed,
)
from helpers.data.examples import Examples
from helpers.evaluation.metrics import r2
from helpers.experiments.chosen import Chosen
from helpers.experiments.feature_tasks import EPOCHS, INPUTS, TOWER
from helpers.experiments.sweep import points
from helpers.lab.kept_table import KeptTable, kept_tables
from helpers.lab.recheck import Recheck
from helpers.models.copies import Copies
from helpers.models.shared_bottom import SharedBottom
from helpers.training.adam import Adam
from helpers.training.balancing import UWL, Balance, GradNorm, PCGrad, SumOfLogs

TASKS = dict.fromkeys(("seconds", "likes", "easy", "slow"), "regression")
SIZES = {"seconds": 100.0, "likes": 1.0, "easy": 10.0, "slow": 1.0}  # of the losses: factors, as another unit has
FEW, MANY = (0.012, 0.03), (0.006, 0.012, 0.025, 0.05)  # rates of the network
EVERY = 25  # epochs between two evaluations


def four_tasks(seed: int) -> tuple[Examples, Examples, Examples]:
    """Train, validation and test rows of four tasks on the same 20 inputs: the pair with disjoint features (four relus
    each), and the fast and the slow one (a straight line, a product of two); all targets have variance 1."""

    def joined(relus: Examples, others: Examples) -> Examples:
        labels = (*relus.labels.values(), *others.labels.values())
        return replace(relus, labels=dict(zip(TASKS, labels, strict=True)))

    return tuple(map(joined, disjoint_pair(seed), speed_pair(seed)))


FREE: dict[str, dict[str, Balance | float]] = {  # nothing to set, and what is known of the sizes divides them
    "mean of losses": {"": Balance()},
    "divided losses": {"weight 1": 1.0},
    "sum of logs": {"": SumOfLogs()},
}
TUNED = {"tuned weight": {f"weight {weight:g}": weight for weight in (1.5, 3.0)}}  # of the slow task
TWENTY: dict[str, dict[str, Balance]] = {
    "UWL": {f"rate {rate:g}": UWL(rate) for rate in (1.0, 10.0)},
    "UW-SO": {f"temperature {t:g}": SoftUncertainty(t) for t in (0.3, 1.0)},
    "RLW": {"": RLW()},
    "DWA": {f"temperature {t:g}": DWA(t) for t in (0.03, 2.0)},
    "smooth Chebyshev": {f"mu {mu:g}": SmoothChebyshev(mu) for mu in (0.03, 0.1)},
    "FAMO": {f"rate {rate:g}": FAMO(rate) for rate in (0.025, 0.1)},
    "GradNorm": {f"alpha {alpha:g}, rate {rate:g}": GradNorm(alpha, rate) for alpha, rate in ((0.12, 0.1), (1.5, 0.3))},
    "normed gradients": {"": NormedGradients()},
    "IMTL-G": {"": ByProducts(impartial)},
    "Nash-MTL": {"": ByProducts(partial(fair, alpha=1.0))},
    "FairGrad": {f"alpha {alpha:g}": ByProducts(partial(fair, alpha=alpha)) for alpha in (0.5, 2.0)},
    "Aligned-MTL": {"": ByProducts(aligned)},
    "PCGrad": {"": PCGrad()},
    "GradVac": {f"beta {beta:g}": GradVac(beta) for beta in (0.01, 0.5)},
    "CAGrad": {f"c {c:g}": CAGrad(c) for c in (0.4, 0.95)},
    "MGDA": {"": MGDA()},
    "PE-LTR": {f"floor {floor:g}": ByProducts(partial(floored, floor=floor)) for floor in (0.01, 0.05)},
    "SDMGrad": {f"pull {pull:g}": ByProducts(partial(directed, pull=pull)) for pull in (0.03, 0.3)},
    "UPGrad": {"": ByProducts(upgrad)},
    "UPGrad, normed": {"": ByProducts(upgrad_normed)},
}
DIVIDED = {f"{model}, divided": settings for model, settings in TWENTY.items()}  # told what the tuned weight is told
METHODS = FREE | TUNED | TWENTY | DIVIDED


def _rates(model: str) -> tuple[float, ...]:
    return FEW if len(METHODS[model]) > 1 else MANY


def _name(way: str, rate: float) -> str:
    return f"{way}, network {rate:g}".removeprefix(", ")


BUDGET = {  # {method: {setting: (its own, [rate of the network])}}
    model: {_name(way, rate): (way, [rate]) for way in METHODS[model] for rate in _rates(model)} for model in METHODS
}


def tune(seeds: Sequence[int], models: Sequence[str] = tuple(METHODS)) -> pd.DataFrame:
    """Mean R² of the tasks for every setting of `BUDGET`: model, setting, r2 (mean of the seeds)."""
    tables = [_r2(model, way, _rates(model), seeds) for model in models for way in METHODS[model]]
    table = pd.concat(tables, ignore_index=True)
    return table.groupby(["model", "setting"], sort=False)["r2"].mean().reset_index()


CHOSEN = Chosen("05_twenty_tuning", by=["model"], setting=["setting"], value="r2")  # {model: name}


def compare(seeds: Sequence[int], models: Sequence[str] = tuple(METHODS)) -> pd.DataFrame:
    """Each method at its chosen setting: model, seed, task, r2."""
    parts = [_r2(model, *BUDGET[model][CHOSEN[model]], seeds) for model in models]
    return pd.concat(parts, ignore_index=True)[["model", "seed", "task", "r2"]]


class Flat(nn.Module):
    """The numbers of a Shared-Bottom in one matrix for the bottom, biases last, and one row for each tower."""

    def __init__(self, seed: int):
        super().__init__()
        weight, bias, *towers = SharedBottom(INPUTS, TASKS, [WIDTH], [TOWER], seed=seed).parameters()
        self.bottom = nn.Parameter(torch.cat([weight.data, bias.data[:, None]], dim=1))
        rows = [torch.cat([part.data.flatten() for part in towers[start : start + 4]]) for start in range(0, 16, 4)]
        self.towers = nn.ParameterList(rows)


def _r2(model: str, way: str, rates: Sequence[float], seeds: Sequence[int]) -> pd.DataFrame:
    """A network a rate and seed, all at once: model, setting, seed, task, and R² where the task's validation loss is
    lowest.

    The bottom is one layer, so the gradients of all tasks there follow from one backward pass through the towers. A
    balance gets losses that are linear in the parameters and have these gradients.
    """
    at, value = points(rate=rates, seed=seeds), METHODS[model][way]
    known = not isinstance(value, Balance)  # a number weighs the divided loss of the slow task
    last = float(value) if known else 1.0
    sizes = torch.tensor([1.0, 1.0, 1.0, last] if known or model in DIVIDED else [*SIZES.values()])
    worlds = {seed: four_tasks(seed) for seed in seeds}
    train, valid, test = (_rows([worlds[seed][part] for seed in at["seed"]]) for part in range(3))
    copies, balance = Copies([Flat(seed) for seed in at["seed"]]), Balance() if known else deepcopy(value)
    balance.begin(copies, list(TASKS), at["seed"].tolist())
    bottom, *towers = copies.parameters.values()
    adam, rate = Adam([bottom, *towers], lr=1.0), torch.tensor(at["rate"].to_numpy()).float()
    best, scores = torch.full((len(at), len(TASKS)), torch.inf), torch.zeros(len(at), len(TASKS))
    for step in range(1, EPOCHS + 1):
        losses, of_bottom, of_towers = _gradients(bottom, towers, *train)
        moved = [losses + (of_bottom * (bottom - bottom.detach())[:, None]).sum((-1, -2))]
        moved.append(torch.stack([((row - row.detach()) * of_towers[:, k]).sum(-1) for k, row in enumerate(towers)], 1))
        balance.backward(sum(moved) * sizes)
        before = [parameter.detach().clone() for parameter in (bottom, *towers)]
        adam.step()
        adam.zero_grad()
        with torch.no_grad():
            for parameter, old in zip((bottom, *towers), before, strict=True):  # each copy at its own rate
                parameter.copy_(old + rate.view(-1, *[1] * (old.dim() - 1)) * (parameter - old))
            if step % EVERY == 0:
                now = (
                    (_outputs(_hidden(bottom, valid[0])[:, None], torch.stack(towers, 1)) - valid[1]).square().mean(-1)
                )
                tested = r2(_outputs(_hidden(bottom, test[0])[:, None], torch.stack(towers, 1)), test[1])
                scores, best = (
                    torch.where(now < best, torch.as_tensor(tested).float(), scores),
                    torch.minimum(now, best),
                )
    setting = [_name(way, rate) for rate in at["rate"]]
    table = pd.DataFrame(scores.numpy(), columns=list(TASKS)).assign(model=model, setting=setting, seed=at["seed"])
    return table.melt(["model", "setting", "seed"], var_name="task", value_name="r2")


def _rows(parts: Sequence[Examples]) -> tuple[Tensor, Tensor]:
    """Inputs and a 1, `(copies, n, inputs + 1)`, and labels, `(copies, tasks, n)`."""
    inputs = torch.stack([part.inputs for part in parts])
    labels = torch.stack([torch.stack([*part.labels.values()]) for part in parts])
    return torch.cat([inputs, torch.ones_like(inputs[..., :1])], dim=-1), labels


def _hidden(bottom: Tensor, inputs: Tensor) -> Tensor:
    """`(copies, n, units)`."""
    return (inputs @ bottom.mT).relu()


def _outputs(hidden: Tensor, towers: Tensor) -> Tensor:
    """`(copies, tasks or 1, n, units)` and the towers, `(copies, tasks, numbers)`, become `(copies, tasks, n)`."""
    layer, bias, head, last = towers.split([WIDTH * TOWER, TOWER, TOWER, 1], dim=-1)
    above = (hidden @ layer.unflatten(-1, (TOWER, WIDTH)).mT + bias[..., None, :]).relu()
    return (above @ head[..., None])[..., 0] + last


def _gradients(bottom: Tensor, towers: Sequence[Tensor], inputs: Tensor, labels: Tensor) -> tuple[Tensor, ...]:
    """The losses, `(copies, tasks)`, and the gradient of each on the bottom, `(copies, tasks, units, inputs + 1)`, and
    on its own tower, `(copies, tasks, numbers)`."""
    hidden = _hidden(bottom.detach(), inputs)
    each = hidden[:, None].repeat(1, len(TASKS), 1, 1).requires_grad_()
    rows = torch.stack([row.detach() for row in towers], dim=1).requires_grad_()
    losses = (_outputs(each, rows) - labels).square().mean(-1)
    of_hidden, of_towers = torch.autograd.grad(losses.sum(), (each, rows))
    return losses.detach(), (of_hidden * (hidden > 0)[:, None]).mT @ inputs[:, None], of_towers


WITHIN = {"r2": 0.05}
TABLES = kept_tables(
    KeptTable("05_twenty_tuning", tune, {"seeds": range(900, 904)}, [Recheck({"models": ["UPGrad"]}, WITHIN)]),
    KeptTable(
        "05_twenty", compare, {"seeds": range(20)}, [Recheck({"models": ["tuned weight"], "seeds": [3]}, WITHIN)]
    ),
)
