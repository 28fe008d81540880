"""The loop of Adam that the remakes of the clinic share."""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor


def fit(parameters: Iterable[Tensor], loss: Callable[[], Tensor], steps: int, lr: float = 0.05) -> None:
    """Take so many steps of Adam down what `loss()` gives, a number."""
    adam = torch.optim.Adam(list(parameters), lr)
    for _ in range(steps):
        adam.zero_grad()
        loss().backward()
        adam.step()
