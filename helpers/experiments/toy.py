"""GradNorm's toy tasks (Chen et al., ICML 2018, §4): regressions that are alike, but for the size of their targets.

    f_i(x) = σ_i · tanh((B + ε_i) x),   B ~ N(0, 10),  ε_i ~ N(0, 3.5)

B is common to all tasks, ε_i a task's own; the losses are squared errors, so their sizes go with σ_i². The paper's
network has 250 inputs, 100 outputs and a trunk of four layers of 100; ours has a tenth of the inputs and outputs and
half the width, so that twenty seeds train in seconds. The paper does not say how x is drawn, nor whether 10 and 3.5 are
variances: here they are, and x ~ N(0, 0.04).

What is measured is the paper's task-normalised test loss, Σ L_i(t) / L_i(0), divided by the number of tasks: 1 at the
start, whatever the σ.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pandas as pd
import torch
from torch import Tensor, nn

from helpers.balancing import UWL, Balance, GradNorm
from helpers.experiments import Grid, grids
from helpers.members import Members

INPUTS, OUTPUTS, WIDTH = 25, 10, 50
ROWS, TEST_ROWS, BATCH = 2000, 500, 100
STEPS, EVERY = 400, 20
LEARNING_RATE = 0.002
SIGMAS = {2: (1.0, 100.0), 10: (1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 40.0, 50.0, 70.0, 100.0)}
ALPHA = 0.12  # the paper's, for these tasks
BALANCES: dict[str, Balance] = {"equal weights": Balance(), "UWL": UWL(0.1), "GradNorm": GradNorm(ALPHA, 0.03)}


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
    own = 3.5**0.5 * torch.randn(tasks, INPUTS, OUTPUTS, generator=draw)
    x = 0.2 * torch.randn(ROWS + TEST_ROWS, INPUTS, generator=draw)
    return x, torch.tensor(SIGMAS[tasks])[:, None, None] * torch.tanh(x @ (common + own))


def toy(seeds: Sequence[int], tasks: Sequence[int] = (2, 10), methods: Sequence[str] = tuple(BALANCES)) -> pd.DataFrame:
    """Train by every method: tasks, method, seed, step, task, loss, weight.

    loss    test loss divided by that at step 0
    weight  by which the task's loss is multiplied in the next step
    """
    parts = []
    for count in tasks:
        worlds = [world(count, seed) for seed in seeds]
        x, y = torch.stack([inputs for inputs, _ in worlds]), torch.stack([targets for _, targets in worlds], dim=1)
        for method in methods:
            members = Members([Trunk(count, seed) for seed in seeds])
            parts += _trained(members, x, y, BALANCES[method], seeds, count, method)
    return pd.concat(parts, ignore_index=True)


def _trained(members, x: Tensor, y: Tensor, balance: Balance, seeds, tasks: int, method: str) -> list[pd.DataFrame]:
    def losses(rows) -> Tensor:  # (copies, tasks)
        outputs = members(x[:, rows])
        return torch.stack([(outputs[str(i)] - y[i][:, rows]).square().mean((-1, -2)) for i in range(tasks)], dim=-1)

    balance.begin(members, [str(number) for number in range(tasks)], list(seeds))
    optimizer, draw, first, parts = members.optimizer(LEARNING_RATE), torch.Generator().manual_seed(0), None, []
    for step in range(STEPS + 1):
        if step % EVERY == 0:
            with torch.no_grad():
                tested = losses(slice(ROWS, None))
            first = tested if first is None else first
            weights = (balance.weights / balance.weights.sum(-1, keepdim=True) * tasks).flatten()
            place = pd.MultiIndex.from_product([list(seeds), range(tasks)], names=["seed", "task"]).to_frame(
                index=False
            )
            table = place.assign(loss=(tested / first).flatten().numpy(), weight=weights.numpy())
            parts.append(table.assign(tasks=tasks, method=method, step=step))
        balance.backward(losses(torch.randint(ROWS, (BATCH,), generator=draw)))
        optimizer.step()
        optimizer.zero_grad()
    return parts


def normalised(table: pd.DataFrame) -> pd.DataFrame:
    """The paper's task-normalised loss, mean over the tasks of L(t)/L(0): tasks, method, seed, step, loss."""
    return table.groupby(["tasks", "method", "seed", "step"], sort=False)["loss"].mean().reset_index()


GRIDS = grids(Grid("05_toy", toy, {"seeds": list(range(20)), "tasks": [2, 10], "methods": list(BALANCES)}))
