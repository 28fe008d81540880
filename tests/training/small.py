"""A log of two tasks, and models that are trained on it in a moment."""

import torch
from torch import nn

from helpers.data.examples import Examples
from helpers.models.shared_bottom import SharedBottom
from helpers.training.balancing import UWL, GradNorm, PCGrad, SumOfLogs
from helpers.training.losses import squared_error

TASKS = {"a": "regression", "b": "binary"}
SQUARES = dict.fromkeys(TASKS, squared_error)
BALANCES = {"sum": None, "UWL": UWL(), "sum of logs": SumOfLogs(), "GradNorm": GradNorm(), "PCGrad": PCGrad()}
OPTIONS = {"epochs": 12, "batch_size": 32, "progress": False}


def examples(seed: int, n: int = 120) -> Examples:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(n, 6, generator=generator)
    noise = torch.randn(n, 2, generator=generator)
    labels = {"a": x[:, :2].relu().sum(-1) + 0.3 * noise[:, 0], "b": (x[:, 2] + noise[:, 1] > 0).float()}
    return Examples(x, labels)


def model(seed: int = 0, **options) -> SharedBottom:
    return SharedBottom(6, TASKS, [8], [4], seed=seed, **options)


class Student(nn.Module):
    """A plain module as a student writes it: no `tasks`, nothing of ours, heads first, a layer that nothing uses."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.heads = nn.ModuleList([nn.Linear(5, 1), nn.Linear(5, 1)])
        self.below, self.above, self.unused = nn.Linear(6, 7), nn.Linear(7, 5), nn.Linear(3, 3)

    def forward(self, x):
        h = self.above(self.below(x).tanh()).tanh()
        return {"a": self.heads[0](h).flatten(), "b": self.heads[1](h).flatten()}
