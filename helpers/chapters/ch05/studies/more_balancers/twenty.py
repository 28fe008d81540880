"""Twenty balancers on raw losses against a tuned weight, on four tasks that differ in size, speed and features.

Each has six tries: three values of what is its own, each at two rates of the network, or six rates.
"""

from dataclasses import replace
from functools import partial

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
from helpers.experiments.feature_tasks import INPUTS, TOWER, full_batches
from helpers.lab.study import Search, Study
from helpers.models.shared_bottom import SharedBottom
from helpers.training.balancing import UWL, Balance, GradNorm, PCGrad, SumOfLogs

TASKS = dict.fromkeys(("seconds", "likes", "easy", "slow"), "regression")
SIZES = {"seconds": 100.0, "likes": 1.0, "easy": 10.0, "slow": 1.0}  # of the losses: factors, as another unit has
FEW, MANY = (0.01, 0.03), (0.004, 0.007, 0.012, 0.02, 0.035, 0.06)  # rates of the network


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
TUNED = {"tuned weight": {f"weight {weight:g}": weight for weight in (1.0, 2.0, 4.0)}}  # of the slow task
TWENTY: dict[str, dict[str, Balance]] = {
    "UWL": {f"rate {rate:g}": UWL(rate) for rate in (0.3, 1.0, 3.0)},
    "UW-SO": {f"temperature {t:g}": SoftUncertainty(t) for t in (0.3, 0.6, 1.0)},
    "RLW": {"": RLW()},
    "DWA": {f"temperature {t:g}": DWA(t) for t in (0.03, 0.3, 2.0)},
    "smooth Chebyshev": {f"mu {mu:g}": SmoothChebyshev(mu) for mu in (0.03, 0.1, 0.3)},
    "FAMO": {f"rate {rate:g}": FAMO(rate) for rate in (0.025, 0.1, 0.3)},
    "GradNorm": {
        f"alpha {alpha:g}, rate {rate:g}": GradNorm(alpha, rate)
        for alpha, rate in ((0.12, 0.3), (1.5, 0.1), (1.5, 0.3))
    },
    "normed gradients": {"": NormedGradients()},
    "IMTL-G": {"": ByProducts(impartial)},
    "Nash-MTL": {"": ByProducts(partial(fair, alpha=1.0))},
    "FairGrad": {f"alpha {alpha:g}": ByProducts(partial(fair, alpha=alpha)) for alpha in (0.5, 2.0, 5.0)},
    "Aligned-MTL": {"": ByProducts(aligned)},
    "PCGrad": {"": PCGrad()},
    "GradVac": {f"beta {beta:g}": GradVac(beta) for beta in (0.01, 0.1, 0.5)},
    "CAGrad": {f"c {c:g}": CAGrad(c) for c in (0.2, 0.6, 0.95)},
    "MGDA": {"": MGDA()},
    "PE-LTR": {f"floor {floor:g}": ByProducts(partial(floored, floor=floor)) for floor in (0.02, 0.05, 0.1)},
    "SDMGrad": {f"pull {pull:g}": ByProducts(partial(directed, pull=pull)) for pull in (0.03, 0.1, 0.3)},
    "UPGrad": {"": ByProducts(upgrad)},
    "UPGrad, normed": {"": ByProducts(upgrad_normed)},
}
METHODS = FREE | TUNED | TWENTY
BUDGET: dict[str, dict[str, tuple[float, Balance | float]]] = {
    method: {
        f"{name}, network {lr:g}".removeprefix(", "): (lr, own)
        for name, own in settings.items()
        for lr in (FEW if len(settings) > 1 else MANY)
    }
    for method, settings in METHODS.items()
}


def _options(model: str, setting: str) -> dict:
    """Arguments of `fit`. A number in place of a balance divides the losses by their sizes and weighs the slow one."""
    lr, own = BUDGET[model][setting]
    if isinstance(own, Balance):
        return full_batches(lr) | {"task_weights": SIZES, "balance": own}
    return full_batches(lr) | {"task_weights": dict.fromkeys(TASKS, 1.0) | {"slow": own}}


STUDY = Study(
    "05_twenty",
    axes={"model": tuple(METHODS), "seed": range(24)},
    data=four_tasks,
    model=lambda seed: SharedBottom(INPUTS, TASKS, [WIDTH], [TOWER], seed=seed),
    options=_options,
    near={"r2": 0.05},
    again={"model": ["tuned weight", "UPGrad"], "seed": [3]},
    search=Search(
        "05_twenty_tuning",
        {"setting": lambda model: tuple(BUDGET[model])},
        by=["model"],
        seeds=range(900, 908),
        near={"r2": 0.03},
        again={"model": ["divided losses"]},
    ),
)
