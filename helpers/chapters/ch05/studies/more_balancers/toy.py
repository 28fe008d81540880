"""GradNorm's toy tasks (Chen et al., ICML 2018, §4): regressions that are alike, but for the size of their targets.

    f_i(x) = σ_i · tanh((B + ε_i) x),   B ~ N(0, 10),  ε_i ~ N(0, 3.5)

The losses are squared errors, so their sizes go with σ_i². Inputs and outputs are a tenth of the paper's, the trunk
half as wide. The paper does not say how x is drawn, nor whether 10 and 3.5 are variances: here they are, and
x ~ N(0, 0.04). It reports that GradNorm beats the plain sum and uncertainty weighting.

Each method has the same number of settings to choose from (`BUDGET`) and is compared at the one that is best on other
seeds. What is measured is the paper's task-normalised test loss, the mean of L_i(t) / L_i(0): 1 at the start,
whatever the σ.
"""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from itertools import pairwise

import pandas as pd
import torch
from torch import Tensor, nn

from helpers.experiments.chosen import Chosen
from helpers.experiments.sweep import points
from helpers.lab.kept_table import KeptTable, kept_tables
from helpers.lab.recheck import Recheck, mean
from helpers.models.copies import Copies
from helpers.training.adam import Adam
from helpers.training.balancing import UWL, Balance, GradNorm

INPUTS, OUTPUTS, WIDTH = 25, 10, 50
ROWS, TEST_ROWS, BATCH = 2000, 500, 100
STEPS, EVERY = 400, 20
SIGMAS = {2: (1.0, 100.0), 10: (1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 40.0, 50.0, 70.0, 100.0)}
ALPHA = 0.12  # the paper's, for these tasks


class Divided(Balance):
    """Each loss divided by its σ², which you know if you know the unit of a label, times one constant for all; what
    is left is added up, or by a balance."""

    def __init__(self, balance: Balance | None = None):
        self.balance = balance or Balance()

    def begin(self, copies: Copies, tasks: Sequence[str], seeds: Sequence[int]) -> None:
        self.balance.begin(copies, tasks, seeds)
        divided = 1 / torch.tensor(SIGMAS[len(tasks)]).square()
        self.known = divided * len(tasks) / divided.sum()
        self.weights = self.known * self.balance.weights

    def backward(self, losses: Tensor) -> None:
        self.balance.backward(self.known * losses)
        self.weights = self.known * self.balance.weights


# 16 settings for each method: the learning rate of the network, and how the losses are added up.
MANY = [round(0.0005 * 100 ** (step / 15), 5) for step in range(16)]  # 0.0005 … 0.05, each 1.36 times the last
FEW = (0.001, 0.003, 0.01, 0.03)
UWL_RATES = (0.1, 0.3, 1.0, 3.0)
GRADNORM_RATES = (0.01, 0.03, 0.1, 0.3)
SLOW_RATES = (0.01, 0.003, 0.001, 0.0001)  # the smallest of these, and slower ones: of `slower`, in no search
BUDGET: dict[str, dict[str, tuple[float, Balance]]] = {
    "equal weights": {f"network {lr:g}": (lr, Balance()) for lr in MANY},
    "divided by σ²": {f"network {lr:g}": (lr, Divided()) for lr in MANY},
    "UWL": {f"network {lr:g}, own {rate:g}": (lr, UWL(rate)) for lr in FEW for rate in UWL_RATES},
    "GradNorm": {f"network {lr:g}, own {rate:g}": (lr, GradNorm(ALPHA, rate)) for lr in FEW for rate in GRADNORM_RATES},
    "UWL, divided": {f"network {lr:g}, own {rate:g}": (lr, Divided(UWL(rate))) for lr in FEW for rate in UWL_RATES},
    "GradNorm, divided": {
        f"network {lr:g}, own {rate:g}": (lr, Divided(GradNorm(ALPHA, rate))) for lr in FEW for rate in GRADNORM_RATES
    },
}
TOLD = ("UWL, divided", "GradNorm, divided")  # know σ, as the divided sum does
METHODS = tuple(method for method in BUDGET if method not in TOLD)
# {tasks: {method: name}}
BY = {"by": ["tasks", "method"], "setting": ["setting"], "value": "loss", "lowest": True}
CHOSEN = Chosen("05_toy_tuning", **BY)
CHOSEN_TOLD = Chosen("05_toy_told_tuning", **BY)


class Trunk(nn.Module):
    """Four shared layers and a linear head a task: `(n, inputs)` → {task: (n, outputs)}."""

    def __init__(self, tasks: int, seed: int):
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            widths = [INPUTS, WIDTH, WIDTH, WIDTH, WIDTH]
            layers = [layer for pair in pairwise(widths) for layer in (nn.Linear(*pair), nn.ReLU())]
            self.shared = nn.Sequential(*layers)
            self.heads = nn.ModuleList(nn.Linear(WIDTH, OUTPUTS) for _ in range(tasks))

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        shared = self.shared(x)
        return {str(number): head(shared) for number, head in enumerate(self.heads)}


def world(tasks: int, seed: int) -> tuple[Tensor, Tensor]:
    """Inputs `(rows, inputs)` and targets `(tasks, rows, outputs)`, train rows before test rows."""
    draw = torch.Generator().manual_seed(seed)
    common = 10**0.5 * torch.randn(INPUTS, OUTPUTS, generator=draw)
    special = 3.5**0.5 * torch.randn(tasks, INPUTS, OUTPUTS, generator=draw)
    x = 0.2 * torch.randn(ROWS + TEST_ROWS, INPUTS, generator=draw)
    return x, torch.tensor(SIGMAS[tasks])[:, None, None] * torch.tanh(x @ (common + special))


def toy(seeds: Sequence[int], tasks: Sequence[int] = (2, 10), methods: Sequence[str] = METHODS) -> pd.DataFrame:
    """Train by every method at its `CHOSEN` setting: tasks, method, seed, step, task, loss, weight.

    loss    test loss divided by that at step 0
    weight  by which the task's loss is multiplied in the next step
    """
    chosen = {
        (count, method): [(CHOSEN_TOLD if method in TOLD else CHOSEN)[count][method]]
        for count in tasks
        for method in methods
    }
    return pd.concat([table.drop(columns="setting") for table in _tables(seeds, chosen)], ignore_index=True)


def tune(seeds: Sequence[int], tasks: Sequence[int] = (2, 10), methods: Sequence[str] = METHODS) -> pd.DataFrame:
    """The task-normalised loss at the last step for every setting of `BUDGET`: tasks, method, setting, loss."""
    every = {(count, method): list(BUDGET[method]) for count in tasks for method in methods}
    ended = [table[table["step"] == STEPS] for table in _tables(seeds, every)]
    return pd.concat(ended).groupby(["tasks", "method", "setting"], sort=False)["loss"].mean().reset_index()


def slower(seeds: Sequence[int], rates: Sequence[float] = SLOW_RATES) -> pd.DataFrame:
    """*GradNorm, divided* on two tasks, at the network's rate of the divided sum: rate (of the weights), seed, loss
    (task-normalised, at the last step)."""
    lr, _ = BUDGET["divided by σ²"][CHOSEN[2]["divided by σ²"]]
    parts = []
    for rate in rates:
        table = _toy_runs(seeds, 2, lr, Divided(GradNorm(ALPHA, rate)))
        ended = table[table["step"] == STEPS].groupby("seed")["loss"].mean().reset_index()
        parts.append(ended.assign(rate=rate))
    return pd.concat(parts, ignore_index=True)[["rate", "seed", "loss"]]


def _tables(seeds: Sequence[int], settings: dict[tuple[int, str], list[str]]) -> Iterator[pd.DataFrame]:
    for (count, method), names in settings.items():
        for name in names:
            # a run's state is its own: the constant stays what the table's hash reads
            table = _toy_runs(seeds, count, *deepcopy(BUDGET[method][name]))
            yield table.assign(tasks=count, method=method, setting=name)


def _toy_runs(seeds: Sequence[int], tasks: int, lr: float, balance: Balance) -> pd.DataFrame:
    """As `toy`, by one method with one setting: seed, task, step, loss, weight."""
    worlds = [world(tasks, seed) for seed in seeds]
    x, y = torch.stack([inputs for inputs, _ in worlds]), torch.stack([targets for _, targets in worlds], dim=1)
    copies = Copies([Trunk(tasks, seed) for seed in seeds])

    def losses(rows) -> Tensor:  # (copies, tasks)
        outputs = copies(x[:, rows])
        return torch.stack([(outputs[str(i)] - y[i][:, rows]).square().mean((-1, -2)) for i in range(tasks)], dim=-1)

    balance.begin(copies, [str(number) for number in range(tasks)], list(seeds))
    optimizer, draw, first, parts = Adam(copies.groups(), lr=lr), torch.Generator().manual_seed(0), None, []
    for step in range(STEPS + 1):
        if step % EVERY == 0:
            with torch.no_grad():
                tested = losses(slice(ROWS, None))
            first = tested if first is None else first
            weights = (balance.weights / balance.weights.sum(-1, keepdim=True) * tasks).flatten()
            place, loss = points(seed=seeds, task=range(tasks)), (tested / first).flatten()
            parts.append(place.assign(step=step, loss=loss.numpy(), weight=weights.numpy()))
        balance.backward(losses(torch.randint(ROWS, (BATCH,), generator=draw)))
        optimizer.step()
        optimizer.zero_grad()
    return pd.concat(parts, ignore_index=True)


def normalised_loss(table: pd.DataFrame) -> pd.DataFrame:
    """The paper's task-normalised loss, mean over the tasks of L(t)/L(0): tasks, method, seed, step, loss."""
    return table.groupby(["tasks", "method", "seed", "step"], sort=False)["loss"].mean().reset_index()


DIVIDED, OWN = {"tasks": [2], "methods": ["divided by σ²"]}, {"seeds": [2], "tasks": [2], "methods": ["UWL"]}
TABLES = kept_tables(
    KeptTable("05_toy_tuning", tune, {"seeds": range(900, 920)}, [Recheck(DIVIDED, {"loss": 0.03})]),
    KeptTable(
        "05_toy_told_tuning",
        tune,
        {"seeds": range(900, 920), "tasks": (2,), "methods": TOLD},
        [Recheck({"methods": ["UWL, divided"]}, {"loss": 0.03})],
    ),
    KeptTable(
        "05_toy",
        toy,
        {"seeds": range(20)},
        [Recheck(OWN, {"loss": 0.03, "weight": 0.03}, rows="step <= 100")],
    ),
    KeptTable(
        "05_toy_told",
        toy,
        {"seeds": range(20), "tasks": (2,), "methods": ("divided by σ²", *TOLD)},
        [Recheck(OWN | {"methods": ["UWL, divided"]}, {"loss": 0.03, "weight": 0.03}, rows="step <= 100")],
    ),
    KeptTable("05_toy_slower", slower, {"seeds": range(20)}, [Recheck({"rates": [0.0001]}, {"loss": mean(0.02)})]),
)
