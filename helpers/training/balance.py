"""The plain sum of losses, and what all other balances (`balancing`) have in common with it."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from ..models.copies import Copies
from ..support import validate


class Balance:
    """The plain sum of the task losses, Σ Lₖ: what the text calls "the sum of the losses of the tasks".

    The other balances are subclasses. One object may serve several calls of `fit`, which copies it.
    """

    def begin(self, copies: Copies, tasks: Sequence[str], seeds: Sequence[int]) -> None:
        """Start with weights of 1. `seeds` has one number a copy, for balances that draw."""
        validate.instance("copies", copies, Copies, "Copies(model), of helpers.models.copies")
        if isinstance(tasks, str) or not all(isinstance(task, str) for task in tasks) or len(set(tasks)) != len(tasks):
            validate.fail("tasks", repr(tasks)[:60], "a list of different names, such as ['click', 'like']")
        if len(seeds) != copies.count:
            validate.fail("seeds", f"{len(seeds)} seeds for {copies.count} models", "one for each model")
        self.copies, self.seeds, self.tasks = copies, seeds, list(tasks)
        self.weights = torch.ones(copies.count, len(tasks))

    def backward(self, losses: Tensor) -> None:
        self.check(losses)
        losses.sum().backward()  # the copies do not share parameters: their sum keeps them apart

    def check(self, losses: Tensor, low: float | None = None) -> None:
        """One clear error unless `losses` are what `begin` announced. With `low`, also NaN and losses below it are
        refused, by name of the task: they would spoil the weights for good. (Among copies one may diverge alone.)
        """
        if not hasattr(self, "weights"):
            validate.fail("balance", "backward() before begin()", "a call of begin(copies, tasks, seeds)", RuntimeError)
        validate.instance("losses", losses, Tensor, "a tensor: torch.stack the tasks' losses")
        if losses.shape != self.weights.shape:
            names = ", ".join(map(repr, self.tasks))
            expected = f"shape {tuple(self.weights.shape)}: a row a model, one loss a task ({names})"
            validate.fail("losses", f"shape {tuple(losses.shape)}", expected)
        if not losses.requires_grad:
            validate.fail("losses", "numbers without a gradient", "losses of the model's outputs, not detached")
        if low is None or self.copies.count > 1:
            return
        for task, loss in zip(self.tasks, losses.detach()[0].tolist(), strict=True):
            if not math.isfinite(loss):
                validate.fail("losses", f"{loss} for {task!r}", "finite losses: try a smaller lr", FloatingPointError)
            if loss < low:
                validate.fail("losses", f"{loss:.3g} for {task!r}", f"losses of at least {low:g}")
